"""Traits that are facts of persons: demographics, where they live, where they have accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.engine import Engine
from fullhouse.traits.catalogue import Catalogue, Family
from fullhouse.traits.names import distinct_slugs, name_slug, plain

if TYPE_CHECKING:
    import ibis.expr.types as ir

BANDS = ((0, 17), (18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, None))
"""The standard age bands, for persons whose year of birth is known."""

LABELS: dict[str, Callable[[str], str]] = {
    "gender": lambda v: {"female": "women", "male": "men"}.get(v, f"gender: {v}"),
    "age": lambda v: f"aged {v}",
    "household": lambda v: f"household of {v}",
    "income": lambda v: f"income: {v}",
    "education": lambda v: f"education: {v}",
    "occupation": lambda v: f"occupation: {v}",
    "country": lambda v: f"country: {v}",
    "region": lambda v: f"lives in {v}",
    "city": lambda v: f"lives in {v}",
    "source": lambda v: f"has an account at {v}",
}
COLUMNS: dict[str, tuple[str, ...]] = {
    "gender": ("gender",),
    "age": ("age_min", "age_max", "birth_year"),
    "household": ("household_size",),
    "income": ("income",),
    "education": ("education",),
    "occupation": ("occupation",),
    "country": ("country",),
    "region": ("region",),
    "city": ("city",),
    "source": ("sources",),
}
"""The columns of `person` that each family reads."""

Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class PersonFact:
    """One trait of a fact family, with the people who have it, by the sources they are at."""

    name: str
    family: str
    label: str
    floor: int | None
    by_sources: dict[str, int]

    @property
    def persons(self) -> int:
        """People who have it."""
        return sum(self.by_sources.values())


@dataclass(frozen=True)
class FactFamily:
    """A family with its traits, and for every combination of its columns which of them hold."""

    family: str
    traits: list[PersonFact]
    holds: dict[Key, tuple[int, ...]]

    def of(self, persons: pa.Table) -> npt.NDArray[np.int32]:
        """A row per person with the family's trait indexes ascending, -1 where fewer hold."""
        width = max((len(h) for h in self.holds.values()), default=0)
        table = np.full((len(self.holds) + 1, max(1, width)), -1, np.int32)
        for n, held in enumerate(self.holds.values()):
            table[n, : len(held)] = held
        return table[self._rows(persons)]

    def _rows(self, persons: pa.Table) -> npt.NDArray[np.int64]:
        """The row of `holds` for each person; the last one, which holds nothing, for none."""
        code = np.zeros(persons.num_rows, np.int64)
        coded = [np.zeros(len(self.holds), np.int64), code]
        for n, column in enumerate(COLUMNS[self.family]):
            values = sorted({k[n] for k in self.holds if k[n] is not None})
            known = pa.array(values, persons.schema.field(column).type)
            positions = pc.index_in(persons[column], value_set=known)
            at = positions.fill_null(len(values)).to_numpy()
            place = {v: i for i, v in enumerate(values)}
            key = np.array([place.get(k[n], len(values)) for k in self.holds], np.int64)
            coded = [c * (len(values) + 1) + p for c, p in zip(coded, (key, at), strict=True)]
        keys, codes = coded
        order = np.argsort(keys)
        if not len(keys):
            return np.zeros(persons.num_rows, np.int64)
        at = np.minimum(np.searchsorted(keys[order], codes), len(keys) - 1)
        hit = keys[order][at] == codes
        return np.where(hit, order[at], len(keys))


def expand_facts(
    engine: Engine, persons: ir.Table, catalogue: Catalogue, as_of: date
) -> list[FactFamily]:
    """The fact families of a catalogue on the persons of a house, counted by their sources."""
    families = []
    for name in COLUMNS:
        family = catalogue.family(name)
        if family is not None:
            families.append(_expand(engine, persons, family, as_of))
    return [f for f in families if f.traits]


def values_of(family: str, key: Key, as_of: date) -> list[str]:
    """What a person with these columns is called in the family: maybe nothing, maybe two bands."""
    if family == "age":
        return _ages(*key, as_of=as_of)
    if family == "source":
        return [s for s in (key[0] or "").split(",") if s]
    return [] if key[0] is None or not str(key[0]).strip() else [str(key[0])]


def _ages(
    age_min: int | None, age_max: int | None, birth_year: int | None, *, as_of: date
) -> list[str]:
    """The band that a source gave, and the standard band by the year of birth.

    Where a source gave an age in years, the standard band it is in: one trait a year would each
    have few people.
    """
    bands = []
    if age_min is not None and age_min == age_max:
        bands.append(_standard(age_min))
    elif age_min is not None or age_max is not None:
        bands.append(_band(age_min or 0, age_max))
    if birth_year is not None and birth_year <= as_of.year:
        bands.append(_standard(as_of.year - birth_year))
    return bands


def _standard(age: int) -> str:
    """The standard band of an age in years.

    >>> _standard(33), _standard(0), _standard(104)
    ('25-34', '0-17', '65+')
    """
    low, high = next(b for b in BANDS if b[1] is None or age <= b[1])
    return _band(low, high)


def _band(low: int, high: int | None) -> str:
    return f"{low}+" if high is None or high >= 100 else f"{low}-{high}"


def _expand(engine: Engine, persons: ir.Table, family: Family, as_of: date) -> FactFamily:
    columns = list(dict.fromkeys([*COLUMNS[family.name], "sources"]))
    rows = engine.arrow(persons.group_by(columns).aggregate(n=persons.count())).to_pylist()
    by_value: dict[str, dict[str, int]] = {}
    spelt: dict[str, dict[str, int]] = {}
    of_key: dict[Key, list[str]] = {}
    for row in rows:
        key = tuple(row[c] for c in COLUMNS[family.name])
        values = values_of(family.name, key, as_of)
        of_key[key] = list(dict.fromkeys(plain(v) for v in values))
        for value in of_key[key]:
            by = by_value.setdefault(value, {})
            by[row["sources"]] = by.get(row["sources"], 0) + row["n"]
        for value in values:
            times = spelt.setdefault(plain(value), {})
            times[value] = times.get(value, 0) + row["n"]
    return _family(family, by_value, spelt, of_key)


def _family(
    family: Family,
    by_value: dict[str, dict[str, int]],
    spelt: dict[str, dict[str, int]],
    of_key: dict[Key, list[str]],
) -> FactFamily:
    slug = _age_slug if family.name == "age" else name_slug
    slugs = distinct_slugs((v, slug(v)) for v in by_value)
    values_kept = _most_common(family, by_value)
    number = {v: n for n, v in enumerate(sorted(values_kept, key=_natural))}
    traits = [
        PersonFact(
            f"{family.name}:{slugs[v]}",
            family.name,
            LABELS[family.name](_most_usual(spelt[v])),
            family.floor,
            by_value[v],
        )
        for v in number
    ]
    holds = {
        k: tuple(sorted(number[v] for v in values if v in number)) for k, values in of_key.items()
    }
    return FactFamily(family.name, traits, {k: v for k, v in holds.items() if v})


def _most_common(family: Family, by_value: dict[str, dict[str, int]]) -> Sequence[str]:
    if family.most is None:
        return list(by_value)
    return sorted(by_value, key=lambda v: (-sum(by_value[v].values()), v))[: family.most]


def _age_slug(value: str) -> str:
    return value.replace(" ", "")


def _most_usual(times: dict[str, int]) -> str:
    return min(times, key=lambda v: (-times[v], v))


def _natural(value: str) -> tuple[int, str]:
    """Numbers in their order, then texts in theirs."""
    digits = "".join(_leading_digits(value))
    return (int(digits) if digits else -1, value)


def _leading_digits(value: str) -> Iterable[str]:
    for c in value:
        if c not in "0123456789":
            return
        yield c
