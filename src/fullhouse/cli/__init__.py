"""The `fullhouse` command."""

from fullhouse.cli.root import main

__all__ = ["main"]
