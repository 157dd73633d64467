"""Launch a campaign: freeze its people and arms, and write what each channel is to deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from fullhouse import control
from fullhouse.activation.deliver import Delivered, DeliveryLine, deliver
from fullhouse.activation.launch import (
    Assigned,
    LineAudience,
    assign_lines,
    freeze_people,
    read_people,
)
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaigns import KeptCampaign, add_campaign, campaigns, find_plan
from fullhouse.discovery.film_traits import any_of
from fullhouse.errors import InputError
from fullhouse.pipeline.campaign_people import (
    audience_people,
    both,
    frozen_people,
    less,
    place_people,
)
from fullhouse.pipeline.film_house import FilmHouse, film_house
from fullhouse.pipeline.workspace import Workspace
from fullhouse.planning import Channel, read_channels
from fullhouse.planning.plan import Line, Plan, plan_from
from fullhouse.tables import DELIVERY
from fullhouse.values import check_slug, slug

WRITTEN = frozenset({"parquet", "csv"})
"""Forms in which a launch writes deliveries."""


@dataclass(frozen=True)
class Launched:
    """A campaign's lines with who is what, and the files that were written."""

    campaign: KeptCampaign
    lines: tuple[tuple[str, Mapping[str, int]], ...]
    files: tuple[Delivered, ...]
    resumed: bool


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
    people = frozen_people(workspace, name, plan)
    folder.mkdir(parents=True, exist_ok=True)
    files = deliver(workspace.lake, [_delivery(x, told) for x in plan.lines], people, folder)
    _log(workspace, campaign, files)
    lines = tuple(
        (line, {s: sum(map(len, b.values())) for s, b in states.items()})
        for line, states in people.items()
    )
    return Launched(campaign, lines, tuple(files), standing is not None)


def _assign(
    house: FilmHouse,
    plan: Plan,
    channels: Mapping[str, Channel],
    campaign: KeptCampaign,
) -> list[Assigned]:
    """Arms of the whole campaign: one for each person, whatever lines they are in."""
    workspace = house.workspace
    audiences = audience_people(house, plan)
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
    places = place_people(house, plan)
    film = house.film_traits.get(house.find(plan.film).slug or "")
    (have,) = house.people(film.saw.name) if film is not None and film.saw else ({},)
    with film_house(workspace, territory=plan.territory, purpose=ADVERTISING) as willing:
        (yes,) = willing.people("everyone")
    lines = []
    for line in plan.lines:
        mine = both(audiences[line.rule], places[line.cities])
        lines.append(
            LineAudience(
                line.id,
                mine,
                {
                    "no_consent": less(mine, yes),
                    "has_ticket": have,
                    "not_addressed": less(mine, on[line.channel]),
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
