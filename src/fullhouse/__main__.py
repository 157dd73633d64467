"""Run as python -m fullhouse."""

from fullhouse.cli import main

main()
