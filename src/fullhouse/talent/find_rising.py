"""Find rising names: a logistic regression on what newcomers of earlier years had and became."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.linalg import lstsq

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.films.film import TOTALLED
from fullhouse.talent.credit import LEADS
from fullhouse.talent.fit_effects import BILLED
from fullhouse.talent.outcome import Design, FilmOutcome, design
from fullhouse.talent.rising import MOST_FILMS_SO_FAR, TOP, YEARS, Rising, RisingCheck, RisingNames

FEWEST_FILMS = 200
FEWEST_TOP = 30
"""Newcomers who became top, over all days learned from, below which nothing is said."""
MOST_CUTS = 12
CHECKED_CUTS = 6
BOOTSTRAPS = 100
LEAST_DRAWS = 80
"""Fewest draws with both outcomes that give an interval."""
PENALTY = 0.1
DAYS = round(365.25 * YEARS)
OVER = TOTALLED.days
FADE_YEARS = 3.0


@dataclass(frozen=True)
class Careers:
    """Who was in which film with which billing, and who directed it, as numbers of each."""

    talents: tuple[str, ...]
    names: Mapping[str, str]
    films: Design
    days: Ints
    talent: Ints
    film: Ints
    billing: Ints
    director: Ints
    directed: Ints


@dataclass(frozen=True)
class Newcomers:
    """Those with one to three films on a day, with what is known of each; `top` once it is."""

    cut: date
    people: Ints
    features: Floats
    gross: Floats
    films: Ints
    best_billing: Ints
    last: Ints
    top: Flags


def careers(outcomes: Sequence[FilmOutcome], credited: pa.Table) -> Careers:
    """Everybody who is billed among the first ten of a film with a known gross."""
    place = {f.film: k for k, f in enumerate(outcomes)}
    cast: list[tuple[str, int, int]] = []
    directors: list[tuple[str, int]] = []
    names: dict[str, str] = {}
    columns = (credited[c].to_pylist() for c in ("talent", "name", "role", "billing", "film"))
    for talent, name, role, billing, film in zip(*columns, strict=True):
        k = place.get(film)
        if k is None:
            continue
        if role == "cast" and billing is not None and billing <= BILLED:
            cast.append((talent, k, billing))
            names[talent] = name
        elif role == "director":
            directors.append((talent, k))
    if len(outcomes) < FEWEST_FILMS or not cast:
        raise CannotTellError(
            code="too_few_credited_films", films=len({k for _, k, _ in cast}), needed=FEWEST_FILMS
        )
    talents = sorted({t for t, _, _ in cast})
    number = {t: k for k, t in enumerate(talents)}
    of_directors = {t: k for k, t in enumerate(sorted({t for t, _ in directors}))}
    return Careers(
        talents=tuple(talents),
        names=names,
        films=design(outcomes),
        days=np.array([f.opening.toordinal() for f in outcomes], np.int64),
        talent=np.array([number[t] for t, _, _ in cast], np.int64),
        film=np.array([k for _, k, _ in cast], np.int64),
        billing=np.array([b for _, _, b in cast], np.int64),
        director=np.array([of_directors[t] for t, _ in directors], np.int64),
        directed=np.array([k for _, k in directors], np.int64),
    )


def newcomers(every: Careers, cut: date) -> Newcomers:
    """Those with one to three films whose run was over on a day, by what was known then."""
    day, count = cut.toordinal(), len(every.talents)
    known_film = every.days + OVER <= day
    rows = np.flatnonzero(known_film[every.film])
    rows = rows[np.argsort(every.days[every.film[rows]], kind="stable")]
    who, film, billing = every.talent[rows], every.film[rows], every.billing[rows]
    films = np.bincount(who, minlength=count)
    recent = known_film & (every.days + OVER > day - DAYS)
    level = every.films.target[recent].mean() if recent.any() else every.films.target.mean()
    gross = every.films.target - level
    budget = every.films.features[:, 1]
    residual = _residual(every.films, known_film)
    years = (day - every.days[film]) / 365.25
    recency = np.exp(-years / FADE_YEARS)
    lead = (billing <= LEADS).astype(float)
    mean = _means(who, films)
    strength = mean(gross[film])
    columns = [
        films.astype(float),
        mean(gross[film]),
        _largest(who, gross[film], count),
        _latest(who, gross[film], count),
        -_largest(who, -np.log(billing), count),
        mean(np.log(billing)),
        _latest(who, np.log(billing), count),
        np.bincount(who, lead, count),
        _latest(who, years, count),
        _largest(who, years, count),
        np.bincount(who, recency, count),
        mean(budget[film]),
        _latest(who, budget[film], count),
        mean(residual[film]),
        mean(_others(film, strength[who], len(every.days))),
        mean(_directors(every, known_film, gross)[film]),
        np.bincount(who, recency / np.sqrt(billing), count),
        np.bincount(who, recency * lead, count),
    ]
    people = np.flatnonzero((films >= 1) & (films <= MOST_FILMS_SO_FAR))
    return Newcomers(
        cut=cut,
        people=people,
        features=np.column_stack([c[people] for c in columns]),
        gross=np.bincount(who, np.exp(every.films.target[film]), count)[people].astype(np.float64),
        films=films[people],
        best_billing=np.rint(np.exp(columns[4][people])).astype(np.int64),
        last=_latest(who, every.days[film].astype(float), count)[people].astype(np.int64),
        top=_top(every, day, people, who, film),
    )


def _top(every: Careers, day: int, people: Ints, who: Ints, film: Ints) -> Flags:
    """Whose leading roles of the next five years took most on average: the top tenth.

    Films of a family in which the person was before do not count.
    """
    families = int(every.films.families.max()) + 1
    before = who * families + every.films.families[film]
    later = (every.days[every.film] > day) & (every.days[every.film] <= day + DAYS)
    later &= every.billing <= LEADS
    kin = every.talent * families + every.films.families[every.film]
    rows = np.flatnonzero(later & ~np.isin(kin, before))
    count = len(every.talents)
    roles = np.bincount(every.talent[rows], minlength=count)
    sums = np.bincount(every.talent[rows], np.exp(every.films.target[every.film[rows]]), count)
    took = (sums / np.maximum(roles, 1))[people]
    if len(took) == 0:
        return np.zeros(0, dtype=bool)
    least = np.sort(took)[-int(np.ceil(TOP * len(took)))]
    top: Flags = (took >= least) & (took > 0)
    return top


def find_rising(
    outcomes: Sequence[FilmOutcome],
    credited: pa.Table,
    *,
    territory: str,
    as_of: date,
    simulated: bool = False,
) -> RisingNames:
    """The chance of each newcomer to be top in five years, and how such chances did before."""
    every = careers(outcomes, credited)
    cuts = [newcomers(every, c) for c in learnable(every, as_of)]
    cuts = [c for c in cuts if c.top.any()]
    if sum(int(c.top.sum()) for c in cuts) < FEWEST_TOP:
        raise CannotTellError(
            code="too_few_risen", risen=sum(int(c.top.sum()) for c in cuts), needed=FEWEST_TOP
        )
    now = newcomers(every, as_of)
    chances = _predict(cuts[-MOST_CUTS:], now)
    order = np.lexsort([now.people, -chances])
    names = tuple(
        Rising(
            talent=(talent := every.talents[int(now.people[k])]),
            name=every.names[talent],
            films=int(now.films[k]),
            best_billing=int(now.best_billing[k]),
            last=date.fromordinal(int(now.last[k])),
            gross=float(now.gross[k]),
            probability=float(chances[k]),
        )
        for k in order
    )
    check = check_rising(cuts, [c.cut for c in cuts[-CHECKED_CUTS:]])
    return RisingNames(territory, as_of, len(names), names, check, simulated)


def learnable(every: Careers, as_of: date) -> list[date]:
    """The first of each year of which five years are over, with enough films before it."""
    days = np.sort(every.days) + OVER
    first = date.fromordinal(int(days[min(FEWEST_FILMS, len(days)) - 1])).year + 1
    cuts = [date(y, 1, 1) for y in range(first, as_of.year + 1)]
    return [c for c in cuts if is_over(c, as_of)]


def is_over(cut: date, as_of: date) -> bool:
    """Whether the five years from a day are over, and the runs of their films."""
    return cut + timedelta(DAYS + OVER) <= as_of


def check_rising(cuts: Sequence[Newcomers], judged: Sequence[date]) -> RisingCheck | None:
    """How chances of earlier days did, each from days whose five years were over by then.

    None where too few people rose, or did not, for an interval.
    """
    by_day = {c.cut: c for c in cuts}
    parts: list[tuple[Newcomers, Floats]] = []
    for day in judged:
        earlier = [c for c in cuts if is_over(c.cut, day)][-MOST_CUTS:]
        if sum(int(c.top.sum()) for c in earlier) >= FEWEST_TOP:
            parts.append((by_day[day], _predict(earlier, by_day[day])))
    areas = _areas(parts, None)
    random = np.random.default_rng(0)
    count = max((int(c.people.max(initial=0)) for c, _ in parts), default=0) + 1
    draws = (
        _areas(parts, random.poisson(1.0, count).astype(np.float64)) for _ in range(BOOTSTRAPS)
    )
    differences = [a - b for a, b in (d for d in draws if d is not None)]
    if areas is None or len(differences) < LEAST_DRAWS:
        return None
    own, popularity = areas
    chances = np.concatenate([p for _, p in parts])
    top = np.concatenate([c.top for c, _ in parts])
    error = 1.96 * float(np.std(differences))
    share = float(top.mean())
    return RisingCheck(
        people=len(top),
        first=parts[0][0].cut,
        last=parts[-1][0].cut,
        auc=own,
        popularity=popularity,
        difference_low=own - popularity - error,
        difference_high=own - popularity + error,
        slope=_slope(chances, top),
        expected=float(chances.mean()),
        happened=share,
        brier=float(((chances - top) ** 2).mean()),
        brier_of_share=share * (1 - share),
    )


def _areas(
    parts: Sequence[tuple[Newcomers, Floats]], weights: Floats | None
) -> tuple[float, float] | None:
    """The mean area under the curve over days: of the chances, and of gross so far.

    Days on which all are top, or nobody, say nothing; None where there are no others.
    """
    from sklearn.metrics import roc_auc_score

    pairs = []
    for people, chances in parts:
        own = None if weights is None else weights[people.people]
        present = people.top if own is None else people.top[own > 0]
        if present.any() and not present.all():
            pairs.append(
                [roc_auc_score(people.top, s, sample_weight=own) for s in (chances, people.gross)]
            )
    if not pairs:
        return None
    chances_area, gross_area = np.mean(pairs, axis=0)
    return float(chances_area), float(gross_area)


def _predict(earlier: Sequence[Newcomers], now: Newcomers) -> Floats:
    # Imported here: it takes a second, and most commands need none of it.
    from sklearn.linear_model import LogisticRegression

    features = np.concatenate([c.features for c in earlier])
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=PENALTY, max_iter=500)
    model.fit((features - centre) / spread, np.concatenate([c.top for c in earlier]))
    chances: Floats = model.predict_proba((now.features - centre) / spread)[:, 1]
    return chances


def _slope(chances: Floats, top: Flags) -> float:
    from sklearn.linear_model import LogisticRegression

    odds = np.log(chances / (1 - chances))[:, None]
    return float(LogisticRegression(C=1e6).fit(odds, top).coef_[0, 0])


def _residual(films: Design, known: Flags) -> Floats:
    """Log gross beyond what the known films' facts give."""
    if not known.any():
        return np.zeros(len(known))
    coefficients = lstsq(films.features[known], films.target[known], rcond=None)[0]
    residual: Floats = films.target - films.features @ coefficients
    return residual


def _means(who: Ints, films: Ints) -> Callable[[Floats], Floats]:
    """A function that gives the mean of a value over the films of each person."""
    return lambda values: np.bincount(who, values, len(films)) / np.maximum(films, 1)


def _largest(who: Ints, values: Floats, count: int) -> Floats:
    largest = np.full(count, -np.inf)
    np.maximum.at(largest, who, values)
    return np.where(np.isfinite(largest), largest, 0.0)


def _latest(who: Ints, values: Floats, count: int) -> Floats:
    """The value of the last row of each; rows are in the order of days."""
    latest = np.zeros(count)
    latest[who] = values
    return latest


def _others(film: Ints, strength: Floats, films: int) -> Floats:
    """The mean strength of the rest of the cast of each row's film."""
    sums, counts = np.bincount(film, strength, films), np.bincount(film, minlength=films)
    others: Floats = (sums[film] - strength) / np.maximum(counts[film] - 1, 1)
    return others


def _directors(every: Careers, known_film: Flags, gross: Floats) -> Floats:
    """The mean log gross so far of each film's directors; 0, the usual, where none is known."""
    rows = np.flatnonzero(known_film[every.directed]) if len(every.directed) else every.directed
    who, film = every.director[rows], every.directed[rows]
    if len(who) == 0:
        return np.zeros(len(gross))
    strength = np.bincount(who, gross[film]) / np.maximum(np.bincount(who), 1)
    sums = np.bincount(film, strength[who], len(gross))
    mean: Floats = sums / np.maximum(np.bincount(film, minlength=len(gross)), 1)
    return mean
