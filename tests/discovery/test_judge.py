"""Verdicts, exclusions and the sentence."""

import json
import math

import numpy as np
import pytest
from pyroaring import BitMap

from fullhouse.discovery import OutcomeDiscovery
from fullhouse.discovery.compare import compare
from fullhouse.discovery.judge import LEAST_OUTCOME, TraitNumbers, judge
from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.view.words.discovery import outcome_headline
from tests.discovery.house import BUILD, from_counts, outcome_of, trait, write_blocks

CASES = {
    "clear": (TraitNumbers(2.3, 1.8, 3.0, 0.001), "associated"),
    "clear and beyond the placebo": (
        TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 1.4, 3.5),
        "associated",
    ),
    "the placebo shows as much": (
        TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 0.8, 1.6),
        "no_association",
    ),
    "it may, it may not": (TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 0.8, 2.6), "cannot_tell"),
    "the placebo cannot be told": (TraitNumbers(2.3, 1.8, 3.0, 0.001, True), "cannot_tell"),
    "clearly less": (TraitNumbers(0.5, 0.4, 0.6, 0.001), "avoided"),
    "less, as the placebo": (TraitNumbers(0.5, 0.4, 0.6, 0.001, True, 0.7, 1.3), "no_association"),
    "sure but tiny": (TraitNumbers(1.03, 1.02, 1.04, 1e-9), "no_association"),
    "narrow and near one": (TraitNumbers(1.0, 0.8, 1.3, 0.9), "no_association"),
    "wide": (TraitNumbers(1.0, 0.4, 2.5, 0.9), "cannot_tell"),
    "twice not ruled out": (TraitNumbers(1.4, 0.9, 2.2, 0.3), "cannot_tell"),
    "half not ruled out": (TraitNumbers(0.7, 0.4, 1.2, 0.3), "cannot_tell"),
    "luck among many": (TraitNumbers(1.5, 1.1, 1.9, 0.3), "no_association"),
    "nobody without it": (TraitNumbers(math.inf, 1.5, math.inf, 0.01), "associated"),
}


@pytest.mark.parametrize(("evidence", "verdict"), CASES.values(), ids=CASES)
def test_verdict(evidence, verdict):
    assert judge(evidence)[0] == verdict


def test_fewest_people_in_an_outcome_follow_from_the_relevant_ratio():
    assert LEAST_OUTCOME == 32
    assert 1.96 * 2 / math.sqrt(LEAST_OUTCOME) <= math.log(2) < 1.96 * 2 / math.sqrt(31)


def _many(people=400, seed=3):
    g = np.random.default_rng(seed)
    counts = np.stack([g.poisson(0.5, people), g.poisson(0.4, people)], axis=1)
    return counts, g.poisson(20, people), np.stack([g.random(people) < 0.5], axis=1)


def test_small_outcome_is_told_as_such_whatever_it_shows(tmp_path):
    counts, others, facts = _many()
    counts[:, 1] = 0
    counts[:15, 1] = 1
    counts[:15, 0] = 3
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    found = compare(
        BUILD, outcome_of(traits[1], counts, np.arange(400)), traits=traits, base=base, blocks=laid
    )
    assert found.verdict == "cannot_tell"
    assert found.reason == "outcome_too_small"
    assert (found.outcome_people, found.needed) == (15, 32)
    assert "15 people" in outcome_headline(found)
    assert found.tested == 0
    assert not found.of("associated")
    assert all(r.p is None and r.q is None for r in found.rows)


def test_trait_of_the_rule_its_parts_and_its_opposites_are_the_outcome(tmp_path):
    counts, others, facts = _many()
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    outcome, own = outcome_of(traits[1], counts, np.arange(400))
    # Trait 0's events are all the outcome's: nothing is left of it.
    both = (
        np.concatenate([own.overlap[0], np.flatnonzero(counts[:, 0])]),
        np.concatenate([own.overlap[1], np.zeros((counts[:, 0] > 0).sum(), int)]),
        np.concatenate([own.overlap[2], counts[:, 0][counts[:, 0] > 0]]),
    )
    order = np.lexsort((both[1], both[0]))
    everyone = np.arange(400)
    four = np.zeros((4, 400), np.int32)
    four[0] = counts.sum(1)
    own = OwnEvents(everyone, four, own.needed, tuple(b[order] for b in both))
    female = trait(2, "fact0:yes")
    outcome = Outcome("t1 & fact", outcome.people, (traits[1], female))
    found = compare(BUILD, (outcome, own), traits=traits, base=base, blocks=laid)
    why = {r.trait: r.reason for r in found.of("is_outcome")}
    assert why == {
        "buys:t1": "named_in_rule",
        "buys:t0": "only_outcome_events",
        "fact0:yes": "named_in_rule",
    }
    assert found.excluded == 3


def test_other_facts_of_a_family_in_the_rule_are_the_outcome(tmp_path):
    rows = [{"person": i, "traits": [i % 2], "events": [0], "purchase": 1} for i in range(200)]
    traits = [trait(0, "gender:female"), trait(1, "gender:male")]
    laid = write_blocks(tmp_path, {0: rows})
    people = {0: BitMap(range(0, 200, 2))}
    none = np.zeros(0, np.int64)
    own = OwnEvents(none, np.zeros((4, 0), np.int32), (0, 0, 0, 0), (none, none, none))
    outcome = Outcome("gender:female", people, (traits[0],))
    found = compare(BUILD, (outcome, own), traits=traits, base={0: BitMap(range(200))}, blocks=laid)
    assert [r.verdict for r in found.rows] == ["is_outcome"] * 2
    assert "outcome_of_facts" in found.notes


def test_saved_list_says_that_its_events_are_not_known(tmp_path):
    g = np.random.default_rng(4)
    active = np.exp(g.normal(0, 1, 4000)) * 20
    counts = np.stack([g.poisson(active * 0.03), g.poisson(active * 0.03)], axis=1)
    listed = g.random(4000) < np.minimum(active / 200, 1)  # made of activity alone
    laid, traits, base = from_counts(tmp_path, counts, g.poisson(active))
    none = np.zeros(0, np.int64)
    own = OwnEvents(none, np.zeros((4, 0), np.int32), (0, 0, 0, 0), (none, none, none))
    outcome = Outcome("audience:x@1", {0: BitMap(np.flatnonzero(listed))}, listed=True)
    found = compare(BUILD, (outcome, own), traits=traits, base=base, blocks=laid)
    assert found.notes[0] == "listed_outcome"
    assert all(r.naive > 1.5 and r.low < 1 < r.high for r in found.rows)


def test_an_outcome_in_another_source_alone_cannot_be_told(tmp_path):
    """Buyers who never watch and viewers who never buy: no overlap, no answer."""
    rows = [
        {"person": i, "traits": [0] if i % 3 else [], "events": [5] if i % 3 else [], "view": 30}
        for i in range(300)
    ]
    rows += [{"person": 300 + i, "traits": [], "events": [], "purchase": 9} for i in range(300)]
    rows = [
        r | {"traits": [*r["traits"], 1], "events": [*r["events"], 1]}
        if 300 <= r["person"] < 400
        else r
        for r in rows
    ]
    traits = [trait(0, "genre:comedy", "view"), trait(1, "buys:dog", "purchase")]
    laid = write_blocks(tmp_path, {0: rows})
    ids = np.arange(300, 400)
    four = np.zeros((4, 100), np.int32)
    four[0] = 1
    own = OwnEvents(ids, four, (1, 0, 0, 0), (ids, np.ones(100, int), np.ones(100, int)))
    outcome = Outcome("buys:dog", {0: BitMap(ids)}, (traits[1],))
    found = compare(BUILD, (outcome, own), traits=traits, base={0: BitMap(range(600))}, blocks=laid)
    (row,) = [r for r in found.rows if r.trait == "genre:comedy"]
    assert row.verdict == "cannot_tell"
    assert found.verdict == "cannot_tell"


def test_numbers_that_cannot_be_computed_are_none_never_nan(tmp_path):
    counts, others, facts = _many()
    facts[:] = True
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    found = compare(
        BUILD, outcome_of(traits[1], counts, np.arange(400)), traits=traits, base=base, blocks=laid
    )
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert OutcomeDiscovery.from_dict(json.loads(text)) == found
    (everyone,) = [r for r in found.rows if r.trait == "fact0:yes"]
    assert (everyone.ratio, everyone.p, everyone.reason) == (
        None,
        None,
        "everyone_has_it",
    )
    assert found.to_arrow().num_rows == len(found.rows)
