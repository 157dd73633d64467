"""Films as rows for the models."""

import numpy as np

from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import rows_at, table


def test_no_films_are_an_empty_table(index: HistoryIndex) -> None:
    found = rows_at(index, [], "first day")
    assert found.x.shape == (0, len(found.columns))
    assert not len(found.opening)


def test_columns_are_the_names_in_order_and_what_is_not_told_is_not_known() -> None:
    found = table(["a", "b"], [1, 2], [0, 1], [{"y": 1.0}, {"x": 2.0, "y": 3.0}])
    assert found.columns == ("x", "y")
    np.testing.assert_array_equal(found.x, [[np.nan, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(found.aligned(["y", "z"]), [[1.0, np.nan], [3.0, np.nan]])
    assert found.take(np.array([1])).films == ("b",)
