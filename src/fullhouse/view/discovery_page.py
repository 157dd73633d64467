"""The page of a film's audiences, one file for any browser; discoveries as tables and charts."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from markupsafe import Markup

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.core.tabular import without_formulas
from fullhouse.discovery.affinity import OutcomeDiscovery
from fullhouse.discovery.card import (
    Card,
    ComparableFilm,
    Evidence,
    FilmDiscovery,
    Pick,
    RatioEstimate,
    Segment,
    Stability,
    WordMatch,
)
from fullhouse.propensity.propensity import ModelCard
from fullhouse.view.card_charts import (
    FOREST_CAPTION,
    card_forest,
    card_strip,
    forest_rows,
    likely_words,
)
from fullhouse.view.charts import out_paths, save_chart
from fullhouse.view.discovery_charts import (
    CITY_HOW,
    OVERLAP_CAPTION,
    affinity_chart,
    city_chart,
    city_rows,
    groups_table,
    overlap_chart,
    overlap_rows,
)
from fullhouse.view.model_card import model_json, model_section
from fullhouse.view.render import Figure, figure, fragment, json_of, render, unbroken
from fullhouse.view.words import discovery as words
from fullhouse.view.words.discovery import (
    card_reason,
    headline,
    interval_words,
    outcome_headline,
    outside,
    ratio_words,
)
from fullhouse.view.words.figures import (
    capital,
    chance_words,
    counted,
    day_words,
    number_words,
    share_words,
    text,
)

FEW = 8
"""Longer lists than this are folded."""
CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr));
  gap: .8rem; margin: .8rem 0; }
.card { border: 1px solid var(--line); border-top: 4px solid var(--mark); border-radius: .4rem;
  padding: .7rem .8rem; break-inside: avoid; overflow-wrap: anywhere; font-size: .9rem; }
.card.expected { border-top-style: double; } .card.guess { border-top: 4px dotted var(--soft); }
.card h3 { font-size: 1rem; line-height: 1.25; margin: 0 0 .4rem; min-height: 2.5em; }
.card .big { font-size: 1.35rem; font-weight: 700; line-height: 1.2; margin: 0; }
.card .big small { font-weight: 400; font-size: .9rem; }
.card b { font-variant-numeric: tabular-nums; }
.card .share { background: var(--line); border-radius: .2rem; margin: .35rem 0 .15rem;
  print-color-adjust: exact; }
.card .share span { display: block; height: .45rem; border-radius: .2rem; background: var(--mark);
  print-color-adjust: exact; }
.card.guess .share span { background: var(--soft); }
.tags span { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .55rem;
  margin-right: .3rem; font-size: .82rem; white-space: nowrap; }
.tags .shaky { background: var(--warn); }
.covered { display: flex; height: .7rem; min-width: 6rem; background: var(--line);
  border-radius: .2rem; overflow: hidden; print-color-adjust: exact; }
.covered i { background: var(--soft); opacity: .55; print-color-adjust: exact; }
.covered b { background: var(--mark); print-color-adjust: exact; }
"""
"""How cards and the portfolio look; the page's own colours, so that they turn dark with it."""
TABLES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cards": lambda plain: plain["cards"],
    "segments": lambda plain: plain["segments"],
    "portfolio": lambda plain: plain["portfolio"],
    "comps": lambda plain: plain["comps"],
    "words": lambda plain: plain["words"],
    "tickets by audience": lambda plain: (plain["tickets"] or {"audiences": []})["audiences"],
}
"""What can be saved as a table, and where it is in the whole."""
ESTIMATES = ("index", "affinity", "beyond", "interest", "placebo")


@dataclass(frozen=True)
class CardView:
    """A card with what the page shows of it."""

    card: Card
    outside: float | None
    likely: str
    interval: str
    reason: str
    basis: str
    evidence: str
    stability: str
    overlap: str
    figures: list[tuple[object, ...]]


def discovery_page(discovery: FilmDiscovery, *, model: ModelCard | None = None) -> str:
    """A page of HTML on the audiences of a film, or on there being none.

    The page holds its charts and their data, and asks no other place for anything.
    """
    return render(
        "discovery.html",
        discovery=discovery,
        title=f"{discovery.title}: audiences as of {day_words(discovery.as_of)}",
        style=Markup(CSS),  # noqa: S704  (our own)
        words=words,
        used=[(capital(words.used_words(s)), s.rule) for s in discovery.used],
        rules=_rules(discovery),
        cards=_cards_facts(discovery, behind=True),
        overlap=_overlap(discovery),
        segments=[_segment(s) for s in discovery.segments],
        portfolio=_portfolio(discovery.portfolio),
        tickets=_tickets_facts(discovery),
        comps=[_comp(c) for c in discovery.comps],
        matches=[_match(m) for m in discovery.words],
        refused=words.by_reason(discovery.refused),
        model=None if model is None else model_section(model),
        unknowns=[*words.unknowns(discovery), *words.notes_words(discovery)],
        files=_files(discovery, model),
        few=FEW,
        tables={name: _table(discovery, name) for name in TABLES},
    )


def cards_section(discovery: FilmDiscovery, *, behind: bool = True) -> list[Markup]:
    """The audiences as cards and as a chart; with `behind`, every figure of each too."""
    if not discovery.cards:
        return []
    facts = _cards_facts(discovery, behind=behind)
    return [fragment("discovery_cards.html", cards=facts, words=words)]


def tickets_section(discovery: FilmDiscovery) -> list[Markup]:
    """The forecast's tickets, shared out over audiences and cities."""
    facts = _tickets_facts(discovery)
    return [fragment("discovery_tickets.html", tickets=facts)] if facts else []


def card_view(card: Card, names: Mapping[str, str]) -> CardView:
    """A card as the page shows it; `names` are those of all cards, by id."""
    value, interval = likely_words(card)
    return CardView(
        card=card,
        outside=outside(card),
        likely=value,
        interval=interval,
        reason=words.card_reason(card),
        basis=words.BASES[card.basis],
        evidence=_evidence_words(card.evidence),
        stability=_stability_words(card.stability),
        overlap="; ".join(
            f"{names.get(o.card, o.card)}, {o.persons:,} ({share_words(o.share)})"
            for o in card.overlap
        ),
        figures=[
            (name.replace("_", " "), unbroken(value), words.MEANINGS[name])
            for name, value in _figures(card)
        ],
    )


def _cards_facts(discovery: FilmDiscovery, *, behind: bool) -> dict[str, Any]:
    names = {c.id: c.name for c in discovery.cards}
    bases = {c.basis for c in discovery.cards}
    forest = None
    if forest_rows(discovery.cards):
        forest = figure(
            lambda width: card_forest(discovery, width=width),
            caption=f"{FOREST_CAPTION} {words.as_of_words(discovery)}",
            file=f"{discovery.film}-affinity.csv",
            rows=forest_rows(discovery.cards),
        )
    return {
        "views": [card_view(c, names) for c in discovery.cards],
        "key": " ".join(f"{capital(w)}." for name, w in words.BASES.items() if name in bases),
        "as_of": words.as_of_words(discovery),
        "file": f"{discovery.film}-cards.csv",
        "rows": _table(discovery, "cards"),
        "forest": forest,
        "behind": behind,
    }


def _overlap(discovery: FilmDiscovery) -> dict[str, Any] | None:
    combinations = discovery.combinations
    if len(discovery.cards) < 2 or not any(ids for ids, _ in combinations):
        return None
    rows = [
        {"combination": r["names"], "cards": " ".join(r["cards"]), "persons": r["persons"]}
        for r in overlap_rows(discovery.cards, combinations)
    ]
    chart = figure(
        lambda width: overlap_chart(discovery.cards, combinations, width=width),
        caption=f"{OVERLAP_CAPTION} {words.as_of_words(discovery)}",
        file=f"{discovery.film}-overlap.csv",
        rows=rows,
    )
    return {"chart": chart, "rows": [(r["combination"], f"{r['persons']:,}") for r in rows]}


def _tickets_facts(discovery: FilmDiscovery) -> dict[str, Any] | None:
    tickets = discovery.tickets
    if tickets is None:
        return None
    cities: Figure | None = None
    if tickets.cities:
        cities = figure(
            lambda width: city_chart(tickets, width=width),
            caption=f"{CITY_HOW} {words.as_of_words(discovery)}",
            file=f"{discovery.film}-tickets-by-city.csv",
            rows=city_rows(tickets.cities, most=len(tickets.cities)),
        )
    tables = {
        name: groups_table(name, groups, tickets)
        for name, groups in (("audience", tickets.audiences), ("city", tickets.cities))
        if groups
    }
    return {
        "words": words.tickets_words(tickets),
        "method": words.tickets_method(tickets),
        "once": words.ONCE,
        "as_of": words.as_of_words(discovery),
        "audiences": tables.get("audience"),
        "city_table": tables.get("city"),
        "cities": cities,
        "file": f"{discovery.film}-tickets-by-audience.csv",
        "rows": _table(discovery, "tickets by audience"),
    }


def _segment(segment: Segment) -> tuple[object, ...]:
    return (
        segment.name,
        f"{segment.persons:,}",
        f"{segment.likely:,}",
        _ratio(segment.ratio),
        _ratio(segment.over_parts),
        unbroken(chance_words(segment.q)),
    )


def _rules(discovery: FilmDiscovery) -> list[tuple[object, ...]]:
    """What each group of people that the answer rests on is, as a rule over traits."""
    named = [(words.SOURCES[s.source], s.rule) for s in discovery.used if s.rule]
    named += [(part.name, part.rule) for part in discovery.obvious]
    named += [(segment.name, segment.rule) for segment in discovery.segments]
    return [(name, Markup("<code>{}</code>").format(rule)) for name, rule in named]


def _portfolio(picks: Sequence[Pick]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    before = 0.0
    for pick in picks:
        rows.append(
            (
                pick.name,
                f"{pick.persons:,}",
                f"{pick.new_persons:,}",
                f"{pick.likely:,}",
                f"{pick.new_likely:,}",
                unbroken(share_words(pick.covered)),
                _covered(before, pick.covered),
                unbroken(share_words(pick.reached)),
            )
        )
        before = pick.covered
    return rows


def _covered(before: float, now: float) -> Markup:
    """A bar of what was covered before, and of what is new."""
    start = min(1.0, max(0.0, before))
    new = min(1.0 - start, max(0.0, now - start))
    return Markup(
        '<div class="covered"><i style="width:{:.1f}%"></i><b style="width:{:.1f}%"></b></div>'
    ).format(100 * start, 100 * new)


def _comp(comp: ComparableFilm) -> tuple[object, ...]:
    year = "" if comp.opening is None else f" ({comp.opening.year})"
    opening = "" if comp.opening is None else f"{day_words(comp.opening, short=True)}. "
    why = "; ".join(w for w in (words.comparable_words(comp), "used" if comp.used else "") if w)
    return (
        Markup("<span>{}</span><small>{}</small>").format(
            f"{comp.title}{year}", f"{opening}{capital(why)}."
        ),
        f"{comp.people:,}",
        unbroken(number_words(comp.likeness)),
        unbroken(number_words(comp.text)),
        unbroken(number_words(comp.talent)),
        _ratio(comp.together),
    )


def _match(match: WordMatch) -> tuple[object, ...]:
    given = {"plus": text("added by you"), "minus": text("removed by you")}
    pairs = "; ".join(w for w in (words.pair_words(match), given.get(match.given, "")) if w)
    return match.label, pairs or "-", number_words(match.score)


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
    events = "" if evidence.trait_events is None else f" and {evidence.trait_events:,} events"
    days = ""
    if evidence.since and evidence.until:
        days = f", from {day_words(evidence.since)} to {day_words(evidence.until)}"
    elif evidence.until:
        days = f", up to {day_words(evidence.until)}"
    elif evidence.since:
        days = f", since {day_words(evidence.since)}"
    return text(
        "Rests on {people} of the likely audience{events}. From {sources}{days}.",
        people=counted(evidence.seed_people, "person"),
        events=events,
        sources=", ".join(evidence.sources) or "no source of behaviour",
        days=days,
    )


def _stability_words(stability: Stability) -> str:
    lines = [f"{capital(words.MARKS[stability.mark])}."]
    if stability.first.value is not None or stability.second.value is not None:
        first, second = ratio_words(stability.first), ratio_words(stability.second)
        lines.append(text("One half: {first}; the other: {second}.", first=first, second=second))
    if stability.again is not None:
        lines.append(
            text(
                "In {share} of {draws} resamples of people the interval lies above 1.",
                share=share_words(stability.again),
                draws=f"{stability.draws:,}",
            )
        )
    return " ".join(lines)


def _ratio(estimate: RatioEstimate) -> Markup:
    if estimate.value is None:
        return unbroken("not known")
    return unbroken(number_words(estimate.value), f"({interval_words(estimate)})")


def _files(discovery: FilmDiscovery, model: ModelCard | None) -> list[tuple[str, str, str]]:
    """What can be saved as a whole: words of the link, name of the file, content."""
    film = discovery.film
    whole = json_of(discovery.to_dict())
    files = [(text("Download the whole discovery"), f"{film}.json", whole)]
    if model is not None:
        card = (text("Download the model's card"), f"{film}-model.json", model_json(model))
        files.append(card)
    return files


def _table(discovery: FilmDiscovery, name: str) -> list[dict[str, Any]]:
    """The rows of one of the tables of a discovery, each without rows in it."""
    return [_flat(row) for row in TABLES[name](discovery.to_dict())]


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


def write_film_discovery(
    discovery: FilmDiscovery, files: Iterable[str | Path], *, model: ModelCard | None = None
) -> list[Path]:
    """Write a page (.html), cards as a table (.parquet, .csv) or chart (.svg, .png), all (.json).

    The page has the propensity model's card when one is given.
    """
    paths = out_paths(files, "discovery")
    for path in paths:
        match path.suffix.lower():
            case ".html":
                path.write_text(discovery_page(discovery, model=model), "utf-8")
            case ".json":
                path.write_text(f"{json_text(discovery)}\n", "utf-8")
            case ".parquet":
                pq.write_table(cards_table(discovery), path)
            case ".csv":
                pacsv.write_csv(without_formulas(cards_table(discovery)), path)
            case _:
                _write_chart(discovery, path)
    return paths


def write_discovery(
    result: OutcomeDiscovery, files: Iterable[str | Path], *, most: int = 25
) -> list[Path]:
    """Write an outcome's discovery as tables (.parquet, .csv) and charts (.svg, .png, .html)."""
    paths = out_paths(files, "outcome")
    for path in paths:
        if path.suffix.lower() == ".parquet":
            pq.write_table(outcome_table(result), path)
        elif path.suffix.lower() == ".csv":
            pacsv.write_csv(without_formulas(outcome_table(result)), path)
        else:
            save_chart(affinity_chart(result, most=most), path)
    return paths


def outcome_table(result: OutcomeDiscovery) -> pa.Table:
    """A row for each trait; the rest and the headline as the table's metadata."""
    table = result.to_arrow()
    sentence = outcome_headline(result).encode()
    return table.replace_schema_metadata((table.schema.metadata or {}) | {b"sentence": sentence})


def json_text(discovery: FilmDiscovery) -> str:
    """Everything as JSON, with the headline as a sentence."""
    plain = discovery.to_dict() | {"sentence": headline(discovery)}
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)


def cards_table(discovery: FilmDiscovery) -> pa.Table:
    """A row for each card, in order; simulated ones are labelled."""
    rows = [_row(discovery, card) for card in discovery.cards]
    if rows:
        return pa.Table.from_pylist(rows)
    return pa.table({"film": pa.array([], pa.string()), "id": pa.array([], pa.string())})


def _row(discovery: FilmDiscovery, card: Card) -> dict[str, object]:
    row: dict[str, object] = {"film": discovery.film, "as_of": discovery.as_of}
    row |= {
        name: value
        for name, value in asdict(card).items()
        if not isinstance(value, dict | list | tuple) and name not in ESTIMATES
    }
    row["reason"] = card_reason(card)
    for name in ESTIMATES:
        each: RatioEstimate = getattr(card, name)
        row |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    row["stability"] = card.stability.mark
    row["traits"] = ", ".join(card.traits)
    if discovery.simulated:
        row["label"] = SIMULATED
    return row


def _write_chart(discovery: FilmDiscovery, path: Path) -> None:
    if not discovery.cards:
        raise CannotTellError(code="no_audience_to_draw", film=discovery.film)
    measured = any(c.basis != "guess" for c in discovery.cards)
    save_chart(card_forest(discovery) if measured else card_strip(discovery), path)
