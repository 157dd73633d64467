"""Campaigns: the same thresholds with and without, and files that say what came of it."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from fullhouse.core.errors import InputError
from fullhouse_sim.campaign import CHANNELS, Line, deliveries, read_deliveries
from fullhouse_sim.film import weights
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.market import Market
from fullhouse_sim.outcomes import exposed, play
from fullhouse_sim.parties import heads
from fullhouse_sim.population import people
from fullhouse_sim.respond import respond
from fullhouse_sim.season import RUN, season

MARKET = Market(people=65_536, seed=7, past_films=60)
CROWD = people(MARKET, 0)
FILM = next(f for f in slate(MARKET) if f.id == scenario(MARKET).film)
RELEASE = (FILM.release - MARKET.first_day).days
GROWN = np.flatnonzero(CROWD.age >= 18)


def campaign(who, *, frequency=6, channel="push", treated=None, name="line", days_before=10):
    size = len(who)
    return deliveries(
        MARKET,
        [Line(name, "everybody", channel)],
        person=who,
        line=np.zeros(size, np.int64),
        treated=np.ones(size, np.bool_) if treated is None else treated,
        day=np.full(size, RELEASE - days_before),
        frequency=np.full(size, frequency),
    )


def played(given, film=FILM):
    return play(MARKET, season(MARKET), CROWD, film.number, given)


@pytest.fixture(scope="module")
def half():
    """Every third grown person, half of them held out."""
    who = GROWN[::3]
    given = campaign(who, treated=np.arange(len(who)) % 2 == 0)
    return given, *played(given)


@pytest.mark.slow
def test_for_a_family_film_the_head_of_a_household_buys_for_all():
    family = next(f for f in slate(MARKET) if f.family)
    _, visits, truth = played(campaign(GROWN[:0]), film=family)
    assert len(visits)
    assert heads(CROWD)[visits.buyer].all()
    assert truth.tickets[~heads(CROWD)].sum() == 0


def test_without_deliveries_nothing_changes():
    shown, visits, truth = played(campaign(GROWN[:0]))
    assert not len(shown)
    assert not truth.reached.any()
    np.testing.assert_array_equal(truth.tickets, truth.tickets_without)
    assert visits.quantity.sum() == truth.tickets.sum()


def test_households_that_saw_nothing_do_what_they_would_have_done(half):
    _, shown, _, truth = half
    home = np.bincount(CROWD.household[shown.person], minlength=CROWD.household[-1] + 1) > 0
    np.testing.assert_array_equal(truth.reached, home[CROWD.household])
    np.testing.assert_array_equal(
        truth.tickets[~truth.reached], truth.tickets_without[~truth.reached]
    )
    untouched = played(campaign(GROWN[:0]))[2]
    np.testing.assert_array_equal(truth.tickets_without, untouched.tickets)


def test_the_held_out_are_shown_nothing(half):
    given, shown, _, _ = half
    assert given.treated[shown.delivery].all()
    assert (np.bincount(shown.delivery, minlength=len(given)) <= given.frequency).all()


def test_the_campaign_sells_tickets_and_puts_some_off(half):
    _, _, _, truth = half
    difference = truth.tickets - truth.tickets_without
    own = truth.impressions > 0
    assert truth.tickets[own].sum() > 1.2 * truth.tickets_without[own].sum()
    assert (difference < 0).any()


def test_a_household_hears_of_it_less_than_who_saw_it(half):
    _, _, _, truth = half
    own, others = truth.impressions > 0, truth.reached & (truth.impressions == 0)
    more = [truth.tickets[g].sum() / truth.tickets_without[g].sum() for g in (own, others)]
    assert 1 < more[1] < more[0]


def test_visits_are_the_tickets_of_the_truth_within_the_run(half):
    _, _, visits, truth = half
    np.testing.assert_array_equal(
        np.bincount(visits.buyer, visits.quantity, len(CROWD)).astype(int), truth.tickets
    )
    run_day = visits.showing_day - RELEASE
    assert run_day.min() >= 0
    assert run_day.max() < RUN
    assert (visits.day <= visits.showing_day).all()


def test_who_has_bought_before_an_impression_has_bought():
    late = campaign(GROWN, days_before=-20)
    shown, visits, _ = played(late)
    assert shown.day.min() >= RELEASE + 20
    _, before, _ = played(campaign(GROWN[:0]))
    early = before.day <= RELEASE + 20
    kept = np.isin(visits.buyer, before.buyer[early])
    for name in vars(before):
        np.testing.assert_array_equal(
            np.sort(getattr(visits, name)[kept]), np.sort(getattr(before, name)[early])
        )


@pytest.mark.slow
def test_frequency_saturates_and_then_tires():
    sold = [played(campaign(GROWN, frequency=f))[2].tickets.sum() for f in (1, 8, 16, 100)]
    base = played(campaign(GROWN[:0]))[2].tickets.sum()
    once, eight, sixteen, hundred = (s - base for s in sold)
    assert 0 < once < eight
    assert sixteen < 1.8 * eight
    assert hundred < sixteen


def test_a_channel_shows_rather_to_those_who_would_go_anyway():
    draw = weights(FILM, CROWD)
    for name in ("social", "push"):
        given = campaign(GROWN, channel=name)
        shown = exposed(MARKET, CROWD, draw, given)
        seen = np.isin(GROWN, shown.person)
        ratio = draw[GROWN][seen].mean() / draw[GROWN][~seen].mean()
        assert ratio > (2 if name == "social" else 1.1)


def test_one_line_does_not_change_who_is_shown_another():
    draw = weights(FILM, CROWD)
    one, all_ = (exposed(MARKET, CROWD, draw, campaign(w)) for w in (GROWN[:500], GROWN))
    who = np.isin(all_.person, GROWN[:500])
    np.testing.assert_array_equal(all_.person[who], one.person)
    np.testing.assert_array_equal(all_.day[who], one.day)


def test_clicks_are_about_as_common_as_the_channel_says():
    shown = exposed(MARKET, CROWD, weights(FILM, CROWD), campaign(GROWN))
    assert 0.5 < shown.clicked.mean() / CHANNELS["push"].clicks < 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The part of a simulated folder that a campaign needs."""
    owners = tmp_path / "truth" / "owners"
    owners.mkdir(parents=True)
    who = GROWN[::2]
    table = pa.table(
        {
            "source": ["tickets"] * len(who) + ["shop"] * 100,
            "account": [f"T{p:06d}" for p in who] + [f"S{p:06d}" for p in who[:100]],
            "person": np.concatenate([who, who[:100]]),
        }
    )
    pa.parquet.write_table(table, owners / "part-00000.parquet")
    return tmp_path


def rows_of(size=2_000, **changed):
    who = GROWN[::2][:size]
    plain = {
        "source": ["tickets"] * len(who),
        "account": [f"T{p:06d}" for p in who],
        "line": ["one"] * len(who),
        "audience": ["grown"] * len(who),
        "channel": ["push"] * len(who),
        "arm": ["treated", "held_out"] * (len(who) // 2),
        "day": [FILM.release - timedelta(days=8)] * len(who),
        "frequency": [5] * len(who),
    }
    return pa.table(plain | changed)


def test_a_campaign_is_written_as_feeds_and_truth(folder):
    pa.parquet.write_table(rows_of(), folder / "plan.parquet")
    result = respond(MARKET, folder, folder / "plan.parquet")
    shown = pa.csv.read_csv(folder / "respond" / "impressions-tickets.csv.gz")
    sales = pa.csv.read_csv(folder / "respond" / "sales.csv.gz")
    assert (result.impressions, result.sales) == (len(shown), len(sales))
    assert result.clicks == len(pa.csv.read_csv(folder / "respond" / "clicks-tickets.csv.gz"))
    assert set(shown["film"].to_pylist()) == {FILM.id}
    sold_at = np.array(sales["sold_at"].to_pylist())
    assert (sold_at == np.sort(sold_at)).all()
    effects = {(e.kind, e.name): e for e in result.effects}
    arms = [effects["arm", a] for a in ("treated", "held_out", "not delivered")]
    assert sum(a.tickets for a in arms) == effects["all", "all"].tickets
    assert effects["arm", "held_out"].impressions == 0
    assert effects["arm", "treated"].incremental > 0
    assert result.to_dict()["effects"][0]["people"] == MARKET.people
    cities = [e for e in result.effects if e.kind == "city"]
    assert sum(c.incremental for c in cities) == effects["all", "all"].incremental
    truth = pa.parquet.read_table(folder / "truth" / "respond" / "people.parquet")
    assert sum(truth["tickets"].to_pylist()) == effects["all", "all"].tickets


def test_sales_name_everybody_with_an_account_treated_or_not(folder):
    pa.parquet.write_table(rows_of(), folder / "plan.parquet")
    respond(MARKET, folder, folder / "plan.parquet")
    members = pa.csv.read_csv(folder / "respond" / "sales.csv.gz")["member"].to_pylist()
    delivered = set(rows_of()["account"].to_pylist())
    assert set(members) - delivered
    assert len(set(members)) > 0.005 * len(GROWN) / 2


def test_the_same_campaign_gives_the_same_bytes_from_parquet_and_csv(folder):
    pa.parquet.write_table(rows_of(), folder / "plan.parquet")
    pa.csv.write_csv(rows_of(), folder / "plan.csv")
    first = respond(MARKET, folder, folder / "plan.parquet", folder / "a")
    second = respond(MARKET, folder, folder / "plan.csv", folder / "b")
    assert first.effects == second.effects
    for file in sorted((folder / "a").iterdir()):
        assert file.read_bytes() == (folder / "b" / file.name).read_bytes()


WRONG = {
    "no such channel": (rows_of(channel=["puhs"] * 2_000), "Did you mean 'push'"),
    "no such arm": (rows_of(arm=["control"] * 2_000), "treated, held_out"),
    "not an account": (rows_of(account=["X1"] * 2_000), "2,000 rows of accounts"),
    "before today": (rows_of(day=[MARKET.today] * 2_000), "after 2025-06-30"),
    "too often": (rows_of(frequency=[0] * 2_000), "from 1 to 100, not 0"),
    "two channels": (rows_of(channel=["push", "email"] * 1_000), "one of each"),
    "column left out": (rows_of().drop_columns(["arm"]), "no column arm"),
    "no date": (rows_of(day=["soon"] * 2_000), "day cannot be read as date32"),
    "half an impression": (rows_of(frequency=[0.5] * 2_000), "frequency cannot be read"),
    "a gap": (rows_of(line=[None] + ["one"] * 1_999), "empty values in line"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_campaign_is_refused(folder, case):
    rows, words = WRONG[case]
    pa.parquet.write_table(rows, folder / "plan.parquet")
    with pytest.raises(InputError, match=words):
        read_deliveries(MARKET, folder / "plan.parquet", folder / "truth" / "owners")


def test_other_tools_types_are_read_too(folder):
    rows = rows_of()
    types = {"account": pa.large_string(), "arm": pa.dictionary(pa.int8(), pa.string())}
    for name in rows.column_names:
        kind = types.get(name, rows[name].type)
        rows = rows.set_column(rows.column_names.index(name), name, rows[name].cast(kind))
    rows = rows.set_column(6, "day", rows["day"].cast(pa.timestamp("us")))
    pa.parquet.write_table(rows, folder / "plan.parquet")
    result, _ = read_deliveries(MARKET, folder / "plan.parquet", folder / "truth" / "owners")
    assert len(result) == len(rows)
    assert set(result.day.tolist()) == {RELEASE - 8}


def test_a_folder_that_is_no_market_is_refused(tmp_path):
    with pytest.raises(InputError, match="no simulated market"):
        respond(MARKET, tmp_path, tmp_path / "plan.csv")


def test_a_file_that_is_not_there_is_reported_missing(folder):
    with pytest.raises(InputError, match=r"no file .*plan\.csv"):
        respond(MARKET, folder, folder / "plan.csv")
