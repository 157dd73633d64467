"""Laying out keeps numbers, takes the best word for each item, and loses no event silently."""

from typing import Any

import pytest

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.traits import layout
from fullhouse.traits.layout import lay_out

B = 1 << 20


def _buy(account: str, product: str | None, day: str = "2024-01-02", **more: Any) -> dict[str, Any]:
    return {"source": "shop", "account": account, "product": product, "day": day} | more


def _two_sources(house: Any) -> None:
    house.people({("shop", "a"): 1, ("shop", "b"): B + 2, ("video", "v"): 1})
    house.write(
        "purchase",
        [
            _buy("a", "leash", title="Later leash", day="2024-01-05", category="Pets > Dogs"),
            _buy("a", "leash", title="Leash", unit_price=9.5, currency="USD"),
            _buy("b", None, title="Loose", category="Toys"),
            _buy("nobody", "leash"),
        ],
    )
    house.write("product", [{"source": "shop", "product": "ball", "category": "Toys > Balls"}])
    house.write(
        "film",
        [
            {"source": "video", "film": "h", "title": "Old name", "at": "2020-01-01"},
            {"source": "video", "film": "h", "title": "Hachi", "at": "2021-01-01"},
            {"source": "video", "film": "h", "title": "", "genres": "Drama", "at": "2022-01-01"},
        ],
    )
    house.write("view", [{"source": "video", "account": "v", "film": "h", "day": "2024-02-01"}])
    tickets = [(2.0, False), (2.0, True)]
    house.write(
        "ticket",
        [
            {"source": "video", "account": "v", "film": "t", "quantity": q, "refunded": r,
             "day": "2024-03-01", "city": "Ames"}
            for q, r in tickets
        ],
    )  # fmt: skip


def _items(lake: Lake) -> dict[str, dict[str, Any]]:
    return {r["id"]: r for r in lake.read(ITEM).to_pylist()}


def test_events_are_laid_out_by_person_and_item(engine: Engine, house: Any) -> None:
    _two_sources(house)
    layout = lay_out(engine, house.lake)
    assert layout.left_out == {"purchase shop": 1}
    assert layout.events == {"purchase shop": 3, "ticket video": 2, "view video": 1}
    items = {r["item"]: r["id"] for r in house.lake.read(ITEM).to_pylist()}
    rows = house.lake.read(PERSON_EVENT).to_pylist()
    laid_out = sorted(
        (r["kind"], r["block"], r["person"], items[r["item"]], r["quantity"], r["city"] or "")
        for r in rows
    )
    assert laid_out == [
        ("purchase", 0, 1, "leash", 1.0, ""),
        ("purchase", 0, 1, "leash", 1.0, ""),
        ("purchase", 1, B + 2, "~Toys / Loose", 1.0, ""),
        ("ticket", 0, 1, "t", -2.0, "Ames"),
        ("ticket", 0, 1, "t", 2.0, "Ames"),
        ("view", 0, 1, "h", 1.0, ""),
    ]
    assert {r["unit_price"] for r in rows if r["kind"] == "purchase"} == {None, 9.5}


def test_items_have_the_latest_word_or_the_first_inline_one(engine: Engine, house: Any) -> None:
    _two_sources(house)
    lay_out(engine, house.lake)
    items = _items(house.lake)
    assert items["h"]["title"] == "Hachi"
    assert items["h"]["genres"] == "Drama"
    assert items["leash"]["title"] == "Leash"
    assert str(items["leash"]["title_day"]) == "2024-01-02"
    assert items["leash"]["category"] == "Pets > Dogs"
    assert str(items["leash"]["category_day"]) == "2024-01-05"
    assert items["ball"]["category"] == "Toys > Balls"
    assert items["ball"]["category_day"] is None


@pytest.mark.slow
def test_numbers_stay_when_items_come(engine: Engine, house: Any) -> None:
    _two_sources(house)
    assert not lay_out(engine, house.lake).reused
    before = {k: r["item"] for k, r in _items(house.lake).items()}
    assert lay_out(engine, house.lake).reused
    house.write("purchase", [_buy("a", "aardvark")])
    layout = lay_out(engine, house.lake)
    assert not layout.reused
    after = {k: r["item"] for k, r in _items(house.lake).items()}
    assert after == before | {"aardvark": len(before)}
    assert house.lake.read(PERSON_EVENT).num_rows == 7


def test_blocks_are_laid_out_in_several_passes(
    duck: Engine, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "EVENTS_AT_ONCE", 1)
    people = {("shop", f"a{b}"): b * B for b in range(4)}
    house.people(people)
    house.write("purchase", [_buy(f"a{b}", "x") for b in (0, 1, 3, 3)])
    assert lay_out(duck, house.lake).events == {"purchase shop": 4}
    persons = house.lake.read(PERSON_EVENT)["person"].to_pylist()
    assert sorted(persons) == [0, B, 3 * B, 3 * B]
    assert lay_out(duck, house.lake).reused


def test_two_layouts_at_once_do_not_mix(
    duck: Engine, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_sources(house)
    plain = Lake.replace

    def replace(lake: Lake, table: Any, *rest: Any, **more: Any) -> int:
        version = plain(lake, table, *rest, **more)
        if table is PERSON_EVENT:
            lake.append(table, table.schema.empty_table(), batch=f"another {version}")
        return version

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "replace", replace)
        with pytest.raises(ConflictError, match="Try again"):
            lay_out(duck, house.lake)
    assert not lay_out(duck, house.lake).reused
    assert house.lake.read(PERSON_EVENT).num_rows == 6


def test_an_empty_house_has_an_empty_layout(engine: Engine, house: Any) -> None:
    layout = lay_out(engine, house.lake)
    assert (layout.items, layout.events, layout.left_out) == (0, {}, {})
