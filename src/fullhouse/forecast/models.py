"""Trained models of a market: made once from what was known on a day, saved, and read again."""

import hashlib
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from fullhouse.core.code import digest_of
from fullhouse.core.errors import CannotTellError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.forecast.curve import Shape, learn_shape
from fullhouse.forecast.ensemble import FEWEST
from fullhouse.forecast.forecast import ModelFacts
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import FilmCase, latest_cutoff, stages_needed
from fullhouse.forecast.train import CALENDAR, CINEMAS, Stage, eligible, roll, stage_at
from fullhouse.workspace.cache_files import prune_files, read_if_there, write_whole

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
