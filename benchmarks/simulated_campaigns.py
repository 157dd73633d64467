"""Readouts of simulated campaigns beside the true incremental tickets, which only a simulator has.

python -m benchmarks.simulated_campaigns [--seeds 300] [--people 200000] [--markets 10]
    [--scenario hidden-audience] [--seed 1]

Each seed draws a campaign of its own on one of the markets: three audiences that overlap (a hobby;
ages or cities; people by lot), their channels, days and frequencies, 10 to 50 % held out, arms by
`activation.assign` under a key of the seed. It is played in memory and read as the product reads:
everybody as assigned, tickets of the film since launch, tickets of the year before as covariate,
sample-ratio check against the intended shares. Whoever had a ticket before launch is left out.

The truth is the sum, over the treated, of tickets with the campaign less tickets without. It is of
the very people treated. So what an estimate misses it by is what the arms differ by WITHOUT a
campaign (the chance difference of the arms), less what the held out gain by spill-over; and so:
- Only the spread without a campaign is in that difference, while a readout's variance has the wider
  of the treated too (Neyman 1923): intervals hold somewhat more than 95 %, the more so the larger
  the effect. "expected" is how often, from the error of the tickets without, where nothing spills
  over; "sd of z" (error over standard error; 1 if just right) is how much was measured.
- The simulator knows what each would have bought, so that it is known: it is what the same readout
  says of the tickets without. Its mean is 0 where arms are fair, which the column "fair" checks;
  bias with it taken out has a far smaller error.

A quarter of a dose reaches the others of a household, of whatever arm: hence four designs, among
them arms by household, with a row of the readout for each. A campaign of 200,000 people under the
four designs takes about 4 seconds of one free core, and its alarms half a second.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import erf
from time import perf_counter

import numpy as np
import pyarrow as pa
from scipy.stats import binomtest

from benchmarks.measure import table
from fullhouse.campaigns import assign
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.measurement import ArmEffect, read_experiment
from fullhouse_sim.campaign import CHANNELS, Deliveries, Line, deliveries
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.going import seats, sold_visits, take_seats
from fullhouse_sim.market import Market
from fullhouse_sim.outcomes import play
from fullhouse_sim.population import HOBBIES, People, people
from fullhouse_sim.season import Season, season

Rng = np.random.Generator

NEVER = np.iinfo(np.int64).max
WEEKS = 8
"""Looks, a week apart from launch on: by the last most of the film's tickets are sold."""
ALARM_PEOPLE = 200_000
TREATED, HELD_OUT = "treated", "held_out"
TICKETS, WITHOUT = "tickets", "tickets without"


@dataclass(frozen=True)
class Bought:
    """Everybody's tickets of the film over its run: the day they are sold (or NEVER) and how many.

    `without` are those that would have been bought without the campaign.
    """

    day: Ints
    tickets: Ints
    without: Ints


@dataclass(frozen=True)
class Town:
    """A simulated market in memory, person by person: households, and tickets of the year before.

    `anyway` is what they buy without any campaign.
    """

    market: Market
    season: Season
    crowds: tuple[People, ...]
    film: int
    household: Ints
    before: Ints
    anyway: Bought


@dataclass(frozen=True)
class Campaign:
    """A campaign drawn by lot; lines run over audiences as flags, from a day, at a frequency."""

    name: str
    key: bytes
    holdout: float
    launch: int
    audiences: Mapping[str, Flags]
    lines: tuple[Line, ...]
    starts: tuple[int, ...]
    frequencies: tuple[int, ...]


@dataclass(frozen=True)
class Design:
    """Whom a campaign may speak to, what chance draws arms for, and what a row of the readout is.

    With `looked_at` it is read weekly too.
    """

    name: str
    looked_at: bool = False
    one_each: bool = False
    arms_by_household: bool = False
    rows_by_household: bool = False


DESIGNS = (
    Design("arms by person"),
    Design("arms by person, one of each household", looked_at=True, one_each=True),
    Design("arms by household, read by person", arms_by_household=True),
    Design(
        "arms by household, read by household",
        looked_at=True,
        arms_by_household=True,
        rows_by_household=True,
    ),
)


@dataclass(frozen=True)
class Rows:
    """What is read: each row's arm and covariates; the people (`ids`), and the row each is `of`."""

    ids: Ints
    of: Ints
    treated: Flags
    covariates: Mapping[str, Floats]

    def sums(self, values: Ints) -> Floats:
        """The sum of people's values in each row."""
        totals = np.zeros(len(self.treated))
        np.add.at(totals, self.of, values[self.ids])
        return totals


@dataclass(frozen=True)
class Reading:
    """One readout beside the truth, in tickets of the treated.

    `chance` is what it says of the tickets without a campaign, whose truth is 0, `chance_se` its
    error, and `fair` whether its interval holds that 0. `spilled` is how far the held out's gain
    draws the estimate down.
    """

    truth: float
    value: float
    low: float
    high: float
    se: float
    chance: float
    chance_se: float
    fair: bool
    spilled: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high

    @property
    def expected(self) -> float:
        """How often such an interval would hold the truth, were there no spill-over."""
        return float(erf((self.high - self.low) / 2 / self.chance_se / 2**0.5))


@dataclass(frozen=True)
class Run:
    """A campaign under a design: its readings (None where a check stopped one), and the looks.

    `others` are incremental tickets of people in no arm. `missed` says whether any weekly
    always-valid interval missed the truth so far; None where none was looked at.
    """

    people: int
    whole: Reading | None
    parts: tuple[Reading | None, ...]
    others: float
    missed: bool | None


def town(market: Market) -> Town:
    """A market's people and what they do when nobody advertises to them."""
    play_on = season(market)
    crowds = tuple(people(market, c) for c in range(market.chunks))
    film = next(f.number for f in slate(market) if f.id == scenario(market).film)
    homes, start = [], 0
    for crowd in crowds:
        homes.append(start + crowd.household)
        start += int(crowd.household[-1]) + 1
    before, left = np.zeros(market.people, np.int64), seats(market, play_on)
    for crowd in crowds:
        sold = take_seats(play_on, crowd, sold_visits(market, play_on, crowd), left)
        np.add.at(before, crowd.first + sold.buyer, sold.quantity)
    none = np.zeros(0, np.int64)
    nobody = deliveries(
        market, [], person=none, line=none, treated=none > 0, day=none, frequency=none
    )
    anyway = bought(market, play_on, crowds, film, nobody)
    return Town(market, play_on, crowds, film, np.concatenate(homes), before, anyway)


def bought(
    market: Market, play_on: Season, crowds: Sequence[People], film: int, given: Deliveries
) -> Bought:
    """What everybody buys with some deliveries."""
    purchases = Bought(
        np.full(market.people, NEVER),
        np.zeros(market.people, np.int64),
        np.zeros(market.people, np.int64),
    )
    for crowd in crowds:
        own = slice(crowd.first, crowd.first + len(crowd))
        part = given.between(own.start, own.stop)
        _, visits, outcomes = play(market, play_on, crowd, film, part)
        purchases.day[own.start + visits.buyer] = visits.day
        purchases.tickets[own], purchases.without[own] = (
            outcomes.tickets,
            outcomes.tickets_without,
        )
    return purchases


def drawn(where: Town, seed: int) -> Campaign:
    """The campaign of a seed."""
    rng = np.random.default_rng([seed, 1])
    opening = int(where.season.release[where.film])
    launch = opening - int(rng.integers(7, 29))
    free = where.anyway.day >= launch
    audiences = {name: flags & free for name, flags in _audiences(where, rng).items()}
    lines, starts, frequencies = [], [], []
    for name in audiences:
        for channel in rng.choice(list(CHANNELS), int(rng.integers(1, 3)), replace=False).tolist():
            lines.append(Line(f"{name} on {channel}", name, channel))
            starts.append(launch + int(rng.integers(0, 15)))
            frequencies.append(int(rng.integers(2, 9)))
    return Campaign(
        f"campaign {seed}",
        f"benchmark {seed}".encode(),
        round(float(rng.uniform(0.1, 0.5)), 2),
        launch,
        audiences,
        tuple(lines),
        tuple(starts),
        tuple(frequencies),
    )


def _audiences(where: Town, rng: Rng) -> dict[str, Flags]:
    """A hobby's people, those of some ages or cities, and some by lot."""

    def flags(of: Callable[[People], Flags]) -> Flags:
        return np.concatenate([of(crowd) for crowd in where.crowds])

    hobby = HOBBIES[int(rng.integers(len(HOBBIES)))]
    members = {hobby: flags(lambda crowd: crowd.has(hobby))}
    if rng.random() < 0.5:
        least = int(rng.integers(14, 45))
        most = least + int(rng.integers(15, 40))
        members["ages"] = flags(lambda crowd: (crowd.age >= least) & (crowd.age < most))
    else:
        chosen = rng.random(len(where.season.cities)) < 0.5
        members["cities"] = flags(lambda crowd: chosen[crowd.city])
    members["by lot"] = rng.random(where.market.people) < rng.uniform(0.3, 0.7)
    return members


def eligible(where: Town, campaign: Campaign, design: Design) -> Flags:
    """Who is in an arm: everybody of any audience, or the first of each household."""
    who: Flags = np.any(list(campaign.audiences.values()), axis=0)
    if design.one_each:
        ids = np.flatnonzero(who)
        _, first = np.unique(where.household[ids], return_index=True)
        who = np.zeros(len(who), np.bool_)
        who[ids[first]] = True
    return who


def treated_of(where: Town, campaign: Campaign, design: Design, who: Flags) -> Flags:
    """The treated of those in an arm, by the product's own hash."""
    ids = np.flatnonzero(who)
    units = where.household[ids] if design.arms_by_household else None
    arms = assign(
        ids, key=campaign.key, campaign=campaign.name, holdout=campaign.holdout, units=units
    )
    treated = np.zeros(len(who), np.bool_)
    treated[ids[arms.treated]] = True
    return treated


def played(where: Town, campaign: Campaign, who: Flags, treated: Flags) -> Bought:
    """What everybody buys with the campaign."""
    rows = [np.flatnonzero(campaign.audiences[line.audience] & who) for line in campaign.lines]
    person = np.concatenate(rows)
    line = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    given = deliveries(
        where.market,
        campaign.lines,
        person=person,
        line=line,
        treated=treated[person],
        day=np.array(campaign.starts)[line],
        frequency=np.array(campaign.frequencies)[line],
    )
    return bought(where.market, where.season, where.crowds, where.film, given)


def rows_of(where: Town, design: Design, who: Flags, treated: Flags) -> Rows:
    """A row for each person in an arm, or for each household's people in one."""
    ids = np.flatnonzero(who)
    of, first = np.arange(len(ids)), np.arange(len(ids))
    if design.rows_by_household:
        _, first, of = np.unique(where.household[ids], return_index=True, return_inverse=True)
    bare = Rows(ids, of, treated[ids[first]], {})
    covariates = {"tickets before": bare.sums(where.before)}
    if design.rows_by_household:
        covariates["members"] = np.bincount(of).astype(np.float64)
    return Rows(ids, of, bare.treated, covariates)


def effects(
    rows: Rows, holdout: float, outcomes: Mapping[str, Floats], *, share: float = 1.0
) -> tuple[ArmEffect, ...] | None:
    """What the product's readout says of each outcome; None where it refuses to say anything.

    `share` is how much of the time that was intended has passed.
    """
    arm = np.where(rows.treated, TREATED, HELD_OUT)
    try:
        return read_experiment(
            pa.table({"arm": arm, **rows.covariates, **outcomes}),
            arm="arm",
            control=HELD_OUT,
            outcomes=list(outcomes),
            covariates=list(rows.covariates),
            shares={TREATED: 1 - holdout, HELD_OUT: holdout},
            intended=round(len(arm) / share),
        ).effects
    except CannotTellError:
        return None


def reading(rows: Rows, holdout: float, sold: Bought) -> Reading | None:
    """A readout beside the truth; None where a check stopped it."""
    outcomes = {TICKETS: rows.sums(sold.tickets), WITHOUT: rows.sums(sold.without)}
    estimates = effects(rows, holdout, outcomes)
    if estimates is None:
        return None
    effect, nothing = estimates
    more = outcomes[TICKETS] - outcomes[WITHOUT]
    total, chance = effect.total, nothing.total
    return Reading(
        truth=float(more[rows.treated].sum()),
        value=total.value,
        low=total.low,
        high=total.high,
        se=effect.people * effect.effect.se,
        chance=chance.value,
        chance_se=effect.people * nothing.effect.se,
        fair=chance.low <= 0 <= chance.high,
        spilled=effect.people * float(more[~rows.treated].mean()),
    )


def ever_missed(
    rows: Rows, campaign: Campaign, sold: Bought, anyway: Bought, *, weeks: int = WEEKS
) -> bool | None:
    """Whether any weekly always-valid interval misses the incremental tickets sold so far."""
    looks = []
    for week in range(1, weeks + 1):
        until = campaign.launch + 7 * week
        tickets = rows.sums(np.where(sold.day < until, sold.tickets, 0))
        without = rows.sums(np.where(anyway.day < until, anyway.tickets, 0))
        estimates = effects(rows, campaign.holdout, {TICKETS: tickets}, share=week / weeks)
        if estimates is None or estimates[0].always_valid is None:
            continue
        always, count = estimates[0].always_valid, estimates[0].people
        truth = float((tickets - without)[rows.treated].sum())
        looks.append(not count * always.low <= truth <= count * always.high)
    return any(looks) if looks else None


def run(where: Town, campaign: Campaign, designs: Sequence[Design] = DESIGNS) -> list[Run]:
    """One campaign under each design; designs with the same arms share what is played."""
    runs: list[Run] = []
    made: dict[tuple[bool, bool], tuple[Flags, Flags, Bought]] = {}
    for design in designs:
        arms = (design.one_each, design.arms_by_household)
        if arms not in made:
            who = eligible(where, campaign, design)
            treated = treated_of(where, campaign, design, who)
            made[arms] = who, treated, played(where, campaign, who, treated)
        runs.append(_read(where, campaign, design, *made[arms]))
    return runs


def _read(
    where: Town, campaign: Campaign, design: Design, who: Flags, treated: Flags, sold: Bought
) -> Run:
    """The whole campaign, each audience's people with all their lines, and the weekly looks."""
    rows = rows_of(where, design, who, treated)
    parts = [
        reading(rows_of(where, design, who & of, treated), campaign.holdout, sold)
        for of in campaign.audiences.values()
    ]
    return Run(
        people=len(rows.ids),
        whole=reading(rows, campaign.holdout, sold),
        parts=tuple(parts),
        others=float((sold.tickets - sold.without)[~who].sum()),
        missed=ever_missed(rows, campaign, sold, where.anyway) if design.looked_at else None,
    )


def bias(readings: Sequence[Reading], *, with_chance: bool) -> tuple[float, float]:
    """Mean error over mean truth and its 95 % Monte Carlo error; `with_chance`: the arms' too.

    The error is that of a ratio of means over seeds.
    """
    truth = np.array([r.truth for r in readings])
    error = np.array([r.value - r.truth - (0.0 if with_chance else r.chance) for r in readings])
    value = float(error.sum() / truth.sum())
    left = error - value * truth
    return value, float(1.96 * left.std(ddof=1) * len(readings) ** 0.5 / truth.sum())


def covered(hits: Sequence[Sequence[bool]]) -> str:
    """The share of hits with Wilson's interval; hits of one seed go together.

    The count is divided by what that does to the variance, where it raises it.
    """
    held = [h for h in hits if h]
    count, share = sum(map(len, held)), sum(map(sum, held)) / sum(map(len, held))
    off = np.array([sum(h) - share * len(h) for h in held])
    design = float((off**2).sum()) / max(count * share * (1 - share), 1e-9)
    fewer = max(1, round(count / max(1.0, design)))
    interval = binomtest(round(share * fewer), fewer).proportion_ci(method="wilson")
    return f"{100 * share:.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def tickets_row(design: Design, runs: Sequence[Run]) -> tuple[object, ...]:
    """How large the campaigns were, the bias, and how much spilled over."""
    whole = [r.whole for r in runs if r.whole]
    truth = sum(r.truth for r in whole)
    others = sum(r.others for r in runs if r.whole)
    biases = [bias(whole, with_chance=with_chance) for with_chance in (True, False)]
    return (
        design.name,
        len(whole),
        f"{np.mean([r.people for r in runs]):,.0f}",
        f"{truth / len(whole):,.0f}",
        f"{100 * sum(r.se for r in whole) / truth:.1f}",
        *(f"{100 * value:+.2f} ± {100 * error:.2f}" for value, error in biases),
        f"{100 * sum(r.spilled for r in whole) / truth:.1f}",
        f"{100 * others / truth:.1f}",
    )


def coverage_row(design: Design, runs: Sequence[Run]) -> tuple[object, ...]:
    """How often intervals hold the truth, and readouts were stopped by a check."""
    whole = [r.whole for r in runs if r.whole]
    parts = [[p for p in r.parts if p] for r in runs]
    every = [x for r in runs for x in (r.whole, *r.parts)]
    looks = [[r.missed] for r in runs if r.missed is not None]
    z = [(r.value - r.truth) / r.se for r in whole]
    return (
        design.name,
        covered([[r.holds] for r in whole]),
        f"{100 * np.mean([r.expected for r in whole]):.1f}",
        covered([[p.holds for p in of] for of in parts]),
        covered([[r.fair] for r in whole]),
        covered(looks) if looks else "",
        f"{np.std(z):.2f}",
        f"{sum(x is None for x in every)} of {len(every)}",
    )


def alarm_rows(seeds: Sequence[int], count: int = ALARM_PEOPLE) -> list[tuple[object, ...]]:
    """How often a readout is stopped, arms by the hash, when an arm loses 1 % of its people."""
    rows: list[tuple[object, ...]] = []
    for holdout, arm, loss in (
        (0.5, HELD_OUT, 0.0), (0.5, HELD_OUT, 0.01), (0.1, HELD_OUT, 0.01), (0.1, TREATED, 0.01)
    ):  # fmt: skip
        stops = np.array([alarmed(s, count, holdout, arm, loss) for s in seeds])
        caught = [covered([[bool(x)] for x in of]) for of in stops.T]
        _say(f"alarms: {holdout:.0%} held out, {loss:.0%} of the {arm} lost")
        what = f"{100 * loss:.0f} % of the {arm.replace('_', ' ')}" if loss else "nobody"
        rows.append((f"{100 * holdout:.0f} %", what, len(seeds), *caught))
    return rows


def alarmed(seed: int, count: int, holdout: float, arm: str, loss: float) -> tuple[bool, bool]:
    """Whether the readout stops, by intended shares and by the log of who was assigned."""
    rng = np.random.default_rng([seed, 2])
    persons = np.arange(count)
    arms = assign(persons, key=f"alarm {seed}".encode(), campaign="alarm", holdout=holdout)
    names = np.where(arms.treated, TREATED, HELD_OUT)
    kept = ~((names == arm) & (rng.random(count) < loss))
    seen = pa.table({"arm": names[kept], "bought": (rng.random(count) < 0.02)[kept]})
    log = {a: int((names == a).sum()) for a in (TREATED, HELD_OUT)}
    shares = {TREATED: 1 - holdout, HELD_OUT: holdout}

    def stops(assigned: Mapping[str, int] | None) -> bool:
        try:
            read_experiment(
                seen,
                arm="arm",
                control=HELD_OUT,
                outcomes=["bought"],
                shares=shares,
                assigned=assigned,
            )
        except CannotTellError:
            return True
        return False

    return stops(None), stops(log)


def campaigns(size: Market, markets: int, seeds: Sequence[int]) -> list[list[Run]]:
    """The runs of each design: seeds are dealt to markets, which have seeds of their own."""
    by_design: list[list[Run]] = [[] for _ in DESIGNS]
    began, done = perf_counter(), 0
    for number in range(markets):
        own_seeds = seeds[number::markets]
        if not own_seeds:
            continue
        where = town(replace(size, seed=size.seed + number))
        for seed in own_seeds:
            for runs, one in zip(by_design, run(where, drawn(where, seed)), strict=True):
                runs.append(one)
            done += 1
            spent = perf_counter() - began
            _say(f"{done} of {len(seeds)} campaigns, {spent / done:.1f} s each")
    return by_design


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--markets", type=int, default=10)
    parser.add_argument("--scenario", default="hidden-audience")
    parser.add_argument("--seed", type=int, default=1, help="the first campaign's and market's")
    given = parser.parse_args()
    seeds = range(given.seed, given.seed + given.seeds)
    size = Market(people=given.people, seed=given.seed, scenario=given.scenario)
    began = perf_counter()
    by_design = campaigns(size, given.markets, seeds)
    print(
        f"{given.seeds} campaigns for the film of {given.scenario!r} on"
        f" {min(given.markets, given.seeds)} markets of {given.people:,} people,"
        f" {(perf_counter() - began) / given.seeds:.1f} s each.\n"
    )
    print(table(TICKETS_HEADS, [tickets_row(*of) for of in zip(DESIGNS, by_design, strict=True)]))
    print()
    print(table(COVERAGE_HEADS, [coverage_row(*of) for of in zip(DESIGNS, by_design, strict=True)]))
    print(f"\nStopped readouts, of {ALARM_PEOPLE:,} people assigned by the hash:\n")
    print(table(ALARM_HEADS, alarm_rows(seeds)))


TICKETS_HEADS = (
    "design", "readouts", "people in arms", "true incremental tickets, mean", "error, % of truth",
    "bias, %", "without the arms' chance, %", "held out's gain, %", "gain of people in no arm, %",
)  # fmt: skip
COVERAGE_HEADS = (
    "design", "95 % interval holds the truth, %", "expected, %", "of each audience, %",
    "of tickets without, holds 0, %", f"any of {WEEKS} weekly looks misses, %", "sd of z",
    "stopped by a check",
)  # fmt: skip
ALARM_HEADS = ("held out", "lost", "runs", "by intended shares, %", "by the log, %")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
