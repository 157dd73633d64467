"""What is kept stays as it was computed, and nothing is left behind."""

from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from fullhouse.engine import Engine, Scratch


def test_kept_rows_are_computed_once(engine: Engine, tmp_path: Path) -> None:
    table = engine.memory(pa.table({"a": list(range(100))}))
    with Scratch(engine, str(tmp_path)) as scratch:
        kept = scratch.keep(table.mutate(chance=ibis.random()))
        first = engine.arrow(kept.order_by("a"))
        assert engine.arrow(kept.order_by("a")).equals(first)
        assert scratch.count(kept) == 100
        again = scratch.keep(kept.filter(kept.a < 10))
        scratch.forget(kept)
        assert scratch.count(again) == 10


def test_nothing_is_left_when_a_step_fails(engine: Engine, tmp_path: Path) -> None:
    table = engine.memory(pa.table({"a": [1, 2]}))

    def fails() -> None:
        with Scratch(engine, str(tmp_path)) as scratch:
            scratch.keep(table)
            scratch.keep(table.filter(table.a > 5))
            raise RuntimeError("step")

    with pytest.raises(RuntimeError, match="step"):
        fails()
    assert not (tmp_path / "_scratch").exists()


def test_an_empty_result_keeps_its_columns(engine: Engine, tmp_path: Path) -> None:
    table = engine.memory(pa.table({"a": [1], "b": ["x"]}))
    with Scratch(engine, str(tmp_path)) as scratch:
        kept = scratch.keep(table.filter(table.a > 5))
        assert list(kept.columns) == ["a", "b"]
        assert scratch.count(kept) == 0
