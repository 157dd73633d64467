"""Forecasts of a workspace: kept models, the score book, slates, files, what is simulated."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from fullhouse import app
from fullhouse.app import Context
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast.history import read_history
from fullhouse.forecast.make import Models, models_folder
from fullhouse.workspace.context import open_house
from tests.forecast.synthetic_market import EARLY, Market, learned, make, running, soon

NOW = datetime(2017, 1, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    return make()


@pytest.fixture(scope="module")
def house(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = learned(tmp_path_factory.getbasetemp(), market)
    return Path(shutil.copytree(built, tmp_path_factory.mktemp("forecasts") / "house"))


@pytest.fixture
def workspace(house: Path) -> Iterator[Context]:
    with open_house(str(house), environment={}) as opened:
        yield opened


def models(workspace: Context) -> set[str]:
    return {f.name for f in (workspace.place.path / "cache" / "forecast").iterdir()}


def test_no_public_name_is_that_of_a_package() -> None:
    # An import of fullhouse.forecast would put the package in the place of the function.
    packages = {p.name for p in Path(fh.__file__).parent.iterdir() if (p / "__init__.py").exists()}
    assert not set(fh.__all__) & packages


def test_models_are_kept_and_used_again(workspace: Context, market: Market) -> None:
    before, text = models(workspace), []
    film = soon(market).film
    watched = replace(workspace, progress=lambda step, *_: text.append(step))
    one = fh.forecast_film(watched, fh.ForecastFilm(film, as_of=EARLY))
    other_day = EARLY - timedelta(days=3)
    two = fh.forecast_film(watched, fh.ForecastFilm(film, as_of=other_day))
    assert text == []
    assert models(workspace) == before
    assert not any(name.endswith(".part") for name in before)
    assert one.model.fingerprint == two.model.fingerprint
    assert one.model.learned_to == EARLY.replace(day=1)
    assert (
        one.to_dict() == fh.forecast_film(workspace, fh.ForecastFilm(film, as_of=EARLY)).to_dict()
    )


def test_a_changed_past_makes_new_models(house: Path, market: Market, tmp_path: Path) -> None:
    copy = shutil.copytree(house, tmp_path / "house")
    with open_house(str(copy), environment={}) as workspace:
        digests = [
            Models(models_folder(workspace), read_history(workspace.lake, "US", EARLY)).digest
        ]
        film = market.films_of("wide")[3].film
        for known_on in (EARLY - timedelta(days=3), EARLY.replace(day=1)):
            fh.film_set(
                workspace, fh.SetFilm(film, {"budget": "5 USD"}, territory="US", known_on=known_on)
            )
            history = read_history(workspace.lake, "US", EARLY)
            digests.append(Models(models_folder(workspace), history).digest)
    # What became known after the models' day does not touch them; what was known by then does.
    assert digests[0] == digests[1] != digests[2]


def test_a_workspace_at_an_object_store_keeps_none(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = read_history(workspace.lake, "US", EARLY)
    monkeypatch.setattr(type(workspace.place), "is_local", property(lambda _: False))
    assert models_folder(workspace) is None
    models = Models(None, history)
    assert models._file("wide", "calendar") is None
    assert models._read("wide", "calendar") is None


def test_a_past_is_made_once_for_a_history(workspace: Context) -> None:
    history = read_history(workspace.lake, "US", EARLY)
    result = Models(models_folder(workspace), history)
    assert result.index(history) is result.index(history)


def test_issuing_enters_it_once_and_an_assumption_never(workspace: Context, market: Market) -> None:
    film = soon(market).film
    for hours, new in ((0, True), (1, False)):
        now = replace(workspace, clock=partial(NOW.__add__, timedelta(hours=hours)))
        forecast = fh.forecast_film(now, fh.ForecastFilm(film, as_of=EARLY))
        assert fh.issue_forecast(now, fh.IssueForecast(forecast)).new is new
    assumed = fh.ForecastFilm(film, as_of=EARLY, assumptions=fh.assumptions(["theaters=3000"]))
    forecast = fh.forecast_film(now, assumed)
    with pytest.raises(InputError, match="assumes facts"):
        fh.issue_forecast(now, fh.IssueForecast(forecast))
    entries = fh.scorebook_list(workspace, fh.ListEntries(film=film))
    assert [(e.film, e.as_of, e.issued) for e in entries] == [(film, EARLY.isoformat(), NOW)]
    assert fh.scorebook_verify(workspace, fh.VerifyScoreBook()).ok


def test_actuals_are_what_the_lake_holds_now(workspace: Context, market: Market) -> None:
    film = soon(market)
    result = fh.forecast_film(workspace, fh.ForecastFilm(film.film, as_of=EARLY))
    actual = fh.forecast_actual(workspace, fh.CompareForecast(result))
    assert actual.amounts["opening_weekend"] == pytest.approx(film.weekend)
    assert actual.amounts["total"] == pytest.approx(film.total)
    assert actual.days[0][0] == film.opening


@pytest.mark.slow
def test_every_file_holds_the_forecast(workspace: Context, market: Market, tmp_path: Path) -> None:
    result = fh.forecast_film(workspace, fh.ForecastFilm(soon(market).film, as_of=EARLY))
    names = ("page.html", "fan.svg", "fan.png", "rows.csv", "rows.parquet")
    files = [tmp_path / "new" / name for name in names]
    written = fh.WriteForecast((result,), tuple(files))
    assert fh.write_forecast(workspace, written) == files
    assert result.title in files[0].read_text("utf-8")
    assert "inside the" in files[0].read_text("utf-8")
    assert files[1].read_text("utf-8").startswith("<svg")
    assert files[2].read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(files[3].open()))
    assert {r["quantity"] for r in rows} == {*result.ranges, "day", "to_date"}
    table = pq.read_table(files[4])
    assert table.num_rows == len(rows) == 3 + 2 * len(result.days)
    total = next(r for r in table.to_pylist() if r["quantity"] == "total")
    assert total["q50"] == result.ranges["total"].median
    assert (total["film"], total["currency"], total["as_of"]) == (result.film, "USD", EARLY)
    assert "label" not in table.column_names


def test_a_slate_has_each_wide_film_and_dates_that_are_tried(
    workspace: Context, market: Market
) -> None:
    last = EARLY + timedelta(days=60)
    film = soon(market)
    day = film.opening + timedelta(days=14)
    result = fh.forecast_slate(
        workspace,
        fh.ForecastSlate(as_of=EARLY, first=EARLY, last=last, film=film.film, dates=(day,)),
    )
    wanted = [t.film for t in market.films_of("wide") if EARLY <= t.opening <= last]
    assert sorted(f.film for f in result.forecasts) == sorted(wanted)
    assert [(f.opening, f.what_if) for f in result.tried] == [(day, {"opening": day.isoformat()})]
    assert result.without == {}
    assert all(c.film in wanted and c.other in wanted for c in result.conflicts)
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["territory"] == "US"


def test_slates_that_cannot_be_are_refused(workspace: Context) -> None:
    days = {"as_of": EARLY, "first": EARLY, "last": EARLY}
    with pytest.raises(InputError, match="before it begins"):
        fh.forecast_slate(
            workspace, fh.ForecastSlate(**{**days, "last": EARLY - timedelta(days=1)})
        )
    with pytest.raises(InputError, match="need the film"):
        fh.forecast_slate(workspace, fh.ForecastSlate(**days, dates=(EARLY,)))
    with pytest.raises(InputError, match="two upper-case letters"):
        fh.forecast_slate(workspace, fh.ForecastSlate(**days, territory="us"))


@pytest.mark.slow
def test_a_slate_is_drawn(workspace: Context, tmp_path: Path) -> None:
    result = fh.forecast_slate(
        workspace, fh.ForecastSlate(as_of=EARLY, first=EARLY, last=EARLY + timedelta(days=40))
    )
    files = [tmp_path / "slate.svg", tmp_path / "slate.html"]
    assert fh.write_slate(result, files) == files
    assert result.forecasts[0].title in files[0].read_text("utf-8")
    with pytest.raises(InputError, match=r"\.svg, \.png or \.html, not 'slate\.csv'"):
        fh.write_slate(result, ["slate.csv"])


def test_too_few_films_are_reported_with_what_would_do(workspace: Context, market: Market) -> None:
    film = market.films_of("wide")[40].film
    day = market.truth[film].opening - timedelta(days=5)
    with pytest.raises(CannotTellError, match="Not enough past films"):
        fh.forecast_film(workspace, fh.ForecastFilm(film, as_of=day))
    with pytest.raises(CannotTellError, match="No gross of any film in 'FR'"):
        fh.forecast_film(workspace, fh.ForecastFilm(film, as_of=day, territory="FR"))


def test_an_old_id_of_a_film_still_finds_it(house: Path, market: Market, tmp_path: Path) -> None:
    copy = shutil.copytree(house, tmp_path / "house")
    film, twice = soon(market).film, tmp_path / "twice.csv"
    twice.write_text(f"title,opening,known_on,territory\nNot Alike,{EARLY},{EARLY},US\n")
    with open_house(str(copy), environment={}) as workspace:
        fh.film_import(workspace, fh.ImportFilms(twice))
        (entry,) = fh.film_list(workspace, fh.ListFilms(search="Not Alike")).films
        fh.film_accept(workspace, fh.AcceptFilm("plain", entry.film, film=film))
        result = fh.forecast_film(
            workspace, fh.ForecastFilm(entry.film, as_of=EARLY - timedelta(days=5))
        )
    assert result.film == film


@pytest.mark.slow
def test_a_simulated_workspace_says_so_in_all_it_writes(
    house: Path, market: Market, tmp_path: Path
) -> None:
    copy = shutil.copytree(house, tmp_path / "house")
    with open_house(str(copy), environment={"FULLHOUSE_SIMULATED": "true"}) as workspace:
        result = fh.forecast_film(workspace, fh.ForecastFilm(running(market).film, as_of=EARLY))
        assert result.simulated
        files = [tmp_path / n for n in ("page.html", "fan.svg", "rows.csv")]
        fh.write_forecast(workspace, fh.WriteForecast((result,), tuple(files)))
        for file in files:
            assert SIMULATED.split(":", maxsplit=1)[0] in file.read_text("utf-8")
        app.issue_forecast(workspace, app.IssueForecast(result))
    with (
        open_house(str(copy), environment={}) as workspace,
        pytest.raises(InputError, match="simulated"),
    ):
        app.issue_forecast(workspace, app.IssueForecast(result))


def test_endings_are_checked() -> None:
    assert fh.check_out("a/b.HTML", "forecast") == Path("a/b.HTML")
    with pytest.raises(InputError, match=r"not .b\.pdf."):
        fh.check_out("a/b.pdf", "forecast")


@pytest.mark.slow
def test_limited_films_are_forecast_too(workspace: Context, market: Market) -> None:
    film = market.coming("limited")[0]
    result = fh.forecast_film(workspace, fh.ForecastFilm(film.film, as_of=date(2017, 1, 20)))
    low, high = result.ranges["total"].between(0.95)
    assert low < high < 1e9
    assert result.groups["plan"] == "limited"
