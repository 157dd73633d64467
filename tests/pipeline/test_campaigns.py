"""A campaign from plan to readout, on a small simulated house with sales put in by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from benchmarks.simulated_house import House, house
from fullhouse.errors import CannotTellError, InputError
from fullhouse.planning.plan import Plan
from fullhouse.simulation.market import Market
from fullhouse.tables import ACCOUNT_PERSON, FILM, TICKET

MARKET = Market(people=20_000, days=60, past_films=60)
OPENING = date(2025, 8, 15)
BOUGHT = {"treated": 0.40, "held_out": 0.10}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # Under a key of its own: who is in which arm is then the same in every run.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        yield house(MARKET, tmp_path_factory.mktemp("campaign") / "house")


@pytest.fixture(scope="module")
def plan(made: House) -> Plan:
    film = fh.film_add(
        made.workspace, "The Puppy of Ashgrove", opening=OPENING, territory="ZZ",
        known_on=date(2025, 6, 1), at=datetime(2025, 6, 1, tzinfo=UTC),
        values={"overview": "A dog waits for the family that left it.", "genres": "Drama"},
    )  # fmt: skip
    return fh.plan_film(
        made.workspace, film, budget=300.0, as_of=MARKET.today, expected_people=300,
        name="puppy", weeks=2, holdout=0.3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def launched(made: House, plan: Plan, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("deliveries")
    done = fh.campaign_launch(made.workspace, "puppy", name="ashgrove", folder=folder)
    return folder, done


def test_power_says_what_could_be_seen_before_anything_is_sent(made: House, plan: Plan) -> None:
    whole, *parts = fh.campaign_power(made.workspace, "puppy", rate=0.05)
    assert whole.name == "the whole campaign"
    assert whole.treated + whole.held_out >= max(p.treated + p.held_out for p in parts)
    assert all(whole.smallest <= p.smallest for p in parts)
    half = fh.campaign_power(made.workspace, "puppy", rate=0.05, holdout=0.5)[0]
    assert half.smallest < whole.smallest


def test_only_the_treated_who_take_part_are_delivered(made: House, launched) -> None:
    folder, done = launched
    log = pq.read_table(folder / "assigned.parquet").to_pylist()
    arms = {}
    for row in log:
        arms.setdefault((row["source"], row["account"]), set()).add(row["arm"])
    assert all(len(a) == 1 for a in arms.values()), "nobody is in both arms"
    sent = {
        (r["source"], r["account"]) for f in done.files for r in pq.read_table(f.file).to_pylist()
    }
    assert sent == {who for who, arm in arms.items() if arm == {"treated"}}
    _, willing = fh.audience_count(made.workspace, "everyone", purpose="advertising")
    assert sum(n["treated"] for _, n in done.lines) > 0
    assert max(n["treated"] + n["held_out"] for _, n in done.lines) <= willing.persons
    assert any(n.get("no_consent", 0) for _, n in done.lines)


def test_launching_again_changes_no_arm_and_another_plan_is_refused(
    made: House, launched, tmp_path: Path
) -> None:
    _, done = launched
    again = fh.campaign_launch(
        made.workspace, "puppy", name="ashgrove", folder=tmp_path, holdout=0.8
    )
    assert again.campaign.body["holdout"] == 0.3, "what it began with, not what is asked now"
    assert again.resumed
    assert [f.digest for f in again.files] == [f.digest for f in done.files]
    assert [c.name for c in fh.campaign_list(made.workspace)] == ["ashgrove"]
    with pytest.raises(CannotTellError, match="later tickets"):
        fh.campaign_readout(made.workspace, "ashgrove", as_of=MARKET.today)
    with pytest.raises(InputError, match=r"No plan 'pupy'\. Did you mean 'puppy'"):
        fh.campaign_launch(made.workspace, "pupy", name="x", folder=tmp_path)


def test_a_readout_finds_what_was_put_in_and_the_next_plan_starts_from_it(
    made: House, plan: Plan, launched
) -> None:
    folder, _ = launched
    until = OPENING + timedelta(days=10)
    fh.traits_build(made.workspace, as_of=OPENING)
    with pytest.raises(CannotTellError, match="would look like no effect"):
        fh.campaign_readout(made.workspace, "ashgrove", as_of=OPENING)
    sold, arms = _sell(made, folder, plan.film, OPENING + timedelta(days=2))
    fh.traits_build(made.workspace, as_of=until)
    shown = fh.campaign_readout(made.workspace, "ashgrove", as_of=until)
    whole = shown.effects[0].effect
    # Without covariates it is the plain difference of what was put in.
    means = {arm: sold[arm] / size for arm, size in arms.items()}
    plain = whole.effect if whole.cuped is None else whole.cuped.plain
    assert plain.value == pytest.approx(means["treated"] - means["held_out"])
    assert whole.effect.low > 0
    assert any(c.name for c in shown.checks), "arms are checked against the assignment log"
    groups = {e.group for e in shown.effects}
    assert {"audience", "channel"} <= groups
    taught = fh.campaign_learned(made.workspace, as_of=until)
    # One arm over all channels of an audience: its effect is told once, not for each of them.
    assert len({x.line for x in taught}) == len({x.audience for x in taught}) == len(taught) > 0
    # Four times as many tickets: a response of three, give or take the error of some hundreds.
    assert all(abs(x.response - 3.0) < 4 * x.error for x in taught)
    assert fh.campaign_learned(made.workspace, as_of=until - timedelta(days=1)) == []


def _sell(made: House, folder: Path, film: str, day: date) -> tuple[dict[str, int], dict[str, int]]:
    """Tickets of the film, to as many of each arm as BOUGHT says; how many, and the arms' sizes.

    By persons, not by accounts; who has no account at the ticket office buys none.
    """
    lake = made.workspace.lake
    rows = lake.read(ACCOUNT_PERSON).to_pylist()
    person = {(r["source"], r["account"]): r["person"] for r in rows}
    account = {r["person"]: r["account"] for r in rows if r["source"] == "tickets"}
    arm = {
        person[r["source"], r["account"]]: r["arm"]
        for r in pq.read_table(folder / "assigned.parquet").to_pylist()
    }
    g = np.random.default_rng(4)
    at = datetime.combine(day, time(20), tzinfo=UTC)
    title, _, year = film.rpartition("-")
    new = {"source": "tickets", "film": "F-ASH", "at": at, "title": "The Puppy of Ashgrove",
           "release_year": int(year), "genres": "Drama", "batch": "by hand"}  # fmt: skip
    lake.append(FILM, pa.Table.from_pylist([new], FILM.schema), batch="film by hand")
    assert title
    sold = [
        {"source": "tickets", "account": account[p], "event_id": f"ash-{p}", "at": at, "day": day,
         "film": "F-ASH", "quantity": 1.0, "batch": "by hand"}
        for p, a in sorted(arm.items())
        if p in account and g.random() < BOUGHT[a]
    ]  # fmt: skip
    lake.append(TICKET, pa.Table.from_pylist(sold, TICKET.schema), batch="sales by hand")
    buyers = [arm[int(r["event_id"].removeprefix("ash-"))] for r in sold]
    return {a: buyers.count(a) for a in BOUGHT}, {a: list(arm.values()).count(a) for a in BOUGHT}
