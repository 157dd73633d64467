"""Forecasts of a workspace: one film, what-if, a slate; the models behind them are kept."""

import hashlib
import pickle
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse import films
from fullhouse.app.score_book import scorebook_issue
from fullhouse.core.code import digest_of
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import SIMULATED
from fullhouse.core.tables import FILM_GROSS
from fullhouse.forecast import DAY_PROBABILITIES, Forecast
from fullhouse.forecast.curve import learn_shape
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.past import Past
from fullhouse.forecast.project import Asked, ask, latest_cutoff, project, stages_needed
from fullhouse.forecast.slate import Conflict, conflicts
from fullhouse.forecast.train import eligible, roll, stage_at
from fullhouse.forecast.truth import truth
from fullhouse.forecast.what_if import Supposed, suppose, supposed
from fullhouse.view.forecast_fan import fan_chart
from fullhouse.view.forecast_page import forecast_page
from fullhouse.view.forecast_ranges import range_chart
from fullhouse.view.save import CHART_SUFFIXES, save_chart
from fullhouse.view.slate import slate_chart
from fullhouse.workspace import CACHE
from fullhouse.workspace.context import Context

ORIGINS = 6
"""Years whose forecasts, each made with what was known then, tell how far off forecasts are."""
SHAPE = "shape"
LEARNING = ("forecast",)
"""Parts of the package that a kept model depends on."""


def forecast_film(
    context: Context,
    film: str,
    *,
    as_of: date,
    territory: str | None = None,
    comps: Sequence[str] = (),
    what_if: Supposed | None = None,
    issue_at: datetime | None = None,
    progress: Progress = silent,
) -> Forecast:
    """What a film will take, as known on a day.

    With `issue_at` it enters the score book, unless facts are supposed. Models learn from films
    up to the first of the month and are kept beside the workspace; the first forecast of a month
    makes them.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, as_of)
    models = Models(context, history, progress)
    now = films.renamed(context.lake)
    film, comps = now.get(film, film), [now.get(c, c) for c in comps]
    found = _one(context, models, history, film, comps, what_if)
    if issue_at is not None and not found.what_if:
        scorebook_issue(context, found, now=issue_at)
    return found


@dataclass(frozen=True)
class Slate:
    """Forecasts of all films that open in a time, their conflicts, and dates that were tried."""

    territory: str
    first: date
    last: date
    forecasts: tuple[Forecast, ...]
    conflicts: tuple[Conflict, ...]
    tried: tuple[Forecast, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)
    """Films of which no forecast could be made, and why."""

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "territory": self.territory,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "films": [f.to_dict() for f in self.forecasts],
            "conflicts": [{**vars(c), "day": c.day.isoformat()} for c in self.conflicts],
            "tried": [f.to_dict() for f in self.tried],
            "without": dict(self.without),
        }


def forecast_slate(
    context: Context,
    *,
    as_of: date,
    first: date,
    last: date,
    territory: str | None = None,
    film: str | None = None,
    dates: Sequence[date] = (),
    progress: Progress = silent,
) -> Slate:
    """The films that open wide from one day to another; and one of them on other dates."""
    territory = territory or context.settings.territory
    films.check_territory(territory)
    if last < first:
        raise InputError(f"The slate ends on {last}, before it begins on {first}.")
    if dates and film is None:
        raise InputError("To try other dates, say of which film: --film FILM.")
    history = read_history(context.lake, territory, as_of)
    models = Models(context, history, progress)
    openings = history.openings(as_of.toordinal())
    chosen = [
        f
        for f, day in sorted(openings.items(), key=lambda p: (p[1], p[0]))
        if first.toordinal() <= day <= last.toordinal()
        and history.plan(f, as_of.toordinal()) == "wide"
    ]
    made, without = [], {}
    for name in chosen:
        try:
            made.append(_one(context, models, history, name, (), None))
        except CannotTellError as problem:
            without[name] = str(problem)
    tried = [
        _one(context, models, history, film, (), Supposed({"opening": day}))
        for day in dates
        if film is not None
    ]
    clashes = conflicts(models.past(history), made)
    return Slate(territory, first, last, tuple(made), tuple(clashes), tuple(tried), without)


class Models:
    """The stages that forecasts need, learned once from what was known at the first of a month.

    They are files under cache/forecast, named by a digest of the films they learned from, of this
    code and of the libraries: another machine or a changed history makes its own. They are
    pickles, made by and for this workspace; a workspace at an object store keeps none.
    """

    def __init__(self, context: Context, history: History, progress: Progress) -> None:
        self.cutoff = latest_cutoff(history.as_of, every=context.settings.learn_every)
        self._progress = progress
        self._then = history.at(self.cutoff)
        place = context.place
        self._folder = place.path / CACHE / "forecast" if place.is_local else None
        self.digest = self._digest()
        self._loaded: dict[tuple[str, str], Any] = {}
        self._pasts: dict[int, Past] = {}

    def past(self, history: History) -> Past:
        """Look-ups of a history, made once."""
        # By identity: a Past keeps its history, so that no other can come to have its id.
        if id(history) not in self._pasts:
            self._pasts[id(history)] = Past(history)
        return self._pasts[id(history)]

    def stages(self, asked: Asked) -> dict[str, Any]:
        """The stages that a film's forecast needs; those that too few films allow are left out."""
        found = {}
        for name in stages_needed(asked):
            try:
                found[name] = self._get(asked.plan, name)
            except CannotTellError:
                if name == asked.stage:
                    raise
        return found

    def shape(self, plan: str) -> Any:
        """The shape of the runs of a plan."""
        return self._get(plan, SHAPE)

    def meta(self, asked: Asked) -> dict[str, Any]:
        """What a forecast says of the model behind it."""
        stage = self._get(asked.plan, asked.stage)
        return {
            "version": version("fullhouse"),
            "stage": asked.stage,
            "plan": asked.plan,
            "learned_to": self.cutoff,
            "films": max(m.films for m in stage.models.values()),
            "fingerprint": f"{self.digest[:24]}-{asked.plan}-{asked.stage.replace(' ', '-')}",
        }

    def _get(self, plan: str, name: str) -> Any:
        key = (plan, name)
        if key not in self._loaded:
            self._loaded[key] = self._read(plan, name) or self._make(plan, name)
        found = self._loaded[key]
        if isinstance(found, CannotTellError):
            raise found
        return found

    def _file(self, plan: str, name: str) -> Path | None:
        if self._folder is None:
            return None
        word = name.replace(" ", "-")
        return self._folder / f"{self._then.territory}-{plan}-{word}-{self.digest[:24]}.pickle"

    def _read(self, plan: str, name: str) -> Any:
        file = self._file(plan, name)
        if file is None or not file.exists():
            return None
        return pickle.loads(zlib.decompress(file.read_bytes()))  # noqa: S301  (our own file)

    def _make(self, plan: str, name: str) -> Any:
        self._progress(f"Learning from past films ({plan}, {name})")
        past = self.past(self._then)
        chosen = eligible(past, plan, self.cutoff.toordinal())
        made: Any
        if name == SHAPE:
            made = learn_shape(past, chosen)
        else:
            try:
                made = self._stage(past, plan, name, chosen)
            except CannotTellError as problem:
                made = problem
        file = self._file(plan, name)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_bytes(zlib.compress(pickle.dumps(made), 3))
            part.replace(file)
        return made

    def _stage(self, past: Past, plan: str, name: str, chosen: Sequence[str]) -> Any:
        last = self.cutoff.toordinal()
        origins = [last - 365 * k for k in range(ORIGINS, -1, -1)]
        rolled = roll(past, chosen, name, origins)
        if last not in rolled.models:
            raise CannotTellError(
                f"Too few {plan} films in {self._then.territory} have opened before {self.cutoff}"
                f" to forecast from: {len(chosen)}. Import their grosses with 'fullhouse film"
                " import'; a hundred or more are needed."
            )
        return stage_at(past, rolled, last)

    def _digest(self) -> str:
        import sklearn

        told = hashlib.sha256(self._then.digest().encode())
        code = digest_of(LEARNING)
        told.update(f"{self.cutoff} {code} {sklearn.__version__} {np.__version__}".encode())
        return told.hexdigest()


def _one(
    context: Context,
    models: Models,
    history: History,
    film: str,
    comps: Sequence[str],
    what_if: Supposed | None,
) -> Forecast:
    what = what_if or Supposed()
    past = models.past(suppose(history, film, what) if what.told else history)
    asked = ask(past, film)
    return project(
        past,
        asked,
        models.stages(asked),
        models.shape(asked.plan),
        comps=comps,
        features_instead=what.features,
        what_if=what.told,
        model=models.meta(asked),
        simulated=context.settings.simulated,
    )


@dataclass(frozen=True)
class Actual:
    """What really happened to a film, as far as the lake knows now."""

    days: tuple[tuple[date, float], ...]
    amounts: Mapping[str, float]


def forecast_actual(context: Context, found: Forecast) -> Actual:
    """What came of a forecast: the gross of each day, and the amounts that have come true."""
    ever = date.max - timedelta(days=1)
    rows = films.grosses(context.lake, found.territory, ever, films=[found.film])
    if rows.num_rows == 0:
        return Actual((), {})
    newest = context.lake.read(FILM_GROSS, columns=["day"])["day"]
    upto = pa.compute.max(newest).as_py()
    came = truth(rows, found.opening, upto=upto)
    days = tuple(zip(rows["day"].to_pylist(), rows["gross"].to_pylist(), strict=True))
    return Actual(days, came.amounts)


def write_forecast(
    context: Context,
    found: Sequence[Forecast],
    files: Iterable[str | Path],
    *,
    made_on: date,
    with_actual: bool = True,
) -> list[Path]:
    """Write forecasts of a film: .html is the page, .svg and .png the fan, .csv and .parquet days.

    A picture of a forecast without days shows its ranges.
    """
    paths = [check_forecast_out(f) for f in files]
    newest = max(found, key=lambda f: f.as_of)
    actual = forecast_actual(context, newest) if with_actual else Actual((), {})
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = path.suffix.lower()
        if kind == ".html":
            page = forecast_page(
                found, actual_days=actual.days, actual=actual.amounts, made_on=made_on
            )
            path.write_text(page, "utf-8")
        elif kind in CHART_SUFFIXES:
            chart = (
                fan_chart(newest, actual=actual.days)
                if newest.days
                else range_chart(newest, actual.amounts)
            )
            save_chart(chart, path)
        elif kind == ".parquet":
            pq.write_table(forecast_table(newest), path)
        else:
            pacsv.write_csv(forecast_table(newest), path)
    return paths


def forecast_table(found: Forecast) -> pa.Table:
    """A forecast as rows: one for each quantity and each day, with its quantiles in columns."""
    rows: list[dict[str, Any]] = []
    for quantity, amounts in found.ranges.items():
        ends = {f"q{p * 100:g}": amounts.at(p) for p in DAY_PROBABILITIES}
        rows.append({"quantity": quantity, "day": None, **ends})
    for day in found.days:
        for quantity, values in (("day", day.quantiles), ("to_date", day.cumulative)):
            ends = {f"q{p * 100:g}": v for p, v in zip(DAY_PROBABILITIES, values, strict=True)}
            rows.append({"quantity": quantity, "day": day.day, **ends})
    label = {"label": SIMULATED} if found.simulated else {}
    named = {
        "film": found.film,
        "territory": found.territory,
        "currency": found.currency,
        "as_of": found.as_of,
        **label,
    }
    columns = [
        ("quantity", pa.string()),
        ("day", pa.date32()),
        *((f"q{p * 100:g}", pa.float64()) for p in DAY_PROBABILITIES),
    ]
    told = pa.Table.from_pylist(rows, pa.schema(columns))
    for i, (name, value) in enumerate(named.items()):
        told = told.add_column(i, name, pa.repeat(pa.scalar(value), told.num_rows))
    return told


def write_slate(found: Slate, files: Iterable[str | Path]) -> list[Path]:
    """Write the chart of a slate as .svg, .png or .html."""
    paths = [check_slate_out(f) for f in files]
    clashes = [(c.film, c.other, c.day, c.words) for c in found.conflicts]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_chart(slate_chart(found.forecasts, clashes), path)
    return paths


def check_forecast_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write."""
    return _ending(file, (*CHART_SUFFIXES, ".csv", ".parquet"))


def check_slate_out(file: str | Path) -> Path:
    """The path itself, when a chart can be written to it."""
    return _ending(file, CHART_SUFFIXES)


def _ending(file: str | Path, known: Sequence[str]) -> Path:
    path = Path(file).expanduser()
    if path.suffix.lower() not in known:
        raise InputError(f"--out takes a file ending in {', '.join(known)}, not {path.name!r}.")
    return path


__all__ = [
    "Actual",
    "Models",
    "Slate",
    "check_forecast_out",
    "check_slate_out",
    "forecast_actual",
    "forecast_film",
    "forecast_slate",
    "forecast_table",
    "supposed",
    "write_forecast",
    "write_slate",
]
