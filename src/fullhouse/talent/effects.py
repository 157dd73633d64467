"""What names add to a film's gross beyond its budget, genre, month, series and date."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from math import exp
from typing import Any

import pyarrow as pa

from fullhouse.core.tabular import Tabular
from fullhouse.core.values import as_json


@dataclass(frozen=True)
class RoleSpread:
    """How far names of a role differ: the standard deviation of their effects on log gross."""

    role: str
    names: int
    spread: float


@dataclass(frozen=True)
class GainCheck:
    """Whether names improved forecasts of later films; each year from the films before it.

    `gain` is how much the squared error of log gross fell, per film, with its 95 % interval over
    families of films; `placebo_gains` the same with names shuffled within year and budget third.
    """

    films: int
    first: date
    last: date
    r2_without: float
    r2_with: float
    r2_placebo: float
    gain: float
    gain_low: float
    gain_high: float
    placebo_gains: tuple[float, ...]

    @property
    def names_add(self) -> bool:
        """Whether the gain's interval lies above 0 and above what every shuffle gave."""
        return self.gain_low > max(0.0, *self.placebo_gains)


@dataclass(frozen=True)
class NameEffect:
    """What goes with a name in a role: the factor on gross, shrunk, with its 80 % range.

    `clear`: the 95 % range leaves out 1. `placebo` is the factor of the same name with names
    shuffled within year and budget third.
    """

    talent: str
    name: str
    role: str
    films: int
    factor: float
    low: float
    high: float
    clear: bool
    placebo: float


EFFECTS_SCHEMA = pa.schema(
    [
        ("talent", pa.string()),
        ("name", pa.string()),
        ("role", pa.string()),
        ("films", pa.int64()),
        ("effect", pa.float64()),
        ("error", pa.float64()),
        ("placebo", pa.float64()),
    ]
)
"""Columns of `TalentEffects.effects`: the posterior mean and standard deviation on log gross."""

Z80, Z95 = 1.2815515655446004, 1.959963984540054


@dataclass(frozen=True)
class TalentEffects(Tabular):
    """Names of a market with what goes with them, as known on a day.

    `check` is None where too few later films could be judged.
    """

    territory: str
    as_of: date
    films: int
    spreads: tuple[RoleSpread, ...]
    residual: float
    """Standard deviation of log gross that neither the film's facts nor names account for."""
    check: GainCheck | None
    effects: pa.Table = field(repr=False)
    other_currency: int = 0
    """Films left out since their budget or gross is in another currency than the market's."""
    simulated: bool = False

    def of(self, talent: str) -> tuple[NameEffect, ...]:
        """The effects of one person, the role with most films first."""
        rows = [r for r in self.effects.to_pylist() if r["talent"] == talent]
        return tuple(_effect(r) for r in sorted(rows, key=lambda r: (-r["films"], r["role"])))

    def names(self) -> Sequence[NameEffect]:
        """Every effect, the largest first."""
        rows = self.effects.to_pylist()
        ordered = sorted(rows, key=lambda r: (-r["effect"], r["talent"], r["role"]))
        return [_effect(r) for r in ordered]

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each name and role."""
        return [vars(e) for e in self.names()]

    def to_dict(self, *, most: int = 0) -> dict[str, Any]:
        """Everything as JSON takes it; of the names only the first `most`, where it is not 0."""
        names = self.names()
        return {
            "territory": self.territory,
            "as_of": self.as_of.isoformat(),
            "films": self.films,
            "other_currency": self.other_currency,
            "simulated": self.simulated,
            "names_add": self.check.names_add if self.check else None,
            "check": as_json(asdict(self.check)) if self.check else None,
            "spreads": [asdict(s) for s in self.spreads],
            "residual": self.residual,
            "total": len(names),
            "names": [asdict(e) for e in names[: most or None]],
        }


def _effect(row: Mapping[str, Any]) -> NameEffect:
    effect, error = row["effect"], row["error"]
    return NameEffect(
        talent=row["talent"],
        name=row["name"],
        role=row["role"],
        films=row["films"],
        factor=exp(effect),
        low=exp(effect - Z80 * error),
        high=exp(effect + Z80 * error),
        clear=abs(effect) > Z95 * error > 0,
        placebo=exp(row["placebo"]),
    )
