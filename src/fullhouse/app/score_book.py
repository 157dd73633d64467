"""The score book of a workspace: issue forecasts, score those that have come true, verify it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse import control, films
from fullhouse.app.discover_outcome import check_out
from fullhouse.control import Entry, Verified
from fullhouse.core.code import code_version
from fullhouse.core.errors import InputError
from fullhouse.core.tables import FILM_GROSS
from fullhouse.films.known import value
from fullhouse.forecast import Forecast
from fullhouse.forecast.score import ScoreBook, score
from fullhouse.forecast.truth import Truth, truth
from fullhouse.view.reliability import reliability_chart
from fullhouse.view.save import save_chart
from fullhouse.workspace.context import Context


def scorebook(
    context: Context,
    *,
    territory: str | None = None,
    horizon: str | None = None,
    looking_back: bool = False,
) -> ScoreBook:
    """How the issued forecasts did that have come true, by what the lake knows now.

    Those issued after the fact are never counted with the others; `looking_back` counts them.
    """
    if territory is not None:
        films.check_territory(territory)
    found = score(
        control.stream(context.control, territory=territory, horizon=horizon),
        _truths(context, territory),
        looking_back=looking_back,
    )
    asked = {"territory": territory, "horizon": horizon}
    return replace(
        found,
        simulated=found.simulated or context.settings.simulated,
        asked={name: value for name, value in asked.items() if value is not None},
    )


def scorebook_issue(context: Context, forecast: Forecast, *, now: datetime) -> Entry:
    """Enter a forecast into the score book; its entry, or the one that says the same already.

    One that supposes facts is refused, and so is a simulated one in a workspace that is not.
    """
    if forecast.what_if:
        supposed = ", ".join(sorted(forecast.what_if))
        raise InputError(
            f"A forecast that supposes facts ({supposed}) does not enter the score book."
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
        model=str(forecast.model["fingerprint"]),
        issued_at=now,
    )
    if entry.issued == now:
        told: dict[str, object] = {"entry": entry.id, "film": entry.film, "hash": entry.hash}
        control.record(context.control, "scorebook.issue", told)
    return entry


def scorebook_list(
    context: Context,
    *,
    film: str | None = None,
    territory: str | None = None,
    most: int | None = None,
) -> list[Entry]:
    """The entries of the score book in the order of issue; the newest of them with `most`."""
    return control.entries(context.control, film=film, territory=territory, most=most)


def scorebook_verify(context: Context, *, head: str | None = None) -> Verified:
    """Check the whole chain, and that a hash that was noted earlier as its `head` is in it."""
    return control.verify(context.control, head=head)


def write_scorebook(found: ScoreBook, files: Iterable[str | Path]) -> list[Path]:
    """Write the rows (.parquet, .csv) and the reliability chart (.svg, .png, .html)."""
    paths = [check_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".parquet":
            pq.write_table(found.to_arrow(), path)
        elif path.suffix.lower() == ".csv":
            pacsv.write_csv(found.to_arrow(), path)
        else:
            save_chart(scorebook_chart(found), path)
    return paths


def scorebook_chart(found: ScoreBook) -> alt.TopLevelMixin:
    """The reliability chart of a score book."""
    asked = [f"{name} {told}" for name, told in found.asked.items()]
    if found.looking_back:
        asked.append("those issued after the fact")
    said = found.sentence + (f" Only {', '.join(asked)}." if asked else "")
    return reliability_chart(found.reliability, notes=[said], simulated=found.simulated)


def _truths(context: Context, territory: str | None) -> dict[tuple[str, str], Truth]:
    """What came true of each film that was forecast, as far as the lake knows now."""
    found: dict[tuple[str, str], Truth] = {}
    issued = control.issued_films(context.control, territory=territory)
    now = films.renamed(context.lake) if issued else {}
    for where in sorted({place for _, place in issued}):
        own = [film for film, place in issued if place == where]
        known = dict(_truths_in(context, where, {now.get(f, f) for f in own}))
        found |= {(f, where): known[now.get(f, f)] for f in own if now.get(f, f) in known}
    return found


def _truths_in(context: Context, territory: str, wanted: set[str]) -> Iterator[tuple[str, Truth]]:
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
        came = truth(rows, opening, upto=upto, total=amount)
        yield film, replace(came, currency=came.currency or currency)


def _by_film(rows: pa.Table) -> dict[str, pa.Table]:
    """The rows of each film; they come in its order."""
    names = rows["film"].to_pylist()
    if not names:
        return {}
    starts = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    return {names[a]: rows.slice(a, b - a) for a, b in pairwise(starts)}
