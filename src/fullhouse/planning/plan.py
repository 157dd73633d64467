"""A plan: which audience is spoken to on which channel, where, when, for how much, to what end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from fullhouse.core.values import as_json


@dataclass(frozen=True)
class Amount:
    """A quantity that is not known exactly: its middle and the ends of its 80 % range."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One line: an audience on a channel in a city group in a week.

    `people` are those it addresses, `reach` those it is expected to reach at least once, by
    itself; `frequency` the impressions of each of these. `tickets` and `gross` are what it is
    expected to add: lines share what they win together, so that they add up to the plan.
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
class Step:
    """One step of the opportunity bridge: what an audience adds, and the range after it."""

    name: str
    added: Amount
    after: Amount


@dataclass(frozen=True)
class BudgetPoint:
    """What a budget wins, and what one more unit of money wins there, in tickets."""

    budget: float
    tickets: Amount
    next_unit: float


@dataclass(frozen=True)
class Unreachable:
    """People of an audience that no channel of the plan addresses."""

    audience: str
    people: float
    unreachable: float
    tickets: float


@dataclass(frozen=True)
class Plan:
    """A plan for a film as of a day. Money is in `currency`; ranges are 80 %.

    `reach` and `frequency` are over all lines, each person counted once. `bridge` goes from the
    base forecast's gross, audience by audience, to the range with the plan. `claims` are, by rule,
    how much likelier its people were said to be, beyond the obvious, with a 95 % interval.
    `base_tickets` is what the people that the plan addresses are expected to buy without it;
    `base_by_audience` the people that each audience's lines address (in several counted in each)
    and the tickets that they are.
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
    lines: tuple[Line, ...]
    spend: float
    people: float
    reach: float
    frequency: float
    tickets: Amount
    gross: Amount
    base: Amount | None
    bridge: tuple[Step, ...]
    curve: tuple[BudgetPoint, ...]
    unreachable: tuple[Unreachable, ...]
    holdout: float
    audiences: Mapping[str, str]
    cities: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    claims: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    base_tickets: float = 0.0
    base_by_audience: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    untaught: Amount | None = None

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it."""
        told: dict[str, Any] = as_json(asdict(self))
        return told


def plan_from(body: Mapping[str, Any]) -> Plan:
    """A plan from what `to_dict` gave; what older plans did not have yet is empty."""
    told = dict(body)
    return Plan(
        **told
        | {
            "as_of": date.fromisoformat(told["as_of"]),
            "opening": date.fromisoformat(told["opening"]),
            "lines": tuple(_line(x) for x in told["lines"]),
            "tickets": Amount(**told["tickets"]),
            "untaught": None if not told.get("untaught") else Amount(**told["untaught"]),
            "gross": Amount(**told["gross"]),
            "base": None if told["base"] is None else Amount(**told["base"]),
            "bridge": tuple(
                Step(x["name"], Amount(**x["added"]), Amount(**x["after"])) for x in told["bridge"]
            ),
            "curve": tuple(
                BudgetPoint(x["budget"], Amount(**x["tickets"]), x["next_unit"])
                for x in told["curve"]
            ),
            "unreachable": tuple(Unreachable(**x) for x in told["unreachable"]),
            "cities": {k: tuple(v) for k, v in told["cities"].items()},
            "notes": tuple(told["notes"]),
            "claims": {k: _triple(v) for k, v in told.get("claims", {}).items()},
            "base_by_audience": {
                k: (float(v[0]), float(v[1])) for k, v in told.get("base_by_audience", {}).items()
            },
        }
    )


def _triple(told: Sequence[float]) -> tuple[float, float, float]:
    value, low, high = map(float, told)
    return value, low, high


def _line(told: Mapping[str, Any]) -> Line:
    return Line(
        **dict(told)
        | {
            "week": date.fromisoformat(told["week"]),
            "tickets": Amount(**told["tickets"]),
            "gross": Amount(**told["gross"]),
        }
    )
