"""Which film a search is for."""

from typing import Any

import pytest

from fullhouse.core.tables import ITEM
from fullhouse.engine import Engine
from fullhouse.traits import lay_out
from fullhouse.traits.searches import TitleFinder

FINDER = TitleFinder(
    [
        "Up",
        "Hachi: A Dog's Tale",
        "A Dog's Purpose",
        "It",
        "It: Chapter Two",
        "It: Welcome",
        "流浪地球",
    ]
)


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("up", "up"),
        ("UP movie trailer", "up"),
        ("up 2009", "up"),
        ("dress up games", ""),
        ("a dog’s purpose tickets", "a-dogs-purpose"),
        ("when is a dog's purpose near me", "a-dogs-purpose"),
        ("hachi", "hachi-a-dogs-tale"),
        ("it", "it"),
        ("it chapter two", "it-chapter-two"),
        ("流浪地球 预告", "流浪地球"),
        ("dog food", ""),
        ("", ""),
        ("2009 film", ""),
    ],
)
def test_a_search_is_for_the_longest_title_that_it_names(query: str, slug: str) -> None:
    assert FINDER.find(query) == slug


def test_without_films_no_search_is_for_one() -> None:
    assert TitleFinder([]).find("up") == ""


def test_what_people_search_for_beside_films_is_not_laid_out(duck: Engine, house: Any) -> None:
    house.people({("shop", "a"): 1})
    house.write("film", [{"source": "shop", "film": "f", "title": "Up"}])
    queries = ["up", "my rare illness", "jane doe of 5 elm street"]
    rows = [{"source": "shop", "account": "a", "query": q, "day": "2024-02-01"} for q in queries]
    house.write("search", rows)
    layout = lay_out(duck, house.lake)
    items = house.lake.read(ITEM, columns=["kind", "id", "title"]).to_pylist()
    searched = [(i["id"], i["title"]) for i in items if i["kind"] == "search"]
    assert sorted(searched) == [("", None), ("up", "Up")]
    assert layout.events == {"search shop": 3}


def test_a_house_with_every_kind_of_event_is_laid_out(duck: Engine, house: Any) -> None:
    sources = {"purchase": "shop", "view": "video", "play": "video"}
    house.people({(source, "a"): 1 for source in ("shop", "video", "tickets")})
    house.write("film", [{"source": "tickets", "film": "f", "title": "Up"}])
    by_kind = {
        "purchase": {"product": "p", "category": "c", "quantity": 1.0},
        "ticket": {"film": "f", "quantity": 1.0, "refunded": False},
        "search": {"query": "up"},
        "play": {"film": "t"},
    }
    kinds = ("purchase", "view", "ticket", "want_to_see", "trailer_view", "search", "play")
    for kind in kinds:
        row = by_kind.get(kind, {"film": "f"})
        day = "2024-02-01"
        source = sources.get(kind, "tickets")
        house.write(kind, [{"source": source, "account": "a", "day": day} | row])
    layout = lay_out(duck, house.lake)
    assert layout.events == {f"{kind} {sources.get(kind, 'tickets')}": 1 for kind in kinds}
