"""The audience language: what it means, how it is written back, how it complains."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.audiences import (
    And,
    Everyone,
    Name,
    Not,
    Or,
    Rule,
    Sample,
    Saved,
    both,
    either,
    from_json,
    parse,
    to_json,
    to_text,
)
from fullhouse.core.errors import InputError

a, b, c, d = (Name(x) for x in "abcd")

CASES = {
    "a": a,
    "(a)": a,
    "a & b": And((a, b)),
    "a and b": And((a, b)),
    "a AND b | c": Or((And((a, b)), c)),
    "a | b & c": Or((a, And((b, c)))),
    "(a | b) & c": And((Or((a, b)), c)),
    "a - b": And((a, Not(b))),
    "a and not b": And((a, Not(b))),
    "a - b & c": And((a, Not(b), c)),
    "a - (b & c)": And((a, Not(And((b, c))))),
    "a - b - c | d": Or((And((a, Not(b), Not(c))), d)),
    "!a & b": And((Not(a), b)),
    "not a or b": Or((Not(a), b)),
    "!(a | b)": Not(Or((a, b))),
    "!!a": Not(Not(a)),
    "a & (b & (c & d))": And((a, b, c, d)),
    "a-b": Name("a-b"),
    "a-b - c-d": And((Name("a-b"), Not(Name("c-d")))),
    "android & orchid & notes": And((Name("android"), Name("orchid"), Name("notes"))),
    "not-a": Name("not-a"),
    "everyone": Everyone(),
    "everyone-else": Name("everyone-else"),
    "age:18-34 & age:65+": And((Name("age:18-34"), Name("age:65+"))),
    "buys:pet-supplies/dogs/food": Name("buys:pet-supplies/dogs/food"),
    '"saw:it\'s complicated-2009"': Name("saw:it's complicated-2009"),
    '"and" | "everyone"': Or((Name("and"), Name("everyone"))),
    r'"a \"b\" \\"': Name('a "b" \\'),
    "saw:流浪地球-2019 & word:ñandú": And((Name("saw:流浪地球-2019"), Name("word:ñandú"))),
    "audience:dogs": Saved("dogs"),
    "audience:dogs@3 - a": And((Saved("dogs", 3), Not(a))),
    "sample(0.1, x)": Sample(Fraction(0), Fraction(1, 10), "x"),
    'sample(.5..1, "my salt") & a': And((Sample(Fraction(1, 2), Fraction(1), "my salt"), a)),
    " a\n&\tb ": And((a, b)),
}


@pytest.mark.parametrize(("text", "rule"), CASES.items(), ids=list(CASES))
def test_text_means_the_rule(text: str, rule: Rule) -> None:
    assert parse(text) == rule


MISTAKES = {
    "a -b": ("A minus needs a space on both sides", 2),
    "a- b": ("A minus needs a space on both sides", 1),
    "-a": ("A minus needs", 0),
    "a b": ("An operator is missing", 2),
    "a &": ("ends too early", 3),
    "(a": ("ends too early", 2),
    "a)": ("')' stands where", 1),
    "()": ("')' stands where", 1),
    "& a": ("A trait is missing before '&'", 0),
    "a & & b": ("A trait is missing before '&'", 4),
    '"a': ("quotation mark is not closed", 0),
    "a $ b": ("'$' has no meaning", 2),
    "sample(2, x)": ("A sample is written", 7),
    "sample(0.5)": ("A sample is written", 7),
    "a & sample(0.5..0.2, x)": ("A sample needs a share", 4),
    "audience:x@y": ("A version is a number", 0),
    "流浪 $ b": ("'$' has no meaning", 5),  # the caret counts columns; these letters take two
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_is_pointed_at(text: str, message: tuple[str, int]) -> None:
    with pytest.raises(InputError) as problem:
        parse(text)
    sentence, line, caret = str(problem.value).split("\n")
    assert message[0] in sentence
    assert line.strip() == text.strip()
    assert caret.index("^") - 2 == message[1]


def test_an_empty_rule_is_a_mistake() -> None:
    with pytest.raises(InputError, match="The rule is empty"):
        parse("  ")


def test_deep_nesting_is_a_mistake_not_a_crash() -> None:
    with pytest.raises(InputError, match="more than 200"):
        parse("(" * 5000 + "a" + ")" * 5000)
    nested: dict[str, Any] = {"trait": "a"}
    for _ in range(5000):
        nested = {"not": nested}
    with pytest.raises(InputError, match="nested deeper"):
        from_json(nested)


names = st.text(
    st.characters(blacklist_categories=("C", "Z"), whitelist_characters=" "), min_size=1
).filter(lambda t: t.strip() == t and t.isprintable() and not t.startswith("audience:"))
plain = st.sampled_from(
    ["female", "buys:a-b/c", "saw:it's-2009", "and", "Everyone", "age:18-34", "65+", "sample", "-x"]
)
shares = st.integers(0, 1000).map(lambda n: Fraction(n, 1000))
samples = (
    st.tuples(shares, shares, names)
    .filter(lambda t: t[0] < t[1])
    .map(lambda t: Sample(t[0], t[1], t[2]))
)
leaves = st.one_of(
    names.map(Name),
    plain.map(Name),
    st.just(Everyone()),
    st.builds(Saved, st.from_regex(r"[a-z][a-z0-9-]{0,5}[a-z]", fullmatch=True))
    | st.builds(Saved, st.just("dogs"), st.integers(1, 9999)),
    samples,
)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: both(*parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: either(*parts)),
    ),
    max_leaves=12,
)


@given(rules)
def test_text_and_back_is_the_same_rule(rule: Rule) -> None:
    assert parse(to_text(rule)) == rule


@given(rules)
def test_json_and_back_is_the_same_rule(rule: Rule) -> None:
    import json

    assert from_json(json.loads(json.dumps(to_json(rule)))) == rule


@given(st.text(max_size=40) | st.text("ab:&|-!() \"'", max_size=30))
def test_any_text_is_a_rule_or_a_mistake(text: str) -> None:
    try:
        rule = parse(text)
    except InputError:
        return
    assert parse(to_text(rule)) == rule


BAD_JSON = {
    "a list": ([], "rule must be an object"),
    "no kind": ({}, "rule must have exactly one of"),
    "a typo": ({"nott": {"trait": "a"}}, "Did you mean 'not'"),
    "two kinds": ({"trait": "a", "everyone": True}, "exactly one"),
    "a place inside": ({"and": [{"trait": "a"}, {"or": 3}]}, r"rule.and\[1\].or must be a list"),
    "a number as a name": ({"not": {"trait": 3}}, "rule.not.trait must be the name"),
    "an extra key": ({"trait": "a", "version": 3}, "no meaning"),
    "a bad share": ({"sample": ["x", "1"], "salt": "s"}, "a share is a number"),
    "a bad version": ({"audience": "x", "version": True}, "whole number"),
}


@pytest.mark.parametrize(("value", "message"), BAD_JSON.values(), ids=list(BAD_JSON))
def test_bad_json_names_the_place(value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_json(value)
