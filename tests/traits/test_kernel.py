"""The kernels, against slow and obvious versions."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.traits.kernel import Columns, ItemMap, count_pairs, parts_of
from fullhouse.traits.names import matches, title_words
from fullhouse.traits.rows import serialize_all

IDS = st.one_of(
    st.lists(st.integers(0, 2**32 - 1), max_size=30),
    st.builds(lambda a, n: range(a, a + n), st.integers(0, 2**31), st.integers(0, 9000)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(IDS.map(lambda i: sorted(set(i))), max_size=5))
def test_bitmaps_are_those_that_pyroaring_writes(slices: list[list[int]]) -> None:
    ids = np.array([i for s in slices for i in s], np.uint32)
    starts = np.cumsum([0, *(len(s) for s in slices)])
    serialized = list(serialize_all(ids, starts))
    assert [list(BitMap.deserialize(f)) for f in serialized] == slices
    for data, some in zip(serialized, slices, strict=True):
        if len(some) <= 4096:
            assert data == BitMap(some, optimize=False).serialize()


EVENTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 9), st.booleans()), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, EVENTS, st.booleans())
def test_pairs_are_counted_over_kinds_and_windows(
    bought: list[tuple[int, int, int, bool]], gone: list[tuple[int, int, int, bool]], many: bool
) -> None:
    traits_of = [[0], [0, 1], [], [2], [1]]
    flat = np.array([t for ts in traits_of for t in ts], np.int32)
    starts = np.cumsum([0, *map(len, traits_of)])
    maps = [ItemMap("purchase", None, starts, flat), ItemMap("ticket", 5, starts, flat)]
    size = 5000 if many else 3  # more than 4,096 traits need wider keys
    least = np.array([1, 2, 1] + [1] * (size - 3), np.int32)
    most = np.array([3, 9, 9] + [9] * (size - 3), np.int32)

    def columns(rows: list[tuple[int, int, int, bool]], refunds: bool) -> Columns:
        cells = np.array(rows, np.int32).reshape(-1, 4).T
        back = cells[3].astype(bool) if refunds else None
        return Columns(cells[0], cells[1], cells[2], back)

    events = {"purchase": columns(bought, False), "ticket": columns(gone, True)}
    both = count_pairs(events, maps, least, most)
    wanted: Counter[tuple[int, int]] = Counter()
    for p, i, _, _ in bought:
        wanted.update({(p, t): 1 for t in traits_of[i]})
    for p, i, day, back in gone:
        if day >= 5:
            wanted.update({(p, t): -1 if back else 1 for t in traits_of[i]})
    enough = {k: n for k, n in wanted.items() if least[k[1]] <= n <= most[k[1]] and n > 0}
    few = {k: n for k, n in wanted.items() if 0 < n < least[k[1]]}
    for pairs, right in zip(both, (enough, few), strict=True):
        rows = zip(pairs.local.tolist(), pairs.trait.tolist(), pairs.events.tolist(), strict=True)
        assert [((p, t), n) for p, t, n in rows] == sorted(right.items())


@given(st.dictionaries(st.integers(1, 50), st.integers(1, 9), min_size=1), st.integers(1, 5))
def test_parts_keep_order_and_ties_together(times: dict[int, int], parts: int) -> None:
    part_of = parts_of(times, parts)
    assert set(part_of) == set(times)
    assert all(0 <= p < parts for p in part_of.values())
    assert [part_of[v] for v in sorted(part_of)] == sorted(part_of.values())


def test_words_and_phrases_match_whole_words() -> None:
    titles = ["Hot Dog Days", "DOG's best friend", "Dogma", "A hot-dog", "Café Dog", "流浪地球 2"]
    assert matches(titles, ["dog"], ["hot dog"]) == [False, True, False, False, True, False]
    assert matches(titles, ["地球", "CAFÉ"], []) == [False, False, False, False, True, True]
    assert title_words("The 3 Dogs of 12oz 流浪") == {"dogs", "流浪"}
