"""What an impression does: a saturating response, and what past readouts say of it.

Relative response of somebody who saw a dose D = Σ strength(channel) × impressions:

    u(D) = gain(kind) × (1 − exp(−D))

so that tickets with the campaign are base × (1 + u). `gain` is what telling somebody all there is
to tell adds to the tickets they would have bought, by kind of audience; `strength` is a channel's
dose of one impression. Both are log-normal, pooled over kinds and channels (Gaussian effects
around a common mean on the log scale), so that a kind that was never measured is told by the
others, widely. Draws come from elliptical slice sampling (Murray, Adams & MacKay 2010).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

GAIN, GAIN_SPREAD = np.log(0.35), 0.9
"""Mean and spread of the log of what full exposure adds to base tickets, before any readout: a
third, and from a twentieth to twice (95 %): wide, because nobody knows."""
KIND_SPREAD = 0.5
STRENGTH, STRENGTH_SPREAD = np.log(0.05), 0.7
CHANNEL_SPREAD = 0.5
FADE_DAYS = 18.0
"""Days after which a dose has faded to 1/e of itself, where nothing was measured."""
BURN, THIN = 300, 3


@dataclass(frozen=True)
class Measured:
    """What a readout found for one line: relative response of its treated people, and its error.

    `impressions` are those of a person assigned, `kind` and `channel` what the line was.
    """

    kind: str
    channel: str
    impressions: float
    response: float
    error: float


@dataclass(frozen=True)
class Response:
    """Draws of gain by kind (draws, kinds) and strength by channel (draws, channels)."""

    kinds: tuple[str, ...]
    channels: tuple[str, ...]
    gain: Floats
    strength: Floats
    measured: tuple[Measured, ...] = ()

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.gain)

    def tested(self, kind: str) -> bool:
        """Whether a readout has measured this kind of audience."""
        return any(m.kind == kind for m in self.measured)

    def most_seen(self, channel: str) -> float | None:
        """The most impressions a person that a readout has measured on a channel."""
        seen = [m.impressions for m in self.measured if m.channel == channel]
        return max(seen) if seen else None


def respond(gain: Floats, dose: Floats) -> Floats:
    """Relative response to a dose."""
    return gain * -np.expm1(-dose)


def learn_response(
    kinds: Sequence[str],
    channels: Sequence[str],
    measured: Sequence[Measured] = (),
    *,
    draws: int = 400,
    seed: int,
) -> Response:
    """The response as it is known after some readouts; the prior where there are none.

    Readouts of other kinds and channels count too, through what all have in common.
    """
    every_kind = tuple(dict.fromkeys([*kinds, *(m.kind for m in measured)]))
    every_channel = tuple(dict.fromkeys([*channels, *(m.channel for m in measured)]))
    g = np.random.default_rng(seed)
    size = 2 + len(every_kind) + len(every_channel)
    if not measured:
        z = g.standard_normal((draws, size))
    else:
        z = _slices(g, size, Likelihood(every_kind, every_channel, measured), draws)
    gain, strength = _parameters(z, len(every_kind))
    mine = [every_kind.index(k) for k in kinds]
    ours = [every_channel.index(c) for c in channels]
    return Response(
        tuple(kinds), tuple(channels), gain[:, mine], strength[:, ours], tuple(measured)
    )


def _parameters(z: Floats, kinds: int) -> tuple[Floats, Floats]:
    """Standard normal coordinates as gains and strengths; the last axis of z are coordinates."""
    common_gain, common_strength = z[..., 0:1], z[..., 1:2]
    of_kind, of_channel = z[..., 2 : 2 + kinds], z[..., 2 + kinds :]
    gain = np.exp(GAIN + GAIN_SPREAD * common_gain + KIND_SPREAD * of_kind)
    strength = np.exp(STRENGTH + STRENGTH_SPREAD * common_strength + CHANNEL_SPREAD * of_channel)
    return gain, strength


class Likelihood:
    """Log likelihood of coordinates, given the readouts: each normal around what is foretold."""

    def __init__(
        self, kinds: Sequence[str], channels: Sequence[str], measured: Sequence[Measured]
    ) -> None:
        self.kinds = len(kinds)
        self.kind = np.array([kinds.index(m.kind) for m in measured])
        self.channel = np.array([channels.index(m.channel) for m in measured])
        self.impressions = np.array([m.impressions for m in measured])
        self.response = np.array([m.response for m in measured])
        self.error = np.array([m.error for m in measured])

    def __call__(self, z: Floats) -> float:
        """The log likelihood of one point, a constant apart."""
        gain, strength = _parameters(z, self.kinds)
        told = respond(gain[self.kind], strength[self.channel] * self.impressions)
        return float(-0.5 * (((self.response - told) / self.error) ** 2).sum())


def _slices(g: np.random.Generator, size: int, log_likelihood: Likelihood, draws: int) -> Floats:
    """Draws from a standard normal prior times a likelihood."""
    z = np.zeros(size)
    now = log_likelihood(z)
    found = np.empty((draws, size))
    for step in range(BURN + draws * THIN):
        nu = g.standard_normal(size)
        least = now + np.log(g.random())
        angle = g.random() * 2 * np.pi
        low, high = angle - 2 * np.pi, angle
        while True:
            there = z * np.cos(angle) + nu * np.sin(angle)
            value = log_likelihood(there)
            if value > least:
                z, now = there, value
                break
            if angle < 0:
                low = angle
            else:
                high = angle
            angle = low + g.random() * (high - low)
        if step >= BURN and (step - BURN) % THIN == THIN - 1:
            found[(step - BURN) // THIN] = z
    return found
