"""The page of a film's audiences: what a studio marketer opens, one file that needs no network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from fullhouse.discovery.card import (
    FilmDiscovery,
)
from fullhouse.propensity.propensity import ModelCard
from fullhouse.view.card_behind import CSS as FOLDED_CSS
from fullhouse.view.card_behind import behind_cards, folded
from fullhouse.view.card_forest import HOW as FOREST_HOW
from fullhouse.view.card_forest import card_forest, forest_rows
from fullhouse.view.card_strip import CSS as CARD_CSS
from fullhouse.view.card_strip import card_tiles
from fullhouse.view.city_chart import HOW as CITY_HOW
from fullhouse.view.city_chart import city_chart, city_rows, groups_table
from fullhouse.view.discovery_tables import (
    FEW,
    NUMBER,
    WORDS,
    capital,
    comps_section,
    portfolio_section,
    segments_section,
    table_link,
    words_section,
)
from fullhouse.view.model_card import model_json, model_section
from fullhouse.view.overlap_chart import HOW as OVERLAP_HOW
from fullhouse.view.overlap_chart import overlap_chart, overlap_rows
from fullhouse.view.page import (
    Html,
    data_link,
    document,
    figure,
    items,
    json_of,
    section,
    table,
    tag,
)
from fullhouse.view.words.discovery import (
    ASSOCIATION,
    BASES,
    ONCE,
    RANKED,
    as_of_words,
    banners,
    build_words,
    by_reason,
    headline,
    notes_words,
    obvious_words,
    place_words,
    tested_words,
    tickets_method,
    tickets_words,
    unknowns,
    used_words,
    verdict_words,
    when_words,
)
from fullhouse.view.words.figures import counted, day_words

WIDE, NARROW = 700, 340
ORDER = f"{RANKED} Extra reach: its people in no obvious audience."
CSS = """
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
td { overflow-wrap: break-word; } td:first-child { min-width: 8.5rem; }
td small code { overflow-wrap: anywhere; }
.stack { display: flex; height: .7rem; min-width: 6rem; background: var(--line);
  border-radius: .2rem; overflow: hidden; print-color-adjust: exact; }
.stack i { background: var(--soft); opacity: .55; print-color-adjust: exact; }
.stack b { background: var(--mark); print-color-adjust: exact; }
"""


def discovery_page(
    found: FilmDiscovery,
    *,
    model: ModelCard | None = None,
) -> str:
    """A page of HTML on the audiences of a film, or on there being none.

    The page holds its charts and their data, and asks no other place for anything.
    """
    parts = [
        *_head(found),
        _used(found),
        *cards_section(found),
        *_overlap(found),
        *segments_section(found),
        *portfolio_section(found),
        *tickets_section(found),
        *comps_section(found),
        *words_section(found),
        *_refused(found),
        *([model_section(model)] if model else []),
        *_unknown(found),
        _foot(found, model),
    ]
    page = document(f"{found.title}: audiences as of {day_words(found.as_of)}", parts)
    # The page's own style comes first, and nothing before it can hold this tag: all is escaped.
    return page.replace("</style>", f"{CARD_CSS}{FOLDED_CSS}{CSS}</style>", 1)


def _head(found: FilmDiscovery) -> list[Html]:
    said = headline(found)
    return [
        *(tag("p", words, cls="banner") for words in banners(found)),
        tag("h1", found.title),
        tag("p", f"{found.territory}, {when_words(found)}", cls="soft"),
        tag("p", said, cls="headline"),
        tag("p", verdict_words(found)),
        tag("p", ASSOCIATION),
    ]


def _used(found: FilmDiscovery) -> Html:
    lines = [
        Html(tag("span", f"{capital(used_words(s))} ") + tag("code", s.rule)) for s in found.used
    ]
    parts = [
        items(lines) if lines else tag("p", "Nothing that the house knows speaks for this film."),
        tag("p", tested_words(found)),
        tag("p", obvious_words(found)),
        *_obvious(found),
        _dated(found),
    ]
    return section("What it rests on", *parts)


def _obvious(found: FilmDiscovery) -> list[Html]:
    lines = [
        Html(tag("span", f"{o.name}, {counted(o.persons, 'person')} ") + tag("code", o.rule))
        for o in found.obvious
    ]
    return [items(lines)] if lines else []


def cards_section(found: FilmDiscovery, *, behind: bool = True) -> list[Html]:
    """The audiences as cards and as a chart; with `behind`, every figure of each too."""
    if not found.cards:
        return []
    shown = {c.basis for c in found.cards}
    key = " ".join(f"{capital(words)}." for name, words in BASES.items() if name in shown)
    parts = [
        card_tiles(found.cards),
        tag("p", f"{ORDER} {key} {as_of_words(found)} ",
            table_link(found, "cards"), cls="soft"),
    ]  # fmt: skip
    if forest_rows(found.cards):
        parts += [
            tag("h3", "From what goes with it to what is new"),
            _figure(
                lambda width: card_forest(found, width=width),
                f"{FOREST_HOW} {as_of_words(found)}",
                f"{found.film}-affinity.csv",
                forest_rows(found.cards),
            ),
        ]
    if behind:
        parts += [tag("h3", "Behind each audience"), behind_cards(found.cards)]
    return [section("The audiences", *parts)]


def _overlap(found: FilmDiscovery) -> list[Html]:
    combinations = found.combinations
    if not found.cards or not any(ids for ids, _ in combinations):
        return []
    rows = [
        {"combination": r["names"], "cards": " ".join(r["cards"]), "persons": r["persons"]}
        for r in overlap_rows(found.cards, combinations)
    ]
    drawn = _figure(
        lambda width: overlap_chart(found.cards, combinations, width=width),
        f"{OVERLAP_HOW} {as_of_words(found)}",
        f"{found.film}-overlap.csv",
        rows,
    )
    heads = [("in just these", WORDS), ("people", NUMBER)]
    cells = [(r["combination"], f"{r['persons']:,}") for r in rows]
    return [section("How they overlap", drawn, folded("As a table", table(heads, cells)))]


def tickets_section(found: FilmDiscovery) -> list[Html]:
    """The forecast's tickets, shared out over audiences and cities."""
    tickets = found.tickets
    if tickets is None:
        return []
    parts = [
        tag("p", tickets_words(tickets)),
        tag("p", " ".join([*tickets_method(tickets), as_of_words(found)]), cls="soft"),
    ]  # fmt: skip
    if tickets.audiences:
        words = f"{ONCE} {as_of_words(found)}"
        parts += [
            tag("h3", "By audience"),
            groups_table("audience", tickets.audiences, tickets),
            tag("p", f"{words} ", table_link(found, "tickets by audience"), cls="soft"),
        ]
    if tickets.cities:
        parts += [
            tag("h3", "By city"),
            _figure(
                lambda width: city_chart(tickets, width=width),
                f"{CITY_HOW} {as_of_words(found)}",
                f"{found.film}-tickets-by-city.csv",
                city_rows(tickets.cities, most=len(tickets.cities)),
            ),
            folded("All cities as a table", groups_table("city", tickets.cities, tickets)),
        ]
    return [section("Expected tickets", *parts)]


def _refused(found: FilmDiscovery) -> list[Html]:
    if not found.refused:
        return []
    lines = [
        folded(f"{capital(reason)}: {counted(len(traits), 'trait')}", tag("p", ", ".join(traits)))
        if len(traits) > FEW
        else tag("p", tag("b", f"{capital(reason)}: "), ", ".join(traits))
        for reason, traits in by_reason(found.refused).items()
    ]
    words = "These would find the film with the film itself, or with what only its audience can do."
    return [section("Traits that were left out", tag("p", words), *lines, _dated(found))]


def _unknown(found: FilmDiscovery) -> list[Html]:
    told = [*unknowns(found), *notes_words(found)]
    return [section("What could not be known", items(told))] if told else []


def _foot(found: FilmDiscovery, model: ModelCard | None) -> Html:
    links = [
        data_link("Download the whole discovery", f"{found.film}.json",
                  json_of(found.to_dict()), "application/json"),
    ]  # fmt: skip
    if model is not None:
        links.append(
            data_link("Download the model's card", f"{found.film}-model.json",
                      model_json(model), "application/json")
        )  # fmt: skip
    lines = [part for link in links for part in (" ", link)]
    return tag(
        "footer",
        tag("p", f"{place_words(found)} {capital(build_words(found))}.", *lines, cls="soft"),
    )


def _dated(found: FilmDiscovery) -> Html:
    return tag("p", as_of_words(found), cls="soft")


def _figure(
    draw: Callable[[int], alt.TopLevelMixin],
    words: str,
    file: str,
    rows: Sequence[Mapping[str, Any]],
) -> Html:
    return figure(draw(WIDE), draw(NARROW), words=words, file=file, rows=rows)
