"""What an operator rules out stays ruled out, and what follows from it is recorded."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app, control
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.people import (
    account_named,
    identifier_named,
    living,
    pairs_of,
    pairs_of_person,
    splits_of,
    write_ruling,
)
from tests.people.builder import AT, House

DIGEST = "ab" * 32


@pytest.mark.slow
def test_two_accounts_that_are_not_one_person_come_apart_and_stay_so(engine, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"), ("tickets", "c", "own"))
    house.resolve(engine)
    write_ruling(house.lake, pairs_of(house.lake, [("shop", "a"), ("video", "b")]), at=AT)
    outcome = house.resolve(engine)
    assert house.people() == {("shop", "a"): 0, ("video", "b"): 2, ("tickets", "c"): 1}
    assert (outcome.splits, outcome.persons, outcome.new_persons) == (1, 3, 1)
    split = splits_of(house.lake, outcome.run)[0]
    assert (split.person, split.separated, split.accounts) == (0, 2, 1)
    house.share(("shop", "a", "other"), ("video", "b", "other"))
    house.resolve(engine)
    assert house.people()["video", "b"] == 2
    assert living(house.lake, [0, 2]) == {0: 0, 2: 2}


@pytest.mark.slow
def test_the_larger_part_keeps_the_id(duck, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"), ("video", "b", "n"), ("tickets", "c", "n"))
    house.resolve(duck)
    write_ruling(house.lake, pairs_of(house.lake, [("shop", "a"), ("tickets", "c")]), at=AT)
    house.resolve(duck)
    people = house.people()
    assert sorted(people.values()) == [0, 0, 1]
    assert people["shop", "a"] != people["tickets", "c"]


@pytest.mark.slow
def test_a_ruling_holds_when_everybody_is_decided_anew(duck, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"))
    house.resolve(duck)
    write_ruling(house.lake, pairs_of(house.lake, [("shop", "a"), ("video", "b")]), at=AT)
    house.resolve(duck)
    people = house.people()
    assert not house.resolve(duck, anew=True).changed
    assert house.people() == people
    # As after a loss of the table: nothing but the feeds and the rulings are left.
    house.lake.replace(ACCOUNT_PERSON, ACCOUNT_PERSON.schema.empty_table())
    house.resolve(duck)
    assert len(set(house.people().values())) == 2


@pytest.mark.slow
def test_an_identifier_ruled_out_links_nobody_and_its_person_comes_apart(duck, house) -> None:
    house.share(*((s, "x", DIGEST) for s in ("shop", "video", "tickets")))
    house.share(("shop", "x", "own"), ("video", "x", "own"), kind="phone")
    house.resolve(duck)
    write_ruling(house.lake, identifier_named(house.lake, f"email:{DIGEST[:12]}"), at=AT)
    house.resolve(duck)
    people = house.people()
    assert people["shop", "x"] == people["video", "x"] == 0
    assert people["tickets", "x"] == 1


@pytest.mark.slow
def test_a_person_is_taken_apart_into_all_of_its_accounts(duck, house) -> None:
    house.share(*(("shop", a, "m") for a in "abcd"))
    house.resolve(duck)
    write_ruling(house.lake, pairs_of_person(house.lake, 0), at=AT)
    assert house.resolve(duck).persons == 4
    assert house.people()["shop", "a"] == 0


@pytest.mark.slow
def test_an_unlink_that_is_taken_back_links_again(duck, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"))
    house.resolve(duck)
    ruling = pairs_of(house.lake, [("shop", "a"), ("video", "b")])
    write_ruling(house.lake, ruling, at=AT)
    house.resolve(duck)
    write_ruling(house.lake, ruling, at=AT, undo=True)
    assert house.resolve(duck).persons == 1
    assert living(house.lake, [1]) == {1: 0}


@pytest.mark.slow
def test_what_was_linked_before_facts_were_known_is_decided_anew(duck, house) -> None:
    house.share(("shop", "a", "m"), ("video", "b", "m"), ("tickets", "c", "m"))
    house.resolve(duck)
    rows = [("shop", "a", 1950), ("video", "b", 1950), ("tickets", "c", 1990)]
    house.name(*({"source": s, "account": a, "birth_year": y} for s, a, y in rows))
    assert not house.resolve(duck).changed
    outcome = house.resolve(duck, anew=True)
    assert (outcome.splits, outcome.persons) == (1, 2)
    assert house.people()["tickets", "c"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [("shop", "source:account"), (":x", "source:account"), ("shop:", "source:account")],
)
def test_an_account_that_is_written_wrongly_is_explained(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        account_named(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email", "kind:digest"),
        ("email:12", "at least 8 digits"),
        ("email:zzzzzzzzzz", "kind:digest"),
        ("email:00000000", "no identifier"),
    ],
)
def test_an_identifier_that_cannot_be_meant_is_explained(house, text: str, message: str) -> None:
    house.share(("shop", "a", DIGEST))
    with pytest.raises(InputError, match=message):
        identifier_named(house.lake, text)


@pytest.mark.slow
def test_the_command_records_what_followed(tmp_path: Path) -> None:
    where = str(tmp_path / "house")
    with app.init_house(where) as workspace:
        House(workspace.lake).share(("shop", "a", DIGEST), ("video", "b", DIGEST))

    def invoke(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(commands, ["people", *words, "-w", where])
        assert result.exit_code == code, result.output
        return result.output

    invoke("resolve")
    outcome = json.loads(invoke("unlink", "shop:a", "video:b", "--json"))
    assert outcome["splits"] == [{"person": 0, "separated": 1, "accounts": 1}]
    assert (outcome["rulings"], outcome["campaigns"]) == (1, [])
    assert "No person changed" in invoke("unlink", "shop:a", "video:b")
    invoke("unlink", "shop:a", "video:b", "--undo")
    with app.open_house(where) as workspace:
        entries = [e for e in control.audit_log(workspace.control) if e.action == "people.unlink"]
    assert len(entries) == 3
    result = CliRunner().invoke(commands, ["people", "unlink", "shop:a", "-w", where])
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit | InputError)
