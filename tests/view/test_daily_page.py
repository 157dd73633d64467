"""The daily page and its charts: everything is on it, escaped, and nothing from elsewhere."""

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

import fullhouse  # noqa: F401  (gives errors their words)
from fullhouse.core.errors import CannotTellError
from fullhouse.planning.daily import (
    BELOW,
    CANNOT_TELL,
    LOW,
    Band,
    DailyTarget,
    LaunchPlan,
    Missing,
    TooFewFilms,
)
from fullhouse.view.charts import DARK
from fullhouse.view.daily_page import AHEAD, daily_chart, daily_page, signal_rows
from fullhouse.view.words.daily import NO_CHANGE, NO_PLAN
from tests.planning.sample_day import (
    AS_OF,
    BAND,
    OPENING,
    a_day,
    a_delivery,
    a_forecast,
    a_line,
    a_signal,
)
from tests.view.chart_data import heading_of, rows_of

DAY = timedelta(days=1)


def page(daily):
    return daily_page(daily, made_on=AS_OF)


@pytest.fixture(scope="module")
def plain():
    return page(a_day(signals=(a_signal(),)))


def test_the_action_comes_first_and_everything_is_there():
    action = LaunchPlan("bramble@1", AS_OF, False)
    made = page(a_day(action=action, signals=(a_signal(verdict=BELOW, actual=400.0),)))
    order = ["The first week of plan bramble@1 begins", "campaign launch bramble@1",
             "Target: 21 million USD", "Since yesterday", "Rating is known: PG.",
             "Target against actual", "▼ below the range", "Delivery and spend",
             "700 people are treated and 300 held out, none of whom", "Forecast",
             "film_signal 3"]  # fmt: skip
    at = [made.index(words) for words in order]
    assert at == sorted(at)


def test_it_asks_no_other_place_for_anything_and_escapes():
    made = page(a_day(title="<script>alert(1)</script>", delivery=a_delivery(
        a_line("one", audience="<b>Readers</b>"))))  # fmt: skip
    assert "<script>" not in made
    assert "<b>Readers" not in made
    assert not re.findall(r'(?:src|href)="(?!data:)', made)


def test_the_whole_day_is_on_it_as_json(plain):
    held = re.search(r'download="[^"]+\.json" href="data:[^,]+,([^"]+)"', plain).group(1)
    assert json.loads(base64.b64decode(held)) == a_day(signals=(a_signal(),)).to_dict()


def test_a_simulated_one_says_so_first(plain):
    made = page(a_day(simulated=True, signals=()))
    assert made.index("SIMULATED") < made.index("<h1>")
    assert "SIMULATED" not in plain


def test_what_is_missing_is_named():
    none = replace(a_signal(), verdict=CANNOT_TELL, reason=TooFewFilms(3, 20, 91), days=())
    made = page(
        a_day(
            signals=(none,),
            delivery=None,
            changes=(),
            forecasts=(a_forecast(total=None, why=Missing("Too few films.")),),
            target=DailyTarget(None, "USD", "none"),
        )
    )
    for words in ("all of its 91 days (3 of 20)", NO_PLAN, NO_CHANGE, "none. Too few films",
                  "There is no target: give one with --target."):  # fmt: skip
        assert words in made
    assert "<figure" not in made
    assert "No sign of interest" in page(a_day(signals=()))


def test_barely_inside_is_not_called_on_target():
    made = page(a_day(signals=(a_signal(verdict=LOW),)))
    assert "low, but inside the range" in made
    assert "on target" not in made


def test_captions_name_no_colours_and_every_colour_has_its_dark_one(plain):
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", plain, re.DOTALL)
    assert captions
    assert not re.search(r"\b(dark|light|green|grey|orange|colour)", " ".join(captions).lower())
    assert '<i class="band80"></i>' in plain
    drawn = "".join(re.findall(r"<svg.*?</svg>", plain, flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours
    assert colours <= set(DARK)


def test_the_chart_has_the_band_a_week_ahead_and_the_actual_until_today():
    rows = signal_rows(a_day(), a_signal())
    assert [r["from_opening"] for r in rows] == list(range(-20, -16 + AHEAD + 1))
    known = [r for r in rows if r["actual"] is not None]
    assert known[-1]["day"] == AS_OF.isoformat()
    drawn = rows_of(daily_chart(a_day(), a_signal()))
    assert all(r in drawn for r in rows)


def test_a_band_that_would_dwarf_today_is_cut():
    grown = tuple(
        replace(d, target=Band(9.0, 5.0, 2_000.0 * 1.5 ** (20 - d.left), 64))
        for d in a_signal().days
    )
    rows = signal_rows(a_day(), replace(a_signal(), days=grown))
    today = next(r for r in rows if r["day"] == AS_OF.isoformat())
    assert today["high"] < rows[-1]["high"] <= 3 * today["high"]


def test_nothing_known_is_not_drawn_and_no_band_is_no_error():
    blank = replace(a_signal(), days=tuple(replace(d, actual=None) for d in a_signal().days))
    with pytest.raises(CannotTellError, match="nothing to draw"):
        daily_chart(a_day(), blank)
    bare = replace(a_signal(), days=tuple(replace(d, target=None) for d in a_signal().days))
    assert all(r["low"] is None for r in signal_rows(a_day(), bare))
    daily_chart(a_day(), bare, width=340)


def test_after_the_opening_days_are_counted_from_it():
    days = tuple(
        replace(a_signal().days[0], day=OPENING + n * DAY, left=-n, actual=10.0 * n, target=BAND)
        for n in range(1, 6)
    )
    after = a_day(as_of=OPENING + 5 * DAY)
    gross = replace(a_signal("gross"), days=days)
    assert "days after opening" in json.dumps(daily_chart(after, gross).to_dict())
    assert "SIMULATED" in heading_of(daily_chart(replace(after, simulated=True), gross))
