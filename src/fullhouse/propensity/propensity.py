"""The nouns of propensity: a model's card, its calibration, its fairness, what explains it."""

from dataclasses import dataclass
from datetime import date

from fullhouse.discovery.reach import ReachPoint


@dataclass(frozen=True)
class CalibrationBin:
    """People of about one probability: what was foretold and what came, with its 95 % interval."""

    persons: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Fairness:
    """How the model treats one group of people: foretold and seen rates, and the order within it.

    `auc` and the rates are None where the group has too few people to tell.
    """

    group: str
    persons: int
    predicted: float | None
    observed: float | None
    auc: float | None
    share_of_top: float | None
    """Share of the best tenth that is of this group; beside `share` of everybody."""
    share: float


@dataclass(frozen=True)
class Reason:
    """What sets an audience apart in the model's eyes: never said of one person to a studio."""

    label: str
    trait: str
    share: float
    base_share: float
    weight: float


@dataclass(frozen=True)
class ModelCard:
    """What a propensity model is, what it learned from, up to when, and how well it does.

    Measures come from past films that the model did not learn from, each told only what is told
    of this film (`judged_on` of them); `baseline_auc` is that of activity alone.
    """

    film: str
    title: str
    as_of: date
    built_on: date
    learned_from: tuple[str, ...]
    judged_on: tuple[str, ...]
    signals: tuple[str, ...]
    """Which of interest, comps, content and activity it could use."""
    people: int
    level: str
    """Where the overall level comes from: the forecast, the film's like, or its own interest."""
    expected_people: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    baseline_auc: float | None
    calibration_slope: float | None
    calibration: tuple[CalibrationBin, ...]
    reach: tuple[ReachPoint, ...]
    fairness: tuple[Fairness, ...]
    notes: tuple[str, ...]
    fingerprint: str
