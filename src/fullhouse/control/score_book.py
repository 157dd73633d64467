"""The score book: every issued forecast, appended, each entry chained by hash to the one before.

The hash of an entry is the SHA-256, in hexadecimal, of the UTF-8 text of a JSON object with the
entry's other fields (`FIELDS`), keys sorted, without spaces, all but ASCII escaped. `payload` is
in it as the text that is stored, so nothing has to be parsed to check it. Each tenant has a book
of its own, whose entries count from 1.
"""

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, insert, text
from sqlalchemy.exc import IntegrityError, OperationalError

from fullhouse.control.control import Control
from fullhouse.control.schema import ForecastRow
from fullhouse.core.brief import Brief
from fullhouse.core.errors import ConflictError

FIRST = "0" * 64
"""What stands for the hash before the first entry."""

FIELDS = (
    "id",
    "issued_at",
    "film",
    "territory",
    "as_of",
    "horizon",
    "code",
    "model",
    "payload",
    "previous",
)
"""What the hash of an entry is taken over."""

GUARDS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'forecast_entry'",
        ("forecast_entry_no_update", "forecast_entry_no_delete", "forecast_entry_follows"),
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger"
        " WHERE tgrelid = to_regclass('forecast_entry') AND tgenabled = 'A'",
        ("forecast_entry_no_change", "forecast_entry_follows"),
    ),
}
"""The triggers that refuse changes, by dialect, and the query that names those that stand."""

MISSING, MISPLACED, CHANGED = "missing", "misplaced", "changed"
RECHAINED, HEAD_LOST = "rechained", "head_lost"
"""What can be wrong with the chain: see `Verified`."""

BESIDE = frozenset({"greenlight", "property", "Y+5"})
"""Horizons of entries that are no forecast of a film's run: greenlights, properties, names."""

TRIES = 200
LONGEST_WAIT = 0.05
BATCH = 200
"""Entries that are held in memory at a time when the book is read."""


@dataclass(frozen=True)
class Entry(Brief):
    """One issued forecast. `issued_at` is UTC, to the microsecond; `payload` is JSON text."""

    id: int
    issued_at: str
    film: str
    territory: str
    as_of: str
    horizon: str
    code: str
    model: str
    payload: str
    previous: str
    hash: str

    @property
    def forecast(self) -> dict[str, Any]:
        """What was issued, as `Forecast.to_dict` gave it."""
        payload: dict[str, Any] = json.loads(self.payload)
        return payload

    @property
    def is_forecast(self) -> bool:
        """Whether it is a forecast of a film's run, which `read_forecast` reads."""
        return self.horizon not in BESIDE

    @property
    def issued(self) -> datetime:
        """When it was issued, UTC."""
        return datetime.fromisoformat(self.issued_at)

    def computed(self) -> str:
        """The hash that its content has."""
        return _hash({name: getattr(self, name) for name in FIELDS})


@dataclass(frozen=True)
class Verified(Brief):
    """The result of checking the whole chain.

    `entries` good ones from the first on, and the hash of the last of them. Where something is
    wrong, `problem` is a code and `broken` the first bad entry: missing (those between
    `entries` and it), misplaced (ids begin at 1), changed (its content does not have its
    hash), rechained (the entry before it was written anew), or head_lost (the noted hash is not in
    the book: its end was cut off, or entries were written anew). `unguarded` are triggers that
    should refuse changes and are not there.
    """

    entries: int
    head: str
    broken: int | None = None
    problem: str = ""
    noted: int | None = None
    """The entry whose hash was noted earlier, when one was given and found."""
    unguarded: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no entry was changed, moved or removed, as far as a chain can tell."""
        return not self.problem


def issue(
    control: Control,
    forecast_payload: Mapping[str, Any],
    *,
    film: str,
    territory: str,
    as_of: date,
    horizon: str,
    code: str,
    model: str,
    issued_at: datetime,
) -> Entry:
    """Append a forecast and return its entry.

    The newest entry of the same film, territory, as-of day and horizon is returned instead when it
    says the same with the same model: asking twice issues once. (Versions of the data are in the
    payload; `code` is not compared.) Any number of processes may append at once.
    """
    fields: dict[str, Any] = {
        "issued_at": _time(issued_at),
        "film": film,
        "territory": territory,
        "as_of": as_of.isoformat(),
        "horizon": horizon,
        "code": code,
        "model": model,
        "payload": canonical(forecast_payload),
    }
    for attempt in range(TRIES):
        try:
            return _append(control, fields)
        except (IntegrityError, OperationalError) as problem:
            if not _raced(problem):
                raise
            time.sleep(random.uniform(0, min(LONGEST_WAIT, 0.001 * 2**attempt)))
    raise ConflictError(code="score_book_busy", film=film)


def entries(
    control: Control,
    *,
    film: str | None = None,
    territory: str | None = None,
    horizon: str | None = None,
    most: int | None = None,
) -> list[Entry]:
    """The entries that fit, in the order of issue; the newest of them, where `most` is given."""
    wanted = _select(control, film, territory, horizon)
    if most is None:
        return list(stream(control, film=film, territory=territory, horizon=horizon))
    with control.connect() as connection:
        rows = connection.execute(wanted.order_by(ForecastRow.id.desc()).limit(most)).all()
    return [Entry(*row) for row in reversed(rows)]


def stream(
    control: Control,
    *,
    film: str | None = None,
    territory: str | None = None,
    horizon: str | None = None,
) -> Iterator[Entry]:
    """The entries that fit, in the order of issue, a few in memory at a time."""
    wanted = _select(control, film, territory, horizon).order_by(ForecastRow.id)
    with control.connect().execution_options(yield_per=BATCH) as connection:
        for row in connection.execute(wanted):
            yield Entry(*row)


def issued_films(control: Control, *, territory: str | None = None) -> list[tuple[str, str]]:
    """Each film and territory of which there is an entry, in order."""
    wanted = control.own(ForecastRow.film, ForecastRow.territory).distinct()
    if territory is not None:
        wanted = wanted.where(ForecastRow.territory == territory)
    with control.connect() as connection:
        return sorted((row.film, row.territory) for row in connection.execute(wanted))


def verify(control: Control, *, head: str | None = None) -> Verified:
    """Recompute the whole chain: ids without gaps, each hash that of its content and in the next.

    A chain cannot show that its end was cut off, nor that all of it was written anew: note the
    head elsewhere, and give it as `head` later; it must then be in the book.
    """
    good, last, noted = 0, FIRST, 0 if head == FIRST else None
    unguarded = _unguarded(control)
    for entry in stream(control):
        problem = _problem(entry, good, last)
        if problem:
            return Verified(good, last, max(entry.id, good + 1), problem, noted, unguarded)
        good, last = entry.id, entry.hash
        noted = good if last == head else noted
    if head is not None and noted is None:
        return Verified(good, last, None, HEAD_LOST, None, unguarded)
    return Verified(good, last, noted=noted, unguarded=unguarded)


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces, ASCII; no NaN and no infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _append(control: Control, fields: Mapping[str, Any]) -> Entry:
    with control.begin() as connection:
        # Read first: what others append from here on, this entry cannot follow unnoticed.
        last = connection.execute(
            control.own(ForecastRow.id, ForecastRow.hash).order_by(ForecastRow.id.desc()).limit(1)
        ).one_or_none()
        same = (
            _select(control, fields["film"], fields["territory"], fields["horizon"])
            .where(ForecastRow.as_of == fields["as_of"])
            .order_by(ForecastRow.id.desc())
            .limit(1)
        )
        newest = connection.execute(same).one_or_none()
        if newest is not None:
            before = Entry(*newest)
            if all(getattr(before, n) == fields[n] for n in ("model", "payload")):
                return before
        content = {
            **fields,
            "id": last.id + 1 if last else 1,
            "previous": last.hash if last else FIRST,
        }
        content["hash"] = _hash(content)
        # Of two that read the same last entry, the database lets one in: ids are unique.
        connection.execute(insert(ForecastRow).values(tenant=control.tenant, **content))
        return Entry(**content)


def _raced(problem: IntegrityError | OperationalError) -> bool:
    """Whether another process appended, or held the database, meanwhile."""
    message = str(problem.orig).lower()
    return isinstance(problem, IntegrityError) or "locked" in message or "serialize" in message


def _select(
    control: Control, film: str | None, territory: str | None, horizon: str | None
) -> Select[Any]:
    given = {"film": film, "territory": territory, "horizon": horizon}
    columns = [getattr(ForecastRow, name) for name in (*FIELDS, "hash")]
    return control.own(*columns).filter_by(**{n: v for n, v in given.items() if v is not None})


def _problem(entry: Entry, before: int, last: str) -> str:
    """The code of what is wrong with an entry that should follow one, or nothing."""
    if entry.id > before + 1:
        return MISSING
    if entry.id < before + 1:
        return MISPLACED
    # SQLite takes a value of any type; only text and whole numbers were written.
    plain = all(isinstance(getattr(entry, n), int if n == "id" else str) for n in FIELDS)
    if not plain or entry.hash != entry.computed():
        return CHANGED
    return "" if entry.previous == last else RECHAINED


def _unguarded(control: Control) -> tuple[str, ...]:
    query, names = GUARDS[control.dialect]
    with control.connect() as connection:
        there = set(connection.scalars(text(query)))
    return tuple(n for n in names if n not in there)


def _hash(content: Mapping[str, Any]) -> str:
    return sha256(canonical({name: content[name] for name in FIELDS}).encode()).hexdigest()


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("issued_at needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
