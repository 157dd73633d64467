"""The one door of sentences; figures as people write them: money, shares, counts, days; lines."""

import re
import textwrap
import unicodedata
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date
from math import isfinite
from typing import Any

from fullhouse.core.settings import SIMULATED

UNITS = ((1e9, "billion", "bn"), (1e6, "million", "m"), (1e3, "thousand", "k"))
CURRENCIES = {"USD": "dollars", "CNY": "yuan", "EUR": "euros", "GBP": "pounds", "JPY": "yen"}
"""What a sentence calls a currency; one that is not here is called by its code."""
WIDE_LETTERS = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60"
SHORT_COUNT = 100_000
NOT_KNOWN = "not known"


TRANSLATE: ContextVar[Callable[[str], str]] = ContextVar("TRANSLATE", default=str)
"""Gives a template in the language of whoever reads it; without one, it is in English."""


def text(template: str, /, **values: Any) -> str:
    """A sentence in the language of the page: its template, translated, with its places filled.

    Every sentence passes here, so that it can be translated.

    >>> text("{count} tickets", count="61"), text("{days} days are missing.", days=1)
    ('61 tickets', '1 day is missing.')
    """
    translated = TRANSLATE.get()(template)
    words = translated.format(**values)
    return ONE_OF_MANY.sub(_singular, words) if translated == template else words


NOUNS = (
    "accounts", "admissions", "arms", "audiences", "batches", "campaigns", "cards", "channels",
    "cinemas", "cities", "columns", "commits", "days", "deliveries", "entries", "erasures",
    "events", "files", "films", "forecasts", "hours", "identifiers", "impressions", "jobs", "lines",
    "looks", "marks", "minutes", "months", "openings", "pairs", "people", "plans", "questions",
    "releases", "rows", "seconds", "segments", "showings", "sources", "tickets", "titles", "traits",
    "users", "values", "weeks", "weekends", "years",
)  # fmt: skip
SINGULAR = {"people": "person", "batches": "batch"}
VERBS = {"are": "is", "were": "was", "have": "has", "do": "does", "go": "goes", "stand": "stands"}
ONE_OF_MANY = re.compile(
    r"(?<![\w.,/:=@×±–-])(?<!\bto )(?<!\band )(?<!\bor )1"
    r"((?: (?:more|past|other|extra|earlier|different|likely|whole|treated|held-out|consenting))?) "
    rf"({'|'.join(NOUNS)})\b(?: ({'|'.join(VERBS)})\b)?"
)
"""A count of one before a noun for many, and what it does: `1 days are missing`."""


def _singular(match: re.Match[str]) -> str:
    noun, verb = match[2], match[3]
    one = SINGULAR.get(noun) or (f"{noun[:-3]}y" if noun.endswith("ies") else noun[:-1])
    return f"1{match[1]} {one}" + (f" {VERBS[verb]}" if verb else "")


def money(amount: float, currency: str) -> str:
    """An amount to three digits with its currency.

    >>> money(18_240_000, "USD"), money(450_000, "USD")
    ('18.2 million USD', '450,000 USD')
    """
    number, unit = amount_parts(amount, 3)
    return f"{joined(number, unit)} {currency}"


def money_short(amount: float) -> str:
    """An amount to three digits for axes and labels, where the currency stands beside.

    >>> money_short(18_240_000), money_short(450_000), money_short(1_240_000_000)
    ('18.2 m', '450 k', '1.24 bn')
    """
    to_three = rounded(amount, 3)
    for size, _, short in UNITS:
        if abs(to_three) >= size:
            return f"{plain(to_three / size)} {short}"
    return plain(to_three)


def money_between(low: float, high: float, currency: str, *, middle: float | None = None) -> str:
    """A range as people say it, with as many digits as set its ends and its middle apart.

    >>> money_between(42_300_000, 95_700_000, "USD")
    'between 42 and 96 million dollars'
    """
    digits = digits_apart(low, high, middle)
    (a, unit_low), (b, unit) = amount_parts(low, digits), amount_parts(high, digits)
    first = a if unit_low == unit else joined(a, unit_low)
    return text(
        "between {low} and {high} {currency}",
        low=first, high=joined(b, unit), currency=CURRENCIES.get(currency, currency),
    )  # fmt: skip


def likely_between(
    low: float, high: float, currency: str, *, middle: float | None = None, level: float = 0.8
) -> str:
    """The range of a prediction as a sentence says it, without a full stop.

    >>> likely_between(6_910_000, 8_120_000, "USD")
    'likely between 6.9 and 8.1 million dollars (80 % range)'
    >>> likely_between(8_181_000, 8_183_000, "USD")
    'almost certainly 8.18 million dollars'
    """
    if read_alike(low, high):
        return text("almost certainly {amount}", amount=_in_words(high, currency))
    between = money_between(low, high, currency, middle=middle)
    return text("likely {between} ({level} range)", between=between, level=share_words(level))


def read_alike(low: float, high: float) -> bool:
    """Whether the ends of a range are the same figure, as figures are written here."""
    return rounded(low, 3) == rounded(high, 3)


def range_short(low: float, high: float) -> str:
    """The ends of a range of money for labels, or the one figure that both are.

    >>> range_short(6_060_000, 15_700_000), range_short(8_181_000, 8_183_000)
    ('6.06 m – 15.7 m', '8.18 m')
    """
    if read_alike(low, high):
        return money_short(high)
    return f"{money_short(low)} – {money_short(high)}"


def _in_words(amount: float, currency: str) -> str:
    return joined(joined(*amount_parts(amount, 3)), CURRENCIES.get(currency, currency))


def count_words(amount: float) -> str:
    """A count in full while it is short enough to read.

    >>> count_words(9_412.4), count_words(1_240_000)
    ('9,412', '1.24 m')
    """
    return f"{amount:,.0f}" if abs(amount) < SHORT_COUNT else money_short(amount)


def counted(n: int, noun: str) -> str:
    """A count with its noun.

    >>> counted(1, "person"), counted(12_300, "person"), counted(2, "city")
    ('1 person', '12,300 people', '2 cities')
    """
    if n == 1:
        return f"1 {noun}"
    if noun == "person":
        return f"{n:,} people"
    return f"{n:,} {noun[:-1]}ies" if noun.endswith(("ity", "ry")) else f"{n:,} {noun}s"


def number_words(value: float | None) -> str:
    """A ratio or a score: two digits after the point, more where it is small.

    >>> number_words(2.414), number_words(0.00123), number_words(1234.5), number_words(None)
    ('2.41', '0.0012', '1,234', 'not known')
    """
    if value is None or not isfinite(value):
        return NOT_KNOWN
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2f}"
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:,.0f}"


def share_words(share: float | None) -> str:
    """A share as a percentage; what is small has a digit after the point, and is never 0 %.

    >>> share_words(0.714), share_words(0.0042), share_words(0.00001), share_words(None)
    ('71 %', '0.4 %', 'under 0.1 %', 'not known')
    """
    if share is None:
        return NOT_KNOWN
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.99 < share < 1:
        return f"{min(99.9, 100 * share):.1f} %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def chance_words(p: float | None) -> str:
    """A p or q value; the smallest are only said to be small."""
    if p is None:
        return NOT_KNOWN
    return "under 0.001" if p < 0.001 else f"{p:.2g}"


def day_words(day: date, *, short: bool = False) -> str:
    """A day as people write it: 14 March 2025, or 14 Mar 2025."""
    return f"{day.day} {day:%b %Y}" if short else f"{day.day} {day:%B %Y}"


def capital(words: str) -> str:
    """A sentence begins with a capital letter; what follows stays as it is."""
    return f"{words[:1].upper()}{words[1:]}"


def heading(title: str, *lines: str, simulated: bool, width: int) -> dict[str, list[str]]:
    """A chart's title and the lines under it, within its width; first whether it is simulated."""
    parts = [SIMULATED, *lines] if simulated else lines
    below = [line for part in parts for line in wrapped(part, max(30, round(width / 5.6)))]
    return {"text": wrapped(title, max(24, width // 9)), "subtitle": below}


def wrapped(words: str, columns: int, *, most: int | None = None) -> list[str]:
    """Lines no wider than so many columns; Chinese and the like take two and break anywhere.

    >>> wrapped("people who own a dog", 10), wrapped("流浪地球续集", 6)
    (['people who', 'own a dog'], ['流浪地', '球续集'])
    """
    lines = [""]
    for piece in _pieces(words, columns):
        if lines[-1] and _columns(lines[-1] + piece.rstrip()) > columns:
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], clipped(f"{lines[most - 1]} {lines[most]}", columns)]
    return lines


def clipped(words: str, columns: int) -> str:
    """The text, cut with an ellipsis where it is wider than so many columns."""
    if _columns(words) <= columns:
        return words
    while words and _columns(words) > columns - 1:
        words = words[:-1]
    return f"{words.rstrip()}…"


def short_name(name: str, columns: int) -> str:
    """An audience's name in so many columns: what tells it from others is at its end, and stays.

    >>> short_name("People who bought from Pet Supplies › Dogs", 26)
    'Pet Supplies › Dogs'
    >>> short_name("People who bought from Clothing › Women › Shoes", 20)
    '… › Women › Shoes'
    >>> short_name("Weekend regulars of the multiplex", 20)
    'Weekend regulars of…'
    """
    after = re.sub(r"^People who (bought from )?", "", name)
    parts = after.split(" › ")
    shorter = [name, after[:1].upper() + after[1:]]
    shorter += [" › ".join(["…", *parts[k:]]) for k in range(1, len(parts))]
    return next((s for s in shorter if _columns(s) <= columns), clipped(shorter[1], columns))


def digits_apart(low: float, high: float, middle: float | None = None) -> int:
    """The fewest digits, from two on, with which the amounts are still different."""
    amounts = [a for a in (low, middle, high) if a is not None]
    for digits in (2, 3, 4):
        if len({rounded(a, digits) for a in amounts}) == len(amounts):
            return digits
    return 3


def amount_parts(amount: float, digits: int) -> tuple[str, str]:
    """The number and the unit (million, billion or none) of an amount, to so many digits."""
    to_digits = rounded(amount, digits)
    for size, word, _ in UNITS[:2]:
        if abs(to_digits) >= size:
            return plain(to_digits / size), word
    return plain(to_digits), ""


def joined(number: str, unit: str) -> str:
    """A number with its unit, if it has one."""
    return f"{number} {unit}".rstrip()


def rounded(amount: float, digits: int) -> float:
    """An amount to so many significant digits."""
    return float(f"{amount:.{digits}g}")


def plain(number: float) -> str:
    """A number as people write it: thousands apart, no zeros after the point."""
    return f"{number:,.6g}" if abs(number) < 1e5 else f"{number:,.0f}"


def _pieces(words: str, columns: int) -> list[str]:
    parts = re.findall(rf"[{WIDE_LETTERS}]\s*|[^\s{WIDE_LETTERS}]+\s*", " ".join(words.split()))
    return [p for w in parts for p in (textwrap.wrap(w, columns, drop_whitespace=False) or [w])]


def _columns(words: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words)
