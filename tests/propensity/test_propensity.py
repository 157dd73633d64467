"""Propensity: what is promised of features, scores, levels, order, and of the card."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.propensity import (
    PreferenceModel,
    PropensityModel,
    at_least,
    learn,
    model_card,
    predict,
    reasons,
    score_all,
    score_block,
    top,
    with_interest,
    with_level,
)
from fullhouse.propensity.evaluate import CrossPredictions, _fair, weighted_auc
from fullhouse.propensity.features import Scale, columns
from fullhouse.propensity.learn import film_features
from fullhouse.propensity.logistic import fit_levels
from fullhouse.propensity.training import RIDGES, best_ridge, draw, weights_of
from fullhouse.sample.outcome import OwnEvents
from fullhouse.sample.sheet import sheet
from tests.propensity.planted import DAY, KEY, Memory, Planted, cut, planted


@cache
def house() -> Planted:
    return planted(bits=12)


@cache
def preferences() -> PreferenceModel:
    h = house()
    return learn(h.blocks, h.base, h.traits, h.films, key=KEY)


@cache
def model() -> PropensityModel:
    return predict(
        preferences(), house().new, slug="the-new-one", as_of=DAY, build=1, expected_people=900
    )


def everybody(m: PropensityModel, h: Planted) -> np.ndarray[Any, Any]:
    return np.concatenate([p for _, _, p in score_all(m, h.blocks, h.base)])


def test_scores_equal_those_of_a_slow_loop_over_people_and_traits() -> None:
    m = replace(model(), own=((3, 1),))
    of = dict(zip(m.ids, m.sums, strict=True))
    block = house().blocks.load(0)
    rows = np.random.default_rng(1).permutation(len(block.persons))[:300]
    rows.sort()
    scores = score_block(m, block, rows)
    for row, p in zip(rows, scores, strict=True):
        sums = np.array(m.start)
        activity = np.array([a[row] for a in block.activity])
        for at in range(block.offsets[row], block.offsets[row + 1]):
            sums = sums + np.array(of.get(int(block.traits[at]), (0.0,) * 5))
            if block.traits[at] == 3:
                activity[1] -= block.events[at]
        parts = []
        for kind in range(4):
            a = np.log1p(activity[kind])
            parts += [a, *(max(a - k, 0) for k in m.knots[kind])]
        many = np.log1p(sums[1])
        like = np.log((max(sums[0] / m.per_mark, 0) + 5) / (sums[1] + 5))
        parts += [many, like, like * many, like * like, sums[2], sums[3]]
        slow = expit(np.dot(parts, m.weights) + m.intercept + sums[4])
        assert p == pytest.approx(slow, rel=2e-4)


def test_all_rows_and_scattered_rows_score_alike() -> None:
    block = house().blocks.load(0)
    every = score_block(model(), block, np.arange(len(block.persons)))
    some = np.arange(0, len(block.persons), 3)
    np.testing.assert_allclose(score_block(model(), block, some), every[some], rtol=1e-5)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_films_own_events_do_not_move_its_features_as_an_unseen_film(seed: int) -> None:
    h = house()
    g = np.random.default_rng(seed)
    has = g.random((300, 43)) < 0.2
    has[:, 1] = True  # Everybody is a watcher either way: the sample stays the same.
    without = has.copy()
    without[:, 0] = False
    slugs = [f"film-{i}" for i in range(40)]
    traits = [t for t in h.traits if t.id < 40] + [
        replace(t, id=40 + i) for i, t in enumerate(h.traits[80:])
    ]
    tables = []
    for each in (has, without):
        blocks = cut(each, 40)
        base = {0: BitMap(range(300))}
        memory: Any = Memory(blocks)
        sample = draw(memory, base, traits, sorted(slugs), key=KEY)
        at = [f.slug for f in sample.films].index("film-0")
        past = np.array([i for i in range(40) if i != at])
        among = np.eye(39) + 0.5
        features = film_features(sample, past, np.linspace(0, 1, 39)[:, None], among, 10.0)
        scale = Scale(float(features.per_mark[0]), ((1.0, 2.0),) * 4)
        tables.append(columns(features.sums(np.arange(300), 0), sample.activity_without(at), scale))
    np.testing.assert_array_equal(tables[0], tables[1])


def test_a_planted_preference_shows_for_a_film_nobody_has_seen() -> None:
    h = house()
    p = everybody(model(), h)
    outcome = (np.random.default_rng(9).random(len(p)) < h.truth).astype(float)
    ones = np.ones(len(p))
    best, predicted = weighted_auc(h.truth, outcome, ones), weighted_auc(p, outcome, ones)
    active = weighted_auc(
        np.concatenate([b.activity[1] for b in h.blocks.blocks.values()]).astype(float),
        outcome,
        ones,
    )
    # Twenty films of a kind give a preference with an error of its own.
    assert predicted > best - 0.05
    assert predicted > active + 0.03


def test_probabilities_are_calibrated_where_the_level_is_right() -> None:
    h = house()
    right = with_level(model(), h.blocks, h.base, float(h.truth.sum()))
    p = everybody(right, h).astype(float)
    order = np.argsort(p)
    for part in np.array_split(order, 5):
        error = np.sqrt((p[part] * (1 - p[part])).sum())
        # Binomial error of three, and a tenth for the shape learned from other films.
        assert abs(p[part].sum() - h.truth[part].sum()) < 3 * error + 0.1 * p[part].sum()


@pytest.mark.parametrize("people", [1.5, 40.0, 900.0, 5_000.0])
def test_probabilities_sum_to_the_level_and_keep_their_order(people: float) -> None:
    h = house()
    m = with_level(model(), h.blocks, h.base, people)
    p = everybody(m, h)
    assert p.sum(dtype=float) == pytest.approx(people, rel=1e-4)
    # Not equal to the last: a higher level rounds to fewer different log-odds.
    best, before = (top(each, h.blocks, h.base, 50, key=KEY) for each in (m, model()))
    assert sum(len(best[b] & before[b]) for b in best) >= 49


@pytest.mark.parametrize("n", [1, 77, 3_000, 6_000])
def test_the_best_are_exactly_so_many_and_the_likeliest(n: int) -> None:
    h = house()
    likeliest = top(model(), h.blocks, h.base, n, key=KEY)
    assert sum(map(len, likeliest.values())) == n
    chosen = np.concatenate([np.asarray(b.to_array()) for b in likeliest.values()])
    p = everybody(model(), h)
    assert p[chosen].min() >= np.sort(p)[-n] - 1e-9


def test_between_equals_the_key_decides_and_decides_again_alike() -> None:
    h = house()
    flat = replace(model(), weights=(0.0,) * len(model().weights))
    one = top(flat, h.blocks, h.base, 500, key=b"one")
    assert one == top(flat, h.blocks, h.base, 500, key=b"one")
    assert one != top(flat, h.blocks, h.base, 500, key=b"two")


def test_people_of_whom_nothing_is_known_are_scored_too() -> None:
    h = house()
    base = {0: BitMap(range(10)), 7: BitMap([7 << 20, (7 << 20) + 1])}
    scores = list(score_all(model(), h.blocks, base))
    assert [len(p) for _, p, _ in scores] == [10, 2]
    assert scores[1][2][0] == scores[1][2][1] > 0


def test_a_threshold_takes_all_above_it() -> None:
    h = house()
    p = everybody(model(), h)
    people = at_least(model(), h.blocks, h.base, 0.3)
    assert sum(map(len, people.values())) == int((p >= np.float32(0.3)).sum())


def test_what_sets_an_audience_apart_is_what_was_planted() -> None:
    h = house()
    best = top(model(), h.blocks, h.base, 500, key=KEY)
    why = reasons(model(), best, h.blocks, h.base, most=40)
    assert "buys:spurs" in [r.trait for r in why]
    assert all(r.share > r.base_share and r.weight > 0 for r in why)


@pytest.mark.slow
def test_the_card_has_the_accuracy_on_films_left_out() -> None:
    card = model_card(preferences(), model(), built_on=DAY, key=KEY)
    assert card.auc is not None
    assert card.baseline_auc is not None
    assert card.auc > card.baseline_auc + 0.03
    assert card.auc_low is not None
    assert card.auc_high is not None
    assert card.auc_low < card.auc < card.auc_high
    assert card.calibration_slope == pytest.approx(1, abs=0.1)
    assert len(card.calibration) == 10
    women = next(f for f in card.fairness if f.group == "women")
    assert women.predicted == pytest.approx(women.observed, rel=0.1)
    assert card.reach[-1].reached == 1
    assert card.fingerprint == model().fingerprint


def test_a_group_of_few_people_is_not_reported() -> None:
    few = np.zeros(len(preferences().sample.weight), dtype=bool)
    few[:49] = True
    blank = CrossPredictions(preferences().pairs, *np.zeros((2, len(preferences().pairs.outcome))))
    group = _fair("few", few, 0.01, blank, np.ones(len(preferences().pairs.outcome)))
    assert group.auc is group.predicted is group.observed is group.share_of_top is None


def test_interest_adds_what_the_content_lacks() -> None:
    h = house()
    p = everybody(model(), h)
    woman = np.concatenate([
        np.add.reduceat((b.traits == 80).astype(int), b.offsets[:-1])
        for b in h.blocks.blocks.values()
    ])  # fmt: skip
    g = np.random.default_rng(4)
    want = np.flatnonzero(g.random(len(p)) < expit(np.log(p) + 2.0 * woman - 0.5))
    seed = {n: BitMap(want.astype(np.uint32)) & b for n, b in h.base.items()}
    none = np.zeros(0, np.int64)
    own = OwnEvents(none, np.zeros((4, 0), np.int32), (0, 0, 0, 0), (none, none, none))
    page = sheet(h.blocks, h.base, seed, own, h.traits, key=KEY)
    pulled = with_interest(model(), page, key=KEY)
    q = everybody(pulled, h)
    assert q.sum(dtype=float) == pytest.approx(900, rel=1e-3)
    ratio = np.log(q / (1 - q)) - np.log(p / (1 - p))
    # Two steps in the log-odds were planted; the ridge takes some of them back.
    assert 1.2 < ratio[woman > 0].mean() - ratio[woman == 0].mean() < 2.4
    assert "interest" in pulled.signals


def test_a_model_is_read_back_as_it_was_written() -> None:
    assert PropensityModel.from_json(model().to_json()) == model()
    assert PropensityModel.from_json(model().to_json()).fingerprint == model().fingerprint
    with pytest.raises(InputError, match="not a propensity model"):
        PropensityModel.from_json('{"film": "x"}')


def test_learning_again_gives_the_same_model() -> None:
    h = house()
    again = learn(h.blocks, h.base, h.traits, h.films, key=KEY)
    one = predict(again, h.new, slug="n", as_of=DAY, build=1)
    assert one == predict(preferences(), h.new, slug="n", as_of=DAY, build=1)


def test_a_past_film_is_predicted_without_its_own_viewers() -> None:
    m = predict(preferences(), house().films["film-3"], slug="film-3", as_of=DAY, build=1)
    assert "saw:film-3" not in m.traits
    assert m.own == ((3, 1),)


def test_best_ridge_is_that_of_leaving_films_out_one_by_one() -> None:
    g = np.random.default_rng(3)
    content = g.normal(size=(12, 3))
    among = content @ content.T + 1
    marks = g.random((200, 12)) < expit(g.normal(size=(200, 3)) @ content.T)
    people = marks.sum(0).astype(float)
    errors = []
    for ridge in RIDGES:
        error = 0.0
        for f in range(12):
            rest = [i for i in range(12) if i != f]
            w = weights_of(among[rest][:, [f]], among[np.ix_(rest, rest)], ridge, people[rest])
            target = marks[:, f] / people[f] ** 0.25
            error += ((marks[:, rest] @ w[:, 0] - target) ** 2).sum() / people[f] ** 0.5
        errors.append(error)
    assert best_ridge(among, (marks.T.astype(float) @ marks)) == RIDGES[int(np.argmin(errors))]


def test_the_pooled_regression_is_the_one_with_a_column_for_each_film() -> None:
    g = np.random.default_rng(5)
    x, film = g.normal(size=(3_000, 3)), g.integers(0, 4, 3_000)
    y = (g.random(3_000) < expit(x @ [1.0, -0.5, 0.0] + film - 2)).astype(float)
    fit = fit_levels(x, y, np.ones(3_000), film, 4, ridge=1e-6)
    wide = np.hstack([x, np.eye(4)[film]])
    slow = LogisticRegression(C=1e8, fit_intercept=False, max_iter=1000, tol=1e-10).fit(wide, y)
    np.testing.assert_allclose(np.r_[fit.weights, fit.levels], slow.coef_[0], atol=2e-3)


REFUSED = {
    "too many of the best": (lambda m, h: top(m, h.blocks, h.base, 6_001, key=KEY), "1 to 6,000"),
    "no people expected": (lambda m, h: with_level(m, h.blocks, h.base, 0.0), "above 0"),
    "a threshold of 2": (lambda m, h: at_least(m, h.blocks, h.base, 2.0), "between 0 and 1"),
    "an audience of few": (
        lambda m, h: reasons(m, {0: BitMap([1, 2])}, h.blocks, h.base), "single people",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ask", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_impossible_requests_are_refused(ask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask(model(), house())


def test_too_few_past_films_teach_nothing() -> None:
    h = house()
    few = {s: h.films[s] for s in list(h.films)[:10]}
    with pytest.raises(CannotTellError, match="Only 10 past films"):
        learn(h.blocks, h.base, h.traits, few, key=KEY)
