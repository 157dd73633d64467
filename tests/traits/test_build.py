"""A build on a small house: who has what, as bitmaps and person by person."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pyroaring import BitMap

from fullhouse.core.tables import PERSON_TRAIT
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.traits import (
    Built,
    everyone,
    find_trait,
    lay_out,
    load_blocks,
    matching_events,
    parse_catalogue,
    trait_counts,
    traits_of,
)
from fullhouse.traits import build as build_traits
from fullhouse.traits.catalogue import default_catalogue
from fullhouse.traits.trait import EVENT_KINDS, Trait

B = 1 << 20
AT = datetime(2024, 6, 1, tzinfo=UTC)


def build(
    engine: Engine,
    lake: Lake,
    *,
    catalogue: str = "",
    text: str | None = None,
    as_of: str = "2024-03-01",
    floor: int = 1,
) -> Built:
    lay_out(engine, lake)
    parsed = parse_catalogue(text or default_catalogue() + catalogue)
    return build_traits(engine, lake, parsed, as_of=date.fromisoformat(as_of), floor=floor, at=AT)


def members(lake: Lake, built: Built) -> dict[str, set[int]]:
    """Trait → persons, from the bitmaps."""
    traits = {t.id: t.name for t in traits_of(lake, built.build) if t.built}
    by_trait: dict[str, set[int]] = {n: set() for n in traits.values()}
    for _, maps in load_blocks(lake, built.build, list(traits)):
        for trait, persons in maps.items():
            by_trait[traits[trait]] |= set(persons)
    return by_trait


def behind(lake: Lake, built: Built) -> dict[int, dict[str, int]]:
    """Person → trait they have → events, from the person-major form."""
    traits = {t.id: t for t in traits_of(lake, built.build)}
    by_person = {}
    for row in lake.read(PERSON_TRAIT).to_pylist():
        if row["build"] == built.build.id:
            assert row["traits"] == sorted(row["traits"])
            pairs = [(traits[t], n) for t, n in zip(row["traits"], row["events"], strict=True)]
            by_person[row["person"]] = {t.name: n for t, n in pairs if n >= _least(t)}
    return by_person


def _least(trait: Trait) -> int:
    about = trait.family not in ("moviegoer", "viewer", "player", "price")
    return int(trait.definition.get("min_events", 1)) if about and trait.basis in EVENT_KINDS else 0


def _shop(house: Any) -> None:
    house.people(
        {("shop", "a"): 1, ("shop", "b"): B + 2, ("video", "v"): 1, ("video", "w"): 3},
        gender={1: "female", 3: "male"},
        birth_year={1: 1990, 3: 2010},
        age_min={B + 2: 18},
        age_max={B + 2: 24},
        region={1: "Iowa", 3: "IOWA", B + 2: "Ohio"},
    )
    buys = [
        ("a", "leash", "Dog leash", "Pets > Dogs", 9.0, "2024-01-02"),
        ("a", "leash", "Dog leash", "Pets > Dogs", 9.0, "2024-02-02"),
        ("a", "book", "Hot dog cooking", "Books", 5.0, "2024-02-02"),
        ("b", "ball", "Ball", "Pets", 3.0, "2024-01-05"),
        ("b", "bowl", "Dog's bowl", "Pets > Dogs", 3.0, "2024-03-02"),
    ]
    house.write(
        "purchase",
        [
            {"source": "shop", "account": a, "product": p, "title": t, "category": c,
             "unit_price": u, "currency": "USD", "day": d}
            for a, p, t, c, u, d in buys
        ],
    )  # fmt: skip
    house.write(
        "film",
        [
            {"source": s, "film": f, "title": "Hachi: A Dog's Tale", "release_year": 2009,
             "genres": "Drama|Children's"}
            for s, f in (("video", "h1"), ("shop", "h2"))
        ],
    )  # fmt: skip
    house.write("view", [{"source": "video", "account": "w", "film": "h1", "day": "2024-01-01"}])
    house.write("ticket", [{"source": "shop", "account": "a", "film": "h2", "day": "2023-12-30"}])
    bought = {"source": "shop", "account": "b", "film": "h2"}
    house.write("ticket", [bought | {"day": "2024-01-01"}])
    house.write("ticket", [bought | {"day": "2024-01-02", "refunded": True}])


OWN = """
[trait.dog-thing]
kind = "purchase"
title_any = ["dog", "puppy"]
title_none = ["hot dog"]
[trait.dog-food-often]
kind = "purchase"
category = ["PETS > dogs"]
min_events = 2
window_days = 59
"""


@pytest.mark.slow
def test_who_has_what(engine: Engine, house: Any) -> None:
    _shop(house)
    built = build(engine, house.lake, catalogue=OWN)
    by_trait = members(house.lake, built)
    assert by_trait["buys:pets"] == {1, B + 2}
    assert by_trait["buys:pets/dogs"] == {1}
    assert by_trait["word:dog"] == {1}
    assert by_trait["own:dog-thing"] == {1}
    assert "own:dog-food-often" not in by_trait
    assert by_trait["saw:hachi-a-dogs-tale-2009"] == {1, 3}
    assert "genre:drama" not in by_trait
    assert by_trait["moviegoer:occasional"] == {1}
    assert by_trait["gender:female"] == {1}
    assert by_trait["age:25-34"] == {1}
    assert by_trait["age:0-17"] == {3}
    assert by_trait["age:18-24"] == {B + 2}
    assert by_trait["region:iowa"] == {1, 3}
    assert by_trait["source:video"] == {1, 3}
    assert by_trait["active:shop:q4"] == {1}
    rows = behind(house.lake, built)
    assert rows[1]["buys:pets"] == 2
    assert rows[1]["gender:female"] == 0
    assert rows[1]["moviegoer:occasional"] == 1
    assert {n for n, p in by_trait.items() if 3 in p} == set(rows[3])
    base = everyone(house.lake, built.build)
    assert base == {0: BitMap([1, 3]), 1: BitMap([B + 2])}


@pytest.mark.slow
def test_traits_say_who_they_are(engine: Engine, house: Any) -> None:
    _shop(house)
    built = build(engine, house.lake, catalogue=OWN, floor=2)
    traits = traits_of(house.lake, built.build)
    pets = find_trait(traits, "buys:pets")
    assert (pets.label, pets.persons, pets.by_source) == (
        "bought from Pets", 2, {"shop": 2, "video": 1},
    )  # fmt: skip
    assert pets.definition["kind"] == "purchase"
    dogs = find_trait(traits, "buys:pets/dogs")
    assert (dogs.built, dogs.persons) == (False, 1)
    assert (
        find_trait(traits, "saw:hachi-a-dogs-tale-2009").label == "saw Hachi: A Dog's Tale (2009)"
    )
    assert built.build.rare == sum(not t.built for t in traits)
    assert "buys:pets/dogs" not in {n for row in behind(house.lake, built).values() for n in row}
    assert [t.id for t in traits] == list(range(len(traits)))


@pytest.mark.slow
def test_the_same_inputs_reuse_the_earlier_build(engine: Engine, house: Any) -> None:
    _shop(house)
    first = build(engine, house.lake)
    again = build(engine, house.lake)
    assert (first.reused, again.reused) == (False, True)
    assert again.build == first.build
    other = build(engine, house.lake, as_of="2024-04-01")
    assert other.build.id == first.build.id + 1
    assert members(house.lake, other)["buys:pets/dogs"] == {1, B + 2}
    assert members(house.lake, first)["buys:pets/dogs"] == {1}


@pytest.mark.slow
def test_the_events_behind_traits_are_counted_again(engine: Engine, house: Any) -> None:
    _shop(house)
    built = build(engine, house.lake, catalogue=OWN)
    traits = traits_of(house.lake, built.build)
    wanted = [find_trait(traits, n) for n in ("own:dog-thing", "buys:pets", "gender:female")]
    events = matching_events(engine, house.lake, built.build, wanted)
    assert sorted(engine.arrow(events.select("person"))["person"].to_pylist()) == [1, 1, B + 2]
    every = matching_events(engine, house.lake, built.build, [t for t in traits if t.built])
    counted = engine.arrow(trait_counts(engine, house.lake, built.build, every)).to_pylist()
    names = {t.id: t.name for t in traits}
    recounted = {(r["person"], names[r["trait"]]): r["events"] for r in counted if r["events"] > 0}
    stored = {
        (p, t): n for p, row in behind(house.lake, built).items() for t, n in row.items() if n
    }
    assert {k: v for k, v in recounted.items() if k in stored} == stored
    assert recounted[B + 2, "buys:pets"] == 1


@pytest.mark.slow
def test_a_cap_keeps_what_had_most_events_by_the_date(duck: Engine, house: Any) -> None:
    _shop(house)
    late = {
        "source": "shop",
        "account": "b",
        "product": "late",
        "title": "Zebra",
        "day": "2024-05-01",
    }
    house.write("purchase", [late] * 9)
    text = "[family.word]\nmost = 1\n"
    built = build(duck, house.lake, text=text)
    assert set(members(house.lake, built)) == {"word:dog"}
    assert built.capped == {"word": 4}
    later = build(duck, house.lake, text=text, as_of="2024-06-01")
    assert set(members(house.lake, later)) == {"word:zebra"}


@pytest.mark.slow
def test_attributes_after_the_date_move_nobody(engine: Engine, house: Any) -> None:
    people = {("shop", "a"): 1, ("shop", "b"): 2, ("shop", "c"): B}
    house.people(people, region={1: "Ohio", 2: "Ohio", B: "Ohio"})
    attributes = [
        ("a", "Iowa", "2023-01-01"),
        ("a", "Ohio", "2024-05-01"),
        ("b", "Ohio", "2024-05-01"),
        ("c", "Ohio", "2023-01-01"),
    ]
    house.write(
        "account",
        [{"source": "shop", "account": a, "region": r, "at": d} for a, r, d in attributes],
    )
    house.write(
        "purchase", [{"source": "shop", "account": "a", "product": "x", "day": "2024-01-01"}]
    )
    then = build(engine, house.lake)
    now = build(engine, house.lake, as_of="2024-06-01")
    by_build = [members(house.lake, b) for b in (then, now)]
    assert [f.get("region:iowa") for f in by_build] == [{1}, None]
    assert [f["region:ohio"] for f in by_build] == [{2, B}, {1, 2, B}]
    assert behind(house.lake, then)[1].keys() >= {"region:iowa", "source:shop"}
    assert then.build.persons == now.build.persons == 3
