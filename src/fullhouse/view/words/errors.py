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
    # audiences
    "audience_in_audiences": (
        "{audience} is part of the saved audiences {users}; delete those first."
    ),
    "audience_in_plans": (
        "{audience} is in the plans {users}, so it is kept: a campaign of theirs must stay"
        " readable."
    ),
    "trait_below_floor": (
        "Trait {trait!r} was not built: {persons} people have it, fewer than the floor"
        " (setting 'trait_floor')."
    ),
    # discovery
    # exhibit
    # forecast
    # measurement
    "city_empty_before": (
        "City number {city} sold nothing before the campaign, so it cannot be compared."
    ),
    "divisor_near_zero": (
        "The figure to divide by, {divisor}, is not clearly different from 0 (standard error"
        " {standard_error}), so the ratio may be anything."
    ),
    "effect_unbounded": "The effect has no bounds: the days agree with an effect of any size.",
    "no_holdout_shows": (
        "With {people} people no holdout shows an effect of {effect}: half held out would show"
        " {smallest}. Take more people, or covariates that explain more."
    ),
    "no_sales": (
        "The {cities} cities sold nothing in the campaign, so a relative effect has no meaning."
    ),
    "no_sales_before": (
        "A city of pair number {pair} sold nothing before the campaign, so its sales in the"
        " campaign cannot be compared."
    ),
    "no_spread": "Everybody in both arms has the same value, so there is no spread to judge by.",
    "no_standard_error": "There is no spread to judge by: the standard error is 0.",
    "nothing_won": "Nothing was won ({low} to {high}), so a cost of each has no meaning.",
    "one_arm_only": "A Qini needs people in both arms.",
    "outcome_does_not_vary": (
        "Nobody, or everybody, has the outcome, so no order of people is better than another."
    ),
    "share_of_nobody": "A share of nobody cannot be computed.",
    "stratum_too_small": (
        "A difference needs at least 2 people in each arm of each stratum; there are {treated}"
        " treated and {control} in control."
    ),
    "too_few_control_cities": (
        "{cities} cities without the campaign are too few; at least {needed} are needed."
    ),
    "too_few_days_before": (
        "{days} days before the campaign are too few: at least {needed} are needed for a campaign"
        " of {window} days."
    ),
    "too_few_days_for_level": (
        "{days} days before the campaign give no interval at level {level}: {needed} are needed."
    ),
    "too_few_for_any_look": (
        "An interval that holds at any look needs at least {needed} people in each arm; the"
        " smallest has {people}. Look again later."
    ),
    "too_few_pairs": (
        "{pairs} pairs of cities cannot show anything at level {level}: there are 2^{pairs} ways"
        " to draw, so no p is below {smallest_p}. It takes {needed} pairs, {cities} cities."
    ),
    "too_few_sets": "{sets} sets of pairs are too few for a level of {level}.",
    "too_many_covariates": (
        "Too few people for {covariates} covariates: no degrees of freedom are left."
    ),
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
