"""Ids as texts."""

import numpy as np

from fullhouse_sim import codes


def test_scrambled_numbers_are_one_to_one() -> None:
    numbers = np.arange(300_000)
    scrambled = codes.scrambled(numbers, 7, "shop")
    assert len(np.unique(scrambled)) == len(numbers)
    assert scrambled.min() >= 0
    assert scrambled.max() < 2**40


def test_scrambled_numbers_keep_no_order() -> None:
    scrambled = codes.scrambled(np.arange(10_000), 7, "shop")
    assert abs(np.corrcoef(np.arange(10_000), scrambled)[0, 1]) < 0.05


def test_other_seeds_and_sources_have_other_ids() -> None:
    numbers = np.arange(1000)
    first = set(codes.scrambled(numbers, 7, "shop").tolist())
    assert not first & set(codes.scrambled(numbers, 8, "shop").tolist())
    assert not first & set(codes.scrambled(numbers, 7, "video").tolist())


def test_letters_and_digits_have_one_width() -> None:
    assert codes.letters("S", np.array([0, 2**40 - 1])).to_pylist() == ["S00000000", "Szzzzzzzz"]
    assert codes.digits("P", np.array([7, 12345]), 6).to_pylist() == ["P000007", "P012345"]
    assert codes.digits("P", np.zeros(0, np.int64), 6).to_pylist() == []
