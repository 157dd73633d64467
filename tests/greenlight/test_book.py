"""What stands in the score book beside forecasts."""

from fullhouse.control.score_book import BESIDE
from fullhouse.greenlight.book import PROPERTY
from fullhouse.greenlight.greenlight import GREENLIGHT
from fullhouse.talent.rising import HORIZON


def test_readers_of_forecasts_leave_out_all_that_is_none() -> None:
    assert {GREENLIGHT, PROPERTY, HORIZON} == BESIDE
