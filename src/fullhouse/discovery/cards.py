"""Audience cards for a film: what goes with it beyond the obvious, selected, grouped, ordered."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats, Integers, keyed_bits
from fullhouse.core.values import key_words, number, slug
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.beyond import (
    Beyond,
    beyond,
    count_columns,
    score_features,
)
from fullhouse.discovery.card import Basis, Card, CardReason, Evidence, RatioEstimate, Stability
from fullhouse.discovery.columns import (
    AudienceColumn,
    ComparedTraits,
    ObviousTraits,
    quadrants,
    trait_columns,
)
from fullhouse.discovery.compare import FALSE_DISCOVERIES, LEAST_EXPECTED, LEFT_OVER
from fullhouse.discovery.strata import groups_for
from fullhouse.discovery.taste import beyond_taste
from fullhouse.sample.sheet import Sheet
from fullhouse.stats import Ratio, association, benjamini_hochberg
from fullhouse.traits.trait import EVENT_KINDS, KINDS, Trait

ADDS = 0.01
"""A column that overlaps a stronger one adds to it when, adjusted for that one, chance gives its
numbers less often than this."""

HALF = 0.5
"""Columns overlap when one has this share of the other's people."""


@dataclass(frozen=True)
class MeasuredColumns:
    """The columns of one base, beyond the obvious, for the whole seed and for its two parts.

    `interest` are those who showed interest in the film itself, `comps` the rest of the seed,
    compared without the former; None where there is nobody. `twins` names the columns that hold
    the very same people as one that is here.
    """

    compared: ComparedTraits
    columns: tuple[AudienceColumn, ...]
    twins: Mapping[str, tuple[str, ...]]
    seed: Beyond
    interest: Beyond | None
    comps: Beyond | None


@dataclass(frozen=True)
class SelectedColumn:
    """A selected column, the estimate it is selected by, and which columns add nothing to it."""

    measured: MeasuredColumns
    at: int
    basis: Basis
    by: Beyond
    q: float
    reason: CardReason
    same: tuple[str, ...] = field(default=())

    @property
    def column(self) -> AudienceColumn:
        """The column itself."""
        return self.measured.columns[self.at]

    @property
    def weight(self) -> float:
        """The weight of evidence in the whole seed: standard errors above what chance gives."""
        test = self.measured.seed.test
        spread = float(np.sqrt(test.variance[self.at]))
        return float(test.observed[self.at] - test.expected[self.at]) / spread if spread else 0.0


def enough(adjusted: Beyond) -> Integers:
    """Which columns have enough people expected by chance alone."""
    return np.flatnonzero(adjusted.test.least >= LEAST_EXPECTED)


def select(measured: Sequence[MeasuredColumns]) -> list[SelectedColumn]:
    """All columns that become cards, strongest first: the measured ones, then the expected.

    The false discovery rate is controlled over all columns of all bases, once among the tests on
    the film's own interest and once among those on the whole seed.
    """
    interest = _q_of_interest(measured)
    seed = _q([None if m.comps is None else m.seed for m in measured])
    chosen = []
    for m, of_interest, of_seed in zip(measured, interest, seed, strict=True):
        for at in range(len(m.columns)):
            if not _beyond_placebo(m.compared.affinities.get(m.columns[at].name)):
                continue
            if m.interest is not None and _passes(m.interest, at, of_interest[at]):
                q, by = of_interest[at], m.interest
                chosen.append(SelectedColumn(m, at, "measured", by, q, "own_interest"))
            elif (
                m.comps is not None
                and _passes(m.seed, at, of_seed[at])
                and not _contradicted(m, at)
            ):
                reason = _expected_reason(m, at)
                chosen.append(SelectedColumn(m, at, "expected", m.seed, of_seed[at], reason))
    return sorted(chosen, key=lambda c: (c.basis != "measured", -c.weight, c.column.name))


def apart_from_taste(
    chosen: Sequence[SelectedColumn], genres: Sequence[Trait]
) -> tuple[list[SelectedColumn], list[SelectedColumn]]:
    """The selected columns, and those of them that films of the same fans draw as much."""
    alike: dict[tuple[int, Basis], list[SelectedColumn]] = {}
    for each in chosen:
        alike.setdefault((id(each.measured), each.basis), []).append(each)
    by_taste: set[tuple[int, int]] = set()
    for (_, basis), columns in alike.items():
        sheet = columns[0].measured.compared.sheet
        own = basis == "measured" and (sheet.interest & sheet.seed).any()
        outcome = sheet.interest & sheet.seed if own else sheet.seed
        with threadpool_limits(1, user_api="blas"):
            unexplained = beyond_taste(sheet, [c.column for c in columns], genres, outcome)
        if unexplained is not None:
            low = unexplained.low.tolist()
            by_taste |= {
                (id(c.measured), c.at) for c, x in zip(columns, low, strict=True) if not x > 1
            }
    explained = [c for c in chosen if (id(c.measured), c.at) in by_taste]
    return [c for c in chosen if (id(c.measured), c.at) not in by_taste], explained


def grouped(candidates: Sequence[SelectedColumn]) -> list[SelectedColumn]:
    """Leads, each with the names of those that add nothing once it is adjusted for."""
    leads: list[SelectedColumn] = []
    for candidate in candidates:
        names = (candidate.column.name, *candidate.measured.twins.get(candidate.column.name, ()))
        for i, lead in enumerate(leads):
            if _adds_nothing(candidate, lead):
                leads[i] = replace(lead, same=lead.same + names)
                break
        else:
            leads.append(replace(candidate, same=names[1:]))
    return leads


def distinct(
    columns: Sequence[AudienceColumn],
) -> tuple[list[AudienceColumn], dict[str, tuple[str, ...]]]:
    """Columns without those that hold the very same people as one before, and these by name.

    The same people are one test, and one card.
    """
    first_by_people: dict[tuple[tuple[str, ...], bytes], AudienceColumn] = {}
    twins: dict[str, tuple[str, ...]] = {}
    for column in columns:
        people = (column.facts, np.sort(column.rows).tobytes())
        first = first_by_people.setdefault(people, column)
        if first is not column:
            twins[first.name] = (*twins.get(first.name, ()), column.name)
    return list(first_by_people.values()), twins


def _q_of_interest(measured: Sequence[MeasuredColumns]) -> list[Floats]:
    """The q-values of the tests on the film's own interest.

    Of a new film only a few hundred people are known. So half of the false discoveries allowed
    are reserved for the columns that the comparable films already show, hence the factor 2. Their
    audiences are other people, so what they show makes chance results with interest no likelier
    (Bourgon, Gentleman and Huber 2010, on filters that are independent of the test).
    """
    every = _q([m.interest for m in measured])
    if all(m.comps is None for m in measured):
        return every
    comps = _q([m.comps for m in measured])
    by_comps = [
        np.zeros(len(q), dtype=bool) if m.comps is None else _all_pass(m.comps, q)
        for m, q in zip(measured, comps, strict=True)
    ]
    few = _q([m.interest for m in measured], by_comps)
    return [np.minimum(1, 2 * np.fmin(a, b)) for a, b in zip(every, few, strict=True)]


def _q(adjusted: Sequence[Beyond | None], only: Sequence[Flags] | None = None) -> list[Floats]:
    """The q-values of the columns of each base, over those of all; NaN where not tested."""
    p = [np.zeros(0) if h is None else np.full(len(h.columns), np.nan) for h in adjusted]
    for i, (values, h) in enumerate(zip(p, adjusted, strict=True)):
        if h is not None:
            rows = enough(h) if only is None else np.intersect1d(enough(h), np.flatnonzero(only[i]))
            values[rows] = h.test.p[rows]
    q = benjamini_hochberg(np.concatenate([*p, np.zeros(0)]))
    ends = np.cumsum([len(x) for x in p])
    return [q[end - len(x) : end] for x, end in zip(p, ends, strict=True)]


def _all_pass(adjusted: Beyond, q: Floats) -> Flags:
    passing: Flags = (q <= FALSE_DISCOVERIES) & (adjusted.ratio.low > LEFT_OVER)
    return passing


def _passes(adjusted: Beyond, at: int, q: float) -> bool:
    return bool(q <= FALSE_DISCOVERIES and adjusted.ratio.low[at] > LEFT_OVER)


def _beyond_placebo(affinity: Affinity | None) -> bool:
    if affinity is None or affinity.placebo is None:
        return affinity is None or affinity.verdict != "is_outcome"
    low = affinity.against_placebo_low
    return affinity.verdict != "is_outcome" and low is not None and low > 1


def _contradicted(m: MeasuredColumns, at: int) -> bool:
    """Whether the film's own interest, where it is known, lies below that of the seed."""
    return m.interest is not None and bool(m.interest.ratio.high[at] < m.seed.ratio.low[at])


def _expected_reason(m: MeasuredColumns, at: int) -> CardReason:
    if m.interest is None:
        return "comps_before_any_interest"
    if m.interest.test.least[at] >= LEAST_EXPECTED:
        return "comps_not_contradicted"
    return "comps_interest_too_small"


def _adds_nothing(candidate: SelectedColumn, lead: SelectedColumn) -> bool:
    other = _same_people(candidate.measured, lead.column)
    if other is None or not _overlaps(candidate.column, other):
        return False
    by, people = candidate.by, len(candidate.measured.compared.sheet.persons)
    strata, size = by.strata(candidate.at)
    crossed = np.where(strata < 0, -1, strata * 2 + other.holders(people))
    a, b, c, d = count_columns([candidate.column], crossed, size * 2, by.cohort.case)
    test = association(a, a + b, c, c + d)
    # Where nothing is left to compare they are the same people: p is NaN.
    return not (test.p[0] <= ADDS and test.observed[0] > test.expected[0])


def _same_people(measured: MeasuredColumns, lead: AudienceColumn) -> AudienceColumn | None:
    """The lead in another base, when it is there."""
    for column in measured.columns:
        if column.name == lead.name:
            return column
    sheet = measured.compared.sheet
    if lead.trait is not None:
        there = any(t.name == lead.name for t in sheet.traits)
        return trait_columns(sheet, [lead.name])[0] if there else None
    return next((q for q in quadrants(sheet) if q.name == lead.name), None)


def _overlaps(one: AudienceColumn, two: AudienceColumn) -> bool:
    if one.family == two.family == "buys":
        first, second = one.name + "/", two.name + "/"
        if first.startswith(second) or second.startswith(first):
            return True
    both = len(np.intersect1d(one.rows, two.rows, assume_unique=True))
    least = min(len(one.rows), len(two.rows))
    return bool(both > 0 and both >= HALF * least)


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
    by_taste: tuple[str, ...] = ()
    """Audiences that are no cards, since films with the same fans draw them as much."""


def find_cards(
    compared: Sequence[ComparedTraits],
    obvious: ObviousTraits,
    *,
    key: bytes,
    since: date | None = None,
    until: date | None = None,
    name: Callable[[AudienceColumn], str] | None = None,
    most: int = MOST_CARDS,
) -> RankedCards:
    """Audience cards for the seed of some bases, beyond everything obvious.

    Counts are those of the sheets, weighted; `overlap` stays empty. Candidates that count events
    of the seed's own kinds are left out: they would be adjusted for their own events. `since` and
    `until` are the days that the evidence spans.
    """
    measured = [m for c in compared if (m := measure(c, obvious, key=key)) is not None]
    chosen, by_taste = apart_from_taste(select(measured), obvious.tastes)
    leads = grouped(chosen)
    cards = [
        card_of(lead, obvious, key=key, name=name or plain_name, since=since, until=until)
        for lead in leads
    ]
    order = sorted(cards, key=lambda c: (-c.rank, c.id))
    explained = tuple(c.column.label for c in grouped(by_taste))
    return RankedCards(tuple(order[:most]), _tested(measured), explained)


def measure(
    compared: ComparedTraits, obvious: ObviousTraits, *, key: bytes
) -> MeasuredColumns | None:
    """A base's candidates and its quadrants, beyond the obvious; None when it has no seed."""
    sheet = compared.sheet
    if not sheet.seed.any() or sheet.seed.all():
        return None
    kinds = sheet.kinds_of(sheet.seed)
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
    name: Callable[[AudienceColumn], str],
    since: date | None,
    until: date | None,
) -> Card:
    """The card of one selected column.

    `beyond` is the whole seed's, unless only the film's own interest shows it.
    """
    m, column, sheet = lead.measured, lead.column, lead.measured.compared.sheet
    by = m.seed if m.seed.ratio.low[lead.at] > LEFT_OVER else lead.by
    ratio = RatioEstimate.of(by.ratio, lead.at)
    low = max(1.0, ratio.low or 1.0)
    interest = RatioEstimate.of(m.interest.ratio, lead.at) if m.interest else RatioEstimate()
    affinity, naive, index, placebo = _affinities(m, column)
    holds = column.holders(len(sheet.persons))
    known = sheet.known_in(column.facts)
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
        not_moviegoers=_people(sheet, holds & ~sheet.having_any(_moviegoer_levels(obvious))),
        share=share,
        likely=_people(sheet, likely),
        likely_share=_people(sheet, likely) / max(1, _people(sheet, sheet.seed & known)),
        index=index,
        naive=naive,
        affinity=affinity,
        beyond=ratio,
        interest=interest,
        placebo=placebo,
        p=number(lead.by.test.p[lead.at]),
        q=number(lead.q),
        excess=None if not ratio.value else _people(sheet, likely) * (1 - 1 / ratio.value),
        extra=_people(sheet, holds & ~sheet.having_any(obvious.audience)),
        unobviousness=unobvious,
        size=share,
        strength=math.log(low),
        rank=unobvious * share * math.log(low),
        evidence=_evidence(sheet, column, likely, since, until),
        stability=_stability(lead, by, key),
        reason=lead.reason,
    )


def plain_name(column: AudienceColumn) -> str:
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
    m: MeasuredColumns, column: AudienceColumn
) -> tuple[RatioEstimate, float | None, RatioEstimate, RatioEstimate]:
    """Affinity, naive ratio, index and placebo: as counted exactly, else from the sheet."""
    row = m.compared.affinities.get(column.name)
    if row is None:
        return *_from_sheet(m.compared.sheet, column, m.seed), RatioEstimate(), RatioEstimate()
    return (
        RatioEstimate(row.ratio, row.low, row.high),
        row.naive,
        RatioEstimate(row.index, row.index_low, row.index_high),
        RatioEstimate(row.placebo, row.placebo_low, row.placebo_high),
    )


def _from_sheet(
    sheet: Sheet, column: AudienceColumn, adjusted: Beyond
) -> tuple[RatioEstimate, float | None]:
    """The ratio over activity strata, and that over none, among the people of a sheet."""
    histograms = {k: np.bincount(sheet.activity[k], minlength=2) for k in range(len(KINDS))}
    # Gender stands for gender and age: a fact, which no event shows.
    like = column.trait or next(t for t in sheet.traits if t.family == "gender")
    (group,), _ = groups_for([like], sheet.kinds_of(sheet.seed), histograms)
    rows = adjusted.cohort.rows & sheet.known_in(column.facts)
    estimates = []
    for strata, size in ((group.strata(sheet.activity), group.size), (rows * 0, 1)):
        counts = count_columns([column], np.where(rows, strata, -1), size, adjusted.cohort.case)
        estimates.append(RatioEstimate.of(adjusted.cohort.ratio(*counts), 0))
    return estimates[0], estimates[1].value


def _evidence(
    sheet: Sheet, column: AudienceColumn, likely: Flags, since: date | None, until: date | None
) -> Evidence:
    trait = column.trait
    events = None
    if trait is not None and trait.basis in EVENT_KINDS:
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
        first, second = (RatioEstimate.of(ratio, i) for i in (0, 1))
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
    return adjusted.cohort.ratio(a, b, c, d)


def _marked(first: RatioEstimate, second: RatioEstimate, again: float, draws: int) -> Stability:
    if first.value is None or second.value is None:
        return Stability(first, second, again, draws, "not_tested")
    steady = min(first.value, second.value) > 1 and again >= STEADY
    return Stability(first, second, again, draws, "steady" if steady else "shaky")
