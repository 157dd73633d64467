"""Expand a list of people by those most like them, in traits and in the factors behind traits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from scipy.sparse import csr_array
from sklearn.decomposition import TruncatedSVD

from fullhouse.core.arrays import Flags, Floats, keyed_bits
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, by_block, only, size, without
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake
from fullhouse.propensity.features import KNOTS, SUMS, explain
from fullhouse.propensity.logistic import Offset, fit_offset
from fullhouse.propensity.propensity import (
    Leak,
    LookAlike,
    PropensityModel,
    ReachPoint,
    reach_curve,
)
from fullhouse.propensity.score import top
from fullhouse.sample.outcome import OwnEvents
from fullhouse.sample.sheet import Sheet, sheet
from fullhouse.traits.blocks import Blocks
from fullhouse.traits.trait import KINDS, Trait

LEAST_SEED = 500
"""Half of the list judges what the other half taught. With 250 people the held-out reach at the
top tenth has a standard error of up to √(.25 / 250) = 3 points; with fewer, an expansion could not
be distinguished from chance."""

LEAK_AUC = 0.98
"""A single trait with this AUC is the list, not what its people are like."""

FACTORS = 16
RIDGES = (1.0, 10.0, 100.0, 1000.0)
TOP = 0.1
STEPS = 50
MOST_SEED, MOST_OTHERS = 10_000, 20_000


def look_alike(
    blocks: Blocks,
    base: PersonSet,
    seed_people: PersonSet,
    traits: Sequence[Trait],
    *,
    n: int,
    key: bytes,
    as_of: date,
    build: int,
) -> LookAlike:
    """The n people of a base who are most like a list, none of them on it.

    Traits that are the list itself are left out and named. What the list's people share is
    fitted against others of the base; the ridge, and whether factors help, from held-out people.
    """
    seed = only(seed_people, base)
    seeds = size(seed)
    others = size(base) - seeds
    _check(seeds, others, n)
    page = _page(blocks, base, seed, [t for t in traits if t.built], key)
    usable, leaks = _leaks(page)
    page = _without(page, leaks)
    if not len(usable):
        raise CannotTellError("No trait is left to compare the list by: all of them are the list.")
    x = page.has[:, usable].tocsr()
    factors = _factors(x, key)
    half = keyed_bits(page.persons, key + b"half") % 2
    ridge, used, scores = _chosen(page, x, factors, half)
    fit = _fit(page, x, factors if used else None, np.ones(len(half), dtype=bool), ridge)
    weights = fit.traits
    model = _model([page.traits[i] for i in usable], weights, fit, as_of, build, seeds)
    model = replace(model, own=_own(page.traits, leaks))
    persons = top(model, blocks, without(base, seed), n, key=key)
    curve = _curve(page, scores, half)
    share = np.interp([n, TOP * page.base_people], *_xy(curve))
    return LookAlike(
        persons=persons,
        seed_people=seeds,
        curve=curve,
        reached_in_top_tenth=float(share[1]),
        precision=float(min(1.0, share[0] * seeds / n)),
        by_chance=seeds / page.base_people,
        factors=used,
        ridge=ridge,
        leaks=leaks,
        reasons=explain(
            persons, blocks, base, weights, model.ids, model.traits, model.labels, most=10,
            floor=min(n, 100),
        ) if n >= 100 else (),
        model=model,
    )  # fmt: skip


def _check(seeds: int, others: int, n: int) -> None:
    if seeds < LEAST_SEED:
        raise InputError(code="list_too_short", needed=LEAST_SEED, people=seeds)
    if not 1 <= n <= others:
        raise InputError(code="look_alike_out_of_range", others=others, people=n)


def _page(
    blocks: Blocks, base: PersonSet, seed: PersonSet, traits: Sequence[Trait], key: bytes
) -> Sheet:
    none = np.zeros(0, dtype=np.int64)
    nothing = OwnEvents(none, np.zeros((len(KINDS), 0), np.int32), (0,) * len(KINDS), (none,) * 3)
    return sheet(
        blocks, base, seed, nothing, traits, key=key, most_seed=MOST_SEED, most_others=MOST_OTHERS
    )


def _leaks(page: Sheet) -> tuple[npt.NDArray[np.int64], tuple[Leak, ...]]:
    """The columns that may be compared, and the traits that are the list."""
    w = page.weight
    inside = np.asarray(page.has.T @ (w * page.seed)).ravel() / (w * page.seed).sum()
    outside = np.asarray(page.has.T @ (w * ~page.seed)).ravel() / max((w * ~page.seed).sum(), 1e-9)
    alone = 0.5 + (inside - outside) / 2
    # Whom a trait leaves out can be the list as well as whom it holds.
    leak = np.maximum(alone, 1 - alone) > LEAK_AUC
    leaks = tuple(
        Leak(page.traits[i].name, page.traits[i].label, float(alone[i]))
        for i in np.flatnonzero(leak)
    )
    return np.flatnonzero(~leak & (inside + outside > 0)), leaks


def _without(page: Sheet, leaks: Sequence[Leak]) -> Sheet:
    """The sheet with the events that are the list taken from activity, which would tell as much."""
    activity = page.activity.copy()
    for number, kind in _own(page.traits, leaks):
        column = next(i for i, t in enumerate(page.traits) if t.id == number)
        activity[kind] -= page.events[:, [column]].toarray()[:, 0].astype(np.int32)
    return replace(page, activity=np.maximum(activity, 0))


def _own(traits: Sequence[Trait], leaks: Sequence[Leak]) -> tuple[tuple[int, int], ...]:
    """The leaks that are counted from events, and the kind of these."""
    names = {leak.trait for leak in leaks}
    counted = [t for t in traits if t.name in names and t.basis in KINDS]
    return tuple((t.id, KINDS.index(t.basis)) for t in counted)


def _factors(x: csr_array, key: bytes) -> Floats:
    """Directions in which traits go together: a column of trait weights for each factor."""
    many = min(FACTORS, x.shape[1] - 1)
    if many < 1:
        return np.zeros((x.shape[1], 0))
    seed = int(keyed_bits(np.zeros(1, dtype=np.int64), key)[0])
    factors = TruncatedSVD(many, random_state=seed).fit(x)
    spread = np.sqrt(factors.explained_variance_) + 1e-9
    weights: Floats = (factors.components_ / spread[:, None]).T
    return weights


def _columns(page: Sheet) -> Floats:
    table: Floats = np.log1p(page.activity.T.astype(np.float64))
    return table


def _fit(page: Sheet, x: csr_array, factors: Floats | None, rows: Flags, ridge: float) -> Offset:
    """The weights of traits, those of factors folded in, and of activity.

    List and others have equal weight in all: which of them there are more of teaches nothing.
    """
    y = page.seed[rows].astype(np.float64)
    w = page.weight[rows].copy()
    w[y > 0] *= len(w) / 2 / w[y > 0].sum()
    w[y == 0] *= len(w) / 2 / w[y == 0].sum()
    many = len(KINDS)
    extra = _columns(page)[rows]
    inner = x[rows]
    if factors is not None:
        extra = np.hstack([extra, inner @ factors])
    fit = fit_offset(np.zeros(len(y)), inner, extra, y, w, ridge=ridge)
    if factors is None:
        return fit
    return Offset(
        fit.scale, fit.traits + factors @ fit.columns[many:], fit.columns[:many], fit.level
    )


def _chosen(
    page: Sheet, x: csr_array, factors: Floats, half: npt.NDArray[np.integer]
) -> tuple[float, bool, Floats]:
    """The ridge and the use of factors that reach most held-out people in the top tenth."""
    best: tuple[float, float, bool, Floats] | None = None
    for used in (False, True):
        for ridge in RIDGES:
            scores = np.zeros(len(half))
            for side in (0, 1):
                fit = _fit(page, x, factors if used else None, half != side, ridge)
                rows = half == side
                scores[rows] = fit.logit(np.zeros(rows.sum()), x[rows], _columns(page)[rows])
            curve = _curve(page, scores, half)
            reached = float(np.interp(TOP * page.base_people, *_xy(curve)))
            # Factors are kept only where they clearly help: half a point of reach.
            worth = reached - (0.005 if used else 0.0)
            if best is None or worth > best[0]:
                best = (worth, ridge, used, scores)
    assert best is not None
    return best[1:]


def _curve(page: Sheet, scores: Floats, half: npt.NDArray[np.integer]) -> tuple[ReachPoint, ...]:
    """The mean of both halves' curves, over everybody of the base."""
    curves = [
        reach_curve(scores[half == s], page.seed[half == s], page.weight[half == s], STEPS)
        for s in (0, 1)
    ]
    people = page.base_people
    wanted = page.seed_people
    steps = np.unique(np.round(people * np.arange(1, STEPS + 1) / STEPS))
    share = np.mean([np.interp(steps / people, *_xy(c, scaled=True)) for c in curves], axis=0)
    return tuple(
        ReachPoint(int(s), float(r), min(1.0, r * wanted / s), float(r * people / s))
        for s, r in zip(steps, share, strict=True)
    )


def _xy(curve: Sequence[ReachPoint], *, scaled: bool = False) -> tuple[Floats, Floats]:
    people = np.array([0, *(p.persons for p in curve)], dtype=np.float64)
    return people / people[-1] if scaled else people, np.array([0.0, *(p.reached for p in curve)])


def _model(
    traits: Sequence[Trait], weights: Floats, fit: Offset, as_of: date, build: int,
    seeds: int,
) -> PropensityModel:  # fmt: skip
    """The similarity as a model that scores everybody; its level is that of an equal split."""
    at = SUMS.index("interest")
    columns = [0.0] * (len(KINDS) * (1 + KNOTS) + 6)
    for kind in range(len(KINDS)):
        columns[kind * (1 + KNOTS)] = float(fit.columns[kind])
    return PropensityModel(
        film="",
        title="look-alike",
        as_of=as_of,
        build=build,
        traits=tuple(t.name for t in traits),
        labels=tuple(t.label for t in traits),
        ids=tuple(t.id for t in traits),
        sums=tuple(tuple(float(w) if i == at else 0.0 for i in range(len(SUMS))) for w in weights),
        start=(0.0,) * len(SUMS),
        per_mark=0.0,
        knots=((0.0,) * KNOTS,) * len(KINDS),
        weights=tuple(columns),
        intercept=fit.level,
        own=(),
        signals=("list",),
        level="an equal split of list and others",
        expected_people=float(seeds),
    )


def listed_people(lake: Lake, file: Path) -> PersonSet:
    """The people of a file's accounts; accounts that nobody has are left out."""
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    read = pq.read_table if file.suffix == ".parquet" else pacsv.read_csv
    try:
        rows = read(file)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{file} cannot be read as a list of accounts: {problem}") from None
    missing = [c for c in ("source", "account") if c not in rows.column_names]
    if missing:
        raise InputError(
            f"{file} has no column {' and no column '.join(missing)}; it has"
            f" {', '.join(rows.column_names)}. A list of accounts needs source and account."
        )
    keys = pa.table({c: rows[c].cast(pa.string()) for c in ("source", "account")})
    known = lake.read(
        ACCOUNT_PERSON,
        columns=["source", "account", "person"],
        where=pc.field("source").isin(pc.unique(keys["source"]).to_pylist()),
    )
    accounts = keys.join(known, ["source", "account"], join_type="inner")
    return by_block(accounts["person"].to_numpy())
