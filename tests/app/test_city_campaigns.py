"""A campaign by city on a small house: pairs, lot, file, readout against what was put in."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse.app.campaigns import (
    campaign_cities,
    campaign_cities_power,
    campaign_cities_readout,
)
from fullhouse.campaigns.cities import window
from fullhouse.cli import campaign_cities as cli
from fullhouse.control.campaigns import campaigns, readouts
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.view.words.readout import city_pairs_sentences
from fullhouse.workspace.context import Context
from tests.app.city_house import (
    CITIES,
    CITY_OF,
    CODE,
    OPENING,
    PEOPLE,
    TODAY,
    city_house,
    keep_plan,
    plan,
    sell,
)

BOUGHT = {True: 0.6, False: 0.3}
"""Chance of a ticket in a treated city and in another: an effect of 100 %."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Context, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        workspace, film = city_house(tmp_path_factory.mktemp("cities") / "house")
        yield workspace, film
        workspace.close()


@pytest.fixture(scope="module")
def launched(made, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("out") / "cities"
    request = fh.LaunchCities("puppy", "ashgrove", weeks=2, as_of=TODAY)
    return fh.write_cities(campaign_cities(made[0], request), folder)


def test_like_cities_are_paired_and_each_is_on_one_side(launched) -> None:
    cities = [c for pair in launched.design.pairs for c in pair]
    assert sorted(cities) == sorted(CITIES)
    assert set(launched.design.treated) | set(launched.design.left_out) == set(CITIES)
    sizes = np.bincount(CITY_OF, minlength=20)
    apart = [
        np.log(sizes[CITIES.index(a)] / sizes[CITIES.index(b)]) for a, b in launched.design.pairs
    ]
    # Any two cities are a factor of 2.5 apart at the median.
    assert np.median(np.abs(apart)) < np.log(1.6)
    before = launched.campaign.body["before"]
    assert date.fromisoformat(launched.campaign.body["before_last"]) == TODAY
    assert all(before[c] > 0 for c in cities)
    assert (launched.first, launched.last) == (OPENING, OPENING + timedelta(days=13))


def test_power_comes_from_past_films_and_keeps_nothing(made, launched) -> None:
    before = len(campaigns(made[0].control))
    power = campaign_cities_power(made[0], fh.PowerOfCities("puppy", weeks=2, as_of=TODAY))
    assert power.pairs == launched.design.pairs
    assert power.films == 8
    assert power.smallest == launched.smallest
    # 1,000 tickets in two weeks, 500 on a side: 2.8 standard errors of a ratio are 18 %, and sizes
    # that differ make it more.
    assert 0.15 < power.smallest < 0.5
    assert len(campaigns(made[0].control)) == before
    long = fh.PowerOfCities("puppy", start=OPENING, weeks=26, as_of=TODAY)
    none = campaign_cities_power(made[0], long)
    assert (none.smallest, none.films) == (None, 0)


def test_the_file_says_where_to_buy(launched) -> None:
    with launched.file.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {r["city"] for r in rows if r["media"] == "buy"} == set(launched.design.treated)
    assert {r["city"] for r in rows if r["media"] == "leave out"} == set(launched.design.left_out)
    assert all([r["pair"] for r in rows].count(str(n)) == 2 for n in range(1, 11))


def test_launching_again_changes_nothing_and_another_plan_is_refused(made, launched) -> None:
    workspace, film = made
    other = fh.LaunchCities("puppy@1", name="ashgrove", weeks=9, start=date(2026, 1, 1))
    again = campaign_cities(workspace, other)
    assert again.resumed
    assert (again.design, again.last) == (launched.design, launched.last)
    keep_plan(workspace, film, "other")
    with pytest.raises(InputError, match=r"carries out puppy@1: launch other@1 under another name"):
        campaign_cities(workspace, fh.LaunchCities("other", name="ashgrove", weeks=2, as_of=TODAY))
    with pytest.raises(InputError, match="name of a campaign"):
        campaign_cities(workspace, fh.LaunchCities("puppy", name="A s", weeks=2, as_of=TODAY))
    late = fh.LaunchCities("puppy", name="late", start=date(2025, 6, 1), as_of=TODAY)
    with pytest.raises(InputError, match="drawn before media"):
        campaign_cities(workspace, late)


def test_what_is_of_people_refuses_a_campaign_by_city(made, launched, tmp_path) -> None:
    workspace, _ = made
    cases = (
        (fh.campaign_readout, fh.ReadCampaign), (fh.campaign_outlook, fh.OutlookCampaign),
        (fh.campaign_uplift, fh.UpliftCampaign),
    )  # fmt: skip
    for ask, request in cases:
        with pytest.raises(InputError, match="ashgrove was drawn by city"):
            ask(workspace, request("ashgrove"))
    with pytest.raises(InputError, match="by person under another name"):
        fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", name="ashgrove", folder=tmp_path))


def test_another_name_is_another_lot_of_the_same_pairs(made, launched) -> None:
    other = campaign_cities(made[0], fh.LaunchCities("puppy", name="other", weeks=2, as_of=TODAY))
    assert not other.resumed
    assert other.design.pairs == launched.design.pairs
    assert other.design.treated != launched.design.treated


@pytest.mark.slow
def test_a_readout_recovers_a_planted_effect_and_states_when_it_is_too_early(
    made, launched
) -> None:
    workspace, _ = made
    with pytest.raises(CannotTellError, match="Nothing is known after 30 June 2025"):
        campaign_cities_readout(workspace, fh.ReadCities("ashgrove", as_of=OPENING))
    until = launched.last + timedelta(days=3)
    fh.traits_build(workspace, fh.BuildTraits(as_of=OPENING))
    with pytest.raises(CannotTellError, match="would look like no effect"):
        campaign_cities_readout(workspace, fh.ReadCities("ashgrove", as_of=until))
    g = np.random.default_rng(5)
    treated = np.isin(np.array(CITIES)[CITY_OF], launched.design.treated)
    who = np.flatnonzero(g.random(PEOPLE) < np.where(treated, BOUGHT[True], BOUGHT[False]))
    # The last buyers come after the window, and do not count.
    days = [OPENING + timedelta(days=int(d)) for d in g.integers(0, 17, len(who))]
    sell(workspace, CODE, who, days)
    fh.traits_build(workspace, fh.BuildTraits(as_of=until))
    readout = campaign_cities_readout(
        workspace, fh.ReadCities("ashgrove", as_of=until, spend=1000.0)
    )
    inside = np.array([d <= launched.last for d in days])
    assert readout.sold == np.sum(inside & treated[who])
    assert readout.sold_control == np.sum(inside & ~treated[who])
    assert readout.relative.low < 1.0 < readout.relative.high
    assert readout.relative.low > 0.3
    assert readout.returned.value == pytest.approx(readout.units.value * 9.0 / 1000)
    assert [n.code for n in readout.notes] == ["city_tickets_of_house", "money_at_price"]
    early = campaign_cities_readout(
        workspace, fh.ReadCities("ashgrove", as_of=OPENING + timedelta(days=6))
    )
    assert early.end == OPENING, "what the traits of that day know of"
    assert [n.code for n in early.notes] == ["city_tickets_of_house", "window_still_open"]
    assert "The window runs to" in city_pairs_sentences(early)[-1]
    assert [r.as_of for r in readouts(workspace.control, "ashgrove")] == [launched.last, early.end]


def test_a_window_must_reach_the_opening(made) -> None:
    week = timedelta(days=7)
    theirs = plan(made[1])
    assert window(theirs, None, None) == (OPENING, OPENING + 4 * week - timedelta(days=1))
    assert window(theirs, OPENING - week, 2) == (OPENING - week, OPENING + timedelta(days=6))
    for start, weeks in ((OPENING - 2 * week, 2), (OPENING + 5 * week, None)):
        with pytest.raises(InputError, match="must end after"):
            window(theirs, start, weeks)
    with pytest.raises(InputError, match="at least 1 week"):
        window(theirs, None, 0)
    with pytest.raises(InputError, match="has no lines"):
        window(plan(made[1], lines=()), None, 2)


def test_the_commands_print_and_say_what_is_wrong(made, launched) -> None:
    where = ["-w", str(made[0].place.path)]
    run = CliRunner()
    launched_again = run.invoke(
        cli.commands,
        ["launch", "puppy", "--name", "ashgrove", "--json", *where],
        catch_exceptions=False,
    )
    assert '"resumed": true' in launched_again.stdout
    shown = run.invoke(
        cli.commands, ["power", "puppy", "--weeks", "2", "--as-of", f"{TODAY}", *where],
        catch_exceptions=False,
    )  # fmt: skip
    assert "8 past films" in shown.stdout
    for arguments, message in (
        (["readout", "ashgrov"], "Did you mean 'ashgrove'"),
        (["launch", "pupy", "--name", "x"], "Did you mean 'puppy'"),
        (["launch", "puppy", "--name", "x", "--start", "July"], "--start must be a date"),
    ):
        with pytest.raises(InputError, match=message):
            run.invoke(cli.commands, [*arguments, *where], catch_exceptions=False)
