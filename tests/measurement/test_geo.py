"""A table of city, day and value."""

import json
from datetime import date, timedelta
from math import inf

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_geo
from fullhouse.measurement.geo import read_pairs, read_totals
from fullhouse.view.words.readout import city_pairs_sentences, geo_sentences

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


DAYS = [date(2025, 3, 1) + timedelta(days=n) for n in range(50)]
START, END = DAYS[35], DAYS[41]
PAIRS = [(f"a{n}", f"b{n}") for n in range(8)]
TREATED = [pair[n % 2] for n, pair in enumerate(PAIRS)]
COLUMNS = {"city": "city", "day": "day", "value": "sold", "pairs": PAIRS, "treated": TREATED}


def _city_table(effect, noise=0.02):
    g = np.random.default_rng(1)
    rows = []
    for n, pair in enumerate(PAIRS):
        wave = g.normal(1, 0.1, len(DAYS))
        for city in pair:
            sold = 100 * (n + 1) * wave * g.lognormal(0, noise, len(DAYS))
            sold[35:42] *= 1 + effect * (city in TREATED)
            rows += [{"city": city, "day": d, "sold": s} for d, s in zip(DAYS, sold, strict=True)]
    return pa.Table.from_pylist(rows)


def test_units_are_what_the_treated_sold_beyond_the_others_scaled_to_them():
    table = _city_table(0.1, noise=0.0)
    result = read_pairs(table, **COLUMNS, start=START, end=END)
    sold = {}
    for row in table.to_pylist():
        if START <= row["day"] <= END and row["city"] in TREATED:
            sold[row["city"]] = sold.get(row["city"], 0.0) + row["sold"]
    # Without noise each treated city sold a tenth more than its pair.
    assert result.units.value == pytest.approx(sum(sold.values()) * 0.1 / 1.1)
    assert result.relative.value == pytest.approx(0.1)
    assert result.sold == pytest.approx(sum(sold.values()))
    assert result.expected + result.units.value == pytest.approx(result.sold)
    assert result.p == 2 / 2**8
    assert result.proven


def test_the_interval_holds_what_was_put_in_and_nought_is_not_proven():
    result = read_pairs(_city_table(0.1), **COLUMNS, start=START, end=END)
    assert result.relative.low <= 0.1 <= result.relative.high
    assert result.relative.low > 0
    assert result.units.low < result.units.value < result.units.high
    none = read_pairs(_city_table(0.0), **COLUMNS, start=START, end=END)
    assert none.relative.low < 0 < none.relative.high
    assert not none.proven
    assert "cannot tell" in city_pairs_sentences(none)[0]
    assert city_pairs_sentences(result)[0].startswith("The campaign brought")


def test_days_outside_the_window_and_its_past_are_not_looked_at():
    table = _city_table(0.1)
    result = read_pairs(table, **COLUMNS, start=START, end=END, before_days=14)
    rows = table.to_pylist()
    for row in rows:
        if row["day"] > END or row["day"] < START - timedelta(days=14):
            row["sold"] = 1e9
    again = read_pairs(pa.Table.from_pylist(rows), **COLUMNS, start=START, end=END, before_days=14)
    assert again == result


def test_money_is_what_was_won_at_its_worth_over_what_was_spent():
    result = read_pairs(_city_table(0.1), **COLUMNS, start=START, end=END, spend=500.0, worth=3.0)
    assert result.returned.value == pytest.approx(3 * result.units.value / 500)
    assert result.returned.low == pytest.approx(3 * result.units.low / 500)
    assert result.cost.value == pytest.approx(500 / result.units.value)
    assert result.to_dict()["returned"]["value"] == result.returned.value
    lost = read_pairs(_city_table(-0.3), **COLUMNS, start=START, end=END, spend=500.0)
    assert lost.cost is None
    assert lost.no_cost.code == "nothing_won"
    assert any("Nothing was won" in line for line in city_pairs_sentences(lost))
    assert lost.returned.high < 0
    with pytest.raises(InputError, match="Spend must be money above 0"):
        read_pairs(_city_table(0.1), **COLUMNS, start=START, end=END, spend=0.0)


def test_the_past_may_count_another_thing_in_another_unit():
    design = CityDesign(tuple(PAIRS), tuple(TREATED))
    g = np.random.default_rng(2)
    before = {c: float(g.uniform(100, 200)) for p in PAIRS for c in p}
    after = {c: n * (1.2 if c in TREATED else 1.0) for c, n in before.items()}
    given = {"value": "tickets", "start": START, "end": END}
    result = read_totals(before, after, design, **given)
    assert result.relative.value == pytest.approx(0.2)
    other = read_totals({c: 40 * n for c, n in before.items()}, after, design, **given)
    assert other.units.value == pytest.approx(result.units.value)
    assert other.p == result.p


def test_an_effect_without_bound_is_written_as_json_can():
    design = CityDesign(tuple(PAIRS), tuple(TREATED))
    before = {c: 10.0 for p in PAIRS for c in p}
    after = dict.fromkeys(before, 0.0) | dict.fromkeys(PAIRS[0], 5.0)
    result = read_totals(before, after, design, value="tickets", start=START, end=END)
    assert (result.relative.low, result.relative.high, result.units.low) == (-1, inf, -inf)
    assert result.units.high == result.sold
    assert result.to_dict()["relative"]["high"] == "infinite"
    assert "no bound" in city_pairs_sentences(result)[0]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"pairs": [("a0", "b8"), *PAIRS[1:]]}, InputError, "no city 'b8'"),
        ({"pairs": PAIRS[:5], "treated": TREATED[:5]}, CannotTellError, "It takes 6 pairs"),
        ({"treated": TREATED[:7]}, InputError, "One city of each pair"),
        ({"start": DAYS[5]}, InputError, "28 days before it must lie"),
        ({"end": DAYS[-1] + timedelta(days=1)}, InputError, "must lie in the table's days"),
        ({"end": DAYS[0]}, InputError, "must lie in the table's days"),
        ({"value": "solt"}, InputError, "no column 'solt'"),
    ],
)
def test_mistakes_are_said(changed, error, message):
    with pytest.raises(error, match=message):
        read_pairs(_city_table(0.1), **(COLUMNS | {"start": START, "end": END} | changed))
