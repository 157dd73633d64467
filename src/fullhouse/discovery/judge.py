"""The rules of judgement: the verdict on a trait, and on all of them together."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from fullhouse.core.arrays import Floats
from fullhouse.discovery.affinity import (
    Affinity,
    AffinityVerdict,
    OutcomeNote,
    VerdictReason,
)
from fullhouse.discovery.card import Card, ExclusionReason, Verdict
from fullhouse.sample.outcome import Outcome
from fullhouse.traits.trait import KINDS, Trait

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
    fact = trait.basis not in KINDS
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


def notes_on(outcome: Outcome, placebo: Outcome | None) -> tuple[OutcomeNote, ...]:
    """What a reader must know of an outcome before trusting the numbers."""
    notes: list[OutcomeNote] = []
    if outcome.listed:
        notes.append("listed_outcome")
    elif not outcome.kinds:
        notes.append("outcome_of_facts")
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


def verdict_on_film(cards: Iterable[Card], rows: Iterable[Affinity]) -> Verdict:
    """The best basis of any card.

    Without a card it is `no_audience` where, for most traits tested, a ratio of 2 and of 0.5 are
    both ruled out; else the data cannot tell.
    """
    bases = {c.basis for c in cards}
    if bases:
        return "measured" if "measured" in bases else "expected"
    tested = [r for r in rows if r.q is not None]
    undecided = sum(r.verdict == "cannot_tell" for r in tested)
    return "cannot_tell" if not tested or 2 * undecided > len(tested) else "no_audience"
