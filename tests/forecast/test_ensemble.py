"""A few models that predict together."""

import numpy as np
import pytest

from fullhouse.forecast.ensemble import (
    BEFORE_OPENING,
    IN_CINEMAS,
    LIGHT,
    Recipe,
    _estimator,
    _features_for,
    fit,
)

COLUMNS = ("a", "b", "none")


def rows(seed: int, films: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(films, 3))
    x[:, 2] = np.nan
    x[rng.random(films) < 0.2, 1] = np.nan
    return x, 2 * x[:, 0] + np.nan_to_num(x[:, 1]) + rng.normal(0, 0.2, films)


@pytest.mark.parametrize("recipe", [BEFORE_OPENING, IN_CINEMAS, LIGHT])
def test_what_can_be_learned_is_learned_though_some_is_not_known(recipe: Recipe) -> None:
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
