"""Tickets by city: nothing is lost when the small ones are summed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import TicketGroup
from fullhouse.view.discovery_charts import city_chart, city_rows, groups_table
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import CITIES, TICKETS, TOTAL

cities = st.lists(
    st.builds(
        lambda name, persons, t: TicketGroup(name, persons, t, 0.7 * t, 1.4 * t),
        st.text(max_size=40),
        st.integers(0, 10**6),
        st.floats(0, 1e7),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(cities, st.integers(1, 20))
def test_tickets_and_people_add_up_however_many_are_shown(groups, most):
    rows = city_rows(groups, most=most)
    for name in ("tickets", "low", "high", "persons"):
        assert sum(r[name] for r in rows) == pytest.approx(sum(getattr(g, name) for g in groups))
    unknown = sum(not g.persons for g in groups)
    assert len(rows) - unknown <= most + 1


def test_the_largest_come_first_and_who_is_not_known_last():
    rows = city_rows(TICKETS.cities)
    assert [r["city"] for r in rows[:2]] == ["New Harbour", "Saint Aubin"]
    assert [r["city"] for r in rows[-2:]] == [
        "3 other cities together",
        "people the house does not know",
    ]
    assert len(rows) == 14
    assert len(CITIES) == 15


def test_a_rest_of_one_city_is_that_city():
    assert len([r for r in city_rows(TICKETS.cities, most=14) if not r["rest"]]) == 15


def test_bars_and_ranges_are_those_of_the_groups():
    drawn = {r["city"]: r for r in rows_of(city_chart(TICKETS))}
    for group in TICKETS.cities[:12]:
        row = drawn[group.name]
        assert (row["tickets"], row["low"], row["high"]) == (group.tickets, group.low, group.high)
    assert drawn["New Harbour"]["figures"] == "96.2 k (71.2 k – 133 k)"


def test_the_total_is_stated_and_simulated_comes_first():
    heading = heading_of(city_chart(TICKETS, simulated=True))
    assert f"All together: {TOTAL:,.0f} tickets" in heading
    assert "SIMULATED" in heading


def test_no_city_is_an_error():
    with pytest.raises(CannotTellError, match="no cities"):
        city_chart(replace(TICKETS, cities=()))


def test_a_table_sums_its_own_rows_and_names_the_total():
    short = TICKETS.audiences[:2]
    text = groups_table("audience", short, TICKETS)
    assert f"{sum(g.tickets for g in short):,.0f}" in text
    assert f"total is {TOTAL:,.0f}" in text
