"""What is noticed of an experiment's table before its effects are believed."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_experiment, read_uplift
from fullhouse.measurement.experiment import (
    CovariateExplains,
    IntervalsApart,
    RepeatedRows,
    TwoFactors,
)
from fullhouse.measurement.experiment_table import two_factors
from fullhouse.measurement.uplift import compared_arms
from fullhouse.view.words.readout import effect_sentence, effect_sentences, readout_sentences

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


@pytest.mark.parametrize("other", ["T", "C ", "ｔ", "Ｃ"])
def test_arms_that_differ_in_capitals_or_width_only_are_refused(other):
    with pytest.raises(InputError, match="write each of the arms one way"):
        read_experiment(_table(arms=("c", "t", other)), **READ)


@pytest.mark.parametrize("other", ["t ", " t", "t\t", "t\u200b", "\ufefft", "\u00a0t"])
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
    sentences = effect_sentences(early)
    at = next(i for i, line in enumerate(sentences) if "only then do the ranges below" in line)
    assert at < next(i for i, line in enumerate(sentences) if "of the control's" in line)
    done = read_experiment(table, **READ, intended=2000).effects[0]
    assert done.headline is done.effect
    assert done.proven


def test_several_intervals_are_not_claimed_to_hold_at_once():
    assert _notes(_table(arms=("c", "t", "u")), IntervalsApart)[0].intervals == 2
    assert not _notes(_table(), IntervalsApart)


def test_two_factors_are_recognised():
    assert _notes(_table(arms=("c", "t", "u", "t+u")), TwoFactors)
    assert not _notes(_table(arms=("c", "t", "u")), TwoFactors)


WORDS = st.text("abcdefgh ", min_size=1, max_size=8).map(str.strip).filter(bool)


@given(
    st.lists(WORDS, min_size=2, max_size=4, unique=True),
    st.lists(WORDS, min_size=2, max_size=4, unique=True),
    st.sampled_from([" + ", "_", "/", ", ", " & ", "-", " x "]),
)
def test_two_factors_are_recognised_in_whatever_words(one, other, joined):
    arms = [a + joined + b for a in one for b in other]
    assert two_factors(arms) == tuple(arms)


@pytest.mark.parametrize(
    ("arms", "crossed"),
    [
        (("neither", "mail", "push", "both"), True),
        (("00", "01", "10", "11"), True),
        (("mail1", "mail2", "push1", "push2"), True),
        (tuple(str(n) for n in range(10, 30)), False),
        (tuple(f"arm {n}" for n in range(10, 30)), False),
        (("control", "red", "green", "blue"), False),
        (("5 %", "10 %", "15 %", "20 %"), False),
    ],
)
def test_what_is_two_factors_and_what_only_numbered(arms, crossed):
    assert bool(two_factors(arms)) is crossed


@pytest.mark.parametrize("other", ["T", "ｔ"])
def test_who_to_treat_is_not_learned_from_half_of_an_arm(other):
    table = _table(n=8000, arms=("c", "t", other, "N/A"))
    about = {"arm": "arm", "treated": "t", "control": "c", "outcome": "visit",
             "covariates": ["before"]}  # fmt: skip
    with pytest.raises(InputError, match="write each of the arms one way"):
        read_uplift(table, **about, seed=0)
    table = _table(n=8000, arms=("c", "t", "t\u200b", "N/A"))
    _, y, w = compared_arms(table, **about)
    assert len(y) == sum(a != "N/A" for a in table["arm"].to_pylist())
    assert w.sum() == sum(a.startswith("t") for a in table["arm"].to_pylist())


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
    with pytest.raises(InputError, match="not packed with gzip"):
        read_experiment(file, **READ)
    file.write_bytes(gzip.compress((tmp_path / "x.csv").read_bytes())[:-30])
    with pytest.raises(InputError, match="cannot be read"):
        read_experiment(file, **READ)
    (tmp_path / "y.csv").write_bytes(gzip.compress(b"arm,visit\nc,1\n"))
    with pytest.raises(InputError, match="is packed with gzip: name it"):
        read_experiment(tmp_path / "y.csv", **READ)


@pytest.mark.parametrize("by", [";", "\t", "|"])
def test_columns_that_are_not_separated_by_commas_are_named(tmp_path, by):
    (tmp_path / "x.csv").write_text(f"arm{by}visit\nc{by}1\nt{by}0\n")
    with pytest.raises(InputError, match="separate them by commas"):
        read_experiment(tmp_path / "x.csv", **READ)
