"""What a tenant states of its own titles: for its own forecasts, and for nobody else's."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import insert

from fullhouse import films
from fullhouse.control.control import Control
from fullhouse.control.schema import TitleInputRow
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.films import FIELDS, SIGNALS
from fullhouse.forecast.history import History

YOURS = "yours"
"""Who says so, of what a tenant stated itself."""

STATED = tuple(name for name in FIELDS if name not in ("total", "rerelease_of"))
"""Facts that a tenant may state: what a film took is the market's to say."""


@dataclass(frozen=True)
class TitleInput:
    """A fact of an own title, or a signal of a day; a `value` of None takes it back."""

    film: str
    territory: str
    name: str
    day: date | None
    value: Any
    known_on: date


@dataclass(frozen=True)
class SignalOfDay:
    """A signal that a tenant measured itself: its kind, its day and its value."""

    kind: str
    day: date
    value: float


def checked_facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON holds them; an error for one that is no fact, or none of a tenant's."""
    facts: dict[str, Any] = {}
    for name, value in given.items():
        if name not in STATED:
            raise InputError(
                f"A title has no {name!r} that you may state.{did_you_mean(name, STATED)}"
                f" It takes {', '.join(STATED)}."
            )
        if value is None:
            facts[name] = None
            continue
        parsed = films.parse_value(name, value) if isinstance(value, str) else (
            films.check_value(name, value)
        )  # fmt: skip
        facts[name] = json.loads(json.dumps(parsed, default=str))
    return facts


def check_signals(signals: Iterable[SignalOfDay], today: date) -> None:
    """An error for a signal of no known kind, of a day to come, or that is no amount."""
    for signal in signals:
        if signal.kind not in SIGNALS:
            raise InputError(
                f"No signal {signal.kind!r}.{did_you_mean(signal.kind, SIGNALS)}"
                f" There are {', '.join(SIGNALS)}."
            )
        if signal.day > today:
            raise InputError(f"A signal of {signal.day} is not known today ({today}).")
        if not np.isfinite(signal.value) or signal.value < 0:
            raise InputError(f"A signal is a number from 0, not {signal.value:g}.")


def state(
    control: Control,
    film: str,
    territory: str,
    facts: Mapping[str, Any],
    signals: Sequence[SignalOfDay],
    *,
    known_on: date,
) -> None:
    """Add what a tenant states of its own title; earlier views stay as they were."""
    common = {
        "tenant": control.tenant,
        "film": film,
        "territory": territory,
        "known_on": known_on.isoformat(),
        "actor": control.actor,
        "at": control.clock(),
    }
    rows = [
        common | {"name": name, "day": "", "value": json.dumps(value)}
        for name, value in facts.items()
    ]
    rows += [
        common | {"name": s.kind, "day": s.day.isoformat(), "value": json.dumps(float(s.value))}
        for s in signals
    ]
    with control.begin() as connection:
        connection.execute(insert(TitleInputRow), rows)


def inputs_of(control: Control, territory: str, as_of: date) -> tuple[TitleInput, ...]:
    """What a tenant had stated for a market by a day, oldest first."""
    columns = ("film", "territory", "name", "day", "value", "known_on")
    query = control.own(*(getattr(TitleInputRow, c) for c in columns))
    query = query.where(TitleInputRow.territory == territory)
    query = query.where(TitleInputRow.known_on <= as_of.isoformat())
    with control.connect() as connection:
        rows = connection.execute(query.order_by(TitleInputRow.known_on, TitleInputRow.id)).all()
    return tuple(
        TitleInput(
            row.film,
            row.territory,
            row.name,
            date.fromisoformat(row.day) if row.day else None,
            json.loads(row.value),
            date.fromisoformat(row.known_on),
        )
        for row in rows
    )


def with_inputs(history: History, inputs: Sequence[TitleInput]) -> History:
    """The history with what a tenant stated of its own titles, each from its day on.

    A fact that is taken back (None) gives way to the public one that was known by then.
    """
    for film in dict.fromkeys(i.film for i in inputs):
        own = [i for i in inputs if i.film == film]
        history = _with_facts(history, film, [i for i in own if i.day is None])
        history = _with_signals(history, film, [i for i in own if i.day is not None])
    return history


def _with_facts(history: History, film: str, inputs: Sequence[TitleInput]) -> History:
    if not inputs:
        return history
    on = history.as_of.toordinal()
    before = history.fact(film, "opening", on)
    facts = dict(history.facts.get(film, {}))
    for name in dict.fromkeys(i.name for i in inputs):
        public = list(facts.get(name, ()))
        stated = [
            _stated(i, public) for i in inputs if i.name == name and i.known_on <= history.as_of
        ]
        # Sorted by day alone: of the same day a tenant's own word is the last, and counts.
        facts[name] = sorted([*public, *stated], key=lambda fact: fact[0])
    changed = replace(history, facts={**history.facts, film: facts})
    after = changed.fact(film, "opening", on)
    if film in history.runs and None not in (before, after) and before != after:
        runs = {**history.runs, film: history.runs[film].moved(after - before)}
        changed = replace(changed, runs=runs)
    return changed


def _stated(given: TitleInput, public: Sequence[tuple[int, Any, str]]) -> tuple[int, Any, str]:
    day = given.known_on.toordinal()
    if given.value is None:
        then = [fact for fact in public if fact[0] <= day]
        return (day, *then[-1][1:]) if then else (day, None, YOURS)
    if FIELDS[given.name][0] == "date":
        return day, date.fromisoformat(given.value).toordinal(), YOURS
    return day, given.value, YOURS


def _with_signals(history: History, film: str, inputs: Sequence[TitleInput]) -> History:
    if not inputs:
        return history
    kinds = dict(history.signals.get(film, {}))
    for kind in dict.fromkeys(i.name for i in inputs):
        # Of a day that both name a tenant's own count counts, from the day on which it was known.
        own = {
            i.day.toordinal(): (i.known_on.toordinal(), i.value)
            for i in inputs
            if i.name == kind and i.day is not None
        }
        days, known, values = kinds.get(kind, (np.array([], np.int64),) * 2 + (np.array([]),))
        rows = {int(d): (int(k), float(v)) for d, k, v in zip(days, known, values, strict=True)}
        rows |= own
        kinds[kind] = (
            np.array(sorted(rows), np.int64),
            np.array([rows[d][0] for d in sorted(rows)], np.int64),
            np.array([rows[d][1] for d in sorted(rows)], np.float64),
        )
    return replace(history, signals={**history.signals, film: kinds})
