"""Marks and trailers of a campaign: with it and without, from the same thresholds."""

import gzip
from collections import Counter
from datetime import UTC, datetime
from math import exp

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.feeds.check import check
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse_sim import feeds
from fullhouse_sim.campaign import CHANNELS, COLUMNS, Line, deliveries
from fullhouse_sim.film import has_heard, weights
from fullhouse_sim.films import scenario
from fullhouse_sim.going import wanting
from fullhouse_sim.market import Market
from fullhouse_sim.marking import NEVER, marking
from fullhouse_sim.outcomes import MEMORY_DAYS, PUT_OFF, exposed
from fullhouse_sim.population import people
from fullhouse_sim.respond import respond
from fullhouse_sim.season import WANT_DAYS, season

MARKET = Market(people=30_000, past_films=20, days=60, scenario="the-case")
CROWD = people(MARKET, 0)
SEASON = season(MARKET)
FILM = next(f for f in SEASON.films if f.id == scenario(MARKET).film)
RELEASE = int(SEASON.release[FILM.number])
HEARD = has_heard(FILM, CROWD)
GROWN = np.flatnonzero(CROWD.age >= 18)
TREATED = GROWN[::2]


def _given(who: np.ndarray):
    size = len(who)
    return deliveries(
        MARKET,
        [Line("line", "everybody", "push")],
        person=who,
        line=np.zeros(size, np.int64),
        treated=np.ones(size, np.bool_),
        day=np.full(size, MARKET.days + 1),
        frequency=np.full(size, 20),
    )


def _marked(who: np.ndarray):
    given = _given(who)
    shown = exposed(MARKET, CROWD, weights(FILM, CROWD), given)
    return shown, marking(MARKET, SEASON, CROWD, FILM.number, given, shown)


@pytest.fixture(scope="module")
def half():
    return _marked(TREATED)


def test_without_a_campaign_marks_are_those_of_the_feeds_and_go_on_after_them() -> None:
    _, marks = _marked(GROWN[:0])
    assert (marks.day == marks.day_without).all()
    before = wanting(MARKET, SEASON, CROWD)
    own = before.film == FILM.number
    so_far = np.flatnonzero(marks.day < MARKET.days)
    assert sorted(before.person[own].tolist()) == so_far.tolist()
    order = np.argsort(before.person[own])
    np.testing.assert_array_equal(before.day[own][order], marks.day[so_far])
    assert marks.since(MARKET.days)[0].sum() > 20
    assert (marks.trailer < 0).all()


def test_only_households_that_saw_it_change_and_none_before_the_day_after(half) -> None:
    shown, marks = half
    first = np.full(int(CROWD.household.max()) + 1, NEVER)
    np.minimum.at(first, CROWD.household[shown.person], shown.day)
    first = first[CROWD.household]
    changed = marks.day != marks.day_without
    assert changed.sum() > 20
    assert (first[changed] < NEVER).all()
    assert (np.minimum(marks.day, marks.day_without)[changed] > first[changed]).all()


@pytest.mark.slow
def test_of_those_who_had_not_heard_as_many_mark_as_what_they_were_shown_explains(half) -> None:
    """The chance of a mark by hand, one person and day after the other."""
    shown, marks = half
    once = Counter(CROWD.household[np.unique(shown.person)].tolist())
    days: dict[int, list[int]] = {}
    for person, day in zip(shown.person.tolist(), shown.day.tolist(), strict=True):
        days.setdefault(person, []).append(day)
    # Of households with one member who saw it, so that nothing comes from others.
    who = [p for p in days if once[int(CROWD.household[p])] == 1 and not HEARD[p]]
    draw = weights(FILM, CROWD)
    wants = SEASON.wants[FILM.number]
    expected = 0.0
    for p in who:
        interest = 0.0
        for t in range(1, WANT_DAYS):
            day = RELEASE - WANT_DAYS + t
            dose = sum(
                CHANNELS["push"].strength * exp(-(day - d - 1) / MEMORY_DAYS)
                for d in days[p]
                if day > d
            )
            informed = 1 - exp(-dose)
            aware = float(SEASON.awareness[FILM.number, CROWD.city[p], 0])
            more = (aware + (1 - aware) * informed) / aware * exp(0.25 * informed)
            more = (1 - PUT_OFF) * more + PUT_OFF * exp(-1.2 * informed)
            interest += float(wants[t] - wants[t - 1]) * more * informed
        expected += 1 - exp(-float(draw[p]) * interest)
    observed = int((marks.day[who] < NEVER).sum())
    assert expected > 15
    assert abs(observed - expected) < 5 * expected**0.5
    assert (marks.day_without[who] == NEVER).all()


def test_a_trailer_is_watched_after_an_own_impression_and_by_who_likes_it(half) -> None:
    shown, marks = half
    watched = np.flatnonzero(marks.trailer >= 0)
    assert len(watched) > 50
    np.testing.assert_array_equal(shown.person[marks.trailer[watched]], watched)
    draw = weights(FILM, CROWD)
    saw = np.unique(shown.person)
    assert draw[watched].mean() > draw[saw].mean()
    assert 0 <= marks.share[watched].min() <= marks.share[watched].max() <= 1


@pytest.mark.slow
def test_a_pilot_does_the_same_under_the_same_ids_when_its_campaign_follows(tmp_path) -> None:
    owners = tmp_path / "truth" / "owners"
    owners.mkdir(parents=True)
    who = GROWN[:6_000]
    accounts = [f"T{p:06d}" for p in who]
    table = {"source": ["tickets"] * len(who), "account": accounts, "person": who}
    pa.parquet.write_table(pa.table(table), owners / "part-00000.parquet")
    until = MARKET.day(MARKET.days + 15)
    files = []
    for name, start, share in (("pilot", 1, 3), ("main", 17, 1)):
        rows = {c: [] for c in COLUMNS}
        for account in accounts[::share]:
            given = ("tickets", account, name, "grown", "push", "treated",
                     MARKET.day(MARKET.days + start), 6)  # fmt: skip
            for column, value in zip(rows, given, strict=True):
                rows[column].append(value)
        files.append(tmp_path / f"{name}.parquet")
        pa.parquet.write_table(pa.table(rows), files[-1])
    early = respond(MARKET, tmp_path, files[0], tmp_path / "early", until=until)
    again = respond(MARKET, tmp_path, files, tmp_path / "again", until=until)
    whole = respond(MARKET, tmp_path, files, tmp_path / "whole")
    assert early.impressions == again.impressions < whole.impressions
    assert 0 < early.marks < whole.marks
    for file in ("impressions-tickets.csv.gz", "clicks-tickets.csv.gz", "sales.csv.gz",
                 "wants.jsonl.gz", "trailers.csv.gz"):  # fmt: skip
        lines = [_lines(tmp_path / of / file) for of in ("early", "again", "whole")]
        assert lines[0] == lines[1], file
        assert set(lines[0]) <= set(lines[2]), file
        assert len(set(lines[2])) == len(lines[2]), file
    with pytest.raises(InputError, match="must be after"):
        respond(MARKET, tmp_path, files, until=MARKET.today)


def _lines(path):
    return gzip.decompress(path.read_bytes()).decode().splitlines()


@pytest.mark.slow
def test_what_is_written_is_the_truth_and_the_feeds_take_it(tmp_path) -> None:
    owners = tmp_path / "truth" / "owners"
    owners.mkdir(parents=True)
    accounts = [f"T{p:06d}" for p in GROWN]
    table = {"source": ["tickets"] * len(GROWN), "account": accounts, "person": GROWN}
    pa.parquet.write_table(pa.table(table), owners / "part-00000.parquet")
    rows = {
        "source": ["tickets"] * len(GROWN), "account": accounts, "line": ["one"] * len(GROWN),
        "audience": ["grown"] * len(GROWN), "channel": ["push"] * len(GROWN),
        "arm": (["treated", "held_out"] * len(GROWN))[: len(GROWN)],
        "day": [MARKET.day(MARKET.days + 1)] * len(GROWN), "frequency": [6] * len(GROWN),
    }  # fmt: skip
    pa.parquet.write_table(pa.table(rows), tmp_path / "log.parquet")
    result = respond(MARKET, tmp_path, tmp_path / "log.parquet")
    truth = pa.parquet.read_table(tmp_path / "truth" / "respond" / "people.parquet").to_pandas()
    effects = {(e.kind, e.name): e for e in result.effects}
    for arm in ("treated", "held_out"):
        of = truth[truth["arm"] == arm]
        there = effects["arm", arm]
        assert (there.marks, there.marks_without) == (of.marks.sum(), of.marks_without.sum())
    assert effects["arm", "treated"].marks > effects["arm", "treated"].marks_without
    # Everybody grown has an account, and nobody else may.
    assert result.marks == truth[np.isin(truth["person"], GROWN)].marks.sum() > 30
    declared = {f.name: Feed.parse(f.toml, name=f.name) for f in feeds.declarations(MARKET)}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for name, file in (
        ("tickets-wants", "wants.jsonl.gz"),
        ("tickets-trailers", "trailers.csv.gz"),
    ):
        path = [File(str(tmp_path / "respond" / file))]
        checked = check(declared[name], path, key=b"k" * 32, settings=Settings(), now=now)
        [one] = checked.files
        count = result.marks if "wants" in file else result.trailers
        assert (one.error, one.refused or {}, one.read) == (None, {}, count)
