"""The daily page in sentences: each action, change and reason, as a colleague would put it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fullhouse.planning.daily import (
    CANNOT_TELL,
    AgainstFilms,
    ChannelsBehind,
    ChannelsBeyond,
    DailyTarget,
    ExposedHoldout,
    FactChange,
    FastChannel,
    ForecastMove,
    LateChannel,
    LaunchPlan,
    MakePlan,
    Missing,
    MoveMoney,
    NoRelation,
    NoTarget,
    NothingDelivered,
    NothingKnown,
    NothingToDo,
    ReadOut,
    SignalName,
)
from fullhouse.view.words.daily import (
    action_command,
    action_details,
    action_words,
    change_words,
    daily_lines,
    missing_words,
    move_words,
    reason_words,
    signal_line,
    target_words,
)
from tests.planning.sample_day import AS_OF, OPENING, WEEK, a_day, a_delivery, a_line, a_signal

DAY = timedelta(days=1)
PRESALES = SignalName("presales", "market")
LATE = LateChannel("push", 132.0, 200.0, "Readers", "5 largest cities", WEEK)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (MakePlan(), "There is no plan: make one and save it."),
        (LaunchPlan("b@1", WEEK, False), "The first week of plan b@1 begins on 28 Jul 2025"),
        (LaunchPlan("b@1", WEEK, True), "The first week of plan b@1 began on 28 Jul 2025"),
        (ExposedHoldout("b", 3, 300), "3 of 300 held-out people were exposed to b"),
        (NothingDelivered("b", 100.0, AS_OF), "No impression of b has been reported, of 100"),
        (ChannelsBeyond((FastChannel("push", 130.0, 100.0),), AS_OF),
         "Push is beyond the plan: 130 impressions where 100 were planned"),
        (MoveMoney((PRESALES,), "Readers", 0.3, 0.02, "USD"), "about 300 tickets for each 1,000"),
        (ReadOut("b", OPENING, True, OPENING), "A readout of b is due since 15 Aug 2025: run it."),
        (ReadOut("b", OPENING, False, None), "built as of no day"),
        (NothingToDo(AS_OF), "Nothing to do today; next look on 30 Jul 2025."),
        (NothingToDo(None), "the daily page ends today"),
        (NothingToDo(AS_OF, (PRESALES,), "opened"),
         "Presales in the market are below the range, and the film has opened."),
    ],
)  # fmt: skip
def test_each_action_is_a_sentence(action, words):
    assert words in action_words(action)
    assert action_words(action).endswith(".")


def test_all_channels_that_are_behind_are_in_the_sentence():
    banner = LateChannel("banner", 63.0, 100.0, "Dog owners", "all", WEEK)
    words = action_words(ChannelsBehind((LATE, banner), AS_OF))
    assert words == "2 channels are behind their plan: push (66 %) and banner (63 %). Ask them why."
    push, other = action_details(ChannelsBehind((LATE, banner), AS_OF))
    assert push.startswith("Push: 132 of 200 impressions planned up to")
    assert other.startswith("Banner: 63 of 100 impressions planned up to")
    assert action_details(NothingToDo(None)) == []
    one = action_words(ChannelsBehind((LATE,), AS_OF, AS_OF - 4 * DAY))
    assert one.startswith("Push (66 %) is behind its plan.")
    assert "newest reported impression is of 26 Jul 2025" in one


def test_a_unit_of_money_by_the_curve_is_named_where_it_is_known():
    known = MoveMoney((PRESALES,), "Readers", 0.3, 0.02, "USD")
    assert "the next 1,000 USD would bring about 20" in action_words(known)
    assert "next 1,000" not in action_words(replace(known, next_unit=None))


def test_what_a_command_can_do_has_its_command():
    def of(action):
        return action_command(a_day(action=action))

    assert of(MakePlan()).startswith("fullhouse plan a-season-for-bramble-2025")
    assert "campaign power b@1" in of(LaunchPlan("b@1", WEEK, False))
    assert of(ReadOut("b", OPENING, True, None)) == f"fullhouse campaign readout b --as-of {AS_OF}"
    assert of(ReadOut("b", OPENING, False, None)) == f"fullhouse traits build --as-of {AS_OF}"
    assert of(NothingToDo(None)) is None


def test_a_signal_in_a_sentence():
    assert signal_line(a_signal()) == (
        "Presales in the market: on target; 1,100, where a film of the target has 500 to 2,000,"
        " against 64 past films at the same distance."
    )
    without = replace(a_signal(), verdict=CANNOT_TELL, reason=NoTarget())
    assert signal_line(without).endswith("cannot tell; 1,100 so far, there is no target.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (AgainstFilms(64, AS_OF), "known up to the morning of 30 Jul 2025"),
        (NothingKnown(None), "nothing is known of it yet"),
        (NothingKnown(AS_OF), "nothing new is known since 30 Jul 2025"),
        (NoRelation(), "past films that took more had no more of it"),
    ],
)
def test_each_reason_is_words(reason, words):
    assert words in reason_words(reason)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (DailyTarget(21e6, "USD"), "Target: 21 million USD over the run, as given."),
        (DailyTarget(2e6, "USD", "score_book", date(2025, 6, 1)),
         "the middle of the first forecast in the score book, as of 1 Jun 2025."),
        (DailyTarget(2e6, "USD", "forecast", OPENING - 60 * DAY, "b@1", 1e6),
         "60 days before the opening, and the 1 million USD that plan b@1 is expected to add."),
        (DailyTarget(2e6, "USD", "forecast", OPENING - 60 * DAY, "b@1"),
         "; plan b@1 has no gross in USD."),
        (DailyTarget(None, "USD", "none", why=Missing("Too few films.")),
         "There is no target: give one with --target. Too few films."),
    ],
)  # fmt: skip
def test_the_target_and_where_it_comes_from(target, words):
    assert target_words(a_day(target=target)).endswith(words)


def test_the_forecast_moved_mainly_because_of_one_thing():
    move = ForecastMove(0.982, AS_OF, driver="signals", driver_factor=0.95)
    assert move_words(move) == (
        "the forecast fell 1.8 %, mainly because of signs of interest (−5.0 %)"
    )
    later = replace(move, factor=1.2, driver=None, driver_factor=1.1, trained_until=AS_OF)
    words = move_words(later)
    assert "rose 20.0 %, mainly because a typical film of this market now takes more (+10" in words
    assert "on films up to 30 Jul 2025" in words
    switched = replace(move, driver=None, horizon="T-7", horizon_before="T-28")
    assert move_words(switched) == (
        "the forecast fell 1.8 %, mainly because we switched to the one-week-out model"
    )
    both = replace(move, horizon="T-7", horizon_before="T-28")
    assert move_words(both).endswith("(−5.0 %); we switched to the one-week-out model")
    assert move_words(ForecastMove(1.001, AS_OF)) == "the forecast did not move"
    none = ForecastMove(None, AS_OF, Missing("Too few films."))
    assert move_words(none) == "no forecast as of 30 Jul 2025: Too few films"


def test_facts_that_are_new_others_or_gone():
    assert change_words(FactChange("genres", None, ["Drama"])) == "genres is known: Drama"
    moved = FactChange("opening", date(2025, 8, 8), date(2025, 8, 15))
    assert change_words(moved) == "opening is 15 Aug 2025, was 8 Aug 2025"
    assert change_words(FactChange("rating", "PG", None)) == "rating is not known any more, was PG"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"campaign": None}, "no campaign carries it out yet; its first week begins on 28 July"),
        ({"held_out": 0}, "cannot be measured"),
        ({"held_out_exposed": 3}, "of whom 3 (1.0 %) were exposed all the same"),
        ({"readouts": (AS_OF,)}, "The newest readout is as of 30 July 2025"),
    ],
)
def test_the_delivery_in_words(changes, words):
    assert words in " ".join(daily_lines(a_day(delivery=a_delivery(**changes))))


def test_before_the_first_day_delivery_is_to_come():
    line = a_line("one", planned=0, impressions=0)
    assert "delivers from 28 July 2025 on" in " ".join(
        daily_lines(a_day(delivery=a_delivery(line)))
    )


def test_what_was_missing_is_a_sentence_made_of_its_code_and_facts():
    gap = Missing("", "forecast_without_total")
    assert missing_words(gap) == "The forecast has no total."
