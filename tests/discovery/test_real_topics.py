"""Topic pairs and dealt outcomes on real purchases, and that both benchmarks do what they say."""

import hashlib
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap

from benchmarks.shuffled_labels import Made, deal, discover_shuffled, shuffle, strip
from benchmarks.topic_pairs import FROZEN, PLAN, Replicated, halves, pooled, rate, read_plan
from fullhouse.discovery import Block, Outcome
from fullhouse.sample.outcome import OwnEvents
from fullhouse.stats import association, risk_ratio
from fullhouse.traits.names import matches
from tests.discovery.house import BUILD, trait

STRATA = 40
LINKED = ("dog", "cat", "music", "puzzle", "baby", "teaching")
BOOKS = (*LINKED, "travel", "diet", "electronics")
UNLINKED = [p for p in read_plan().mismatched if p.product in LINKED and p.book in BOOKS]


def test_the_plan_is_as_it_was_before_the_first_run():
    plan = read_plan()
    assert plan.digest == FROZEN == hashlib.sha256(PLAN.read_bytes()).hexdigest()
    topics = {p.book for p in plan.matched}
    assert len(topics) == len(plan.matched) == 41
    assert len(set(plan.mismatched)) == 54
    assert all({p.product, p.book} <= topics and not p.matched for p in plan.mismatched)


def test_no_product_is_a_book_and_the_placebo_has_no_word_of_the_topic():
    own = {o.name: o for o in read_plan().own}
    for name, book in own.items():
        if not name.endswith("-book") or name.endswith("-other-book"):
            continue
        topic = name.removesuffix("-book")
        assert book.category == ("ABIS_BOOK",)
        assert own[f"{topic}-other-book"].title_none == book.title_any
        assert not any("ABIS_BOOK".startswith(p) for p in own[f"{topic}-product"].category_prefix)


def test_halves_are_two_parts_of_everybody_and_differ_between_splits():
    people = {0: BitMap(range(1000)), 3: BitMap(range(3 << 20, (3 << 20) + 500))}
    first, second = halves(people, 1)
    for block, some in people.items():
        assert first[block] | second[block] == some
        assert not first[block] & second[block]
        assert abs(len(first[block]) - len(some) / 2) < 4 * np.sqrt(len(some) / 4)
    assert halves(people, 1) == (first, second) != halves(people, 2)


def test_a_share_over_pairs_counts_tries_and_its_interval_draws_pairs():
    assert rate([5, 0], [5, 5]) == "50 % (0–100)"
    assert rate([5, 5], [10, 10]) == "50 % (50–50)"
    assert rate([0], [0]) == "-"
    assert pooled([]) == "-"
    assert Replicated(2, 1, 1, 0).above == 1


# --- by hand, on the real orders -----------------------------------------------------------------


@pytest.fixture(scope="module")
def orders(data_folder):
    """Person numbers, categories and titles of every order."""
    path = data_folder / "open_ecommerce" / "purchases.parquet"
    rows = pq.read_table(path, columns=["user_id", "category", "title"])
    people = np.unique(rows["user_id"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    category, title = (rows[c].fill_null("").to_numpy() for c in ("category", "title"))
    return people, category, title


@pytest.fixture(scope="module")
def counts(orders):
    """Events of each person: in all, and of the traits of some topics."""
    people, categories, titles = orders
    wanted = {f"{t}-product" for t in LINKED} | {f"{t}-book" for t in BOOKS}
    names, number = np.unique(categories, return_inverse=True)
    counted = {"all": np.bincount(people)}
    for own in (o for o in read_plan().own if o.name in wanted):
        starts = own.category_prefix
        chosen = [n in own.category or bool(starts and n.startswith(starts)) for n in names]
        hit = np.array(chosen)[number]
        if own.title_any or own.title_none:
            at = np.flatnonzero(hit)
            hit[at] = matches(titles[at], own.title_any, own.title_none)
        counted[own.name] = np.bincount(people[hit], minlength=len(counted["all"]))
    return counted


def _four(counts, product, book):
    """People by stratum of all orders but the trait's own and the outcome's beyond the first."""
    trait_, outcome = counts[f"{product}-product"], counts[f"{book}-book"]
    activity = counts["all"] - trait_ - np.maximum(outcome - 1, 0)
    edges = np.quantile(counts["all"], np.arange(1, STRATA) / STRATA)
    strata = np.searchsorted(edges, activity)

    def by(who):
        return np.bincount(strata, who.astype(float), minlength=STRATA)

    has, inside = trait_ > 0, outcome > 0
    return by(has & inside), by(has), by(~has & inside), by(~has)


@pytest.mark.real
@pytest.mark.parametrize("topic", LINKED)
def test_products_and_books_of_a_topic_go_together(counts, topic):
    four = _four(counts, topic, topic)
    assert risk_ratio(*four).low > 1.05
    assert association(*four).p < 0.05


@pytest.mark.real
def test_topics_without_a_link_do_not_go_together(counts):
    fours = [_four(counts, p.product, p.book) for p in UNLINKED]
    ratios = [risk_ratio(*four) for four in fours]
    naive = [risk_ratio(*(x.sum(keepdims=True) for x in four)) for four in fours]
    assert 0.7 < np.exp(np.mean([np.log(r.ratio) for r in ratios])) < 1.2
    assert np.exp(np.mean([np.log(r.ratio) for r in naive])) > 1.5
    # Of so few at a level of 5 %, three that stand out would be a chance of one in a hundred.
    assert len(UNLINKED) >= 8
    assert sum(association(*four).p < 0.05 for four in fours) <= 2


# --- dealt outcomes ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(orders):
    """The real people with the 200 commonest categories as traits, and pet food as the outcome."""
    people, categories, _ = orders
    names = [c for c, _ in Counter(categories.tolist()).most_common(200)]
    table = np.zeros((people.max() + 1, len(names)), dtype=np.int64)
    for i, name in enumerate(names):
        table[:, i] = np.bincount(people[categories == name], minlength=len(table))
    return _made(table, np.bincount(people), names.index("PET_FOOD"))


def _made(table, activity, outcome):
    """A block with `table[person, trait]` events, and one trait's people and events as outcome."""
    row, column = np.nonzero(table)
    block = Block(
        0,
        np.arange(len(table), dtype=np.uint32),
        np.concatenate([[0], np.cumsum((table > 0).sum(1))]),
        column,
        table[row, column],
        (activity.astype(np.int32), *(np.zeros(len(table), np.int32) for _ in range(3))),
    )
    traits = [trait(i, f"buys:{i}", "purchase") for i in range(table.shape[1])]
    hand = table[:, outcome]
    some = np.flatnonzero(hand)
    counts = np.zeros((4, len(some)), np.int32)
    counts[0] = hand[some]
    overlap = (some, np.full(len(some), outcome), hand[some])
    own = OwnEvents(some, counts, (1, 0, 0, 0), overlap)
    inside = Outcome("pets", {0: BitMap(some.astype(np.uint32))}, members=(traits[outcome],))
    return block, traits, inside, own


@pytest.fixture
def small():
    g = np.random.default_rng(5)
    table = g.poisson(g.gamma(0.5, 2, (300, 1)) * [0.5, 1, 0.2])
    return _made(table, table.sum(1) + g.poisson(3, 300), 2)


def test_stripped_people_keep_everything_but_the_outcome(small):
    block, _, outcome, own = small
    bare = strip(block, outcome, own)
    left = block.activity[0].astype(int) - bare.block.activity[0]
    assert left[own.persons].tolist() == own.counts[0].tolist()
    assert left.sum() == own.events
    outcomes = block.traits == 2
    assert not bare.block.events[outcomes].any()
    assert (bare.block.events == block.events)[~outcomes].all()


def test_dealing_everybody_their_own_hand_changes_nothing_but_the_traits(small):
    block, _, outcome, own = small
    bare = strip(block, outcome, own)
    again, inside, events = deal(bare, np.arange(len(block.persons)))
    assert (again.activity[0] == block.activity[0]).all()
    assert inside.people == outcome.people
    assert (events.persons == own.persons).all()
    assert (events.counts == own.counts).all()


def test_hands_stay_among_people_who_are_as_active(small):
    block, _, outcome, own = small
    bare = strip(block, outcome, own)
    order = shuffle(bare, np.random.default_rng(1), strata=True)
    assert sorted(order) == list(range(len(order)))
    assert (order != np.arange(len(order))).mean() > 0.5
    assert ((bare.rest > 0) == (bare.rest[order] > 0)).all()
    free = shuffle(bare, np.random.default_rng(1), strata=False)
    gaps = [np.abs(bare.rest - bare.rest[o]).mean() for o in (order, free)]
    assert gaps[0] < gaps[1] / 2


@pytest.mark.real
def test_shuffled_outcomes_show_nothing_unless_activity_is_let_free(house, lake, tmp_path):
    block, traits, outcome, own = house
    bare = strip(block, outcome, own)
    runs = {100: [], 1: []}
    for run in range(10):
        order = shuffle(bare, np.random.default_rng((3, run)), strata=True)
        made, shuffled, events = deal(bare, order)
        for quantiles, seen in runs.items():
            blocks = Made(lake, BUILD, tmp_path / "made", block=made)
            options = {"base": bare.base, "quantiles": quantiles}
            result = discover_shuffled(blocks, traits, shuffled, events, **options)
            seen.append(len(result.of("associated")) + len(result.of("avoided")))
    # At most one run in twenty: more than two of ten would be a chance of one in a hundred.
    assert sum(n > 0 for n in runs[100]) <= 2
    assert min(runs[1]) > 50
