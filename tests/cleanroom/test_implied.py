"""What one rule says of another is read from their canonical forms alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.audiences.forms import to_text
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or
from fullhouse.cleanroom.implied import Formula, formula, implies
from fullhouse.cleanroom.question import Count, RuleReader, canonical

NAMES = ("buys:dogs", "saw:love, simon", 'a "b", c', "age:18-24")
READER = RuleReader(parse, lambda text: (text,))
rules = st.recursive(
    st.sampled_from([*map(Name, NAMES), Everyone()]),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


def form(rule):
    return canonical(Count(to_text(rule)), READER, as_of=date(2026, 1, 1)).form


def fits(rule, has):
    """A slow look at one person."""
    match rule:
        case Not(part):
            return not fits(part, has)
        case And(parts):
            return all(fits(p, has) for p in parts)
        case Or(parts):
            return any(fits(p, has) for p in parts)
        case Name(text):
            return text in has
    return True


@given(rules, rules)
def test_a_rule_implies_another_where_everybody_of_it_fits_the_other(part, whole):
    people = [{n for i, n in enumerate(NAMES) if bits >> i & 1} for bits in range(1 << len(NAMES))]
    expected = all(fits(whole, has) for has in people if fits(part, has))
    assert implies(formula(form(part)), formula(form(whole))) is expected


def test_a_rule_of_many_names_bounds_nothing():
    many = Or(tuple(Name(f"buys:b{n}") for n in range(11)))
    assert formula(form(many)) is None
    one, other = (Formula(tuple(f"{x}{n}" for n in range(7)), 1) for x in "ab")
    assert not implies(one, other)


@pytest.mark.parametrize("rule", ["'a,b:zz'", "'a,b'", "'a:ffffffff'", "'a\"b,c:2'"])
def test_a_form_that_is_none_bounds_nothing(rule):
    assert formula(f"as_of='2026-01-01' precision=0 rule={rule}") is None
