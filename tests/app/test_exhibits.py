"""A cinema's pack of a film, asked of a small simulated house, beside what its tables hold."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.simulated_house import BATCH, ZONE, House, house
from fullhouse.app import exhibit as exhibits
from fullhouse.app.exhibit import ExhibitCities, ExhibitFilm, exhibit_cities, exhibit_film
from fullhouse.control import audit_log
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.tables import ACCOUNT_PERSON, BEGUN, FILM, TICKET
from fullhouse.discovery.card import NoTicketPrice
from fullhouse.discovery.tickets import NO_CITY
from fullhouse.exhibit.demand import market_of, share_amount, weeks_of
from fullhouse.exhibit.film_pack import audiences_near
from fullhouse.exhibit.market import HOURS, WEEK, daypart_counts, past_films, showings
from fullhouse.exhibit.market import Market as FilmMarket
from fullhouse.exhibit.pack import CinemaBasis, DaypartBasis
from fullhouse.exhibit.places import Z80, share_of
from fullhouse.forecast import DAY_PROBABILITIES
from fullhouse.planning.plan import Amount
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.traits.names import film_slug
from fullhouse.view.charts import check_out
from fullhouse.view.exhibitor_page import write_exhibit
from fullhouse_sim.films import scenario
from fullhouse_sim.market import Market
from tests.view.sample_forecasts import AFTER, BEFORE, OPENING, day_ranges, pace

MARKET = Market(people=20_000, days=60, past_films=60)
PRICE = 10.0
CITY = "Norburg"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # Under a key of its own: samples are then the same in every run.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        built = house(MARKET, tmp_path_factory.mktemp("exhibit") / "house")
        _begun(built)
        _refund(built)
        yield built


@pytest.fixture(scope="module")
def film(made: House) -> str:
    number = scenario(MARKET).film
    chosen = next(f for f in made.truth.season.films if f.id == number)
    return film_slug(chosen.title, chosen.release.year)


@pytest.fixture(scope="module")
def inside(made: House) -> Iterator[AnalysisSample]:
    with analysis_sample(made.workspace, as_of=MARKET.today) as sample:
        yield sample


@pytest.fixture(scope="module")
def market(inside: AnalysisSample, film: str) -> FilmMarket:
    """As the pipeline finds it, but for the forecast: learning one takes half a minute."""
    opening = inside.find(film).opening
    days = day_ranges(opening, total=2e5, sigma=0.4, share=pace(90))
    forecast = replace(BEFORE, film=film, as_of=MARKET.today, opening=opening, days=days)
    sales = ExpectedSales(2e5, 1e5, 4e5, PRICE, "USD", 0.25)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exhibits, "expected_sales", lambda *_: sales)
        patch.setattr(exhibits, "forecast_film", lambda *_, **__: forecast)
        return exhibits._market(inside, inside.find(film))


@pytest.fixture
def ask(made: House, film: str, market: FilmMarket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exhibits, "_market", lambda *_: market)

    def answer(city: str | None = CITY, **options: object):
        options = {"as_of": MARKET.today, "minimum": 5} | options
        if city is None:
            return exhibit_cities(made.workspace, ExhibitCities(film, **options))
        return exhibit_film(made.workspace, ExhibitFilm(film, city, **options))

    return answer


def test_admissions_are_the_forecasts_tickets_by_the_shares_of_discovery(ask, market) -> None:
    """Cities are discovery's own, those of unknown city spread alike; they add up to the total."""
    groups = [g for g in market.tickets.cities if g.name != NO_CITY]
    every = sum(g.tickets for g in groups)
    assert market.tickets.total == pytest.approx(2e5 / PRICE, abs=0.01)
    assert sum(c.share for c in market.cities.values()) == pytest.approx(1)
    pack = ask()
    group = next(g for g in groups if g.name == CITY)
    week = market.weeks[market.opening]
    first = pack.weeks[0]
    assert first.week == pack.opening == market.opening
    assert first.admissions.middle == pytest.approx(week.middle * group.tickets / every, abs=0.5)
    table = ask(None)
    by_city = {c.city: c for c in table.cities}
    assert by_city[CITY].week == first.admissions
    assert table.total.middle == round(market.tickets.total)
    assert {c.city for c in table.cities} == {g.name for g in groups}
    run = by_city[CITY].run
    assert run.middle == pytest.approx(market.tickets.total * group.tickets / every, abs=0.5)
    # A range of a share of the forecast is wider than the forecast's: the share is not exact.
    assert run.high / run.middle > market.tickets.high / market.tickets.total
    # Nearly that of discovery, which has the same error for the city.
    assert run.high / run.middle == pytest.approx(group.high / group.tickets, rel=0.02)


def test_films_there_are_counted_as_their_tickets_were_sold(ask, made, inside, market) -> None:
    """Against the tickets one by one: refunds taken away, and no one who refused analytics."""
    pack = ask()
    like = {c.title for c in market.discovery.comps}
    rows = [r for r in _sold(made, inside) if r["city"] == CITY and r["title"] in like]
    assert pack.films
    for played in pack.films:
        sold = [r for r in rows if r["title"] == played.title]
        first = [r for r in sold if 0 <= (r["showing"].date() - played.opening).days < WEEK]
        assert played.whole_run == sum(r["net"] for r in sold)
        assert played.first_week == sum(r["net"] for r in first)
        # A showing whose only ticket went back is none; nobody else is known of it.
        by_showing = Counter[object]()
        for r in sold:
            by_showing[r["cinema"], r["showing_at"]] += r["net"]
        assert played.showings == sum(n > 0 for n in by_showing.values())


def test_dayparts_are_by_the_clock_of_the_feed(made, inside, film, market) -> None:
    """Each ticket of an opening week in its daypart, as a clock in the feed's own zone shows."""
    films = past_films(inside, inside.find(film), set())
    sold = showings(inside, films, cities=[CITY])
    expected = Counter[str]()
    for r in _sold(made, inside):
        known = next((f for f in films.values() if f.title == r["title"]), None)
        days = None if known is None else (r["showing"].date() - known.opening).days
        if r["city"] == CITY and days is not None and 0 <= days < WEEK:
            part = max((h, n) for n, h in HOURS.items() if h <= r["showing"].hour)[1]
            day = "weekend" if r["showing"].weekday() >= 5 else "weekday"
            expected[f"{day} {part}"] += r["net"]
    counts = daypart_counts(sold, np.ones_like(sold.comparable))
    assert sum(counts.values()) > 20
    assert {n: c for n, c in counts.items() if c} == {n: c for n, c in expected.items() if c}
    everywhere = showings(inside, films)
    assert sum(daypart_counts(everywhere, np.ones_like(everywhere.comparable)).values()) >= sum(
        counts.values()
    )


def test_dayparts_add_up_to_the_first_week_and_showings_fill_the_goal(ask) -> None:
    pack = ask(seats=20, goal=0.5)
    week = pack.weeks[0].admissions.middle
    parts = [d for d in pack.dayparts if d.admissions is not None]
    others = pack.other_dayparts
    assert parts
    assert sum(d.admissions for d in parts) + (others.admissions if others else 0) == week
    showings = sum(d.showings for d in parts) + (others.showings if others else 0)
    assert showings == round(week / (20 * 0.5))
    (basis,) = [b for b in pack.basis if isinstance(b, DaypartBasis)]
    assert basis.time_zones == ("America/New_York",)


def test_a_cinema_draws_its_share_of_the_citys_tickets(ask, made, inside) -> None:
    rows = [r for r in _sold(made, inside) if r["city"] == CITY]
    counts = Counter[str]()
    for r in rows:
        counts[r["cinema"]] += r["net"]
    table = ask(None, minimum=3)
    city = next(c for c in table.cities if c.city == CITY)
    assert city.cinemas
    best = city.cinemas[0]
    pack = ask(cinema=best.cinema, minimum=3)
    assert pack.place == f"{best.cinema}, {CITY}"
    assert pack.weeks[0].admissions == best.week
    (basis,) = [b for b in pack.basis if isinstance(b, CinemaBasis)]
    if basis.films == "all":
        share = counts[best.cinema] / sum(counts.values())
        assert best.week.middle == pytest.approx(city.week.middle * share, abs=1)
    assert best.week.high / best.week.middle > city.week.high / city.week.middle
    small = min((c for c in counts if c is not None), key=counts.__getitem__)
    with pytest.raises(InputError, match=f"no pack of Norburg for a cinema '{small}'"):
        ask(cinema=small, minimum=counts[small] + 1)


@pytest.mark.parametrize("minimum", [3, 10, 30])
def test_no_count_is_under_the_minimum_nor_the_rest_of_some(ask, market, minimum: int) -> None:
    table = ask(None, minimum=minimum)
    hidden = [c for c in table.cities if c.run is None]
    people = {c.name: c.persons for c in market.cities.values()}
    assert all(people[c.city] >= minimum for c in table.cities if c.run is not None)
    if hidden:
        assert sum(people[c.city] for c in hidden) >= minimum
        rest = table.week.middle - sum(c.week.middle for c in table.cities if c.week)
        assert rest >= minimum
    for c in table.cities:
        assert all(k.week.middle >= minimum for k in c.cinemas)
    for city in [c.city for c in hidden][:1]:
        with pytest.raises((CannotTellError, InputError), match=r"too small to have|no ticket"):
            ask(city, minimum=minimum)
    # The pack checks its own counts when it is made.
    try:
        pack = ask(minimum=minimum)
    except CannotTellError as problem:
        assert problem.code == "few_tickets_sold"  # noqa: PT017  # either is right
        return
    weeks = [w.admissions for w in pack.weeks]
    assert None not in weeks[:-1]


def test_one_small_city_takes_another_with_it(ask, market) -> None:
    """Else it could be computed from the total: whatever the city, and by people or admissions."""
    week = market.weeks[market.opening]
    least = {
        c.name: min(c.persons, share_amount(week, c.share).middle) for c in market.cities.values()
    }
    minimum = int(min(least.values())) + 1
    small = {n for n, count in least.items() if count < minimum}
    hidden = {c.city for c in ask(None, minimum=minimum).cities if c.run is None}
    assert small < hidden
    another = next(iter(hidden - small))
    with pytest.raises((CannotTellError, InputError), match=r"give away such a city|no ticket"):
        ask(another, minimum=minimum)


def test_an_audience_small_in_one_city_is_left_out_in_another_too(inside, market) -> None:
    cards = [SimpleNamespace(name="women", rule="female")]
    made = replace(market, discovery=SimpleNamespace(cards=cards, obvious=()))
    counts = {c: audiences_near(inside, made, c, 1)[0].people for c in market.cities}
    order = sorted(counts, key=counts.__getitem__)
    # One alone is under the minimum; those of no known city are a part of the total as well.
    minimum = counts[order[0]] + 1
    people = [audiences_near(inside, made, c, minimum)[0].people for c in order[:3]]
    (women,) = inside.people("female")
    elsewhere = sum(len(p) for p in women.values()) - sum(counts.values())
    assert people[0] is None
    assert counts[order[1]] >= minimum
    assert people[1] is None or 0 < elsewhere < minimum
    assert people[2] == counts[order[2]]


def test_audiences_leave_no_small_rest_of_cities_or_of_one_another(inside, market) -> None:
    rules = ["female", "female - age:65-plus", "buys:pet-supplies/dogs"]
    rules[1] = f"female - ({_rarest(inside)})"
    cards = [SimpleNamespace(name=r, rule=r) for r in rules]
    made = replace(market, discovery=SimpleNamespace(cards=cards, obvious=()))
    minimum = 40
    by_city = {
        city: audiences_near(inside, made, city, minimum)
        for city in market.cities
        if city in market.names
    }
    exact = inside.people(*rules)
    totals = [sum(len(p) for p in people.values()) for people in exact]
    for k, total in enumerate(totals):
        counts = [near[k].people for near in by_city.values()]
        assert all(n is None or n >= minimum for n in counts)
        rest = total - sum(n or 0 for n in counts)
        assert rest == 0 or rest >= minimum
    # All women, and all women but some twenty of a city, never both have numbers there.
    both = [(near[0].people, near[1].people) for near in by_city.values()]
    assert any(a is not None for a, _ in both)
    assert all(a is None or b is None or a - b >= minimum for a, b in both)


def test_tickets_of_an_audience_are_its_part_of_the_citys_expected_visits(inside, market) -> None:
    cards = [SimpleNamespace(name=r, rule=r) for r in ("everyone", "female", "male")]
    made = replace(market, discovery=SimpleNamespace(cards=cards, obvious=()))
    every, women, men = audiences_near(inside, made, "norburg", 1)
    city = market.cities["norburg"]
    known = market.run.middle * city.share * market.tickets.known_share
    assert every.tickets == round(known)
    assert women.tickets + men.tickets <= every.tickets + 1
    (exact,) = inside.people("female & city:norburg")
    assert women.people == sum(len(p) for p in exact.values())


def test_mistakes_are_named(ask) -> None:
    for city, options, message in [
        ("Norbug", {}, "bought no ticket in a city 'Norbug'.*Did you mean 'Norburg'"),
        (CITY, {"cinema": "cin-99-99"}, "There is no pack of Norburg for a cinema"),
        (CITY, {"seats": 0}, "at least 1 seat"),
        (CITY, {"goal": 30}, "above 0 up to 1"),
        (CITY, {"minimum": 0}, "at least 1 person"),
        (CITY, {"minimum": 5_000}, r"too small to have|fewer than 5,000"),
        (None, {"minimum": 10**6}, "fewer than 1,000,000 admissions"),
    ]:
        with pytest.raises((InputError, CannotTellError), match=message):
            ask(city, **options)


def test_it_is_written_as_page_tables_and_data_and_recorded(ask, made, tmp_path: Path) -> None:
    pack, table = ask(), ask(None)
    newest = audit_log(made.workspace.control, most=2)
    assert [(a.action, a.detail["place"]) for a in newest] == [("exhibit", None), ("exhibit", CITY)]
    files = [tmp_path / "new" / f"pack.{s}" for s in ("html", "csv", "json")]
    assert write_exhibit(pack, files) == files
    assert CITY in files[0].read_text("utf-8")
    assert files[1].read_text("utf-8").startswith("table,")
    assert json.loads(files[2].read_text("utf-8")) == json.loads(json.dumps(pack.to_dict()))
    write_exhibit(table, files[1:])
    lines = files[1].read_text("utf-8").splitlines()
    assert len(lines) == 1 + len(table.cities) + sum(len(c.cinemas) for c in table.cities)
    with pytest.raises(InputError, match="A page is of one city"):
        write_exhibit(table, files)
    with pytest.raises(InputError, match=r"not 'pack\.docx'"):
        check_out("pack.docx", "exhibit")


def test_without_a_forecast_the_pack_says_why_there_is_none(
    inside: AnalysisSample, film: str, market: FilmMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = inside.find(film)
    monkeypatch.setattr(exhibits, "discover_film", lambda *_, **__: market.discovery)
    monkeypatch.setattr(exhibits, "expected_sales", lambda *_: NoTicketPrice("USD"))
    with pytest.raises(CannotTellError, match=r"no pack of .*no ticket price in USD is known"):
        exhibits._market(inside, known)
    sales = ExpectedSales(2e5, 1e5, 4e5, PRICE, "USD", 0.25)
    with pytest.raises(CannotTellError, match="nobody in the house showed interest"):
        market_of(inside, known, market.discovery, None, sales, BEFORE)


def test_weeks_are_the_forecasts_own_in_the_middle_and_the_first_in_its_ends_too() -> None:
    weeks = weeks_of(BEFORE, PRICE)
    assert list(weeks)[:2] == [OPENING, OPENING + timedelta(7)]
    low, middle, high = (DAY_PROBABILITIES.index(p) for p in (0.1, 0.5, 0.9))
    sums = BEFORE.days[6].cumulative
    first = weeks[OPENING]
    assert [x * PRICE for x in (first.low, first.middle, first.high)] == pytest.approx(
        [sums[low], sums[middle], sums[high]]
    )
    until = BEFORE.days[7 * len(weeks) - 1].cumulative[middle]
    assert sum(w.middle for w in weeks.values()) * PRICE == pytest.approx(until)


def test_weeks_of_a_film_that_runs_are_those_that_have_not_begun() -> None:
    weeks = weeks_of(AFTER, PRICE)
    assert next(iter(weeks)) == OPENING + timedelta(7)
    assert sum(w.middle for w in weeks.values()) < (AFTER.ranges["total"].median) / PRICE
    with pytest.raises(CannotTellError, match="has no days of its run"):
        weeks_of(replace(BEFORE, days=()), PRICE)


def test_the_error_of_a_share_is_that_of_poisson_purchases() -> None:
    """Against drawn sales: purchases of 1 to 4 tickets, in one of two places, Poisson many."""
    g = np.random.default_rng(3)
    part, others = 60, 240
    sizes = np.array([1, 2, 2, 4])
    drawn = []
    for _ in range(2_000):
        a = g.choice(sizes, g.poisson(part)).sum()
        b = g.choice(sizes, g.poisson(others)).sum()
        drawn.append(np.log(a / (a + b)))
    square, each = (sizes**2).mean(), sizes.mean()
    share, off = share_of(part * each, part * square, others * each, others * square)
    assert share == pytest.approx(0.2)
    # 2,000 draws tell a standard deviation to 1.6 %; three of these, and the log's own bend.
    assert off / Z80 == pytest.approx(np.std(drawn), rel=0.07)
    amount = share_amount(Amount(1000.0, 500.0, 2000.0), share, 0.0)
    assert amount == Amount(200.0, 100.0, 400.0)
    wider = share_amount(Amount(1000.0, 500.0, 2000.0), share, off)
    assert np.log(wider.high / 200) == pytest.approx(np.hypot(np.log(2), off), rel=0.01)


def _rarest(inside: AnalysisSample) -> str:
    """A trait of some people everywhere, too few in any city."""
    traits = [t for t in inside.traits if t.family in ("word", "household", "buys")]
    return min((t for t in traits if t.persons >= 20), key=lambda t: t.persons).name


def _begun(made: House) -> None:
    """What ingest would have written down of the ticket feed: its clock."""
    row = {
        "source": "tickets", "feed": "tickets", "kind": "ticket", "digest": "d", "content": "c",
        "file": "f", "terms": json.dumps({"time_zone": ZONE}),
        "at": datetime(2025, 6, 30, tzinfo=UTC), "batch": BATCH,
    }  # fmt: skip
    made.workspace.lake.append(BEGUN, pa.Table.from_pylist([row], BEGUN.schema), batch="begun")


def _refund(made: House) -> None:
    """The money back for the largest purchase in the city, whoever it was that made it."""
    lake = made.workspace.lake
    rows = [r for r in lake.read(TICKET).to_pylist() if r["city"] == CITY and not r["refunded"]]
    most = Counter(r["film"] for r in rows).most_common(1)[0][0]
    sale = max((r for r in rows if r["film"] == most), key=lambda r: (r["quantity"], r["event_id"]))
    back = sale | {"event_id": "back", "refunded": True, "batch": "by hand"}
    lake.append(TICKET, pa.Table.from_pylist([back], TICKET.schema), batch="refund by hand")


def _sold(made: House, inside: AnalysisSample) -> list[dict[str, object]]:
    """Every ticket of people who take part, slowly: with its title, clock and net number."""
    lake = made.workspace.lake
    (every,) = inside.people("everyone")
    consenting = {p for people in every.values() for p in people}
    person = {
        (r["source"], r["account"]): r["person"] for r in lake.read(ACCOUNT_PERSON).to_pylist()
    }
    title = {r["film"]: r["title"] for r in lake.read(FILM).to_pylist() if r["source"] == "tickets"}
    return [
        r | {
            "title": title[r["film"]],
            "net": -r["quantity"] if r["refunded"] else r["quantity"],
            "showing": r["showing_at"].astimezone(ZoneInfo(ZONE)),
        }
        for r in lake.read(TICKET).to_pylist()
        if person[r["source"], r["account"]] in consenting
    ]  # fmt: skip
