"""What a plan truly wins in the simulated market, beside an oracle's and three simple plans.

python -m benchmarks.planning [--seeds 100] [--first 0] [--people 100000]

Each seed is a market with three films of one kind in a row. A plan is made as the product makes
it (response learned from the readouts of the films before), played with a holdout, read, and
taught. The oracle knows what every impression truly does. All spend the same budget.

What people would buy anyway is not scored by the product's propensity here, which would take
minutes a film: it is the truth with an error of each person (log-normal, sd 0.5), of each
audience (0.15) and of the whole (0.25). Three tenths are held out (with a tenth, films 2 and 3
learned too little on the seeds it was built on), and channels withheld by lot from a fifth of the
treated each, so that they can be separated. The equal split and the split by reach keep the same
caps; the obvious audience alone gets the best plan that the product makes for it. The budget is a
cent a head: at half of it the true best plan spends on next to nobody but the obvious, so that
none could beat it.

The oracle is the true optimum, found on every person with the simulator's own reaction, tiring,
households and all; where a plan wins more by the luck of what is shown, that plan is the oracle's.
"""

import argparse
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.measure import machine, table
from benchmarks.planning_market import (
    AUDIENCES,
    OBVIOUS,
    Play,
    book,
    ground,
    played,
    three_films,
    won,
)
from benchmarks.planning_oracle import best_spend
from fullhouse.campaigns.arms import assign
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.planning import (
    MeasuredResponse,
    MediaSlots,
    PlanProblem,
    PlanRows,
    Response,
    cap_rows,
    learn_response,
    optimise,
    read_channels,
)
from fullhouse.planning.channel import worths
from fullhouse.planning.response import Purchases, relative_responses

HOLDOUT = 0.3
WITHHELD = 0.2
MONEY_A_HEAD = 0.01
PERSON_ERROR, AUDIENCE_ERROR, WHOLE_ERROR = 0.5, 0.15, 0.25
DRAWS = 300
LEAST_TICKETS = 10
KINDS = tuple(dict.fromkeys(k for _, k in AUDIENCES))
KIND_OF = tuple(KINDS.index(k) for _, k in AUDIENCES)
OTHERS = ("equal split", "by reach", "the obvious only")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--people", type=int, default=100_000)
    given = parser.parse_args()
    print(f"Taken on {machine()}. {given.people:,} people a market, simulated.\n", flush=True)
    markets = []
    for seed in range(given.first, given.first + given.seeds):
        start = time.perf_counter()
        markets.append(one_market(seed, given.people))
        shares = [f"{x['ours'] / x['oracle']:.3f}" for x in markets[-1]]
        seconds = time.perf_counter() - start
        print(f"seed {seed}: of the oracle's {', '.join(shares)}; {seconds:.1f} s", flush=True)
    print("\n" + summary(markets))


def one_market(seed: int, people: int) -> list[dict[str, float]]:
    """True incremental tickets of every plan, film by film."""
    measured: list[MeasuredResponse] = []
    films = []
    for place, film in enumerate(three_films(seed, people)):
        expected = guessed(film, seed)
        parts, slots, left = ground(film, expected)
        budget = MONEY_A_HEAD * people
        problem = PlanProblem(parts, slots, learnt(measured, seed), KIND_OF, left)
        rows = cap_rows(slots)
        ours = optimise(problem, budget, rows=rows).spend
        obvious = optimise(problem, budget, rows=rows, allowed=slots.audience == OBVIOUS).spend
        spends = {
            "ours": ours,
            "equal split": split(slots, rows, np.ones(len(slots)), budget),
            "by reach": split(slots, rows, slots.addressed, budget),
            "the obvious only": obvious,
            "oracle": best_spend(film, parts, slots, left, budget, rows),
        }
        tickets = {k: won(film, book(film, slots, s)) for k, s in spends.items()}
        films.append(tickets | {"oracle": max(tickets.values())})
        if place < 2:
            measured += lessons(film, slots, left, ours, f"film {place}")
    return films


def learnt(measured: Sequence[MeasuredResponse], seed: int) -> Response:
    """The response as the readouts so far have taught it."""
    channels = read_channels()
    names = [c.name for c in channels]
    worth = worths(channels)
    return learn_response(KINDS, names, measured, draws=DRAWS, seed=seed, worth=worth)


def guessed(film: Play, seed: int) -> Floats:
    """What a plan believes people would buy anyway: the truth with an honest error."""
    g = np.random.default_rng([seed, film.market.seed, 7])
    off = WHOLE_ERROR * g.normal() + PERSON_ERROR * g.normal(size=film.size)
    for audience in film.audiences:
        off = off + AUDIENCE_ERROR * g.normal() * audience
    chance: Floats = film.base * np.exp(off - PERSON_ERROR**2 / 2)
    return chance


def split(slots: MediaSlots, rows: PlanRows, weight: Floats, budget: float) -> Floats:
    """A budget in proportion to weights, slots filled up to their most, within the caps."""
    low, high = 0.0, float((slots.most / np.maximum(weight, 1e-9)).max())

    def filled(level: float) -> Floats:
        spend = np.minimum(level * weight, slots.most)
        for row, limit in zip(rows.coefficients, rows.limits, strict=True):
            addressed = row > 0
            spend[addressed] *= min(1.0, limit / max(float(row @ spend), 1e-12))
        return spend

    for _ in range(25):
        middle = (low + high) / 2
        low, high = (low, middle) if filled(middle).sum() > budget else (middle, high)
    return filled(low)


def lessons(
    film: Play, slots: MediaSlots, left: Floats, spend: Floats, name: str
) -> list[MeasuredResponse]:
    """Play a plan with a holdout, read it, and say what it taught, part by part.

    As the product does (`fullhouse.measurement.responses`): a part is the first audience of
    the plan that somebody is in, and the channels that address them; within it, those shown
    different channels (some withheld by lot) are compared with the same held out.
    """
    persons, key = np.arange(film.size), str(film.market.seed).encode()
    arms = assign(persons, key=key, campaign=name, holdout=HOLDOUT)
    channels = [c.name for c in read_channels()]
    kept = np.array(
        [~assign(persons, key=key, campaign=f"{name} {c}", holdout=WITHHELD).held_out
         for c in channels]
    )  # fmt: skip
    given = book(film, slots, spend, arms.treated, kept)
    tickets = played(film, given)[0].astype(np.float64)
    doses = np.zeros((len(channels), film.size))
    slot = np.array([int(x.name.split()[0]) for x in given.lines])[given.line]
    np.add.at(doses, (slots.channel[slot], given.person), given.frequency * left[slot])
    mix, shown = np.zeros(film.size, np.int64), np.zeros(film.size, np.int64)
    first = np.full(film.size, -1)
    for a, c, g in {*zip(*(x[spend > 0] for x in (slots.audience, slots.channel, slots.city)),
                         strict=True)}:  # fmt: skip
        who = film.audiences[a] & film.on[c] & (film.city == g)
        mix |= who.astype(np.int64) << int(c)
        shown |= (who & kept[c]).astype(np.int64) << int(c)
        first = np.where(who & ((first < 0) | (a < first)), a, first)

    def bought(who: Flags) -> Purchases:
        return Purchases(
            float(who.sum()), float(tickets[who].sum()), float((tickets[who] ** 2).sum())
        )

    results = []
    for a, (_, kind) in enumerate(AUDIENCES):
        for number, part in enumerate(_parts(first == a, mix, tickets, arms.held_out)):
            held, treated = part & arms.held_out, part & arms.treated
            # Of several mixes together, who is shown what is not chance alone.
            one = len(np.unique(mix[part])) == 1
            sets = {str(s): treated & (shown == s) for s in np.unique(shown[treated])} if one else {
                "": treated
            }  # fmt: skip
            if not tickets[held].any() or not tickets[treated].any():
                continue
            measured = relative_responses(bought(held), {n: bought(who) for n, who in sets.items()})
            for n, (response, error) in measured.responses.items():
                mean = dict(zip(channels, doses[:, sets[n]].mean(axis=1).tolist(), strict=True))
                if tickets[sets[n]].sum() >= LEAST_TICKETS and any(mean.values()):
                    base = f"{name} {a} {number}", measured.base_error
                    results.append(MeasuredResponse(kind, mean, response, error, name, *base))
    return results


def _parts(part: Flags, mix: Ints, tickets: Floats, held: Flags) -> list[Flags]:
    """People by their mix of channels, mixes with few tickets of the held out together."""
    every = [part & (mix == one) for one in np.unique(mix[part])]
    large = [p for p in every if (tickets[p & held] > 0).sum() >= LEAST_TICKETS]
    few = part & ~np.logical_or.reduce(large) if large else part
    return [*large, few] if few.any() else large


def summary(markets: list[list[dict[str, float]]]) -> str:
    """What all markets say together."""
    share = np.array([[f["ours"] / f["oracle"] for f in films] for films in markets])
    rows = []
    for place in range(3):
        of = [films[place] for films in markets]
        beats = [f"{np.mean([f['ours'] > f[o] for f in of]):.0%}" for o in OTHERS]
        means = [f"{np.mean([f[o] / f['oracle'] for f in of]):.3f}" for o in OTHERS]
        at_least = f"{(share[:, place] >= 0.95).mean():.0%}"
        rows.append(
            (place + 1, ranged(share[:, place]), at_least, *beats, *means)
        )  # fmt: skip
    heads = ("film", "ours ÷ oracle's (95 %)", "seeds with 0.95 or more",
             *(f"beats {o}" for o in OTHERS), *(f"{o} ÷ oracle's" for o in OTHERS))  # fmt: skip
    better = share[:, 2] - share[:, 0]
    return (
        table(heads, rows) + f"\n\nFilm 3 less film 1: {ranged(better)}; better in"
        f" {(better > 0).mean():.0%} of {len(markets)} seeds."
    )


def ranged(values: Floats) -> str:
    """A mean with its 95 % interval."""
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.inf
    return f"{values.mean():.3f} ({values.mean() - half:.3f} to {values.mean() + half:.3f})"


if __name__ == "__main__":
    main()
