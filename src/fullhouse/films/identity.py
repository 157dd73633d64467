"""Which film an entry of a set is: links kept in the control database, and decisions about them."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from fullhouse.control.house import FILM_LINKS, rows_of
from fullhouse.core.brief import Brief
from fullhouse.core.errors import ConflictError, InputError, NotFoundError, did_you_mean
from fullhouse.core.tables import FILM_FACT
from fullhouse.films.film import EVERYWHERE, RETIRED, USER, EntryFact, distinct, film_slug
from fullhouse.films.store import SAME_AS, append_rows, fact_rows
from fullhouse.lake import Lake
from fullhouse.workspace.context import Context

if TYPE_CHECKING:
    from fullhouse.control import Control


@dataclass(frozen=True)
class SetLink(Brief):
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


def links(control: "Control") -> list[SetLink]:
    """Every link, by film, set and id."""
    from fullhouse.control import FilmLinkRow

    with control.connect() as connection:
        columns = (getattr(FilmLinkRow, c) for c in _COLUMNS)
        rows = connection.execute(control.own(*columns))
        return _sorted(dict(r._mapping) for r in rows)


def listed_links(context: Context) -> list[SetLink]:
    """The same, read without SQLAlchemy where that is possible and nothing has loaded it yet."""
    house = context.workspace
    if not house.control_is_open:
        rows = rows_of(house.control_url, FILM_LINKS, tenant=context.tenant)
        if rows is not None:
            return _sorted(r | {"at": datetime.fromisoformat(r["at"])} for r in rows)
    return links(context.control)


def _sorted(rows: Iterable[dict[str, Any]]) -> list[SetLink]:
    return sorted((SetLink(**_read(r)) for r in rows), key=lambda k: (k.film, k.set, k.set_id))


def add_links(control: "Control", new: Iterable[SetLink]) -> None:
    """Write new links, all or none; an error when another import linked one of them meanwhile."""
    rows = [_write(control, k) for k in new]
    if not rows:
        return
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    from fullhouse.control import FilmLinkRow

    try:
        with control.begin() as connection:
            connection.execute(insert(FilmLinkRow), rows)
    except IntegrityError:
        raise ConflictError(
            "Another import of the same set runs in this workspace: no link of this one was"
            " written. Try again when it is done."
        ) from None


def decide(control: "Control", link: SetLink, *, film: str, status: str, at: datetime) -> None:
    """Settle an entry: it is `film`. Other entries of the id it had go along, and that retires."""
    from sqlalchemy import insert, update

    from fullhouse.control import FilmLinkRow

    row = FilmLinkRow
    with control.session() as session:
        if film != link.film:
            moved = update(row).where(row.tenant == control.tenant, row.film == link.film)
            session.execute(moved.values(film=film, at=at))
            about = SetLink(
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
    day = date.fromisoformat(str(opening)) if opening else None
    return {name: row[name] for name in _COLUMNS} | {"opening": day}


def _write(control: "Control", link: SetLink) -> dict[str, object]:
    row = {c: getattr(link, c) for c in _COLUMNS}
    opening = link.opening.isoformat() if link.opening else None
    return row | {"tenant": control.tenant, "opening": opening}


ALWAYS = date(1, 1, 1)
"""That two ids are one film is no news of the film: it holds whatever the as-of date."""


def add_film(
    lake: Lake,
    control: "Control",
    title: str,
    opening: date | None,
    values: Mapping[str, Any],
    *,
    territory: str,
    known_on: date,
    at: datetime,
) -> str:
    """Write a new film with its first facts; its id."""
    before = links(control)
    same = [k for k in before if k.set == USER and (k.title, k.opening) == (title, opening)]
    if same:
        raise InputError(code="film_is_here", title=title, film=same[0].film)
    taken = {k.film for k in before} | {k.set_id for k in before if k.set == RETIRED}
    film = distinct(film_slug(title, opening.year if opening else None), taken)
    link = SetLink(USER, film, film, "accepted", title, opening, territory, at)
    add_links(control, [link])
    first = {"title": title} | ({"opening": opening} if opening else {})
    state(lake, film, first | dict(values), territory=territory, known_on=known_on, at=at)
    return film


def state(
    lake: Lake,
    film: str,
    values: Mapping[str, Any],
    *,
    territory: str,
    known_on: date,
    at: datetime,
) -> int:
    """Write facts that somebody states of a film, known from a day on; how many."""
    facts = [
        EntryFact(f, v, known_on, EVERYWHERE if f == "title" else territory)
        for f, v in values.items()
    ]
    rows = fact_rows([(film, s) for s in facts])
    text = repr((film, territory, sorted(map(repr, values.items())), known_on, at))
    batch = hashlib.sha256(text.encode()).hexdigest()[:32]
    written = append_rows(lake, FILM_FACT, rows, {"origin": USER, "at": at, "batch": batch})
    return written or 0


def find(links: Sequence[SetLink], film: str) -> str:
    """The film that an id names, also one that gave way; an error when there is none."""
    if any(k.film == film for k in links if k.set != RETIRED):
        return film
    for link in links:
        if link.set == RETIRED and link.set_id == film:
            return link.film
    names = {k.film for k in links}
    near = did_you_mean(film, names) or _begins(film, names)
    raise NotFoundError(code="no_film", film=film, near=near)


def accept(
    lake: Lake,
    control: "Control",
    name: str,
    set_id: str,
    film: str | None,
    *,
    at: datetime,
) -> SetLink:
    """Settle that an entry of a set is `film`, or with None a film of its own.

    The id that the entry had until now retires: readers see its facts, grosses and signals under
    `film`. The same call again completes one that was broken off.
    """
    before = links(control)
    link = _entry(before, name, set_id)
    chosen = link.film if film is None else find(before, film)
    if chosen != link.film:
        _check_apart(before, link, chosen)
    decide(control, link, film=chosen, status="accepted", at=at)
    after = links(control)
    for old in after:
        if old.set == RETIRED and old.film == chosen:
            rows = fact_rows([(old.set_id, EntryFact(SAME_AS, chosen, ALWAYS))])
            batch = hashlib.sha256(f"same as:{old.set_id}:{chosen}".encode()).hexdigest()[:32]
            append_rows(lake, FILM_FACT, rows, {"origin": USER, "at": at, "batch": batch})
    return _entry(after, name, set_id)


def _entry(links: Sequence[SetLink], name: str, set_id: str) -> SetLink:
    sets: Collection[str] = {k.set for k in links if k.set != RETIRED}
    if name not in sets:
        hint = did_you_mean(name, sets) or f" There are {', '.join(sorted(sets)) or 'none'}."
        raise InputError(f"No set {name!r} here.{hint}")
    for link in links:
        if link.set == name and link.set_id == set_id:
            return link
    waiting = [k.set_id for k in links if k.set == name and k.status == "review"]
    raise InputError(code="no_entry", entry=set_id, set=name, near=did_you_mean(set_id, waiting))


def _check_apart(links: Sequence[SetLink], link: SetLink, film: str) -> None:
    """Two films that one set tells apart are not one."""
    moving = {k.set for k in links if k.film == link.film and k.set not in (RETIRED, USER)}
    both = sorted(
        k.set for k in links if k.film == film and k.set in moving and k.set_id != link.set_id
    )
    if both:
        raise InputError(
            f"{link.film!r} and {film!r} are two entries of {both[0]}, so they are two films."
            " Accept this one as a film of its own with --new, or name another film."
        )


def _begins(film: str, names: Collection[str]) -> str:
    stem = film.rsplit("-", 1)[0] if film[-4:].isdigit() else film
    near = sorted(n for n in names if n.startswith(stem))[:3]
    return f" Did you mean {' or '.join(map(repr, near))}?" if near and stem else ""
