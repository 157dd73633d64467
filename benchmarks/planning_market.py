"""Films of one kind in a simulated market, played in memory, and what a spend on them truly wins.

Three films in a row are the market's scenario film with its pull, its fame and its hidden
audiences drawn anew; the people and the season stay, every luck is new. `won` is the expected
incremental tickets of a spend: who is shown what is the simulator's own draw, and given that, the
chance to go is exact, from the simulator's own reaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.planning import AudienceCells, MediaSlots, adstock, cells, read_channels
from fullhouse_sim.campaign import CHANNELS, Deliveries, Line, deliveries
from fullhouse_sim.film import Film, has_heard, weights
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.market import CHUNK, Market
from fullhouse_sim.members import members
from fullhouse_sim.outcomes import MEMORY_DAYS, SPILL_OVER, exposed, play, reaction
from fullhouse_sim.parties import MEAN_PARTY
from fullhouse_sim.population import TASTES, People, people
from fullhouse_sim.season import RUN, Season, season

WEEKS = 4
AUDIENCES = (
    ("dog", "baskets"), ("cat", "baskets"), ("young women", "demographics"),
    ("young families", "demographics"), ("gardening", "baskets"), ("the obvious", "fans"),
)  # fmt: skip
"""In the order of a plan: hidden ones, one that is none (gardening), and the obvious one."""
OBVIOUS = len(AUDIENCES) - 1
FAN_SHARE = 0.15
PULL, FAME, TURN = 0.3, 0.3, 0.25
"""How films of one kind differ: spread of the log of pull and of fame, and of hidden loadings."""
_EDGES = np.array([*range(15), 17, 19, 21, 24, 28, 35, 42, 56, RUN])


@dataclass(frozen=True)
class Play:
    """One film in a market: everything that its campaign is played on."""

    market: Market
    season: Season
    number: int
    crowd: tuple[People, ...]
    audiences: tuple[Flags, ...]
    on: tuple[Flags, ...]
    city: Ints

    @property
    def film(self) -> Film:
        """The film."""
        return self.season.films[self.number]

    @property
    def release(self) -> int:
        """Day of the opening."""
        return int(self.season.release[self.number])

    @cached_property
    def draw(self) -> Floats:
        """How strongly the film draws each person."""
        return np.concatenate([weights(self.film, c) for c in self.crowd])

    @cached_property
    def place(self) -> Ints:
        """Each person's city by its number."""
        return np.concatenate([c.city for c in self.crowd])

    @cached_property
    def base(self) -> Floats:
        """Tickets that each person is expected to buy without a campaign."""
        pull = self.season.interest[self.number][self.place, -1]
        return np.asarray(self.heard * MEAN_PARTY * -np.expm1(-self.draw * pull))

    @cached_property
    def heard(self) -> Flags:
        """Who has heard of the film before its campaign; all, where it is the city's to say."""
        return np.concatenate([has_heard(self.film, c) for c in self.crowd])

    @cached_property
    def household(self) -> Ints:
        """Each person's household by a number."""
        heads, last = [], 0
        for c in self.crowd:
            heads.append(c.household + last)
            last = int(heads[-1].max()) + 1
        return np.concatenate(heads)

    @property
    def days(self) -> int:
        """Days of the run."""
        return RUN

    @property
    def size(self) -> int:
        """How many people there are."""
        return len(self.city)


def three_films(seed: int, size: int) -> list[Play]:
    """A market's three films in a row."""
    market = Market(people=size, seed=seed, past_films=20, days=28)
    crowd = tuple(people(market, c) for c in range(market.chunks))
    whole = season(market)
    number = next(f.number for f in slate(market) if f.id == scenario(market).film)
    audiences = _audiences(market, crowd)
    on = _on_channels(market, crowd)
    tier = np.concatenate([whole.cities.tier[c.city] for c in crowd])
    city = np.minimum(tier, 2)
    films = []
    for place in range(3):
        g = np.random.default_rng([seed, place])
        # A seed of its own is luck of its own: the people are made already.
        own = replace(market, seed=10**6 * (place + 1) + seed)
        made = _another(whole, number, crowd, g)
        films.append(Play(own, made, number, crowd, audiences, on, city))
    return films


def coming_film(seed: int, size: int, name: str, *, days: int = 28) -> Play:
    """The film to come of a market of a scenario, as it is."""
    market = Market(people=size, seed=seed, scenario=name, past_films=20, days=days)
    crowd = tuple(people(market, c) for c in range(market.chunks))
    whole = season(market)
    number = next(f.number for f in slate(market) if f.id == scenario(market).film)
    tastes = [(value, name) for name, value in whole.films[number].loadings if name in TASTES]
    tier = np.concatenate([whole.cities.tier[c.city] for c in crowd])
    audiences = _audiences(market, crowd, max(tastes)[1])
    on = _on_channels(market, crowd)
    return Play(market, whole, number, crowd, audiences, on, np.minimum(tier, 2))


def _another(whole: Season, number: int, crowd: Sequence[People], g: np.random.Generator) -> Season:
    """The season with a film of the same kind in place of the scenario's."""
    film = whole.films[number]
    turned = tuple(
        (name, value if name in ("drama", "log activity") else value * (1 + TURN * g.normal()))
        for name, value in film.loadings
    )
    made = replace(film, loadings=turned, log_mean=0.0)
    mean = np.concatenate([weights(made, c) for c in crowd]).mean()
    made = replace(made, log_mean=float(np.log(mean)))
    films = (*whole.films[:number], made, *whole.films[number + 1 :])
    interest, awareness = whole.interest.copy(), whole.awareness.copy()
    interest[number] *= np.exp(PULL * g.normal())
    awareness[number] = np.minimum(0.95, awareness[number] * np.exp(FAME * g.normal()))
    return replace(whole, films=films, interest=interest, awareness=awareness)


def _audiences(market: Market, crowd: Sequence[People], taste: str = "drama") -> tuple[Flags, ...]:
    """What a house sees: who bought for a hobby, who says their age, who goes to such films."""
    g = np.random.default_rng([market.seed, 99])
    members: list[list[Flags]] = [[] for _ in AUDIENCES]
    for c in crowd:
        bought = g.random(len(c)) < -np.expm1(-1.5 * c.activity)
        reported = g.random(len(c)) < 0.8
        adult = c.age >= 18
        women = c.female & adult & (c.age < 35) & reported
        families = (c.has("baby") | c.has("children")) & adult & (c.age < 46) & reported
        liking = 0.3 * c.tastes[:, TASTES.index(taste)] + 0.85 * np.log(c.activity)
        liking = np.where(c.age >= 14, liking + 0.5 * g.normal(size=len(c)), -np.inf)
        fans = liking > np.quantile(liking, 1 - FAN_SHARE)
        shown = [c.has("dog") & bought, c.has("cat") & bought, women, families,
                 c.has("gardening") & bought, fans]  # fmt: skip
        for one, shown_here in zip(members, shown, strict=True):
            one.append(shown_here)
    return tuple(np.concatenate(f) for f in members)


def _on_channels(market: Market, crowd: Sequence[People]) -> tuple[Flags, ...]:
    has: dict[str, Flags] = {}
    for source in ("shop", "video", "tickets"):
        flags = []
        for c in crowd:
            reachable = np.zeros(len(c), np.bool_)
            reachable[members(market, c, source).person] = True
            flags.append(reachable)
        has[source] = np.concatenate(flags)
    return tuple(
        np.logical_or.reduce([has[s] for s in channel.sources]) for channel in read_channels()
    )


def ground(film: Play, expected: Floats) -> tuple[AudienceCells, MediaSlots, Floats]:
    """Cells, slots and what is left of a slot's impressions at the opening."""
    parts = cells(film.audiences, film.on, film.city, expected)
    channels = read_channels()
    every = list(product(range(len(AUDIENCES)), range(len(channels)), range(3), range(WEEKS)))
    a, c, g, w = (np.array(x) for x in zip(*every, strict=True))
    who = parts.in_audience[:, a].T & parts.on_channel[:, c].T & (parts.city[None] == g[:, None])
    addressed = (who * parts.persons).sum(1)
    price = np.array([x.unit_price for x in channels])[c]
    limit = np.array([x.reach_limit for x in channels])[c]
    cap = np.array([x.frequency_cap for x in channels])[c]
    most = addressed * limit * price * cap
    slots = MediaSlots(a, c, g, w, who, addressed, price, limit, most, np.zeros(len(a)))
    left = np.array([adstock(1.0, 7 * (WEEKS - week) - 3.5) for week in range(WEEKS)])
    return parts, slots, left[w]


def book(
    film: Play,
    slots: MediaSlots,
    spend: Floats,
    treated: Flags | None = None,
    kept: Flags | None = None,
) -> Deliveries:
    """A spend as whole impressions booked for each person: the rate's floor, or one more by lot.

    `kept` (channels, people) are those from whom a channel is not withheld. Each impression is a
    row of its own with its own chance to be seen, and those of a week are spread over its days.
    """
    channels = read_channels()
    rates = slots.rates(spend)
    lines, person, day = [], [], []
    for s in np.flatnonzero(spend > 0):
        a, c, g, w = slots.audience[s], slots.channel[s], slots.city[s], slots.week[s]
        who = film.audiences[a] & film.on[c] & (film.city == g)
        who = who if treated is None else who & treated
        who = np.flatnonzero(who if kept is None else who & kept[c])
        # The slot's own chance, so that plans are compared under the same uniform.
        uniform = np.random.default_rng([film.market.seed, int(s)]).random(film.size)[who]
        count = (np.floor(rates[s]) + (uniform < rates[s] % 1)).astype(np.int64)
        most = int(count.max(initial=0))
        for n in range(most):
            exposed_again = who[count > n]
            lines.append(Line(f"{s} {n}", AUDIENCES[a][0], channels[c].name))
            person.append(exposed_again)
            monday = film.release - 7 * (WEEKS - w)
            day.append(np.full(len(exposed_again), monday + (2 * n + 1) * 7 // (2 * most)))
    sizes = [len(p) for p in person]
    return deliveries(
        film.market,
        lines,
        person=np.concatenate(person),
        line=np.repeat(np.arange(len(lines)), sizes),
        treated=np.ones(sum(sizes), np.bool_),
        day=np.concatenate(day),
        frequency=np.ones(sum(sizes), np.int64),
    )


def played(film: Play, given: Deliveries) -> tuple[Ints, Ints]:
    """Tickets of each person with a campaign, and without it, by the simulator."""
    outcomes = []
    for c in film.crowd:
        part = given.between(c.first, c.first + CHUNK)
        outcomes.append(play(film.market, film.season, c, film.number, part)[2])
    return (np.concatenate([f.tickets for f in outcomes]),
            np.concatenate([f.tickets_without for f in outcomes]))  # fmt: skip


def won(film: Play, given: Deliveries) -> float:
    """Expected incremental tickets of a campaign all of whose impressions are before the opening.

    Over what each is shown, drawn by the simulator; over whether they then go, exactly.
    """
    total = 0.0
    strength = np.array([CHANNELS[x.channel].strength for x in given.lines])
    draw = film.draw
    for c in film.crowd:
        w = draw[c.first : c.first + len(c)]
        part = given.between(c.first, c.first + CHUNK)
        shown = exposed(film.market, c, w, part)
        left = np.exp(-(film.release - shown.day - 1) / MEMORY_DAYS)
        dose: Floats = np.asarray(
            np.bincount(shown.person, strength[part.line[shown.delivery]] * left, len(c)),
            dtype=np.float64,
        )
        seen = np.bincount(shown.person, minlength=len(c)).astype(np.float64)
        home = np.bincount(c.household, dose)[c.household]
        dose = np.asarray(dose + SPILL_OVER * (home - dose), dtype=np.float64)
        total += float(gained(film, c, w, np.flatnonzero(dose > 0), dose, seen).sum())
    return total


def run_by_parts(film: Play, edges: Ints) -> tuple[Floats, Floats, Floats]:
    """Interest, mean day and awareness of each part of the run between edges, by city."""
    steps = np.diff(film.season.interest[film.number], axis=1, prepend=0.0)
    sums = np.add.reduceat(steps, edges[:-1], axis=1)
    days = np.add.reduceat(steps * np.arange(RUN), edges[:-1], axis=1) / np.maximum(sums, 1e-12)
    return sums, days, film.season.awareness[film.number][:, edges[:-1]]


def gained(
    film: Play, crowd: People, draw: Floats, who: Ints, dose: Floats, seen: Floats
) -> Floats:
    """Expected incremental tickets of some people, by dose at the opening and impressions seen."""
    where = crowd.city[who]
    sums, days, aware = run_by_parts(film, _EDGES)
    doses = dose[who, None] * np.exp(-days[where] / MEMORY_DAYS)
    own = np.broadcast_to(seen[who, None], doses.shape)
    times = reaction(film.market, crowd, aware[where], who, doses, own)
    heard = has_heard(film.film, crowd)[who]
    times = np.where(heard[:, None], times, times * -np.expm1(-doses))
    pull = heard * draw[who] * sums[where].sum(axis=1)
    moved = draw[who] * (sums[where] * times).sum(axis=1)
    tickets: Floats = MEAN_PARTY * (np.exp(-pull) - np.exp(-moved))
    return tickets
