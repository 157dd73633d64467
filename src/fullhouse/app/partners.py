"""What exhibitors get: packs of a film for their city or cinema, handed over by the house."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from fullhouse import control
from fullhouse.app.exhibit import GOAL, MINIMUM, SEATS, ExhibitFilm, exhibit_film
from fullhouse.app.use_case import tenant_case, use_case
from fullhouse.cleanroom import gate, log, partners
from fullhouse.cleanroom.partners import PackEntry, PartnerPack, PartnerPacks
from fullhouse.cleanroom.tenants import check_active
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE
from fullhouse.view.exhibitor_page import exhibitor_page, pack_tables
from fullhouse.view.words.exhibit import headline
from fullhouse.workspace.context import Context


@request
class SharePack:
    """An exhibitor that shall have a film's pack for a city or cinema; fields as `ExhibitFilm`."""

    partner: str
    film: str
    city: str
    cinema: str | None = None
    territory: str | None = None
    as_of: date | None = None
    seats: int = SEATS
    goal: float = GOAL
    minimum: int = MINIMUM


@request
class TakePackBack:
    """A pack that an exhibitor shall read no more."""

    partner: str
    pack: str


@request
class ReadPack:
    """One of the partner's own packs, by its id."""

    pack: str


@use_case
def pack_share(context: Context, request: SharePack) -> PackEntry:
    """Make a film's pack for a city or a cinema, and hand it to an exhibitor.

    A studio's secret title has none, and is named in none.
    """
    control.check_writable(context.control)
    partners.check_exhibitor(context, request.partner, request.film)
    values = {f.name: getattr(request, f.name) for f in fields(ExhibitFilm)}
    pack = partners.without_secrets(context, exhibit_film(context, ExhibitFilm(**values)))
    body: Mapping[str, Any] = {
        "headline": headline(pack),
        "minimum": pack.minimum,
        "tables": pack_tables(pack),
        "page": exhibitor_page(pack),
    }
    with context.control.together() as one:
        entry = partners.share(
            one, request.partner, pack, body, actor=context.actor, at=context.now
        )
        _record(context, one, "pack.share", entry)
    return entry


@use_case
def pack_take_back(context: Context, request: TakePackBack) -> PackEntry:
    """Take a pack back from an exhibitor, who reads it no more."""
    control.check_writable(context.control)
    with context.control.together() as one:
        entry = partners.take_back(one, request.partner, request.pack)
        _record(context, one, "pack.take_back", entry)
    return entry


@tenant_case
def pack_list(context: Context) -> PartnerPacks:
    """The packs that a partner was handed, the newest first; for the house, those of all."""
    if context.tenant == HOUSE:
        return PartnerPacks(partners.packs(context.control))
    _check_partner(context)
    return PartnerPacks(partners.packs(context.control, partner=context.tenant))


@tenant_case
def pack_show(context: Context, request: ReadPack) -> PartnerPack:
    """A pack that a partner was handed; when it was first read is written down."""
    _check_partner(context)
    now = context.now
    with context.control.together() as one:
        pack = partners.read(one, request.pack, at=now)
        if pack.entry.read_at == now:
            _record(context, one, "pack.read", pack.entry)
    return pack


def _check_partner(context: Context) -> None:
    check_active(context.control, context.tenant)
    gate.check_may(context, "fetch")


def _record(context: Context, one: control.Control, action: str, entry: PackEntry) -> None:
    """In the audit log, and in the transparency log of the partner, with the change itself."""
    detail: dict[str, str | int] = {
        "tenant": entry.partner,
        "pack": entry.id,
        "film": entry.film,
        "place": entry.place,
    }
    control.record(one, action, dict(detail))
    leaf = log.LogLeaf(entry.partner, action, context.actor, context.now, detail)
    with one.begin() as connection:
        log.append(connection, leaf)
