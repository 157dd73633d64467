"""What plans by headroom truly win in the simulated market, beside plans that do not know of it.

python -m benchmarks.headroom_plans [--seeds 6] [--first 900] [--people 131072] [--scenario NAME]

Each seed is a market of its own, with the scenario's film to come, six audiences that overlap (four
hidden, one of no use, the obvious one) and the shipped channels; a cent a head is spent. The house
sees trailers, want-to-see marks and tickets up to the day of the plan, and from these the product
estimates who has heard of the film and plans (`fullhouse.headroom`, `fullhouse.planning`). What a
spend truly wins is the simulator's own expectation; so is the oracle's, who knows person by person
who has heard. What people would buy anyway is the truth with an honest error, as in
`benchmarks.planning`. *All alike* divides the money among audiences by their people.

People count for the obvious audience if they are in it, else for the first one. Regret is the
share of the oracle's tickets that is lost. Showings stay as they are; tickets by talk do not count.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.headroom import SINCE, simulated
from benchmarks.measure import machine, table
from benchmarks.planning import DRAWS, KIND_OF, MONEY_A_HEAD, guessed, learnt, split
from benchmarks.planning_market import AUDIENCES, OBVIOUS, Play, book, coming_film, ground, won
from benchmarks.planning_oracle import best_spend
from fullhouse.core.arrays import Flags, Floats
from fullhouse.headroom.estimate import Audience, compare, headroom_of
from fullhouse.planning import MediaSlots, PlanProblem, PlanRows, cap_rows, optimise
from fullhouse.planning.audience_effects import AudienceEffects, effects_of_headroom, plan_parts
from fullhouse.planning.build import explored_rows

SCENARIOS = ("the-case", "all-aware", "unaware", "fandom")
PLANS = ("headroom", "by base rate", "obvious only", "all alike")
DAYS = 60


@dataclass(frozen=True)
class Ground:
    """A film with all that its plans are computed from."""

    film: Play
    problem: PlanProblem
    slots: MediaSlots
    rows: PlanRows
    parts: tuple[Flags, ...]
    tickets: Floats
    budget: float


def ground_of(film: Play, seed: int) -> Ground:
    """The ground of a film, with an honest error in what people would buy anyway."""
    expected = guessed(film, seed)
    parts, slots, left = ground(film, expected)
    problem = PlanProblem(parts, slots, learnt([], seed), KIND_OF, left)
    by_part = plan_parts(film.audiences, OBVIOUS)
    tickets = np.array([float(expected[p].sum()) for p in by_part])
    budget = MONEY_A_HEAD * film.size
    return Ground(film, problem, slots, cap_rows(slots), by_part, tickets, budget)


def effects_seen(here: Ground, seed: int) -> AudienceEffects | None:
    """The effects by which the product would plan, from what a house sees."""
    signals = simulated(here.film.market)[0]
    comparison = compare(signals, SINCE)
    seen = [
        headroom_of(
            signals,
            Audience(name, name, False, part, None),
            comparison,
            audiences=len(AUDIENCES),
            price=0.01,
        )
        for (name, _), part in zip(AUDIENCES, here.parts, strict=True)
    ]
    return effects_of_headroom(seen, here.tickets, OBVIOUS, draws=DRAWS, seed=seed)


def spend_by(here: Ground, effects: AudienceEffects | None) -> Floats:
    """The product's plan with some effects; by base rate where there are none."""
    if effects is None:
        return optimise(here.problem, here.budget, rows=here.rows).spend
    factors = effects.by_cell(here.problem.cells.in_audience)
    problem = replace(here.problem, factors=factors)
    rows = here.rows + explored_rows(problem, effects)
    return optimise(problem, here.budget, rows=rows).spend


def one_market(seed: int, people: int, scenario: str) -> dict[str, float]:
    """True incremental tickets of every plan."""
    here = ground_of(coming_film(seed, people, scenario, days=DAYS), seed)
    film, slots = here.film, here.slots
    obvious = slots.audience == OBVIOUS
    spends = {
        "headroom": spend_by(here, effects_seen(here, seed)),
        "by base rate": spend_by(here, None),
        "obvious only": optimise(here.problem, here.budget, rows=here.rows, allowed=obvious).spend,
        "all alike": split(slots, here.rows, slots.addressed, here.budget),
        "oracle": best_spend(
            film, here.problem.cells, slots, here.problem.adstock, here.budget, here.rows
        ),
    }
    return {name: won(film, book(film, slots, spend)) for name, spend in spends.items()}


def summary(results: dict[str, list[dict[str, float]]]) -> str:
    """What all markets say together, by scenario."""
    rows = []
    for scenario, markets in results.items():
        best = [max(m.values()) for m in markets]
        ratio = [m["headroom"] / m["by base rate"] for m in markets]
        above = [m["headroom"] > max(m["obvious only"], m["all alike"]) for m in markets]
        regrets = [
            f"{np.mean([1 - m[p] / b for m, b in zip(markets, best, strict=True)]):.2f}"
            for p in PLANS
        ]
        rows.append(
            (
                scenario, len(markets), f"{np.mean([m['headroom'] for m in markets]):,.0f}",
                f"{np.median(ratio):.2f} ({min(ratio):.2f}–{max(ratio):.2f})",
                f"{np.mean([m['headroom'] / m['obvious only'] for m in markets]):.2f}",
                f"{np.mean(above):.0%}", *regrets,
            )
        )  # fmt: skip
    heads = ("scenario", "seeds", "tickets won", "÷ by base rate, median (range)",
             "÷ obvious only", "above obvious and all alike",
             *(f"regret: {p}" for p in PLANS))  # fmt: skip
    return table(heads, rows)


def main() -> None:
    """Print tickets won by plan, and regret against the oracle, by scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first", type=int, default=900)
    parser.add_argument("--people", type=int, default=131_072)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    given = parser.parse_args()
    results: dict[str, list[dict[str, float]]] = {}
    for scenario in given.scenario or SCENARIOS:
        for seed in range(given.first, given.first + given.seeds):
            start = time.perf_counter()
            won_by = one_market(seed, given.people, scenario)
            results.setdefault(scenario, []).append(won_by)
            figures = ", ".join(f"{k} {v:,.0f}" for k, v in won_by.items())
            print(f"{scenario} {seed}: {figures}; {time.perf_counter() - start:.0f} s", flush=True)
    print("\n" + summary(results))
    print(f"{given.people:,} people a market, simulated; {machine()}")


if __name__ == "__main__":
    main()
