"""Facts of the two sets, measured before and apart from Fullhouse, and how ours compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from fullhouse.discovery import Affinity

COLUMNS = ("fact", "measured apart", "here", "95 % interval here", "agrees")


@dataclass(frozen=True)
class Answer:
    """What one discovery found: its verdict, the people of the outcome, rows by trait."""

    verdict: str
    sentence: str
    people: int
    rows: Mapping[str, Affinity]


@dataclass(frozen=True)
class Fact:
    """One figure: as measured apart, and as Fullhouse gives it with its 95 % interval.

    Where the figure measured apart has an interval, ours must lie in it; else it must lie in
    ours; where neither has one, both must be the same in all the digits that are written.
    """

    what: str
    measured: float
    here: float | None
    interval: tuple[float | None, float | None] = (None, None)
    measured_interval: tuple[float, float] | None = None
    digits: int = 2

    @property
    def inside(self) -> bool:
        """Whether the two agree."""
        if self.here is None:
            return False
        if self.measured_interval:
            return self.measured_interval[0] <= self.here <= self.measured_interval[1]
        low, high = self.interval
        if low is not None and high is not None:
            return low <= self.measured <= high
        return self._text(self.here) == self._text(self.measured)

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """The fact as a table shows it."""
        apart = self._text(self.measured)
        if self.measured_interval:
            apart += f" ({self._range(*self.measured_interval)})"
        return (
            self.what,
            apart,
            self._text(self.here),
            self._range(*self.interval),
            "yes" if self.inside else "NO",
        )

    def _text(self, value: float | None) -> str:
        return "-" if value is None else f"{value:.{self.digits}f}"

    def _range(self, low: float | None, high: float | None) -> str:
        return "-" if low is None else f"{self._text(low)}–{self._text(high)}"


def read_answer(path: Path) -> Answer:
    """A discovery from the Parquet file that `fullhouse discover --out` wrote."""
    table = pq.read_table(path)
    metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    rows = [Affinity(**row) for row in table.to_pylist()]
    return Answer(
        metadata["verdict"],
        metadata["sentence"],
        int(metadata["outcome_people"]),
        {r.trait: r for r in rows},
    )


def facts(answers: Mapping[str, Answer]) -> list[Fact]:
    """Every fact, from the discoveries by name."""
    disc = answers["disc"]
    few = disc.people if disc.verdict == "cannot_tell" else None
    return [
        *_books(answers["books"].rows),
        Fact("buyers of dog films on disc: so few that the data cannot tell", 15, few, digits=0),
        *_films(answers["films"].rows, answers["children"].rows),
    ]


def _books(rows: Mapping[str, Affinity]) -> list[Fact]:
    dog, pet = rows["own:dog-product"], rows["own:pet-product"]
    with_, without = _shares(dog)
    over = (dog.low, dog.high)
    placebo = (pet.placebo_low, pet.placebo_high)
    return [
        Fact("dog product → dog book: % of its buyers", 12.0, with_, digits=1),
        Fact("… % of everyone else", 2.6, without, digits=1),
        Fact("… naive ratio", 4.69, dog.naive),
        Fact("… ratio over activity strata", 2.34, dog.ratio, over),
        Fact("placebo: pet product → any book, naive", 1.11, pet.placebo_naive),
        Fact("… over activity strata", 1.01, pet.placebo, placebo),
    ]


def _films(dog: Mapping[str, Affinity], children: Mapping[str, Affinity]) -> list[Fact]:
    return [
        _index(
            "women among viewers of dog films ÷ of all", 1.37, dog["gender:female"], (1.28, 1.45)
        ),
        _index("men, the same", 0.88, dog["gender:male"]),
        _index("under 18, the same", 2.40, dog["age:0-17"]),
        _index("25 to 34, the same", 0.82, dog["age:25-34"]),
        _index("women among all children's films ÷ of all", 1.20, children["gender:female"]),
    ]


def _shares(row: Affinity) -> tuple[float | None, float | None]:
    """In percent: how many of those with the trait are in the outcome, and of those without."""
    if not row.persons or not row.naive:
        return None, None
    with_ = 100 * row.outcome_persons / row.persons
    return with_, with_ / row.naive


def _index(
    what: str, measured: float, row: Affinity, apart: tuple[float, float] | None = None
) -> Fact:
    return Fact(what, measured, row.index, (row.index_low, row.index_high), apart)
