"""Which earlier film a title continues, and which it does not."""

import math
from datetime import date
from typing import Any

import pytest

from fullhouse.forecast.history_index import HistoryIndex, Titles, continues, named
from fullhouse.forecast.train import eligible
from tests.forecast.small_history import AS_OF, a_run, an_index

CONTINUES = [
    ("The Hangover Part II", "The Hangover"),
    ("Harry Potter and the Goblet of Fire", "Harry Potter and the Chamber of Secrets"),
    ("Iron Man 3", "Iron Man 2"),
    ("Toy Story Three", "Toy Story"),
    ("Fast & Furious 6", "Fast and Furious"),
    ("The Hobbit: The Desolation of Smaug", "The Hobbit: An Unexpected Journey"),
    ("Mission: Impossible - Ghost Protocol", "Mission: Impossible III"),
    ("Amélie 2", "Amelie"),
    ("Ocean's Twelve: Again", "Oceans Twelve"),
]
NEITHER = [
    ("The Kite Runner", "The Kingdom"),
    ("Up", "Up in the Air"),
    ("The Ring", "The Rite"),
    ("2012 Again", "2012 Nights"),
    ("A Dog's Purpose", "A Cat's Purpose"),
    ("It", "It Follows"),
]


@pytest.mark.parametrize(("title", "other"), CONTINUES, ids=[c[0] for c in CONTINUES])
def test_a_sequel_continues_its_series(title: str, other: str) -> None:
    assert continues(named(title), named(other))


@pytest.mark.parametrize(("title", "other"), NEITHER, ids=[n[0] for n in NEITHER])
def test_titles_that_begin_a_little_alike_do_not(title: str, other: str) -> None:
    assert not continues(named(title), named(other))


def test_the_parts_of_a_title() -> None:
    result = named("The Lantern: Part Two")
    assert (result.words, result.base) == (("lantern", "part", "two"), "lantern")
    assert result.has_colon
    assert named("Lantern II").numbered
    assert not named("Rocky").numbered


TITLES = {
    "one": [(10, "Otter Lake")],
    "two": [(50, "Otter Lake 2")],
    "renamed": [(20, "Untitled"), (60, "Otter Lake 3")],
    "far": [(5, "The Kestrel")],
    "later": [(90, "Otter Nights")],
}


def test_films_are_found_by_the_titles_that_they_had_on_the_day() -> None:
    titles = Titles(TITLES)
    assert titles.alike("two", 50) == ["one"]
    assert titles.alike("two", 60) == ["one", "renamed"]
    assert titles.alike("two", 40) == []
    assert titles.alike("renamed", 30) == []
    assert titles.at("renamed", 59) == named("Untitled")
    assert titles.at("nobody", 99) is None


def test_rarity_counts_only_titles_that_were_known() -> None:
    titles = Titles(TITLES)
    assert titles.rarity("two", "one", 50) == pytest.approx(2 * math.log(4 / 2))
    assert titles.rarity("two", "one", 60) == pytest.approx(2 * math.log(4 / 3))
    assert titles.rarity("two", "one", 90) == pytest.approx(math.log(5 / 4) + math.log(5 / 3))
    assert titles.rarity("two", "one", 40) == 0.0
    assert titles.rarity("far", "one", 99) == 0.0


def continued(**films: dict[str, Any]) -> HistoryIndex:
    """Films that each took 16 million, by title, opening and facts."""
    runs = {name: a_run([4e6] * 4) for name in films}
    return an_index(films, runs=runs, as_of=date(2016, 12, 1))


@pytest.mark.parametrize(
    ("own", "before", "continues"),
    [
        ({"title": "Animal"}, {"title": "The Animal"}, False),
        ({"title": "Animal", "distributor": "Larch"},
         {"title": "The Animal", "distributor": "Larch Films"}, True),
        ({"title": "The Animal 2"}, {"title": "Animal"}, True),
        ({"title": "The Fate of the Furious"}, {"title": "2 Fast 2 Furious"}, True),
        ({"title": "Larch Rising", "series": "Larch"},
         {"title": "The First Tree", "series": "Larch"}, True),
        ({"title": "长津湖之水门桥"}, {"title": "长津湖"}, True),
        ({"title": "唐人街探案3"}, {"title": "唐人街探案2"}, True),
        ({"title": "之恋"}, {"title": "之爱"}, False),
        ({"title": "Alder 2"}, {"title": "Alder (in 3D)"}, False),
        ({"title": "Alder (20th Anniversary)"}, {"title": "Alder"}, False),
    ],
)  # fmt: skip
def test_which_film_a_film_continues(
    own: dict[str, Any], before: dict[str, Any], continues: bool
) -> None:
    index = continued(
        before={"opening": date(2012, 6, 1), **before}, own={"opening": date(2016, 6, 3), **own}
    )
    on = date(2016, 6, 2).toordinal()
    assert index.predecessor("own", on) == ("before" if continues else None)


def test_the_user_settles_what_a_film_continues() -> None:
    films = {
        "before": {"opening": date(2012, 6, 1), "title": "Alder"},
        "other": {"opening": date(2013, 6, 7), "title": "Rowan"},
        "own": {"opening": date(2016, 6, 3), "title": "Alder 2", "predecessor": "other"},
        "none": {"opening": date(2016, 7, 1), "title": "Alder 3", "predecessor": None},
    }
    index = continued(**films)
    assert index.predecessor("own", AS_OF.toordinal()) == "other"
    assert index.predecessor("none", AS_OF.toordinal()) is None


def test_events_are_told_apart_in_learning_unless_it_is_stated_that_they_are_none() -> None:
    films = {
        "plain": {"opening": date(2015, 6, 5), "title": "Alder"},
        "concert": {"opening": date(2015, 6, 5), "title": "Alder in Concert"},
        "stated": {"opening": date(2015, 6, 5), "title": "The Concert", "event": "none"},
        "hindi": {"opening": date(2015, 6, 5), "title": "Rowan", "language": "hi"},
    }
    index = continued(**films)
    assert eligible(index, "wide", AS_OF.toordinal()) == ["plain", "stated"]
    assert index.event("hindi", AS_OF.toordinal()) == "foreign language"


def test_the_record_of_a_distributor_holds_films_under_all_its_names() -> None:
    names = ("Sony", "Sony Pictures Entertainment (SPE)", "Columbia Pictures", "Larch")
    films = {
        f"f{k}": {"opening": date(2015, 6, 5), "title": f"Film {k}", "distributor": name}
        for k, name in enumerate(names)
    }
    record = continued(**films).record("distributor", "SPE", AS_OF.toordinal())
    assert sorted(r.film for r in record) == ["f0", "f1", "f2"]
