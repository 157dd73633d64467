"""The page's own nouns: its days, sums of a delivery, JSON."""

import json
from datetime import timedelta

from fullhouse.core.errors import CannotTellError
from fullhouse.planning.daily import missing, page_days
from tests.planning.sample_day import AS_OF, OPENING, WEEK, a_day, a_delivery, a_line, a_signal


def test_sums_of_a_delivery():
    delivery = a_delivery(a_line("a"), a_line("b", impressions=None, week=WEEK + timedelta(days=7)))
    assert (delivery.planned, delivery.impressions, delivery.first_week) == (200.0, 100.0, WEEK)
    assert delivery.spent == delivery.planned_spend / 2
    assert a_delivery(lines=()).first_week is None


def test_a_signal_knows_its_newest_day_and_its_name():
    signal = a_signal(until=AS_OF - timedelta(days=2))
    assert (signal.newest.day, signal.newest.left) == (AS_OF - timedelta(days=2), 18)
    assert str(signal.name) == "presales@market"


def test_all_of_it_is_json():
    content = json.loads(json.dumps(a_day().to_dict(), allow_nan=False))
    assert content["opening"] == OPENING.isoformat()
    assert content["signals"][0]["days"][0]["target"]["films"] == 64
    assert content["delivery"]["lines"][0]["line"] == "one"


def test_the_page_is_from_sixty_days_before_until_two_weeks_after():
    first, last = page_days(OPENING)
    assert ((OPENING - first).days, (last - OPENING).days) == (60, 14)
    assert a_day().left == 16


def test_channels_are_summed():
    delivery = a_delivery(a_line("a"), a_line("b", impressions=None), a_line("c", channel="x"))
    assert [(c.channel, c.planned, c.impressions) for c in delivery.channels] == [
        ("push", 200.0, 100.0), ("x", 100.0, 100.0)
    ]  # fmt: skip


def test_an_error_is_carried_with_its_facts():
    gap = missing(CannotTellError(code="few", films=3, day=OPENING))
    assert (gap.message, gap.code) == ("", "few")
    assert dict(gap.facts) == {"films": 3, "day": OPENING.isoformat()}
