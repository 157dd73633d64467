"""Gender by age."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.audiences.compile import BuiltTraits
from fullhouse.audiences.parse import parse
from fullhouse.discovery.columns import ages_of, quadrants
from fullhouse.sample.sheet import rule_mask
from tests.discovery.house import trait
from tests.discovery.sheets import sheet_of

AGES = ("0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
TRAITS = [(f"gender:{g}",) for g in ("female", "male")] + [(f"age:{a}",) for a in AGES]
LABELS = {"gender:female": "women", "gender:male": "men"}


def _sheet(gender, age, traits=TRAITS):
    """People by number of gender and age; -1 is not known."""
    has = np.stack([*(gender == g for g in range(2)), *(age == a for a in range(len(AGES)))], 1)
    made = sheet_of(has, np.ones(len(gender)), traits)
    labelled = [dataclasses.replace(t, label=LABELS.get(t.name, t.name)) for t in made.traits]
    return dataclasses.replace(made, traits=tuple(labelled))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_quadrant_is_the_people_that_its_rule_says(seed):
    g = np.random.default_rng(seed)
    sheet = _sheet(g.integers(-1, 2, 60), g.integers(-1, len(AGES), 60))
    result = quadrants(sheet)
    assert len({q.name for q in result}) == len(result) == 2 * (len(AGES) + 5)
    catalogue = BuiltTraits(sheet.traits)
    for q in result:
        rule = rule_mask(sheet, parse(q.rule), catalogue)
        assert (q.holders(60) == rule).all(), q.name


def test_quadrants_have_plain_names():
    labels = {q.label for q in quadrants(_sheet(np.zeros(3), np.arange(3)))}
    assert {
        "women under 25",
        "men aged 25 and over",
        "women aged 18 to 34",
        "women aged 18 to 24",
        "men aged 35 to 54",
        "women aged 55 and over",
        "men aged 65 and over",
        "women under 18",
    } <= labels


@pytest.mark.parametrize(
    ("names", "many"),
    [
        (["gender:female"], 0),
        (["age:18-24", "age:25-34"], 0),
        (["gender:female", "age:18-24"], 0),
        (["gender:female", "age:18-24", "age:25-34"], 3),
        (["gender:female", "age:18-24", "age:35-44"], 2),
        (["gender:female", "age:young", "age:18-24"], 0),
    ],
    ids=["no ages", "no genders", "one age", "18 to 34", "a gap", "no years"],
)
def test_only_bands_that_add_up_are_joined(names, many):
    sheet = sheet_of(np.ones((2, len(names))), np.ones(2), [(n,) for n in names])
    assert len(quadrants(sheet)) == many


def test_bands_are_in_order_of_age():
    made = [trait(i, f"age:{a}") for i, a in enumerate(reversed(AGES))]
    assert [a.first for a in ages_of(made)] == [0, 18, 25, 35, 45, 55, 65]
