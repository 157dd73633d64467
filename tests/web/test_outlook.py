"""Forecasts as pages: the slate's common axis, a film's outlook, and the score book."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fullhouse import app
from fullhouse.cleanroom import tenants
from fullhouse.control.job import ENDED
from fullhouse.forecast.book import enter
from fullhouse.forecast.forecast import DayRange
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.cleanroom.conftest import make_house
from tests.forecast.sample_forecasts import a_forecast
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import numbers_in, problems_of
from tests.web.test_studio import OWN, RIVAL, SECRET, shown

OPENING = date(2026, 11, 20)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """A house in which both studios have forecasts of their titles, a week apart."""
    with make_house(tmp_path_factory.mktemp("market") / "house") as house:
        for studio, film, middle in (("lion", OWN, 3e7), ("wolf", SECRET, 7.77e7)):
            context = replace(house, tenant=studio, actor="ann")
            for days, factor in ((30, 0.8), (20, 1.0)):
                forecast = a_forecast(
                    film,
                    title="Dogs of Our Street" if film == OWN else "Hidden Hounds",
                    opening=OPENING,
                    as_of=OPENING - timedelta(days=days),
                    medians={"opening_weekend": factor * middle / 3, "total": factor * middle},
                )
                enter(context, forecast)
        yield house


@pytest.fixture(scope="module")
def own_site(market):
    return web_app(market, LocalSessions(market))


@pytest.fixture
def lion(own_site):
    return signed_in(own_site, "lion", "ann")


PAGES = ["/", f"/film/{OWN}/outlook", "/score-book"]
COMPARED = f"/compare?film={SECRET}&film={RIVAL}"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_pages_of_forecasts_are_sound_html_in_each_language(lion, path, code):
    lion.speak(code)
    response = lion.get(path)
    assert response.status_code == 200
    assert problems_of(response.text) == []
    assert ("3000万" in response.text) == (code == "zh" and path != "/nothing")


def test_the_slate_has_a_films_range_its_change_and_its_opening(lion):
    page = shown(lion.get("/"))
    assert "Dogs of Our Street" in page
    assert "+25.0%" in page
    assert "19 days to opening" in page
    (row,) = lion.get("/slate.json").json()
    assert row["total_low"] < row["total_middle"] < row["total_high"]
    assert row["total_middle"] == pytest.approx(3e7)


def test_an_outlook_is_one_sentence_then_ranges_and_its_past_values(lion):
    page = shown(lion.get(f"/film/{OWN}/outlook"))
    assert "Likely between US$15.8m and US$56.9m (80 % range); middle estimate US$30m" in page
    assert "The forecast rose 25.0 %" in page
    assert "21 Oct 2026" in page
    assert lion.get(f"/film/{OWN}/outlook.json").json()["film"] == OWN
    rows = lion.get(f"/film/{OWN}/outlook.csv").text.splitlines()
    assert rows[0] == "quantity,low,middle,high,currency"


def test_the_score_book_says_that_its_chain_is_whole(market, lion):
    page = shown(lion.get("/score-book"))
    assert "The chain of 2 entries was checked just now: it is whole." in page
    entries = app.studio_entries(replace(market, tenant="lion", actor="ann")).entries
    assert all(entry.hash[:12] in page for entry in entries)


def test_nothing_of_a_rivals_forecast_is_on_these_pages(lion, own_site):
    for path in PAGES:
        for address in (path, f"{path}.json" if path != "/" else "/slate.json"):
            text = lion.get(address).text
            assert not any(w in text for w in (SECRET, RIVAL, "Hidden Hounds", "77.7m", "wolf"))
            assert {77.7, 77_700_000.0} & numbers_in(text) == set()
    wolf = signed_in(own_site, "wolf", "ann")
    assert "Hidden Hounds" in shown(wolf.get("/"))


def test_a_forecast_is_made_by_a_worker_and_no_second_one_is_queued(market, own_site):
    wolf = signed_in(own_site, "wolf", "ann")
    address = f"/film/{RIVAL}/outlook"
    assert "Make the first forecast" in shown(wolf.get(address))
    for _ in range(2):
        assert wolf.post(f"{address}/forecast", address).headers["location"] == address
    page = shown(wolf.get(address))
    assert "A forecast is being made. It waits for a worker." in page
    assert "Make the first forecast" not in page
    context = replace(market, tenant="wolf", actor="ann")
    jobs = app.job_list(context).jobs
    assert [(j.kind, j.request["film"]) for j in jobs] == [("studio_issue", RIVAL)]
    app.job_cancel(context, app.CancelJob(jobs[0].id))
    assert app.job_list(context).jobs[0].status in ENDED
    assert "Make the first forecast" in shown(wolf.get(address))


def test_a_viewer_sees_forecasts_and_has_none_made(own_site):
    viewer = signed_in(own_site, "lion", "vic")
    page = viewer.get(f"/film/{OWN}/outlook")
    assert page.status_code == 200
    assert "/outlook/forecast" not in page.text
    assert viewer.post(f"/film/{OWN}/outlook/forecast").status_code == 422


@pytest.mark.parametrize("code", LANGUAGES)
def test_films_of_ones_own_are_compared_on_one_axis(own_site, code):
    wolf = signed_in(own_site, "wolf", "ann")
    wolf.speak(code)
    page = wolf.get(COMPARED)
    assert problems_of(page.text) == []
    assert "Hidden Hounds" in shown(page)
    assert ("77.7m" in shown(page)) == (code == "en")
    assert ("Their film has no forecast yet." in shown(page)) == (code == "en")
    rows = wolf.get(COMPARED.replace("?", ".json?")).json()
    assert [(r["film"], r["quantity"]) for r in rows] == [
        (SECRET, "opening_weekend"), (SECRET, "total"),
    ]  # fmt: skip
    assert rows[1]["low"] < rows[1]["middle"] < rows[1]["high"]
    assert 'href="/compare"' in wolf.get("/").text


def test_a_rivals_film_is_compared_as_little_as_one_that_is_not_there(lion):
    for film in (SECRET, RIVAL, "absent-film-2027"):
        page = lion.get(f"/compare?film={OWN}&film={film}")
        assert page.status_code == 404
        assert "Hidden" not in page.text
    assert "77.7m" not in lion.get(f"/compare?film={OWN}").text
    assert 'href="/compare"' not in lion.get("/").text  # there is one film alone


def test_four_films_are_compared_at_most(market, own_site):
    films = [f"film-{n}-2027" for n in range(5)]
    for film in films:
        tenants.add_title(market.control, "wolf", film)
    wolf = signed_in(own_site, "wolf", "ann")
    query = "&".join(f"film={film}" for film in films)
    assert wolf.get(f"/compare?{query.rpartition('&')[0]}").status_code == 200
    many = wolf.get(f"/compare?{query}")
    assert many.status_code == 422
    assert "Up to 4 films are compared, not 5." in shown(many)


def test_the_days_of_a_forecast_are_a_table_under_their_picture(market, own_site):
    """Its middle and 80 % range, as the picture has them."""
    opening = OPENING + timedelta(days=70)
    day = DayRange(opening, (1.0,) * 7, (1e6, 2e6, 3e6, 4e6, 5e6, 6e6, 7e6))
    later = DayRange(opening + timedelta(1), (1.0,) * 7, tuple(2e6 * n for n in range(1, 8)))
    forecast = replace(
        a_forecast("long-film-2027", title="Long", opening=opening, as_of=OPENING,
                   medians={"total": 3e7}),
        days=(day, later),
    )  # fmt: skip
    tenants.add_title(market.control, "wolf", "long-film-2027")
    enter(replace(market, tenant="wolf", actor="ann"), forecast)
    wolf = signed_in(own_site, "wolf", "ann")
    page = wolf.get("/film/long-film-2027/outlook")
    assert problems_of(page.text) == []
    assert "US$4m US$2m to US$6m" in shown(page)
    rows = wolf.get("/film/long-film-2027/outlook.csv?table=days").text.splitlines()
    assert rows[0] == "day,low,middle,high,currency"
    assert rows[2].split(",")[1:4] == ["4000000.0", "8000000.0", "12000000.0"]
