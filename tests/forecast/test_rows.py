"""Films as rows for the models."""

import numpy as np

from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import rows_at, table


def test_no_films_are_an_empty_table(index: HistoryIndex) -> None:
    result = rows_at(index, [], "first day")
    assert result.x.shape == (0, len(result.columns))
    assert not len(result.opening)


def test_columns_are_the_names_in_order_and_missing_features_are_unknown() -> None:
    result = table(["a", "b"], [1, 2], [0, 1], [{"y": 1.0}, {"x": 2.0, "y": 3.0}])
    assert result.columns == ("x", "y")
    np.testing.assert_array_equal(result.x, [[np.nan, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(result.aligned(["y", "z"]), [[1.0, np.nan], [3.0, np.nan]])
    assert result.take(np.array([1])).films == ("b",)
