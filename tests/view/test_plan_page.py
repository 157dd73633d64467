"""The page of a plan: complete, safe, and without a network."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest

from fullhouse.core.settings import SIMULATED
from fullhouse.measurement.campaign_readout import NamedEffect, SavedRemark
from fullhouse.planning.plan import OlderSentence, Unreachable
from fullhouse.view.charts import DARK
from fullhouse.view.plan_page import plan_page
from fullhouse.view.words.plan import EXPECTED, headline, notes_words, tickets_words
from tests.view.page_reader import RUDE, Reader
from tests.view.sample_plans import AUDIENCES, BARE_PLAN, PLAN, POWER, SHOWN, SIMULATED_PLAN

ALL = {
    "full": (PLAN, {"readouts": (SHOWN,), "power": POWER}),
    "planned": (PLAN, {}),
    "bare": (BARE_PLAN, {}),
    "simulated": (SIMULATED_PLAN, {}),
}


@cache
def page(name):
    plan, more = ALL[name]
    return plan_page(plan, **more)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_nothing_is_asked_of_any_other_place_and_every_element_closes(name):
    text = page(name)
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text
    read = Reader(text)
    assert read.open == []
    assert not {t for t, _ in read.tags} & {"script", "link", "iframe", "img", "object"}
    assert all(a["href"].startswith("data:") for t, a in read.tags if "href" in a)


@pytest.mark.parametrize("name", ALL)
def test_headline_and_what_is_only_expected_stand_on_the_page(name):
    text = Reader(page(name)).text
    assert headline(ALL[name][0]) in text
    assert text.count(EXPECTED) == 1
    assert "caus" not in text.replace(EXPECTED, "")


def test_every_line_stands_on_the_page():
    text = Reader(page("full")).text
    for line in PLAN.lines:
        for words in (
            line.channel, line.cities, line.rule, f"{line.spend:,.0f}", f"{line.impressions:,.0f}",
            f"{line.people:,.0f}", f"{line.reach:,.0f}", f"{line.frequency:.1f}",
            tickets_words(line.tickets.middle),
            f"({tickets_words(line.tickets.low)} – {tickets_words(line.tickets.high)})",
        ):  # fmt: skip
            assert words in text
    for name in AUDIENCES:
        spend = sum(x.spend for x in PLAN.lines if x.audience == name)
        assert f"{spend:,.0f}" in text


def test_everything_else_stands_there_with_its_figures():
    text = Reader(page("full")).text
    expected = [
        *notes_words(PLAN), "31,200", "96,000", "0.0021 tickets a person", "20 % of the people",
        "explore: 0.1", "city minimum: 5 largest 100,000", "Avon, Brook, Cairn, Dale, Esk",
        "What harbour-1 changed by 28 March 2025", "An effect is proven in 1 of 2 channels: push.",
        "+9.4 (5.48 to 13.3)", "under 0.001", "Plan harbour-1 as of 10 January 2025.",
        "Not checked: whether the arms were alike before, as no covariates were given.",
        "never measured", "measured before",
    ]  # fmt: skip
    assert [t for t in expected if t not in text] == []


def test_a_plan_without_lines_says_so_and_draws_nothing():
    text = Reader(page("bare")).text
    assert "The plan has no lines" in text
    assert "There is no forecast" in text
    assert "Nobody is held out" in text
    assert "was not computed" in text
    assert "<svg" not in page("bare")


def test_every_table_and_chart_can_be_had_as_data():
    read, film = Reader(page("full")), PLAN.film
    assert json.loads(read.file(f"{film}-plan.json")) == json.loads(json.dumps(PLAN.to_dict()))
    lines = read.rows(f"{film}-lines.csv")
    assert [float(r["spend"]) for r in lines] == [x.spend for x in PLAN.lines]
    assert [float(r["tickets_low"]) for r in lines] == [x.tickets.low for x in PLAN.lines]
    assert float(read.rows(f"{film}-power.csv")[0]["smallest_effect"]) == POWER[0][1]
    assert len(read.rows("harbour-1-2025-03-28-tickets.csv")) == len(SHOWN.effects)
    for name in ("bridge", "spend", "curve", "unreachable"):
        assert read.rows(f"{film}-{name}.csv")


def test_simulated_pages_say_so_first():
    assert Reader(page("simulated")).text.index(SIMULATED) < 120
    assert "SIMULATED" not in page("full")


def test_names_from_files_are_escaped_everywhere():
    lines = tuple(
        replace(x, id=RUDE, audience=RUDE, rule=RUDE, channel=RUDE, cities=RUDE)
        for x in PLAN.lines[:3]
    )
    rude = replace(
        PLAN, title=RUDE, film=RUDE, name=RUDE, territory=RUDE, currency=RUDE, attitude=RUDE,
        lines=lines, bridge=tuple(replace(s, name=RUDE) for s in PLAN.bridge),
        notes=(OlderSentence(RUDE),),
        unreachable=(Unreachable(RUDE, 9.0, 3.0, 1.0),), cities={RUDE: (RUDE,)},
        limits={RUDE: {RUDE: RUDE}},
    )  # fmt: skip
    shown = replace(
        SHOWN,
        campaign=RUDE,
        notes=(SavedRemark(RUDE),),
        effects=tuple(NamedEffect(RUDE, RUDE, e.effect) for e in SHOWN.effects),
    )
    text = plan_page(rude, readouts=(shown,), power=[(RUDE, 0.1, RUDE)])
    assert "<script" not in text
    assert text.count("</style>") == 1
    read = Reader(text)
    assert read.open == []
    assert read.text.count(RUDE) > 30
    assert not any(name.startswith("on") for _, a in read.tags for name in a)


def test_charts_are_drawn_for_pages_and_for_phones_in_colours_that_have_dark_ones():
    text = page("full")
    kinds = [a.get("class") for t, a in Reader(text).tags if t == "div"]
    assert kinds.count("wide") == kinds.count("narrow") == 4
    for kind, most in (("narrow", 362), ("wide", 740)):
        widths = re.findall(rf'class="{kind}".*?<svg[^>]* width="(\d+)', text)
        assert max(map(float, widths)) <= most
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours <= set(DARK)
    names = re.findall(r' id="([^"]+)"', text)
    assert len(names) == len(set(names))
