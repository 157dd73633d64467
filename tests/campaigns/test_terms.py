"""The cap: over lines and campaigns, against counting each person by hand."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.campaigns.terms import Booking, Cap, over_cap
from fullhouse.core.errors import InputError

MONDAY = date(2025, 7, 7)
PEOPLE = [*range(12), *range(1 << 20, (1 << 20) + 4)]
bookings = st.lists(
    st.builds(
        lambda channel, days, frequency, ids: Booking(
            channel, MONDAY + timedelta(days), frequency, _people(ids)
        ),
        st.sampled_from(["push", "email", "free"]),
        st.integers(0, 30),
        st.integers(1, 4).map(float),
        st.sets(st.sampled_from(PEOPLE)),
    ),
    max_size=6,
)


def _people(ids):
    return {b: BitMap([i for i in ids if i >> 20 == b]) for b in {i >> 20 for i in ids}}


def _ids(blocks):
    return {i for people in blocks.values() for i in people}


def by_hand(lines, before, caps):
    """Each person of each line in turn, adding up what they are shown already."""
    shown = [(b.channel, b.day, b.frequency, i) for b in before for i in _ids(b.people)]
    left_out = []
    for line in lines:
        cap, out = caps.get(line.channel), set()
        for person in sorted(_ids(line.people)):
            load = sum(
                frequency
                for channel, day, frequency, who in shown
                if who == person
                and channel == line.channel
                and cap
                and abs((day - line.day).days) < cap.days
            )
            if cap and load + line.frequency > cap.most:
                out.add(person)
        left_out.append(out)
        shown += [(line.channel, line.day, line.frequency, i) for i in _ids(line.people) - out]
    return left_out


@settings(max_examples=150, deadline=None)
@given(bookings, bookings, st.integers(1, 8), st.integers(1, 8), st.integers(1, 20))
def test_it_is_what_counting_by_hand_gives(lines, before, push, email, days):
    caps = {"push": Cap(push), "email": Cap(email, days)}
    left_out = over_cap(lines, before, caps)
    assert [_ids(out) for out in left_out] == by_hand(lines, before, caps)


def test_the_first_line_of_the_plan_goes_before_and_another_week_is_another_cap():
    people = _people([1, 2])
    week = [Booking("push", MONDAY, 2.0, people), Booking("push", MONDAY, 1.0, _people([2, 3]))]
    later = Booking("push", MONDAY + timedelta(7), 2.0, people)
    left_out = over_cap([*week, later], [], {"push": Cap(2)})
    assert [_ids(out) for out in left_out] == [set(), {2}, set()]


@pytest.mark.parametrize(("most", "days"), [(0.5, 7), (float("nan"), 7), (2, 0)])
def test_a_cap_that_is_none_is_refused(most, days):
    with pytest.raises(InputError, match="at least 1 impression"):
        Cap(most, days)
