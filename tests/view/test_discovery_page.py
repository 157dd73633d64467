"""The page of a film's audiences: complete, safe, and without a network."""

import json
import re
from dataclasses import replace
from functools import cache

import pytest

from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.card import NoForecast, Obvious, Refused, WordMatch
from fullhouse.sample.outcome import Seed
from fullhouse.view.charts import DARK
from fullhouse.view.discovery_page import cards_section, discovery_page
from fullhouse.view.model_card import model_section
from fullhouse.view.words.discovery import (
    ASSOCIATION,
    card_reason,
    headline,
    notes_words,
    ratio_words,
    seed_reason,
)
from fullhouse.view.words.figures import number_words, share_words
from tests.view.page_reader import RUDE, Reader
from tests.view.sample_discoveries import (
    ALL,
    BARE_MODEL,
    CARDS,
    COMBINATIONS,
    MODEL,
    NULL,
    RICH,
    TICKETS,
)

EVERY = list(ALL)


@cache
def page(name):
    return discovery_page(ALL[name], model=MODEL if name == "rich" else None)


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


@pytest.mark.parametrize("name", EVERY)
def test_every_element_closes(name):
    assert Reader(page(name)).open == []


@pytest.mark.parametrize("name", EVERY)
def test_headline_sentence_and_association_stand_on_the_page(name):
    text = Reader(page(name)).text
    assert headline(ALL[name]) in text
    assert text.count(ASSOCIATION) == 1
    assert "caus" not in text.replace(ASSOCIATION, "")


def test_the_null_page_has_the_null_sentence_and_no_audience():
    text = Reader(page("null")).text
    assert (
        "Nothing found: none of the 418 traits tested goes with “Harbour Lights” beyond activity,"
        " chance, the placebo and what film people already know."
    ) in text
    assert "The audiences" not in text
    assert "<svg" not in page("null")
    assert text.count(headline(NULL)) == 1


@pytest.mark.parametrize("card", CARDS, ids=lambda c: c.id)
def test_every_figure_of_a_card_stands_behind_it(card):
    text = Reader(cards_section(replace(RICH, cards=(card,)))[0]).text
    ratios = (card.affinity, card.beyond, card.interest, card.placebo, card.index)
    halves = (card.stability.first, card.stability.second)
    figures = [ratio_words(e) for e in ratios]
    figures += [ratio_words(e) for e in halves if e.value is not None]
    figures += [number_words(n) for n in (card.naive, card.unobviousness, card.size)]
    figures += [number_words(n) for n in (card.strength, card.rank)]
    figures += [share_words(s) for s in (card.share, card.likely_share)]
    counts = (card.persons, card.base_people, card.not_moviegoers, card.likely, card.extra)
    figures += [f"{n:,}" for n in counts]
    figures += [f"{card.evidence.seed_people:,}", card.rule, card.id, card.family, *card.traits]
    figures += [f"{o.persons:,} ({share_words(o.share)})" for o in card.overlap]
    assert [f for f in figures if f not in text] == []
    assert all(source in text for source in card.evidence.sources)


def test_cards_stand_on_the_page_with_names_reasons_and_dates():
    text = Reader(page("rich")).text
    for card in CARDS:
        for words in (card.name, card_reason(card), card.rule, f"+ {card.extra:,}"):
            assert words in text
    assert "Figures of 28 February 2025, from trait build 12 of 1 March 2025." in text
    assert "From shop, ticketing, from 1 March 2023 to 28 February 2025." in text


def test_every_other_noun_stands_there_with_its_figures():
    text = Reader(page("rich")).text
    expected = [
        *(x for s in RICH.used for x in (s.rule, f"{s.people:,}", seed_reason(s))),
        *(x for o in RICH.obvious for x in (o.name, o.rule, f"{o.persons:,}")),
        *(x for s in RICH.segments
          for x in (s.name, s.rule, f"{s.persons:,}", f"{s.likely:,}", number_words(s.ratio.value),
                    number_words(s.over_parts.value))),
        *(x for p in RICH.portfolio
          for x in (p.name, f"{p.persons:,}", f"{p.likely:,}", f"{p.new_persons:,}",
                    f"{p.new_likely:,}", share_words(p.covered), share_words(p.reached))),
        *(x for c in RICH.comps
          for x in (c.title, f"{c.people:,}", number_words(c.likeness), number_words(c.text))),
        *(x for m in RICH.words for x in (m.label, number_words(m.score))),
        *(x for r in RICH.refused for x in (r.trait,)),
        *(x for g in (*TICKETS.audiences, *TICKETS.cities)
          for x in (g.name, f"{g.tickets:,.0f}", f"{g.low:,.0f} – {g.high:,.0f}")),
        f"{RICH.seed_people:,}", f"{RICH.interest_people:,}", f"{RICH.obvious_people:,}",
        f"{RICH.base_people:,}", RICH.placebo, f"{RICH.tested:,}", *notes_words(RICH), "11.40 USD",
        "Not used: others are more similar", "ageing ~ older",
    ]  # fmt: skip
    assert [t for t in expected if t not in text] == []
    # The reasons begin a line.
    assert "All its events are the outcome's: buys:bramble-plush" in text


def test_no_rule_stands_outside_what_is_folded_away():
    shown = re.sub(r"<details.*?</details>", "", page("rich"), flags=re.DOTALL)
    text = Reader(shown).text
    parts = (*RICH.used, *RICH.obvious, *RICH.segments)
    rules = [*(part.rule for part in parts), *(m.trait for m in RICH.words), RICH.placebo]
    assert [rule for rule in rules if rule in text] == []
    assert "trait build" not in text


@pytest.mark.slow
def test_one_audience_has_no_chart_of_overlaps():
    one = replace(RICH, cards=RICH.cards[:1])
    assert "How they overlap" in page("rich")
    assert "How they overlap" not in discovery_page(one)


def test_sums_are_shown_and_are_the_total():
    text = Reader(page("rich")).text
    sums = re.findall(
        r"sum; the forecast's total is 412,000 [\d,]+ ([\d,]+) ([\d,]+) – ([\d,]+)", text
    )
    assert sums == [("412,000", "304,880", "568,560")] * 2


def test_the_models_card_is_complete():
    text = Reader(page("rich")).text
    expected = [
        "0.78 (0.75–0.81)", "0.69", "0.93", "21,437", "from the forecast", MODEL.fingerprint,
        *MODEL.learned_from, *MODEL.judged_on, *MODEL.signals,
        *(x for p in MODEL.reach
          for x in (f"{p.persons:,}", share_words(p.reached), share_words(p.precision))),
        *(x for f in MODEL.fairness for x in (f.group, f"{f.persons:,}", share_words(f.share))),
    ]  # fmt: skip
    assert [t for t in expected if t not in text] == []


def test_a_model_that_could_not_be_tested_says_so():
    text = Reader(model_section(BARE_MODEL)).text
    assert "could not be tested" in text
    assert "Not enough past films" in text
    assert "AUC, looking back not known" in text
    assert "forward in time could not be judged" in text


def test_every_table_and_chart_can_be_had_as_data():
    read, film = Reader(page("rich")), RICH.film
    assert json.loads(read.file(f"{film}.json")) == RICH.to_dict()
    assert json.loads(read.file(f"{film}-model.json"))["auc"] == MODEL.auc
    cards = read.rows(f"{film}-cards.csv")
    assert [float(r["beyond_low"] or 0) for r in cards] == [c.beyond.low or 0 for c in CARDS]
    assert {r["name"] for r in cards} == {c.name for c in CARDS}
    overlap = read.rows(f"{film}-overlap.csv")
    assert sum(int(r["persons"]) for r in overlap) == sum(n for _, n in COMBINATIONS)
    cities = read.rows(f"{film}-tickets-by-city.csv")
    assert len(cities) == len(TICKETS.cities)
    assert read.rows(f"{film}-words.csv")[0]["words"] == "dog ~ dog; ageing ~ older; kibble ~ food"
    for name in ("affinity", "segments", "portfolio", "comps", "calibration", "reach"):
        assert read.rows(f"{film}-{name}.csv")


def test_simulated_pages_say_so_first():
    for name in ("null", "expected"):
        assert Reader(page(name)).text.index(SIMULATED) < 120
    assert "SIMULATED" not in page("rich")


@pytest.mark.slow
def test_titles_and_words_from_files_are_escaped_everywhere():
    rude = replace(
        RICH,
        title=RUDE, film=RUDE, placebo=RUDE, notes=(NoForecast("", RUDE),),
        used=(Seed("text", RUDE, 4),),
        obvious=(Obvious(RUDE, RUDE, 3),),
        cards=tuple(
            replace(c, id=f"{RUDE}{k}", name=RUDE, rule=RUDE, traits=(RUDE,))
            for k, c in enumerate(CARDS)
        ),
        segments=tuple(replace(s, name=RUDE, rule=RUDE) for s in RICH.segments),
        portfolio=tuple(replace(p, name=RUDE, rule=RUDE) for p in RICH.portfolio),
        comps=tuple(replace(c, title=RUDE, names=(RUDE,)) for c in RICH.comps),
        words=(WordMatch(RUDE, RUDE, 0.5, ((RUDE, RUDE),)),),
        refused=tuple(Refused(RUDE, "same_people") for _ in range(20)),
        combinations=(((f"{RUDE}0", f"{RUDE}1"), 5),),
        tickets=replace(TICKETS, audiences=(replace(TICKETS.audiences[0], name=RUDE),),
                        cities=(replace(TICKETS.cities[0], name=RUDE),)),
    )  # fmt: skip
    model = replace(MODEL, film=RUDE, level=RUDE, signals=(RUDE,), fingerprint=RUDE)
    text = discovery_page(rude, model=model)
    assert "<script" not in text
    assert text.count("</style>") == 1
    read = Reader(text)
    assert read.open == []
    assert read.text.count(RUDE) > 40
    assert not any(name.startswith("on") for _, a in read.tags for name in a)


def test_charts_are_drawn_for_pages_and_for_phones():
    read = Reader(page("rich"))
    kinds = [a.get("class") for t, a in read.tags if t == "div"]
    assert kinds.count("wide") == kinds.count("narrow") == 5
    widths = {
        kind: max(
            float(w) for w in re.findall(rf'class="{kind}".*?<svg[^>]* width="(\d+)', page("rich"))
        )
        for kind in ("wide", "narrow")
    }
    assert widths["narrow"] <= 358 < widths["wide"] <= 740


@pytest.mark.parametrize("name", EVERY)
def test_every_colour_of_a_chart_has_its_dark_one(name):
    drawn = "".join(re.findall(r"<svg.*?</svg>", page(name), flags=re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none", "transparent"}
    assert colours <= set(DARK)
    assert bool(colours) == ("<svg" in page(name))


def test_no_two_charts_share_the_name_of_an_element():
    names = re.findall(r' id="([^"]+)"', page("rich"))
    assert len(names) == len(set(names))
