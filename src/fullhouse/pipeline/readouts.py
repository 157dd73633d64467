"""What a campaign really changed, everybody as assigned, and what that teaches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from fullhouse import control
from fullhouse.activation.launch import HELD_OUT, TREATED
from fullhouse.control.campaigns import (
    KeptCampaign,
    KeptReadout,
    Learned,
    add_readout,
    find_campaign,
    find_plan,
    learned,
)
from fullhouse.errors import CannotTellError, InputError
from fullhouse.measurement import ArmEffect, Readout, read_experiment
from fullhouse.pipeline.campaign_people import arm_ids, frozen_people
from fullhouse.pipeline.film_house import FilmHouse, film_house
from fullhouse.pipeline.film_sales import slugs_of
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning.plan import Line, Plan, plan_from
from fullhouse.report.shown_readout import ShownReadout, shown_readout
from fullhouse.tables import PERSON_EVENT

Floats = npt.NDArray[np.float64]
OUTCOME = "tickets"
BEFORE = "tickets before"


def campaign_readout(
    workspace: Workspace, name: str, *, as_of: date | None = None, learn: bool = True
) -> ShownReadout:
    """What a campaign changed in tickets a person, everybody as assigned, as known on a day.

    The whole, each audience and each channel; adjusted for tickets bought before the launch. With
    `learn` it is kept, and what it taught is where the next plan starts from.
    """
    campaign = find_campaign(workspace.control, name)
    plan = plan_from(find_plan(workspace.control, f"{campaign.plan}@{campaign.plan_version}").body)
    people = frozen_people(workspace, name, plan)
    with film_house(workspace, territory=plan.territory, as_of=as_of) as house:
        first = min(x.week for x in plan.lines)
        until = min(house.day, house.population.build.as_of)
        if until <= first:
            raise CannotTellError(
                f"Nothing is known after {until}, and the campaign began on {first}: take in later"
                " tickets and build traits as of a later day."
            )
        table = _table(house, plan, people, first, until)
    out = float(campaign.body["holdout"])
    whole = _read(table, out)
    parts: dict[str, dict[str, Readout]] = {}
    unread = []
    for group in ("audience", "channel"):
        for label, ids in _groups(plan, people, group).items():
            try:
                parts.setdefault(group, {})[label] = _read(_only(table, ids), out)
            except (CannotTellError, InputError) as problem:
                unread.append(f"{label} is not read: {problem}")
    shown = shown_readout(name, until, whole, parts=parts)
    shown = replace(shown, notes=(*shown.notes, *unread))
    if learn:
        told = KeptReadout(name, until, whole.to_dict(), datetime.now(UTC))
        add_readout(workspace.control, told, _taught(campaign, plan, people, table, until))
        control.record(workspace.control, "campaign.readout", {"campaign": name})
    return shown


def campaign_learned(workspace: Workspace, *, as_of: date | None = None) -> list[Learned]:
    """What readouts had taught by a day: of each line, how its people responded."""
    return learned(workspace.control, as_of=as_of or datetime.now(UTC).date())


def _table(
    house: FilmHouse,
    plan: Plan,
    people: Mapping[str, Mapping[str, Mapping[int, BitMap]]],
    first: date,
    until: date,
) -> pa.Table:
    """One row for each person in an arm: tickets for the film since the launch, all before it."""
    treated, held = (arm_ids(people.values(), s) for s in (TREATED, HELD_OUT))
    ids = np.concatenate([treated, held])
    order = np.argsort(ids)
    persons = ids[order]
    film = house.find(plan.film).slug
    items = [i for i, s in slugs_of(house).items() if s == film]
    if film is None or not items:
        raise CannotTellError(
            f"No sale of {plan.film} is known in the house: that would look like no effect. Take in"
            " a ticket feed that has the film, and build traits."
        )
    laid = house.workspace.engine.scan(house.workspace.lake.snapshot(PERSON_EVENT))
    sold = laid.filter(laid.kind == "ticket", laid.day <= ibis.literal(until))
    after = sold.filter(sold.day >= ibis.literal(first), sold["item"].isin(items))
    before = sold.filter(
        sold.day < ibis.literal(first), sold.day >= ibis.literal(first - timedelta(days=365))
    )
    return pa.table(
        {
            "person": persons,
            "arm": np.where(order < len(treated), "treated", "held_out"),
            OUTCOME: _tickets(house, after, persons),
            BEFORE: _tickets(house, before, persons),
        }
    )


def _tickets(house: FilmHouse, sold: ir.Table, persons: npt.NDArray[np.int64]) -> Floats:
    counted = house.workspace.engine.arrow(
        sold.group_by("person").aggregate(tickets=sold.quantity.sum())
    )
    who, many = counted["person"].to_numpy(), counted["tickets"].to_numpy()
    found = np.zeros(len(persons))
    at = np.searchsorted(persons, who)
    inside = np.flatnonzero(at < len(persons))
    same = inside[persons[at[inside]] == who[inside]]
    found[at[same]] = np.maximum(many[same], 0)
    return found


def _read(table: pa.Table, holdout: float) -> Readout:
    """Everybody of the assignment is in the table, so that nobody is lost; chance is checked."""
    return read_experiment(
        table,
        arm="arm",
        control="held_out",
        outcomes=[OUTCOME],
        covariates=[BEFORE],
        id="person",
        shares={"treated": 1 - holdout, "held_out": holdout},
    )


def _only(table: pa.Table, ids: npt.NDArray[np.int64]) -> pa.Table:
    return table.filter(pa.array(np.isin(table["person"].to_numpy(), ids)))


def _groups(
    plan: Plan, people: Mapping[str, Mapping[str, Mapping[int, BitMap]]], field: str
) -> dict[str, npt.NDArray[np.int64]]:
    """The people in any arm of each audience's or channel's lines."""
    lines: dict[str, list[str]] = {}
    for line in plan.lines:
        lines.setdefault(getattr(line, field), []).append(line.id)
    return {
        name: np.union1d(*(arm_ids([people[i] for i in ids], s) for s in (TREATED, HELD_OUT)))
        for name, ids in lines.items()
    }


def _taught(
    campaign: KeptCampaign,
    plan: Plan,
    people: Mapping[str, Mapping[str, Mapping[int, BitMap]]],
    table: pa.Table,
    until: date,
) -> list[Learned]:
    """The relative response of each audience to all its channels, where a base is known."""
    found = []
    holdout = float(campaign.body["holdout"])
    lines: dict[str, list[Line]] = {}
    for line in plan.lines:
        lines.setdefault(line.rule, []).append(line)
    for rule, mine in lines.items():
        ids = np.union1d(
            arm_ids([people[x.id] for x in mine], TREATED),
            arm_ids([people[x.id] for x in mine], HELD_OUT),
        )
        # One arm over all its channels: which of them did it is not known, so they stand together
        # as one, and the effect is told once.
        channel = " + ".join(sorted({x.channel for x in mine}))
        try:
            (effect,) = _read(_only(table, ids), holdout).effects
        except (CannotTellError, InputError):
            # Too few people in an arm of this part: it teaches nothing.
            continue
        if not effect.control_mean > 0 or not effect.effect.se > 0:
            continue
        doses: dict[str, float] = {}
        for x in mine:
            doses[x.channel] = doses.get(x.channel, 0.0) + x.impressions / max(1, len(ids))
        response, error = _response(effect)
        found.append(
            Learned(
                until, campaign.name, plan.film, rule, mine[0].audience,
                mine[0].kind, channel, doses, response, error,
            )
        )  # fmt: skip
    return found


def _response(effect: ArmEffect) -> tuple[float, float]:
    """The effect as a share of what is bought anyway, and its error by the delta method.

    What is bought anyway is known from the held out alone: tickets are few, about Poisson, so its
    relative variance is one over how many of them there were.
    """
    base = effect.control_mean
    response = effect.effect.value / base
    few = 1 / (base * effect.control_people)
    return response, float(np.sqrt((effect.effect.se / base) ** 2 + response**2 * few))
