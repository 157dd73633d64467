"""The few audiences that together hold most of the likely people, and few others.

Every audience that is added costs the people it newly reaches. So the one is taken that adds most

    new likely people - price × new people,  price = `margin` × the base's share of likely people

and none when that is not above 0 for any: those that it adds are then hardly denser than
everybody. People who are reached already count neither for it nor against it, so overlap is
worth nothing.

Without a price this is greedy cover, which reaches at least 1 - 1/e of what any so-many audiences
can (Nemhauser, Wolsey and Fisher, Mathematical Programming 14, 1978). With a price no such bound
holds: two audiences may be worth their common others only together. In 1,000 random cases of six
audiences, three of them to be taken, greedy lost 0.8 % of what the best choices were worth in
all; in one case of eighty it got less than 1 - 1/e.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csc_array

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.discovery.card import Pick

MARGIN = 1.2
"""How much denser than everybody the people must be that an audience adds."""
MOST = 6
ENOUGH = 0.9
"""Share of the likely people after which nothing is added."""


def portfolio(
    masks: Flags,
    names: Sequence[str],
    rules: Sequence[str],
    *,
    seed: Flags,
    weight: Floats,
    margin: float = MARGIN,
    most: int = MOST,
    enough: float = ENOUGH,
) -> tuple[Pick, ...]:
    """The audiences in the order taken, each with what it adds to those before it.

    `masks` has one row for each person, one column for each audience; the likely people are the
    `seed`, and each person stands for `weight` people. Order of people does not matter; of equal
    audiences the first is taken.
    """
    _check(masks, names, rules, seed, weight)
    columns = csc_array(masks, dtype=np.float64).T.tocsr()
    likely = weight * seed
    every, all_likely = float(weight.sum()), float(likely.sum())
    if not all_likely > 0:
        raise CannotTellError("A portfolio needs likely people; there are none.")
    price = margin * all_likely / every
    sizes, holds = columns @ weight, columns @ likely
    left = np.ones(len(weight), dtype=bool)
    picks: list[Pick] = []
    while len(picks) < min(most, len(names)):
        new, new_likely = columns @ (weight * left), columns @ (likely * left)
        worth = new_likely - price * new
        # Rounded, so that equal audiences stay equal in whatever order people are added up.
        best = int(np.argmax((worth / all_likely).round(9)))
        if worth[best] <= 1e-9 * all_likely:
            break
        left &= ~masks[:, best]
        covered = 1 - float((likely * left).sum()) / all_likely
        picks.append(
            Pick(
                name=names[best],
                rule=rules[best],
                persons=round(sizes[best]),
                likely=round(holds[best]),
                new_persons=round(new[best]),
                new_likely=round(new_likely[best]),
                covered=covered,
                reached=1 - float((weight * left).sum()) / every,
            )
        )
        if covered >= enough:
            break
    return tuple(picks)


def _check(
    masks: Flags, names: Sequence[str], rules: Sequence[str], seed: Flags, weight: Floats
) -> None:
    people = len(weight)
    if masks.shape != (people, len(names)) or len(rules) != len(names) or len(seed) != people:
        raise InputError(
            f"A portfolio needs a flag for each of {people:,} people and {len(names)} audiences,"
            f" a rule for each audience and a flag for who is likely, not {masks.shape} flags,"
            f" {len(rules)} rules and {len(seed):,} flags."
        )
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise InputError("A portfolio needs weights of 0 or more; some are negative or NaN.")
