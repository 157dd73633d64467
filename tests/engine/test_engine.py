"""Every engine reads the lake alike and draws the same bits."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.arrays import keyed_bits
from fullhouse.core.tables import PERSON_TRAIT, TRAIT_BITMAP
from fullhouse.engine import Engine
from fullhouse.engine.keyed import keyed_bits as keyed_bits_expr
from fullhouse.lake import Lake


def test_scan_gives_declared_columns_and_types(engine: Engine, lake: Lake) -> None:
    rows = [
        {"build": b, "trait": t, "block": 11, "persons": 1, "bitmap": b"\x00\xff"}
        for b, t in ((1, 5), (2, 6))
    ]
    lake.append(TRAIT_BITMAP, pa.Table.from_pylist(rows, schema=TRAIT_BITMAP.schema), batch="a")
    table = engine.scan(lake.snapshot(TRAIT_BITMAP))
    assert list(table.columns) == TRAIT_BITMAP.names
    result = engine.arrow(table.filter(table.build == 2))
    assert result.to_pylist() == [rows[1]]


def test_scan_reads_lists_and_an_older_version(engine: Engine, lake: Lake) -> None:
    def row(person: int) -> pa.Table:
        counts = dict.fromkeys(("purchase", "view", "ticket", "want_to_see"), 1)
        one = {"build": 1, "block": 0, "person": person, "traits": [1, 2], "events": [0, 3]}
        return pa.Table.from_pylist([one | counts], schema=PERSON_TRAIT.schema)

    lake.append(PERSON_TRAIT, row(1), batch="a")
    first = lake.snapshot(PERSON_TRAIT)
    lake.append(PERSON_TRAIT, row(2), batch="b")
    old = engine.arrow(engine.scan(first))
    assert old["person"].to_pylist() == [1]
    assert old["traits"].to_pylist() == [[1, 2]]
    assert engine.arrow(engine.scan(lake.snapshot(PERSON_TRAIT)).count().as_table()).num_rows == 1


def test_an_empty_table_scans(engine: Engine, lake: Lake) -> None:
    result = engine.arrow(engine.scan(lake.snapshot(PERSON_TRAIT)))
    assert result.num_rows == 0
    assert result.column_names == PERSON_TRAIT.names


def test_keyed_bits_are_the_same_on_every_engine(engine: Engine) -> None:
    persons = np.array([0, 1, 2, 77, 2**20, 2**31 - 1, 2**31, 2**32 - 1], dtype=np.int64)
    table = engine.memory(pa.table({"person": persons}))
    bits = keyed_bits_expr(table.person, b"key")
    result = engine.arrow(table.mutate(bits=bits).order_by("person"))
    assert result["bits"].to_pylist() == keyed_bits(persons, b"key").tolist()


@given(st.binary(min_size=1, max_size=8))
def test_keyed_bits_are_evenly_spread(key: bytes) -> None:
    bits = keyed_bits(np.arange(20_000), key)
    counts = np.bincount(bits >> np.uint32(28), minlength=16)
    # Chi-square with 15 degrees of freedom: 60 is exceeded once in 4 million keys.
    assert ((counts - 1250) ** 2 / 1250).sum() < 60


def test_every_distinct_person_has_distinct_bits() -> None:
    assert len(np.unique(keyed_bits(np.arange(100_000), b"k"))) == 100_000


def test_batches_stream_the_rows_in_their_types(engine: Engine) -> None:
    numbers = pa.table({"n": pa.array(range(10), pa.int32()), "s": ["a"] * 10})
    table = engine.memory(numbers)
    with engine.batches(table.filter(table.n < 7), rows=3) as result:
        rows = pa.Table.from_batches(list(result), result.schema)
    assert sorted(rows["n"].to_pylist()) == list(range(7))
    assert rows.schema.field("n").type == pa.int32()


def test_a_table_of_several_chunks_goes_to_every_engine(engine: Engine) -> None:
    part = pa.table({"s": ["a", "b"]})
    table = engine.memory(pa.concat_tables([part, part]))
    assert sorted(engine.arrow(table)["s"].to_pylist()) == ["a", "a", "b", "b"]
