"""What a discovery says in words: exclusions, notes and the sentence at the end."""

from collections.abc import Sequence

from fullhouse.discovery.affinity import Affinity, Verdict
from fullhouse.discovery.count import Counted
from fullhouse.discovery.judge import LEAST_OUTCOME
from fullhouse.sample.outcome import Outcome
from fullhouse.traits.trait import KINDS, Trait

ACTIVITY_FAMILIES = frozenset({"active"})
"""Traits that are activity itself, which the strata hold equal."""


def excluded_why(
    outcome: Outcome, counted: Counted, outcome_people: int
) -> list[tuple[Verdict, str] | None]:
    """Why a trait says nothing about an outcome, by construction; None when it may."""
    a, n1, c, _ = counted.totals
    emptied, same = (counted.before > 0) & (n1 == 0), (a == n1) & (c == 0) & (outcome_people > 0)
    return [
        _why(t, outcome, emptied=bool(emptied[i]), same=bool(same[i]))
        for i, t in enumerate(counted.traits)
    ]


def _why(
    trait: Trait, outcome: Outcome, *, emptied: bool, same: bool
) -> tuple[Verdict, str] | None:
    if trait.id in {t.id for t in outcome.traits}:
        return "is the outcome", "the outcome's rule names it"
    if trait.basis not in KINDS and trait.family in outcome.fact_families:
        return "is the outcome", f"the outcome's rule names a trait of the family '{trait.family}'"
    if trait.id in {t.id for t in outcome.about}:
        return "is the outcome", "it is about the outcome's own film"
    if emptied:
        return "is the outcome", "all its events are the outcome's"
    if same:
        return "is the outcome", "the same people"
    if trait.family in ACTIVITY_FAMILIES:
        return "cannot tell", "it is activity itself, which is held equal"
    return None


def notes_on(outcome: Outcome, placebo: Outcome | None) -> tuple[str, ...]:
    """What a reader must know of an outcome before trusting the numbers."""
    notes = []
    if outcome.listed:
        notes.append(
            "The outcome has a saved list in it: the events that made the list are not known, so"
            " a trait may be the outcome itself, and activity is held equal only in the trait's"
            " own kind of event."
        )
    elif not outcome.kinds:
        notes.append(
            "The outcome is made of facts, not of events: activity is held equal only in the"
            " trait's own kind of event, and not at all for other facts."
        )
    if placebo is None:
        notes.append("No placebo was given: name a like outcome that should show nothing.")
    return tuple(notes)


def sentence(rule: str, rows: Sequence[Affinity], people: int, tested: int) -> tuple[Verdict, str]:
    """The verdict in all, and one plain sentence of it."""
    found = [r for r in rows if r.verdict == "found"]
    if people < LEAST_OUTCOME:
        return "cannot tell", (
            f"The data cannot tell: {people:,} people are in the outcome '{rule}', and with fewer"
            f" than {LEAST_OUTCOME} even a trait that half of them have could not be told from one"
            " twice as common. A wider rule, a longer window or more sources would do."
        )
    if not tested:
        return "cannot tell", (
            f"The data cannot tell: the outcome '{rule}' has {people:,} people, but no trait is"
            " common enough among people as active as they are. A wider rule or base would do."
        )
    if not found:
        open_ = sum(r.verdict == "cannot tell" and r.q is not None for r in rows)
        if 2 * open_ > tested:
            return "cannot tell", (
                f"The data cannot tell: none of the {tested:,} traits tested stands out from luck,"
                f" but with {people:,} people in the outcome '{rule}' a ratio of 2 or of 0.5 is not"
                f" ruled out for {open_:,} of them. More people, or fewer traits (--family), would"
                " do."
            )
        return "nothing", (
            f"Nothing found: none of the {tested:,} traits tested goes with '{rule}' beyond"
            " activity, luck and the placebo."
        )
    best = found[0]
    return "found", (
        f"Found: {len(found):,} of {tested:,} traits tested go with '{rule}'. Strongest:"
        f" {best.label}, {best.ratio or 0:.2g} times as likely"
        f" ({_range(best)}) among equally active people."
    )


def _range(row: Affinity) -> str:
    high = f"{row.high:.2g}" if row.high is not None else "any"
    return f"{row.low or 0:.2g} to {high}"
