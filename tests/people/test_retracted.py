"""What rows linked or named before they were retracted is undone by the next resolve run."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pyarrow as pa
import pytest

from fullhouse import app
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    BEGUN,
    IDENTIFIER,
    PURCHASE,
    RETRACTED,
    RETRACTED_ACCOUNT,
)
from fullhouse.feeds import retract as feeds_retract
from fullhouse.lake.maintain import delete_where
from tests.feeds.conftest import SHOP, csv_of, house, new_house
from tests.people import builder

__all__ = ["house", "new_house"]

resolve_module = import_module("fullhouse.people.resolve")


def resolve(house: Any, **options: Any) -> Any:
    with house.open() as context:
        return app.people_resolve(context, app.ResolvePeople(**options))


def retract(house: Any, name: str) -> None:
    with house.open() as context:
        app.feed_retract(context, app.RetractFeed(name, confirmed=True))


def people(house: Any) -> Mapping[str, int]:
    return {r["account"]: r["person"] for r in house.rows(ACCOUNT_PERSON)}


def order(number: int, user: str, mail: str) -> dict[str, str]:
    return {"order_id": f"o{number}", "user": user, "mail": f"{mail}@x.com"}


WRONG = csv_of(order(1, "ann", "m"), order(2, "bob", "m"), order(3, "eve", "e"))
RIGHT = csv_of(order(4, "ann", "m"), order(5, "bob", "b"))


@pytest.fixture
def linked(house: Any) -> Any:
    """A house in which a wrong file has made ann and bob one person, and brought eve."""
    house.ingest(house.write("wrong.csv", WRONG), house.write("right.csv", RIGHT))
    assert resolve(house).persons == 2
    return house


def test_a_link_by_retracted_rows_is_undone_and_an_account_without_rows_is_gone(
    linked: Any,
) -> None:
    before = people(linked)
    retract(linked, "wrong.csv")
    assert people(linked) == before, "until people are resolved again"
    outcome = resolve(linked)
    assert (outcome.accounts, outcome.persons, outcome.splits) == (2, 2, 1)
    assert (outcome.removed_accounts, outcome.removed_persons) == (1, 1)
    assert people(linked) == {"ann": before["ann"], "bob": 2}
    assert linked.rows(RETRACTED_ACCOUNT) == [], "it names accounts that are gone"
    assert not resolve(linked).changed
    linked.ingest(linked.write("wrong.csv", WRONG))
    assert resolve(linked).new_accounts == 1
    assert people(linked) == {"ann": before["ann"], "bob": before["ann"], "eve": 3}


def test_a_mended_file_taken_in_at_once_leaves_every_person_its_id(linked: Any) -> None:
    before = people(linked)
    retract(linked, "wrong.csv")
    linked.ingest(linked.write("wrong.csv", WRONG), feed=SHOP.replace("New_York", "Chicago"))
    outcome = resolve(linked)
    assert (outcome.accounts, outcome.removed_accounts, outcome.splits) == (3, 0, 0)
    assert people(linked) == before


def test_without_any_row_left_there_are_no_people_and_numbers_go_on(linked: Any) -> None:
    retract(linked, "orders")
    outcome = resolve(linked)
    assert (outcome.accounts, outcome.persons) == (0, 0)
    assert (outcome.removed_accounts, outcome.removed_persons) == (3, 2)
    assert people(linked) == {}
    linked.ingest(linked.write("right.csv", RIGHT))
    resolve(linked)
    assert people(linked) == {"ann": 2, "bob": 3}, "no id is used twice"


@pytest.mark.slow
def test_a_retraction_killed_at_any_step_is_undone_in_the_people_all_the_same(
    linked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = feeds_retract.delete_where
    for step in (1, 3):
        calls = iter(range(9))

        def dies(*args: Any, calls: Any = calls, step: int = step) -> Any:
            if next(calls) == step:
                raise KeyboardInterrupt
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(feeds_retract, "delete_where", dies)
            with pytest.raises(KeyboardInterrupt):
                retract(linked, "wrong.csv")
        resolve(linked)
        assert linked.rows(RETRACTED_ACCOUNT), "it is not over yet"
        linked.ingest(linked.write("right.csv", RIGHT))  # finishes the retraction
        resolve(linked)
        assert set(people(linked)) == {"ann", "bob"}
        assert people(linked)["ann"] != people(linked)["bob"]
        assert linked.rows(RETRACTED_ACCOUNT) == []
        linked.ingest(linked.write("wrong.csv", WRONG))
        resolve(linked)
        assert people(linked)["ann"] == people(linked)["bob"]


@pytest.mark.slow
def test_a_retraction_in_the_midst_of_a_resolve_run_is_undone_by_the_next(
    linked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = resolve_module.publish

    def slowly(*args: Any, **options: Any) -> Any:
        retract(linked, "wrong.csv")
        return real(*args, **options)

    linked.ingest(linked.write("more.csv", csv_of(order(9, "new", "n"))))
    with monkeypatch.context() as patch:
        patch.setattr(resolve_module, "publish", slowly)
        resolve(linked)
    assert set(people(linked)) == {"ann", "bob", "eve", "new"}
    resolve(linked)
    assert set(people(linked)) == {"ann", "bob", "new"}
    assert people(linked)["ann"] != people(linked)["bob"]


@pytest.mark.slow
def test_every_engine_decides_anew_on_retracted_accounts(engine: Any, lake: Any) -> None:
    small = builder.House(lake)
    small.share(("shop", "a", "m"), ("video", "b", "m"), ("tickets", "c", "own"))
    small.resolve(engine)
    delete_where(lake, IDENTIFIER, "source <> 'shop'")
    small.add(PURCHASE, {"source": "video", "account": "b", "product": "p", "quantity": 1})
    rows = [
        {"source": s, "account": a, "batch": "x"} for s, a in (("video", "b"), ("tickets", "c"))
    ]
    lake.append(
        RETRACTED_ACCOUNT, pa.Table.from_pylist(rows, schema=RETRACTED_ACCOUNT.schema), batch="x"
    )
    outcome = small.resolve(engine)
    assert small.people() == {("shop", "a"): 0, ("video", "b"): 2}
    assert (outcome.persons, outcome.removed_accounts, outcome.removed_persons) == (2, 1, 1)
    assert lake.read(RETRACTED_ACCOUNT).num_rows == 0
    assert lake.version(BEGUN) is None
    assert lake.version(RETRACTED) is None
