"""Expressions become Ibis columns, each with the rows in which it could not be computed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from fullhouse.core.errors import InputError
from fullhouse.feeds.expression import Call, Literal, Node, Raw

_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
# No clock on earth is further off than 14 hours.
_OFFSET = r"[+-](0\d|1[0-4])(:?[0-5]\d)?"
_LOCAL = rf"^\s*\d{{4}}-\d{{1,2}}-\d{{1,2}}([T ]{_CLOCK})?\s*$"
_ZONED = rf"^\s*\d{{4}}-\d{{1,2}}-\d{{1,2}}[T ]{_CLOCK}\s*([Zz]|{_OFFSET})\s*$"
_NO = ibis.literal(False)
_UNIX = {"s": 1_000_000, "ms": 1_000, "us": 1}


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]  # Ibis's
def _try_strptime(text: str, format_: str) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]  # Ibis reads types as values
    ...


@ibis.udf.scalar.builtin(name="make_timestamp")  # type: ignore[untyped-decorator]  # Ibis's
def _make_timestamp(micros: int) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]  # Ibis reads types as values
    ...


@dataclass(frozen=True)
class Value:
    """A computed column: text, number, bool or time.

    `failed` is true in rows where a part could not be read as what was asked for. `given`, where
    it stands, is true in rows in which the value itself was to be read from something: there, no
    value means a failure too. (EntryFact in two columns, since DuckDB would compute the value again
    for each mention.) A time is without a zone; where `absolute` it is UTC already, else as the
    feed's clock showed. A number may be nan or infinite.
    """

    type: str
    expr: Any
    failed: Any = _NO
    absolute: Any = _NO
    given: Any = None

    @property
    def lost(self) -> Any:
        """Where the value or a part of it could not be read."""
        if self.given is None:
            return self.failed
        return self.failed | (self.given & self.expr.isnull())


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]  # Ibis's
def _clock_in(zone: str, moment: dt.Timestamp(timezone="UTC", scale=6)) -> dt.Timestamp(scale=6):  # type: ignore[valid-type]  # Ibis reads types as values
    ...


def compile_node(node: Node, table: ir.Table, *, what: str, time_zone: str = "UTC") -> Value:
    """The value of an expression over a table of raw columns; days are those of the time zone."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Raw(name=name):
            return _raw(table[name], what)
        case Call(name=name, parts=parts):
            values = [compile_node(p, table, what=what, time_zone=time_zone) for p in parts]
            if name == "date":
                return _date(values, what, time_zone)
            return _CALLS[name](values, what)
    raise TypeError(node)


def mapped_values(value: Value, table: Mapping[str, Any], *, what: str) -> Value:
    """The value with a table of words applied: words that are not in the table stay."""
    plain = as_text(value)
    words = [str(v) if not isinstance(v, bool) else str(v).lower() for v in table.values()]
    cases = [(plain.expr == key, word) for key, word in zip(table, words, strict=True)]
    if not cases:
        raise InputError(f"{what}: the table of values is empty.")
    return replace(plain, expr=ibis.cases(*cases, else_=plain.expr))


def as_text(value: Value) -> Value:
    """The value as text; empty text is nothing."""
    if value.type == "text":
        return value
    text = _number_text(value.expr) if value.type == "number" else value.expr.cast("string")
    return Value("text", text, value.lost)


def as_number(value: Value) -> Value:
    """The value as a number."""
    if value.type == "number":
        return value
    if value.type == "bool":
        return Value("number", value.expr.cast("float64"), value.lost)
    text = as_text(value)
    return Value("number", text.expr.try_cast("float64"), text.lost, given=text.expr.notnull())


def as_bool(value: Value) -> Value:
    """The value as true or false: true/false, yes/no, y/n, t/f, 1/0."""
    if value.type == "bool":
        return value
    text = _trimmed(value)
    word = text.expr.lower()
    truth = ibis.cases(
        (word.isin(["true", "yes", "y", "t", "1"]), True),
        (word.isin(["false", "no", "n", "f", "0"]), False),
        else_=None,
    )
    return Value("bool", truth, text.failed, given=text.expr.notnull())


def as_time(value: Value) -> Value:
    """The value as a time: text in ISO 8601, with an offset or 'Z' or without."""
    if value.type == "time":
        return value
    text = as_text(value)
    # DuckDB drops the offset in a cast to a plain timestamp, and heeds it in one with a zone.
    plain = dt.Timestamp(scale=6)
    zoned = text.expr.re_search(_ZONED)
    moment = ibis.cases(
        (text.expr.re_search(_LOCAL), text.expr.try_cast(plain)),
        (zoned, text.expr.try_cast(dt.Timestamp(timezone="UTC", scale=6)).cast(plain)),
        else_=None,
    )
    return Value("time", moment, text.lost, zoned.fill_null(False), text.expr.notnull())


def _trimmed(value: Value) -> Value:
    text = as_text(value)
    return Value("text", text.expr.strip().nullif(""), text.lost)


def _literal(value: Any) -> Value:
    if value is None or value == "":
        return Value("text", ibis.null("string"))
    if isinstance(value, bool):
        return Value("bool", ibis.literal(value))
    if isinstance(value, int | float):
        return Value("number", ibis.literal(float(value)))
    return Value("text", ibis.literal(value))


def _raw(column: Any, what: str) -> Value:
    kind = column.type()
    if kind.is_string():
        return Value("text", column.nullif(""))
    if kind.is_boolean():
        return Value("bool", column)
    if kind.is_integer() or kind.is_floating():
        return Value("number", column)
    if kind.is_date():
        return Value("time", column.cast(dt.Timestamp(scale=6)))
    if kind.is_timestamp():
        zoned = kind.timezone is not None
        plain = column.cast(dt.Timestamp(timezone="UTC", scale=6)) if zoned else column
        return Value("time", plain.cast(dt.Timestamp(scale=6)), _NO, ibis.literal(zoned))
    raise InputError(f"{what}: column {column.get_name()!r} is a {kind}, which cannot be mapped.")


def _number_text(number: Any) -> Any:
    if number.type().is_integer():
        return number.cast("string")
    whole = number.try_cast("int64")
    # Beyond 2**53 (in floats of 32 bits 2**24) digits are lost, and the text must not hide it.
    limit = 2.0**24 if number.type().is_float32() else 2.0**53
    exact = ((whole.cast("float64") == number) & (number.abs() < limit)).fill_null(False)
    text = number.cast("string")
    lost = (number.abs() >= limit) & ~text.contains("e") & ~text.contains("n")
    return ibis.ifelse(exact, whole.cast("string"), ibis.ifelse(lost, text + "e+0", text))


def _failed(values: list[Value]) -> Any:
    known = [v.lost for v in values if v.failed is not _NO or v.given is not None]
    return reduce(lambda a, b: a | b, known) if known else _NO


def _text(act: Callable[..., Any]) -> Callable[[list[Value], str], Value]:
    def compiled(values: list[Value], _: str) -> Value:
        texts = [as_text(v) for v in values]
        text = act(*(t.expr for t in texts))
        return Value("text", text.nullif(""), _failed(texts))

    return compiled


def _arithmetic(act: Callable[..., Any]) -> Callable[[list[Value], str], Value]:
    def compiled(values: list[Value], _: str) -> Value:
        numbers = [as_number(v) for v in values]
        number = act(*(n.expr.cast("float64") for n in numbers))
        return Value("number", number, _failed(numbers))

    return compiled


def _split_part(values: list[Value], _: str) -> Value:
    text, separator, place = as_text(values[0]), as_text(values[1]), _int(values[2])
    return Value("text", _builtin_split(text.expr, separator.expr, place).nullif(""), text.lost)


@ibis.udf.scalar.builtin(name="split_part")  # type: ignore[untyped-decorator]  # Ibis's
def _builtin_split(text: str, separator: str, place: int) -> str:  # type: ignore[empty-body]  # DuckDB's own
    ...


def _substring(values: list[Value], _: str) -> Value:
    text = as_text(values[0])
    start, length = _int(values[1]), _int(values[2])
    return Value("text", text.expr.substr(max(start - 1, 0), length).nullif(""), text.lost)


def _regex(values: list[Value], _: str) -> Value:
    text, pattern = as_text(values[0]), as_text(values[1])
    group = _int(values[2]) if len(values) > 2 else _groups(pattern.expr.op().value)
    return Value("text", text.expr.re_extract(pattern.expr, group).nullif(""), text.lost)


def _groups(pattern: str) -> int:
    """1 when a pattern has a group, which is then what is meant, else 0: the whole match."""
    bare = re.sub(r"\\.|\[[^\]]*\]", "", pattern)
    return 1 if re.search(r"\((?!\?)|\(\?P<", bare) else 0


def _int(value: Value) -> int:
    return int(value.expr.op().value)


def _coalesce(values: list[Value], what: str) -> Value:
    alike = _alike(values, what)
    first = ibis.coalesce(*(v.expr for v in alike))
    absolute = ibis.cases(*((v.expr.notnull(), v.absolute) for v in alike), else_=False)
    # A part that could not be read is forgiven where another one stands in for it.
    failed = _failed(alike)
    failed = failed if failed is _NO else failed & first.isnull()
    return Value(alike[0].type, first, failed, absolute)


def _nullif(values: list[Value], what: str) -> Value:
    first, second = _alike(values, what)
    equal = (first.expr == second.expr).fill_null(False)
    return Value(first.type, ibis.ifelse(equal, None, first.expr), first.lost, first.absolute)


def _if(values: list[Value], what: str) -> Value:
    condition = as_bool(values[0])
    yes, no = _alike(values[1:], what)
    holds = condition.expr.fill_null(False)
    return Value(
        yes.type,
        ibis.ifelse(holds, yes.expr, no.expr),
        condition.lost | ibis.ifelse(holds, yes.lost, no.lost),
        ibis.ifelse(holds, yes.absolute, no.absolute),
    )


def _alike(values: list[Value], what: str) -> list[Value]:
    """Values brought to one type: their own when all agree, else text; times only with times."""
    typed = {v.type for v in values if not _is_null(v)}
    if len(typed) == 1:
        (only,) = typed
        return [_null(v, only) if _is_null(v) else _plain(v) for v in values]
    if "time" in typed:
        raise InputError(f"{what}: a time and a {min(typed - {'time'})} cannot be mixed.")
    return [as_text(v) for v in values]


def _plain(value: Value) -> Value:
    return replace(value, expr=value.expr.cast("float64")) if value.type == "number" else value


def _is_null(value: Value) -> bool:
    operation = value.expr.op()
    return hasattr(operation, "value") and operation.value is None


def _null(value: Value, type_: str) -> Value:
    kinds = {"text": "string", "number": "float64", "bool": "bool"}
    kind = dt.Timestamp(scale=6) if type_ == "time" else kinds[type_]
    return replace(value, type=type_, expr=ibis.null(kind))


def _compare(act: Callable[[Any, Any], Any]) -> Callable[[list[Value], str], Value]:
    def compiled(values: list[Value], what: str) -> Value:
        types = {v.type for v in values}
        if "number" in types:
            first, second = (as_number(v) for v in values)
        elif "time" in types:
            first, second = (as_time(v) for v in values)
        else:
            first, second = _alike(values, what)
        return Value("bool", act(first.expr, second.expr), _failed([first, second]))

    return compiled


def _logic(act: Callable[..., Any]) -> Callable[[list[Value], str], Value]:
    def compiled(values: list[Value], _: str) -> Value:
        bools = [as_bool(v) for v in values]
        return Value("bool", reduce(act, (b.expr for b in bools)), _failed(bools))

    return compiled


def _not(values: list[Value], _: str) -> Value:
    only = as_bool(values[0])
    return Value("bool", ~only.expr, only.lost)


def _round(values: list[Value], _: str) -> Value:
    number = as_number(values[0])
    digits = _int(values[1]) if len(values) > 1 else 0
    rounded = number.expr.cast("float64").round(digits).cast("float64")
    return Value("number", rounded, number.lost)


def _time(values: list[Value], _: str) -> Value:
    if len(values) == 1 or values[0].type == "time":
        return as_time(values[0])
    text = _trimmed(values[0])
    format_ = values[1].expr.op().value
    absolute = "%z" in format_.lower()
    # With an offset in the format DuckDB gives a time with a zone, and UTC is the session's.
    parsed = _try_strptime(text.expr, format_).cast(dt.Timestamp(scale=6))
    given = text.expr.notnull()
    return Value("time", parsed, text.failed, ibis.literal(absolute), given)


def _date(values: list[Value], what: str, time_zone: str) -> Value:
    """The day that the feed's clock shows, also of a time with an offset."""
    time = _time(values, what)
    moment = time.expr.cast(dt.Timestamp(timezone="UTC", scale=6))
    clock = ibis.ifelse(time.absolute, _clock_in(time_zone, moment), time.expr)
    return replace(time, expr=clock.truncate("D"), absolute=_NO)


def _from_unix(values: list[Value], _: str) -> Value:
    number = as_number(values[0])
    unit = values[1].expr.op().value if len(values) > 1 else "s"
    micros = number.expr.cast("float64") * float(_UNIX[unit])
    moment = _make_timestamp(ibis.ifelse(micros.abs() < 2**62, micros, None).cast("int64"))
    given = number.expr.notnull()
    return Value("time", moment, number.lost, ibis.literal(True), given)


_CALLS: dict[str, Callable[[list[Value], str], Value]] = {
    "lower": _text(lambda x: x.lower()),
    "upper": _text(lambda x: x.upper()),
    "trim": _text(lambda x: x.strip()),
    "replace": _text(lambda x, old, new: x.replace(old, new.fill_null(""))),
    "split_part": _split_part,
    "substring": _substring,
    "regex_extract": _regex,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "if": _if,
    "number": lambda values, _: as_number(values[0]),
    "round": _round,
    "text": lambda values, _: as_text(values[0]),
    "time": _time,
    "from_unix": _from_unix,
    # A missing part is skipped: 'Iowa' || ', ' || nothing is still something to show.
    "||": _text(lambda *parts: reduce(lambda a, b: a + b, (p.fill_null("") for p in parts))),
    "+": _arithmetic(lambda a, b: a + b),
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: a / b),
    "neg": _arithmetic(lambda a: -a),
    "not": _not,
    "and": _logic(lambda a, b: a & b),
    "or": _logic(lambda a, b: a | b),
    "=": _compare(lambda a, b: a == b),
    "!=": _compare(lambda a, b: a != b),
    "<": _compare(lambda a, b: a < b),
    "<=": _compare(lambda a, b: a <= b),
    ">": _compare(lambda a, b: a > b),
    ">=": _compare(lambda a, b: a >= b),
}
