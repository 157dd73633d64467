"""Deliveries: accounts of the treated and of nobody else, in every form, twice the same."""

import hashlib
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.campaigns.accounts import AccountsWanted, accounts_of, members
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD, DeliveryLine
from fullhouse.campaigns.customer_match import check_contacts, match_file, read_contacts
from fullhouse.campaigns.deliver import deliver, log_rows
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake, Place

BLOCK = 1 << 20
ALL = [*range(600), *range(5 * BLOCK, 5 * BLOCK + 400)]
DAY = date(2025, 7, 14)


def _people(ids):
    return {b: BitMap([i for i in ids if i >> 20 == b]) for b in {i >> 20 for i in ids}}


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    lake = Lake(Place.of(str(tmp_path_factory.mktemp("accounts") / "lake")))
    rows = [(s, f"{s}{i}", i, 0) for i in ALL for s in ("shop", "video")]
    named = [dict(zip(ACCOUNT_PERSON.names, r, strict=True)) for r in rows]
    lake.append(ACCOUNT_PERSON, pa.Table.from_pylist(named, ACCOUNT_PERSON.schema), batch="a")
    return lake


SHARED = {TREATED: _people(ALL[:500]), HELD_OUT: _people(ALL[500:550])}
PEOPLE = {
    "a": SHARED,
    "a2": SHARED,
    "b": {
        TREATED: _people(ALL[400:900]), HELD_OUT: _people(ALL[900:]), WITHHELD: _people(ALL[:9])
    },
    "none": {},
}  # fmt: skip
LINES = [
    DeliveryLine("a", "dogs", "push", ("shop",), "parquet", DAY, 2.0),
    DeliveryLine("a2", "dogs", "push", ("shop",), "parquet", date(2025, 7, 21), 1.0),
    DeliveryLine("b", "fans", "pre-roll", ("video",), "csv", DAY, 3.0),
    DeliveryLine("none", "fans", "banner", ("shop",), "parquet", DAY, 3.0),
]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sets(st.sampled_from(ALL)), min_size=1, max_size=70), st.integers(0, 9))
def test_a_word_says_which_sets_a_person_is_in(sets, seed):
    some = sets[:64]
    persons = np.random.default_rng(seed).permutation([*ALL, 700, 3 * BLOCK, 99 * BLOCK])
    words = members([_people(s) for s in some]).of(persons)
    for person, word in zip(persons.tolist(), words.tolist(), strict=True):
        assert word == sum(1 << n for n, s in enumerate(some) if person in s)


def test_more_sets_than_bits_are_found_in_several_passes(lake):
    wanted = [AccountsWanted(_people(ALL[i : i + 3]), ("shop",)) for i in range(70)]
    accounts = {n: b["account"].to_pylist() for n, b in accounts_of(lake, wanted)}
    assert accounts == {n: [f"shop{i}" for i in ALL[n : n + 3]] for n in range(70)}


def test_files_hold_the_accounts_of_treated_people_and_of_nobody_else(lake, tmp_path):
    done = deliver(lake, LINES, PEOPLE, tmp_path)
    sent = pq.read_table(tmp_path / "push" / "a.parquet")
    assert sorted(sent["account"].to_pylist()) == sorted(f"shop{i}" for i in ALL[:500])
    assert sent.column_names == ["source", "account"]
    assert (tmp_path / "pre-roll" / "b.csv").read_text().count("\n") == done[2].rows + 1 == 501
    assert [d.persons for d in done] == [500, 500, 500, 0]
    assert pq.read_table(tmp_path / "banner" / "none.parquet").num_rows == 0
    # A copy of the same audience in another week is the same file.
    assert done[0].digest == done[1].digest != done[2].digest
    for each in done:
        with open(each.file, "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == each.digest
    log = pq.read_table(tmp_path / "assigned.parquet").to_pylist()
    for line, states in PEOPLE.items():
        source = "video" if line == "b" else "shop"
        for arm in (TREATED, HELD_OUT):
            ids = [i for p in states.get(arm, {}).values() for i in p]
            logged = [r["account"] for r in log if (r["line"], r["arm"]) == (line, arm)]
            assert sorted(logged) == sorted(f"{source}{i}" for i in ids)
    assert {r["day"] for r in log if r["line"] == "a2"} == {date(2025, 7, 21)}
    assert log_rows(LINES, PEOPLE) == len(log) == 2 * 550 + 600
    again = deliver(lake, LINES, PEOPLE, tmp_path)
    assert [d.digest for d in again] == [d.digest for d in done]
    assert [p.name for p in tmp_path.rglob(".*")] == []


def test_without_a_log_no_held_out_person_leaves(lake, tmp_path):
    deliver(lake, LINES, PEOPLE, tmp_path, log=False)
    assert not (tmp_path / "assigned.parquet").exists()


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_contacts_of_delivered_people_leave_as_hashes_and_no_others(lake, tmp_path):
    file = tmp_path / "contacts.csv"
    file.write_text(
        "source,account,email,phone\nshop,shop1, J.Doe@GMail.com ,(657) 777-0000\n"
        "shop,shop2,nonsense,\nshop,shop3,,+4915112345678\nshop,shop599,held@out.example,\n"
        "video,video1,other@channel.example,\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    line = replace(LINES[0], form="google", channel="ads")
    (accounts,) = deliver(lake, [line], PEOPLE, tmp_path, scratch=scratch, log=False)
    check_contacts(file, ("ads",))
    done = match_file(accounts, read_contacts(file), tmp_path, phone_region="US")
    rows = pacsv.read_csv(tmp_path / "ads" / "a.csv").to_pylist()
    assert sorted(map(tuple, (r.values() for r in rows))) == sorted(
        [(_hash("jdoe@gmail.com"), _hash("+16577770000")), ("", _hash("+4915112345678"))]
    )
    assert list(rows[0]) == ["Email", "Phone"]
    assert (done.rows, done.persons) == (2, 500)
    assert done.left_out == {"not among the contacts": 497, "no valid email": 1, "no contact": 1}
    text = b"".join(p.read_bytes() for p in (tmp_path / "ads").rglob("*"))
    assert b"gmail" not in text
    # In any order of the contacts, the same bytes.
    head, *lines = file.read_text().splitlines()
    file.write_text("\n".join([head, *reversed(lines)]) + "\n")
    again = match_file(accounts, read_contacts(file), tmp_path, phone_region="US")
    assert again.digest == done.digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "Give --contacts FILE"),
        ("source,account\n", "email, phone or both; it has source, account"),
        ("source,email\n", "needs the columns source, account"),
    ],
)
def test_contacts_that_cannot_be_used_are_refused(text, message, tmp_path):
    file = tmp_path / "c.csv"
    if text is not None:
        file.write_text(text + "a,b\n")
    with pytest.raises(InputError, match=message):
        check_contacts(None if text is None else file, ("ads",))
    with pytest.raises(InputError, match="there is no file"):
        check_contacts(tmp_path / "none.csv", ("ads",))
