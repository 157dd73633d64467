"""The overlap chart: exclusive combinations by size, and the dots that say which."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.view.discovery_charts import MOST_COMBINATIONS, overlap_chart, overlap_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import CARDS, COMBINATIONS, IDS

combinations = st.lists(
    st.tuples(st.sets(st.sampled_from(IDS), min_size=1), st.integers(0, 10**6)), min_size=1
)


def test_the_largest_stand_and_the_rest_is_summed():
    rows = overlap_rows(CARDS, COMBINATIONS)
    assert len(rows) == MOST_COMBINATIONS + 1
    sizes = sorted((n for _, n in COMBINATIONS), reverse=True)
    assert [r["persons"] for r in rows[:MOST_COMBINATIONS]] == sizes[:MOST_COMBINATIONS]
    assert rows[-1]["persons"] == sum(sizes[MOST_COMBINATIONS:])
    assert rows[-1]["names"] == "3 other combinations, together"
    assert rows[0]["names"] == "Hobby bakers"


@settings(max_examples=60, deadline=None)
@given(combinations, st.randoms())
def test_nobody_is_lost_and_order_does_not_matter(given_, random):
    rows = overlap_rows(CARDS, given_)
    assert sum(r["persons"] for r in rows) == sum(n for _, n in given_)
    assert len(rows) <= MOST_COMBINATIONS + 1
    assert [r["persons"] for r in rows[:MOST_COMBINATIONS]] == sorted(
        (r["persons"] for r in rows[:MOST_COMBINATIONS]), reverse=True
    )
    turned = [(list(ids)[::-1], n) for ids, n in given_]
    random.shuffle(turned)
    assert overlap_rows(CARDS, turned) == rows


def test_dots_are_dark_where_the_combination_has_the_card():
    drawn = [r for r in rows_of(overlap_chart(CARDS, COMBINATIONS)) if "in" in r]
    rows = overlap_rows(CARDS, COMBINATIONS)
    dark = {}
    for dot in drawn:
        dark.setdefault(dot["column"], []).append(dot["in"])
    for row in rows[:MOST_COMBINATIONS]:
        assert dark[row["column"]] == [c.id in row["cards"] for c in CARDS]
    assert rows[-1]["column"] not in dark


def test_bars_are_as_high_as_their_people_and_names_have_all_theirs():
    drawn = rows_of(overlap_chart(CARDS, COMBINATIONS))
    bars = {r["column"]: r for r in drawn if "label" in r and "column" in r}
    assert [bars[c]["persons"] for c in sorted(bars)] == [
        r["persons"] for r in overlap_rows(CARDS, COMBINATIONS)
    ]
    assert next(r["people"] for r in drawn if "people" in r) == "48.2 k"


def test_an_intersection_of_nobody_is_drawn():
    drawn = rows_of(overlap_chart(CARDS[:2], [(IDS[:2], 0)]))
    assert [r["persons"] for r in drawn if "label" in r and "column" in r] == [0]


def test_people_in_no_card_are_left_out():
    rows = overlap_rows(CARDS, [((), 9_000_000), ((IDS[0],), 5)])
    assert [r["persons"] for r in rows] == [5]


def test_nothing_to_draw_is_an_error_and_an_unknown_card_a_mistake():
    with pytest.raises(CannotTellError, match="no combination"):
        overlap_chart(CARDS, [((), 4)])
    with pytest.raises(InputError, match="Did you mean 'hobby-bakers'"):
        overlap_chart(CARDS, [(("hobby-baker",), 4)])


def test_simulated_comes_first():
    assert "SIMULATED" in heading_of(overlap_chart(CARDS, COMBINATIONS, simulated=True))
