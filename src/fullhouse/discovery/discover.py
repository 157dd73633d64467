"""Every trait's affinity with an outcome, activity, luck and placebo apart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats
from fullhouse.core.person_sets import PersonSet, only, size
from fullhouse.discovery.affinity import Affinity, Discovery, Verdict, in_order, number
from fullhouse.discovery.count import Base, Counted, count, measure_base
from fullhouse.discovery.judge import LEAST_EXPECTED, LEAST_OUTCOME, Evidence, judge
from fullhouse.discovery.words import excluded_why, notes_on, sentence
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.sample.blocks import Blocks
from fullhouse.sample.outcome import Outcome, OwnEvents, own_events
from fullhouse.sample.strata import QUANTILES
from fullhouse.stats import (
    Association,
    Index,
    Ratio,
    association,
    benjamini_hochberg,
    log_difference,
    risk_ratio,
    share_index,
)
from fullhouse.traits.trait import Build, Trait


@dataclass(frozen=True)
class Measured:
    """The statistics of all traits against one outcome; NaN where there is none."""

    counted: Counted
    events: int
    naive: Ratio
    ratio: Ratio
    test: Association
    index: Index

    @property
    def enough(self) -> npt.NDArray[np.bool_]:
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
) -> Discovery:
    """Every built trait's affinity with an outcome among the people of a base.

    The base comes without those who refuse the purpose; `refused` only reports how many. As of
    the build's date. Order of people, of blocks and of traits does not matter.
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
) -> Discovery:
    """`discover`, once the outcome's own events are known."""
    measured_base = measure_base(blocks, base)
    chosen = sorted((t for t in traits if t.built), key=lambda t: t.id)
    seen = _inside(outcome[0], base)
    main = measure(seen, outcome[1], measured_base, chosen, blocks, quantiles=quantiles)
    other = _inside(placebo[0], base) if placebo else None
    second = None
    if placebo and other:
        # Of the placebo no p is told.
        second = measure(
            other,
            placebo[1],
            measured_base,
            chosen,
            blocks,
            quantiles=quantiles,
            tested_from=np.inf,
        )
    people = size(seen.people)
    why = excluded_why(seen, main.counted, people)
    tested = main.enough & np.array([w is None for w in why], dtype=bool)
    tested &= people >= LEAST_OUTCOME
    rows = in_order(_rows(main, second, tested, why, people=(people, size(base))))
    verdict, words = sentence(seen.rule, rows, people, int(tested.sum()))
    return Discovery(
        outcome=seen.rule,
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
        strata="; ".join(sorted(set(main.counted.strata))),
        tested=int(tested.sum()),
        too_few=sum(r.verdict == "cannot tell" and r.q is None for r in rows),
        excluded=sum(r.verdict == "is the outcome" for r in rows),
        verdict=verdict,
        sentence=words,
        notes=notes_on(seen, other),
        rows=rows,
    )


def measure(
    outcome: Outcome,
    own: OwnEvents,
    base: Base,
    traits: Sequence[Trait],
    blocks: Blocks,
    *,
    quantiles: int = QUANTILES,
    tested_from: float = LEAST_EXPECTED,
) -> Measured:
    """The statistics of all traits against one outcome; p where luck gives that many people."""
    counted = count(blocks, base, outcome, own, traits, quantiles=quantiles)
    size = len(traits)
    ratio = Ratio(*(np.full(size, np.nan) for _ in range(4)))
    test = Association(*(np.full(size, np.nan) for _ in range(6)))
    for rows, (a, n1, c, n0) in counted.tables:
        _put(ratio, rows, risk_ratio(a, n1, c, n0))
        _put(test, rows, association(a, n1, c, n0, tested_from=tested_from))
    # One stratum of everyone: the same formulas give the crude ratio.
    a, n1, c, n0 = (x[:, None] for x in counted.totals)
    return Measured(
        counted,
        int(counted.moments.all_y),
        risk_ratio(a, n1, c, n0),
        ratio,
        test,
        share_index(counted.moments),
    )


def _rows(
    main: Measured,
    placebo: Measured | None,
    tested: npt.NDArray[np.bool_],
    why: Sequence[tuple[Verdict, str] | None],
    *,
    people: tuple[int, int],
) -> list[Affinity]:
    outcome_people, base_people = people
    q = benjamini_hochberg(np.where(tested, main.test.p, np.nan))
    a, n1, _, _ = main.counted.totals
    gaps = _gaps(main, placebo, len(q))
    rows = []
    for i, trait in enumerate(main.counted.traits):
        evidence = Evidence(
            main.ratio.ratio[i],
            main.ratio.low[i],
            main.ratio.high[i],
            q[i],
            placebo is not None,
            gaps[1][i],
            gaps[2][i],
        )
        verdict, reason = why[i] or (
            judge(evidence) if tested[i] else too_few(main, i, outcome_people)
        )
        rows.append(
            Affinity(
                trait=trait.name,
                label=trait.label,
                family=trait.family,
                basis=trait.basis,
                persons=int(n1[i]),
                outcome_persons=int(a[i]),
                share=n1[i] / base_people if base_people else None,
                outcome_share=a[i] / outcome_people if outcome_people else None,
                naive=number(main.naive.ratio[i]),
                ratio=number(main.ratio.ratio[i]),
                low=number(main.ratio.low[i]),
                high=number(main.ratio.high[i]),
                expected=number(main.test.expected[i]),
                p=number(main.test.p[i]) if tested[i] else None,
                q=number(q[i]),
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
                verdict=verdict,
                reason=reason,
            )
        )
    return rows


def too_few(main: Measured, i: int, outcome_people: int) -> tuple[Verdict, str]:
    """Why a trait was not tested."""
    if outcome_people < LEAST_OUTCOME:
        return "cannot tell", f"the outcome has fewer than {LEAST_OUTCOME} people"
    _, n1, _, n0 = (x[i] for x in main.counted.totals)
    if not n1 or not n0:
        return "cannot tell", f"{'everyone' if n1 else 'nobody'} in the base has it"
    if not main.test.expected[i] > 0:
        return "cannot tell", "nobody in the outcome is as active as people with and without it"
    return "cannot tell", (
        f"luck alone would give fewer than {LEAST_EXPECTED:.0f} people with it, or without it,"
        " in the outcome or out of it"
    )


def _gaps(main: Measured, placebo: Measured | None, size: int) -> tuple[Floats, Floats, Floats]:
    if placebo is None:
        nothing = np.full(size, np.nan)
        return nothing, nothing, nothing
    # A placebo too small to be tested cannot explain anything, nor fail to.
    gaps = log_difference(main.ratio, placebo.ratio)
    one, low, high = (np.where(placebo.enough, g, np.nan) for g in gaps)
    return one, low, high


def _inside(outcome: Outcome, base: PersonSet) -> Outcome:
    return replace(outcome, people=only(outcome.people, base))


def _put(
    into: Ratio | Association, rows: npt.NDArray[np.integer], part: Ratio | Association
) -> None:
    for name, values in vars(part).items():
        getattr(into, name)[rows] = values
