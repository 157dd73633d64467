"""A film, and how strongly it draws each person."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse_sim.draws import uniforms
from fullhouse_sim.population import HOBBIES, TASTES, People

FEATURES = (
    *TASTES, *HOBBIES,
    "woman", "decade", "young woman", "young family", "log activity",
)  # fmt: skip
"""What a film's loadings may name. `decade` is age in tens of years above 40, within 14 and 80;
young women are 18 to 34; young families are adults under 46 with a child under 13 at home."""

ALONE_FROM = 14
"""Age from which somebody goes without the household."""
FAMILY_FROM = 3


@dataclass(frozen=True)
class Heard:
    """Who has heard of a film before its campaign, person by person.

    `otherwise` is the share; of a group (a feature that is yes or no, or a taste or the log of
    activity above 1) it is the group's, of several the last one's. `trailer` is the share of people
    of mean activity whom a trailer was shown to beside; the more active are shown more.
    """

    otherwise: float
    groups: tuple[tuple[str, float], ...] = ()
    trailer: float = 0.06
    seed: int = 0


@dataclass(frozen=True)
class Film:
    """A film: what is announced of it, and (from `quality` on) what only the simulator knows.

    `appeal` is the log of the chance a day that somebody aware and of average draw goes, relative
    to the average film; `expected` is what exhibitors expect of it. `awareness` is the share of
    people the launch campaign makes aware by the release, `urgency_days` how fast they stop
    caring, `loyal` the share of interest that never fades. A `family` film is decided on and
    seen by whole households.
    """

    number: int
    id: str
    title: str
    release: date
    genres: tuple[str, ...]
    synopsis: str
    keywords: tuple[str, ...]
    director: str
    stars: tuple[str, ...]
    star_power: float
    franchise: str
    part: int
    distributor: str
    runtime_minutes: int
    budget_usd: int
    theaters: int
    quality: float
    appeal: float
    expected: float
    awareness: float
    urgency_days: float
    loyal: float
    presale: float
    family: bool
    loadings: tuple[tuple[str, float], ...]
    log_mean: float = 0.0
    heard: Heard | None = None

    @property
    def vector(self) -> Floats:
        """The loadings as one number for each of FEATURES."""
        loadings = np.zeros(len(FEATURES))
        for feature, loading in self.loadings:
            loadings[FEATURES.index(feature)] += loading
        return loadings


@dataclass(frozen=True)
class Scenario:
    """The scenario's answers: its film, past films alike, and one that draws by activity only.

    `hidden` are the hobbies and groups the film draws beyond its genres, with their loadings.
    """

    film: str
    alike: tuple[str, ...]
    null_film: str
    hidden: tuple[tuple[str, float], ...]


def features(people: People) -> Floats:
    """What films draw by: a row for each person, a column for each of FEATURES."""
    matrix = np.empty((len(people), len(FEATURES)))
    matrix[:, : len(TASTES)] = people.tastes
    shifts = np.arange(len(HOBBIES))
    matrix[:, len(TASTES) : -5] = (people.hobbies[:, None] >> shifts) & 1
    kids = people.has("baby") | people.has("children")
    young = people.age >= 18
    matrix[:, -5] = people.female
    matrix[:, -4] = (np.clip(people.age, 14, 80) - 40) / 10
    matrix[:, -3] = people.female & young & (people.age < 35)
    matrix[:, -2] = kids & young & (people.age < 46)
    matrix[:, -1] = np.log(people.activity)
    return matrix


def weights(film: Film, people: People) -> Floats:
    """How strongly a film draws each person; the country's mean is 1.

    Nobody under ALONE_FROM is drawn by a film that households do not see together.
    """
    return all_weights((film,), people)[:, 0]


def saw_trailer(film: Film, people: People) -> Flags:
    """Who was shown a film's trailer: chance, and activity, whatever they like."""
    if film.heard is None:
        return np.zeros(len(people), bool)
    odds = film.heard.trailer * np.sqrt(people.activity)
    shown: Flags = uniforms(film.heard.seed, people.person, "trailer", film.number) < odds
    return shown


def has_heard(film: Film, people: People) -> Flags:
    """Who has heard of a film, person by person; everybody where groups do not differ."""
    if film.heard is None:
        return np.ones(len(people), bool)
    share = np.full(len(people), film.heard.otherwise)
    matrix = features(people)
    for group, of in film.heard.groups:
        least = 1.0 if group in (*TASTES, "log activity") else 0.0
        share[matrix[:, FEATURES.index(group)] > least] = of
    by_chance = uniforms(film.heard.seed, people.person, "heard", film.number) < share
    heard: Flags = by_chance | saw_trailer(film, people)
    return heard


def all_weights(films: tuple[Film, ...], people: People) -> Floats:
    """`weights` of many films: a column for each."""
    loadings = np.stack([f.vector for f in films], axis=1)
    weight: Floats = features(people) @ loadings
    weight -= np.array([f.log_mean for f in films])
    np.exp(weight, out=weight)
    least = np.where([f.family for f in films], FAMILY_FROM, ALONE_FROM)
    weight[people.age[:, None] < least] = 0.0
    return weight
