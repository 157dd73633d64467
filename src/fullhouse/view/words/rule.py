"""A rule as blocks of a sentence, and what editing a block makes of its text.

The text is all there is: blocks are made of it, and each edit gives a new text, so that the page
of a rule has an address and works without a script.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule, both, either


@dataclass(frozen=True)
class Choice:
    """One thing that a block takes: its text in the language, and the rule without it."""

    text: str
    without: str
    is_name: bool


@dataclass(frozen=True)
class RuleBlock:
    """A part of a rule that all people must fit: any of its choices, or none of them."""

    choices: tuple[Choice, ...]
    excluded: bool
    text: str
    without: str


def name_text(name: str) -> str:
    """A trait's name as a rule that holds nothing else."""
    return to_text(Name(name))


def blocks(text: str) -> tuple[RuleBlock, ...]:
    """The parts of a rule, each to be met; of no rule or of everyone, none."""
    if not text.strip():
        return ()
    parts = _parts(parse(text))
    return tuple(_block(parts, place) for place in range(len(parts)))


def joined(text: str, addition: str, how: str, at: int | None = None) -> str:
    """The rule with something added: as one more part, as a choice of part `at`, or left out."""
    new = parse(addition)
    if not text.strip():
        return to_text(Not(new) if how == "not" else new)
    parts = _parts(parse(text))
    match how:
        case "or" if at is not None and 0 <= at < len(parts):
            part = parts[at]
            wider = Not(either(part.part, new)) if isinstance(part, Not) else either(part, new)
            return _text([*parts[:at], wider, *parts[at + 1 :]])
        case "or":
            return to_text(either(_rule(parts), new)) if parts else to_text(new)
        case "not":
            return _text([*parts, Not(new)])
    return _text([*parts, new])


def tidy(text: str) -> str:
    """The rule as the language writes it, with as few brackets as it needs."""
    return to_text(parse(text)) if text.strip() else ""


def _block(parts: Sequence[Rule], place: int) -> RuleBlock:
    part = parts[place]
    before, after = list(parts[:place]), list(parts[place + 1 :])
    inner = part.part if isinstance(part, Not) else part
    options = list(inner.parts) if isinstance(inner, Or) else [inner]

    def without(i: int) -> str:
        rest = options[:i] + options[i + 1 :]
        if not rest:
            return _text(before + after)
        left = either(*rest)
        return _text([*before, Not(left) if isinstance(part, Not) else left, *after])

    choices = [
        Choice(to_text(option), without(i), isinstance(option, Name))
        for i, option in enumerate(options)
    ]
    return RuleBlock(tuple(choices), isinstance(part, Not), to_text(part), _text(before + after))


def _parts(rule: Rule) -> list[Rule]:
    if isinstance(rule, Everyone):
        return []
    return list(rule.parts) if isinstance(rule, And) else [rule]


def _rule(parts: Sequence[Rule]) -> Rule:
    return both(*parts) if len(parts) > 1 else parts[0]


def _text(parts: Sequence[Rule]) -> str:
    return to_text(_rule(parts)) if parts else ""
