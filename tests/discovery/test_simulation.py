"""Houses with known truth: activity alone gives nothing, a true ratio comes back."""

import dataclasses

import numpy as np
import pytest

from fullhouse.discovery.compare import compare
from tests.discovery.house import BUILD, from_counts, outcome_of, trait

TRUE = 2.3
NULLS = 10


def _house(folder, seed, *, people=2500, mean=40.0, least=1, shuffle=False, burst=False):
    """People of very unequal activity buy; trait 0 makes the outcome 2.3 times as likely."""
    g = np.random.default_rng(seed)
    active = np.exp(g.normal(0, 1, people))
    active *= mean / active.mean()
    counts = np.zeros((people, NULLS + 2), dtype=int)
    for t in range(NULLS + 1):
        counts[:, t] = g.poisson(active * 0.7 / mean)
    others = g.poisson(active)
    risk = 0.1 * active / mean * np.where(counts[:, 0] >= least, TRUE, 1)
    column = (g.random(people) < np.minimum(risk, 1)).astype(int)
    if shuffle:
        column = g.permutation(column)
    counts[:, -1] = column * g.geometric(0.3, people) if burst else column
    blocks, traits, base = from_counts(folder, counts, others, least=least)
    traits[-1] = trait(NULLS + 1, f"buys:t{NULLS + 1}", "purchase")
    return blocks, traits, base, outcome_of(traits[-1], counts, np.arange(people))


def _rows(folder, seed, **options):
    blocks, traits, base, outcome = _house(folder, seed, **options)
    result = compare(BUILD, outcome, traits=traits, base=base, blocks=blocks)
    return {r.trait: r for r in result.rows}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "least", "burst"),
    [(5.0, 1, False), (40.0, 1, False), (40.0, 2, False), (40.0, 1, True)],
    ids=["few events", "many events", "trait needs two", "outcome in bursts"],
)
def test_activity_alone_gives_nothing_and_a_true_ratio_comes_back(tmp_path, mean, least, burst):
    runs = [
        _rows(tmp_path / str(s), s, mean=mean, least=least, burst=burst, people=5000)
        for s in range(16)
    ]
    null = [r[f"buys:t{t}"] for r in runs for t in range(1, NULLS + 1)]
    true = [r["buys:t0"] for r in runs]
    assert 2.7 < np.exp(np.mean([np.log(r.naive) for r in null])) < 5
    # What strata of finite width leave is under 5 %: judge.LEFT_OVER. The mean of 160 null logs
    # (error .11 each, and correlated within a run) is good to .02.
    assert abs(np.mean([np.log(r.ratio) for r in null])) < np.log(1.05) + 0.02
    assert abs(np.mean([np.log(r.ratio / TRUE) for r in true])) < np.log(1.05) + 3 * 0.1 / 4
    assert np.mean([r.low <= TRUE <= r.high for r in true]) >= 0.75  # 16 runs of 95 %
    assert all(r.verdict == "associated" for r in true)
    assert np.mean([r.verdict in ("associated", "avoided") for r in null]) <= 0.05


@pytest.mark.slow
def test_intervals_hold_one_for_null_traits(tmp_path):
    runs = [_rows(tmp_path / str(s), 100 + s) for s in range(40)]
    null = [r[f"buys:t{t}"] for r in runs for t in range(1, NULLS + 1)]
    held = np.mean([r.low <= 1 <= r.high for r in null])
    assert 0.93 <= held <= 0.97 + 0.01  # 400 intervals: standard error .011


@pytest.mark.slow
def test_shuffled_labels_give_no_discoveries(tmp_path):
    runs = [_rows(tmp_path / str(s), 200 + s, shuffle=True) for s in range(60)]
    false = sum(any(r.verdict in ("associated", "avoided") for r in run.values()) for run in runs)
    assert false <= 3 + 4  # at most 5 % of 60, and twice its standard error


def test_placebo_that_shows_as_much_takes_a_finding_away(tmp_path):
    blocks, traits, base, outcome = _house(tmp_path, 7)
    alone = compare(BUILD, outcome, traits=traits, base=base, blocks=blocks)
    twin = (dataclasses.replace(outcome[0], rule="twin"), outcome[1])
    against = compare(BUILD, outcome, traits=traits, base=base, blocks=blocks, placebo=twin)
    assert alone.verdict == "associated"
    assert [r.trait for r in alone.of("associated")] == ["buys:t0"]
    assert against.verdict != "associated"
    (row,) = [r for r in against.rows if r.trait == "buys:t0"]
    assert (row.verdict, row.reason) == ("no_association", "placebo_shows_as_much")


def test_placebo_that_shows_nothing_leaves_the_finding(tmp_path):
    blocks, traits, base, outcome = _house(tmp_path, 8, people=6000)
    counts = np.zeros((6000, NULLS + 2), dtype=int)
    g = np.random.default_rng(1)
    counts[:, 5] = g.random(6000) < 0.2
    placebo = outcome_of(traits[5], counts, np.arange(6000))
    result = compare(BUILD, outcome, traits=traits, base=base, blocks=blocks, placebo=placebo)
    assert [r.trait for r in result.of("associated")] == ["buys:t0"]
    assert result.placebo == "buys:t5"
