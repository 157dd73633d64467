"""Anybody's experiment table: effects, checks that stop, mistakes named."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement import read_experiment
from fullhouse.stats.arms import difference, share_difference, sums
from fullhouse.stats.multiplicity import holm
from fullhouse.view.words.readout import effect_sentences, readout_sentences


def _table(seed=1, n=4000, effect=0.05, **columns):
    g = np.random.default_rng(seed)
    arm = g.choice(["none", "mail", "push"], n, p=[0.4, 0.3, 0.3])
    before = g.exponential(10, n)
    active = g.random(n) < 0.3
    ticket = g.random(n) < 0.1 + 0.2 * active + effect * (arm == "mail")
    spend = ticket * g.lognormal(2, 0.5, n) + 0.2 * before
    columns_ = {
        "person": np.arange(n),
        "arm": arm,
        "ticket": ticket.astype(int),
        "spend": spend,
        "before": before,
        "active": active,
        "city": g.choice(["a", "b"], n),
    }
    return pa.table(columns_ | columns)


READ = {"arm": "arm", "control": "none", "outcomes": ["ticket", "spend"]}


def test_plain_effects_are_the_score_and_the_difference_in_means():
    table = _table()
    result = read_experiment(table, **READ)
    arm, y, s = (table[c].to_numpy() for c in ("arm", "ticket", "spend"))
    t, c = arm == "mail", arm == "none"
    ticket = result.effect("mail", "ticket")
    assert ticket.effect == share_difference(
        int(y[t].sum()), int(t.sum()), int(y[c].sum()), int(c.sum())
    )
    other = difference(sums(s[t]), sums(s[c]))
    spend = result.effect("mail", "spend").effect
    assert (spend.value, spend.low) == pytest.approx((other.value, other.low))
    assert ticket.total.value == pytest.approx(ticket.effect.value * t.sum())
    assert [e.arm for e in result.effects] == ["mail", "mail", "push", "push"]
    slow = holm(np.array([e.effect.p for e in result.effects]))
    assert [e.holm_p for e in result.effects] == slow.tolist()


def test_covariates_narrow_and_do_not_move():
    plain = read_experiment(_table(), **READ).effect("mail", "spend")
    result = read_experiment(_table(), **READ, covariates=["before", "active", "city"])
    cuped = result.effect("mail", "spend")
    assert cuped.cuped.plain.value == pytest.approx(plain.effect.value)
    assert cuped.cuped.width == pytest.approx(cuped.cuped.theory, rel=0.03)
    assert cuped.cuped.theory < 0.95
    assert abs(cuped.effect.value - plain.effect.value) < 3 * plain.effect.se
    assert [c.name for c in result.checks] == ["balance of covariates"]


def test_strata_with_other_shares_held_out_do_not_bias():
    g, n = np.random.default_rng(2), 6000
    big = g.random(n) < 0.5
    arm = np.where(g.random(n) < np.where(big, 0.1, 0.6), "none", "mail")
    table = pa.table(
        {
            "arm": arm,
            "spend": g.normal(1.0 + 5 * big, 1) + 0.3 * (arm == "mail"),
            "size": np.where(big, "big", "small"),
            "before": g.normal(big, 1),
        }
    )
    given = {"arm": "arm", "control": "none", "outcomes": ["spend"]}
    for covariates in ([], ["before"]):
        result = read_experiment(table, **given, strata="size", covariates=covariates).effects[0]
        assert abs(result.effect.value - 0.3) < 3 * result.effect.se
        assert result.relative.value == pytest.approx(0.3 / 3.5, abs=0.03)
    assert read_experiment(table, **given).effects[0].effect.value > 1


def test_strata_that_say_nothing_change_nothing():
    plain = read_experiment(_table(), **READ).effect("mail", "spend")
    result = read_experiment(_table(), **READ, strata="city").effect("mail", "spend")
    for name in ("effect", "relative"):
        a, b = getattr(plain, name), getattr(result, name)
        assert b.high - b.low == pytest.approx(a.high - a.low, rel=0.02)
        assert b.value == pytest.approx(a.value, abs=0.2 * (a.high - a.low))


def test_no_effect_is_rejected_as_often_as_the_level_whatever_is_adjusted():
    p = []
    for seed in range(100):
        result = read_experiment(
            _table(seed, n=900, effect=0.0), **READ, covariates=["before"], strata="city"
        )
        p += [result.effect("mail", "spend").effect.p, result.effect("push", "spend").effect.p]
    # Both share the control, so 200 are worth about 150.
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 3 * np.sqrt(0.09 / 150)


def test_always_valid_is_wider_and_needs_what_was_intended():
    result = read_experiment(_table(), **READ, intended=8000).effect("mail", "ticket")
    assert result.always_valid.share == pytest.approx(0.5)
    assert (
        result.always_valid.low < result.effect.low < result.effect.high < result.always_valid.high
    )
    assert read_experiment(_table(), **READ).effects[0].always_valid is None


def test_costs_have_honest_ends():
    result = read_experiment(_table(), **READ, costs={"mail": 500.0, "push": 500.0})
    mail = result.effect("mail", "ticket")
    assert mail.cost_each.value == pytest.approx(500 / mail.total.value)
    push = result.effect("push", "ticket")
    assert push.cost_each is None or push.cost_each.high == float("inf")
    assert push.return_on_spend.low < 0 < push.return_on_spend.high
    assert read_experiment(_table(), **READ).effects[0].cost_each is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shares": {"none": 1, "mail": 1, "push": 1}}, "do not hold the people they should"),
        ({"assigned": {"none": 1700, "mail": 1200, "push": 1400}}, "lost different shares|hold"),
        ({"shares": {"none": 4, "mail": 3, "push": 3}, "covariates": ["leak"]}, "not alike"),
    ],
    ids=["ratio", "lost", "balance"],
)
def test_failed_check_stops_the_readout(given, message):
    table = _table()
    leak = (table["arm"].to_numpy() == "mail") * 0.3 + np.random.default_rng(3).normal(size=4000)
    with pytest.raises(CannotTellError, match=message):
        read_experiment(table.append_column("leak", pa.array(leak)), **READ, **given)


def test_what_was_not_checked_is_named():
    readout = read_experiment(_table(), **READ)
    assert readout.not_checked == ("sample ratio", "balance of covariates")
    notes = " ".join(readout_sentences(readout))
    assert "no intended shares" in notes
    assert "no covariates" in notes
    sound = read_experiment(
        _table(), **READ, shares={"none": 4, "mail": 3, "push": 3}, covariates=["before"]
    )
    assert not sound.not_checked
    assert len(sound.checks) == 2


def _with(name, values):
    return _table().drop_columns([name]).append_column(name, pa.array(values))


@pytest.mark.parametrize(
    ("table", "given", "error", "message"),
    [
        (_table(), {"control": "nones"}, InputError, r"No control arm 'nones'.*Did you mean"),
        (_table(), {"outcomes": ["tickets"]}, InputError, "no column 'tickets'.*Did you mean"),
        (_table(), {"outcomes": []}, InputError, "No outcome"),
        (_table(), {"outcomes": ["spend", "spend"]}, InputError, "two things at once"),
        (_table(), {"shares": {"none": 1, "tv": 1}}, CannotTellError, "Arm tv is empty"),
        (_table(), {"shares": {"none": 1, "mail": 1}}, InputError, "'push' stands in the table"),
        (_table().slice(0, 0), {}, InputError, "no rows"),
        (_with("arm", ["none"] * 4000), {}, CannotTellError, "one arm only"),
        (_with("arm", ["none"] * 3999 + ["mail"]), {}, CannotTellError, "Arm mail has 1 person"),
        (_with("ticket", ["1"] * 7 + ["x"] * 3993), {}, InputError, "row 8 is 'x'"),
        (_with("ticket", [1] * 7 + [None] * 3993), {}, InputError, "empty in row 8"),
        (_with("spend", [1.0, np.inf] * 2000), {}, InputError, "row 2 is inf"),
        (_with("person", [1, 2] * 2000), {"id": "person"}, InputError, r"1 \(2000 rows\)"),
        (_with("spend", [2.0] * 4000), {"outcomes": ["spend"]}, CannotTellError, "same value"),
        (_table(), {"level": 1.5}, InputError, "level"),
        (_table(), {"intended": 0}, InputError, "intended for people"),
    ],
)
def test_what_is_missing_is_named(table, given, error, message):
    with pytest.raises(error, match=message):
        read_experiment(table, **(READ | given))


def test_files_give_the_same_as_tables(tmp_path):
    table = _table()
    pa_csv.write_csv(table, tmp_path / "a.csv")
    pq.write_table(table, tmp_path / "a.parquet")
    result = read_experiment(table, **READ, id="person").to_dict()["effects"]
    for name in ("a.csv", "a.parquet"):
        other = read_experiment(tmp_path / name, **READ, id="person").to_dict()["effects"]
        assert other[0]["effect"]["value"] == pytest.approx(result[0]["effect"]["value"])
    for name, message in (("a.txt", "no file"), (".", "no file")):
        with pytest.raises(InputError, match=message):
            read_experiment(tmp_path / name, **READ)
    (tmp_path / "a.xlsx").write_text("?")
    with pytest.raises(InputError, match=r"\.csv, \.csv\.gz or \.parquet"):
        read_experiment(tmp_path / "a.xlsx", **READ)


def test_order_of_rows_does_not_matter():
    table = _table()
    turned = table.take(np.random.default_rng(4).permutation(4000))
    a, b = (read_experiment(t, **READ, covariates=["before"]) for t in (table, turned))
    assert [e.effect.p for e in a.effects] == pytest.approx([e.effect.p for e in b.effects])


def test_few_yes_are_compared_by_score_though_covariates_are_there():
    rare = (np.random.default_rng(5).random(4000) < 0.004).astype(int)
    result = read_experiment(_with("ticket", rare), **READ, covariates=["before"])
    effect = result.effect("mail", "ticket")
    assert effect.method == "score"
    assert [u.figure for u in effect.unknown] == ["adjustment"]
    assert "not adjusted" in effect_sentences(effect)[-1]


def test_sentences_and_json():
    result = read_experiment(_table(effect=0.1), **READ, intended=4000, costs={"push": 9.0})
    lines = readout_sentences(result)
    assert lines[0].startswith("People in arm 'mail' had")
    assert "more ticket per 100 people than those in 'none'" in lines[0]
    push = effect_sentences(result.effect("push", "ticket"))
    assert push[0].startswith("The data cannot tell whether arm 'push' changed ticket")
    written = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert written["people"]["mail"] == result.people["mail"]
    with pytest.raises(InputError, match="Did you mean"):
        result.effect("male", "ticket")
