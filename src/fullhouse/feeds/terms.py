"""What the rows of a file depend on besides the file and the feed; fixed when it is begun."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullhouse.core.settings import Settings
from fullhouse.feeds.feed import Feed, check_currency, check_time_zone


@dataclass(frozen=True)
class Terms:
    """Settings, clock and snapshot under which a file is taken in.

    They are written down when the file is begun. A run that goes on after a crash, under other
    settings and at another time, keeps to them, and so comes to the same lake.
    """

    now: datetime
    chunk_rows: int
    time_zone: str
    currency: str
    phone_region: str
    clock_skew_minutes: int
    unknown_account: str
    accounts: int = -1
    """Version of the account table in which accounts are looked up; -1 before its first row."""

    @classmethod
    def of(cls, feed: Feed, settings: Settings, *, now: datetime, accounts: int = -1) -> "Terms":
        """The terms of a feed's files that are begun now."""
        return cls(
            now=now,
            chunk_rows=settings.chunk_rows,
            time_zone=feed.time_zone
            or check_time_zone(settings.time_zone, what="Setting 'time_zone'"),
            currency=feed.currency or check_currency(settings.currency, what="Setting 'currency'"),
            phone_region=settings.phone_region,
            clock_skew_minutes=settings.clock_skew_minutes,
            unknown_account=settings.unknown_account,
            accounts=accounts,
        )

    @property
    def latest(self) -> datetime:
        """The last moment that is not in the future."""
        return self.now + timedelta(minutes=self.clock_skew_minutes)

    def digest(self, feed: Feed, content: str) -> str:
        """What names a file's batches: its bytes, the declaration and the defaults it leans on.

        Clock, chunk size and policy are not part of it: they are kept from the first run.
        """
        parts = (content, feed.digest, self.time_zone, self.currency, self.phone_region)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def to_json(self) -> str:
        """The terms as text."""
        return json.dumps({**vars(self), "now": self.now.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "Terms":
        """The terms that a text holds."""
        said = json.loads(text)
        return cls(**{**said, "now": datetime.fromisoformat(said["now"])})
