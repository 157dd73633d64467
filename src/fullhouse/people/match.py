"""Splink, kept in this one file: train a model of what makes two rows one person, and use it."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.people.link import LinkPlan

STRICT = (
    ("first_name", "surname", "birth_date"),
    ("full_name", "birth_date"),
    ("email",),
    ("phone",),
)
"""Fields that together hardly ever agree by chance; they set how common matches are at all."""
TRAIN_ON = (("birth_date",), ("email",), ("first_name", "surname"), ("full_name",), ("postcode",))
"""Fields whose agreement gives pairs to train on. Each trains the fields that are not its own."""
BLOCKS = (
    ("email",),
    ("phone",),
    ("full_name",),
    ("first_name", "surname"),
    ("surname", "postcode"),
    ("first_name", "postcode"),
    ("birth_date", "surname[1]"),
    ("birth_date", "first_name[1]"),
    ("birth_date", "full_name[1]"),
    ("birth_date", "postcode"),
    ("birth_date", "city"),
    ("address", "postcode"),
    ("address", "city"),
)
"""Only pairs that agree on one of these are compared; [1] is the first letter."""


@dataclass(frozen=True)
class Matched:
    """Pairs (a, b, probability) of unique ids at or above the threshold, and the model."""

    pairs: pa.Table
    model: dict[str, Any]
    untrained: tuple[str, ...]


def match(
    rows: pa.Table,
    plan: LinkPlan,
    *,
    model: dict[str, Any] | None = None,
    memory_limit: str = "4GB",
) -> Matched:
    """Pairs of rows that the model holds for one person; without a model, one is trained first.

    Nothing of the rows is written to disk: Splink's database is in memory and may not spill.
    The model holds probabilities, not values. The same rows and seed give the same pairs.
    """
    splink = _splink()
    if rows.num_rows < 2:
        raise CannotTellError(code="too_few_rows_to_link", rows=rows.num_rows, needed=2)
    database = splink.DuckDBAPI()
    connection = database.duckdb_con
    connection.execute("SET temp_directory = ''")
    connection.execute(f"SET memory_limit = '{memory_limit}'")
    # One thread: sums in another order would move a probability's last digits.
    connection.execute("SET threads = 1")
    logging.getLogger("splink").setLevel(logging.ERROR)
    linker = splink.Linker(
        database.register(rows), model or _settings(splink, plan), log_level=None
    )
    untrained = _train(linker, plan) if model is None else ()
    predicted = linker.inference.predict(
        threshold_match_probability=plan.threshold, warning_mode="never"
    ).as_pyarrow_table()
    pairs = predicted.select(["unique_id_l", "unique_id_r", "match_probability"])
    pairs = pairs.rename_columns(["a", "b", "probability"])
    trained = linker.misc.save_model_to_json()
    connection.close()
    return Matched(pairs, trained, untrained)


def _splink() -> Any:
    try:
        import splink
        import splink.comparison_library
    except ImportError:
        raise InputError(
            "Linking by a model needs Splink: pip install 'fullhouse[linkage]'."
        ) from None
    return splink


def _settings(splink: Any, plan: LinkPlan) -> Any:
    return splink.SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name) for name in plan.fields],
        blocking_rules_to_generate_predictions=[
            splink.block_on(*rule) for rule in _rules(BLOCKS, plan)
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def _comparison(name: str) -> Any:
    import splink.comparison_library as library

    if name in ("first_name", "surname"):
        comparison = library.NameComparison(name).configure(term_frequency_adjustments=True)
    elif name in ("full_name", "address"):
        comparison = library.JaroWinklerAtThresholds(name, [0.95, 0.88])
    elif name == "birth_date":
        comparison = library.DateOfBirthComparison(name, input_is_string=True)
    elif name == "email":
        comparison = library.EmailComparison(name)
    elif name in ("phone", "postcode"):
        comparison = library.LevenshteinAtThresholds(name, [1])
    else:
        comparison = library.ExactMatch(name).configure(term_frequency_adjustments=True)
    return comparison


def _train(linker: Any, plan: LinkPlan) -> tuple[str, ...]:
    """Train in place; the fields that no training rule could reach."""
    import splink
    from splink.internals.exceptions import EMTrainingException

    strict = [splink.block_on(*rule) for rule in _rules(STRICT, plan)]
    if not strict:
        raise InputError(
            "A model needs fields that identify: first_name, surname and birth_date together,"
            " or email, or phone."
        )
    training = linker.training
    try:
        training.estimate_probability_two_random_records_match(strict, recall=plan.recall)
    except ValueError as problem:
        raise CannotTellError(code="training_failed", reason=str(problem)) from None
    training.estimate_u_using_random_sampling(max_pairs=plan.max_pairs, seed=plan.seed)
    reached: set[str] = set()
    for rule in _rules(TRAIN_ON, plan):
        try:
            training.estimate_parameters_using_expectation_maximisation(
                splink.block_on(*rule), max_pairs=plan.max_pairs, record_sample_proportion=1.0
            )
        except EMTrainingException:
            # No pair agrees on this rule, or all of them do; another rule may reach its fields.
            continue
        reached.update(set(plan.fields) - set(rule))
    if not reached:
        raise CannotTellError("Training failed: too few rows agree on any field.")
    return tuple(f for f in plan.fields if f not in reached)


def _rules(rules: Sequence[tuple[str, ...]], plan: LinkPlan) -> Iterator[tuple[str, ...]]:
    """The rules whose fields the plan has, in Splink's words."""
    for rule in rules:
        if all(part.removesuffix("[1]") in plan.fields for part in rule):
            yield tuple(
                f"substr({p.removesuffix('[1]')}, 1, 1)" if p.endswith("[1]") else p for p in rule
            )
