"""Who will want a film: seed, comparison, cards, combinations, portfolio and tickets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from fullhouse import control
from fullhouse.app.expected_sales import expected_sales
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import size
from fullhouse.core.progress import Progress, silent
from fullhouse.discovery.card import Card, FilmDiscovery, Pick, Segment, WordMatch
from fullhouse.discovery.cards import find_cards
from fullhouse.discovery.embedding import load_embedding
from fullhouse.discovery.film_counts import counted
from fullhouse.discovery.film_groups import Groups, groups
from fullhouse.discovery.film_guess import guesses
from fullhouse.discovery.film_obvious import obvious_of
from fullhouse.discovery.film_tickets import film_tickets
from fullhouse.discovery.film_verdict import notes_of, verdict_of
from fullhouse.discovery.likely_audience import films_like, likely_audience
from fullhouse.discovery.portfolio import portfolio
from fullhouse.discovery.segments import find_segments
from fullhouse.discovery.word_match import match_traits, vocabulary
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.film_traits import basket_traits
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import rule_masks
from fullhouse.workspace.context import Context


def discover_film(
    context: Context,
    film: str,
    *,
    territory: str | None = None,
    as_of: date | None = None,
    comps: Sequence[str] = (),
    plus: Sequence[str] = (),
    minus: Sequence[str] = (),
    embedding: Path | None = None,
    tickets: bool = True,
    progress: Progress = silent,
) -> FilmDiscovery:
    """The people who will want a film, beyond those whom film people know, as known on a day.

    It works from the film's own interest where 32 people or more showed any, from audiences of
    comparable films (`comps` names them; else they are chosen), and from the film's words alone
    where there is neither. `plus` and `minus` edit what the words point to. With `tickets` the
    forecast's total is shared out. What was asked is recorded.
    """
    with analysis_sample(context, territory=territory, as_of=as_of) as house:
        found = _discover(house, house.find(film), comps, plus, minus, embedding, tickets, progress)
    _record(context, found)
    return found


def _discover(
    house: AnalysisSample,
    film: KnownFilm,
    comps: Sequence[str],
    plus: Sequence[str],
    minus: Sequence[str],
    embedding: Path | None,
    tickets: bool,
    progress: Progress,
) -> FilmDiscovery:
    progress("Reading interest and past films")
    words = _words(house, film, plus, minus, embedding)
    like = films_like(house, film, comps)
    seed = likely_audience(house, film, like, by_user=bool(comps))
    bare = _bare(house, film, seed, words)
    if seed is None:
        if not words:
            raise CannotTellError(
                f"Nothing is known of who may want {film.film}: nobody in the house showed enough"
                " interest, no comparable film has an audience here, and its words point to no"
                " trait. Its synopsis or keywords ('fullhouse film set'), comparable films"
                " (--comps) or words of your own (--plus) would do."
            )
        return guesses(house, replace(bare, comps=like), words)
    progress("Comparing traits")
    compared = groups(house, film, seed)
    obvious = obvious_of(house, film, seed)
    progress("Holding the obvious equal")
    since, until = house.span
    cards = find_cards(compared.both, obvious, key=house.population.key, since=since, until=until)
    progress("Counting people")
    parts, everyone, exact = counted(house, obvious, cards.cards)
    progress("Looking for combinations")
    segments = _segments(house, compared)
    found = replace(
        bare,
        base_people=everyone,
        placebo=compared.placebo,
        obvious=parts[:-1],
        obvious_people=parts[-1].persons if parts else 0,
        cards=exact,
        segments=segments,
        portfolio=_portfolio(house, compared, exact),
        comps=like,
        refused=compared.refused,
        tested=cards.tested,
    )
    if tickets:
        progress("Sharing out the forecast")
        sales, why = expected_sales(house, film)
        if sales is None:
            found = replace(found, notes=(*found.notes, why))
        else:
            people = compared.facts.sheet
            visits = expected_visits(house, film, seed, people)
            found = replace(found, tickets=film_tickets(house, people, exact, sales, visits))
    rows = [a for c in compared.both for n in c.candidates if (a := c.affinities[n])]
    verdict, sentence = verdict_of(found, rows)
    return replace(
        found, verdict=verdict, sentence=sentence, notes=(*notes_of(house, found), *found.notes)
    )


def _bare(
    house: AnalysisSample,
    film: KnownFilm,
    seed: LikelyAudience | None,
    words: tuple[WordMatch, ...],
) -> FilmDiscovery:
    build = house.population.build
    return FilmDiscovery(
        film=film.film,
        title=film.title,
        territory=house.territory,
        as_of=house.day,
        opening=film.opening,
        build=build.id,
        built_on=build.as_of,
        used=() if seed is None else seed.used,
        base_people=0,
        seed_people=0 if seed is None else size(seed.outcome.people),
        interest_people=0 if seed is None else size(seed.interest),
        placebo=None,
        obvious=(),
        obvious_people=0,
        cards=(),
        segments=(),
        portfolio=(),
        comps=(),
        words=words,
        refused=(),
        tickets=None,
        tested=0,
        verdict="cannot tell",
        sentence="",
        notes=(),
        simulated=house.context.settings.simulated,
    )


def _words(
    house: AnalysisSample,
    film: KnownFilm,
    plus: Sequence[str],
    minus: Sequence[str],
    embedding: Path | None,
) -> tuple[WordMatch, ...]:
    mine = house.words[film.film]
    traits = [*basket_traits(house.traits), *(t for t in house.traits if t.family == "genre")]
    vectors = None
    if embedding is not None:
        vectors = load_embedding(embedding, wanted=vocabulary([mine], traits))
    return match_traits(mine, traits, space=house.space, plus=plus, minus=minus, embedding=vectors)


def _segments(house: AnalysisSample, compared: Groups) -> tuple[Segment, ...]:
    """Combinations among the people known to the shop, or else among all."""
    base = compared.baskets or compared.facts
    names = [*base.candidates, *(compared.facts.candidates if compared.baskets else ())]
    held = {t.name for t in base.sheet.traits}
    return find_segments(base.sheet, [n for n in names if n in held], key=house.population.key)


def _portfolio(house: AnalysisSample, compared: Groups, cards: Sequence[Card]) -> tuple[Pick, ...]:
    sheet = compared.facts.sheet
    if not cards or not sheet.seed.any():
        return ()
    masks = rule_masks(sheet, [c.rule for c in cards], house.population.catalogue)
    return portfolio(
        masks,
        [c.name for c in cards],
        [c.rule for c in cards],
        seed=sheet.seed,
        weight=sheet.weight,
    )


def _record(context: Context, found: FilmDiscovery) -> None:
    control.record(
        context.control,
        "discover.film",
        {
            "film": found.film,
            "territory": found.territory,
            "as_of": found.as_of.isoformat(),
            "build": found.build,
            "used": [s.rule for s in found.used],
            "cards": len(found.cards),
            "tested": found.tested,
            "verdict": found.verdict,
        },
    )
