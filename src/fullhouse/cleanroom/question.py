"""What a tenant may ask: frozen typed questions, and the form in which two of them are the same.

The canonical form is of the wording, never of the people behind it: two rules that today select
the same people are two questions, since the same noise on both would tell that they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, TypeAlias

from pydantic import TypeAdapter

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule
from fullhouse.core.errors import InputError
from fullhouse.core.request import request

MOST_OVERLAPPING = 6
"""Rules of one overlap: its cells are 2 to the power of them."""

MOST_IN_TABLE = 10
"""Names of a rule up to which every rewriting of it has the same canonical form."""


@request
class Count:
    """How many people fit a rule; `precision` is the half-width wanted, 0 for the policy's."""

    kind: ClassVar[str] = "count"
    stage: ClassVar[str] = "plan"
    rule: str
    as_of: date | None = None
    precision: int = 0


@request
class Breakdown:
    """The people of a rule by the traits of a family, each person in one cell, and their total."""

    kind: ClassVar[str] = "breakdown"
    stage: ClassVar[str] = "plan"
    rule: str
    by: str
    as_of: date | None = None


@request
class Describe:
    """The share of each trait of some families in a rule's people, against a base."""

    kind: ClassVar[str] = "describe"
    stage: ClassVar[str] = "plan"
    rule: str
    families: tuple[str, ...]
    base: str = "everyone"
    as_of: date | None = None

    def __post_init__(self) -> None:
        if not self.families:
            raise InputError("A description needs at least one family of traits, such as 'age'.")


@request
class Overlap:
    """How many people are in each combination of 2 to 6 rules."""

    kind: ClassVar[str] = "overlap"
    stage: ClassVar[str] = "plan"
    rules: tuple[str, ...]
    as_of: date | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.rules) <= MOST_OVERLAPPING:
            raise InputError(
                f"An overlap takes 2 to {MOST_OVERLAPPING} audiences, not {len(self.rules)}."
            )


@request
class ReachFrequency:
    """How many people a campaign reached, and how often, up to a day."""

    kind: ClassVar[str] = "reach"
    stage: ClassVar[str] = "monitor"
    campaign: str
    as_of: date | None = None


@request
class Cards:
    """The audiences of a film, as cards; `comps` are films whose audience counts as its own."""

    kind: ClassVar[str] = "cards"
    stage: ClassVar[str] = "discovery"
    film: str
    comps: tuple[str, ...] = ()
    as_of: date | None = None


@request
class Readout:
    """What a campaign changed, in tickets and money, up to a day."""

    kind: ClassVar[str] = "readout"
    stage: ClassVar[str] = "readout"
    campaign: str
    as_of: date | None = None


@request
class TicketsByCity:
    """The tickets that the people of a rule bought, by city."""

    kind: ClassVar[str] = "tickets"
    stage: ClassVar[str] = "monitor"
    rule: str
    as_of: date | None = None


@request
class MatchSize:
    """How many of a list's identifiers the house knows; the list is known by its digest alone."""

    kind: ClassVar[str] = "match"
    stage: ClassVar[str] = "plan"
    list_digest: str
    identifiers: int


Question: TypeAlias = (
    Count
    | Breakdown
    | Describe
    | Overlap
    | ReachFrequency
    | Cards
    | Readout
    | TicketsByCity
    | MatchSize
)
KINDS: dict[str, type[Any]] = {
    question.kind: question
    for question in (
        Count, Breakdown, Describe, Overlap, ReachFrequency, Cards, Readout, TicketsByCity,
        MatchSize,
    )
}  # fmt: skip

NamesOf = Callable[[str], tuple[str, ...]]
"""The full names of the traits that a name in a rule stands for."""


@dataclass(frozen=True)
class Canonical:
    """A question as it is known by: rules in normal form, sets sorted, its day settled.

    `wording` is the question with its rules as they are shown, `form` the JSON that is digested.
    """

    question: Question
    form: str

    def digest(self, data: str) -> str:
        """SHA-256 of the form and of the data that it is asked of."""
        return sha256(f"{self.question.kind} {self.form} {data}".encode()).hexdigest()


@dataclass(frozen=True)
class RuleReader:
    """How rules are read for one tenant: text to rule, and names to full names."""

    read: Callable[[str], Rule]
    names: NamesOf

    def normal(self, text: str) -> Rule:
        """The rule of a text in normal form, with full names."""
        return normal_form(self.read(text), self.names)


def canonical(question: Question, reader: RuleReader, *, as_of: date) -> Canonical:
    """The form in which a question is stored: any wording of the same thing has the same one."""
    asked: dict[str, Any] = {"as_of": question_day(question, as_of)}
    match question:
        case Count(rule=text) | Breakdown(rule=text) | TicketsByCity(rule=text):
            rule = reader.normal(text)
            asked["rule"], form = to_text(rule), {"rule": table_form(rule)}
        case Describe(rule=text, base=base, families=families):
            rule, ground = reader.normal(text), reader.normal(base)
            asked |= {"rule": to_text(rule), "base": to_text(ground)}
            asked["families"] = tuple(sorted({f.strip().lower() for f in families}))
            form = {"rule": table_form(rule), "base": table_form(ground)}
        case Overlap(rules=texts):
            rules = sorted((reader.normal(t) for t in texts), key=table_form)
            forms = sorted(map(table_form, rules))
            if len(set(forms)) < len(forms):
                raise InputError("Two of the audiences are the same one in other words.")
            asked["rules"], form = tuple(map(to_text, rules)), {"rules": ";".join(forms)}
        case Cards(comps=comps):
            asked["comps"], form = tuple(sorted(set(comps))), {}
        case _:
            form = {}
    if isinstance(question, MatchSize):
        asked.pop("as_of")
    settled = replace(question, **asked)
    fields = TypeAdapter(type(settled)).dump_python(settled, mode="json") | form
    words = (f"{name}={fields[name]!r}" for name in sorted(fields))
    return Canonical(settled, " ".join(words))


def question_day(question: Question, today: date) -> date:
    """The day that a question is asked as of."""
    return getattr(question, "as_of", None) or today


def on_day(question: Question, day: date) -> Question:
    """The question asked as of a day; a match has none."""
    return question if isinstance(question, MatchSize) else replace(question, as_of=day)


def rules_of(question: Question) -> tuple[str, ...]:
    """The rules that a question names."""
    match question:
        case Count(rule=rule) | Breakdown(rule=rule) | TicketsByCity(rule=rule):
            return (rule,)
        case Describe(rule=rule, base=base):
            return rule, base
        case Overlap(rules=rules):
            return rules
    return ()


def normal_form(rule: Rule, names: NamesOf) -> Rule:
    """The rule with full names, negations at its leaves, parts sorted, and nothing said twice.

    What can be neither is `!everyone`; `everyone` is the empty And, as in logic.
    """
    return _normal(rule, names, negate=False)


NOBODY = Not(Everyone())


def _normal(rule: Rule, names: NamesOf, *, negate: bool) -> Rule:
    match rule:
        case Not(part):
            return _normal(part, names, negate=not negate)
        case And(parts) | Or(parts):
            inner = [_normal(part, names, negate=negate) for part in parts]
            return _joined(inner, And if isinstance(rule, And) is not negate else Or)
        case Everyone():
            return NOBODY if negate else rule
        case Name(text):
            full = [Name(name) for name in sorted(set(names(text)))]
            leaves: list[Rule] = [Not(leaf) if negate else leaf for leaf in full]
            return _joined(leaves, And if negate else Or)
    return Not(rule) if negate else rule


def _joined(parts: Iterable[Rule], kind: type[And] | type[Or]) -> Rule:
    flat = {p for part in parts for p in (part.parts if isinstance(part, kind) else (part,))}
    neutral, ruling = (Everyone(), NOBODY) if kind is And else (NOBODY, Everyone())
    flat.discard(neutral)
    if ruling in flat or any(Not(part) in flat for part in flat if not isinstance(part, Not)):
        return ruling
    if not flat:
        return neutral
    other = Or if kind is And else And
    # Absorption: a & (a | b) is a.
    flat = {p for p in flat if not (isinstance(p, other) and flat & set(p.parts))}
    return kind(tuple(sorted(flat, key=to_text))) if len(flat) > 1 else flat.pop()


def table_form(rule: Rule) -> str:
    """A text that all rewritings of a rule share: its names and its truth table.

    Of a rule of more than MOST_IN_TABLE names, the normal form itself.
    """
    leaves = sorted(leaves_of(rule), key=to_text)
    if len(leaves) > MOST_IN_TABLE:
        return to_text(rule)
    table = _truth(rule, leaves)
    for leaf in list(leaves):
        place = leaves.index(leaf)
        low, high = _halves(table, place, len(leaves))
        if low == high:
            leaves.pop(place)
            table = _truth_without(low, place, len(leaves))
    return ",".join(map(to_text, leaves)) + f":{table:x}"


def leaves_of(rule: Rule) -> set[Rule]:
    """The names, saved audiences and samples of a rule."""
    match rule:
        case Not(part):
            return leaves_of(part)
        case And(parts) | Or(parts):
            return {leaf for part in parts for leaf in leaves_of(part)}
        case Everyone():
            return set()
    return {rule}


def _truth(rule: Rule, leaves: list[Rule]) -> int:
    """The truth table as bits: bit `row` is the rule's value where leaf i has bit i of `row`."""
    rows = 1 << len(leaves)
    full = (1 << rows) - 1

    def value(part: Rule) -> int:
        match part:
            case Not(inner):
                return full & ~value(inner)
            case And(parts):
                result = full
                for each in parts:
                    result &= value(each)
                return result
            case Or(parts):
                result = 0
                for each in parts:
                    result |= value(each)
                return result
            case Everyone():
                return full
        return _column(leaves.index(part), rows)

    return value(rule)


def _column(place: int, rows: int) -> int:
    return sum(1 << row for row in range(rows) if row >> place & 1)


def _halves(table: int, place: int, leaves: int) -> tuple[int, int]:
    """The table where a leaf is false, and where it is true, both laid over its false rows."""
    rows = 1 << leaves
    column = _column(place, rows)
    return table & ~column, (table & column) >> (1 << place)


def _truth_without(low: int, place: int, leaves: int) -> int:
    """The table without a leaf that changes nothing, of the rows where it was false."""
    below = (1 << place) - 1
    table = 0
    for row in range(1 << leaves):
        from_row = (row & ~below) << 1 | (row & below)
        table |= (low >> from_row & 1) << row
    return table
