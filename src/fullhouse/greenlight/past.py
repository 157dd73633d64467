"""Past films with their cost and what they took: what a gross is compared with before a greenlight.

The log of the gross on the log of the budget, genres, what the story is based on, the month and
the year, the kinds partially pooled; ranges from the residuals of years that the model had not
seen. Domestic share of the gross by the same model.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np

from fullhouse import films
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.films.importing import main_key
from fullhouse.films.store import value
from fullhouse.forecast.score import LONGEST_RUN
from fullhouse.greenlight.idea import SOURCES, Idea
from fullhouse.lake import Lake

NEEDED = 100
"""Fewest past films with a budget and a gross from which a model is fitted."""
RESIDUALS_NEEDED = 40
"""Fewest residuals of years not seen from which ranges are made."""
NEAR = 400
"""Past films, nearest in budget, whose residuals make the range of one."""
TRAINED_YEARS = 25
"""Films of so many years before count."""
TAUGHT_YEARS = 35
"""Films older than this neither teach nor make ranges."""
POOLED = 8.0
"""Films' worth of no effect that each kind of source and each genre begins with."""
LEAST_SHARE = 0.02
"""A home share beyond this, or beyond one less it, counts as this."""
FLOOR = 0.3
"""Of the budget: what a film falls below says more of its release than of what films like it take,
so that the middle is fitted as if it had taken this. Ranges keep the true fall. Chosen on the
films up to 2005, of .1, .3, .6 and 1."""
TRUST_POOLED = 200.0
"""Films' worth of the slope of all with which that of films of one size begins."""
BASE_COLUMNS = 4
"""The first columns: a constant, the budget and its bend, the year."""
YEAR_COLUMN = 3
"""Where the year stands among the features."""
WHOLE_YEARS = 5
"""Years that are there before the first that is predicted."""


@dataclass(frozen=True)
class PastFilms:
    """Films with their opening, budget and grosses, one place in every array each.

    `home` is the gross in the territory, nan where it is not known; `gross` is what is compared:
    that of all countries, or where too few know it, that of the territory.
    """

    film: tuple[str, ...]
    title: tuple[str, ...]
    opening: tuple[date, ...]
    budget: Floats
    gross: Floats
    home: Floats
    genres: tuple[tuple[str, ...], ...]
    story_source: tuple[str, ...]
    everywhere: bool = True

    def __len__(self) -> int:
        return len(self.film)

    @cached_property
    def year(self) -> Ints:
        """Year of each opening."""
        return np.array([d.year for d in self.opening], dtype=np.int64)

    @cached_property
    def family(self) -> tuple[str, ...]:
        """What films of one series share: the title before its subtitle and number."""
        return tuple(re.sub(r"\d+$", "", main_key(t)) or main_key(t) for t in self.title)

    def recent(self) -> "PastFilms":
        """Those of the years that teach, and of as many as make the ranges."""
        return self.only(self.year > self.year.max(initial=0) - TAUGHT_YEARS)

    def without(self, films: Collection[str]) -> "PastFilms":
        """Those that are none of some."""
        return self.only(np.array([f not in films for f in self.film], dtype=bool))

    def only(self, keep: Flags) -> "PastFilms":
        """Those that are kept."""
        at = np.flatnonzero(keep).tolist()
        pick: Mapping[str, Any] = {
            name: tuple(getattr(self, name)[i] for i in at)
            for name in ("film", "title", "opening", "genres", "story_source")
        }
        return replace(
            self, budget=self.budget[at], gross=self.gross[at], home=self.home[at], **pick
        )


def read_past(lake: Lake, territory: str, as_of: date, *, currency: str) -> PastFilms:
    """The films whose budget and gross in one currency were known on a day, by opening.

    A film that opened of late may still run: what it took by then is no whole gross.
    """
    fields = ["title", "opening", "budget", "genres", "story_source", "total", "worldwide"]
    by_film: dict[str, dict[str, Any]] = {}
    for row in films.facts(lake, territory, as_of, fields=fields).to_pylist():
        by_film.setdefault(row["film"], {})[row["field"]] = value(row["field"], row["value"])
    taken = _taken(lake, territory, as_of, currency)
    rows = []
    for film, known in by_film.items():
        budget, everywhere = (_amount(known.get(n), currency) for n in ("budget", "worldwide"))
        home = max(_amount(known.get("total"), currency), taken.get(film, 0.0))
        opening = known.get("opening")
        if budget > 0 and isinstance(opening, date) and opening <= as_of - LONGEST_RUN:
            rows.append((opening, film, known, budget, max(everywhere, home), home, everywhere))
    rows.sort(key=lambda r: r[:2])
    everywhere_known = [r for r in rows if r[6] > 0]
    whole = len(everywhere_known) >= NEEDED
    used = everywhere_known if whole else [r for r in rows if r[5] > 0]
    return PastFilms(
        film=tuple(r[1] for r in used),
        title=tuple(str(r[2].get("title") or r[1]) for r in used),
        opening=tuple(r[0] for r in used),
        budget=np.array([r[3] for r in used], dtype=float),
        gross=np.array([r[4] if whole else r[5] for r in used], dtype=float),
        home=np.array([r[5] or np.nan for r in used], dtype=float),
        genres=tuple(tuple(r[2].get("genres") or ()) for r in used),
        story_source=tuple(str(r[2].get("story_source") or "") for r in used),
        everywhere=whole,
    )


def _amount(stated: Any, currency: str) -> float:
    return float(stated[0]) if isinstance(stated, tuple) and stated[1] == currency else 0.0


def _taken(lake: Lake, territory: str, as_of: date, currency: str) -> dict[str, float]:
    """What each film's known days add up to."""
    rows = films.grosses(lake, territory, as_of)
    if rows.num_rows == 0:
        return {}
    rows = rows.filter(np.asarray(rows["currency"].to_numpy(zero_copy_only=False) == currency))
    sums = rows.group_by("film").aggregate([("gross", "sum")])
    return dict(zip(sums["film"].to_pylist(), sums["gross_sum"].to_pylist(), strict=True))


@dataclass(frozen=True)
class Features:
    """Which columns a model has: genres and kinds of source that occur, or budget alone."""

    genres: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    season: bool = True

    def rows(
        self,
        budget: Floats,
        years: Floats,
        months: Sequence[int],
        genres: Sequence[Sequence[str]],
        sources: Sequence[str],
    ) -> Floats:
        """A row of features for each film: a constant, log budget and its bend, year, the rest."""
        log = np.log(budget) - np.log(3e7)
        columns = [np.ones(len(log)), log, np.minimum(log, 0.0), (years - 2000) / 10]
        if self.season:
            month = np.array(months)
            columns += [np.isin(month, (5, 6, 7)) * 1.0, np.isin(month, (11, 12)) * 1.0]
        lowered = [{g.casefold() for g in own} for own in genres]
        columns += [np.array([g in own for own in lowered]) * 1.0 for g in self.genres]
        kind = np.array(sources, dtype=object)
        columns += [(kind == s) * 1.0 for s in self.sources]
        return np.column_stack(columns)

    @property
    def pooled(self) -> Floats:
        """The penalty of each column, in films."""
        plain = 6 if self.season else 4
        kinds = len(self.genres) + len(self.sources)
        # Enough for what two films already determine, and nothing for a thousand.
        return np.concatenate([np.full(plain, 1e-3), np.full(kinds, POOLED)])


def features_of(past: PastFilms, *, with_source: bool = True, with_genres: bool = True) -> Features:
    """The columns of a model of these films: genres of twenty films, sources of ten."""
    lowered = [{g.casefold() for g in own} for own in past.genres]
    names = sorted({g for own in lowered for g in own})
    common = [g for g in names if sum(g in own for own in lowered) >= 20] if with_genres else []
    kinds = [s for s in SOURCES[1:] if past.story_source.count(s) >= 10] if with_source else []
    return Features(tuple(common), tuple(kinds), season=with_genres)


@dataclass(frozen=True)
class Unseen:
    """Films of years that the model of each had not seen: what it predicted, and what came.

    `residual` is the log gross less the middle by budget and year alone, `deviation` what genres,
    season and source moved that middle by, `floored` the residual of a gross that is none below
    a part of the budget. `share` is the residual of the home share, nan where it is not known.
    """

    place: Ints
    log_budget: Floats
    year: Ints
    residual: Floats
    floored: Floats
    deviation: Floats
    share: Floats

    def only(self, keep: Flags) -> "Unseen":
        """Those that are kept."""
        return Unseen(**{name: values[keep] for name, values in vars(self).items()})

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Near:
    """What past films nearest in budget lay off by, from the lowest, and what kinds are worth.

    `trust` is the part of what genres, season and source moved the middle by that came true.
    """

    residual: Floats
    share: Floats
    trust: float


@dataclass(frozen=True)
class GrossModel:
    """The log of the gross and the log odds of the home share by what a film is, fitted.

    `base` is by budget and year alone; `kinds` by all that is known.
    """

    features: Features
    base: Floats
    kinds: Floats
    share: Floats
    last_year: int
    films: int
    unseen: Unseen
    everywhere: bool

    def rows(self, idea: Idea, *, today: date) -> Floats:
        """The features of an idea.

        Its year counts as the last that the model knows, so that no trend goes on into the future.
        """
        opening = idea.opening or today
        return self.features.rows(
            np.array([idea.budget]),
            np.array([float(min(opening.year, self.last_year))]),
            [idea.opening.month if idea.opening else 9],
            [idea.genres],
            [idea.story_source],
        )

    def middles(self, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """By budget alone the middle log gross, what kinds move it by, log odds of the share."""
        base = rows[:, : len(self.base)] @ self.base
        return base, rows @ self.kinds - base, rows @ self.share

    @property
    def residual(self) -> Floats:
        """What films lay off by in years that were not seen, all that is known of them counted."""
        return np.asarray(self.unseen.residual - self.unseen.deviation)

    @property
    def fingerprint(self) -> str:
        """A digest of what was fitted: the same films, the same digest."""
        parts = (self.kinds, self.share, self.unseen.residual)
        content = b"".join(np.round(p, 9).tobytes() for p in parts)
        return sha256(content).hexdigest()[:16]

    def near(self, budget: float) -> Near:
        """The past films nearest in budget; an error where there are too few of unseen years."""
        unseen = self.unseen
        if len(unseen) < RESIDUALS_NEEDED:
            raise CannotTellError(
                code="greenlight_too_few_residuals", films=len(unseen), needed=RESIDUALS_NEEDED
            )
        at = np.argsort(np.abs(unseen.log_budget - np.log(budget)), kind="stable")[:NEAR]
        trust = _trust(unseen.deviation[at], unseen.floored[at], unseen)
        residual = unseen.residual[at] - trust * unseen.deviation[at]
        order = np.argsort(residual, kind="stable")
        return Near(residual[order], unseen.share[at][order], trust)


def _trust(deviation: Floats, floored: Floats, unseen: Unseen) -> float:
    """The slope of what outcome on what kinds were said to move, pooled with that of all films."""
    every = _slope(unseen.deviation, unseen.floored, 0.0, 0.0)
    return _slope(deviation, floored, every, TRUST_POOLED * float(np.var(unseen.deviation)))


def _slope(deviation: Floats, outcome: Floats, prior: float, weight: float) -> float:
    x, y = deviation - deviation.mean(), outcome - outcome.mean()
    moments = float(x @ x) + weight
    return float(np.clip((float(x @ y) + weight * prior) / moments, 0, 1)) if moments > 0 else 0.0


def fit(past: PastFilms, *, with_source: bool = False, with_genres: bool = True) -> GrossModel:
    """The model of past films; an error where they are too few.

    By itself without kinds of source: over 3,370 films of 2000 to 2015, each from the years before
    it, they made no forecast better (benchmarks/greenlight.py).
    """
    if len(past) < NEEDED:
        raise CannotTellError(code="greenlight_too_few_films", films=len(past), needed=NEEDED)
    features = features_of(past, with_source=with_source, with_genres=with_genres)
    keep = past.year > past.year[-1] - TRAINED_YEARS
    unseen = unseen_years(past, features)
    return _fitted(
        GrossProblem.of(past, features), keep, int(past.year[-1]), unseen, past.everywhere
    )


@dataclass(frozen=True)
class GrossProblem:
    """Features and targets of past films: log gross, floored too, and log odds of home."""

    features: Features
    rows: Floats
    gross: Floats
    floored: Floats
    share: Floats

    @classmethod
    def of(cls, past: PastFilms, features: Features) -> "GrossProblem":
        """Those of some films."""
        months = [d.month for d in past.opening]
        years = past.year.astype(float)
        rows = features.rows(past.budget, years, months, past.genres, past.story_source)
        part = np.clip(past.home / past.gross, LEAST_SHARE, 1 - LEAST_SHARE)
        gross = np.log(past.gross)
        floored = np.maximum(gross, np.log(past.budget) + np.log(FLOOR))
        return cls(features, rows, gross, floored, np.log(part / (1 - part)))

    def of_year(self, at: Ints, year: int) -> Floats:
        """The features of some films as the year before knew them.

        The year that is predicted is not known to the model: it counts as the last before.
        """
        own = self.rows[at].copy()
        own[:, YEAR_COLUMN] = (year - 1 - 2000) / 10
        return own


def _fitted(
    problem: GrossProblem, keep: Flags, last_year: int, unseen: Unseen, everywhere: bool
) -> GrossModel:
    rows, floored, features = problem.rows[keep], problem.floored[keep], problem.features
    base = rows[:, :BASE_COLUMNS]
    return GrossModel(
        features,
        _ridge(base, floored, features.pooled[:BASE_COLUMNS]),
        _ridge(rows, floored, features.pooled),
        _share_fit(rows, problem.share[keep], features),
        last_year,
        int(keep.sum()),
        unseen,
        everywhere,
    )


def unseen_years(past: PastFilms, features: Features) -> Unseen:
    """Every year that a model of the years before can predict, films of a family apart."""
    problem = GrossProblem.of(past, features)
    empty, places = np.zeros(0), np.zeros(0, dtype=np.int64)
    none = Unseen(places, empty, places, empty, empty, empty, empty)
    parts = [none]
    for year in range(int(past.year[0]) + WHOLE_YEARS, int(past.year[-1]) + 1):
        at = np.flatnonzero(past.year == year)
        before = trained_before(past, year, {past.family[i] for i in at.tolist()})
        if before.sum() < NEEDED or len(at) == 0:
            continue
        model = _fitted(problem, before, year - 1, none, past.everywhere)
        base, deviation, share = model.middles(problem.of_year(at, year))
        parts.append(
            Unseen(
                at,
                np.log(past.budget[at]),
                past.year[at],
                problem.gross[at] - base,
                problem.floored[at] - base,
                deviation,
                problem.share[at] - share,
            )
        )
    return Unseen(**{n: np.concatenate([getattr(p, n) for p in parts]) for n in UNSEEN})


UNSEEN = tuple(f.name for f in fields(Unseen))


def model_before(
    past: PastFilms, problem: GrossProblem, year: int, families: Collection[str], unseen: Unseen
) -> GrossModel | None:
    """The model of the years before one, without some families; None where films are too few."""
    before = trained_before(past, year, families)
    if before.sum() < NEEDED:
        return None
    apart = np.array([past.family[i] not in families for i in unseen.place.tolist()], dtype=bool)
    own = unseen.only((unseen.year < year) & apart)
    return _fitted(problem, before, year - 1, own, past.everywhere)


def trained_before(past: PastFilms, year: int, families: Collection[str]) -> Flags:
    """The films of the years before one, without those of some families."""
    keep = (past.year < year) & (past.year >= year - TRAINED_YEARS)
    return np.array([k and f not in families for k, f in zip(keep, past.family, strict=True)])


def _share_fit(rows: Floats, share: Floats, features: Features) -> Floats:
    known = np.isfinite(share)
    if known.sum() < RESIDUALS_NEEDED:
        return np.zeros(rows.shape[1])
    return _ridge(rows[known], share[known], features.pooled)


def _ridge(rows: Floats, target: Floats, penalty: Floats) -> Floats:
    """Least squares with a penalty by column: the mean of a normal prior around no effect."""
    moments = rows.T @ rows + np.diag(penalty)
    return np.asarray(np.linalg.solve(moments, rows.T @ target))
