"""Trained models of a market, made once from what was known on a day, and their forecasts."""

import hashlib
import zlib
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from fullhouse import films
from fullhouse.core.code import digest_of
from fullhouse.core.errors import CannotTellError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.forecast.assumptions import Assumptions, with_assumptions
from fullhouse.forecast.case import FilmCase, case_of, stages_needed
from fullhouse.forecast.curve import Shape, learn_shape
from fullhouse.forecast.ensemble import FEWEST
from fullhouse.forecast.forecast import Forecast, ModelFacts
from fullhouse.forecast.history import History, read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import latest_cutoff, project
from fullhouse.forecast.slate import Slate, conflicts
from fullhouse.forecast.train import CALENDAR, CINEMAS, Stage, eligible, roll, stage_at
from fullhouse.forecast.unknown import calendar
from fullhouse.workspace.cache_files import cache_folder, prune_files, read_if_there, write_whole
from fullhouse.workspace.context import Context

ORIGINS = 6
"""Years whose forecasts, each made with what was known then, say how far off forecasts are."""
SHAPE = "shape"
UNUSED_DAYS = 90
"""Saved models that no forecast needed for so long go."""
CODE = ("forecast",)
"""Parts of the package that a saved model depends on."""
TOO_FEW = {CALENDAR: "too_few_films", CINEMAS: "too_few_films_with_cinemas"}
"""The code of the error of too few films, by stage; any other stage knows days of the run."""


class Models:
    """The stages that forecasts need, trained once on what was known at the first of a month.

    They are files in `folder`, named by a digest of the films they were trained on, of this code
    and of the libraries: another machine or a changed history makes its own. They hold numbers
    and names only (see `loads`). Without a folder none is saved.
    """

    def __init__(
        self,
        folder: Path | None,
        history: History,
        *,
        every: str = "month",
        progress: Progress = silent,
    ) -> None:
        self.cutoff = latest_cutoff(history.as_of, every=every)
        self._progress = progress
        self._then = history.at(self.cutoff)
        self._folder = folder
        self.digest = self._digest()
        self._loaded: dict[tuple[str, str], Stage | Shape | CannotTellError] = {}
        self._indexes: dict[int, HistoryIndex] = {}

    def index(self, history: History) -> HistoryIndex:
        """Look-ups of a history, made once."""
        # By identity: an index holds its history, so that no other can come to have its id.
        if id(history) not in self._indexes:
            self._indexes[id(history)] = HistoryIndex(history)
        return self._indexes[id(history)]

    def stages(self, case: FilmCase) -> dict[str, Stage]:
        """The stages that a film's forecast needs; those that too few films allow are left out."""
        stages = {}
        for name in stages_needed(case):
            try:
                stages[name] = self._stage(case.plan, name)
            except CannotTellError:
                if name == case.stage:
                    raise
        return stages

    def shape(self, plan: str) -> Shape:
        """The shape of the runs of a plan."""
        shape = self._get(plan, SHAPE)
        assert isinstance(shape, Shape)
        return shape

    def facts(self, case: FilmCase) -> ModelFacts:
        """What a forecast records of the model behind it."""
        stage = self._stage(case.plan, case.stage)
        return ModelFacts(
            fingerprint=f"{self.digest[:24]}-{case.plan}-{case.stage.replace(' ', '-')}",
            learned_to=self.cutoff,
            films=max(m.films for m in stage.models.values()),
            stage=case.stage,
            plan=case.plan,
            version=version("fullhouse"),
        )

    def _stage(self, plan: str, name: str) -> Stage:
        stage = self._get(plan, name)
        assert isinstance(stage, Stage)
        return stage

    def _get(self, plan: str, name: str) -> Stage | Shape:
        key = (plan, name)
        if key not in self._loaded:
            self._loaded[key] = self._read(plan, name) or self._train(plan, name)
        model = self._loaded[key]
        if isinstance(model, CannotTellError):
            raise model
        return model

    def _file(self, plan: str, name: str) -> Path | None:
        if self._folder is None:
            return None
        word = name.replace(" ", "-")
        return self._folder / f"{self._then.territory}-{plan}-{word}-{self.digest[:24]}.model"

    def _read(self, plan: str, name: str) -> Stage | Shape | CannotTellError | None:
        file = self._file(plan, name)
        content = None if file is None else read_if_there(file)
        if content is None:
            return None
        model = loads(content)
        fits = isinstance(model, CannotTellError | (Shape if name == SHAPE else Stage))
        return model if fits else None

    def _train(self, plan: str, name: str) -> Stage | Shape | CannotTellError:
        self._progress(f"Learning from past films ({plan}, {name})")
        index = self.index(self._then)
        films = eligible(index, plan, self.cutoff.toordinal())
        model: Stage | Shape | CannotTellError
        if name == SHAPE:
            model = learn_shape(index, films)
        else:
            try:
                model = self._trained_stage(index, plan, name, films)
            except CannotTellError as problem:
                model = problem
        file = self._file(plan, name)
        if file is not None:
            content = to_bytes(model)
            write_whole(file, lambda part: part.write_bytes(content))
            prune_files(file.parent, unused_days=UNUSED_DAYS)
        return model

    def _trained_stage(
        self, index: HistoryIndex, plan: str, name: str, films: Sequence[str]
    ) -> Stage:
        last = self.cutoff.toordinal()
        origins = [last - 365 * k for k in range(ORIGINS, -1, -1)]
        rolled = roll(index, films, name, origins)
        if last not in rolled.models:
            raise CannotTellError(
                code=TOO_FEW.get(name, "too_few_films_in_cinemas"),
                plan=plan,
                territory=self._then.territory,
                before=self.cutoff.isoformat(),
                films=rolled.usable[last],
                needed=FEWEST,
            )
        return stage_at(index, rolled, last)

    def _digest(self) -> str:
        digest = hashlib.sha256(self._then.digest().encode())
        libraries = f"{version('scikit-learn')} {version('numpy')}"
        digest.update(f"{self.cutoff} {digest_of(CODE)} {libraries}".encode())
        return digest.hexdigest()


def loads(content: bytes) -> Stage | Shape | CannotTellError | None:
    """The model in a saved file; None where the file is damaged or holds anything else.

    Files are in the format of `core.stored`, which holds values and no code: a pickle would run
    whatever somebody put into it, and skops would need scikit-learn to predict, which takes a
    second to load.
    """
    try:
        model = from_bytes(content)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, zlib.error):
        return None
    return model if isinstance(model, Stage | Shape | CannotTellError) else None


NONE = Assumptions()


def make_forecast(
    context: Context,
    film: str,
    *,
    as_of: date,
    territory: str | None = None,
    comps: Sequence[str] = (),
    assumptions: Assumptions = NONE,
) -> Forecast:
    """What a film will take, as known on a day.

    Models learn from films up to the first of the month and are saved beside the workspace; the
    first forecast of a month makes them.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, as_of)
    return forecast_from(context, history, film, comps=comps, assumptions=assumptions)


def forecast_from(
    context: Context,
    history: History,
    film: str,
    *,
    comps: Sequence[str] = (),
    assumptions: Assumptions = NONE,
    learn_from: History | None = None,
) -> Forecast:
    """What a film will take by a history; models learn from another one where it is given."""
    now = films.renamed(context.lake)
    film, comps = now.get(film, film), [now.get(c, c) for c in comps]
    models = _models(context, learn_from or history)
    return _forecast(context, models, history, film, comps, assumptions)


def make_slate(
    context: Context,
    *,
    as_of: date,
    first: date,
    last: date,
    territory: str | None = None,
    film: str | None = None,
    dates: Sequence[date] = (),
) -> Slate:
    """Forecasts of the films that open wide from one day to another, and one on other dates.

    A film of which no forecast can be made stands in `without`, with the reason.
    """
    territory = territory or context.settings.territory
    films.check_territory(territory)
    history = read_history(context.lake, territory, as_of)
    return slate_from(context, history, first=first, last=last, film=film, dates=dates)


def slate_from(
    context: Context,
    history: History,
    *,
    first: date,
    last: date,
    film: str | None = None,
    dates: Sequence[date] = (),
    learn_from: History | None = None,
) -> Slate:
    """The slate by a history; models learn from another one where it is given."""
    models = _models(context, learn_from or history)
    on = history.as_of.toordinal()
    openings = sorted(history.openings(on).items(), key=lambda p: (p[1], p[0]))
    chosen = [
        name
        for name, day in openings
        if first.toordinal() <= day <= last.toordinal() and history.plan(name, on) == "wide"
    ]
    forecasts, without = [], {}
    for name in chosen:
        try:
            forecasts.append(_forecast(context, models, history, name, (), NONE))
        except CannotTellError as problem:
            without[name] = problem
    index = models.index(history)
    for day in dates:
        unknown = calendar(index, film or "", day.toordinal(), on)
        if unknown:
            raise CannotTellError(
                code="calendar_not_entered",
                opening=day,
                territory=history.territory,
                films=unknown.entered,
                usual=unknown.usual,
            )
    tried = [
        _forecast(context, models, history, film, (), Assumptions({"opening": day}))
        for day in dates
        if film is not None
    ]
    pairs = conflicts(index, forecasts)
    return Slate(
        history.territory, first, last, tuple(forecasts), tuple(pairs), tuple(tried), without
    )


def models_folder(context: Context) -> Path | None:
    """Where trained models are saved; nowhere for a workspace that is remote or read-only."""
    folder = cache_folder(context.place)
    return None if folder is None else folder / "forecast"


def _models(context: Context, history: History) -> Models:
    return Models(
        models_folder(context),
        history,
        every=context.settings.learn_every,
        progress=context.progress,
    )


def _forecast(
    context: Context,
    models: Models,
    history: History,
    film: str,
    comps: Sequence[str],
    assumptions: Assumptions,
) -> Forecast:
    if assumptions.values:
        history = with_assumptions(history, film, assumptions)
    index = models.index(history)
    case = case_of(index, film)
    return project(
        index,
        case,
        models.stages(case),
        models.shape(case.plan),
        comps=comps,
        features_instead=assumptions.features,
        what_if=assumptions.values,
        model=models.facts(case),
        simulated=context.settings.simulated,
    )
