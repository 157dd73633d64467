"""What an experiment was, and what it showed: frozen facts, ready to be written as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, Reason, did_you_mean
from fullhouse.stats.figures import AlwaysValid, Capped, Check, Estimate, Interval, check_level

SAMPLE_RATIO, LOST, BALANCE = "sample ratio", "people lost", "balance of covariates"
"""The names of the checks that come before any effect."""
ADAPTERS: dict[type, TypeAdapter[Any]] = {}


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
class Unknown:
    """A figure that could not be computed, and why.

    `figure` is one of "relative", "any look", "cost each" and "adjustment", or "" in readouts
    saved before figures had names.
    """

    figure: str
    reason: Reason


def _unknown(value: Any) -> Any:
    """Readouts saved before had a sentence here."""
    return {"figure": "", "reason": {"message": value}} if isinstance(value, str) else value


@dataclass(frozen=True)
class ArmEffect:
    """What an arm changed in an outcome, per person assigned, against the control.

    `relative` and the costs are None where they cannot be computed, and `unknown` holds why.
    `holm_p` is adjusted over all arms and outcomes of the readout. `total` is over all people of
    the arm.
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
    unknown: tuple[Annotated[Unknown, BeforeValidator(_unknown)], ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the adjusted p is below 1 - level.

        Before the planned end the always-valid interval must exclude 0 too.
        """
        ends = self.headline
        return self.holm_p < 1 - self.effect.level and not ends.low <= 0 <= ends.high

    @property
    def headline(self) -> Estimate | AlwaysValid:
        """The range to act on now: at any look before the planned end, else for one look."""
        looked = self.always_valid
        return self.effect if looked is None else self.range_at(looked.share)

    def range_at(self, share_observed: float) -> Estimate | AlwaysValid:
        """The one range to act on: at any look before the planned end, else for one look."""
        if share_observed < 1 and self.always_valid is not None:
            return self.always_valid
        return self.effect


@dataclass(frozen=True)
class RepeatedRows:
    """Rows that agree in all that tells people apart: so many, and of how many people."""

    rows: int
    rows_people: int


@dataclass(frozen=True)
class CovariateExplains:
    """Covariates that explain so much of an outcome that one of them may be the outcome itself."""

    outcome: str
    rho2: float


@dataclass(frozen=True)
class IntervalsApart:
    """Each of several intervals holds its level by itself, not all together."""

    intervals: int
    level: float


@dataclass(frozen=True)
class TwoFactors:
    """Arms whose names say that two things were varied at once."""

    factorial_arms: tuple[str, ...]


ReadoutNote = RepeatedRows | CovariateExplains | IntervalsApart | TwoFactors
"""What to know of an experiment before its effects are believed."""

EXPLAINS = 0.9
"""A covariate known before the start that explains so much of an outcome is hardly one."""


@dataclass(frozen=True)
class Readout:
    """All effects of an experiment, the checks that it passed, and the names of those not made."""

    experiment: Experiment
    people: Mapping[str, int]
    checks: tuple[Check, ...]
    effects: tuple[ArmEffect, ...]
    not_checked: tuple[str, ...] = ()
    notes: tuple[ReadoutNote, ...] = ()

    def effect(self, arm: str, outcome: str) -> ArmEffect:
        """The effect of one arm on one outcome."""
        for effect in self.effects:
            if (effect.arm, effect.outcome) == (arm, outcome):
                return effect
        known = [f"{e.arm}/{e.outcome}" for e in self.effects]
        raise InputError(
            f"The readout has no {arm!r} on {outcome!r}.{did_you_mean(f'{arm}/{outcome}', known)}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an infinite end is the text "infinite"."""
        return as_plain(self)


APART = 0.05
"""Treated cities that moved differently with a smaller p before the campaign are pointed out."""


@dataclass(frozen=True)
class FilledGaps:
    """Rows that a table of cities and days lacked, and by which rule they were filled.

    `city_days` of `of` were missing; most of them, a `most_share` of its own, in `most_city`.
    """

    rule: str
    city_days: int
    of: int
    most_city: str
    most_share: float


@dataclass(frozen=True)
class GeoReadout:
    """What the treated cities sold beyond what the others predict, first to last day.

    `units` is over all treated cities and days; `relative` as a share of `expected`, whose own
    error is inside the interval. `basis` says which test made interval and claim: "time" moves the
    window in time (`p`), and `weights` are of the cities that make up the comparison, `fit_error`
    as in `stats.geo`; "cities" moves the campaign to other cities (`p_cities`, over `placebos`
    lots), exact where the treated were drawn by lot, its interval for one relative effect common
    to all. `p_before` is of the same test one window earlier, when there was no campaign.
    `period_days` is 1, or 7 in weekly data.
    """

    value: str
    treated: tuple[str, ...]
    start: date
    end: date
    units: Interval
    relative: Interval
    expected: float
    p: float | None
    p_cities: float
    placebos: int
    weights: Mapping[str, float]
    fit_error: float | None
    level: float
    basis: Literal["time", "cities"] = "time"
    period_days: int = 1
    filled: FilledGaps | None = None
    p_before: float | None = None

    @property
    def proven(self) -> bool:
        """Whether 0 lies outside the interval."""
        p = self.p_cities if self.p is None or self.basis == "cities" else self.p
        return p <= 1 - self.level + 1e-12

    @property
    def apart_before(self) -> bool:
        """Whether the treated cities moved differently before there was a campaign."""
        return self.p_before is not None and self.p_before < APART

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return as_plain(self) | {"proven": self.proven}


@dataclass(frozen=True)
class CityPairsReadout(Brief):
    """What the treated cities sold beyond what they would have, first to last day.

    `units` is over all treated cities, `relative` a share of `expected`, which they would have sold
    without the campaign. `p` and the intervals are of the lot that drew one of each pair: exact in
    level for any sales, if the campaign multiplies each city's by the same; `p` needs not even
    that. `sets` of pairs were counted, all there are where `exact`. `sold` and `sold_control` are
    what the treated and the other cities sold. With a spend, `returned` is the money won for each
    unit of money spent, `cost` the money for each unit won, or why there is none.
    """

    value: str
    treated: tuple[str, ...]
    left_out: tuple[str, ...]
    start: date
    end: date
    units: Interval
    relative: Interval
    expected: float
    sold: float
    sold_control: float
    p: float
    sets: int
    exact: bool
    level: float
    spend: float | None = None
    returned: Interval | None = None
    cost: Interval | None = None
    no_cost: Reason | None = None
    notes: tuple[Reason, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the lot alone would do this too seldom for the level."""
        return self.p <= 1 - self.level + 1e-12

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return as_plain(self) | {"pairs": len(self.treated), "proven": self.proven}


@dataclass(frozen=True)
class Uplift(Brief):
    """The Qini of a learner on held-out people, mean over splits, with its interval.

    `propensity` orders by the chance of the outcome alone; `gain` is the learner less that, split
    by split. Intervals use the variance over splits corrected for shared training people (Nadeau
    and Bengio 2003), so more splits do not make them arbitrarily narrow.
    """

    arm: str
    control: str
    outcome: str
    people: int
    qini: Interval
    propensity: Interval
    gain: Interval
    splits: int
    level: float
    differ_p: float | None = None

    @property
    def people_differ(self) -> bool:
        """Whether some people are moved more than others, by the test over all covariates.

        Readouts saved before had no such test: there the Qini must prove it.
        """
        if self.differ_p is None:
            return self.qini.low > 0
        return self.differ_p < 1 - self.level

    @property
    def order_proven(self) -> bool:
        """Whether an order by uplift is better than chance: people differ, and the Qini is above 0.

        Asking for both keeps false claims of a trial without differences to 1 - level in all.
        """
        return self.people_differ and self.qini.low > 0

    @property
    def proven(self) -> bool:
        """Whether that order is better than one by propensity too."""
        return self.order_proven and self.gain.low > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        claims = {"people_differ": self.people_differ, "order_proven": self.order_proven}
        return as_plain(self) | claims | {"proven": self.proven}


@dataclass(frozen=True)
class Condition:
    """A column `above` or `at most` a value, or one that `is` or `is not` a value."""

    column: str
    relation: str
    value: float | str


@dataclass(frozen=True)
class TreeLeaf:
    """People whom a tree takes together: their share of all, their uplift, and what to do."""

    conditions: tuple[Condition, ...]
    share: float
    uplift: float
    treat: bool


@dataclass(frozen=True)
class PolicyProfit:
    """What a policy earns over treating nobody, on people it was not learned from.

    `profit` is over all people of both arms: margin times outcomes won, less cost. `treated` is the
    share of people it treats.
    """

    profit: Interval
    treated: float


@dataclass(frozen=True)
class TreatmentPolicy:
    """Who to treat at a cost and a margin: by scores, by a tree of depth 2, everybody, or nobody.

    `over_all` is what scores earn more than treating everybody. `rule` is the tree of all people.
    """

    arm: str
    control: str
    outcome: str
    people: int
    cost_each: float
    margin: float
    scores: PolicyProfit
    tree: PolicyProfit
    everybody: PolicyProfit
    over_all: Interval
    rule: tuple[TreeLeaf, ...]
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return as_plain(self)


def adapter(kind: type) -> TypeAdapter[Any]:
    """What writes a type as JSON and reads it back; made once."""
    if kind not in ADAPTERS:
        ADAPTERS[kind] = TypeAdapter(kind)
    return ADAPTERS[kind]


def as_plain(result: Any) -> dict[str, Any]:
    """A frozen result as values that JSON has; infinite ends are texts."""
    plain: dict[str, Any] = adapter(type(result)).dump_python(result, mode="json")
    return plain
