"""What a campaign could show before it is launched, and which there are."""

from dataclasses import dataclass

from pyroaring import BitMap

from fullhouse.consent import ADVERTISING
from fullhouse.control.campaigns import KeptCampaign, campaigns, find_plan
from fullhouse.errors import CannotTellError
from fullhouse.pipeline.campaign_people import audience_people
from fullhouse.pipeline.film_house import film_house, size
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning.plan import plan_from
from fullhouse.stats.power import rate_sd, smallest_effect


@dataclass(frozen=True)
class Power:
    """The smallest change of tickets per person that a line, or the whole, can show."""

    name: str
    treated: int
    held_out: int
    base: float
    smallest: float

    @property
    def relative(self) -> float:
        """The same as a share of what is bought anyway."""
        return self.smallest / self.base if self.base > 0 else float("inf")


def campaign_power(
    workspace: Workspace, plan_name: str, *, rate: float, holdout: float | None = None
) -> tuple[Power, ...]:
    """What the whole plan and each of its audiences could show, with 80 % power at 95 %.

    `rate` is the share of these people that buys a ticket without a campaign, such as a past
    film's; everybody counts once, and no covariate is counted on.
    """
    plan = plan_from(find_plan(workspace.control, plan_name).body)
    out = plan.holdout if holdout is None else holdout
    with film_house(workspace, territory=plan.territory, purpose=ADVERTISING) as house:
        people = audience_people(house, plan)
        names = {x.rule: x.audience for x in plan.lines}
        every: dict[int, BitMap] = {}
        for mine in people.values():
            for block, found in mine.items():
                every[block] = every.get(block, BitMap()) | found
        sizes = [("the whole campaign", size(every))]
        sizes += [(names[rule], size(mine)) for rule, mine in people.items()]
    return tuple(_power(name, n, out, rate) for name, n in sizes)


def campaign_list(workspace: Workspace) -> list[KeptCampaign]:
    """Every campaign, the newest first."""
    return campaigns(workspace.control)


def _power(name: str, people: int, holdout: float, rate: float) -> Power:
    out = round(people * holdout)
    if min(out, people - out) < 2:
        raise CannotTellError(
            f"{name}: {people:,} people with {holdout:.0%} held out leave an arm without anybody;"
            " hold out more, or speak to more people."
        )
    smallest = smallest_effect(people - out, out, rate_sd(rate))
    return Power(name, people - out, out, rate, smallest)
