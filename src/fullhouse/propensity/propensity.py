"""The nouns of propensity: a model's card, its calibration, fairness, reach, what explains it."""

import hashlib
import json
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Self

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.sample.outcome import Seed


@dataclass(frozen=True)
class ReachPoint:
    """The first `persons` of an order: what share of the wanted they hold, and how dense.

    `precision` is the share of them that is wanted, `times` that share against everybody's.
    """

    persons: int
    reached: float
    precision: float
    times: float


def reach_curve(
    score: Floats, wanted: Flags, weight: Floats, points: int = 50
) -> tuple[ReachPoint, ...]:
    """Points at even steps from the highest scores to everybody.

    People of equal score enter together, in proportion, so their order does not matter. Each
    person stands for `weight` people. Persons and reached never fall; the last point is everybody,
    all reached, 1 time as dense. Of few people there are fewer points.

    >>> curve = reach_curve(np.array([0.9, 0.1, 0.5, 0.1]), np.array([1, 0, 1, 0], bool),
    ...     np.ones(4), points=2)
    >>> [(p.persons, p.reached, p.precision, p.times) for p in curve]
    [(2, 1.0, 1.0, 2.0), (4, 1.0, 0.5, 1.0)]
    """
    _check(score, wanted, weight, points)
    people, reached_people = _groups(score, wanted, weight)
    everybody, all_wanted = float(people[-1]), float(reached_people[-1])
    # Whole people: a point between two of them would be a number that nobody can reach.
    steps = np.unique(np.round(everybody * np.arange(1, points) / points))
    steps = np.append(steps[(steps >= 1) & (steps < round(everybody))], everybody)
    reached = np.minimum(np.interp(steps, people, reached_people) / all_wanted, 1.0)
    base = all_wanted / everybody
    curve = []
    for persons, share in zip(steps.tolist(), reached.tolist(), strict=True):
        precision = min(1.0, share * all_wanted / persons)
        curve.append(ReachPoint(round(persons), share, precision, precision / base))
    curve[-1] = ReachPoint(round(everybody), 1.0, base, 1.0)
    return tuple(curve)


def _groups(score: Floats, wanted: Flags, weight: Floats) -> tuple[Floats, Floats]:
    """People, and wanted ones, down to and with each score from the highest, from 0 on."""
    _, group = np.unique(-score, return_inverse=True)
    people = np.bincount(group, weight)
    reached_people = np.bincount(group, weight * wanted)
    return np.append(0.0, np.cumsum(people)), np.append(0.0, np.cumsum(reached_people))


def _check(score: Floats, wanted: Flags, weight: Floats, points: int) -> None:
    if not score.shape == wanted.shape == weight.shape or score.ndim != 1:
        raise InputError(
            "A reach curve needs a score, a flag and a weight for each person, not"
            f" {score.shape}, {wanted.shape} and {weight.shape} of them."
        )
    if not np.isfinite(score).all():
        raise InputError("A reach curve needs scores that are numbers; some are NaN or infinite.")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise InputError("A reach curve needs weights of 0 or more; some are negative or NaN.")
    if points < 1:
        raise InputError(f"A reach curve needs at least 1 point, not {points}.")
    if not (weight * wanted).sum() > 0:
        raise CannotTellError("A reach curve needs somebody who is wanted; here nobody is.")


@dataclass(frozen=True)
class CalibrationBin:
    """People of about one probability: predicted and observed share, with its 95 % interval."""

    persons: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupFairness:
    """How the model treats one group of people: predicted and observed rates, and the AUC within.

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
class PropensityReason:
    """What sets an audience apart by the model; never given for single persons."""

    label: str
    trait: str
    share: float
    base_share: float
    weight: float


@dataclass(frozen=True)
class ForwardCheck:
    """How a model as of an earlier `cut` ranked people by what they did after it, up to `until`.

    Over `people` who could have acted (`left` did nothing in the half year before the cut and are
    not among them), `films` films and `viewers` first visits. AUC is a mean over films, with its
    95 % interval; `in_top_tenth` is the share of the viewers among the likeliest tenth. Each stands
    beside that of activity alone. Of a film only its description is used, no interest in it.
    """

    cut: date
    until: date
    films: int
    people: int
    left: int
    viewers: int
    auc: float
    auc_low: float
    auc_high: float
    activity_auc: float
    in_top_tenth: float
    activity_in_top_tenth: float


@dataclass(frozen=True)
class ModelCard:
    """What a propensity model is, what it was fitted on, up to when, and how well it does.

    Measures come from past films that the model was not fitted on, each known only by what is
    known of this film (`judged_on` of them); `baseline_auc` is that of activity alone.
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
    """Where the overall level comes from: forecast, similar_films, or given."""
    expected_people: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    baseline_auc: float | None
    calibration_slope: float | None
    calibration: tuple[CalibrationBin, ...]
    reach: tuple[ReachPoint, ...]
    fairness: tuple[GroupFairness, ...]
    fingerprint: str
    forward: ForwardCheck | None = None
    """None: there are too few weeks of events, or too few films, to judge forward in time."""


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
        values = {k: _frozen(v) for k, v in json.loads(text).items()}
        if set(values) != {f.name for f in fields(cls)}:
            raise InputError(
                "This is not a propensity model of this version: it has the fields"
                f" {', '.join(sorted(values))}. Learn it again."
            )
        return cls(**values | {"as_of": date.fromisoformat(values["as_of"])})


@dataclass(frozen=True)
class FilmPropensity:
    """A film's model in a house, with its card, the seed that pulled it, and the base it is of."""

    model: PropensityModel
    card: ModelCard
    used: tuple[Seed, ...]
    base: str


@dataclass(frozen=True)
class ScoredAudience:
    """An audience cut from a model, how many of it are expected to see the film, and why they."""

    persons: PersonSet
    expected: float
    reasons: tuple[PropensityReason, ...]

    @property
    def people(self) -> int:
        """How many they are."""
        return size(self.persons)


@dataclass(frozen=True)
class Leak:
    """A trait that was left out because it is the list itself, and the AUC it has alone."""

    trait: str
    label: str
    auc: float


@dataclass(frozen=True)
class LookAlike:
    """People like a list and not on it, by block, and how far that can be trusted.

    `curve` is of the list's held-out people, each half scored by what the other taught: the first
    so-many of the base hold that share of the list. `precision` is the list's share of the best
    n there; `by_chance` is its share of everybody. `factors` says whether factors helped.
    """

    persons: PersonSet
    seed_people: int
    curve: tuple[ReachPoint, ...]
    reached_in_top_tenth: float
    precision: float
    by_chance: float
    factors: bool
    ridge: float
    leaks: tuple[Leak, ...]
    reasons: tuple[PropensityReason, ...]
    model: PropensityModel = field(repr=False)

    @property
    def people(self) -> int:
        """How many they are."""
        return size(self.persons)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
