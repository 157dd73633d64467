"""What a daily page calls its signals, days and numbers."""

from datetime import date

from fullhouse.planning.daily import Signal

NAMES = {
    "presales": "presales",
    "want_to_see": "want-to-see marks",
    "search_interest": "search interest",
    "trailer_views": "trailer views",
    "gross": "gross to date",
}
ORIGINS = {"market": "in the market", "house": "in the house"}


def day(on: date) -> str:
    """A day as people write it, short.

    >>> day(date(2025, 8, 4))
    '4 Aug 2025'
    """
    return f"{on.day} {on:%b %Y}"


def about(number: float) -> str:
    """A number to two digits, written out.

    >>> about(1234.5), about(0.0456), about(20)
    ('1,200', '0.046', '20')
    """
    rounded = float(f"{number:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}"


def signal_words(signal: Signal) -> str:
    """What a signal is called, and whose it is."""
    return f"{NAMES.get(signal.kind, signal.kind)} {ORIGINS.get(signal.origin, signal.origin)}"
