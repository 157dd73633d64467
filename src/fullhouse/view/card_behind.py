"""Everything that stands behind each audience, to be opened by whoever doubts it."""

from collections.abc import Mapping, Sequence

from fullhouse.discovery.card import Card, Evidence, Stability
from fullhouse.view.page import Html, kept, table, tag
from fullhouse.view.words.discovery import BASES, MARKS, MEANINGS, ratio_words
from fullhouse.view.words.figures import chance_words, counted, day_words, number_words, share_words

CSS = """
details { border-bottom: 1px solid var(--line); padding: .35rem 0; }
summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
code { font-size: .85rem; overflow-wrap: anywhere; white-space: pre-wrap; }
@media print { details::details-content { content-visibility: visible; block-size: auto;
  display: block; opacity: 1; } }
"""
"""How folded parts look; on paper they stand open."""


def behind_cards(cards: Sequence[Card]) -> Html:
    """A folded part for each card, with every figure of it and what the figure says."""
    names = {c.id: c.name for c in cards}
    return Html("".join(_behind(c, names) for c in cards))


def folded(summary: object, *inside: object) -> Html:
    """A part that opens when its heading is asked for."""
    return tag("details", tag("summary", summary), *inside)


def _behind(card: Card, names: Mapping[str, str]) -> Html:
    heads = [("figure", ""), ("", "n"), ("what it says", "")]
    rows = [(name.replace("_", " "), kept(value), MEANINGS[name]) for name, value in _figures(card)]
    lines = [
        tag("p", tag("code", card.rule)),
        tag("p", f"Traits: {', '.join(card.traits)}; family {card.family}. Id: {card.id}.",
            cls="soft"),
        tag("p", f"{BASES[card.basis].capitalize()}. {_evidence_words(card.evidence)}"),
        tag("p", _stability_words(card.stability)),
        *_overlap(card, names),
        table(heads, rows),
    ]  # fmt: skip
    return folded(card.name, *lines)


def _figures(card: Card) -> list[tuple[str, str]]:
    return [
        ("persons", f"{card.persons:,} of {card.base_people:,}"),
        ("share", share_words(card.share)),
        ("not_moviegoers", f"{card.not_moviegoers:,}"),
        ("likely", f"{card.likely:,}"),
        ("likely_share", share_words(card.likely_share)),
        ("affinity", ratio_words(card.affinity)),
        ("beyond", ratio_words(card.beyond)),
        ("interest", ratio_words(card.interest)),
        ("placebo", ratio_words(card.placebo)),
        ("naive", number_words(card.naive)),
        ("index", ratio_words(card.index)),
        ("p", chance_words(card.p)),
        ("q", chance_words(card.q)),
        ("excess", "not known" if card.excess is None else f"{card.excess:,.1f}"),
        ("extra", f"{card.extra:,}"),
        ("unobviousness", number_words(card.unobviousness)),
        ("size", number_words(card.size)),
        ("strength", number_words(card.strength)),
        ("rank", number_words(card.rank)),
    ]


def _evidence_words(evidence: Evidence) -> str:
    sources = ", ".join(evidence.sources) or "no source of behaviour"
    events = "" if evidence.trait_events is None else f" and {evidence.trait_events:,} events"
    days = ""
    if evidence.since and evidence.until:
        days = f", from {day_words(evidence.since)} to {day_words(evidence.until)}"
    elif evidence.until:
        days = f", up to {day_words(evidence.until)}"
    elif evidence.since:
        days = f", since {day_words(evidence.since)}"
    people = counted(evidence.seed_people, "person")
    return f"Rests on {people} of the likely audience{events}. From {sources}{days}."


def _stability_words(found: Stability) -> str:
    said = f"{MARKS[found.mark].capitalize()}."
    if found.first.value is not None or found.second.value is not None:
        said += f" One half: {ratio_words(found.first)}; the other: {ratio_words(found.second)}."
    if found.again is not None:
        said += (
            f" In {share_words(found.again)} of {found.draws:,} resamples of people the interval"
            " lies above 1."
        )
    return said


def _overlap(card: Card, names: Mapping[str, str]) -> list[Html]:
    if not card.overlap:
        return []
    shared = "; ".join(
        f"{names.get(o.card, o.card)}, {o.persons:,} ({share_words(o.share)})" for o in card.overlap
    )
    return [tag("p", f"Its people who are in another card too: {shared}.")]
