"""A model links accounts, and keeps pairs and probabilities, never what it read."""

import random
import sys
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.people import (
    LinkPlan,
    account_pairs,
    attributes,
    match,
    parse_plan,
    read_attributes,
    unreadable_dates,
)

PLAN = LinkPlan(
    name="crm",
    account="id",
    source_column="system",
    columns={f: f for f in ("first_name", "surname", "birth_date", "email")},
)


def made_people(
    persons: int = 150, *, seed: int = 3
) -> tuple[pa.Table, dict[tuple[str, str], int]]:
    """People of two systems, the second with a few errors; and who is who."""
    chance = random.Random(seed)
    syllables = ["ma", "ri", "on", "el", "ta", "so", "vi", "ne", "ko", "du", "ba", "li"]

    def word(parts: int) -> str:
        return "".join(chance.choice(syllables) for _ in range(parts))

    rows, truth = [], {}
    for person in range(persons):
        first, last = word(2), word(3)
        born = str(date(1940, 1, 1) + timedelta(days=chance.randrange(25_000)))
        email = f"{first}.{last}{person}@example.org"
        for system in ("shop", "video")[: chance.choice([1, 2, 2])]:
            spelled = last if chance.random() < 0.8 else last[:-1] + "x"
            known = email if chance.random() < 0.5 else None
            name = f" {first.upper()} " if system == "video" else first
            rows.append((system, f"{person}", name, spelled, born, known))
            truth[system, f"{person}"] = person
    columns = list(zip(*rows, strict=True))
    names = ("system", "id", "first_name", "surname", "birth_date", "email")
    return pa.table(
        {n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}
    ), truth


def linked(table: pa.Table) -> tuple[pa.Table, dict]:
    rows = attributes(table, PLAN)
    matched = match(rows, PLAN)
    return account_pairs(matched.pairs, rows, PLAN.name), matched.model


def test_a_model_finds_the_pairs_and_hardly_any_other() -> None:
    table, truth = made_people()
    pairs = linked(table)[0].to_pylist()
    right = [
        p
        for p in pairs
        if truth[p["source_a"], p["account_a"]] == truth[p["source_b"], p["account_b"]]
    ]
    true = len(truth) - len(set(truth.values()))
    assert len(right) >= 0.9 * true
    assert len(right) >= 0.97 * len(pairs)
    assert all(p["probability"] >= PLAN.threshold for p in pairs)


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter() -> None:
    table, _ = made_people(60)
    order = list(range(table.num_rows))
    random.Random(1).shuffle(order)
    assert linked(table)[0].equals(linked(table.take(order))[0])


def test_a_saved_model_gives_the_same_pairs() -> None:
    table, _ = made_people(60)
    rows = attributes(table, PLAN)
    trained = match(rows, PLAN)
    again = match(rows, PLAN, model=trained.model)
    assert account_pairs(again.pairs, rows, "m").equals(account_pairs(trained.pairs, rows, "m"))


def test_the_model_holds_no_value_that_was_read() -> None:
    table, _ = made_people(60)
    text = str(linked(table)[1]).lower()
    for name in ("surname", "email", "birth_date"):
        for value in filter(None, table[name].to_pylist()):
            assert value.lower() not in text


def test_nothing_is_written_while_linking(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    linked(made_people(60)[0])
    assert list(tmp_path.rglob("*")) == []


def test_two_rows_of_one_account_are_no_pair() -> None:
    rows = pa.table({"source": ["s", "s", "t"], "account": ["a", "a", "b"]})
    matched = pa.table({"a": [0, 0, 2], "b": [1, 2, 1], "probability": [1.0, 0.91, 0.95]})
    assert account_pairs(matched, rows, "m").to_pylist() == [
        {
            "source_a": "s",
            "account_a": "a",
            "source_b": "t",
            "account_b": "b",
            "probability": 0.95,
            "model": "m",
        }
    ]


def test_files_of_both_kinds_are_read_alike(tmp_path: Path) -> None:
    table, _ = made_people(20)
    pcsv.write_csv(table.slice(0, 10), tmp_path / "a.csv")
    pq.write_table(table.slice(10), tmp_path / "b.parquet")
    files = [tmp_path / "a.csv", tmp_path / "b.parquet"]
    assert read_attributes(files, PLAN).equals(attributes(table, PLAN))
    assert read_attributes(files[::-1], PLAN).equals(attributes(table, PLAN))


def test_without_splink_the_message_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(InputError, match=r"pip install 'fullhouse\[linkage\]'"):
        match(attributes(made_people(5)[0], PLAN), PLAN)


def test_too_few_rows_cannot_be_linked() -> None:
    with pytest.raises(CannotTellError, match="at least 2"):
        match(attributes(made_people(5)[0].slice(0, 1), PLAN), PLAN)


BASE = 'name = "crm"\naccount = "id"\nsource = "s"\n[columns]\nsurname = "a"\nemail = "b"\n'
WRONG = {
    "not TOML": ("name =", "not valid TOML"),
    "no columns": ('name = "crm"\naccount = "a"\nsource = "s"', "lacks 'columns'"),
    "unknown key": ("treshold = 0.9\n" + BASE, "Did you mean 'threshold'"),
    "unknown field": (BASE + 'sirname = "c"\n', "Did you mean 'surname'"),
    "one field": (BASE.replace('email = "b"\n', ""), "at least two fields"),
    "no source": (BASE.replace('source = "s"\n', ""), "either 'source' or 'source_column'"),
    "two sources": ('source_column = "x"\n' + BASE, "either 'source' or 'source_column'"),
    "threshold of one": ("threshold = 1\n" + BASE, "between 0 and 1"),
    "a text for a number": ('seed = "one"\n' + BASE, "must be a number"),
    "a bad name": (BASE.replace('"crm"', '"../crm"'), "model's name"),
}


@pytest.mark.parametrize(("toml", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_declaration_is_explained(toml: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_plan(toml)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pcsv.write_csv(made_people(5)[0].drop_columns(["surname"]), tmp_path / "a.csv")
    with pytest.raises(InputError, match="no column 'surname'"):
        read_attributes([tmp_path / "a.csv"], PLAN)


def test_rows_without_an_account_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("system,id,first_name,surname,birth_date,email\nshop,,a,b,,\n")
    with pytest.raises(InputError, match="no account"):
        read_attributes([tmp_path / "a.csv"], PLAN)


DATED = """
name = "crm"
account = "id"
source = "shop"
[columns]
surname = "lower(surname)"
birth_date = "date(born, '%d/%m/%Y')"
"""


def test_a_column_may_be_an_expression_as_in_a_feed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,surname,born\n1,DOE,03/04/1980\n2,Roe,\n")
    rows = read_attributes([tmp_path / "a.csv"], parse_plan(DATED))
    assert rows["birth_date"].to_pylist() == ["1980-04-03", None]
    assert rows["surname"].to_pylist() == ["doe", "roe"]


@pytest.mark.parametrize(
    ("column", "date_", "message"),
    [
        ("born", "03/04/1980", r"looks like 99/99/9999"),
        ("born", "1980-02-30", r"YYYY-MM-DD"),
        ("born", "4 May 1980", r"looks like 9 aaa 9999"),
        ("date(born, '%d/%m/%Y')", "1980-04-03", r"1 of 1 birth dates cannot be read by the expr"),
        ("dat(born)", "1980-04-03", r"crm: birth_date: there is no function 'dat'"),
    ],
)
def test_a_birth_date_that_cannot_be_read_stops_the_link(
    tmp_path: Path, column: str, date_: str, message: str
) -> None:
    (tmp_path / "a.csv").write_text(f"id,surname,born\n1,Doe,{date_}\n")
    plan = parse_plan(DATED.replace("date(born, '%d/%m/%Y')", column))
    with pytest.raises(InputError, match=message) as problem:
        read_attributes([tmp_path / "a.csv"], plan)
    assert date_ not in str(problem.value)


def test_a_few_birth_dates_that_are_none_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = [f"{n},Doe,1980-01-{1 + n % 28:02}" for n in range(99)]
    text = "\n".join(["id,surname,born", *lines, "x,Doe,1980-13-01"])
    (tmp_path / "a.csv").write_text(text)
    plan = parse_plan(DATED.replace("date(born, '%d/%m/%Y')", "born"))
    rows = read_attributes([tmp_path / "a.csv"], plan)
    assert unreadable_dates(rows) == 1
    assert rows["birth_date"].null_count == 1
