"""The page's own nouns: its days, sums of a delivery, JSON."""

import json
from datetime import timedelta

from fullhouse.planning.daily import page_days
from tests.planning.made_daily import AS_OF, OPENING, WEEK, a_day, a_delivery, a_line, a_signal


def test_sums_of_a_delivery():
    found = a_delivery(a_line("a"), a_line("b", impressions=None, week=WEEK + timedelta(days=7)))
    assert (found.planned, found.impressions, found.first_week) == (200.0, 100.0, WEEK)
    assert found.spent == found.planned_spend / 2
    assert a_delivery(lines=()).first_week is None


def test_a_signal_knows_its_newest_day_and_its_name():
    found = a_signal(until=AS_OF - timedelta(days=2))
    assert (found.newest.day, found.newest.left) == (AS_OF - timedelta(days=2), 18)
    assert found.name == "presales@market"


def test_all_of_it_is_json():
    told = json.loads(json.dumps(a_day().to_dict(), allow_nan=False))
    assert told["opening"] == OPENING.isoformat()
    assert told["signals"][0]["days"][0]["target"]["films"] == 64
    assert told["delivery"]["lines"][0]["line"] == "one"


def test_the_page_is_from_sixty_days_before_until_two_weeks_after():
    first, last = page_days(OPENING)
    assert ((OPENING - first).days, (last - OPENING).days) == (60, 14)
    assert a_day().left == 16
