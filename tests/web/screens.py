"""The site in a real browser, and pictures of its pages: python -m tests.web.screens FOLDER"""

import gzip
import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from fullhouse import app
from fullhouse.cleanroom import answers, gate, plans, size_table, tenants
from fullhouse.cleanroom.plans import PlanTerms
from fullhouse.cleanroom.question import Breakdown, Count, ReachFrequency, Readout
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign
from fullhouse.core.values import HOUSE
from fullhouse.forecast.book import enter
from fullhouse.web import web_app
from fullhouse.workspace.context import Context
from tests.audiences.conftest import write_house
from tests.cleanroom.conftest import DAY, OWN, PEOPLE, SECRET, make_house, traits
from tests.cleanroom.test_plans import CHANNELS, plan, release_cards, world
from tests.cleanroom.test_size_table import read_rows
from tests.forecast.sample_forecasts import a_forecast
from tests.web.conftest import PASSWORD, LocalSessions
from tests.web.test_campaigns import arms

CHROMIUM = "/usr/bin/chromium"
AXE = gzip.decompress((Path(__file__).parent / "axe.min.js.gz").read_bytes()).decode()
STUDIO_PAGES = (
    "/",
    f"/film/{OWN}/outlook",
    f"/film/{OWN}/audiences",
    f"/film/{OWN}/plan",
    f"/film/{OWN}/campaign",
    f"/film/{OWN}/readout",
    f"/audiences?title={OWN}&rule=buys:dogs+%26+(age:18-34+|+age:35-54)+-+buys:books",
    f"/film/{OWN}/report",
    f"/compare?film={OWN}",
    "/ask",
    "/answers",
    "/score-book",
    "/account",
    "/account/sign-in",
)
HOUSE_PAGES = ("/house", "/house/tenants", "/house/policy", "/house/ledger", "/house/erasure")
MOST_HIGH = 1_340
"""Pixels of a picture: what is below is cut off."""

PICTURES = {
    "web-slate": ("lion", "/", 1200, "light", "en"),
    "web-outlook": ("lion", STUDIO_PAGES[1], 1200, "dark", "en"),
    "web-plan": ("lion", STUDIO_PAGES[3], 1200, "light", "en"),
    "web-readout": ("lion", STUDIO_PAGES[5], 1200, "light", "en"),
    "web-audiences": ("lion", STUDIO_PAGES[6], 1200, "light", "en"),
}


@contextmanager
def played(folder: Path) -> Iterator:
    """A house of 20,000 people with two rival studios that forecast and asked something."""
    with make_house(folder) as house, pytest.MonkeyPatch.context() as patch:
        members = traits() | world()
        patch.setattr(size_table, "person_rows", lambda *a: read_rows(*a, members=members))
        write_house(house.lake, members, set(range(PEOPLE)), as_of=DAY, number=2)
        tenants.add_user(house.control, HOUSE, "operator", "operator")
        tenants.add_user(house.control, HOUSE, "privacy", "privacy")
        for studio, film, middle in (("lion", OWN, 3.1e7), ("wolf", SECRET, 7.77e7)):
            context = replace(house, tenant=studio, actor="ann")
            for days, factor in ((30, 0.86), (20, 1.0)):
                opening = date(2026, 11, 20)
                made = a_forecast(
                    film,
                    title="Dogs of Our Street" if film == OWN else "Hidden Hounds",
                    opening=opening,
                    as_of=opening - timedelta(days=days),
                    medians={"opening_day": factor * middle / 8,
                             "opening_weekend": factor * middle / 3, "total": factor * middle},
                )  # fmt: skip
                enter(context, made)
            app.room_ask(context, app.Ask(Count("!buys:dogs"), film))
        lion = replace(house, tenant="lion", actor="ann")
        app.room_ask(lion, app.Ask(Breakdown("buys:dogs", "age"), OWN))
        release_cards(lion)
        terms = PlanTerms(800.0, CHANNELS, price=10.0, share=0.2)
        for name in ("spring", "spring", "lean"):
            made = plan(lion, terms)
            plans.save(lion, name, replace(made, plan=replace(made.plan, name=name)))
            terms = replace(terms, budget=terms.budget / 2)
        campaign(lion, "autumn-launch")
        yield house


def campaign(context: Context, name: str) -> None:
    """A campaign with whom it reached, and a readout; another look is set aside."""
    at = datetime(2026, 10, 1, tzinfo=UTC)
    saved = SavedCampaign(name, OWN, "spring", 1, {"holdout": 0.1}, at)
    add_campaign(replace(context, tenant=HOUSE).control, saved)
    app.room_reserve(context, app.ReserveLooks(name, 3))
    for days, effect in ((-14, (1.2, 1.9)), (-1, (4.1, 1.6))):
        lines = arms(5_613.0, 624.0, effect)
        gate.ask(context, Readout(name, DAY + timedelta(days)), compute=lambda _, x=lines: x)
    contacts, day = {1: 2_900, 2: 1_400, 3: 520, 4: 180}, DAY - timedelta(1)
    gate.ask(
        context,
        ReachFrequency(name, day),
        compute=lambda a: answers.reach(contacts, 6, 50, a.spending.rho),
    )


@contextmanager
def served(house) -> Iterator[str]:
    """The site at an address of this machine; it ends with the block."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    site = web_app(house, LocalSessions(house))
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@contextmanager
def browser() -> Iterator:
    """A Chromium of the system."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


def opened(chromium, url, studio, *, width=1200, theme="light", language="en", user=None):
    """A page of somebody who is signed in."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=theme,
        locale={"en": "en-GB", "zh": "zh-CN"}[language],
    )
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#studio", studio)
    page.fill("#name", user or ("operator" if studio == HOUSE else "ann"))
    page.fill("#password", PASSWORD)
    page.click("main button")
    return page


def axe(page) -> list[str]:
    """What axe finds serious on a page; injected by the debugger, since no page may load it."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})
    script = "axe.run().then(r => JSON.stringify(r.violations.map(v => [v.impact, v.id,"
    script += " v.nodes.map(n => n.html.slice(0, 120)).slice(0, 3)])))"
    asked = {"expression": script, "awaitPromise": True}
    result = session.send("Runtime.evaluate", asked)["result"]["value"]
    return [str(v) for v in json.loads(result) if v[0] in ("serious", "critical")]


def main(folder: str) -> None:
    """Write the pictures."""
    with (
        tempfile.TemporaryDirectory() as place,
        played(Path(place) / "house") as house,
        served(house) as url,
        browser() as chromium,
    ):
        for name, (studio, path, width, theme, language) in PICTURES.items():
            page = opened(chromium, url, studio, width=width, theme=theme, language=language)
            page.goto(url + path)
            high = min(page.evaluate("document.documentElement.scrollHeight"), MOST_HIGH)
            clip = {"x": 0, "y": 0, "width": width, "height": high}
            page.screenshot(path=f"{folder}/{name}.png", full_page=True, clip=clip)
            page.context.close()


if __name__ == "__main__":
    main(sys.argv[1])
