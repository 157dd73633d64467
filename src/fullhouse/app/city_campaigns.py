"""A campaign by city: paired and drawn at launch, read from the film's own sales.

A new film has no past, so a city's tickets of the film are divided by its tickets of all other
films in the year before the launch, and the cities of a pair are compared on that. How a city
takes to this film in particular is luck between the two of a pair, and the sign flips count it:
it needs no model of the film. The past ends at the launch, so that nothing the campaign did is in
it; other films' sales in the window would be, were the campaign's visits taken from them.
"""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from fullhouse import control
from fullhouse.campaigns.city_design import LEVEL, PairedCities, known_until, paired_cities
from fullhouse.campaigns.city_pairs import CityDesign, design_from, draw
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan, SavedReadout
from fullhouse.control.campaigns import (
    add_campaign,
    add_readout,
    campaign_named,
    find_campaign,
    find_plan,
)
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.values import as_json, check_slug
from fullhouse.measurement.city_pairs import CityPairsReadout, read_totals
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.city_sales import city_tickets, items_of
from fullhouse.workspace.context import Context

BY_CITY = "city"
"""What a campaign's body has under `by`; one by person has none."""


@dataclass(frozen=True)
class LaunchedCities:
    """A campaign by city as it is kept: where media is bought, where not, and the file of both.

    `smallest` and `films` are as in `PairedCities`.
    """

    campaign: SavedCampaign
    design: CityDesign
    first: date
    last: date
    smallest: float | None
    films: int
    not_paired: tuple[str, ...]
    resumed: bool
    file: Path | None = None


def campaign_cities_power(
    context: Context,
    plan_name: str,
    *,
    start: date | None = None,
    weeks: int | None = None,
    as_of: date | None = None,
) -> PairedCities:
    """The pairs that a launch on this day would have, and what they could show; nothing is kept."""
    plan = plan_from(find_plan(context.control, plan_name).body)
    return paired_cities(context, plan, start=start, weeks=weeks, as_of=as_of)


def campaign_cities(
    context: Context,
    plan_name: str,
    *,
    name: str,
    start: date | None = None,
    weeks: int | None = None,
    as_of: date | None = None,
    folder: Path | None = None,
) -> LaunchedCities:
    """Pair the cities, draw one of each pair to buy media in, and keep it; the others get none.

    The window in which the film's tickets count is `weeks` weeks from `start`; by default from the
    plan's first week to its last, or to the end of the film's fourth week where that is later.
    Launching again under the same name and plan changes nothing, whatever else is given: cities
    and window are what it began with. `folder` gets a cities.csv.
    """
    check_slug(name, what="The name of a campaign")
    kept = find_plan(context.control, plan_name)
    plan = plan_from(kept.body)
    standing = campaign_named(context.control, name)
    if standing is not None:
        _check_standing(standing, kept)
        campaign = standing
    else:
        found = paired_cities(context, plan, start=start, weeks=weeks, as_of=as_of)
        campaign = _keep(context, kept, name, found)
    told = campaign.body
    launched = LaunchedCities(
        campaign=campaign,
        design=design_from(told),
        first=date.fromisoformat(told["first"]),
        last=date.fromisoformat(told["last"]),
        smallest=told["smallest"],
        films=told["films"],
        not_paired=tuple(told["not_paired"]),
        resumed=standing is not None,
    )
    if folder is None:
        return launched
    return replace(launched, file=_write(launched, folder))


def campaign_cities_readout(
    context: Context, name: str, *, as_of: date | None = None, spend: float | None = None
) -> CityPairsReadout:
    """What a campaign by city won in tickets of its film, as known on a day; it is kept.

    `spend` is the money spent in the treated cities, in the plan's currency; a ticket brings the
    plan's price. The p and interval are for one look: read it when the window is over.
    """
    campaign = find_campaign(context.control, name)
    _check_by_city(campaign)
    plan = plan_from(find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}").body)
    told = campaign.body
    first, last = (date.fromisoformat(told[x]) for x in ("first", "last"))
    with analysis_sample(context, territory=plan.territory, as_of=as_of) as house:
        until = min(known_until(house), last)
        if until < first:
            raise CannotTellError(
                f"Nothing is known after {until}, and the campaign's window begins on {first}: take"
                " in later tickets and build traits as of a later day."
            )
        sold = city_tickets(house, items_of(house, house.find(plan.film)), first, until)
    design = design_from(told)
    after = {c: sold.get(c, 0.0) for c in (*design.treated, *design.left_out)}
    if not any(after.values()):
        raise CannotTellError(
            f"No ticket of {plan.film} was sold in the campaign's cities from {first} to {until}"
            f" (it opens on {plan.opening}): that would look like no effect."
        )
    found = read_totals(
        told["before"],
        after,
        design,
        value="tickets",
        start=first,
        end=until,
        level=LEVEL,
        spend=spend,
        worth=plan.price,
    )
    found = replace(found, notes=(*found.notes, *_notes(plan, until, last, spend)))
    body = found.to_dict() | {"by": BY_CITY}
    add_readout(context.control, SavedReadout(name, until, body, datetime.now(UTC)))
    control.record(context.control, "campaign.readout", {"campaign": name, "by": BY_CITY})
    return found


def _keep(context: Context, kept: SavedPlan, name: str, found: PairedCities) -> SavedCampaign:
    design = CityDesign(found.pairs, draw(found.pairs, key=context.key, campaign=name))
    # The past is kept too, so that tickets that come in late move no city's.
    body = {"by": BY_CITY, **as_json(vars(found)), **design.to_dict()}
    campaign = SavedCampaign(name, kept.film, kept.name, kept.version, body, datetime.now(UTC))
    add_campaign(context.control, campaign)
    detail: dict[str, object] = {"campaign": name, "plan": f"{kept.name}@{kept.version}"}
    control.record(context.control, "campaign.launch", detail | {"by": BY_CITY})
    return campaign


def _check_standing(standing: SavedCampaign, kept: SavedPlan) -> None:
    _check_by_city(standing)
    if (standing.plan, standing.plan_version) != (kept.name, kept.version):
        raise InputError(
            f"Campaign {standing.name!r} carries out {standing.plan}@{standing.plan_version}:"
            f" launch {kept.name}@{kept.version} under another name."
        )


def _check_by_city(campaign: SavedCampaign) -> None:
    if campaign.body.get("by") != BY_CITY:
        raise InputError(
            f"Campaign {campaign.name!r} is drawn by person, not by city: read it with fullhouse"
            f" campaign readout {campaign.name}, or launch by city under another name."
        )


def _notes(plan: Plan, until: date, last: date, spend: float | None) -> tuple[str, ...]:
    found = [
        "Tickets are those of the house's own people, in the city of the cinema, each city measured"
        " against its tickets of other films before the launch."
    ]
    if spend is not None:
        found.append(
            f"Money won is at {plan.price:,.2f} {plan.currency} a ticket, and leaves out the"
            " tickets that the house does not sell."
        )
    if until < last:
        found.append(
            f"The window runs to {last}: looked at before, and again, chance has more than one go."
        )
    return tuple(found)


def _write(launched: LaunchedCities, folder: Path) -> Path:
    """cities.csv: each city, its pair, and whether media is bought there."""
    folder.mkdir(parents=True, exist_ok=True)
    file, treated = folder / "cities.csv", set(launched.design.treated)
    rows = [
        (city, str(number), "buy" if city in treated else "leave out")
        for number, pair in enumerate(launched.design.pairs, 1)
        for city in pair
    ]
    rows += [(city, "", "not in the test") for city in launched.not_paired]
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("city", "pair", "media"))
        writer.writerows(rows)
    return file
