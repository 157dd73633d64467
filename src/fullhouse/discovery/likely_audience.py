"""A film's likely audience: its own interest, or the audiences of comparable films, or both."""

from collections.abc import Mapping, Sequence
from math import exp, log

import numpy as np
from scipy.special import ndtr

from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.card import ComparableFilm, Estimate
from fullhouse.discovery.comparable import PastAudience, Together, comparable_films
from fullhouse.discovery.compare import compare
from fullhouse.discovery.judge import LEAST_OUTCOME
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import FilmTraits, any_of, base_rule
from fullhouse.sample.outcome import LikelyAudience, Seed
from fullhouse.traits import Trait

ENOUGH = 4_000
"""With so many people of its own interest a film needs no other film's audience: a trait that one
in twenty of them has stands out at a ratio of 1.3 (200 people, log error .07, three and a half
deviations from 1)."""

Z95 = 1.959964


def own_interest(sample: AnalysisSample, film: KnownFilm) -> FilmTraits | None:
    """The film's own traits, where enough people have them for any comparison."""
    traits = sample.film_traits.get(film.slug or "")
    if traits is None or not traits.both:
        return None
    (people,) = sample.people(any_of([t.name for t in traits.both]))
    return traits if size(people) >= LEAST_OUTCOME else None


def films_like(
    sample: AnalysisSample, film: KnownFilm, chosen: Sequence[str] = ()
) -> tuple[ComparableFilm, ...]:
    """Past films whose audiences may stand in for this one's, chosen here or by the user."""
    past = [
        PastAudience(k.film, sample.words[k.film], k.opening, saw.persons, (saw.name,))
        for k in sample.films.values()
        if k.slug and k.film != film.film and (saw := sample.film_traits[k.slug].saw)
    ]
    interest = own_interest(sample, film)
    opened = [p for p in past if p.opening is not None and p.opening <= sample.day]
    named = tuple(sample.find(c).film for c in chosen)
    try:
        return comparable_films(
            sample.words[film.film],
            past,
            as_of=sample.day,
            chosen=named,
            together=_together(sample, interest, opened) if interest else None,
            space=sample.space,
        )
    except CannotTellError:
        # Audiences too small are no answer to a user who chose them; else the film's own interest
        # may do without.
        if named:
            raise
        return ()


def likely_audience(
    sample: AnalysisSample,
    film: KnownFilm,
    comps: Sequence[ComparableFilm] | None = None,
    *,
    by_user: bool = False,
) -> LikelyAudience | None:
    """The likely audience of a film; None where there is neither interest nor a film like it.

    `comps` are those of `films_like` unless they are given; those that a user chose are used
    however many people showed interest in the film itself.
    """
    interest = own_interest(sample, film)
    comps = films_like(sample, film) if comps is None else comps
    traits: list[Trait] = []
    used: list[Seed] = []
    interested: PersonSet = {}
    if interest is not None:
        traits += interest.both
        rule = any_of([t.name for t in interest.both])
        (interested,) = sample.people(rule)
        used.append(_interest_seed(sample, film, interest, rule, size(interested)))
    saw = [sample.film_traits[sample.films[c.film].slug or ""].saw for c in comps if c.used]
    audiences = [t for t in saw if t is not None]
    if audiences and (size(interested) < ENOUGH or by_user):
        rule = any_of([t.name for t in audiences])
        (people,) = sample.people(rule)
        traits += audiences
        used.append(Seed("comps", rule, size(people), chosen_by_user=by_user))
    if not traits:
        return None
    outcome = sample.outcome(traits)
    own = sample.own_events(outcome)
    return LikelyAudience(outcome, own, tuple(traits), interested, tuple(used))


def beyond_typical(rows: Mapping[str, Affinity]) -> dict[str, Together]:
    """Each past film's affinity with the interest ÷ the median of all of them, by film.

    Who wants to see any film has seen any other more often, even at equal activity as far as a
    house sees it: on the simulated market the median is 1.4. What makes two films alike is more
    than that. p is of the quotient being 1, from the interval on the log scale; films without a
    known interval are left out.
    """
    log_ratios = {
        film: (log(r.ratio), (log(r.high) - log(r.low)) / (2 * Z95))
        for film, r in rows.items()
        if r.ratio and r.low and r.high and r.p is not None
    }
    if not log_ratios:
        return {}
    typical = float(np.median([ratio for ratio, _ in log_ratios.values()]))
    return {film: _quotient(ratio - typical, se) for film, (ratio, se) in log_ratios.items()}


def _quotient(gap: float, se: float) -> Together:
    ends = (exp(gap - Z95 * se), exp(gap + Z95 * se))
    p = 2 * float(ndtr(-abs(gap) / se)) if se > 0 else None
    return Together(Estimate(exp(gap), *ends), p)


def _together(
    sample: AnalysisSample, interest: FilmTraits, past: Sequence[PastAudience]
) -> dict[str, Together]:
    """How much each past film's audience goes with the film's own interest, activity apart."""
    outcome = sample.outcome(interest.both)
    films = {p.traits[0]: p.film for p in past}
    (base,) = sample.people(base_rule(outcome.kinds, sample.sources))
    result = compare(
        sample.population.build,
        (outcome, sample.own_events(outcome)),
        traits=[t for t in sample.traits if t.name in films],
        base=base,
        blocks=sample.blocks,
    )
    return beyond_typical({films[r.trait]: r for r in result.rows})


def _interest_seed(
    sample: AnalysisSample, film: KnownFilm, interest: FilmTraits, rule: str, people: int
) -> Seed:
    return Seed(
        "interest",
        rule,
        people,
        wants=interest.wants.persons if interest.wants else None,
        saw=interest.saw.persons if interest.saw else None,
        opened=film.opening is not None and film.opening <= sample.day,
    )
