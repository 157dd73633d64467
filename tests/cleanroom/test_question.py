"""Any wording of the same question has one canonical form; other questions have others."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule
from fullhouse.cleanroom.question import (
    Breakdown,
    Count,
    Describe,
    MatchSize,
    Overlap,
    RuleReader,
    canonical,
    leaves_of,
    normal_form,
    table_form,
)
from fullhouse.core.errors import InputError

TODAY = date(2026, 11, 1)
NAMES = ("buys:a", "buys:b", "saw:c", "age:18-24", "age:25-34")


def names(text: str) -> tuple[str, ...]:
    if text == "age:18-34":
        return "age:18-24", "age:25-34"
    return (text if ":" in text else f"buys:{text}",)


READER = RuleReader(parse, names)


def digest(question, data="build 1"):
    return canonical(question, READER, as_of=TODAY).digest(data)


leaves = st.sampled_from([*(Name(n) for n in NAMES), Everyone()])
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: Or(tuple(p))),
    ),
    max_leaves=9,
)


def holds(rule: Rule, person: frozenset[str]) -> bool:
    match rule:
        case Not(part):
            return not holds(part, person)
        case And(parts):
            return all(holds(p, person) for p in parts)
        case Or(parts):
            return any(holds(p, person) for p in parts)
        case Everyone():
            return True
        case Name(text):
            return text in person
    raise AssertionError(rule)


PEOPLE = [
    frozenset(n for i, n in enumerate(NAMES) if mask >> i & 1) for mask in range(1 << len(NAMES))
]


@given(rules, rules)
@settings(max_examples=300, deadline=None)
def test_two_rules_have_one_form_if_and_only_if_no_person_distinguishes_them(one, other):
    same = all(holds(one, p) == holds(other, p) for p in PEOPLE)
    forms = [table_form(normal_form(r, names)) for r in (one, other)]
    assert (forms[0] == forms[1]) is same


@given(rules)
@settings(max_examples=200, deadline=None)
def test_the_normal_form_means_the_same_and_is_its_own_normal_form(rule):
    normal = normal_form(rule, names)
    assert all(holds(rule, p) == holds(normal, p) for p in PEOPLE)
    assert normal_form(normal, names) == normal
    assert table_form(normal_form(parse(to_text(normal)), names)) == table_form(normal)


@given(st.permutations(range(14)))
@settings(max_examples=30, deadline=None)
def test_the_order_of_many_names_changes_nothing(order):
    parts = tuple(Name(f"buys:n{i}") for i in order)
    forms = {table_form(normal_form(Or(p), names)) for p in (parts, tuple(sorted(parts, key=str)))}
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Count("a & b"), Count("b & a & a")),
        (Count("!(a | b)"), Count("!a - b")),
        (Count("age:18-34"), Count("age:25-34 | age:18-24")),
        (Count("(a & c) | (a - c)"), Count("buys:a")),
        (Count("a"), Count("a", as_of=TODAY)),
        (Describe("a", ("age", "buys")), Describe("a", ("buys", "AGE", "age"))),
        (Overlap(("a", "b")), Overlap(("b", "a"))),
    ],
)
def test_the_same_question_in_other_words_has_one_digest(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Count("a"), Count("b")),
        (Count("a"), Count("a", as_of=date(2026, 10, 1))),
        (Count("a"), Count("a", precision=100)),
        (Count("a"), Breakdown("a", "age")),
        (Breakdown("a", "age"), Breakdown("a", "city")),
        (Describe("a", ("age",)), Describe("a", ("age",), base="b")),
    ],
)
def test_another_question_has_another_digest(one, other):
    assert digest(one) != digest(other)
    assert digest(one) != digest(one, "build 2")


def test_a_question_that_is_none_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="2 to 6 audiences, not 1"):
        Overlap(("a",))
    with pytest.raises(InputError, match="same one in other words"):
        canonical(Overlap(("a & b", "b & a")), READER, as_of=TODAY)
    with pytest.raises(InputError, match="at least one family"):
        Describe("a", ())


def test_a_match_has_no_day_and_leaves_are_names():
    assert digest(MatchSize("ab" * 32, 2_000)) == digest(MatchSize("ab" * 32, 2_000))
    assert leaves_of(parse("a & !b")) == {Name("a"), Name("b")}
