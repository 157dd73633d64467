"""Nothing that is under way while people are erased brings them back."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from deltalake.exceptions import CommitFailedError

from fullhouse import app
from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import ALL, PURCHASE
from fullhouse.erasure.tables import personal_tables
from fullhouse.lake import lake as lake_module
from fullhouse.lake.pins import newest_versions

from .conftest import ANN, BEN, ORDERS, TODAY, House, order


@pytest.mark.slow
def test_an_ingest_at_the_same_time_does_not_bring_an_account_back(house: House) -> None:
    person = house.person(BEN)
    before = len(house.rows(PURCHASE))
    for number in range(8):
        text = ORDERS + "".join(
            order(2000 + 10 * number + n, user) for n, user in enumerate(["u-777", "u-7", "c-001"])
        )
        (house.folder / f"late-{number}.csv").write_text(text)

    def take(number: int) -> None:
        name = f"late-{number}.csv"
        for _ in range(20):
            # Where what it had begun to read was erased it asks to be run again.
            with suppress(ConflictError):
                house.ingest("shop-orders", name, (house.folder / name).read_text())
                return
        raise AssertionError(f"{name} was not taken in by twenty tries")

    with ThreadPoolExecutor(2) as pool:
        taking = pool.map(take, range(8))
        erased = house.erase(BEN)
        list(taking)
    assert erased.complete
    assert house.verify(BEN, persons=[person]).clean
    of_ben = 4
    good = 16
    assert len(house.rows(PURCHASE)) == before - of_ben + good, "two good rows of each file"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before persons are published", "before traits are written"])
def test_a_use_that_read_an_erased_person_writes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    person = house.person(BEN)
    house.ingest("shop-orders", "more.csv", ORDERS + order(3000, "new-0001"))
    with house.open() as context, monkeypatch.context() as patch:
        if when == "before persons are published":
            _then_erase(patch, house, "fullhouse.people.resolve", "publish")
            with pytest.raises(ConflictError):
                app.people_resolve(context)
        else:
            app.people_resolve(context)
            _then_erase(patch, house, "fullhouse.traits.build", "write_traits")
            with pytest.raises(ConflictError):
                app.traits_build(context, app.BuildTraits(as_of=TODAY))
    assert house.verify(BEN, persons=[person]).clean
    with house.open() as context:
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits(as_of=TODAY))
    assert house.verify(BEN, persons=[person]).clean


def _then_erase(patch: pytest.MonkeyPatch, house: House, module: str, name: str) -> None:
    import importlib

    loaded = importlib.import_module(module)
    before = getattr(loaded, name)

    def then(*args: Any, **kwargs: Any) -> Any:
        house.erase(BEN)
        return before(*args, **kwargs)

    patch.setattr(loaded, name, then)


def test_every_personal_table_is_erased_from() -> None:
    reached = {table.name for table in personal_tables()}
    assert {t.name for t in ALL.values() if t.is_personal} <= reached


@pytest.mark.slow
def test_old_tables_whose_logs_hold_names_are_cleaned_too(house: House) -> None:
    log = house.root / "lake" / "purchase" / "_delta_log"
    old = log / "00000000000000000001.json"
    text = old.read_text()
    named = r"\"minValues\":{\"account\":\"u-777\","
    old.write_text(text.replace(r"\"minValues\":{", named))
    assert old.read_text() != text
    assert any("_delta_log" in t.place for t in house.verify(BEN).traces)
    assert house.erase(BEN).complete
    assert "u-777" not in old.read_text()


@pytest.mark.slow
def test_erasures_are_done_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each removes files: two at once would take what the other has just written."""
    inside, most = [0], [0]
    erasures = import_module("fullhouse.erasure")
    real = erasures.erase

    def watched(*args: Any, **options: Any) -> Any:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        try:
            time.sleep(0.2)
            return real(*args, **options)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(erasures, "erase", watched)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(house.erase, (ANN, BEN)))
    assert most == [1]
    assert all(erased.complete for erased in done)
    assert house.verify(ANN, BEN).clean


ORDER = order(3000, "new-0001")
COMMANDS = {
    "ingest": lambda house: house.ingest("shop-orders", "more.csv", ORDERS + ORDER),
    "people": lambda house: _use(house, app.people_resolve),
    "traits": lambda house: _use(house, app.traits_build, app.BuildTraits(as_of=TODAY)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "commits"), [
    ("ingest", 0), ("ingest", 1), ("people", 1), ("traits", 2),
])  # fmt: skip
def test_who_loses_against_other_writers_is_told_what_was_written_and_goes_on_later(
    house: House, monkeypatch: pytest.MonkeyPatch, command: str, commits: int
) -> None:
    run = COMMANDS[command]
    for name, earlier in COMMANDS.items():
        if name == command:
            break
        earlier(house)
    before = _versions(house)
    left, real = [commits], lake_module.write_deltalake

    def write(*args: Any, **kwargs: Any) -> None:
        if left[0] == 0:
            raise CommitFailedError("another writer was first")
        left[0] -= 1
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(lake_module, "write_deltalake", write)
        with pytest.raises(ConflictError) as problem:
            run(house)
    after = _versions(house)
    changed = {name for name, version in after.items() if version > max(before.get(name, 0), 0)}
    assert set(problem.value.facts["written"]) == changed
    assert len(changed) <= commits
    assert bool(changed) == (commits > 0)
    words = str(problem.value)
    assert ("No table of the lake was changed" in words) == (not changed)
    assert all(name in words for name in changed)
    run(house)
    once = house.rows(PURCHASE)
    run(house)
    assert house.rows(PURCHASE) == once


def _use(house: House, verb: Any, *request: Any) -> Any:
    with house.open() as context:
        return verb(context, *request)


def _versions(house: House) -> dict[str, int]:
    with house.open() as context:
        return newest_versions(context.lake.place.root, set(ALL))
