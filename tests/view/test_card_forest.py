"""The forest of audiences: both marks, their intervals, and what stands beside them."""

from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import RatioEstimate
from fullhouse.view.card_charts import BEYOND, FOREST_CAPTION, card_forest, forest_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import CARDS, EXPECTED, GUESS, RICH

DOGS = CARDS[0]


def marks(discovery, kind):
    return {r["card"]: r for r in rows_of(card_forest(discovery)) if r.get("kind") == kind}


def test_a_row_has_every_ratio_as_it_was_computed():
    row = forest_rows(CARDS)[0]
    for name in ("affinity", "beyond", "interest", "placebo"):
        known = getattr(DOGS, name)
        assert [row[name], row[f"{name}_low"], row[f"{name}_high"]] == [
            known.value,
            known.low,
            known.high,
        ]
    assert row["naive"] == DOGS.naive


def test_cards_without_any_affinity_are_left_out():
    assert [r["card"] for r in forest_rows(CARDS)] == [c.id for c in CARDS[:-1]]
    with pytest.raises(CannotTellError, match="A guess from words"):
        card_forest(GUESS)


def test_affinity_and_beyond_are_drawn_with_their_intervals_and_joined():
    drawn = rows_of(card_forest(RICH))
    beyond = marks(RICH, BEYOND)[DOGS.id]
    ends = (DOGS.beyond.value, DOGS.beyond.low, DOGS.beyond.high)
    assert (beyond["x"], beyond["low"], beyond["high"]) == ends
    join = next(r for r in drawn if "down" in r)
    assert (join["x"], join["to"]) == (DOGS.affinity.value, DOGS.beyond.value)


def test_placebo_naive_and_own_interest_are_drawn_where_they_are_known():
    values = [r["x"] for r in rows_of(card_forest(RICH)) if r.get("card") == DOGS.id]
    for known in (DOGS.placebo.value, DOGS.naive, DOGS.interest.value):
        assert known in values
    gardeners = [r for r in rows_of(card_forest(RICH)) if r.get("card") == CARDS[6].id]
    assert len(gardeners) == 2


def test_an_open_end_runs_off_the_axis_and_the_figures_say_so():
    gardeners = marks(RICH, BEYOND)[CARDS[6].id]
    assert gardeners["high"] == 20.0
    assert gardeners["figures"] == "1.72 (1.02–…)"


def test_ends_beyond_the_axis_are_cut():
    wild = replace(DOGS, beyond=RatioEstimate(30.0, 0.01, 400.0))
    discovery = replace(RICH, cards=(wild,))
    drawn = marks(discovery, BEYOND)[DOGS.id]
    assert (drawn["low"], drawn["x"], drawn["high"]) == (0.1, 20.0, 20.0)
    assert forest_rows([wild])[0]["beyond_high"] == 400.0


def test_a_card_whose_beyond_is_not_known_is_drawn_without_it():
    half = replace(DOGS, beyond=RatioEstimate())
    drawn = rows_of(card_forest(replace(RICH, cards=(half,))))
    assert not [r for r in drawn if r.get("kind") == BEYOND]
    assert any(r.get("figures") == "not known" for r in drawn)


def test_the_axis_is_logarithmic_and_holds_one():
    text = card_forest(EXPECTED).to_json()
    assert '"type": "log"' in text
    domain = next(
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in card_forest(EXPECTED).to_dict()["layer"]
        if "scale" in layer["encoding"].get("x", {})
    )
    assert domain[0] < 1 < domain[1]


def test_marks_are_explained_and_simulated_comes_first():
    heading = heading_of(card_forest(EXPECTED))
    assert heading.index("SIMULATED") < heading.index("How many times as likely")
    assert "placebo" in FOREST_CAPTION
