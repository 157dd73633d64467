"""Which names' audiences add to a film's: fans compared with others alike, and a set chosen."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr

from fullhouse.audiences import Population, members_of
from fullhouse.audiences.forms import quote
from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import CannotTellError, InputError, NotFoundError
from fullhouse.core.person_sets import PersonSet, ids_of, inside, only, size, union, without
from fullhouse.discovery.columns import obvious_traits
from fullhouse.films.columns import need_columns, numbers, read_table, texts
from fullhouse.stats.mantel_haenszel import Z95, risk_ratio
from fullhouse.stats.multiplicity import benjamini_hochberg
from fullhouse.stats.random_effects import random_effects
from fullhouse.talent.choose_names import choose_names
from fullhouse.talent.fit import (
    COST_BOUND,
    MOST_FILMS,
    UNIT_BOUND,
    NameFit,
    NameSet,
    SetStep,
    TalentFit,
)
from fullhouse.talent.store import find_talent
from fullhouse.traits import Trait
from fullhouse.traits.film_traits import film_slug_in
from fullhouse.traits.names import name_slug

LEAST_FANS = 100
"""Fewest fans, and fewest beyond the usual audience, of whom anything is said."""
LEAST_SAW = 5
"""Fewest fans and fewest others who saw a film in which they are compared."""
LEAST_FILMS = 3
"""Fewest such films."""
DRAWS = 9
"""Draws of people alike in place of the fans."""
SHUFFLED = 200
"""Names with their films shuffled, at least: what fans of any films as large go with."""
LEAST_SHUFFLED = 20
FALSE_DISCOVERIES = 0.05
LAST_BILLING = 3
FILM_FAMILIES = ("saw", "searched", "wants", "trailer")
"""Families of traits about a film that make somebody a fan of those credited in it."""
SEEN_CLASSES = np.array([0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 25])
GENRE_CLASSES = np.array([0, 1, 2, 3, 4, 6, 9])
STRATA = len(SEEN_CLASSES) * len(GENRE_CLASSES)


@dataclass(frozen=True)
class CreditedName:
    """A name, its roles, and the films it is credited in: billed among the first, or director."""

    talent: str
    name: str
    roles: tuple[str, ...]
    films: frozenset[str]


@dataclass(frozen=True)
class FilmPeople:
    """The house's people: who saw what, who is a film's usual audience, and fans of each name."""

    everyone: PersonSet
    seen: Mapping[str, PersonSet]
    """Who saw each film of which that is known, without the film itself."""
    genre_films: tuple[str, ...]
    """The films of the genre among them, the latest first."""
    usual: PersonSet
    followers: Mapping[str, PersonSet] = field(repr=False)
    """Who saw, searched for or marked each film."""
    searched: Mapping[str, PersonSet]
    """Who searched for a name, by its id."""
    openings: Mapping[str, date] = field(repr=False)

    def fans(self, one: CreditedName) -> PersonSet:
        """The fans of a name."""
        parts = [self.followers[f] for f in one.films if f in self.followers]
        return union(*parts, self.searched.get(one.talent, {}))


def credited_names(rows: pa.Table) -> list[CreditedName]:
    """Leading cast and directors of `known_credits`, by id."""
    films: dict[str, set[str]] = defaultdict(set)
    roles: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for r in rows.to_pylist():
        leads = r["role"] == "cast" and r["billing"] is not None and r["billing"] <= LAST_BILLING
        if leads or r["role"] == "director":
            films[r["talent"]].add(r["film"])
            roles[r["talent"]].add(r["role"])
            names[r["talent"]] = r["name"]
    return [
        CreditedName(t, names[t], tuple(sorted(roles[t])), frozenset(films[t]))
        for t in sorted(films)
    ]


def film_people(
    population: Population,
    film: str,
    names: Sequence[CreditedName],
    *,
    genres: Mapping[str, Collection[str]],
    series: Mapping[str, str],
    openings: Mapping[str, date],
    titles: Mapping[str, str],
) -> FilmPeople:
    """Who saw which films, who is the film's usual audience as discovery has it, and the fans.

    The usual audience: fans of the film's genres, of its series and of those credited in it, core
    moviegoers, and whoever showed interest in the film itself. Everything by the id of a film,
    whatever slug its traits have.
    """
    built = [t for t in population.catalogue.traits if t.built]
    by_slug = _films_by_slug({t.slug for t in built if t.family in FILM_FAMILIES}, titles, openings)
    own = {name_slug(g) for g in genres.get(film, ())}
    if not own:
        raise CannotTellError(code="film_without_genre", film=film)
    by_film: dict[str, list[Trait]] = defaultdict(list)
    searched = {t.slug: t for t in built if t.family == "searched"}
    for trait in built:
        if trait.family in FILM_FAMILIES:
            by_film[by_slug.get(trait.slug, trait.slug)].append(trait)
    related = {f for n in names if film in n.films for f in n.films} | {
        f for f, name in series.items() if name == series.get(film)
    }
    slugs = {f: slug for slug, f in by_slug.items()}
    obvious = obvious_traits(
        built,
        genres=genres.get(film, ()),
        talent_films={slugs.get(f, f) for f in related - {film}},
    ).audience
    of_names = {n.talent: searched[slug] for n in names if (slug := name_slug(n.name)) in searched}
    saw = {by_slug.get(t.slug, t.slug): t for t in built if t.family == "saw"}
    saw.pop(film, None)
    needed = {
        t.name: t
        for t in (
            *obvious,
            *by_film[film],
            *saw.values(),
            *of_names.values(),
            *(t for f in by_film if f != film for t in by_film[f]),
        )
    }
    rules = [population.compile("everyone"), *(population.compile(quote(n)) for n in needed)]
    (everyone, *sets), _ = members_of(population, *rules)
    who = dict(zip(needed, sets, strict=True))
    of_genre = [f for f in saw if own & {name_slug(g) for g in genres.get(f, ())}]
    of_genre.sort(key=lambda f: (openings.get(f, date.min), f), reverse=True)
    return FilmPeople(
        everyone=everyone,
        seen={f: who[t.name] for f, t in saw.items()},
        genre_films=tuple(of_genre),
        usual=union(*(who[t.name] for t in (*obvious, *by_film[film]))),
        followers={
            f: union(*(who[t.name] for t in traits))
            for f, traits in by_film.items()
            if f != film and traits
        },
        searched={n: who[t.name] for n, t in of_names.items()},
        openings=openings,
    )


def _films_by_slug(
    slugs: Collection[str], titles: Mapping[str, str], openings: Mapping[str, date]
) -> dict[str, str]:
    """The film whose traits stand under each slug; a film's own id before a title and year."""
    films: dict[str, str] = {}
    for film in sorted(titles, key=lambda f: (f not in slugs, f)):
        opening = openings.get(film)
        slug = film_slug_in(slugs, film, titles[film], opening.year if opening else None)
        if slug is not None:
            films.setdefault(slug, film)
    return films


@dataclass(frozen=True)
class StratumCounts:
    """People by name, film and stratum, of those alike in how many *other* films they saw.

    `people` and `saw` are of everybody (film by stratum), `fans` and `fans_saw` of each name's fans
    (name by film by stratum), `beyond` of fans outside the usual audience (name by stratum).
    """

    people: Floats
    saw: Floats
    fans: Floats
    fans_saw: Floats
    beyond: Floats


def count_fans(
    people: FilmPeople, compared: Sequence[str], fans: Sequence[PersonSet]
) -> StratumCounts:
    """The counts, block by block.

    Whether somebody saw the film compared decides nothing of their stratum: who saw it counts as if
    they had not, so that fans of equal taste are neither ahead nor behind by what they are fans of.
    """
    shape = (len(compared), STRATA)
    every, saw = np.zeros(shape), np.zeros(shape)
    of_fans, fans_saw = np.zeros((len(fans), *shape)), np.zeros((len(fans), *shape))
    beyond = np.zeros((len(fans), STRATA))
    for block, here in people.everyone.items():
        ids = ids_of(here)

        def places(part: PersonSet, b: int = block, ids: Integers = ids) -> npt.NDArray[np.intp]:
            present = only({b: people.everyone[b]}, part).get(b)
            return np.searchsorted(ids, ids_of(present)) if present else np.zeros(0, np.intp)

        total, genre = np.zeros(len(ids), int), np.zeros(len(ids), int)
        for film, viewers in people.seen.items():
            at = places(viewers)
            total[at] += 1
            if film in people.genre_films:
                genre[at] += 1
        as_is = _stratum(total, genre)
        without_it = _stratum(total - 1, genre - 1)
        flags = np.zeros((len(compared), len(ids)), dtype=bool)
        for k, film in enumerate(compared):
            at = places(people.seen[film])
            flags[k, at] = True
            seen = _count(without_it[at])
            saw[k] += seen
            every[k] += _count(as_is) - _count(as_is[at]) + seen
        outside = np.ones(len(ids), dtype=bool)
        outside[places(people.usual)] = False
        for i, own in enumerate(fans):
            at = places(own)
            codes = as_is[at]
            beyond[i] += _count(codes[outside[at]])
            row, who = np.nonzero(flags[:, at])
            offset = row * STRATA
            both = _count(offset + without_it[at[who]], shape)
            fans_saw[i] += both
            of_fans[i] += _count(codes) - _count(offset + codes[who], shape) + both
    return StratumCounts(every, saw, of_fans, fans_saw, beyond)


def _stratum(total: npt.NDArray[np.int_], genre: npt.NDArray[np.int_]) -> npt.NDArray[np.intp]:
    one = np.searchsorted(SEEN_CLASSES, np.maximum(total, 0), side="right") - 1
    two = np.searchsorted(GENRE_CLASSES, np.maximum(genre, 0), side="right") - 1
    return one * len(GENRE_CLASSES) + two


def _count(codes: npt.NDArray[np.intp], shape: tuple[int, ...] = (STRATA,)) -> Floats:
    counts: Floats = np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape).astype(float)
    return counts


@dataclass(frozen=True)
class Null:
    """What the log affinity is where names are shuffled over films: by log fans, and its spread."""

    level: float
    slope: float
    spread: float

    def at(self, fans: int) -> float:
        """The log affinity that as many fans of any films like these go with."""
        return self.level + self.slope * float(np.log(fans))


def name_fits(people: FilmPeople, names: Sequence[CreditedName]) -> tuple[list[NameFit], int]:
    """What the fans of each name add, those that add most first; how many cannot be shuffled."""
    rng = np.random.default_rng(len(people.seen))
    fans = {n.talent: people.fans(n) for n in names}
    known = [n for n in names if size(fans[n.talent])]
    shuffled, fixed = _shuffled(people, known, rng)
    compared = people.genre_films[:MOST_FILMS]
    sets = [*(fans[n.talent] for n in known), *(people.fans(n) for n in shuffled)]
    counts = count_fans(people, compared, sets)
    measured = []
    for i, (one, own) in enumerate(zip([*known, *shuffled], sets, strict=True)):
        other = np.array([f not in one.films for f in compared], dtype=bool)
        part = StratumCounts(
            counts.people[other],
            counts.saw[other],
            counts.fans[i, other],
            counts.fans_saw[i, other],
            counts.beyond[i],
        )
        plain = NameFit(
            talent=one.talent,
            name=one.name,
            roles=one.roles,
            films=sum(f in people.seen for f in one.films),
            fans=size(own),
            beyond=int(part.beyond.sum()),
            verdict="cannot_tell",
            compared=0,
        )
        measured.append(_measured(plain, part, rng))
    null = _null(measured[len(known) :])
    return _ranked(_judged(measured[: len(known)], null)), fixed


def _shuffled(
    people: FilmPeople, names: Sequence[CreditedName], rng: np.random.Generator
) -> tuple[list[CreditedName], int]:
    """Names with each film changed for one of its year, size third and, or not, of the genre.

    They have no searchers: whoever searched for the name itself is no fan of the other films. The
    second value is how many names have no film that another could stand for.
    """
    if not names:
        return [], 0
    films = sorted(people.seen)
    sizes = np.array([size(people.seen[f]) for f in films])
    years = np.array([people.openings.get(f, date.min).year for f in films])
    genre = np.array([f in people.genre_films for f in films], dtype=bool)
    group = np.zeros(len(films), dtype=int)
    for year in np.unique(years):
        here = np.flatnonzero(years == year)
        group[here] = np.argsort(np.argsort(sizes[here])) * 3 // len(here)
    group = np.unique(np.c_[years, group, genre], axis=0, return_inverse=True)[1].ravel()
    alone = np.bincount(group)[group] == 1
    movable = {f for f, single in zip(films, alone, strict=True) if not single}
    result: list[CreditedName] = []
    for _ in range(-(-SHUFFLED // len(names))):
        to = np.arange(len(films))
        for each in np.unique(group):
            here = np.flatnonzero(group == each)
            to[here] = rng.permutation(here)
        new = {f: films[k] for f, k in zip(films, to, strict=True)}
        changed = [
            replace(n, talent="", films=frozenset(new.get(f, f) for f in n.films)) for n in names
        ]
        result += [m for n, m in zip(names, changed, strict=True) if m.films != n.films]
    picked = rng.permutation(len(result))[: 2 * SHUFFLED]
    return [result[k] for k in sorted(picked)], sum(not n.films & movable for n in names)


@dataclass(frozen=True)
class NameAffinity:
    """The log affinity of a name's fans: pooled over films, and that of a new one."""

    row: NameFit
    log: float = 0.0
    error: float = 0.0
    wide: float = 0.0
    usual: float = 0.0


def _measured(row: NameFit, counts: StratumCounts, rng: np.random.Generator) -> NameAffinity:
    """A name with its affinity and placebo; as it is where that cannot be told."""
    a, n1 = counts.fans_saw, counts.fans
    c, n0 = counts.saw - a, counts.people - n1
    use = (a.sum(-1) >= LEAST_SAW) & (c.sum(-1) >= LEAST_SAW)
    row = replace(row, compared=int(use.sum()))
    if min(row.fans, row.beyond) < LEAST_FANS or use.sum() < LEAST_FILMS:
        return NameAffinity(row)
    a, n1, c, n0 = a[use], n1[use], c[use], n0[use]
    ratio = risk_ratio(a, n1, c, n0)
    draws = _placebo(a, n1, c, n0, rng)
    if not draws or not (np.isfinite(ratio.log_se) & (ratio.log_se > 0)).all():
        return NameAffinity(row)
    pooled = random_effects(np.log(ratio.ratio), ratio.log_se)
    affinity, low, high = pooled.mean_interval()
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.nan_to_num(c.sum(0) / n0.sum(0))
    row = replace(
        row,
        affinity=affinity,
        low=low,
        high=high,
        placebo=float(np.exp(np.mean(np.log(draws)))),
    )
    return NameAffinity(
        row, pooled.mean, pooled.error, pooled.wide, float((counts.beyond * rate).sum())
    )


def _null(rows: Sequence[NameAffinity]) -> Null | None:
    """How the log affinity of shuffled names goes with their fans; None where they are too few."""
    rows = [r for r in rows if r.row.affinity is not None]
    if len(rows) < LEAST_SHUFFLED:
        return None
    y = np.array([r.log for r in rows])
    v = np.square([r.error for r in rows])
    fans = np.log([r.row.fans for r in rows])
    x = np.c_[np.ones(len(y)), fans - fans.mean()]
    spread = max(float(np.var(y) - v.mean()), 0.0)
    for _ in range(3):
        w = 1 / (v + spread)
        b = np.linalg.lstsq(x * np.sqrt(w)[:, None], y * np.sqrt(w), rcond=None)[0]
        residual = y - x @ b
        spread = max(float((w * (residual**2 - v)).sum() / w.sum()), 0.0)
    return Null(float(b[0] - b[1] * fans.mean()), float(b[1]), float(np.sqrt(spread)))


def _placebo(a: Floats, n1: Floats, c: Floats, n0: Floats, rng: np.random.Generator) -> list[float]:
    """The pooled ratio of as many people drawn within strata in place of the fans, again and again.

    How many of those drawn saw a film has a hypergeometric distribution in each stratum.
    """
    good, drawn = (a + c).astype(int), n1.astype(int)
    bad = (n1 + n0).astype(int) - good
    ratios = []
    for _ in range(DRAWS):
        some = rng.hypergeometric(good, bad, drawn).astype(float)
        ratio = risk_ratio(some, n1, good - some, n0)
        fine = np.isfinite(ratio.log_se) & (ratio.log_se > 0)
        if fine.any():
            logs = np.log(ratio.ratio[fine])
            ratios.append(float(np.exp(random_effects(logs, ratio.log_se[fine]).mean)))
    return ratios


def _judged(rows: Sequence[NameAffinity], null: Null | None) -> list[NameFit]:
    """The verdicts beside shuffled names, the false discovery rate controlled over all names."""
    usable = [r for r in rows if r.row.affinity is not None] if null else []
    if null is None or not usable:
        return [_untold(r.row) for r in rows]
    excess = np.array([r.log - null.at(r.row.fans) for r in usable])
    errors = np.sqrt(np.square([r.error for r in usable]) + null.spread**2)
    q = benjamini_hochberg(2 * ndtr(-np.abs(excess) / errors))
    result = [_untold(r.row) for r in rows if r.row.affinity is None]
    for r, beyond, each in zip(usable, excess, q, strict=True):
        shuffled = null.at(r.row.fans)
        usual = r.usual * float(np.exp(shuffled))
        half = float(np.hypot(r.wide, Z95 * null.spread))
        result.append(
            replace(
                r.row,
                q=float(each),
                verdict="adds" if each <= FALSE_DISCOVERIES and beyond > 0 else "no_more",
                shuffled=float(np.exp(shuffled)),
                shuffled_high=float(np.exp(shuffled + Z95 * null.spread)),
                usual=usual,
                extra=usual * float(np.expm1(beyond)),
                extra_low=usual * float(np.expm1(beyond - half)),
                extra_high=usual * float(np.expm1(beyond + half)),
            )
        )
    return result


def _untold(row: NameFit) -> NameFit:
    """A name of which nothing is said."""
    return replace(row, affinity=None, low=None, high=None, placebo=None)


def _ranked(rows: Sequence[NameFit]) -> list[NameFit]:
    order = {"adds": 0, "no_more": 1, "cannot_tell": 2}
    return sorted(
        rows, key=lambda r: (order[r.verdict], -(r.extra or 0.0), -r.beyond, r.name, r.talent)
    )


@dataclass(frozen=True)
class NameCosts:
    """What names cost, by id, and rows whose name nobody here has."""

    each: Mapping[str, float]
    unknown: int


def read_costs(path: Path, names: Sequence[CreditedName]) -> NameCosts:
    """The costs of a CSV file with columns name (or an id) and cost."""
    rows = read_table(path, what="a table of costs")
    need_columns(path, rows.column_names, ("name", "cost"), what="a table of costs")
    values, bad = numbers(rows["cost"])
    by_name = {n.talent: n.name for n in names}
    each: dict[str, float] = {}
    unknown = 0
    lines = zip(texts(rows["name"]).to_pylist(), values.to_pylist(), bad, strict=True)
    for row, (name, cost, wrong) in enumerate(lines, 2):
        if name is None:
            raise InputError(f"{path.name}, row {row}: no name. A name or an id would do.")
        if wrong or cost is None or not cost > 0:
            given = rows["cost"][row - 2].as_py()
            raise InputError(
                f"{path.name}, row {row}: the cost {given!r} is no number above 0. An amount such"
                " as 2500000 would do."
            )
        try:
            talent = find_talent(by_name, name)
        except NotFoundError:
            unknown += 1
            continue
        if talent in each:
            raise InputError(f"{path.name}, row {row}: a second cost of one person. Give one.")
        each[talent] = float(cost)
    return NameCosts(each, unknown)


def fit_talent(
    people: FilmPeople,
    names: Sequence[CreditedName],
    *,
    film: str,
    title: str,
    genres: Sequence[str],
    as_of: date,
    budget: float | None = None,
    costs: NameCosts | None = None,
    simulated: bool = False,
) -> TalentFit:
    """Names by what their fans add to the film's usual audience, and a set for the budget."""
    new = [n for n in names if film not in n.films]
    rows, fixed = name_fits(people, new)
    if costs is not None:
        rows = [replace(r, cost=costs.each.get(r.talent)) for r in rows]
    adding = {r.talent: r for r in rows if r.verdict == "adds"}
    able = {t for t in adding if costs is None or t in costs.each}
    return TalentFit(
        film=film,
        title=title,
        genres=tuple(genres),
        as_of=as_of,
        people=size(people.everyone),
        usual_audience=inside(people.usual, people.everyone),
        genre_films=len(people.genre_films),
        already=len(names) - len(new),
        without_cost=len(adding) - len(able),
        unknown_costs=costs.unknown if costs else 0,
        names=tuple(rows),
        chosen=_chosen(
            people, {t: adding[t] for t in sorted(able)}, {n.talent: n for n in new}, budget
        ),
        simulated=simulated,
        not_shuffled=fixed,
    )


def _chosen(
    people: FilmPeople,
    rows: Mapping[str, NameFit],
    names: Mapping[str, CreditedName],
    budget: float | None,
) -> NameSet:
    """The set, and what each of its names adds to those before it."""
    extra = {t: without(people.fans(names[t]), people.usual) for t in rows}
    costs = {t: r.cost for t, r in rows.items() if r.cost is not None}
    by_cost = costs if budget is not None else None
    choice = choose_names(extra, costs=by_cost, budget=budget)
    steps: list[SetStep] = []
    covered: PersonSet = {}
    for talent in choice.names:
        row = rows[talent]
        added = size(extra[talent]) - inside(extra[talent], covered)
        covered = union(covered, extra[talent])
        so_far = (steps[-1].cost_so_far or 0.0) if steps else 0.0
        assert row.extra is not None
        steps.append(
            SetStep(
                talent=talent,
                name=row.name,
                people=added,
                covered=size(extra[talent]) - added,
                extra=row.extra * added / max(1, row.beyond),
                cost=row.cost,
                people_so_far=size(covered),
                cost_so_far=None if row.cost is None else so_far + row.cost,
            )
        )
    return NameSet(
        steps=tuple(steps),
        people=choice.people,
        budget=budget,
        cost=steps[-1].cost_so_far if steps and budget is not None else None,
        bound=UNIT_BOUND if budget is None else COST_BOUND,
        at_most=choice.at_most,
    )
