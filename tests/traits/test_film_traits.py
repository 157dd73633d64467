"""Which traits are a film's, who could show a trait, and what serves as a placebo."""

from types import SimpleNamespace

import pytest

from fullhouse.traits.film_traits import (
    OTHERS_AT_LEAST,
    FilmTraits,
    any_of,
    base_rule,
    basket_traits,
    fact_traits,
    film_slug_in,
    film_traits,
    placebo_films,
    sources_of,
)
from fullhouse.traits.trait import Trait


def trait(name: str, persons: int = 100, *, built: bool = True, **definition: object) -> Trait:
    family, _, slug = name.partition(":")
    kinds = {"saw": "ticket", "wants": "want_to_see", "buys": "purchase", "word": "purchase"}
    basis = kinds.get(family, "person")
    options = {"kinds": [basis], "min_events": 1} if basis != "person" else {}
    if family in ("saw", "wants"):
        options |= {"film": slug}
    return Trait(0, name, family, name, basis, options | definition, persons, {}, built)


def films(count: int, persons: int = 100) -> dict[str, FilmTraits]:
    return {
        f"f{i}": FilmTraits(f"f{i}", trait(f"wants:f{i}", persons), trait(f"saw:f{i}", persons))
        for i in range(count)
    }


def test_traits_of_a_film_are_found_by_its_slug() -> None:
    traits = film_traits([trait("wants:up-2009"), trait("saw:up-2009"), trait("saw:big-1988"),
                         trait("saw:rare-1990", built=False), trait("buys:dogs")])  # fmt: skip
    assert set(traits) == {"up-2009", "big-1988"}
    assert [t.name for t in traits["up-2009"].both] == ["wants:up-2009", "saw:up-2009"]
    assert traits["big-1988"].wants is None


@pytest.mark.parametrize(
    ("film", "title", "year", "wanted"),
    [
        ("up-2009", "Up", 2009, "up-2009"),
        ("up-2010", "Up", 2010, "up-2009"),
        ("x", "A Dog's Purpose", 2017, "a-dogs-purpose-2017"),
        ("up-2012", "Up", 2012, None),
        ("up", "Up", None, None),
    ],
)
def test_a_feed_may_give_the_year_before_or_after(film, title, year, wanted) -> None:
    assert film_slug_in({"up-2009", "a-dogs-purpose-2017"}, film, title, year) == wanted


def test_a_base_is_who_has_an_account_where_events_come_from() -> None:
    sources = {"purchase": ("shop",), "ticket": ("box", "tickets"), "view": ()}
    assert base_rule(["purchase"], sources) == "source:shop"
    assert base_rule(["ticket", "view"], sources) == "(source:box | source:tickets)"
    assert base_rule(["view"], sources) == "everyone"
    assert any_of(["a"]) == "a"


def test_sources_are_read_from_the_names_of_the_parts() -> None:
    uris = ("/lake/purchase/source=shop/a.parquet", "/lake/purchase/source=caf%C3%A9/b.parquet")
    lake = SimpleNamespace(snapshot=lambda table: SimpleNamespace(
        uris=uris if table.name == "purchase" else ()))  # fmt: skip
    assert sources_of(lake)["purchase"] == ("café", "shop")
    assert sources_of(lake)["view"] == ()


def test_a_placebo_is_of_other_films_as_many_people_and_the_keys_choice() -> None:
    every = films(60)
    seed = [trait("wants:f0", 150), trait("saw:f1", 1200)]
    chosen = placebo_films(every, seed, {"f0", "f1"}, b"key")
    names = [t.name for t in chosen]
    assert not {"wants:f0", "saw:f1", "wants:f1", "saw:f0"} & set(names)
    # Enough people of each family, and of eight films at least, so that no single one decides.
    assert sum(n.startswith("saw:") for n in names) == 12
    assert sum(n.startswith("wants:") for n in names) == OTHERS_AT_LEAST
    assert chosen == placebo_films(dict(reversed(every.items())), seed, {"f0", "f1"}, b"key")
    assert chosen != placebo_films(every, seed, {"f0", "f1"}, b"other")
    assert placebo_films(films(2), seed, {"f0", "f1"}, b"key") == []


def test_baskets_and_facts_are_those_that_may_be_an_audience() -> None:
    every = [trait("buys:dogs"), trait("word:dog", built=False), trait("gender:female"),
             trait("city:ashgrove"), trait("saw:up-2009"), trait("age:18-24")]  # fmt: skip
    assert [t.name for t in basket_traits(every)] == ["buys:dogs"]
    assert {k: [t.name for t in v] for k, v in fact_traits(every).items()} == {
        "gender": ["gender:female"], "age": ["age:18-24"],
    }  # fmt: skip
