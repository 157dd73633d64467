"""The verdict on a trait, from its numbers. All rules of judgement stand here."""

import math
from dataclasses import dataclass

from fullhouse.discovery.affinity import Verdict

FALSE_DISCOVERIES = 0.05
"""Share of discoveries that may be false."""

LEAST_EXPECTED = 5.0
"""People that luck alone must give, with the trait and without it, in the outcome and not."""

LEFT_OVER = 1.05
"""Ratios nearer to 1 than this may be activity that the strata do not hold equal."""

RELEVANT = 2.0
"""'Nothing' promises that a ratio of 2 and one of 0.5 are both outside the interval."""

LEAST_OUTCOME = math.ceil((2 * 1.96 / math.log(RELEVANT)) ** 2)
"""With fewer people in the outcome (32), no trait can be told from twice as common: the log ratio
of a trait that half of them have is off by 2 / sqrt(people), and any other trait by more."""


@dataclass(frozen=True)
class Evidence:
    """The numbers of one trait that decide. NaN: could not be computed."""

    ratio: float
    low: float
    high: float
    q: float
    placebo_asked: bool = False
    gap_low: float = math.nan
    gap_high: float = math.nan


def judge(e: Evidence) -> tuple[Verdict, str]:
    """The verdict on a trait that was tested, and the reason in a few words.

    Found needs all of: q at most 0.05, an interval above 1.05, and, where a placebo was asked
    for, a ratio above the placebo's with an interval that leaves no doubt. Avoided mirrors it.
    """
    sure = e.q <= FALSE_DISCOVERIES
    if sure and e.low > LEFT_OVER:
        return _against_placebo(e, "found", e.gap_low > 1, "goes with the outcome")
    if sure and e.high < 1 / LEFT_OVER:
        return _against_placebo(e, "avoided", e.gap_high < 1, "goes with staying away")
    if not (e.low > 1 / RELEVANT and e.high < RELEVANT):
        return "cannot tell", "may be luck, but a ratio of 2 or of 0.5 is not ruled out"
    if sure:
        return "nothing", "so near to 1 that leftover activity can explain it"
    return "nothing", "no more than luck"


def _against_placebo(e: Evidence, verdict: Verdict, beyond: bool, why: str) -> tuple[Verdict, str]:
    if not e.placebo_asked:
        return verdict, f"{why}; no placebo was given"
    if math.isnan(e.gap_low):
        return "cannot tell", f"{why}, but the placebo cannot be told for it"
    if not beyond:
        # The same promise as without a placebo: a gap of 2 or of 0.5 must be ruled out.
        if not (e.gap_low > 1 / RELEVANT and e.gap_high < RELEVANT):
            return "cannot tell", f"{why}, but the placebo may show as much"
        return "nothing", "the placebo shows as much"
    return verdict, f"{why}, beyond the placebo"
