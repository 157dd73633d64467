"""Who has heard of the case's film, person by person, and what the feeds say of it."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.core.settings import Settings
from fullhouse.feeds.check import check
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse_sim import feeds, hearing
from fullhouse_sim.files import write_file
from fullhouse_sim.film import has_heard, saw_trailer
from fullhouse_sim.films import scenario
from fullhouse_sim.going import sold_visits, wanting
from fullhouse_sim.market import Market
from fullhouse_sim.members import members
from fullhouse_sim.parties import deciding
from fullhouse_sim.population import people
from fullhouse_sim.season import season

MARKET = Market(people=30_000, past_films=20, days=60, scenario="the-case")
CROWD = people(MARKET, 0)
SEASON = season(MARKET)
FILM = next(f for f in SEASON.films if f.id == scenario(MARKET).film)
HEARD = has_heard(FILM, CROWD)


def test_core_moviegoers_have_heard_and_those_it_would_move_have_not() -> None:
    assert FILM.heard is not None
    trailer = saw_trailer(FILM, CROWD)
    core = np.log(CROWD.activity) > 1
    hidden = CROWD.has("dog") & ~core
    for group, share in ((core, 0.85), (hidden, 0.03)):
        known = HEARD[group & ~trailer]
        assert abs(known.mean() - share) < 5 * np.sqrt(share * (1 - share) / len(known))
    assert HEARD[trailer].all()
    odds = FILM.heard.trailer * np.sqrt(CROWD.activity)
    assert abs(trailer.sum() - odds.sum()) < 5 * np.sqrt(odds.sum())


def test_who_has_not_heard_neither_goes_nor_marks() -> None:
    visits, marks = sold_visits(MARKET, SEASON, CROWD), wanting(MARKET, SEASON, CROWD)
    buyers = visits.buyer[visits.film == FILM.number]
    markers = marks.person[marks.film == FILM.number]
    assert len(markers) > 20
    assert HEARD[buyers].all()
    assert HEARD[markers].all()


def test_other_films_draw_as_if_nobody_needed_to_hear() -> None:
    others = tuple(f for f in SEASON.films if f.heard is None)
    assert (deciding(others, CROWD) == deciding(others, CROWD, if_all_heard=True)).all()
    draw, full = (deciding((FILM,), CROWD, if_all_heard=x)[:, 0] for x in (False, True))
    assert (draw == np.where(HEARD, full, 0)).all()


def test_trailers_and_searches_are_of_those_who_have_heard() -> None:
    of = members(MARKET, CROWD, "tickets")
    owner = dict(zip(of.ids.to_pylist(), of.person.tolist(), strict=True))
    views, searches = (f(MARKET, FILM, CROWD, of) for f in (hearing.trailers, hearing.searches))
    assert min(views.num_rows, searches.num_rows) > 30
    for table in (views, searches):
        assert HEARD[[owner[a] for a in table["account"].to_pylist()]].all()
    assert 0 <= min(views["share"].to_pylist()) <= max(views["share"].to_pylist()) <= 1
    assert set(searches["words"].to_pylist()) == {FILM.title.lower(), f"{FILM.title} trailer"}


def test_every_event_has_an_id_of_its_own() -> None:
    for source, make in (("video", hearing.games), ("tickets", None)):
        of = members(MARKET, CROWD, source)
        table = make(MARKET, CROWD, of) if make else hearing.trailers(MARKET, FILM, CROWD, of)
        assert len(set(table["id"].to_pylist())) == table.num_rows > 30


@pytest.mark.parametrize("name", ["video-games", "video-plays-of-games", "tickets-trailers",
                                  "tickets-searches"])  # fmt: skip
def test_the_feeds_take_what_is_written(name: str, tmp_path) -> None:
    declared = next(f for f in feeds.declarations(MARKET) if f.name == name)
    of = members(MARKET, CROWD, name.partition("-")[0])
    tables: dict[str, pa.Table] = {
        "video-games": hearing.game_titles(),
        "video-plays-of-games": hearing.games(MARKET, CROWD, of),
        "tickets-trailers": hearing.trailers(MARKET, FILM, CROWD, of),
        "tickets-searches": hearing.searches(MARKET, FILM, CROWD, of),
    }
    path = tmp_path / declared.files.rpartition("/")[2]
    write_file(path, tables[name])
    feed = Feed.parse(declared.toml, name=name)
    now = datetime(2025, 7, 2, tzinfo=UTC)
    checked = check(feed, [File(str(path))], key=b"k" * 32, settings=Settings(), now=now)
    [file] = checked.files
    assert (file.error, file.refused or {}, file.read > 5) == (None, {}, True)


def test_only_the_scenarios_of_the_case_have_these_feeds() -> None:
    plain = {f.name for f in feeds.declarations(replace(MARKET, scenario="hidden-audience"))}
    case = {f.name for f in feeds.declarations(MARKET)}
    assert case - plain == {
        "video-games", "video-plays-of-games", "tickets-trailers", "tickets-searches"
    }  # fmt: skip


@pytest.mark.slow
def test_the_case_makes_four_times_as_much_if_everybody_has_heard() -> None:
    gross = {}
    for name in ("the-case", "all-aware"):
        market = Market(people=2_000, past_films=60, days=60, scenario=name)
        played = season(market)
        film = next(f for f in played.films if f.id == scenario(market).film)
        gross[name] = float(played.gross[film.number].sum())
    assert 7e6 < gross["the-case"] < 12e6
    assert gross["all-aware"] > 4 * gross["the-case"]
