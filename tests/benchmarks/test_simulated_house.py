"""The house of a simulated market: the feeds' own events, and truth that luck agrees with."""

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy.sparse import csr_array

from benchmarks.simulated_house import (
    House,
    fine,
    house,
    oracle_capture,
    slug,
    stratified,
    true_affinity,
)
from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    CONSENT,
    FILM,
    PERSON_TABLE,
    PRODUCT,
    PURCHASE,
    TICKET,
    VIEW,
    WANT_TO_SEE,
)
from fullhouse.stats import risk_ratio
from fullhouse_sim.feeds import declarations
from fullhouse_sim.film import all_weights
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.market import Market
from fullhouse_sim.write import simulate

SMALL = Market(people=2_000, past_films=20, days=28)
WEEK = [SMALL.day(day).isoformat() for day in range(7)]
"""The days whose files are taken in the long way."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house(SMALL, tmp_path_factory.mktemp("made") / "house")


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> app.Context:
    """The same market the long way: files, declarations, ingest; of the events, a week's."""
    folder = tmp_path_factory.mktemp("ingested")
    simulate(SMALL, folder / "market")
    workspace = app.init_house(str(folder / "house"), simulated=True)
    feeds = folder / "market" / "feeds"
    for feed in declarations(SMALL):
        if "accounts" not in feed.name:
            files = sorted((feeds / feed.files).glob("*")) or [feeds / feed.files]
            some = [str(f) for f in files if len(files) == 1 or f.name[:10] in WEEK]
            app.ingest(workspace, app.IngestFiles(feeds / f"{feed.name}.toml", tuple(some)))
    return workspace


@pytest.mark.parametrize("table", [PURCHASE, VIEW, TICKET, WANT_TO_SEE], ids=lambda t: t.name)
def test_events_are_those_of_the_feeds(made, ingested, table):
    def rows(workspace):
        week = pc.field("day") <= SMALL.day(6)
        rows = workspace.lake.read(table, where=week).drop_columns(["batch"])
        return rows.sort_by("event_id").to_pylist()

    assert rows(ingested)
    assert rows(made.workspace) == rows(ingested)


@pytest.mark.parametrize("table", [PRODUCT, FILM, CONSENT], ids=lambda t: t.name)
def test_things_and_consent_are_those_of_the_feeds(made, ingested, table):
    def rows(workspace):
        drop = [c for c in ("batch", "event_id") if c in table.names]
        rows = workspace.lake.read(table).drop_columns(drop)
        return sorted(map(repr, rows.to_pylist()))

    assert rows(made.workspace) == rows(ingested)


def test_every_account_is_its_owners(made):
    owners = made.workspace.lake.read(ACCOUNT_PERSON)
    persons = made.workspace.lake.read(PERSON_TABLE)
    assert set(owners["person"].to_pylist()) == set(persons["person"].to_pylist())
    truth = made.truth
    ids = {
        (m.source, account): int(crowd.person[who])
        for crowd, of in zip(truth.crowd, truth.members, strict=True)
        for m in of
        for account, who in zip(m.ids.to_pylist(), m.person, strict=True)
    }
    owners_rows = zip(
        *(owners[c].to_pylist() for c in ("source", "account", "person")), strict=True
    )
    assert {(source, account): person for source, account, person in owners_rows} == ids


def test_known_marks_and_visits_are_as_many_as_their_chances_say(made):
    """Over all films: the sum of independent draws is within four deviations of its mean."""
    every = app.traits_list(made.workspace, app.ListTraits(rare=True)).traits
    known = {t.name: t.persons for t in every}
    for trait, chance in (("wants", made.truth.marks_known), ("saw", made.truth.saw_known)):
        seen, mean, variance = 0, 0.0, 0.0
        for film in slate(SMALL):
            seen += known.get(f"{trait}:{slug(film)}", 0)
            p = chance(film)
            mean, variance = mean + p.sum(), variance + (p * (1 - p)).sum()
        assert seen > 0
        assert abs(seen - mean) < 4 * np.sqrt(variance) + 0.05 * mean


def test_a_group_goes_as_its_draw_says(made):
    """With chances so small, the ratio of two groups' chances is that of their draws."""
    film = made.truth.film(scenario(SMALL).film)
    draws = np.concatenate([all_weights((film,), c)[:, 0] for c in made.truth.crowd])
    dog = made.truth.is_a("dog")
    early = made.truth.marks(film, by=SMALL.today)
    ratio = early[dog].mean() / early[~dog].mean()
    assert ratio == pytest.approx(draws[dog].mean() / draws[~dog].mean(), rel=0.05)


def test_the_whole_run_holds_every_day_of_it(made):
    film = made.truth.film(scenario(SMALL).null_film)
    by_today = made.truth.goes(film, by=SMALL.today)
    assert (by_today <= made.truth.goes(film) + 1e-12).all()
    assert (made.truth.goes(film, by=film.release) > 0).any()


def test_dirty_markets_are_refused(tmp_path):
    with pytest.raises(InputError, match="clean events only"):
        house(Market(people=1_000, days=28, scenario="dirty-data"), tmp_path / "house")


def test_true_affinity_is_the_ratio_that_everybodys_chance_gives():
    """Strata with ratios of 2 throughout give 2, whatever the strata's levels and shares."""
    g = np.random.default_rng(1)
    strata = g.integers(0, 5, 4_000)
    has = g.random(4_000) < np.array([0.1, 0.2, 0.4, 0.6, 0.8])[strata]
    chance = 0.01 * (1 + strata) * np.where(has, 2.0, 1.0)
    column = csr_array(has[:, None].astype(np.float32))
    assert true_affinity(chance, column, [strata], [0]) == pytest.approx([2.0])
    assert true_affinity(chance, column, [0 * strata], [0])[0] > 2.5


def test_drawn_outcomes_give_the_estimate_by_hand():
    g = np.random.default_rng(2)
    strata, has, seen = g.integers(0, 3, 900), g.random(900) < 0.3, g.random(900) < 0.2
    four = [[(strata == s) & t & o for s in range(3)] for t, o in
            ((has, seen), (has, True), (~has, seen), (~has, True))]  # fmt: skip
    wanted = risk_ratio(*(np.array([w.sum() for w in part], float) for part in four))
    estimate = stratified(seen, csr_array(has[:, None].astype(np.float32)), [strata], [0])
    computed, hand = ([float(getattr(r, n).item()) for n in ("ratio", "low", "high")]
                  for r in (estimate, wanted))  # fmt: skip
    assert computed == pytest.approx(hand)


def test_fine_strata_keep_apart_who_has_accounts_elsewhere():
    log_activity = np.linspace(-2, 2, 1_000)
    sources = np.tile([1, 3], 500)
    strata = fine(log_activity, sources, quantiles=10)
    assert not set(strata[sources == 1]) & set(strata[sources == 3])
    assert len(set(strata.tolist())) == 20


def test_capture_is_one_for_the_oracle_and_a_tenth_for_no_order():
    chance = np.random.default_rng(3).random(1_000) ** 3
    assert oracle_capture(chance, np.log(chance)) == pytest.approx(1)
    best = np.sort(chance)[-100:].sum()
    assert oracle_capture(chance, np.zeros(1_000)) == pytest.approx(chance.mean() * 100 / best)
