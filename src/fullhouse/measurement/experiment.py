"""What an experiment was, and what it showed: frozen, and ready to be written as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.stats.figures import AlwaysValid, Capped, Check, Estimate, Interval, check_level


@dataclass(frozen=True)
class Experiment:
    """The columns of an experiment table, one row a person, everybody as assigned.

    `covariates` were known before the campaign. `shares` are the intended shares of the arms and
    `assigned` the people assigned to each, lost ones included; `costs` the money spent on each.
    `intended` is how many people the experiment was planned for, for always-valid intervals.
    """

    arm: str
    control: str
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    strata: str | None = None
    id: str | None = None
    shares: Mapping[str, float] | None = None
    assigned: Mapping[str, int] | None = None
    costs: Mapping[str, float] | None = None
    intended: int | None = None
    level: float = 0.95

    def __post_init__(self) -> None:
        check_level(self.level)
        if not self.outcomes:
            raise InputError("No outcome is named; give at least one column, such as 'visit'.")
        names = [self.arm, *self.outcomes, *self.covariates]
        names += [n for n in (self.strata, self.id) if n is not None]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise InputError(f"Column {twice[0]!r} is named for two things at once.")
        if self.intended is not None and self.intended < 1:
            raise InputError(f"An experiment is intended for people, not {self.intended}.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        optional = tuple(n for n in (self.strata, self.id) if n is not None)
        return (self.arm, *self.outcomes, *self.covariates, *optional)


@dataclass(frozen=True)
class Cuped:
    """What the covariates did: `plain` is the effect without them.

    `rho2` is the share of the outcome's variance within arms that they explain; theory says the
    interval keeps the root of 1 - rho2 of its width, and `width` is what it kept.
    """

    plain: Estimate
    rho2: float
    width: float

    @property
    def theory(self) -> float:
        """The share of its width that the interval should keep."""
        return float((1 - self.rho2) ** 0.5)


@dataclass(frozen=True)
class ArmEffect:
    """What an arm changed in an outcome, per person assigned, against the control.

    `relative` and the costs are None where they cannot be told, and `unknown` says why. `holm_p`
    is adjusted over all arms and outcomes of the readout. `total` is over all people of the arm.
    """

    arm: str
    control: str
    outcome: str
    yes_or_no: bool
    people: int
    control_people: int
    mean: float
    control_mean: float
    effect: Estimate
    method: str
    total: Interval
    holm_p: float
    relative: Interval | None = None
    always_valid: AlwaysValid | None = None
    cuped: Cuped | None = None
    capped: Capped | None = None
    cost_each: Interval | None = None
    return_on_spend: Interval | None = None
    unknown: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the adjusted p is below 1 - level."""
        return self.holm_p < 1 - self.effect.level


@dataclass(frozen=True)
class Readout:
    """All effects of an experiment, the checks that it passed, and those that were not made."""

    experiment: Experiment
    people: Mapping[str, int]
    checks: tuple[Check, ...]
    effects: tuple[ArmEffect, ...]
    notes: tuple[str, ...] = ()

    def effect(self, arm: str, outcome: str) -> ArmEffect:
        """The effect of one arm on one outcome."""
        for found in self.effects:
            if (found.arm, found.outcome) == (arm, outcome):
                return found
        known = [f"{e.arm}/{e.outcome}" for e in self.effects]
        raise InputError(
            f"The readout has no {arm!r} on {outcome!r}.{did_you_mean(f'{arm}/{outcome}', known)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an infinite end is the text "infinite"."""
        found: dict[str, Any] = plain(asdict(self))
        return found


def plain(value: Any) -> Any:
    """Values that JSON has: infinities as texts, tuples and arrays as lists."""
    if isinstance(value, float):
        return value if isfinite(value) else "infinite" if value > 0 else "-infinite"
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return plain(value.tolist()) if hasattr(value, "tolist") else value
