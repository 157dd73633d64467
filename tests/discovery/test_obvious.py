"""The obvious audience of a film, found by name."""

import dataclasses

import pytest

from fullhouse.audiences.parse import parse
from fullhouse.discovery.columns import ObviousTraits, obvious_traits
from tests.discovery.house import trait


def _film(id_, name, kind):
    made = trait(id_, name, kind)
    return dataclasses.replace(made, definition={**made.definition, "film": name.partition(":")[2]})


TRAITS = [
    trait(0, "genre:science-fiction", "view", "ticket", least=3),
    trait(1, "genre:drama", "view", "ticket", least=3),
    _film(2, "saw:up-2009", "view"),
    _film(3, "wants:up-2-2025", "want_to_see"),
    _film(4, "saw:other-2001", "view"),
    trait(5, "moviegoer:frequent", "ticket", least=6),
    trait(6, "moviegoer:recent", "ticket"),
    trait(7, "viewer:frequent", "view"),
    trait(8, "gender:female"),
    trait(9, "city:corton"),
    trait(10, "buys:books", "purchase"),
    dataclasses.replace(trait(11, "age:18-24"), built=False),
]


def _names(traits):
    return [t.name for t in traits]


def test_the_obvious_are_fans_of_genre_and_talent_and_core_moviegoers():
    obvious = obvious_traits(
        TRAITS,
        genres=["Science Fiction"],
        talent_films=["up-2009", "up-2-2025"],
        seed=["wants:up-2-2025"],
    )
    assert _names(obvious.audience) == [
        "genre:science-fiction",
        "saw:up-2009",
        "moviegoer:frequent",
    ]
    assert obvious.rule == "genre:science-fiction | saw:up-2009 | moviegoer:frequent"
    assert [p.name for p in obvious.parts] == [
        "fans of the genre",
        "fans of the talent or series",
        "core moviegoers",
    ]
    assert [p.rule for p in obvious.parts] == _names(obvious.audience)
    assert _names(obvious.tastes) == ["genre:science-fiction", "genre:drama"]
    assert _names(obvious.habits) == ["moviegoer:frequent", "moviegoer:recent", "viewer:frequent"]
    assert _names(obvious.facts) == ["gender:female", "city:corton"]
    parse(obvious.rule)


def test_nothing_obvious_has_no_rule():
    assert obvious_traits([TRAITS[10]]).rule is None
    assert ObviousTraits().parts == ()


@pytest.mark.parametrize("genre", ["drama", "Drama", "DRAMA"])
def test_genres_are_found_however_they_are_spelt(genre):
    assert _names(obvious_traits(TRAITS, genres=[genre]).genres) == ["genre:drama"]
