"""Refusals of consent that cannot be taken as they are: they count, as refusals of that moment.

A row of a consent feed that is no readable grant and goes to quarantine says that somebody may
have refused. Until a later grant can be read, its account takes no part.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.consent import check_purpose, known_purposes
from fullhouse.core.settings import Settings
from fullhouse.core.tables import CONSENT
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import looks_like_email
from fullhouse.feeds.job import Job
from fullhouse.feeds.piece import ROW
from fullhouse.feeds.terms import Terms


def check_feed_purposes(feed: Feed, settings: Settings) -> None:
    """Refuse a consent feed whose declaration itself names a purpose that nobody knows."""
    if feed.table is not CONSENT:
        return
    named = [feed.constants["purpose"]] if "purpose" in feed.constants else []
    for text in [*named, *feed.values.get("purpose", {}).values()]:
        check_purpose(str(text), known_purposes(settings))


def is_grant(rows: pa.Table) -> pa.ChunkedArray:
    """Which rows of a consent feed grant, readably."""
    return pc.fill_null(rows["granted"], False)


def counted_refusals(job: Job, rows: pa.Table) -> pa.Table:
    """Rows for the table `consent`, from refused ones that are no readable grant.

    The moment is the row's own where it can be read and is past, else that of the file's
    beginning. A purpose that nobody knows stands for all of them. Rows without an account cannot
    count, nor can those whose account is an e-mail, which must not touch the disk.
    """
    named = list(_refusals(job, rows.filter(pc.invert(is_grant(rows)))))
    return pa.Table.from_pylist(named, schema=CONSENT.schema)


def _refusals(job: Job, rows: pa.Table) -> Iterator[dict[str, Any]]:
    for row in rows.to_pylist():
        account = row["account"]
        if account is None or looks_like_email(account):
            continue
        for purpose in _purposes(row, job.terms):
            yield {
                "source": job.feed.source, "account": account, "purpose": purpose,
                "granted": False, "event_id": f"{job.digest[:16]}:{row[ROW]}:refusal:{purpose}",
                "batch": job.digest, **_moment(row, job.terms),
            }  # fmt: skip


def _purposes(row: Mapping[str, Any], terms: Terms) -> tuple[str, ...]:
    return (row["purpose"],) if row["purpose"] in terms.purposes else terms.purposes


def _moment(row: Mapping[str, Any], terms: Terms) -> dict[str, Any]:
    if row["at"] is not None and row["at"] <= terms.latest:
        return {"at": row["at"], "day": row["day"]}
    return {"at": terms.now, "day": terms.now.astimezone(ZoneInfo(terms.time_zone)).date()}
