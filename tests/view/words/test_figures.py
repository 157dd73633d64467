"""Figures in sentences: counts agree with what they count; a range that is none is one figure."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.view.words import errors, figures
from fullhouse.view.words.figures import (
    NOUNS,
    TRANSLATE,
    likely_between,
    range_short,
    read_alike,
    text,
)

WORDS = Path(figures.__file__).parent
MANY = re.compile(
    r"(?<![\w.,/])1 (?!of )(?:\w+ )?(people|days|films|rows|tickets|cities|accounts)\b"
)


def _templates() -> list[str]:
    """Each template that a sentence is made from, and that of each error."""
    templates = list(errors.SENTENCES.values())
    for path in WORDS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "text":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    templates.append(first.value)
    return templates


def test_each_sentence_reads_well_with_one_of_what_it_counts() -> None:
    templates = _templates()
    assert len(templates) > 300, "the sentences are looked at"
    wrong = []
    for template in templates:
        places = {p.split(".")[0].split("[")[0] for _, p, _, _ in Formatter().parse(template) if p}
        try:
            words = text(template, **dict.fromkeys(places, 1))
        except (ValueError, AttributeError, IndexError, KeyError):
            continue  # a place that no number fits
        # `1 to 1 tickets`, `of 1 1 tickets`: no count of one.
        if MANY.search(re.sub(r"\b(to|and|or|[\d:]+) 1\b", "", words)):
            wrong.append(words)
    assert wrong == []


@given(st.integers(0, 10_000), st.sampled_from(NOUNS))
def test_only_a_count_of_one_is_singular(count: int, noun: str) -> None:
    words = text("Here {count} {noun} are.", count=f"{count:,}", noun=noun)
    assert (f" {noun} are." in words) == (count != 1)


@pytest.mark.parametrize(
    ("words", "better"),
    [
        ("1 people are too few.", "1 person is too few."),
        ("1 more tickets", "1 more ticket"),
        ("1 cities have no opening", "1 city has no opening"),
        ("0.1 tickets", "0.1 tickets"),
        ("1,001 days", "1,001 days"),
        ("between 0 and 1 days", "between 0 and 1 days"),
        ("batch@1 rows", "batch@1 rows"),
    ],
)
def test_a_count_agrees_with_its_noun_and_verb(words: str, better: str) -> None:
    assert text("{words}", words=words) == better


def test_a_translated_sentence_is_left_as_it_is() -> None:
    token = TRANSLATE.set(lambda template: f"zh {template}")
    try:
        assert text("{n} days are missing.", n=1) == "zh 1 days are missing."
    finally:
        TRANSLATE.reset(token)


@given(st.floats(1, 1e10), st.floats(1, 1e10))
def test_no_range_is_written_whose_ends_read_alike(low: float, high: float) -> None:
    low, high = sorted((low, high))
    first, _, last = range_short(low, high).partition(" – ")
    assert first != last
    assert ("almost certainly" in likely_between(low, high, "USD")) == read_alike(low, high)
