"""A discovery in words: the headline, what it rests on, reasons, notes, what is not known."""

from collections.abc import Iterable, Mapping, Sequence

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.affinity import Affinity, OutcomeDiscovery
from fullhouse.discovery.card import (
    Card,
    ComparableFilm,
    FilmDiscovery,
    NoForecast,
    NoKnownShare,
    NoPlacebo,
    Note,
    NoTicketFeed,
    NoTicketPrice,
    OlderTraits,
    RatioEstimate,
    Refused,
    TasteExplains,
    Tickets,
    TooFewInterested,
    WordMatch,
    WordsOnly,
)
from fullhouse.sample.outcome import Seed
from fullhouse.view.words.errors import error_words
from fullhouse.view.words.figures import (
    capital,
    counted,
    day_words,
    number_words,
    share_words,
    text,
)

ASSOCIATION = (
    "This shows who is more likely to be interested, not what an advertisement would change."
)
RANKED = "Ranked by how surprising, large and strong each audience is."
ONCE = "Each person is counted once, in their most specific audience."
SMALLEST_SET = "Smallest set of audiences with the widest reach"

SOURCES = {
    "interest": "the film's own interest",
    "comps": "comparable films",
    "text": "the film's own words",
}
"""What each part of a likely audience is called."""
BASES = {
    "measured": "measured: people who showed interest in this very film",
    "expected": "expected: the audiences of comparable films",
    "guess": "guess: the film's words alone, no behaviour",
}
MARKS = {
    "steady": "steady: the same in each half of the people",
    "shaky": "shaky: may not hold in other people",
    "not_tested": "not tested for stability",
}
CARD_REASONS = {
    "own_interest": "people who showed interest in the film itself, beyond the obvious",
    "comps_before_any_interest": (
        "audiences of comparable films; nobody has shown interest in this one yet"
    ),
    "comps_not_contradicted": (
        "audiences of comparable films; the film's own interest does not contradict them"
    ),
    "comps_interest_too_small": (
        "audiences of comparable films; too few have shown interest in this one to compare"
    ),
    "words": "the film's words: {words}",
    "chosen_by_user": "added by you",
}
"""Why a card is there."""
REASONS: Mapping[str, str] = {
    "beyond_placebo": "goes with it, beyond the placebo",
    "no_placebo_given": "goes with it; no placebo was given",
    "placebo_not_testable": "goes with it, but the placebo is too small to compare",
    "placebo_may_show_as_much": "goes with it, but the placebo may show as much",
    "placebo_shows_as_much": "the placebo shows as much",
    "chance_not_excluded": "may be chance, but a ratio of 2 or of 0.5 is not ruled out",
    "leftover_activity": "so near to 1 that leftover activity can explain it",
    "chance": "no more than chance",
    "named_in_rule": "the outcome's rule names it",
    "family_in_rule": "the outcome's rule names a trait of its family",
    "same_film": "it is about the outcome's own film",
    "only_outcome_events": "all its events are the outcome's",
    "same_people": "the same people",
    "outcome_or_its_films": "it is the outcome, or another trait of its films",
    "is_activity": "it is activity itself, which is adjusted for",
    "outcome_too_small": "too few people are in the outcome",
    "everyone_has_it": "everyone in the base has it",
    "nobody_has_it": "nobody in the base has it",
    "no_comparable_people": ("nobody in the outcome is as active as people with and without it"),
    "too_few_expected": (
        "chance alone would give too few people with it, or without it, in the outcome or out of it"
    ),
}
"""Why a trait has its verdict, or was left out."""
VERDICTS: Mapping[str, str] = {
    "associated": "associated",
    "avoided": "avoided",
    "no_association": "no association",
    "cannot_tell": "cannot tell",
    "is_outcome": "is the outcome",
}
OUTCOME_NOTES: Mapping[str, str] = {
    "listed_outcome": (
        "The outcome has a saved list in it: the events behind the list are not known, so a trait"
        " may be the outcome itself, and activity is adjusted for only in the trait's own kind of"
        " event."
    ),
    "outcome_of_facts": (
        "The outcome is made of facts, not of events: activity is adjusted for only in the trait's"
        " own kind of event, and not at all for other facts."
    ),
    "outcome_of_answers": (
        "The outcome is made of stated answers, which count as facts: how many answers somebody"
        " gave is not adjusted for."
    ),
    "few_items": (
        "The outcome's kind of event is about fewer than 50 different things, and people with"
        " equally many events are compared: there, liking one thing makes liking another less"
        " likely, so that a trait can look avoided that is not. Where everybody answered the same"
        " questions, count the answers as facts (answers), or compare people alike in facts such as"
        " gender and age instead of activity."
    ),
    "nothing_adjusted_for": (
        "Nothing is adjusted for: whoever does more of everything goes with everything."
    ),
    "activity_not_adjusted_for": (
        "Activity is not adjusted for: people who do more of everything may stand out."
    ),
    "no_placebo_given": "No placebo was given: name a similar outcome that should show nothing.",
}
MEANINGS = {
    "persons": "people with the trait, of those who could show it",
    "share": "their share of those who could show it",
    "not_moviegoers": "of them no core moviegoers",
    "likely": "of the likely audience with the trait",
    "likely_share": "their share of the likely audience",
    "index": "their share of the film's events against their share of all events of that kind",
    "naive": "before any adjustment; not to be trusted",
    "affinity": "times as likely, among equally active people",
    "beyond": "the same, adjusted for what film people know already too",
    "interest": "the affinity with the film's own interest alone",
    "placebo": "the affinity with other films; what is as high here is no taste for this film",
    "p": "how often chance alone would give as much",
    "q": "share of false discoveries one accepts by believing this one",
    "excess": "of the likely audience more than obvious things predict",
    "extra": "people in no obvious audience",
    "unobviousness": "share of the log affinity that obvious things do not explain",
    "size": "share of those who could show it",
    "strength": "log of the lower end of beyond",
    "rank": "unobviousness × size × strength; orders the cards",
}
"""What each figure of a card means."""
LISTED = 8


# A film's discovery --------------------------------------------------------------------------


def banners(discovery: FilmDiscovery) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if discovery.simulated else []


def title_words(discovery: FilmDiscovery) -> str:
    """The film's title in quotation marks."""
    return f"“{discovery.title}”"


def place_words(discovery: FilmDiscovery) -> str:
    """Which film, where, and when."""
    simulated = ", simulated" if discovery.simulated else ""
    return f"{discovery.title}, {discovery.territory}{simulated}: {when_words(discovery)}"


def when_words(discovery: FilmDiscovery) -> str:
    """When the film opens, and from when the discovery is."""
    as_of = day_words(discovery.as_of)
    if discovery.opening is None:
        return text("the opening day is not known; as of {as_of}.", as_of=as_of)
    day = day_words(discovery.opening)
    if discovery.as_of < discovery.opening:
        return text("opens {day}; as of {as_of}.", day=day, as_of=as_of)
    return text("opened {day}; as of {as_of}.", day=day, as_of=as_of)


def as_of_words(discovery: FilmDiscovery) -> str:
    """From when the figures are."""
    return text("As of {as_of}, from the house's own data.", as_of=day_words(discovery.as_of))


def build_words(discovery: FilmDiscovery) -> str:
    """The build of traits that the figures are counted from: for whoever checks them."""
    return text(
        "Figures of {as_of}, from trait build {build} of {built_on}.",
        as_of=day_words(discovery.as_of),
        build=discovery.build,
        built_on=day_words(discovery.built_on),
    )


def dated_words(discovery: FilmDiscovery) -> str:
    """From when the figures and the traits behind them are."""
    return text(
        "Figures of {as_of}, from traits of {built_on}.",
        as_of=day_words(discovery.as_of), built_on=day_words(discovery.built_on),
    )  # fmt: skip


def headline(discovery: FilmDiscovery) -> str:
    """The one sentence of a discovery, by its verdict."""
    film = title_words(discovery)
    match discovery.verdict:
        case "measured" | "expected":
            cards = [c for c in discovery.cards if c.basis == discovery.verdict]
            template = (
                "{count} for {film} beyond what film people already know{first}."
                if discovery.verdict == "measured"
                else "{count} expected for {film}, from comparable films{first}."
            )
            count = counted(len(cards), "audience")
            return text(template, count=count, film=film, first=_first(cards))
        case "guess":
            return text(
                "A guess from words alone: {count} for {film}{first}.",
                count=counted(len(discovery.cards), "audience"),
                film=film,
                first=_first(discovery.cards),
            )
        case "no_audience":
            return null_words(discovery)
        case _:
            return text("The data cannot tell who will want {film}.", film=film)


def null_words(discovery: FilmDiscovery) -> str:
    """The answer where there is no audience: as plain as one."""
    explained = ["activity", "chance"] + (["the placebo"] if discovery.placebo else [])
    return text(
        "Nothing found: none of the {tested} traits tested goes with {film} beyond {explained} and"
        " what film people already know.",
        tested=f"{discovery.tested:,}",
        film=title_words(discovery),
        explained=", ".join(explained),
    )


def verdict_words(discovery: FilmDiscovery) -> str:
    """One paragraph on what the verdict means, what to do with it, and what was out of reach."""
    return _verdict_alone(discovery) + least_affinity_words(discovery)


def least_affinity_words(discovery: FilmDiscovery | OutcomeDiscovery) -> str:
    """From which affinity on an audience would have been noticed; nothing where none was tested."""
    if discovery.least_affinity is None:
        return ""
    template = (
        " With so many people, an audience of typical size is noticed only if it is at least about"
        " {least} times as likely as others to want the film."
        if isinstance(discovery, FilmDiscovery)
        else " With so many people, a trait of typical size is noticed only if its affinity is at"
        " least about {least}."
    )
    return text(template, least=f"{discovery.least_affinity:.1f}")


def _verdict_alone(discovery: FilmDiscovery) -> str:
    people = text(
        "{likely} likely people among {base}",
        likely=f"{discovery.seed_people:,}",
        base=f"{discovery.base_people:,}",
    )
    interested = f"{discovery.interest_people:,}"
    match discovery.verdict:
        case "measured":
            return text(
                "We compared {people}; {interested} of the likely showed interest in this very"
                " film. Each measured audience holds more of them than equally active people do,"
                " and more than fans of its genres and talent and core moviegoers would"
                " predict.{others}",
                people=people,
                interested=interested,
                others=_others(discovery),
            )
        case "expected":
            return text(
                "We compared {people}, most of whom saw comparable films: too few showed interest"
                " in this very film ({interested}) to go by that alone.{others} Ask again when its"
                " trailer is out and more people have marked it.",
                people=people,
                interested=interested,
                others=_others(discovery),
            )
        case "guess":
            return text(
                "No behaviour supports these audiences yet: they come from the film's own words."
                " Check each pair of words below, add or remove words, and ask again when people"
                " have marked the film."
            )
        case "no_audience":
            return text(
                "We compared {people}. That is an answer: hardly any trait that one in a hundred"
                " people have can double how likely they are to want the film. So there is no"
                " audience to add to the obvious ones, and none is invented to fill this page.",
                people=people,
            )
        case _ if discovery.interest_people < discovery.seed_people:
            return text(
                "There are {people}, of whom {interested} showed interest in the film itself: too"
                " few, or too thinly known, to tell an audience from chance. More sources, other"
                " comparable films, or a later day would help.",
                people=people,
                interested=interested,
            )
        case _:
            return text(
                "There are {people}: too few, or too thinly known, to tell an audience from"
                " chance. More sources, other comparable films, or a later day would help.",
                people=people,
            )


def used_words(seed: Seed) -> str:
    """One thing that the answer rests on: its kind, its people, why it is used."""
    kind, people = SOURCES[seed.source], counted(seed.people, "person")
    return text("{kind}: {people}, {why}", kind=kind, people=people, why=seed_reason(seed))


def seed_reason(seed: Seed) -> str:
    """Why a part of the likely audience is used."""
    if seed.source == "text":
        return text("its title, synopsis, keywords and genres")
    if seed.source == "comps":
        return text("chosen by you") if seed.chosen_by_user else text("audiences of films like it")
    parts = []
    if seed.wants is not None:
        parts.append(text("{wants} marked it “want to see”", wants=f"{seed.wants:,}"))
    if seed.saw is not None:
        template = "{saw} saw it" if seed.opened else "{saw} bought a ticket or watched its trailer"
        parts.append(text(template, saw=f"{seed.saw:,}"))
    return " and ".join(parts)


def obvious_words(discovery: FilmDiscovery) -> str:
    """How many people film people know already."""
    if not discovery.obvious:
        return text("No audience counted as obvious.")
    people = counted(discovery.obvious_people, "person")
    return text("Obvious to film people, {people} together:", people=people)


def tested_words(discovery: FilmDiscovery) -> str:
    """How many traits were tested on how many people, against which placebo."""
    placebo = text("placebo: {rule}", rule=discovery.placebo) if discovery.placebo else ""
    return text(
        "{traits} tested on {people} people; {placebo}.",
        traits=counted(discovery.tested, "trait"),
        people=f"{discovery.base_people:,}",
        placebo=placebo or text("there was no placebo"),
    )


def compared_words(discovery: FilmDiscovery) -> str:
    """How many traits were compared among how many people, and whether beside a placebo."""
    return text(
        "{traits} were compared among {people} people, and beside other films as a placebo."
        if discovery.placebo
        else "{traits} were compared among {people} people; there was no placebo.",
        traits=counted(discovery.tested, "trait"), people=f"{discovery.base_people:,}",
    )  # fmt: skip


def card_reason(card: Card) -> str:
    """Why a card is there."""
    return text(CARD_REASONS[card.reason], words=pairs_words(card.words))


def pair_words(match: WordMatch) -> str:
    """The pairs of words of a match: each of the film, and of the trait where that differs."""
    return pairs_words(match.words)


def pairs_words(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs of words that were taken to mean the same.

    >>> pairs_words([("dog", "dog"), ("garden", "gardening")])
    'dog, garden ~ gardening'
    """
    return ", ".join(a if a == b else f"{a} ~ {b}" for a, b in pairs)


def comparable_words(film: ComparableFilm) -> str:
    """What a comparable film has in common with this one, and why it is not used, if so."""
    parts = [text("you named it")] if film.chosen_by_user else []
    parts += [f"not used: {UNUSED[film.unused]}"] if film.unused else []
    if film.same_series:
        series = text("the same series: {series}", series=film.series)
        parts.append(series if film.series else text("the same series"))
    if film.names:
        parts.append(text("both with {names}", names=", ".join(film.names)))
    if film.goes_with or film.unused == "avoided":
        parts.append(
            text(
                "seen {times} times as often by those who want to see this film as by others as"
                " active ({interval})",
                times=number_words(film.together.value),
                interval=interval_words(film.together),
            )
        )
    if film.shared_words:
        template = "similar texts: {words}" if film.texts_alike else "both texts: {words}"
        parts.append(text(template, words=", ".join(film.shared_words)))
    if film.genres:
        parts.append(text("both {genres}", genres=", ".join(g.lower() for g in film.genres)))
    return "; ".join(parts)


UNUSED = {
    "avoided": "those who want to see this film went to it less",
    "no_audience": "nobody here is known to have seen it",
    "outweighed": "others are more similar, and are enough or would be outweighed",
    "unlike": "no series or talent in common, and texts no more similar than by chance",
    "not_surely_together": (
        "no series or talent in common, texts no more similar than by chance, and not clearly seen"
        " by the same people"
    ),
}
"""Why a comparable film is not used."""


def by_reason(refused: Iterable[Refused]) -> dict[str, list[str]]:
    """Refused traits under the words of the reason they share."""
    traits: dict[str, list[str]] = {}
    for each in refused:
        traits.setdefault(REASONS[each.reason], []).append(each.trait)
    return traits


def note_words(note: Note) -> str:
    """A note as a sentence."""
    match note:
        case WordsOnly():
            return text("Nobody's behaviour supports these audiences: they come from words alone.")
        case TooFewInterested(interested, needed):
            return text(
                "{interested} people showed interest in the film itself; fewer than {needed} are"
                " too few to compare.",
                interested=f"{interested:,}",
                needed=needed,
            )
        case NoPlacebo():
            return text("No other film has an audience here that could serve as a placebo.")
        case TasteExplains(audiences):
            return text(
                "No audiences of their own, as films with the same fans draw them as much: {who}.",
                who="; ".join(audiences),
            )
        case NoTicketFeed():
            return text("There is no ticket feed: who goes to the cinema at all is not known.")
        case OlderTraits(built_on, as_of):
            return text(
                "Traits look back from {built_on}; the film is as known on {as_of}.",
                built_on=day_words(built_on),
                as_of=day_words(as_of),
            )
        case NoForecast(error, message, facts):
            problem = message or error_words(CannotTellError(code=error, **facts))
            return text("No tickets are shown: {problem}", problem=problem)
        case NoTicketPrice(currency):
            return text(
                "No tickets are shown: no ticket price in {currency} is known.", currency=currency
            )
        case NoKnownShare():
            return text(
                "No tickets are shown: no past film has both its gross and the house's own sales"
                " over its run, so which share of tickets the house's people buy is not known."
            )


def notes_words(discovery: FilmDiscovery) -> list[str]:
    """The discovery's notes, one sentence each."""
    return [note_words(note) for note in discovery.notes]


def unknowns(discovery: FilmDiscovery) -> list[str]:
    """What is not known, one sentence each; the discovery's own notes come after."""
    lines = []
    if discovery.opening is None:
        lines.append(text("The opening day is not known."))
    if not discovery.interest_people:
        lines.append(
            text(
                "Nobody of the house is known to have shown interest in it by {day}: whether its"
                " own audience differs from that of comparable films is not known.",
                day=day_words(discovery.as_of),
            )
        )
    behaved = [c for c in discovery.cards if c.basis != "guess"]
    if discovery.placebo is None and behaved:
        lines.append(text("There was no placebo: what goes with any film may be here too."))
    without = "; ".join(c.name for c in behaved if c.beyond.value is None)
    if without:
        lines.append(text("Beyond the obvious could not be computed for: {cards}.", cards=without))
    untested = "; ".join(c.name for c in behaved if c.stability.mark == "not_tested")
    if untested:
        lines.append(text("Stability was not tested for: {cards}.", cards=untested))
    if discovery.tickets is None:
        lines.append(text("Tickets are not shared out: there is no forecast to share."))
    elif discovery.tickets.known_share < 1:
        share = share_words(1 - discovery.tickets.known_share)
        template = "{share} of the tickets are expected from people whom the house does not know."
        lines.append(text(template, share=share))
    return lines


def tickets_words(tickets: Tickets) -> str:
    """What the film is expected to sell."""
    return text(
        "We expect about {total} tickets (likely {low} to {high}, 80 % range), at"
        " {price} {currency} a ticket. People of the house buy {share} of them.",
        total=f"{tickets.total:,.0f}",
        low=f"{tickets.low:,.0f}",
        high=f"{tickets.high:,.0f}",
        price=f"{tickets.price:,.2f}",
        currency=tickets.currency,
        share=share_words(tickets.known_share),
    )


def tickets_method(tickets: Tickets) -> list[str]:
    """How the tickets were computed."""
    return [
        text(
            "A ticket costs {price} {currency}, the mean of the house's own sales of a year.",
            price=f"{tickets.price:,.2f}",
            currency=tickets.currency,
        ),
        text(
            "The house's people buy {share} of a film's tickets, the median of past films.",
            share=share_words(tickets.known_share),
        ),
    ]


def discovery_lines(discovery: FilmDiscovery) -> list[str]:
    """What is printed beneath the tables on the command line; the headline comes after.

    The full label of simulated data is not repeated: a workspace shows it once, when it is opened.
    """
    return [
        place_words(discovery),
        *(_sentence(f"Rests on {used_words(s)} ({s.rule})") for s in discovery.used),
        f"{tested_words(discovery)} {build_words(discovery)}",
        _obvious_line(discovery),
        *([least.strip()] if (least := least_affinity_words(discovery)) else []),
        *_refused_lines(discovery.refused),
        *unknowns(discovery),
        *(f"Note: {n}" for n in notes_words(discovery)),
        ASSOCIATION,
    ]


def basis_words(card: Card) -> str:
    """How a card is known and whether it is stable, in a few words."""
    mark = card.stability.mark
    return card.basis if mark == "not_tested" else f"{card.basis}, {mark}"


def outside(card: Card) -> float | None:
    """The share of a card's people who are no core moviegoers; None where it has no people."""
    return card.not_moviegoers / card.persons if card.persons else None


def _first(cards: Sequence[Card]) -> str:
    if not cards:
        return ""
    first = f"{cards[0].name}, {counted(cards[0].persons, 'person')}"
    return f": {first}" if len(cards) == 1 else f"; first of all {first}"


def _others(discovery: FilmDiscovery) -> str:
    """How many cards are known in another manner than the verdict says."""
    bases = [c.basis for c in discovery.cards if c.basis != discovery.verdict]
    words = {
        "measured": "measured",
        "expected": "expected from comparable films",
        "guess": "guessed from words",
    }
    counts = [f"{bases.count(b):,} {w}" for b, w in words.items() if b in bases]
    return f" Besides, {' and '.join(counts)}." if counts else ""


def _obvious_line(discovery: FilmDiscovery) -> str:
    parts = "; ".join(f"{o.name} ({o.persons:,})" for o in discovery.obvious)
    return f"{obvious_words(discovery)} {parts}." if parts else obvious_words(discovery)


def _refused_lines(refused: Sequence[Refused]) -> list[str]:
    lines = []
    for reason, traits in by_reason(refused).items():
        more = f" and {len(traits) - LISTED:,} more" if len(traits) > LISTED else ""
        lines.append(_sentence(f"Left out, {reason}: {', '.join(traits[:LISTED])}{more}"))
    return lines


def _sentence(words: str) -> str:
    return f"{capital(words).rstrip('.')}."


# A discovery of any outcome ----------------------------------------------------------------------


def outcome_headline(result: OutcomeDiscovery) -> str:
    """The one sentence of an outcome's discovery, by its verdict."""
    people, tested = f"{result.outcome_people:,}", f"{result.tested:,}"
    match result.verdict, result.reason:
        case "associated", _:
            best = result.of("associated")[0]
            return text(
                "{count} of {tested} traits tested go with '{rule}'. Strongest: {label}, {times}"
                " times as likely ({interval}) among {alike}.{least}",
                count=f"{len(result.of('associated')):,}",
                tested=tested,
                rule=result.outcome,
                label=best.label,
                times=number_words(best.ratio),
                interval=interval_words(RatioEstimate(best.ratio, best.low, best.high)),
                alike=_alike(result),
                least=least_affinity_words(result),
            )
        case "no_association", _:
            return text(
                "Nothing found: none of the {tested} traits tested goes with '{rule}' beyond"
                " activity, chance and the placebo.{least}",
                tested=tested,
                rule=result.outcome,
                least=least_affinity_words(result),
            )
        case _, "outcome_too_small":
            return text(
                "The data cannot tell: {people} people are in the outcome '{rule}', and fewer than"
                " {needed} are too few to compare. A wider rule, a longer window or more sources"
                " would help.",
                people=people,
                rule=result.outcome,
                needed=result.needed,
            )
        case _, "nothing_testable":
            return text(
                "The data cannot tell: the outcome '{rule}' has {people} people, but no trait is"
                " common enough among people as active as they are. A wider rule or base would"
                " help.",
                people=people,
                rule=result.outcome,
            )
        case _:
            return text(
                "The data cannot tell: none of the {tested} traits tested differs clearly from"
                " chance, but with {people} people in the outcome '{rule}' a ratio of 2 or of 0.5"
                " is not ruled out for {undecided} of them. More people, or fewer traits, would"
                " help.{least}",
                tested=tested,
                people=people,
                rule=result.outcome,
                undecided=f"{result.undecided:,}",
                least=least_affinity_words(result),
            )


def _alike(result: OutcomeDiscovery) -> str:
    """Who is compared with whom."""
    if "nothing_adjusted_for" in result.notes:
        return text("all people of the base")
    if "activity_not_adjusted_for" in result.notes:
        return text("people alike in {facts}", facts=", ".join(result.adjusted_for))
    if result.adjusted_for:
        facts = ", ".join(result.adjusted_for)
        return text("people equally active and alike in {facts}", facts=facts)
    return text("equally active people")


def outcome_lines(result: OutcomeDiscovery, rows: int) -> list[str]:
    """What the answer rests on, line by line."""
    placebo = "" if result.placebo_people is None else f"; placebo: {result.placebo_people:,}"
    outside_base = (
        f" ({result.outcome_outside:,} more outside it)" if result.outcome_outside else ""
    )
    lines = [
        f"Traits as of {result.as_of} (build {result.build}). Base: {result.base_people:,} people;"
        f" outcome: {result.outcome_people:,} of them{outside_base}{placebo}.",
        f"{result.refused:,} left out: no consent for analytics.",
        f"{result.tested:,} traits tested, {result.too_few:,} with too few people,"
        f" {result.excluded:,} that are the outcome itself; {rows:,} in the table.",
        f"Compared within activity strata: {result.strata}.",
    ]
    own = [r.trait for r in result.of("is_outcome")]
    if own:
        more = f" and {len(own) - LISTED:,} more" if len(own) > LISTED else ""
        lines.append(f"Is the outcome itself: {', '.join(own[:LISTED])}{more}.")
    return lines + [f"Note: {OUTCOME_NOTES[n]}" for n in result.notes]


def affinity_words(row: Affinity) -> str:
    """A trait's verdict in a word or two."""
    return VERDICTS[row.verdict]


def ratio_words(estimate: RatioEstimate) -> str:
    """A ratio with its 95 % interval; an open end is an ellipsis.

    >>> ratio_words(Estimate(2.414, 1.8, None)), ratio_words(Estimate())
    ('2.41 (1.80–…)', 'not known')
    """
    if estimate.value is None or (estimate.low is None and estimate.high is None):
        return number_words(estimate.value)
    return f"{number_words(estimate.value)} ({interval_words(estimate)})"


def interval_words(estimate: RatioEstimate) -> str:
    """The 95 % interval of a ratio; an open end is an ellipsis."""
    low, high = ("…" if e is None else number_words(e) for e in (estimate.low, estimate.high))
    return f"{low}–{high}"
