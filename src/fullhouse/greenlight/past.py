"""Past films with their cost and what they took: what a gross is compared with before a greenlight.

The log of the gross on the log of the budget, genres, what the story is based on, the month and
the year, the kinds partially pooled; ranges from the residuals of years that the model had not
seen. Domestic share of the gross by the same model.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
    """The films whose budget and gross in one currency were known on a day, by opening."""
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
        if budget > 0 and isinstance(opening, date) and opening < as_of:
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
class GrossModel:
    """The fitted log of the gross and log odds of the home share, with residuals of unseen years.

    `residual` and `share_residual` are those of `log_budget`, each of a year that the model which
    made it had not seen; the share's are nan where the home gross is not known.
    """

    features: Features
    gross_coefficients: Floats
    share_coefficients: Floats
    last_year: int
    films: int
    log_budget: Floats
    residual: Floats
    share_residual: Floats
    residual_year: Ints
    everywhere: bool

    def middle(self, idea: Idea, *, today: date) -> tuple[float, float]:
        """The middle log gross of an idea and the log odds of its home share.

        Its year counts as the last that the model knows, so that no trend goes on into the future.
        """
        opening = idea.opening or today
        row = self.features.rows(
            np.array([idea.budget]),
            np.array([float(min(opening.year, self.last_year))]),
            [idea.opening.month if idea.opening else 9],
            [idea.genres],
            [idea.story_source],
        )
        gross = float((row @ self.gross_coefficients)[0])
        return gross, float((row @ self.share_coefficients)[0])

    @property
    def fingerprint(self) -> str:
        """A digest of what was fitted: the same films, the same digest."""
        parts = (self.gross_coefficients, self.share_coefficients, self.residual)
        content = b"".join(np.round(p, 9).tobytes() for p in parts)
        return sha256(content).hexdigest()[:16]

    def near(self, budget: float) -> Ints:
        """Places of the past films nearest in budget, by residual from the lowest."""
        if len(self.residual) < RESIDUALS_NEEDED:
            raise CannotTellError(
                code="greenlight_too_few_residuals",
                films=len(self.residual),
                needed=RESIDUALS_NEEDED,
            )
        order = np.argsort(np.abs(self.log_budget - np.log(budget)), kind="stable")[:NEAR]
        return np.asarray(order[np.argsort(self.residual[order], kind="stable")], dtype=np.int64)


def fit(past: PastFilms, *, with_source: bool = True, with_genres: bool = True) -> GrossModel:
    """The model of past films; an error where they are too few."""
    if len(past) < NEEDED:
        raise CannotTellError(code="greenlight_too_few_films", films=len(past), needed=NEEDED)
    features = features_of(past, with_source=with_source, with_genres=with_genres)
    rows, gross, share = _problem(past, features)
    years = range(int(past.year[0]) + WHOLE_YEARS, int(past.year[-1]) + 1)
    unseen = [_unseen(past, features, rows, gross, share, year) for year in years]
    at = np.concatenate([u[0] for u in unseen]) if unseen else np.zeros(0, dtype=np.int64)
    residual = np.concatenate([u[1] for u in unseen]) if unseen else np.zeros(0)
    share_residual = np.concatenate([u[2] for u in unseen]) if unseen else np.zeros(0)
    keep = past.year > past.year[-1] - TRAINED_YEARS
    return GrossModel(
        features,
        _ridge(rows[keep], gross[keep], features.pooled),
        _share_fit(rows[keep], share[keep], features),
        int(past.year[-1]),
        int(keep.sum()),
        np.log(past.budget[at]),
        residual,
        share_residual,
        past.year[at],
        past.everywhere,
    )


def _problem(past: PastFilms, features: Features) -> tuple[Floats, Floats, Floats]:
    months = [d.month for d in past.opening]
    years = past.year.astype(float)
    rows = features.rows(past.budget, years, months, past.genres, past.story_source)
    part = np.clip(past.home / past.gross, LEAST_SHARE, 1 - LEAST_SHARE)
    return rows, np.log(past.gross), np.log(part / (1 - part))


def _unseen(
    past: PastFilms, features: Features, rows: Floats, gross: Floats, share: Floats, year: int
) -> tuple[Ints, Floats, Floats]:
    """Places of a year's films and their residuals, of a model of the years before.

    Families of films never stand on both sides.
    """
    at = np.flatnonzero(past.year == year)
    families = {past.family[i] for i in at.tolist()}
    before = trained_before(past, year, families)
    if before.sum() < NEEDED:
        empty = np.zeros(0)
        return np.zeros(0, dtype=np.int64), empty, empty
    beta = _ridge(rows[before], gross[before], features.pooled)
    beta_share = _share_fit(rows[before], share[before], features)
    # The year that is predicted is not known to the model: it counts as the last before.
    own = rows[at].copy()
    own[:, 3] = (year - 1 - 2000) / 10
    return at, gross[at] - own @ beta, share[at] - own @ beta_share


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
