"""Saved models: the same forecasts after a round trip, and no code in a file."""

import base64
import io
import json
import pickle
import zlib
from pathlib import Path

import numpy as np

from fullhouse.core.errors import CannotTellError
from fullhouse.core.stored import TAG, to_bytes
from fullhouse.forecast import Driver
from fullhouse.forecast.case import case_of
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.ensemble import Trees
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.make import Models, loads
from fullhouse.forecast.project import project
from fullhouse.forecast.train import Stage
from tests.forecast.synthetic_market import Market

RAN: list[str] = []


def run_code() -> None:
    RAN.append("code ran")


class Planted:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return run_code, ()


def test_a_forecast_is_the_same_bit_for_bit_after_a_round_trip(
    index: HistoryIndex, market: Market, stages: dict[str, Stage], shape: Shape
) -> None:
    read = {name: loads(to_bytes(stage)) for name, stage in stages.items()}
    again = loads(to_bytes(shape))
    films = (market.coming()[0], market.films_of("wide")[-1])
    for film in films:
        asked = case_of(index, film.film)
        if asked.stage not in stages:
            continue
        before = project(index, asked, stages, shape).to_dict()
        assert project(index, asked, read, again).to_dict() == before


def test_an_error_of_too_few_films_is_saved_too() -> None:
    problem = loads(to_bytes(CannotTellError(code="too_few_films", films=12, needed=40)))
    assert isinstance(problem, CannotTellError)
    assert (problem.code, problem.facts) == ("too_few_films", {"films": 12, "needed": 40})


def test_a_planted_file_does_not_run() -> None:
    code = pickle.dumps(Planted())
    array = np.empty(1, dtype=object)
    array[0] = Planted()
    content = io.BytesIO()
    np.save(content, array)
    planted = {TAG: "array", "v": base64.b64encode(content.getvalue()).decode()}
    named = {TAG: "of", "of": "tests.forecast.test_make:Planted", "v": {}}
    for plain in (planted, named, {TAG: "of", "of": "os:system", "v": {}}):
        assert loads(zlib.compress(json.dumps(plain).encode())) is None
    assert loads(code) is None
    assert loads(zlib.compress(code)) is None
    assert RAN == []
    assert pickle.loads(code) is None  # It would have run.
    assert RAN == ["code ran"]


def test_what_is_no_model_is_none() -> None:
    for value in (None, "text", {"a": 1}, np.zeros(3), Driver("budget", 2.0)):
        assert loads(to_bytes(value)) is None
    assert loads(b"") is None


def test_trees_that_go_in_a_circle_end() -> None:
    trees = Trees(np.array([0]), np.array([1, 1]), np.array([1, 1]), np.zeros(2, np.int64),
                  np.zeros(2), np.zeros(2, bool), np.zeros(2), 0.0, 1.0, False)  # fmt: skip
    assert trees.predict(np.zeros((1, 1))).tolist() == [0.0]


def test_a_damaged_file_is_made_anew(tmp_path: Path, history: History) -> None:
    models = Models(tmp_path, history)
    file = models._file("wide", "shape")
    assert file is not None
    shape = models.shape("wide")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    again = Models(tmp_path, history).shape("wide")
    assert again.effects.tolist() == shape.effects.tolist()
    assert isinstance(loads(file.read_bytes()), Shape)
