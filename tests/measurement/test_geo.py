"""A table of city, day and value."""

import json
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_geo
from fullhouse.view.words.readout import geo_sentences

FIRST = date(2024, 1, 1)


def _table(effect=0.3, cities=8, days=60, seed=1):
    g = np.random.default_rng(seed)
    common = 1 + 0.2 * np.sin(np.arange(days))
    rows = []
    for c in range(cities):
        sold = 1000 * (c + 1) * (common + g.normal(0, 0.03, days))
        if c < 2:
            sold[50:] += effect * sold[:50].mean()
        rows += [
            {"city": f"c{c}", "day": FIRST + timedelta(d), "sold": float(v)}
            for d, v in enumerate(sold)
        ]
    g.shuffle(rows)
    return rows


READ = {
    "city": "city",
    "day": "day",
    "value": "sold",
    "treated": ["c0", "c1"],
    "start": FIRST + timedelta(50),
    "end": FIRST + timedelta(59),
}


def test_effect_put_in_is_found_and_said():
    result = read_geo(pa.Table.from_pylist(_table()), **READ)
    assert result.proven
    assert result.units.low < 0.3 * 3000 * 10 < result.units.high
    assert result.relative.value == pytest.approx(0.3, abs=0.05)
    assert sum(result.weights.values()) == pytest.approx(1, abs=0.01)
    assert geo_sentences(result)[0].startswith("The campaign brought")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["start"] == "2024-02-20"


def test_nothing_is_said_not_to_be_told():
    result = read_geo(pa.Table.from_pylist(_table(effect=0.0)), **READ)
    assert result.units.low < 0 < result.units.high
    assert geo_sentences(result)[0].startswith("The data cannot tell")


def test_text_days_and_the_order_of_rows_do_not_matter():
    rows = _table()
    one = read_geo(pa.Table.from_pylist(rows), **READ)
    texts = [r | {"day": r["day"].isoformat()} for r in reversed(rows)]
    assert read_geo(pa.Table.from_pylist(texts), **READ) == one


@pytest.mark.parametrize(
    ("change", "given", "error", "message"),
    [
        (lambda r: r[:-1], {}, InputError, "one row a day; .* has 0"),
        (lambda r: [*r, r[0]], {}, InputError, "has 2 on"),
        (lambda r: r, {"treated": ["c9"]}, InputError, "no city 'c9'"),
        (lambda r: r, {"treated": []}, InputError, "At least one city"),
        (lambda r: r, {"treated": ["c1", "c1"]}, InputError, "none twice"),
        (lambda r: r, {"end": date(2025, 1, 1)}, InputError, "must lie in the table's days"),
        (lambda r: r, {"value": "sales"}, InputError, "no column 'sales'"),
        (lambda r: r, {"start": FIRST}, CannotTellError, "0 days before"),
        (
            lambda r: [x | {"sold": 0.0} if x["city"] == "c4" else x for x in r],
            {},
            CannotTellError,
            "c4 has no sold before",
        ),
        (lambda r: [x | {"day": "1 May"} for x in r], {}, InputError, "YYYY-MM-DD"),
    ],
)
def test_mistakes_are_named(change, given, error, message):
    with pytest.raises(error, match=message):
        read_geo(pa.Table.from_pylist(change(_table())), **(READ | given))
