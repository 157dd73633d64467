"""The nouns of propensity: a model's card, its calibration, its fairness, what explains it."""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from fullhouse.core.errors import InputError
from fullhouse.sample.reach_curve import ReachPoint


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


@dataclass(frozen=True)
class PropensityModel:
    """One film's score of a person: log-odds from a few sums over the person's traits.

    `ids` are trait numbers of the build; each has a row in `sums`, whose columns are
    `features.SUMS`. `weights` are those of `features.columns`, and `interest` is added as it is.
    The events of `own` traits (number, and which of KINDS) are taken from activity: whoever has
    seen the film is scored as if they had not.
    """

    film: str
    title: str
    as_of: date
    build: int
    traits: tuple[str, ...]
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    sums: tuple[tuple[float, ...], ...]
    start: tuple[float, ...]
    per_mark: float
    knots: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    intercept: float
    own: tuple[tuple[int, int], ...]
    signals: tuple[str, ...]
    level: str
    expected_people: float

    @property
    def fingerprint(self) -> str:
        """The same for the same model, whoever made it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:32]

    def to_json(self) -> str:
        """The model as one line of text; `from_json` reads it back to the last digit."""
        return json.dumps(vars(self) | {"as_of": self.as_of.isoformat()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The model that `to_json` wrote."""
        said = {k: _frozen(v) for k, v in json.loads(text).items()}
        if set(said) != {f.name for f in fields(cls)}:
            raise InputError(
                "This is not a propensity model of this version: it has the fields"
                f" {', '.join(sorted(said))}. Learn it again."
            )
        return cls(**said | {"as_of": date.fromisoformat(said["as_of"])})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
