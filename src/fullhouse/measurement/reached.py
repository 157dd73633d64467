"""What a campaign did to those it reached, and what spill-over may hide: bounds, not readouts.

Only the comparison of everybody as assigned is randomised. Both figures here are made of it and of
who was shown the advertisement; each says what it takes for granted.
"""

from dataclasses import dataclass
from typing import Protocol

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import Interval


class Between(Protocol):
    """A figure with its interval: `Estimate`, `Interval`, `AlwaysValid`."""

    @property
    def value(self) -> float:
        """The best guess."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


@dataclass(frozen=True)
class SpillOver:
    """An effect with no dilution, `none`, and with the most there may be, `full`.

    `share` of the held out had what the treated had.
    """

    share: float
    none: Interval
    full: Interval

    @property
    def between(self) -> Interval:
        """The effect as read, from the least to the most that it may be.

        Holds the undiluted effect at the level of the effect's own interval, whatever the
        dilution: that effect is the one read times something between 1 and 1 / (1 - share).
        """
        ends = self.none, self.full
        return Interval(self.none.value, min(e.low for e in ends), max(e.high for e in ends))


def effect_on_reached(
    effect: Between, share_reached: float, *, held_out_reached: float = 0.0
) -> Interval:
    """The effect per person who was reached because of their arm: that of everybody, divided.

    `share_reached` is the share of the treated with an impression at least, `held_out_reached`
    that of the held out. The effect on compliers (Angrist, Imbens and Rubin, "Identification of
    causal effects using instrumental variables", JASA 1996) is the effect of assignment ÷ the
    difference of the two shares. It takes for granted that being treated does nothing to people
    who are not shown anything, and that nobody is shown it only because they were held out. The
    shares are those of these very people: where no held-out person was reached they add no error
    of their own (what was won, over the people reached), otherwise only that of a difference of
    two shares, which is small where thousands were reached and is left out. An error where the
    treated were reached no more than the held out.

    >>> effect_on_reached(Interval(0.02, 0.01, 0.03), 0.625, held_out_reached=0.125)
    Interval(value=0.04, low=0.02, high=0.06)
    """
    for share in (share_reached, held_out_reached):
        _check_share(share)
    more = share_reached - held_out_reached
    if more <= 0:
        raise CannotTellError(
            f"{share_reached:.1%} of the treated were reached and {held_out_reached:.1%} of the"
            " held out: assignment reached nobody more, so an effect on those reached cannot be"
            " told. Check that impressions came back for the lines."
        )
    return Interval(*(x / more for x in (effect.value, effect.low, effect.high)))


def spill_over_bound(effect: Between, share: float) -> SpillOver:
    """The effect between no dilution and full: 1 to 1 / (1 - share) times what was read.

    `share` of the held out live with treated people, or were shown the advertisement themselves.
    If that did to each of them, on average, no more than it does to somebody treated and nothing
    of the opposite sign, the control's mean is off by at most share × the effect: what is read is
    then at least (1 - share) of the effect, and the effect is at most 1 / (1 - share) of it.

    >>> found = spill_over_bound(Interval(0.06, 0.03, 0.09), 0.25)
    >>> found.full
    Interval(value=0.08, low=0.04, high=0.12)
    >>> found.between
    Interval(value=0.06, low=0.03, high=0.12)
    """
    _check_share(share)
    if share == 1:
        raise CannotTellError(
            "All held-out people had what the treated had: nobody is left to compare with."
        )
    read = effect.value, effect.low, effect.high
    return SpillOver(share, Interval(*read), Interval(*(x / (1 - share) for x in read)))


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise InputError(f"A share of people lies between 0 and 1, not at {share:g}.")
