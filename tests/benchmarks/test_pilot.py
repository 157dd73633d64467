"""The benchmark's pilot is the product's own, played in the simulated market as it was designed."""

import numpy as np
import pytest

from benchmarks.headroom import simulated
from benchmarks.headroom_plans import DAYS
from benchmarks.pilot import HOLDOUT, PILOT_SHARE, late_ground, pilot_of, play_pilot, together
from benchmarks.planning import MONEY_A_HEAD
from benchmarks.planning_market import book, coming_film

pytestmark = pytest.mark.slow
SEED = 1200


@pytest.fixture(scope="module")
def film():
    return coming_film(SEED, 24_000, "the-case", days=DAYS)


@pytest.fixture(scope="module")
def piloted(film):
    _, parts, plan = pilot_of(film, simulated(film.market)[0], SEED)
    return parts, plan, play_pilot(film, parts, plan, SEED)


def test_only_the_treated_of_its_people_are_shown_it_and_households_stay_together(film, piloted):
    parts, plan, played = piloted
    assert plan.spend <= PILOT_SHARE * MONEY_A_HEAD * film.size * (1 + 1e-9)
    shown = np.unique(played.given.person)
    assert (played.part[shown] >= 0).all()
    assert played.treated[shown].all()
    for number, part in enumerate(parts):
        assert part.people[played.part == number].all()
    arms = {}
    for unit, arm in zip(played.unit.tolist(), played.treated.tolist(), strict=True):
        assert arms.setdefault(unit, arm) == arm
    share = np.mean(list(arms.values()))
    assert abs(share - (1 - HOLDOUT)) < 5 * (HOLDOUT * (1 - HOLDOUT) / len(arms)) ** 0.5


def test_as_many_are_shown_it_as_the_plan_says_and_counts_are_of_households(film, piloted):
    _, plan, played = piloted
    planned = sum(a.people for a in plan.piloted)
    # By household: their number is not exact.
    assert len(np.unique(played.given.person)) == pytest.approx(planned, rel=0.15)
    everybody = np.ones(film.size, bool)
    late = played.counts(everybody, film.release)
    early = played.counts(everybody, played.first + 7)
    assert late.treated == early.treated <= len(np.unique(played.given.person))
    assert late.treated_interested >= early.treated_interested
    assert late.held_out_interested >= early.held_out_interested
    assert played.counts(everybody, played.first - 1).treated_interested == 0


def test_the_plans_beside_it_begin_when_it_is_read_and_both_are_shown(film, piloted):
    _, _, played = piloted
    here = late_ground(film, SEED, played.first + 14)
    given = book(film, here.slots, np.minimum(here.slots.most, 0.2))
    assert given.day.min() >= played.first + 14
    both = together(film, played.given, given)
    assert len(both) == len(given) + len(played.given)
    assert (np.diff(both.person) >= 0).all()
    names = {x.name for x in both.lines}
    assert names == {x.name for x in (*given.lines, *played.given.lines)}
