"""Want-to-see marks and trailers of a campaign: what each person does with it, and without.

As with tickets, one threshold a person and film decides both, so that the difference is what the
campaign did. Marks come weeks before tickets do: a pilot is read on them.
"""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim.campaign import Deliveries
from fullhouse_sim.draws import uniforms
from fullhouse_sim.film import has_heard, weights
from fullhouse_sim.going import first_day, thresholds
from fullhouse_sim.market import Market
from fullhouse_sim.outcomes import Impressions, doses, reaction
from fullhouse_sim.parties import deciding
from fullhouse_sim.population import People
from fullhouse_sim.season import WANT_DAYS, Season

WATCHES = 0.04
"""Chance that somebody of mean draw who is shown an advertisement then watches the trailer."""
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Marks:
    """By person of a chunk: the day of the mark, with the campaign and without; NEVER for none.

    `minute` is when on that day. `trailer` is the place of the impression after which somebody
    watches the trailer, -1 for none; `share` how much of it.
    """

    day: Ints
    day_without: Ints
    minute: Ints
    trailer: Ints
    share: Floats

    def since(self, day: int) -> tuple[Flags, Flags]:
        """Who marks the film from a day on, with the campaign and without."""
        with_it, without = ((d >= day) & (d < NEVER) for d in (self.day, self.day_without))
        return with_it, without


def marking(
    market: Market,
    season: Season,
    people: People,
    number: int,
    given: Deliveries,
    shown: Impressions,
) -> Marks:
    """The marks and trailers of a chunk's people for one film, whom `shown` says who saw it."""
    film = season.films[number]
    with np.errstate(divide="ignore"):
        all_heard = deciding((film,), people, if_all_heard=True)[:, 0]
        x = thresholds(market, people.person, film, "want") / all_heard
    heard = has_heard(film, people)
    wants = season.wants[number]
    first = int(season.release[number]) - WANT_DAYS
    without = np.where(heard & (x <= wants[-1]), first + first_day(wants[None], x), NEVER)
    reached, dose, seen = doses(season, people, number, given, shown, ahead=WANT_DAYS)
    who = np.flatnonzero(reached)
    dose, seen = dose[:, :WANT_DAYS], seen[:, :WANT_DAYS]
    aware = season.awareness[number][people.city[who], :1]
    times = reaction(market, people, aware, who, dose, seen)
    # Who has not heard of it marks by what advertising tells alone, as they go.
    times = np.where(heard[who][:, None], times, times * -np.expm1(-dose))
    interest = np.cumsum(np.diff(wants, prepend=0.0) * times, axis=1)
    marks = x[who] <= interest[:, -1]
    day = without.copy()
    day[who] = np.where(marks, first + first_day(interest, x[who]), NEVER)
    minute = 420 + 1000 * uniforms(market.seed, people.person, "want minute", number)
    trailer, share = _trailers(market, people, weights(film, people), shown)
    return Marks(day, without, minute.astype(np.int64), trailer, share)


def _trailers(
    market: Market, people: People, draw: Floats, shown: Impressions
) -> tuple[Ints, Floats]:
    """After which impression each watches the trailer, and how much: who likes it watches more."""
    trailer = np.full(len(people), -1, np.int64)
    drawn = np.minimum(draw, 9.0)
    turn = np.arange(len(shown)) - np.searchsorted(shown.delivery, shown.delivery)
    own = uniforms(market.seed, people.person[shown.person], "watches")
    # Another chance at every impression, from one number of the person and one of the impression.
    again = (own + 0.618034 * (turn + 31 * shown.day)) % 1
    watches = np.flatnonzero(again < WATCHES * np.sqrt(drawn[shown.person]))
    order = watches[np.lexsort((shown.minute[watches], shown.day[watches]))][::-1]
    trailer[shown.person[order]] = order
    share = uniforms(market.seed, people.person, "watched share") ** (1 / (1 + drawn))
    return trailer, np.round(share, 2)
