"""Unmodified libraries of browsers in Chromium: each posts a session, and the lake holds it."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from fullhouse.core.tables import ACTIVITY, SEARCH, TRAILER_VIEW, Table
from tests.collector.conftest import Door
from tests.npm import install

playwright = pytest.importorskip("playwright.sync_api")

PACKAGES = ("@segment/analytics-next@1", "@rudderstack/analytics-js@3")
SHOP = "http://shop.example/"
"""The site that the libraries run on: another one than the collector's, so that browsers ask."""

SEGMENT = """async ([url, key]) => {
  const { AnalyticsBrowser } = window.AnalyticsNext;
  const host = url.replace("http://", "") + "/v1";
  const [a] = await AnalyticsBrowser.load({ writeKey: key, cdnURL: url },
    { integrations: { "Segment.io": { apiHost: host, protocol: "http" } } });
  await a.identify("u1", { email: "bob@example.com" });
  await a.page("Home");
  await a.track("Trailer Viewed", { film: "f1", completion: 0.75 });
  await a.track("search", { query: "dune" });
}"""
RUDDER = """async ([url, key]) => {
  const { RudderAnalytics } = window.rudderanalytics;
  const a = new RudderAnalytics();
  a.load(key, url, { configUrl: url });
  await new Promise((resolve) => a.ready(resolve));
  a.identify("u1", { email: "bob@example.com" });
  a.page("Home");
  a.track("Trailer Viewed", { film: "f1", completion: 0.75 });
  a.track("search", { query: "dune" });
}"""
LIBRARIES = {
    "web-segment": ("@segment/analytics-next/dist/umd/index.js", SEGMENT),
    "web-rudder": ("@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js", RUDDER),
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sent(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Door:
    """The house after the session of every library."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("npm")
    install(folder, *PACKAGES)
    with playwright.sync_playwright() as play:
        # A site of the internet may not reach this machine in newer browsers; this one must.
        flags = ["--disable-features=LocalNetworkAccessChecks", "--disable-gpu"]
        flags += ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        try:
            for source, (script, session) in LIBRARIES.items():
                _visit(browser, door, source, folder / "node_modules" / script, session)
        finally:
            browser.close()
    door.flush()
    return door


def _visit(browser: Any, door: Door, source: str, script: Path, session: str) -> None:
    key = door.new_source(source)
    page = browser.new_page()
    blank = "<!doctype html><title>Shop</title><p>Films"
    page.route(SHOP, lambda route: route.fulfill(body=blank, content_type="text/html"))
    answers: list[int] = []
    page.on("response", lambda r: answers.append(r.status) if r.request.method == "POST" else None)
    page.goto(SHOP)
    page.add_script_tag(path=str(script))
    page.evaluate(session, [door.url, key])
    for _ in range(100):
        if len(answers) >= 4:
            break
        page.wait_for_timeout(100)
    assert answers == [200] * 4, source
    page.close()


def _of(door: Door, table: Table, source: str) -> list[dict[str, Any]]:
    return [row for row in door.rows(table) if row["source"] == source]


@pytest.mark.parametrize("source", list(LIBRARIES))
def test_a_session_in_a_browser_is_in_the_lake_exactly(sent: Door, source: str) -> None:
    types = sorted(row["type"] for row in _of(sent, ACTIVITY, source))
    assert types == ["identify", "page", "track", "track"]
    [trailer] = _of(sent, TRAILER_VIEW, source)
    assert (trailer["account"], trailer["film"], trailer["completion"]) == ("u1", "f1", 0.75)
    assert [row["query"] for row in _of(sent, SEARCH, source)] == ["dune"]
    assert all(row["library"] and row["library_version"] for row in _of(sent, ACTIVITY, source))
