"""A film's discovery in plain words: the headline, what it rests on, what could not be known."""

from collections.abc import Iterable, Sequence

from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.card import Card, FilmDiscovery, Refused, WordMatch
from fullhouse.sample.outcome import Seed
from fullhouse.view.figure_words import counted, share_words
from fullhouse.view.words.figures import day_words

ASSOCIATION = (
    "This is association, never cause: it says whom to look at, not what an advertisement would"
    " change."
)
SOURCES = {"interest": "its own interest", "comps": "films like it", "text": "its own words"}
"""What each kind of seed is called."""
STANDINGS = {
    "found": "found: people who showed interest in this very film",
    "expected": "expected: the audiences of films like it",
    "guess": "guess: the film's words alone, no behaviour",
}
MARKS = {
    "steady": "steady: comes back in each half of the people",
    "shaky": "shaky: does not surely come back",
    "untold": "not tested again",
}
MEANINGS = {
    "persons": "people with the trait, of those who could show it",
    "share": "their share of those who could show it",
    "not_moviegoers": "of them no core moviegoers",
    "likely": "of the likely audience with the trait",
    "likely_share": "their share of the likely audience",
    "index": "their share of the film's events against their share of all events of that kind",
    "naive": "as it looks before anything is held equal; not to be trusted",
    "affinity": "times as likely, among equally active people",
    "beyond": "the same, with what film people know already held equal too",
    "interest": "the affinity with the film's own interest alone",
    "placebo": "the affinity with other films; what is as high here is no taste for this film",
    "p": "how often luck alone would give as much",
    "q": "share of false findings one accepts by believing this one",
    "excess": "of the likely audience more than obvious things foretell",
    "extra": "people in no obvious audience",
    "unobviousness": "share of the log affinity that obvious things do not explain",
    "size": "share of those who could show it",
    "strength": "log of the lower end of beyond",
    "rank": "unobviousness × size × strength; orders the cards",
}
"""What each figure of a card says."""
LISTED = 8


def banners(found: FilmDiscovery) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if found.simulated else []


def title_words(found: FilmDiscovery) -> str:
    """The film's title in quotation marks."""
    return f"“{found.title}”"


def place_words(found: FilmDiscovery) -> str:
    """Which film, where, and when."""
    simulated = ", simulated" if found.simulated else ""
    return f"{found.title}, {found.territory}{simulated}: {when_words(found)}"


def when_words(found: FilmDiscovery) -> str:
    """When the film opens, and from when the discovery is."""
    if found.opening is None:
        opens = "the day it opens is not known"
    else:
        verb = "opens" if found.as_of < found.opening else "opened"
        opens = f"{verb} {day_words(found.opening)}"
    return f"{opens}; as of {day_words(found.as_of)}."


def built_words(found: FilmDiscovery) -> str:
    """From when the figures are, and from which build of traits."""
    return f"As of {day_words(found.as_of)}; {build_words(found)}."


def build_words(found: FilmDiscovery) -> str:
    """The build of traits that the figures are counted from."""
    return f"trait build {found.build} of {day_words(found.built_on)}"


def headline(found: FilmDiscovery) -> str:
    """The one sentence of a discovery, by its verdict."""
    film, known = title_words(found), "beyond what film people already know"
    match found.verdict:
        case "found" | "expected":
            mine = [c for c in found.cards if c.standing == found.verdict] or list(found.cards)
            said = f"{found.verdict.capitalize()}: {counted(len(mine), 'audience')} for {film}"
            return f"{said} {known}{_first(mine)}."
        case "guess":
            count = counted(len(found.cards), "audience")
            return f"A guess from words alone: {count} for {film}{_first(found.cards)}."
        case "nothing":
            return null_words(found)
        case _:
            return f"The data cannot tell who will want {film}."


def null_words(found: FilmDiscovery) -> str:
    """The answer where nothing was found: as plain as a finding."""
    known = ["activity", "luck"] + (["the placebo"] if found.placebo else [])
    return (
        f"Nothing found: none of the {found.tested:,} traits tested goes with {title_words(found)}"
        f" beyond {', '.join(known)} and what film people already know."
    )


def verdict_words(found: FilmDiscovery) -> str:
    """One paragraph on what the verdict means and what to do with it."""
    people = f"{found.seed_people:,} likely people among {found.base_people:,}"
    match found.verdict:
        case "found":
            return (
                f"Compared were {people}; {found.interest_people:,} of the likely showed interest"
                " in this very film. Each audience that is found holds more of them than equally"
                " active people do, and more than fans of its genres and talent and core"
                f" moviegoers would foretell.{_besides(found)}"
            )
        case "expected":
            return (
                f"Compared were {people}, most of whom came to films like it: too few showed"
                f" interest in this very film ({found.interest_people:,}) to find audiences by"
                f" that alone.{_besides(found)} Ask again when its trailer is out and more people"
                " have marked it."
            )
        case "guess":
            return (
                "No behaviour speaks for these audiences yet: they are what the film's own words"
                " point to. Judge each pair of words below, add or strike out with --plus and"
                " --minus, and ask again when people have marked the film."
            )
        case "nothing":
            return (
                f"Compared were {people}. That is an answer: the house knows of no audience to add"
                " to the obvious ones, and none is made up to fill this page."
            )
        case _:
            return (
                f"There are {people}: too few, or too thinly known, to tell an audience from"
                " luck. More sources, a wider choice of comparable films (--comps), or a later"
                " day would do."
            )


def used_words(seed: Seed) -> str:
    """One thing that the answer rests on: its kind, its people, why it is used."""
    kind = SOURCES.get(seed.source, seed.source)
    return f"{kind}: {counted(seed.people, 'person')}, {seed.why}"


def obvious_words(found: FilmDiscovery) -> str:
    """How many people film people know already."""
    if not found.obvious:
        return "No audience counted as obvious."
    return f"Obvious to film people, {counted(found.obvious_people, 'person')} together:"


def tested_words(found: FilmDiscovery) -> str:
    """How many traits were tested on how many people, against which placebo."""
    placebo = f"placebo: {found.placebo}" if found.placebo else "there was no placebo"
    return f"{counted(found.tested, 'trait')} tested on {found.base_people:,} people; {placebo}."


def pair_words(match: WordMatch) -> str:
    """The pairs of words of a match: each of the film, and of the trait where that differs."""
    return ", ".join(a if a == b else f"{a} ~ {b}" for a, b in match.words)


def by_reason(refused: Iterable[Refused]) -> dict[str, list[str]]:
    """Refused traits under the reason they share."""
    found: dict[str, list[str]] = {}
    for each in refused:
        found.setdefault(each.reason, []).append(each.trait)
    return found


def unknowns(found: FilmDiscovery) -> list[str]:
    """What could not be known, one sentence each; the discovery's own notes come after."""
    told = []
    if found.opening is None:
        told.append("The day it opens was not known.")
    if not found.interest_people:
        told.append(
            f"Nobody of the house is known to have shown interest in it by"
            f" {day_words(found.as_of)}: whether its own public is another than that of films like"
            " it cannot be told."
        )
    behaved = [c for c in found.cards if c.standing != "guess"]
    if found.placebo is None and behaved:
        told.append("There was no placebo: what goes with any film at all may stand here too.")
    without = [c.name for c in behaved if c.beyond.value is None]
    if without:
        told.append(f"Beyond the obvious could not be computed for: {'; '.join(without)}.")
    untold = [c.name for c in behaved if c.stability.mark == "untold"]
    if untold:
        told.append(f"Whether it comes back was not tested for: {'; '.join(untold)}.")
    if found.tickets is None:
        told.append("Tickets are not shared out: there is no forecast to share.")
    elif found.tickets.known_share < 1:
        strange = share_words(1 - found.tickets.known_share)
        told.append(f"{strange} of the tickets are expected of people the house does not know.")
    return told


def discovery_lines(found: FilmDiscovery) -> list[str]:
    """What stands beneath the tables on the command line; the verdict's sentence comes after.

    The full label of simulated data is not repeated: a workspace says it once, when it is opened.
    """
    return [
        place_words(found),
        *(_sentence(f"Rests on {used_words(s)} ({s.rule})") for s in found.used),
        f"{tested_words(found)} {built_words(found)}",
        _obvious_line(found),
        *_refused_lines(found.refused),
        *unknowns(found),
        *(f"Note: {n}" for n in found.notes),
        ASSOCIATION,
    ]


def standing_words(card: Card) -> str:
    """How a card is known and whether it comes back, in a few words."""
    mark = card.stability.mark
    return card.standing if mark == "untold" else f"{card.standing}, {mark}"


def outside(card: Card) -> float | None:
    """The share of a card's people who are no core moviegoers; None where it has no people."""
    return card.not_moviegoers / card.persons if card.persons else None


def _first(cards: Sequence[Card]) -> str:
    if not cards:
        return ""
    first = f"{cards[0].name}, {counted(cards[0].persons, 'person')}"
    return f": {first}" if len(cards) == 1 else f"; first of all {first}"


def _besides(found: FilmDiscovery) -> str:
    """How many cards are known in another way than the verdict says."""
    others = [c.standing for c in found.cards if c.standing != found.verdict]
    said = {
        "found": "found",
        "expected": "expected from films like it",
        "guess": "guessed from words",
    }
    counts = [f"{others.count(s):,} {words}" for s, words in said.items() if s in others]
    return f" Besides, {' and '.join(counts)}." if counts else ""


def _obvious_line(found: FilmDiscovery) -> str:
    parts = "; ".join(f"{o.name} ({o.persons:,})" for o in found.obvious)
    return f"{obvious_words(found)} {parts}." if parts else obvious_words(found)


def _refused_lines(refused: Sequence[Refused]) -> list[str]:
    lines = []
    for reason, traits in by_reason(refused).items():
        more = f" and {len(traits) - LISTED:,} more" if len(traits) > LISTED else ""
        lines.append(_sentence(f"Left out, {reason}: {', '.join(traits[:LISTED])}{more}"))
    return lines


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
