"""Combined rules: found on one half of the people, measured on the other."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Name, Not
from fullhouse.core.errors import InputError
from fullhouse.discovery.segments import (
    MeasuredCombinations,
    TraitCombination,
    find_segments,
    measure,
    pair_counts,
    search,
    strongest,
    triple_counts,
)
from fullhouse.discovery.strata import half_of
from fullhouse.stats import Ratio
from fullhouse.traits.trait import KINDS
from tests.discovery.sheets import sheet_of

KEY = b"segments"


def _facts(count):
    return [(f"fact:{i:03d}",) for i in range(count)]


def _names(sheet):
    return [t.name for t in sheet.traits]


def _noise(run, *, people=2000, traits=200, effect=1.0):
    """Traits and a seed that have nothing to do with one another, but perhaps the first trait."""
    g = np.random.default_rng(run)
    has = g.random((people, traits), np.float32) < g.uniform(0.1, 0.5, traits)
    seed = g.random(people) < 0.15 * np.where(has[:, 0], effect, 1.0)
    return sheet_of(has, seed, _facts(traits))


def _planted(run=5, *, people=24_000, names=None):
    """Two traits of 1.3 each and 4 together, among thirty."""
    g = np.random.default_rng(run)
    has = g.random((people, 30)) < 0.25
    a, b = has[:, 3], has[:, 11]
    chance = 0.03 * np.where(a & b, 4.0, np.where(a | b, 1.3, 1.0))
    return sheet_of(has, g.random(people) < chance, names or _facts(30))


@settings(max_examples=20, deadline=None)
@given(run=st.integers(0, 10**6))
def test_pairs_and_triples_are_counted_as_a_slow_look_at_each_person_counts(run):
    g = np.random.default_rng(run)
    kinds = [(), ("purchase",), ("view",), ("purchase",)]
    has = g.random((300, 4)) < g.uniform(0.2, 0.8, 4)
    activity = {k: has.sum(1) + g.poisson(3, 300) for k in ("purchase", "view")}
    seed = g.random(300) < 0.3
    sheet = sheet_of(has, seed, [(f"t:{i}", *k) for i, k in enumerate(kinds)], activity=activity)
    half = half_of(sheet, _names(sheet), key=KEY, first=True)
    masks = [half.mask(i) for i in range(4)]
    predicted = [half.predicted(i) for i in range(4)]
    pairs = pair_counts(half, range(4))
    grown = [(0, 1), (1, 6), (2, 3)]
    triples = triple_counts(half, range(4), pairs, grown)

    def slow(literals):
        fits = np.logical_and.reduce([masks[x] if x < 4 else ~masks[x - 4] for x in literals])
        counted = [x % 4 for x in literals if kinds[x % 4]] or [literals[0] % 4]
        chance = np.mean([predicted[x] for x in counted], axis=0)
        return [fits.sum(), (fits & half.seed).sum(), chance[fits].sum()]

    for i, j in product(range(8), repeat=2):
        if i % 4 != j % 4 and i + j < 8:
            assert pairs[:, i, j] == pytest.approx(slow((i, j)), abs=1e-6)
    for row, key in enumerate(grown):
        for k in range(8):
            if k % 4 not in (key[0] % 4, key[1] % 4):
                # What is predicted of those without the third is taken from the pair's.
                upto = 3 if k < 4 else 2
                result = triples[:upto, row, k]
                assert result == pytest.approx(slow((*key, k))[:upto], abs=1e-6)


@pytest.mark.slow
def test_on_pure_noise_hardly_ever_anything_is_detected_and_no_winner_is_too_strong():
    runs, given_, searched, measured, overs = 200, 0, [], [], []
    for run in range(runs):
        sheet = _noise(run)
        first, second = (half_of(sheet, _names(sheet), key=KEY, first=f) for f in (True, False))
        winners = search(first)
        if not winners:
            continue
        there = measure(second, winners)
        given_ += bool(there.good.any())
        if run < 5 or there.good.any():
            result = find_segments(sheet, _names(sheet), key=KEY, most=99)
            assert len(result) == there.good.sum()
        searched.append(measure(first, winners[:1]).ratio.ratio[0])
        measured.append(there.ratio.ratio[0])
        overs.append(there.over.ratio[0])
    assert given_ / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    assert len(measured) > 0.9 * runs
    assert np.median(searched) > 1.5
    error = np.std(measured) / len(measured) ** 0.5
    assert np.mean(measured) == pytest.approx(1, abs=3 * error)
    # The lowest of the ratios over the parts is given, so what a combination adds is not praised.
    assert np.mean(overs) < 1.05


@pytest.mark.slow
def test_a_trait_that_holds_alone_does_not_carry_others_with_it():
    runs = 40
    given_ = sum(
        bool(find_segments(s, _names(s), key=KEY))
        for s in (_noise(run, people=4000, traits=40, effect=4.0) for run in range(runs))
    )
    assert given_ / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def test_two_traits_that_matter_more_together_are_detected():
    result = find_segments(_planted(), [f"fact:{i:03d}" for i in range(30)], key=KEY)
    best = result[0]
    assert best.traits == ("fact:003", "fact:011")
    assert best.rule == "fact:003 & fact:011"
    assert best.name == "fact:003, and fact:011"
    # Against everyone else, of whom 6 in 15 have one of the two.
    assert best.ratio.low < 4 / (0.6 * 1 + 0.4 * 1.3) < best.ratio.high
    assert best.over_parts.low < 4 / 1.3 < best.over_parts.high
    assert best.q < 0.001
    sheet = _planted()
    both = sheet.has[:, [3, 11]].sum(1) == 2
    assert best.persons == both.sum()
    assert best.likely == (both & sheet.seed).sum()


def test_three_traits_and_one_that_keeps_away_are_detected():
    g = np.random.default_rng(8)
    has = g.random((30_000, 20)) < 0.4
    a, b, c = has[:, 2], has[:, 7], has[:, 9]
    seed = g.random(30_000) < np.where(a & b & ~c, 0.2, 0.05)
    traits = [("buys:x & y", "purchase") if i == 7 else (f"fact:{i:03d}",) for i in range(20)]
    sheet = sheet_of(has, seed, traits)
    best = find_segments(sheet, _names(sheet), key=KEY)[0]
    assert best.traits == ("buys:x & y", "fact:002", "fact:009")
    assert best.name == "buys:x & y, and fact:002, but not “fact:009”"
    assert parse(best.rule) == And((Name("buys:x & y"), Name("fact:002"), Not(Name("fact:009"))))
    assert best.ratio.low < 4 < best.ratio.high


def test_order_of_people_and_of_candidates_does_not_matter():
    sheet = _planted()
    mixed = np.random.default_rng(1).permutation(len(sheet.seed))
    other = sheet_of(
        sheet.has.toarray()[mixed], sheet.seed[mixed], sheet.traits, persons=sheet.persons[mixed]
    )
    names = _names(sheet)
    assert find_segments(sheet, names, key=KEY) == find_segments(other, names[::-1], key=KEY)


@pytest.mark.slow
def test_activity_alone_makes_no_segment():
    # People of very unequal activity do everything by chance; the seed is one of those events.
    g = np.random.default_rng(3)
    people, traits = 20_000, 24
    often = g.lognormal(0, 1, people)[:, None]
    events = g.poisson(often * 0.15, (people, traits))
    own = g.poisson(often[:, 0] * 0.1)
    rest = g.poisson(often[:, 0] * 0.5)
    bare = events[:, 12:].sum(1) + rest
    sheet = sheet_of(
        events,
        own > 0,
        [(f"t:{i:02d}", "ticket" if i >= 12 else "purchase") for i in range(traits)],
        activity={"purchase": events[:, :12].sum(1) + rest, "ticket": bare + (own > 0)},
        bare={"purchase": events[:, :12].sum(1) + rest, "ticket": bare},
    )
    assert find_segments(sheet, _names(sheet), key=KEY) == ()
    half = half_of(sheet, _names(sheet), key=KEY, first=False)
    assert half.outcome_kinds == ("ticket",)
    for kinds in (("t:00", "t:01"), ("t:00", "t:12"), ("t:12", "t:13")):
        ratio = measure(half, [TraitCombination(kinds)]).ratio
        # Four standard errors; without strata the three are 2.5 and more.
        assert abs(np.log(ratio.ratio[0])) < 4 * ratio.log_se[0]
        crude = half_of(
            sheet, _names(sheet), key=KEY, first=False, strata=np.zeros(people, np.int64)
        )
        assert measure(crude, [TraitCombination(kinds)]).ratio.low[0] > 1.5


def test_the_traits_own_events_are_not_adjusted_for():
    # Few tickets each: held equal with the traits' own, people with both would look kept away.
    g = np.random.default_rng(9)
    often = g.gamma(1, 1, 40_000)[:, None]
    events, own = g.poisson(often * 0.5, (40_000, 2)), g.poisson(often[:, 0] * 0.3)
    bare = events.sum(1) + g.poisson(often[:, 0])
    sheet = sheet_of(
        events,
        own > 0,
        [("saw:a", "ticket"), ("saw:b", "ticket")],
        activity={"ticket": bare + (own > 0)},
        bare={"ticket": bare},
    )
    half = half_of(sheet, ["saw:a", "saw:b"], key=KEY, first=False)
    ratio = measure(half, [TraitCombination(("saw:a", "saw:b"))]).ratio
    assert abs(np.log(ratio.ratio[0])) < 4 * ratio.log_se[0] < 0.2


def test_events_of_two_traits_are_taken_away_once_where_they_may_be_the_same():
    activity = np.array([2, 2, 1, 5] * 100)
    seed = np.arange(400) % 8 == 0
    same = np.array([[1, 1], [1, 1], [1, 1], [0, 0]] * 100)
    apart = np.array([[1, 1], [1, 1], [1, 0], [0, 0]] * 100)
    taken = []
    for events in (same, apart):
        sheet = sheet_of(
            events,
            seed,
            [("saw:a", "ticket"), ("saw:b", "ticket")],
            activity={"ticket": activity + seed},
            bare={"ticket": activity},
        )
        half = half_of(sheet, ["saw:a", "saw:b"], key=KEY, first=True)
        strata = half.strata([0, 1])
        first = (half.activity[KINDS.index("ticket")] == 2) & half.mask(0) & half.mask(1)
        taken.append(set(strata[first].tolist()))
    # One event left where the two may be one; none where they are two.
    assert taken[0] == {1}
    assert taken[1] == {0}


def test_given_strata_are_adjusted_for_instead():
    g = np.random.default_rng(4)
    level = g.integers(0, 20, 20_000)
    has = g.random((20_000, 20)) < (0.1 + 0.02 * level)[:, None]
    seed = g.random(20_000) < 0.01 * (1 + level)
    sheet = sheet_of(has, seed, _facts(20))
    assert find_segments(sheet, _names(sheet), key=KEY)
    assert find_segments(sheet, _names(sheet), key=KEY, strata=level) == ()


def test_a_sample_says_what_everybody_says():
    whole = _planted(people=60_000)
    g = np.random.default_rng(2)
    keep = whole.seed | (g.random(60_000) < 0.25)
    some = sheet_of(
        whole.has.toarray()[keep],
        whole.seed[keep],
        whole.traits,
        persons=whole.persons[keep],
        weight=np.where(whole.seed[keep], 1.0, 4.0),
        base_people=60_000,
    )
    names = _names(whole)
    one, other = (find_segments(s, names, key=KEY)[0] for s in (whole, some))
    assert one.rule == other.rule
    assert one.likely == other.likely
    # A quarter of some 3,500 people was drawn, with a standard error of 3 %.
    assert other.persons == pytest.approx(one.persons, rel=0.1)
    assert other.ratio.value == pytest.approx(one.ratio.value, rel=0.1)
    assert other.ratio.high - other.ratio.low > one.ratio.high - one.ratio.low


def test_of_near_copies_the_surest_is_searched():
    sheet = _planted()
    has = np.concatenate([sheet.has.toarray(), sheet.has[:, [3]].toarray()], axis=1)
    twice = sheet_of(has, sheet.seed, _facts(31))
    half = half_of(twice, _names(twice), key=KEY, first=True)
    assert not {3, 30} <= set(strongest(half))
    for one, other in combinations(search(half), 2):
        a, b = one.mask(half), other.mask(half)
        assert (a & b).sum() <= 0.8 * (a | b).sum()


def _made(p, over_p, low, over_low, simpler):
    def ratio(ends):
        ends = np.array(ends)
        return Ratio(ends + 0.5, ends, ends + 1, np.ones(len(ends)))

    return MeasuredCombinations(
        ratio(low), np.array(p), ratio(over_low), np.array(over_p), np.array(simpler)
    )


@pytest.mark.parametrize(
    ("one", "good"),
    [
        ((1e-6, 1e-6, 2.0, 1.2, True), True),
        ((1e-6, 0.5, 2.0, 0.8, True), False),
        ((1e-6, 1e-6, 2.0, 0.3, True), False),
        ((1e-6, np.nan, 2.0, np.nan, True), False),
        ((1e-6, 0.5, 2.0, 0.8, False), True),
        ((1e-6, np.nan, 2.0, np.nan, False), True),
        ((0.2, 1e-6, 0.9, 1.2, False), False),
        ((1e-6, 1e-6, 1.02, 1.2, True), False),
        ((np.nan, 1e-6, 2.0, 1.2, True), False),
    ],
    ids=[
        "holds and adds",
        "adds nothing to a part that holds",
        "takes away from a part that holds",
        "cannot be told whether it adds",
        "holds where nothing simpler does",
        "holds alone, and too few to tell what it adds",
        "luck",
        "leftover activity",
        "too few",
    ],
)
def test_what_is_worth_saying(one, good):
    assert _made(*([x] for x in one)).good.tolist() == [good]


def test_q_is_of_both_claims_over_all_carried_over():
    q = _made([0.01, 0.01], [0.03, 0.04], [2, 2], [1.1, 1.1], [True, False]).q
    assert q.tolist() == pytest.approx([0.03, 0.02])


def test_nobody_to_look_at_gives_nothing():
    sheet = sheet_of(np.zeros((0, 2)), np.zeros(0), _facts(2))
    assert find_segments(sheet, _names(sheet), key=KEY) == ()
    lonely = sheet_of(np.ones((50, 2)), np.arange(50) < 5, _facts(2))
    assert find_segments(lonely, _names(lonely), key=KEY) == ()
    assert find_segments(lonely, [], key=KEY) == ()


def test_wrong_strata_and_unknown_candidates_are_refused():
    sheet = _noise(1, people=100, traits=3)
    with pytest.raises(InputError, match="one number from 0 for each of 100 people"):
        find_segments(sheet, _names(sheet), key=KEY, strata=np.zeros(99, np.int64))
    with pytest.raises(InputError, match="-1"):
        find_segments(sheet, _names(sheet), key=KEY, strata=np.full(100, -1))
    with pytest.raises(InputError, match="'fact:nope'"):
        find_segments(sheet, ["fact:nope"], key=KEY)
