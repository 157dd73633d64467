"""Connected components of a graph, on any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fullhouse.engine import Scratch
from fullhouse.engine.expr import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def components(scratch: Scratch, edges: ir.Table) -> ir.Table:
    """The smallest node of each node's component: kept rows (node, root), for nodes with an edge.

    `edges` has int64 columns `a` and `b`; direction, order, repeats and loops do not matter. The
    result depends on the edges alone, never on the order in which an engine holds them.

    Each round hooks every node to its smallest neighbour, which makes a forest; pointer jumping
    flattens that, and the graph is contracted to the roots. A root that still has an edge is
    smaller than all its neighbours, so no two of them touch, and at least half of the nodes are
    gone: at most log2(n) rounds, each over less than half of the one before. A tree of depth d
    takes log2(d) jumps, so a chain of a million nodes in order is one round of 20 jumps.
    """
    labels: ir.Table | None = None
    graph = scratch.keep(_both_ways(edges))
    while scratch.count(graph):
        roots = _flatten(scratch, _hook(graph))
        smaller = scratch.keep(_contract(graph, roots))
        scratch.forget(graph)
        graph = smaller
        if labels is None:
            labels = roots
            continue
        deeper = scratch.keep(_relabel(labels, roots))
        scratch.forget(labels, roots)
        labels = deeper
    if labels is None:
        return graph.select(node="a", root="b")
    return labels.select("node", "root")


def _both_ways(edges: ir.Table) -> ir.Table:
    back = edges.select(a="b", b="a")
    return edges.select("a", "b").union(back).filter(lambda t: t.a != t.b).distinct()


def _hook(graph: ir.Table) -> ir.Table:
    lowest = graph.group_by(node="a").aggregate(low=graph.b.min())
    return lowest.select("node", root=ibis.least(lowest.node, lowest.low))


def _flatten(scratch: Scratch, hooks: ir.Table) -> ir.Table:
    """Every node's root, by jumping to the parent's parent until nothing moves."""
    roots = scratch.keep(hooks)
    while True:
        above = roots.select(above_node="node", above="root")
        jumped = roots.join(above, roots.root == above.above_node)
        moved = scratch.keep(jumped.select("node", root="above", moved=jumped.root != jumped.above))
        scratch.forget(roots)
        roots = moved
        if not scratch.count(roots.filter(roots.moved)):
            return roots


def _contract(graph: ir.Table, roots: ir.Table) -> ir.Table:
    first = roots.select(first="node", low_a="root")
    second = roots.select(second="node", low_b="root")
    ends = graph.join(first, graph.a == first.first).join(second, graph.b == second.second)
    return ends.filter(ends.low_a != ends.low_b).select(a="low_a", b="low_b").distinct()


def _relabel(labels: ir.Table, roots: ir.Table) -> ir.Table:
    above = roots.select(above_node="node", above="root")
    joined = labels.left_join(above, labels.root == above.above_node)
    return joined.select("node", root=ibis.coalesce(joined.above, joined.root))
