"""A forecast as JSON and back, and as a table."""

import json
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import Forecast, Shared, read_forecast
from fullhouse.forecast.case import case_of
from fullhouse.forecast.forecast import Remark
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import project
from fullhouse.forecast.train import Stage
from tests.forecast.synthetic_market import Market
from tests.view.sample_forecasts import ALL

FORECASTS: TypeAdapter[Forecast] = TypeAdapter(Forecast)


@pytest.mark.parametrize("name", ALL)
def test_a_forecast_is_the_same_after_a_round_trip_as_json(name: str) -> None:
    forecast = ALL[name]
    assert FORECASTS.validate_json(FORECASTS.dump_json(forecast)) == forecast
    assert read_forecast(json.loads(json.dumps(forecast.to_dict()))) == forecast


def test_a_real_one_too(
    index: HistoryIndex, history: History, market: Market, stages: dict[str, Stage]
) -> None:
    films = market.films_of("wide")[:2]
    forecast = project(index, case_of(index, market.coming()[0].film), stages, None,
                       comps=[f.film for f in films])  # fmt: skip
    assert forecast.notes
    assert FORECASTS.validate_json(FORECASTS.dump_json(forecast)) == forecast
    assert read_forecast(json.loads(json.dumps(forecast.to_dict()))) == forecast


def test_a_payload_of_an_earlier_version_is_read() -> None:
    payload = ALL["before"].to_dict()
    payload["notes"] = ["Few films like it."]
    payload["comps"] = [c | {"why": ["animated"]} for c in payload["comps"]]
    payload["drivers"] = [{"name": "the budget", "words": "the budget: 5", "factor": 2.0}]
    payload["steps"] = [s | {"words": "the first day"} for s in payload["steps"]]
    payload["facts"]["genres"] = ["Drama"]
    forecast = read_forecast(payload)
    assert forecast.notes == (Remark("Few films like it."),)
    assert forecast.comps[0].why == (Shared("animated"),)
    assert (forecast.drivers[0].name, forecast.drivers[0].factor) == ("the budget: 5", 2.0)
    assert forecast.facts["genres"].value == ["Drama"]
    assert forecast.ranges == ALL["before"].ranges


def test_a_table_has_a_row_for_each_quantity_and_two_for_each_day() -> None:
    forecast = ALL["limited"]
    table = forecast.to_arrow()
    assert table.num_rows == len(forecast.ranges) + 2 * len(forecast.days)
    assert set(table["label"].to_pylist()) == {SIMULATED}
    assert "label" not in replace(forecast, simulated=False).to_arrow().column_names
