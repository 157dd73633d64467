"""What a campaign's arms bought, under differential privacy: clamped sums, noise, honest intervals.

A person is in one arm, so that all arms together cost what one costs. Everybody counts for at most
so many tickets and so much money; how many are above and what is cut off is measured too, so that
a reader sees by how much the sums are too low. Sums of squares are measured for the sampling error:
an interval holds both that and the noise.

A campaign's looks are planned beforehand and share its reserved budget in whole nano-ρ, so that the
last readout can never be refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nextafter, sqrt

import numpy as np

from fullhouse.cleanroom.noise import MOST_VALUE, noisy_vector, sigma, split
from fullhouse.cleanroom.private import (
    ArmTooNoisy,
    NoisyNumber,
    PrivateArm,
    PrivateEffect,
    PrivateReadout,
)
from fullhouse.cleanroom.release import Z95
from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import InputError
from fullhouse.stats.multiplicity import always_valid

FINE = 1 << 34
"""Parts in which contributions are counted: whole multiples of what people bought."""

ABOVE = 9
"""Of what is cut off, so many times the bound of one person are measured."""

WEIGHTS = {
    "people": 1.0,
    "tickets": 2.0,
    "tickets_squared": 1.0,
    "cents": 2.0,
    "cents_squared": 1.0,
    "clamped_tickets": 0.5,
    "clamped_cents": 0.5,
    "cut_tickets": 0.5,
    "cut_cents": 0.5,
}
"""How much of a person's influence each sum has: the more, the less noise."""

LEAST_SIGMAS = 10.0
"""People of an arm, in deviations of their noise, below which there is nothing to compare."""


@dataclass(frozen=True)
class Bounds:
    """What one person counts for at most."""

    tickets: int = 10
    cents: int = 20_000

    def __post_init__(self) -> None:
        for name, most in (("tickets", self.tickets), ("cents", self.cents)):
            if not 1 <= most <= 100_000:
                raise InputError(f"A person counts for 1 to 100,000 {name} at most, not {most:,}.")

    @property
    def largest(self) -> dict[str, int]:
        """The most that a person adds to each sum, in its own unit."""
        return {
            "people": 1,
            "tickets": self.tickets,
            "tickets_squared": self.tickets**2,
            "cents": self.cents,
            "cents_squared": self.cents**2,
            "clamped_tickets": 1,
            "clamped_cents": 1,
            "cut_tickets": ABOVE * self.tickets,
            "cut_cents": ABOVE * self.cents,
        }

    @property
    def units(self) -> dict[str, int]:
        """What one of each sum counts for, so that nobody is above its weight."""
        return {name: max(1, int(WEIGHTS[name] * FINE) // m) for name, m in self.largest.items()}

    @property
    def l2(self) -> float:
        """How far one person moves all sums together."""
        squared = sum((self.units[name] * m) ** 2 for name, m in self.largest.items())
        norm = sqrt(squared)
        while norm * norm < squared:
            norm = nextafter(norm, inf)
        return norm


@dataclass(frozen=True)
class ArmSales:
    """What each buyer of an arm bought, exact; `others` of the arm bought nothing.

    Never leaves the clean room.
    """

    tickets: Integers
    cents: Integers
    others: int

    def __post_init__(self) -> None:
        if self.tickets.shape != self.cents.shape:
            raise InputError(
                f"Tickets and money must be of the same people,"
                f" not of {len(self.tickets):,} and {len(self.cents):,}."
            )
        if self.others < 0:
            raise InputError(f"An arm has at least 0 others, not {self.others}.")


def look_prices(reserved_nano: int, looks: int) -> tuple[int, ...]:
    """The price of each planned look of a campaign; together exactly what is reserved.

    The last has as much as all before it, as it is what is paid for.

    >>> look_prices(1_000_000, 5)
    (125000, 125000, 125000, 125000, 500000)
    """
    if not 1 <= looks <= 1_000:
        raise InputError(f"A campaign has 1 to 1,000 planned looks, not {looks}.")
    last, *interim = split(reserved_nano, max(1, looks - 1), *[1] * (looks - 1))
    return (*interim, last)


def read_privately(
    arms: Mapping[str, ArmSales],
    rho_nano: int,
    *,
    control: str,
    bounds: Bounds | None = None,
    share_observed: float = 1.0,
) -> PrivateReadout:
    """All arms and their effects against the control, for one price.

    The names of arms are the campaign's, fixed before. `share_observed` is how far the planned
    looks have gone, for the intervals that hold at all of them.
    """
    if control not in arms:
        raise InputError(f"The control {control!r} is not among the arms {', '.join(arms)}.")
    limits = bounds or Bounds()
    totals, deviations = _noisy_sums(arms, rho_nano, limits)
    shown = tuple(_arm(name, totals[name], deviations) for name in arms)
    needed = round(LEAST_SIGMAS * deviations["people"])
    few = tuple(
        ArmTooNoisy(a.arm, a.people, needed) for a in shown if totals[a.arm]["people"] < needed
    )
    effects: tuple[PrivateEffect, ...] = ()
    if control not in {n.arm for n in few}:
        treated = [a for a in arms if a != control and a not in {n.arm for n in few}]
        effects = tuple(
            _effect(
                name, outcome, (totals[name], totals[control]), deviations, limits, share_observed
            )
            for name in treated
            for outcome in ("tickets", "cents")
        )
    return PrivateReadout(shown, effects, few, rho_nano)


Totals = dict[str, float]


def exact_sums(sales: ArmSales, bounds: Bounds) -> dict[str, int]:
    """Each sum of an arm, everybody clamped; whole numbers, exact."""
    tickets = np.clip(sales.tickets.astype(np.int64), 0, bounds.tickets)
    cents = np.clip(sales.cents.astype(np.int64), 0, bounds.cents)
    cut = [
        np.clip(values.astype(np.int64) - most, 0, ABOVE * most)
        for values, most in ((sales.tickets, bounds.tickets), (sales.cents, bounds.cents))
    ]
    return {
        "people": len(tickets) + sales.others,
        "tickets": int(tickets.sum()),
        "tickets_squared": int((tickets * tickets).sum()),
        "cents": int(cents.sum()),
        "cents_squared": int((cents * cents).sum()),
        "clamped_tickets": int((cut[0] > 0).sum()),
        "clamped_cents": int((cut[1] > 0).sum()),
        "cut_tickets": int(cut[0].sum()),
        "cut_cents": int(cut[1].sum()),
    }


def _noisy_sums(
    arms: Mapping[str, ArmSales], rho_nano: int, bounds: Bounds
) -> tuple[dict[str, Totals], Totals]:
    """Every arm's sums with noise, in one vector, and the deviation of each sum."""
    units = bounds.units
    exact = [[s * units[n] for n, s in exact_sums(a, bounds).items()] for a in arms.values()]
    largest = max((abs(v) for row in exact for v in row), default=0)
    if largest >= MOST_VALUE:
        raise InputError("An arm has more people than can be counted with these bounds.")
    noisy = noisy_vector(np.array(exact, dtype=np.int64), rho_nano, bounds.l2)
    deviation = sigma(rho_nano, bounds.l2)
    scale: Floats = np.array(list(units.values()), dtype=np.float64)
    rows = {
        name: dict(zip(units, row.tolist(), strict=True))
        for name, row in zip(arms, noisy / scale, strict=True)
    }
    return rows, {name: deviation / unit for name, unit in units.items()}


def _arm(name: str, totals: Totals, deviations: Totals) -> PrivateArm:
    def number(of: str) -> NoisyNumber:
        return NoisyNumber.of(totals[of], deviations[of])

    return PrivateArm(
        arm=name,
        people=number("people"),
        tickets=number("tickets"),
        cents=number("cents"),
        clamped_tickets=number("clamped_tickets"),
        clamped_cents=number("clamped_cents"),
        cut_tickets=number("cut_tickets"),
        cut_cents=number("cut_cents"),
    )


@dataclass(frozen=True)
class _Mean:
    """Per person of an arm: the mean, its variance by sampling and by noise; and what is cut."""

    value: float
    sampling: float
    noise: float
    cut: float
    cut_noise: float


def _mean(outcome: str, totals: Totals, deviations: Totals, bounds: Bounds) -> _Mean:
    people = totals["people"]
    value = totals[outcome] / people
    # Someone's square is at least its mean's, and at most the bound times the sum.
    total = max(totals[outcome], 0.0)
    least = total**2 / people if outcome == "cents" else total
    squares = min(max(totals[f"{outcome}_squared"], least), bounds.largest[outcome] * total)
    spread = max(squares / people - value**2, 0.0)
    noise = (deviations[outcome] / people) ** 2 + (value * deviations["people"] / people) ** 2
    return _Mean(
        value,
        spread / people,
        noise,
        totals[f"cut_{outcome}"] / people,
        (deviations[f"cut_{outcome}"] / people) ** 2,
    )


def _effect(
    arm: str,
    outcome: str,
    arms: tuple[Totals, Totals],
    deviations: Totals,
    bounds: Bounds,
    share: float,
) -> PrivateEffect:
    one, two = (_mean(outcome, totals, deviations, bounds) for totals in arms)
    value = one.value - two.value
    noise = one.noise + two.noise
    se = sqrt(one.sampling + two.sampling + noise)
    always = always_valid(value, se, share=share)
    bias, reach = one.cut - two.cut, Z95 * sqrt(one.cut_noise + two.cut_noise)
    return PrivateEffect(
        arm=arm,
        outcome=outcome,
        value=value,
        low=value - Z95 * se,
        high=value + Z95 * se,
        always_low=always.low,
        always_high=always.high,
        se=se,
        noise_se=sqrt(noise),
        bias_low=bias - reach,
        bias_high=bias + reach,
    )
