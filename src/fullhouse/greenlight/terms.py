"""The terms by which a gross becomes money: shares by window, fees, advertising, time."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from math import exp
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.greenlight.idea import MOST_YEARS, is_number

WINDOWS = ("theatrical", "home", "television", "streaming", "airlines")
"""Where money comes from, in the order of a report."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "overrun": (-0.9, 5.0),
    "discount": (0.0, 1.0),
    "home": (0.0, 10.0),
    "television": (0.0, 10.0),
    "streaming": (0.0, 10.0),
    "airlines": (0.0, 10.0),
    "advertising_elasticity": (0.0, 0.43),
}
"""The least and the most of a term; others are shares from 0 to 1."""
USUAL_BOUNDS: Mapping[str, tuple[float, float]] = {
    "budget": (1.0, 1e13),
    "home": (1.0, 1e13),
    "abroad": (0.0, 100.0),
    "exponent": (0.0, 2.0),
}
CURVE = 1.5
"""How bent the response to advertising is. With an elasticity of .2 at the usual spend, half of it
takes 83 % of the gross, none of it 54 %, and no spend takes more than 113 %."""
CHINESE_RENTAL = (0.39, 0.40, 0.43)


@dataclass(frozen=True)
class Uncertain:
    """A term by its 10 %, middle and 90 % value."""

    low: float
    middle: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it is one value."""
        return self.low == self.high


@dataclass(frozen=True)
class UsualAdvertising:
    """Prints and advertising of a film of some budget: `home` at `budget`, by a power of it."""

    budget: float
    home: float
    abroad: float
    exponent: float

    def of(self, budget: float, *, abroad: bool = True) -> float:
        """What a film of a budget is usually opened with."""
        at_home = float(self.home * (budget / self.budget) ** self.exponent)
        return at_home * (1 + self.abroad) if abroad else at_home


@dataclass(frozen=True)
class Years:
    """From the opening to the middle of each window's money; before it, negative."""

    theatrical: float
    home: float
    television: float
    streaming: float
    airlines: float
    production: float
    advertising: float
    to_opening: float


@dataclass(frozen=True)
class Stages:
    """What a pilot costs (of the budget), what it and screenings tell, and what a sale brings."""

    pilot_cost: float
    pilot_tells: float
    screening_tells: float
    sale_price: float


@dataclass(frozen=True)
class GreenlightTerms:
    """All terms; `terms` by name. `changed` are those that a user's file gave."""

    currency: str
    terms: Mapping[str, Uncertain]
    usual_advertising: UsualAdvertising
    years: Years
    stages: Stages
    changed: tuple[str, ...] = ()

    def with_term(self, name: str, value: float) -> "GreenlightTerms":
        """The same with one term certain."""
        return replace(self, terms={**self.terms, name: Uncertain(value, value, value)})


def response(spend_share: Any, elasticity: Any) -> Any:
    """The factor of the gross by advertising as a multiple of the usual: 1 at 1, saturating.

    >>> round(float(response(1.0, .2)), 6), round(float(response(0.5, .2)), 2)
    (1.0, 0.83)
    """
    import numpy as np

    whole = 1 - exp(-CURVE)
    moved = np.minimum(np.asarray(elasticity) * whole / (CURVE * exp(-CURVE)), 1.0)
    return 1 - moved + moved * (1 - np.exp(-CURVE * np.asarray(spend_share))) / whole


def read_terms(text: str | None = None, *, territory: str = "US") -> GreenlightTerms:
    """The shipped terms for a territory, with what a TOML text gives in their place."""
    terms = _shipped()
    if territory == "CN":
        terms = replace(terms, terms={**terms.terms, "rental_home": Uncertain(*CHINESE_RENTAL)})
    return terms if text is None else _changed(terms, _parsed(text))


def _shipped() -> GreenlightTerms:
    text = resources.files("fullhouse.greenlight").joinpath("terms.toml").read_text("utf-8")
    made = _parsed(text)
    return GreenlightTerms(
        currency=made["currency"],
        terms={name: _uncertain(name, value, None) for name, value in made["terms"].items()},
        usual_advertising=UsualAdvertising(**made["usual_advertising"]),
        years=Years(**made["years"]),
        stages=Stages(**made["stages"]),
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as problem:
        raise InputError(f"The terms are not valid TOML: {problem}") from None


def _changed(terms: GreenlightTerms, given: Mapping[str, Any]) -> GreenlightTerms:
    parts = [f.name for f in fields(GreenlightTerms) if f.name != "changed"]
    changed = []
    for part, values in given.items():
        if part not in parts:
            raise InputError(f"Terms have no {part!r}.{did_you_mean(part, parts)}")
        if part == "currency":
            terms = replace(terms, currency=_currency(values))
            continue
        if not isinstance(values, dict):
            raise InputError(f"Terms have a table [{part}], not {part} = {values!r}.")
        for name, value in values.items():
            changed.append(name if part == "terms" else f"{part}.{name}")
            terms = _with(terms, part, name, value)
    needed = ("usual_advertising.budget", "usual_advertising.home")
    if terms.currency != _shipped().currency and not set(needed) <= set(changed):
        raise InputError(
            f"In {terms.currency} the usual advertising is another: give budget and home of"
            " [usual_advertising] with a currency."
        )
    return replace(terms, changed=tuple(changed))


def _with(terms: GreenlightTerms, part: str, name: str, value: Any) -> GreenlightTerms:
    if part == "terms":
        if name not in terms.terms:
            raise InputError(f"There is no term {name!r}.{did_you_mean(name, terms.terms)}")
        term = _uncertain(name, value, terms.terms[name])
        return replace(terms, terms={**terms.terms, name: term})
    old = getattr(terms, part)
    known = [f.name for f in fields(old)]
    if name not in known:
        raise InputError(f"[{part}] has no {name!r}.{did_you_mean(name, known)}")
    amount = _number(f"{part}.{name}", value)
    if part == "stages" and not 0 <= amount <= 1:
        raise InputError(f"stages.{name} must be from 0 to 1, not {amount:g}.")
    if part == "usual_advertising":
        least, most = USUAL_BOUNDS[name]
        if not least <= amount <= most:
            raise InputError(
                f"usual_advertising.{name} must be above 0, from {least:g} to {most:g}, not"
                f" {amount:g}."
                if least
                else f"usual_advertising.{name} must be from 0 to {most:g}, not {amount:g}."
            )
    if part == "years" and abs(amount) > MOST_YEARS:
        raise InputError(f"years.{name} must be from -{MOST_YEARS} to {MOST_YEARS}.")
    return replace(terms, **{part: replace(old, **{name: amount})})


def _uncertain(name: str, value: Any, old: Uncertain | None) -> Uncertain:
    """A term as a number, or a table with low, middle and high."""
    if not isinstance(value, dict):
        amount = _number(f"terms.{name}", value)
        term = Uncertain(amount, amount, amount)
    else:
        keys = ("low", "middle", "high")
        for key in value:
            if key not in keys:
                raise InputError(f"[terms.{name}] has no {key!r}.{did_you_mean(key, keys)}")
        given = {k: _number(f"terms.{name}.{k}", v) for k, v in value.items()}
        if old is None and len(given) < len(keys):
            raise InputError(f"[terms.{name}] needs low, middle and high.")
        term = Uncertain(**given) if old is None else replace(old, **given)
    if not term.low <= term.middle <= term.high:
        raise InputError(
            f"[terms.{name}] must rise from low to middle to high, not {term.low:g},"
            f" {term.middle:g}, {term.high:g}."
        )
    least, most = BOUNDS.get(name, (0.0, 1.0))
    if not (least <= term.low and term.high <= most):
        raise InputError(f"terms.{name} must be from {least:g} to {most:g}.")
    return term


def _number(name: str, value: Any) -> float:
    if not is_number(value):
        raise InputError(f"{name} must be a number, not {str(value)[:40]!r}.")
    return float(value)


def _currency(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 3 or not value.isupper():
        raise InputError(f"currency is three capital letters, such as USD, not {value!r}.")
    return value
