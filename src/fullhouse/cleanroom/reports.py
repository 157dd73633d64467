"""A tenant's report of its title: its forecast, its newest releases and its newest plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from fullhouse.cleanroom import plans
from fullhouse.cleanroom.market import TenantForecast
from fullhouse.cleanroom.plans import TenantPlan
from fullhouse.cleanroom.release import ForTenants, Release
from fullhouse.cleanroom.releases import HeldRelease, RestsOn, held, rests_on
from fullhouse.workspace.context import Context

OF_CAMPAIGNS = ("reach", "readout")


@dataclass(frozen=True)
class ReportedRelease:
    """A release as a report shows it, and its entry of the tenant's log."""

    source: RestsOn
    release: Release


@dataclass(frozen=True)
class TenantReport(ForTenants):
    """What a tenant knows of its title: by forecast, released cards, plan and campaign readouts.

    A part that is missing is None or empty.
    """

    film: str
    title: str
    as_of: date
    forecast: TenantForecast
    cards: ReportedRelease | None
    plan: TenantPlan | None
    campaigns: tuple[ReportedRelease, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON holds it."""
        body: dict[str, Any] = TypeAdapter(TenantReport).dump_python(self, mode="json")
        return body


def report_of_tenant(
    context: Context, forecast: TenantForecast, plan: str | None = None
) -> TenantReport:
    """The report of an own title from what was released of it, and what it rests on."""
    film = forecast.forecast.film
    cards = held(context.control, "cards", title=film)
    of_film = [p for p in plans.saved(context) if p.film == film]
    newest = max(of_film, key=lambda p: p.at, default=None)
    name = plan or (None if newest is None else f"{newest.name}@{newest.version}")
    campaigns = [_newest_by_campaign(held(context.control, k, title=film)) for k in OF_CAMPAIGNS]
    return TenantReport(
        film,
        forecast.forecast.title,
        forecast.forecast.as_of,
        forecast,
        reported(cards[0]) if cards else None,
        None if name is None else plans.find(context, name),
        tuple(reported(h) for by_name in campaigns for _, h in sorted(by_name.items())),
    )


def _newest_by_campaign(releases: Sequence[HeldRelease]) -> Mapping[str, HeldRelease]:
    return {h.release.question["campaign"]: h for h in reversed(releases)}


def reported(release: HeldRelease) -> ReportedRelease:
    """A release with its entry of the log."""
    return ReportedRelease(rests_on(release), release.release)
