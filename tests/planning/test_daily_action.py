"""The next action: each rule by itself, and which goes first."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.planning.daily import (
    ABOVE,
    BELOW,
    LOW,
    DayDelivery,
    DeliveryChange,
    ExposedHoldout,
    FactChange,
    ForecastMove,
    MakePlan,
    Missing,
    NothingDelivered,
    ReadOut,
    ReadoutChange,
    SignalChange,
    SignalName,
)
from fullhouse.planning.daily_action import (
    RULES,
    TYPICAL,
    behind,
    best_audience,
    beyond,
    catch_up,
    changes,
    days_over,
    drivers_move,
    forecast_move,
    launch,
    lines_so_far,
    make_a_plan,
    move_money,
    next_action,
    next_look,
    next_unit,
    nothing_to_do,
    planned_on,
    read_out,
    slow_down,
    stop_the_held_out,
)
from tests.planning.sample_day import (
    AS_OF,
    DRIVERS,
    OPENING,
    WEEK,
    a_day,
    a_delivery,
    a_forecast,
    a_line,
    a_signal,
)
from tests.view.sample_plans import BARE_PLAN, PLAN

DAY = timedelta(days=1)
UNCARRIED = a_delivery(campaign=None)


def on(left, **changes):
    return a_day(as_of=OPENING - left * DAY, **changes)


def test_a_film_on_target_has_nothing_to_do():
    assert [rule(a_day()) for rule in RULES] == [None] * len(RULES)
    assert next_action(a_day()).next_look == AS_OF + DAY


def test_without_a_plan_one_is_made_while_there_is_time():
    assert make_a_plan(on(1, delivery=None)) == MakePlan()
    assert make_a_plan(on(0, delivery=None)) is None
    assert make_a_plan(a_day()) is None


@pytest.mark.parametrize(("days", "due"), [(8, False), (7, True), (0, True), (-2, True)])
def test_a_plan_is_launched_from_a_week_before_its_first(days, due):
    action = launch(a_day(as_of=WEEK - days * DAY, delivery=UNCARRIED))
    assert (action is not None) == due
    if due:
        assert (action.plan, action.first_week, action.begun) == ("bramble@1", WEEK, days < 0)


def test_a_launched_campaign_and_an_opened_film_are_not_launched():
    assert launch(a_day()) is None
    assert launch(on(0, delivery=UNCARRIED)) is None


def test_exposed_held_out_people_come_before_delivery():
    late = a_delivery(a_line("one", impressions=10), held_out_exposed=3)
    assert stop_the_held_out(a_day()) is None
    assert next_action(a_day(delivery=late)) == ExposedHoldout("bramble-august", 3, 300)


def test_all_that_is_behind_is_named_each_with_the_line_that_lacks_most():
    """Banner 63 %, push 66 %: one of them is not the whole news."""
    lines = (
        a_line("one", impressions=70),
        a_line("two", audience="Readers", impressions=62),
        a_line("three", channel="banner", impressions=63),
        a_line("four", channel="email", impressions=95),
    )
    action = catch_up(a_day(delivery=a_delivery(*lines)))
    assert [(c.channel, c.impressions, c.planned) for c in action.channels] == [
        ("push", 132.0, 200.0), ("banner", 63.0, 100.0),
    ]  # fmt: skip
    assert action.channels[0].worst_audience == "Readers"
    assert catch_up(on(0, delivery=a_delivery(*lines))) is None


def test_that_the_newest_impression_is_old_is_part_of_it():
    lines, old = (a_line("one", impressions=70),), AS_OF - 4 * DAY
    late = catch_up(a_day(delivery=a_delivery(*lines, last_impression=old)))
    assert late.last_impression == old
    assert catch_up(a_day(delivery=a_delivery(*lines))).last_impression is None


def test_where_nothing_was_delivered_the_feed_is_asked_first():
    action = catch_up(a_day(delivery=a_delivery(a_line("one", impressions=0))))
    assert action == NothingDelivered("bramble-august", 100.0, AS_OF - DAY)


def test_nobody_is_behind_before_the_first_day_is_over():
    before = a_day(as_of=WEEK, delivery=a_delivery(a_line("one", planned=0, impressions=0)))
    assert catch_up(before) is None


def test_all_that_is_beyond_the_plan_is_named():
    lines = (a_line("one", impressions=130), a_line("two", channel="banner", impressions=150))
    action = slow_down(a_day(delivery=a_delivery(*lines)))
    assert [(c.channel, c.impressions) for c in action.channels] == [
        ("banner", 150.0), ("push", 130.0)
    ]  # fmt: skip
    assert slow_down(a_day(delivery=UNCARRIED)) is None


def test_below_the_range_money_could_move_to_the_audience_that_brings_most():
    low = (a_signal(verdict=BELOW), a_signal("search_interest", verdict=BELOW))
    lines = (a_line("one", tickets=1.0), a_line("two", audience="Readers", tickets=3.0))
    action = move_money(a_day(signals=low, delivery=a_delivery(*lines)))
    assert action.signals == (SignalName("presales", "market"),)
    assert (action.audience, action.tickets_per_unit) == ("Readers", pytest.approx(0.3))
    assert action.next_unit == 0.02


def test_only_presales_and_marks_below_move_money_and_only_with_weeks_to_come():
    assert move_money(a_day(signals=(a_signal("search_interest", verdict=BELOW),))) is None
    assert move_money(a_day(signals=(a_signal(verdict=ABOVE),))) is None
    assert move_money(a_day(signals=(a_signal(verdict=LOW),))) is None
    low = (a_signal(verdict=BELOW),)
    over = a_day(as_of=WEEK + 7 * DAY, signals=low)
    assert move_money(over) is None
    assert nothing_to_do(over).obstacle == "no_week_left"
    assert nothing_to_do(over).below == (SignalName("presales", "market"),)
    assert move_money(on(0, signals=low)) is None


def test_audiences_of_weeks_that_are_over_do_not_count():
    lines = (a_line("one", audience="Past", tickets=9.0, week=WEEK - 7 * DAY), a_line("two"))
    assert best_audience(a_delivery(*lines), WEEK) == ("Dog owners", pytest.approx(0.1))
    assert best_audience(a_delivery(*lines), WEEK + 7 * DAY) is None


@pytest.mark.parametrize(
    ("after", "read", "due"),
    [(6, [], None), (7, [], 7), (10, [7], None), (10, [5], 7), (14, [7], 14), (14, [14], None)],
)
def test_a_readout_is_due_after_one_and_after_two_weeks(after, read, due):
    delivery = a_delivery(readouts=tuple(OPENING + n * DAY for n in read))
    now = OPENING + after * DAY
    action = read_out(a_day(as_of=now, delivery=delivery, house_until=now))
    expected = None if due is None else ReadOut("bramble-august", OPENING + due * DAY, True, now)
    assert action == expected


def test_a_readout_without_tickets_of_the_run_needs_traits_first():
    now = OPENING + 8 * DAY
    for until in (OPENING + 6 * DAY, None):
        action = read_out(a_day(as_of=now, house_until=until))
        assert (action.ready, action.traits_until) == (False, until)
    assert read_out(a_day(as_of=now, delivery=UNCARRIED)) is None


def test_rules_are_asked_in_order():
    bad = a_day(
        signals=(a_signal(verdict=BELOW),),
        delivery=a_delivery(a_line("one", impressions=10), a_line("two", channel="x",
                            impressions=900)),
    )  # fmt: skip
    assert [r(bad).rule for r in (catch_up, slow_down, move_money)] == ["behind", "beyond", "below"]
    assert next_action(bad).rule == "behind"


@pytest.mark.parametrize(
    ("left", "delivery", "look"),
    [(60, None, 53), (40, UNCARRIED, 33), (28, UNCARRIED, 25), (14, None, 13), (0, None, -1),
     (-3, None, -7), (-14, None, None)],
)  # fmt: skip
def test_the_next_look(left, delivery, look):
    day = next_look(on(left, delivery=delivery))
    assert day == (None if look is None else OPENING - look * DAY)


def test_after_the_last_day_there_is_no_next_look():
    assert nothing_to_do(on(-14)).next_look is None


def test_a_campaign_under_way_is_looked_at_every_day():
    assert next_look(a_day()) == AS_OF + DAY
    far = replace(a_day(), as_of=WEEK + 8 * DAY, opening=OPENING + 30 * DAY)
    assert next_look(far) == far.as_of + 7 * DAY


def news(signals=(), forecasts=(), delivery=None, before=None, now=None):
    return list(changes(signals, forecasts, delivery, before or {}, now or {}, AS_OF))


def test_facts_that_are_new_others_or_gone():
    before = {"opening": date(2025, 8, 8), "theaters": 3000, "rating": "PG", "plan": "wide"}
    now = {"opening": date(2025, 8, 15), "theaters": 3200, "plan": "wide", "genres": ["Drama"]}
    assert news(before=before, now=now) == [
        FactChange("genres", None, ["Drama"]),
        FactChange("opening", date(2025, 8, 8), date(2025, 8, 15)),
        FactChange("rating", "PG", None),
        FactChange("theaters", 3000, 3200),
    ]


def test_a_signal_that_is_known_of_both_mornings_has_its_growth():
    assert news([a_signal()]) == [SignalChange(SignalName("presales", "market"), 1.0, 1_100.0)]
    assert news([a_signal(until=AS_OF - DAY)]) == []


def test_deliveries_and_readouts():
    delivery = a_delivery(readouts=(AS_OF - 9 * DAY, AS_OF))
    assert news(delivery=delivery) == [
        DeliveryChange(AS_OF - DAY, 48.0, 50.0),
        ReadoutChange(AS_OF),
    ]
    assert news(delivery=a_delivery(yesterday=DayDelivery(0.0, 0.0))) == []
    assert news(delivery=a_delivery(yesterday=DayDelivery(50.0, None))) == []


def test_the_move_of_a_forecast_has_the_driver_that_moved_most_the_same_direction():
    now = a_forecast(middle=18e6, drivers={"signals": 1.0, "budget": 1.2})
    # The budget's factor grew more than that of signals fell, but the middle fell.
    assert drivers_move(now, a_forecast(1)) == ("signals", pytest.approx(1 / 1.2))
    (move,) = news(forecasts=(now, a_forecast(1)))
    assert (move.factor, move.driver) == (pytest.approx(0.9), "signals")
    assert (move.horizon, move.trained_until) == (None, None)


def test_the_typical_film_and_a_new_driver_count_too():
    now = a_forecast(middle=30e6, typical=30e6, drivers={**DRIVERS, "theaters": 1.3})
    assert drivers_move(now, a_forecast(1)) == (TYPICAL, pytest.approx(2.0))
    assert forecast_move(now, a_forecast(1)).driver is None
    assert forecast_move(now, a_forecast(1)).driver_factor == pytest.approx(2.0)
    new = a_forecast(middle=30e6, drivers={**DRIVERS, "theaters": 1.3})
    assert drivers_move(new, a_forecast(1)) == ("theaters", pytest.approx(1.3))
    assert drivers_move(a_forecast(middle=30e6), a_forecast(1)) is None


def test_another_stage_and_newly_trained_models_are_part_of_it():
    now = a_forecast(middle=25e6, horizon="T-7", trained_until=date(2025, 8, 1))
    move = forecast_move(now, a_forecast(1))
    assert (move.horizon, move.horizon_before) == ("T-7", "T-28")
    assert move.trained_until == date(2025, 8, 1)


def test_a_forecast_that_could_not_be_made_has_its_reason():
    why = Missing("Too few films.")
    none = a_forecast(1, total=None, why=why)
    assert forecast_move(a_forecast(), none) == ForecastMove(None, AS_OF - DAY, why)
    assert drivers_move(a_forecast(), none) is None


MONDAY = date(2025, 2, 3)


@given(st.integers(-10, 20), st.integers(-10, 6))
def test_a_line_is_even_over_the_days_of_its_week_after_the_plan(until, made):
    """Against counting the days one by one."""
    made_on, last = MONDAY + timedelta(made), MONDAY + timedelta(until)
    days = [d for k in range(7) if (d := MONDAY + timedelta(k)) > made_on]
    if not days:
        return
    assert days_over(MONDAY, made_on, last) == pytest.approx(
        sum(d <= last for d in days) / len(days)
    )


def test_days_not_begun_are_nothing_and_at_the_end_it_is_the_whole_plan():
    before = lines_so_far(PLAN, MONDAY - timedelta(days=1), {})
    assert {x.planned for x in before} == {0.0}
    end = lines_so_far(PLAN, date(2025, 6, 1), {})
    assert sum(x.planned for x in end) == pytest.approx(sum(x.impressions for x in PLAN.lines))
    assert sum(x.planned_spend for x in end) == pytest.approx(PLAN.spend)


def test_days_add_up_to_what_is_planned():
    until = MONDAY + timedelta(days=16)
    days = [MONDAY + timedelta(days=k) for k in range(17)]
    assert sum(planned_on(PLAN, d) for d in days) == pytest.approx(
        sum(x.planned for x in lines_so_far(PLAN, until, None))
    )


def test_delivered_impressions_cost_what_the_plan_paid():
    line = PLAN.lines[0]
    lines = lines_so_far(PLAN, MONDAY, {line.id: line.impressions / 2, "another": 9.0})
    assert lines[0].spent == pytest.approx(line.spend / 2)
    assert {x.impressions for x in lines[1:]} == {0.0}
    assert {x.spent for x in lines_so_far(PLAN, MONDAY, None)} == {None}


def test_every_channel_a_fifth_behind_is_named_the_largest_hole_first():
    fine, late = a_line("a", planned=100, impressions=80), a_line("b", channel="x", impressions=79)
    assert behind(a_delivery(fine)) == []
    assert [c.channel for c in behind(a_delivery(fine, late))] == ["x"]
    worse = a_line("c", channel="y", planned=1_000, impressions=700)
    channels = behind(a_delivery(fine, late, worse, a_line("d", channel="y")))
    assert [(c.channel, c.worst.line) for c in channels] == [("y", "c"), ("x", "b")]
    assert channels[0].share == pytest.approx(800 / 1_100)


def test_every_channel_a_fifth_beyond_is_named_also_where_nothing_was_planned():
    assert beyond(a_delivery(a_line("a", impressions=120))) == []
    over = a_delivery(
        a_line("a", impressions=121), a_line("b", channel="x", planned=0, impressions=90)
    )
    assert [c.channel for c in beyond(over)] == ["x", "push"]
    assert behind(a_delivery(a_line("a", planned=0, impressions=0))) == []


def test_the_next_unit_is_read_off_the_curve_and_not_beyond_it():
    points = sorted(PLAN.curve, key=lambda p: p.budget)
    between = replace(PLAN, budget=(points[0].budget + points[1].budget) / 2)
    assert next_unit(between) == pytest.approx((points[0].next_unit + points[1].next_unit) / 2)
    assert next_unit(replace(PLAN, budget=1.01 * points[-1].budget)) is None
    assert next_unit(BARE_PLAN) is None
