"""Films, grosses and signals for the forecast: what is opening_of when, and that it adds up."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest

from fullhouse import app
from fullhouse_sim import season as season_module
from fullhouse_sim.films import UNANNOUNCED_FROM, earlier, scenario, slate, unannounced
from fullhouse_sim.going import presales
from fullhouse_sim.market import Market
from fullhouse_sim.plain import ANNOUNCED, FILES, TERRITORY, daily, truth
from fullhouse_sim.season import PRESALE_DAYS, RUN, WANT_DAYS, season
from fullhouse_sim.write import Simulated
from tests.sim.conftest import SMALL

PLACES = ("feeds/market", "later")
FILMS, GROSSES, SIGNALS = FILES


def read(small: Simulated, place: str, name: str) -> pa.Table:
    """One of the plain files."""
    return pa.csv.read_csv(small.folder / place / name)


def whole(small: Simulated, name: str) -> pa.Table:
    """A plain file and its going on."""
    return pa.concat_tables([read(small, p, name) for p in PLACES], promote_options="permissive")


def openings(small: Simulated) -> dict[str, date]:
    """The day that each film opens."""
    rows = whole(small, FILMS).to_pylist()
    return {r["film"]: r["opening"] for r in rows if r["opening"]}


def test_every_film_of_the_slate_and_of_the_years_before_is_announced(small: Simulated) -> None:
    opening_of = openings(small)
    assert opening_of == {f.id: f.release for f in (*earlier(SMALL), *slate(SMALL))}
    assert len({f.title for f in (*earlier(SMALL), *slate(SMALL))}) == len(opening_of)
    assert min(opening_of.values()) < SMALL.today - timedelta(days=9.5 * 365)


@pytest.mark.parametrize("name", FILES)
def test_the_feeds_hold_what_is_known_by_today_and_later_the_rest(
    small: Simulated, name: str
) -> None:
    known = [read(small, place, name)["known_on"].to_pylist() for place in PLACES]
    assert max(known[0]) <= SMALL.today < min(known[1])


def test_nothing_of_a_run_is_known_before_its_day_is_over(small: Simulated) -> None:
    opening_of = openings(small)
    for row in whole(small, GROSSES).to_pylist():
        assert row["known_on"] == row["day"] + timedelta(days=1)
        assert row["day"] >= opening_of[row["film"]]
    for row in whole(small, FILMS).to_pylist():
        days = opening_of[row["film"]] - row["known_on"]
        assert (days == timedelta(days=1)) if row["theaters"] else (days == ANNOUNCED)
    for row in whole(small, SIGNALS).to_pylist():
        assert row["known_on"] == row["day"] + timedelta(days=1) <= opening_of[row["film"]]


def test_days_add_up_to_the_truth_and_to_the_box_office_by_city(small: Simulated) -> None:
    rows = whole(small, GROSSES)
    sums = rows.group_by("film").aggregate([("gross", "sum")])
    gross_of = dict(zip(sums["film"].to_pylist(), sums["gross_sum"].to_pylist(), strict=True))
    for row in pa.parquet.read_table(small.folder / "truth/grosses.parquet").to_pylist():
        assert gross_of[row["film"]] == pytest.approx(row["total"])
        days = rows.filter(pc.equal(rows["film"], row["film"])).sort_by("day")
        assert days["gross"][0].as_py() == pytest.approx(row["opening_day"])
        weekend = [r["gross"] for r in days.to_pylist()[:7] if r["day"].weekday() >= 4][:3]
        assert sum(weekend) == pytest.approx(row["opening_weekend"])
    cities = pa.parquet.read_table(small.folder / "feeds/market/box_office.parquet")
    by_today = rows.filter(pc.less_equal(rows["day"], pa.scalar(SMALL.today)))
    days, from_feeds = (
        {
            r["film"]: r["gross_sum"]
            for r in t.group_by("film").aggregate([("gross", "sum")]).to_pylist()
        }
        for t in (by_today, cities)
    )
    assert {f: days[f] for f in from_feeds} == pytest.approx(from_feeds)


def test_no_film_shows_in_more_cinemas_than_were_planned(small: Simulated) -> None:
    planned = {f.id: f.theaters for f in (*earlier(SMALL), *slate(SMALL))}
    for row in whole(small, GROSSES).to_pylist():
        assert 0 < row["theaters"] <= planned[row["film"]]


def test_signals_are_of_the_days_before_and_count_up_to_the_marks_so_far(small: Simulated) -> None:
    rows = whole(small, SIGNALS)
    days = rows.group_by(["film", "kind"]).aggregate([("value", "count"), ("value", "sum")])
    counts = season(SMALL).want_counts[:, -1]
    marks = {f.id: float(n) for f, n in zip(slate(SMALL), counts, strict=True)}
    for row in days.to_pylist():
        assert (
            row["value_count"] == {"presales": PRESALE_DAYS, "want_to_see": WANT_DAYS}[row["kind"]]
        )
        if row["kind"] == "want_to_see" and row["film"] in marks:
            assert row["value_sum"] == pytest.approx(marks[row["film"]], abs=1)


def test_a_simulated_house_takes_them_in_whole(small: Simulated, tmp_path: Path) -> None:
    app.init_house(str(tmp_path), simulated=True, environment={}).close()
    coming = next(f for f in slate(SMALL) if f.id == scenario(SMALL).film)
    with app.open_house(str(tmp_path)) as house:
        for place in PLACES:
            for name in FILES:
                path = small.folder / place / name
                done = app.film_import(house, app.ImportFilms(path, strict=True, simulated=True))
                assert (done.matched, done.review, done.problems) == (0, 0, ())
        eve = coming.release - timedelta(days=1)
        (id_,) = [f.film for f in app.film_list(house, app.ListFilms(search=coming.title)).films]
        known = {d: app.film_show(house, app.ShowFilm(id_, territory=TERRITORY, as_of=d))
                 for d in (eve - timedelta(days=1), eve, coming.release)}  # fmt: skip
    assert [f.known.facts.get("theaters") for f in known.values()] == [
        None, coming.theaters, coming.theaters
    ]  # fmt: skip
    assert all(f.run is None for f in known.values())
    assert known[eve].known.facts["talent"] == [*coming.stars, coming.director]
    assert known[eve].known.facts["plan"] == "wide"


@pytest.mark.slow
def test_as_many_films_open_after_today_as_before_it() -> None:
    market = Market(people=2_000)
    today = market.today
    opened = [f.release for f in (*earlier(market), *slate(market), *unannounced(market))]

    def between(first: int, last: int) -> int:
        return sum(first <= (d - today).days < last for d in opened)

    # So late that no presale of the feeds is moved: one is at most two weeks before and in a run.
    assert min(f.release for f in unannounced(market)) >= today + timedelta(days=2 * PRESALE_DAYS)
    half = market.past_films / 10
    for first in (-3000, -1917, -917, 0, 90):  # the third beside and the fourth across a seam
        assert between(first, first + 182) == pytest.approx(half, rel=0.2)


@pytest.mark.slow
def test_unannounced_films_change_nothing_in_the_feeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complete = season(SMALL)
    monkeypatch.setattr(season_module, "unannounced", lambda _: ())
    alone = season.__wrapped__(SMALL)
    day = complete.release[:, None] + np.arange(RUN)
    # Tickets are sold up to 27 days before they are used.
    within = (day < SMALL.days + UNANNOUNCED_FROM)[:, None, :]
    np.testing.assert_array_equal(complete.gross * within, alone.gross * within)
    np.testing.assert_array_equal(complete.want_counts, alone.want_counts)
    np.testing.assert_array_equal(
        presales(complete)[: SMALL.past_films + 2], presales(alone)[: SMALL.past_films + 2]
    )
    later = (complete.gross * ~within).sum(axis=(1, 2))
    assert (later <= (alone.gross * ~within).sum(axis=(1, 2)) * 1.001).all()
    assert (later < (alone.gross * ~within).sum(axis=(1, 2)) * 0.999).any()


def test_the_truth_is_of_whole_tickets_and_the_whole_run() -> None:
    complete = season(SMALL)
    totals = truth(complete)
    np.testing.assert_allclose(totals["total"], complete.gross.sum(axis=(1, 2)), rtol=1e-3)
    assert daily(complete).shape == complete.gross.shape[::2]
