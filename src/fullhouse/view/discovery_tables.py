"""The tables on the page of a film's audiences, and each of them as data."""

from collections.abc import Callable, Mapping
from typing import Any

from fullhouse.discovery.card import ComparableFilm, Estimate, FilmDiscovery, Pick, Segment
from fullhouse.view.card_behind import folded
from fullhouse.view.page import Html, csv_of, data_link, kept, section, table, tag
from fullhouse.view.words.discovery import as_of_words, comparable_words, interval_words, pair_words
from fullhouse.view.words.figures import chance_words, day_words, number_words, share_words

NUMBER, WORDS = "n", ""
FEW = 8
"""Longer lists than this are folded."""


def segments_section(found: FilmDiscovery) -> list[Html]:
    """The combinations of traits that held on people who did not help to find them."""
    if not found.segments:
        return []
    heads = [
        ("people who", WORDS), ("people", NUMBER), ("likely", NUMBER),
        ("times as likely", NUMBER), ("against its best part", NUMBER), ("q", NUMBER),
    ]  # fmt: skip
    words = (
        "Searched on one half of the people and measured on the other, so that chance alone"
        f" makes no combination. {as_of_words(found)} "
    )
    rows = [_segment(s) for s in found.segments]
    said = tag("p", words, table_link(found, "segments"), cls="soft")
    return [section("Combinations that say more than their parts", table(heads, rows), said)]


def _segment(segment: Segment) -> tuple[object, ...]:
    return (
        Html(tag("span", segment.name) + tag("small", tag("code", segment.rule))),
        f"{segment.persons:,}",
        f"{segment.likely:,}",
        _ratio(segment.ratio),
        _ratio(segment.over_parts),
        kept(chance_words(segment.q)),
    )


def portfolio_section(found: FilmDiscovery) -> list[Html]:
    """The segments to take one after the other, with what each adds."""
    if not found.portfolio:
        return []
    heads = [
        ("add, in this order", WORDS), ("people", NUMBER), ("new people", NUMBER),
        ("likely", NUMBER), ("new likely", NUMBER), ("likely covered", NUMBER), ("", WORDS),
        ("of all people", NUMBER),
    ]  # fmt: skip
    before = [0.0, *(p.covered for p in found.portfolio)]
    rows = [_pick(p, b) for p, b in zip(found.portfolio, before, strict=False)]
    last = found.portfolio[-1]
    words = (
        f"Together they reach {share_words(last.covered)} of the likely audience with"
        f" {share_words(last.reached)} of all people. Dark: what each adds to those before it."
        f" {as_of_words(found)} "
    )
    said = tag("p", words, table_link(found, "portfolio"), cls="soft")
    return [section("Smallest set of audiences with the widest reach", table(heads, rows), said)]


def _pick(pick: Pick, before: float) -> tuple[object, ...]:
    name = Html(tag("span", pick.name) + tag("small", tag("code", pick.rule)))
    return (
        name,
        f"{pick.persons:,}",
        f"{pick.new_persons:,}",
        f"{pick.likely:,}",
        f"{pick.new_likely:,}",
        kept(share_words(pick.covered)),
        _stacked(before, pick.covered),
        kept(share_words(pick.reached)),
    )


def _stacked(before: float, now: float) -> Html:
    """A bar of what was covered before, and of what is new."""
    start = min(1.0, max(0.0, before))
    new = min(1.0 - start, max(0.0, now - start))
    bars = f'<i style="width:{100 * start:.1f}%"></i><b style="width:{100 * new:.1f}%"></b>'
    return Html(f'<div class="stack">{bars}</div>')


def comps_section(found: FilmDiscovery) -> list[Html]:
    """The films whose audiences stand in for this one's, and why."""
    if not found.comps:
        return []
    heads = [
        ("film", WORDS), ("people", NUMBER), ("alike", NUMBER), ("words", NUMBER),
        ("talent", NUMBER), ("seen together", NUMBER),
    ]  # fmt: skip
    words = (
        "Words and talent: likeness from 0 to 1. Seen together: how many times as likely who showed"
        " interest in this film is to have seen that one, activity held equal."
        f" {as_of_words(found)} "
    )
    said = tag("p", words, table_link(found, "comps"), cls="soft")
    return [section("Films like it", table(heads, [_comp(c) for c in found.comps]), said)]


def _comp(comp: ComparableFilm) -> tuple[object, ...]:
    opened = "" if comp.opening is None else f" ({comp.opening.year})"
    why = "; ".join(w for w in (comparable_words(comp), "used" if comp.used else "") if w)
    opening = "" if comp.opening is None else f"{day_words(comp.opening, short=True)}. "
    return (
        Html(tag("span", f"{comp.title}{opened}") + tag("small", f"{opening}{capital(why)}.")),
        f"{comp.people:,}",
        kept(number_words(comp.likeness)),
        kept(number_words(comp.text)),
        kept(number_words(comp.talent)),
        _ratio(comp.together),
    )


def words_section(found: FilmDiscovery) -> list[Html]:
    """The traits that the film's words point to, with the words."""
    if not found.words:
        return []
    heads = [("trait", WORDS), ("film ~ trait", WORDS), ("score", NUMBER)]
    given = {"plus": "added by you with --plus", "minus": "struck out by you with --minus"}
    rows = [
        (
            Html(tag("span", m.label) + tag("small", tag("code", m.trait))),
            "; ".join(w for w in (pair_words(m), given.get(m.given, "")) if w) or "-",
            number_words(m.score),
        )
        for m in found.words
    ]
    words = (
        "Each pair was taken to mean the same. Add a word that is missing with --plus WORD and"
        f" strike out one that misleads with --minus WORD. {as_of_words(found)} "
    )
    shown = [table(heads, rows[:FEW])]
    if len(rows) > FEW:
        shown.append(folded(f"{len(rows) - FEW:,} more", table(heads, rows[FEW:])))
    said = tag("p", words, table_link(found, "words"), cls="soft")
    return [section("What its words point to", *shown, said)]


TABLES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cards": lambda told: told["cards"],
    "segments": lambda told: told["segments"],
    "portfolio": lambda told: told["portfolio"],
    "comps": lambda told: told["comps"],
    "words": lambda told: told["words"],
    "tickets by audience": lambda told: told["tickets"]["audiences"],
}
"""What can be had as a table, and where it stands in the whole."""


def table_link(found: FilmDiscovery, name: str) -> Html:
    """A link that saves one of the tables of a discovery as CSV."""
    rows = [_flat(row) for row in TABLES[name](found.to_dict())]
    file = f"{found.film}-{name.replace(' ', '-')}.csv"
    return data_link("Download as data", file, csv_of(rows), "text/csv")


def _flat(row: Mapping[str, Any], start: str = "") -> dict[str, Any]:
    """A row without rows in it: `beyond.low` becomes `beyond_low`, lists become text."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{start}{name}_")
        elif isinstance(value, list):
            flat[start + name] = "; ".join(_listed(v) for v in value)
        else:
            flat[start + name] = value
    return flat


def _listed(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(v) for v in value.values())
    return " ~ ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ratio(estimate: Estimate) -> Html:
    if estimate.value is None:
        return kept("not known")
    return kept(number_words(estimate.value), f"({interval_words(estimate)})")


def capital(words: str) -> str:
    """The words with a capital letter first."""
    return f"{words[:1].upper()}{words[1:]}"
