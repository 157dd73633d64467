"""Audience cards for a film: what stands beyond the obvious, grouped, named and ordered."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Flags
from fullhouse.core.values import slug
from fullhouse.discovery.affinity import number
from fullhouse.discovery.beyond import Beyond, beyond, count_columns, ratio_of, seed_kinds
from fullhouse.discovery.card import Card, Estimate, Evidence, Stability
from fullhouse.discovery.columns import Column, having_any, known_in, trait_columns
from fullhouse.discovery.compared import Compared
from fullhouse.discovery.judge import LEFT_OVER
from fullhouse.discovery.obvious import ObviousTraits
from fullhouse.discovery.prognosis import facts_of
from fullhouse.discovery.quadrants import quadrants
from fullhouse.discovery.stability import estimate, stability
from fullhouse.discovery.standing import Candidate, Measured, distinct, enough, grouped, standing
from fullhouse.sample.sheet import Sheet
from fullhouse.sample.strata import groups_for
from fullhouse.traits.trait import KINDS, Trait

MOST_CARDS = 12
"""Cards that anybody reads."""


@dataclass(frozen=True)
class FoundCards:
    """The cards in order of rank, and how many different columns were tested for them."""

    cards: tuple[Card, ...]
    tested: int


def find_cards(
    compared: Sequence[Compared],
    obvious: ObviousTraits,
    *,
    key: bytes,
    since: date | None = None,
    until: date | None = None,
    name: Callable[[Column], str] | None = None,
    most: int = MOST_CARDS,
) -> FoundCards:
    """Audience cards for the seed of some bases, beyond everything obvious.

    Counts are those of the sheets, weighted; `overlap` stays empty. Candidates that count events
    of the seed's own kinds are left out: their own events would be held equal. `since` and
    `until` are the days that the evidence spans.
    """
    measured = [m for c in compared if (m := measure(c, obvious, key=key)) is not None]
    leads = grouped(standing(measured))
    cards = [
        card_of(lead, obvious, key=key, name=name or plain_name, since=since, until=until)
        for lead in leads
    ]
    order = sorted(cards, key=lambda c: (-c.rank, c.id))
    return FoundCards(tuple(order[:most]), _tested(measured))


def measure(compared: Compared, obvious: ObviousTraits, *, key: bytes) -> Measured | None:
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
    facts = facts_of(sheet, obvious)
    seed = beyond(sheet, columns, facts, sheet.seed, key=key)
    if not comps:
        return Measured(compared, tuple(columns), twins, seed, seed, None)
    if not interest.any():
        return Measured(compared, tuple(columns), twins, seed, None, seed)
    own = beyond(sheet, columns, facts, interest, key=key)
    apart = beyond(sheet, columns, facts, sheet.seed & ~interest, key=key, without=interest)
    return Measured(compared, tuple(columns), twins, seed, own, apart)


def card_of(
    lead: Candidate,
    obvious: ObviousTraits,
    *,
    key: bytes,
    name: Callable[[Column], str],
    since: date | None,
    until: date | None,
) -> Card:
    """The card of one column that stands.

    `beyond` is the whole seed's, unless only the film's own interest says it.
    """
    m, column, sheet = lead.measured, lead.column, lead.measured.compared.sheet
    by = m.seed if m.seed.ratio.low[lead.at] > LEFT_OVER else lead.by
    ratio = estimate(by.ratio, lead.at)
    low = max(1.0, ratio.low or 1.0)
    affinity, naive, index, placebo = _affinities(m, column)
    holds = column.holders(len(sheet.persons))
    asked = known_in(sheet, column.facts)
    likely = holds & sheet.seed
    share = _people(sheet, holds) / max(1, _people(sheet, asked))
    unobvious = _unobviousness(affinity.value, ratio.value)
    return Card(
        id=slug(column.name),
        name=name(column),
        rule=column.rule,
        traits=(column.name, *lead.said),
        family=column.family,
        standing=lead.standing,
        persons=_people(sheet, holds),
        base_people=_people(sheet, asked),
        not_moviegoers=_people(sheet, holds & ~having_any(sheet, _going(obvious))),
        share=share,
        likely=_people(sheet, likely),
        likely_share=_people(sheet, likely) / max(1, _people(sheet, sheet.seed & asked)),
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
        overlap=(),
        evidence=_evidence(sheet, column, likely, since, until),
        stability=_stability(lead, by, key),
        reason=lead.reason,
    )


def plain_name(column: Column) -> str:
    """Who a column's people are, in words.

    >>> plain_name(Column("x", "bought from Pet Supplies › Dogs", "buys", (), (), np.zeros(0)))
    'People who bought from Pet Supplies › Dogs'
    """
    label = column.label
    if column.family in ("gender", "gender and age"):
        return label[:1].upper() + label[1:]
    if column.family in ("age", "household"):
        return f"People {'in a ' if column.family == 'household' else ''}{label}"
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


def _affinities(m: Measured, column: Column) -> tuple[Estimate, float | None, Estimate, Estimate]:
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


def _from_sheet(sheet: Sheet, column: Column, held: Beyond) -> tuple[Estimate, float | None]:
    """The ratio over activity strata, and that over none, among the people of a sheet."""
    histograms = {k: np.bincount(sheet.activity[k], minlength=2) for k in range(len(KINDS))}
    # Gender stands for gender and age: a fact, which no event shows.
    like = column.trait or next(t for t in sheet.traits if t.family == "gender")
    (group,), _ = groups_for([like], seed_kinds(sheet, sheet.seed), histograms)
    rows = held.cohort.rows & known_in(sheet, column.facts)
    found = []
    for strata, size in ((group.strata(sheet.activity), group.size), (rows * 0, 1)):
        counts = count_columns([column], np.where(rows, strata, -1), size, held.cohort.case)
        found.append(estimate(ratio_of(*counts, held.cohort), 0))
    return found[0], found[1].value


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


def _stability(lead: Candidate, by: Beyond, key: bytes) -> Stability:
    return stability(lead.measured.compared.sheet.persons, by, [lead.at], key=key)[0]


def _unobviousness(affinity: float | None, ratio: float | None) -> float:
    """The share of the log affinity that is left beyond the obvious, from 0 to 1."""
    if not ratio or ratio <= 1:
        return 0.0
    if not affinity or affinity <= 1:
        return 1.0
    return min(1.0, math.log(ratio) / math.log(affinity))


def _going(obvious: ObviousTraits) -> list[Trait]:
    return [t for t in obvious.habits if t.family == "moviegoer" and t.slug != "lapsed"]


def _people(sheet: Sheet, flags: Flags) -> int:
    return round(float(sheet.weight[flags].sum()))


def _tested(measured: Sequence[Measured]) -> int:
    """Different columns that were tested against the seed, the film's own interest, or both."""
    every = 0
    for m in measured:
        both = [enough(h) for h in (m.seed, m.interest) if h is not None]
        every += len(np.unique(np.concatenate(both)))
    return every
