"""Ibis, loaded with the first expression: many commands make none, and it takes half a second.

A module that makes expressions takes `ibis` from here, and the types for its annotations under
TYPE_CHECKING.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis
else:

    class _Later:
        """Stands for Ibis until something is asked of it."""

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module("ibis"), name)

    ibis = _Later()

__all__ = ["ibis"]
