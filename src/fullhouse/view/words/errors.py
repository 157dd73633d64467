"""The sentence of each error that carries a code: what is missing, and how much would do.

Each stage has its block, in alphabetical order. A place in a template is a fact of the error;
counts come with their thousands apart, days as people write them.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from fullhouse.core.errors import FullhouseError
from fullhouse.view.words.figures import day_words, plain
from fullhouse.view.words.text import text

SENTENCES: Mapping[str, str] = {
    # discovery
    # exhibit
    # forecast
    # measurement
    # planning
    # propensity
    # sample
}


def error_words(problem: FullhouseError) -> str:
    """The sentence of an error; of one whose code has none, the code and its facts."""
    template = SENTENCES.get(problem.code)
    facts = {name: fact_words(value) for name, value in problem.facts.items()}
    if template is None:
        return f"{problem.code}: " + ", ".join(f"{name} {value}" for name, value in facts.items())
    return text(template, **facts)


def fact_words(value: object) -> str:
    """A fact of an error as it stands in its sentence.

    >>> fact_words(12_300), fact_words(date(2025, 3, 14)), fact_words(["age", "city"])
    ('12,300', '14 March 2025', 'age, city')
    """
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return plain(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(fact_words, value))
    return str(value)
