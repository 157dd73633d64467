"""Saved versions and their export: frozen, whole or absent, consent applied again."""

import csv
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy.orm import Session

from fullhouse import app, audiences, control
from fullhouse.app import Context
from fullhouse.app import audiences as stage
from fullhouse.control import audit_log
from fullhouse.control.campaigns import save_plan
from fullhouse.core.errors import InputError, StorageError
from fullhouse.core.tables import AUDIENCE_BLOCK

House = Callable[..., Any]
FAR = (1 << 20) + 3
FEMALE = {1, 2, 3, FAR}
EVERYONE = {1, 2, 3, 4, 5, FAR}
ACCOUNTS = {
    ("shop", "s1"): 1,
    ("video", "v1"): 1,
    ("shop", "s2"): 2,
    ("shop", "s3"): 3,
    ("video", "v4"): 4,
    ("video", "vfar"): FAR,
}


@pytest.fixture
def workspace(tmp_path: Path, house: House, accounts: House, speak: House) -> Iterator[Context]:
    with app.init_house(str(tmp_path / "house"), environment={}) as context:
        house(context.lake, {"gender:female": FEMALE, "genre:dog": {2, 4}}, EVERYONE)
        accounts(context.lake, ACCOUNTS)
        for source, account in ACCOUNTS:
            speak(context.lake, source, account, True, purpose="advertising")
        yield context


def members(workspace: Context, name: str, version: int) -> set[int]:
    blocks = audiences.read_members(workspace.lake, name, version)
    return {p for people in blocks.values() for p in people}


def exported(path: Path) -> set[tuple[str, str]]:
    if path.suffix == ".csv":
        with path.open() as lines:
            return {(r["source"], r["account"]) for r in csv.DictReader(lines)}
    return {(r["source"], r["account"]) for r in pq.read_table(path).to_pylist()}


def test_a_saved_version_stays_as_it_was(workspace: Context, house: House) -> None:
    first = stage.audience_save(workspace, stage.SaveAudience("women", "female")).audience
    assert (first.version, first.persons, first.rule) == (1, 4, "gender:female")
    house(workspace.lake, {"gender:female": {5}}, EVERYONE, number=2)
    second = stage.audience_save(workspace, stage.SaveAudience("women", "female")).audience
    assert (second.version, second.persons, second.build) == (2, 1, 2)
    assert members(workspace, "women", 1) == FEMALE
    assert stage.audience_show(workspace, stage.ShowAudience("women")) == second
    assert stage.audience_show(workspace, stage.ShowAudience("women@1")) == first
    assert stage.audience_list(workspace) == (second, first)


def test_a_saved_audience_in_a_rule_keeps_its_people_and_pins_its_version(
    workspace: Context, merged: House
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    stage.audience_save(workspace, stage.SaveAudience("women", "everyone"))
    counted = stage.audience_count(workspace, stage.CountAudience("audience:women@1 & dog"))
    assert (counted.persons, counted.basis.rules) == (1, ("audience:women@1 & genre:dog",))
    assert stage.audience_count(workspace, stage.CountAudience("audience:women")).basis.rules == (
        "audience:women@2",
    )
    merged(workspace.lake, 5, FAR)
    assert (
        stage.audience_count(workspace, stage.CountAudience("audience:women@1 - female")).persons
        == 1
    )


def test_an_audience_of_nobody_is_saved_too(workspace: Context) -> None:
    none = stage.audience_save(workspace, stage.SaveAudience("none", "female & !female")).audience
    assert (none.version, none.persons) == (1, 0)
    assert (
        stage.audience_save(workspace, stage.SaveAudience("none", "female")).audience.version == 2
    )
    assert stage.audience_count(workspace, stage.CountAudience("audience:none@1")).persons == 0


def test_saves_at_once_get_versions_of_their_own(workspace: Context) -> None:
    _ = (workspace.control, workspace.key)
    problems: list[BaseException] = []

    def save() -> None:
        try:
            with app.open_house(workspace.place.root, environment={}) as own:
                stage.audience_save(own, stage.SaveAudience("women", "female"))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=save) for _ in range(5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not problems
    assert sorted(a.version for a in stage.audience_list(workspace)) == [1, 2, 3, 4, 5]
    assert all(members(workspace, "women", v) == FEMALE for v in range(1, 6))


def test_a_crash_in_between_shows_no_half_version(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: Session) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", crash)
        with pytest.raises(OSError, match="power cut"):
            stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    assert workspace.lake.read(AUDIENCE_BLOCK).num_rows > 0
    assert stage.audience_list(workspace) == ()
    with pytest.raises(InputError, match="No audience 'women'"):
        stage.audience_show(workspace, stage.ShowAudience("women"))
    assert stage.audience_save(workspace, stage.SaveAudience("women", "dog")).audience.version == 2
    assert members(workspace, "women", 2) == {2, 4}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_an_export_has_the_accounts_of_those_who_take_part_now(
    workspace: Context, speak: House, tmp_path: Path, suffix: str
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female", purpose="advertising"))
    speak(
        workspace.lake, "video", "v1", False, purpose="advertising",
        at=datetime(2020, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    file = tmp_path / f"women{suffix}"
    done = stage.audience_export(workspace, stage.ExportAudience("women", file))
    assert exported(file) == {("shop", "s2"), ("shop", "s3"), ("video", "vfar")}
    assert done.accounts == {"shop": 2, "video": 1}
    assert (done.persons, done.left_out, done.gone) == (3, 1, 0)
    assert members(workspace, "women", 1) == FEMALE
    some = stage.audience_export(
        workspace, stage.ExportAudience("women@1", file, sources=["video"])
    )
    assert (some.audience, exported(file)) == (done.audience, {("video", "vfar")})
    assert some.gone == 2


def test_an_export_needs_a_grant_even_when_analytics_did_not(
    workspace: Context, accounts: House, tmp_path: Path
) -> None:
    accounts(workspace.lake, ACCOUNTS | {("shop", "s5"): 5})
    stage.audience_save(workspace, stage.SaveAudience("all", "everyone"))
    done = stage.audience_export(workspace, stage.ExportAudience("all", tmp_path / "all.csv"))
    assert done.left_out == 1
    assert ("shop", "s5") not in exported(tmp_path / "all.csv")


def test_who_refuses_analytics_is_in_no_export_of_an_analytics_audience(
    workspace: Context, speak: House, tmp_path: Path
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    speak(workspace.lake, "shop", "s2", False, purpose="analytics")
    stage.audience_export(workspace, stage.ExportAudience("women", tmp_path / "women.csv"))
    assert ("shop", "s2") not in exported(tmp_path / "women.csv")


def test_an_export_follows_people_who_were_merged(
    workspace: Context, accounts: House, merged: House, tmp_path: Path
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("dogs", "dog"))
    # 4 became 3, and 3 became 1: the member 4 is now person 1, with all the accounts of 1.
    merged(workspace.lake, 3, 4)
    merged(workspace.lake, 1, 3)
    accounts(workspace.lake, ACCOUNTS | {("video", "v4"): 1, ("shop", "s3"): 1})
    done = stage.audience_export(workspace, stage.ExportAudience("dogs", tmp_path / "dogs.csv"))
    assert exported(tmp_path / "dogs.csv") == {
        ("shop", "s1"), ("video", "v1"), ("shop", "s2"), ("shop", "s3"), ("video", "v4"),
    }  # fmt: skip
    assert done.persons == 2


def test_a_failed_export_leaves_the_file_as_it_was(
    workspace: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    file = tmp_path / "women.csv"
    stage.audience_export(workspace, stage.ExportAudience("women", file))
    before = file.read_bytes()

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(sys.modules["fullhouse.audiences.export"], "mark", fails)
    with pytest.raises(OSError, match="disk full"):
        stage.audience_export(workspace, stage.ExportAudience("women", file))
    assert file.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name != "house"] == ["women.csv"]


def test_who_withdraws_while_the_file_is_written_is_not_in_it(
    workspace: Context, speak: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    module = sys.modules["fullhouse.audiences.export"]
    mark, waiting = module.mark, ["s2", "s3"]

    def withdraws(*columns: object) -> None:
        mark(*columns)
        if waiting:
            tomorrow = datetime(2035, 1, 1, tzinfo=UTC)
            account = waiting.pop()
            speak(workspace.lake, "shop", account, False, purpose="advertising", at=tomorrow)

    monkeypatch.setattr(module, "mark", withdraws)
    done = stage.audience_export(
        workspace, stage.ExportAudience("women", tmp_path / "women.csv", sources=["shop"])
    )
    left = {a for _, a in exported(tmp_path / "women.csv")}
    assert not left & {"s2", "s3"}
    assert done.accounts.get("shop", 0) == len(left)
    actions = [row.action for row in audit_log(workspace.control)]
    assert actions[:2] == ["audience.exported", "audience.export"]


def test_no_file_leaves_when_the_audit_log_cannot_be_written(
    workspace: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))

    def read_only(*_: object) -> None:
        raise OSError("attempt to write a readonly database")

    monkeypatch.setattr("fullhouse.control.record", read_only)
    with pytest.raises(StorageError, match="readonly"):
        stage.audience_export(workspace, stage.ExportAudience("women", tmp_path / "women.csv"))
    assert [p.name for p in tmp_path.iterdir()] == ["house"]


@pytest.mark.slow
def test_an_export_is_its_owners_alone(workspace: Context, tmp_path: Path) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    for name in ("women.csv", "women.parquet"):
        stage.audience_export(workspace, stage.ExportAudience("women", tmp_path / name))
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("purpose", ["advertizing", "ads", "", "newsletter"])
def test_a_purpose_that_nobody_knows_is_refused_everywhere(
    workspace: Context, purpose: str
) -> None:
    for verb, request in (
        (stage.audience_count, stage.CountAudience("female", purpose=purpose)),
        (stage.audience_save, stage.SaveAudience("w", "female", purpose=purpose)),
        (
            stage.audience_split,
            stage.SplitAudience("female", shares=("0.5",), salt="a", purpose=purpose),
        ),
    ):
        with pytest.raises(InputError, match="Purposes are advertising, analytics"):
            verb(workspace, request)  # type: ignore[operator]  # each verb with its own request


def test_mistakes(workspace: Context, tmp_path: Path) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    for name, message in {
        "womne": "No audience 'womne'. Did you mean 'women'",
        "women@7": "has no version 7; it has 1",
        "women@x": "A version is a number",
    }.items():
        with pytest.raises(InputError, match=message):
            stage.audience_show(workspace, stage.ShowAudience(name))
    with pytest.raises(InputError, match=r"\.parquet or \.csv"):
        stage.audience_export(workspace, stage.ExportAudience("women", tmp_path / "women.xlsx"))
    with pytest.raises(InputError, match="There is no folder"):
        stage.audience_export(
            workspace, stage.ExportAudience("women", tmp_path / "no" / "women.csv")
        )
    with pytest.raises(InputError, match=r"No source 'shopp'. Did you mean 'shop'"):
        stage.audience_export(
            workspace, stage.ExportAudience("women", tmp_path / "women.csv", sources=["shopp"])
        )
    with pytest.raises(InputError, match="The name of an audience must be"):
        stage.audience_save(workspace, stage.SaveAudience("my women", "female"))


def test_a_split_saves_parts_that_add_up(workspace: Context) -> None:
    split = stage.audience_split(
        workspace,
        stage.SplitAudience("everyone", shares=["0.5", "0.25", "0.25"], salt="x", save="arm"),
    )
    saved = [members(workspace, f"arm-{i}", 1) for i in (1, 2, 3)]
    assert set().union(*saved) == EVERYONE
    assert sum(map(len, saved)) == len(EVERYONE) == sum(p.persons for p in split.parts)
    with pytest.raises(InputError, match=r"add up to 1\.1"):
        stage.audience_split(
            workspace, stage.SplitAudience("everyone", shares=["0.6", "0.5"], salt="x")
        )


def test_a_deleted_version_is_gone_and_its_number_is_not_given_again(workspace: Context) -> None:
    for rule in ("female", "dog"):
        stage.audience_save(workspace, stage.SaveAudience("women", rule))
    stage.audience_save(workspace, stage.SaveAudience("dogs", "dog"))
    gone = stage.audience_delete(workspace, stage.DeleteAudience("women"))
    assert str(gone) == "women@2"
    assert [str(a) for a in stage.audience_list(workspace)] == ["dogs@1", "women@1"]
    assert members(workspace, "women", 2) == set()
    assert members(workspace, "women", 1) == FEMALE
    assert members(workspace, "dogs", 1) == {2, 4}
    with pytest.raises(InputError, match="no version 2"):
        stage.audience_show(workspace, stage.ShowAudience("women@2"))
    again = stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    assert again.audience.version == 3
    assert control.audit_log(workspace.control)[1].action == "audience.delete"


def test_what_another_audience_is_made_of_is_not_deleted(workspace: Context) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    stage.audience_save(workspace, stage.SaveAudience("both", "dog | audience:women"))
    with pytest.raises(InputError, match="women@1 is part of the saved audiences both@1"):
        stage.audience_delete(workspace, stage.DeleteAudience("women"))
    assert members(workspace, "women", 1) == FEMALE
    stage.audience_delete(workspace, stage.DeleteAudience("both"))
    stage.audience_delete(workspace, stage.DeleteAudience("women@1"))
    assert stage.audience_list(workspace) == ()


@pytest.mark.parametrize("rule", ["audience:women", "dog & audience:women@1"])
def test_what_a_plan_addresses_is_not_deleted(workspace: Context, rule: str) -> None:
    stage.audience_save(workspace, stage.SaveAudience("women", "female"))
    body = {"lines": [{"rule": "genre:dog"}, {"rule": rule}]}
    save_plan(workspace.control, "spring", "up-2009", body, at=datetime(2020, 1, 2, tzinfo=UTC))
    with pytest.raises(InputError, match="women@1 is in the plans spring@1"):
        stage.audience_delete(workspace, stage.DeleteAudience("women"))
    stage.audience_save(workspace, stage.SaveAudience("womens", "female"))
    stage.audience_delete(workspace, stage.DeleteAudience("womens"))


def test_results_print_shortly_and_are_tables(workspace: Context) -> None:
    counted = stage.audience_count(workspace, stage.CountAudience("female"))
    assert str(counted) == "4 people: gender:female"
    profile = stage.audience_describe(workspace, stage.DescribeAudience("female", smallest=1))
    assert profile.to_arrow()["trait"].to_pylist() == ["gender:female", "genre:dog"]
    assert str(profile) == "gender:female: 4 people, 2 traits"
    overlap = stage.audience_overlap(workspace, stage.OverlapAudiences(("female", "dog")))
    assert overlap.to_arrow()["persons"].to_pylist() == [3, 1, 1]
    split = stage.audience_split(workspace, stage.SplitAudience("dog", ("0.5", "0.5"), "x"))
    assert sum(split.to_arrow()["persons"].to_pylist()) == 2


def test_a_request_says_what_is_wrong_with_it() -> None:
    with pytest.raises(InputError, match="as_of"):
        stage.CountAudience("female", as_of="the first of May")
    with pytest.raises(InputError, match="takes no 'on'"):
        stage.CountAudience("female", on="2020-01-01")
    assert stage.CountAudience("female", as_of="2020-01-01").as_of == date(2020, 1, 1)
