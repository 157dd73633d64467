"""Where table expressions run: DuckDB embedded, or Spark. Each is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullhouse.engine.duckdb import DuckDBEngine
    from fullhouse.engine.engine import Engine
    from fullhouse.engine.scratch import Scratch
    from fullhouse.engine.spark import SparkEngine

__all__ = ["DuckDBEngine", "Engine", "Scratch", "SparkEngine"]

_MODULES = {
    "DuckDBEngine": "duckdb",
    "Engine": "engine",
    "Scratch": "scratch",
    "SparkEngine": "spark",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'fullhouse.engine' has no attribute {name!r}")
    return getattr(import_module(f"fullhouse.engine.{_MODULES[name]}"), name)
