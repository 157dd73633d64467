"""What is noticed of an experiment's table before its effects are believed."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_experiment
from fullhouse.measurement.experiment import (
    CovariateExplains,
    IntervalsApart,
    RepeatedRows,
    TwoFactors,
)
from fullhouse.view.words.readout import effect_sentence, readout_sentences

READ = {"arm": "arm", "control": "c", "outcomes": ["visit"]}


def _table(seed=1, n=2000, arms=("c", "t"), effect=0.0):
    g = np.random.default_rng(seed)
    arm = g.choice(arms, n)
    before = g.normal(size=n)
    return pa.table(
        {
            "arm": arm,
            "before": before,
            "age": g.integers(15, 80, n),
            "visit": (g.random(n) < 0.3 + effect * (arm == "t")).astype(int),
        }
    )


def _notes(table, kind, **more):
    return [n for n in read_experiment(table, **(READ | more)).notes if isinstance(n, kind)]


@pytest.mark.parametrize("name", ["", "  ", "NaN", "nan", "NULL", "N/A"])
def test_blank_arms_are_refused(name):
    with pytest.raises(InputError, match="names no arm"):
        read_experiment(_table(arms=("c", "t", name)), **READ)


@pytest.mark.parametrize("other", ["T", "C "])
def test_arms_that_differ_in_capitals_only_are_refused(other):
    with pytest.raises(InputError, match="write one arm one way"):
        read_experiment(_table(arms=("c", "t", other)), **READ)


@pytest.mark.parametrize("other", ["t ", " t", "t\t"])
def test_blanks_around_an_arm_do_not_make_another(other):
    readout = read_experiment(_table(arms=("c", "t", other)), **READ)
    assert list(readout.people) == ["c", "t"]
    assert sum(readout.people.values()) == 2000


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("named", [True, False])
def test_people_in_several_rows_are_noticed(seed, named):
    table = _table(seed, n=300)
    if named:
        table = table.append_column("person", pa.array(np.arange(300)))
    thrice = pa.concat_tables([table] * 3)
    (note,) = _notes(thrice, RepeatedRows)
    assert (note.rows, note.rows_people) == (900, 300)
    assert (
        "900 rows seem to be of 300 people" in readout_sentences(read_experiment(thrice, **READ))[0]
    )
    assert not _notes(table, RepeatedRows)


@pytest.mark.parametrize("seed", range(20))
def test_people_who_are_alike_by_chance_are_not_noticed(seed):
    table = _table(seed, n=3000)
    for columns in (["arm", "age", "visit"], ["arm", "visit"], ["arm", "before", "age", "visit"]):
        assert not _notes(table.select(columns), RepeatedRows)


def test_a_covariate_that_is_the_outcome_is_noticed():
    table = _table()
    g = np.random.default_rng(2)
    nearly = table["visit"].to_numpy() + g.normal(0, 0.05, table.num_rows)
    table = table.append_column("later", pa.array(nearly))
    (note,) = _notes(table, CovariateExplains, covariates=["later"])
    assert note.rho2 > 0.9
    assert not _notes(table, CovariateExplains, covariates=["before"])


@pytest.mark.parametrize("moved", [0.3, -0.5, 2.0])
def test_a_covariate_that_the_arm_moved_stops_the_readout_and_is_named_as_a_cause(moved):
    table = _table(4)
    later = table["before"].to_numpy() + moved * (np.array(table["arm"].to_pylist()) == "t")
    table = table.append_column("later", pa.array(later))
    with pytest.raises(CannotTellError, match="a covariate measured after the start"):
        read_experiment(table, **READ, covariates=["later"])


def test_before_the_planned_end_the_range_for_any_look_leads():
    table = _table(3, effect=0.05)
    early = read_experiment(table, **READ, intended=20_000).effects[0]
    assert early.headline is early.always_valid
    assert not early.proven
    assert early.effect.p < 0.05
    assert "at any look" in effect_sentence(early)
    done = read_experiment(table, **READ, intended=2000).effects[0]
    assert done.headline is done.effect
    assert done.proven


def test_several_intervals_are_not_claimed_to_hold_at_once():
    assert _notes(_table(arms=("c", "t", "u")), IntervalsApart)[0].intervals == 2
    assert not _notes(_table(), IntervalsApart)


def test_two_factors_are_recognised():
    assert _notes(_table(arms=("c", "t", "u", "t+u")), TwoFactors)
    assert not _notes(_table(arms=("c", "t", "u")), TwoFactors)


def test_relative_effects_are_never_below_all_lost():
    arm = np.repeat(["c", "t"], 1000)
    lost = pa.table({"arm": arm, "visit": (np.arange(2000) < 10).astype(int)})
    relative = read_experiment(lost, **READ).effects[0].relative
    assert (relative.value, relative.low) == (-1, -1)
    assert relative.high == pytest.approx(-0.62, abs=0.01)
    won = pa.table({"arm": arm, "visit": (np.arange(2000) >= 1990).astype(int)})
    effect = read_experiment(won, **READ).effects[0]
    assert effect.relative.value == effect.relative.high == float("inf")
    assert "at least" in " ".join(readout_sentences(read_experiment(won, **READ)))


def test_gzipped_csv_is_read_and_a_broken_one_is_refused(tmp_path):
    table, file = _table(), tmp_path / "x.csv.gz"
    pa_csv.write_csv(table, tmp_path / "x.csv")
    file.write_bytes(gzip.compress((tmp_path / "x.csv").read_bytes()))
    assert read_experiment(file, **READ) == read_experiment(tmp_path / "x.csv", **READ)
    file.write_bytes(b"arm,visit\nc,1\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_experiment(file, **READ)
