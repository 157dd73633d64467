"""`fullhouse discover FILM`: the audiences of a film, as cards, and what they rest on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import opened, out, progress, ratio, say_json

if TYPE_CHECKING:
    from fullhouse.app.discoveries import DiscoverFilm
    from fullhouse.discovery.card import FilmDiscovery, RatioEstimate, TicketGroup, Tickets

CITIES = 8
UNUSED_FILMS = 3
MATCHES = 8


def discover_film(
    where: str, request: "DiscoverFilm", file: Sequence[str], *, tickets: bool, json: bool
) -> None:
    """Discover a film's audiences and print or write them."""
    from fullhouse.view.words.discovery import headline

    files = [app.check_out(f, "discovery") for f in file]
    with opened(where, quiet=json) as workspace, progress("Discovering", quiet=json) as step:
        context = replace(workspace, progress=step)
        discovery = app.discover_film(context, request)
        if tickets:
            discovery = app.share_tickets(context, app.ShareTickets(discovery))
        written = app.write_film_discovery(discovery, files)
    if json:
        say_json(discovery.to_dict() | {"sentence": headline(discovery)})
        return
    show(discovery)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def show(discovery: "FilmDiscovery") -> None:
    """Print the cards for a marketer: the table, what it rests on, the verdict at the end."""
    from fullhouse.view.words.discovery import discovery_lines, headline

    if discovery.cards:
        out.print(_cards(discovery))
    if discovery.segments:
        out.print(_segments(discovery))
    if discovery.portfolio:
        out.print(_portfolio(discovery))
    if discovery.comps:
        out.print(_comps(discovery))
    if discovery.words:
        out.print(_words(discovery))
    if discovery.tickets is not None:
        out.print(_tickets(discovery.tickets))
    for line in discovery_lines(discovery):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(headline(discovery))}[/]", soft_wrap=True)


def _cards(discovery: "FilmDiscovery") -> Table:
    from fullhouse.view.words.discovery import RANKED, basis_words, outside

    view = _table(f"Audiences of “{discovery.title}”. {RANKED}")
    view.add_column("audience", overflow="fold", min_width=20)
    for name in ("people", "not moviegoers", "affinity", "beyond", "extra"):
        view.add_column(name, justify="right", no_wrap=name != "not moviegoers")
    view.add_column("", no_wrap=True)
    for card in discovery.cards:
        measured = card.basis != "guess"
        share = outside(card)
        view.add_row(
            escape(card.name),
            f"{card.persons:,}",
            "-" if share is None else f"{share:.0%}",
            ratio(card.affinity.value) if measured else "-",
            _interval(card.beyond) if measured else "-",
            f"{card.extra:,}",
            basis_words(card),
        )
    return view


def _segments(discovery: "FilmDiscovery") -> Table:
    view = _table("Combinations, searched on one half of the people and measured on the other")
    view.add_column("people who", overflow="fold")
    for name in ("people", "affinity", "against its best part"):
        view.add_column(name, justify="right")
    for each in discovery.segments:
        row = (f"{each.persons:,}", _interval(each.ratio), _interval(each.over_parts))
        view.add_row(escape(each.name), *row)
    return view


def _portfolio(discovery: "FilmDiscovery") -> Table:
    from fullhouse.view.words.discovery import SMALLEST_SET

    view = _table(SMALLEST_SET)
    view.add_column("audience", overflow="fold")
    for name in ("people", "new people", "likely covered", "of all people"):
        view.add_column(name, justify="right")
    for pick in discovery.portfolio:
        view.add_row(
            escape(pick.name),
            f"{pick.persons:,}",
            f"{pick.new_persons:,}",
            f"{pick.covered:.0%}",
            f"{pick.reached:.0%}",
        )
    return view


def _comps(discovery: "FilmDiscovery") -> Table:
    from fullhouse.view.words.discovery import comparable_words

    view = _table("Comparable films")
    for name in ("film", "why"):
        view.add_column(name, overflow="fold")
    view.add_column("people", justify="right")
    view.add_column("seen together", justify="right", no_wrap=True)
    view.add_column("used")
    used = [c for c in discovery.comps if c.used]
    for comp in [*used, *[c for c in discovery.comps if not c.used][:UNUSED_FILMS]]:
        view.add_row(
            escape(comp.title),
            escape(comparable_words(comp)),
            f"{comp.people:,}",
            _interval(comp.together),
            "yes" if comp.used else "no",
        )
    return view


def _words(discovery: "FilmDiscovery") -> Table:
    from fullhouse.view.words.discovery import pair_words

    view = _table("What its words point to (edit with --plus and --minus)")
    for name in ("trait", "words"):
        view.add_column(name, overflow="fold")
    view.add_column("score", justify="right")
    for match in discovery.words[:MATCHES]:
        words = match.given or pair_words(match)
        view.add_row(escape(match.label), escape(words), f"{match.score:.2f}")
    return view


def _tickets(tickets: "Tickets") -> Table:
    view = _table(
        f"Expected tickets: {tickets.total:,.0f}"
        f" (likely {tickets.low:,.0f}–{tickets.high:,.0f}, 80 % range)"
    )
    view.add_column("who", overflow="fold")
    for name in ("people", "tickets", "80 % range"):
        view.add_column(name, justify="right", no_wrap=True)
    for group in (*tickets.audiences, *tickets.cities[:CITIES]):
        view.add_row(*_group(group))
    return view


def _group(group: "TicketGroup") -> tuple[str, ...]:
    return (
        escape(group.name),
        f"{group.persons:,}" if group.persons else "-",
        f"{group.tickets:,.0f}",
        f"{group.low:,.0f}–{group.high:,.0f}",
    )


def _table(title: str) -> Table:
    return Table(box=SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))


def _interval(e: "RatioEstimate") -> str:
    return "-" if e.value is None else f"{e.value:.2f} ({ratio(e.low)}–{ratio(e.high)})"
