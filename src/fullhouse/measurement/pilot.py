"""A look at a pilot: who wanted the film, audience by audience, and whether more would help."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from fullhouse.core.brief import Brief
from fullhouse.planning.plan import PilotCounts
from fullhouse.stats.figures import AlwaysValid, Interval

Verdict: TypeAlias = Literal[
    "proven",
    "likely",
    "no_more",
    "cannot_show",
    "go_on",
    "too_few_interested",
    "nothing_to_compare",
]
"""What to do with a pilot, and why.

`proven`: the candidates respond more than what they buy explains, at any look (95 %). `likely`:
the plan that learns from it is better with 90 %. `no_more`: they respond less, at any look.
`cannot_show`: the people and days that are left would not show it. These end it. `go_on`,
`too_few_interested` and `nothing_to_compare` (no candidates, or nobody beside them) do not.
"""
ENDS: tuple[Verdict, ...] = ("proven", "likely", "no_more", "cannot_show")


@dataclass(frozen=True)
class PilotAudienceLook:
    """An audience of a pilot: how many wanted the film in each arm, and what showing it added.

    `lift` is the share who want it among those shown it less that of the held out, with an interval
    that holds at all looks; None where too few wanted it. `response` is by how much its people
    respond more than what they buy explains, drawn to the others as far as counts are small, with
    an 80 % range. `watched` of the treated watched the trailer, `completed` of them to the end.
    """

    audience: str
    rule: str
    candidate: bool
    counts: PilotCounts
    lift: AlwaysValid | None
    response: Interval
    watched: int = 0
    completed: int = 0


@dataclass(frozen=True)
class PilotLook(Brief):
    """A pilot as known on a day; `by` is person or household, whichever was held out.

    `contrast` is what showing it added among the candidates, by ticket that they buy anyway, less
    the same among the others: 0 where people respond in proportion to what they buy. `more_days`
    and `more_people` are what it takes to show it, None where there is no such number or not that
    many are left. `better` is the share of what may be in which the plan with the pilot sells more
    than the plan by base rate; `moved` the money that it puts elsewhere than the plan without the
    pilot, of `budget`. `ended` says whether this look cancelled the pilot.
    """

    campaign: str
    film: str
    title: str
    as_of: date
    first: date
    opening: date
    by: str
    whole: PilotAudienceLook
    audiences: tuple[PilotAudienceLook, ...]
    contrast: AlwaysValid | None
    verdict: Verdict
    more_days: int | None
    more_people: int | None
    budget: float | None
    currency: str
    better: float | None
    moved: float | None
    ended: bool = False
    simulated: bool = False

    @property
    def ends(self) -> bool:
        """Whether more data would not change the plan."""
        return self.verdict in ENDS
