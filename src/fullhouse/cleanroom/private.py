"""What the clean room releases, as numbers with intervals and facts; and the people it reads.

The unit of privacy is one person; a neighbouring house has one person more or less. Everything here
but `PersonRows` has been noised (or follows from what has) and can be shown to a tenant.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TypeAlias

import numpy as np

from fullhouse.cleanroom.release import Z95
from fullhouse.core.arrays import Flags, Floats, Integers, Ints


@dataclass(frozen=True)
class PersonRows:
    """Some people, exact: never leaves the clean room.

    The traits of person i are `columns[offsets[i]:offsets[i + 1]]`, ascending, as places in a list
    of traits that was fixed before the data were read. `strata` is each person's one stratum, by
    cut-points fixed likewise; `seed` who is in the outcome, where there is one. `cells` are finer
    strata for cards beyond the obvious, where there are any.
    """

    strata: Integers
    offsets: Integers
    columns: Integers
    seed: Flags | None = None
    cells: Integers | None = None

    @property
    def people(self) -> int:
        """How many they are."""
        return len(self.strata)

    @property
    def held(self) -> Ints:
        """How many traits each person has."""
        return np.diff(self.offsets).astype(np.int64)

    @property
    def owners(self) -> Ints:
        """Whose each of `columns` is, as places in `strata`."""
        return np.repeat(np.arange(self.people), self.held)


PeopleSource: TypeAlias = Callable[[], Iterator[PersonRows]]
"""Reads the same people each time it is called; every person is in one part only."""


@dataclass(frozen=True)
class NoisyNumber:
    """A number with its noise: 95 % of the time the truth lies between `low` and `high`.

    `sigma` is the standard deviation of the noise; where the interval contains more than noise
    (clamping, sampling), it is wider than that.
    """

    value: float
    low: float
    high: float
    sigma: float

    @classmethod
    def of(cls, value: float, sigma: float, *, margin: float = 0.0) -> "NoisyNumber":
        """A count that cannot be negative, with its interval and a margin on both sides."""
        reach = Z95 * sigma + margin
        shown = max(value, 0.0)
        return cls(shown, max(value - reach, 0.0), max(value + reach, 0.0), sigma)


@dataclass(frozen=True)
class PairSizes:
    """Noisy sizes of pairs of traits above a threshold; of the others that they are not above.

    `sizes` is keyed by places of traits, the smaller first. `corrections` would be one for each.
    """

    sizes: Mapping[tuple[int, int], NoisyNumber] = field(repr=False)
    threshold: float
    sigma: float

    def of(self, one: int, two: int) -> NoisyNumber | None:
        """The size of a pair, or None where it is not above the threshold."""
        return self.sizes.get((min(one, two), max(one, two)))


@dataclass(frozen=True)
class TraitSizes:
    """The noisy table of a trait build: all sizes by activity stratum and in total, for everybody.

    `strata` are people by stratum, `cells` people by stratum and trait, `totals` by trait; all
    corrected for clamping, cells adding up to totals. `share` is the share of a stratum with each
    trait. `kappa` is what corrects for clamping in each stratum. Released once for each build and
    all tenants: whatever is computed from it is post-processing and costs nothing.
    """

    traits: tuple[str, ...]
    strata: Floats = field(repr=False)
    cells: Floats = field(repr=False)
    totals: Floats = field(repr=False)
    sigmas: Floats = field(repr=False)
    margins: Floats = field(repr=False)
    kappa: Floats
    pairs: PairSizes | None
    people: NoisyNumber
    most_traits: int
    rho_nano: int

    @property
    def share(self) -> Floats:
        """The share of people in each stratum who have each trait, between 0 and 1."""
        share: Floats = np.clip(self.cells / np.maximum(self.strata, 1.0)[:, None], 0.0, 1.0)
        return share

    def size(self, column: int) -> NoisyNumber:
        """The size of one trait."""
        return NoisyNumber.of(
            float(self.totals[column]),
            float(self.sigmas[column]),
            margin=float(self.margins[column]),
        )


@dataclass(frozen=True)
class SizeEstimate:
    """The size of a rule over traits from the free table: an estimate within sure bounds.

    The bounds hold however the traits depend on one another, 95 % of the time (the noise); the
    estimate takes them as independent within an activity stratum, where no pair is known.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SeedTooSmall:
    """A seed too small to show a card of `ratio` that a `share` of people have, at this budget.

    What would do instead: a seed of `seed_needed`; at the same interest a house of `people_needed`;
    or a price of `rho_needed`, None where no budget would do, as there are too few people even
    without noise.
    """

    seed: NoisyNumber
    ratio: float
    share: float
    seed_needed: int
    people_needed: int
    rho_needed: int | None


@dataclass(frozen=True)
class RatiosLookHigh:
    """So few people in the seed that the ratios which pass are too high on average."""

    seed: NoisyNumber
    enough: int


@dataclass(frozen=True)
class NothingHasPower:
    """No trait is common enough among so few people to show even a high ratio."""

    seed: NoisyNumber
    traits: int


CardNote: TypeAlias = SeedTooSmall | RatiosLookHigh | NothingHasPower


@dataclass(frozen=True)
class PrivateCard:
    """A trait that was selected and measured: how much likelier its holders are in the seed.

    `ratio` is of holders' chance to be in the seed against people of the same stratum without the
    trait, with its 95 % interval, noise
    included; `z` and `q` are one-sided, over all traits that had power. `expected` is how many of
    the seed would have the trait by chance.
    """

    trait: str
    column: int
    ratio: float
    low: float
    high: float
    z: float
    q: float
    expected: float
    sigma: float

    @property
    def associated(self) -> bool:
        """Whether it is a discovery that can be read: at most 5 % of discoveries are false.

        One without an upper end, or whose interval reaches 1, says nothing to a reader.
        """
        return self.q <= 0.05 and self.low > 1 and isfinite(self.high)


@dataclass(frozen=True)
class PrivateCards:
    """The cards of a seed; `measured` has all that were selected, `cards` the discoveries.

    `tested` traits had power. `least_ratio` is the smallest ratio of a trait that 5 % of people
    have which is likely to be shown, None where none is.
    """

    cards: tuple[PrivateCard, ...]
    measured: tuple[PrivateCard, ...]
    tested: int
    seed: NoisyNumber
    least_ratio: float | None
    notes: tuple[CardNote, ...]
    rho_nano: int


@dataclass(frozen=True)
class PrivateArm:
    """An arm of a campaign: people, and what they bought, each person clamped, with noise.

    Money is in cents. `clamped` are people who bought more than counts for one person, and `cut`
    is what of theirs does not count (up to nine times the bound for each): by that much the sums
    are too low.
    """

    arm: str
    people: NoisyNumber
    tickets: NoisyNumber
    cents: NoisyNumber
    clamped_tickets: NoisyNumber
    clamped_cents: NoisyNumber
    cut_tickets: NoisyNumber
    cut_cents: NoisyNumber


@dataclass(frozen=True)
class PrivateEffect:
    """Clamped tickets or cents per person of an arm less those of the control.

    `low` and `high` hold 95 % of the time for one look, with noise and sampling error;
    `always_low` and `always_high` for all planned looks together. `bias_low` and `bias_high` is
    how much clamping may have taken from the difference, noise included.
    """

    arm: str
    outcome: str
    value: float
    low: float
    high: float
    always_low: float
    always_high: float
    se: float
    noise_se: float
    bias_low: float
    bias_high: float


@dataclass(frozen=True)
class ArmTooNoisy:
    """An arm of so few people that noise leaves nothing to compare; `needed` would do."""

    arm: str
    people: NoisyNumber
    needed: int


@dataclass(frozen=True)
class PrivateReadout:
    """Arms and their effects against the control at one look, for one price."""

    arms: tuple[PrivateArm, ...]
    effects: tuple[PrivateEffect, ...]
    notes: tuple[ArmTooNoisy, ...]
    rho_nano: int
