"""Small counts are left out, and so many others that none can be computed from the rest."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

Count = TypeVar("Count", int, float)


def at_least(count: Count, minimum: int) -> Count | None:
    """The count, or None where it is under the minimum.

    >>> at_least(50, 50), at_least(49, 50)
    (50, None)
    """
    return count if count >= minimum else None


def parts_at_least(counts: Mapping[str, Count], minimum: int) -> dict[str, Count | None]:
    """Parts of a known total: None under the minimum, and for enough others to hide those.

    A single part left out could be computed from the total. So the smallest of the others are left
    out too (secondary suppression), until what is left out together is not under the minimum.

    >>> parts_at_least({"day": 300, "evening": 200, "late": 20}, 50)
    {'day': 300, 'evening': None, 'late': None}
    """
    hidden = hidden_parts([counts], minimum)
    return {name: None if name in hidden else count for name, count in counts.items()}


def hidden_parts(
    measures: Sequence[Mapping[str, float]], minimum: int, *, hide: Collection[str] = ()
) -> set[str]:
    """The parts to leave out where each measure of all parts together is known.

    Every part that is under the minimum by any measure, and those of `hide`; then others, the
    smallest first, until what is left out is at least two parts and not under the minimum by any
    measure. All measures have the same parts.

    >>> sorted(hidden_parts([{"a": 90, "b": 70, "c": 8}, {"a": 60, "b": 95, "c": 80}], 50))
    ['b', 'c']
    """
    hidden = set(hide) | {n for m in measures for n, count in m.items() if count < minimum}
    while hidden:
        short = [m for m in measures if sum(m[n] for n in hidden) < minimum or len(hidden) == 1]
        rest = [n for n in short[0] if n not in hidden] if short else []
        if not rest:
            break
        hidden.add(min(rest, key=short[0].__getitem__))
    return hidden
