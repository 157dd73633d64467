"""A readout without a row for each person equals that of a table with a row for each."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.values import BLOCK_BITS
from fullhouse.measurement import Readout, read_experiment
from fullhouse.measurement.campaign_data import Counted, count_arms
from fullhouse.measurement.experiment import as_plain
from fullhouse.measurement.read_experiment import read_counted, read_part, read_parts

SIZE = 1 << BLOCK_BITS
KINDS = ("tickets", "gross", "bought", "refunds")


def _by_block(persons):
    result = {}
    for p in persons.tolist():
        result.setdefault(p >> BLOCK_BITS, BitMap()).add(p)
    return result


class Made:
    """People over two blocks in some arms and strata, some of whom did something."""

    def __init__(self, seed, *, people=3000, arms=2, active=0.1, strata=1, held=0.3):
        g = np.random.default_rng(seed)
        # Around the end of the first block, and far beyond; some are in no arm.
        near = SIZE - people // 2 + g.permutation(people)[: int(people * 0.8)]
        self.person = np.sort(np.concatenate([near, 5 * SIZE + np.arange(people // 5)]))
        n = len(self.person)
        self.arm = np.where(g.random(n) < held, 0, 1 + g.integers(max(1, arms - 1), size=n))
        self.stratum = g.integers(strata, size=n)
        self.names = ["control", "mail", "push", "banner"][:arms]
        before = (g.random(n) < active) * g.geometric(0.4, n)
        bought = (g.random(n) < active / 2) | ((before > 0) & (g.random(n) < 0.4))
        tickets = (bought * g.geometric(0.6, n)).astype(float)
        did = {
            "tickets": tickets,
            "gross": tickets * np.round(g.lognormal(2, 1, n), 2),
            "bought": bought.astype(float),
            "refunds": tickets * g.choice([-2.0, 1.0], n),
            "before": before.astype(float),
            "views": (g.random(n) < active) * np.round(g.exponential(5, n), 1),
        }
        self.values = did
        self.rest = np.setdiff1d(5 * SIZE + np.arange(people // 5 + 50), self.person)

    def counted(self, name):
        """Only those with something, and some people of no arm."""
        value = self.values[name]
        persons = np.concatenate([self.person[value != 0], self.rest])
        values = np.concatenate([value[value != 0], np.full(len(self.rest), 1000.0)])
        order = np.argsort(persons)
        return Counted(persons[order], values[order])

    def arms(self):
        return {name: _by_block(self.person[self.arm == a]) for a, name in enumerate(self.names)}

    def strata(self):
        return {
            f"city {s}": _by_block(self.person[self.stratum == s])
            for s in range(self.stratum.max() + 1)
        }

    def table(self, inside):
        return pa.table(
            {
                "arm": np.array(self.names)[self.arm[inside]],
                "stratum": [f"city {s}" for s in self.stratum[inside]],
                **{name: value[inside] for name, value in self.values.items()},
            }
        )


def _outcome(call):
    try:
        return call()
    except CannotTellError as problem:
        return str(problem)


def _close(a, b, where=""):
    """Equal, numbers up to rounding."""
    if isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            _close(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), (where, a, b)
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            _close(x, y, f"{where}[{i}]")
    elif isinstance(a, float) and isinstance(b, float):
        assert a == pytest.approx(b, rel=1e-7, abs=1e-11), (where, a, b)
    else:
        assert a == b, where


def _compare(result, expected):
    if isinstance(expected, str) or isinstance(result, str):
        assert result == expected
        return
    assert isinstance(result, Readout)
    for name in ("people", "checks", "effects", "not_checked"):
        one, two = (getattr(x, name) for x in (result, expected))
        if name in ("checks", "effects"):
            one, two = ([as_plain(e) for e in x] for x in (one, two))
        _close(one, two, name)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    people=st.sampled_from([30, 300, 3000]),
    arms=st.integers(2, 4),
    active=st.sampled_from([0.0, 0.003, 0.05, 0.3, 1.0]),
    strata=st.integers(1, 3),
    outcomes=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True),
    covariates=st.lists(st.sampled_from(["before", "views"]), max_size=2, unique=True),
    held=st.sampled_from([0.05, 0.3, 0.5]),
    part=st.sampled_from([None, 0.0, 0.02, 0.5]),
    seen=st.sampled_from([None, 0.5]),
)
def test_it_says_what_the_table_says(
    seed, people, arms, active, strata, outcomes, covariates, held, part, seen
):
    sample = Made(seed, people=people, arms=arms, active=active, strata=strata, held=held)
    inside = np.ones(len(sample.person), bool)
    if part is not None:
        inside = np.random.default_rng(seed).random(len(sample.person)) < part
    # Whatever is absent from the table altogether is an error of another kind there.
    sizes = np.bincount(sample.arm[inside], minlength=arms)
    spend = dict.fromkeys(sample.names[1:], 700.0)
    result = _outcome(
        lambda: read_counted(
            sample.arms(),
            control="control",
            outcomes={n: sample.counted(n) for n in outcomes},
            covariates={n: sample.counted(n) for n in covariates},
            strata=sample.strata() if strata > 1 else None,
            only=None if part is None else _by_block(sample.person[inside]),
            shares=dict.fromkeys(sample.names, 1) if held == 0.5 and arms == 2 else None,
            costs=spend,
            share_observed=seen,
            level=0.9,
        )
    )
    if sizes.min() == 0:
        assert isinstance(result, str)
        return
    expected = _outcome(
        lambda: read_experiment(
            sample.table(inside),
            arm="arm",
            control="control",
            outcomes=outcomes,
            covariates=covariates,
            strata="stratum" if strata > 1 else None,
            shares=dict.fromkeys(sample.names, 1) if held == 0.5 and arms == 2 else None,
            costs=spend,
            intended=None if seen is None else 2 * int(inside.sum()),
            level=0.9,
        )
    )
    _compare(result, expected)


def _people(first, last):
    return _by_block(np.arange(first, last))


ARMS = {"treated": _people(0, 900), "held_out": _people(900, 1000)}
BOUGHT = Counted(np.arange(0, 1000, 10), np.ones(100))


def test_parts_are_read_one_by_one_and_unreadable_ones_have_a_reason():
    sample = Made(3)
    outcomes = {"tickets": sample.counted("tickets"), "gross": sample.counted("gross")}
    covariates = {"before": sample.counted("before")}
    arms = sample.arms()
    counted = count_arms(arms, outcomes=outcomes, covariates=covariates)
    half = _by_block(sample.person[::2])
    parts = {"whole": None, "half": half, "nobody": {}, "one": _by_block(sample.person[:1])}
    costs = {"half": {"mail": 90.0}}
    result = read_parts(counted, parts, control="control", costs=costs, share_observed=0.5)
    assert list(result) == list(parts)
    for name, cost in (("whole", None), ("half", {"mail": 90.0})):
        alone = read_counted(
            arms, control="control", outcomes=outcomes, covariates=covariates,
            only=parts[name], costs=cost, share_observed=0.5,
        )  # fmt: skip
        assert result[name] == alone
    assert sum(result["half"].people.values()) == len(sample.person[::2])
    won = result["half"].effect("mail", "gross")
    assert won.return_on_spend.value == won.total.value / 90.0
    assert result["half"].effect("mail", "tickets").return_on_spend is not None
    assert result["whole"].effect("mail", "gross").return_on_spend is None
    assert isinstance(result["nobody"], CannotTellError)
    assert "0 people; at least 2" in str(result["nobody"])
    assert "at least 2" in str(result["one"])


def test_a_stratum_without_anybody_of_a_part_is_left_out():
    sample = Made(5, strata=2)
    counted = count_arms(
        sample.arms(), outcomes={"tickets": sample.counted("tickets")}, strata=sample.strata()
    )
    city = read_part(counted, control="control", only=sample.strata()["city 1"])
    plain_one = read_counted(
        sample.arms(), control="control", outcomes={"tickets": sample.counted("tickets")},
        only=sample.strata()["city 1"],
    )  # fmt: skip
    assert city.effects[0].effect == plain_one.effects[0].effect
    with pytest.raises(CannotTellError, match="Nobody"):
        read_part(counted, control="control", only={})


def test_persons_up_to_the_last_are_read():
    last = 2**32 - 1
    arms = {
        "treated": _by_block(np.arange(last - 99, last + 1)),
        "held_out": _by_block(np.arange(last - 199, last - 99)),
    }
    did = Counted(np.arange(last - 199, last + 1, 2), np.full(100, 2.0))
    result = read_counted(arms, control="held_out", outcomes={"tickets": did})
    assert result.effects[0].mean == result.effects[0].control_mean == 1.0


def test_arms_with_other_shares_than_meant_stop_the_readout():
    read_counted(
        ARMS, control="held_out", outcomes={"b": BOUGHT}, shares={"treated": 9, "held_out": 1}
    )
    with pytest.raises(CannotTellError, match="do not hold the people they should"):
        read_counted(
            ARMS, control="held_out", outcomes={"b": BOUGHT}, shares={"treated": 1, "held_out": 1}
        )
    before = Counted(np.arange(0, 900, 2), np.ones(450))
    with pytest.raises(CannotTellError, match="not alike before"):
        read_counted(
            ARMS, control="held_out", outcomes={"b": BOUGHT}, covariates={"before": before}
        )


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Counted(np.array([2, 1]), np.ones(2)), InputError, "ascending"),
        (lambda: Counted(np.array([1, 1]), np.ones(2)), InputError, "ascending"),
        (lambda: Counted(np.array([1, 2]), np.ones(3)), InputError, "2.*3"),
        (lambda: Counted(np.array([-1]), np.ones(1)), InputError, "not -1"),
        (lambda: Counted(np.array([2**32]), np.ones(1)), InputError, "from 0 to"),
        (lambda: Counted(np.array([1]), np.array([np.nan])), InputError, "finite"),
        (lambda: _read(control="held"), InputError, "No arm 'held'.*Did you mean 'held_out'"),
        (lambda: _read(costs={"tv": 1.0}), InputError, "No arm 'tv'"),
        (lambda: _read(shares={"treated": 1.0}), InputError, "'held_out' stands"),
        (lambda: _read(share_observed=0.0), InputError, "share of the intended"),
        (lambda: _read(outcomes={}), InputError, "No outcome"),
        (lambda: _read(covariates={"bought": BOUGHT}), InputError, "two things"),
        (lambda: _read(arms={"held_out": _people(0, 9)}), CannotTellError, "1 arm"),
        (lambda: _read(arms=ARMS | {"c": _people(7, 9)}), InputError, "Person 7 is in two arms"),
        (lambda: _read(arms=ARMS | {"c": {}}), CannotTellError, "Arm c has 0 people"),
        (lambda: _read(strata={"a": _people(0, 999)}), InputError, "Person 999.*no stratum"),
        (
            lambda: _read(strata={"a": _people(0, 950), "b": _people(949, 1000)}),
            InputError,
            "Person 949 is in two strata",
        ),
        (
            lambda: _read(strata={"a": _people(0, 901), "b": _people(901, 1000)}),
            CannotTellError,
            "1 person in stratum a",
        ),
        (
            lambda: read_parts(
                count_arms(ARMS, outcomes={"b": BOUGHT}), {"a": None}, control="held_out",
                costs={"b": {}},
            ),
            InputError,
            "No part 'b'",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def _read(**changed):
    read = {"arms": ARMS, "control": "held_out", "outcomes": {"bought": BOUGHT}} | changed
    return read_counted(read.pop("arms"), **read)
