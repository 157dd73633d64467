"""A plan: which audience is addressed on which channel, where, when, for how much, to what end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, TypeAdapter

from fullhouse.core.brief import Brief


@dataclass(frozen=True)
class Amount:
    """A quantity that is not known exactly: its middle and the ends of its 80 % range."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class PlanLine:
    """One line: an audience on a channel in a city group in a week.

    `people` are those it addresses, `reach` those it is expected to reach at least once, by
    itself; `frequency` the impressions of each of these. `tickets` and `gross` are what it is
    expected to add: what lines sell together is shared out, so that they add up to the plan.
    """

    id: str
    audience: str
    rule: str
    kind: str
    channel: str
    cities: str
    week: date
    spend: float
    impressions: float
    people: float
    reach: float
    frequency: float
    tickets: Amount
    gross: Amount
    tested: bool


@dataclass(frozen=True)
class BridgeStep:
    """One step of the opportunity bridge: what an audience adds, and the range after it."""

    name: str
    added: Amount
    after: Amount


@dataclass(frozen=True)
class BudgetPoint:
    """What a budget sells, and what one more unit of money sells there, in tickets."""

    budget: float
    tickets: Amount
    next_unit: float


@dataclass(frozen=True)
class Unreachable:
    """People of an audience that no channel of the plan addresses.

    `tickets` are those that they are expected to buy without a campaign.
    """

    audience: str
    people: float
    unreachable: float
    tickets: float


@dataclass(frozen=True)
class PilotCounts:
    """People of a part (or households) in a campaign by arm, and how many wanted the film since."""

    treated: int
    treated_interested: int
    held_out: int
    held_out_interested: int


@dataclass(frozen=True)
class PilotedAudience:
    """An audience of a pilot, by its rule, which draws `share` of its people by chance.

    `people` are those to be shown it, `tickets` what they are expected to buy anyway, `response` by
    how much theirs is thought to be multiplied, beside one alike everywhere. A `candidate` was
    expected to respond more than what its people buy explains, before anybody was shown anything.
    """

    audience: str
    rule: str
    share: float
    people: float
    tickets: float
    response: float
    candidate: bool


@dataclass(frozen=True)
class AudienceByHeadroom:
    """An audience's part in a plan that goes by who has heard of the film.

    `aware` is the share that has, with its 95 % interval, None where nothing was measured. `factor`
    is what its response is multiplied by, in the mean, beside a response alike everywhere. `spend`
    is the plan's, `spend_by_base` that of the plan by what people buy anyway, with the same money.
    `pilot` is who wanted the film in a pilot, by arm, if there was one.
    """

    audience: str
    rule: str
    aware: tuple[float, float, float] | None
    factor: float
    spend: float
    spend_by_base: float
    pilot: PilotCounts | None = None

    @property
    def measured(self) -> bool:
        """Whether what people were shown, or a pilot, tells of the audience."""
        by_pilot = self.pilot is not None and self.pilot.treated > 0 and self.pilot.held_out > 0
        return self.aware is not None or by_pilot

    @property
    def chosen(self) -> bool:
        """Whether the audience has money because its people respond more than others do."""
        measured_and_larger = self.measured and self.factor > 1
        return measured_and_larger and self.spend > CHOSEN * self.spend_by_base

    @property
    def explored(self) -> bool:
        """Whether it has money although nobody has measured who there has heard of the film."""
        return not self.measured and self.spend > 0


CHOSEN = 1.1
"""An audience with this much more money than by base rate was chosen for its headroom."""


@dataclass(frozen=True)
class NeverMeasured:
    """Kinds of audience that no readout has measured: their response is the prior's."""

    kinds: tuple[str, ...]
    code: Literal["never_measured"] = "never_measured"


@dataclass(frozen=True)
class BeyondMeasured:
    """The plan shows more on a channel than any readout measured (None: none did).

    Both are impressions of a person, with adstock, when the film opens.
    """

    channel: str
    impressions: float
    measured: float | None
    code: Literal["beyond_measured"] = "beyond_measured"


@dataclass(frozen=True)
class GrossInTickets:
    """No forecast, ticket price or share of sales is known: gross is in tickets."""

    code: Literal["no_forecast"] = "no_forecast"


@dataclass(frozen=True)
class BudgetsLeftOut:
    """Budgets that cannot keep the limits, left out of the curve."""

    budgets: tuple[float, ...]
    code: Literal["budgets_left_out"] = "budgets_left_out"


@dataclass(frozen=True)
class SpentForMinimum:
    """Money that is spent only because a minimum asks for it, and the tickets it sells.

    `of` is city, audience or channel, `name` which of them, `tickets` the middle expectation. It
    is one that does not bring back what it costs, and sells less than half as much as the rest of
    the money, unit by unit.
    """

    of: Literal["city", "audience", "channel"]
    name: str
    spend: float
    tickets: float
    code: Literal["spent_for_minimum"] = "spent_for_minimum"


@dataclass(frozen=True)
class BestWithin:
    """No other plan sells more than this share more, under the same assumptions and limits."""

    gap: float
    code: Literal["best_within"] = "best_within"


@dataclass(frozen=True)
class OlderSentence:
    """A sentence of a plan that was saved when notes were sentences."""

    text: str
    code: Literal["older_sentence"] = "older_sentence"


PlanNote: TypeAlias = (
    NeverMeasured
    | BeyondMeasured
    | GrossInTickets
    | BudgetsLeftOut
    | SpentForMinimum
    | BestWithin
    | OlderSentence
)


def _from_older(note: object) -> object:
    return {"text": note, "code": "older_sentence"} if isinstance(note, str) else note


@dataclass(frozen=True)
class Plan(Brief):
    """A plan for a film as of a day. Money is in `currency`; ranges are 80 %.

    `reach` and `frequency` are over all lines, each person counted once. `bridge` goes from the
    base forecast's gross, audience by audience, to the range with the plan. `claims` are, by rule,
    how much likelier its people are claimed to be, beyond the obvious, with a 95 % interval.
    `base_tickets` is what the people that the plan addresses are expected to buy without it;
    `base_by_audience` the people that each audience's lines address (in several counted in each)
    and the tickets that they are. `untaught` is what the same money would be expected to sell
    had no readout measured anything. `by_headroom` says of each audience how who has heard of the
    film entered, where that was measured; `by_base` is what the plan by what people buy anyway
    would be expected to sell with the same money, and `better` the share of draws in which this
    plan sells more than that one. `pilot` is the campaign from whose arms it learned.

    `piloted` are the audiences of a plan that is a pilot.
    """

    name: str
    film: str
    title: str
    territory: str
    as_of: date
    opening: date
    budget: float
    currency: str
    price: float
    attitude: str
    lines: tuple[PlanLine, ...]
    spend: float
    people: float
    reach: float
    frequency: float
    tickets: Amount
    gross: Amount
    base: Amount | None
    bridge: tuple[BridgeStep, ...]
    curve: tuple[BudgetPoint, ...]
    unreachable: tuple[Unreachable, ...]
    holdout: float
    audiences: Mapping[str, str]
    cities: Mapping[str, tuple[str, ...]]
    notes: tuple[Annotated[PlanNote, Discriminator("code"), BeforeValidator(_from_older)], ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    claims: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    base_tickets: float = 0.0
    base_by_audience: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    untaught: Amount | None = None
    by_headroom: tuple[AudienceByHeadroom, ...] = ()
    by_base: Amount | None = None
    better: float | None = None
    pilot: str | None = None
    piloted: tuple[PilotedAudience, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        body: dict[str, Any] = PLAN.dump_python(self, mode="json")
        return body


PLAN = TypeAdapter(Plan)


def plan_from(body: Mapping[str, Any]) -> Plan:
    """A plan from its JSON; what an older plan does not have is empty."""
    return PLAN.validate_python(body)


@dataclass(frozen=True)
class Outlook(Brief):
    """A film's total as known on a day, in `currency`; ranges are 80 %.

    `base` is the forecast as of the day before the campaign began, so that nothing the campaign
    did is in it. `added` is what the campaign adds over the run, and `basis` its source: "planned"
    (the plan's expectation), or "measured" (a readout, with the plan's expectation of what is
    still to come scaled by it). `total` is both together; their errors are independent.
    """

    as_of: date
    campaign: str
    currency: str
    base: Amount
    added: Amount
    total: Amount
    basis: str
