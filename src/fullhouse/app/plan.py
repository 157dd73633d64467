"""A plan for a film: its audiences on a house's channels, as a budget wins most tickets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from fullhouse import control
from fullhouse.app.expected_sales import expected_sales
from fullhouse.app.film_discovery import discover_film
from fullhouse.control.campaign_records import SavedPlan
from fullhouse.control.campaigns import find_plan, plans, save_plan
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.planning import read_channels
from fullhouse.planning.aim import Attitude
from fullhouse.planning.limits import Limits, read_limits
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.planning.plan_ground import plan_ground
from fullhouse.planning.plan_made import make_plan
from fullhouse.planning.plan_problem import plan_response
from fullhouse.propensity.film_propensity import learn_propensity
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.view.page_files import check_page_out, write_page_files
from fullhouse.view.plan_page import plan_page
from fullhouse.workspace.context import Context

WEEKS = 4


def plan_film(
    context: Context,
    film: str,
    *,
    budget: float,
    channels: str | None = None,
    limits: str | None = None,
    territory: str | None = None,
    as_of: date | None = None,
    weeks: int = WEEKS,
    attitude: Attitude = "neutral",
    holdout: float = 0.1,
    expected_people: float | None = None,
    name: str | None = None,
    discovery: FilmDiscovery | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Plan:
    """The plan that wins most tickets for at most a budget, over all that response may be.

    `channels` and `limits` are TOML; without channels the shipped, made-up ones. What readouts
    have taught by the day is where the response starts from; `Plan.untaught` is what the same money
    would be expected to win without it. `discovery` is the film's as of the
    same day, where it has been made already. With `name` the plan is saved.
    """
    told, kept = read_channels(channels), read_limits(limits) if limits else Limits()
    if attitude not in ("neutral", "cautious"):
        raise InputError(f"The attitude to risk is neutral or cautious, not {attitude!r}.")
    found = discovery or discover_film(
        context, film, territory=territory, as_of=as_of, tickets=False, progress=progress
    )
    if as_of is not None and found.as_of != as_of:
        raise InputError(f"The discovery is as of {found.as_of}, and the plan as of {as_of}.")
    if found.opening is None or found.opening <= found.as_of:
        raise CannotTellError(
            f"A plan is for a film to come; {found.film} "
            + ("has no opening day." if found.opening is None else f"opened on {found.opening}.")
        )
    with analysis_sample(context, territory=territory, as_of=as_of) as house:
        known = house.find(film)
        base, _ = expected_sales(house, known)
        learned = learn_propensity(
            house,
            known,
            likely_audience(house, known),
            sales=base,
            expected_people=expected_people,
            progress=progress,
        )
        ground = plan_ground(house, known, found, learned, told, weeks)
        progress("Looking for the best plan")
        response = plan_response(context, ground, house.day, seed)
        plan = make_plan(found, ground, response, base, kept, budget, attitude, holdout)
        if response.measured:
            bare = plan_response(context, ground, date.min, seed)
            before = make_plan(found, ground, bare, base, kept, budget, attitude, holdout)
            plan = replace(plan, untaught=before.tickets)
    plan = replace(plan, name=name or "")
    if name is not None:
        save_plan(context.control, name, found.film, plan.to_dict(), at=datetime.now(UTC))
    detail: dict[str, object] = {"film": found.film, "budget": budget, "lines": len(plan.lines)}
    control.record(context.control, "plan", detail | {"saved": name})
    return plan


def plan_list(context: Context) -> list[SavedPlan]:
    """Every version of every saved plan, the newest version first."""
    return plans(context.control)


def plan_show(context: Context, name: str) -> Plan:
    """A saved plan by NAME (the newest version) or NAME@VERSION."""
    return plan_from(find_plan(context.control, name).body)


def write_plan(plan: Plan, files: Sequence[str | Path]) -> list[Path]:
    """Write a plan as a page (.html) or as data (.json)."""
    return write_page_files(plan, lambda: plan_page(plan), files)


def check_plan_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return check_page_out(file)
