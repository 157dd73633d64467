"""Traits compared each among those who could show them, against a film's likely audience."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fullhouse.core.person_sets import PersonSet
from fullhouse.discovery import Affinity, Outcome
from fullhouse.discovery.card import Refused
from fullhouse.discovery.compared import Compared
from fullhouse.discovery.discover import compare
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import (
    any_of,
    base_rule,
    basket_traits,
    fact_traits,
    placebo_films,
)
from fullhouse.sample.outcome import LikelyAudience, OwnEvents
from fullhouse.traits import Trait

Judged = tuple[Outcome, OwnEvents]


@dataclass(frozen=True)
class Groups:
    """Baskets and facts, compared; what leaks the outcome; what served as the placebo."""

    baskets: Compared | None
    facts: Compared
    refused: tuple[Refused, ...]
    placebo: str | None

    @property
    def both(self) -> tuple[Compared, ...]:
        """Those that there are."""
        return (self.facts,) if self.baskets is None else (self.baskets, self.facts)


def groups(house: AnalysisSample, film: KnownFilm, wanted: LikelyAudience) -> Groups:
    """Compare every trait that may be an audience with the film's likely audience."""
    outcome = (wanted.outcome, wanted.own)
    placebo = _placebo(house, film, wanted)
    seen_by = base_rule(wanted.outcome.kinds, house.sources)
    baskets = _baskets(house, wanted, outcome, placebo, seen_by)
    facts, refused = _facts(house, wanted, outcome, placebo, seen_by)
    if baskets is not None:
        refused |= _refused(baskets.affinities.values())
    for trait in (*wanted.outcome.traits, *wanted.outcome.about):
        refused.setdefault(trait.name, "it is the outcome, or another trait of its films")
    told = tuple(Refused(name, why) for name, why in sorted(refused.items()))
    return Groups(baskets, facts, told, placebo[0].rule if placebo else None)


def _baskets(
    house: AnalysisSample,
    wanted: LikelyAudience,
    outcome: Judged,
    placebo: Judged | None,
    seen_by: str,
) -> Compared | None:
    traits = basket_traits(house.traits)
    if not traits or not house.sources.get("purchase"):
        return None
    rule = f"{base_rule(['purchase'], house.sources)} & {seen_by}"
    (base,) = house.people(rule)
    affinities = _affinities(house, outcome, placebo, traits, base, rule)
    return _compared(house, wanted, rule, base, affinities, traits)


def _facts(
    house: AnalysisSample,
    wanted: LikelyAudience,
    outcome: Judged,
    placebo: Judged | None,
    seen_by: str,
) -> tuple[Compared, dict[str, str]]:
    """Each family among those of whom it is known: who is not known to be a woman may be one."""
    families = fact_traits(house.traits)
    affinities: dict[str, Affinity] = {}
    for traits in families.values():
        rule = f"{seen_by} & {any_of([t.name for t in traits])}"
        (base,) = house.people(rule)
        affinities |= _affinities(house, outcome, placebo, traits, base, rule)
    (base,) = house.people(seen_by)
    every = [t for traits in families.values() for t in traits]
    return (
        _compared(house, wanted, seen_by, base, affinities, every),
        _refused(affinities.values()),
    )


def _compared(
    house: AnalysisSample,
    wanted: LikelyAudience,
    rule: str,
    base: PersonSet,
    affinities: Mapping[str, Affinity],
    traits: Sequence[Trait],
) -> Compared:
    found = house.sheet(base, wanted)
    fitting = tuple(t.name for t in traits if affinities[t.name].verdict != "is the outcome")
    return Compared(rule, found, affinities, fitting)


def _affinities(
    house: AnalysisSample,
    outcome: Judged,
    placebo: Judged | None,
    traits: Sequence[Trait],
    base: PersonSet,
    rule: str,
) -> dict[str, Affinity]:
    found = compare(
        house.population.build,
        outcome,
        traits=traits,
        base=base,
        blocks=house.blocks,
        base_rule=rule,
        placebo=placebo,
    )
    return {row.trait: row for row in found.rows}


def _placebo(house: AnalysisSample, film: KnownFilm, wanted: LikelyAudience) -> Judged | None:
    """Other films' audiences: what goes with those as much is no taste for this film."""
    ours = {t.definition["film"] for t in wanted.traits} | {film.slug or ""}
    traits = placebo_films(house.film_traits, wanted.traits, ours, house.population.key)
    if not traits:
        return None
    outcome = house.outcome(traits)
    return outcome, house.own_events(outcome)


def _refused(rows: Iterable[Affinity]) -> dict[str, str]:
    return {r.trait: r.reason for r in rows if r.verdict == "is the outcome"}
