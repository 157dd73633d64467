"""What is stored comes back as it was: the same types, and nothing that could run."""

import json
import math
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.core.errors import CannotTellError
from fullhouse.core.stored import decode, encode, from_bytes, to_bytes
from fullhouse.core.tables import Column
from fullhouse.core.tabular import Listing
from fullhouse.lake import Place

VALUES = [
    None,
    True,
    3,
    2.5,
    math.inf,
    "text",
    b"\x00\xff",
    date(2025, 1, 2),
    datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    time(3, 4),
    timedelta(days=2, microseconds=3),
    Fraction(1, 3),
    Decimal("1.10"),
    Path("a/b"),
    (1, (2, "x")),
    [1, (2,)],
    {"a": (1,), "b": None},
    {1: "one", date(2025, 1, 1): 2, ("x", 1): 3},
    {"!": "no tag of ours"},
    {1, 2},
    frozenset({"a"}),
    BitMap([1, 5, 70_000]),
    Place("/house"),
    (Place("/a"), {"place": Place("/b")}),
    Listing((Place("/a"), 2)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_equal_and_of_its_type(value: object) -> None:
    again = from_bytes(to_bytes(value))
    assert again == value
    assert type(again) is type(value)


def test_not_a_number_comes_back() -> None:
    assert math.isnan(from_bytes(to_bytes({"x": (math.nan,)}))["x"][0])


def test_two_classes_with_the_same_fields_stay_apart() -> None:
    from fullhouse.lake import Compaction, Vacuum

    one, two = Vacuum("t", 1), Compaction("t", 1, 2)
    assert [type(v) for v in from_bytes(to_bytes([one, two]))] == [Vacuum, Compaction]


@pytest.mark.parametrize("kind", ["<f8", "<i4", "<u2", "|b1", "<U3", "<M8[D]"])
def test_arrays_keep_shape_and_type(kind: str) -> None:
    array = np.zeros((2, 3), dtype=kind)
    again = from_bytes(to_bytes({"a": array, "n": array[0, 0]}))
    np.testing.assert_array_equal(again["a"], array)
    assert (again["a"].dtype, again["a"].shape) == (array.dtype, (2, 3))
    assert type(again["n"]) is type(array[0, 0])
    again["a"][0, 0] = array[0, 0]


def test_tables_and_read_only_mappings_come_back() -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]})
    assert from_bytes(to_bytes(table)).equals(table)
    again = from_bytes(to_bytes(MappingProxyType({"a": 1})))
    assert (dict(again), type(again)) == ({"a": 1}, MappingProxyType)


def test_an_error_comes_back_with_its_facts() -> None:
    facts = {"films": 20, "day": date(2025, 1, 1)}
    again = from_bytes(to_bytes(CannotTellError(code="too_few_films", **facts)))
    assert (again.code, dict(again.facts)) == ("too_few_films", facts)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text()
        | st.dates(),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_nesting_comes_back(value: object) -> None:
    assert from_bytes(to_bytes(value)) == value


def test_what_cannot_be_stored_is_named_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"value\['a'\]\[1\] is a function"):
        encode({"a": (1, encode)})
    with pytest.raises(TypeError, match="objects"):
        encode(np.array([object()]))


@dataclass(frozen=True)
class Foreign:
    """Of no package of ours."""

    x: int


def test_a_class_from_elsewhere_is_neither_written_nor_made() -> None:
    with pytest.raises(TypeError, match="Foreign"):
        encode(Foreign(1))
    for name in ("os:system", "fullhouse.core.stored:decode", "fullhouse.core.stored:Path"):
        data = zlib.compress(json.dumps({"!": "of", "of": name, "v": {}}).encode())
        with pytest.raises(ValueError, match="of this package"):
            from_bytes(data)


def test_reading_back_runs_no_check_again() -> None:
    column = decode(encode(Column("a", "string", "A column.")))
    assert column == Column("a", "string", "A column.")
