"""What is known of a film's audiences: facts only, which the view turns into sentences."""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.values import as_json, number
from fullhouse.sample.outcome import Seed
from fullhouse.stats import Ratio

Basis: TypeAlias = Literal["measured", "expected", "guess"]
"""What a card rests on. `measured`: people who showed interest in this very film. `expected`: the
audiences of comparable films, and the film's own interest does not contradict them. `guess`: the
film's words alone, no behaviour."""

CardReason: TypeAlias = Literal[
    "own_interest",
    "comps_before_any_interest",
    "comps_not_contradicted",
    "comps_interest_too_small",
    "words",
    "chosen_by_user",
]
"""Why a card is there."""

Verdict: TypeAlias = Literal["measured", "expected", "guess", "no_audience", "cannot_tell"]
"""The best basis of any card. Without a card: `no_audience`, which is an answer, or
`cannot_tell`."""

ExclusionReason: TypeAlias = Literal[
    "named_in_rule",
    "family_in_rule",
    "same_film",
    "only_outcome_events",
    "same_people",
    "outcome_or_its_films",
]
"""Why a trait cannot explain an outcome: it is the outcome, or part of it."""

UnusedReason: TypeAlias = Literal[
    "avoided", "no_audience", "outweighed", "unlike", "not_surely_together"
]
"""Why a comparable film is shown and not used."""


@dataclass(frozen=True)
class RatioEstimate:
    """A ratio with its 95 % interval; None where it could not be computed."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, ratio: Ratio, at: int) -> "RatioEstimate":
        """One of some ratios."""
        return cls(number(ratio.ratio[at]), number(ratio.low[at]), number(ratio.high[at]))


@dataclass(frozen=True)
class Stability:
    """Whether a result replicates: in each half of the people, and in bootstrap draws.

    The halves are cut by the workspace's keyed hash. `again` is the share of `draws` bootstrap
    resamples of people in which the lower end of the interval lies above 1.
    `mark` is steady (both halves above 1 and again at least 0.9), shaky, or not_tested.
    """

    first: RatioEstimate = RatioEstimate()
    second: RatioEstimate = RatioEstimate()
    again: float | None = None
    draws: int = 0
    mark: Literal["steady", "shaky", "not_tested"] = "not_tested"


@dataclass(frozen=True)
class Evidence:
    """What a card rests on: people and events behind it, where they are from, since when."""

    seed_people: int
    trait_events: int | None
    sources: tuple[str, ...]
    since: date | None
    until: date | None


@dataclass(frozen=True)
class CardOverlap:
    """How many of a card's people are in another card too."""

    card: str
    persons: int
    share: float


@dataclass(frozen=True)
class Card:
    """One audience for a film. Counts are people of `base_people`, who could show the trait.

    `affinity` is stratified on activity; `beyond` adjusts, besides, for who is a fan of the
    film's genres and talent, core moviegoer, and demographics (but those the card is made of).
    `interest` is the affinity with the film's own interest alone. `likely` are the people of
    the seed with the trait; `excess` of them are more than the obvious things predict, and
    `extra` of its persons are in no obvious audience. `rank` = unobviousness × size × strength:
    the share of the log affinity that obvious things do not explain, the share of the base, the
    log of the lower end of `beyond`. `words` are the pairs of words behind a guess.
    """

    id: str
    name: str
    rule: str
    traits: tuple[str, ...]
    family: str
    basis: Basis
    reason: CardReason
    persons: int = 0
    base_people: int = 0
    not_moviegoers: int = 0
    share: float = 0.0
    likely: int = 0
    likely_share: float = 0.0
    index: RatioEstimate = RatioEstimate()
    naive: float | None = None
    affinity: RatioEstimate = RatioEstimate()
    beyond: RatioEstimate = RatioEstimate()
    interest: RatioEstimate = RatioEstimate()
    placebo: RatioEstimate = RatioEstimate()
    p: float | None = None
    q: float | None = None
    excess: float | None = None
    extra: int = 0
    unobviousness: float = 0.0
    size: float = 0.0
    strength: float = 0.0
    rank: float = 0.0
    overlap: tuple[CardOverlap, ...] = ()
    evidence: Evidence = Evidence(0, None, (), None, None)
    stability: Stability = Stability()
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ComparableFilm:
    """A past film whose audience may stand in for this one's, with all they have in common.

    `together` is the affinity of having seen it with the film's own interest, adjusted for
    activity; `text` and `talent` are cosine similarities from 0 to 1. `unused` says why it is
    shown only.
    """

    film: str
    title: str
    opening: date | None
    people: int
    likeness: float
    text: float | None
    talent: float | None
    together: RatioEstimate
    same_series: bool = False
    series: str = ""
    names: tuple[str, ...] = ()
    goes_with: bool = False
    shared_words: tuple[str, ...] = ()
    texts_alike: bool = False
    genres: tuple[str, ...] = ()
    chosen_by_user: bool = False
    used: bool = True
    unused: UnusedReason | None = None


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
    """A rule of up to three traits, from the discovery half and measured on the validation half.

    `ratio` is the affinity of the rule's people on the validation half; `over_parts` is the same
    against the best of its parts: what the combination adds.
    """

    name: str
    rule: str
    traits: tuple[str, ...]
    persons: int
    likely: int
    ratio: RatioEstimate
    over_parts: RatioEstimate
    q: float | None


@dataclass(frozen=True)
class Pick:
    """One audience of the portfolio, with what it adds to those before it."""

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
    reason: ExclusionReason


@dataclass(frozen=True)
class TicketGroup:
    """Expected tickets of one group of people; groups of one breakdown do not overlap."""

    name: str
    persons: int
    tickets: float
    low: float
    high: float


@dataclass(frozen=True)
class Tickets:
    """The forecast's total in tickets, shared out: by audience and by city.

    `audiences` part everyone: each card's people that no more specific card has, then who is in
    none. Each breakdown adds up to `total`; low and high are the ends of the forecast's 80 % range.
    """

    total: float
    low: float
    high: float
    price: float
    currency: str
    known_share: float
    """Share of the tickets that people of the house are expected to buy."""
    audiences: tuple[TicketGroup, ...]
    cities: tuple[TicketGroup, ...]


@dataclass(frozen=True)
class WordsOnly:
    """The cards are guesses: nobody's behaviour speaks for them."""

    code: Literal["words_only"] = "words_only"


@dataclass(frozen=True)
class TooFewInterested:
    """Fewer people showed interest in the film itself than a comparison needs."""

    interested: int
    needed: int
    code: Literal["too_few_interested"] = "too_few_interested"


@dataclass(frozen=True)
class NoPlacebo:
    """No other film has an audience that could serve as a placebo."""

    code: Literal["no_placebo"] = "no_placebo"


@dataclass(frozen=True)
class TasteExplains:
    """People who stand out, as much as they do for any films whose fans are the same."""

    audiences: tuple[str, ...]
    code: Literal["taste_explains"] = "taste_explains"


@dataclass(frozen=True)
class NoTicketFeed:
    """Who goes to the cinema at all is not known."""

    code: Literal["no_ticket_feed"] = "no_ticket_feed"


@dataclass(frozen=True)
class OlderTraits:
    """Traits look back from an earlier day than the one that the film is known on."""

    built_on: date
    as_of: date
    code: Literal["older_traits"] = "older_traits"


@dataclass(frozen=True)
class NoForecast:
    """There are no tickets: the forecast could not be made, for the reason of its error."""

    error: str
    message: str
    facts: dict[str, Any] = field(default_factory=dict)
    code: Literal["no_forecast"] = "no_forecast"


@dataclass(frozen=True)
class NoTicketPrice:
    """There are no tickets: no ticket price in the forecast's currency is known."""

    currency: str
    code: Literal["no_ticket_price"] = "no_ticket_price"


@dataclass(frozen=True)
class NoKnownShare:
    """There are no tickets: which share of all tickets the house's people buy is not known."""

    code: Literal["no_known_share"] = "no_known_share"


NoSales: TypeAlias = NoForecast | NoTicketPrice | NoKnownShare
"""Why a film's expected sales are not known."""
Note: TypeAlias = (
    WordsOnly | TooFewInterested | NoPlacebo | TasteExplains | NoTicketFeed | OlderTraits | NoSales
)
"""What a reader must know of a discovery."""


@dataclass(frozen=True)
class FilmDiscovery(Brief):
    """Who will want a film: cards in order of rank, and all that the answer rests on.

    It is association, never cause. `combinations` are exclusive: ids of the first cards, and how
    many people are in just those.
    """

    film: str
    title: str
    territory: str
    as_of: date
    opening: date | None
    build: int
    built_on: date
    verdict: Verdict
    used: tuple[Seed, ...] = ()
    base_people: int = 0
    seed_people: int = 0
    interest_people: int = 0
    placebo: str | None = None
    obvious: tuple[Obvious, ...] = ()
    obvious_people: int = 0
    cards: tuple[Card, ...] = ()
    combinations: tuple[tuple[tuple[str, ...], int], ...] = ()
    segments: tuple[Segment, ...] = ()
    portfolio: tuple[Pick, ...] = ()
    comps: tuple[ComparableFilm, ...] = ()
    words: tuple[WordMatch, ...] = ()
    refused: tuple[Refused, ...] = ()
    tickets: Tickets | None = None
    tested: int = 0
    least_affinity: float | None = None
    """The affinity from which a typical trait would have been noticed; None: nothing was tested."""
    notes: tuple[Note, ...] = ()
    simulated: bool = False

    def card(self, name: str) -> Card | None:
        """The card of that id, if there is one."""
        return next((c for c in self.cards if c.id == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it: dates as ISO, no NaN, no infinity."""
        plain: dict[str, Any] = as_json(_adapter().dump_python(self, mode="json"))
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "FilmDiscovery":
        """The discovery of which `to_dict` gave this."""
        return _adapter().validate_python(plain)


@cache
def _adapter() -> TypeAdapter[FilmDiscovery]:
    return TypeAdapter(FilmDiscovery)
