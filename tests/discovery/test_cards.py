"""Audience cards: nothing where nothing is, what was hidden, grouped and named."""

import dataclasses
import math

import numpy as np
import pytest

from fullhouse.audiences.parse import parse
from fullhouse.core.arrays import keyed_bits
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.beyond import beyond, score_features
from fullhouse.discovery.cards import (
    BUCKETS,
    _weighted,
    distinct,
    find_cards,
    plain_name,
    stability,
)
from fullhouse.discovery.columns import ComparedTraits, obvious_traits, trait_columns
from tests.discovery.sheets import drawn, film_world, sheet_of

FAMILIES = ("buys", "gender", "age")


def _compared(sheet, affinities=None, families=FAMILIES):
    names = tuple(t.name for t in sheet.traits if t.family in families)
    return ComparedTraits("everyone", sheet, affinities or {}, names)


def _cards(sheet, affinities=None, *, key=b"key", families=FAMILIES):
    obvious = obvious_traits(sheet.traits, genres=["drama"])
    return find_cards([_compared(sheet, affinities, families)], obvious, key=key)


def _placebo(**numbers):
    none = {f.name: None for f in dataclasses.fields(Affinity)}
    row = {**none, "trait": "buys:hidden", "verdict": "associated", "ratio": 2.0, **numbers}
    return {"buys:hidden": Affinity(**row)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("basis", "runs", "families", "world"),
    [
        ("measured", 200, ("buys",), {"rate": 0.05}),
        ("measured", 80, ("buys",), {"rate": 0.04, "taste": 3.0}),
        ("measured", 40, ("gender",), {"rate": 0.05}),
        ("expected", 40, ("buys",), {"rate": 0.02, "comps": 2.0, "taste": 3.0}),
    ],
    ids=["activity alone", "through the genre", "quadrants", "comparable films"],
)
def test_a_film_that_draws_by_the_obvious_alone_has_no_cards(basis, runs, families, world):
    false = 0
    for number in range(runs):
        sheet = film_world(number, people=1000, others=12, **world)
        cards = _cards(sheet, key=b"%d" % number, families=families).cards
        false += any(c.basis == basis for c in cards)
    assert false <= runs * 0.05 + 2 * math.sqrt(runs * 0.05 * 0.95)


def test_a_hidden_audience_is_detected_beside_an_equally_strong_genre():
    for number in range(5):
        sheet = film_world(number, people=4000, rate=0.03, taste=2.0, draw=2.0, alike=0.2)
        result = _cards(sheet)
        (card,) = [c for c in result.cards if "buys:hidden" in c.traits]
        assert card.basis == "measured"
        assert card.beyond == card.interest
        assert card.beyond.low <= 2.1
        assert card.beyond.high >= 1.9
        assert not any("buys:fans" in c.traits for c in result.cards)
        assert card.stability.mark == "steady"
        assert card.q <= 0.05
        assert card.excess == pytest.approx(card.likely * (1 - 1 / card.beyond.value))
        assert card.rank == pytest.approx(card.unobviousness * card.size * card.strength)
        assert card.strength == pytest.approx(math.log(card.beyond.low))
        assert result.tested >= 20


def test_comparable_films_alone_make_an_expected_card():
    sheet = film_world(3, people=5000, rate=0.01, draw=2.5, comps=3.0)
    none = dataclasses.replace(sheet, interest=np.zeros(5000, bool))
    cards = _cards(none).cards
    assert {c.basis for c in cards} == {"expected"}
    (card,) = [c for c in cards if "buys:hidden" in c.traits]
    assert card.interest.value is None
    assert card.reason == "comps_before_any_interest"


def test_interest_that_speaks_against_the_comparable_films_takes_the_card_away():
    sheet = film_world(3, people=6000, rate=0.02, draw=3.0, comps=3.0)
    hidden = sheet.by_trait[:, [sheet.column("buys:hidden")]].todense().ravel() > 0
    stands = _cards(sheet, families=("buys",)).cards
    assert any("buys:hidden" in c.traits for c in stands)
    # The same seed, but those of it who want this film are nearly all not of that audience.
    g = np.random.default_rng(1)
    interest = sheet.seed & (g.random(6000) < np.where(hidden, 0.03, 0.6))
    against = _cards(dataclasses.replace(sheet, interest=interest), families=("buys",)).cards
    assert not any("buys:hidden" in c.traits for c in against)


def test_a_placebo_that_shows_as_much_takes_the_card_away():
    sheet = film_world(1, people=4000, rate=0.03, draw=2.0)
    beyond = _placebo(placebo=1.0, against_placebo_low=1.5, naive=3.0)
    (card,) = [c for c in _cards(sheet, beyond).cards if c.rule == "buys:hidden"]
    assert (card.naive, card.affinity.value, card.placebo.value) == (3.0, 2.0, 1.0)
    for row in (
        _placebo(placebo=2.0, against_placebo_low=0.9),
        _placebo(placebo=2.0),
        _placebo(verdict="is_outcome"),
    ):
        assert not any(c.rule == "buys:hidden" for c in _cards(sheet, row).cards)


def test_traits_that_say_the_same_are_one_card_and_one_that_says_more_is_another():
    base = film_world(2, people=6000, rate=0.03, draw=2.5, others=6)
    g = np.random.default_rng(1)
    has = base.has.toarray() > 0
    hidden = has[:, 0]
    more = {
        "buys:hidden/child": hidden & (g.random(6000) < 0.6),
        "buys:above": hidden | (g.random(6000) < 0.03),
        "word:hidden": hidden,
    }
    sheet = sheet_of(
        np.column_stack([has, *more.values()]),
        base.seed,
        [*base.traits, *((n, "purchase") for n in more)],
        activity=base.activity,
        bare=base.bare,
        interest=base.interest,
        events=np.column_stack([base.events.toarray(), *more.values()]),
    )
    cards = _cards(sheet, families=("buys", "word")).cards
    (card,) = [c for c in cards if {"buys:hidden", *more} & {*c.traits}]
    assert card.rule == "buys:hidden"
    assert {*card.traits} == {"buys:hidden", *more}


def test_women_of_an_age_are_a_card_that_no_single_trait_is():
    base = film_world(4, people=8000, rate=0.02, others=2)
    g = np.random.default_rng(3)
    has = base.has.toarray() > 0
    woman, young = has[:, base.column("gender:female")], has[:, base.column("age:18-24")]
    young |= has[:, base.column("age:25-34")]
    # Half of those of the seed who are no young women leave it.
    seed = base.seed & ((woman & young) | (g.random(8000) < 0.35))
    sheet = dataclasses.replace(base, seed=seed, interest=seed)
    cards = _cards(sheet).cards
    best = max(cards, key=lambda c: c.beyond.low)
    assert best.rule == "gender:female & (age:18-24 | age:25-34)"
    assert best.affinity.value > 1.5
    assert best.name.endswith("aged 18 to 34")
    parse(best.rule)


def test_a_sample_makes_cards_with_counts_of_the_whole_base():
    whole = film_world(7, people=20_000, rate=0.02, draw=2.5, others=3)
    some = drawn(whole, 2, other_share=0.3)
    (exact,) = [c for c in _cards(whole).cards if c.rule == "buys:hidden"]
    (card,) = [c for c in _cards(some).cards if c.rule == "buys:hidden"]
    assert card.persons == pytest.approx(exact.persons, rel=0.1)
    assert card.base_people == pytest.approx(20_000, rel=0.03)
    assert card.likely == exact.likely
    assert card.not_moviegoers == card.persons
    assert 0 < card.extra < card.persons
    assert card.affinity.value == pytest.approx(exact.affinity.value, rel=0.15)


def test_the_same_question_gives_the_same_cards_in_any_order_of_candidates():
    sheet = film_world(1, people=3000, rate=0.03, draw=2.5)
    compared = _compared(sheet)
    turned = dataclasses.replace(compared, candidates=compared.candidates[::-1])
    obvious = obvious_traits(sheet.traits, genres=["drama"])
    one, two = (find_cards([c], obvious, key=b"key") for c in (compared, turned))
    assert one == two


def test_nobody_or_everybody_in_the_seed_is_no_card():
    sheet = film_world(1, people=500)
    for seed in (np.zeros(500, bool), np.ones(500, bool)):
        result = _cards(dataclasses.replace(sheet, seed=seed, interest=seed))
        assert (result.cards, result.tested) == ((), 0)


def test_the_same_people_are_tested_once():
    sheet = sheet_of(
        np.array([[1, 1, 0], [0, 0, 1]]),
        np.array([True, False]),
        [("buys:a", "purchase"), ("word:a", "purchase"), ("buys:b", "purchase")],
    )
    kept, twins = distinct(trait_columns(sheet, ["buys:a", "word:a", "buys:b"]))
    assert [c.name for c in kept] == ["buys:a", "buys:b"]
    assert twins == {"buys:a": ("word:a",)}


@pytest.mark.parametrize(
    ("family", "label", "name"),
    [
        ("buys", "bought from Pets › Dogs", "People who bought from Pets › Dogs"),
        ("wants", "wants to see Up (2009)", "People who want to see Up (2009)"),
        ("price", "pays lower-third prices", "People who pay lower-third prices"),
        ("region", "lives in Oldlands", "People who live in Oldlands"),
        ("gender", "women", "Women"),
        ("gender and age", "women aged 18 to 34", "Women aged 18 to 34"),
        ("age", "aged 18-24", "People aged 18-24"),
        ("household", "household of 4", "People in a household of 4"),
        ("own", "dog parents", "People: dog parents"),
    ],
)
def test_names_are_plain_words(family, label, name):
    sheet = sheet_of(np.ones((1, 1)), np.ones(1), [(f"{family}:x",)])
    (column,) = trait_columns(sheet, [f"{family}:x"])
    assert plain_name(dataclasses.replace(column, label=label)) == name


def _held(number=1, **world):
    sheet = film_world(number, **{"people": 6000, "others": 3, "rate": 0.03, "draw": 2.0, **world})
    facts = score_features(sheet, obvious_traits(sheet.traits, genres=["drama"]))
    columns = trait_columns(sheet, [t.name for t in sheet.traits if t.family == "buys"])
    return sheet, beyond(sheet, columns, facts, sheet.seed, key=b"key")


def test_what_is_true_is_stable_and_chance_is_not():
    sheet, held = _held()
    hidden, fans, *nulls = stability(sheet.persons, held, range(5), key=b"key")
    assert hidden.mark == "steady"
    assert hidden.again > 0.99
    assert min(hidden.first.value, hidden.second.value) > 1.4
    for other in (fans, *nulls):
        assert other.mark == "shaky"
        assert other.again < 0.9


def test_it_is_the_same_each_time_and_with_each_key_another():
    sheet, held = _held()
    one, two, other = (stability(sheet.persons, held, [0], key=k) for k in (b"a", b"a", b"b"))
    assert one == two
    assert one[0].first != other[0].first


def test_draws_spread_as_the_standard_error_says():
    sheet, held = _held()
    bucket = keyed_bits(sheet.persons, b"x").astype(np.int64) * BUCKETS >> 32
    g = np.random.default_rng(1)
    weights = g.multinomial(BUCKETS, [1 / BUCKETS] * BUCKETS, size=400)
    # A spread from 40 buckets is itself off by 1 / sqrt(2 · 39) = 11 %, three times.
    for column in range(5):
        ratio = _weighted(held, column, bucket, weights).ratio
        assert np.log(ratio).std() == pytest.approx(held.ratio.log_se[column], rel=0.34)


def test_everybody_once_gives_the_ratio_itself():
    sheet, held = _held()
    bucket = keyed_bits(sheet.persons, b"x").astype(np.int64) * BUCKETS >> 32
    whole = _weighted(held, 0, bucket, np.ones((1, BUCKETS)))
    assert whole.ratio[0] == pytest.approx(held.ratio.ratio[0])
    assert whole.log_se[0] == pytest.approx(held.ratio.log_se[0])


def test_where_a_half_has_nobody_it_is_untold():
    sheet, held = _held(rate=0.0005, people=800)
    assert held.cohort.case.sum() < 5
    (result,) = stability(sheet.persons, held, [0], key=b"key")
    assert result.mark in ("not_tested", "shaky")
