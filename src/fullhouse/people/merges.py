"""What became of persons that were merged."""

from collections.abc import Iterable

from fullhouse.core.tables import PERSON_MERGE
from fullhouse.lake import Lake


def living(lake: Lake, persons: Iterable[int]) -> dict[int, int]:
    """The living person that each id stands for today, through any chain of merges.

    An id that was never merged stands for itself.
    """
    rows = lake.read(PERSON_MERGE, columns=["kept", "merged"])
    into = dict(zip(rows["merged"].to_pylist(), rows["kept"].to_pylist(), strict=True))
    return {person: _follow(into, person) for person in persons}


def _follow(into: dict[int, int], person: int) -> int:
    # Ends: the id that stays is always the smaller one.
    while person in into:
        person = into[person]
    return person
