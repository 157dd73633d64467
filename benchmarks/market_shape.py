"""The shape of the simulated market beside that of real ones, over several seeds.

python -m benchmarks.market_shape [--seeds N]

Targets are measured on real data: openings of 2,459 US films, and orders of 1,735 people (see
docs/real-market.md). Affinities are counted on simulated people directly, with what is true of
them; a person's activity is what a house would see, the number of their events.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from benchmarks.measure import table
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.stats import risk_ratio
from fullhouse_sim.drawn import Push
from fullhouse_sim.draws import stream
from fullhouse_sim.film import Film, weights
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.going import seats, sold_visits, take_seats, thresholds
from fullhouse_sim.market import Market
from fullhouse_sim.population import People, people
from fullhouse_sim.season import RUN, Season, season

PEOPLE = 1 << 17
EVENTS = 120
"""Purchases, views and tickets a year of a person of mean activity: what a house sees of it."""
PET_PURCHASES = (1.0, 5.0)
"""Purchases of pet products a year, without a pet at home and with one: many buyers keep none."""
STRATA = 50


@dataclass(frozen=True)
class Openings:
    """Past films whose run is over: opening weekend, second weekend and total gross."""

    first: Floats
    second: Floats
    total: Floats


def openings(market: Market, whole: Season) -> Openings:
    """Weekends are Friday to Sunday; a Wednesday's opening has its first days in the opening."""
    over = [f for f in whole.films if (market.today - f.release).days > RUN]
    rows = [weekends(whole, f) for f in over]
    first, second, total = np.array(rows).T
    return Openings(first, second, total)


def weekends(whole: Season, film: Film) -> tuple[float, float, float]:
    """A film's opening weekend, second weekend and total."""
    gross = whole.gross[film.number].sum(axis=0)
    friday = (4 - film.release.weekday()) % 7
    return (
        float(gross[: friday + 3].sum()),
        float(gross[friday + 7 : friday + 10].sum()),
        float(gross.sum()),
    )


def crowd(market: Market) -> list[People]:
    """The simulated people, chunk by chunk."""
    return [people(market, chunk) for chunk in range(market.chunks)]


def goes(market: Market, whole: Season, film: Film, crowd: list[People]) -> Flags:
    """Who goes to a film in its run, left to themselves."""
    parts = []
    for part in crowd:
        with np.errstate(divide="ignore"):
            needed = thresholds(market, part.person, film) / weights(film, part)
        parts.append(needed <= whole.interest[film.number][part.city, -1])
    return np.concatenate(parts)


def affinity(trait: Flags, outcome: Flags, activity: Ints, who: Flags, strata: int) -> Floats:
    """The Mantel–Haenszel ratio over quantiles of activity, with its 95 % interval."""
    trait, outcome, activity = trait[who], outcome[who], activity[who]
    edges = np.unique(np.quantile(activity, np.arange(1, strata) / strata))
    of = np.searchsorted(edges, activity)

    def by(which: Flags) -> Floats:
        return np.bincount(of[which], minlength=len(edges) + 1).astype(np.float64)

    made = risk_ratio(by(trait & outcome), by(trait), by(~trait & outcome), by(~trait))
    return np.array([made.ratio, made.low, made.high])


def shopping(market: Market, crowd: list[People]) -> tuple[Ints, Flags]:
    """A year's events of each person, and who bought something for a pet."""
    g = stream(market.seed, "benchmark shopping")
    activity = np.concatenate([p.activity for p in crowd])
    pet = np.concatenate([p.has("dog") | p.has("cat") for p in crowd])
    pets = g.poisson(activity * np.where(pet, PET_PURCHASES[1], PET_PURCHASES[0]))
    return g.poisson(EVENTS * activity), pets > 0


def shape(seed: int) -> dict[str, float]:
    """All facts of one seed."""
    market = Market(people=PEOPLE, seed=seed)
    whole, everyone = season(market), crowd(market)
    films = {f.id: f for f in slate(market)}
    answers = scenario(market)
    made = openings(market, whole)
    low, middle, high = np.quantile(made.total / made.first, [0.1, 0.5, 0.9])
    events, pet_buyers = shopping(market, everyone)
    dog = np.concatenate([p.has("dog") for p in everyone])
    adult = np.concatenate([p.age >= 18 for p in everyone])
    null = goes(market, whole, films[answers.null_film], everyone)
    hidden = goes(market, whole, films[answers.film], everyone)
    per_head = whole.admissions.sum(axis=(1, 2))[: market.past_films].sum() / 6e7 / 5
    return {
        "total ÷ opening, median": middle,
        "total ÷ opening, 10 %": low,
        "total ÷ opening, 90 %": high,
        "sd of log opening": float(np.log(made.first).std()),
        "second ÷ first weekend, median": float(np.median(made.second / made.first)),
        "tickets a head and year": float(per_head),
        "pet buyers → null film, naive": affinity(pet_buyers, null, events, adult, 1)[0],
        "pet buyers → null film, stratified": affinity(pet_buyers, null, events, adult, STRATA)[0],
        "dog keepers → hidden-audience film": affinity(dog, hidden, events, adult, STRATA)[0],
        "dog keepers → null film": affinity(dog, null, events, adult, STRATA)[0],
        "people's tickets ÷ season's": sold(market, whole, everyone),
        **scenarios(seed, whole),
    }


def sold(market: Market, whole: Season, everyone: list[People]) -> float:
    """Tickets of the simulated people in a year, to their share of the country's."""
    left = seats(market, whole)
    bought = 0
    for part in everyone:
        made = take_seats(whole, part, sold_visits(market, whole, part), left)
        inside = (made.showing_day >= 0) & (made.showing_day < market.days)
        bought += int(made.quantity[inside].sum())
    day = whole.release[:, None] + np.arange(RUN)
    expected = whole.admissions.sum(axis=1)[(day >= 0) & (day < market.days)].sum()
    return float(bought / (expected * market.people / 6e7))


def scenarios(seed: int, hidden: Season) -> dict[str, float]:
    """How the sleeper grows, the franchise falls, and the hidden audience answers."""
    market = Market(people=PEOPLE, seed=seed)
    answers = scenario(market)
    film = next(f for f in slate(market) if f.id == answers.film)
    groups = tuple(name for name, _ in answers.hidden)
    pushed = season(market, Push(film.number, groups, 4.0))
    small = weekends(hidden, film)
    facts = {
        "hidden: opening, percentile of past": 100 * below(market, hidden, small[0]),
        "hidden: total if interest is ×4, ratio": weekends(pushed, film)[2] / small[2],
    }
    for name in ("sleeper", "fandom"):
        other = Market(people=PEOPLE, seed=seed, scenario=name)
        film = next(f for f in slate(other) if f.id == scenario(other).film)
        first, second, total = weekends(season(other), film)
        facts |= {f"{name}: second ÷ first weekend": second / first}
        facts |= {f"{name}: total ÷ opening": total / first}
    return facts


def below(market: Market, whole: Season, opening: float) -> float:
    """The share of past films that opened lower."""
    return float((openings(market, whole).first < opening).mean())


TARGETS = {
    "total ÷ opening, median": "2.7",
    "total ÷ opening, 10 %": "2.0",
    "total ÷ opening, 90 %": "4.0",
    "sd of log opening": "1",
    "pet buyers → null film, naive": "3",
    "pet buyers → null film, stratified": "1",
    "dog keepers → hidden-audience film": "2.3",
    "dog keepers → null film": "1",
    "people's tickets ÷ season's": "1",
    "hidden: total if interest is ×4, ratio": "several",
    "sleeper: second ÷ first weekend": "over 1",
    "fandom: total ÷ opening": "under 2.1",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(1, 1 + parser.parse_args().seeds)
    facts = []
    for seed in seeds:
        facts.append(shape(seed))
        season.cache_clear()
    rows = [(name, TARGETS.get(name, ""), *(f"{f[name]:.2f}" for f in facts)) for name in facts[0]]
    print(table(("simulated market", "target", *(f"seed {s}" for s in seeds)), rows))


if __name__ == "__main__":
    main()
