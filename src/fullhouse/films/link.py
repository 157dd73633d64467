"""Which film an entry of a set is: kept in the control database, never changed by an import."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from fullhouse.control import Control, FilmLinkRow
from fullhouse.core.errors import ConflictError

USER = "user"
"""The set of films that somebody added by hand."""
RETIRED = "retired"
"""The set of ids that turned out to be another film's: they are never given again."""


@dataclass(frozen=True)
class Link:
    """An entry of a set, and the film it is.

    `status` is matched (found by itself), new (no film was like it), review (one was, doubtfully:
    `candidate`), accepted (decided by somebody) or retired (an id that gave way to `film`).
    """

    set: str
    set_id: str
    film: str
    status: str
    title: str
    opening: date | None
    territory: str
    at: datetime
    other_title: str | None = None
    score: float | None = None
    candidate: str | None = None

    @property
    def year(self) -> int | None:
        """Year of its opening."""
        return self.opening.year if self.opening else None


def links(control: Control) -> list[Link]:
    """Every link, by film, set and id."""
    with control.connect() as connection:
        columns = (getattr(FilmLinkRow, c) for c in _COLUMNS)
        rows = connection.execute(control.own(*columns))
        found = [Link(**_read(dict(r._mapping))) for r in rows]
    return sorted(found, key=lambda k: (k.film, k.set, k.set_id))


def add(control: Control, new: Iterable[Link]) -> None:
    """Write new links, all or none; an error when another import linked one of them meanwhile."""
    rows = [_write(control, k) for k in new]
    if not rows:
        return
    try:
        with control.begin() as connection:
            connection.execute(insert(FilmLinkRow), rows)
    except IntegrityError:
        raise ConflictError(
            "Another import of the same set runs in this workspace; try again when it is done."
        ) from None


def decide(control: Control, link: Link, *, film: str, status: str, at: datetime) -> None:
    """Settle an entry: it is `film`. Other entries of the id it had go along, and that retires."""
    row = FilmLinkRow
    with control.session() as session:
        if film != link.film:
            moved = update(row).where(row.tenant == control.tenant, row.film == link.film)
            session.execute(moved.values(film=film, at=at))
            about = Link(
                RETIRED, link.film, film, RETIRED, link.title, link.opening, link.territory, at
            )
            session.execute(insert(row), [_write(control, about)])
        own = row.tenant == control.tenant
        this = update(row).where(own, row.set == link.set, row.set_id == link.set_id)
        session.execute(this.values(status=status, candidate=None, at=at))
        session.commit()


_COLUMNS = (
    "set",
    "set_id",
    "film",
    "status",
    "title",
    "opening",
    "territory",
    "at",
    "other_title",
    "score",
    "candidate",
)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    opening = row["opening"]
    return row | {"opening": date.fromisoformat(str(opening)) if opening else None}


def _write(control: Control, link: Link) -> dict[str, object]:
    row = {c: getattr(link, c) for c in _COLUMNS}
    opening = link.opening.isoformat() if link.opening else None
    return row | {"tenant": control.tenant, "opening": opening}
