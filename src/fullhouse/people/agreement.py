"""How far two accounts agree, and how likely such accounts are one person.

The model is that of Fellegi and Sunter (1969), as in Splink: each comparison has a level, levels
are independent given whether the two are one person, and their probabilities are estimated by
expectation-maximisation. Only the patterns of levels and how often each occurs are needed, so the
estimate costs the same for a thousand accounts and for a hundred million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats, Integers

MISSING, SAME, DIFFERENT, CLOSE = 0, 1, 2, 3
"""Levels of a comparison. Missing says nothing, whichever account lacks it."""
BITS = 2
"""Bits of a pattern that one comparison takes."""

ADDRESS = "address"
"""The kind of identifier that gives a household: it is evidence of one person, and no proof."""
NAME_KINDS = ("first_name", "surname", "full_name", "birth_date", "postcode")
"""Kinds of identifiers that are compared and never link by themselves."""
FACTS = ("birth_year", "gender", "city")
SAME_SOURCE, SHARING = "same_source", "sharing"
"""Whether both are accounts of one source; how many people share what the two have in common."""

IDENTIFIER_BLOCK, HOUSEHOLD_BLOCK, NAME_BLOCK = 1, 2, 3
"""Why two accounts are compared: a shared identifier, an address only, name and birth only."""

ROUNDS = 200
TOLERANCE = 1e-7
PRIOR_PAIRS = 50.0
"""Weight of what is assumed beforehand, in pairs: few data move it little."""

_LAMBDA = {IDENTIFIER_BLOCK: 0.93, HOUSEHOLD_BLOCK: 0.15, NAME_BLOCK: 0.5}
# Shares of (same, different, close) among accounts of one person, and of two who share a block.
_IDENTIFIER_M, _IDENTIFIER_U = (0.60, 0.40, 1e-9), (0.45, 0.55, 1e-9)
_ASSUMED: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {
    ADDRESS: ((0.90, 0.10, 1e-9), (0.75, 0.25, 1e-9)),
    "first_name": ((0.90, 0.10, 1e-9), (0.05, 0.95, 1e-9)),
    "surname": ((0.93, 0.07, 1e-9), (0.60, 0.40, 1e-9)),
    "full_name": ((0.85, 0.15, 1e-9), (0.02, 0.98, 1e-9)),
    "birth_date": ((0.97, 0.03, 1e-9), (0.01, 0.99, 1e-9)),
    "postcode": ((0.90, 0.10, 1e-9), (0.70, 0.30, 1e-9)),
    "birth_year": ((0.97, 0.015, 0.015), (0.04, 0.90, 0.06)),
    "gender": ((0.99, 0.01, 1e-9), (0.45, 0.55, 1e-9)),
    "city": ((0.93, 0.07, 1e-9), (0.80, 0.20, 1e-9)),
    SAME_SOURCE: ((0.10, 0.90, 1e-9), (0.25, 0.75, 1e-9)),
    SHARING: ((0.90, 0.085, 0.015), (0.50, 0.35, 0.15)),
}
ANCHORS = ("birth_year", "gender", "first_name", "surname", "full_name", "birth_date")
"""Comparisons that tell members of a household apart; only pairs that have one are trained on."""


@dataclass(frozen=True)
class Weights:
    """What one block's pairs are scored by: shares of levels, rows as comparisons."""

    match_share: float
    same_person: Floats
    two_persons: Floats
    pairs: int


def levels_of(patterns: Integers, comparisons: int) -> Integers:
    """The levels of packed patterns: a row for each pattern, a column for each comparison."""
    shifts = BITS * np.arange(comparisons, dtype=np.int64)
    levels: Integers = (patterns[:, None] >> shifts[None, :]) & (2**BITS - 1)
    return levels


def estimate(comparisons: Sequence[str], levels: Integers, pairs: Integers, block: int) -> Weights:
    """The weights of one block, from how often each pattern of levels occurs.

    What is assumed beforehand counts as PRIOR_PAIRS pairs. Pairs without anything that tells
    people of a household apart teach nothing: without any, the assumed weights are returned.
    """
    m, u = (np.array(a) for a in zip(*(_assumed(c) for c in comparisons), strict=True))
    weights = Weights(_LAMBDA[block], m, u, 0)
    anchors = [i for i, c in enumerate(comparisons) if c in ANCHORS]
    taught = (levels[:, anchors] != MISSING).any(axis=1) if anchors else np.zeros(len(pairs), bool)
    if not taught.any():
        return weights
    levels, counts = levels[taught], pairs[taught].astype(np.float64)
    for _ in range(ROUNDS):
        matched = counts * probabilities(weights, levels)
        step = Weights(
            (matched.sum() + PRIOR_PAIRS * _LAMBDA[block]) / (counts.sum() + PRIOR_PAIRS),
            _shares(levels, matched, m),
            _shares(levels, counts - matched, u),
            int(counts.sum()),
        )
        moved = max(
            abs(step.match_share - weights.match_share),
            float(np.abs(step.same_person - weights.same_person).max()),
            float(np.abs(step.two_persons - weights.two_persons).max()),
        )
        weights = step
        if moved < TOLERANCE:
            break
    return weights


def probabilities(weights: Weights, levels: Integers) -> Floats:
    """The probability that accounts of these levels are one person, for each row."""
    ratio = np.log(weights.same_person) - np.log(weights.two_persons)
    # Column 0 is for missing values, which weigh nothing.
    ratio = np.concatenate([np.zeros((len(ratio), 1)), ratio], axis=1)
    total = np.log(weights.match_share) - np.log1p(-weights.match_share)
    total = total + ratio[np.arange(levels.shape[1])[None, :], levels].sum(axis=1)
    result: Floats = 1 / (1 + np.exp(-np.clip(total, -700, 700)))
    return result


def score_patterns(
    comparisons: Sequence[str], counted: pa.Table
) -> tuple[pa.Table, dict[int, Weights]]:
    """Rows (block, pattern, pairs) with `probability`, and each block's weights."""
    counted = counted.sort_by([("block", "ascending"), ("pattern", "ascending")])
    blocks = counted["block"].to_numpy()
    levels = levels_of(counted["pattern"].to_numpy(), len(comparisons))
    pairs = counted["pairs"].to_numpy()
    probability = np.zeros(len(blocks))
    by_block = {}
    for block in np.unique(blocks).tolist():
        inside = blocks == block
        by_block[block] = estimate(comparisons, levels[inside], pairs[inside], block)
        probability[inside] = probabilities(by_block[block], levels[inside])
    return counted.append_column("probability", pa.array(probability)), by_block


def _assumed(comparison: str) -> tuple[Sequence[float], Sequence[float]]:
    return _ASSUMED.get(comparison, (_IDENTIFIER_M, _IDENTIFIER_U))


def _shares(levels: Integers, counts: Floats, assumed: Floats) -> Floats:
    rows = []
    for column in range(levels.shape[1]):
        seen = np.bincount(levels[:, column], counts, minlength=4)[1:]
        total = seen + PRIOR_PAIRS * assumed[column]
        rows.append(np.maximum(total / total.sum(), 1e-9))
    return np.array(rows)
