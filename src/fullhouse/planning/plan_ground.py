"""What a plan of a film is made on: who is where, on which channel, and would come anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from fullhouse.consent import ADVERTISING
from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, only, without
from fullhouse.core.values import slug
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.planning import Channel
from fullhouse.propensity import score_all
from fullhouse.propensity.film_propensity import Learned
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.film_traits import BASKETS, any_of
from fullhouse.sample.sheet import members_of

MOST_AUDIENCES = 8
LARGEST = 5
"""Cities that are a group of their own together; those with the next half of the people follow."""
GROUPS = ("5 largest cities", "other large cities", "all other places")
FANS = "fans"


@dataclass(frozen=True)
class Ground:
    """Everything a plan is made on: who is where, on what, and what they would buy anyway.

    `on` are those whom a channel may address: with an account there, who take part in advertising
    and hold no ticket yet.
    """

    names: tuple[str, ...]
    rules: tuple[str, ...]
    kinds: tuple[str, ...]
    channels: tuple[Channel, ...]
    weeks: tuple[date, ...]
    cities: dict[str, tuple[str, ...]]
    masks: list[Flags]
    on: list[Flags]
    city: Integers
    expected: Floats


def plan_ground(
    house: AnalysisSample,
    film: KnownFilm,
    found: FilmDiscovery,
    learned: Learned,
    channels: Sequence[Channel],
    weeks: int,
) -> Ground:
    """The discovery's audiences, then the obvious one, on channels, in city groups, in weeks."""
    audiences = [(c.name, c.rule, _kind(c.family)) for c in found.cards[:MOST_AUDIENCES]]
    audiences += [("The obvious audience", " | ".join(p.rule for p in found.obvious), FANS)] * bool(
        found.obvious
    )
    if not audiences:
        raise CannotTellError(f"There is no audience to plan for: {found.sentence}")
    on = [any_of([f"source:{slug(s)}" for s in c.sources]) for c in channels]
    every = " | ".join(dict.fromkeys([*(r for _, r, _ in audiences), *on]))
    people = house.people(every, *(r for _, r, _ in audiences), *on)
    may = _may_be_told(house, film)
    scored = list(score_all(learned.model, house.blocks, people[0]))
    ids = np.concatenate([p.astype(np.int64) for _, p, _ in scored])
    city, groups = _cities(house, ids)
    return Ground(
        tuple(n for n, _, _ in audiences),
        tuple(r for _, r, _ in audiences),
        tuple(k for _, _, k in audiences),
        tuple(channels),
        _weeks(found, weeks),
        groups,
        [members_of(ids, p) for p in people[1 : 1 + len(audiences)]],
        [members_of(ids, only(p, may)) for p in people[1 + len(audiences) :]],
        city,
        np.concatenate([p.astype(np.float64) for _, _, p in scored]),
    )


def _may_be_told(house: AnalysisSample, film: KnownFilm) -> PersonSet:
    """Those who take part in advertising and hold no ticket: whom a launch would leave in."""
    with analysis_sample(
        house.context, territory=house.territory, as_of=house.day, purpose=ADVERTISING
    ) as willing:
        (yes,) = willing.people("everyone")
    traits = house.film_traits.get(film.slug or "")
    if traits is None or traits.saw is None:
        return yes
    (have,) = house.people(traits.saw.name)
    return without(yes, have)


def _kind(family: str) -> str:
    return "baskets" if family in BASKETS else "demographics"


def _weeks(found: FilmDiscovery, weeks: int) -> tuple[date, ...]:
    """The Mondays of the last weeks up to the opening's, none before the day after as-of."""
    assert found.opening is not None
    last = found.opening - timedelta(days=found.opening.weekday())
    every = [last - timedelta(weeks=w) for w in reversed(range(weeks))]
    after = tuple(m for m in every if m + timedelta(days=6) > found.as_of)
    if not after:
        raise CannotTellError(f"No week is left between {found.as_of} and {found.opening}.")
    return after


def _cities(house: AnalysisSample, ids: Integers) -> tuple[Integers, dict[str, tuple[str, ...]]]:
    """The city group of each person, and the cities of each group."""
    cities = sorted(
        (t for t in house.traits if t.family == "city"), key=lambda t: (-t.persons, t.name)
    )
    group = np.full(len(ids), len(GROUPS) - 1)
    half = sum(t.persons for t in cities) / 2
    names: dict[str, list[str]] = {g: [] for g in GROUPS}
    seen = 0
    people = house.people(*(t.name for t in cities)) if cities else []
    for number, (trait, mine) in enumerate(zip(cities, people, strict=True)):
        place = 0 if number < LARGEST else 1 if seen < half + half / 2 else 2
        seen += trait.persons
        names[GROUPS[place]].append(trait.label.removeprefix("lives in "))
        group[members_of(ids, mine)] = place
    return group, {g: tuple(n) for g, n in names.items()}
