"""A readout as charts and pages show it: dated, with the effects of the whole and of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from math import inf
from typing import Any, TypeVar

import numpy as np

from fullhouse.core.values import as_json
from fullhouse.measurement.experiment import ArmEffect, Cuped, Readout, plain
from fullhouse.measurement.exposure import Exposure
from fullhouse.stats.figures import AlwaysValid, Capped, Check, Estimate, Interval
from fullhouse.stats.multiplicity import holm

WHOLE, EVERYBODY = "whole", "The whole campaign"
ENDS = {"infinite": inf, "-infinite": -inf}
"""What `plain` writes for ends that JSON has no number for."""
Figures = TypeVar("Figures", Estimate, Interval, AlwaysValid)


@dataclass(frozen=True)
class NamedEffect:
    """An effect with the name of the part it is of (a line, an audience) and that part's group."""

    group: str
    name: str
    effect: ArmEffect


@dataclass(frozen=True)
class ShownReadout:
    """A readout as a page shows it: of which campaign, as of when, its effects by group.

    `exposures` are what came back of each line by that day, and `spend` the money that went out,
    in `currency`; None where nobody told. `share_seen` is how much of the run had been seen.
    """

    campaign: str
    as_of: date
    effects: tuple[NamedEffect, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    spend: float | None = None
    currency: str = ""
    share_seen: float = 1.0

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What was measured, in the order of the effects."""
        return tuple(dict.fromkeys(e.effect.outcome for e in self.effects))

    def on(self, outcome: str) -> tuple[NamedEffect, ...]:
        """The effects on one outcome."""
        return tuple(e for e in self.effects if e.effect.outcome == outcome)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `shown_from` reads back; see `measurement` for infinity."""
        told: dict[str, Any] = plain(as_json(asdict(self)))
        return told


def shown_readout(
    campaign: str,
    as_of: date,
    whole: Readout,
    *,
    parts: Mapping[str, Mapping[str, Readout]] | None = None,
) -> ShownReadout:
    """The readout of a whole campaign with those of its parts: by group, then by name.

    Each part's readout has adjusted its p for its own arms and outcomes only. Here they are
    adjusted over all parts together (Holm), so that among many lines luck proves none; the whole,
    which is the question asked first, keeps its own. Checks and notes are those of the whole; a
    note of a part stands with the part's name.
    """
    arms = {e.arm for e in whole.effects}
    effects = [NamedEffect(WHOLE, EVERYBODY if len(arms) == 1 else e.arm, e) for e in whole.effects]
    notes, inside = list(whole.notes), []
    for group, named in (parts or {}).items():
        for name, part in named.items():
            inside += [NamedEffect(group, _name(name, part, e), e) for e in part.effects]
            notes += [f"{name}: {n}" for n in part.notes if n not in whole.notes]
    effects += _adjusted(inside)
    return ShownReadout(campaign, as_of, tuple(effects), whole.checks, tuple(notes))


def shown_from(body: Mapping[str, Any]) -> ShownReadout:
    """A readout from what `ShownReadout.to_dict` gave, after JSON."""
    return ShownReadout(
        body["campaign"],
        date.fromisoformat(body["as_of"]),
        tuple(
            NamedEffect(e["group"], e["name"], effect_from(e["effect"])) for e in body["effects"]
        ),
        tuple(Check(c["name"], c["p"]) for c in body["checks"]),
        tuple(body["notes"]),
        tuple(Exposure(**e) for e in body.get("exposures", ())),
        body.get("spend"),
        body.get("currency", ""),
        body.get("share_seen", 1.0),
    )


def effect_from(told: Mapping[str, Any]) -> ArmEffect:
    """An effect from its plain values, such as stand in `Readout.to_dict`."""
    cuped, capped = told["cuped"], told["capped"]
    return ArmEffect(
        **dict(told)
        | {
            "effect": _figures(Estimate, told["effect"]),
            "total": _figures(Interval, told["total"]),
            "relative": _maybe(Interval, told["relative"]),
            "always_valid": _maybe(AlwaysValid, told["always_valid"]),
            "cuped": cuped and Cuped(**cuped | {"plain": _figures(Estimate, cuped["plain"])}),
            "capped": capped
            and Capped(**capped | {"effect": _figures(Estimate, capped["effect"])}),
            "cost_each": _maybe(Interval, told["cost_each"]),
            "return_on_spend": _maybe(Interval, told["return_on_spend"]),
            "unknown": tuple(told["unknown"]),
        }
    )


def named_effects(readout: Readout, *, group: str = WHOLE) -> list[NamedEffect]:
    """The effects of a readout under the names of their arms."""
    return [NamedEffect(group, e.arm, e) for e in readout.effects]


def _adjusted(parts: Sequence[NamedEffect]) -> list[NamedEffect]:
    settled = holm(np.array([e.effect.effect.p for e in parts]))
    return [
        replace(e, effect=replace(e.effect, holm_p=float(p)))
        for e, p in zip(parts, settled, strict=True)
    ]


def _name(name: str, part: Readout, effect: ArmEffect) -> str:
    arms = {e.arm for e in part.effects}
    return name if len(arms) == 1 else f"{name}: {effect.arm}"


def _figures(kind: type[Figures], told: Mapping[str, Any]) -> Figures:
    return kind(**{k: ENDS[v] if isinstance(v, str) else v for k, v in told.items()})


def _maybe(kind: type[Figures], told: Mapping[str, Any] | None) -> Figures | None:
    return None if told is None else _figures(kind, told)
