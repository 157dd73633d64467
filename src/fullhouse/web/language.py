"""Languages of the pages: one set of sentences, their translations, numbers and days by locale."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files

from babel import Locale, dates, numbers
from babel.messages.pofile import read_po

from fullhouse.view.words import figures

LANGUAGES = {"en": "English", "zh": "中文"}
"""Languages by their code, each called as it calls itself."""

_LOCALES = {"en": "en_GB", "zh": "zh_CN"}
_PO = {"zh": "locales/zh_CN/fullhouse.po"}


@dataclass(frozen=True)
class Language:
    """A language: its sentences, and how it writes numbers, money and days."""

    code: str
    sentences: dict[str, str] = field(repr=False)
    locale: Locale

    def gettext(self, sentence: str) -> str:
        """A sentence or template in this language; as it is, where it has no translation."""
        return self.sentences.get(sentence, sentence)

    def ngettext(self, one: str, many: str, n: float) -> str:
        """The form of a sentence for so many things."""
        if one in self.sentences:
            return self.sentences[one]
        return one if n == 1 else many

    def number(self, value: float | None, *, digits: int = 0) -> str:
        """A number with at most so many digits after the point."""
        if value is None:
            return "–"
        return numbers.format_decimal(round(value, digits), locale=self.locale)

    def compact(self, value: float) -> str:
        """A large number in short: 1.2M, 120万."""
        if abs(value) < 100_000:
            return self.number(value)
        return numbers.format_compact_decimal(value, locale=self.locale, fraction_digits=1)

    def money(self, value: float, currency: str) -> str:
        """An amount in short with its currency; small ones to the cent."""
        if abs(value) < 1_000:
            places = ".00" if abs(value) < 99.5 and value != round(value) else ""
            return numbers.format_currency(
                value, currency, f"¤#,##0{places}", locale=self.locale, currency_digits=False
            )
        return numbers.format_compact_currency(
            value, currency, locale=self.locale, fraction_digits=1 if abs(value) >= 1e5 else 0
        )

    def share(self, value: float, *, digits: int = 0) -> str:
        """A share as a percentage."""
        least = 0.1 ** (digits + 2)
        if 0 < value < least:
            return self.gettext("under {share}").format(share=self.share(least, digits=digits))
        places = "0" * digits
        form = f"#,##0.{places}%" if digits else "#,##0%"
        return numbers.format_percent(value, format=form, locale=self.locale)

    def signed_share(self, value: float) -> str:
        """A change as a percentage with its sign."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return sign + self.share(abs(value), digits=1)

    def day(self, day: date) -> str:
        """A day as people write it."""
        return dates.format_date(day, "long", locale=self.locale)

    def day_short(self, day: date) -> str:
        """A day where there is little room."""
        return dates.format_date(day, "medium", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """A time in UTC, to the minute."""
        when = dates.format_datetime(at, "medium", locale=self.locale)
        return f"{when} UTC"


@cache
def language(code: str) -> Language:
    """A language by its code."""
    return Language(code, _sentences(code), Locale.parse(_LOCALES[code]))


def chosen(cookie: str | None, accepted: str) -> str:
    """The code of the language to use: the one that was chosen, or the first that is accepted."""
    if cookie in LANGUAGES:
        return str(cookie)
    for part in accepted.split(","):
        code = part.partition(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return "en"


_CURRENT: ContextVar[str] = ContextVar("LANGUAGE", default="en")


def current() -> Language:
    """The language of the page that is being made."""
    return language(_CURRENT.get())


def say(sentence: str, /, **values: object) -> str:
    """A sentence of a page's own in the language of the page, its named places filled."""
    return current().gettext(sentence).format(**values)


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Everything made within, the view's sentences too, is in this language."""
    spoken = language(code)
    translate: Callable[[str], str] = spoken.gettext
    ours, views = _CURRENT.set(code), figures.TRANSLATE.set(translate)
    try:
        yield spoken
    finally:
        _CURRENT.reset(ours)
        figures.TRANSLATE.reset(views)


def _sentences(code: str) -> dict[str, str]:
    if code not in _PO:
        return {}
    with (files("fullhouse.web") / _PO[code]).open("rb") as file:
        catalogue = read_po(file, locale=_LOCALES[code])
    sentences: dict[str, str] = {}
    for message in catalogue:
        if not message.id or message.fuzzy or not message.string:
            continue
        one = message.id if isinstance(message.id, str) else message.id[0]
        translated = message.string
        sentences[one] = translated if isinstance(translated, str) else translated[0]
    return sentences
