"""The pages in a real Chromium: nothing refused, nobody else asked, readable, by keyboard."""

import os

import pytest

from fullhouse.core.values import HOUSE
from tests.web.conftest import PASSWORD
from tests.web.screens import (
    CHROMIUM,
    HOUSE_PAGES,
    OWN,
    STUDIO_PAGES,
    axe,
    browser,
    opened,
    played,
    served,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(CHROMIUM), reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with played(tmp_path_factory.mktemp("browser") / "house") as house, served(house) as url:
        yield url


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened_browser:
        yield opened_browser


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
@pytest.mark.parametrize("studio", ["lion", HOUSE])
def test_pages_are_readable_refuse_nothing_and_ask_nobody_else(
    chromium, address, studio, theme, language
):
    page = opened(chromium, address, studio, theme=theme, language=language)
    problems, asked = [], set()
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    for path in HOUSE_PAGES if studio == HOUSE else STUDIO_PAGES:
        assert page.goto(address + path).status == 200
        assert axe(page) == [], path
    assert problems == []
    assert asked == {address.split("/")[2]}
    page.context.close()


def test_axe_would_find_something(chromium, address):
    """Control: a page with a fault is found."""
    page = opened(chromium, address, "lion")
    page.goto(f"{address}/audiences")
    page.evaluate("document.querySelector('label[for=rule]').remove()")
    assert any("label" in problem for problem in axe(page))
    page.context.close()


def test_nothing_is_wider_than_a_phone(chromium, address):
    page = opened(chromium, address, "lion", width=390)
    for path in STUDIO_PAGES:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.context.close()


def test_the_size_follows_what_is_typed(chromium, address):
    page = opened(chromium, address, "lion")
    page.goto(f"{address}/audiences?title={OWN}")
    before = page.inner_text("#size")
    page.fill("#rule", "buys:dogs")
    page.wait_for_function("text => document.querySelector('#size').innerText !== text", arg=before)
    size = int(page.inner_text("#size .size").split()[-1].replace(",", ""))
    assert 1_700 < size < 2_300
    page.fill("#rule", "buys:dogs &")
    page.wait_for_selector("#size .problem")
    page.context.close()


def test_the_price_is_paid_by_keyboard_alone(chromium, address):
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/audiences?rule=buys:rare&title={OWN}")
    for text in ("lion", "ann", PASSWORD):
        while page.evaluate("document.activeElement.tagName") != "INPUT":
            page.keyboard.press("Tab")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audiences?**")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Ask for the exact size":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers/*")
    assert "buys:rare" in page.inner_text("h1")
    context.close()


def test_without_scripts_everything_still_works(chromium, address):
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("#studio", "lion")
    page.fill("#name", "ann")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.goto(f"{address}/audiences?title={OWN}")
    page.fill("#add", "buys:dogs")
    page.click("main form.row button")
    assert "rule=buys" in page.url
    assert "about" in page.inner_text("#size")
    context.close()
