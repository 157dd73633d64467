"""A tenant's campaigns: what was released of each, and whether a readout may be believed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Literal

from fullhouse.campaigns.campaign import BY_CITY, HELD_OUT, TREATED
from fullhouse.campaigns.terms import terms_from
from fullhouse.cleanroom import gate
from fullhouse.cleanroom.policy import load
from fullhouse.cleanroom.question import Readout
from fullhouse.cleanroom.release import Z95, ForTenants, Release, ReleasedNumber
from fullhouse.cleanroom.releases import held
from fullhouse.cleanroom.reports import ReportedRelease, reported
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.workspace.context import Context

ODD = 5.0
"""Deviations of its noise by which an arm may differ from its share, before it counts as wrong."""

ROUNDING = 0.002
"""Of all people of the arms: how far whole people and households move an arm from its share."""

TICKETS = "extra tickets for 1,000 people"


@dataclass(frozen=True)
class CheckedReadout:
    """A readout that was released: the effect on tickets, and what was found wrong with it.

    `effect` is of 1,000 people with its 95 % interval, None where it could not be measured.
    `failed` are the checks that it did not pass: what they say stands in the number's place.
    """

    release: ReportedRelease
    effect: ReleasedNumber | None
    at_any_look: ReleasedNumber | None
    failed: tuple[Literal["unbalanced", "cut_off"], ...]


@dataclass(frozen=True)
class OwnCampaign:
    """A campaign that a tenant may ask about, and what was released of it, the newest first.

    `holdout` is the share that was to be held out; None where cities were drawn. `look_rho` is the
    price of one look at what it changed, in nano-rho, to be set aside before the first.
    """

    name: str
    film: str
    launched: date
    cancelled: date | None
    holdout: float | None
    look_rho: int
    reach: tuple[ReportedRelease, ...]
    readouts: tuple[CheckedReadout, ...]


@dataclass(frozen=True)
class TenantCampaigns(ForTenants):
    """The campaigns of a tenant's titles, the newest first."""

    campaigns: tuple[OwnCampaign, ...]


def campaigns_of_tenant(context: Context, film: str | None = None) -> Sequence[OwnCampaign]:
    """The campaigns that a tenant may ask about, of one of its films or all."""
    rho = load(context.place).price(Readout("any"))
    own = [c for c in gate.own_campaigns(context).values() if film in (None, c.film)]
    return [_campaign(context, c, rho) for c in sorted(own, key=lambda c: c.at, reverse=True)]


def _campaign(context: Context, campaign: SavedCampaign, rho: int) -> OwnCampaign:
    body = campaign.body
    holdout = None
    if body.get("by") != BY_CITY and "holdout" in body:
        terms = terms_from(body)
        # With a holdout of each channel, who is shown nothing is in either arm.
        holdout = terms.holdout if not terms.channel_holdout else None
    reach, readouts = (
        held(context.control, kind, campaign=campaign.name) for kind in ("reach", "readout")
    )
    return OwnCampaign(
        campaign.name,
        campaign.film,
        campaign.at.date(),
        campaign.cancelled,
        holdout,
        rho,
        tuple(reported(r) for r in reach),
        tuple(_checked(reported(r), holdout) for r in readouts),
    )


def _checked(release: ReportedRelease, holdout: float | None) -> CheckedReadout:
    figures = {line.of.get("of", ""): line.figures for line in release.release.lines}
    effect = figures.get(TICKETS, {})
    failed: list[Literal["unbalanced", "cut_off"]] = []
    if holdout is not None and is_unbalanced(release.release, holdout):
        failed.append("unbalanced")
    if effect and _may_be_cut_off(effect["effect"], effect.get("hidden_by_clamping")):
        failed.append("cut_off")
    return CheckedReadout(release, effect.get("effect"), effect.get("at_any_look"), tuple(failed))


def is_unbalanced(release: Release, holdout: float) -> bool:
    """Whether another share of the people is held out than was to be, beyond what noise does."""
    people = {line.of.get("of", ""): line.figures.get("people") for line in release.lines}
    treated, out = (people.get(arm.replace("_", " ")) for arm in (TREATED, HELD_OUT))
    if treated is None or out is None or treated.value is None or out.value is None:
        return False
    everybody = treated.value + out.value
    off = abs(out.value - holdout * everybody)
    noise = sqrt(((1 - holdout) * _sigma(out)) ** 2 + (holdout * _sigma(treated)) ** 2)
    return off > ODD * noise + ROUNDING * everybody


def _sigma(number: ReleasedNumber) -> float:
    """The deviation of a number's noise, by its interval, of which the low end may be cut off."""
    assert number.value is not None
    assert number.high is not None
    return (number.high - number.value) / Z95


def _may_be_cut_off(effect: ReleasedNumber, hidden: ReleasedNumber | None) -> bool:
    """Whether what people bought beyond their bound could turn an effect into none."""
    if hidden is None:
        return False
    ends = (effect.low, effect.high, hidden.low, hidden.high)
    low, high, hidden_low, hidden_high = (0.0 if end is None else end for end in ends)
    sold_more, sold_less = low > 0, high < 0
    return (sold_more and low + min(hidden_low, 0) <= 0) or (
        sold_less and high + max(hidden_high, 0) >= 0
    )
