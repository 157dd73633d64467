"""Estimate what names add: crossed random effects by role, shrunk by restricted likelihood.

Log gross = features + the sum of the film's names, a random effect for each name and role, + noise.
The variances of cast, crew and noise are those of the greatest restricted likelihood (Patterson and
Thompson 1971), the effects their best linear unbiased predictions (Henderson 1975), and the ranges
those of the posterior given the variances. It is computed in the films, of which there are far
fewer than names: V = s² I + Σ s_g² Z_g Z_g'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import linalg, optimize, sparse

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.core.progress import Progress, silent
from fullhouse.talent.credit import ROLES
from fullhouse.talent.effects import EFFECTS_SCHEMA, GainCheck, RoleSpread, TalentEffects
from fullhouse.talent.outcome import Design, FilmOutcome, design

FEWEST_FILMS = 200
"""Films with budget, gross and credits below which nothing is said of names."""
VARIANCE_FILMS = 2_000
"""The latest films that variances are estimated on: the time grows with the cube."""
MOST_FILMS = 3_000
"""The latest films that effects are estimated on."""
CHECK_SHARE = 0.4
"""The latest share of the films on which the gain is checked, year by year."""
FEWEST_CHECKED = 60
PLACEBOS = 3
BOOTSTRAPS = 1_000
ITERATIONS = 15
LEAST, MOST = np.log(1e-5), np.log(4.0)
"""Bounds of log variances relative to that of the residuals without names."""
BILLED = 10
"""Places of the billing that count as cast."""


@dataclass(frozen=True)
class RoleNames:
    """Who is in which film in one role: films × names, 1 where credited."""

    role: str
    talents: tuple[str, ...]
    weights: sparse.csr_matrix

    def of_films(self, keep: Ints) -> "RoleNames":
        """The role in some of the films; names may be in none of them."""
        return RoleNames(self.role, self.talents, self.weights[keep])


@dataclass(frozen=True)
class Variances:
    """The variance of noise, and of names by role, of log gross."""

    noise: float
    names: Floats


@dataclass(frozen=True)
class NamesSolved:
    """Coefficients of the features, the effect of each name by role, and V as its factor."""

    coefficients: Floats
    effects: tuple[Floats, ...]
    factor: Floats
    """The lower Cholesky factor of V."""
    weighted: Floats
    """V⁻¹ times the features."""


def role_names(films: Sequence[str], credited: pa.Table) -> tuple[RoleNames, ...]:
    """Names by role, the first ten of the cast alike.

    On films to 2009, ten alike improved forecasts by .039 (.021 to .056), five alike by .029, and
    weights falling with the billing by .029.

    `credited` has columns talent, role, billing, film. Roles without a name are left out.
    """
    place = {film: k for k, film in enumerate(films)}
    by_role: dict[str, list[tuple[int, str]]] = {role: [] for role in ROLES}
    columns = (credited[c].to_pylist() for c in ("film", "talent", "role", "billing"))
    for film, talent, role, billing in zip(*columns, strict=True):
        row = place.get(film)
        if row is None:
            continue
        if role != "cast" or (billing or BILLED) <= BILLED:
            by_role[role].append((row, talent))
    return tuple(_matrix(r, rows, len(films)) for r, rows in by_role.items() if rows)


def _matrix(role: str, rows: Sequence[tuple[int, str]], films: int) -> RoleNames:
    talents = sorted({t for _, t in rows})
    column = {t: k for k, t in enumerate(talents)}
    weights = sparse.csr_matrix(
        (np.ones(len(rows)), ([r for r, _ in rows], [column[t] for _, t in rows])),
        shape=(films, len(talents)),
    )
    return RoleNames(role, tuple(talents), weights)


def shuffled(roles: Sequence[RoleNames], films: Design, seed: int) -> tuple[RoleNames, ...]:
    """Names shuffled within year and budget third: a film gets the names of another of its kind."""
    random = np.random.default_rng(seed)
    place = np.arange(len(films.films))
    group = films.years * 3 + films.budget_thirds
    for value in np.unique(group):
        own = np.flatnonzero(group == value)
        place[own] = random.permutation(own)
    return tuple(r.of_films(place) for r in roles)


def fit_variances(films: Design, roles: Sequence[RoleNames]) -> Variances:
    """The variances of the greatest restricted likelihood, on the latest films."""
    keep = np.arange(len(films.films))[-VARIANCE_FILMS:]
    part = films.part(keep)
    features = _full_rank(part.features)
    groups = sorted({_group(r) for r in roles})
    shared = [_shared([r.of_films(keep) for r in roles if _group(r) == g]) for g in groups]
    residual = part.target - features @ linalg.lstsq(features, part.target)[0]
    unit = float(residual @ residual) / max(1, len(residual) - features.shape[1])

    def objective(logs: Floats) -> tuple[float, Floats]:
        sizes = unit * np.exp(logs)
        cover = np.eye(len(part.target)) * sizes[0]
        for size, kernel in zip(sizes[1:], shared, strict=True):
            cover += size * kernel
        inverse, log_det = _inverse(cover)
        weighted = inverse @ features
        inner = features.T @ weighted
        inner_inverse = linalg.inv(inner)
        projected = inverse - weighted @ inner_inverse @ weighted.T
        fitted = projected @ part.target
        value = 0.5 * (log_det + np.linalg.slogdet(inner)[1] + part.target @ fitted)
        slope = [np.trace(projected) - fitted @ fitted]
        slope += [float((projected * k).sum() - fitted @ k @ fitted) for k in shared]
        return float(value), 0.5 * sizes * np.array(slope)

    start = np.log(np.r_[0.8, np.full(len(groups), 0.03)])
    best = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST, MOST)] * len(start),
        options={"maxiter": ITERATIONS, "ftol": 1e-5},
    )
    sizes = unit * np.exp(best.x)
    at_bound = np.r_[False, best.x[1:] < LEAST + 0.5]
    sizes[at_bound] = 0.0
    by_group = dict(zip(groups, sizes[1:], strict=True))
    return Variances(float(sizes[0]), np.array([by_group[_group(r)] for r in roles]))


def _group(role: RoleNames) -> str:
    """Cast and crew have a variance each.

    One for each of seven roles improved forecasts of 2003 to 2009 by .039 (.019 to .059), these two
    by .037 (.021 to .053), one for all by .027; two are estimated from few films as well.
    """
    return "cast" if role.role == "cast" else "crew"


def _shared(roles: Sequence[RoleNames]) -> Floats:
    """How many names each two films share."""
    names = sparse.hstack([r.weights for r in roles], format="csr")
    return np.asarray((names @ names.T).toarray())


def solve(films: Design, roles: Sequence[RoleNames], variances: Variances) -> NamesSolved:
    """The effects of names given the variances, all films together."""
    features = films.features
    cover = np.eye(len(films.target)) * variances.noise
    for size in np.unique(variances.names[variances.names > 0]):
        own = [r for r, s in zip(roles, variances.names, strict=True) if s == size]
        cover += size * _shared(own)
    factor = linalg.cholesky(cover, lower=True, overwrite_a=True, check_finite=False)
    weighted = linalg.cho_solve((factor, True), features)
    coefficients = linalg.lstsq(features.T @ weighted, weighted.T @ films.target)[0]
    scaled = linalg.cho_solve((factor, True), films.target - features @ coefficients)
    effects = tuple(
        size * np.asarray(role.weights.T @ scaled)
        for size, role in zip(variances.names, roles, strict=True)
    )
    return NamesSolved(coefficients, effects, factor, weighted)


def _errors(
    inverse: Floats, solved: NamesSolved, role: RoleNames, features: Floats, variance: float
) -> Floats:
    """The posterior standard deviation of each name's effect in a role, with V⁻¹."""
    weights = role.weights.tocsc()
    own = np.array(
        [
            inverse[np.ix_(rows, rows)].sum()
            for rows in np.split(weights.indices, weights.indptr[1:-1])
        ]
    )
    crossed = np.asarray(weights.T @ solved.weighted)
    inner = linalg.pinvh(features.T @ solved.weighted)
    own -= np.einsum("ij,jk,ik->i", crossed, inner, crossed)
    return np.sqrt(np.maximum(variance - variance**2 * own, 0.0))


def fit_effects(
    outcomes: Sequence[FilmOutcome],
    credited: pa.Table,
    *,
    territory: str,
    as_of: date,
    progress: Progress = silent,
) -> TalentEffects:
    """What goes with each name credited, and whether names improve forecasts at all.

    `credited` has columns talent, name, role, billing, film.
    """
    with_names = set(credited["film"].to_pylist())
    known = [f for f in outcomes if f.film in with_names][-MOST_FILMS:]
    if len(known) < FEWEST_FILMS:
        raise CannotTellError(code="too_few_credited_films", films=len(known), needed=FEWEST_FILMS)
    films = design(known)
    roles = role_names([f.film for f in films.films], credited)
    progress("Comparing names with shuffled ones")
    check = check_gain(films, roles, progress=progress)
    progress("Estimating names")
    variances = fit_variances(films, roles)
    solved = solve(films, roles, variances)
    other = shuffled(roles, films, PLACEBOS)
    placebo = solve(films, other, variances)
    names = dict(zip(credited["talent"].to_pylist(), credited["name"].to_pylist(), strict=True))
    table = _table(films, roles, variances, solved, placebo, names)
    sizes = zip(roles, variances.names, strict=True)
    return TalentEffects(
        territory=territory,
        as_of=as_of,
        films=len(films.films),
        spreads=tuple(RoleSpread(r.role, len(r.talents), float(np.sqrt(s))) for r, s in sizes),
        residual=float(np.sqrt(variances.noise)),
        check=check,
        effects=table,
    )


def _table(
    films: Design,
    roles: Sequence[RoleNames],
    variances: Variances,
    solved: NamesSolved,
    placebo: NamesSolved,
    names: Mapping[str, str],
) -> pa.Table:
    parts = []
    inverse = _inverse_of(solved.factor)
    for k, role in enumerate(roles):
        counts = np.asarray((role.weights != 0).sum(axis=0)).ravel()
        size = float(variances.names[k])
        error = (
            _errors(inverse, solved, role, films.features, size) if size else np.zeros(len(counts))
        )
        part: dict[str, Any] = {
            "talent": list(role.talents),
            "name": [names[t] for t in role.talents],
            "role": [role.role] * len(counts),
            "films": counts.astype(np.int64),
            "effect": solved.effects[k],
            "error": error,
            "placebo": placebo.effects[k],
        }
        parts.append(pa.table(part, schema=EFFECTS_SCHEMA))
    return pa.concat_tables(parts)


def check_gain(
    films: Design,
    roles: Sequence[RoleNames],
    *,
    placebos: int = PLACEBOS,
    first_year: int | None = None,
    progress: Progress = silent,
) -> GainCheck | None:
    """How much names improved forecasts of later films, and how much shuffled names did.

    Each year's films are forecast from those of the years before, without films of their families;
    variances are chosen on films before the first judged year.
    """
    if first_year is None:
        first_year = int(films.years[int(len(films.years) * (1 - CHECK_SHARE))])
    before = np.flatnonzero(films.years < first_year)
    judged = np.flatnonzero(films.years >= first_year)
    if len(judged) < FEWEST_CHECKED or len(before) < FEWEST_FILMS // 2:
        return None
    without = _rolling(films, (), Variances(1.0, np.zeros(0)), first_year)
    variances = fit_variances(films.part(before), [r.of_films(before) for r in roles])
    errors = []
    for seed in range(placebos + 1):
        progress("Comparing names with shuffled ones", seed, placebos + 1)
        own = shuffled(roles, films, seed) if seed else roles
        errors.append(_rolling(films, own, variances, first_year))
    return _gain(films.part(judged), without, errors[0], errors[1:])


def _rolling(
    films: Design, roles: Sequence[RoleNames], variances: Variances, first_year: int
) -> Floats:
    """The error of log gross of every film from a year on, from the films of the years before."""
    errors = []
    for year in np.unique(films.years[films.years >= first_year]):
        later = np.flatnonzero(films.years == year)
        kin = np.isin(films.families, films.families[later])
        earlier = np.flatnonzero((films.years < year) & ~kin)
        solved = solve(films.part(earlier), [r.of_films(earlier) for r in roles], variances)
        predicted = films.features[later] @ solved.coefficients
        for role, effect in zip(roles, solved.effects, strict=True):
            predicted = predicted + np.asarray(role.weights[later] @ effect)
        errors.append(films.target[later] - predicted)
    return np.concatenate(errors)


def _gain(films: Design, without: Floats, own: Floats, others: Sequence[Floats]) -> GainCheck:
    gains = without**2 - own**2
    families, place = np.unique(films.families, return_inverse=True)
    sums = np.bincount(place, gains, len(families))
    counts = np.bincount(place, minlength=len(families))
    random = np.random.default_rng(0)
    draws = random.integers(0, len(families), (BOOTSTRAPS, len(families)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    spread = float(((films.target - films.target.mean()) ** 2).sum())

    def explained(error: Floats) -> float:
        return 1 - float(error @ error) / spread

    return GainCheck(
        films=len(films.films),
        first=films.films[0].opening,
        last=films.films[-1].opening,
        r2_without=explained(without),
        r2_with=explained(own),
        r2_placebo=float(np.mean([explained(e) for e in others])) if others else float("nan"),
        gain=float(gains.mean()),
        gain_low=float(low),
        gain_high=float(high),
        placebo_gains=tuple(float((without**2 - e**2).mean()) for e in others),
    )


def _inverse(cover: Floats) -> tuple[Floats, float]:
    """The inverse of a covariance, and the log of its determinant."""
    factor = linalg.cholesky(cover, lower=True, check_finite=False)
    return _inverse_of(factor), 2 * float(np.log(np.diag(factor)).sum())


def _inverse_of(factor: Floats) -> Floats:
    half, _ = linalg.lapack.dpotri(factor, lower=1)
    whole: Floats = np.tril(half) + np.tril(half, -1).T
    return whole


def _full_rank(features: Floats) -> Floats:
    """The features without columns that the others give, in a part of the films."""
    _, upper, order = linalg.qr(features, mode="economic", pivoting=True)
    size = np.abs(np.diag(upper))
    rank = int((size > size[0] * 1e-9).sum())
    return features[:, np.sort(order[:rank])]
