"""What a forecast would be if some facts were other than they are known to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.films import FIELDS, parse_value
from fullhouse.forecast.history import History

RIVALS = "rivals"
"""Not a fact of the film: how many others open wide on the same weekend."""
ASSUMABLE = (
    "opening", "theaters", "expected_theaters", "budget", "plan", "distributor", "genres",
    "predecessor", "keywords", "runtime_minutes", "language", "countries", "companies", "talent",
)  # fmt: skip


@dataclass(frozen=True)
class Assumptions:
    """Facts assumed of the film, a number of rivals, and other films' openings moved."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    rivals: int | None = None
    moved: Mapping[str, date] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """All of it by name, for people and for the forecast's `what_if`."""
        values = dict(self.facts)
        if self.rivals is not None:
            values[RIVALS] = self.rivals
        return values | {f"opening of {film}": day for film, day in self.moved.items()}

    @property
    def features(self) -> dict[str, float]:
        """Features that are set, whatever the films around it are."""
        return {} if self.rivals is None else {"slate.same": float(self.rivals)}


def assumptions(texts: Sequence[str], moves: Sequence[str] = ()) -> Assumptions:
    """The assumptions in texts such as theaters=3500, opening=2017-02-10, rivals=2, FILM=DATE."""
    facts: dict[str, Any] = {}
    rivals = None
    for text in texts:
        name, value = _pair(text, "--what-if takes NAME=VALUE, such as theaters=3500")
        if name == RIVALS:
            if not value.isdigit():
                raise InputError(f"rivals must be a whole number, not {value!r}.")
            rivals = int(value)
            continue
        if name not in ASSUMABLE:
            known = (*ASSUMABLE, RIVALS)
            raise InputError(
                f"--what-if cannot assume {name!r}.{did_you_mean(name, known)}"
                f" It takes {', '.join(known)}."
            )
        facts[name] = parse_value(name, value)
        if facts[name] is None:
            raise InputError(f"{name} must be a value to assume, not {value!r}, which is none.")
        if name == "budget" and not facts[name][0] > 0:
            raise InputError(f"A budget to assume must be above 0, not {value!r}.")
    moved = {}
    for text in moves:
        film, day = _pair(text, "--move takes FILM=DATE")
        moved[film] = parse_value("opening", day)
    return Assumptions(facts, rivals, moved)


def with_assumptions(history: History, film: str, assumed: Assumptions) -> History:
    """The history in which all that was known on its day."""
    if assumed.facts and film in history.facts:
        history = _changed(history, film, assumed.facts)
    for other, day in assumed.moved.items():
        if other not in history.facts:
            raise InputError(f"--move: no film {other!r}.{did_you_mean(other, history.facts)}")
        history = _changed(history, other, {"opening": day})
    return history


def _changed(history: History, film: str, values: Mapping[str, Any]) -> History:
    if "opening" in values and (history.run(film).offsets >= 0).any():
        raise InputError(
            f"{film!r} has opened by {history.as_of}: another opening cannot be assumed any more."
        )
    return history.assuming(film, {n: _stored(n, v) for n, v in values.items()})


def _stored(name: str, value: Any) -> Any:
    """A value as a history holds it."""
    if FIELDS[name][0] == "date":
        return value.toordinal()
    return list(value) if isinstance(value, tuple) else value


def _pair(text: str, usage: str) -> tuple[str, str]:
    name, sep, value = text.partition("=")
    if not sep or not name.strip() or not value.strip():
        raise InputError(f"{usage}, not {text!r}.")
    return name.strip(), value.strip()
