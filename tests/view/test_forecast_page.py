"""The page of a forecast: complete, safe, and without a network."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from fullhouse.core.errors import InputError
from fullhouse.forecast import Comp, Driver, KnownFact, ModelFacts, Shared
from fullhouse.forecast.forecast import Remark
from fullhouse.view.charts import DARK
from fullhouse.view.forecast_page import forecast_page
from fullhouse.view.render import csv_of
from fullhouse.view.words.forecast import (
    driver_words,
    headline,
    note_words,
    shared_words,
    step_words,
)
from tests.view.page_reader import Reader
from tests.view.sample_forecasts import (
    ACTUAL,
    ACTUAL_DAYS,
    AFTER,
    ALL,
    BEFORE,
    LIMITED,
    OPENING,
    ROAD,
    TOTAL_ONLY,
)

MADE_ON = date(2025, 6, 20)
RUDE = "<script>alert('x')</script>\"&"


@cache
def page(name):
    if name == "road":
        return forecast_page(ROAD, actual=ACTUAL, actual_days=ACTUAL_DAYS, made_on=MADE_ON)
    return forecast_page([ALL[name]], made_on=MADE_ON)


EVERY = [*ALL, "road"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_asked_of_any_other_place(name):
    text = page(name)
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text
    read = Reader(text)
    assert not {t for t, _ in read.tags} & {"script", "link", "iframe", "img", "object"}
    assert all(a["href"].startswith("data:") for t, a in read.tags if "href" in a)
    assert "url(" not in text.replace("url(#", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_element_closes(name):
    assert Reader(page(name)).open == []


@pytest.mark.parametrize("name", ALL)
def test_the_headline_is_that_of_the_ranges(name):
    assert headline(ALL[name]) in Reader(page(name)).text


@pytest.mark.parametrize("name", ALL)
def test_comps_drivers_steps_and_notes_are_all_there(name):
    forecast, text = ALL[name], Reader(page(name)).text
    for comp in forecast.comps:
        assert comp.title in text
        assert all(shared_words(s) in text for s in comp.why)
    assert all(driver_words(d) in text for d in forecast.drivers)
    assert all(step_words(s) in text for s in forecast.steps)
    assert all(note_words(n) in text for n in forecast.notes)
    assert forecast.currency in text


def test_facts_stand_with_their_origin_and_the_day_they_were_known():
    text = Reader(page("before")).text
    assert "budget 70 million USD tmdb 1 Dec 2024" in text
    assert "genres Animation, Family" in text
    assert "Counted in the score book under: size middle" in text


def test_model_and_data_versions_are_at_the_foot():
    text = Reader(page("before")).text
    assert "fingerprint 9f31c04ab2" in text
    assert "films 41, grosses 388, signals 97" in text
    assert "made on 20 June 2025" in text


def test_the_chance_of_a_round_amount_is_that_of_the_forecast():
    text = Reader(page("before")).text
    assert f"100 million USD {100 * BEFORE.passes(100e6):.0f} %" in text
    weekend = BEFORE.passes(20e6, quantity="opening_weekend")
    assert f"20 million USD {100 * weekend:.0f} %" in text


def test_every_chart_can_be_had_as_data():
    read = Reader(page("road"))
    film = AFTER.film
    rows = list(csv.DictReader(io.StringIO(read.file(f"{film}-ranges.csv"))))
    assert float(rows[-1]["median"]) == AFTER.ranges["total"].median
    days = list(csv.DictReader(io.StringIO(read.file(f"{film}-days.csv"))))
    assert days[0]["day"] == OPENING.isoformat()
    assert float(days[-1]["sum_median"]) == AFTER.days[-1].cumulative[3]
    assert float(days[1]["happened"]) == ACTUAL_DAYS[1][1]
    horizons = list(csv.DictReader(io.StringIO(read.file(f"{film}-horizons.csv"))))
    assert [float(r["median"]) for r in horizons] == [f.ranges["total"].median for f in ROAD]
    assert json.loads(read.file(f"{film}.json")) == json.loads(json.dumps(AFTER.to_dict()))


@pytest.mark.slow
def test_a_page_is_of_the_newest_forecast_in_any_order():
    turned = forecast_page(
        tuple(reversed(ROAD)), actual=ACTUAL, actual_days=ACTUAL_DAYS, made_on=MADE_ON
    )
    assert headline(AFTER) in Reader(turned).text


def test_the_outcome_is_shown_unless_the_forecast_knew_it():
    text = Reader(page("road")).text
    assert "Total of the run: it took 62.7 million USD, inside the 80 % range." in text
    assert "Opening weekend: it took" not in text


@pytest.mark.slow
def test_titles_and_words_from_files_are_escaped_everywhere():
    rude = replace(
        BEFORE,
        title=RUDE,
        film=RUDE,
        comps=(Comp("x", RUDE, OPENING, 1e6, 2e6, 0.5, (Shared(RUDE),)),),
        drivers=(Driver(RUDE, 4.8),),
        facts={RUDE: KnownFact(RUDE), "y": KnownFact(RUDE, RUDE)},
        notes=(Remark(RUDE),),
        what_if={RUDE: RUDE},
        model=ModelFacts(RUDE),
        groups={RUDE: RUDE},
    )
    text = forecast_page([rude], made_on=MADE_ON)
    assert "<script" not in text
    read = Reader(text)
    assert read.open == []
    assert read.text.count(RUDE) > 10
    assert not any(name.startswith("on") for _, a in read.tags for name in a)


def test_banners_say_simulated_and_what_was_assumed():
    text = Reader(page("limited")).text
    assert "SIMULATED" in text.split(LIMITED.territory)[0]
    assert "cinemas 40" in text
    assert "SIMULATED" not in page("before")


def test_a_film_without_days_says_so():
    text = Reader(page("total only")).text
    assert "not by day" in text
    assert TOTAL_ONLY.title in text
    assert "yuan" in text


def test_charts_are_drawn_for_pages_and_for_phones():
    read = Reader(page("road"))
    kinds = [a.get("class") for t, a in read.tags if t == "div"]
    assert kinds.count("wide") == kinds.count("narrow") == 5
    widths = {
        kind: max(float(w) for w in re.findall(rf'class="{kind}".*?<svg[^>]* width="(\d+)', s))
        for s in [page("road")]
        for kind in ("wide", "narrow")
    }
    assert widths["narrow"] <= 358 < widths["wide"] <= 740


@pytest.mark.parametrize("name", EVERY)
def test_every_colour_of_a_chart_has_its_dark_one(name):
    drawn = "".join(re.findall(r"<svg.*?</svg>", page(name), flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours
    assert colours <= set(DARK)


def test_no_two_charts_share_the_name_of_an_element():
    names = re.findall(r' id="([^"]+)"', page("road"))
    assert len(names) == len(set(names))


def test_forecasts_of_two_films_are_no_page():
    with pytest.raises(InputError, match="one film"):
        forecast_page([BEFORE, LIMITED], made_on=MADE_ON)


def test_a_cell_never_starts_a_formula_and_what_is_missing_is_empty():
    values = csv_of([{"title": "=HYPERLINK(1)", "n": -1.5}, {"title": None, "more": "x"}])
    assert values == "title,n,more\n'=HYPERLINK(1),-1.5,\n,,x\n"
