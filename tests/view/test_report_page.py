"""The report of a film: complete, dated, safe, without a network; what is missing is said."""

import json
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from functools import cache
from html import unescape
from itertools import pairwise

import pytest

from fullhouse.core.errors import Reason
from fullhouse.core.settings import SIMULATED
from fullhouse.measurement.campaign_readout import SavedRemark
from fullhouse.planning.plan import Amount
from fullhouse.view import render as render_
from fullhouse.view.charts import DARK
from fullhouse.view.readout_page import outlook_chart, outlook_rows
from fullhouse.view.render import lowered, tag
from fullhouse.view.report_page import CHAPTERS, film_report_page, some_days
from fullhouse.view.words.report import (
    MISSING,
    campaign_unknowns,
    headline,
    missing,
    missing_words,
    report_lines,
    unknown_words,
)
from tests.view.chart_data import rows_of
from tests.view.page_reader import RUDE, Reader
from tests.view.sample_plans import SHOWN, effect
from tests.view.sample_reports import (
    AS_OF,
    BARE,
    CAMPAIGN,
    EVERY,
    EXPOSURES,
    FILM,
    FULL,
    LAUNCHED,
    NEWEST,
    PLANNED,
    RESPONSES,
    SIMULATED_REPORT,
    VERDICTS,
)


@cache
def full():
    """The one page whose charts are really drawn: they take longer than all else."""
    return film_report_page(FULL)


@pytest.fixture
def bare_charts(monkeypatch):
    monkeypatch.setattr(render_, "svg_text", lambda spec: "<svg>chart</svg>")


def check_whole(text):
    assert "http:" not in text
    assert "https:" not in text
    assert "default-src 'none'" in text
    read = Reader(text)
    assert read.open == []
    assert not {t for t, _ in read.tags} & {"script", "link", "iframe", "img", "object"}
    ids = {a["id"] for _, a in read.tags if "id" in a}
    for link in (a["href"] for t, a in read.tags if "href" in a):
        assert link.startswith("data:") or link.removeprefix("#") in ids
    return read


def test_the_full_page_asks_no_other_place_and_stays_small():
    check_whole(full())
    assert len(full().encode()) < 2_000_000


@pytest.mark.usefixtures("bare_charts")
@pytest.mark.parametrize("name", [n for n in EVERY if n != "full"])
def test_other_pages_are_whole_too_and_every_chapter_says_something(name):
    text = film_report_page(EVERY[name])
    check_whole(text)
    for chapter, title in CHAPTERS.items():
        (inside,) = re.findall(rf'<section id="{chapter}">(.*?)(?=<section id=|<footer>)', text,
                               flags=re.DOTALL)  # fmt: skip
        assert len(Reader(inside.rsplit("</section>", 1)[0]).text) > len(title) + 20


@pytest.mark.usefixtures("bare_charts")
def test_missing_parts_are_named_with_the_command_that_makes_them():
    text = Reader(film_report_page(BARE)).text
    assert missing(BARE) == list(MISSING)
    for part in MISSING:
        assert missing_words(BARE, part) in text
    assert (
        "There is no forecast: Too few wide films have opened. To get it: fullhouse forecast"
        in (headline(BARE))
    )
    assert f"fullhouse plan {FILM} --budget AMOUNT --save NAME" in text
    launched = missing(LAUNCHED)
    assert "campaign" not in launched
    assert launched[-2:] == ["readout", "learned"]
    assert (
        "How it moves the forecast was not computed: Too early."
        in Reader(film_report_page(LAUNCHED)).text
    )
    assert missing(FULL) == []
    assert unknown_words(FULL).get("Missing") is None


def test_every_part_stands_on_the_page_with_its_figures():
    text = Reader(full()).text
    expected = [
        headline(FULL), "Owners of older dogs", "harbour-1@2", "3 February 2025",
        "Spent by 28 March 2025: 812,000 USD.", "91,500", "2,540", "88,000",
        "+31 % (+17 % to +45 %)", "pre-roll 1.4, push 2.1", "+4 % (−14 % to +22 %)",
        "2.30 (1.80–2.90)", "refuted", "Givers to shelters", "cannot tell",
        "7 people held out (counted in each line) got the advertising all the same",
        "Keepers of ferrets: 61 people are too few to tell whether the claim held.",
        "12 forecasts issued", "What harbour-1 changed by 28 March 2025", "21 Mar 2025",
        "+4 (−1.7 to 9.7)", "Made on 5 January 2026.",
    ]  # fmt: skip
    assert [t for t in expected if t not in text] == []


def test_every_figure_has_a_date_and_a_source():
    text = unescape(full())
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text, flags=re.DOTALL)
    assert len(captions) == 13
    sources = ("Forecast as of", "house's own data", "Plan harbour-1 as of", "harbour-1, as of",
               "Score book of the house")  # fmt: skip
    notes = re.findall(r'<p class="soft">([^<]*)<a class="data"', text)
    assert len(notes) > 8
    sources += (
        "As of",
        "log of deliveries",
        "channels reported",
        "house's readouts",
        "The Lantern Harbour",
    )
    for words in [*captions, *notes]:
        assert re.search(r"\d{1,2} [A-Z][a-z]+ 20\d\d", words), words
        assert any(s in words for s in sources), words


def test_every_table_and_chart_can_be_had_as_data():
    read = Reader(full())
    links = set(re.findall(r'download="([^"]+)"\s+href="([^"]+)"', full()))
    assert len(links) == len({name for name, _ in links}), "no file would overwrite another"
    assert len(links) > 20
    assert json.loads(read.file(f"{FILM}-report.json")) == json.loads(json.dumps(FULL.to_dict()))
    shown = read.rows("harbour-1-impressions.csv")
    assert [int(r["impressions"]) for r in shown] == [x.impressions for x in EXPOSURES]
    moved = read.rows("harbour-1-outlook.csv")
    assert [float(r["total_low"]) for r in moved] == [o.total.low for o in CAMPAIGN.outlooks]
    assert [float(r["response"]) for r in read.rows(f"{FILM}-responses.csv")] == [0.31, 0.04]
    verdicts = read.rows(f"{FILM}-verdicts.csv")
    assert [r["claimed_low"] for r in verdicts] == ["1.8", "2.0", "1.1"]
    assert verdicts[2]["observed"] == ""
    assert len(read.rows("harbour-1-looks.csv")) == 2
    assert len(read.rows(f"{FILM}-reliability.csv")) == 42
    (row,) = read.rows(f"{FILM}-came-true.csv")
    assert (row["quantity"], row["actual"]) == ("opening_weekend", "11000000.0")


def test_outcomes_after_the_day_are_not_reported_of_the_film():
    # The score book knows the total (40 million); on the day it had not come true.
    assert "total" not in FULL.actual
    assert "40000000" not in Reader(full()).file(f"{FILM}-came-true.csv")


def test_the_whole_report_is_json_without_nan_and_infinity():
    content = json.dumps(FULL.to_dict(), allow_nan=False)
    assert '"infinite"' in content
    assert set(json.loads(content)) == {f.name for f in fields(FULL)} - {"actual_days"}


def test_simulated_reports_say_so_first(bare_charts):
    assert Reader(film_report_page(SIMULATED_REPORT)).text.index(SIMULATED) < 150
    assert "SIMULATED" not in full()


@pytest.mark.usefixtures("bare_charts")
def test_names_from_files_are_escaped_everywhere():
    rude = replace(
        FULL, title=RUDE, film=RUDE, territory=RUDE,
        forecasts=(), score_book=None, discovery=None, plan=None,
        campaigns=(replace(
            CAMPAIGN, name=RUDE, plan=RUDE, without={"outlook": Reason(message=RUDE)},
            dispatched=tuple(replace(x, line=RUDE, channel=RUDE) for x in CAMPAIGN.dispatched),
            readouts=(SHOWN, replace(NEWEST, campaign=RUDE, notes=(SavedRemark(RUDE),),
                                     currency=RUDE,
                                     exposures=tuple(replace(x, channel=RUDE) for x in EXPOSURES))),
        ),),
        responses=tuple(replace(x, film=RUDE, campaign=RUDE, audience=RUDE, doses={RUDE: 1.0})
                      for x in RESPONSES),
        verdicts=tuple(replace(v, film=RUDE, audience=RUDE, rule=RUDE, verdict=RUDE)
                       for v in VERDICTS),
    )  # fmt: skip
    text = film_report_page(rude)
    assert "<script" not in text
    assert text.count("</style>") == 1
    read = Reader(text)
    assert read.open == []
    assert read.text.count(RUDE) > 15
    bare = film_report_page(replace(BARE, without={"forecast": Reason(message=RUDE)}))
    assert "<script" not in bare


def test_charts_are_drawn_for_pages_and_for_phones_in_colours_that_have_dark_ones():
    text = full()
    kinds = [a.get("class") for t, a in Reader(text).tags if t == "div"]
    assert kinds.count("wide") == kinds.count("narrow") == 13
    for kind, most in (("narrow", 362), ("wide", 740)):
        widths = re.findall(rf'class="{kind}".*?<svg[^>]* width="(\d+)', text)
        assert max(map(float, widths)) <= most
    drawn = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours - set(DARK) <= {"#dfeceb"}, "the band of the reliability chart has none yet"
    names = re.findall(r' id="([^"]+)"', text)
    assert len(names) == len(set(names))


def test_headings_stand_in_order_one_level_under_their_chapter():
    levels = [int(x) for x in re.findall(r"<h([1-6])\b", full())]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert levels.count(2) == len(CHAPTERS)
    assert all(b <= a + 1 for a, b in pairwise(levels))
    inside = tag("section", tag("h2", "Title"), tag("h3", "<h2>"))
    assert lowered(inside) == "<section><h3>Title</h3><h4>&lt;h2&gt;</h4></section>"


def test_unproven_effects_are_what_could_not_be_known():
    (first, *_) = campaign_unknowns(CAMPAIGN)
    assert "pre-roll" in first
    assert "Owners of older dogs" not in first
    certain = replace(
        NEWEST,
        effects=tuple(replace(e, effect=effect(0.9, 0.01, p=1e-9)) for e in SHOWN.effects),
        notes=(),
        exposures=(),
    )
    assert campaign_unknowns(replace(CAMPAIGN, readouts=(certain,))) == []
    assert campaign_unknowns(replace(CAMPAIGN, readouts=())) == []


def test_a_wide_range_is_pointed_out_and_a_narrow_one_is_not():
    assert any("is wide: its upper end is" in w for w in unknown_words(
        replace(PLANNED, forecasts=FULL.forecasts[:1]))["Forecast"])  # fmt: skip
    assert "Forecast" not in unknown_words(FULL)
    assert len(unknown_words(FULL)["Audiences that cannot be judged"]) == 1
    older = unknown_words(
        replace(FULL, without={"forecast": Reason(message="Its first day is missing.")})
    )
    assert older["Forecast"] == [
        "There is no forecast as of 3 April 2025, only older ones: Its first day is missing."
    ]


def test_of_many_forecasts_some_are_drawn_the_first_and_the_last_in():
    many = [replace(FULL.forecasts[0], as_of=AS_OF + timedelta(k)) for k in range(40)]
    few = some_days(many)
    assert len(few) == 8
    assert (few[0], few[-1]) == (many[0], many[-1])
    assert [f.as_of for f in few] == sorted({f.as_of for f in few})
    assert some_days(many[:8]) == many[:8]
    assert some_days([]) == []


def test_an_outlook_is_drawn_by_day_and_by_what_it_rests_on():
    rows = outlook_rows(CAMPAIGN.outlooks[::-1])
    assert [r["day"] for r in rows] == sorted(r["day"] for r in rows)
    drawn = [r for r in rows_of(outlook_chart(CAMPAIGN.outlooks)) if "basis" in r]
    assert len({(r["basis"], r["colour"]) for r in drawn}) == 2
    lone = replace(CAMPAIGN.outlooks[0], added=Amount(0.0, 0.0, 0.0), as_of=date(2025, 2, 3))
    assert outlook_chart([lone]).to_dict()


def test_the_story_on_the_command_line_holds_headline_and_what_is_missing():
    some = replace(FULL, campaigns=())
    lines = report_lines(some)
    assert lines[1] == headline(FULL)
    assert any("No campaign was launched" in x for x in lines)
    assert any(x.startswith("4 audiences for") for x in lines)
    assert any("The campaign sold about" in x for x in report_lines(FULL))


@pytest.mark.usefixtures("bare_charts")
def test_what_no_channel_reported_is_not_shown_as_zero():
    silent = tuple(replace(x, impressions=0, clicks=0, reached=0) for x in EXPOSURES)
    quiet = replace(NEWEST, exposures=silent, effects=())
    text = Reader(
        film_report_page(replace(LAUNCHED, campaigns=(replace(CAMPAIGN, readouts=(quiet,)),)))
    ).text
    assert "By 28 March 2025 no channel had reported impressions" in text
    assert "held out, yet reached" not in text
