"""What a film's discovery says in all, and what a reader must know of it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from fullhouse.discovery import Affinity
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.discovery.judge import LEAST_OUTCOME
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.view.discovery_words import headline

Verdict = Literal["found", "expected", "guess", "nothing", "cannot tell"]


def verdict_of(found: FilmDiscovery, rows: Iterable[Affinity]) -> tuple[Verdict, str]:
    """The verdict, and the one sentence of it.

    Without a card it is `nothing` where, for most traits tested, a ratio of 2 and of 0.5 are
    both ruled out; else the data cannot tell.
    """
    standings = {c.standing for c in found.cards}
    verdict: Verdict
    if "found" in standings:
        verdict = "found"
    elif "expected" in standings:
        verdict = "expected"
    else:
        tested = [r for r in rows if r.q is not None]
        open_ = sum(r.verdict == "cannot tell" for r in tested)
        verdict = "cannot tell" if not tested or 2 * open_ > len(tested) else "nothing"
    return verdict, headline(replace(found, verdict=verdict))


def notes_of(house: AnalysisSample, found: FilmDiscovery) -> tuple[str, ...]:
    """What the figures cannot say of themselves."""
    notes = []
    film = house.films[found.film]
    mine = house.film_traits.get(film.slug or "")
    few = sum(t.persons for t in mine.both) if mine is not None else 0
    if not found.interest_people:
        notes.append(
            f"{few:,} people showed interest in the film itself: with fewer than {LEAST_OUTCOME}"
            " even a trait that half of them have could not be told from one twice as common."
        )
    if found.placebo is None:
        notes.append("No other film has an audience here that could serve as a placebo.")
    if not house.sources.get("ticket"):
        notes.append("No ticket feed: who goes to the cinema at all is not known.")
    if house.population.build.as_of < house.day:
        notes.append(
            f"Traits look back from {house.population.build.as_of}; the film is told of as of"
            f" {house.day}."
        )
    return tuple(notes)
