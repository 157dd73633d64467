"""Forecasts as pages: the slate's common axis, a film's outlook, and the score book."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fullhouse import app
from fullhouse.control.job import ENDED
from fullhouse.forecast.book import enter
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES
from tests.cleanroom.conftest import make_house
from tests.forecast.sample_forecasts import a_forecast
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import problems_of
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
            assert not any(w in text for w in (SECRET, RIVAL, "Hidden Hounds", "77.7", "wolf"))
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
