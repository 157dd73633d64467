"""Cities with tiers, and their cinemas. All names are made up."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from fullhouse_sim.draws import stream

REGIONS = (
    "Northmark", "Estuary", "Highfell", "Saltcoast", "Midvale", "Greywater", "Sunreach", "Oldlands",
)  # fmt: skip
_FIRST = (
    "Al", "Bar", "Cor", "Dun", "El", "Fair", "Gran", "Hol", "Ister", "Jun", "Kel", "Lor", "Mar",
    "Nor", "Os", "Port",
)  # fmt: skip
_LAST = ("burg", "haven", "ton", "mouth", "stead", "ford")
TIER_CITIES = (4, 12, 24, 40)
"""Cities of tier 1 (the largest) to 4."""
TIER_SHARE = (0.30, 0.30, 0.24, 0.16)
"""People of the country in each tier."""
SCREENS_PER_MILLION = (55.0, 45.0, 38.0, 30.0)
SEATS_PER_SCREEN = 120


@dataclass(frozen=True)
class Cities:
    """Arrays over cities, largest tier first; `share` is of the country's people and sums to 1."""

    names: tuple[str, ...]
    regions: tuple[str, ...]
    tier: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]
    screens: npt.NDArray[np.int64]
    cinemas: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    def cinema(self, city: int, number: int) -> str:
        """The id of a cinema of a city, numbered from 0."""
        return f"cin-{city:02d}-{number:02d}"


@cache
def cities(seed: int, country: int) -> Cities:
    """The cities of a country of so many people."""
    g = stream(seed, "cities")
    tier = np.repeat(np.arange(4), TIER_CITIES)
    names = [a + b for b in _LAST for a in _FIRST]
    chosen = g.permutation(len(names))[: len(tier)]
    size = g.lognormal(0, 0.35, len(tier))
    within = np.bincount(tier, size)
    share = np.array(TIER_SHARE)[tier] * size / within[tier]
    per_million = np.array(SCREENS_PER_MILLION)[tier] * g.lognormal(0, 0.15, len(tier))
    screens = np.maximum(3, np.round(per_million * share * country / 1e6)).astype(np.int64)
    return Cities(
        names=tuple(names[i] for i in chosen),
        regions=tuple(REGIONS[i] for i in g.integers(len(REGIONS), size=len(tier))),
        tier=tier,
        share=share,
        screens=screens,
        cinemas=np.maximum(1, screens // 8),
    )
