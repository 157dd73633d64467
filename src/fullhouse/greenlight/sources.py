"""What films of a kind of source took beside original stories, at equal budget, year and season."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.greenlight.greenlight import SourceEffect
from fullhouse.greenlight.idea import SOURCES
from fullhouse.greenlight.past import PastFilms

FEWEST = 10
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Placebo:
    """The same with labels shuffled within years: how far a ratio strays by chance alone.

    `spread` is the standard deviation of the log ratio over shuffles, by source.
    """

    spread: dict[str, float]
    rejected: float
    """Share of shuffled ratios whose 95 % interval excludes 1."""


def source_effects(past: PastFilms, *, labels: Sequence[str] | None = None) -> list[SourceEffect]:
    """The ratio of each kind of source with ten films or more to original stories.

    Least squares of the log gross on log budget and years, each year for itself, with errors that
    allow unequal spread (White 1980, HC1). Not pooled: this is the estimate that is judged.
    """
    kinds = np.array(labels if labels is not None else past.story_source, dtype=object)
    known = kinds != ""
    kinds = kinds[known]
    names = [s for s in SOURCES[1:] if (kinds == s).sum() >= FEWEST]
    if not names or (kinds == "original").sum() < FEWEST:
        return []
    year = past.year[known]
    log_gross, log_budget = np.log(past.gross[known]), np.log(past.budget[known])
    others = np.array([k not in names and k != "original" for k in kinds])
    columns = [log_budget, *((kinds == s) * 1.0 for s in names), others * 1.0]
    within = [_within(c, year) for c in columns]
    keep = [c for c in within if np.any(c != 0)]
    x, y = np.column_stack(keep), _within(log_gross, year)
    inverse = np.linalg.pinv(x.T @ x)
    beta = inverse @ (x.T @ y)
    residual = y - x @ beta
    free = len(y) - x.shape[1] - len(np.unique(year))
    meat = (x * residual[:, None]).T @ (x * residual[:, None])
    covariance = inverse @ meat @ inverse * len(y) / max(free, 1)
    rows = []
    for k, name in enumerate(names, start=1):
        half = NORMAL_95 * float(np.sqrt(covariance[k, k]))
        ends = (float(np.exp(beta[k] + s * half)) for s in (0, -1, 1))
        rows.append(SourceEffect(name, int((kinds == name).sum()), *ends))
    return rows


def source_effect(past: PastFilms, story_source: str) -> SourceEffect | None:
    """That of one kind, where there are enough films of it."""
    rows = source_effects(past)
    return next((r for r in rows if r.story_source == story_source), None)


def placebo(past: PastFilms, *, shuffles: int, seed: int) -> Placebo:
    """The ratios when the labels of each year's films are dealt out anew at random."""
    rng = np.random.default_rng(seed)
    labels = np.array(past.story_source, dtype=object)
    logs: dict[str, list[float]] = {}
    rejected, count = 0, 0
    for _ in range(shuffles):
        shuffled = labels.copy()
        for year in np.unique(past.year):
            at = np.flatnonzero(past.year == year)
            shuffled[at] = labels[rng.permutation(at)]
        for row in source_effects(past, labels=shuffled.tolist()):
            logs.setdefault(row.story_source, []).append(float(np.log(row.ratio)))
            rejected += not row.low <= 1 <= row.high
            count += 1
    spread = {name: float(np.std(values)) for name, values in logs.items()}
    return Placebo(spread, rejected / max(count, 1))


def _within(column: Floats | Flags, year: Ints) -> Floats:
    """A column less its mean in each year."""
    _, place = np.unique(year, return_inverse=True)
    sums = np.bincount(place, weights=np.asarray(column, dtype=float))
    return np.asarray(column, dtype=float) - (sums / np.bincount(place))[place]
