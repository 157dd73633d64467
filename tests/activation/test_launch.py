"""A launch: who is refused and why, one arm for each person, files of the treated alone."""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap

from fullhouse.activation.deliver import DeliveryLine, deliver
from fullhouse.activation.launch import (
    ALWAYS_OUT,
    HELD_OUT,
    REFUSALS,
    TREATED,
    LineAudience,
    assign_lines,
    freeze_people,
    read_people,
)
from fullhouse.lake import Lake, Place
from fullhouse.tables import ACCOUNT_PERSON

AT = datetime(2025, 7, 1, tzinfo=UTC)
BLOCK = 1 << 20


def _people(ids):
    return {b: BitMap([i for i in ids if i >> 20 == b]) for b in {i >> 20 for i in ids}}


def _ids(blocks):
    return sorted(i for people in blocks.values() for i in people)


ALL = [*range(600), *range(BLOCK, BLOCK + 400)]
LINES = [
    LineAudience("a", _people(ALL[:700]), {"no_consent": _people(ALL[:50]),
                                           "has_ticket": _people(ALL[40:60])}),
    LineAudience("b", _people(ALL[500:]), {"over_cap": _people([ALL[-1]])}),
]  # fmt: skip


def _assigned(**options):
    return assign_lines(LINES, key=b"k", campaign="c", holdout=0.3, global_holdout=0.1, **options)


def test_everybody_of_an_audience_is_in_one_state_and_the_first_reason_counts():
    for line, audience in zip(_assigned(), LINES, strict=True):
        every = [_ids(line.states[s]) for s in (*REFUSALS, TREATED, HELD_OUT, ALWAYS_OUT)]
        assert sorted(i for ids in every for i in ids) == _ids(audience.people)
    assert _ids(_assigned()[0].states["no_consent"]) == ALL[:50]
    assert _ids(_assigned()[0].states["has_ticket"]) == ALL[50:60]


@pytest.mark.parametrize("stratified", [False, True])
def test_somebody_in_two_lines_is_in_one_arm(stratified):
    strata = {b: np.arange(BLOCK) % 3 for b in (0, 1)} if stratified else None
    one, two = _assigned(strata=strata)
    for arm in (TREATED, HELD_OUT, ALWAYS_OUT):
        both = set(_ids(one.states[arm])) & set(ALL[500:700])
        assert both == set(_ids(two.states[arm])) & set(ALL[500:700])
    assert one.eligible == 700 - 60
    assert one.count(HELD_OUT) == pytest.approx(0.27 * one.eligible, abs=4 * 12)


def test_launching_again_changes_nothing(tmp_path):
    lake = Lake(Place.of(str(tmp_path / "lake")))
    assert freeze_people(lake, "c", _assigned(), at=AT, batch="one")
    before = read_people(lake, "c")
    assert not freeze_people(lake, "c", _assigned(), at=AT, batch="one")
    assert read_people(lake, "c") == before
    assert _ids(before["a"][TREATED]) == _ids(_assigned()[0].states[TREATED])
    assert read_people(lake, "other") == {}


def test_files_hold_the_accounts_of_treated_people_and_of_nobody_else(tmp_path):
    lake = Lake(Place.of(str(tmp_path / "lake")))
    rows = [(s, f"{s}{i}", i, 0) for i in ALL for s in ("shop", "video")]
    table = pa.Table.from_pylist(
        [dict(zip(ACCOUNT_PERSON.names, r, strict=True)) for r in rows], ACCOUNT_PERSON.schema
    )
    lake.append(ACCOUNT_PERSON, table, batch="accounts")
    assigned = {x.line: x.states for x in _assigned()}
    day = date(2025, 7, 14)
    lines = [
        DeliveryLine("a", "dogs", "push", ("shop",), "parquet", day, 2.0),
        DeliveryLine("b", "fans", "pre-roll", ("video",), "csv", day, 3.0),
    ]
    done = deliver(lake, lines, assigned, tmp_path)
    treated = _ids(assigned["a"][TREATED])
    sent = pq.read_table(tmp_path / "push" / "a.parquet")
    assert sorted(sent["account"].to_pylist()) == sorted(f"shop{i}" for i in treated)
    assert set(sent["source"].to_pylist()) == {"shop"}
    assert (tmp_path / "pre-roll" / "b.csv").read_text().count("\n") == done[1].rows + 1
    assert [d.persons for d in done] == [len(_ids(assigned[x][TREATED])) for x in "ab"]
    log = pq.read_table(tmp_path / "assigned.parquet").to_pylist()
    assert {r["account"] for r in log if r["line"] == "a" and r["arm"] == "held_out"} == {
        f"shop{i}" for i in _ids(assigned["a"][HELD_OUT])
    }
    again = deliver(lake, lines, assigned, tmp_path)
    assert [d.digest for d in again] == [d.digest for d in done]
    assert [p.name for p in tmp_path.rglob(".*")] == []
