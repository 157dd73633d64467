"""Packs that the house has handed to an exhibitor: each partner sees its own, and no others.

A pack is of a public film, in aggregate and over its minimum. Of a studio's secret title there is
none, and another film's pack does not name it.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from fullhouse.cleanroom.people import house_control
from fullhouse.cleanroom.release import ForTenants
from fullhouse.cleanroom.tenants import find_tenant, hidden_films
from fullhouse.control.control import Control
from fullhouse.control.schema import PartnerPackRow
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, NotFoundError
from fullhouse.exhibit.pack import Exhibit
from fullhouse.films import identity
from fullhouse.traits.names import without_year
from fullhouse.workspace.context import Context

LISTED = ("tenant", "id", "film", "title", "place", "as_of", "opening", "at", "read_at")


@dataclass(frozen=True)
class PackEntry(Brief):
    """A pack as it is listed: whose it is, of which film and place, and when it was first read."""

    partner: str
    id: str
    film: str
    title: str
    place: str
    as_of: date
    opening: date
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class PartnerPacks(ForTenants):
    """The packs of a partner, or for the house those of all, the newest first."""

    packs: tuple[PackEntry, ...]


@dataclass(frozen=True)
class PartnerPack(ForTenants):
    """A pack: its headline, its tables by name, and the page that it is as a file."""

    entry: PackEntry
    headline: str
    minimum: int
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    page: str


def without_secrets(context: Context, pack: Exhibit) -> Exhibit:
    """The pack without comparable films and audiences that name a studio's secret title.

    An error where the pack is of one: it is the studio's alone.
    """
    hidden = hidden_films(house_control(context), "")
    if pack.film in hidden:
        raise InputError(f"{pack.film} is a studio's secret title: no partner learns of it.")
    secret = {_words(name) for name in _names(context, hidden)}

    def shows(text: str) -> bool:
        plain = f" {_words(text)} "
        return not any(f" {name} " in plain for name in secret)

    return replace(
        pack,
        audiences=tuple(a for a in pack.audiences if shows(f"{a.name} {a.rule}")),
        films=tuple(f for f in pack.films if shows(f.title)),
        basis=tuple(b for b in pack.basis if shows(repr(b))),
    )


def check_exhibitor(context: Context, partner: str, film: str) -> None:
    """An error for a partner that reads no packs, or a film that no partner may learn of."""
    if not any(user.role == "exhibitor" for user in find_tenant(context.control, partner).users):
        raise InputError(f"{partner} has no user with the role exhibitor, so it reads no packs.")
    if film in hidden_films(house_control(context), ""):
        raise InputError(f"{film} is a studio's secret title: no partner learns of it.")


def share(
    control: Control,
    partner: str,
    pack: Exhibit,
    body: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
) -> PackEntry:
    """Hand a pack to an exhibitor."""
    row = {
        "tenant": partner,
        "id": secrets.token_hex(8),
        "film": pack.film,
        "title": pack.title,
        "place": pack.place,
        "as_of": pack.as_of.isoformat(),
        "opening": pack.opening.isoformat(),
        "actor": actor,
        "at": at,
        "body": json.dumps(body, ensure_ascii=False),
    }
    with control.begin() as connection:
        connection.execute(insert(PartnerPackRow).values(**row))
    return _entry({**row, "read_at": None})


def packs(control: Control, *, partner: str | None = None) -> tuple[PackEntry, ...]:
    """The packs of a partner, the newest first; of all partners where none is named.

    Those of a film that has become a secret title since are gone.
    """
    rows = select(*(getattr(PartnerPackRow, name) for name in LISTED))
    if partner is not None:
        rows = rows.where(PartnerPackRow.tenant == partner)
    hidden = hidden_films(control, "") if partner is not None else frozenset[str]()
    with control.connect() as connection:
        ordered = rows.order_by(PartnerPackRow.at.desc(), PartnerPackRow.id)
        entries = [_entry(row._asdict()) for row in connection.execute(ordered)]
    return tuple(entry for entry in entries if entry.film not in hidden)


def read(control: Control, pack: str, *, at: datetime) -> PartnerPack:
    """A pack of the partner's own; one error for what is another's, taken back, or nothing."""
    known = {entry.id: entry for entry in packs(control, partner=control.tenant)}
    own = (PartnerPackRow.tenant == control.tenant, PartnerPackRow.id == pack)
    with control.begin() as connection:
        body = connection.scalar(select(PartnerPackRow.body).where(*own))
        if body is None or pack not in known:
            raise NotFoundError(f"No pack {pack[:64]!r} of yours.")
        first = update(PartnerPackRow).where(*own, PartnerPackRow.read_at.is_(None))
        connection.execute(first.values(read_at=at))
    entry = known[pack]
    return PartnerPack(replace(entry, read_at=entry.read_at or at), **json.loads(body))


def take_back(control: Control, partner: str, pack: str) -> PackEntry:
    """Take a pack back: the partner reads it no more."""
    known = {entry.id: entry for entry in packs(control) if entry.partner == partner}
    if pack not in known:
        raise NotFoundError(f"{partner} has no pack {pack[:64]!r}.")
    own = (PartnerPackRow.tenant == partner, PartnerPackRow.id == pack)
    with control.begin() as connection:
        connection.execute(delete(PartnerPackRow).where(*own))
    return known[pack]


def _names(context: Context, films: frozenset[str]) -> set[str]:
    """The ids and titles under which some films are known, with their year and without."""
    if not films:
        return set()
    links = [link for link in identity.links(house_control(context)) if link.film in films]
    titles = {t for link in links for t in (link.title, link.other_title) if t}
    return {*films, *map(without_year, films), *titles}


def _words(text: str) -> str:
    """The words of a text in small letters, whatever stands between them."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _entry(row: Mapping[str, Any]) -> PackEntry:
    return PackEntry(
        row["tenant"],
        row["id"],
        row["film"],
        row["title"],
        row["place"],
        date.fromisoformat(row["as_of"]),
        date.fromisoformat(row["opening"]),
        row["at"],
        row["read_at"],
    )
