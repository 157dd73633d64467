"""Saved plans, campaigns and readouts, and what readouts measured: the rows of the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import hypot
from typing import Any

from fullhouse.core.brief import Brief


@dataclass(frozen=True)
class SavedPlan(Brief):
    """A saved version of a plan: its body is the plan as JSON."""

    name: str
    version: int
    film: str
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class SavedCampaign(Brief):
    """A launched campaign, and the version of the plan that it carries out."""

    name: str
    film: str
    plan: str
    plan_version: int
    body: Mapping[str, Any]
    at: datetime

    @property
    def cancelled(self) -> date | None:
        """The day on which it was cancelled, if it was."""
        day = self.body.get("cancelled")
        return None if day is None else date.fromisoformat(day)


@dataclass(frozen=True)
class SavedReadout:
    """The measured effects of a campaign, as known on a day."""

    campaign: str
    as_of: date
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class SavedResponse(Brief):
    """The relative response of some people that a readout measured, with its standard error.

    `line` is the rule of their audience, or what part of it. `doses` are the impressions that each
    of them was to get on each channel, and `channel` names these channels together. Where several
    were compared with one base, `part` names it and `base_error` is its relative error, which
    `error` leaves out.
    """

    known_on: date
    campaign: str
    film: str
    line: str
    audience: str
    kind: str
    channel: str
    doses: Mapping[str, float]
    response: float
    error: float
    part: str = ""
    base_error: float = 0.0

    @property
    def standard_error(self) -> float:
        """The whole error of the response, with that of what is bought anyway."""
        return float(hypot(self.error, (1 + self.response) * self.base_error))


@dataclass(frozen=True)
class SavedVerdict(Brief):
    """Whether a card's claim held, judged on people whom no campaign contacted.

    `claimed` and `observed` are ratios with the ends of their 95 % intervals, `verdict` one of
    confirmed, refuted and cannot tell.
    """

    known_on: date
    campaign: str
    film: str
    rule: str
    audience: str
    claimed: tuple[float, float, float]
    observed: tuple[float | None, float | None, float | None]
    people: int
    verdict: str
