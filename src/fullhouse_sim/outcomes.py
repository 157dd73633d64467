"""Potential outcomes: what each person does with a campaign, and would have done without.

Both come from the same threshold, so the difference is what the campaign did to that person.
Equations are in docs/simulated-market.md.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim.campaign import CHANNELS, Deliveries
from fullhouse_sim.draws import uniforms
from fullhouse_sim.film import has_heard, weights
from fullhouse_sim.going import Visits, first_day, leads, parties, thresholds
from fullhouse_sim.market import Market
from fullhouse_sim.parties import deciding
from fullhouse_sim.population import People
from fullhouse_sim.season import RUN, Season

MEMORY_DAYS = 18.0
"""Days until an impression is remembered by one in e."""
SPILL_OVER = 0.25
"""Dose that reaches the others of a household."""
PERSUASION = 0.25
"""How much a full dose raises the log of interest, besides telling them of the film."""
FATIGUE_FROM, FATIGUE = 8, 0.06
"""Own impressions from which each further one lowers the log of interest by so much."""
PUT_OFF, PUT_OFF_BY = 0.06, 1.2
"""Share of people whom advertising puts off, and how much a full dose lowers their log interest."""
DELIVERY_DAYS = 7


@dataclass(frozen=True)
class Impressions:
    """Advertisements shown to a chunk's people: delivery (its place), person's index, day, time."""

    delivery: Ints
    person: Ints
    day: Ints
    minute: Ints
    clicked: Flags

    def __len__(self) -> int:
        return len(self.delivery)


@dataclass(frozen=True)
class Outcomes:
    """For each person of a chunk: impressions seen, and tickets with the campaign and without.

    `reached` have any dose: their own, or that of others in the household.
    """

    impressions: Ints
    reached: Flags
    tickets: Ints
    tickets_without: Ints


def exposed(market: Market, people: People, draw: Floats, given: Deliveries) -> Impressions:
    """Who is shown what when: the treated only, and rather those likely to go anyway."""
    who = given.person - people.first
    channels = [CHANNELS[line.channel] for line in given.lines]
    reach, bias, clicks = (
        np.array([getattr(c, name) for c in channels])[given.line]
        for name in ("reach", "bias", "clicks")
    )
    uniform = _uniform(market, given)
    inclined = np.exp(bias * np.clip(np.log(np.maximum(draw[who], 1e-3)), -2, 2))
    seen = given.treated & (uniform("reached") < -np.expm1(-reach * inclined))
    count = np.where(seen, np.ceil(given.frequency * uniform("count")), 0).astype(np.int64)
    row = np.repeat(np.arange(len(given)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    own = (uniform("time")[row] + 0.618034 * place) % 1
    pressed = (uniform("click")[row] + 0.754878 * place) % 1
    likely = clicks[row] * np.sqrt(np.minimum(draw[who[row]], 9.0))
    return Impressions(
        delivery=row,
        person=who[row],
        day=given.day[row] + place * DELIVERY_DAYS // np.maximum(count[row], 1),
        minute=(420 + 1000 * own).astype(np.int64),
        clicked=pressed < likely,
    )


def play(
    market: Market, season: Season, people: People, number: int, given: Deliveries
) -> tuple[Impressions, Visits, Outcomes]:
    """One chunk of people and one film: what they see, the visits they make, and the truth.

    The visits are all of the film's run, on whatever day they are sold. A seat is found for
    everybody: few of the country's are for simulated people.
    """
    film = season.films[number]
    draw = weights(film, people)
    with np.errstate(divide="ignore"):
        # Of a family film the head decides for all; who is shown what hangs on each one's own draw.
        all_heard = deciding((film,), people, if_all_heard=True)[:, 0]
        x = thresholds(market, people.person, film) / all_heard
    heard = has_heard(film, people)
    without = np.where(heard, first_day_of(season.interest[number], people.city, x), RUN)
    shown = exposed(market, people, draw, given)
    day = without.copy()
    reached, dose, seen = doses(season, people, number, given, shown)
    who = np.flatnonzero(reached)
    times = reaction(market, people, season.awareness[number][people.city[who]], who, dose, seen)
    # Who has not heard of it goes by what advertising tells alone.
    times = np.where(heard[who][:, None], times, times * -np.expm1(-dose))
    steps = np.diff(season.interest[number], axis=1, prepend=0.0)[people.city[who]]
    day[who] = first_day(np.cumsum(steps * times, axis=1), x[who])
    first = _first_seen(people, shown)
    has = _visits(market, season, people, number, without)
    bought = has.buyer[has.day <= first[has.buyer]]
    day[bought] = without[bought]
    visits = _visits(market, season, people, number, day)
    visits = _not_before(visits, day != without, first)
    tickets = np.zeros((2, len(people)), np.int64)
    for row, days in enumerate((day, without)):
        going = np.flatnonzero(days < RUN)
        of = np.full(len(going), number)
        tickets[row, going] = parties(market, season, people, going, of)
    seen_all = np.bincount(shown.person, minlength=len(people))
    return shown, visits, Outcomes(seen_all, reached, tickets[0], tickets[1])


def first_day_of(interest: Floats, city: Ints, x: Floats) -> Ints:
    """The first day of the run when interest in somebody's city reaches x; RUN if it never does."""
    day = np.full(len(x), RUN)
    goes = np.flatnonzero(x <= interest[city, -1])
    day[goes] = first_day(interest[city[goes]], x[goes])
    return day


def doses(
    season: Season,
    people: People,
    number: int,
    given: Deliveries,
    shown: Impressions,
    *,
    ahead: int = 0,
) -> tuple[Flags, Floats, Floats]:
    """Who is reached; for them by day of the run the dose, and their own impressions so far.

    Of the days before it, the last `ahead` come first. An impression acts from the day after, and
    fades.
    """
    strength = np.array([CHANNELS[line.channel].strength for line in given.lines])
    home = np.bincount(people.household[shown.person], minlength=int(people.household[-1]) + 1)
    reached = home[people.household] > 0
    who = np.flatnonzero(reached)
    place = np.cumsum(reached) - 1
    asked = int(season.release[number]) - ahead
    start = min(asked, int(shown.day.min()) if len(shown) else 2**31)
    days = int(season.release[number]) + RUN - start
    added, seen = np.zeros((len(who), days)), np.zeros((len(who), days))
    in_time = shown.day + 1 - start < days
    at = (place[shown.person[in_time]], shown.day[in_time] + 1 - start)
    np.add.at(added, at, strength[given.line[shown.delivery[in_time]]])
    np.add.at(seen, at, 1.0)
    fade = np.exp(-1 / MEMORY_DAYS)
    for day in range(1, days):
        added[:, day] += fade * added[:, day - 1]
    own = added[:, asked - start :]
    _, of = np.unique(people.household[who], return_inverse=True)
    homes = np.zeros((int(of.max()) + 1 if len(of) else 0, own.shape[1]))
    np.add.at(homes, of, own)
    dose: Floats = own + SPILL_OVER * (homes[of] - own)
    return reached, dose, np.cumsum(seen, axis=1)[:, asked - start :]


def reaction(
    market: Market, people: People, aware: Floats, who: Ints, dose: Floats, seen: Floats
) -> Floats:
    """What the chance of going is multiplied by, person by day."""
    informed = -np.expm1(-dose)
    aware = np.maximum(aware, 1e-3)
    more = (aware + (1 - aware) * informed) / aware * np.exp(PERSUASION * informed)
    more *= np.exp(-FATIGUE * np.maximum(0, seen - FATIGUE_FROM))
    sour = uniforms(market.seed, people.person[who], "put off") < PUT_OFF
    multiplier: Floats = np.where(sour[:, None], np.exp(-PUT_OFF_BY * informed), more)
    return multiplier


def _first_seen(people: People, shown: Impressions) -> Ints:
    """The day of the first impression in each person's household; far off where there is none."""
    first = np.full(int(people.household[-1]) + 1, np.iinfo(np.int32).max)
    np.minimum.at(first, people.household[shown.person], shown.day)
    return first[people.household]


def _visits(market: Market, season: Season, people: People, number: int, day: Ints) -> Visits:
    who = np.flatnonzero(day < RUN)
    film = np.full(len(who), number)
    showing = season.release[number] + day[who]
    ahead = leads(market, season, people.person[who], film, day[who])
    quantity = parties(market, season, people, who, film)
    return Visits(showing - ahead, who, film, showing, quantity)


def _not_before(visits: Visits, moved: Flags, first: Ints) -> Visits:
    """Nobody whom an advertisement moved buys before it was seen in the household."""
    after = np.minimum(first[visits.buyer] + 1, visits.showing_day)
    sold = np.where(moved[visits.buyer], np.maximum(visits.day, after), visits.day)
    delayed = Visits(sold, visits.buyer, visits.film, visits.showing_day, visits.quantity)
    return delayed.take(np.lexsort((visits.buyer, sold)))


def _uniform(market: Market, given: Deliveries) -> Callable[[str], Floats]:
    """One number for each delivery, the same for the same person and line."""
    names = np.array([_hash(line.name) for line in given.lines], np.int64)

    def uniform(what: str) -> Floats:
        return uniforms(market.seed, given.person + names[given.line], what)

    return uniform


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1
