"""An idea as a user writes it."""

import string
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.greenlight.idea import MOST_YEARS, SOURCES, Idea, check_ahead, read_idea

DAY = date(2026, 6, 1)

KESTREL = 'title = "The Kestrel"\nbudget = 12e6\n'


def test_an_idea_holds_what_its_file_says() -> None:
    idea = read_idea(
        KESTREL + 'genres = ["Drama"]\nstory_source = "Comic"\nopening = 2028-05-12\n'
        'china = "buy_out"\nchina_fee = 2e6\n'
    )
    assert (idea.id, idea.story_source, idea.china_fee) == ("idea-the-kestrel", "comic", 2e6)
    assert idea.opening is not None
    assert idea.opening.year == 2028


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('title = "A"', "needs a budget"),
        ("budget = 12e6", "needs a title"),
        (KESTREL + "bugdet = 1", "Did you mean 'budget'"),
        (KESTREL + 'story_source = "comics"', "Did you mean 'comic'"),
        (KESTREL + 'china = "buy_out"', "china_fee"),
        (KESTREL + 'opening = "soon"', "opening is a day"),
        (KESTREL + "opening = 2028-05-12T10:00:00", "opening is a day"),
        (KESTREL + "tax_credit = 1.2", "from 0 to 1"),
        (KESTREL + "genres = [1]", "list of texts"),
        ('title = "A"\nbudget = 12', "from 1,000"),
        ('title = "A"\nbudget = true', "number of 0 or more"),
        ('title = "A"\nbudget = inf', "number of 0 or more"),
        ('title = "A"\nbudget = 1' + 400 * "0", "number of 0 or more"),
        ('title = "A"\nbudget = 1' + 5000 * "0", "not valid TOML"),
        (KESTREL + "advertising = 1e300", "to 1e+15"),
        (KESTREL + "china_fee = 1e6", 'china = "buy_out"'),
        ('title = " "\nbudget = 12e6', "title is empty"),
        ("title = ", "not valid TOML"),
    ],
)
def test_a_mistake_in_an_idea_is_told_with_what_would_do(text: str, words: str) -> None:
    with pytest.raises(InputError) as problem:
        read_idea(text)
    assert words in str(problem.value)


@given(
    st.text(string.ascii_letters + "流浪地球 ", min_size=1).filter(str.strip),
    st.floats(1e3, 2e9),
    st.sampled_from(SOURCES),
)
def test_any_title_budget_and_source_is_an_idea_with_an_id(
    title: str, budget: float, source: str
) -> None:
    idea = read_idea(f'title = "{title}"\nbudget = {budget!r}\nstory_source = "{source}"')
    assert idea.id.startswith("idea-")
    assert len(idea.id) > len("idea-")
    assert idea.budget == budget


@given(st.integers(-4000, 9000), st.booleans())
def test_only_an_opening_that_lies_ahead_is_planned(days: int, there: bool) -> None:
    opening = DAY + timedelta(days=days)
    idea = Idea("A", 2e7, opening=opening)
    mistaken = opening.year > DAY.year + MOST_YEARS or (days <= 0 and not there)
    with pytest.raises(InputError, match="opens on") if mistaken else nullcontext():
        check_ahead(idea, DAY, there=there)
