"""Where table expressions run: DuckDB embedded, or Spark."""

from fullhouse.engine.duckdb import DuckDBEngine
from fullhouse.engine.engine import Engine
from fullhouse.engine.scratch import Scratch
from fullhouse.engine.spark import SparkEngine

__all__ = ["DuckDBEngine", "Engine", "Scratch", "SparkEngine"]
