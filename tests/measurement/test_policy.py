"""Whom to treat: profits on people it was not learned from, and a rule that can be read."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.measurement import read_policy, score_people
from fullhouse.measurement.policy import PolicyScores, RuleTree, Trial, tree_rule
from fullhouse.measurement.uplift_trees import Bins, best_tree
from fullhouse.view.words.readout import policy_sentences, rule_sentence

READ = {
    "arm": "arm",
    "treated": "mail",
    "control": "none",
    "outcome": "seen",
    "covariates": ["city", "age"],
}
MONEY = {"cost_each": 1.0, "margin": 20.0}


def _table(seed=1, n=8000, moved=0.2, everybody=0.0):
    """The mail moves people in city b only, and, if so, everybody."""
    g = np.random.default_rng(seed)
    mail, city = g.random(n) < 0.5, g.choice(["a", "b", "c", "d"], n)
    chance = 0.1 + mail * (everybody + moved * (city == "b"))
    return pa.table(
        {
            "arm": np.where(mail, "mail", "none"),
            "city": city,
            "age": g.integers(15, 80, n),
            "seen": g.random(n) < chance,
        }
    )


@pytest.mark.slow
def test_the_rule_names_whom_the_mail_moves():
    policy = read_policy(_table(), **READ, **MONEY, repeats=1)
    # A quarter are moved by .2, worth 4 each at a cost of 1: 6,000 of 8,000 people.
    for earned in (policy.scores, policy.tree):
        assert earned.profit.low <= 6000 <= earned.profit.high
        assert earned.profit.low > 0
    assert policy.everybody.treated == 1
    assert policy.everybody.profit.low <= 0 <= policy.everybody.profit.high
    assert policy.over_all.low > 0
    assert rule_sentence(policy).startswith("Rule: treat people with city being 'b'")
    assert any("Treating by score earns" in s for s in policy_sentences(policy))
    assert policy.to_dict()["rule"][0]["conditions"][0] == {
        "column": "city", "relation": "is", "value": "b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (_table(moved=0.0, everybody=0.3), "Rule: treat everybody."),
        (_table(moved=0.0, everybody=-0.05), "Rule: treat nobody."),
    ],
)
def test_everybody_and_nobody_are_rules_too(table, sentence):
    assert rule_sentence(read_policy(table, **READ, **MONEY, repeats=1)) == sentence


@pytest.mark.slow
def test_profits_hold_the_truth_as_often_as_they_promise():
    """Treating everybody earns what is known; 95 % intervals over 20 trials."""
    held = 0
    for seed in range(20):
        table = _table(seed, n=2000)
        profit = read_policy(table, **READ, **MONEY, repeats=1, folds=2).everybody.profit
        held += profit.low <= 2000 * (20 * 0.05 - 1) <= profit.high
    # Fewer than 16 of 20 would come in fewer than 1 of 300 tries.
    assert held >= 16


def test_everybody_gets_a_score_in_the_tables_order():
    table = pa.concat_tables(
        [_table(), _table(2, n=500).set_column(0, "arm", pa.array(["x"] * 500))]
    )
    scored = score_people(table, **READ, **MONEY)
    assert scored.num_rows == 8500
    assert scored.select(table.column_names) == table
    treat = scored["treat"].to_numpy()
    assert (treat == (scored["uplift"].to_numpy() > 0.05)).all()
    moved = scored["city"].to_numpy() == "b"
    assert treat[moved].mean() > 0.95
    assert treat[~moved].mean() < 0.3


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(-1, 1))
def test_each_person_is_in_one_leaf_and_the_rule_does_what_the_tree_does(seed, least):
    g = np.random.default_rng(seed)
    columns = np.column_stack([g.normal(size=300), g.random(300) < 0.5, g.integers(0, 5, 300)])
    bins = Bins.of(columns)
    fitted = RuleTree(
        bins, best_tree(bins.codes(columns), bins.sizes, g.normal(size=300), range(3))
    )
    names = [("a", None), ("b", "yes"), ("c", None)]
    rule = tree_rule(fitted, names, columns, least)
    treat, leaves = np.zeros(300, dtype=bool), np.zeros(300)
    tests = {
        "above": lambda x, v: x > v, "at most": lambda x, v: x <= v,
        "is": lambda x, v: x == (1 if v == "yes" else v),
        "is not": lambda x, v: x != (1 if v == "yes" else v),
    }  # fmt: skip
    for leaf in rule:
        inside = np.ones(300, dtype=bool)
        for c in leaf.conditions:
            inside &= tests[c.relation](columns[:, "abc".index(c.column)], c.value)
        leaves += inside
        treat |= inside & leaf.treat
    assert (leaves == 1).all()
    assert sum(leaf.share for leaf in rule) == pytest.approx(1)
    # Leaves that are treated alike stand as one: what is done is the same, not each value.
    assert (treat == (fitted.predict(columns) > least)).all()


@pytest.mark.parametrize(
    ("given_money", "message"),
    [
        ({"cost_each": -1.0, "margin": 1.0}, "at least 0"),
        ({"cost_each": 1.0, "margin": 0.0}, "above 0"),
        ({"cost_each": 1.0, "margin": float("nan")}, "above 0"),
        ({"cost_each": 1.0, "margin": 1.0, "covariates": ["age", "seen"]}, "two things"),
    ],
)
def test_mistakes_are_named(given_money, message):
    with pytest.raises(InputError, match=message):
        read_policy(_table(n=2000), **(READ | given_money))


@pytest.mark.slow
def test_a_rule_sees_what_only_two_columns_together_say():
    g = np.random.default_rng(9)
    x, mail = g.normal(size=(12_000, 4)), g.random(12_000) < 0.5
    moved = (x[:, 0] > 0.3) != (x[:, 1] > -0.2)
    table = pa.table(
        {
            "arm": np.where(mail, "mail", "none"),
            "seen": g.random(12_000) < 0.1 + 0.15 * (mail & moved),
            **{f"x{k}": x[:, k] for k in range(4)},
        }
    )
    asked = READ | {"covariates": ["x0", "x1", "x2", "x3"]}
    policy = read_policy(table, **asked, cost_each=1.0, margin=12.0, repeats=1)
    assert {c.column for leaf in policy.rule for c in leaf.conditions} == {"x0", "x1"}
    assert policy.tree.profit.low > 0
    assert policy.scores.profit.low > 0
    treat = score_people(table, **asked, cost_each=1.0, margin=12.0)["treat"].to_numpy()
    assert (treat == moved).mean() > 0.9


def test_a_small_uplift_along_several_columns_is_followed_by_a_straight_line():
    g = np.random.default_rng(4)
    x = g.normal(size=(20_000, 5))
    uplift = 0.10 + 0.03 * np.tanh(x[:, 0] - x[:, 1])
    mail = (g.random(len(x)) < 0.5).astype(np.float64)
    seen = (g.random(len(x)) < 0.2 + uplift * mail).astype(np.float64)
    products = np.column_stack([x, *(x[:, [i]] * x[:, i + 1 :] for i in range(4))])
    figures = PolicyScores(Trial(products, x, seen, mail))(Trial(products, x, seen, mail))
    assert figures.shape == (20_000, 6)
    assert np.corrcoef(figures[:, 0], uplift)[0, 1] > 0.7
