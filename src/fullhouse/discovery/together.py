"""Co-attendance of a film's interest with past films, beyond what any two films have in common."""

from collections.abc import Mapping
from math import exp, log

import numpy as np
from scipy.special import ndtr

from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.card import Estimate
from fullhouse.discovery.comparable import Together

Z95 = 1.959964


def beyond_typical(rows: Mapping[str, Affinity]) -> dict[str, Together]:
    """Each past film's affinity with the interest ÷ the median of all of them, by film.

    Who wants to see any film has seen any other more often, activity held equal as far as a house
    sees it: on the simulated market the median is 1.4. What makes two films alike is more than
    that. p is of the quotient being 1, from the interval on the log scale; films of which no
    interval is known are left out.
    """
    told = {
        film: (log(r.ratio), (log(r.high) - log(r.low)) / (2 * Z95))
        for film, r in rows.items()
        if r.ratio and r.low and r.high and r.p is not None
    }
    if not told:
        return {}
    typical = float(np.median([ratio for ratio, _ in told.values()]))
    return {film: _quotient(ratio - typical, se) for film, (ratio, se) in told.items()}


def _quotient(gap: float, se: float) -> Together:
    ends = (exp(gap - Z95 * se), exp(gap + Z95 * se))
    p = 2 * float(ndtr(-abs(gap) / se)) if se > 0 else None
    return Together(Estimate(exp(gap), *ends), p)
