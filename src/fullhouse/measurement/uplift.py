"""Whether people differ in what the campaign changes in them, and by which people that is proven.

The claim is tried on people the learner never saw, over repeated cross-fitting, and against the
order by propensity: who would buy anyway is not who is moved.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import chi2
from scipy.stats import t as student
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, arm_people, union
from fullhouse.measurement.campaign_data import LineStates
from fullhouse.measurement.collect_campaign import film_sales, last_sale, sales_before
from fullhouse.measurement.experiment import Uplift
from fullhouse.measurement.experiment_table import (
    check_alike,
    check_columns,
    covariate_matrix,
    is_number,
    load_table,
    look_of,
    numbers,
    texts,
    trimmed_name,
)
from fullhouse.planning.plan import Plan
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.outcome import Outcome, own_events
from fullhouse.sample.sheet import Sheet, members_of, sheet
from fullhouse.stats.figures import Interval, check_level
from fullhouse.stats.sample_ratio import inverse_of
from fullhouse.stats.scores import qini
from fullhouse.traits.trait import KINDS

PENALTY = 3.0
"""How strongly differences between people shrink to 0: each covariate's (scaled) coefficient as
if 3 times as many people had had none. Chosen on splits of other seeds than the benchmark's."""

MOST_PAIRED = 12
"""Number covariates up to which their products count too."""

LEAST_PEOPLE = 500


def read_uplift(
    table: pa.Table | str | Path,
    *,
    arm: str,
    treated: str,
    control: str,
    outcome: str,
    covariates: Sequence[str],
    seed: int,
    repeats: int = 10,
    folds: int = 5,
    level: float = 0.95,
) -> Uplift:
    """Whether covariates predict whom the arm `treated` moves; `outcome` must be 0 or 1.

    Repeats × folds splits: each fold is scored by a learner fitted on the others.
    """
    check_level(level)
    if min(repeats, folds - 1) < 1 or repeats * folds < 3:
        raise InputError(f"{repeats} × {folds} splits are too few: 2 folds, 3 splits at least.")
    rows, y, w = compared_arms(
        load_table(table), arm=arm, treated=treated, control=control, outcome=outcome,
        covariates=covariates,
    )  # fmt: skip
    if not np.isin(y, (0.0, 1.0)).all():
        raise InputError(f"A Qini needs an outcome of 0 or 1; {outcome!r} has others.")
    x = features(rows, covariates)
    scores = np.array([_split(x, y, w, fold) for fold in folds_of(len(y), folds, repeats, seed)])
    return Uplift(
        arm=treated,
        control=control,
        outcome=outcome,
        people=len(y),
        qini=_over_splits(scores[:, 0], folds, level),
        propensity=_over_splits(scores[:, 1], folds, level),
        gain=_over_splits(scores[:, 0] - scores[:, 1], folds, level),
        splits=len(scores),
        level=level,
        differ_p=heterogeneity_p(covariate_matrix(rows, covariates), y, w),
    )


def compared_arms(
    rows: pa.Table, *, arm: str, treated: str, control: str, outcome: str, covariates: Sequence[str]
) -> tuple[pa.Table, Floats, Floats]:
    """The people of two arms, their outcome, and who is treated (1) or not (0)."""
    check_columns(rows, (arm, outcome, *covariates))
    if not covariates:
        raise CannotTellError(code="no_covariates")
    used = {arm, outcome} & set(covariates)
    if used:
        raise InputError(f"Column {min(used)!r} is named for two things at once.")
    written, which = np.unique(texts(rows, arm), return_inverse=True)
    names = np.array([trimmed_name(str(w)) for w in written])
    # Who was in neither arm may be written in any way.
    looks = {look_of(treated), look_of(control)}
    check_alike(sorted({str(n) for n in names if look_of(n) in looks}), arm)
    arms = names[which]
    of_both = (arms == treated) | (arms == control)
    rows, w = rows.filter(pa.array(of_both)), (arms[of_both] == treated).astype(np.float64)
    y = numbers(rows, outcome)
    _check_people(int(w.sum()), int((1 - w).sum()), treated, control)
    return rows, y, w


def heterogeneity_p(x: Floats, y: Floats, w: Floats) -> float:
    """The p of no difference between people in the effect, by the covariates `x`, each by itself.

    Wald's test of all products of arm and covariate at once, with a variance that does not ask for
    equal spreads (White 1980; HC1). 1 where no covariate varies.
    """
    spread = x.std(0)
    # Of fewer than 20 people with another value no product is near normal.
    binary = np.isin(x, (0.0, 1.0)).all(0)
    few = binary & (np.minimum(x.sum(0), len(x) - x.sum(0)) < 20)
    x = ((x - x.mean(0)) / np.where(spread > 0, spread, 1.0))[:, (spread > 0) & ~few]
    if not x.shape[1]:
        return 1.0
    moved = np.column_stack([np.ones(len(x)), x]) * (w - w.mean())[:, None]
    plain = np.column_stack([np.ones(len(x)), x])
    design = np.column_stack([plain, moved])
    inverse = np.linalg.pinv(design.T @ design, hermitian=True, rcond=1e-10)
    coefficients = inverse @ (design.T @ y)
    scores = design * (y - design @ coefficients)[:, None]
    variance = inverse @ (scores.T @ scores) @ inverse * len(x) / (len(x) - design.shape[1])
    last = slice(plain.shape[1] + 1, None)
    spread_of, rank = inverse_of(variance[last, last])
    return float(chi2.sf(coefficients[last] @ spread_of @ coefficients[last], rank))


def _check_people(people: int, control_people: int, treated: str, control: str) -> None:
    if min(people, control_people) < LEAST_PEOPLE:
        raise CannotTellError(
            code="too_few_for_uplift",
            needed=LEAST_PEOPLE,
            arm=treated,
            people=people,
            control=control,
            control_people=control_people,
        )


def features(table: pa.Table, covariates: Sequence[str]) -> Floats:
    """Covariates as columns, and products of each two numbers where these are few.

    Numbers with a long tail (skewness above 2, none below 0) are taken as logarithms.
    """
    categories = [c for c in covariates if not is_number(table, c)]
    amounts = [_less_skewed(numbers(table, c)) for c in covariates if c not in categories]
    if len(amounts) <= MOST_PAIRED:
        single = list(amounts)
        amounts += [a * b for i, a in enumerate(single) for b in single[:i]]
    return np.column_stack([*amounts, covariate_matrix(table, categories)])


def learn_uplift(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Coefficients (constant first) of the effect on a person, and of the outcome in general.

    Nie and Wager's R-learner (2021) with linear models: the outcome less its general part is
    fitted on (arm - share treated) × covariates, so that only differences between arms count.
    """
    general = Ridge(alpha=len(x) * 0.005).fit(x, y)
    share = float(w.mean())
    ones = np.column_stack([np.ones(len(x)), x])
    moved = ones * (w - share)[:, None]
    ridge = np.eye(ones.shape[1]) * (PENALTY * len(x) * share * (1 - share))
    ridge[0, 0] = 0.0
    effect = np.linalg.solve(moved.T @ moved + ridge, moved.T @ (y - general.predict(x)))
    return effect, np.append(general.intercept_, general.coef_)


def _split(x: Floats, y: Floats, w: Floats, test: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The Qini of the learner and of the propensity order, on the people of `test`."""
    train = ~test
    centre, spread = x[train].mean(0), x[train].std(0)
    scaled = (x - centre) / np.where(spread > 0, spread, 1.0)
    by = learn_uplift(scaled[train], y[train], w[train])
    test_features = np.column_stack([np.ones(int(test.sum())), scaled[test]])
    uplift, propensity = (qini(y[test], test_features @ b, w[test]) for b in by)
    return uplift, propensity


def folds_of(people: int, folds: int, repeats: int, seed: int) -> list[npt.NDArray[np.bool_]]:
    """For each repeat and fold, who is in it."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(people) % folds for _ in range(repeats)]
    return [fold == k for fold in drawn for k in range(folds)]


def _over_splits(values: Floats, folds: int, level: float) -> Interval:
    """Mean over splits; variance × (1 / splits + test people / training people)."""
    n = len(values)
    se = sqrt(float(values.var(ddof=1)) * (1 / n + 1 / (folds - 1)))
    reach = float(student.ppf((1 + level) / 2, n - 1)) * se
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach)


def _less_skewed(values: Floats) -> Floats:
    spread = float(values.std())
    if values.min() < 0 or spread == 0:
        return values
    skewness = float(np.mean((values - values.mean()) ** 3)) / spread**3
    return np.log1p(values) if skewness > 2 else values


MOST_PEOPLE = 200_000
"""So many people, drawn by the workspace's key, show whether people differ."""
FAMILIES = ("gender", "age", "moviegoer")


def campaign_uplift_of(
    before: AnalysisSample, now: AnalysisSample, plan: Plan, lines: LineStates, *, seed: int
) -> Uplift:
    """Whether covariates as of `before` predict whom a campaign moved to buy a ticket by `now`.

    `before` is as of the plan: nothing that the campaign changed may predict what it changed.
    Covariates: tickets and money of the year before, how much somebody buys, watches and goes out,
    which audiences of the plan they are in, gender, age, habit.
    """
    first = min(x.week for x in plan.lines)
    until = min(now.day, last_sale(now) or now.day)
    arms = {s: arm_people(lines.values(), s) for s in (TREATED, HELD_OUT)}
    drawn = _drawn_people(before, arms)
    film = now.find(plan.film)
    sales = film_sales(now, film, first=first, until=until, currency=plan.currency)
    past = sales_before(now, until=first - timedelta(days=1), currency=plan.currency)
    people = drawn.persons.astype(np.int64)
    columns = {
        "arm": np.where(members_of(people, arms[TREATED]), TREATED, HELD_OUT),
        "bought": (_values_of(people, sales.person, sales.tickets) > 0).astype(np.float64),
        "tickets before": _values_of(people, past.person, past.tickets),
        "paid before": _values_of(people, past.person, past.paid),
        **{f"{k} events": drawn.bare[i].astype(float) for i, k in enumerate(KINDS)},
        **_audiences(before, plan, people),
        **_traits_by_family(drawn),
    }
    table = pa.table({k: pa.array(v) for k, v in columns.items()})
    with threadpool_limits(1):
        return read_uplift(
            table,
            arm="arm",
            treated=TREATED,
            control=HELD_OUT,
            outcome="bought",
            covariates=[c for c in columns if c not in ("arm", "bought")],
            seed=seed,
        )


def _drawn_people(house: AnalysisSample, arms: Mapping[str, PersonSet]) -> Sheet:
    """Everybody in an arm, or a sample of each, with what was known of them."""
    nobody = Outcome("nobody", {})
    context, build = house.context, house.population.build
    own = own_events(context.engine, context.lake, build, nobody)
    everybody = union(*arms.values())
    key = house.population.key + b" uplift"
    return sheet(house.blocks, everybody, {}, own, house.traits, key=key, most_others=MOST_PEOPLE)


def _audiences(house: AnalysisSample, plan: Plan, people: Ints) -> dict[str, Floats]:
    """For each audience of the plan, who of some people is in it."""
    rules = list(dict.fromkeys(x.rule for x in plan.lines))
    return {
        f"audience {i}": members_of(people, audience).astype(np.float64)
        for i, audience in enumerate(house.people(*rules))
    }


def _traits_by_family(drawn: Sheet) -> dict[str, npt.NDArray[np.str_]]:
    """One text for each person and family: which trait of it they have."""
    columns = {}
    for family in FAMILIES:
        slugs = np.full(len(drawn.persons), "not known", dtype=object)
        for at, trait in enumerate(drawn.traits):
            if trait.family == family:
                slugs[drawn.holders(at)] = trait.slug
        columns[family] = slugs.astype(str)
    return columns


def _values_of(people: Ints, listed: Ints, values: Floats) -> Floats:
    """The value of each person, 0 where they are not listed; both ascend."""
    if not len(listed):
        return np.zeros(len(people))
    at = np.minimum(np.searchsorted(listed, people), len(listed) - 1)
    return np.where(listed[at] == people, values[at], 0.0)
