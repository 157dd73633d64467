"""The little language of a feed's columns: a syntax tree with places, and no way to do harm.

Our own 40 lines of grammar and no SQLGlot with an allow-list: in a trial SQLGlot read `date(x, f)`
as a time zone, accepted `coalesce(a,,b)`, and gives no places in the text for an error to point at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from fullhouse.core.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Literal:
    """A text, a number, true or false, or nothing."""

    value: str | float | int | bool | None
    at: int = 0


@dataclass(frozen=True)
class Raw:
    """A column of the file."""

    name: str
    at: int = 0


@dataclass(frozen=True)
class Call:
    """A function or an operator on parts."""

    name: str
    parts: "tuple[Node, ...]"
    at: int = 0


Node: TypeAlias = Literal | Raw | Call


@dataclass(frozen=True)
class Function:
    """How many parts a function takes, and which of them must be written out as literals."""

    least: int
    most: int | None
    doc: str
    literal: tuple[int, ...] = ()


FUNCTIONS: dict[str, Function] = {
    "lower": Function(1, 1, "lower(x): the text in lower case"),
    "upper": Function(1, 1, "upper(x): the text in upper case"),
    "trim": Function(1, 1, "trim(x): the text without spaces around it"),
    "replace": Function(3, 3, "replace(x, 'old', 'new'): every old text made new"),
    "split_part": Function(3, 3, "split_part(x, ':', 2): the second part", (1, 2)),
    "substring": Function(3, 3, "substring(x, 1, 4): 4 characters from the first", (1, 2)),
    "regex_extract": Function(2, 3, "regex_extract(x, '(\\d+)', 1): the first group", (1, 2)),
    "coalesce": Function(1, None, "coalesce(x, y): the first that is not empty"),
    "nullif": Function(2, 2, "nullif(x, 'N/A'): x, or nothing where it is N/A"),
    "if": Function(3, 3, "if(x = 'a', y, z): y where the condition holds, else z"),
    "number": Function(1, 1, "number(x): the text as a number"),
    "round": Function(1, 2, "round(x, 2): the number rounded to 2 digits", (1,)),
    "text": Function(1, 1, "text(x): the value as text"),
    "time": Function(1, 2, "time(x, '%d.%m.%Y %H:%M'): the text as a time", (1,)),
    "date": Function(1, 2, "date(x, '%d.%m.%Y'): the text as a day", (1,)),
    "from_unix": Function(1, 2, "from_unix(x, 'ms'): seconds (or ms) since 1970, UTC", (1,)),
}
OPERATORS = {"||", "+", "-", "*", "/", "neg", "not", "and", "or", "=", "!=", "<", "<=", ">", ">="}
DIRECTIVES = set("aAbBdfGgHIjmMnpSuUVwWxXyYzZ%-c")
UNIX_UNITS = ("s", "ms", "us")


def parse(text: str, *, what: str) -> Node:
    """The tree of an expression; `what` names it in messages, such as "columns.title"."""
    try:
        tree = _parser().parse(text)
        node: Node = _Tree().transform(tree)
    except UnexpectedInput as problem:
        place: int | None = problem.pos_in_stream
        ended = (place if place is not None else -1) < 0 or getattr(problem, "token", None) == ""
        at = len(text) if ended else int(place or 0)
        raise _wrong(text, what, at, "this does not belong here") from None
    except VisitError as problem:
        raise problem.orig_exc from None
    for part in walk(node):
        if isinstance(part, Call) and part.name not in OPERATORS:
            _check_call(part, text, what)
    return node


def walk(node: Node) -> Iterator[Node]:
    """The node and every part of it."""
    yield node
    if isinstance(node, Call):
        for part in node.parts:
            yield from walk(part)


def choices(node: Node) -> list[str] | None:
    """The raw columns of which the first with a value is the node's value; None: it computes."""
    if isinstance(node, Raw):
        return [node.name]
    if isinstance(node, Call) and node.name == "coalesce":
        parts = [part.name for part in node.parts if isinstance(part, Raw)]
        return parts if len(parts) == len(node.parts) else None
    return None


def names(node: Node) -> list[str]:
    """The raw columns an expression reads, each once, in order."""
    return list(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Raw)))


def _check_call(call: Call, text: str, what: str) -> None:
    function = FUNCTIONS.get(call.name)
    if function is None:
        near = did_you_mean(call.name, FUNCTIONS).strip() or f"it may be {', '.join(FUNCTIONS)}"
        raise _wrong(text, what, call.at, f"there is no function {call.name!r}: {near}")
    count = len(call.parts)
    if count < function.least or (function.most is not None and count > function.most):
        raise _wrong(text, what, call.at, f"it is written {function.doc}")
    for i in function.literal:
        if i < count and not isinstance(call.parts[i], Literal):
            raise _wrong(text, what, call.parts[i].at, "a plain text or number must stand here")
    check = _CHECKS.get(call.name)
    if check and (problem := check(call)):
        raise _wrong(text, what, call.at, problem)


def _check_regex(call: Call) -> str | None:
    pattern = _literal(call, 1)
    if not isinstance(pattern, str):
        return "the pattern must be a text"
    try:
        # Arrow and DuckDB use the same RE2, which takes time linear in the text.
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as problem:
        return f"the pattern is wrong: {problem}"
    return None if isinstance(_literal(call, 2, 0), int) else "the group must be a whole number"


def _check_format(call: Call) -> str | None:
    if len(call.parts) < 2:
        return None
    given = _literal(call, 1)
    if not isinstance(given, str) or "%" not in given:
        return "the format must be a text such as '%d.%m.%Y'"
    letters = given.split("%")
    odd = [p[:1] for p in letters[1:] if p and p[0] not in DIRECTIVES]
    return f"the format has no directive %{odd[0]}" if odd else None


def _check_unit(call: Call) -> str | None:
    unit = _literal(call, 1, "s")
    return None if unit in UNIX_UNITS else f"the unit must be one of {', '.join(UNIX_UNITS)}"


def _check_places(call: Call) -> str | None:
    places = [part.value for part in call.parts[1:] if isinstance(part, Literal)]
    whole = places[-1:] if call.name == "split_part" else places
    return None if all(type(v) is int for v in whole) else "a whole number is needed"


def _literal(call: Call, i: int, default: Any = None) -> Any:
    part = call.parts[i] if i < len(call.parts) else None
    return part.value if isinstance(part, Literal) else default


_CHECKS: dict[str, Callable[[Call], str | None]] = {
    "regex_extract": _check_regex,
    "time": _check_format,
    "date": _check_format,
    "from_unix": _check_unit,
    "split_part": _check_places,
    "substring": _check_places,
    "round": _check_places,
}


def _wrong(text: str, what: str, at: int, why: str) -> InputError:
    return InputError(f"{what}: {why}, at character {at + 1}:\n  {text}\n  {' ' * at}^")


@cache
def _parser() -> Lark:
    grammar = (Path(__file__).parent / "grammar.lark").read_text()
    return Lark(grammar, parser="lalr", propagate_positions=True)


@v_args(meta=True)
class _Tree(Transformer[Token, Node]):
    """Lark's tree as ours."""

    def number(self, meta: Any, parts: list[Any]) -> Node:
        text = str(parts[0])
        return Literal(float(text) if "." in text else int(text), meta.start_pos)

    def text(self, meta: Any, parts: list[Any]) -> Node:
        return Literal(str(parts[0])[1:-1].replace("''", "'"), meta.start_pos)

    def true(self, meta: Any, _: list[Any]) -> Node:
        return Literal(True, meta.start_pos)

    def false(self, meta: Any, _: list[Any]) -> Node:
        return Literal(False, meta.start_pos)

    def null(self, meta: Any, _: list[Any]) -> Node:
        return Literal(None, meta.start_pos)

    def column(self, meta: Any, parts: list[Any]) -> Node:
        return Raw(str(parts[0]), meta.start_pos)

    def quoted(self, meta: Any, parts: list[Any]) -> Node:
        return Raw(str(parts[0])[1:-1].replace('""', '"'), meta.start_pos)

    def call(self, meta: Any, parts: list[Any]) -> Node:
        given = tuple(p for p in parts[1:] if p is not None)
        return Call(str(parts[0]).lower(), given, meta.start_pos)

    def negative(self, meta: Any, parts: list[Any]) -> Node:
        only = parts[-1]
        if isinstance(only, Literal) and isinstance(only.value, int | float):
            return Literal(-only.value, meta.start_pos)
        return Call("neg", (only,), meta.start_pos)

    def negated(self, meta: Any, parts: list[Any]) -> Node:
        return Call("not", (parts[-1],), meta.start_pos)

    def compared(self, meta: Any, parts: list[Any]) -> Node:
        sign = {"<>": "!="}.get(str(parts[1]), str(parts[1]))
        return Call(sign, (parts[0], parts[2]), meta.start_pos)

    def either(self, meta: Any, parts: list[Any]) -> Node:
        return _chain("or", parts, meta.start_pos)

    def both(self, meta: Any, parts: list[Any]) -> Node:
        return _chain("and", parts, meta.start_pos)

    def joined(self, meta: Any, parts: list[Any]) -> Node:
        return _chain("||", parts, meta.start_pos)

    def sum(self, meta: Any, parts: list[Any]) -> Node:
        return _left(parts, meta.start_pos)

    def product(self, meta: Any, parts: list[Any]) -> Node:
        return _left(parts, meta.start_pos)


def _chain(name: str, parts: list[Any], at: int) -> Node:
    return parts[0] if len(parts) == 1 else Call(name, tuple(parts), at)


def _left(parts: list[Any], at: int) -> Node:
    node: Node = parts[0]
    for sign, part in zip(parts[1::2], parts[2::2], strict=True):
        node = Call(str(sign), (node, part), at)
    return node
