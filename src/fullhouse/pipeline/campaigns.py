"""A campaign of a workspace: what it could show, its launch, its readout, what it taught."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from fullhouse import control
from fullhouse.activation.deliver import Delivered, DeliveryLine, deliver
from fullhouse.activation.launch import (
    HELD_OUT,
    TREATED,
    Assigned,
    LineAudience,
    States,
    assign_lines,
    freeze_people,
    read_people,
)
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaigns import (
    KeptCampaign,
    KeptReadout,
    Learned,
    add_campaign,
    add_readout,
    campaigns,
    find_campaign,
    find_plan,
    learned,
)
from fullhouse.discovery.film_traits import any_of
from fullhouse.errors import CannotTellError, InputError
from fullhouse.measurement import ArmEffect, Readout, read_experiment
from fullhouse.pipeline.film_house import FilmHouse, People, film_house, size
from fullhouse.pipeline.film_sales import slugs_of
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning import Channel, read_channels
from fullhouse.planning.plan import Line, Plan, plan_from
from fullhouse.report.shown_readout import ShownReadout, shown_readout
from fullhouse.stats.power import rate_sd, smallest_effect
from fullhouse.tables import DELIVERY, PERSON_EVENT
from fullhouse.values import check_slug, slug

Floats = npt.NDArray[np.float64]
WRITTEN = frozenset({"parquet", "csv"})
"""Forms in which a launch writes deliveries."""
OUTCOME = "tickets"
BEFORE = "tickets before"


@dataclass(frozen=True)
class Power:
    """The smallest change of tickets per person that a line, or the whole, can show."""

    name: str
    treated: int
    held_out: int
    base: float
    smallest: float

    @property
    def relative(self) -> float:
        """The same as a share of what is bought anyway."""
        return self.smallest / self.base if self.base > 0 else float("inf")


@dataclass(frozen=True)
class Launched:
    """A campaign's lines with who is what, and the files that were written."""

    campaign: KeptCampaign
    lines: tuple[tuple[str, Mapping[str, int]], ...]
    files: tuple[Delivered, ...]
    resumed: bool


def campaign_power(
    workspace: Workspace, plan_name: str, *, rate: float, holdout: float | None = None
) -> tuple[Power, ...]:
    """What the whole plan and each of its audiences could show, with 80 % power at 95 %.

    `rate` is the share of these people that buys a ticket without a campaign, such as a past
    film's; everybody counts once, and no covariate is counted on.
    """
    plan = plan_from(find_plan(workspace.control, plan_name).body)
    out = plan.holdout if holdout is None else holdout
    with film_house(workspace, territory=plan.territory, purpose=ADVERTISING) as house:
        people = _audiences(house, plan)
        names = {x.rule: x.audience for x in plan.lines}
        every: dict[int, BitMap] = {}
        for mine in people.values():
            for block, found in mine.items():
                every[block] = every.get(block, BitMap()) | found
        sizes = [("the whole campaign", size(every))]
        sizes += [(names[rule], size(mine)) for rule, mine in people.items()]
    return tuple(_power(name, n, out, rate) for name, n in sizes)


def campaign_launch(
    workspace: Workspace,
    plan_name: str,
    *,
    name: str,
    folder: Path,
    channels: str | None = None,
    holdout: float | None = None,
    global_holdout: float = 0.0,
) -> Launched:
    """Freeze a plan's audiences, decide arms, and write each line's delivery file.

    Left out, in this order, are people who do not take part in advertising, those who hold a
    ticket, and those whom the channel cannot address. Launching the same campaign again, after a
    crash say, changes no arm and writes the same files.
    """
    check_slug(name, what="The name of a campaign")
    kept = find_plan(workspace.control, plan_name)
    plan = plan_from(kept.body)
    told = {c.name: c for c in read_channels(channels)}
    missing = sorted({x.channel for x in plan.lines} - set(told))
    if missing:
        raise InputError(
            f"The plan uses {', '.join(missing)}, which the channels do not have: give the"
            " --channels it was made with."
        )
    standing = next((c for c in campaigns(workspace.control) if c.name == name), None)
    if standing is not None and (standing.plan, standing.plan_version) != (kept.name, kept.version):
        raise InputError(
            f"Campaign {name!r} carries out {standing.plan}@{standing.plan_version}: launch"
            f" {kept.name}@{kept.version} under another name."
        )
    other = sorted({told[x.channel].deliver for x in plan.lines} - WRITTEN)
    if other:
        raise InputError(
            f"Launch writes {' and '.join(sorted(WRITTEN))}, and a channel of the plan takes"
            f" {', '.join(other)}. Set its deliver to one of them; customer-match files and"
            " webhooks are made from that with fullhouse.activation (docs/campaigns.md)."
        )
    campaign = standing or KeptCampaign(
        name,
        plan.film,
        kept.name,
        kept.version,
        {
            "holdout": plan.holdout if holdout is None else holdout,
            "global_holdout": global_holdout,
        },
        datetime.now(UTC),
    )
    if standing is None:
        # First, so that after a crash the same plan and shares are carried on with, and no others.
        add_campaign(workspace.control, campaign)
        detail: dict[str, object] = {"campaign": name, "plan": f"{kept.name}@{kept.version}"}
        control.record(workspace.control, "campaign.launch", detail)
    if not read_people(workspace.lake, name):
        with film_house(workspace, territory=plan.territory) as house:
            assigned = _assign(house, plan, told, campaign)
        freeze_people(
            workspace.lake, name, assigned, at=datetime.now(UTC), batch=f"campaign:{name}"
        )
    people = _frozen(workspace, name, plan)
    folder.mkdir(parents=True, exist_ok=True)
    files = deliver(workspace.lake, [_delivery(x, told) for x in plan.lines], people, folder)
    _log(workspace, campaign, files)
    lines = tuple(
        (line, {s: sum(map(len, b.values())) for s, b in states.items()})
        for line, states in people.items()
    )
    return Launched(campaign, lines, tuple(files), standing is not None)


def campaign_list(workspace: Workspace) -> list[KeptCampaign]:
    """Every campaign, the newest first."""
    return campaigns(workspace.control)


def campaign_readout(
    workspace: Workspace, name: str, *, as_of: date | None = None, learn: bool = True
) -> ShownReadout:
    """What a campaign changed in tickets a person, everybody as assigned, as known on a day.

    The whole, each audience and each channel; adjusted for tickets bought before the launch. With
    `learn` it is kept, and what it taught is where the next plan starts from.
    """
    campaign = find_campaign(workspace.control, name)
    plan = plan_from(find_plan(workspace.control, f"{campaign.plan}@{campaign.plan_version}").body)
    people = _frozen(workspace, name, plan)
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


def _audiences(house: FilmHouse, plan: Plan) -> dict[str, People]:
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return dict(zip(rules, house.people(*rules), strict=True)) if rules else {}


def _power(name: str, people: int, holdout: float, rate: float) -> Power:
    out = round(people * holdout)
    if min(out, people - out) < 2:
        raise CannotTellError(
            f"{name}: {people:,} people with {holdout:.0%} held out leave an arm without anybody;"
            " hold out more, or speak to more people."
        )
    smallest = smallest_effect(people - out, out, rate_sd(rate))
    return Power(name, people - out, out, rate, smallest)


def _assign(
    house: FilmHouse,
    plan: Plan,
    channels: Mapping[str, Channel],
    campaign: KeptCampaign,
) -> list[Assigned]:
    """Arms of the whole campaign: one for each person, whatever lines they are in."""
    workspace = house.workspace
    audiences = _audiences(house, plan)
    used = dict.fromkeys(x.channel for x in plan.lines)
    on = dict(
        zip(
            used,
            house.people(
                *(any_of([f"source:{slug(s)}" for s in channels[c].sources]) for c in used)
            ),
            strict=True,
        )
    )
    places = _places(house, plan)
    film = house.film_traits.get(house.find(plan.film).slug or "")
    (have,) = house.people(film.saw.name) if film is not None and film.saw else ({},)
    with film_house(workspace, territory=plan.territory, purpose=ADVERTISING) as willing:
        (yes,) = willing.people("everyone")
    lines = []
    for line in plan.lines:
        mine = _both(audiences[line.rule], places[line.cities])
        lines.append(
            LineAudience(
                line.id,
                mine,
                {
                    "no_consent": _less(mine, yes),
                    "has_ticket": have,
                    "not_addressed": _less(mine, on[line.channel]),
                },
            )
        )
    return assign_lines(
        lines,
        key=house.population.key,
        campaign=campaign.name,
        holdout=float(campaign.body["holdout"]),
        global_holdout=float(campaign.body["global_holdout"]),
    )


def _frozen(workspace: Workspace, name: str, plan: Plan) -> dict[str, States]:
    """Who is what in each line of the plan, also in lines that have nobody."""
    people = read_people(workspace.lake, name)
    return {x.id: people.get(x.id, {}) for x in plan.lines}


def _places(house: FilmHouse, plan: Plan) -> dict[str, People]:
    """The people of each city group; who is in no named city is in the last."""
    (every,) = house.people("everyone")
    named = {t.label.removeprefix("lives in "): t.name for t in house.traits if t.family == "city"}
    found: dict[str, People] = {}
    rest = {b: BitMap(p) for b, p in every.items()}
    groups = list(plan.cities.items())
    for group, cities in groups[:-1]:
        rules = [named[c] for c in cities if c in named]
        (mine,) = house.people(any_of(rules)) if rules else ({},)
        found[group] = mine
        rest = _less(rest, mine)
    found[groups[-1][0]] = rest
    return found


def _delivery(line: Line, channels: Mapping[str, Channel]) -> DeliveryLine:
    channel = channels[line.channel]
    form = "csv" if channel.deliver == "csv" else "parquet"
    rate = max(line.impressions / max(line.people, 1.0), 1.0)
    return DeliveryLine(
        line.id, line.audience, line.channel, channel.sources, form, line.week, round(rate)
    )


def _log(workspace: Workspace, campaign: KeptCampaign, files: Sequence[Delivered]) -> None:
    at = datetime.now(UTC)
    rows = [
        {
            "campaign": campaign.name, "line": f.line, "channel": f.channel, "part": 0,
            "form": f.form, "persons": f.persons, "rows": f.rows, "digest": f.digest,
            "to": f.file.name, "at": at,
        }
        for f in files
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=DELIVERY.schema)
    workspace.lake.append(DELIVERY, table, batch=f"delivery:{campaign.name}")


def _table(
    house: FilmHouse,
    plan: Plan,
    people: Mapping[str, Mapping[str, Mapping[int, BitMap]]],
    first: date,
    until: date,
) -> pa.Table:
    """One row for each person in an arm: tickets for the film since the launch, all before it."""
    treated, held = (_arm_ids(people.values(), s) for s in (TREATED, HELD_OUT))
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
        name: np.union1d(*(_arm_ids([people[i] for i in ids], s) for s in (TREATED, HELD_OUT)))
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
            _arm_ids([people[x.id] for x in mine], TREATED),
            _arm_ids([people[x.id] for x in mine], HELD_OUT),
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
        impressions = sum(x.impressions for x in mine) / max(1, len(ids))
        response, error = _response(effect)
        found.append(
            Learned(
                until, campaign.name, plan.film, rule, mine[0].audience,
                mine[0].kind, channel, impressions, response, error,
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


def _arm_ids(
    lines: Iterable[Mapping[str, Mapping[int, BitMap]]], state: str
) -> npt.NDArray[np.int64]:
    every: dict[int, BitMap] = {}
    for states in lines:
        for block, people in states.get(state, {}).items():
            every[block] = every.get(block, BitMap()) | people
    parts = [np.asarray(p.to_array(), dtype=np.int64) for _, p in sorted(every.items())]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _both(one: People, two: People) -> People:
    return {b: one[b] & two[b] for b in one if b in two}


def _less(one: People, two: People) -> People:
    return {b: people - two.get(b, BitMap()) for b, people in one.items()}
