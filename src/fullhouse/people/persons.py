"""One row per living person: what is known of the human behind the accounts."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.core.tables import ACCOUNT_TABLE, DEMOGRAPHICS, PERSON_TABLE, Column, Snapshot
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine, Scratch
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

PASS_BLOCKS = 4
"""Blocks of persons made at a time: some 4 million persons stay well inside 4 GB."""
_BAND = ("age_min", "age_max")


def write_persons(
    engine: Engine,
    lake: Lake,
    accounts: Snapshot,
    *,
    marks: Mapping[str, int],
    metadata: Mapping[str, str],
    pass_blocks: int = PASS_BLOCKS,
) -> None:
    """Rewrite the person table for a snapshot of account_person.

    Each column is the latest non-empty word of any of the person's accounts. Of words given at
    the same time, that of the first account counts, in the order of source and account. The age
    band is one word: both ends come from the same row, and `age_as_of` is its day.
    """
    with Scratch(engine, lake.place.root) as scratch:
        members = engine.scan(accounts)
        members = scratch.keep(
            members.select("source", "account", "person", block=_block(members.person))
        )
        words = scratch.keep(_words(engine.scan(lake.snapshot(ACCOUNT_TABLE)), members))
        blocks = engine.arrow(members.select("block").distinct())["block"].to_pylist()
        passes = _passes(sorted(blocks), pass_blocks)

        def batches() -> Generator[pa.RecordBatch]:
            for low, high in passes:
                part = persons(
                    members.filter(members.block.between(low, high)),
                    words.filter(words.block.between(low, high)),
                )
                with engine.batches(part.order_by("person")) as rows:
                    yield from rows.cast(PERSON_TABLE.schema)

        with closing(batches()) as stream:
            rows = pa.RecordBatchReader.from_batches(PERSON_TABLE.schema, stream)
            lake.replace(PERSON_TABLE, rows, marks=marks, metadata=metadata)


def persons(members: ir.Table, words: ir.Table) -> ir.Table:
    """Person rows of members (source, account, person, block) and of what their accounts state."""
    counted = members.group_by("person", "block").aggregate(
        accounts=members.count().cast("int32"),
        first=members.source.min(),
        last=members.source.max(),
    )
    several = _several_sources(members, counted.filter(counted["first"] != counted["last"]))
    latest = _latest(words)
    joined = counted.left_join(several, counted.person == several.in_person)
    joined = joined.left_join(latest, joined.person == latest.of_person)
    sources = ibis.coalesce(joined.several, joined["first"])
    return joined.mutate(sources=sources).select(*PERSON_TABLE.names)


def _several_sources(members: ir.Table, of: ir.Table) -> ir.Table:
    # Apart, since lists are slow and nearly everyone has one source.
    rows = members.semi_join(of, "person")
    names = rows.source.collect(distinct=True).sort().join(",")
    return rows.group_by(in_person="person").aggregate(several=names)


def _words(accounts: ir.Table, members: ir.Table) -> ir.Table:
    """What each account states, with its person."""
    columns = ["at", "batch", *(c.name for c in DEMOGRAPHICS)]
    joined = accounts.join(members, ["source", "account"])
    return joined.select("person", "block", "source", "account", *columns)


def _latest(words: ir.Table) -> ir.Table:
    """One row per person; only persons with more than one row are sorted."""
    counted = words.group_by("person").aggregate(rows=words.count())
    once = words.semi_join(counted.filter(counted.rows == 1), "person")
    often = words.semi_join(counted.filter(counted.rows > 1), "person")
    return ibis.union(_only(once), _last(often))


def _only(words: ir.Table) -> ir.Table:
    has_band = words.age_min.notnull() | words.age_max.notnull()
    values: dict[str, ir.Value] = {c.name: _empty_as_null(words, c) for c in DEMOGRAPHICS}
    values["age_as_of"] = ibis.ifelse(has_band, words.at.date(), ibis.null("date"))
    return words.select(of_person="person", **values)


def _last(words: ir.Table) -> ir.Table:
    # Every column breaks ties, so that the order never depends on the engine.
    order = [words.at, words.source.desc(), words.account.desc(), words.batch]
    order += [words[c.name].asc(nulls_first=True) for c in DEMOGRAPHICS]
    window = ibis.window(group_by="person", order_by=order)
    ranked = words.mutate(turn=ibis.row_number().over(window))
    has_band = ranked.age_min.notnull() | ranked.age_max.notnull()
    values: dict[str, ir.Value] = {}
    for column in DEMOGRAPHICS:
        if column.name in _BAND:
            # An open end is an answer too, and engines disagree on the argmax of a null.
            end = ranked[column.name].coalesce(-1)
            values[column.name] = end.argmax(ranked.turn, where=has_band).nullif(-1)
        else:
            word = _empty_as_null(ranked, column)
            values[column.name] = word.argmax(ranked.turn, where=word.notnull())
    values["age_as_of"] = ranked.at.date().argmax(ranked.turn, where=has_band)
    return ranked.group_by(of_person="person").aggregate(**values)


def _empty_as_null(words: ir.Table, column: Column) -> ir.Value:
    value = words[column.name]
    return value.nullif("") if column.type == "string" else value


def _block(person: ir.IntegerColumn) -> ir.IntegerColumn:
    return (person >> BLOCK_BITS).cast("int32")


def _passes(blocks: list[int], size: int) -> list[tuple[int, int]]:
    return [
        (blocks[i], blocks[min(i + size, len(blocks)) - 1]) for i in range(0, len(blocks), size)
    ]
