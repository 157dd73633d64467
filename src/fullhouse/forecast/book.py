"""The score book of a tenant: forecasts are entered into it, and scored once films have run."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.control import Entry
from fullhouse.core.code import code_version
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.tables import FILM_GROSS
from fullhouse.films.store import value
from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.score import ActualRun, Actuals, ScoreBook, actuals_of, score
from fullhouse.workspace.context import Context


def enter(context: Context, forecast: Forecast) -> tuple[Entry, bool]:
    """The entry of a forecast in the book of the context's tenant, and whether it is new.

    One that assumes facts is refused, and so is a simulated one in a workspace that is not.
    """
    control.check_writable(context.control)
    now = context.now
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
    return entry, new


def read_book(
    context: Context,
    *,
    territory: str | None = None,
    horizon: str | None = None,
    looking_back: bool = False,
    head: str | None = None,
) -> ScoreBook:
    """How the issued forecasts of the context's tenant did, whose outcome the lake knows now.

    `head` is the hash of an entry that must still be in the book. A broken book is an error.
    """
    if territory is not None:
        films.check_territory(territory)
    verified = control.verify(context.control, head=head)
    if not verified.ok:
        raise CannotTellError(
            code=f"score_book_{verified.problem}", entry=verified.broken, good=verified.entries
        )
    book = score(
        control.stream(context.control, territory=territory, horizon=horizon),
        _actuals(context, territory),
        looking_back=looking_back,
    )
    only = {"territory": territory, "horizon": horizon}
    return replace(
        book,
        simulated=book.simulated or context.settings.simulated,
        only={name: value for name, value in only.items() if value is not None},
        head=verified.head,
        head_noted=verified.noted is not None,
    )


def actual_run(context: Context, forecast: Forecast) -> ActualRun:
    """The gross of each day of a forecast film, and the amounts that are known by now."""
    ever = date.max - timedelta(days=1)
    rows = films.grosses(context.lake, forecast.territory, ever, films=[forecast.film])
    if rows.num_rows == 0:
        return ActualRun()
    newest = context.lake.read(FILM_GROSS, columns=["day"])["day"]
    actuals = actuals_of(rows, forecast.opening, upto=pc.max(newest).as_py())
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return ActualRun(days, actuals.amounts)


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
        amount, currency = total if isinstance(total, tuple) and total[0] > 0 else (None, "")
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
