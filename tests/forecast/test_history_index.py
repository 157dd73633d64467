"""Which earlier film a title continues, and which it does not."""

import math

import pytest

from fullhouse.forecast.history_index import Titles, continues, named

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
