"""The demo's audiences: who will want a film, as `fullhouse discover FILM` answers it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import fullhouse as fh
from examples.demo.truth import Film
from examples.shell import console, echo, heading, near
from fullhouse.cli.discover_film import show
from fullhouse.cli.show import progress
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.view.words.discovery import headline

SIGNS = {"dog": "dogs", "cat": "cats", "young woman": "women", "young family": "baby"}
"""Words in the names of cards that stand for a hidden group."""


def audiences(
    house: Path, out: Path, coming: Film, null: Film, as_of: date
) -> tuple[FilmDiscovery, FilmDiscovery]:
    """Both films asked after as a marketer would ask; pages and charts are written beside."""
    heading(f"Audiences for “{coming.title}”, beyond fans of its genre and talent")
    with fh.open(str(house)) as workspace:
        discovery = _ask(workspace, coming.slug, as_of, tickets=True)
        files = [out / f"audiences.{kind}" for kind in ("html", "json", "parquet")]
        files += [out / "audiences.svg", out / "audiences.png"] if discovery.cards else []
        fh.write_film_discovery(discovery, files)
        show(discovery)
        console.print(f"Its page: {near(out / 'audiences.html')}")
        heading(f"And for “{null.title}”")
        nothing = _ask(workspace, null.slug, as_of, tickets=False)
        fh.write_film_discovery(nothing, [out / "no-audiences.html"])
        console.print(headline(nothing))
    return discovery, nothing


def audience_rows(
    discovery: FilmDiscovery, nothing: FilmDiscovery, times: dict[str, float]
) -> list[tuple[str, str, str, str]]:
    """What each card says, beside what is true of the group it stands for."""
    rows = []
    for card in discovery.cards:
        groups = [g for g, word in SIGNS.items() if word in card.name.lower()]
        true = f"{times[groups[0]]:.1f} times as likely: {groups[0]}" if groups else "no such group"
        e = card.beyond
        affinity, inside = "-", "-"
        if e.value is not None and e.low is not None and e.high is not None:
            affinity = f"{e.value:.1f} ({e.low:.1f}–{e.high:.1f})"
            if groups:
                inside = "yes" if e.low <= times[groups[0]] <= e.high else "no"
        rows.append((f"card, {card.basis}: {card.name}", affinity, true, inside))
    rows.append((f"cards of “{nothing.title}”", f"{len(nothing.cards)}", "0: nobody", "-"))
    return rows


def _ask(workspace: fh.Context, film: str, as_of: date, *, tickets: bool) -> FilmDiscovery:
    echo("discover", film, "--as-of", str(as_of), *([] if tickets else ["--no-tickets"]))
    with progress("Discovering") as step:
        context = replace(workspace, progress=step)
        discovery = fh.discover_film(context, fh.DiscoverFilm(film, as_of=as_of))
        return fh.share_tickets(context, fh.ShareTickets(discovery)) if tickets else discovery
