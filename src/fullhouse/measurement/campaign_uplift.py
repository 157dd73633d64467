"""Whether a campaign moved some people more than others, from what was known before its launch."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from threadpoolctl import threadpool_limits

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.person_sets import PersonSet, arm_people, union
from fullhouse.measurement.campaign_data import LineStates
from fullhouse.measurement.collect_campaign import film_sales, last_sale, sales_before
from fullhouse.measurement.experiment import Uplift
from fullhouse.measurement.uplift import read_uplift
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.outcome import Outcome, own_events
from fullhouse.sample.sheet import Sheet, members_of, sheet
from fullhouse.traits.trait import KINDS

MOST_PEOPLE = 200_000
"""So many people, drawn by the workspace's key, show whether people differ."""
FAMILIES = ("gender", "age", "moviegoer")


def campaign_uplift_of(
    before: AnalysisSample, now: AnalysisSample, plan: Plan, lines: LineStates, *, seed: int
) -> Uplift:
    """Whether covariates as of `before` predict whom a campaign moved to buy a ticket by `now`.

    `before` is as of the plan: nothing that the campaign changed may predict what it changed.
    Covariates: tickets and money of the year before, how much somebody buys, watches and goes out,
    which audiences of the plan they are in, gender, age, habit.
    """
    first = min(x.week for x in plan.lines)
    until = min(now.day, last_sale(now) or now.day)
    arms = {s: arm_people(lines.values(), s) for s in (TREATED, HELD_OUT)}
    drawn = _drawn_people(before, arms)
    film = now.find(plan.film)
    sales = film_sales(now, film, first=first, until=until, currency=plan.currency)
    past = sales_before(now, until=first - timedelta(days=1), currency=plan.currency)
    people = drawn.persons.astype(np.int64)
    columns = {
        "arm": np.where(members_of(people, arms[TREATED]), TREATED, HELD_OUT),
        "bought": (_values_of(people, sales.person, sales.tickets) > 0).astype(np.float64),
        "tickets before": _values_of(people, past.person, past.tickets),
        "paid before": _values_of(people, past.person, past.paid),
        **{f"{k} events": drawn.bare[i].astype(float) for i, k in enumerate(KINDS)},
        **_audiences(before, plan, people),
        **_traits_by_family(drawn),
    }
    table = pa.table({k: pa.array(v) for k, v in columns.items()})
    with threadpool_limits(1):
        return read_uplift(
            table,
            arm="arm",
            treated=TREATED,
            control=HELD_OUT,
            outcome="bought",
            covariates=[c for c in columns if c not in ("arm", "bought")],
            seed=seed,
        )


def _drawn_people(house: AnalysisSample, arms: Mapping[str, PersonSet]) -> Sheet:
    """Everybody in an arm, or a sample of each, with what was known of them."""
    nobody = Outcome("nobody", {})
    context, build = house.context, house.population.build
    own = own_events(context.engine, context.lake, build, nobody)
    everybody = union(*arms.values())
    key = house.population.key + b" uplift"
    return sheet(house.blocks, everybody, {}, own, house.traits, key=key, most_others=MOST_PEOPLE)


def _audiences(house: AnalysisSample, plan: Plan, people: Ints) -> dict[str, Floats]:
    """For each audience of the plan, who of some people is in it."""
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return {
        f"audience {i}": members_of(people, audience).astype(np.float64)
        for i, audience in enumerate(house.people(*rules))
    }


def _traits_by_family(drawn: Sheet) -> dict[str, npt.NDArray[np.str_]]:
    """One text for each person and family: which trait of it they have."""
    columns = {}
    for family in FAMILIES:
        slugs = np.full(len(drawn.persons), "not known", dtype=object)
        for at, trait in enumerate(drawn.traits):
            if trait.family == family:
                slugs[drawn.holders(at)] = trait.slug
        columns[family] = slugs.astype(str)
    return columns


def _values_of(people: Ints, listed: Ints, values: Floats) -> Floats:
    """The value of each person, 0 where they are not listed; both ascend."""
    if not len(listed):
        return np.zeros(len(people))
    at = np.minimum(np.searchsorted(listed, people), len(listed) - 1)
    return np.where(listed[at] == people, values[at], 0.0)
