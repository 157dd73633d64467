"""Pairs of accounts from pairs of rows."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import PERSON_LINK
from fullhouse.lake import Lake


def account_pairs(matched: pa.Table, rows: pa.Table, model: str) -> pa.Table:
    """Rows of person_link from matched pairs of unique ids.

    Each pair once, the smaller (source, account) first, with the largest probability of any of
    its rows; two rows of one account are no pair.
    """
    best: dict[tuple[tuple[str, str], tuple[str, str]], float] = {}
    names = list(zip(rows["source"].to_pylist(), rows["account"].to_pylist(), strict=True))
    for a, b, probability in zip(
        *(matched[c].to_pylist() for c in matched.column_names), strict=True
    ):
        first, second = sorted((names[a], names[b]))
        if first != second:
            best[first, second] = max(probability, best.get((first, second), 0.0))
    found = [
        (*first, *second, probability, model)
        for (first, second), probability in sorted(best.items())
    ]
    linked = [dict(zip(PERSON_LINK.names, row, strict=True)) for row in found]
    return pa.Table.from_pylist(linked, schema=PERSON_LINK.schema)


def write_pairs(lake: Lake, pairs: pa.Table, model: str) -> None:
    """Put a model's pairs in place of its earlier ones; other models' pairs stay."""
    lake.replace(PERSON_LINK, pairs, where={"model": model})


def expected_precision(pairs: pa.Table) -> float | None:
    """The share of pairs that are right if the model's probabilities are; None of no pairs."""
    mean: float | None = pc.mean(pairs["probability"]).as_py()
    return mean


def models(lake: Lake) -> Mapping[str, int]:
    """The models that have pairs, with the number of each."""
    names = lake.read(PERSON_LINK, columns=["model"])["model"]
    return {r["values"]: r["counts"] for r in pc.value_counts(names).to_pylist()}
