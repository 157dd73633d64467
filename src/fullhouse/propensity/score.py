"""Score everybody, block after block, in bounded memory: one pass over the person-major form."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.optimize import brentq
from scipy.sparse import csr_array
from scipy.special import expit

from fullhouse.core.arrays import Integers, Singles, keyed_bits
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, by_block, ids_of, size
from fullhouse.propensity.features import SUMS, Scale, columns
from fullhouse.propensity.propensity import PropensityModel
from fullhouse.traits.blocks import Block, Blocks, pairs_of
from fullhouse.traits.trait import KINDS

CHUNK = 32_768
"""People scored at once: their pairs and columns stay within a few megabytes."""

BINS = 1 << 14
REACH = 32.0
"""Log-odds are gathered in bins of 1/256 between -REACH and REACH when the level is set."""


@dataclass(frozen=True)
class _Kernel:
    """A model as arrays over trait numbers; the last row is for traits it does not know."""

    table: Singles
    start: Singles
    scale: Scale
    weights: Singles
    intercept: np.float32
    own: tuple[tuple[int, int], ...]
    interest: bool


def score_block(model: PropensityModel, block: Block, rows: Integers) -> Singles:
    """The probability of each of some people of a block, given by where they stand in it."""
    chances: Singles = expit(logits_of(model, block, rows))
    return chances


def logits_of(model: PropensityModel, block: Block, rows: Integers) -> Singles:
    """The log-odds of some people of a block."""
    kernel = _kernel(model)
    logits = np.empty(len(rows), dtype=np.float32)
    for at in range(0, len(rows), CHUNK):
        part = rows[at : at + CHUNK]
        logits[at : at + len(part)] = _chunk(kernel, block, part)
    return logits


def unknown(model: PropensityModel) -> np.float32:
    """The log-odds of somebody of whom nothing is known."""
    kernel = _kernel(model)
    none = np.zeros((len(KINDS), 1), dtype=np.int32)
    return np.float32(_dense(kernel, kernel.start[None].copy(), none)[0])


def score_all(
    model: PropensityModel, blocks: Blocks, base: PersonSet
) -> Iterator[tuple[int, Integers, Singles]]:
    """Each block's people of the base, ascending, with their probabilities; nobody is left out."""
    for number, persons, logits in logits_all(model, blocks, base):
        yield number, persons, expit(logits)


def logits_all(
    model: PropensityModel, blocks: Blocks, base: PersonSet
) -> Iterator[tuple[int, Integers, Singles]]:
    """Each block's people of the base, ascending, with their log-odds."""
    nobody = unknown(model)
    known = set(blocks.numbers())
    for number in sorted(base):
        persons = ids_of(base[number])
        if not len(persons):
            continue
        if number not in known:
            yield number, persons, np.full(len(persons), nobody)
            continue
        block = blocks.load(number)
        rows = block.rows(base[number])
        if len(rows) == len(persons):
            yield number, persons, logits_of(model, block, rows)
            continue
        logits = np.full(len(persons), nobody)
        logits[np.searchsorted(persons, block.persons[rows])] = logits_of(model, block, rows)
        yield number, persons, logits


def with_level(
    model: PropensityModel,
    blocks: Blocks,
    base: PersonSet,
    expected_people: float,
    *,
    level: str = "forecast",
) -> PropensityModel:
    """The model with the probabilities of a base summing to a number of people.

    Only the intercept moves, so the order of people stays. The sum is right to one in ten thousand
    of it or better: log-odds within a bin of 1/256 are taken at their mean.
    """
    people, total = np.zeros(BINS), np.zeros(BINS)
    for _, _, logits in logits_all(model, blocks, base):
        at = ((np.clip(logits, -REACH, REACH - 1e-3) + REACH) * (BINS / (2 * REACH))).astype(int)
        people += np.bincount(at, minlength=BINS)
        total += np.bincount(at, logits, minlength=BINS)
    every = people.sum()
    if not 0 < expected_people < every:
        raise InputError(code="expected_people_out_of_range", base=every, expected=expected_people)
    some = people > 0
    mean, many = total[some] / people[some], people[some]
    more = brentq(lambda a: (many * expit(mean + a)).sum() - expected_people, -60, 60, xtol=1e-12)
    return replace(
        model,
        intercept=model.intercept + float(more),
        expected_people=float(expected_people),
        level=level,
    )


def top(
    model: PropensityModel, blocks: Blocks, base: PersonSet, n: int, *, key: bytes
) -> dict[int, BitMap]:
    """The n people of the base with the highest probability, by block: exactly n.

    Between equals a person's bits under the key decide, so the same question has one answer.
    Memory is bounded by n, not by the base.
    """
    every = size(base)
    if not 1 <= n <= every:
        raise InputError(code="top_out_of_range", base=every, people=n)
    best: Integers = np.zeros(0, dtype=np.uint64)
    who: Integers = np.zeros(0, dtype=np.uint32)
    floor = np.uint64(0)
    for _, persons, logits in logits_all(model, blocks, base):
        order = (_sortable(logits).astype(np.uint64) << np.uint64(32)) | keyed_bits(persons, key)
        above = order >= floor
        best, who = np.concatenate([best, order[above]]), np.concatenate([who, persons[above]])
        if len(best) > 2 * n + CHUNK:
            best, who, floor = _best(best, who, n)
    _, who, _ = _best(best, who, n)
    return by_block(who)


def at_least(
    model: PropensityModel, blocks: Blocks, base: PersonSet, p: float
) -> dict[int, BitMap]:
    """Everybody of the base whose probability is p or more, by block."""
    if not 0 < p < 1:
        raise InputError(f"A threshold is a probability between 0 and 1, not {p:g}.")
    members = {}
    for number, persons, chance in score_all(model, blocks, base):
        chosen = persons[chance >= np.float32(p)]
        if len(chosen):
            members[number] = BitMap(chosen)
    return members


def _best(best: Integers, who: Integers, n: int) -> tuple[Integers, Integers, np.uint64]:
    if len(best) <= n:
        return best, who, np.uint64(0)
    at = np.argpartition(best, len(best) - n)[len(best) - n :]
    return best[at], who[at], np.uint64(best[at].min())


def _sortable(values: Singles) -> npt.NDArray[np.uint32]:
    """Bits that order as the numbers do. Adding 0 makes -0 and 0 the same."""
    bits = (values + np.float32(0)).view(np.uint32)
    return np.where(bits >> np.uint32(31), ~bits, bits | np.uint32(1 << 31))


def _chunk(kernel: _Kernel, block: Block, rows: Integers) -> Singles:
    first, last = int(rows[0]), int(rows[-1])
    activity: Integers
    if last - first + 1 == len(rows):
        ends = block.offsets[first : last + 2]
        traits = block.traits[int(ends[0]) : int(ends[-1])]
        offsets = ends - ends[0]
        activity = np.stack([each[first : last + 1] for each in block.activity])
    else:
        owner, traits, _ = pairs_of(block, rows)
        offsets = np.searchsorted(owner, np.arange(len(rows) + 1))
        activity = block.activity_of(rows)
    if kernel.own:
        activity = _without_own(kernel, block, rows, activity)
    known = np.minimum(traits, traits.dtype.type(len(kernel.table) - 1)).astype(np.int32)
    has = csr_array(
        (_ones(len(known)), known, offsets.astype(np.int32)),
        shape=(len(rows), len(kernel.table)),
    )
    sums = np.asarray(has @ kernel.table)
    sums += kernel.start
    return _dense(kernel, sums, activity)


def _dense(kernel: _Kernel, sums: Singles, activity: Integers) -> Singles:
    logits: Singles = columns(sums, activity, kernel.scale) @ kernel.weights
    logits += kernel.intercept
    if kernel.interest:
        logits += sums[:, SUMS.index("interest")]
    return logits


def _without_own(kernel: _Kernel, block: Block, rows: Integers, activity: Integers) -> Integers:
    """Activity without the events behind the film's own traits."""
    owner, traits, events = pairs_of(block, rows)
    activity = activity.copy()
    for number, kind in kernel.own:
        own = traits == number
        activity[kind, owner[own]] -= events[own].astype(activity.dtype)
    return np.maximum(activity, 0)


@lru_cache(maxsize=2)
def _ones_of(power: int) -> Singles:
    return np.ones(1 << power, dtype=np.float32)


def _ones(many: int) -> Singles:
    return _ones_of(max(20, (many - 1).bit_length()))[:many] if many else np.ones(0, np.float32)


@lru_cache(maxsize=8)
def _kernel(model: PropensityModel) -> _Kernel:
    table = np.zeros((max(model.ids, default=-1) + 2, len(SUMS)), dtype=np.float32)
    if model.ids:
        table[list(model.ids)] = np.array(model.sums, dtype=np.float32)
    at = SUMS.index("interest")
    interest = bool(table[:, at].any())
    # It is the last of the sums: a film without interest of its own is spared it.
    table = np.ascontiguousarray(table if interest else table[:, :at])
    return _Kernel(
        table,
        np.array(model.start, dtype=np.float32)[: table.shape[1]],
        Scale(model.per_mark, model.knots),
        np.array(model.weights, dtype=np.float32),
        np.float32(model.intercept),
        model.own,
        interest,
    )
