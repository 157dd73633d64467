"""Signs of gaming: what is planted in a simulated house is said, and a clean house has none."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.simulated_house import house
from fullhouse import app
from fullhouse.feeds.find_gaming import gaming_signs, least_unusual
from fullhouse.feeds.gaming import BulkSales, BusyAccounts, RefundDays
from fullhouse.view.words.gaming import RULE, gaming_lines, gaming_words
from fullhouse_sim import dirt
from fullhouse_sim.market import Market
from fullhouse_sim.season import season
from tests.traits.conftest import House

MARKET = Market(people=10_000, days=60, past_films=60, seed=11)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A simulated house without any gaming."""
    made = house(MARKET, tmp_path_factory.mktemp("market") / "house")
    yield made.workspace
    made.workspace.close()


@pytest.fixture(scope="module")
def gamed(clean):
    """What the simulator's robots and ghost screenings add, beside the signs found before them."""
    before = gaming_signs(clean.engine, clean.lake)
    house, ids = House(clean.lake), {s: dirt.bot_ids(MARKET, s) for s in ("shop", "video")}
    films = np.arange(5)
    truth = dict.fromkeys(("purchase", "view", "ticket"), 0)
    purchases, plays, sales = [], [], []
    for day in range(MARKET.days):
        on = MARKET.day(day).isoformat()
        bought, watched = dirt.bots_buy(MARKET, day), dirt.bots_watch(MARKET, day, films)
        purchases += [_event(ids["shop"], "shop", n, on) | {"product": "p", "title": "x"}
                      for n in bought["number"]]  # fmt: skip
        plays += [_event(ids["video"], "video", n, on) | {"film": "f"} for n in watched["number"]]
        ghosts = dirt.ghosts(MARKET, season(MARKET), day)
        if ghosts is not None:
            sales += [
                _event(dirt.bot_ids(MARKET, "tickets"), "tickets", n, on)
                | {"film": "g", "cinema": "c", "quantity": float(dirt.TICKETS_EACH)}
                for n in ghosts["number"]
            ]
    for kind, rows in (("purchase", purchases), ("view", plays), ("ticket", sales)):
        house.write(kind, rows)
        truth[kind] = len(rows)
    return before, gaming_signs(clean.engine, clean.lake), truth


def _event(ids: pa.Array, source: str, number: int, day: str) -> dict:
    return {"source": source, "account": ids[int(number) - dirt.FIRST_BOT].as_py(), "day": day}


def test_a_simulated_house_without_gaming_has_no_sign(gamed):
    assert gamed[0] == ()


def test_robots_are_counted_exactly(gamed):
    _, signs, truth = gamed
    busy = {s.kind: s for s in signs if isinstance(s, BusyAccounts)}
    for kind in ("purchase", "view"):
        assert (busy[kind].accounts, busy[kind].events) == (dirt.BOTS, truth[kind])
    assert "ticket" not in busy


def test_robots_that_mark_films_are_counted_exactly(lake, duck):
    house, g = House(lake), np.random.default_rng(3)
    rows = [
        {"source": "tickets", "account": f"p{n}", "day": "2025-01-07", "film": f"f{k}"}
        for n in range(600)
        for k in range(g.geometric(0.4))
    ]
    house.write("want_to_see", rows)
    assert not gaming_signs(duck, lake)
    robots = [
        {"source": "tickets", "account": f"r{n}", "day": "2025-01-08", "film": f"f{k}"}
        for n in range(3)
        for k in range(300)
    ]
    house.write("want_to_see", robots)
    (sign,) = gaming_signs(duck, lake)
    assert (sign.accounts, sign.events) == (3, 900)
    assert "3 accounts with" in gaming_words(sign)
    assert "want-to-see marks" in gaming_words(sign)


def test_ghost_screenings_are_counted_exactly(gamed):
    _, signs, truth = gamed
    (bulk,) = [s for s in signs if isinstance(s, BulkSales)]
    assert (bulk.sales, bulk.accounts) == (truth["ticket"], dirt.GHOSTS)
    assert bulk.tickets == truth["ticket"] * dirt.TICKETS_EACH


def test_each_sign_is_one_sentence_and_the_rule_stands_once(gamed):
    lines = gaming_lines(gamed[1])
    assert lines[-1] == RULE
    assert any("3 accounts" in line for line in lines)
    assert not gaming_lines(())


def _sales(house: House, refunds: dict[int, int]) -> None:
    g = np.random.default_rng(1)
    rows = []
    for day in range(60):
        on = (date(2025, 1, 1) + timedelta(days=day)).isoformat()
        many = refunds.get(day, int(g.binomial(200, 0.02)))
        rows += [
            {"source": "tickets", "account": f"a{g.integers(5_000)}", "day": on, "film": "f",
             "quantity": 1.0, "refunded": i < many}
            for i in range(200)
        ]  # fmt: skip
    house.write("ticket", rows)


def test_days_of_mass_refunds_are_named_and_usual_days_are_not(lake, duck):
    _sales(House(lake), {17: 120, 40: 199})
    (sign,) = gaming_signs(duck, lake, kinds=["ticket"])
    assert isinstance(sign, RefundDays)
    assert sign.days == (date(2025, 1, 18), date(2025, 2, 10))
    assert sign.refunds == 319
    assert "18 January 2025" in gaming_words(sign)


def test_only_the_days_and_batches_asked_for_are_looked_at(lake, duck):
    _sales(House(lake), {17: 120})
    assert not gaming_signs(duck, lake, since=date(2025, 1, 19))
    assert not gaming_signs(duck, lake, batches=["nothing"])
    assert gaming_signs(duck, lake, batches=["b"])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), middle=st.floats(1, 100), spread=st.floats(0.3, 1.5))
def test_the_tail_of_people_alone_is_hardly_ever_a_sign(seed, middle, spread):
    g = np.random.default_rng(seed)
    counts = np.maximum(1, g.poisson(middle * np.exp(g.normal(0, spread, 5_000)))).astype(float)
    values, people = np.unique(counts, return_counts=True)
    least = least_unusual(values, people.astype(float), 20)
    assert least is not None
    # One house in a hundred has its largest account there by chance; none has three.
    assert people[values >= least].sum() <= 2


def test_false_alarms_are_about_one_house_in_a_hundred():
    alarms = 0
    for seed in range(200):
        g = np.random.default_rng(seed)
        counts = np.ceil(np.exp(3 + g.normal(0, 1, 3_000)))
        values, people = np.unique(counts, return_counts=True)
        alarms += bool((values >= least_unusual(values, people.astype(float), 1)).any())
    assert alarms <= 0.01 * 200 + 3 * (200 * 0.01 * 0.99) ** 0.5


def test_of_few_accounts_nothing_is_reported():
    assert least_unusual(np.array([1.0, 9_000.0]), np.array([50.0, 1.0]), 20) is None


def test_reading_says_robots_of_the_file_at_once(tmp_path):
    feed = tmp_path / "shop.toml"
    feed.write_text(
        'source = "shop"\nkind = "purchase"\n[columns]\naccount = "who"\n'
        'at = "at"\nproduct = "what"\nevent_id = "id"\nquantity = "many"\n'
    )
    rows = ["who,at,what,many,id"]
    rows += [f"a{i},2025-03-01T10:00:00Z,p,1,e{i}" for i in range(400)]
    rows += [f"robot,2025-03-01T11:00:00Z,p,1,r{i}" for i in range(300)]
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(rows) + "\n")
    with app.init_house(str(tmp_path / "w")) as opened:
        report = app.ingest(opened, app.IngestFiles(feed, (file,)))
        again = app.ingest(opened, app.IngestFiles(feed, (file,)))
    (sign,) = report.gaming
    assert (sign.accounts, sign.events, sign.all_events) == (1, 300, 700)
    assert again.gaming == ()
