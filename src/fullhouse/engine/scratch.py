"""Intermediate tables of one computation, kept between its steps and gone at its end."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import obstore
from obstore.store import from_url

from fullhouse.engine.engine import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Scratch:
    """Keeps rows of expressions on an engine; as a context manager, gives all of them back.

    An iteration keeps each round, so that the next one reads rows and not an ever longer plan.
    `place` is a folder or URL that every machine of the engine can write to, such as the lake's.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self._folder = f"{place}/_scratch/{uuid.uuid4().hex}"
        self._kept: list[ir.Table] = []

    def keep(self, expr: ir.Table) -> ir.Table:
        """The expression's rows, computed now and once."""
        table = self.engine.keep(expr, scratch=self._folder)
        self._kept.append(table)
        return table

    def forget(self, *tables: ir.Table) -> None:
        """Give back kept tables early, to hold less at a time."""
        gone = {t.get_name() for t in tables}
        for table in tables:
            self.engine.forget(table)
        self._kept = [t for t in self._kept if t.get_name() not in gone]

    def count(self, table: ir.Table) -> int:
        """The number of rows."""
        rows = self.engine.arrow(table.aggregate(rows=table.count()))
        return int(rows["rows"][0].as_py())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.forget(*self._kept)
        _remove(self._folder)


def _remove(folder: str) -> None:
    if "://" not in folder:
        shutil.rmtree(folder, ignore_errors=True)
        with_parent = Path(folder).parent
        if with_parent.is_dir() and not any(with_parent.iterdir()):
            with_parent.rmdir()
        return
    store = from_url(folder)
    for listed in obstore.list(store):
        obstore.delete(store, [file["path"] for file in listed])
