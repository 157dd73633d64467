"""A partner's pages: the packs that an exhibitor was handed. It sees its own, and nothing else."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from fullhouse import app
from fullhouse.web.language import current, say
from fullhouse.web.visit import Page, Visit

HOME = "/packs"


def packs(visit: Visit) -> Page:
    """The packs of a partner, the newest first."""
    context, is_exhibitor = visit.partner, visit.who.role == "exhibitor"
    listed = app.pack_list(context).packs if is_exhibitor else ()
    rows = [
        {"film": p.title, "place": p.place, "opening": p.opening, "as_of": p.as_of,
         "handed_over": p.at, "first_read": p.read_at, "pack": p.id}
        for p in listed
    ]  # fmt: skip
    facts = {"packs": listed, "is_exhibitor": is_exhibitor}
    return Page("packs.html", say("Packs"), facts, rows, rows, "packs")


def pack(visit: Visit) -> Page:
    """One pack: what is expected there, and what may be shown of the people near."""
    shown = app.pack_show(visit.partner, app.ReadPack(visit.part("pack")))
    title = say("{film} in {place}", film=shown.entry.title, place=shown.entry.place)
    tables = {name: list(rows) for name, rows in shown.tables.items()}
    data: dict[str, Any] = {
        "film": shown.entry.film,
        "place": shown.entry.place,
        "as_of": shown.entry.as_of,
        "minimum": shown.minimum,
        **tables,
    }
    under = say("under {minimum}", minimum=current().number(shown.minimum))
    facts = {"pack": shown, "under": under, "entry": shown.entry}
    return Page("pack.html", title, facts, data, None, "packs", tables=tables)


def pack_file(visit: Visit) -> Response:
    """The pack as one file: its page with charts, to be kept and printed."""
    shown = app.pack_show(visit.partner, app.ReadPack(visit.part("pack")))
    name = f"{shown.entry.film}-{shown.entry.id}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(shown.page, 200, headers, "text/html; charset=utf-8")


PAGES: list[tuple[str, Callable[[Visit], Page | Response], str]] = [
    (HOME, packs, "GET"),
    (HOME + "/{pack}", pack, "GET"),
    (HOME + "/{pack}/file", pack_file, "GET"),
]
"""Address, function and methods of each page."""
