"""All trait sizes at once, and the size of any rule from them, within bounds that hold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.private_house import simulate, source
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Sample, Saved
from fullhouse.cleanroom import sizes as sizes_module
from fullhouse.cleanroom.noise import NANO, nano, price, sigma
from fullhouse.cleanroom.private import NoisyNumber, PersonRows, TraitSizes
from fullhouse.cleanroom.sizes import WEIGHT, estimate_size, measure_sizes
from fullhouse.core.errors import CannotTellError, InputError

TRAITS = 60
NAMES = tuple(f"f:{i}" for i in range(TRAITS))


@pytest.fixture(scope="module")
def house():
    return simulate(40_000, np.random.default_rng(3), traits=TRAITS)


@pytest.fixture(scope="module")
def sizes(house):
    return measure_sizes(source(house.blocks), NAMES, 10, most_traits=20)


def mask(house, column):
    flags = np.zeros(house.people, dtype=bool)
    at = 0
    for b in house.blocks:
        flags[at + b.owners[b.columns == column]] = True
        at += b.people
    return flags


@given(st.integers(1, 400), st.integers(1, 3000))
@settings(deadline=None, max_examples=60)
def test_nobody_moves_the_table_by_more_than_the_bound(most: int, held: int) -> None:
    one = sizes_module._weights(held, most)[held]
    assert held * int(one) ** 2 <= min(most, 10**9) * WEIGHT**2
    pairs = held * (held - 1) // 2
    of_pair = sizes_module._pair_weights(held, most)[held]
    assert pairs * int(of_pair) ** 2 <= max(
        most * (most - 1) // 2, pairs if held <= most else 0
    ) * (WEIGHT**2)


def test_parts_by_stratum_add_up_to_the_total(sizes) -> None:
    assert np.allclose(sizes.cells.sum(0), sizes.totals)


def test_sizes_lie_in_their_intervals(house, sizes) -> None:
    exact = np.array([mask(house, i).sum() for i in range(TRAITS)])
    numbers = [sizes.size(i) for i in range(TRAITS)]
    inside = sum(n.low <= e <= n.high for n, e in zip(numbers, exact, strict=True))
    # Fewer than 48 of 60 at 95 % each has a chance under one in 100,000 (independent noise).
    assert inside >= 48
    assert sizes.people.low - 60 < house.people < sizes.people.high + 60


def test_clamping_is_put_back(house) -> None:
    free = measure_sizes(
        source(house.blocks), NAMES, 10, rho_nano=1000 * NANO, pairs_nano=None, most_traits=20
    )
    exact = np.array([mask(house, i).sum() for i in range(TRAITS)])
    assert free.kappa.max() > 1.2
    relative = np.abs(free.totals / exact - 1)
    assert np.median(relative) < 0.02
    # Without the correction more than a tenth of everything would be missing.
    lost = 1 - (free.cells / free.kappa[:, None]).sum() / exact.sum()
    assert lost > 0.1


def test_known_pairs_lie_in_their_intervals(house) -> None:
    table = measure_sizes(source(house.blocks), NAMES, 10, pairs_nano=nano(5.0), most_traits=20)
    assert table.pairs is not None
    assert len(table.pairs.sizes) > 50
    inside = [
        n.low <= int((mask(house, i) & mask(house, j)).sum()) <= n.high
        for (i, j), n in list(table.pairs.sizes.items())[:200]
    ]
    assert np.mean(inside) > 0.85


def test_pairs_nobody_has_stay_out_of_the_table() -> None:
    # People with one trait each: no pair exists, whatever noise says.
    n = 2_000
    rows = PersonRows(np.zeros(n, np.int64), np.arange(n + 1), np.arange(n) % TRAITS)
    table = measure_sizes(lambda: iter([rows]), NAMES, 1)
    assert table.pairs is not None
    # Family-wise 5 %: more than four false pairs have a chance below one in 10,000.
    assert len(table.pairs.sizes) <= 4


def test_the_price_is_that_of_all_parts_together(house) -> None:
    asked = []
    real = sizes_module.noisy_vector

    def spy(values, rho_nano, l2):
        asked.append((rho_nano, l2))
        return real(values, rho_nano, l2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes_module, "noisy_vector", spy)
        table = measure_sizes(source(house.blocks), NAMES, 10)
    rows = TRAITS - 1
    parts, pairs = asked[: -rows or None], asked[-rows:]
    # The rows of pairs are one vector, noised a row at a time at one deviation.
    assert len(set(pairs)) == 1
    assert sum(p for p, _ in parts) + pairs[0][0] == table.rho_nano == 2 * nano(0.1)
    assert price(sigma(pairs[0][0], pairs[0][1]), pairs[0][1]) <= pairs[0][0]


RULES = st.recursive(
    st.sampled_from([Name(n) for n in NAMES[:6]]),
    lambda part: st.one_of(
        part.map(Not),
        st.lists(part, min_size=2, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(part, min_size=2, max_size=3).map(lambda p: Or(tuple(p))),
    ),
    max_leaves=8,
)


def holds(house, rule):
    match rule:
        case Name(text=text):
            return mask(house, NAMES.index(text))
        case Not(part=part):
            return ~holds(house, part)
        case And(parts=parts):
            return np.logical_and.reduce([holds(house, p) for p in parts])
        case Or(parts=parts):
            return np.logical_or.reduce([holds(house, p) for p in parts])


@given(RULES)
@settings(deadline=None, max_examples=80)
def test_bounds_hold_for_any_rule_however_traits_depend(house, sizes, rule) -> None:
    estimate = estimate_size(sizes, rule)
    exact = int(holds(house, rule).sum())
    slack = 4 * sizes.sigmas[0] + 4 * sizes.people.sigma
    assert estimate.low - slack <= exact <= estimate.high + slack
    assert estimate.low <= estimate.value <= estimate.high


@given(RULES, RULES)
@settings(deadline=None, max_examples=40)
def test_a_part_is_never_larger_than_its_whole(house, sizes, one, two) -> None:
    both, either = (estimate_size(sizes, kind((one, two))) for kind in (And, Or))
    for rule in (one, two):
        single = estimate_size(sizes, rule)
        assert both.high <= single.high + 1e-6 * house.people + 1
        assert either.low >= single.low - 1e-6 * house.people - 1


def test_more_traits_are_never_thought_to_be_of_more_people(sizes) -> None:
    for i in range(0, 30, 3):
        a, b, c = (Name(n) for n in NAMES[i : i + 3])
        two, three = (estimate_size(sizes, And(p)).value for p in ((a, b), (a, b, c)))
        assert three <= two + 1
        assert two <= min(estimate_size(sizes, x).value for x in (a, b)) + 1


def exact_table(shares, people=1000.0):
    cells = np.array([shares]) * people
    return TraitSizes(
        tuple("abcdefghijklm")[: len(shares)], np.array([people]), cells, cells[0],
        np.zeros(len(shares)), np.zeros(len(shares)), np.ones(1), None,
        NoisyNumber(people, people, people, 0.0), 100, 1,
    )  # fmt: skip


def test_bounds_are_frechets_and_the_estimate_independence() -> None:
    table = exact_table([0.7, 0.6])
    both = estimate_size(table, And((Name("a"), Name("b"))))
    assert (both.low, both.high, both.value) == pytest.approx((300, 600, 420))
    either = estimate_size(table, Or((Name("a"), Name("b"))))
    assert (either.low, either.high, either.value) == pytest.approx((700, 1000, 880))
    assert estimate_size(table, And((Name("a"), Not(Name("a"))))).high == pytest.approx(0)
    assert estimate_size(table, Everyone()).value == 1000
    # a and (b or not b) is a: only sharp bounds know.
    same = estimate_size(table, And((Name("a"), Or((Name("b"), Not(Name("b")))))))
    assert (same.low, same.high) == pytest.approx((700, 700))


def test_more_than_ten_traits_and_samples_have_bounds_too() -> None:
    table = exact_table([0.5] * 13)
    every = tuple(Name(n) for n in table.traits)
    both = estimate_size(table, And(every))
    assert (both.low, both.high) == pytest.approx((0, 500))
    assert both.value == pytest.approx(1000 * 0.5**13)
    tenth = estimate_size(table, Sample(Fraction(0), Fraction(1, 10), "x"))
    assert tenth.low < 100 < tenth.high
    assert tenth.value == pytest.approx(100)


def test_what_the_table_lacks_is_explained() -> None:
    table = exact_table([0.5])
    with pytest.raises(InputError, match="No trait 'aa'"):
        estimate_size(table, Name("aa"))
    with pytest.raises(CannotTellError) as error:
        estimate_size(table, Saved("mine"))
    assert error.value.code == "no_free_size_of_saved"
    with pytest.raises(InputError):
        measure_sizes(lambda: iter([]), NAMES, 1, most_traits=0)


def test_a_house_of_nobody_has_sizes_of_about_nothing() -> None:
    table = measure_sizes(lambda: iter([]), NAMES, 2, pairs_nano=None)
    # All is noise, and 0 below it: six deviations come once in a billion runs.
    assert 0 <= table.size(0).low < abs(table.size(0).value) + 1
    assert abs(table.size(0).value) < 6 * table.size(0).sigma < 400
