"""What a pilot is worth in the simulated market: the plan that learned from it, beside others.

python -m benchmarks.pilot [--seeds 3] [--first 930] [--people 131072] [--scenario NAME]

As in `benchmarks.headroom_plans`, each seed is a market of its own with the scenario's film to come
and a cent a head to spend. A twentieth of the money is spent on a pilot as the product designs it
(`fullhouse.planning.pilot`): two weeks from the next Monday on, people drawn by chance, six tenths
of their households held out. The marks that the simulator then has them make are read at its end,
and the rest of the money is planned by headroom and by them. So that all plans have the same weeks,
none may begin before that. Tickets are the simulator's own expectation of all that is shown, the
pilot's too; regret is the share of the oracle's that is lost, who has all the money for the same
weeks. *Proven* are pilots whose contrast lay above 0 at a look after one, two or three weeks: in a
market without headroom, or of people who would not come, a claim is false if it is of more than
what they buy explains.
"""

import argparse
import time
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from benchmarks.headroom import SINCE, simulated
from benchmarks.headroom_plans import DAYS, Ground, ground_of, spend_by
from benchmarks.measure import machine, table
from benchmarks.planning import DRAWS, MONEY_A_HEAD, guessed, learnt, split
from benchmarks.planning_market import AUDIENCES, OBVIOUS, WEEKS, Play, book, coming_film, won
from benchmarks.planning_oracle import best_spend
from fullhouse.campaigns.pilot import PilotArms
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.headroom.estimate import Audience, compare, headroom_of
from fullhouse.headroom.signals import Signals
from fullhouse.measurement.look_at_pilot import at_any_look, contrast
from fullhouse.planning import MediaSlots, cap_rows, optimise, read_channels
from fullhouse.planning.audience_effects import AudienceEffects, effects_of_headroom
from fullhouse.planning.pilot import PilotPart, pilot_design, pilot_parts, pilot_plan, pilot_weeks
from fullhouse.planning.plan import PilotCounts, Plan
from fullhouse.planning.problem import PlanInputs, PlannedFilm
from fullhouse_sim.campaign import Deliveries, Line, deliveries
from fullhouse_sim.film import weights
from fullhouse_sim.market import CHUNK
from fullhouse_sim.marking import marking
from fullhouse_sim.outcomes import exposed

SCENARIOS = ("the-case", "all-aware", "unaware")
PLANS = ("pilot", "headroom", "by base rate", "obvious only", "all alike")
PILOT_SHARE, HOLDOUT, PILOT_WEEKS = 0.05, 0.6, 2


@dataclass(frozen=True)
class Piloted:
    """A pilot that was played: its plan, who was in which arm, and the day of everybody's mark.

    `share` is the audience of each person in it, -1 for others; `unit` their household's number.
    """

    plan: Plan
    given: Deliveries
    part: Ints
    treated: Flags
    unit: Ints
    marked: Ints
    first: int

    def arms(self, members: Flags, day: int) -> PilotArms:
        """Households of some people by arm, and with one who marked the film by a day."""
        sizes, people = [], []
        for arm in (self.treated, ~self.treated):
            here = members & arm & (self.part >= 0)
            wants = here & (self.marked >= self.first) & (self.marked <= day)
            sizes += [len(np.unique(self.unit[who])) for who in (here, wants)]
            people.append(int(here.sum()))
        return PilotArms(PilotCounts(*sizes), people[0], people[1], 0, 0)

    def counts(self, members: Flags, day: int) -> PilotCounts:
        """The counts of the arms."""
        return self.arms(members, day).counts


def late_ground(film: Play, seed: int, first_day: int) -> Ground:
    """The ground of a film with the weeks alone that begin from a day on."""
    here = ground_of(film, seed)
    monday = film.release - 7 * (WEEKS - here.slots.week)
    slots = _only(here.slots, monday >= first_day)
    problem = replace(here.problem, slots=slots, adstock=here.problem.adstock[monday >= first_day])
    return replace(here, problem=problem, slots=slots, rows=cap_rows(slots))


def _only(slots: MediaSlots, which: Flags) -> MediaSlots:
    return MediaSlots(**{name: column[which] for name, column in vars(slots).items()})


def effects_of(
    signals: Signals, named: list[tuple[str, Flags]], tickets: Floats, seed: int,
    obvious: int | None = None, pilot: list[PilotArms] | None = None,
) -> AudienceEffects | None:  # fmt: skip
    """The effects by which the product plans some people, from what a house sees of them."""
    comparison = compare(signals, SINCE)
    seen = [
        headroom_of(
            signals, Audience(name, name, False, people, None), comparison,
            audiences=len(named), price=0.01,
        )
        for name, people in named
    ]  # fmt: skip
    people = np.array([float(p.sum()) for _, p in named])
    counts = None
    if pilot is not None:
        counts, people = [a.counts for a in pilot], people * np.array([a.units for a in pilot])
    return effects_of_headroom(
        seen, tickets, obvious, draws=DRAWS, seed=seed, pilot=counts, people=people
    )


def pilot_of(film: Play, signals: Signals, seed: int) -> tuple[PlanInputs, list[PilotPart], Plan]:
    """The pilot as the product designs it for a film."""
    channels = read_channels()
    expected = guessed(film, seed)
    opening = film.market.day(film.release)
    weeks = pilot_weeks(film.market.today, opening, PILOT_WEEKS)
    names = [name for name, _ in AUDIENCES]
    inputs = PlanInputs(
        tuple(names), tuple(n.replace(" ", "-") for n in names), tuple(k for _, k in AUDIENCES),
        channels, weeks, {}, list(film.audiences), list(film.on), film.city, expected,
    )  # fmt: skip
    parts = pilot_parts(inputs)
    tickets = np.array([float(expected[p.people].sum()) for p in parts])
    effects = effects_of(signals, [(p.rule, p.people) for p in parts], tickets, seed)
    stakes = tickets * (effects.factors.mean(axis=0) if effects else 1.0)
    response = learnt([], seed)
    budget = PILOT_SHARE * MONEY_A_HEAD * film.size
    places, design = pilot_design(inputs, parts, response, budget, holdout=HOLDOUT, stakes=stakes)
    place = channels.index(design.channel)
    own = replace(response, channels=(design.channel.name,), strength=response.strength[:, [place]])
    chosen = [parts[p] for p in places]
    about = PlannedFilm("film", "Film", "ZZ", film.market.today, opening)
    plan = pilot_plan(
        about, inputs, chosen, design, own, None, name="pilot", budget=budget, holdout=HOLDOUT,
        effects=effects.only(places) if effects else None,
    )  # fmt: skip
    return inputs, chosen, plan


def play_pilot(film: Play, parts: list[PilotPart], plan: Plan, seed: int) -> Piloted:
    """Draw the pilot's people and arms, show it to the treated, and have everybody mark."""
    g = np.random.default_rng([seed, 31])
    unit = film.household
    inside, arm = g.random(film.size), g.random(int(unit.max()) + 1)[unit] >= HOLDOUT
    part = np.full(film.size, -1)
    place = [c.name for c in read_channels()].index(plan.lines[0].channel)
    for number, (one, of) in enumerate(zip(parts, plan.piloted, strict=True)):
        part[one.people & film.on[place] & (inside < of.share)] = number
    treated = np.flatnonzero((part >= 0) & arm)
    lines = [x for x in plan.lines if x.rule == plan.piloted[0].rule]
    days = sorted((x.week - film.market.first_day).days for x in lines)
    often = round(plan.lines[0].impressions / plan.lines[0].people)
    # One row for each impression, as in `book`: with its own chance to be seen.
    when = [d + (2 * n + 1) * 7 // (2 * often) for d in days for n in range(often)]
    names = [Line(f"pilot {n}", "pilot", plan.lines[0].channel) for n in range(len(when))]
    given = deliveries(
        film.market, names,
        person=np.tile(treated, len(when)), line=np.repeat(np.arange(len(when)), len(treated)),
        treated=np.ones(len(when) * len(treated), np.bool_),
        day=np.repeat(np.array(when), len(treated)),
        frequency=np.ones(len(when) * len(treated), np.int64),
    )  # fmt: skip
    marked = []
    for c in film.crowd:
        own = given.between(c.first, c.first + CHUNK)
        shown = exposed(film.market, c, weights(film.film, c), own)
        marked.append(marking(film.market, film.season, c, film.number, own, shown).day)
    return Piloted(plan, given, part, arm, unit, np.concatenate(marked), days[0])


def together(film: Play, one: Deliveries, other: Deliveries) -> Deliveries:
    """Two campaigns as one."""
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("person", "treated", "day", "frequency")
    }
    line = np.concatenate([one.line, other.line + len(one.lines)])
    return deliveries(film.market, (*one.lines, *other.lines), line=line, **columns)


def one_market(seed: int, people: int, scenario: str) -> tuple[dict[str, float], bool, PilotCounts]:
    """True incremental tickets of every plan; whether the pilot proved anything; its counts."""
    film = coming_film(seed, people, scenario, days=DAYS)
    signals = simulated(film.market)[0]
    _, parts, plan = pilot_of(film, signals, seed)
    piloted = play_pilot(film, parts, plan, seed)
    last = max(x.week for x in plan.lines) + timedelta(days=7)
    look = (last - film.market.first_day).days
    here = late_ground(film, seed, look)
    named = [(name, p) for (name, _), p in zip(AUDIENCES, here.parts, strict=True)]
    arms = [piloted.arms(p, look - 1) for p in here.parts]
    known = effects_of(signals, named, here.tickets, seed, OBVIOUS)
    learned = effects_of(signals, named, here.tickets, seed, OBVIOUS, arms)
    slots = here.slots
    rest = replace(here, budget=here.budget - plan.spend)
    spends = {
        "headroom": spend_by(here, known),
        "by base rate": spend_by(here, None),
        "obvious only": optimise(
            here.problem, here.budget, rows=here.rows, allowed=slots.audience == OBVIOUS
        ).spend,
        "all alike": split(slots, here.rows, slots.addressed, here.budget),
        "oracle": best_spend(
            film, here.problem.cells, slots, here.problem.adstock, here.budget, here.rows
        ),
    }
    tickets = {name: won(film, book(film, slots, spend)) for name, spend in spends.items()}
    main_part = book(film, slots, spend_by(rest, learned))
    tickets["pilot"] = won(film, together(film, piloted.given, main_part))
    proven = False
    for day in (piloted.first + 7, piloted.first + 14, look + 6):
        by_part = [piloted.arms(piloted.part == n, day - 1) for n in range(len(parts))]
        interval = at_any_look(contrast(plan.piloted, by_part))
        proven |= interval is not None and interval.low > 0
    return tickets, proven, piloted.counts(np.ones(film.size, bool), look - 1)


def summary(results: dict[str, list[tuple[dict[str, float], bool, PilotCounts]]]) -> str:
    """What all markets say together, by scenario."""
    rows = []
    for scenario, markets in results.items():
        won_by = [m[0] for m in markets]
        best = [max(m.values()) for m in won_by]
        ratio = [m["pilot"] / m["by base rate"] for m in won_by]
        above = [m["pilot"] > m["headroom"] for m in won_by]
        regrets = [
            f"{np.mean([1 - m[p] / b for m, b in zip(won_by, best, strict=True)]):.2f}"
            for p in PLANS
        ]
        interested = [m[2].treated_interested + m[2].held_out_interested for m in markets]
        rows.append(
            (
                scenario, len(markets), f"{np.mean([m['pilot'] for m in won_by]):,.0f}",
                f"{np.median(ratio):.2f} ({min(ratio):.2f}–{max(ratio):.2f})",
                f"{sum(above)} of {len(above)}", *regrets,
                f"{sum(m[1] for m in markets)} of {len(markets)}", f"{np.mean(interested):,.0f}",
            )
        )  # fmt: skip
    heads = ("scenario", "seeds", "tickets won", "÷ by base rate, median (range)",
             "above headroom only", *(f"regret: {p}" for p in PLANS), "proven",
             "interested in the pilot")  # fmt: skip
    return table(heads, rows)


def main() -> None:
    """Print tickets won by plan, regret against the oracle and what was proven, by scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=930)
    parser.add_argument("--people", type=int, default=131_072)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    given = parser.parse_args()
    results: dict[str, list[tuple[dict[str, float], bool, PilotCounts]]] = {}
    for seed in range(given.first, given.first + given.seeds):
        for scenario in given.scenario or SCENARIOS:
            start = time.perf_counter()
            market = one_market(seed, given.people, scenario)
            results.setdefault(scenario, []).append(market)
            figures = ", ".join(f"{k} {v:,.0f}" for k, v in market[0].items())
            rest = f"proven {market[1]}; {market[2]}; {time.perf_counter() - start:.0f} s"
            print(f"{scenario} {seed}: {figures}; {rest}", flush=True)
    print("\n" + summary(results))
    print(f"{given.people:,} people a market, simulated; {machine()}")


if __name__ == "__main__":
    main()
