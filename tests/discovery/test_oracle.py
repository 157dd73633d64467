"""The kernel against a slow house of single events, and what must not change an answer."""

import dataclasses
import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.discovery.compare import compare
from fullhouse.discovery.count import count, measure_base
from fullhouse.discovery.strata import groups_for
from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.traits.trait import KINDS
from tests.discovery.house import BUILD, from_counts, outcome_of, trait, write_blocks

ITEMS = 5


@dataclass(frozen=True)
class House:
    """Single events (person, kind, item); traits are kinds and sets of items, or a fact."""

    people: list[int]
    events: list[tuple[int, str, int]]
    counted: list[tuple[tuple[str, ...], frozenset[int], int]]
    facts: list[frozenset[int]]
    outcome: int

    def behind(self, person, number, *, without=False):
        kinds, items, _ = self.counted[number]
        own = [e for e in self.events if e[0] == person and e[1] in kinds and e[2] in items]
        return [e for e in own if not (without and self.of_outcome(e))]

    def of_outcome(self, event):
        kinds, items, _ = self.counted[self.outcome]
        return event[1] in kinds and event[2] in items


@st.composite
def houses(draw):
    people = draw(
        st.lists(st.integers(0, 2**21 + 50), min_size=1, max_size=25, unique=True).map(sorted)
    )
    who, kind = st.sampled_from(people), st.sampled_from(["purchase", "view"])
    events = draw(st.lists(st.tuples(who, kind, st.integers(0, ITEMS - 1)), max_size=120))
    items = st.frozensets(st.integers(0, ITEMS - 1), min_size=1)
    kinds = st.sampled_from([("purchase",), ("view",), ("view", "purchase")])
    counted = draw(st.lists(st.tuples(kinds, items, st.integers(1, 3)), min_size=1, max_size=5))
    facts = draw(st.lists(st.frozensets(who), max_size=2))
    return House(people, events, counted, facts, draw(st.integers(0, len(counted) - 1)))


def _lay(house, folder):
    traits = [
        trait(i, f"own:t{i}", *k, least=least) for i, (k, _, least) in enumerate(house.counted)
    ]
    traits += [trait(len(traits) + i, f"fact{i}:yes") for i in range(len(house.facts))]
    rows = {}
    for p in house.people:
        held = [
            (i, len(house.behind(p, i))) for i in range(len(house.counted)) if house.behind(p, i)
        ]
        held += [(len(house.counted) + i, 0) for i, f in enumerate(house.facts) if p in f]
        kinds = Counter(e[1] for e in house.events if e[0] == p)
        rows.setdefault(p >> 20, []).append(
            {"person": p, "traits": [h[0] for h in held], "events": [h[1] for h in held], **kinds}
        )
    base = {b: BitMap([r["person"] for r in part]) for b, part in sorted(rows.items())}
    return write_blocks(folder, rows), traits, base


def _own(house, traits):
    """What `own_events` would find, from single events."""
    theirs = [e for e in house.events if house.of_outcome(e)]
    persons = sorted({e[0] for e in theirs})
    counts = np.zeros((4, len(persons)), dtype=np.int32)
    for person, kind, _ in theirs:
        counts[KINDS.index(kind), persons.index(person)] += 1
    overlap = [
        (p, i, sum(house.of_outcome(e) for e in house.behind(p, i)))
        for p in persons
        for i in range(len(house.counted))
    ]
    overlap = [o for o in overlap if o[2]]
    columns = [np.array([o[c] for o in overlap], dtype=np.int64) for c in range(3)]
    kinds, _, least = house.counted[house.outcome]
    needed = tuple(least if k in kinds else 0 for k in KINDS)
    people = {}
    for p in house.people:
        if len(house.behind(p, house.outcome)) >= least:
            people.setdefault(p >> 20, BitMap()).add(p)
    outcome = Outcome("outcome", people, (traits[house.outcome],))
    return outcome, OwnEvents(np.array(persons, dtype=np.int64), counts, needed, tuple(columns))


def _slow(house, number, edges):
    """Cells of a trait: (stratum, held, in the outcome) → people, straight from the definition."""
    kinds_o, _, least_o = house.counted[house.outcome]
    counted = number < len(house.counted)
    kinds_t, least_t = (house.counted[number][0], house.counted[number][2]) if counted else ((), 0)
    cells = Counter()
    for p in house.people:
        theirs = [e for e in house.events if e[0] == p]
        outcome = len(house.behind(p, house.outcome)) >= least_o
        left = len(house.behind(p, number, without=True)) if counted else 0
        fact = frozenset() if counted else house.facts[number - len(house.counted)]
        held = left >= least_t if counted else p in fact
        done = {}
        for kind in KINDS:
            done[kind] = sum(e[1] == kind for e in theirs)
            if kind in kinds_o:
                own = sum(house.of_outcome(e) and e[1] == kind for e in theirs)
                done[kind] -= max(0, own - least_o)
        together = max(1, sum(done[k] for k in kinds_t))
        stratum = []
        for kind in KINDS:
            if kind not in (*kinds_o, *kinds_t) or not any(e[1] == kind for e in house.events):
                continue
            n = done[kind]
            if kind in kinds_o and kind in kinds_t:
                n -= min((2 * left * n + together) // (2 * together), n)
            stratum.append(0 if n == 0 else 1 + sum(n > e for e in edges[kind]))
        cells[(tuple(stratum), held, outcome)] += 1
    return cells


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(house=houses(), quantiles=st.integers(1, 6))
def test_counts_are_those_of_the_definition(tmp_path_factory, house, quantiles):
    blocks, traits, base = _lay(house, tmp_path_factory.mktemp("house"))
    outcome, own = _own(house, traits)
    measured = measure_base(blocks, base)
    measured_counts = count(blocks, measured, outcome, own, traits, quantiles=quantiles)
    a, n1, c, n0 = measured_counts.totals
    groups, of_trait = groups_for(traits, outcome.kinds, measured.histograms, quantiles=quantiles)
    for i, each in enumerate(traits):
        group = groups[of_trait[i]]
        edges = {KINDS[k]: s.edges for k, s in zip(group.kinds, group.scales, strict=True)}
        slow = _slow(house, i, edges)
        assert a[i] == sum(v for k, v in slow.items() if k[1] and k[2])
        assert n1[i] == sum(v for k, v in slow.items() if k[1])
        assert c[i] == sum(v for k, v in slow.items() if not k[1] and k[2])
        assert n0[i] == sum(v for k, v in slow.items() if not k[1])
        assert _cells(measured_counts, i, group) == slow
        assert each.name == measured_counts.traits[i].name


def _cells(measured_counts, i, group):
    """The fast cells in the slow form."""
    cells = Counter()
    for rows, (a, n1, c, n0) in measured_counts.tables:
        for at in np.flatnonzero(rows == i):
            strata = itertools.product(*(range(s.size) for s in group.scales))
            for s, stratum in enumerate(strata):
                four = (a[at, s], n1[at, s] - a[at, s], c[at, s], n0[at, s] - c[at, s])
                for (held, inside), v in zip(
                    [(True, True), (True, False), (False, True), (False, False)], four, strict=True
                ):
                    if v:
                        cells[(stratum, held, inside)] += int(v)
    return cells


def _small(folder, seed=1, *, order=None, blocks=1, idle=0, people=3000):
    g = np.random.default_rng(seed)
    active = np.exp(g.normal(0, 1, people)) * 20
    counts = np.stack([g.poisson(active * r) for r in (0.03, 0.02, 0.05, 0.02)], axis=1)
    others, facts = g.poisson(active), g.random((people, 2)) < 0.4
    others[counts.sum(1) + others == 0] = 1
    ids = np.arange(people) if order is None else g.permutation(people)
    counts, others = (
        np.concatenate([x, np.zeros((idle, *x.shape[1:]), int)]) for x in (counts, others)
    )
    facts = np.concatenate([facts, g.random((idle, 2)) < 0.9])
    ids = np.concatenate([ids, people + np.arange(idle)])
    laid, traits, base = from_counts(folder, counts, others, facts, persons=ids, blocks=blocks)
    whole = (np.arange(people + idle) % blocks << 20) + ids
    outcome = outcome_of(traits[3], counts, whole)
    return compare(BUILD, outcome, traits=traits, base=base, blocks=laid, quantiles=20)


def _stratified(measured_counts):
    names = ("trait", "outcome_persons", "ratio", "low", "high", "p", "q", "expected", "index")
    return sorted(tuple(getattr(r, n) for n in names) for r in measured_counts.rows)


def test_renumbered_people_change_nothing(tmp_path):
    assert _small(tmp_path / "a").rows == _small(tmp_path / "b", order="shuffled").rows


def test_how_people_are_cut_into_blocks_changes_nothing(tmp_path):
    one, many = _small(tmp_path / "a"), _small(tmp_path / "b", blocks=7)
    for a, b in zip(_stratified(one), _stratified(many), strict=True):
        assert a[0] == b[0]
        assert list(a[1:]) == pytest.approx(list(b[1:]), nan_ok=True)


def test_people_without_events_change_no_stratified_ratio(tmp_path):
    one, more = _small(tmp_path / "a"), _small(tmp_path / "b", idle=4000)
    assert more.base_people == one.base_people + 4000
    for a, b in zip(_stratified(one), _stratified(more), strict=True):
        assert a[0] == b[0]
        assert list(a[1:8]) == pytest.approx(list(b[1:8]), nan_ok=True)


def test_base_is_counted_once_and_then_read(tmp_path):
    first = _small(tmp_path / "a")
    kept = list((tmp_path / "a").glob("base-*.npz"))
    assert len(kept) == 1
    assert _small(tmp_path / "a").rows == first.rows


def test_people_whom_the_blocks_do_not_know_count_without_traits(tmp_path):
    laid, traits, base = from_counts(tmp_path, np.ones((30, 2), int), np.ones(30, int))
    base[0] |= BitMap(range(100, 140))
    measured = measure_base(laid, base)
    outcome, own = outcome_of(traits[1], np.ones((30, 2), int), np.arange(30))
    measured_counts = count(laid, measured, outcome, own, traits, quantiles=5)
    assert measured_counts.totals[1][0] + measured_counts.totals[3][0] == 70


def test_a_trait_counts_the_same_whatever_other_traits_are_asked(tmp_path):
    g = np.random.default_rng(8)
    counts = g.poisson(0.5, (500, 8))
    blocks, traits, base = from_counts(tmp_path, counts, g.poisson(2, 500))
    # The outcome is a trait with a low number; its events belong to others with higher ones too.
    outcome, own = outcome_of(traits[1], counts, np.arange(500))
    touched = np.flatnonzero(counts[:, 1])
    shared = np.minimum(counts[touched, 1], counts[touched, 7])
    pairs = [
        (int(p), t, int(n))
        for p, own_events, n in zip(touched, counts[touched, 1], shared, strict=True)
        for t, n in ((1, own_events), (7, n))
    ]
    overlap = tuple(np.array(x, dtype=np.int64) for x in zip(*pairs, strict=True))
    own = dataclasses.replace(own, overlap=overlap)
    every = compare(BUILD, (outcome, own), traits=traits, base=base, blocks=blocks)
    few = compare(BUILD, (outcome, own), traits=traits[:3], base=base, blocks=blocks)
    wanted = {r.trait: (r.persons, r.outcome_persons, r.ratio) for r in every.rows}
    for row in few.rows:
        assert (row.persons, row.outcome_persons, row.ratio) == wanted[row.trait]
