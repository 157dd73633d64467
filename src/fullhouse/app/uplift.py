"""Whether a campaign moved some people more than others, and by what that could be told."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from threadpoolctl import threadpool_limits

from fullhouse.app.outlook import campaign_of_people
from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.campaigns.people import frozen_people
from fullhouse.core.arrays import Ints
from fullhouse.core.person_sets import PersonSet, arm_people, union
from fullhouse.measurement import Uplift, read_uplift
from fullhouse.measurement.campaign_sales import bought_before, film_bought, last_sale
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.outcome import Outcome, own_events
from fullhouse.sample.sheet import Sheet, members_of, sheet
from fullhouse.traits.trait import KINDS
from fullhouse.workspace.context import Context

MOST_PEOPLE = 200_000
"""So many people, drawn by the workspace's key, tell whether people differ."""
FAMILIES = ("gender", "age", "moviegoer")


def campaign_uplift(
    context: Context, name: str, *, as_of: date | None = None, seed: int = 0
) -> Uplift:
    """Whether covariates from before the launch tell whom a campaign moved to buy a ticket.

    Covariates: tickets and money of the year before, how much somebody buys, watches and goes out,
    which audiences of the plan they are in, gender, age, habit. Only a Qini above 0 on people the
    learner never saw, and above the order by propensity, says yes (`Uplift.proven`).
    """
    _, plan = campaign_of_people(context, name)
    lines = frozen_people(context.lake, name, plan)
    first = min(x.week for x in plan.lines)
    # As of the plan: nothing that the campaign changed may foretell what it changed.
    with (
        analysis_sample(context, territory=plan.territory, as_of=plan.as_of) as before,
        analysis_sample(context, territory=plan.territory, as_of=as_of) as now,
    ):
        until = min(now.day, last_sale(now) or now.day)
        arms = {s: arm_people(lines.values(), s) for s in (TREATED, HELD_OUT)}
        held = _sheet(before, arms)
        film = now.find(plan.film)
        bought = film_bought(now, film, first=first, until=until, currency=plan.currency)
        past = bought_before(now, until=first - timedelta(days=1), currency=plan.currency)
        people = held.persons.astype(np.int64)
        columns = {
            "arm": np.where(members_of(people, arms[TREATED]), TREATED, HELD_OUT),
            "bought": (_of(people, bought.person, bought.tickets) > 0).astype(np.float64),
            "tickets before": _of(people, past.person, past.tickets),
            "paid before": _of(people, past.person, past.paid),
            **{f"{k} events": held.bare[i].astype(float) for i, k in enumerate(KINDS)},
            **_audiences(before, plan, people),
            **_facts(held),
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


def _sheet(house: AnalysisSample, arms: dict[str, PersonSet]) -> Sheet:
    """Everybody in an arm, or a sample of each, with what was known of them."""
    nobody = Outcome("nobody", {})
    context, build = house.context, house.population.build
    own = own_events(context.engine, context.lake, build, nobody)
    every = union(*arms.values())
    key = house.population.key + b" uplift"
    return sheet(house.blocks, every, {}, own, house.traits, key=key, most_others=MOST_PEOPLE)


def _audiences(
    house: AnalysisSample, plan: Plan, people: Ints
) -> dict[str, npt.NDArray[np.float64]]:
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    found = house.people(*rules)
    return {
        f"audience {i}": members_of(people, mine).astype(np.float64) for i, mine in enumerate(found)
    }


def _facts(held: Sheet) -> dict[str, npt.NDArray[np.str_]]:
    """One text for each person and family: which trait of it they have."""
    found = {}
    for family in FAMILIES:
        told = np.full(len(held.persons), "not known", dtype=object)
        for at, trait in enumerate(held.traits):
            if trait.family == family:
                ends = held.by_trait.indptr[at : at + 2]
                told[held.by_trait.indices[slice(*ends)]] = trait.slug
        found[family] = told.astype(str)
    return found


def _of(people: Ints, listed: Ints, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The value of each person, 0 where they are not listed; both ascend."""
    at = np.minimum(np.searchsorted(listed, people), max(0, len(listed) - 1))
    if not len(listed):
        return np.zeros(len(people))
    return np.where(listed[at] == people, values[at], 0.0)
