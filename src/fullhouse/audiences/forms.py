"""A rule as audience-language text, and as typed JSON; both are read back as the same rule."""

import re
from fractions import Fraction
from typing import Any

from fullhouse.audiences.parse import name_leaf
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule, Sample, Saved, both, either
from fullhouse.core.errors import InputError, did_you_mean

KEYS = ("and", "or", "not", "trait", "everyone", "audience", "sample")
_MOST = 200
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


def to_json(rule: Rule) -> dict[str, Any]:
    """The rule as JSON values.

    >>> from fullhouse.audiences.parse import parse
    >>> to_json(parse("female - saw:up-2009"))
    {'and': [{'trait': 'female'}, {'not': {'trait': 'saw:up-2009'}}]}
    """
    match rule:
        case And(parts):
            return {"and": [to_json(p) for p in parts]}
        case Or(parts):
            return {"or": [to_json(p) for p in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case Name(text):
            return {"trait": text}
        case Everyone():
            return {"everyone": True}
        case Saved(name, version):
            return {"audience": name} | ({"version": version} if version else {})
        case Sample(low, high, salt):
            return {"sample": [number(low), number(high)], "salt": salt}


def from_json(value: Any, *, path: str = "rule", depth: int = 0) -> Rule:
    """The rule that JSON values say; an error names the place, such as rule.and[1].trait."""
    if depth > _MOST:
        raise InputError(f"The rule is nested deeper than {_MOST}.")
    kind = _kind(value, path)
    inner, here = value[kind], f"{path}.{kind}"
    match kind:
        case "and" | "or":
            if not isinstance(inner, list) or not inner:
                raise InputError(f"{here} must be a list of rules, not {inner!r}.")
            parts = [
                from_json(v, path=f"{here}[{i}]", depth=depth + 1) for i, v in enumerate(inner)
            ]
            return both(*parts) if kind == "and" else either(*parts)
        case "not":
            return Not(from_json(inner, path=here, depth=depth + 1))
        case "everyone":
            if inner is not True:
                raise InputError(f"{here} must be true, not {inner!r}.")
            return Everyone()
        case "sample":
            return _sample(value, here)
        case "audience":
            return _saved(value, here)
        case _:
            return _name(inner, here)


def _kind(value: Any, path: str) -> str:
    if not isinstance(value, dict):
        raise InputError(f"{path} must be an object with one of {', '.join(KEYS)}, not {value!r}.")
    kinds = [k for k in value if k in KEYS]
    if len(kinds) != 1:
        near = "".join(did_you_mean(str(k), KEYS) for k in value if k not in KEYS)
        raise InputError(f"{path} must have exactly one of {', '.join(KEYS)}.{near}")
    kind = str(kinds[0])
    allowed = {kind} | {"audience": {"version"}, "sample": {"salt"}}.get(kind, set())
    if extra := set(value) - allowed:
        raise InputError(f"{path} has {sorted(map(str, extra))} beside {kind!r}, with no meaning.")
    return kind


def _name(inner: Any, here: str) -> Rule:
    if not isinstance(inner, str):
        raise InputError(f"{here} must be the name of a trait, not {inner!r}.")
    if inner.strip().startswith("audience:"):
        return name_leaf(inner.strip())
    return Name(inner)


def _saved(value: dict[str, Any], here: str) -> Rule:
    name, version = value["audience"], value.get("version")
    if not isinstance(name, str):
        raise InputError(f"{here} must be the name of a saved audience, not {name!r}.")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise InputError(f"{here}: version must be a whole number, not {version!r}.")
    return Saved(name, version)


def _sample(value: dict[str, Any], here: str) -> Rule:
    bounds, salt = value["sample"], value.get("salt")
    if not isinstance(bounds, list) or len(bounds) != 2 or not isinstance(salt, str):
        raise InputError(f"{here} must be two shares such as ['0', '0.1'], with a text as 'salt'.")
    low, high = (_share(b, here) for b in bounds)
    return Sample(low, high, salt)


def _share(bound: Any, here: str) -> Fraction:
    if isinstance(bound, str | int | float) and not isinstance(bound, bool):
        try:
            return Fraction(str(bound))
        except ValueError:
            pass
    raise InputError(f"{here}: a share is a number from 0 to 1, such as '0.1', not {bound!r}.")
