"""From a rule back to the audience language; `parse` of it gives the same rule."""

import re
from fractions import Fraction

from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule, Sample, Saved

_PLAIN = re.compile(r"\w(?:[\w:/'+@.%*-]*[\w'+%*])?")
_WORDS = {"and", "or", "not", "everyone", "sample"}


def to_text(rule: Rule) -> str:
    """The rule in the audience language, with as few brackets as it needs.

    >>> from fullhouse.audiences.parse import parse
    >>> to_text(parse("(a and not b) or c"))
    'a - b | c'
    """
    match rule:
        case Or(parts):
            return " | ".join(_inside(p, Or) for p in parts)
        case And(parts):
            return _inside(parts[0], And) + "".join(_clause(p) for p in parts[1:])
        case Not(part):
            return "!" + _inside(part, Not)
        case _:
            return _leaf(rule)


def _clause(part: Rule) -> str:
    if isinstance(part, Not):
        return " - " + _inside(part.part, Not)
    return " & " + _inside(part, And)


def _inside(rule: Rule, outer: type) -> str:
    loose = isinstance(rule, Or) or (isinstance(rule, And) and outer is not Or)
    return f"({to_text(rule)})" if loose else to_text(rule)


def _leaf(rule: Rule) -> str:
    match rule:
        case Name(text):
            return quote(text)
        case Everyone():
            return "everyone"
        case Saved():
            return quote(f"audience:{rule}")
        case Sample(low, high, salt):
            share = number(high) if low == 0 else f"{number(low)}..{number(high)}"
            return f"sample({share}, {quote(salt)})"
        case _:
            raise AssertionError(rule)


def quote(text: str) -> str:
    """The text as a name: bare where it can be, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(share: Fraction) -> str:
    """A share as a decimal number, exactly."""
    for digits in range(40):
        scaled = share * 10**digits
        if scaled.denominator == 1:
            whole = f"{scaled.numerator:0{digits + 1}d}"
            return whole if digits == 0 else f"{whole[:-digits]}.{whole[-digits:]}"
    raise ValueError(f"{share} is not a decimal number")
