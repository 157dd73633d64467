"""Random small houses, counted by a slow and obvious version in plain Python."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.engine import Engine
from fullhouse.traits import find_trait, matching_events, traits_of
from tests.traits.test_build import behind, build, members

B = 1 << 20
DAY = date(2024, 3, 1)
PEOPLE = [0, 1, 2, B, B + 5]
ACCOUNTS = {("shop", f"s{p}"): p for p in PEOPLE} | {("video", f"v{p}"): p for p in PEOPLE[1:4]}
PRODUCTS = {
    "leash": ("Dog leash", "Pets > Dogs"),
    "bed": ("Cat bed", "Pets > Cats"),
    "cook": ("Hot dog cooking", "Books"),
    "pup": ("PUPPY manual, dogs", "Books > Animals"),
    "void": (None, None),
}
FILMS = {
    "h": ("Hachi", 2009, "Drama|Family"),
    "u": ("Up", 2009, "Family"),
    "n": ("Up", None, None),
}
CATALOGUE = """
[family.buys]
min_events = 2
window_days = 30
[family.word]
[family.genre]
min_events = 2
[family.saw]
window_days = 45
[family.wants]
[family.trailer]
window_days = 40
[family.searched]
[family.plays]
[family.player]
window_days = 30
[family.moviegoer]
window_days = 30
frequent = 2
recent_days = 10
lapsed_days = 60
[family.active]
[family.price]
min_events = 2
[family.gender]
[family.source]
[trait.dogs]
kind = "purchase"
title_any = ["dog", "puppy"]
title_none = ["hot dog"]
category_prefix = ["B", "Pets > D"]
[trait.family-film]
kind = ["view", "ticket", "want_to_see"]
genre = ["family"]
films = ["Up (2009)", "Hachi"]
min_events = 2
window_days = 50
"""

FILM_SLUGS = {"h": "hachi-2009", "u": "up-2009", "n": "up"}
QUERIES = {"h": "hachi movie 2009", "u": "Up", "n": "dress up games"}
SEARCHED = {"h": "hachi", "u": "up", "n": None}
GAMES = {"h": ("Kibble", "Games > Puzzle"), "u": ("Chess", "Games"), "n": (None, None)}
DAYS = st.integers(-20, 70).map(lambda n: (DAY - timedelta(days=n)).isoformat())
PURCHASES = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(sorted(PRODUCTS)), DAYS, st.sampled_from([1.0, 3, 9])
)
SEEN = st.tuples(
    st.sampled_from(["view", "ticket", "refund", "want_to_see", "trailer_view", "search", "play"]),
    st.sampled_from(PEOPLE[1:4]),
    st.sampled_from(sorted(FILMS)),
    DAYS,
)
Bought, Saw = tuple[int, str, str, float], tuple[str, int, str, str]


def _write(house: Any, bought: list[Bought], seen: list[Saw]) -> None:
    house.people(ACCOUNTS, gender={0: "female", B: "male"})
    house.write(
        "product",
        [
            {"source": "shop", "product": k, "title": t, "category": c}
            for k, (t, c) in PRODUCTS.items()
        ],
    )
    house.write(
        "film",
        [
            {"source": "video", "film": k, "title": t, "release_year": y, "genres": g}
            for k, (t, y, g) in FILMS.items()
        ],
    )
    house.write(
        "product",
        [
            {"source": "video", "product": f"g{k}", "title": t, "category": c}
            for k, (t, c) in GAMES.items()
            if t
        ],
    )
    rows: dict[str, list[Any]] = defaultdict(list)
    for p, k, d, u in bought:
        row = {"source": "shop", "account": f"s{p}", "product": k, "day": d}
        rows["purchase"].append(row | {"unit_price": u, "currency": "USD"})
    for kind, p, k, d in seen:
        row = {"source": "video", "account": f"v{p}", "film": k, "day": d}
        row |= {"refunded": True} if kind == "refund" else {}
        row |= {"query": QUERIES[k]} if kind == "search" else {}
        row |= {"film": f"g{k}"} if kind == "play" else {}
        row |= {"completion": 0.25} if kind == "trailer_view" and k == "h" else {}
        rows["ticket" if kind == "refund" else kind].append(row)
    for kind, some in rows.items():
        house.write(kind, some)


def _oracle(  # noqa: PLR0915
    bought: list[Bought], seen: list[Saw]
) -> dict[str, set[int]]:
    """Trait → persons."""
    holders: dict[str, set[int]] = defaultdict(set)
    n: dict[tuple[str, int], int] = defaultdict(int)
    short: dict[int, int] = defaultdict(int)
    long: dict[int, int] = defaultdict(int)
    recent: dict[int, int] = defaultdict(int)
    plays: dict[int, int] = defaultdict(int)
    active: dict[tuple[str, int], int] = defaultdict(int)
    for p, k, d, _ in bought:
        age = (DAY - date.fromisoformat(d)).days
        if age < 0:
            continue
        active["shop", p] += 1
        title, category = PRODUCTS[k]
        if age < 30:
            for slug in {"Pets > Dogs": ["pets", "pets/dogs"], "Pets > Cats": ["pets", "pets/cats"],
                         "Books": ["books"], "Books > Animals": ["books", "books/animals"],
                         None: []}[category]:  # fmt: skip
                n[f"buys:{slug}", p] += 1
        for word in set((title or "").lower().replace(",", "").split()):
            n[f"word:{word}", p] += 1
        n["own:dogs", p] += k in ("leash", "pup")
    for kind, p, k, d in seen:
        age = (DAY - date.fromisoformat(d)).days
        if age < 0:
            continue
        one = -1 if kind == "refund" else 1
        active["video", p] += one
        if kind in ("ticket", "refund"):
            short[p] += one * (age < 30)
            recent[p] += one * (age < 10)
            long[p] += one * (age < 60)
        if kind == "trailer_view":
            n[f"trailer:{FILM_SLUGS[k]}", p] += age < 40
            continue
        if kind == "search":
            n[f"searched:{SEARCHED[k]}", p] += SEARCHED[k] is not None
            continue
        if kind == "play":
            plays[p] += age < 30
            for slug in {"h": ["games", "games/puzzle"], "u": ["games"], "n": []}[k]:
                n[f"plays:{slug}", p] += 1
            continue
        if kind != "want_to_see":
            for genre in filter(None, (FILMS[k][2] or "").lower().split("|")):
                n[f"genre:{genre}", p] += one
            n[f"saw:{FILM_SLUGS[k]}", p] += one * (age < 45)
        else:
            n[f"wants:{FILM_SLUGS[k]}", p] += 1
        n["own:family-film", p] += one * (k in "hu" and age < 50)
    least = {"buys": 2, "genre": 2, "own:family-film": 2}
    for (trait, p), times in n.items():
        if times >= least.get(trait, least.get(trait.split(":")[0], 1)):
            holders[trait].add(p)
    for p in PEOPLE:
        if plays[p] >= 1:
            holders["player:frequent"].add(p)
        if short[p] >= 2:
            holders["moviegoer:frequent"].add(p)
        if short[p] == 1:
            holders["moviegoer:occasional"].add(p)
        if recent[p] >= 1:
            holders["moviegoer:recent"].add(p)
        if short[p] <= 0 < long[p]:
            holders["moviegoer:lapsed"].add(p)
    for source in ("shop", "video"):
        counts = {p: active[source, p] for p in PEOPLE if active[source, p] > 0}
        for p, own in counts.items():
            below = sum(c < own for c in counts.values())
            same = sum(c == own for c in counts.values())
            place = (2 * below + same) * 5 // (2 * len(counts))
            holders[f"active:{source}:q{place + 1}"].add(p)
    _prices(bought, holders)
    holders["gender:female"].add(0)
    holders["gender:male"].add(B)
    holders["source:shop"] |= set(PEOPLE)
    holders["source:video"] |= set(PEOPLE[1:4])
    return holders


def _prices(bought: list[Bought], holders: dict[str, set[int]]) -> None:
    paid = [
        (p, PRODUCTS[k][1], u)
        for p, k, d, u in bought
        if PRODUCTS[k][1] and date.fromisoformat(d) <= DAY
    ]
    levels: dict[int, list[int]] = defaultdict(list)
    for p, category, own in paid:
        prices = [u for _, c, u in paid if c == category]
        below, same = sum(u < own for u in prices), sum(u == own for u in prices)
        levels[p].append((2 * below + same) * 3 // (2 * len(prices)))
    for p, some in levels.items():
        mean = sum(some) / len(some)
        if len(some) >= 2:
            name = "low" if mean < 2 / 3 - 1e-9 else "high" if mean > 4 / 3 + 1e-9 else "middle"
            holders[f"price:{name}"].add(p)


def _check(engine: Engine, house: Any, bought: list[Bought], seen: list[Saw]) -> None:
    _write(house, bought, seen)
    built = build(engine, house.lake, text=CATALOGUE, as_of=DAY.isoformat())
    wanted = {t: p for t, p in _oracle(bought, seen).items() if p}
    assert members(house.lake, built) == wanted
    major: dict[str, set[int]] = defaultdict(set)
    for person, traits in behind(house.lake, built).items():
        for trait in traits:
            major[trait].add(person)
    assert major == wanted
    traits = traits_of(house.lake, built.build)
    assert {t.name: t.persons for t in traits if t.built} == {t: len(p) for t, p in wanted.items()}
    sources = {p: {s for (s, _), q in ACCOUNTS.items() if p == q} for p in PEOPLE}
    for t in traits:
        by = {s: sum(s in sources[p] for p in wanted.get(t.name, ())) for s in ("shop", "video")}
        assert t.by_source == {s: n for s, n in by.items() if n}


@pytest.mark.slow
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PURCHASES, max_size=30), st.lists(SEEN, max_size=30))
def test_any_house_is_counted_as_plain_python_does(
    duck: Engine, new_house: Callable[[], Any], bought: list[Bought], seen: list[Saw]
) -> None:
    _check(duck, new_house(), bought, seen)


HOUSE: tuple[list[Bought], list[Saw]] = (
    [
        (0, "leash", "2024-02-28", 9.0),
        (0, "leash", "2024-02-27", 1.0),
        (0, "cook", "2024-02-27", 1.0),
        (B, "pup", "2024-01-30", 3.0),
        (B, "pup", "2024-03-02", 3.0),
        (1, "bed", "2024-02-10", 9.0),
        (1, "bed", "2024-02-11", 9.0),
        (2, "bed", "2024-02-10", 1.0),
        (2, "bed", "2024-02-11", 1.0),
        (2, "void", "2024-02-11", 1.0),
        # The first day inside 30 days, and the last day outside.
        (B + 5, "cook", "2024-02-01", 1.0),
        (B + 5, "cook", "2024-02-01", 1.0),
        (2, "cook", "2024-01-31", 1.0),
        (2, "cook", "2024-01-31", 1.0),
    ],
    [
        ("ticket", 1, "h", "2024-02-28"),
        ("ticket", 1, "h", "2024-02-20"),
        ("refund", 1, "h", "2024-02-21"),
        ("ticket", 2, "u", "2024-01-05"),
        ("view", B, "u", "2024-02-05"),
        ("view", B, "h", "2024-02-05"),
        ("want_to_see", 2, "u", "2024-02-05"),
        ("trailer_view", 2, "h", "2024-02-05"),
        ("trailer_view", B, "u", "2023-12-05"),
        ("search", 1, "h", "2024-02-05"),
        ("search", 2, "n", "2024-02-05"),
        ("search", B, "u", "2024-01-05"),
        ("play", 1, "h", "2024-02-05"),
        ("play", B, "u", "2023-12-31"),
        ("play", B, "n", "2024-02-05"),
        # The same for 45 days.
        ("view", 1, "n", "2024-01-17"),
        ("view", 2, "n", "2024-01-16"),
    ],
)


@pytest.mark.slow
def test_one_house_on_every_engine(engine: Engine, house: Any) -> None:
    _check(engine, house, *HOUSE)


@pytest.mark.slow
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(PURCHASES, max_size=15),
    st.lists(SEEN, max_size=15),
    st.lists(PURCHASES, max_size=10),
    st.lists(SEEN, max_size=10),
)
def test_nothing_after_the_date_moves_a_trait(
    duck: Engine,
    new_house: Callable[[], Any],
    bought: list[Bought],
    seen: list[Saw],
    later_bought: list[Bought],
    later_seen: list[Saw],
) -> None:
    """Two houses, one of which goes on after the date: events, inline titles, film rows."""
    later = (DAY + timedelta(days=3)).isoformat()
    results = []
    for more in (False, True):
        house = new_house()
        _write(house, [*bought, (1, "bed", "2024-02-01", 1.0)], seen)
        # A product known only from purchases, which get their title after the date.
        bare = {"source": "shop", "account": "s1", "product": "bare"}
        house.write("purchase", [bare | {"day": "2024-02-01"}])
        if more:
            _write(
                house,
                [(p, k, later, u) for p, k, _, u in later_bought],
                [(e, p, k, later) for e, p, k, _ in later_seen],
            )
            house.write("purchase", [bare | {"day": later, "title": "Cat", "category": "Pets"}])
            new = {"source": "shop", "product": "bed", "title": "Dog bed", "category": "Toys"}
            house.write("product", [new | {"at": later}])
        built = build(duck, house.lake, text=CATALOGUE, as_of=DAY.isoformat())
        names = {t.name: t.definition for t in traits_of(house.lake, built.build) if t.built}
        results.append((behind(house.lake, built), members(house.lake, built), names))
    assert results[0] == results[1]


@pytest.mark.slow
def test_single_events_are_found_again_on_every_engine(engine: Engine, house: Any) -> None:
    _write(house, *HOUSE)
    built = build(engine, house.lake, text=CATALOGUE, as_of=DAY.isoformat())
    traits = traits_of(house.lake, built.build)
    dogs = matching_events(engine, house.lake, built.build, [find_trait(traits, "own:dogs")])
    assert sorted(engine.arrow(dogs)["person"].to_pylist()) == [0, 0, B]


@pytest.mark.slow
def test_ranges_of_a_block_give_the_same(
    duck: Engine, new_house: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fullhouse.traits import tally

    monkeypatch.setattr(tally, "EVENTS_AT_ONCE", 3)
    _check(duck, new_house(), *HOUSE)
