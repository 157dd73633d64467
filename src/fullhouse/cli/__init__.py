"""The `fullhouse` command."""

from fullhouse.cli.app import main

__all__ = ["main"]
