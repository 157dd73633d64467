"""Who will want a film: likely audience, comparison, cards, combinations, portfolio and tickets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from pathlib import Path

from scipy.stats import norm

from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.values import slug
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.card import (
    Card,
    ComparableFilm,
    ExclusionReason,
    FilmDiscovery,
    NoPlacebo,
    Note,
    NoTicketFeed,
    OlderTraits,
    Pick,
    Refused,
    Segment,
    TasteExplains,
    TooFewInterested,
    Verdict,
    WordMatch,
    WordsOnly,
)
from fullhouse.discovery.cards import find_cards, label_name
from fullhouse.discovery.columns import ComparedTraits, obvious_of, obvious_traits
from fullhouse.discovery.compare import (
    LEAST_OUTCOME,
    POWER,
    compare,
    large_enough,
    least_affinity,
    log_error,
)
from fullhouse.discovery.coverage import combinations, exact_counts, portfolio
from fullhouse.discovery.likely_audience import films_like, likely_audience
from fullhouse.discovery.segments import find_segments
from fullhouse.discovery.word_links import load_embedding
from fullhouse.discovery.word_match import match_traits, vocabulary
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience, Outcome, OwnEvents, Seed
from fullhouse.sample.sheet import rule_masks
from fullhouse.stats.mantel_haenszel import Z95
from fullhouse.traits import Trait
from fullhouse.traits.film_traits import (
    BASKETS,
    any_of,
    base_rule,
    basket_traits,
    fact_traits,
    placebo_films,
)

OutcomeEvents = tuple[Outcome, OwnEvents]


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


MOST_GUESSES = 8


def find_audiences(
    sample: AnalysisSample,
    film: KnownFilm,
    *,
    comps: Sequence[str] = (),
    plus: Sequence[str] = (),
    minus: Sequence[str] = (),
    embedding: Path | None = None,
) -> FilmDiscovery:
    """The people who will want a film, beyond those whom film people know.

    From the film's own interest where 32 people or more showed any, from audiences of comparable
    films (`comps` names them; else they are chosen), and from the film's words alone where there
    is neither. `plus` and `minus` edit what the words point to.
    """
    progress = sample.context.progress
    progress("Reading interest and past films")
    words = _words(sample, film, plus, minus, embedding)
    like = films_like(sample, film, comps)
    audience = likely_audience(sample, film, like, by_user=bool(comps))
    if audience is None:
        return _guess(sample, film, like, words)
    progress("Comparing traits")
    groups = compare_groups(sample, film, audience)
    obvious = obvious_of(sample, film, audience)
    progress("Adjusting for the obvious")
    since, until = sample.span
    key = sample.population.key
    ranked = find_cards(groups.all, obvious, key=key, since=since, until=until)
    progress("Counting people")
    counts = exact_counts(sample, obvious, ranked.cards)
    own = size(audience.interest) / max(size(audience.outcome.people), 1)
    progress("Looking for combinations")
    return replace(
        _bare(sample, film),
        verdict=verdict_on_film(counts.cards, groups.rows, counts.everyone, own),
        least_affinity=least_affinity(
            groups.rows, counts.everyone, interest=1.0 if counts.cards else own
        ),
        used=audience.used,
        base_people=counts.everyone,
        seed_people=size(audience.outcome.people),
        interest_people=size(audience.interest),
        placebo=groups.placebo,
        obvious=counts.obvious,
        obvious_people=counts.obvious_people,
        cards=counts.cards,
        combinations=combinations(sample, counts.cards),
        segments=_segments(sample, groups),
        portfolio=_portfolio(sample, groups, counts.cards),
        comps=like,
        words=words,
        refused=groups.refused,
        tested=ranked.tested,
        notes=_notes(sample, film, audience, groups.placebo, ranked.by_taste),
    )


def _bare(sample: AnalysisSample, film: KnownFilm) -> FilmDiscovery:
    """What is known before anything is compared."""
    build = sample.population.build
    return FilmDiscovery(
        film=film.film,
        title=film.title,
        territory=sample.territory,
        as_of=sample.day,
        opening=film.opening,
        build=build.id,
        built_on=build.as_of,
        verdict="cannot_tell",
        simulated=sample.context.settings.simulated,
    )


def _words(
    sample: AnalysisSample,
    film: KnownFilm,
    plus: Sequence[str],
    minus: Sequence[str],
    embedding: Path | None,
) -> tuple[WordMatch, ...]:
    words = sample.words[film.film]
    traits = [*basket_traits(sample.traits), *(t for t in sample.traits if t.family == "genre")]
    vectors = None
    if embedding is not None:
        vectors = load_embedding(embedding, wanted=vocabulary([words], traits))
    return match_traits(
        words, traits, space=sample.space, plus=plus, minus=minus, embedding=vectors
    )


def _guess(
    sample: AnalysisSample,
    film: KnownFilm,
    like: tuple[ComparableFilm, ...],
    words: tuple[WordMatch, ...],
) -> FilmDiscovery:
    """Cards of the best matches of words, where no behaviour speaks for any audience."""
    if not words:
        raise CannotTellError(code="nothing_known_of_film", film=film.film)
    traits = {t.name: t for t in sample.traits}
    matches = [m for m in words if traits[m.trait].family in BASKETS][:MOST_GUESSES]
    cards = [_word_card(traits[m.trait], m) for m in matches]
    obvious = obvious_traits(sample.traits, genres=film.facts.get("genres") or ())
    counts = exact_counts(sample, obvious, cards)
    # By score, not by rank: nothing was measured that could rank them.
    order = {m.trait: -m.score for m in matches}
    ordered = tuple(sorted(counts.cards, key=lambda c: (order[c.traits[0]], c.id)))
    return replace(
        _bare(sample, film),
        verdict="guess" if cards else "cannot_tell",
        used=(Seed("text", film.title, 0),),
        base_people=counts.everyone,
        obvious=counts.obvious,
        obvious_people=counts.obvious_people,
        cards=ordered,
        combinations=combinations(sample, ordered),
        comps=like,
        words=words,
        notes=(WordsOnly(),),
    )


def _word_card(trait: Trait, match: WordMatch) -> Card:
    return Card(
        id=slug(trait.name),
        name=label_name(trait.label, trait.family),
        rule=trait.name,
        traits=(trait.name,),
        family=trait.family,
        basis="guess",
        reason="words" if match.words else "chosen_by_user",
        words=match.words,
    )


def _segments(sample: AnalysisSample, groups: TraitGroups) -> tuple[Segment, ...]:
    """Combinations among the people known to the shop, or else among all."""
    base = groups.baskets or groups.facts
    names = [*base.candidates, *(groups.facts.candidates if groups.baskets else ())]
    known = {t.name for t in base.sheet.traits}
    return find_segments(base.sheet, [n for n in names if n in known], key=sample.population.key)


def _portfolio(
    sample: AnalysisSample, groups: TraitGroups, cards: Sequence[Card]
) -> tuple[Pick, ...]:
    sheet = groups.facts.sheet
    if not cards or not sheet.seed.any():
        return ()
    rules = [c.rule for c in cards]
    masks = rule_masks(sheet, rules, sample.population.catalogue)
    names = [c.name for c in cards]
    return portfolio(masks, names, rules, seed=sheet.seed, weight=sheet.weight)


def verdict_on_film(
    cards: Iterable[Card], rows: Iterable[Affinity], people: int, interest: float
) -> Verdict:
    """The best basis of any card; `people` are those compared.

    `interest` is the share of the outcome's people whose interest is in the film itself, the others
    being those of comparable films. Without a card it is `no_audience` where, for nine in ten of
    the traits tested that one in a hundred people have, a ratio of 2 and of 0.5 are both ruled out,
    and a doubling among those people alone would have shown: audiences of comparable films say
    nothing of one that is this film's own. Else the data cannot tell.
    """
    bases = {c.basis for c in cards}
    if bases:
        return "measured" if "measured" in bases else "expected"
    tested = large_enough(rows, people)
    undecided = sum(r.verdict == "cannot_tell" or not _would_show(r, interest) for r in tested)
    return "cannot_tell" if not tested or 10 * undecided > len(tested) else "no_audience"


def _would_show(row: Affinity, interest: float) -> bool:
    """Whether a doubling is excluded four times in five, by so large a share of the outcome."""
    error = log_error(row)
    if error is None or interest <= 0:
        return False
    return (Z95 + float(norm.ppf(POWER))) * error / sqrt(interest) <= log(2)


def _notes(
    sample: AnalysisSample,
    film: KnownFilm,
    audience: LikelyAudience,
    placebo: str | None,
    by_taste: tuple[str, ...],
) -> tuple[Note, ...]:
    """What the figures do not show by themselves."""
    notes: list[Note] = []
    if not size(audience.interest):
        traits = sample.film_traits.get(film.slug or "")
        few = sum(t.persons for t in traits.both) if traits is not None else 0
        notes.append(TooFewInterested(few, LEAST_OUTCOME))
    if placebo is None:
        notes.append(NoPlacebo())
    if by_taste:
        notes.append(TasteExplains(by_taste))
    if not sample.sources.get("ticket"):
        notes.append(NoTicketFeed())
    built_on = sample.population.build.as_of
    if built_on < sample.day:
        notes.append(OlderTraits(built_on, sample.day))
    return tuple(notes)
