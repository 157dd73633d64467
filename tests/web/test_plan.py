"""A film's plan as a page: what a budget sells, what it can show, and how another one is made."""

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from fullhouse import app
from fullhouse.cleanroom import plans, size_table, tenants
from fullhouse.cleanroom.plans import PlanTerms
from fullhouse.control.job import ENDED
from fullhouse.planning.channel import read_channels
from fullhouse.planning.plan import (
    BestWithin,
    BeyondMeasured,
    BudgetsLeftOut,
    GrossInTickets,
    NeverMeasured,
    SpentForMinimum,
)
from fullhouse.view.words.plan import note_words
from fullhouse.web import plan as web_plan
from fullhouse.web import web_app
from fullhouse.web.language import LANGUAGES, speaking
from tests.audiences.conftest import write_house
from tests.cleanroom.conftest import DAY, PEOPLE, make_house
from tests.cleanroom.test_plans import CHANNELS, plan, release_cards, world
from tests.cleanroom.test_size_table import read_rows
from tests.web.conftest import LocalSessions, signed_in
from tests.web.html import numbers_in, problems_of
from tests.web.test_studio import OWN, RIVAL, SECRET, shown

ADDRESS = f"/film/{OWN}/plan"
FIELDS = {"name": "spring", "budget": "25,000", "price": "11", "share": "20", "holdout": "10",
          "weeks": "3", "attitude": "cautious"}  # fmt: skip


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A house in which one studio has saved a plan twice, and its rival another one."""
    with (
        make_house(tmp_path_factory.mktemp("planned") / "house") as house,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(size_table, "person_rows", lambda *a: read_rows(*a, members=world()))
        write_house(house.lake, world(), set(range(PEOPLE)), as_of=DAY, number=2)
        lion = replace(house, tenant="lion", actor="ann")
        release_cards(lion)
        for budget in (200.0, 350.0):
            made = plan(lion, PlanTerms(budget, CHANNELS, price=10.0, share=0.2))
            plans.save(lion, "spring", replace(made, plan=replace(made.plan, name="spring")))
        wolf = replace(house, tenant="wolf", actor="ann")
        release_cards(wolf, film=SECRET)
        secret = replace(made, plan=replace(made.plan, film=SECRET, title="Hidden Hounds",
                                            budget=77_777.0, name="moonrise"))  # fmt: skip
        plans.save(wolf, "moonrise", secret)
        yield house


@pytest.fixture(scope="module")
def own_site(planned):
    return web_app(planned, LocalSessions(planned))


@pytest.fixture
def lion(own_site):
    return signed_in(own_site, "lion", "ann")


@pytest.fixture
def wolf(own_site):
    return signed_in(own_site, "wolf", "ann")


def three_digits(number):
    return f"{float(f'{number:.3g}'):,.6g}"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", [ADDRESS, f"{ADDRESS}?plan=spring@1&holdout=50"])
def test_a_plan_is_sound_html_in_each_language(lion, path, code):
    lion.speak(code)
    response = lion.get(path)
    assert response.status_code == 200
    assert problems_of(response.text) == []
    assert ("多卖" in response.text) == (code == "zh")


def test_a_plan_is_one_sentence_then_money_tickets_and_what_more_would_buy(planned, lion):
    page, sent = shown(lion.get(ADDRESS)), lion.get(f"{ADDRESS}.json").json()
    of = sent["plan"]["plan"]
    assert of["budget"] == 350
    assert re.search(r"US\$3[45]\d is expected to sell about", page)
    for number in (of["tickets"]["middle"], of["tickets"]["low"], of["tickets"]["high"]):
        assert three_digits(number) in page
    lines = lion.get(f"{ADDRESS}.csv").text.splitlines()
    assert lines[0].startswith("audience,rule,channel,cities,week,spend")
    assert len(lines) - 1 == len(of["lines"])
    curve = lion.get(f"{ADDRESS}.csv?table=curve").text.splitlines()
    assert len(curve) - 1 == len(of["curve"]) > 2
    for point in of["curve"]:
        assert three_digits(point["tickets"]["middle"]) in page
    assert lion.get(f"{ADDRESS}.csv?table=nothing").status_code == 404
    assert "Computed from your released cards" in page


def test_an_audiences_range_is_its_own_and_not_the_sum_of_its_lines_ends(planned, lion):
    page, of = shown(lion.get(ADDRESS)), lion.get(f"{ADDRESS}.json").json()["plan"]["plan"]
    assert len(of["bridge"]) > 1
    for step in of["bridge"]:
        with speaking("en"):
            low, high = (
                web_plan.tickets(step["added"][end] / of["price"]) for end in ("low", "high")
            )
        assert f"{low} to {high}" in page
    rows = lion.get(f"{ADDRESS}.csv?table=audiences").text.splitlines()
    assert len(rows) - 1 == len(of["bridge"])


def test_without_a_ticket_price_an_audience_has_no_range(planned):
    made = plan(replace(planned, tenant="lion", actor="ann"), PlanTerms(200.0, CHANNELS))
    with speaking("en"):
        rows = web_plan.audience_rows(made)
    assert rows
    assert {(row.low, row.high, row.strip) for row in rows} == {(None, None, None)}
    assert sum(row.middle for row in rows) == pytest.approx(made.plan.tickets.middle)


def test_every_version_of_a_saved_plan_has_its_address(lion):
    page = unescape(lion.get(ADDRESS).text)
    assert "/plan?plan=spring%401" in page
    assert "/plan?plan=spring%402" in page
    first = shown(lion.get(f"{ADDRESS}?plan=spring@1"))
    assert re.search(r"US\$(200|19\d) is expected to sell", first)
    assert lion.get(f"{ADDRESS}?plan=spring@9").status_code == 422
    assert lion.get(f"{ADDRESS}?plan=nothing").status_code == 404


def test_power_stands_beside_the_holdout_and_follows_it(planned, lion):
    context = replace(planned, tenant="lion", actor="ann")
    for holdout in (0.1, 0.5):
        whole = app.studio_power(context, app.PowerOfPlan("spring@2", 0.03, holdout)).powers[0]
        page = shown(lion.get(f"{ADDRESS}?plan=spring@2&holdout={100 * holdout:g}&rate=3"))
        for number in (whole.treated, whole.held_out):
            assert f"{number:,}" in page
        assert f"{1000 * whole.smallest:,.2f}".rstrip("0").rstrip(".") in page
    wrong = lion.get(f"{ADDRESS}?holdout=half")
    assert wrong.status_code == 200
    assert "The share held out is a number, not 'half'." in shown(wrong)
    assert "between 0 and 100, not '100'" in shown(lion.get(f"{ADDRESS}?holdout=100"))


def test_without_cards_their_price_is_the_page_and_nothing_is_spent(planned, own_site):
    wolf = signed_in(own_site, "wolf", "ann")
    before = app.room_statement(replace(planned, tenant="wolf", actor="ann")).spent
    page = wolf.get(f"/film/{RIVAL}/plan")
    assert problems_of(page.text) == []
    assert "No plan yet: it is made of your film’s audience cards." in shown(page)
    assert "0.02 ρ" in shown(page)
    assert 'href="/ask"' in page.text
    assert f'value="/film/{RIVAL}/plan"' in page.text
    assert app.room_statement(replace(planned, tenant="wolf", actor="ann")).spent == before


def test_cards_on_which_nothing_stands_out_are_a_page_of_their_own(planned, own_site):
    wolf = replace(planned, tenant="wolf", actor="ann")
    tenants.add_title(planned.control, "wolf", "dull-film-2026")
    release_cards(wolf, traits=(), film="dull-film-2026")
    page = signed_in(own_site, "wolf", "ann").get("/film/dull-film-2026/plan")
    assert "No audience stands out, so there is nothing to plan with." in shown(page)
    assert "/plan/make" not in page.text


def test_the_form_asks_a_worker_for_a_plan_under_its_name_once(planned, lion):
    rows = {}
    for place, (name, on) in enumerate([("push", "1"), ("banner", ""), ("", "1")]):
        rows |= {f"channel-{place}-{n}": v for n, v in {
            "name": name, "kind": name, "sources": "shop, video", "pricing": "message",
            "price": "0.004", "reach_limit": "60", "frequency_cap": "2", "minimum_spend": "",
        }.items()} | ({f"channel-{place}-on": "1"} if on else {})  # fmt: skip
    context = replace(planned, tenant="lion", actor="ann")
    for _ in range(2):
        done = lion.post(f"{ADDRESS}/make", ADDRESS, **FIELDS, **rows)
        assert done.headers["location"] == ADDRESS
    (job,) = app.job_list(context).jobs
    wanted = {"film": OWN, "name": "spring", "budget": 25_000.0, "price": 11.0, "share": 0.2,
              "holdout": 0.1, "weeks": 3, "attitude": "cautious"}  # fmt: skip
    assert {n: job.request[n] for n in wanted} == wanted
    assert job.kind == "studio_plan"
    (channel,) = read_channels(job.request["channels"])
    assert (channel.name, channel.sources, channel.price) == ("push", ("shop", "video"), 0.004)
    assert (channel.reach_limit, channel.frequency_cap, channel.minimum_spend) == (0.6, 2.0, 0.0)
    page = lion.get(ADDRESS)
    assert "A plan is being made. It waits for a worker." in shown(page)
    assert "/plan/make" not in page.text
    app.job_cancel(context, app.CancelJob(job.id))
    assert app.job_list(context).jobs[0].status in ENDED
    # It is filled in as this user filled it in last.
    again = lion.get(ADDRESS).text
    for field, value in (("budget", "25000"), ("price", "11"), ("share", "20"), ("weeks", "3")):
        assert re.search(rf'name="{field}"[^>]* value="{value}"', again)
    assert "The plan was stopped." in shown(lion.get(ADDRESS))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"budget": ""}, "Say how much money the plan may spend."),
        ({"budget": "much"}, "The budget is a number, not 'much'."),
        ({"budget": "-5"}, "The budget is a number above 0, not '-5'."),
        ({"budget": "nan"}, "The budget is a number, not 'nan'."),
        ({"budget": "1e999"}, "The budget is a number, not '1e999'."),
        ({"price": "0"}, "The price of a ticket is a number above 0"),
        ({"share": "120"}, "The house’s share of tickets is a percentage"),
        ({"holdout": "100"}, "The share held out is a percentage"),
        ({"weeks": "0"}, "A plan is of 1 to 26 weeks, not '0'."),
        ({"weeks": "٣"}, "A plan is of 1 to 26 weeks"),
        ({"name": "a/b"}, "without '/'"),
        ({"channel-0-name": "x", "channel-0-on": ""}, "Choose at least one channel"),
        ({"channel-0-name": "x", "channel-0-on": "1", "channel-0-price": "dear"},
         "The price of channel x is a number, not 'dear'."),
        ({"channel-0-name": "x", "channel-0-on": "1", "channel-0-price": "2",
          "channel-0-pricing": "cpm"}, "sources must name at least one source"),
        ({"channel-0-name": 'x"]\n[', "channel-0-on": "1", "channel-0-price": "2"}, "channel"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_form_is_a_sentence_beside_what_was_typed(planned, lion, wrong, sentence):
    context = replace(planned, tenant="lion", actor="ann")
    before = len(app.job_list(context).jobs)
    response = lion.post(f"{ADDRESS}/make", ADDRESS, **(FIELDS | wrong))
    assert response.status_code == 422
    assert sentence in shown(response)
    assert problems_of(response.text) == []
    if "weeks" not in wrong:
        assert re.search(r'name="weeks"[^>]* value="3"', response.text)
    assert len(app.job_list(context).jobs) == before


def test_a_viewer_reads_plans_and_makes_none(own_site):
    viewer = signed_in(own_site, "lion", "vic")
    page = viewer.get(ADDRESS)
    assert page.status_code == 200
    assert "/plan/make" not in page.text
    assert viewer.post(f"{ADDRESS}/make", **FIELDS).status_code == 422


def test_nothing_of_a_rivals_plan_is_in_any_byte(lion, wolf):
    rival = {SECRET, RIVAL, "moonrise", "Hidden Hounds", "wolf"}
    addresses = [ADDRESS, f"{ADDRESS}.json", f"{ADDRESS}.csv", f"{ADDRESS}.csv?table=saved"]
    for address in addresses:
        text = lion.get(address).text
        assert [word for word in rival if word in text] == [], address
        assert 77_777.0 not in numbers_in(text), address
    answers = [lion.get(f"{ADDRESS}?plan={name}") for name in ("moonrise", "no-such")]
    assert {a.status_code for a in answers} == {404}
    texts = [a.text.replace("moonrise", "NAME").replace("no-such", "NAME") for a in answers]
    assert texts[0] == texts[1]
    for film in (SECRET, "absent-film-2027"):
        assert lion.post(f"/film/{film}/plan/make", ADDRESS, **FIELDS).status_code == 404
    # Control: to its owner it is shown.
    assert "moonrise" in shown(wolf.get(f"/film/{SECRET}/plan"))


def test_no_exact_count_of_the_house_is_on_the_page(planned, lion):
    """A noisy size is right by chance sometimes, so that the sizes of all are looked at together:
    that more than half of them are exact comes less than once in a million."""
    exact = {len(m) for m in world().values()}
    text = json.dumps(lion.get(f"{ADDRESS}.json").json()) + lion.get(ADDRESS).text.replace(",", "")
    numbers = {int(n) for n in re.findall(r"(?<![\d.])\d+(?![\d.])", text)}
    assert len(exact & numbers) * 2 <= len(exact)


@pytest.mark.parametrize(
    "note",
    [
        NeverMeasured(("saw", "buys")), BeyondMeasured("push", 3.0, None),
        BeyondMeasured("push", 3.0, 2.0), GrossInTickets(), BudgetsLeftOut((5.0,)),
        SpentForMinimum("city", "Avon", 90.0, 0.6), BestWithin(0.0), BestWithin(0.1),
    ],
    ids=lambda n: n.code,
)  # fmt: skip
def test_what_a_plan_says_besides_is_in_chinese_as_well(note):
    english = note_words(note, "USD")
    with speaking("zh"):
        chinese = note_words(note, "USD")
    assert chinese != english
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", chinese)
