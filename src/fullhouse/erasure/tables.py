"""Take accounts and persons out of every table of the lake."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain
from operator import and_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ALL,
    AUDIENCE_BLOCK,
    BEGUN,
    CAMPAIGN_PEOPLE,
    CAMPAIGN_UNIT,
    DELIVERY,
    INGESTED,
    PERSON_EVENT,
    PERSON_LINK,
    PERSON_MERGE,
    PERSON_SPLIT,
    PERSON_TABLE,
    PERSON_TRAIT,
    PERSON_UNLINK,
    QUARANTINE,
    REFUSED_IDENTIFIER,
    RETRACTED,
    TRAIT,
    TRAIT_BITMAP,
    TRAIT_BUILD,
    Table,
)
from fullhouse.core.values import BLOCK_BITS
from fullhouse.erasure.erasure import Account, Target
from fullhouse.erasure.match import Matcher
from fullhouse.lake import Lake
from fullhouse.lake.lake import BITMAPS, TRIES
from fullhouse.lake.maintain import delete_rows, fence, purge
from fullhouse.traits.trait import EVERYONE

ERASED_NAME = "erased"
Rows = dict[str, int]
Step = Callable[[Lake, Target, Matcher], int]


def take_from_tables(
    lake: Lake, target: Target, matcher: Matcher, *, done: Callable[[str], None]
) -> Rows:
    """Take a target out of all tables, and the past of each with it; rows that went, by table.

    In the order in which tables are derived from each other, and each fenced before its rows go:
    a writer that read what was erased finds its table fenced, or what it read gone.
    """
    rows: Rows = {}
    for table, step in _steps():
        done(table.name)
        fenced = fence(lake, table)
        if fenced is None:
            continue
        taken = step(lake, target, matcher)
        if taken:
            rows[table.name] = taken
        purge(lake, table, fenced=fenced)
    _count_again(lake)
    return rows


def personal_tables() -> list[Table]:
    """Every table that an erasure looks into, in the order in which it does."""
    return [table for table, _ in _steps()]


def _steps() -> list[tuple[Table, Step]]:
    of_accounts = [t for t in ALL.values() if {"source", "account"} <= set(t.names)]
    return [
        *((table, _accounts_step(table)) for table in of_accounts if table != ACCOUNT_PERSON),
        (QUARANTINE, _quarantine),
        (BEGUN, _file_names(BEGUN)),
        (INGESTED, _file_names(INGESTED)),
        (RETRACTED, _file_names(RETRACTED)),
        (PERSON_LINK, _links),
        (PERSON_UNLINK, _unlinks),
        (REFUSED_IDENTIFIER, _refused),
        (ACCOUNT_PERSON, _accounts_step(ACCOUNT_PERSON)),
        (PERSON_MERGE, _merges),
        (PERSON_SPLIT, _splits),
        (PERSON_TABLE, _persons_step(PERSON_TABLE)),
        (PERSON_EVENT, _persons_step(PERSON_EVENT)),
        (PERSON_TRAIT, _persons_step(PERSON_TRAIT)),
        (TRAIT_BITMAP, _bitmaps_step(TRAIT_BITMAP, ("build",), staying=True)),
        (AUDIENCE_BLOCK, _bitmaps_step(AUDIENCE_BLOCK, ("audience", "version"), staying=True)),
        # Who stays by another account keeps their arm: caps and holdouts go on counting.
        (CAMPAIGN_PEOPLE, _bitmaps_step(CAMPAIGN_PEOPLE, ("campaign",), staying=False)),
        (CAMPAIGN_UNIT, _units),
        (DELIVERY, lambda *_: 0),
    ]


def _accounts_step(table: Table) -> Step:
    def step(lake: Lake, target: Target, _: Matcher) -> int:
        return sum(
            delete_rows(lake, table, "btrim(account)", names, source=source)
            for source, names in _by_source(target.accounts).items()
        )

    return step


def _by_source(accounts: Sequence[Account]) -> dict[str, list[str]]:
    by_source: dict[str, list[str]] = {}
    for source, account in accounts:
        by_source.setdefault(source, []).append(account.strip())
    return by_source


def _persons_step(table: Table) -> Step:
    """Rows of persons go, also of those who stay: what they have left is derived again."""

    def step(lake: Lake, target: Target, _: Matcher) -> int:
        persons = [*target.erased_persons, *target.staying]
        by_block: dict[int, list[int]] = {}
        for person in persons:
            by_block.setdefault(person >> BLOCK_BITS, []).append(person)
        return sum(
            delete_rows(lake, table, "person", some, block=block)
            for block, some in sorted(by_block.items())
        )

    return step


def _merges(lake: Lake, target: Target, _: Matcher) -> int:
    persons = list(target.erased_persons)
    return sum(delete_rows(lake, PERSON_MERGE, c, persons) for c in ("merged", "kept"))


def _splits(lake: Lake, target: Target, _: Matcher) -> int:
    persons = list(target.erased_persons)
    return sum(delete_rows(lake, PERSON_SPLIT, c, persons) for c in ("person", "separated"))


def _units(lake: Lake, target: Target, _: Matcher) -> int:
    """Households: a unit is named by its least person, so it may need another name."""
    gone = set(target.erased_persons)
    if not gone:
        return 0
    among = pa.array(sorted(gone), pa.int64())
    where = pc.field("unit").isin(among) | pc.field("person").isin(among)
    met = lake.live.read(CAMPAIGN_UNIT, where=where)
    taken = 0
    for campaign in pc.unique(met["campaign"]).to_pylist():

        def without(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
            left = [r for r in rows if r["person"] not in gone]
            least: dict[int, int] = {}
            for row in left:
                least[row["unit"]] = min(least.get(row["unit"], row["person"]), row["person"])
            return [{**r, "unit": least[r["unit"]]} if r["unit"] in gone else r for r in left]

        taken += _rewrite(lake, CAMPAIGN_UNIT, {"campaign": campaign}, without)
    return taken


def _rewrite(
    lake: Lake,
    table: Table,
    where: Mapping[str, str | int],
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> int:
    """Put other rows in the place of some, in one commit; how many went or became others."""
    for _ in range(TRIES):
        version = lake.live.version(table)
        assert version is not None
        before = lake.live.read(table, where=_condition(where), version=version).to_pylist()
        after = change(before)
        if after == before:
            return 0
        try:
            rows = pa.Table.from_pylist(after, schema=table.schema)
            lake.live.replace(table, rows, where=where, expected=version)
        except ConflictError:
            continue
        return len(before) - len(after) or sum(a != b for a, b in zip(before, after, strict=True))
    raise ConflictError(code="table_changed", table=table.name)


def _condition(where: Mapping[str, str | int]) -> pc.Expression:
    return reduce(and_, (pc.field(column) == value for column, value in where.items()))


def _refused(lake: Lake, target: Target, _: Matcher) -> int:
    return delete_rows(lake, REFUSED_IDENTIFIER, "digest", list(target.digests))


def _unlinks(lake: Lake, target: Target, _: Matcher) -> int:
    by_identifier = delete_rows(lake, PERSON_UNLINK, "digest", list(target.digests))
    return by_identifier + _pairs(lake, PERSON_UNLINK, target)


def _links(lake: Lake, target: Target, _: Matcher) -> int:
    return _pairs(lake, PERSON_LINK, target)


def _pairs(lake: Lake, table: Table, target: Target) -> int:
    return sum(
        delete_rows(lake, table, f"btrim(account_{end})", names, **{f"source_{end}": source})
        for source, names in _by_source(target.accounts).items()
        for end in ("a", "b")
    )


def _quarantine(lake: Lake, target: Target, matcher: Matcher) -> int:
    """Refused rows that name an account anywhere; a file's name goes from the rows that stay."""
    names = ["source", "batch", "row", "detail", "raw"]
    by_batch: dict[tuple[str, str], set[int]] = {}
    values = frozenset(a.strip() for _, a in target.accounts)
    for batch in lake.live.batches(QUARANTINE, columns=names):
        for row in batch.to_pylist():
            if _names_account(row, values, matcher):
                by_batch.setdefault((row["source"], row["batch"]), set()).add(row["row"])
    taken = sum(
        delete_rows(lake, QUARANTINE, "row", sorted(numbers), source=source, batch=name)
        for (source, name), numbers in by_batch.items()
    )
    return taken + _file_names(QUARANTINE)(lake, target, matcher)


def _names_account(row: Mapping[str, str], values: frozenset[str], matcher: Matcher) -> bool:
    """Whether a refused row is of an account: any of its values is that id, or holds a trace."""
    if matcher.value(row["raw"]) or matcher.text(row["detail"]):
        return True
    return any(is_value(row["raw"], v) for v in values if matcher.is_account(v, row["source"]))


def is_value(raw: str, account: str) -> bool:
    """Whether a refused row's JSON has an account as one of its values."""
    return pc.match_substring(pa.array([raw]), f': "{account}"')[0].as_py() is True


def _file_names(table: Table) -> Step:
    """A file's name that names an account becomes another one."""

    def step(lake: Lake, _: Target, matcher: Matcher) -> int:
        rows = lake.live.read(table, columns=["source", "batch", "file"]).group_by(
            ["source", "batch", "file"]
        )
        named = [r for r in rows.aggregate([]).to_pylist() if matcher.text(r["file"])]
        return sum(
            _rewrite(lake, table, {"source": row["source"], "batch": row["batch"]}, _unnamed)
            for row in named
        )

    return step


def _unnamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "file": ERASED_NAME} for row in rows]


def _bitmaps_step(table: Table, keys: tuple[str, ...], *, staying: bool) -> Step:
    def step(lake: Lake, target: Target, _: Matcher) -> int:
        persons = [*target.erased_persons, *(target.staying if staying else ())]
        blocks: dict[int, BitMap] = {}
        for person in persons:
            blocks.setdefault(person >> BLOCK_BITS, BitMap()).add(person)
        return sum(_without(lake, table, keys, b, gone) for b, gone in sorted(blocks.items()))

    return step


def _without(lake: Lake, table: Table, keys: tuple[str, ...], block: int, gone: BitMap) -> int:
    """Take persons of a block out of every bitmap; the bitmaps that had any of them."""
    taken = 0
    for _ in range(TRIES):
        groups = _groups_with(lake, table, keys, block, gone)
        if not groups:
            return taken
        for values, many in groups.items():
            where: dict[str, str | int] = {**dict(zip(keys, values, strict=True)), "block": block}
            version = lake.live.version(table)
            assert version is not None
            rows = _opened(lake, _rows_without(lake, table, where, gone, version))
            data = pa.RecordBatchReader.from_batches(table.schema, rows)
            try:
                lake.live.replace(table, data, where=where, expected=version, writer=BITMAPS)
            except ConflictError:
                break
            taken += many
    raise ConflictError(code="table_changed", table=table.name)


def _opened(lake: Lake, rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows whose table is open before another is written: the library opens none meanwhile.

    Of an object store it reads none either, so those rows are read first.
    """
    if not lake.place.is_local:
        return iter(list(rows))
    return chain([next(rows)], rows)


def _groups_with(
    lake: Lake, table: Table, keys: tuple[str, ...], block: int, gone: BitMap
) -> dict[tuple[str | int, ...], int]:
    """The rows that are rewritten together and have any of the persons, and how many have."""
    groups: dict[tuple[str | int, ...], int] = {}
    where = pc.field("block") == block
    for batch in lake.live.batches(table, columns=[*keys, "bitmap"], where=where, rows=128):
        for row in batch.to_pylist():
            if BitMap.deserialize(row["bitmap"]) & gone:
                values = tuple(row[k] for k in keys)
                groups[values] = groups.get(values, 0) + 1
    return groups


def _rows_without(
    lake: Lake, table: Table, where: Mapping[str, str | int], gone: BitMap, version: int
) -> Iterator[pa.RecordBatch]:
    condition = _condition(where)
    for batch in lake.live.batches(table, where=condition, version=version, rows=128):
        rows = []
        for row in batch.to_pylist():
            people = BitMap.deserialize(row["bitmap"]) - gone
            if people:
                rows.append({**row, "persons": len(people), "bitmap": people.serialize()})
        yield pa.RecordBatch.from_pylist(rows, schema=table.schema)


def _count_again(lake: Lake) -> None:
    """People of each trait and build as their bitmaps have them now."""
    if lake.live.version(TRAIT) is None or lake.live.version(TRAIT_BITMAP) is None:
        return
    columns = ["build", "trait", "persons"]
    counted = lake.live.read(TRAIT_BITMAP, columns=columns).group_by(["build", "trait"])
    now = {
        (r["build"], r["trait"]): r["persons_sum"]
        for r in counted.aggregate([("persons", "sum")]).to_pylist()
    }
    for build in {b for b, _ in now}:
        _put_counts(lake, TRAIT, build, lambda row: now.get((row["build"], row["trait"]), 0))
        _put_counts(lake, TRAIT_BUILD, build, lambda row: now.get((row["build"], EVERYONE), 0))


def _put_counts(
    lake: Lake, table: Table, build: int, count: Callable[[Mapping[str, int]], int]
) -> None:
    rows = lake.live.read(table, where=pc.field("build") == build).to_pylist()
    new = [{**row, "persons": count(row)} if row.get("built", True) else row for row in rows]
    if rows and new != rows:
        data = pa.Table.from_pylist(new, schema=table.schema)
        lake.live.replace(table, data, where={"build": build})
