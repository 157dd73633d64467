"""Raw rows become rows of the lake; each row that cannot is refused for one reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.consent import normal_purpose
from fullhouse.core.errors import InputError
from fullhouse.core.tables import CONSENT, TYPES
from fullhouse.core.values import INVISIBLE
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.expr import ibis
from fullhouse.engine.raw import held
from fullhouse.feeds import compile as compile_
from fullhouse.feeds.compile import Value
from fullhouse.feeds.feed import Constant, Feed
from fullhouse.feeds.identify import (
    AT,
    NOTHING,
    looks_like_email,
    looks_like_phone,
)
from fullhouse.feeds.job import Mapped, Refusal
from fullhouse.feeds.piece import ROW
from fullhouse.feeds.terms import Terms
from fullhouse.feeds.times import read_iso, to_utc

if TYPE_CHECKING:
    import ibis.expr.types as ir

_FAILED = "__failed_"
_GIVEN = "__given_"
_ABSOLUTE = "__absolute_"
_CLOCK = pa.timestamp("us")
_OLDEST = pa.scalar(datetime(1850, 1, 1), _CLOCK)  # noqa: DTZ001  # a clock without a zone
_NEWEST = pa.scalar(datetime(2200, 1, 1), _CLOCK)  # noqa: DTZ001
_KEYS = ("account", "event_id")
_NOTHING = pa.array(sorted(NOTHING))
_NO_ID = r"^-?\d+(\.\d+)?[eE]\+\d+$|^-?\d{16,}\.\d+$|^\[.*\]$|^\{.*\}$"
"""A number that a spreadsheet or a float has rounded, so that many ids would become one, and lists
and objects of JSON."""
LONGEST_FIELD = 10_000
"""Bytes of a text in the lake."""
_GENDERS = pa.array(["female", "male", "other", None])
_AGES = ("birth_year", "age_min", "age_max")
_OLDEST_AGE = 120


class Checks:
    """Which rows are refused, and the first reason of each."""

    def __init__(self, rows: int) -> None:
        self._first = np.full(rows, -1, dtype=np.int16)
        self._reasons: list[tuple[str, str]] = []

    def add(self, reason: str, target: str, holds: pa.Array | pa.ChunkedArray) -> None:
        """Refuse the rows where something holds; where it is unknown, it does not."""
        if not pc.any(holds).as_py():
            return
        mask = np.asarray(pc.fill_null(holds, False))
        self._first[mask & (self._first < 0)] = len(self._reasons)
        self._reasons.append((reason, target))

    def passed(self, rows: pa.Table) -> pa.Table:
        """The rows that are not refused."""
        return rows.filter(pa.array(self._first < 0)) if self._reasons else rows

    def refusals(self, numbers: pa.ChunkedArray) -> list[Refusal]:
        """The refused rows in their order."""
        at = np.flatnonzero(self._first >= 0)
        rows = numbers.take(pa.array(at)).to_pylist()
        reasons = [self._reasons[i] for i in self._first[at]]
        return [Refusal(row, *why) for row, why in zip(rows, reasons, strict=True)]


def map_rows(
    engine: DuckDBEngine, raw: pa.Table, feed: Feed, terms: Terms, *, content: str
) -> Mapped:
    """The rows of a chunk, mapped and validated; identifiers must be digests already.

    Where a row has several faults, the first in this order counts: what cannot be read
    (bad_number, bad_time, bad_value, too_long, by column), missing_required, negative_quantity,
    negative_price, raw_identifier, currency_mismatch, unknown_purpose, bad_value (impossible),
    future_time. An age that nobody can have is dropped, and the row stays.
    """
    with held(engine, raw) as table:
        values = _declared(table, feed, terms, content)
        computed = _computed(engine, table, values, feed)
    checks = Checks(computed.num_rows)
    columns = {name: _typed_column(computed, name, feed, checks) for name in values}
    _check(columns, feed, terms, checks)
    rows = _finished(computed, columns, feed, terms)
    late = pc.greater(rows["at"], pa.scalar(terms.latest, TYPES["timestamp"]))
    checks.add("future_time", "at", late)
    refused = tuple(checks.refusals(computed[ROW]))
    accounts = _accounts(columns, computed[ROW], refused)
    refusals = None
    if feed.table is CONSENT and refused:
        refusals = rows.filter(pc.is_in(rows[ROW], pa.array([r.row for r in refused], pa.int64())))
    taken, dropped = _plausible(checks.passed(rows), terms)
    return Mapped(taken, refused, accounts, refusals, dropped)


def _accounts(
    columns: dict[str, pa.Array], numbers: pa.ChunkedArray, refused: tuple[Refusal, ...]
) -> dict[int, str]:
    """The account of each refused row, where it names one."""
    if "account" not in columns or not refused:
        return {}
    chosen = pc.index_in(pa.array([r.row for r in refused], pa.int64()), numbers.combine_chunks())
    named = columns["account"].take(chosen).to_pylist()
    return {r.row: a for r, a in zip(refused, named, strict=True) if a is not None}


def _computed(
    engine: DuckDBEngine, table: ir.Table, values: dict[str, Value], feed: Feed
) -> pa.Table:
    """The columns as DuckDB computes them; texts that are to be times are first tried by Arrow."""
    texts = {
        name: value
        for name, value in values.items()
        if value.type == "text" and _type(feed, name) in ("date", "timestamp")
    }
    computed = engine.arrow(table.select(table[ROW], **_selected(values))).combine_chunks()
    for name in texts:
        read = read_iso(_whole(computed[name]))
        if read is None:
            times = {n: compile_.as_time(v) for n, v in texts.items()}
            values.update(times)
            return engine.arrow(table.select(table[ROW], **_selected(values))).combine_chunks()
        clock, zoned = read
        computed = computed.set_column(computed.column_names.index(name), name, clock)
        computed = computed.append_column(_ABSOLUTE + name, pa.repeat(zoned, computed.num_rows))
    return computed


def _type(feed: Feed, name: str) -> str:
    return next(c.type for c in feed.table.columns if c.name == name)


def _declared(table: ir.Table, feed: Feed, terms: Terms, content: str) -> dict[str, Value]:
    """Every lake column as the feed makes it."""
    types = {c.name: c.type for c in feed.table.columns}
    values = {
        target: _target(table, feed, target, types[target], terms.time_zone)
        for target in feed.targets
    }
    if feed.is_event and "event_id" not in values:
        generated = ibis.literal(content[:16] + ":") + table[ROW].cast("string")
        values["event_id"] = Value("text", generated)
    if "at" not in values:
        values["at"] = _constant(terms.now)
    if "quantity" in types and "quantity" not in values:
        values["quantity"] = Value("number", ibis.literal(1.0))
    if "currency" in types and "unit_price" in values:
        values["currency"] = _currency(values.get("currency"), terms)
    return values


def _currency(own: Value | None, terms: Terms) -> Value:
    declared = ibis.literal(terms.currency)
    if own is None:
        return Value("text", declared)
    own_code = own.expr.strip().upper().nullif("")
    return Value("text", ibis.coalesce(own_code, declared), own.failed)


def _selected(values: dict[str, Value]) -> dict[str, Any]:
    """What DuckDB computes: each column, and beside it where it failed, if it can."""
    selected: dict[str, Any] = {}
    for name, value in values.items():
        selected[name] = value.expr
        selected[_FAILED + name] = value.failed
        if value.given is not None:
            selected[_GIVEN + name] = value.given
        if value.type == "time":
            selected[_ABSOLUTE + name] = value.absolute
    return selected


def _target(table: ir.Table, feed: Feed, target: str, type_: str, time_zone: str) -> Value:
    what = f"{feed.name}: columns.{target}"
    if target in feed.constants:
        return _typed(_constant(feed.constants[target]), type_, f"{feed.name}: constants.{target}")
    value = compile_.compile_node(feed.columns[target], table, what=what, time_zone=time_zone)
    if target in feed.values:
        value = compile_.mapped_values(value, feed.values[target], what=what)
    value = _typed(value, type_, what)
    if target == "category" and feed.category_separator:
        levels = value.expr.split(feed.category_separator)
        clean = levels.map(lambda x: x.strip()).filter(lambda x: x != "")
        return Value("text", clean.join(" > ").nullif(""), value.failed)
    if target == "gender":
        return Value("text", value.expr.strip().lower(), value.failed)
    return value


def _typed(value: Value, type_: str, what: str) -> Value:
    """The value as the kind of thing that the lake column holds."""
    if type_ in ("date", "timestamp"):
        if value.type in ("number", "bool"):
            raise InputError(
                f"{what}: a {value.type} is no time; use from_unix(), or time() with a format."
            )
        return value
    if value.type == "time":
        word = "text() makes it one" if type_ == "string" else "it cannot be one"
        raise InputError(f"{what}: this is a time, and the column is of type {type_}; {word}.")
    match type_:
        case "string":
            return compile_.as_text(value)
        case "bool":
            return compile_.as_bool(value)
        case _:
            return compile_.as_number(value)


def _constant(value: Constant) -> Value:
    if isinstance(value, bool):
        return Value("bool", ibis.literal(value))
    if isinstance(value, datetime):
        plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        clock = ibis.literal(plain).cast(ibis.dtype("timestamp(6)"))
        return Value("time", clock, absolute=ibis.literal(value.tzinfo is not None))
    if isinstance(value, date):
        return _constant(datetime(value.year, value.month, value.day))  # noqa: DTZ001
    if isinstance(value, int | float):
        return Value("number", ibis.literal(float(value)))
    return Value("text", ibis.literal(value))


def _typed_column(computed: pa.Table, name: str, feed: Feed, checks: Checks) -> pa.Array:
    """A column in the lake's type, but times as the feed's clock shows them."""
    type_ = _type(feed, name)
    column = _whole(computed[name])
    failed = _whole(computed[_FAILED + name])
    if _GIVEN + name in computed.column_names:
        lost = pc.and_(_whole(computed[_GIVEN + name]), pc.is_null(column))
        failed = pc.or_(failed, lost)
    match type_:
        case "float64" | "int32":
            column, odd = _number(column.cast(pa.float64(), safe=False), whole=type_ == "int32")
            checks.add("bad_number", name, pc.or_(failed, odd))
            return column
        case "date" | "timestamp":
            inside = pc.and_(pc.greater_equal(column, _OLDEST), pc.less(column, _NEWEST))
            odd = pc.fill_null(pc.invert(inside), False)
            checks.add("bad_time", name, pc.or_(failed, odd))
            return (
                pc.if_else(odd, pa.scalar(None, column.type), column)
                if pc.any(odd).as_py()
                else column
            )
        case _:
            checks.add("bad_value", name, failed)
            if type_ == "string":
                column = column.cast(pa.string())
                checks.add("too_long", name, pc.greater(pc.binary_length(column), LONGEST_FIELD))
            if name in _KEYS:
                column = _key(column)
                checks.add("bad_value", name, pc.match_substring_regex(column, _NO_ID))
            if name == "purpose":
                column = _purposes(column)
            return column.cast(TYPES[type_])


def _key(column: pa.Array) -> pa.Array:
    """Ids as they are compared: in one form of each letter, no blanks around, no NULL in words."""
    if not pc.all(pc.string_is_ascii(column)).as_py():
        column = pc.utf8_normalize(column, form="NFC")
        column = pc.replace_substring_regex(column, INVISIBLE, "")
    column = _trimmed(column)
    plain = column
    if not pc.all(pc.string_is_ascii(column)).as_py():
        plain = pc.utf8_normalize(column, form="NFKC")
    return _without(column, pc.is_in(pc.utf8_lower(plain), _NOTHING))


def _trimmed(column: pa.Array) -> pa.Array:
    """The texts without blanks around them; of a blank one nothing is left."""
    plain = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)


def _purposes(column: pa.Array) -> pa.Array:
    """The purposes as every statement of them is compared."""
    coded = pc.dictionary_encode(_trimmed(column))
    plain = [normal_purpose(text) for text in coded.dictionary.to_pylist()]
    return pa.array(plain, pa.string()).take(coded.indices)


def _number(column: pa.Array, *, whole: bool) -> tuple[pa.Array, pa.Array]:
    """The numbers, and where one is none that the column can hold."""
    odd = pc.invert(pc.is_finite(column))
    if whole:
        fits = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**31))
        odd = pc.or_(odd, pc.invert(fits))
    odd = pc.fill_null(odd, False)
    column = _without(column, odd)
    return (column.cast(pa.int32()) if whole else column), odd


def _without(column: pa.Array, odd: pa.Array) -> pa.Array:
    """The column with nothing where it is odd, so that later steps need not mind it."""
    return pc.if_else(odd, pa.scalar(None, column.type), column) if pc.any(odd).as_py() else column


def _check(columns: dict[str, pa.Array], feed: Feed, terms: Terms, checks: Checks) -> None:
    for c in feed.table.columns:
        if not c.nullable and c.name in columns:
            checks.add("missing_required", c.name, pc.is_null(columns[c.name]))

    def check(reason: str, name: str, holds: Callable[[pa.Array], pa.Array]) -> None:
        if name in columns and (name in feed.targets):
            checks.add(reason, name, holds(columns[name]))

    check("negative_quantity", "quantity", lambda x: pc.less(x, 0.0))
    check("negative_price", "unit_price", lambda x: pc.less(x, 0.0))
    for name in feed.columns:
        if pa.types.is_string(columns[name].type):
            check("raw_identifier", name, _emails)
    check("raw_identifier", "account", _phones)
    check("currency_mismatch", "currency", lambda x: pc.not_equal(x, terms.currency))
    check("unknown_purpose", "purpose", lambda x: pc.invert(pc.is_in(x, pa.array(terms.purposes))))
    check("bad_value", "gender", lambda x: pc.invert(pc.is_in(x, _GENDERS)))
    check("bad_value", "household_size", lambda x: pc.less(x, 1))
    check("bad_value", "completion", lambda x: _outside(x, 0.0, 1.0))
    check("bad_value", "seconds", lambda x: pc.less(x, 0.0))


def _plausible(rows: pa.Table, terms: Terms) -> tuple[pa.Table, dict[str, int]]:
    """The rows without ages that nobody had on the row's own day, and how many went by column."""
    if "birth_year" not in rows.column_names:
        return rows, {}
    year = pc.year(rows["at"].cast(pa.timestamp("us", tz=terms.time_zone)))
    born, low, high = (rows[name] for name in _AGES)
    crossed = pc.greater(low, high)
    wrong = {
        "birth_year": pc.or_(pc.less(born, pc.subtract(year, _OLDEST_AGE)), pc.greater(born, year)),
        "age_min": pc.or_kleene(_outside(low, 0, _OLDEST_AGE), crossed),
        "age_max": pc.or_kleene(_outside(high, 0, _OLDEST_AGE), crossed),
    }
    dropped = {}
    for name, odd in wrong.items():
        if count := pc.sum(odd).as_py():
            dropped[name] = int(count)
            nothing = pa.scalar(None, rows[name].type)
            plausible = pc.if_else(pc.fill_null(odd, False), nothing, rows[name])
            rows = rows.set_column(rows.column_names.index(name), name, plausible)
    return rows, dropped


def _outside(column: pa.Array, least: float, most: float) -> pa.Array:
    return pc.or_(pc.less(column, least), pc.greater(column, most))


def _emails(column: pa.Array) -> pa.Array:
    """Where an e-mail address stands in a text: it would be a raw identifier on the disk."""
    maybe = pc.fill_null(pc.match_substring_regex(column, AT), False)
    places = np.flatnonzero(maybe)
    if not len(places):
        return maybe
    holds = np.zeros(len(column), dtype=bool)
    texts = column.take(pa.array(places)).to_pylist()
    holds[places] = [looks_like_email(text[:LONGEST_FIELD]) for text in texts]
    return pa.array(holds)


def _phones(column: pa.Array) -> pa.Array:
    """Where an account is a phone number with its country code."""
    maybe = pc.fill_null(pc.match_substring_regex(column, r"^\s*(\+\d|00[1-9]\d{0,2}\s)"), False)
    places = np.flatnonzero(maybe)
    holds = np.zeros(len(column), dtype=bool)
    holds[places] = [looks_like_phone(text) for text in column.take(pa.array(places)).to_pylist()]
    return pa.array(holds)


def _finished(
    computed: pa.Table, columns: dict[str, pa.Array], feed: Feed, terms: Terms
) -> pa.Table:
    """The rows with every column of the table but `batch`, times in UTC; maybe still with gaps."""
    count = computed.num_rows
    finished: dict[str, Any] = {"source": pa.repeat(feed.source, count)}
    for column in feed.table.columns:
        name, kind = column.name, TYPES[column.type]
        if name in ("source", "batch", "day"):
            continue
        if name not in columns:
            finished[name] = pa.nulls(count, kind)
        elif column.type == "timestamp":
            absolute = _whole(computed[_ABSOLUTE + name])
            finished[name], day = to_utc(columns[name], absolute, terms.time_zone)
            if name == "at" and "day" in feed.table.names:
                finished["day"] = day
        elif column.type == "date":
            absolute = _whole(computed[_ABSOLUTE + name])
            _, finished[name] = to_utc(columns[name], absolute, terms.time_zone)
        else:
            finished[name] = columns[name].cast(kind)
    names = [c for c in feed.table.names if c != "batch"]
    return pa.table({name: finished[name] for name in names}).append_column(ROW, computed[ROW])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
