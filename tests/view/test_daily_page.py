"""The daily page and its charts: everything is on it, escaped, and nothing from elsewhere."""

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.daily import BELOW, CANNOT_TELL, Action, Band, Target
from fullhouse.view.daily_chart import AHEAD, daily_chart, signal_rows
from fullhouse.view.daily_page import daily_page
from fullhouse.view.daily_words import NO_CHANGE, NO_PLAN, daily_lines, line_words
from tests.planning.made_daily import (
    AS_OF,
    BAND,
    OPENING,
    a_day,
    a_delivery,
    a_line,
    a_signal,
    foreseen,
)
from tests.view.drawn import rows_of, said_above

DAY = timedelta(days=1)


def page(daily):
    return daily_page(daily, made_on=AS_OF)


@pytest.fixture(scope="module")
def plain():
    return page(a_day(signals=(a_signal(),)))


def test_the_action_comes_first_and_everything_is_there():
    action = Action("launch", "The first week begins.", "fullhouse campaign launch bramble@1")
    made = page(a_day(action=action, signals=(a_signal(verdict=BELOW, actual=400.0),)))
    order = ["The first week begins.", "campaign launch bramble@1", "Target: 21 million USD",
             "Since yesterday", "Rating is known: PG.", "Target against actual",
             "▼ below the range",
             "Delivery and spend", "700 people are treated and 300 held out, none of whom",
             "Forecast", "film_signal 3"]  # fmt: skip
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


def test_what_is_missing_is_said():
    none = replace(a_signal(), verdict=CANNOT_TELL, why="3 past films are too few", days=())
    made = page(
        a_day(
            signals=(none,),
            delivery=None,
            changes=(),
            forecasts=(foreseen(total=None, why="Too few films."),),
            target=Target(None, "USD", "none: give --target GROSS."),
        )
    )
    for words in ("3 past films are too few", NO_PLAN, NO_CHANGE, "none. Too few films.",
                  "none: give --target GROSS."):  # fmt: skip
        assert words in made
    assert "<figure" not in made
    assert "No sign of interest" in page(a_day(signals=()))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"campaign": None}, "no campaign carries it out yet; its first week begins on 28 July"),
        ({"held_out": 0}, "cannot be measured"),
        ({"held_out_shown": 3}, "of whom 3 (1.0 %) were shown it all the same"),
        ({"readouts": (AS_OF,)}, "The newest readout is as of 30 July 2025"),
    ],
)
def test_the_delivery_in_words(changes, words):
    assert words in " ".join(daily_lines(a_day(delivery=a_delivery(**changes))))


def test_before_the_first_day_delivery_is_to_come():
    line = a_line("one", planned=0, impressions=0)
    assert "delivers from 28 July 2025 on" in " ".join(
        daily_lines(a_day(delivery=a_delivery(line)))
    )


def test_a_signal_in_words():
    assert line_words(a_signal()) == (
        "Presales in the market: on target; 1,100, where a film of the target has 500 to 2,000,"
        " against 64 past films at the same distance."
    )
    without = replace(a_signal(), verdict=CANNOT_TELL, why="there is no target")
    assert line_words(without).endswith("cannot tell; 1,100 so far, there is no target.")


def test_the_chart_has_the_band_a_week_ahead_and_what_came_until_today():
    rows = signal_rows(a_day(), a_signal())
    assert [r["from_opening"] for r in rows] == list(range(-20, -16 + AHEAD + 1))
    came = [r for r in rows if r["actual"] is not None]
    assert came[-1]["day"] == AS_OF.isoformat()
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
    assert "SIMULATED" in said_above(daily_chart(replace(after, simulated=True), gross))
