"""A studio's pages: what they show, what a question costs before it is asked, and no rival."""

import re
from dataclasses import replace
from html import unescape

import pytest

from fullhouse import app
from fullhouse.cleanroom.question import Count
from fullhouse.cleanroom.release import Z95
from fullhouse.web.words import TABS
from tests.web.conftest import signed_in
from tests.web.html import numbers_in

OWN, RIVAL, SECRET = "our-film-2026", "their-film-2026", "hidden-film-2027"


def shown(response):
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def pay(browser, address, **fields):
    """Fill in the form of the price that a page shows, and send it."""
    page = browser.get(address).text
    form = page[page.index('action="/ask"') :]
    values = re.findall(
        r'type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("/form")]
    )
    data = {name: unescape(value) for name, value in values}
    return browser.client.post("/ask", data=data | fields)


def test_the_slate_has_the_studios_films_and_what_to_do_next(lion):
    page = lion.get("/")
    assert "Our film" in shown(page)
    assert f'href="/film/{OWN}/audiences"' in page.text
    assert "no audience cards yet" in shown(page)


def test_before_any_forecast_a_film_has_the_title_and_day_that_its_studio_stated(
    web_house, lion, wolf
):
    context = replace(web_house, tenant="lion", actor="ann")
    facts = {"title": "The Otter Year", "opening": "2026-12-04"}
    app.studio_state(context, app.StateTitle(OWN, facts))
    try:
        page = shown(lion.get("/"))
        assert "The Otter Year has no forecast yet" in page
        assert "4 Dec 2026 33 days to opening" in page
        assert "This title: The Otter Year" in shown(lion.get(f"/film/{OWN}/audiences"))
        for where in ("/ask", "/audiences?rule=buys:dogs"):
            assert "The Otter Year" in shown(lion.get(where))
            assert "Our film" not in shown(lion.get(where))
        assert "Otter" not in wolf.get("/").text
    finally:
        app.studio_state(context, app.StateTitle(OWN, dict.fromkeys(facts)))
    assert "Our film has no forecast yet" in shown(lion.get("/"))


def test_a_film_has_an_address_for_each_tab(lion):
    assert lion.get(f"/film/{OWN}").headers["location"] == f"/film/{OWN}/outlook"
    for tab in TABS:
        page = lion.get(f"/film/{OWN}/{tab}")
        assert page.status_code == 200
        assert page.text.count('aria-current="page"') == 2  # the tab, and the navigation
    for tab in ("nothing", "word-of-mouth", "exhibitors"):
        assert lion.get(f"/film/{OWN}/{tab}").status_code == 404


def test_a_rivals_film_is_the_same_as_none(lion, wolf):
    """Word for word, and it is there for its owner."""
    for tab in ("", "/outlook", "/audiences", "/plan.json"):
        pages = [lion.get(f"/film/{film}{tab}") for film in (RIVAL, SECRET, "absent-film-2027")]
        assert {p.status_code for p in pages} <= {303, 404}
        texts = [
            p.text.replace(film, "FILM")
            for p, film in zip(pages, (RIVAL, SECRET, "absent-film-2027"), strict=True)
        ]
        assert texts[0] == texts[1] == texts[2]
    assert wolf.get(f"/film/{SECRET}/outlook").status_code == 200


def test_a_price_is_shown_before_it_is_paid_and_an_answer_has_an_address(web_house, lion):
    address = f"/audiences?rule=buys:dogs&title={OWN}"
    before = app.room_statement(context_of(web_house)).spent
    page = shown(lion.get(address))
    assert "0.00005 ρ" in page
    assert "±196 people" in page
    assert app.room_statement(context_of(web_house)).spent == before
    done = pay(lion, address)
    assert done.status_code == 303
    answer = lion.get(done.headers["location"])
    release = lion.get(done.headers["location"] + ".json").json()
    people = release["lines"][0]["figures"]["people"]
    assert f"{people['value']:,.0f}" in shown(answer)
    assert f"{people['low']:,.0f}" in shown(answer)
    assert app.room_statement(context_of(web_house)).spent == before + 50_000
    again = shown(lion.get(address))
    assert "costs nothing" in again
    assert pay(lion, address).headers["location"] == done.headers["location"]
    assert app.room_statement(context_of(web_house)).spent == before + 50_000


def context_of(house):
    from dataclasses import replace

    return replace(house, tenant="lion", actor="ann")


def test_an_answer_links_its_receipt_which_can_be_saved(web_house, lion):
    done = pay(lion, f"/audiences?rule=buys:books&title={OWN}")
    app.log_head(web_house)
    page = lion.get(done.headers["location"]).text
    receipt = re.search(r'href="(/account/receipts/\d+)"', page)[1]
    assert lion.get(receipt).status_code == 200
    assert lion.get(f"{receipt}.json").json()["format"] == "fullhouse-receipt-1"
    assert "Answered: how many people are in an audience" in shown(lion.get("/account"))


def test_a_viewer_reads_answers_and_sees_no_form_to_ask(site, lion):
    given = pay(lion, f"/audiences?rule=buys:books&title={OWN}").headers["location"]
    viewer = signed_in(site, "lion", "vic")
    assert viewer.get(given).status_code == 200
    page = viewer.get(f"/audiences?rule=buys:rare&title={OWN}")
    assert "Your role may read answers" in shown(page)
    assert 'action="/ask"' not in page.text
    refused = viewer.post("/ask", kind="count", rule="buys:rare", title=OWN)
    assert refused.status_code == 422


def test_cards_that_cannot_be_are_a_page_of_their_own_and_cost_their_price_once(lion):
    address = f"/film/{OWN}/audiences"
    assert "No audience cards yet" in shown(lion.get(address))
    done = pay(lion, address)
    assert done.headers["location"] == address
    page = shown(lion.get(address))
    assert "No audience stands out." in page
    assert "The data do not answer this question." in page
    assert "No audience cards yet" not in page


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("breakdown", {"rule": "buys:books", "by": "age"}),
        ("overlap", {"rules": "buys:books\nbuys:dogs"}),
        ("describe", {"rule": "buys:dogs", "families": "age"}),
    ],
)
def test_each_kind_of_question_is_asked_by_its_form(lion, kind, fields):
    query = "&".join(f"{k}={v}".replace("\n", "%0A") for k, v in fields.items())
    address = f"/ask?kind={kind}&title={OWN}&{query}"
    assert "ρ" in shown(lion.get(address))
    done = pay(lion, address)
    answer = lion.get(done.headers["location"])
    assert answer.status_code == 200
    rows = lion.get(done.headers["location"] + ".csv").text.splitlines()
    assert len(rows) >= 1
    release = lion.get(done.headers["location"] + ".json").json()
    for line in release["lines"]:
        for figure in line["figures"].values():
            if figure["value"] and figure["unit"] == "people":
                assert f"{figure['value']:,.0f}" in shown(answer)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/ask?kind=nothing", "There is no question of kind"),
        ("/ask?kind=count&rule=health:pills", "Nobody may ask"),
        ("/ask?kind=count&rule=nothing:at-all", "nothing:at-all"),
        ("/ask?kind=count&rule=buys:books&precision=few", "is a whole number"),
        ("/audiences?rule=((buys:books", "buys:books"),
    ],
)
def test_a_mistake_is_a_sentence(lion, address, sentence):
    page = lion.get(address)
    assert page.status_code == 422
    assert sentence in shown(page)


@pytest.mark.parametrize(
    ("rule", "how", "at", "result"),
    [
        ("", "and", "", "buys:dogs"),
        ("", "not", "", "!buys:dogs"),
        ("buys:books", "and", "", "buys:books & buys:dogs"),
        ("buys:books", "or", "0", "buys:books | buys:dogs"),
        ("buys:books & age:0-17", "or", "1", "buys:books & (age:0-17 | buys:dogs)"),
        ("buys:books & age:0-17", "or", "", "buys:books & age:0-17 | buys:dogs"),
        ("buys:books", "not", "", "buys:books - buys:dogs"),
        ("buys:books - age:0-17", "or", "1", "buys:books - (age:0-17 | buys:dogs)"),
    ],
)
def test_adding_to_a_rule_gives_its_new_text_in_the_address(lion, rule, how, at, result):
    from urllib.parse import parse_qs, quote, urlsplit

    query = f"rule={quote(rule)}&add=buys:dogs&how={how}&at={at}"
    onward = lion.get(f"/audiences?{query}").headers["location"]
    assert parse_qs(urlsplit(onward).query)["rule"] == [result]
    page = unescape(lion.get(onward).text)
    assert f">{result}</textarea>" in page


def crawled(browser):
    """Every page that links lead to, with its headers, by address."""
    todo = ["/", "/slate", "/audiences", "/ask", "/answers", "/account", f"/film/{OWN}/plan"]
    bodies = {}
    while todo:
        address = todo.pop()
        if address in bodies or len(bodies) > 80:
            continue
        response = browser.get(address)
        bodies[address] = response.text + str(response.headers)
        links = map(unescape, re.findall(r'href="(/[^"]*)"', response.text))
        todo += [link for link in links if not link.startswith("/static")]
    return bodies


def test_nothing_of_a_rival_is_in_any_byte(web_house, lion, wolf):
    """Names, answers, numbers, budgets and receipts of the rival, on every page and data link."""
    before = crawled(lion)
    given = pay(wolf, f"/audiences?rule=!buys:dogs&title={SECRET}")
    release = wolf.get(given.headers["location"] + ".json").json()
    number = release["lines"][0]["figures"]["people"]
    words = {
        "wolf", SECRET, RIVAL, "hidden-film", "Hidden film", "Their film",
        given.headers["location"].rpartition("/")[2],
    }  # fmt: skip
    released = {number["value"], number["low"], number["high"]}
    figures = released | {float(round(v)) for v in released}
    after = crawled(lion)
    assert len(after) > 20
    for address, body in after.items():
        assert [word for word in words if word in body] == [], address
        # A figure that stood there before the rival asked is not the rival's.
        new = numbers_in(body) - numbers_in(before.get(address, ""))
        assert figures & new == set(), address
    stolen = lion.get(given.headers["location"])
    absent = lion.get("/answers/" + "0" * 64)
    assert stolen.status_code == absent.status_code == 404
    # Control: to its owner all of it is shown.
    own = wolf.get("/").text + wolf.get(given.headers["location"]).text
    assert SECRET in own
    assert {float(round(v)) for v in released} <= numbers_in(own)


def test_a_page_of_an_audience_asks_for_no_paid_answer(web_house, lion):
    """Looking costs nothing, whatever is looked at."""
    before = app.room_statement(context_of(web_house)).spent
    for address in ("/", "/account", f"/audiences?rule=buys:rare&title={OWN}",
                    f"/ask?kind=count&rule=age:55%2B&title={OWN}"):  # fmt: skip
        lion.get(address)
    assert app.room_statement(context_of(web_house)).spent == before
    price = app.room_price(context_of(web_house), app.Ask(Count("buys:rare"), OWN))
    assert not price.answered


def test_the_size_of_a_rule_is_shown_as_it_is_typed_and_costs_nothing(web_house, lion):
    before = app.room_statement(context_of(web_house)).spent
    sized = lion.get("/audiences/size.json?rule=buys:dogs").json()
    people = sized["sizes"][0]["people"]
    sigma = (people["high"] - people["low"]) / (2 * Z95)
    # 2,000 people buy for dogs; beyond six deviations noise comes twice in a billion runs. An
    # interval is wider where noise alone looks like people whom the bounds clamp.
    assert 0 < sigma < 1_000
    assert abs(people["value"] - 2_000) < 6 * sigma
    part = shown(lion.get("/audiences/size?rule=buys:dogs"))
    whole = shown(lion.get("/audiences?rule=buys:dogs"))
    for number in (people["value"], people["low"], people["high"]):
        assert f"{number:,.0f}" in part
        assert f"{number:,.0f}" in whole
    assert "buys:nothing" in shown(lion.get("/audiences/size?rule=buys:nothing"))
    assert app.room_statement(context_of(web_house)).spent == before


def test_traits_are_suggested_by_name_and_label_but_none_of_a_rivals(lion, wolf):
    assert 'value="buys:dogs"' in lion.get("/audiences/traits?add=dog").text
    assert "buys:books" not in lion.get("/audiences/traits?add=dog").text
    assert "hidden" not in lion.get("/audiences/traits?add=").text
    assert "health" not in lion.get("/audiences/traits?add=").text
    assert f"saw:{SECRET}" in wolf.get("/audiences/traits?add=hidden").text
