"""Who will want a film: likely audience, comparison, cards, combinations, portfolio and tickets."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import size
from fullhouse.core.values import slug
from fullhouse.discovery.card import (
    Card,
    ComparableFilm,
    FilmDiscovery,
    NoPlacebo,
    Note,
    NoTicketFeed,
    OlderTraits,
    Pick,
    Segment,
    TooFewInterested,
    WordMatch,
    WordsOnly,
)
from fullhouse.discovery.cards import find_cards, label_name
from fullhouse.discovery.embedding import load_embedding
from fullhouse.discovery.exact_counts import combinations, exact_counts
from fullhouse.discovery.groups import TraitGroups, compare_groups
from fullhouse.discovery.judge import LEAST_OUTCOME, verdict_on_film
from fullhouse.discovery.likely_audience import films_like, likely_audience
from fullhouse.discovery.obvious import obvious_of, obvious_traits
from fullhouse.discovery.portfolio import portfolio
from fullhouse.discovery.segments import find_segments
from fullhouse.discovery.word_match import match_traits, vocabulary
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import BASKETS, basket_traits
from fullhouse.sample.outcome import LikelyAudience, Seed
from fullhouse.sample.sheet import rule_masks
from fullhouse.traits import Trait

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
    progress("Looking for combinations")
    return replace(
        _bare(sample, film),
        verdict=verdict_on_film(counts.cards, groups.rows),
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
        notes=_notes(sample, film, audience, groups.placebo),
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


def _notes(
    sample: AnalysisSample, film: KnownFilm, audience: LikelyAudience, placebo: str | None
) -> tuple[Note, ...]:
    """What the figures do not show by themselves."""
    notes: list[Note] = []
    if not size(audience.interest):
        traits = sample.film_traits.get(film.slug or "")
        few = sum(t.persons for t in traits.both) if traits is not None else 0
        notes.append(TooFewInterested(few, LEAST_OUTCOME))
    if placebo is None:
        notes.append(NoPlacebo())
    if not sample.sources.get("ticket"):
        notes.append(NoTicketFeed())
    built_on = sample.population.build.as_of
    if built_on < sample.day:
        notes.append(OlderTraits(built_on, sample.day))
    return tuple(notes)
