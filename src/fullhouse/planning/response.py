"""What impressions do: a saturating response, known by draws.

Relative response of a person with a dose D = Σ over channels of strength × effective(impressions):

    u(D) = gain(kind, film) × (1 − exp(−D))
    effective(x) = WEAR_OUT × (1 − exp(−x / WEAR_OUT))

so that tickets with the campaign are base × (1 + u). `gain` is what full exposure adds to the
tickets that people would have bought, by kind of audience and by film; `strength` is a channel's
dose of one impression.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from fullhouse.core.arrays import Floats

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
