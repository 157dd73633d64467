"""Cards under privacy: nobody moves them far, chance alone makes none, true ones are shown."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.private_house import chances, draw, simulate, source
from fullhouse.cleanroom import cards
from fullhouse.cleanroom.cards import (
    CardTerms,
    discover_privately,
    is_shown,
    least_ratio,
    rho_needed,
    seed_needed,
)
from fullhouse.cleanroom.film_cards import notes_of
from fullhouse.cleanroom.noise import UNIT, nano
from fullhouse.cleanroom.private import (
    NoisyNumber,
    NothingHasPower,
    PersonRows,
    PrivateCard,
    PrivateCards,
    RatiosLookHigh,
    SeedTooSmall,
)
from fullhouse.cleanroom.sizes import measure_sizes
from fullhouse.core.errors import InputError
from fullhouse.stats import risk_ratio
from fullhouse.view.words.release import note_words

TRAITS = 120
NAMES = tuple(f"f:{i}" for i in range(TRAITS))


@pytest.fixture(scope="module")
def house():
    return simulate(60_000, np.random.default_rng(5), traits=TRAITS, activity=0.12)


@pytest.fixture(scope="module")
def sizes(house):
    return measure_sizes(source(house.blocks), NAMES, 10, pairs_nano=None, most_traits=20)


def noisy_seed(draws, cells, traits):
    """Some public values of a first step."""
    rng = np.random.default_rng(draws)
    return cards.NoisySeed(
        people=rng.uniform(1, 1e5, cells),
        seed=rng.uniform(-50, 5e3, cells),
        rate=np.round(rng.uniform(0, 1, cells) ** 3 * UNIT) / UNIT,
        share=rng.uniform(0, 1, (cells, traits)),
        sigma=7.0,
        weight=rng.uniform(0.1, 1, cells),
    )


@given(st.integers(0, 10**6), st.integers(1, 20), st.sampled_from(cards.CANDIDATES))
@settings(deadline=None)
def test_nobody_adds_more_than_the_norm_whatever_traits_they_have(
    draws: int, selected: int, most: int
) -> None:
    rng = np.random.default_rng(draws)
    seed = noisy_seed(draws, 6, 40)
    patterns = cards.Patterns(
        cell=rng.integers(0, 6, 200),
        seed=rng.random(200) < 0.5,
        has=rng.random((200, selected)) < rng.random((200, 1)),
        people=np.ones(200, dtype=np.int64),
    )
    columns = rng.choice(40, selected, replace=False)
    each = cards.contributions(patterns, seed, columns, most)
    assert each.dtype == np.int64
    # In whole numbers, so that no float hides a hair above.
    assert max(sum(int(v) ** 2 for v in row) for row in each) <= most * UNIT**2


@given(st.integers(0, 10**6))
@settings(deadline=None)
def test_one_person_moves_all_scores_in_one_direction_and_none_by_more_than_one(draws: int) -> None:
    rng = np.random.default_rng(draws)
    seed = noisy_seed(draws, 4, 30)
    base = cards.BaseCounts(rng.integers(0, 999, 4), rng.integers(0, 999, (4, 30)))
    counts = cards.SeedCounts(rng.integers(0, 99, 4), rng.integers(0, 99, (4, 30)))
    cell, has, in_seed = int(rng.integers(0, 4)), rng.random(30) < 0.4, bool(rng.random() < 0.5)
    more, more_seed = base.holders.copy(), counts.holders.copy()
    more[cell] += has
    more_seed[cell] += has & in_seed
    tested, offset = np.arange(30), rng.uniform(0, 99, 30)
    before = cards.scores(counts, base, seed, tested, offset)
    after = cards.scores(
        replace(counts, holders=more_seed), replace(base, holders=more), seed, tested, offset
    )
    moved = after - before
    assert (moved >= 0).all() or (moved <= 0).all()
    assert np.abs(moved).max() <= UNIT
    assert (moved[~has] == 0).all()


def test_people_by_pattern_are_those_counted_one_by_one(house) -> None:
    rng = np.random.default_rng(1)
    blocks = draw(house, chances(house, 0.05), rng)
    columns = np.array([3, 77, 110, 0])
    patterns = cards.patterns_of(source(blocks), columns, TRAITS)
    expected: dict[tuple, int] = {}
    for b in blocks:
        for i in range(b.people):
            held = set(b.columns[b.offsets[i] : b.offsets[i + 1]].tolist())
            key = (int(b.strata[i]), bool(b.seed[i]), tuple(int(c) in held for c in columns))
            expected[key] = expected.get(key, 0) + 1
    rows = zip(patterns.cell, patterns.seed, patterns.has, patterns.people, strict=True)
    assert {(int(c), bool(y), tuple(h.tolist())): int(n) for c, y, h, n in rows} == expected


def test_with_hardly_any_noise_a_card_is_the_exact_ratio(house, sizes) -> None:
    blocks = draw(house, chances(house, 0.05), np.random.default_rng(2))
    sharp = measure_sizes(
        source(house.blocks), NAMES, 10, rho_nano=nano(100), pairs_nano=None, most_traits=60
    )
    result = discover_privately(source(blocks), sharp, nano(100))
    base = cards.count_base(source(blocks), TRAITS, 10)
    counts = cards.count_seed(source(blocks), TRAITS, 10)
    a, n1 = counts.holders.T, base.holders.T
    exact = risk_ratio(
        *(x.astype(float) for x in (a, n1, counts.people[None] - a, base.people[None] - n1))
    )
    assert len(result.measured) == 20
    for card in result.measured:
        assert card.ratio == pytest.approx(exact.ratio[card.column], rel=0.05)
        assert card.low <= exact.ratio[card.column] <= card.high
    true_cards = {c.column for c in result.cards} & set(house.true.tolist())
    assert len(true_cards) >= 10


def test_base_counts_given_change_nothing_but_the_time(house, sizes) -> None:
    blocks = draw(house, chances(house, 0.05), np.random.default_rng(2))
    base = cards.count_base(source(blocks), TRAITS, 10)
    again = cards.count_base(source(house.blocks), TRAITS, 10)
    assert (base.holders == again.holders).all()
    result = discover_privately(source(blocks), sizes, nano(0.5), base=base)
    assert result.cards


def shuffled(house, rng, share=0.03):
    """A seed that goes with activity and nothing else."""
    return draw(house, chances(house, share, np.ones(len(house.ratios))), rng)


def false_runs(house, sizes, runs, rho, rng):
    return sum(
        bool(discover_privately(source(shuffled(house, rng)), sizes, rho).cards)
        for _ in range(runs)
    )


@pytest.mark.slow
def test_chance_alone_makes_no_cards(house, sizes) -> None:
    rng = np.random.default_rng(8)
    false = false_runs(house, sizes, 40, nano(0.1), rng)
    # At 5 % a run, more than this has a chance below one in 10,000.
    assert false <= binom.isf(1e-4, 40, 0.05)


@pytest.mark.slow
def test_traits_that_depend_in_any_manner_make_no_false_cards() -> None:
    # Ten traits, each with eleven copies that agree on nine people in ten; half of them opposites.
    rng = np.random.default_rng(4)
    n = 20_000
    first = rng.random((n, 10)) < 0.15
    has = np.repeat(first, 12, axis=1)
    has ^= rng.random(has.shape) < 0.02
    has[:, ::4] = ~has[:, ::4] & (rng.random((n, 30)) < 0.2)
    offsets = np.concatenate([[0], np.cumsum(has.sum(1))])
    rows = PersonRows(rng.integers(0, 10, n), offsets, np.nonzero(has)[1])
    table = measure_sizes(lambda: iter([rows]), NAMES, 10, pairs_nano=None, most_traits=20)
    false = 0
    for _ in range(40):
        seeded = replace(rows, seed=rng.random(n) < 0.03)
        false += bool(discover_privately(lambda s=seeded: iter([s]), table, nano(0.1)).cards)
    assert false <= binom.isf(1e-4, 40, 0.05)


def test_decoys_drawn_from_public_shares_are_no_cards(house, sizes) -> None:
    # Placebo: for each of twenty traits people who have it are drawn anew, by its public share in
    # their stratum. Whoever is in the seed, a decoy has nothing to do with it.
    rng = np.random.default_rng(6)
    blocks = draw(house, chances(house, 0.05), rng)
    parts, alike = [], [*house.true, *house.true[:5]]
    for b in blocks:
        decoys = rng.random((b.people, 20)) < sizes.share[:, alike][b.strata]
        owner, column = np.nonzero(decoys)
        owners = np.concatenate([b.owners, owner])
        columns = np.concatenate([b.columns.astype(np.int64), TRAITS + column])
        order = np.lexsort((columns, owners))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=b.people))])
        parts.append(replace(b, offsets=offsets, columns=columns[order]))
    names = (*NAMES, *(f"decoy:{i}" for i in range(20)))
    table = measure_sizes(source(tuple(parts)), names, 10, pairs_nano=None, most_traits=20)
    shown = [
        c.column
        for _ in range(5)
        for c in discover_privately(source(tuple(parts)), table, nano(0.5)).cards
    ]
    true = [c for c in shown if c in house.true]
    assert len(true) > 30
    # At most 5 % of cards are false, and a decoy is one: this many would be 1 in 10,000.
    assert sum(c >= TRAITS for c in shown) <= binom.isf(1e-4, len(shown), 0.05)


def test_what_fans_have_anyway_is_no_card_beyond_the_obvious() -> None:
    rng = np.random.default_rng(7)
    n = 60_000
    strata, fan = rng.integers(0, 10, n), rng.random(n) < 0.2
    has = rng.random((n, TRAITS)) < 0.05
    # Fans have traits 0 to 4 far oftener; only trait 5 goes with the seed beyond that.
    has[:, :5] |= (rng.random((n, 5)) < 0.3) & fan[:, None]
    chance = 0.01 * (1 + strata / 10) * np.where(fan, 5, 1) * np.where(has[:, 5], 2.5, 1)
    offsets = np.concatenate([[0], np.cumsum(has.sum(1))])
    rows = PersonRows(strata, offsets, np.nonzero(has)[1], rng.random(n) < chance, 2 * strata + fan)
    table = measure_sizes(lambda: iter([rows]), NAMES, 10, pairs_nano=None)
    plain = discover_privately(lambda: iter([replace(rows, cells=None)]), table, nano(0.5))
    beyond = discover_privately(
        lambda: iter([rows]), table, nano(0.5), strata_of_cells=np.arange(20) // 2
    )
    assert {0, 1, 2, 3, 4, 5} <= {c.column for c in plain.cards}
    assert 5 in {c.column for c in beyond.cards}
    assert len({0, 1, 2, 3, 4} & {c.column for c in beyond.cards}) <= 1
    card = next(c for c in beyond.measured if c.column == 5)
    # Half an interval is 1.96 deviations, of the noise and of who is in the seed: five are allowed.
    middle, half = np.log(card.ratio), np.log(card.high / card.low) / 2
    assert abs(np.log(2.5) - middle) < 5 / 1.96 * half


def test_all_parts_of_the_price_together_are_the_price(house, sizes) -> None:
    spent = []
    blocks = shuffled(house, np.random.default_rng(1))
    real_vector, real_top = cards.noisy_vector, cards.noisy_top_k
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            cards, "noisy_vector", lambda v, r, l2: spent.append(r) or real_vector(v, r, l2)
        )
        patch.setattr(
            cards, "noisy_top_k", lambda v, k, r, s: spent.append(r) or real_top(v, k, r, s)
        )
        result = discover_privately(source(blocks), sizes, nano(0.02))
    assert sum(spent) == result.rho_nano == nano(0.02)
    assert len(spent) == 3


def test_a_seed_too_small_hears_what_would_do(house, sizes) -> None:
    blocks = draw(house, chances(house, 0.002), np.random.default_rng(1))
    result = discover_privately(source(blocks), sizes, nano(0.02))
    note = next(n for n in result.notes if isinstance(n, SeedTooSmall))
    assert note.seed_needed > 10 * note.seed.value
    assert note.people_needed > house.people
    # So few people cannot show it whatever is paid.
    assert note.rho_needed is None
    assert any(isinstance(n, RatiosLookHigh) for n in result.notes)
    enough = draw(house, chances(house, 0.2), np.random.default_rng(1))
    notes = discover_privately(source(enough), sizes, nano(0.1)).notes
    assert not any(isinstance(n, SeedTooSmall) for n in notes)


def test_nobody_in_the_seed_gives_no_card_and_says_so(house, sizes) -> None:
    blocks = tuple(replace(b, seed=np.zeros(b.people, dtype=bool)) for b in house.blocks)
    result = discover_privately(source(blocks), sizes, nano(0.02))
    assert result.cards == ()
    assert any(isinstance(n, NothingHasPower) for n in result.notes)


@given(
    st.floats(200, 1e6), st.integers(1_000_000, 10**9), st.floats(1.2, 3.0), st.floats(0.01, 0.3)
)
@settings(deadline=None, max_examples=50)
def test_more_people_budget_or_ratio_never_show_less(seed, rho, ratio, share) -> None:
    terms = CardTerms(rho, 1e8)
    if is_shown(seed, terms, ratio, share):
        assert is_shown(2 * seed, terms, ratio, share)
        assert is_shown(seed, replace(terms, rho_nano=2 * rho), ratio, share)
        assert is_shown(seed, terms, ratio + 0.2, share)


def test_the_seed_that_is_needed_is_the_recipes() -> None:
    terms = CardTerms(nano(0.02), 1e7)
    assert seed_needed(terms) == pytest.approx(3_400, rel=0.15)
    assert is_shown(seed_needed(terms), terms, 1.5, 0.05)
    assert not is_shown(seed_needed(terms) - 1, terms, 1.5, 0.05)
    needed = rho_needed(3_000, terms)
    assert needed is not None
    assert needed > nano(0.02)
    assert is_shown(3_000, replace(terms, rho_nano=needed), 1.5, 0.05)
    assert least_ratio(3_500, terms) == pytest.approx(1.5, abs=0.06)
    assert least_ratio(5, terms) is None


@given(st.floats(20, 50_000), st.floats(0.001, 1), st.booleans())
@settings(deadline=None, max_examples=30)
def test_every_release_of_cards_says_from_which_affinity_on_an_audience_shows(
    people: float, rho: float, any_card: bool
) -> None:
    least = least_ratio(people, CardTerms(nano(rho), 1e6))
    card = PrivateCard("a:b", 0, 2.0, 1.5, 2.6, 5.0, 0.001, 10.0, 3.0)
    some = (card,) if any_card else ()
    seed = NoisyNumber.of(people, 5.0)
    notes = notes_of(PrivateCards(some, (card,), 300, seed, least, (), nano(rho)))
    assert [n.code for n in notes if n.code == "no_cards"] == ["no_cards"] * (not any_card)
    sentences = " ".join(note_words(n) for n in notes)
    assert (least is not None) == ("one in 20 people is likely to be shown" in sentences)
    assert least is None or f"from about {least:g} times" in sentences


@pytest.mark.parametrize(
    ("low", "high", "q", "shown"),
    [(1.1, 2.0, 0.01, True), (1.1, np.inf, 0.01, False), (0.9, 2.0, 0.01, False),
     (1.1, 2.0, 0.2, False)],
)  # fmt: skip
def test_a_card_can_be_read(low, high, q, shown) -> None:
    card = PrivateCard("f:1", 1, 1.5, low, high, 3.0, q, 100.0, 5.0)
    assert card.associated is shown


def test_a_question_that_is_not_allowed_is_refused_in_words(house, sizes) -> None:
    with pytest.raises(InputError, match="who is in the seed"):
        discover_privately(source(house.blocks), sizes, nano(0.02))
    with pytest.raises(InputError, match="Between 1 and 40"):
        discover_privately(source(house.blocks), sizes, nano(0.02), selected=41)
