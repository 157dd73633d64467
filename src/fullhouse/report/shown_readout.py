"""A readout as charts and pages show it: dated, with the effects of the whole and of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from fullhouse.measurement.experiment import ArmEffect, Readout
from fullhouse.stats.arms import holm
from fullhouse.stats.sample_ratio import Check

WHOLE, EVERYBODY = "whole", "The whole campaign"


@dataclass(frozen=True)
class NamedEffect:
    """An effect with the name of the part it is of (a line, an audience) and that part's group."""

    group: str
    name: str
    effect: ArmEffect


@dataclass(frozen=True)
class ShownReadout:
    """A readout as a page shows it: of which campaign, as of when, its effects by group."""

    campaign: str
    as_of: date
    effects: tuple[NamedEffect, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What was measured, in the order of the effects."""
        return tuple(dict.fromkeys(e.effect.outcome for e in self.effects))

    def on(self, outcome: str) -> tuple[NamedEffect, ...]:
        """The effects on one outcome."""
        return tuple(e for e in self.effects if e.effect.outcome == outcome)


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
