"""A distributor's table of cities holds no small count, nor one that the others leave."""

import json
from dataclasses import replace
from datetime import date

import pytest

from fullhouse.core.errors import InputError
from fullhouse.exhibit.pack import CinemaDemand, CityDemand, Demand, Source
from fullhouse.planning.plan import Amount

DAY = date(2025, 3, 14)
AVON = CityDemand("Avon", Amount(300.0, 100.0, 600.0), Amount(700.0, 200.0, 1500.0), 8,
                  (CinemaDemand("avon-1", Amount(120.0, 40.0, 250.0), 3),))  # fmt: skip
BATH, YORK = (CityDemand(name, None, None, None) for name in ("Bath", "York"))
TABLE = Demand(
    film="f", title="F", territory="ZZ", as_of=date(2025, 2, 28), opening=DAY, first=DAY,
    minimum=50, seats=120, goal=0.3, total=Amount(900.0, 300.0, 2000.0),
    week=Amount(400.0, 150.0, 800.0), cities=(AVON, BATH, YORK), source=Source(1, DAY, DAY),
)  # fmt: skip


def test_it_is_json_and_rows_of_cities_and_cinemas():
    assert json.loads(json.dumps(TABLE.to_dict()))["cities"][1]["week"] is None
    rows = TABLE.rows()
    assert [(r["city"], r["cinema"], r["week_middle"], r["run_high"]) for r in rows] == [
        ("Avon", "", 300.0, 1500.0), ("Avon", "avon-1", 120.0, None), ("Bath", "", None, None),
        ("York", "", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimum": 400}, "in Avon is under the minimum of 400"),
        ({"minimum": 130}, "in avon-1 is under the minimum of 130"),
        ({"week": Amount(349.0, 1.0, 900.0)}, "Bath, York can be computed from the whole"),
        ({"total": Amount(749.0, 1.0, 900.0)}, "Bath, York can be computed from the whole"),
        ({"cities": (AVON, BATH)}, "Bath can be computed from the whole"),
        (
            {"cities": (replace(AVON, week=Amount(150.0, 60.0, 300.0)), BATH, YORK)},
            "Another cinema of Avon can be computed",
        ),
    ],
    ids=["city", "cinema", "week", "run", "alone", "other cinema"],
)
def test_small_counts_and_what_gives_them_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(TABLE, **changes)
