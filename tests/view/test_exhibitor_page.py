"""A cinema's page: what helps to schedule, and no number of a few people anywhere."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest

import fullhouse  # noqa: F401  (gives errors their words)
from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.exhibit.pack import (
    CinemaBasis,
    DaypartBasis,
    NoDayparts,
    RangeBasis,
    Source,
    StillRunning,
)
from fullhouse.view.charts import DARK
from fullhouse.view.exhibitor_page import exhibit_csv, exhibitor_page, week_rows, weeks_chart
from fullhouse.view.words.exhibit import basis_lines, headline, showings_words, source_words
from tests.view.chart_data import heading_of, rows_of
from tests.view.page_reader import RUDE, Reader
from tests.view.sample_plans import AS_OF, EXHIBIT, EXPECTED

PAGE = exhibitor_page(EXHIBIT)
SMALL = replace(
    EXHIBIT, weeks=(replace(EXHIBIT.weeks[0], admissions=None),), dayparts=(), audiences=(),
    films=(), other_dayparts=None, basis=(),
)  # fmt: skip


def test_nothing_is_asked_of_any_other_place_and_every_element_closes():
    read = Reader(PAGE)
    assert "http:" not in PAGE
    assert "https:" not in PAGE
    assert read.open == []
    assert not {t for t, _ in read.tags} & {"script", "link", "iframe", "img", "object"}


def test_everything_of_the_pack_stands_there():
    text = Reader(PAGE).text
    words = [
        headline(EXHIBIT), source_words(EXHIBIT.source), *basis_lines(EXHIBIT), "9,412", "14,230",
        "3,920", "11,340", "Harbour Lights in Avon", "35 % of the seats", showings_words(EXHIBIT),
        *(x for a in EXHIBIT.audiences for x in (a.name, a.rule)),
        *(f.title for f in EXHIBIT.films), *(d.name for d in EXHIBIT.dayparts),
    ]  # fmt: skip
    assert [w for w in words if w not in text] == []
    assert "likely between" in headline(EXHIBIT)
    assert "opening week" in showings_words(EXHIBIT)


def test_small_numbers_and_what_gives_them_stand_nowhere():
    read = Reader(PAGE)
    assert "Keepers of ferrets not shown not shown" in read.text
    assert "People who give to animal shelters 61 under 50" in read.text
    assert "Winter Kennel 4 Nov 2022 not shown 96" in read.text
    # Both the small daypart and the one that hides it, without showings of either.
    assert "weekday matinee not shown not shown" in read.text
    assert "late not shown not shown" in read.text
    assert f"together they have {EXHIBIT.other_dayparts.admissions:,.0f} admissions" in read.text
    texts = [read.text, *(read.file(name) for name in read.links)]
    assert [t for t in texts if re.search(r"(?<![\d.])(23|43)(\.0)?(?![\d.])", t)] == []
    rows = read.rows("harbour-lights-dayparts.csv")
    assert {r["admissions"] for r in rows} == {
        "", *(str(EXPECTED[n]) for n in EXPECTED if EXPECTED[n] > 1000)
    }  # fmt: skip
    assert all((r["admissions"] == "") == (r["showings"] == "") for r in rows)


def test_every_method_of_counting_has_a_sentence():
    for reason in ("few_expected", "few_sold"):
        made = replace(SMALL, basis=(NoDayparts(reason, 50), RangeBasis()))
        assert [line for line in basis_lines(made) if line.endswith(".")] == basis_lines(made)
        assert len(basis_lines(made)) == 2


def test_every_week_is_drawn_and_one_under_the_minimum_only_named():
    rows = week_rows(EXHIBIT)
    numbers = [(r["admissions"], r["low"], r["high"]) for r in rows[:-1]]
    amounts = [w.admissions for w in EXHIBIT.weeks[:-1]]
    assert numbers == [(a.middle, a.low, a.high) for a in amounts]
    assert rows[-1]["admissions"] is None
    drawn = [r for r in rows_of(weeks_chart(EXHIBIT)) if "figures" in r]
    assert drawn[-1]["figures"] == "under 50"
    assert len(drawn) == len(EXHIBIT.weeks)


def test_a_pack_of_small_numbers_has_a_page_and_no_chart():
    text = exhibitor_page(SMALL)
    assert "under 50 admissions in the week of 14 March 2025" in Reader(text).text
    assert "<svg" not in text
    with pytest.raises(CannotTellError, match="each has under 50 admissions"):
        weeks_chart(SMALL)
    assert "No week of the run in Avon can be forecast" in exhibitor_page(replace(SMALL, weeks=()))


def test_all_can_be_had_as_data():
    read = Reader(PAGE)
    content = json.loads(read.file("harbour-lights-exhibit.json"))
    assert content == json.loads(json.dumps(EXHIBIT.to_dict()))
    assert read.file("harbour-lights-exhibit.csv") == exhibit_csv(EXHIBIT)
    rows = list(csv.DictReader(io.StringIO(exhibit_csv(EXHIBIT))))
    sizes = {n: sum(r["table"] == n for r in rows) for n in ("dayparts", "audiences", "films")}
    assert sizes == {"dayparts": 5, "audiences": 4, "films": 2}
    assert len(read.rows("harbour-lights-weeks.csv")) == len(EXHIBIT.weeks)


def test_simulated_comes_first():
    simulated = replace(EXHIBIT, simulated=True)
    assert Reader(exhibitor_page(simulated)).text.index(SIMULATED) < 120
    assert "SIMULATED" in heading_of(weeks_chart(simulated))
    assert "SIMULATED" not in PAGE


def test_names_from_files_are_escaped_everywhere():
    rude = replace(
        EXHIBIT, film=RUDE, title=RUDE, territory=RUDE, place=RUDE, source=Source(1, AS_OF, AS_OF),
        basis=(CinemaBasis(RUDE, RUDE, 0.2, "all"), DaypartBasis("all", RUDE, (RUDE,)),
               StillRunning((RUDE,), AS_OF)),
        audiences=tuple(replace(a, name=RUDE, rule=RUDE) for a in EXHIBIT.audiences),
        films=tuple(replace(f, title=RUDE) for f in EXHIBIT.films),
        dayparts=tuple(replace(d, name=RUDE) for d in EXHIBIT.dayparts),
    )  # fmt: skip
    text = exhibitor_page(rude)
    assert "<script" not in text
    assert text.count("</style>") == 1
    assert Reader(text).open == []
    assert Reader(text).text.count(RUDE) > 15


def test_every_colour_has_its_dark_one():
    drawn = "".join(re.findall(r"<svg.*?</svg>", PAGE, flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours
    assert colours <= set(DARK)
