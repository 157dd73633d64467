"""Refused rows as the quarantine keeps them: no raw identifier, no special category."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import QUARANTINE
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import Hasher, as_json
from fullhouse.feeds.job import Refusal
from fullhouse.feeds.piece import ROW, Bad
from fullhouse.feeds.terms import Terms

_LONGEST = 200
LONGEST_VALUE = 1_000
"""Letters of a value that are kept."""
_AT_ONCE = 20_000
"""Rows made in Python at a time: a whole chunk of refused ones would take gigabytes."""


def quarantine_rows(
    feed: Feed,
    terms: Terms,
    hasher: Hasher,
    *,
    file: str,
    batch: str,
    raw: pa.Table,
    bad: Sequence[Bad] = (),
    refused: Sequence[Refusal] = (),
) -> pa.Table:
    """Rows for the quarantine table, in the order of the file.

    `raw` holds the chunk's raw columns, identifiers already digests. Kept of a row is what the
    feed reads of it, but for special categories; of a line that cannot be read, its length: nobody
    can tell which part of it stands in which column.
    """
    fixed = {
        "source": feed.source,
        "feed": feed.name,
        "kind": feed.kind,
        "file": file,
        "at": terms.now,
        "batch": batch,
    }
    refusals: list[Bad | Refusal] = sorted([*bad, *refused], key=lambda r: (r.row, r.reason))
    tables = [QUARANTINE.schema.empty_table()]
    for start in range(0, len(refusals), _AT_ONCE):
        some = refusals[start : start + _AT_ONCE]
        held = _raw_rows(feed, raw, [r.row for r in some if isinstance(r, Refusal)])
        rows = []
        for one in some:
            if isinstance(one, Bad):
                detail, text = one.detail, as_json({"line": None, "bytes": one.bytes})
            else:
                row = {k: _clean(v, hasher) for k, v in held[one.row].items()}
                detail, text = _detail(feed, one, row), as_json(row)
            refusal = {"row": one.row, "reason": one.reason, "detail": detail, "raw": text}
            rows.append({**fixed, **refusal})
        tables.append(pa.Table.from_pylist(rows, schema=QUARANTINE.schema))
    return pa.concat_tables(tables)


def _detail(feed: Feed, refusal: Refusal, row: Mapping[str, Any]) -> str:
    values = ", ".join(
        f"{name} = {str(row[name])[:_LONGEST]!r}" if row[name] is not None else f"{name} is empty"
        for name in feed.reads(refusal.target)
        if name in row
    )
    return f"{refusal.target}: {values}" if values else refusal.target


def _raw_rows(feed: Feed, raw: pa.Table, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    if not numbers:
        return {}
    readable = [c for c in feed.raw if c not in feed.special]
    chosen = raw.filter(pc.is_in(raw[ROW], pa.array(sorted(set(numbers)), pa.int64())))
    rows = chosen.select(readable).to_pylist()
    return dict(zip(chosen[ROW].to_pylist(), rows, strict=True))


def _clean(value: Any, hasher: Hasher) -> Any:
    if not isinstance(value, str):
        return value
    return hasher.scrub(value[:LONGEST_VALUE], phones=False)
