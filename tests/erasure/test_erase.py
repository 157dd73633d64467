"""An erased account is gone from everywhere, its neighbours are as they were."""

import json
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from pyroaring import BitMap
from sqlalchemy import text

from fullhouse import app
from fullhouse.control.suppression import pending_erasures
from fullhouse.core.errors import InputError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ALL,
    AUDIENCE_BLOCK,
    CAMPAIGN_PEOPLE,
    CAMPAIGN_UNIT,
    DISPATCHED,
    IDENTIFIER,
    INGESTED,
    PURCHASE,
    QUARANTINE,
    TRAIT,
    TRAIT_BITMAP,
)

from .conftest import ANN, BEN, ORDERS, TODAY, VID, WEAK, House, order


def digests_of(house: House, *accounts: tuple[str, str]) -> list[str]:
    rows = house.rows(IDENTIFIER)
    return [r["digest"] for r in rows if (r["source"], r["account"]) in accounts]


def everything(house: House) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, bitmaps as the persons in them."""
    tables = {}
    for name, table in ALL.items():
        rows = house.rows(table)
        for row in rows:
            if "bitmap" in row:
                row["bitmap"] = list(BitMap.deserialize(row["bitmap"]))
        tables[name] = rows
    return tables


@pytest.mark.slow
def test_nothing_is_left_of_an_account_whose_person_has_no_other(house: House) -> None:
    person, digests = house.person(BEN), digests_of(house, BEN)
    before = house.verify(BEN, persons=[person], digests=digests)
    assert {t.kind for t in before.traces} == {"account", "person", "identifier"}
    erased = house.erase(BEN)
    assert erased.complete
    assert (erased.accounts, erased.known_accounts, erased.persons) == (1, 1, 1)
    assert erased.other_accounts == ()
    assert house.verify(BEN, persons=[person], digests=digests).clean
    assert {"account", "purchase", "consent", "identifier", "quarantine", "account_person",
            "person", "person_event", "person_trait", "trait_bitmap", "audience_block",
            "campaign_people"} <= set(erased.rows)  # fmt: skip


@pytest.mark.slow
def test_the_neighbours_are_as_they_were(house: House) -> None:
    person = house.person(BEN)
    before = everything(house)
    house.erase(BEN)
    after = everything(house)
    for name, rows in before.items():
        if name in ("trait", "trait_build", "campaign_unit"):
            continue
        left = []
        for row in rows:
            if row.get("account") == "u-777" or row.get("person") == person:
                continue
            if name == "quarantine" and "u-777" in str(row["raw"]):
                continue
            if isinstance(people := row.get("bitmap"), list) and person in people:
                people.remove(person)
                row["persons"] = len(people)
                if not people:
                    continue
            left.append(row)
        assert sorted(left, key=repr) == sorted(after[name], key=repr), name


@pytest.mark.slow
def test_traits_and_audiences_count_whom_they_still_have(house: House) -> None:
    house.erase(BEN)
    sizes: dict[int, int] = {}
    for row in house.rows(TRAIT_BITMAP):
        sizes[row["trait"]] = sizes.get(row["trait"], 0) + len(BitMap.deserialize(row["bitmap"]))
    assert all(r["persons"] == sizes.get(r["trait"], 0) for r in house.rows(TRAIT) if r["built"])
    members = sum(len(BitMap.deserialize(r["bitmap"])) for r in house.rows(AUDIENCE_BLOCK))
    with house.open() as context:
        assert app.audience_show(context, app.ShowAudience("all")).persons == members


@pytest.mark.slow
def test_an_account_of_a_person_with_others_goes_and_they_are_named(house: House) -> None:
    person = house.person(ANN)
    erased = house.erase(ANN)
    assert erased.complete
    assert (erased.persons, erased.other_accounts) == (0, (VID,))
    assert house.verify(ANN).clean
    assert house.person(VID) == person
    kept = BitMap.union(*(BitMap.deserialize(r["bitmap"]) for r in house.rows(CAMPAIGN_PEOPLE)))
    assert person in kept, "who stays by another account keeps their arm"
    with house.open() as context:
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits(as_of=TODAY))
    assert house.verify(ANN).clean
    assert house.person(VID) == person


@pytest.mark.slow
def test_with_the_whole_person_all_accounts_go(house: House) -> None:
    person, digests = house.person(ANN), digests_of(house, ANN, VID)
    erased = house.erase(ANN, whole_person=True)
    assert (erased.accounts, erased.persons, erased.other_accounts) == (2, 1, ())
    assert house.verify(ANN, VID, persons=[person], digests=digests).clean


@pytest.mark.slow
def test_an_identifier_that_another_account_has_stays(house: House) -> None:
    (digest,) = set(digests_of(house, VID))
    house.erase(ANN)
    assert digests_of(house, VID) == [digest]


@pytest.mark.slow
def test_an_id_that_could_be_any_number_goes_too_and_no_other(house: House) -> None:
    assert house.erase(WEAK).complete
    accounts = {r["account"] for r in house.rows(PURCHASE)}
    assert "12" not in accounts
    assert "123" in accounts
    assert [json.loads(r["raw"]).get("user") for r in house.rows(QUARANTINE)].count("123") == 1
    assert house.verify(("shop", "123")).traces


@pytest.mark.slow
def test_file_names_that_name_an_account_become_others(house: House) -> None:
    house.erase(ANN)
    files = [r["file"] for r in house.rows(INGESTED)]
    assert "erased" in files
    assert not any("u-77" in f for f in files)
    with house.open() as context:
        details = [repr(e.detail) for e in app.audit(context)]
    assert not any("u-77.csv" in d for d in details)


@pytest.mark.slow
def test_the_log_has_that_it_happened_and_not_of_whom(house: House) -> None:
    house.erase(BEN)
    with house.open() as context:
        entry = next(e for e in app.audit(context) if e.action == "people.erase")
    assert entry.detail == {"accounts": 1, "persons": 1, "complete": True}


@pytest.mark.slow
def test_a_late_file_does_not_bring_an_account_back(house: House) -> None:
    person = house.person(BEN)
    house.erase(BEN)
    late = ORDERS + order(950, "u-777") + order(951, "u-777", "-1") + order(952, "u-7")
    report = house.ingest("shop-orders", "late.csv", late)
    assert (report.written, report.suppressed, report.quarantined) == (1, 2, {})
    assert house.verify(BEN, persons=[person]).clean


@pytest.mark.slow
def test_erasing_again_does_no_harm(house: House) -> None:
    house.erase(BEN)
    before = everything(house)
    again = house.erase(BEN)
    assert again.complete
    assert (again.known_accounts, again.newly_suppressed, again.rows) == (0, 0, {})
    assert everything(house) == before


@pytest.mark.slow
def test_households_named_after_an_erased_person_get_another_name(house: House) -> None:
    units = house.rows(CAMPAIGN_UNIT)
    gone = units[0]["unit"]
    account = next(r for r in house.rows(ACCOUNT_PERSON) if r["person"] == gone)
    house.erase((account["source"], account["account"]), whole_person=True)
    left = house.rows(CAMPAIGN_UNIT)
    assert len(left) == len(units) - 1
    mates = {r["person"] for r in units if r["unit"] == gone} - {gone}
    assert {r["unit"] for r in left if r["person"] in mates} == {min(mates)}


@pytest.mark.slow
def test_what_was_handed_out_loses_the_account_and_nothing_else(house: House) -> None:
    before = (house.out / "mail" / "l1.csv").read_text().splitlines()
    exported = (house.folder / "export.csv").read_text().splitlines()
    house.erase(BEN)
    after = (house.out / "mail" / "l1.csv").read_text().splitlines()
    assert [line for line in before if line not in after] == ['"shop","u-777"']
    left = (house.folder / "export.csv").read_text().splitlines()
    assert [line for line in exported if line not in left] == ['"shop","u-777"']
    assert all(p.stat().st_mode & 0o077 == 0 or p.suffix for p in house.out.rglob("*.csv"))


@pytest.mark.slow
def test_channels_get_a_removal_list_that_outlives_the_person(
    house: House, template: House
) -> None:
    assert house.erase(BEN).to_remove == 2, "one on each channel"
    # The copy of the house hands over to where the house itself did.
    lists = (template.out / "removals" / "mail").glob("spring-*.csv")
    assert ['"source","account"', '"shop","u-777"'] in [p.read_text().splitlines() for p in lists]
    assert list((template.out / "removals" / "push").glob("spring-*.parquet"))
    assert house.verify(BEN).clean
    assert not any(r["account"] == "u-777" for r in house.rows(DISPATCHED))


@pytest.mark.slow
def test_an_account_that_nobody_knows_is_suppressed_all_the_same(house: House) -> None:
    erased = house.erase(("shop", "nobody-1"))
    assert erased.complete
    assert (erased.known_accounts, erased.newly_suppressed) == (0, 1)


def test_an_empty_house_can_erase(tmp_path: Path) -> None:
    house = House(tmp_path)
    app.init_house(str(house.root), environment={}).close()
    assert house.erase(BEN).complete


@pytest.mark.parametrize("accounts", [(), (("", "u-77"),), (("shop", " "),)])
def test_an_account_without_source_or_id_is_refused(accounts: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(InputError):
        app.ErasePeople(accounts)


class Killed(BaseException):
    """A process that is gone: nothing catches it."""


STEPS = (
    "fullhouse.erasure.erase:suppress",
    "fullhouse.erasure.tables:fence",
    "fullhouse.erasure.tables:purge",
    "fullhouse.lake.maintain:_empty_log",
    "fullhouse.erasure.erase:take_from_handed_out",
    "fullhouse.erasure.erase:take_from_workspace",
    "fullhouse.erasure.erase:take_from_control",
    "fullhouse.erasure.erase:end_erasures",
    "fullhouse.erasure.erase:compact_control",
    "fullhouse.erasure.erase:record",
)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", [1, 12])
def test_an_erasure_that_dies_at_any_step_is_ended_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch, step: str, call: int
) -> None:
    person, digests = house.person(BEN), digests_of(house, BEN)
    module, _, name = step.partition(":")
    calls = []

    with monkeypatch.context() as patch, suppress(Killed):
        loaded = import_module(module)
        before = getattr(loaded, name)

        def dies(*args: object, **kwargs: object) -> object:
            calls.append(1)
            if len(calls) == call:
                raise Killed
            return before(*args, **kwargs)

        patch.setattr(loaded, name, dies)
        house.erase(BEN)
    # The next erasure is of somebody else, and ends this one too.
    assert house.erase(("shop", "c-005")).complete
    assert house.verify(BEN, persons=[person], digests=digests).clean
    with house.open() as context:
        assert pending_erasures(context.control) == []
        with context.control.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM erasure")).scalar() == 0
