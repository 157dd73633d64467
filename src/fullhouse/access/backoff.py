"""Back-off: who fails to sign in waits longer each time, up to a cap, and is never locked out.

It is counted for the account that was named, whether there is one or not, and for the address it
came from. An account waits a minute at most, since otherwise anybody could keep its user out; an
address waits longer. What is kept is digests.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fullhouse.control.control import Control
from fullhouse.control.schema import AttemptRow
from fullhouse.core.values import HOUSE

FORGET = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """After so many failures, one second, then twice as long each time, up to a cap."""

    free: int
    cap: timedelta

    def after(self, failures: int) -> timedelta:
        """How long the next attempt must wait."""
        if failures < self.free:
            return timedelta()
        return min(timedelta(seconds=2 ** min(failures - self.free, 30)), self.cap)


ACCOUNT = Waiting(free=5, cap=timedelta(minutes=1))
ADDRESS = Waiting(free=20, cap=timedelta(minutes=15))


def attempt(control: Control, account: str, address: str, now: datetime) -> bool:
    """Whether an attempt may be made now; it counts as failed until `succeeded`.

    Counted before anything is looked at: many attempts at once are as many.
    """
    with control.with_house().begin() as connection:
        places = (("account", account, ACCOUNT), ("address", address, ADDRESS))
        # Both are counted, whatever the first one says.
        allowed = [_count(connection, _about(*p[:2]), p[2], now) for p in places]
        return all(allowed)


def succeeded(control: Control, account: str, address: str, now: datetime) -> None:
    """Forget the failures of an account, that this attempt counted as one of its address, and
    whatever is old.

    Other failures of the address stay, or one account would free it.
    """
    with control.with_house().begin() as connection:
        rows = delete(AttemptRow).where(AttemptRow.tenant == HOUSE)
        connection.execute(rows.where(AttemptRow.about == _about("account", account)))
        connection.execute(
            update(AttemptRow)
            .where(AttemptRow.tenant == HOUSE, AttemptRow.about == _about("address", address))
            .values(failures=AttemptRow.failures - 1, free_at=now)
        )
        connection.execute(rows.where(AttemptRow.free_at < now - FORGET))


def _count(connection: Connection, about: str, waiting: Waiting, now: datetime) -> bool:
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
    first = {"tenant": HOUSE, "about": about, "failures": 0, "free_at": now}
    connection.execute(dialect.insert(AttemptRow).values(**first).on_conflict_do_nothing())
    row = (AttemptRow.tenant == HOUSE, AttemptRow.about == about)
    again = case((AttemptRow.free_at < now - FORGET, 1), else_=AttemptRow.failures + 1)
    counted = connection.execute(
        update(AttemptRow).where(*row, AttemptRow.free_at <= now).values(failures=again)
    )
    if counted.rowcount == 0:
        return False
    failures = connection.scalar(select(AttemptRow.failures).where(*row)) or 0
    free_at = now + waiting.after(failures)
    connection.execute(update(AttemptRow).where(*row).values(free_at=free_at))
    return True


def _about(kind: str, text: str) -> str:
    return sha256(f"{kind} {text}".encode()).hexdigest()
