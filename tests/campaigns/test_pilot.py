"""What a campaign with a holdout tells before the film opens."""

from datetime import UTC, datetime, time, timedelta

import numpy as np
from pyroaring import BitMap

from fullhouse.campaigns.account_files import freeze_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD, AssignedLine, Units
from fullhouse.campaigns.people import freeze_people
from fullhouse.campaigns.pilot import PilotArms, pilot_arms, pilot_of_parts
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.planning.plan import PilotCounts
from tests.headroom.test_signals import DAY, FILM, _event, _write

LAUNCH = DAY - timedelta(days=10)
PERSONS = np.arange(12)


def _frozen(lake: Lake, name: str) -> None:
    """Two lines: 0 to 4 are treated (4 withheld from one line), 5 to 9 held out."""
    lines = [
        AssignedLine("a", {TREATED: {0: BitMap([0, 1])}, HELD_OUT: {0: BitMap([5, 6])}}),
        AssignedLine(
            "b",
            {
                TREATED: {0: BitMap([1, 2, 3])},
                WITHHELD: {0: BitMap([4])},
                HELD_OUT: {0: BitMap([6, 7, 8, 9])},
            },
        ),
    ]
    at = datetime.combine(LAUNCH, time(), tzinfo=UTC)
    freeze_people(lake, name, lines, at=at, batch=f"campaign:{name}")


def _seen(lake: Lake) -> None:
    items = [
        {"item": i, "kind": "film", "source": "video", "id": str(i), "title": t, "release_year": y}
        for i, t, y in ((0, "Up", 2026), (1, "Other", 2025))
    ]
    _write(lake, "item", items)
    rows = [
        _event(0, "want_to_see", 0, 5),
        _event(1, "ticket", 0, 10),
        _event(2, "want_to_see", 0, 11),
        _event(3, "want_to_see", 1, 5),
        _event(4, "trailer_view", 0, 5),
        _event(5, "ticket", 0, 0),
        _event(6, "want_to_see", 0, -1),
        _event(11, "want_to_see", 0, 5),
    ]
    _write(lake, "person_event", rows)


def test_who_wanted_the_film_since_it_began_is_counted_by_arm_and_part(
    duck: Engine, lake: Lake
) -> None:
    _frozen(lake, "pilot")
    _seen(lake)
    parts = [np.isin(PERSONS, [0, 1, 2, 5, 6, 11]), np.isin(PERSONS, [3, 4, 7]), PERSONS > 10]
    arms = pilot_of_parts(duck, lake, "pilot", FILM, PERSONS, parts, first=LAUNCH, as_of=DAY)
    # 2 wanted it before the launch, 6 will later; 11 is in neither arm.
    assert [a.counts for a in arms] == [
        PilotCounts(3, 2, 2, 1), PilotCounts(2, 0, 1, 0), PilotCounts(0, 0, 0, 0)
    ]  # fmt: skip
    assert [(a.treated, a.held_out, a.units) for a in arms] == [(3, 2, 1), (2, 1, 1), (0, 0, 1)]
    # The same by lines, as assigned: who was withheld from one counts as treated.
    arms = pilot_arms(
        duck, lake, "pilot", FILM, [["a"], ["b"], ["a", "b"]], first=LAUNCH, as_of=DAY
    )
    assert [a.counts for a in arms] == [
        PilotCounts(2, 2, 2, 1), PilotCounts(4, 1, 4, 0), PilotCounts(5, 2, 5, 1)
    ]  # fmt: skip


def test_of_a_pilot_by_household_households_are_counted(duck: Engine, lake: Lake) -> None:
    _frozen(lake, "homes")
    _seen(lake)
    homes = Units(np.array([0, 1, 6, 7]), np.array([0, 0, 6, 6]))
    freeze_units(lake, "homes", homes)
    parts = [np.ones(len(PERSONS), bool)]
    days = {"first": LAUNCH, "as_of": DAY}
    (arms,) = pilot_of_parts(duck, lake, "homes", FILM, PERSONS, parts, **days)
    assert (arms.counts, arms.treated, arms.held_out) == (PilotCounts(4, 1, 4, 1), 5, 5)
    assert arms.units == 0.8
    (lines,) = pilot_arms(duck, lake, "homes", FILM, [["a", "b"]], **days)
    assert lines.counts.held_out == 4
    assert lines.units < 1
    assert PilotArms(PilotCounts(0, 0, 0, 0), 0, 0, 0, 0).units == 1
