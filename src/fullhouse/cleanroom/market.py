"""The market as a tenant may know it, and forecasts, slates and a score book from it: free.

What is public is known to all, what a tenant states of its own titles to that tenant alone. Nothing
of another tenant's secret title is in it, nor facts of another's title that the house was told by
hand. Signals that may be of the house's own people are left out, unless the policy says that they
are public. So nothing here reads people, and no budget is spent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from fullhouse import control, films
from fullhouse.cleanroom.gate import check_may
from fullhouse.cleanroom.people import house_control
from fullhouse.cleanroom.policy import load
from fullhouse.cleanroom.release import ForTenants, Note
from fullhouse.cleanroom.tenants import (
    check_active,
    hidden_films,
    own_title,
    titles,
    titles_of_others,
)
from fullhouse.cleanroom.title_inputs import TitleInput, inputs_of, with_inputs
from fullhouse.control import Entry, Verified
from fullhouse.control.control import Control
from fullhouse.core.tabular import Tabular
from fullhouse.core.values import HOUSE
from fullhouse.films import USER
from fullhouse.films.catalogue import FilmFact
from fullhouse.films.store import value
from fullhouse.forecast.assumptions import Assumptions
from fullhouse.forecast.book import actual_run, enter, read_book
from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.make import NONE, forecast_from, slate_from
from fullhouse.forecast.score import ActualRun, ScoreBook
from fullhouse.forecast.slate import Slate
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

BY_HAND = ("title", "original_title", "opening")
"""Facts of another tenant's title that are public, though the house stated them by hand."""


@dataclass(frozen=True)
class OwnTitle:
    """A title of a tenant: what is known of it publicly, and what the tenant stated of it."""

    film: str
    title: str
    secret: bool
    opening: date | None
    facts: tuple[FilmFact, ...]
    inputs: tuple[TitleInput, ...]


@dataclass(frozen=True)
class OwnTitles(Tabular, ForTenants):
    """The titles of a tenant in a market, as known on a day, by opening."""

    titles: tuple[OwnTitle, ...]
    territory: str
    as_of: date

    def rows(self) -> list[Mapping[str, Any]]:
        """A row for each title."""
        return [
            {"film": t.film, "title": t.title, "opening": t.opening, "secret": t.secret}
            for t in self.titles
        ]


@dataclass(frozen=True)
class TenantForecast(ForTenants):
    """A forecast of an own title from public facts and the tenant's own inputs.

    `inputs` are those inputs, `actual` what the film took by now, `notes` what was left out.
    """

    forecast: Forecast
    inputs: tuple[TitleInput, ...]
    actual: ActualRun
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class TenantSlate(ForTenants):
    """The films that open in a time, as far as they are public or the tenant's own."""

    slate: Slate
    own: frozenset[str]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class TenantEntry(ForTenants):
    """An entry of the tenant's own score book, and whether it was not in it before."""

    entry: Entry
    new: bool


@dataclass(frozen=True)
class TenantEntries(ForTenants):
    """Entries of the tenant's own score book, in the order of issue."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class TenantScoreBook(ForTenants):
    """How the tenant's issued forecasts did."""

    book: ScoreBook


@dataclass(frozen=True)
class TenantVerified(ForTenants):
    """Whether the chain of the tenant's score book is whole."""

    verified: Verified


@dataclass(frozen=True)
class _Market:
    """What models learn from, the same for all tenants, and what this tenant may know."""

    public: History
    own: History


def own_titles(context: Context, territory: str | None, as_of: date | None) -> OwnTitles:
    """A tenant's titles, with what is known of each on a day."""
    where, day = _where(context, territory), as_of or context.today
    _check(context, "read")
    own = titles(context.control, context.tenant)
    rows = films.facts(context.lake, where, day, films={t.film for t in own}) if own else None
    facts: dict[str, list[FilmFact]] = {}
    for r in rows.to_pylist() if rows is not None else ():
        fact = FilmFact(
            r["field"], value(r["field"], r["value"]), r["known_on"], r["origin"], r["territory"]
        )
        facts.setdefault(r["film"], []).append(fact)
    inputs = inputs_of(context.control, where, day)
    listed = [
        _title(
            t.film, t.secret, facts.get(t.film, []), tuple(i for i in inputs if i.film == t.film)
        )
        for t in own
    ]
    listed.sort(key=lambda t: (t.opening or date.max, t.film))
    return OwnTitles(tuple(listed), where, day)


def _title(
    film: str, secret: bool, facts: list[FilmFact], inputs: tuple[TitleInput, ...]
) -> OwnTitle:
    public = {f.field: f.value for f in facts}
    known = dict(public)
    for given in inputs:
        if given.value is None:  # taken back
            known[given.name] = public.get(given.name)
        elif given.name == "opening":
            known[given.name] = date.fromisoformat(given.value)
        elif given.name == "title":
            known[given.name] = given.value
    return OwnTitle(
        film, str(known.get("title") or film), secret, known.get("opening"), tuple(facts), inputs
    )


def forecast_own(
    context: Context,
    request: object,
    film: str,
    *,
    territory: str | None,
    as_of: date | None,
    comps: tuple[str, ...] = (),
    assumptions: Assumptions = NONE,
) -> TenantForecast:
    """What an own title will take, as its tenant may know; one that was made before is looked up.

    `request` is what is asked, with its day and market settled: the result is stored under it.
    """
    _check(context, "read")
    film = own_title(context.control, context.tenant, film)
    where, day = _where(context, territory), context.day_asked(as_of)

    def make(own: Context) -> Forecast:
        market = _market(own, where, day)
        forecast = forecast_from(
            own, market.own, film, comps=comps, assumptions=assumptions, learn_from=market.public
        )
        # A table's version counts what others write, too.
        return replace(forecast, data={})

    forecast = remembered(context, request, Forecast, make, inputs=_inputs(context, where, day))
    inputs = tuple(i for i in inputs_of(context.control, where, day) if i.film == film)
    return TenantForecast(forecast, inputs, actual_run(context, forecast), left_out(context))


def slate_of_tenant(
    context: Context,
    request: object,
    *,
    territory: str | None,
    as_of: date,
    first: date,
    last: date,
    film: str | None,
    dates: tuple[date, ...],
) -> TenantSlate:
    """The films that open from one day to another as a tenant may know them; own ones on others."""
    _check(context, "read")
    where = _where(context, territory)
    own = frozenset(t.film for t in titles(context.control, context.tenant))
    if film is not None:
        film = own_title(context.control, context.tenant, film)

    def make(leased: Context) -> Slate:
        market = _market(leased, where, as_of)
        slate = slate_from(
            leased,
            market.own,
            first=first,
            last=last,
            film=film,
            dates=dates,
            learn_from=market.public,
        )
        bare = partial(replace, data={})
        return replace(
            slate,
            forecasts=tuple(bare(f) for f in slate.forecasts),
            tried=tuple(bare(f) for f in slate.tried),
        )

    slate = remembered(context, request, Slate, make, inputs=_inputs(context, where, as_of))
    return TenantSlate(slate, own, left_out(context))


def issue_own(context: Context, forecast: TenantForecast) -> TenantEntry:
    """The entry of a tenant's forecast in its own score book."""
    _check(context, "ask")
    return TenantEntry(*enter(context, forecast.forecast))


def own_book(
    context: Context,
    *,
    territory: str | None,
    horizon: str | None,
    looking_back: bool,
    head: str | None,
) -> TenantScoreBook:
    """How the tenant's issued forecasts did whose outcome is known."""
    _check(context, "read")
    book = read_book(
        context, territory=territory, horizon=horizon, looking_back=looking_back, head=head
    )
    return TenantScoreBook(book)


def own_entries(
    context: Context, *, film: str | None, territory: str | None, most: int | None
) -> TenantEntries:
    """The entries of the tenant's score book, in the order of issue."""
    _check(context, "read")
    rows = control.entries(context.control, film=film, territory=territory, most=most)
    return TenantEntries(tuple(rows))


def verify_own(context: Context, head: str | None) -> TenantVerified:
    """The result of checking the chain of the tenant's score book."""
    _check(context, "read")
    return TenantVerified(control.verify(context.control, head=head))


def visible(history: History, house: Control, tenant: str, kinds: frozenset[str]) -> History:
    """What a tenant may know of a history; with the house for a tenant, what all may know.

    Left out are others' secret titles, facts of others' titles that were stated by hand, and
    signals of kinds that are not public.
    """
    open_to = history.without(hidden_films(house, tenant))
    facts = dict(open_to.facts)
    for film in titles_of_others(house, tenant) & set(facts):
        named = {
            name: [s for s in stated if s[2] != USER or name in BY_HAND]
            for name, stated in facts[film].items()
        }
        facts[film] = {name: stated for name, stated in named.items() if stated}
    signals = {
        film: public
        for film, by_kind in open_to.signals.items()
        if (public := {k: v for k, v in by_kind.items() if k in kinds})
    }
    return replace(open_to, facts=facts, signals=signals)


def _market(context: Context, territory: str, as_of: date) -> _Market:
    house, kinds = house_control(context), _public_signals(context)
    history = read_history(context.lake, territory, as_of)
    own = visible(history, house, context.tenant, kinds)
    inputs = inputs_of(context.control, territory, as_of)
    alone = {t.film for t in titles(context.control, context.tenant)}
    return _Market(
        visible(history, house, HOUSE, kinds),
        with_inputs(own, [i for i in inputs if i.film in alone]),
    )


def _inputs(context: Context, territory: str, as_of: date) -> str:
    """All that a forecast takes from the control database and the policy, for its stored result."""
    house = house_control(context)
    parts = (
        sorted(hidden_films(house, HOUSE)),
        sorted(hidden_films(house, context.tenant)),
        sorted(titles_of_others(house, context.tenant)),
        sorted(titles_of_others(house, HOUSE)),
        sorted(_public_signals(context)),
        inputs_of(context.control, territory, as_of),
    )
    return repr(parts)


def _public_signals(context: Context) -> frozenset[str]:
    return frozenset(load(context.place)["public.signals"])


def left_out(context: Context) -> tuple[Note, ...]:
    """Which kinds of signals are not public here, and so in no forecast of a tenant."""
    kinds = sorted(set(films.SIGNALS) - _public_signals(context))
    return (Note("signals_left_out", {"kinds": ", ".join(kinds)}),) if kinds else ()


def _where(context: Context, territory: str | None) -> str:
    where = territory or context.settings.territory
    films.check_territory(where)
    return where


def _check(context: Context, verb: str) -> None:
    check_active(context.control, context.tenant)
    check_may(context, verb)
