"""Which accounts are linked: candidate pairs scored, and contradictions settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fullhouse.core.tables import PERSON_LINK
from fullhouse.engine import Scratch
from fullhouse.engine.expr import ibis
from fullhouse.people.agreement import (
    ANCHORS,
    CLOSE,
    DIFFERENT,
    HOUSEHOLD_BLOCK,
    IDENTIFIER_BLOCK,
    NAME_BLOCK,
    SAME,
    levels_of,
    score_patterns,
)
from fullhouse.people.candidates import Candidates
from fullhouse.people.clusters import Known, Link, groups
from fullhouse.people.components import components

if TYPE_CHECKING:
    import ibis.expr.types as ir

THRESHOLDS = {IDENTIFIER_BLOCK: 0.6, HOUSEHOLD_BLOCK: 0.2, NAME_BLOCK: 0.9}
"""The probability from which a pair is linked, by why it was compared.

That of a household is low, because the probability is that before rivals are looked at: such a link
joins no second account of a source, and none that has a rival as likely. It lies in the gap of a
market's patterns: one address, gender and city without a birth year give 0.30, and without a gender
0.11. At 0.3 the largest of these patterns fell on either side from market to market. Where few
pairs teach the model, an address alone can be above it, so something that tells the members of a
household apart must agree, too.
"""
SLICE_ROOTS = 100_000
"""Groups with contradictions that are settled at a time."""
_DISPUTED = {"birth_year": (DIFFERENT, CLOSE), "gender": (DIFFERENT,)}


def linked_nodes(
    scratch: Scratch,
    candidates: Candidates,
    accounts: ir.Table,
    model_pairs: ir.Table | None,
    apart: ir.Table,
) -> ir.Table:
    """Kept rows (node, root): the smallest node of its person, for nodes with a link.

    `apart` has pairs of accounts that are never one person.
    """
    edges = scratch.keep(_edges(scratch, candidates, accounts, model_pairs))
    together = components(scratch, edges.select("a", "b"))
    forbidden = scratch.keep(_nodes_of_pairs(apart, accounts).select("a", "b"))
    doubtful = scratch.keep(_doubtful(candidates.members, edges, together, forbidden))
    if not scratch.count(doubtful):
        return together
    settled = pa.concat_tables(_settled(scratch, candidates, edges, together, doubtful, forbidden))
    clean = together.anti_join(doubtful, "root").select("node", "root")
    return scratch.keep(clean.union(scratch.engine.memory(settled)))


def _edges(
    scratch: Scratch, candidates: Candidates, accounts: ir.Table, model_pairs: ir.Table | None
) -> ir.Table:
    """Rows (a, b, probability, certain, disputed) of the nodes that some pair links."""
    pairs, members = candidates.pairs, candidates.members
    counted = pairs.group_by("block", "pattern").aggregate(pairs=pairs.count())
    scores, _ = score_patterns(candidates.comparisons, scratch.engine.arrow(counted))
    accepted = pairs.join(
        scratch.engine.memory(_accepted(scores, candidates.comparisons)), ["block", "pattern"]
    )
    first = members.select(end_i="i", a="node")
    second = members.select(end_j="i", b="node")
    joined = accepted.join(first, accepted.i == first.end_i)
    joined = joined.join(second, joined.j == second.end_j)
    columns = ("a", "b", "probability", "certain", "disputed")
    every = joined.select(*columns)
    if model_pairs is not None:
        chosen = _nodes_of_pairs(model_pairs, accounts)
        # The model compared names and birth dates itself.
        judged = chosen.mutate(certain=ibis.literal(True), disputed=ibis.literal(True))
        every = every.union(judged.select(*columns))
    ordered = every.filter(every.a != every.b).mutate(
        a=ibis.least(every.a, every.b), b=ibis.greatest(every.a, every.b)
    )
    return ordered.group_by("a", "b").aggregate(
        probability=ordered.probability.max(),
        certain=ordered.certain.any(),
        disputed=ordered.disputed.any(),
    )


def _accepted(scores: pa.Table, comparisons: tuple[str, ...]) -> pa.Table:
    levels = levels_of(scores["pattern"].to_numpy(), len(comparisons))
    disputed = np.zeros(len(levels), np.bool_)
    for name, different in _DISPUTED.items():
        disputed |= np.isin(levels[:, comparisons.index(name)], different)
    blocks = scores["block"].to_numpy()
    anchors = [k for k, name in enumerate(comparisons) if name in ANCHORS]
    alone = (blocks == HOUSEHOLD_BLOCK) & ~np.isin(levels[:, anchors], (SAME, CLOSE)).any(axis=1)
    least = np.array([THRESHOLDS[b] for b in blocks.tolist()])
    table = pa.table(
        {
            "block": scores["block"],
            "pattern": scores["pattern"],
            "probability": scores["probability"],
            "certain": pa.array(blocks == IDENTIFIER_BLOCK),
            "disputed": pa.array(disputed),
        }
    )
    return table.filter(pa.array((scores["probability"].to_numpy() >= least) & ~alone))


def _nodes_of_pairs(pairs: ir.Table, accounts: ir.Table) -> ir.Table:
    """The pairs with their accounts' nodes a and b; pairs of unknown accounts are left out."""
    first = accounts.select(source_a="source", account_a="account", a="node")
    second = accounts.select(source_b="source", account_b="account", b="node")
    return pairs.join(first, ["source_a", "account_a"]).join(second, ["source_b", "account_b"])


def _doubtful(
    members: ir.Table, edges: ir.Table, together: ir.Table, forbidden: ir.Table
) -> ir.Table:
    """The roots of groups that contradict themselves somewhere."""
    inside = members.join(together, "node")
    counted = inside.group_by("root").aggregate(
        years=inside.birth_year.nunique(),
        genders=inside.gender.nunique(),
        accounts=inside.count(),
        sources=inside.source.nunique(),
    )
    unsure = edges.filter(~edges.certain)
    weak = unsure.join(together, unsure.a == together.node).select("root").distinct()
    differ = counted.filter((counted.years > 1) | (counted.genders > 1)).select("root")
    repeated = counted.filter(counted.accounts > counted.sources).semi_join(weak, "root")
    one = together.select(a="node", root="root")
    two = together.select(b="node", root_b="root")
    ends = forbidden.join(one, "a").join(two, "b")
    ruled_out = ends.filter(ends.root == ends.root_b).select("root")
    return differ.union(repeated.select("root"), ruled_out).distinct()


def _settled(
    scratch: Scratch,
    candidates: Candidates,
    edges: ir.Table,
    together: ir.Table,
    doubtful: ir.Table,
    forbidden: ir.Table,
) -> Iterator[pa.Table]:
    """Rows (node, root) of the doubtful groups, taken apart a slice at a time."""
    engine = scratch.engine
    roots = np.sort(engine.arrow(doubtful)["root"].to_numpy())
    inside = together.semi_join(doubtful, "root")
    links = scratch.keep(edges.join(inside, edges.a == inside.node).drop("node"))
    members = candidates.members.select("node", "source", "birth_year", "gender")
    facts = scratch.keep(members.join(inside, "node"))
    apart: dict[int, set[int]] = defaultdict(set)
    for row in engine.arrow(forbidden).to_pylist():
        apart[row["a"]].add(row["b"])
        apart[row["b"]].add(row["a"])
    for start in range(0, len(roots), SLICE_ROOTS):
        part = roots[start : start + SLICE_ROOTS]
        low, high = int(part[0]), int(part[-1])
        rows = engine.arrow(links.filter(links.root.between(low, high)))
        known = _known(engine.arrow(facts.filter(facts.root.between(low, high))))
        by_root: dict[int, list[Link]] = defaultdict(list)
        for root, *link in zip(
            *(rows[c].to_pylist() for c in ("root", *Link.__dataclass_fields__)), strict=True
        ):
            by_root[root].append(Link(*link))
        result: dict[int, int] = {}
        for root in sorted(by_root):
            result |= groups(by_root[root], known, apart)
        yield pa.table(
            {
                "node": pa.array(list(result), pa.int64()),
                "root": pa.array(list(result.values()), pa.int64()),
            }
        )
    scratch.forget(links, facts)


def _known(rows: pa.Table) -> dict[int, Known]:
    years: dict[int, set[int]] = defaultdict(set)
    genders: dict[int, set[str]] = defaultdict(set)
    sources: dict[int, set[str]] = defaultdict(set)
    for node, source, year, gender in zip(
        *(rows[c].to_pylist() for c in ("node", "source", "birth_year", "gender")), strict=True
    ):
        sources[node].add(source)
        if year is not None:
            years[node].add(year)
        if gender is not None:
            genders[node].add(gender)
    return {
        n: Known(frozenset(years[n]), frozenset(genders[n]), frozenset(sources[n])) for n in sources
    }


def pairs_of_model(pairs: ir.Table, models: tuple[str, ...]) -> ir.Table:
    """The pairs that the named models linked, with their probability."""
    chosen = pairs.filter(pairs.model.isin(list(models)))
    return chosen.select(*PERSON_LINK.names[:4], "probability")
