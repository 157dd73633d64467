"""Traits compared each among those who could show them, against a film's likely audience."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fullhouse.core.person_sets import PersonSet
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.card import ExclusionReason, Refused
from fullhouse.discovery.compare import compare
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import (
    any_of,
    base_rule,
    basket_traits,
    fact_traits,
    placebo_films,
)
from fullhouse.sample.outcome import LikelyAudience, Outcome, OwnEvents
from fullhouse.sample.sheet import Sheet
from fullhouse.traits import Trait

OutcomeEvents = tuple[Outcome, OwnEvents]


@dataclass(frozen=True)
class ComparedTraits:
    """One group of traits with the base of those who could show them.

    Who has no account at the shop cannot show what they buy, so what is bought is compared among
    people known to both the shop and the film's own source. `rule` is that base; `affinities`
    (by trait name) are exact counts over it; the sheet's traits include the film traits and facts
    that are adjusted for, `candidates` names those that may become a card.
    """

    rule: str
    sheet: Sheet
    affinities: Mapping[str, Affinity]
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class TraitGroups:
    """Baskets and facts, compared; what leaks the outcome; what served as the placebo."""

    baskets: ComparedTraits | None
    facts: ComparedTraits
    refused: tuple[Refused, ...]
    placebo: str | None

    @property
    def all(self) -> tuple[ComparedTraits, ...]:
        """Those that there are."""
        return (self.facts,) if self.baskets is None else (self.baskets, self.facts)

    @property
    def rows(self) -> list[Affinity]:
        """The affinities of all candidates."""
        return [a for c in self.all for n in c.candidates if (a := c.affinities[n])]


def compare_groups(
    sample: AnalysisSample, film: KnownFilm, audience: LikelyAudience
) -> TraitGroups:
    """Compare every trait that may be an audience with the film's likely audience."""
    placebo = _placebo(sample, film, audience)
    base_of_film = base_rule(audience.outcome.kinds, sample.sources)
    baskets = _baskets(sample, audience, placebo, base_of_film)
    facts, affinities = _facts(sample, audience, placebo, base_of_film)
    refused = _leaks(affinities)
    if baskets is not None:
        refused |= _leaks(baskets.affinities.values())
    for trait in (*audience.outcome.traits, *audience.outcome.about):
        refused.setdefault(trait.name, "outcome_or_its_films")
    leaks = tuple(Refused(name, why) for name, why in sorted(refused.items()))
    return TraitGroups(baskets, facts, leaks, placebo[0].rule if placebo else None)


def _baskets(
    sample: AnalysisSample,
    audience: LikelyAudience,
    placebo: OutcomeEvents | None,
    base_of_film: str,
) -> ComparedTraits | None:
    traits = basket_traits(sample.traits)
    if not traits or not sample.sources.get("purchase"):
        return None
    rule = f"{base_rule(['purchase'], sample.sources)} & {base_of_film}"
    (base,) = sample.people(rule)
    affinities = _affinities(sample, audience, placebo, traits, base, rule)
    return _compared(sample, audience, rule, base, affinities, traits)


def _facts(
    sample: AnalysisSample,
    audience: LikelyAudience,
    placebo: OutcomeEvents | None,
    base_of_film: str,
) -> tuple[ComparedTraits, Iterable[Affinity]]:
    """Each family among those of whom it is known: who is not known to be a woman may be one."""
    families = fact_traits(sample.traits)
    affinities: dict[str, Affinity] = {}
    for traits in families.values():
        rule = f"{base_of_film} & {any_of([t.name for t in traits])}"
        (base,) = sample.people(rule)
        affinities |= _affinities(sample, audience, placebo, traits, base, rule)
    (base,) = sample.people(base_of_film)
    every = [t for traits in families.values() for t in traits]
    facts = _compared(sample, audience, base_of_film, base, affinities, every)
    return facts, affinities.values()


def _compared(
    sample: AnalysisSample,
    audience: LikelyAudience,
    rule: str,
    base: PersonSet,
    affinities: Mapping[str, Affinity],
    traits: Sequence[Trait],
) -> ComparedTraits:
    candidates = tuple(t.name for t in traits if affinities[t.name].verdict != "is_outcome")
    return ComparedTraits(rule, sample.sheet(base, audience), affinities, candidates)


def _affinities(
    sample: AnalysisSample,
    audience: LikelyAudience,
    placebo: OutcomeEvents | None,
    traits: Sequence[Trait],
    base: PersonSet,
    rule: str,
) -> dict[str, Affinity]:
    result = compare(
        sample.population.build,
        (audience.outcome, audience.own),
        traits=traits,
        base=base,
        blocks=sample.blocks,
        base_rule=rule,
        placebo=placebo,
    )
    return {row.trait: row for row in result.rows}


def _placebo(
    sample: AnalysisSample, film: KnownFilm, audience: LikelyAudience
) -> OutcomeEvents | None:
    """Other films' audiences: what goes with those as much is no taste for this film."""
    own_films = {t.definition["film"] for t in audience.traits} | {film.slug or ""}
    traits = placebo_films(sample.film_traits, audience.traits, own_films, sample.population.key)
    if not traits:
        return None
    outcome = sample.outcome(traits)
    return outcome, sample.own_events(outcome)


def _leaks(rows: Iterable[Affinity]) -> dict[str, ExclusionReason]:
    """The traits that are the outcome, with the reason."""
    return {r.trait: r.exclusion for r in rows if r.exclusion is not None}
