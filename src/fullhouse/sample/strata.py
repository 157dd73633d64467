"""Activity strata: people who do about equally much are compared with one another.

Which activity is adjusted for decides everything; docs/decisions/0004-activity-strata.md has the
measurements. In the kinds of event that the outcome is made of, it is the number of events other
than the trait's own, where the outcome's count only as far as they are needed to be in it. In
the trait's own kind, where the outcome has no events there, it is the number of all events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Integers
from fullhouse.sample.film_traits import kinds_of
from fullhouse.traits.trait import KINDS, Trait

QUANTILES = 100
"""Most strata of one kind. Five leave a false ratio of 1.16, twenty 1.02, a hundred 1.00, and the
interval is hardly wider for it."""

MOST_STRATA = 1000
"""Most strata of several kinds crossed; each kind then has fewer quantiles."""

PEOPLE_EACH = 40
"""Active people to a stratum at least, on average: fewer leave too few with and without a trait
in one stratum."""


@dataclass(frozen=True)
class Scale:
    """The strata of one kind: 0 for no event, then quantiles of those who have any."""

    edges: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of strata."""
        return len(self.edges) + 2

    def table(self) -> npt.NDArray[np.int16]:
        """The stratum of every count up to the last edge; any higher count has the last entry."""
        counts = np.arange((self.edges[-1] if self.edges else 0) + 2)
        return np.where(counts == 0, 0, 1 + np.searchsorted(self.edges, counts)).astype(np.int16)


@dataclass(frozen=True)
class StrataGroup:
    """Traits that are compared over the same strata: `kinds` crossed, maybe none."""

    kinds: tuple[int, ...]
    scales: tuple[Scale, ...]

    @property
    def size(self) -> int:
        """Number of strata."""
        return int(np.prod([s.size for s in self.scales], dtype=np.int64))

    @property
    def steps(self) -> tuple[int, ...]:
        """How far apart neighbouring strata of each kind lie."""
        sizes = [s.size for s in self.scales]
        return tuple(int(np.prod(sizes[i + 1 :], dtype=np.int64)) for i in range(len(sizes)))

    def strata(self, activity: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The stratum of each person, from activity with one row for each of KINDS."""
        strata = np.zeros(activity.shape[1], dtype=np.int32)
        for kind, scale, step in zip(self.kinds, self.scales, self.steps, strict=True):
            table = scale.table().astype(np.int32)
            strata += table[np.minimum(activity[kind], len(table) - 1)] * np.int32(step)
        return strata


def quantiles_of(histogram: Integers, quantiles: int) -> Scale:
    """Strata of about equally many people, from how many people have each count.

    The counts are whole activity, nothing taken away: so the strata are the same for every
    outcome and its placebo, and an outcome cannot move them.
    """
    people = np.cumsum(histogram[1:])
    if not len(people) or not people[-1]:
        return Scale(())
    shares = np.arange(1, quantiles) * (people[-1] / quantiles)
    edges = np.unique(np.searchsorted(people, shares) + 1)
    return Scale(tuple(int(e) for e in edges if e < len(histogram) - 1))


def groups_for(
    traits: Sequence[Trait],
    outcome_kinds: Sequence[str],
    histograms: Mapping[int, Integers],
    *,
    quantiles: int = QUANTILES,
) -> tuple[list[StrataGroup], npt.NDArray[np.int64]]:
    """The groups, and the number of the group of each trait."""
    numbers: dict[tuple[int, ...], int] = {}
    groups: list[StrataGroup] = []
    of_trait = np.zeros(len(traits), dtype=np.int64)
    for i, trait in enumerate(traits):
        names = {*outcome_kinds, *kinds_of(trait)}
        # A kind of which nobody has an event divides nobody.
        kinds = tuple(k for k, n in enumerate(KINDS) if n in names and histograms[k][1:].any())
        if kinds not in numbers:
            each = _quantiles(kinds, histograms, quantiles)
            numbers[kinds] = len(groups)
            groups.append(
                StrataGroup(kinds, tuple(quantiles_of(histograms[k], each) for k in kinds))
            )
        of_trait[i] = numbers[kinds]
    return groups, of_trait


def _quantiles(kinds: tuple[int, ...], histograms: Mapping[int, Integers], most: int) -> int:
    """How many quantiles each of some crossed kinds has; five at least, whoever asks for more."""
    if not kinds:
        return 1
    active = min(int(histograms[k][1:].sum()) for k in kinds)
    together = min(MOST_STRATA, active // PEOPLE_EACH)
    return min(most, max(5, int(together ** (1 / len(kinds)) + 1e-9)))
