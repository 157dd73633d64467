"""A campaign from plan to readout, on a small simulated house with sales put in by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fullhouse as fh
from benchmarks.simulated_house import House, house
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.tables import ACCOUNT_PERSON, FILM, IMPRESSION, TICKET
from fullhouse.measurement.campaign_readout import Interim, NoImpressions
from fullhouse.measurement.collect_campaign import film_sales
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.workspace.runs import runs
from fullhouse_sim.market import Market

MARKET = Market(people=20_000, days=60, past_films=60)
OPENING = date(2025, 8, 15)
BOUGHT = {"treated": 0.40, "held_out": 0.10}
PRICE = 9.5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # Under a key of its own: who is in which arm is then the same in every run.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        yield house(MARKET, tmp_path_factory.mktemp("campaign") / "house")


@pytest.fixture(scope="module")
def plan(made: House) -> Plan:
    film = fh.film_add(
        made.workspace,
        fh.AddFilm(
            "The Puppy of Ashgrove",
            opening=OPENING,
            territory="ZZ",
            known_on=date(2025, 6, 1),
            values={"overview": "A dog waits for the family that left it.", "genres": "Drama"},
        ),
    )
    return fh.plan_film(
        made.workspace, fh.PlanFilm(film, budget=300.0, as_of=MARKET.today, expected_people=300,
        name="puppy", weeks=2, holdout=0.3))  # fmt: skip


@pytest.fixture(scope="module")
def launched(made: House, plan: Plan, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("deliveries")
    done = fh.campaign_launch(
        made.workspace, fh.LaunchCampaign("puppy", name="ashgrove", folder=folder)
    )
    return folder, done


@pytest.fixture(scope="module")
def piloted(made: House, plan: Plan, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("pilot")
    request = fh.PilotFilm(
        plan.film, 25.0, "early", folder, as_of=MARKET.today, expected_people=300
    )
    return folder, request, fh.campaign_pilot(made.workspace, request)


def test_power_is_the_detectable_effect_before_anything_is_sent(made: House, plan: Plan) -> None:
    whole, *parts = fh.campaign_power(made.workspace, fh.PowerOfCampaign("puppy", rate=0.05))
    assert whole.name == "the whole campaign"
    assert whole.treated + whole.held_out >= max(p.treated + p.held_out for p in parts)
    assert all(whole.smallest <= p.smallest for p in parts)
    half = fh.campaign_power(made.workspace, fh.PowerOfCampaign("puppy", rate=0.05, holdout=0.5))[0]
    assert half.smallest < whole.smallest


@pytest.mark.slow
def test_a_plan_requested_twice_is_looked_up(made: House, plan: Plan) -> None:
    def finished() -> int:
        return sum(r.kind == "PlanFilm" for r in runs(made.workspace))

    before = finished()
    asked = {"budget": 300.0, "as_of": MARKET.today, "expected_people": 300, "weeks": 2}
    again = fh.plan_film(made.workspace, fh.PlanFilm(plan.film, holdout=0.3, **asked))
    assert again == replace(plan, name="")
    assert finished() == before
    fh.plan_film(made.workspace, fh.PlanFilm(plan.film, holdout=0.2, **asked))
    assert finished() == before + 1


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
    consenting = fh.audience_count(
        made.workspace, fh.CountAudience("everyone", purpose="advertising")
    )
    assert sum(n["treated"] for _, n in done.lines) > 0
    assert max(n["treated"] + n["held_out"] for _, n in done.lines) <= consenting.persons
    assert any(n.get("no_consent", 0) for _, n in done.lines)


def test_launching_again_changes_no_arm_and_another_plan_is_refused(
    made: House, launched, tmp_path: Path
) -> None:
    _, done = launched
    again = fh.campaign_launch(
        made.workspace, fh.LaunchCampaign("puppy", name="ashgrove", folder=tmp_path, holdout=0.8)
    )
    assert again.campaign.body["holdout"] == 0.3, "what it began with, not what is asked now"
    assert again.resumed
    assert [f.digest for f in again.files] == [f.digest for f in done.files]
    assert [c.name for c in fh.campaign_list(made.workspace, fh.ListCampaigns())] == ["ashgrove"]
    with pytest.raises(CannotTellError, match="take in later ones"):
        fh.campaign_readout(made.workspace, fh.ReadCampaign("ashgrove", as_of=MARKET.today))
    with pytest.raises(InputError, match=r"No plan 'pupy'\. Did you mean 'puppy'"):
        fh.campaign_launch(made.workspace, fh.LaunchCampaign("pupy", name="x", folder=tmp_path))


def test_a_readout_finds_what_was_put_in_and_the_next_plan_starts_from_it(
    made: House, plan: Plan, launched
) -> None:
    folder, _ = launched
    until = OPENING + timedelta(days=10)
    with analysis_sample(made.workspace, territory="ZZ") as now:
        film, days = now.find(plan.film), {"first": OPENING, "until": until}
        with pytest.raises(CannotTellError, match="would look like no effect"):
            film_sales(now, film, **days, currency="USD")
    with pytest.raises(CannotTellError, match="take in later ones"):
        fh.campaign_readout(made.workspace, fh.ReadCampaign("ashgrove", as_of=OPENING))
    sold, arms = _sell(made, folder, plan.film, OPENING + timedelta(days=2))
    only_look = fh.ReadCampaign("ashgrove", as_of=until, learn=False)
    shown = fh.campaign_readout(made.workspace, only_look)
    whole = shown.on("tickets")[0].effect
    # Without covariates it is the plain difference of what was put in.
    means = {arm: sold[arm] / size for arm, size in arms.items()}
    plain = whole.effect if whole.cuped is None else whole.cuped.plain
    assert plain.value == pytest.approx(means["treated"] - means["held_out"])
    assert whole.effect.low > 0
    gross = shown.on("gross")[0].effect
    assert gross.control_mean == pytest.approx(PRICE * whole.control_mean)
    assert any(c.name for c in shown.checks), "arms are checked against the assignment log"
    groups = {e.group for e in shown.effects}
    assert {"whole", "audience", "channel", "cities", "line", "habit"} <= groups
    known = fh.ListLearned(as_of=until)
    assert fh.campaign_learned(made.workspace, known) == [], "nothing was to be saved"
    fh.campaign_readout(made.workspace, fh.ReadCampaign("ashgrove", as_of=until, cards=False))
    taught = fh.campaign_learned(made.workspace, known)
    # Four times as many tickets: a response of three, give or take the error of some hundreds.
    assert taught
    assert all(abs(x.response - 3.0) < 4 * x.error for x in taught)
    assert all(x.doses and set(x.doses) <= {y.channel for y in plan.lines} for x in taught)
    assert fh.campaign_learned(made.workspace, fh.ListLearned(as_of=OPENING)) == []


def test_looks_before_the_end_have_an_interval_of_their_own(made: House, launched) -> None:
    early = fh.campaign_readout(
        made.workspace,
        fh.ReadCampaign("ashgrove", as_of=OPENING + timedelta(days=10), learn=False),
    )
    whole = early.on("tickets")[0].effect
    assert 0 < early.share_observed < 1
    assert any(isinstance(n, Interim) for n in early.notes)
    assert whole.always_valid is not None
    assert whole.always_valid.high - whole.always_valid.low > whole.effect.high - whole.effect.low


def test_a_repeated_look_is_not_computed_again(
    made: House, launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = fh.ReadCampaign("ashgrove", as_of=OPENING + timedelta(days=9), learn=False)
    first = fh.campaign_readout(made.workspace, look)

    def computed(*_: object) -> None:
        raise AssertionError("computed twice")

    monkeypatch.setattr("fullhouse.app.readouts.collect_campaign", computed)
    assert fh.campaign_readout(made.workspace, look) == first


def test_money_is_what_was_shown_at_the_plans_price(made: House, plan: Plan, launched) -> None:
    folder, _ = launched
    until = OPENING + timedelta(days=10)
    only_look = fh.ReadCampaign("ashgrove", as_of=until, learn=False)
    before = fh.campaign_readout(made.workspace, only_look)
    assert before.spend == pytest.approx(plan.spend), "as planned, where nothing came back"
    assert any(isinstance(n, NoImpressions) for n in before.notes)
    line = plan.lines[0]
    shown_to = _show(made, folder, line.id, line.week)
    after = fh.campaign_readout(made.workspace, only_look)
    (exposure,) = [e for e in after.exposures if e.impressions]
    assert (exposure.line, exposure.impressions, exposure.clicks) == (line.id, 2 * shown_to, 0)
    assert 0 < exposure.reached <= shown_to, "two accounts may be one person"
    price = line.spend / line.impressions
    silent = sum(x.spend for x in plan.lines if x.channel != line.channel)
    assert after.spend == pytest.approx(price * exposure.impressions + silent)
    whole, gross = after.on("tickets")[0].effect, after.on("gross")[0].effect
    assert whole.cost_each is not None
    assert whole.return_on_spend is None
    assert gross.return_on_spend is not None
    assert gross.return_on_spend.value == pytest.approx(gross.total.value / after.spend)
    assert whole.cost_each.value == pytest.approx(after.spend / whole.total.value)


def test_a_forecast_moves_from_what_was_planned_to_what_was_measured(
    made: House, plan: Plan, launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = SimpleNamespace(day=OPENING + timedelta(days=2), cumulative=[5e4] * 7)
    base = SimpleNamespace(
        known={}, days=[day],
        ranges={"total": SimpleNamespace(median=1e5, between=lambda _: (5e4, 2e5))},
    )  # fmt: skip
    monkeypatch.setattr("fullhouse.app.readouts.forecast_film", lambda *_, **__: base)
    first = fh.campaign_outlook(made.workspace, fh.OutlookCampaign("ashgrove", as_of=OPENING))
    assert first.basis == "planned"
    assert first.added.middle == pytest.approx(plan.gross.middle, rel=0.05)
    request = fh.OutlookCampaign("ashgrove", as_of=OPENING + timedelta(days=20))
    later = fh.campaign_outlook(made.workspace, request)
    assert later.basis == "measured"
    assert later.added.middle > first.added.middle, "four times as many tickets were sold"
    assert later.base == first.base
    assert first.base.low < first.total.low < later.total.low


def test_nothing_differs_between_people_where_all_were_moved_alike(
    made: House, launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = OPENING + timedelta(days=10)
    with pytest.raises(CannotTellError, match="need 500 in each arm"):
        fh.campaign_uplift(made.workspace, fh.UpliftCampaign("ashgrove", as_of=until))
    monkeypatch.setattr("fullhouse.measurement.uplift.LEAST_PEOPLE", 100)
    uplift = fh.campaign_uplift(made.workspace, fh.UpliftCampaign("ashgrove", as_of=until))
    assert uplift.people > 500
    assert not uplift.proven


def _show(made: House, folder: Path, line: str, week: date) -> int:
    """Two impressions for each account of a line's treated; how many accounts."""
    log = pq.read_table(folder / "assigned.parquet").to_pylist()
    treated = [r for r in log if r["line"] == line and r["arm"] == "treated"]
    at = datetime.combine(week, time(12), tzinfo=UTC)
    rows = [
        {"source": r["source"], "account": r["account"], "event_id": f"i-{i}-{k}", "at": at,
         "day": week, "line": line, "channel": r["channel"], "batch": "shown by hand"}
        for i, r in enumerate(treated)
        for k in range(2)
    ]  # fmt: skip
    made.workspace.lake.append(
        IMPRESSION, pa.Table.from_pylist(rows, IMPRESSION.schema), batch="shown by hand"
    )
    return len(treated)


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
         "film": "F-ASH", "quantity": 1.0, "unit_price": PRICE, "currency": "USD",
         "batch": "by hand"}
        for p, a in sorted(arm.items())
        if p in account and g.random() < BOUGHT[a]
    ]  # fmt: skip
    lake.append(TICKET, pa.Table.from_pylist(sold, TICKET.schema), batch="sales by hand")
    buyers = [arm[int(r["event_id"].removeprefix("ash-"))] for r in sold]
    return {a: buyers.count(a) for a in BOUGHT}, {a: list(arm.values()).count(a) for a in BOUGHT}


@pytest.mark.slow
def test_a_plan_learns_from_who_wanted_the_film_in_the_arms_of_a_pilot(
    made: House, plan: Plan, launched
) -> None:
    folder, _ = launched
    first = min(x.week for x in plan.lines)
    _sell(made, folder, plan.film, first)
    again = fh.PlanFilm(
        plan.film, budget=300.0, as_of=first + timedelta(days=3), expected_people=300,
        weeks=2, holdout=0.3, pilot="ashgrove",
    )  # fmt: skip
    with pytest.raises(CannotTellError, match="began on"):
        # What people did since is not laid out yet: days that are not known tell nothing.
        fh.plan_film(made.workspace, again)
    fh.traits_build(made.workspace, fh.BuildTraits(as_of=first + timedelta(days=3)))
    learned = fh.plan_film(made.workspace, again)
    assert learned.pilot == "ashgrove"
    counts = [a.pilot for a in learned.by_headroom if a.pilot is not None]
    assert counts
    assert sum(c.treated for c in counts) > sum(c.held_out for c in counts) > 0


def test_a_pilot_that_does_not_tell_of_the_film_is_refused(
    made: House, plan: Plan, launched
) -> None:
    asked = {"budget": 300.0, "expected_people": 300, "weeks": 2}
    with pytest.raises(InputError, match="No campaign 'ashgrov'"):
        fh.plan_film(made.workspace, fh.PlanFilm(plan.film, pilot="ashgrov", **asked))
    with pytest.raises(InputError, match="a pilot tells of its own film"):
        fh.plan_film(made.workspace, fh.PlanFilm("other-2025", pilot="ashgrove", **asked))
    early = fh.PlanFilm(plan.film, pilot="ashgrove", as_of=MARKET.today, **asked)
    with pytest.raises(CannotTellError):
        fh.plan_film(made.workspace, early)


@pytest.mark.slow
def test_a_pilot_is_launched_as_other_campaigns_are_and_looked_at(
    made: House, launched, piloted, tmp_path: Path
) -> None:
    folder, request, done = piloted
    plan, started = done.plan, done.launched
    assert plan.spend <= 25.0 + 1e-9
    assert started.campaign.body["holdout"] == 0.6
    log = pq.read_table(folder / "assigned.parquet").to_pandas()
    arms = log.groupby("account")["arm"].nunique()
    assert (arms == 1).all()
    # Nobody is in two audiences of it.
    assert (log.groupby("account")["audience"].nunique() == 1).all()
    assert (log["frequency"] == log["frequency"].iloc[0]).all()
    again = fh.campaign_pilot(
        made.workspace, replace(request, budget=999.0, holdout=0.2, folder=tmp_path)
    )
    assert again.launched.resumed
    assert (again.plan, again.launched.lines) == (plan, started.lines)
    with pytest.raises(InputError, match="another name"):
        fh.campaign_pilot(made.workspace, replace(request, film="another-2025"))
    first = min(x.week for x in plan.lines)
    late = OPENING - timedelta(days=8)
    with pytest.raises(CannotTellError, match="began on"):
        # Nothing that people did since is laid out yet.
        fh.campaign_look(made.workspace, fh.LookAtPilot("early", MARKET.today, budget=0))
    with pytest.raises(InputError, match="is no pilot"):
        fh.campaign_pilot(made.workspace, replace(request, name="ashgrove"))
    with pytest.raises(InputError, match="is no pilot"):
        fh.campaign_look(made.workspace, fh.LookAtPilot("ashgrove", late))
    fh.traits_build(made.workspace, fh.BuildTraits(as_of=late))
    look = fh.campaign_look(made.workspace, fh.LookAtPilot("early", late, budget=0, end=True))
    by_line = dict(started.lines)
    for a in look.audiences:
        [one, *_] = [x.id for x in plan.lines if x.rule == a.rule]
        assert a.counts.treated >= by_line[one]["treated"]
        assert a.counts.treated + a.counts.held_out > 0
    assert look.whole.counts.treated == sum(a.counts.treated for a in look.audiences)
    assert (look.as_of, look.first, look.by, look.better) == (late, first, "person", None)
    assert look.ended == look.ends
    saved = {c.name: c for c in fh.campaign_list(made.workspace, fh.ListCampaigns())}
    assert (saved["early"].cancelled is not None) == look.ends
