"""The score book of a workspace: issue forecasts, score those with an outcome, verify it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.app.use_case import use_case
from fullhouse.control import Entry, Verified
from fullhouse.core.code import code_version
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.core.tables import FILM_GROSS
from fullhouse.films.store import value
from fullhouse.forecast import Forecast
from fullhouse.forecast.score import Actuals, ScoreBook, actuals_of, score
from fullhouse.workspace.context import Context


@request
class ReadScoreBook:
    """One market or horizon, or all; those issued after the fact instead of those in time.

    `head` is the hash of an entry that was noted earlier and must still be in the book.
    """

    territory: str | None = None
    horizon: str | None = None
    looking_back: bool = False
    head: str | None = None


@use_case
def scorebook(context: Context, request: ReadScoreBook) -> ScoreBook:
    """How the issued forecasts did whose outcome the lake knows now.

    Those issued after the fact are never counted with the others; `looking_back` counts them.
    A book whose chain is broken has no figures: that is an error.
    """
    if request.territory is not None:
        films.check_territory(request.territory)
    verified = control.verify(context.control, head=request.head)
    if not verified.ok:
        raise CannotTellError(
            code=f"score_book_{verified.problem}", entry=verified.broken, good=verified.entries
        )
    book = score(
        control.stream(context.control, territory=request.territory, horizon=request.horizon),
        _actuals(context, request.territory),
        looking_back=request.looking_back,
    )
    only = {"territory": request.territory, "horizon": request.horizon}
    return replace(
        book,
        simulated=book.simulated or context.settings.simulated,
        only={name: value for name, value in only.items() if value is not None},
        head=verified.head,
        head_noted=verified.noted is not None,
    )


@dataclass(frozen=True)
class Issued:
    """The entry of a forecast, and whether it was not in the book before."""

    entry: Entry
    new: bool


@request
class IssueForecast:
    """A forecast to enter into the score book."""

    forecast: Forecast


@use_case
def issue_forecast(context: Context, request: IssueForecast) -> Issued:
    """Enter a forecast into the score book; its entry, or the one that says the same already.

    One that assumes facts is refused, and so is a simulated one in a workspace that is not.
    """
    control.check_writable(context.control)
    forecast, now = request.forecast, context.now
    if forecast.what_if:
        assumed = ", ".join(sorted(forecast.what_if))
        raise InputError(
            f"A forecast that assumes facts ({assumed}) does not enter the score book."
        )
    if forecast.simulated != context.settings.simulated:
        raise InputError(
            "A simulated forecast enters the score book of a simulated workspace only, and a real"
            " one that of a real workspace."
        )
    entry = control.issue(
        context.control,
        forecast.to_dict(),
        film=forecast.film,
        territory=forecast.territory,
        as_of=forecast.as_of,
        horizon=forecast.horizon,
        code=code_version(),
        model=forecast.model.fingerprint,
        issued_at=now,
    )
    new = entry.issued == now
    if new:
        record: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", record)
    return Issued(entry, new)


@request
class ListEntries:
    """Of one film or market, or all; the newest `most`."""

    film: str | None = None
    territory: str | None = None
    most: int | None = None


@use_case
def scorebook_list(context: Context, request: ListEntries) -> list[Entry]:
    """The entries of the score book in the order of issue; the newest of them with `most`."""
    return control.entries(
        context.control, film=request.film, territory=request.territory, most=request.most
    )


@request
class VerifyScoreBook:
    """A hash that was noted earlier as the book's `head`, where there is one."""

    head: str | None = None


@use_case
def scorebook_verify(context: Context, request: VerifyScoreBook) -> Verified:
    """Check the whole chain, and that a hash that was noted earlier as its `head` is in it."""
    return control.verify(context.control, head=request.head)


def _actuals(context: Context, territory: str | None) -> dict[tuple[str, str], Actuals]:
    """The outcome of each film that was forecast, as far as the lake knows now."""
    actuals: dict[tuple[str, str], Actuals] = {}
    issued = control.issued_films(context.control, territory=territory)
    now = films.renamed(context.lake) if issued else {}
    for where in sorted({place for _, place in issued}):
        own = [film for film, place in issued if place == where]
        known = dict(_actuals_in(context, where, {now.get(f, f) for f in own}))
        actuals |= {(f, where): known[now.get(f, f)] for f in own if now.get(f, f) in known}
    return actuals


def _actuals_in(
    context: Context, territory: str, wanted: set[str]
) -> Iterator[tuple[str, Actuals]]:
    lake, latest = context.lake, date.max
    fields = ["opening", "total"]
    facts: dict[str, dict[str, object]] = defaultdict(dict)
    for row in films.facts(lake, territory, latest, films=wanted, fields=fields).to_pylist():
        facts[row["film"]][row["field"]] = value(row["field"], row["value"])
    days = lake.read(FILM_GROSS, columns=["day"], where=pc.field("territory") == territory)
    upto = pc.max(days["day"]).as_py()
    grosses = _by_film(films.grosses(lake, territory, latest, films=wanted))
    for film, known in facts.items():
        opening, total = known.get("opening"), known.get("total")
        if not isinstance(opening, date):
            continue
        rows = grosses.get(film, FILM_GROSS.schema.empty_table())
        amount, currency = total if isinstance(total, tuple) else (None, "")
        if rows.num_rows and rows["currency"][0].as_py() != currency:
            amount = None
        actuals = actuals_of(rows, opening, upto=upto, total=amount)
        yield film, replace(actuals, currency=actuals.currency or currency)


def _by_film(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each film; they come in its order."""
    names = rows["film"].to_pylist()
    if not names:
        return {}
    starts = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    return {names[a]: rows.slice(a, b - a) for a, b in pairwise(starts)}
