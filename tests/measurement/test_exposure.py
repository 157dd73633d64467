"""Impressions and clicks of a line, and whom they reached: against a plain loop, on each engine."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from pyroaring import BitMap

from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, CLICK, IMPRESSION
from fullhouse.core.values import BLOCK_BITS
from fullhouse.measurement.campaign_readout import Exposure
from fullhouse.measurement.exposure import exposure, reached_people

FIRST, UNTIL = date(2025, 8, 1), date(2025, 8, 20)
LINES = {"a": "app", "b": "push", "never": "app"}
PERSONS = [5, 6, 7, (1 << BLOCK_BITS) - 1, 1 << BLOCK_BITS, 2**32 - 1]


def _events(seed, rows, table):
    """Rows of three lines, over more days than are asked for, some naming another campaign."""
    g = np.random.default_rng(seed)
    event_rows = [
        {
            "source": str(g.choice(["shop", "video"])),
            "account": f"u{g.integers(9)}",
            "event_id": f"e{i}",
            "at": datetime(2025, 8, 1, tzinfo=UTC),
            "day": date(2025, 7, 30) + timedelta(days=int(g.integers(24))),
            "campaign": [None, "dogs", "cats"][g.integers(3)],
            "line": [None, "a", "b", "other"][g.integers(4)],
            "channel": None,
            "film": None,
            "batch": "x",
        }
        for i in range(rows)
    ]
    return event_rows, pa.Table.from_pylist(event_rows, schema=table.schema)


def _accounts():
    """The same account of two sources is two persons or one; some accounts are nobody known."""
    rows = [
        {"source": source, "account": f"u{i}", "person": PERSONS[(i + shift) % 6], "since": 1}
        for source, shift in (("shop", 0), ("video", 1))
        for i in range(6)
    ]
    return rows, pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema)


def _by_block(persons):
    result = {}
    for p in persons:
        result.setdefault(p >> BLOCK_BITS, BitMap()).add(p)
    return result


def _counts(row):
    return (
        FIRST <= row["day"] <= UNTIL and row["campaign"] in (None, "dogs") and row["line"] in LINES
    )


def test_exposure_is_what_a_plain_loop_counts(engine, lake):
    impressions, shown = _events(1, 120, IMPRESSION)
    clicks, clicked = _events(2, 40, CLICK)
    accounts, known = _accounts()
    for table, rows in ((IMPRESSION, shown), (CLICK, clicked), (ACCOUNT_PERSON, known)):
        lake.append(table, rows, batch="one")
    person = {(r["source"], r["account"]): r["person"] for r in accounts}
    treated = {"a": PERSONS[:4], "b": PERSONS[2:], "never": PERSONS[:2]}
    held_out = {"a": PERSONS[4:], "b": PERSONS[:2]}
    expected = []
    for line, channel in LINES.items():
        line_rows = [r for r in impressions if _counts(r) and r["line"] == line]
        who = {person.get((r["source"], r["account"])) for r in line_rows} - {None}
        expected.append(
            Exposure(
                line,
                channel,
                len(treated[line]),
                len(who & set(treated[line])),
                len(line_rows),
                sum(_counts(r) and r["line"] == line for r in clicks),
                len(who & set(held_out.get(line, []))),
            )
        )
    result = exposure(
        engine,
        lake,
        lines=LINES,
        treated={line: _by_block(p) for line, p in treated.items()},
        held_out={line: _by_block(p) for line, p in held_out.items()},
        first=FIRST,
        until=UNTIL,
        campaign="dogs",
    )
    assert result == tuple(expected)
    assert [x.impressions > 0 for x in result] == [True, True, False]
    assert result[0].clicks > 0


def test_reached_people_come_by_block_whatever_their_arm(duck, lake):
    g = np.random.default_rng(3)
    persons = np.unique(g.integers(0, 2**32, 3000))
    accounts = {
        "source": ["shop"] * len(persons),
        "account": [f"u{p}" for p in persons],
        "person": persons,
        "since": np.ones(len(persons), np.int64),
    }
    lake.append(ACCOUNT_PERSON, pa.table(accounts, schema=ACCOUNT_PERSON.schema), batch="one")
    _, template = _events(1, 1, IMPRESSION)
    line_rows = g.choice(persons, 500)
    rows = template.to_pylist()[0] | {"source": "shop", "day": FIRST, "campaign": None, "line": "a"}
    event_rows = [rows | {"account": f"u{p}", "event_id": str(i)} for i, p in enumerate(line_rows)]
    event_rows += [rows | {"account": "unknown", "event_id": "x"}] * 2
    lake.append(IMPRESSION, pa.Table.from_pylist(event_rows, schema=IMPRESSION.schema), batch="one")
    result = reached_people(duck, lake, lines=["b", "a"], first=FIRST, until=FIRST, campaign="dogs")
    assert list(result) == ["b", "a"]
    assert result["b"].people == {}
    assert result["a"].impressions == 502
    assert {b: set(p) for b, p in result["a"].people.items()} == {
        b: set(p) for b, p in _by_block(np.unique(line_rows).tolist()).items()
    }


def test_a_lake_without_impressions_reaches_nobody(duck, lake):
    result = exposure(
        duck, lake, lines=LINES, treated={"a": _by_block(PERSONS)}, held_out={},
        first=FIRST, until=UNTIL, campaign="dogs",
    )  # fmt: skip
    assert [(x.people, x.reached, x.impressions, x.clicks) for x in result] == [
        (6, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"lines": {}}, "No line"), ({"until": FIRST - timedelta(days=1)}, "before the first")],
)
def test_what_is_wrong_is_named(duck, lake, changed, message):
    given = {"lines": LINES, "first": FIRST, "until": UNTIL, "campaign": "dogs"} | changed
    with pytest.raises(InputError, match=message):
        reached_people(duck, lake, **given)
