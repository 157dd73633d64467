"""Audience cards for a film: what goes with it beyond the obvious, grouped, named and ordered."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.values import key_words, keyed_bits, slug
from fullhouse.discovery.affinity import number
from fullhouse.discovery.beyond import (
    Beyond,
    beyond,
    count_columns,
    estimate,
    ratio_of,
    score_features,
    seed_kinds,
)
from fullhouse.discovery.card import Card, Estimate, Evidence, Stability
from fullhouse.discovery.columns import (
    Column,
    having_any,
    known_in,
    quadrants,
    trait_columns,
)
from fullhouse.discovery.groups import ComparedTraits
from fullhouse.discovery.judge import LEFT_OVER
from fullhouse.discovery.obvious import ObviousTraits
from fullhouse.discovery.selection import (
    MeasuredColumns,
    SelectedColumn,
    distinct,
    enough,
    grouped,
    select,
)
from fullhouse.sample.sheet import Sheet
from fullhouse.sample.strata import groups_for
from fullhouse.stats import Ratio
from fullhouse.traits.trait import KINDS, Trait

MOST_CARDS = 12
"""Cards that anybody reads."""

BUCKETS = 40
"""Groups of people by the key, drawn as a whole: 39 degrees of freedom for the spread."""

DRAWS = 200
STEADY = 0.9
"""Share of draws that must agree."""


@dataclass(frozen=True)
class RankedCards:
    """The cards in order of rank, and how many different columns were tested for them."""

    cards: tuple[Card, ...]
    tested: int


def find_cards(
    compared: Sequence[ComparedTraits],
    obvious: ObviousTraits,
    *,
    key: bytes,
    since: date | None = None,
    until: date | None = None,
    name: Callable[[Column], str] | None = None,
    most: int = MOST_CARDS,
) -> RankedCards:
    """Audience cards for the seed of some bases, beyond everything obvious.

    Counts are those of the sheets, weighted; `overlap` stays empty. Candidates that count events
    of the seed's own kinds are left out: they would be adjusted for their own events. `since` and
    `until` are the days that the evidence spans.
    """
    measured = [m for c in compared if (m := measure(c, obvious, key=key)) is not None]
    leads = grouped(select(measured))
    cards = [
        card_of(lead, obvious, key=key, name=name or plain_name, since=since, until=until)
        for lead in leads
    ]
    order = sorted(cards, key=lambda c: (-c.rank, c.id))
    return RankedCards(tuple(order[:most]), _tested(measured))


def measure(
    compared: ComparedTraits, obvious: ObviousTraits, *, key: bytes
) -> MeasuredColumns | None:
    """A base's candidates and its quadrants, beyond the obvious; None when it has no seed."""
    sheet = compared.sheet
    if not sheet.seed.any() or sheet.seed.all():
        return None
    kinds = seed_kinds(sheet, sheet.seed)
    columns = [c for c in trait_columns(sheet, compared.candidates) if not {*c.kinds} & {*kinds}]
    # Quadrants belong to the base where facts are candidates, once.
    if {"gender", "age"} & {c.family for c in columns}:
        columns += quadrants(sheet)
    columns, twins = distinct(columns)
    if not columns:
        return None
    interest = sheet.interest & sheet.seed
    comps = bool((sheet.seed & ~interest).any())
    features = score_features(sheet, obvious)
    seed = beyond(sheet, columns, features, sheet.seed, key=key)
    if not comps:
        return MeasuredColumns(compared, tuple(columns), twins, seed, seed, None)
    if not interest.any():
        return MeasuredColumns(compared, tuple(columns), twins, seed, None, seed)
    own = beyond(sheet, columns, features, interest, key=key)
    apart = beyond(sheet, columns, features, sheet.seed & ~interest, key=key, without=interest)
    return MeasuredColumns(compared, tuple(columns), twins, seed, own, apart)


def card_of(
    lead: SelectedColumn,
    obvious: ObviousTraits,
    *,
    key: bytes,
    name: Callable[[Column], str],
    since: date | None,
    until: date | None,
) -> Card:
    """The card of one selected column.

    `beyond` is the whole seed's, unless only the film's own interest shows it.
    """
    m, column, sheet = lead.measured, lead.column, lead.measured.compared.sheet
    by = m.seed if m.seed.ratio.low[lead.at] > LEFT_OVER else lead.by
    ratio = estimate(by.ratio, lead.at)
    low = max(1.0, ratio.low or 1.0)
    affinity, naive, index, placebo = _affinities(m, column)
    holds = column.holders(len(sheet.persons))
    known = known_in(sheet, column.facts)
    likely = holds & sheet.seed
    share = _people(sheet, holds) / max(1, _people(sheet, known))
    unobvious = _unobviousness(affinity.value, ratio.value)
    return Card(
        id=slug(column.name),
        name=name(column),
        rule=column.rule,
        traits=(column.name, *lead.same),
        family=column.family,
        basis=lead.basis,
        persons=_people(sheet, holds),
        base_people=_people(sheet, known),
        not_moviegoers=_people(sheet, holds & ~having_any(sheet, _moviegoer_levels(obvious))),
        share=share,
        likely=_people(sheet, likely),
        likely_share=_people(sheet, likely) / max(1, _people(sheet, sheet.seed & known)),
        index=index,
        naive=naive,
        affinity=affinity,
        beyond=ratio,
        interest=Estimate() if m.interest is None else estimate(m.interest.ratio, lead.at),
        placebo=placebo,
        p=number(lead.by.test.p[lead.at]),
        q=number(lead.q),
        excess=None if not ratio.value else _people(sheet, likely) * (1 - 1 / ratio.value),
        extra=_people(sheet, holds & ~having_any(sheet, obvious.audience)),
        unobviousness=unobvious,
        size=share,
        strength=math.log(low),
        rank=unobvious * share * math.log(low),
        evidence=_evidence(sheet, column, likely, since, until),
        stability=_stability(lead, by, key),
        reason=lead.reason,
    )


def plain_name(column: Column) -> str:
    """Who a column's people are, in words."""
    return label_name(column.label, column.family)


def label_name(label: str, family: str) -> str:
    """Who the people of a trait's label are, in words.

    >>> label_name("bought from Pet Supplies › Dogs", "buys"), label_name("55 to 64", "age")
    ('People who bought from Pet Supplies › Dogs', 'People 55 to 64')
    """
    if family in ("gender", "gender and age"):
        return label[:1].upper() + label[1:]
    if family in ("age", "household"):
        return f"People {'in a ' if family == 'household' else ''}{label}"
    for one, many in (
        ("wants ", "want "),
        ("pays ", "pay "),
        ("lives ", "live "),
        ("has ", "have "),
    ):
        if label.startswith(one):
            return f"People who {many}{label.removeprefix(one)}"
    if label.startswith(("bought ", "saw ", "went ", "watched ")):
        return f"People who {label}"
    return f"People: {label}"


def _affinities(
    m: MeasuredColumns, column: Column
) -> tuple[Estimate, float | None, Estimate, Estimate]:
    """Affinity, naive ratio, index and placebo: as counted exactly, else from the sheet."""
    row = m.compared.affinities.get(column.name)
    if row is None:
        return *_from_sheet(m.compared.sheet, column, m.seed), Estimate(), Estimate()
    return (
        Estimate(row.ratio, row.low, row.high),
        row.naive,
        Estimate(row.index, row.index_low, row.index_high),
        Estimate(row.placebo, row.placebo_low, row.placebo_high),
    )


def _from_sheet(sheet: Sheet, column: Column, adjusted: Beyond) -> tuple[Estimate, float | None]:
    """The ratio over activity strata, and that over none, among the people of a sheet."""
    histograms = {k: np.bincount(sheet.activity[k], minlength=2) for k in range(len(KINDS))}
    # Gender stands for gender and age: a fact, which no event shows.
    like = column.trait or next(t for t in sheet.traits if t.family == "gender")
    (group,), _ = groups_for([like], seed_kinds(sheet, sheet.seed), histograms)
    rows = adjusted.cohort.rows & known_in(sheet, column.facts)
    estimates = []
    for strata, size in ((group.strata(sheet.activity), group.size), (rows * 0, 1)):
        counts = count_columns([column], np.where(rows, strata, -1), size, adjusted.cohort.case)
        estimates.append(estimate(ratio_of(*counts, adjusted.cohort), 0))
    return estimates[0], estimates[1].value


def _evidence(
    sheet: Sheet, column: Column, likely: Flags, since: date | None, until: date | None
) -> Evidence:
    trait = column.trait
    events = None
    if trait is not None and trait.basis in KINDS:
        at = sheet.events_by_trait[:, [sheet.column(trait.name)]]
        events = round(float((at.T @ sheet.weight)[0]))
    sources = tuple(sorted(s for s, n in trait.by_source.items() if n)) if trait else ()
    return Evidence(_people(sheet, likely), events, sources, since, until)


def _stability(lead: SelectedColumn, by: Beyond, key: bytes) -> Stability:
    return stability(lead.measured.compared.sheet.persons, by, [lead.at], key=key)[0]


def _unobviousness(affinity: float | None, ratio: float | None) -> float:
    """The share of the log affinity that is left beyond the obvious, from 0 to 1."""
    if not ratio or ratio <= 1:
        return 0.0
    if not affinity or affinity <= 1:
        return 1.0
    return min(1.0, math.log(ratio) / math.log(affinity))


def _moviegoer_levels(obvious: ObviousTraits) -> list[Trait]:
    return [t for t in obvious.habits if t.family == "moviegoer" and t.slug != "lapsed"]


def _people(sheet: Sheet, flags: Flags) -> int:
    return round(float(sheet.weight[flags].sum()))


def _tested(measured: Sequence[MeasuredColumns]) -> int:
    """Different columns that were tested against the seed, the film's own interest, or both."""
    every = 0
    for m in measured:
        both = [enough(h) for h in (m.seed, m.interest) if h is not None]
        every += len(np.unique(np.concatenate(both)))
    return every


def stability(
    persons: npt.NDArray[np.integer],
    adjusted: Beyond,
    columns: Sequence[int],
    *,
    key: bytes,
    draws: int = DRAWS,
) -> tuple[Stability, ...]:
    """How steady some of the compared columns are, in the order given.

    People fall into 40 buckets by the key under a salt of its own. The halves are 20 buckets
    each. A bootstrap draw takes 40 buckets with replacement, all people of a bucket together, and
    computes ratio and interval anew over the same strata; scores and strata are not fitted again.
    """
    bucket = keyed_bits(persons, key + b" stability").astype(np.uint64) * BUCKETS >> np.uint64(32)
    again = np.random.default_rng(key_words(key + b" draws")).multinomial(
        BUCKETS, [1 / BUCKETS] * BUCKETS, size=draws
    )
    half = (np.arange(BUCKETS) < BUCKETS // 2).astype(np.float64)
    weights = np.concatenate([[half, 1 - half], again])
    results = []
    for column in columns:
        ratio = _weighted(adjusted, column, bucket.astype(np.int64), weights)
        first, second = (estimate(ratio, i) for i in (0, 1))
        low = ratio.low[2:]
        results.append(_marked(first, second, float(np.mean(np.nan_to_num(low) > 1)), draws))
    return tuple(results)


def _weighted(
    adjusted: Beyond, column: int, bucket: npt.NDArray[np.int64], weights: Floats
) -> Ratio:
    """The ratio of one column with the buckets weighted; one result for each row of weights."""
    strata, size = adjusted.strata(column)
    fine = np.where(strata < 0, -1, bucket * size + strata)
    four = count_columns([adjusted.columns[column]], fine, size * BUCKETS, adjusted.cohort.case)
    # Small products, which more threads only slow down.
    with threadpool_limits(1, user_api="blas"):
        a, b, c, d = (weights @ x.reshape(BUCKETS, size) for x in four)
    return ratio_of(a, b, c, d, adjusted.cohort)


def _marked(first: Estimate, second: Estimate, again: float, draws: int) -> Stability:
    if first.value is None or second.value is None:
        return Stability(first, second, again, draws, "not_tested")
    steady = min(first.value, second.value) > 1 and again >= STEADY
    return Stability(first, second, again, draws, "steady" if steady else "shaky")
