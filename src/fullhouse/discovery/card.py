"""What a marketer reads of an audience for a film, and everything that stands behind it."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

from fullhouse.core.values import as_json
from fullhouse.sample.outcome import Seed

Standing: TypeAlias = Literal["found", "expected", "guess"]
"""How a card is known. `found`: people who showed interest in this very film. `expected`: the
audiences of comparable films, and the film's own interest does not speak against it. `guess`: the
film's words alone, no behaviour."""


@dataclass(frozen=True)
class Estimate:
    """A ratio with its 95 % interval; None where it could not be computed."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Stability:
    """Whether the finding comes back: in each half of the people, and in bootstrap draws.

    The halves are cut by the workspace's keyed hash. `again` is the share of `draws` bootstrap
    resamples of people in which the lower end of the interval lies above 1.
    `mark` is steady (both halves above 1 and again at least 0.9), shaky, or untold.
    """

    first: Estimate = Estimate()
    second: Estimate = Estimate()
    again: float | None = None
    draws: int = 0
    mark: Literal["steady", "shaky", "untold"] = "untold"


@dataclass(frozen=True)
class Evidence:
    """What a card rests on: people and events behind it, where they come from, since when."""

    seed_people: int
    trait_events: int | None
    sources: tuple[str, ...]
    since: date | None
    until: date | None


@dataclass(frozen=True)
class Overlap:
    """How many of a card's people are in another card too."""

    card: str
    persons: int
    share: float


@dataclass(frozen=True)
class Card:
    """One audience for a film. Counts are people of `base_people`, who could show the trait.

    `affinity` is stratified on activity; `beyond` holds equal, besides, who is a fan of the
    film's genres and talent, core moviegoer, and demographics (but those the card is made of).
    `interest` is the affinity with the film's own interest alone. `likely` are the people of
    the seed with the trait; `excess` of them are more than the obvious things foretell, and
    `extra` of its persons are in no obvious audience. `rank` = unobviousness × size × strength:
    the share of the log affinity that obvious things do not explain, the share of the base, the
    log of the lower end of `beyond`.
    """

    id: str
    name: str
    rule: str
    traits: tuple[str, ...]
    family: str
    standing: Standing
    persons: int
    base_people: int
    not_moviegoers: int
    share: float
    likely: int
    likely_share: float
    index: Estimate
    naive: float | None
    affinity: Estimate
    beyond: Estimate
    interest: Estimate
    placebo: Estimate
    p: float | None
    q: float | None
    excess: float | None
    extra: int
    unobviousness: float
    size: float
    strength: float
    rank: float
    overlap: tuple[Overlap, ...]
    evidence: Evidence
    stability: Stability
    reason: str


@dataclass(frozen=True)
class ComparableFilm:
    """A past film whose audience stands in for this one's.

    `together` is the affinity of having seen it with the film's own interest, activity held
    equal; `text` and `talent` are cosine similarities from 0 to 1.
    """

    film: str
    title: str
    opening: date | None
    people: int
    likeness: float
    text: float | None
    talent: float | None
    together: Estimate
    why: tuple[str, ...]
    used: bool = True


@dataclass(frozen=True)
class WordMatch:
    """A trait that the film's own words point to, with the words, so that a person can judge."""

    trait: str
    label: str
    score: float
    words: tuple[tuple[str, str], ...]
    """Pairs of a word of the film and a word of the trait that were taken to mean the same."""
    given: Literal["", "plus", "minus"] = ""


@dataclass(frozen=True)
class Obvious:
    """Whom film people know already: a part of it, its rule, and how many they are."""

    name: str
    rule: str
    persons: int


@dataclass(frozen=True)
class Segment:
    """A rule of up to three traits, found on one half of the people and measured on the other.

    `ratio` is the affinity of the rule's people on the half that did not find it; `over_parts`
    is the same against the best of its parts: what the combination adds.
    """

    name: str
    rule: str
    traits: tuple[str, ...]
    persons: int
    likely: int
    ratio: Estimate
    over_parts: Estimate
    q: float | None


@dataclass(frozen=True)
class Pick:
    """One segment of the portfolio, with what it adds to those before it."""

    name: str
    rule: str
    persons: int
    likely: int
    new_persons: int
    new_likely: int
    covered: float
    """Share of the likely audience that is reached with this one and those before it."""
    reached: float
    """Share of the base, likewise."""


@dataclass(frozen=True)
class Refused:
    """A trait that was left out because it is the outcome or leaks it, and why."""

    trait: str
    reason: str


@dataclass(frozen=True)
class Group:
    """Expected tickets of one group of people; groups of one breakdown do not overlap."""

    name: str
    persons: int
    tickets: float
    low: float
    high: float


@dataclass(frozen=True)
class Tickets:
    """The forecast's total in tickets, shared out: by audience and by city.

    `audiences` part everyone: each card's people that no sharper card has, then who is in none.
    Each breakdown adds up to `total`; low and high are the ends of the forecast's 80 % range.
    """

    total: float
    low: float
    high: float
    price: float
    currency: str
    known_share: float
    """Share of the tickets that people of the house are expected to buy."""
    audiences: tuple[Group, ...]
    cities: tuple[Group, ...]
    note: str


@dataclass(frozen=True)
class FilmDiscovery:
    """Who will want a film: cards in order of rank, and all that the answer rests on.

    `verdict` is found, expected, guess, nothing or cannot tell. Association, never cause.
    """

    film: str
    title: str
    territory: str
    as_of: date
    opening: date | None
    build: int
    built_on: date
    used: tuple[Seed, ...]
    base_people: int
    seed_people: int
    interest_people: int
    placebo: str | None
    obvious: tuple[Obvious, ...]
    obvious_people: int
    cards: tuple[Card, ...]
    segments: tuple[Segment, ...]
    portfolio: tuple[Pick, ...]
    comps: tuple[ComparableFilm, ...]
    words: tuple[WordMatch, ...]
    refused: tuple[Refused, ...]
    tickets: Tickets | None
    tested: int
    verdict: Literal["found", "expected", "guess", "nothing", "cannot tell"]
    sentence: str
    notes: tuple[str, ...]
    simulated: bool = False

    def card(self, name: str) -> Card | None:
        """The card of that id, if there is one."""
        return next((c for c in self.cards if c.id == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it: dates as ISO, no NaN, no infinity."""
        plain: dict[str, Any] = as_json(asdict(self))
        return plain
