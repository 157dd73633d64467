"""The next action: each rule by itself, and which goes first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fullhouse.planning.daily import ABOVE, BELOW
from fullhouse.planning.daily_action import (
    RULES,
    best_audience,
    catch_up,
    launch,
    make_a_plan,
    move_money,
    next_action,
    next_look,
    nothing_to_do,
    read_out,
    slow_down,
    stop_the_held_out,
)
from tests.planning.made_daily import AS_OF, OPENING, WEEK, a_day, a_delivery, a_line, a_signal

DAY = timedelta(days=1)
UNCARRIED = a_delivery(campaign=None)


def on(left, **changes):
    return a_day(as_of=OPENING - left * DAY, **changes)


def test_a_film_on_target_has_nothing_to_do():
    assert [rule(a_day()) for rule in RULES] == [None] * len(RULES)
    assert next_action(a_day()).words == "Nothing to do today; next look on 31 Jul 2025."


def test_without_a_plan_one_is_made_while_there_is_time():
    assert make_a_plan(on(1, delivery=None)).command.startswith("fullhouse plan a-season-for-")
    assert make_a_plan(on(0, delivery=None)) is None
    assert make_a_plan(a_day()) is None


@pytest.mark.parametrize(("days", "due"), [(8, False), (7, True), (0, True), (-2, True)])
def test_a_plan_is_launched_from_a_week_before_its_first(days, due):
    found = launch(a_day(as_of=WEEK - days * DAY, delivery=UNCARRIED))
    assert (found is not None) == due
    if due:
        assert "campaign power bramble@1" in found.command
        assert "campaign launch bramble@1" in found.command
        assert ("began" in found.words) == (days < 0)


def test_a_launched_campaign_and_an_opened_film_are_not_launched():
    assert launch(a_day()) is None
    assert launch(on(0, delivery=UNCARRIED)) is None


def test_held_out_people_who_were_shown_it_come_before_delivery():
    late = a_delivery(a_line("one", impressions=10), held_out_shown=3)
    assert stop_the_held_out(a_day()) is None
    found = next_action(a_day(delivery=late))
    assert (found.rule, found.words[:32]) == ("held out", "3 of 300 held-out people were sh")


def test_who_is_behind_is_named_with_the_line_that_lacks_most():
    lines = (a_line("one", impressions=70), a_line("two", audience="Readers", impressions=60))
    found = catch_up(a_day(delivery=a_delivery(*lines)))
    assert "push is behind: 130 of 200 impressions" in found.words
    assert "(65 %)" in found.words
    assert "“Readers”" in found.words
    assert catch_up(on(0, delivery=a_delivery(*lines))) is None


def test_that_the_newest_impression_is_old_is_said():
    lines, old = (a_line("one", impressions=70),), AS_OF - 4 * DAY
    said = catch_up(a_day(delivery=a_delivery(*lines, last_impression=old))).words
    assert "newest impression that came back is of 26 Jul 2025" in said
    assert "newest" not in catch_up(a_day(delivery=a_delivery(*lines))).words


def test_where_nothing_came_back_the_feed_is_asked_first():
    found = catch_up(a_day(delivery=a_delivery(a_line("one", impressions=0))))
    assert "No impression of bramble-august has come back, of 100 planned" in found.words


def test_nobody_is_behind_before_the_first_day_is_over():
    before = a_day(as_of=WEEK, delivery=a_delivery(a_line("one", planned=0, impressions=0)))
    assert catch_up(before) is None


def test_a_channel_beyond_the_plan_is_asked_to_keep_to_it():
    found = slow_down(a_day(delivery=a_delivery(a_line("one", impressions=130))))
    assert "push is beyond the plan: 130 impressions where 100 were planned" in found.words
    assert slow_down(a_day(delivery=UNCARRIED)) is None


def test_below_the_range_money_could_move_to_the_audience_that_wins_most():
    low = (a_signal(verdict=BELOW), a_signal("search_interest", verdict=BELOW))
    lines = (a_line("one", tickets=1.0), a_line("two", audience="Readers", tickets=3.0))
    found = move_money(a_day(signals=low, delivery=a_delivery(*lines)))
    assert found.words.startswith("Presales in the market are below the range")
    assert "“Readers”" in found.words
    assert "300 tickets for each 1,000 USD" in found.words
    assert "the next 1,000 USD would win about 20" in found.words
    assert (
        "curve"
        not in move_money(a_day(signals=low, delivery=a_delivery(*lines, next_unit=None))).words
    )


def test_only_presales_and_marks_below_move_money_and_only_with_weeks_to_come():
    assert move_money(a_day(signals=(a_signal("search_interest", verdict=BELOW),))) is None
    assert move_money(a_day(signals=(a_signal(verdict=ABOVE),))) is None
    low = (a_signal(verdict=BELOW),)
    over = a_day(as_of=WEEK + 7 * DAY, signals=low)
    assert move_money(over) is None
    assert "no week of the plan is left" in nothing_to_do(over).words
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
    found = read_out(a_day(as_of=now, delivery=delivery, house_until=now))
    if due is None:
        assert found is None
    else:
        assert f"{(OPENING + due * DAY).day} Aug" in found.words
        assert found.command == f"fullhouse campaign readout bramble-august --as-of {now}"


def test_a_readout_that_would_see_nothing_asks_for_traits_first():
    now = OPENING + 8 * DAY
    for until in (OPENING + 6 * DAY, None):
        found = read_out(a_day(as_of=now, house_until=until))
        assert found.command == f"fullhouse traits build --as-of {now}"
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
    found = next_look(on(left, delivery=delivery))
    assert found == (None if look is None else OPENING - look * DAY)


def test_the_last_day_says_that_the_page_ends():
    assert "the daily page ends today" in nothing_to_do(on(-14)).words


def test_a_campaign_under_way_is_looked_at_every_day():
    assert next_look(a_day()) == AS_OF + DAY
    far = replace(a_day(), as_of=WEEK + 8 * DAY, opening=OPENING + 30 * DAY)
    assert next_look(far) == far.as_of + 7 * DAY
