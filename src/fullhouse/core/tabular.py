"""Results that are tables: shown in a notebook, handed to Arrow, pandas or Polars.

A result class inherits `Tabular` and says its `rows`; a use case that returns many frozen values
returns a `Listing` of them. pandas and Polars are imported only where one asks for them.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Reach(Tabular):
...     people: dict[str, int]
...     def rows(self):
...         return [{"city": city, "people": n} for city, n in self.people.items()]
>>> Reach({"Harbour": 12, "Hill": 5}).to_arrow().column("people").to_pylist()
[12, 5]
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from importlib import import_module
from typing import Any, TypeVar

import pyarrow as pa

from fullhouse.core.brief import Brief, html_table
from fullhouse.core.errors import UnsupportedError

T = TypeVar("T")
_RISKY = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"


class Tabular(Brief):
    """A result that can be read as rows, each from column names to values."""

    @abstractmethod
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The result as rows of plain values: numbers, texts, days and lists of them."""

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table."""
        return pa.Table.from_pylist([dict(row) for row in self.rows()])

    def to_pandas(self) -> Any:
        """The rows as a pandas DataFrame; pandas must be installed."""
        _need("pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> Any:
        """The rows as a Polars DataFrame; Polars must be installed."""
        return _need("polars").from_arrow(self.to_arrow())

    def _repr_html_(self) -> str:
        return html_table(self.rows(), caption=str(self))


class Listing(tuple[T, ...], Tabular):
    """Many frozen values in their order, each a row: what use cases that list things return."""

    __slots__ = ()
    __hash__ = tuple.__hash__

    def __eq__(self, other: object) -> bool:
        """Whether the values are the same in the same order, also as a plain list of them."""
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each value, a column for each of its fields that is shown."""
        return [row_of(value) for value in self]

    def in_brief(self) -> str:
        """The result in one line."""
        kinds = {type(value).__name__ for value in self}
        return f"{len(self):,} × {kinds.pop()}" if len(kinds) == 1 else f"{len(self):,} rows"


def row_of(value: object) -> dict[str, Any]:
    """The fields of a frozen value as plain values; those that `repr` hides are left out."""
    if not is_dataclass(value):
        return {"value": _plain(value)}
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.repr}


def without_formulas(rows: pa.Table) -> pa.Table:
    """The rows with an apostrophe before each text that a spreadsheet would take for a formula.

    A text that is a number, such as -12 or +4.5, stays as it is.
    """
    import pyarrow.compute as pc

    for i, field in enumerate(rows.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        risky = pc.match_substring_regex(rows[i], _RISKY)
        if not pc.any(risky).as_py():
            continue
        formula = pc.and_(
            risky, pc.invert(pc.match_substring_regex(rows[i], r"^[+-](\d+\.?\d*|\.\d+)$"))
        )
        guarded = pc.binary_join_element_wise("'", rows[i].cast(pa.string()), "")
        column = pc.if_else(formula, guarded, rows[i].cast(pa.string()))
        rows = rows.set_column(i, field, column.cast(field.type))
    return rows


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str() | date() | datetime():
            return value
        case Fraction():
            return float(value)
        case list() | tuple():
            return [_plain(v) for v in value]
        case _:
            return str(value)


def _need(library: str) -> Any:
    try:
        return import_module(library)
    except ImportError:
        raise UnsupportedError(
            f"This needs {library}, which is not installed: pip install {library}."
        ) from None
