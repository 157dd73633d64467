"""What a studio does with its own titles: states, forecasts, and keeps score. All of it is free.

The house's requests ask the same of the house; here they are answered from what a tenant may know.
Nothing here touches a stage: `cleanroom/market.py` says what that is.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from fullhouse import control
from fullhouse.app.forecast import (
    ForecastFilm,
    ForecastSlate,
    ListEntries,
    ReadScoreBook,
    VerifyScoreBook,
    whole_slate,
)
from fullhouse.app.use_case import tenant_case
from fullhouse.cleanroom import gate, log, market, title_inputs
from fullhouse.cleanroom.market import (
    OwnTitles,
    TenantEntries,
    TenantEntry,
    TenantForecast,
    TenantScoreBook,
    TenantSlate,
    TenantVerified,
)
from fullhouse.cleanroom.tenants import check_active, own_title
from fullhouse.cleanroom.title_inputs import SignalOfDay
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context


@request
class ListTitles:
    """The tenant's titles in a market (the workspace's), as known on a day (today)."""

    territory: str | None = None
    as_of: date | None = None


@request
class StateTitle:
    """Facts and signals of an own title, for the tenant's own forecasts alone.

    A value is text as on the command line ('Comedy|Drama', '12000000 USD'), or as FIELDS types it;
    None takes a fact back.
    """

    film: str
    facts: Mapping[str, Any] | None = None
    signals: tuple[SignalOfDay, ...] = ()
    territory: str | None = None


@tenant_case
def studio_titles(context: Context, request: ListTitles | None = None) -> OwnTitles:
    """The tenant's titles: public facts of each, and what the tenant stated itself."""
    check_tenant(context)
    asked = request or ListTitles()
    return market.own_titles(context, asked.territory, asked.as_of)


@tenant_case
def studio_state(context: Context, request: StateTitle) -> OwnTitles:
    """State facts or signals of an own title; from today on they are in its forecasts."""
    check_tenant(context)
    control.check_writable(context.control)
    check_active(context.control, context.tenant)
    gate.check_may(context, "ask")
    film = own_title(context.control, context.tenant, request.film)
    territory = request.territory or context.settings.territory
    facts = title_inputs.checked_facts(request.facts or {})
    title_inputs.check_signals(request.signals, context.today)
    if not facts and not request.signals:
        raise InputError("Nothing to state: give field=value, such as theaters=3100.")
    listed = market.own_titles(context, territory, None)
    title_inputs.state(
        context.control, film, territory, facts, request.signals, known_on=context.today
    )
    detail: dict[str, str | int] = {
        "film": film,
        "names": ", ".join(sorted({*facts, *(s.kind for s in request.signals)})),
    }
    leaf = log.LogLeaf(context.tenant, "title.state", context.actor, context.now, detail)
    with context.control.begin() as connection:
        log.append(connection, leaf)
    return market.own_titles(context, listed.territory, None)


@tenant_case
def studio_forecast(context: Context, request: ForecastFilm) -> TenantForecast:
    """What an own title will take, from public facts and the tenant's own inputs."""
    check_tenant(context)
    whole = replace(
        request,
        territory=request.territory or context.settings.territory,
        as_of=request.as_of or context.today,
    )
    return market.forecast_own(
        context,
        whole,
        whole.film,
        territory=whole.territory,
        as_of=whole.as_of,
        comps=whole.comps,
        assumptions=whole.assumptions,
    )


@tenant_case
def studio_slate(context: Context, request: ForecastSlate | None = None) -> TenantSlate:
    """The films that open in a time, public ones and own; and an own one on other dates."""
    check_tenant(context)
    whole = whole_slate(context, request or ForecastSlate())
    assert whole.as_of is not None
    assert whole.first is not None
    assert whole.last is not None
    return market.slate_of_tenant(
        context,
        whole,
        territory=whole.territory,
        as_of=whole.as_of,
        first=whole.first,
        last=whole.last,
        film=whole.film,
        dates=whole.dates,
    )


@tenant_case
def studio_issue(context: Context, request: ForecastFilm) -> TenantEntry:
    """Enter a forecast of an own title into the tenant's own score book."""
    return market.issue_own(context, studio_forecast(context, request))


@tenant_case
def studio_scorebook(context: Context, request: ReadScoreBook | None = None) -> TenantScoreBook:
    """How the tenant's issued forecasts did whose outcome is known."""
    check_tenant(context)
    asked = request or ReadScoreBook()
    return market.own_book(
        context,
        territory=asked.territory,
        horizon=asked.horizon,
        looking_back=asked.looking_back,
        head=asked.head,
    )


@tenant_case
def studio_entries(context: Context, request: ListEntries | None = None) -> TenantEntries:
    """The entries of the tenant's score book in the order of issue; the newest with `most`."""
    check_tenant(context)
    asked = request or ListEntries()
    return market.own_entries(context, film=asked.film, territory=asked.territory, most=asked.most)


@tenant_case
def studio_verify(context: Context, request: VerifyScoreBook | None = None) -> TenantVerified:
    """Whether the chain of the tenant's score book is whole."""
    check_tenant(context)
    return market.verify_own(context, (request or VerifyScoreBook()).head)


def check_tenant(context: Context) -> None:
    """An error for the house: what a tenant may know of its own titles is asked as a tenant."""
    if context.tenant == HOUSE:
        raise InputError("This is a tenant's: say which, with --as TENANT.")
