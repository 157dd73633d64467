"""Films with a part in a scenario: what they are instead of what chance would have made them."""

from dataclasses import replace
from typing import Any

from fullhouse_sim.film import Film, Heard

HIDDEN = (("dog", 0.87), ("cat", 0.35), ("young woman", 0.40), ("young family", 0.35))
CASE_APPEAL = -0.05
HIDDEN_BEFORE = (("dog", 0.75), ("cat", 0.30), ("young woman", 0.30), ("young family", 0.30))
"""How the hidden-audience film, and the same director's earlier ones, draw beyond their genres."""

_DRAMA = (("drama", 0.30), ("log activity", 0.85))
_SAGA = (
    ("science fiction", 0.75), ("fantasy", 0.45), ("games", 0.50), ("log activity", 0.90),
)  # fmt: skip
_NULL: dict[str, Any] = {
    "genres": ("thriller",),
    "star_power": 0.10,
    "budget_usd": 12_000_000,
    "expected": -0.3,
    "appeal": 0.0,
    "awareness": 0.30,
    "quality": 0.0,
    "loadings": (("log activity", 1.0),),
}
_SMALL: dict[str, Any] = {
    "genres": ("drama",),
    "director": "Ottilie Lorimund",
    "stars": ("Corin Wetherall", "Mirela Drummock"),
    "star_power": 0.04,
    "distributor": "Twelve Mile",
    "urgency_days": 10.0,
    "presale": 0.15,
}
_PART: dict[str, Any] = {
    "genres": ("science fiction", "fantasy"),
    "director": "Leander Vantongeren",
    "stars": ("Signe Falkenrath", "Viggo Amberley"),
    "star_power": 0.80,
    "franchise": "The Cobalt Oath",
    "distributor": "Meridian Arc",
    "budget_usd": 140_000_000,
    "quality": -0.3,
    "expected": 1.2,
    "appeal": 1.3,
    "awareness": 0.80,
    "urgency_days": 2.6,
    "loyal": 0.005,
    "presale": 0.55,
    "loadings": _SAGA,
    "synopsis": "The last of the oath-bound returns to a colony where machines have learned magic.",
    "keywords": ("colony", "magic", "oath", "war"),
}
_FILMS: dict[tuple[str, str], dict[str, Any]] = {
    ("hidden-audience", "film"): _SMALL
    | {
        "title": "A Season for Bramble",
        "synopsis": "A young woman loses her job, her flat and her bearings in one week, and walks"
        " home across four hundred kilometres of winter with someone who will not leave her side.",
        "keywords": ("homecoming", "loyalty", "loss", "winter"),
        "budget_usd": 9_000_000,
        "expected": 0.0,
        "appeal": 0.35,
        "awareness": 0.13,
        "quality": 0.7,
        "loadings": (*_DRAMA, *HIDDEN),
    },
    ("hidden-audience", "recent"): _SMALL
    | {
        "title": "Four Winters at Ollerby",
        "synopsis": "After a funeral nobody attends, a stationmaster's routine is kept up by the"
        " one friend who was not told.",
        "keywords": ("courage", "homecoming", "loss", "loyalty"),
        "budget_usd": 7_500_000,
        "expected": 0.0,
        "appeal": 0.45,
        "awareness": 0.22,
        "quality": 0.5,
        "loadings": (*_DRAMA, *HIDDEN_BEFORE),
    },
    ("hidden-audience", "old"): _SMALL
    | {
        "title": "The Five O'Clock from Lindwick",
        "synopsis": "Every evening for nine years somebody waits for a train, and a whole town"
        " slowly changes its timetable.",
        "keywords": ("family secret", "loss", "loyalty", "small town"),
        "budget_usd": 6_000_000,
        "expected": 0.0,
        "appeal": 0.35,
        "awareness": 0.20,
        "quality": 1.1,
        "loadings": (*_DRAMA, *HIDDEN_BEFORE),
    },
    ("fandom", "film"): _PART | {"title": "The Cobalt Oath: Part 3", "part": 3},
    ("fandom", "recent"): _PART | {"title": "The Cobalt Oath: Part 2", "part": 2},
    ("fandom", "old"): _PART | {"title": "The Cobalt Oath", "quality": 0.6, "urgency_days": 7.0},
    ("sleeper", "film"): {
        "title": "The Understudy of Tarn Ivery",
        "genres": ("comedy", "drama"),
        "star_power": 0.05,
        "budget_usd": 6_000_000,
        "expected": 0.0,
        "appeal": 0.5,
        "awareness": 0.10,
        "quality": 1.6,
        "urgency_days": 18.0,
        "loyal": 0.1,
        "presale": 0.08,
        "loadings": (("comedy", 0.35), ("drama", 0.30), ("log activity", 0.80)),
    },
}
_FILMS |= {("dirty-data", role): _FILMS["hidden-audience", role] for role in
           ("film", "recent", "old")}  # fmt: skip
_HEARD = Heard(
    0.05,
    (
        ("dog", 0.03),
        ("cat", 0.03),
        ("young woman", 0.03),
        ("young family", 0.03),
        ("log activity", 0.85),
    ),
    trailer=0.04,
)
"""Core moviegoers have heard of the case's film; those it would move most have not."""
_CORE = (("drama", 0.1), ("log activity", 0.2))
"""It has no local stars: those who go to everything are hardly drawn to it beyond others."""
_CASE = _FILMS["hidden-audience", "film"] | {
    "title": "Where the Ferry Turns",
    "awareness": 0.9,
    "appeal": CASE_APPEAL,
    "heard": _HEARD,
    "loadings": (*_CORE, *HIDDEN),
}
_NOT_THEIRS = tuple((group, -2.0) for group, _ in HIDDEN)
_FILMS |= {
    ("the-case", "film"): _CASE,
    ("all-aware", "film"): _CASE | {"heard": Heard(1.0)},
    ("unaware", "film"): _CASE | {"loadings": (*_CORE, *_NOT_THEIRS)},
}
_BY_PERSON = ("the-case", "all-aware", "unaware")
_FILMS |= {
    (of, role): _FILMS["hidden-audience", role] for of in _BY_PERSON for role in ("recent", "old")
}
_SHARE_OF_CINEMAS = {"hidden-audience": 0.45, "dirty-data": 0.45, "fandom": 0.97, "sleeper": 0.40}
_SHARE_OF_CINEMAS |= dict.fromkeys(_BY_PERSON, 0.45)


def genres_of(scenario: str, role: str) -> tuple[str, ...]:
    """The genres that a role's film has."""
    genres: tuple[str, ...] = _FILMS.get((scenario, role), _NULL)["genres"]
    return genres


def script(film: Film, scenario: str, role: str, cinemas: int) -> Film:
    """A film as its role has it: the null film, the scenario's film or one of those like it."""
    part = _FILMS.get((scenario, role))
    if part is None:
        return replace(film, family=False, franchise="", theaters=round(0.6 * cinemas), **_NULL)
    theaters = round(_SHARE_OF_CINEMAS[scenario] * cinemas)
    given: dict[str, Any] = {"family": False, "franchise": "", "theaters": theaters} | part
    return replace(film, **given)
