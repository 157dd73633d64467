"""Figures and lines of text as charts and pages of discoveries write them."""

import re
import textwrap
import unicodedata
from math import isfinite

from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.card import Estimate

WIDE_LETTERS = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60"


def ratio_words(estimate: Estimate) -> str:
    """A ratio with its 95 % interval; an open end is an ellipsis.

    >>> ratio_words(Estimate(2.414, 1.8, None)), ratio_words(Estimate())
    ('2.41 (1.80–…)', 'not known')
    """
    if estimate.value is None:
        return "not known"
    if estimate.low is None and estimate.high is None:
        return number_words(estimate.value)
    return f"{number_words(estimate.value)} ({interval_words(estimate)})"


def interval_words(estimate: Estimate) -> str:
    """The 95 % interval of a ratio; an open end is an ellipsis."""
    return f"{_end(estimate.low)}–{_end(estimate.high)}"


def number_words(value: float | None) -> str:
    """A ratio or a score: two digits after the point, more where it is small.

    >>> number_words(2.414), number_words(0.00123), number_words(1234.5), number_words(None)
    ('2.41', '0.0012', '1,234', 'not known')
    """
    if value is None or not isfinite(value):
        return "not known"
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2f}"
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:,.0f}"


def share_words(share: float | None) -> str:
    """A share as a percentage; what is small keeps a digit, what is nearly none is not none.

    >>> share_words(0.714), share_words(0.0042), share_words(0.00001), share_words(None)
    ('71 %', '0.4 %', 'under 0.1 %', 'not known')
    """
    if share is None:
        return "not known"
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.99 < share < 1:
        return f"{min(99.9, 100 * share):.1f} %"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def chance_words(p: float | None) -> str:
    """A p or q value; the smallest are only said to be small."""
    if p is None:
        return "not known"
    return "under 0.001" if p < 0.001 else f"{p:.2g}"


def counted(n: int, what: str) -> str:
    """A count with its noun.

    >>> counted(1, "person"), counted(12_300, "person"), counted(2, "city")
    ('1 person', '12,300 people', '2 cities')
    """
    if n == 1:
        return f"1 {what}"
    if what == "person":
        return f"{n:,} people"
    return f"{n:,} {what[:-1]}ies" if what.endswith("ity") else f"{n:,} {what}s"


def heading(title: str, *said: str, simulated: bool, width: int) -> dict[str, list[str]]:
    """A chart's title and the lines under it, within its width; first whether it is simulated."""
    parts = [SIMULATED, *said] if simulated else said
    lines = [line for part in parts for line in wrapped(part, max(30, round(width / 5.6)))]
    return {"text": wrapped(title, max(24, width // 9)), "subtitle": lines}


def wrapped(text: str, columns: int, *, most: int | None = None) -> list[str]:
    """Lines no wider than so many columns; Chinese and the like take two and break anywhere.

    >>> wrapped("people who own a dog", 10), wrapped("流浪地球续集", 6)
    (['people who', 'own a dog'], ['流浪地', '球续集'])
    """
    lines = [""]
    for piece in _pieces(text, columns):
        if lines[-1] and _columns(lines[-1] + piece.rstrip()) > columns:
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], clipped(f"{lines[most - 1]} {lines[most]}", columns)]
    return lines


def clipped(text: str, columns: int) -> str:
    """The text, cut with an ellipsis where it is wider than so many columns."""
    if _columns(text) <= columns:
        return text
    while text and _columns(text) > columns - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _pieces(text: str, columns: int) -> list[str]:
    words = re.findall(rf"[{WIDE_LETTERS}]\s*|[^\s{WIDE_LETTERS}]+\s*", " ".join(text.split()))
    return [p for w in words for p in (textwrap.wrap(w, columns, drop_whitespace=False) or [w])]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _end(value: float | None) -> str:
    return "…" if value is None else number_words(value)
