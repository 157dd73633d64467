"""A few models that predict together."""

import numpy as np
import pytest
from scipy.stats import binom

from fullhouse.forecast.ensemble import (
    BEFORE_OPENING,
    BORROWED,
    IN_CINEMAS,
    LIGHT,
    SIZES,
    Recipe,
    _estimator,
    _features_for,
    calibrate,
    fit,
    weighted_quantiles,
)
from fullhouse.forecast.forecast import PROBABILITIES

COLUMNS = ("a", "b", "none")


def rows(seed: int, films: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(films, 3))
    x[:, 2] = np.nan
    x[rng.random(films) < 0.2, 1] = np.nan
    return x, 2 * x[:, 0] + np.nan_to_num(x[:, 1]) + rng.normal(0, 0.2, films)


@pytest.mark.parametrize("recipe", [BEFORE_OPENING, IN_CINEMAS, LIGHT])
def test_a_model_is_trained_though_some_values_are_unknown(recipe: Recipe) -> None:
    x, y = rows(1)
    built = fit(x, y, COLUMNS, recipe)
    new, actual = rows(2)
    assert built.columns == ("a", "b")
    error = built.predict(new[:, :2]) - actual
    assert np.sqrt(np.mean(error**2)) < 0.4 * actual.std()


def test_a_prediction_is_the_weighted_mean_of_the_models() -> None:
    x, y = rows(1)
    built = fit(x, y, COLUMNS, BEFORE_OPENING)
    new = rows(2)[0][:5, :2]
    assert sum(m.weight for m in built.members) == pytest.approx(1.0)
    single = [
        fit(x, y, COLUMNS, Recipe(**{n: float(n == name) for n in ("squared", "absolute", "trees",
                                                                   "ridge")}))
        for name in [m.name for m in built.members]
    ]  # fmt: skip
    expected = sum(
        m.weight * one.predict(new) for m, one in zip(built.members, single, strict=True)
    )
    assert built.predict(new) == pytest.approx(expected)


def test_the_same_films_give_the_same_model() -> None:
    x, y = rows(1)
    new = rows(2)[0][:, :2]
    one, two = (fit(x, y, COLUMNS, BEFORE_OPENING).predict(new) for _ in range(2))
    assert one.tolist() == two.tolist()


def test_the_scale_and_what_is_missing_of_a_row_alone_change_nothing_for_others() -> None:
    x, y = rows(1)
    built = fit(x, y, COLUMNS, BEFORE_OPENING)
    new = rows(2)[0][:, :2]
    assert built.predict(new[:1])[0] == pytest.approx(built.predict(new)[0])


def test_films_that_are_alike_end_in_the_same_leaves() -> None:
    x, y = rows(1)
    built = fit(x, y, COLUMNS, BEFORE_OPENING)
    leaves = built.leaves(np.array([[0.0, 0.0], [0.01, 0.0], [2.5, 2.5]]))
    assert leaves.shape == (3, 150)
    alike, strange = (leaves[0] == leaves[1]).mean(), (leaves[0] == leaves[2]).mean()
    assert alike > 0.5
    assert strange < 0.5 * alike


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squared", "absolute", "trees", "ridge"])
def test_arrays_predict_what_scikit_learn_predicts(name: str) -> None:
    x, y = rows(1)
    x = x[:, :2]
    recipe = Recipe(**{n: float(n == name) for n in ("squared", "absolute", "trees", "ridge")})
    model = _estimator(name, recipe, len(y)).fit(_features_for(name, x), y)
    new = rows(2, films=3000)[0][:, :2]
    expected = model.predict(_features_for(name, new))
    predicted = fit(x, y, COLUMNS[:2], recipe).predict(new)
    if name == "ridge":  # BLAS adds up in another order for another layout of the same numbers.
        assert predicted == pytest.approx(expected, rel=1e-12)
    else:
        assert predicted.tolist() == expected.tolist()
    if name == "trees":
        leaves = fit(x, y, COLUMNS[:2], recipe).leaves(new)
        assert leaves.tolist() == model.apply(_features_for(name, new)).tolist()


LOW, HIGH, MIDDLE = (PROBABILITIES.index(p) for p in (0.1, 0.9, 0.5))


def errors(
    rng: np.random.Generator, films: int, *, by_size: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Errors that are wider for small films, what is told of each, its size and franchise."""
    size = rng.normal(17, 1, films)
    franchise = (rng.random(films) < 0.25).astype(float)
    spread = np.exp(-0.3 * (size - 17)) if by_size else np.ones(films)
    error = 0.4 * spread * rng.standard_t(6, films) - 0.1 * franchise
    return error, np.stack([size, franchise], axis=1), size, franchise


@pytest.mark.parametrize("by_size", [False, True], ids=["one width", "wider for small films"])
def test_the_80_percent_range_covers_80_percent_of_outcomes(by_size: bool) -> None:
    held, groups = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        model = calibrate(*errors(rng, 320, by_size=by_size))
        actual, features, size, franchise = errors(rng, 100, by_size=by_size)
        q = model.quantiles(features, size, franchise)
        held.append((q[:, LOW] <= actual) & (actual <= q[:, HIGH]))
        groups.append(model.groups(size, franchise))
    inside, group = np.concatenate(held), np.concatenate(groups)
    # Learned ranges vary from seed to seed by about as much as films do: twice the variance.
    assert abs(inside.mean() - 0.8) < 3 * np.sqrt(2 * 0.16 / len(inside)) + 0.005
    for g in range(SIZES + 1):
        own = inside[group == g]
        low, high = binom.interval(0.9999, len(own), 0.8)
        assert low / len(own) - 0.02 <= own.mean() <= high / len(own) + 0.02, g


def test_ranges_are_centred_on_the_errors_of_the_group() -> None:
    rng = np.random.default_rng(1)
    error, features, size, franchise = errors(rng, 4000, by_size=False)
    model = calibrate(error + franchise, features, size, franchise)
    q = model.quantiles(features, size, franchise)[:, MIDDLE]
    assert q[franchise > 0].mean() == pytest.approx(0.9, abs=0.1)
    assert q[franchise == 0].mean() == pytest.approx(0.0, abs=0.1)


def test_the_largest_and_the_smallest_are_in_groups_of_their_own() -> None:
    rng = np.random.default_rng(2)
    model = calibrate(*errors(rng, 400, by_size=False))
    result = model.groups(np.array([0.0, 99.0, 50.0]), np.array([0.0, 0.0, 1.0]))
    assert result.tolist() == [0, SIZES - 1, SIZES]
    assert BORROWED > 0


def slow_quantiles(values: np.ndarray) -> np.ndarray:
    """Of equal weights: the order statistics of p (n + 1) / n, between them by normal score."""
    from statistics import NormalDist

    n, x, result = len(values), sorted(values), []
    score = NormalDist().inv_cdf
    for p in PROBABILITIES:
        wider = 0.5 + (p - 0.5) * (n + 1) / n
        z = score(min(max(wider, 0.5 / n), 1 - 0.5 / n))
        at = [score((k + 0.5) / n) for k in range(n)]
        if z <= at[0] or z >= at[-1]:
            result.append(x[0] if z <= at[0] else x[-1])
            continue
        k = next(i for i in range(n) if at[i + 1] >= z)
        share = (z - at[k]) / (at[k + 1] - at[k])
        result.append(x[k] + share * (x[k + 1] - x[k]))
    return np.array(result)


@pytest.mark.parametrize("n", [2, 5, 41, 100])
def test_equal_weights_give_the_order_statistics(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    assert weighted_quantiles(values, np.ones(n)) == pytest.approx(slow_quantiles(values))
    assert weighted_quantiles(values, np.full(n, 3.0)) == pytest.approx(slow_quantiles(values))


def test_a_weight_of_two_is_nearly_a_value_twice_and_of_none_nothing() -> None:
    values = np.random.default_rng(3).normal(size=300)
    weights = np.ones(300)
    weights[:100] = 2.0
    twice = np.concatenate([values, values[:100]])
    assert weighted_quantiles(values, weights) == pytest.approx(
        weighted_quantiles(twice, np.ones(400)), abs=0.03
    )
    gone = np.r_[np.ones(200), np.zeros(100)]
    assert weighted_quantiles(values, gone) == pytest.approx(
        weighted_quantiles(values[:200], np.ones(200)), abs=0.05
    )


def test_a_small_sample_is_set_wider() -> None:
    values = np.random.default_rng(4).normal(size=50)
    result = weighted_quantiles(values, np.ones(50))
    plain = np.quantile(values, PROBABILITIES, method="hazen")
    assert result[HIGH] - result[LOW] > plain[HIGH] - plain[LOW]
    assert result[MIDDLE] == pytest.approx(np.median(values))


def test_quantiles_never_fall() -> None:
    rng = np.random.default_rng(5)
    model = calibrate(*errors(rng, 200, by_size=True))
    _, features, size, franchise = errors(rng, 200, by_size=True)
    assert (np.diff(model.quantiles(features, size, franchise), axis=1) >= 0).all()
