"""Results in one line: what `print` shows of one, and a notebook; `repr` stays whole.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Discovery(Brief):
...     film: str
...     people: int
...     cards: tuple[str, ...]
>>> print(Discovery("kestrel-2027", 120_000, ("dogs", "cats")))
Discovery: film kestrel-2027, people 120,000, 2 × cards
"""

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from html import escape
from pathlib import Path
from typing import Any

LONGEST = 200
"""Letters of a result in one line."""
LONGEST_FACT = 60
MOST_FACTS = 6
MOST_ROWS = 20
"""Rows that a notebook shows."""


class Brief:
    """A result whose text is one line: its kind, its first facts, and how many of each it holds."""

    def in_brief(self) -> str:
        """The result in one line; a class with a better one than its facts has its own."""
        single, many = _facts(self)
        return f"{type(self).__name__}: {', '.join([*single[:MOST_FACTS], *many])}".rstrip(" :")

    def __str__(self) -> str:
        return shortened(self.in_brief(), LONGEST)

    def _repr_html_(self) -> str:
        rows = [{"": name.replace("_", " "), "value": _text(v)} for name, v in _parts(self)]
        return html_table(rows, caption=str(self))


def shortened(text: str, longest: int) -> str:
    """A text on one line, cut where it is longer; an ellipsis says so.

    >>> shortened("a cat and a dog", 9)
    'a cat an…'
    """
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def html_table(rows: Sequence[Mapping[str, Any]], *, caption: str) -> str:
    """The first rows as an HTML table, every text escaped."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(row.get(n)))}</td>" for n in names) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = len(rows) - MOST_ROWS
    foot = f'<tr><td colspan="{len(names)}">and {more:,} more</td></tr>' if more > 0 else ""
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}{foot}</tbody></table>"
    )


def _facts(value: object) -> tuple[list[str], list[str]]:
    """The facts of a value that are one each, and how many it has of what it has many of."""
    single, many = [], []
    for name, part in _parts(value):
        words = name.replace("_", " ")
        if _is_many(part):
            many.append(f"{len(part):,} × {words}")
        elif text := _text(part):
            single.append(f"{words} {text}")
    return single, many


def _parts(value: object) -> Iterator[tuple[str, Any]]:
    """What a value holds, without what `repr` hides, such as secrets."""
    if is_dataclass(value):
        yield from ((f.name, getattr(value, f.name)) for f in fields(value) if f.repr)
    elif isinstance(value, Mapping):
        yield from ((str(name), part) for name, part in value.items())


def _is_many(part: object) -> bool:
    return isinstance(part, Sized) and not isinstance(part, str | bytes | Enum)


def _text(part: Any) -> str:
    match part:
        case None | bytes():
            return ""
        case Enum():
            return _text(part.value)
        case datetime():
            return f"{part:%Y-%m-%d %H:%M}"
        case bool() | float() | Fraction():
            return _cell(part)
        case int():  # a year has no comma
            return f"{part:,}" if abs(part) > 9999 else str(part)
        case str() | date() | Path():
            return shortened(str(part), LONGEST_FACT)
        case _ if _is_many(part):
            return f"{len(part):,}"
        case _ if _has_own_text(part):
            return shortened(str(part), LONGEST_FACT)
        case _ if is_dataclass(part):
            single, _ = _facts(part)
            return f"({shortened(', '.join(single[:2]), LONGEST_FACT)})" if single else ""
        case _:
            return type(part).__name__


def _has_own_text(part: object) -> bool:
    owner = next(kind for kind in type(part).__mro__ if "__str__" in vars(kind))
    return owner not in (object, Brief)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() | Fraction():
            number = float(value)
            return f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"
        case list() | tuple():
            return ", ".join(_cell(v) for v in value)
        case _:
            return str(value)
