"""People in memory: everyone or a sample, the seed's own events apart."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.audiences.compile import BuiltTraits
from fullhouse.audiences.parse import parse
from fullhouse.core.errors import InputError
from fullhouse.sample.sheet import rule_mask, sheet
from fullhouse.traits.trait import KINDS
from tests.discovery.house import from_counts, outcome_of

PURCHASE = KINDS.index("purchase")


def _made(folder, seed=1, *, people=400, blocks=1, least=1):
    g = np.random.default_rng(seed)
    counts = g.poisson(0.4, (people, 5))
    others = g.poisson(3, people)
    facts = g.random((people, 2)) < 0.5
    sample, traits, base = from_counts(folder, counts, others, facts, least=least, blocks=blocks)
    number = np.arange(people) % blocks
    ids = (number.astype(np.int64) << 20) + np.arange(people)
    seed_trait = traits[4]
    outcome, own = outcome_of(seed_trait, counts, ids)
    return sample, traits, base, outcome, own, (ids, counts, others, facts)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), blocks=st.sampled_from([1, 3]), least=st.sampled_from([1, 2]))
def test_a_sample_holds_what_a_slow_look_at_each_person_gives(
    tmp_path_factory, seed, blocks, least
):
    folder = tmp_path_factory.mktemp("sheet")
    sample, traits, base, outcome, own, made = _made(
        folder, seed, people=120, blocks=blocks, least=least
    )
    ids, counts, others, facts = made
    made_sheet = sheet(sample, base, outcome.people, own, traits, key=b"k")
    order = np.argsort(ids)
    assert made_sheet.persons.tolist() == ids[order].tolist()
    has, events = made_sheet.has.toarray(), made_sheet.events.toarray()
    for row, person in enumerate(order):
        own_counts = counts[person].copy()
        inside = own_counts[4] >= least
        assert made_sheet.seed[row] == inside
        every = counts[person].sum() + others[person]
        # The seed's own events count as far as they are needed, and in `bare` not at all.
        assert made_sheet.activity[PURCHASE, row] == every - max(own_counts[4] - least, 0)
        assert made_sheet.bare[PURCHASE, row] == every - own_counts[4]
        own_counts[4] = counts[person][4]
        assert events[row, :4].tolist() == own_counts[:4].tolist()
        assert has[row, :4].tolist() == (own_counts[:4] >= least).astype(float).tolist()
        assert has[row, 5:].tolist() == facts[person].astype(float).tolist()
    assert not made_sheet.sampled
    assert set(made_sheet.weight) == {1.0}


def test_a_sample_stands_for_everyone_and_is_the_same_each_time(tmp_path):
    sample, traits, base, outcome, own, made = _made(tmp_path, people=4000)
    ids = made[0]
    some = sheet(
        sample, base, outcome.people, own, traits, key=b"k", most_seed=300, most_others=500
    )
    again = sheet(
        sample, base, outcome.people, own, traits, key=b"k", most_seed=300, most_others=500
    )
    assert some.persons.tolist() == again.persons.tolist()
    assert some.sampled
    assert set(some.persons) < set(ids)
    seeds = sum(map(len, outcome.people.values()))
    # Drawn binomially: three standard errors of 300 and of 500 drawn.
    assert some.weight[some.seed].sum() == pytest.approx(seeds, rel=3 / 300**0.5)
    assert some.weight[~some.seed].sum() == pytest.approx(4000 - seeds, rel=3 / 500**0.5)


def test_people_of_whom_nothing_is_known_are_here_too(tmp_path):
    sample, traits, base, outcome, own, _ = _made(tmp_path)
    base = {0: base[0] | BitMap([500, 600])}
    made = sheet(sample, base, outcome.people, own, traits, key=b"k")
    assert made.persons[-2:].tolist() == [500, 600]
    assert made.has[[-2, -1]].nnz == 0
    assert made.activity[:, -1].tolist() == [0, 0, 0, 0]


def test_a_rule_over_traits_is_a_mask(tmp_path):
    sample, traits, base, outcome, own, made = _made(tmp_path)
    counts = made[1]
    view, catalogue = (
        sheet(sample, base, outcome.people, own, traits, key=b"k"),
        BuiltTraits(traits),
    )
    mask = rule_mask(view, parse("buys:t0 & (buys:t1 | buys:t2) - buys:t3"), catalogue)
    a, b, c, d = (counts[:, i] > 0 for i in range(4))
    assert mask.tolist() == (a & (b | c) & ~d).tolist()
    assert rule_mask(view, parse("everyone"), catalogue).all()
    with pytest.raises(InputError, match="over traits"):
        rule_mask(view, parse("audience:mine"), catalogue)
