"""Every result of a use case in one line, and whole."""

import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import fullhouse.app
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES, hints_of
from fullhouse.core.brief import LONGEST, Brief
from fullhouse.core.tabular import Listing, Tabular
from fullhouse.core.values import LONGEST_NAME

for module in iter_modules(fullhouse.app.__path__):
    import_module(f"fullhouse.app.{module.name}")


def _classes(hint: Any) -> Iterator[type]:
    """The classes that a return type names, also as an alternative or in a tuple."""
    kind = typing.get_origin(hint)
    if isinstance(hint, type) and kind is None:
        yield hint
    elif isinstance(kind, type) and kind is not types.UnionType:
        yield kind
    for part in typing.get_args(hint):
        yield from _classes(part)


PLAIN = {type(None), list, str, tuple, dict}
RESULTS: set[type] = {
    kind
    for verb in (*HOUSE_CASES, *TENANT_CASES)
    for kind in _classes(hints_of(verb)["return"])
    if kind not in PLAIN and not issubclass(kind, Path)
}
FACTS = sorted((k for k in RESULTS if is_dataclass(k)), key=lambda k: (k.__module__, k.__name__))


def _value(hint: Any, many: int, depth: int = 0) -> Any:
    """A value of a type: its texts long, its collections of so many entries."""
    kind = typing.get_origin(hint) or hint
    parts = [p for p in typing.get_args(hint) if p not in (Ellipsis, type(None))]
    plain: dict[Any, Callable[[], Any]] = {
        str: lambda: "<word> " * max(1, many * 40),
        bool: lambda: True,
        int: lambda: 1_234_567,
        float: lambda: 12_345.678,
        date: lambda: date(2025, 7, 1),
        datetime: lambda: datetime(2025, 7, 1, 9, 30, tzinfo=UTC),
        Fraction: lambda: Fraction(1, 3),
        bytes: lambda: b"secret" * 40,
        Path: lambda: Path("folder/" * 40 + "file"),
        np.ndarray: lambda: np.zeros(many),
        pa.Table: lambda: pa.table({}),
    }
    match kind:
        case _ if kind in plain:
            return plain[kind]()
        case typing.Literal:
            return parts[0]
        case typing.Union | types.UnionType:
            return _value(parts[0], many, depth)
        case type() if issubclass(kind, Mapping):
            return {f"name {i}": _value(parts[1], many, depth + 1) for i in range(many)}
        case type() if issubclass(kind, tuple | frozenset | set | list) or "abc" in kind.__module__:
            some = [_value(parts[0], many, depth + 1)] * max(1, many) if parts else []
            return tuple(some)
        case type() if is_dataclass(kind) and depth < 4:
            return _made(kind, many, depth + 1)
        case _:
            return ()


@functools.cache
def _made(kind: type, many: int, depth: int = 0) -> Any:
    """A frozen value, past the checks of its making."""
    made, hints = object.__new__(kind), _hints(kind)
    for field in fields(kind):
        value = _value(hints[field.name], many, depth)
        if field.name == "name" and isinstance(value, str):
            value = value[:LONGEST_NAME]  # as every name is checked when it is given
        object.__setattr__(made, field.name, value)
    return made


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind)
    except NameError:  # types that its module imports for the type checker alone
        return {f.name: Any for f in fields(kind)}


def test_every_use_case_returns_facts_or_a_listing_of_them() -> None:
    assert len(FACTS) > 100
    others = {k for k in RESULTS if k not in FACTS}
    assert {k.__name__ for k in others} == {"Listing", "Proof"}


@pytest.mark.parametrize("many", [0, 3, 20])
def test_each_result_is_one_short_line(many: int) -> None:
    long = {}
    for kind in FACTS:
        text = str(_made(kind, many))
        if not 0 < len(text) <= LONGEST or "\n" in text or "secretsecret" in text:
            long[kind.__name__] = text
    assert long == {}


def test_each_result_has_its_whole_repr_and_a_table_for_notebooks() -> None:
    for kind in FACTS:
        assert issubclass(kind, Brief), kind
        # Rows of some refer from one of their fields to another; see test_tabular.py.
        value = _made(kind, 0 if issubclass(kind, Tabular) else 2)
        shown = [f.name for f in fields(kind) if f.repr]
        assert all(f"{name}=" in repr(value) for name in shown), kind
        page = value._repr_html_()
        assert page.startswith("<table><caption>"), kind
        assert "<word>" not in page, kind
    assert issubclass(Listing, Brief)
