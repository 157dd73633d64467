"""`fullhouse discover FILM`: the audiences of a film, as cards, and what they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import opened, out, progress, say_json

if TYPE_CHECKING:
    from fullhouse.discovery.card import Card, Estimate, FilmDiscovery, Group, Tickets

SHOWN_CITIES = 8
SHOWN_UNUSED = 3


@dataclass(frozen=True)
class Asked:
    """What is asked of one film."""

    film: str
    territory: str | None
    as_of: date | None
    comps: tuple[str, ...]
    plus: tuple[str, ...]
    minus: tuple[str, ...]
    embedding: str | None
    tickets: bool


def discover_film(where: str, asked: Asked, file: Sequence[str], *, json: bool) -> None:
    """Find a film's audiences and print or write them."""
    files = [app.check_film_out(f) for f in file]
    with opened(where, quiet=json) as workspace, progress("Discovering", quiet=json) as step:
        found = app.discover_film(
            workspace,
            asked.film,
            territory=asked.territory,
            as_of=asked.as_of,
            comps=asked.comps,
            plus=asked.plus,
            minus=asked.minus,
            embedding=None if asked.embedding is None else Path(asked.embedding),
            tickets=asked.tickets,
            progress=step,
        )
        written = app.write_film_discovery(workspace, found, files)
    if json:
        say_json(found.to_dict())
        return
    say(found)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def say(found: "FilmDiscovery") -> None:
    """Print the cards for a marketer: the table, what it rests on, the verdict at the end."""
    from fullhouse.view.discovery_words import discovery_lines

    if found.cards:
        out.print(_cards(found))
    if found.segments:
        out.print(_segments(found))
    if found.portfolio:
        out.print(_portfolio(found))
    if found.comps:
        out.print(_comps(found))
    if found.words:
        out.print(_words(found))
    if found.tickets is not None:
        out.print(_tickets(found.tickets))
    for line in discovery_lines(found):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(found.sentence)}[/]", soft_wrap=True)


def _cards(found: "FilmDiscovery") -> Table:
    view = _table(f"Audiences of “{found.title}”, by unobviousness × size × strength")
    view.add_column("audience", overflow="fold", min_width=20)
    for name in ("people", "not moviegoers", "affinity", "beyond", "extra"):
        view.add_column(name, justify="right", no_wrap=name != "not moviegoers")
    view.add_column("", no_wrap=True)
    for card in found.cards:
        known = card.standing != "guess"
        view.add_row(
            escape(card.name),
            f"{card.persons:,}",
            f"{card.not_moviegoers / card.persons:.0%}" if card.persons else "-",
            _ratio(card.affinity.value) if known else "-",
            _interval(card.beyond) if known else "-",
            f"{card.extra:,}",
            _standing(card),
        )
    return view


def _standing(card: "Card") -> str:
    mark = "" if card.stability.mark == "untold" else f", {card.stability.mark}"
    return f"{card.standing}{mark}"


def _segments(found: "FilmDiscovery") -> Table:
    view = _table("Combinations, found on one half of the people and measured on the other")
    view.add_column("people who", overflow="fold")
    for name in ("people", "affinity", "against its best part"):
        view.add_column(name, justify="right")
    for each in found.segments:
        row = (f"{each.persons:,}", _interval(each.ratio), _interval(each.over_parts))
        view.add_row(escape(each.name), *row)
    return view


def _portfolio(found: "FilmDiscovery") -> Table:
    view = _table("Few that together reach most of the likely audience")
    view.add_column("audience", overflow="fold")
    for name in ("people", "new people", "likely covered", "of all people"):
        view.add_column(name, justify="right")
    for pick in found.portfolio:
        view.add_row(
            escape(pick.name),
            f"{pick.persons:,}",
            f"{pick.new_persons:,}",
            f"{pick.covered:.0%}",
            f"{pick.reached:.0%}",
        )
    return view


def _comps(found: "FilmDiscovery") -> Table:
    view = _table("Films like it")
    for name in ("film", "why"):
        view.add_column(name, overflow="fold")
    view.add_column("people", justify="right")
    view.add_column("seen together", justify="right", no_wrap=True)
    view.add_column("used")
    used = [c for c in found.comps if c.used]
    for comp in [*used, *[c for c in found.comps if not c.used][:SHOWN_UNUSED]]:
        view.add_row(
            escape(comp.title),
            escape("; ".join(comp.why)),
            f"{comp.people:,}",
            _interval(comp.together),
            "yes" if comp.used else "no",
        )
    return view


def _words(found: "FilmDiscovery") -> Table:
    view = _table("What its words point to (edit with --plus and --minus)")
    for name in ("trait", "words"):
        view.add_column(name, overflow="fold")
    view.add_column("score", justify="right")
    for match in found.words[:8]:
        pairs = ", ".join(a if a == b else f"{a} ~ {b}" for a, b in match.words)
        view.add_row(escape(match.label), escape(match.given or pairs), f"{match.score:.2f}")
    return view


def _tickets(tickets: "Tickets") -> Table:
    view = _table(
        f"Expected tickets: {tickets.total:,.0f} ({tickets.low:,.0f}–{tickets.high:,.0f}, 80 %)"
    )
    view.add_column("who", overflow="fold")
    for name in ("people", "tickets", "80 % range"):
        view.add_column(name, justify="right", no_wrap=True)
    for group in tickets.audiences:
        view.add_row(*_group(group))
    for group in tickets.cities[:SHOWN_CITIES]:
        view.add_row(*_group(group))
    return view


def _group(group: "Group") -> tuple[str, ...]:
    return (
        escape(group.name),
        f"{group.persons:,}" if group.persons else "-",
        f"{group.tickets:,.0f}",
        f"{group.low:,.0f}–{group.high:,.0f}",
    )


def _table(title: str) -> Table:
    return Table(box=SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _interval(e: "Estimate") -> str:
    return "-" if e.value is None else f"{e.value:.2f} ({_ratio(e.low)}–{_ratio(e.high)})"
