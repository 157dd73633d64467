"""Effects with both intervals: as they were computed, in groups, never one without the other."""

from dataclasses import replace
from datetime import date

import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.campaign_readout import (
    NamedEffect,
    NotChecked,
    campaign_readout_of,
)
from fullhouse.view.readout_page import effect_chart, effect_rows
from fullhouse.view.words.readout import part_words
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_plans import PARTS, SHOWN, WHOLE, effect, readout

EFFECTS = SHOWN.on("tickets")


def drawn(effects):
    return {r["name"]: r for r in rows_of(effect_chart(effects)) if "figures" in r}


def test_figures_are_per_so_many_people_and_otherwise_as_computed():
    rows = effect_rows(EFFECTS)
    assert {r["per"] for r in rows} == {1000}
    for row, named in zip(rows, EFFECTS, strict=True):
        fixed, always = named.effect.effect, named.effect.always_valid
        assert row["value"] == pytest.approx(1000 * fixed.value)
        assert (row["low"], row["high"]) == pytest.approx((1000 * fixed.low, 1000 * fixed.high))
        assert row["always_low"] == pytest.approx(1000 * always.low)
        assert row["always_high"] == pytest.approx(1000 * always.high)
        assert row["people"] == named.effect.people


def test_proven_is_over_all_comparisons():
    alone = effect(0.01, 0.004, p=0.2)
    assert alone.effect.low > 0
    assert not drawn([NamedEffect("line", "a", alone)])["a"]["proven"]
    proven = {n for n, r in drawn(EFFECTS).items() if r["proven"]}
    assert proven == {"The whole campaign", "Owners of older dogs", "push"}


def test_what_goes_beyond_the_axis_is_cut_with_an_arrow_and_given_in_full():
    rows = drawn(EFFECTS)
    wide = next(r for n, r in rows.items() if n.startswith("Readers"))
    assert wide["less"]
    assert wide["more"]
    assert wide["figures"] == "+21 (−37.8 to 79.8)"
    assert wide["low"] > -37.8
    assert not any(r["less"] or r["more"] for n, r in rows.items() if n != wide["name"])
    ends = [e for r in rows.values() for e in (r["low"], r["high"])]
    assert min(ends) <= wide["value"] <= max(ends)


@pytest.mark.parametrize("se", [0.004, 0.011, 0.02, 0.05])
def test_an_arrow_stands_where_and_only_where_an_interval_is_cut(se):
    effects = [*EFFECTS[:3], NamedEffect("line", "few people", effect(0.004, se))]
    rows = drawn(effects)
    for named in effects:
        row = rows[part_words(named.group, named.name)]
        always = named.effect.always_valid
        assert row["less"] == (row["always_low"] > 1000 * always.low + 1e-9)
        assert row["more"] == (row["always_high"] < 1000 * always.high - 1e-9)


def test_parts_are_proven_over_all_parts_and_the_whole_by_itself():
    near = readout([effect(0.01, 0.004, p=0.02, always_valid=None)])
    parts = {"line": {f"line {k}": near for k in range(4)}}
    shown = campaign_readout_of("c", date(2025, 3, 1), near, parts=parts)
    assert [e.effect.holm_p for e in shown.effects] == pytest.approx([0.02, *[0.08] * 4])
    assert [e.effect.proven for e in shown.effects] == [True, *[False] * 4]


def test_groups_stand_together_under_their_heads_and_the_whole_has_none():
    mixed = [EFFECTS[1], EFFECTS[5], EFFECTS[2], EFFECTS[0]]
    assert [r["group"] for r in effect_rows(mixed)] == ["audience", "audience", "channel", "whole"]
    heads = [r["head"] for r in drawn(EFFECTS).values() if r["head"]]
    assert heads == ["By audience", "By channel"]


def test_an_effect_that_nobody_looks_at_daily_has_one_interval():
    once = effect(0.01, 0.004, always_valid=None)
    rows = drawn([NamedEffect("line", "a", once)])
    assert rows["a"]["always_low"] is None


@pytest.mark.parametrize(("se", "per"), [(0.0012, 1000), (0.4, 10), (3.0, 1), (0.01, 100)])
def test_how_many_people_figures_are_for(se, per):
    assert effect_rows([NamedEffect("g", "n", effect(0.0, se))])[0]["per"] == per


def test_a_readout_of_arms_keeps_their_names():
    two = readout([effect(0.01, 0.004, arm="men"), effect(0.02, 0.004, arm="women")])
    shown = campaign_readout_of("c", date(2025, 3, 1), two, parts={"city": {"Avon": two}})
    assert [e.name for e in shown.effects] == ["men", "women", "Avon: men", "Avon: women"]


def test_notes_of_parts_stand_with_their_names_and_once():
    part = readout([effect(0.01, 0.004)], not_checked=(*WHOLE.not_checked, "sample ratio"))
    shown = campaign_readout_of("c", date(2025, 3, 1), WHOLE, parts={"city": {"Avon": part}})
    assert shown.notes == (
        NotChecked("balance of covariates"), NotChecked("sample ratio", "Avon"),
    )  # fmt: skip
    assert len(campaign_readout_of("c", date(2025, 3, 1), WHOLE, parts=PARTS).effects) == len(
        EFFECTS
    )


def test_no_effect_or_two_outcomes_are_errors():
    with pytest.raises(CannotTellError, match="no effect to draw"):
        effect_chart([])
    other = replace(EFFECTS[0], effect=effect(0.1, 0.1, outcome="visit"))
    with pytest.raises(InputError, match="one outcome, not tickets, visit"):
        effect_chart([EFFECTS[0], other])


def test_simulated_comes_first_and_levels_are_given():
    assert "SIMULATED" in heading_of(effect_chart(EFFECTS, simulated=True))
    assert "SIMULATED" not in heading_of(effect_chart(EFFECTS))
    assert "Intervals at 95 %." in heading_of(effect_chart(EFFECTS))


def test_before_the_end_the_range_beside_a_name_holds_at_any_look():
    rows = {r["name"]: r for r in rows_of(effect_chart(EFFECTS, interim=True)) if "figures" in r}
    assert rows["push"]["figures"] == "+7.9 (2.8 to 13)"
    assert drawn(EFFECTS)["push"]["figures"] == "+7.9 (4.57 to 11.2)"
