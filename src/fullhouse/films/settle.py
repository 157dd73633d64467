"""What people decide: films and facts by hand, and whether two films are one."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from fullhouse.control import Control
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import FILM_FACT
from fullhouse.films import link as links_
from fullhouse.films.film import EVERYWHERE
from fullhouse.films.film_set import Said
from fullhouse.films.ids import distinct, film_slug
from fullhouse.films.known import SAME_AS
from fullhouse.films.link import RETIRED, USER, Link
from fullhouse.films.take import append_rows, fact_rows
from fullhouse.lake import Lake

ALWAYS = date(1, 1, 1)
"""That two ids are one film is no news of the film: it holds whatever the as-of date."""


def add(
    lake: Lake,
    control: Control,
    title: str,
    opening: date | None,
    values: Mapping[str, Any],
    *,
    territory: str,
    known_on: date,
    at: datetime,
) -> str:
    """Write a new film with its first facts; its id."""
    before = links_.links(control)
    same = [k for k in before if k.set == USER and (k.title, k.opening) == (title, opening)]
    if same:
        raise InputError(
            f"{title} is here already as {same[0].film!r}."
            f" A new fact of it: fullhouse film set {same[0].film} field=value"
        )
    taken = {k.film for k in before} | {k.set_id for k in before if k.set == RETIRED}
    film = distinct(film_slug(title, opening.year if opening else None), taken)
    link = Link(USER, film, film, "accepted", title, opening, territory, at)
    links_.add(control, [link])
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
    said = [
        Said(f, v, known_on, EVERYWHERE if f == "title" else territory) for f, v in values.items()
    ]
    rows = fact_rows([(film, s) for s in said])
    text = repr((film, territory, sorted(map(repr, values.items())), known_on, at))
    batch = hashlib.sha256(text.encode()).hexdigest()[:32]
    written = append_rows(lake, FILM_FACT, rows, {"origin": USER, "at": at, "batch": batch})
    return written or 0


def find(links: Sequence[Link], film: str) -> str:
    """The film that an id names, also one that gave way; an error when there is none."""
    if any(k.film == film for k in links if k.set != RETIRED):
        return film
    for link in links:
        if link.set == RETIRED and link.set_id == film:
            return link.film
    names = {k.film for k in links}
    near = did_you_mean(film, names) or _begins(film, names)
    raise InputError(
        f"No film {film!r} here.{near} 'fullhouse film list --search TEXT' finds films."
    )


def accept(
    lake: Lake,
    control: Control,
    name: str,
    set_id: str,
    film: str | None,
    *,
    at: datetime,
) -> Link:
    """Settle that an entry of a set is `film`, or with None a film of its own.

    The id that the entry had until now retires: readers see its facts, grosses and signals under
    `film`. The same call again completes one that was broken off.
    """
    before = links_.links(control)
    link = _entry(before, name, set_id)
    chosen = link.film if film is None else find(before, film)
    if chosen != link.film:
        _check_apart(before, link, chosen)
    links_.decide(control, link, film=chosen, status="accepted", at=at)
    after = links_.links(control)
    for old in after:
        if old.set == RETIRED and old.film == chosen:
            rows = fact_rows([(old.set_id, Said(SAME_AS, chosen, ALWAYS))])
            batch = hashlib.sha256(f"same as:{old.set_id}:{chosen}".encode()).hexdigest()[:32]
            append_rows(lake, FILM_FACT, rows, {"origin": USER, "at": at, "batch": batch})
    return _entry(after, name, set_id)


def _entry(links: Sequence[Link], name: str, set_id: str) -> Link:
    sets: Collection[str] = {k.set for k in links if k.set != RETIRED}
    if name not in sets:
        hint = did_you_mean(name, sets) or f" There are {', '.join(sorted(sets)) or 'none'}."
        raise InputError(f"No set {name!r} here.{hint}")
    for link in links:
        if link.set == name and link.set_id == set_id:
            return link
    waiting = [k.set_id for k in links if k.set == name and k.status == "review"]
    raise InputError(
        f"No entry {set_id!r} in {name}.{did_you_mean(set_id, waiting)}"
        " 'fullhouse film review' lists those that wait for a decision."
    )


def _check_apart(links: Sequence[Link], link: Link, film: str) -> None:
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
