"""Every trait's affinity with an outcome, adjusted for activity, chance and a placebo."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from scipy.stats import norm

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.person_sets import PersonSet, only, size
from fullhouse.core.values import number
from fullhouse.discovery.affinity import (
    Affinity,
    AffinityVerdict,
    OutcomeDiscovery,
    OutcomeNote,
    VerdictReason,
    in_order,
)
from fullhouse.discovery.card import ExclusionReason
from fullhouse.discovery.count import ComparedPeople, CountTables, count, measure_base
from fullhouse.discovery.strata import ACTIVITY_ALONE, NO_FACTS, QUANTILES, StrataAdjustment
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.sample.outcome import Outcome, OwnEvents, own_events
from fullhouse.stats import (
    Association,
    Ratio,
    ShareIndex,
    association,
    benjamini_hochberg,
    log_difference,
    risk_ratio,
    share_index,
)
from fullhouse.stats.mantel_haenszel import Z95, put
from fullhouse.traits.blocks import Blocks
from fullhouse.traits.trait import EVENT_KINDS, Build, Trait

FALSE_DISCOVERIES = 0.05
"""Share of discoveries that may be false."""

LEAST_EXPECTED = 5.0
"""People expected by chance alone, with the trait and without it, in the outcome and not."""

LEFT_OVER = 1.05
"""Ratios nearer to 1 than this may be activity for which the strata do not adjust."""

RELEVANT = 2.0
"""'No association' promises that a ratio of 2 and one of 0.5 are both outside the interval."""

LEAST_OUTCOME = math.ceil((2 * 1.96 / math.log(RELEVANT)) ** 2)
"""With fewer people in the outcome (32), no trait can be told from twice as common: the log ratio
of a trait that half of them have is off by 2 / sqrt(people), and any other trait by more."""

ACTIVITY_FAMILIES = frozenset({"active"})
"""Traits that are activity itself, for which the strata adjust."""

Judged = tuple[AffinityVerdict, VerdictReason]


@dataclass(frozen=True)
class TraitNumbers:
    """The numbers of one trait that decide. NaN: could not be computed."""

    ratio: float
    low: float
    high: float
    q: float
    has_placebo: bool = False
    gap_low: float = math.nan
    gap_high: float = math.nan


def judge(e: TraitNumbers) -> Judged:
    """The verdict on a trait that was tested, and its reason.

    Associated needs all of: q at most 0.05, an interval above 1.05, and, where there is a placebo,
    a ratio above the placebo's with an interval that leaves no doubt. Avoided mirrors it.
    """
    significant = e.q <= FALSE_DISCOVERIES
    if significant and e.low > LEFT_OVER:
        return _against_placebo(e, "associated", e.gap_low > 1)
    if significant and e.high < 1 / LEFT_OVER:
        return _against_placebo(e, "avoided", e.gap_high < 1)
    if not (e.low > 1 / RELEVANT and e.high < RELEVANT):
        return "cannot_tell", "chance_not_excluded"
    return "no_association", "leftover_activity" if significant else "chance"


def _against_placebo(e: TraitNumbers, verdict: AffinityVerdict, beyond: bool) -> Judged:
    if not e.has_placebo:
        return verdict, "no_placebo_given"
    if math.isnan(e.gap_low):
        return "cannot_tell", "placebo_not_testable"
    if beyond:
        return verdict, "beyond_placebo"
    # The same promise as without a placebo: a gap of 2 or of 0.5 must be ruled out.
    if not (e.gap_low > 1 / RELEVANT and e.gap_high < RELEVANT):
        return "cannot_tell", "placebo_may_show_as_much"
    return "no_association", "placebo_shows_as_much"


def exclusions(
    outcome: Outcome,
    traits: Sequence[Trait],
    totals: tuple[Floats, Floats, Floats, Floats],
    before: Floats,
    outcome_people: int,
) -> list[Judged | None]:
    """Why each trait cannot explain an outcome, by construction; None when it may.

    `totals` are people in the outcome and in all with the trait, then without it; `before` are
    its holders with the outcome's events among theirs.
    """
    a, n1, c, _ = totals
    emptied, same = (before > 0) & (n1 == 0), (a == n1) & (c == 0) & (outcome_people > 0)
    return [
        _exclusion(t, outcome, emptied=bool(emptied[i]), same=bool(same[i]))
        for i, t in enumerate(traits)
    ]


def _exclusion(trait: Trait, outcome: Outcome, *, emptied: bool, same: bool) -> Judged | None:
    fact = trait.basis not in EVENT_KINDS
    cases: tuple[tuple[bool, ExclusionReason], ...] = (
        (trait.id in {t.id for t in outcome.traits}, "named_in_rule"),
        (fact and trait.family in outcome.fact_families, "family_in_rule"),
        (trait.id in {t.id for t in outcome.about}, "same_film"),
        (emptied, "only_outcome_events"),
        (same, "same_people"),
    )
    reason = next((reason for holds, reason in cases if holds), None)
    if reason is not None:
        return "is_outcome", reason
    return ("cannot_tell", "is_activity") if trait.family in ACTIVITY_FAMILIES else None


FEW_ITEMS = 50
"""Where an outcome's kind of event is about fewer things than this, holding the number of events
equal ties them to one another. Simulated, with three tenths of the things liked by the same people
and each by three tenths of all, an unrelated pair shows 0.90 among 11 things, 0.90 among 50 and
0.97 among 200 (`python -m benchmarks.few_items`)."""


def notes_on(
    outcome: Outcome,
    placebo: Outcome | None,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    items: int | None = None,
) -> tuple[OutcomeNote, ...]:
    """What a reader must know of an outcome before trusting the numbers."""
    notes: list[OutcomeNote] = []
    kinds = {*outcome.kinds} - {*adjustment.answers}
    if outcome.listed:
        notes.append("listed_outcome")
    elif not outcome.kinds:
        notes.append("outcome_of_facts")
    elif not kinds:
        notes.append("outcome_of_answers")
    elif adjustment.activity and items is not None and items < FEW_ITEMS:
        notes.append("few_items")
    if not adjustment.activity and not adjustment.families:
        notes.append("nothing_adjusted_for")
    elif not adjustment.activity:
        notes.append("activity_not_adjusted_for")
    if placebo is None:
        notes.append("no_placebo_given")
    return tuple(notes)


def verdict_on_outcome(
    rows: Sequence[Affinity], people: int, tested: int
) -> tuple[
    AffinityVerdict, Literal["", "outcome_too_small", "nothing_testable", "chance_not_excluded"]
]:
    """The verdict in all; of `cannot_tell` also what is missing."""
    if people < LEAST_OUTCOME:
        return "cannot_tell", "outcome_too_small"
    if not tested:
        return "cannot_tell", "nothing_testable"
    if any(r.verdict == "associated" for r in rows):
        return "associated", ""
    undecided = sum(r.verdict == "cannot_tell" and r.q is not None for r in rows)
    return ("cannot_tell", "chance_not_excluded") if 2 * undecided > tested else _NONE


_NONE: tuple[AffinityVerdict, Literal[""]] = ("no_association", "")


POWER = 0.8
SMALLEST_AUDIENCE = 0.01
"""A trait that fewer than one in a hundred people have is hardly an audience to plan for: that it
cannot be told does not keep the answer "no audience" from being one."""


def large_enough(rows: Iterable[Affinity], people: int) -> list[Affinity]:
    """The rows tested whose traits one in a hundred people have."""
    return [r for r in rows if r.q is not None and r.persons >= SMALLEST_AUDIENCE * people]


def log_error(row: Affinity) -> float | None:
    """The standard error of the log of a trait's affinity, from its 95 % interval."""
    if not row.low or not row.high:
        return None
    return (math.log(row.high) - math.log(row.low)) / (2 * Z95)


def least_affinity(rows: Iterable[Affinity], people: int, *, interest: float = 1.0) -> float | None:
    """The affinity from which a typical trait would have been noticed, four times in five.

    The median, over the tested traits that one in a hundred of the `people` have, of
    exp((z + 0.84) se), se being the standard error of the log of a trait's affinity and z what one
    trait among so many needs (5 % over all, Bonferroni). None where nothing was tested.
    `interest` is the share of the outcome's people that it is to be noticed among.
    """
    errors = [e for r in large_enough(rows, people) if (e := log_error(r)) is not None]
    if not errors or interest <= 0:
        return None
    z = float(norm.isf(0.05 / (2 * len(errors))) + norm.ppf(POWER))
    return float(math.exp(z * np.median(errors) / math.sqrt(interest)))


@dataclass(frozen=True)
class TraitStatistics:
    """The statistics of all traits against one outcome; NaN where there is none."""

    counts: CountTables
    events: int
    naive: Ratio
    ratio: Ratio
    test: Association
    index: ShareIndex

    @property
    def enough(self) -> Flags:
        """Which traits have the minimum size."""
        return self.test.least >= LEAST_EXPECTED


def discover(
    engine: Engine,
    lake: Lake,
    build: Build,
    outcome: Outcome,
    *,
    traits: Sequence[Trait],
    base: PersonSet,
    blocks: Blocks,
    base_rule: str = "everyone",
    placebo: Outcome | None = None,
    refused: int = 0,
    quantiles: int = QUANTILES,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    facts: Mapping[str, tuple[int, ...]] = NO_FACTS,
    items: int | None = None,
) -> OutcomeDiscovery:
    """Every built trait's affinity with an outcome among the people of a base.

    The base comes without those who refuse the purpose; `refused` only reports how many. As of
    the build's date. Order of people, of blocks and of traits does not matter. `facts` are the
    numbers of the traits of each family that the `adjustment` names; `items` is how many different
    things the outcome's kinds of event are about, where that is known.
    """
    first = (outcome, own_events(engine, lake, build, outcome))
    second = (placebo, own_events(engine, lake, build, placebo)) if placebo else None
    return compare(
        build,
        first,
        traits=traits,
        base=base,
        blocks=blocks,
        base_rule=base_rule,
        placebo=second,
        refused=refused,
        quantiles=quantiles,
        adjustment=adjustment,
        facts=facts,
        items=items,
    )


def compare(
    build: Build,
    outcome: tuple[Outcome, OwnEvents],
    *,
    traits: Sequence[Trait],
    base: PersonSet,
    blocks: Blocks,
    base_rule: str = "everyone",
    placebo: tuple[Outcome, OwnEvents] | None = None,
    refused: int = 0,
    quantiles: int = QUANTILES,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    facts: Mapping[str, tuple[int, ...]] = NO_FACTS,
    items: int | None = None,
) -> OutcomeDiscovery:
    """`discover`, once the outcome's own events are known."""
    alike = partial(measure, blocks=blocks, quantiles=quantiles, adjustment=adjustment, facts=facts)
    measured_base = measure_base(blocks, base)
    chosen = sorted((t for t in traits if t.built), key=lambda t: t.id)
    inside = _within(outcome[0], base)
    main = alike(inside, outcome[1], measured_base, chosen)
    other = _within(placebo[0], base) if placebo else None
    second = None
    if placebo and other:
        # Of the placebo no p is reported, so none is computed.
        second = alike(other, placebo[1], measured_base, chosen, tested_from=np.inf)
    people = size(inside.people)
    rows, tested = _rows(main, second, inside, people, size(base))
    verdict, reason = verdict_on_outcome(rows, people, tested)
    return OutcomeDiscovery(
        outcome=inside.rule,
        base=base_rule,
        placebo=other.rule if other else None,
        as_of=build.as_of,
        build=build.id,
        base_people=size(base),
        outcome_people=people,
        outcome_outside=size(outcome[0].people) - people,
        outcome_events=main.events,
        placebo_people=size(other.people) if other else None,
        refused=refused,
        strata="; ".join(sorted(set(main.counts.strata))),
        tested=tested,
        too_few=sum(r.verdict == "cannot_tell" and r.q is None for r in rows),
        excluded=sum(r.verdict == "is_outcome" for r in rows),
        verdict=verdict,
        reason=reason,
        needed=LEAST_OUTCOME,
        notes=notes_on(inside, other, adjustment, items),
        least_affinity=least_affinity(rows, size(base)),
        adjusted_for=adjustment.families,
        rows=rows,
    )


def measure(
    outcome: Outcome,
    own: OwnEvents,
    base: ComparedPeople,
    traits: Sequence[Trait],
    blocks: Blocks,
    *,
    quantiles: int = QUANTILES,
    tested_from: float = LEAST_EXPECTED,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    facts: Mapping[str, tuple[int, ...]] = NO_FACTS,
) -> TraitStatistics:
    """The statistics of all traits against one outcome; p where chance alone gives that many."""
    counts = count(
        blocks,
        base,
        outcome,
        own,
        traits,
        quantiles=quantiles,
        adjustment=adjustment,
        facts=facts,
    )
    many = len(traits)
    ratio = Ratio(*(np.full(many, np.nan) for _ in range(4)))
    test = Association(*(np.full(many, np.nan) for _ in range(6)))
    for rows, (a, n1, c, n0) in counts.tables:
        put(ratio, rows, risk_ratio(a, n1, c, n0))
        put(test, rows, association(a, n1, c, n0, tested_from=tested_from))
    # One stratum of everyone: the same formulas give the crude ratio.
    a, n1, c, n0 = (x[:, None] for x in counts.totals)
    return TraitStatistics(
        counts,
        int(counts.moments.all_y),
        risk_ratio(a, n1, c, n0),
        ratio,
        test,
        share_index(counts.moments),
    )


def _rows(
    main: TraitStatistics,
    placebo: TraitStatistics | None,
    outcome: Outcome,
    people: int,
    base_people: int,
) -> tuple[tuple[Affinity, ...], int]:
    """The traits' affinities, and how many of them were tested."""
    counts = main.counts
    excluded = exclusions(outcome, counts.traits, counts.totals, counts.before, people)
    tested = main.enough & np.array([e is None for e in excluded], dtype=bool)
    tested &= people >= LEAST_OUTCOME
    q = benjamini_hochberg(np.where(tested, main.test.p, np.nan))
    gaps = _gaps(main, placebo, len(q))
    rows = []
    for i in range(len(q)):
        numbers = TraitNumbers(
            main.ratio.ratio[i],
            main.ratio.low[i],
            main.ratio.high[i],
            q[i],
            placebo is not None,
            gaps[1][i],
            gaps[2][i],
        )
        judged = excluded[i] or (judge(numbers) if tested[i] else _untested(main, i, people))
        p = number(main.test.p[i]) if tested[i] else None
        rows.append(_affinity(main, placebo, gaps, i, judged, p, number(q[i]), people, base_people))
    return in_order(rows), int(tested.sum())


def _affinity(
    main: TraitStatistics,
    placebo: TraitStatistics | None,
    gaps: tuple[Floats, Floats, Floats],
    i: int,
    judged: Judged,
    p: float | None,
    q: float | None,
    people: int,
    base_people: int,
) -> Affinity:
    trait, (a, n1, _, _) = main.counts.traits[i], main.counts.totals
    return Affinity(
        trait=trait.name,
        label=trait.label,
        family=trait.family,
        basis=trait.basis,
        persons=int(n1[i]),
        outcome_persons=int(a[i]),
        share=n1[i] / base_people if base_people else None,
        outcome_share=a[i] / people if people else None,
        naive=number(main.naive.ratio[i]),
        ratio=number(main.ratio.ratio[i]),
        low=number(main.ratio.low[i]),
        high=number(main.ratio.high[i]),
        expected=number(main.test.expected[i]),
        p=p,
        q=q,
        placebo_naive=number(placebo.naive.ratio[i]) if placebo else None,
        placebo=number(placebo.ratio.ratio[i]) if placebo else None,
        placebo_low=number(placebo.ratio.low[i]) if placebo else None,
        placebo_high=number(placebo.ratio.high[i]) if placebo else None,
        against_placebo=number(gaps[0][i]),
        against_placebo_low=number(gaps[1][i]),
        against_placebo_high=number(gaps[2][i]),
        index=number(main.index.index[i]),
        index_low=number(main.index.low[i]),
        index_high=number(main.index.high[i]),
        verdict=judged[0],
        reason=judged[1],
    )


def _untested(main: TraitStatistics, i: int, people: int) -> Judged:
    """Why a trait was not tested."""
    if people < LEAST_OUTCOME:
        return "cannot_tell", "outcome_too_small"
    _, n1, _, n0 = (x[i] for x in main.counts.totals)
    if not n1 or not n0:
        return "cannot_tell", "everyone_has_it" if n1 else "nobody_has_it"
    if not main.test.expected[i] > 0:
        return "cannot_tell", "no_comparable_people"
    return "cannot_tell", "too_few_expected"


def _gaps(
    main: TraitStatistics, placebo: TraitStatistics | None, many: int
) -> tuple[Floats, Floats, Floats]:
    if placebo is None:
        nothing = np.full(many, np.nan)
        return nothing, nothing, nothing
    # A placebo too small to be tested cannot explain anything, nor fail to.
    gaps = log_difference(main.ratio, placebo.ratio)
    one, low, high = (np.where(placebo.enough, g, np.nan) for g in gaps)
    return one, low, high


def _within(outcome: Outcome, base: PersonSet) -> Outcome:
    return replace(outcome, people=only(outcome.people, base))
