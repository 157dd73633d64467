"""What a campaign's lines could show before the launch; what to ask for where they cannot."""

from dataclasses import dataclass
from math import ceil, inf

from fullhouse.core.errors import CannotTellError
from fullhouse.stats.power import holdout_share, rate_sd, smallest_effect

MOST_HELD_OUT = 0.5

MOST_PEOPLE = 100_000_000
"""No house could ask for more."""


@dataclass(frozen=True)
class Power:
    """The smallest change of tickets per person that a part of a plan can show, or infinity.

    `group` is whole, audience or line. `base` is the share of these people that buys anyway,
    `rho2` the share of the variance that earlier tickets take away, `expected` the change per
    person that the plan expects, `suggested` the smallest share to hold out that shows that;
    None where no share does. `says` tells it in words.
    """

    name: str
    treated: int
    held_out: int
    base: float
    smallest: float
    group: str = "whole"
    rho2: float = 0.0
    expected: float | None = None
    suggested: float | None = None
    says: str = ""

    @property
    def relative(self) -> float:
        """The smallest as a share of what is bought anyway."""
        return self.smallest / self.base if self.base > 0 else inf

    @property
    def measurable(self) -> bool:
        """Whether what the plan expects is found with 80 % power at 95 %."""
        return self.expected is not None and self.smallest <= self.expected


def foresee(
    name: str,
    group: str,
    people: int,
    *,
    holdout: float,
    rate: float,
    expected: float,
    rho2: float = 0.0,
) -> Power:
    """The power of some people with a share held out, against what the plan expects of them.

    >>> foresee("dogs", "line", 10_000, holdout=0.1, rate=0.02, expected=0.001).says
    'cannot be measured: ask for 615,353 people with half held out, or read it with others'
    """
    out = round(people * holdout)
    sd = rate_sd(rate)
    smallest = inf
    if min(out, people - out) >= 2:
        smallest = smallest_effect(people - out, out, sd, rho2=rho2)
    share = _share(people, expected, sd, rho2)
    says = _says(smallest, expected, share, sd, rho2)
    return Power(
        name, people - out, out, rate, smallest, group, rho2, expected, share, says
    )  # fmt: skip


def _share(people: int, expected: float, sd: float, rho2: float) -> float | None:
    if people < 4 or not expected > 0:
        return None
    try:
        # Never so few that an arm has nobody.
        return max(holdout_share(people, expected, sd, rho2=rho2), 2 / people)
    except CannotTellError:
        return None


def _says(smallest: float, expected: float, share: float | None, sd: float, rho2: float) -> str:
    if not expected > 0:
        return "cannot be measured: the plan expects nothing of it"
    if smallest <= expected:
        return "can be measured"
    if share is not None:
        return f"cannot be measured: ask for {ceil(share * 1000) / 10:.1f} % held out"
    # The smallest effect falls with the root of the people.
    half = smallest_effect(500_000, 500_000, sd, rho2=rho2)
    needed = ceil(1_000_000 * (half / expected) ** 2)
    if needed > MOST_PEOPLE:
        return f"cannot be measured: the plan expects too little, {expected:.2g} tickets a person"
    return (
        f"cannot be measured: ask for {needed:,} people with half held out, or read it with others"
    )
