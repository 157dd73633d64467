"""Histories of a few films, written out in a test."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from fullhouse.forecast.history import DailyRun, History
from fullhouse.forecast.history_index import HistoryIndex

AS_OF = date(2016, 12, 1)


def a_run(gross: Sequence[float], *, first: int = 0, theaters: float = np.nan) -> DailyRun:
    """Days from an offset on."""
    days = np.array(gross, np.float64)
    offsets = np.arange(first, first + len(days))
    return DailyRun(offsets, days, np.cumsum(days), np.full(len(days), theaters))


def an_index(
    films: Mapping[str, Mapping[str, Any]],
    *,
    runs: Mapping[str, DailyRun] | None = None,
    signals: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]] | None = None,
    as_of: date = AS_OF,
    territory: str = "US",
) -> HistoryIndex:
    """A past in which each fact was known 180 days before its film's opening.

    Signals are (days from the opening, value), known the day after.
    """
    facts: dict[str, dict[str, list[tuple[int, Any, str]]]] = {}
    stated = {}
    for film, values in films.items():
        opening = values["opening"]
        since = (opening - timedelta(days=180)).toordinal()
        given = {"title": film, "plan": "wide", **values, "opening": opening.toordinal()}
        facts[film] = {name: [(since, value, "made")] for name, value in given.items()}
    for film, kinds in (signals or {}).items():
        opening = films[film]["opening"].toordinal()
        stated[film] = {
            kind: (
                np.array([opening + k for k, _ in rows]),
                np.array([opening + k + 1 for k, _ in rows]),
                np.array([v for _, v in rows], np.float64),
            )
            for kind, rows in kinds.items()
        }
    return HistoryIndex(History(territory, "USD", as_of, facts, dict(runs or {}), stated))
