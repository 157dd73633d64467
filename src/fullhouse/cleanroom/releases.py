"""What a tenant was released before: what its plans and pages are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from fullhouse.cleanroom.release import Release
from fullhouse.control.control import Control
from fullhouse.control.schema import ReleasedRow


@dataclass(frozen=True)
class HeldRelease:
    """A release that a tenant holds, the digest of its question, and its entry of the log."""

    digest: str
    release: Release
    position: int
    at: datetime

    @property
    def as_of(self) -> date:
        """The day of the data that it was computed from."""
        return date.fromisoformat(self.release.data["as_of"])


@dataclass(frozen=True)
class RestsOn:
    """A release that something was computed from: its kind, question, log entry and day of data."""

    kind: str
    digest: str
    position: int
    as_of: date


def held(
    control: Control, kind: str, *, title: str | None = None, campaign: str | None = None
) -> Sequence[HeldRelease]:
    """The releases of a kind that a tenant holds of a title or a campaign, the newest first."""
    query = (
        select(ReleasedRow.digest, ReleasedRow.body, ReleasedRow.position, ReleasedRow.at)
        .where(ReleasedRow.tenant == control.tenant)
        .where(ReleasedRow.kind == kind)
    )
    if title is not None:
        query = query.where(ReleasedRow.title == title)
    with control.connect() as connection:
        rows = connection.execute(query.order_by(ReleasedRow.position.desc())).all()
    listed = [HeldRelease(r.digest, Release.from_bytes(r.body), r.position, r.at) for r in rows]
    return [h for h in listed if campaign in (None, h.release.question.get("campaign"))]


def rests_on(release: HeldRelease) -> RestsOn:
    """How a result names a release that it was computed from."""
    return RestsOn(release.release.kind, release.digest, release.position, release.as_of)
