"""What impressions do: a saturating response, known by draws, given what readouts measured.

Relative response of a person with a dose D = Σ over channels of strength × effective(impressions):

    u(D) = gain(kind, film) × (1 − exp(−D))
    effective(x) = WEAR_OUT × (1 − exp(−x / WEAR_OUT))

so that tickets with the campaign are base × (1 + u). `gain` is what full exposure adds to the
tickets that people would have bought, by kind of audience and by film; `strength` is a channel's
dose of one impression.

In the posterior both are log-normal, pooled over kinds, films and channels (Gaussian effects around
a common mean on the log scale), so that a kind that was never measured is informed by the others,
widely. A readout measures all channels of a campaign together: they are separated by how their
mixes differ between the people of one readout and of others. Draws come from elliptical slice
sampling (Murray, Adams & MacKay 2010), around the posterior mode and as wide as the likelihood is
there: around the prior, draws of a chain would hardly differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError

ADSTOCK_DAYS = 18.0
"""Days after which 1/e of an impression still counts, where nothing was measured."""
WEAR_OUT = 5.0
"""Impressions on one channel after which one more does 1/e of what the first did: repeated, an
advertisement wears out. In experiments attitudes are best at about ten exposures (Schmidt & Eisend
2015, a meta-analysis of effective frequency): after ten, one more does a seventh of the first."""


@dataclass(frozen=True)
class MeasuredResponse:
    """Relative response of some treated people as a readout measured it, and its error.

    `doses` are the impressions of a person assigned by channel, each with `adstock` to the
    opening. `kind` is that of the audience that these people count for: as in a plan, the first of
    the plan's audiences that they are in. `film` is any name that readouts of one film have in
    common.

    Where several were compared with one base (treated people from whom different channels were
    withheld, say, with the same held-out people), `part` names it, `base_error` is the relative
    error of that base, and `error` leaves it out: what they share is not counted twice.
    """

    kind: str
    doses: Mapping[str, float]
    response: float
    error: float
    film: str = ""
    part: str = ""
    base_error: float = 0.0


@dataclass(frozen=True)
class Response:
    """Draws of gain by kind (draws, kinds) and strength by channel (draws, channels).

    The gain is that of a film that was never measured.
    """

    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    gain: Floats
    strength: Floats
    measured: tuple[MeasuredResponse, ...] = ()

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.gain)

    def thinned(self, every: int) -> "Response":
        """Each `every`th draw."""
        return replace(self, gain=self.gain[::every], strength=self.strength[::every])

    def tested(self, kind: str) -> bool:
        """Whether a readout has measured this kind of audience."""
        return any(m.kind == kind for m in self.measured)

    def most_measured(self, channel: str) -> float | None:
        """The most impressions a person, with adstock to the opening, measured on a channel."""
        doses = [m.doses[channel] for m in self.measured if m.doses.get(channel, 0.0) > 0]
        return max(doses) if doses else None


def adstock(impressions: float, days_before_opening: float) -> float:
    """How many impressions still count at the opening; those after it count whole."""
    return float(impressions * np.exp(-max(0.0, days_before_opening) / ADSTOCK_DAYS))


def respond(gain: Floats, dose: Floats) -> Floats:
    """Relative response to a dose."""
    return gain * -np.expm1(-dose)


def effective(impressions: Floats) -> Floats:
    """How many first impressions some on one channel are worth, as they wear out."""
    return np.asarray(WEAR_OUT * -np.expm1(-impressions / WEAR_OUT))


def effective_slope(impressions: Floats) -> Floats:
    """What one impression more on a channel does, as a share of the first."""
    return np.asarray(np.exp(-impressions / WEAR_OUT))


@dataclass(frozen=True)
class Purchases:
    """What some people (or households) bought: how many they are, and sums over them.

    `people` may be weighted, as long as the weights of all who are compared are of one kind.
    """

    people: float
    tickets: float
    squares: float


@dataclass(frozen=True)
class RelativeResponses:
    """Relative response of each set of people with its error, all against one base.

    `base_error` is the relative error of that base, which they share; `responses` leave it out.
    """

    responses: Mapping[str, tuple[float, float]]
    base_error: float


def relative_responses(held_out: Purchases, treated: Mapping[str, Purchases]) -> RelativeResponses:
    """What sets of treated people bought beside one holdout, all alike but by chance.

    The spread of a purchase is taken over all the treated: a small set's own would be small where
    few of it happened to buy. Sets of nobody are left out.

    >>> push = Purchases(4500, 360, 720)
    >>> measured = relative_responses(Purchases(1000, 40, 80), {"push": push})
    >>> value, error = measured.responses["push"]
    >>> round(value, 3), round(error, 3), round(measured.base_error, 3)
    (1.0, 0.149, 0.224)
    """
    sets = {n: s for n, s in treated.items() if s.people > 0}
    squares, people = sum(s.squares for s in sets.values()), sum(s.people for s in sets.values())
    if not held_out.tickets > 0 or not squares > 0:
        raise CannotTellError(code="nobody_bought")
    level = held_out.tickets / held_out.people
    return RelativeResponses(
        {
            name: (s.tickets / s.people / level - 1, sqrt(squares / people / s.people) / level)
            for name, s in sets.items()
        },
        sqrt(held_out.squares) / held_out.tickets,
    )


GAIN, GAIN_SPREAD = np.log(0.35), 1.2
"""Mean and spread of the log of what full exposure adds to base tickets, before any readout: a
third; with the spreads below from a fiftieth to six times (95 %). Wide, because nobody knows, and
because a film that one in eight has heard of can gain several times what it would sell."""
KIND_SPREAD = 0.5
FILM_SPREAD = 0.6
"""Films respond differently: one that few have heard of gains more. All its kinds share it."""
STRENGTH, STRENGTH_SPREAD = np.log(0.05), 0.4
CHANNEL_SPREAD = 0.5
BURN, THIN = 200, 5


def learn_response(
    kinds: Sequence[str],
    channels: Sequence[str],
    measured: Sequence[MeasuredResponse] = (),
    *,
    draws: int = 400,
    seed: int,
    worth: Mapping[str, float] | None = None,
) -> Response:
    """The response as it is known after some readouts; the prior where there are none.

    Readouts of other kinds, films and channels count too, through what all have in common.
    `worth` is how much stronger than others a channel's impression is thought to be before any
    readout, 1 where nothing is given (see `channel.worths`).
    """
    names = Names.of(kinds, channels, measured, worth or {})
    g = np.random.default_rng(seed)
    if not measured:
        z = g.standard_normal((draws, names.size))
    else:
        z = _posterior(g, Likelihood(names, measured), draws)
    gain, _, strength, _ = _parameters(z, names)
    # The film to come is a new one: its own effect is as wide as films differ.
    gain = gain * np.exp(FILM_SPREAD * g.standard_normal((draws, 1)))
    kind_at = [names.kinds.index(k) for k in kinds]
    channel_at = [names.channels.index(c) for c in channels]
    return Response(
        tuple(kinds), tuple(channels), gain[:, kind_at], strength[:, channel_at], tuple(measured)
    )


@dataclass(frozen=True)
class Names:
    """Everything that has an effect of its own: coordinates after the two common ones."""

    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    films: tuple[str, ...]
    parts: tuple[str, ...]
    worth: Floats

    @classmethod
    def of(
        cls,
        kinds: Sequence[str],
        channels: Sequence[str],
        measured: Sequence[MeasuredResponse],
        worth: Mapping[str, float],
    ) -> "Names":
        """The names of the plan, then those of the readouts."""
        every = tuple(dict.fromkeys([*channels, *(c for m in measured for c in m.doses)]))
        return cls(
            tuple(dict.fromkeys([*kinds, *(m.kind for m in measured)])),
            every,
            tuple(dict.fromkeys(m.film for m in measured)),
            tuple(dict.fromkeys(m.part for m in measured)),
            np.array([worth.get(c, 1.0) for c in every]),
        )

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return 2 + sum(map(len, (self.kinds, self.channels, self.films, self.parts)))


def _parameters(z: Floats, names: Names) -> tuple[Floats, Floats, Floats, Floats]:
    """Coordinates (last axis) as gain by kind, factor by film, strength, and errors of bases."""
    ends = np.cumsum([len(names.kinds), len(names.channels), len(names.films)])
    of_kind, of_channel, of_film, of_part = np.split(z[..., 2:], ends, axis=-1)
    gain = np.exp(GAIN + GAIN_SPREAD * z[..., 0:1] + KIND_SPREAD * of_kind)
    strength = np.exp(STRENGTH + STRENGTH_SPREAD * z[..., 1:2] + CHANNEL_SPREAD * of_channel)
    return gain, np.exp(FILM_SPREAD * of_film), strength * names.worth, of_part


class Likelihood:
    """Log likelihood of coordinates, given the readouts: each normal around its prediction."""

    def __init__(self, names: Names, measured: Sequence[MeasuredResponse]) -> None:
        self.names = names
        self.kind = np.array([names.kinds.index(m.kind) for m in measured])
        self.part = np.array([names.parts.index(m.part) for m in measured])
        self.base_error = np.array([m.base_error for m in measured])
        self.film = np.array([names.films.index(m.film) for m in measured])
        impressions = np.array([[m.doses.get(c, 0.0) for c in names.channels] for m in measured])
        self.doses = effective(impressions)
        self.response = np.array([m.response for m in measured])
        self.error = np.array([m.error for m in measured])

    def __call__(self, z: Floats) -> float:
        """The log likelihood of one point, a constant apart."""
        return float(-0.5 * (self.residuals(z) ** 2).sum())

    def residuals(self, z: Floats) -> Floats:
        """By how many errors each readout differs from a point's prediction."""
        gain, film, strength, base_z = _parameters(z, self.names)
        prediction = respond(gain[self.kind] * film[self.film], self.doses @ strength)
        # A base measured too small makes all that was compared with it look too large.
        prediction = (1 + prediction) * np.exp(self.base_error * base_z[self.part]) - 1
        return np.asarray((self.response - prediction) / self.error)


def _posterior(g: np.random.Generator, likelihood: Likelihood, draws: int) -> Floats:
    """Draws from a standard normal prior times a likelihood."""
    from scipy.optimize import least_squares  # here: most who import this learn nothing

    size = likelihood.names.size
    mode = least_squares(lambda z: np.r_[likelihood.residuals(z), z], np.zeros(size))
    # A root of the inverse of the curvature at the mode (Gauss and Newton's).
    root = np.linalg.inv(np.linalg.cholesky(mode.jac.T @ mode.jac)).T

    def whitened(w: Floats) -> float:
        z = mode.x + root @ w
        return likelihood(z) - 0.5 * float(z @ z - w @ w)

    posterior: Floats = mode.x + elliptical_slices(g, size, whitened, draws) @ root.T
    return posterior


def elliptical_slices(
    g: np.random.Generator, size: int, log_likelihood: Callable[[Floats], float], draws: int
) -> Floats:
    """Draws from a standard normal prior times a likelihood."""
    z = np.zeros(size)
    current = log_likelihood(z)
    samples = np.empty((draws, size))
    for step in range(BURN + draws * THIN):
        nu = g.standard_normal(size)
        least = current + np.log(g.random())
        angle = g.random() * 2 * np.pi
        low, high = angle - 2 * np.pi, angle
        while True:
            proposal = z * np.cos(angle) + nu * np.sin(angle)
            value = log_likelihood(proposal)
            if value > least:
                z, current = proposal, value
                break
            if angle < 0:
                low = angle
            else:
                high = angle
            angle = low + g.random() * (high - low)
        if step >= BURN and (step - BURN) % THIN == THIN - 1:
            samples[(step - BURN) // THIN] = z
    return samples
