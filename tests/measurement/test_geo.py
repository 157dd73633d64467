"""A table of city, day and value."""

import json
from datetime import date, timedelta
from math import inf

import hypothesis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_geo, read_panel
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


def test_a_planted_effect_is_detected_and_reported():
    result = read_geo(pa.Table.from_pylist(_table()), **READ)
    assert result.proven
    assert result.units.low < 0.3 * 3000 * 10 < result.units.high
    assert result.relative.value == pytest.approx(0.3, abs=0.05)
    assert sum(result.weights.values()) == pytest.approx(1, abs=0.01)
    assert geo_sentences(result)[0].startswith("The campaign brought")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["start"] == "2024-02-20"


def test_no_effect_is_reported_as_not_detectable():
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


def _many(cities=16, days=70, effect=0.2, treated=6, first=56, step=1):
    """Sixteen cities, six of them with a campaign in the last two weeks (or rows)."""
    g = np.random.default_rng(7)
    common = 1 + 0.4 * (np.arange(days) % 7 > 4)
    rows = []
    for c in range(cities):
        sold = 100 * (c + 1) * common * np.exp(g.normal(0, 0.05, days))
        inside = np.arange(days) >= first
        sold[inside] *= 1 + effect * (c < treated)
        rows += [
            {
                "city": f"c{c:02}",
                "day": FIRST + timedelta(step * d),
                "sold": float(v),
                "campaign": int(c < treated),
                "on": int(c < treated and bool(inside[d])),
            }
            for d, v in enumerate(sold)
        ]
    return rows


NAMED = {"treated": [f"c{c:02}" for c in range(6)], "start": FIRST + timedelta(56)}
NAMED |= {"end": FIRST + timedelta(69), "city": "city", "day": "day", "value": "sold"}


def _read(rows, **more):
    return read_geo(pa.Table.from_pylist(rows), **(NAMED | more))


def test_many_cities_are_read_by_their_lot():
    result = _read(_many())
    assert result.basis == "cities"
    assert result.proven
    assert result.relative.low < 0.2 < result.relative.high
    put_in = sum(r["sold"] * 0.2 / 1.2 for r in _many() if r["on"])
    assert result.units.low < put_in < result.units.high
    assert result.p_before > 0.05
    sentences = " ".join(geo_sentences(result))
    assert "in 6 treated cities" in sentences
    assert "drawn by lot" in sentences
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["basis"] == "cities"
    assert _read(_many(effect=0.0)).proven is False


def test_cities_that_moved_apart_before_the_campaign_are_pointed_out():
    rows = _many(effect=0.0, first=42)
    for row in rows:
        row["sold"] *= 1.5 if row["on"] else 1.0
    result = _read(rows)
    assert result.apart_before
    assert "just before the campaign" in " ".join(geo_sentences(result))
    assert "just before the campaign" not in " ".join(geo_sentences(_read(_many())))


@pytest.mark.parametrize(
    "words", [("1", "0"), ("yes", "no"), ("Treated", "control"), (True, False)]
)
def test_a_column_names_the_treated_cities(words):
    yes, no = words
    rows = [r | {"campaign": yes if r["campaign"] else no} for r in _many()]
    assert _read(rows, treated=(), treated_column="campaign") == _read(rows)


def test_a_column_that_marks_days_gives_the_campaigns_days_too():
    marked = {"treated": (), "treated_column": "on", "start": None, "end": None}
    assert _read(_many(), **marked) == _read(_many())
    later = [
        r | {"on": int(r["on"] and (r["city"] != "c01" or r["day"] > NAMED["start"]))}
        for r in _many()
    ]
    with pytest.raises(InputError, match=r"'c01' not on 2024-02-26.*begin and end together"):
        _read(later, **marked)
    with pytest.raises(InputError, match="marks days with 2024-02-26 as the start"):
        _read(_many(), **(marked | {"start": FIRST}))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"treated": (), "treated_column": None}, "name the cities, or the column"),
        ({"treated_column": "campaign"}, "not both"),
        ({"treated": (), "treated_column": "campaign", "start": None}, "first and last day are"),
        ({"treated": (), "treated_column": "sold"}, "must hold 1 or 0"),
        ({"fill": "guess"}, "not by 'guess'"),
    ],
)
def test_mistakes_about_treated_cities_are_named(more, message):
    with pytest.raises(InputError, match=message):
        _read(_many(), **more)


def test_a_column_that_marks_nobody_is_a_mistake():
    rows = [r | {"campaign": 0} for r in _many()]
    with pytest.raises(InputError, match="marks no city"):
        _read(rows, treated=(), treated_column="campaign")


def test_gaps_are_refused_or_filled_by_the_stated_rule():
    g = np.random.default_rng(8)
    rows = [r for r in _many() if g.random() > 0.05]
    with pytest.raises(InputError, match=r"are missing: fill them with 'zero'.*'interpolate'"):
        _read(rows)
    whole, filled = _read(_many()), _read(rows, fill="interpolate")
    missing = len(_many()) - len(rows)
    assert (filled.filled.rule, filled.filled.city_days, filled.filled.of) == (
        "interpolate", missing, len(_many()),
    )  # fmt: skip
    assert filled.relative.value == pytest.approx(whole.relative.value, abs=0.02)
    sentence = geo_sentences(filled)[-1]
    assert f"{missing} of 1,120 rows were missing" in sentence
    assert "same weekdays" in sentence
    nothing = _read(rows, fill="zero")
    assert "counted as 0" in geo_sentences(nothing)[-1]
    zeros = {(r["city"], r["day"]) for r in rows}
    padded = [r if (r["city"], r["day"]) in zeros else r | {"sold": 0.0} for r in _many()]
    assert nothing.units == _read(padded).units


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_interpolation_leaves_what_is_known_and_never_crosses_the_start(data):
    rows = _many(cities=3, days=35, treated=1, first=28)
    last = {r["city"]: 0.0 for r in rows}
    gone = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=15))
    kept = [r for i, r in enumerate(rows) if i not in gone]
    hypothesis.assume(len({r["day"] for r in kept}) == 35)
    hypothesis.assume(
        all(any(r["city"] == c and r["day"] >= FIRST + timedelta(28) for r in kept) for c in last)
    )
    columns = {"city": "city", "day": "day", "value": "sold", "fill": "interpolate"}
    start = FIRST + timedelta(28)
    panel = read_panel(pa.Table.from_pylist(kept), **columns, start=start)
    for r in kept:
        at = panel.cities.index(r["city"]), panel.days.index(r["day"])
        assert panel.values[at] == r["sold"]
    assert (panel.values > 0).all()
    # The past is the same whatever the campaign's days hold.
    louder = [r | {"sold": 100 * r["sold"]} if r["day"] >= start else r for r in kept]
    other = read_panel(pa.Table.from_pylist(louder), **columns, start=start)
    assert (other.values[:, :28] == panel.values[:, :28]).all()


def test_a_gap_is_filled_from_the_same_weekdays():
    rows = [
        r
        for r in _many(cities=3, days=35, treated=1)
        if (r["city"], r["day"]) != ("c01", FIRST + timedelta(19))
    ]
    panel = read_panel(
        pa.Table.from_pylist(rows), city="city", day="day", value="sold", fill="interpolate"
    )
    around = panel.values[1, [12, 26]]
    assert panel.values[1, 19] == pytest.approx(around.mean())


def test_a_city_with_next_to_no_rows_is_not_interpolated():
    rows = [r for r in _many() if r["city"] != "c03" or r["day"] < FIRST + timedelta(20)]
    with pytest.raises(CannotTellError, match="c03 lacks 50 of its 70 rows"):
        _read(rows, fill="interpolate")


def test_weeks_are_read_as_days_are():
    weeks = _many(days=30, first=27, step=7)
    window = {"start": FIRST + timedelta(7 * 27), "end": FIRST + timedelta(7 * 30 - 1)}
    result = _read(weeks, **window)
    assert (result.period_days, result.basis, result.proven) == (7, "cities", True)
    by_first_day = _read(weeks, **(window | {"end": FIRST + timedelta(7 * 29)}))
    assert by_first_day.units == result.units
    with pytest.raises(InputError, match=r"a row each 7 days.* such as 2024-07-08"):
        _read(weeks, **(window | {"start": window["start"] + timedelta(1)}))
    with pytest.raises(CannotTellError, match="27 weeks before the campaign give no interval"):
        _read(weeks, **window, treated=["c00"])
    long = _many(days=60, first=57, step=7)
    in_time = _read(
        long,
        treated=["c00"],
        start=FIRST + timedelta(7 * 57),
        end=FIRST + timedelta(7 * 59),
        level=0.9,
    )
    assert (in_time.period_days, in_time.basis) == (7, "time")


def test_days_of_no_rhythm_are_refused():
    rows = [
        r | {"day": r["day"] + timedelta(30 * n + n % 2)}
        for n, r in enumerate(_many(days=4, first=3))
    ]
    with pytest.raises(InputError, match="neither each day nor each week"):
        _read(rows)


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
def test_mistakes_are_explained(changed, error, message):
    with pytest.raises(error, match=message):
        read_pairs(_city_table(0.1), **(COLUMNS | {"start": START, "end": END} | changed))


@pytest.mark.parametrize("odd", [" {}", "{} ", "{}\u200b"])
def test_a_city_with_blanks_around_its_name_is_one_city(odd):
    """Else it would be two with half their days each, and `fill` would invent the other half."""
    rows = _many()
    mixed = [r | {"city": odd.format(r["city"]) if i % 3 else r["city"]}
             for i, r in enumerate(rows)]  # fmt: skip
    assert _read(mixed) == _read(rows)


def test_a_city_in_capitals_is_refused_beside_itself():
    rows = _many()
    rows[5] = rows[5] | {"city": rows[5]["city"].upper()}
    with pytest.raises(InputError, match=r"'C00' and 'c00': write each of the cities one way"):
        _read(rows, fill="zero")
