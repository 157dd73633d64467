"""Traits that are compared over one base: exact affinities, and the people in memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from fullhouse.discovery.affinity import Affinity
from fullhouse.sample.sheet import Sheet


@dataclass(frozen=True)
class Compared:
    """One group of traits with the base of those who could show them.

    Who has no account at the shop cannot show what they buy, so what is bought is compared among
    people known to both the shop and the film's own source. `rule` is that base; `affinities`
    (by trait name) are exact counts over it; the sheet's traits include the film traits and facts
    that are held equal, `candidates` names those that may become a card.
    """

    rule: str
    sheet: Sheet
    affinities: Mapping[str, Affinity]
    candidates: tuple[str, ...]
