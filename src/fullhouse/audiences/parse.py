"""From the audience language to a rule; mistakes are shown under the text."""

import re
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from fullhouse.audiences.rule import Everyone, Name, Not, Rule, Sample, Saved, both, either
from fullhouse.core.errors import InputError
from fullhouse.core.lean import without

with without("regex"):
    from lark import Lark, Token, Transformer, v_args
    from lark.exceptions import (
        UnexpectedCharacters,
        UnexpectedInput,
        UnexpectedToken,
        VisitError,
    )

DEEPEST = 200
"""Brackets and nots inside one another; deeper is a mistake, or an attack."""


def parse(text: str) -> Rule:
    """The rule that a text says.

    Or binds loosest; and, minus (and not) bind alike, from left to right; not binds tightest.

    >>> parse("female & age:18-34 - saw:up") == parse("female and age:18-34 and not saw:up")
    True
    """
    if not text.strip():
        raise InputError(
            "The rule is empty; give one such as 'buys:books & age:18-34', or everyone."
        )
    if (
        text.count("(") + text.count("!") + len(re.findall(r"\bnot\b", text, re.IGNORECASE))
        > DEEPEST
    ):
        raise InputError(f"The rule has more than {DEEPEST} brackets and nots; save parts of it.")
    try:
        rule: Rule = _ToRule().transform(_lark().parse(text))
    except UnexpectedInput as problem:
        raise InputError(_explain(text, problem)) from None
    except VisitError as problem:
        if isinstance(problem.orig_exc, InputError):
            place = getattr(problem.obj, "meta", problem.obj)
            at = getattr(place, "start_pos", None)
            raise InputError(
                str(problem.orig_exc) + ("" if at is None else "\n" + point(text, at))
            ) from None
        raise
    return rule


def point(text: str, at: int) -> str:
    """The text with a caret under a place of it; only the line of that place."""
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    line = text[start:] if end < 0 else text[start:end]
    return f"  {line}\n  {' ' * _width(line[: at - start])}^"


def name_leaf(text: str) -> Rule:
    """What a name stands for: a saved audience when it begins with `audience:`, else a trait."""
    if not text.startswith("audience:"):
        return Name(text)
    name, _, version = text.removeprefix("audience:").partition("@")
    if version and not re.fullmatch(r"[0-9]{1,9}", version):
        raise InputError(f"A version is a number, as in audience:{name}@3, not {version!r}.")
    return Saved(name, int(version) if version else None)


def share(text: str) -> Fraction:
    """A share of people, exact: '0.1' is one tenth."""
    try:
        return Fraction(Decimal(text.strip()))
    except (ValueError, ArithmeticError):
        raise InputError(f"A share is a number from 0 to 1, such as 0.1, not {text!r}.") from None


@cache
def _lark() -> Lark:
    grammar = files("fullhouse.audiences").joinpath("rule.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


@v_args(inline=True)
class _ToRule(Transformer[Token, Any]):
    def start(self, rule: Rule) -> Rule:
        return rule

    def either(self, *parts: Any) -> Rule:
        return either(*(p for p in parts if not isinstance(p, Token)))

    def both(self, first: Rule, *rest: Any) -> Rule:
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return both(first, *(Not(part) if op.type == "MINUS" else part for op, part in pairs))

    def denial(self, _: Token, part: Rule) -> Rule:
        return Not(part)

    def everyone(self, _: Token) -> Rule:
        return Everyone()

    def share(self, first: Token, second: Token | None) -> tuple[Fraction, Fraction]:
        one = share(first)
        return (Fraction(0), one) if second is None else (one, share(second))

    def sample(self, _: Token, part: tuple[Fraction, Fraction], salt: Token) -> Rule:
        return Sample(*part, unquote(salt) if salt.type == "QUOTED" else str(salt))

    def name(self, token: Token) -> Rule:
        return name_leaf(str(token))

    def quoted(self, token: Token) -> Rule:
        return name_leaf(unquote(token))


def unquote(text: str) -> str:
    r"""The text inside double quotes, where `\"` stands for a quote and `\\` for a backslash."""
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _explain(text: str, problem: UnexpectedInput) -> str:
    at = len(text.rstrip()) if _at_end(problem) else problem.pos_in_stream or 0
    return f"{_sentence(text, at, problem)}\n{point(text, at)}"


def _at_end(problem: UnexpectedInput) -> bool:
    return isinstance(problem, UnexpectedToken) and problem.token.type == "$END"


def _sentence(text: str, at: int, problem: UnexpectedInput) -> str:
    if _at_end(problem):
        return "The rule ends too early: a trait, a bracket or a closing ')' is missing."
    character = text[at]
    if re.search(r"(?<!\w)sample\s*\([^()]*$", text[:at], re.IGNORECASE):
        return "A sample is written sample(0.1, salt) or sample(0.5..1, salt)."
    if character == "-":
        return (
            "A minus needs a space on both sides and something before it: 'a - b'; '!a' is not a."
        )
    if character == '"':
        return "A quotation mark is not closed." if text.count('"') % 2 else _missing_operator()
    if character == ")":
        return "A ')' stands where a trait is missing, or has no '(' before it."
    if isinstance(problem, UnexpectedCharacters):
        return f"{character!r} has no meaning here; put a name that holds it in double quotes."
    if isinstance(problem, UnexpectedToken) and problem.token.type in ("AND", "OR", "MINUS"):
        return f"A trait is missing before {str(problem.token)!r}."
    return _missing_operator()


def _missing_operator() -> str:
    return "An operator is missing before this: '&', '|' or ' - '."


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
