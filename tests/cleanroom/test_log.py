"""The transparency log: append-only trees, proofs, heads and what of them holds after a change."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

import fullhouse_verify as outside
from fullhouse.cleanroom import log, merkle
from fullhouse.control import HOUSE, open_control

AT = datetime(2026, 11, 29, 6, tzinfo=UTC)
LEAVES = [
    bytes.fromhex(h)
    for h in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    # As the tests of Certificate Transparency state them.
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def slow_root(leaves):
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def tree(leaves):
    nodes = {}
    for position, body in enumerate(leaves):
        made = merkle.new_nodes(position, merkle.leaf_hash(body), lambda a, b: nodes[a, b])
        nodes.update({(level, at): value for level, at, value in made})
    return lambda level, at: nodes[level, at]


@pytest.fixture
def control(tmp_path):
    opened = open_control(f"sqlite:///{tmp_path / 'c.db'}")
    yield replace(opened, clock=lambda: AT)
    opened.dispose()


@pytest.fixture
def by():
    return log.signer("a-house", b"07" * 32)


def add(control, many, tenant="north", kind="release"):
    for n in range(many):
        with control.begin() as connection:
            log.append(connection, log.LogLeaf(tenant, kind, "mia", AT, {"question": f"{n:064x}"}))


def as_file(value):
    return log.canonical(value) + b"\n"


def test_roots_are_those_that_certificate_transparency_states():
    for size, root in ROOTS.items():
        assert merkle.root(size, tree(LEAVES[:size])).hex() == root


@given(st.integers(0, 70).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_proofs_are_those_that_a_verifier_of_another_rfc_accepts(sizes):
    size, earlier = sizes
    leaves = [b"leaf %d" % n for n in range(size)]
    subtrees = tree(leaves)
    assert merkle.root(size, subtrees) == slow_root(leaves)
    assert merkle.root(earlier, subtrees) == slow_root(leaves[:earlier])
    if earlier < size:
        path = [h.hex() for h in merkle.inclusion(earlier, size, subtrees)]
        body = leaves[earlier].decode()
        assert outside._climb(body, earlier, size, path) == slow_root(leaves)
        with pytest.raises(outside.RejectedError):
            outside._climb(body, earlier, size, [*path, "00" * 32])
        if path:
            with pytest.raises(outside.RejectedError):
                outside._climb(body, earlier, size, path[:-1])
    if 0 < earlier < size:
        path = [h.hex() for h in merkle.consistency(earlier, size, subtrees)]
        old = {"size": earlier, "root": slow_root(leaves[:earlier]).hex()}
        new = {"size": size, "root": slow_root(leaves).hex()}
        outside._consistent(old, new, path)
        other = old | {"root": slow_root([*leaves[: earlier - 1], b"other"]).hex()}
        with pytest.raises(outside.RejectedError, match="rewritten"):
            outside._consistent(other, new, path)


def test_a_leaf_and_what_it_is_of_hold_together_or_not_at_all(control):
    add(control, 3)
    undone = control.connect()
    log.append(undone, log.LogLeaf("north", "release", "mia", AT))
    undone.rollback()
    undone.close()
    with control.connect() as connection:
        assert log.size_of(connection, "north") == 3
    assert log.verify(control) == []
    add(control, 2)
    with control.connect() as connection:
        assert log.size_of(connection, "north") == 5
    assert log.verify(control) == []


def test_threads_that_append_at_once_make_one_log(control):
    with ThreadPoolExecutor(4) as pool:
        doing = [pool.submit(add, control, 15) for _ in range(4)]
    assert [task.exception() for task in doing] == [None] * 4
    with control.connect() as connection:
        assert log.size_of(connection, "north") == 60
    assert log.verify(control) == []


@pytest.mark.parametrize(
    "detail",
    [{"persons": 1_234}, {"share": 0.5}, {"done": True}, {"rows": [1, 2]}, {"size": 1.0}],
)
def test_a_leaf_takes_no_count(detail):
    with pytest.raises((TypeError, ValueError)):
        log.LogLeaf("north", "release", "mia", AT, detail)


def test_leaves_of_the_same_facts_have_other_hashes(control):
    for _ in range(2):
        with control.begin() as connection:
            log.append(connection, log.LogLeaf("north", "release", "mia", AT, {"question": "q"}))
    first, second = log.entries(replace(control, tenant="north"))
    assert first.body != second.body


def test_a_tenant_reads_its_own_entries_and_of_others_counts_by_day(control):
    add(control, 2, "north")
    add(control, 3, "south", "request.secret")
    add(control, 1, HOUSE, "policy")
    north = replace(control, tenant="north")
    assert [e.position for e in log.entries(north)] == [1, 0]
    assert all(e.tenant == "north" for e in log.entries(north))
    assert log.others_by_day(north) == {"2026-11-29": 4}


def test_no_position_or_size_reveals_what_rivals_did(control, by):
    north = replace(control, tenant="north")
    add(control, 1, "north")
    before = log.receipt(north, by, 0)
    add(control, 20, "south")
    add(control, 1, "north")
    after = log.receipt(north, by, 1)
    assert (before["size"], after["size"]) == (1, 2)
    assert "south" not in json.dumps(after)


def test_a_receipt_holds_under_its_own_head_and_under_the_published_one(control, by):
    north = replace(control, tenant="north")
    add(control, 5, "north")
    add(control, 3, "south")
    early = as_file(log.receipt(north, by, 2))
    leaf = outside.check_receipt(early, as_file(log.head(north, by)), by.public)
    assert leaf["detail"] == {"question": f"{2:064x}"}
    published = as_file(log.publish(control, by))
    with pytest.raises(outside.RejectedError, match="made again"):
        outside.check_receipt(early, published)
    late = as_file(log.receipt(north, by, 2))
    assert outside.check_receipt(late, published, by.public) == leaf
    assert "south" not in late.decode()


def test_a_receipt_of_before_holds_under_a_later_head_by_a_consistency_proof(control, by):
    north = replace(control, tenant="north")
    add(control, 5)
    first = log.publish(control, by)
    kept = as_file(log.receipt(north, by, 4))
    add(control, 4)
    add(control, 3, HOUSE, "policy")
    second = log.publish(control, by)
    proof = as_file(log.consistency(control, first["size"], second["size"]))
    outside.check_receipt(kept, as_file(second), by.public, proof)
    outside.check_heads(as_file(first), as_file(second), proof)
    with pytest.raises(outside.RejectedError, match="is missing"):
        outside.check_receipt(kept, as_file(second), by.public)
    assert [h["size"] for h in log.published(control)] == [first["size"], second["size"]]


def test_publishing_twice_signs_once(control, by):
    add(control, 5)
    assert log.publish(control, by) == log.publish(control, by)


def test_a_second_key_is_no_signature_of_the_house(control, by):
    add(control, 1)
    log.publish(control, by)
    add(control, 1)
    with pytest.raises(Exception, match="signed by another key"):
        log.publish(control, log.signer("a-house", b"08" * 32))


@pytest.mark.slow
@pytest.mark.parametrize("anchored", [False, True])
def test_a_receipt_with_any_byte_changed_is_rejected(control, by, anchored):
    north = replace(control, tenant="north")
    add(control, 7, "north")
    add(control, 2, "south")
    head = as_file(log.publish(control, by)) if anchored else as_file(log.head(north, by))
    data = as_file(log.receipt(north, by, 5))
    outside.check_receipt(data, head, by.public)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8  # another digit, another case, no ASCII
        with pytest.raises(outside.RejectedError):
            outside.check_receipt(bytes(changed), head, by.public)
    for cut in range(len(data) - 1):  # without the last line break it is the same receipt
        with pytest.raises(outside.RejectedError):
            outside.check_receipt(data[:cut], head, by.public)


def test_a_head_with_any_byte_changed_is_rejected(control, by):
    add(control, 3)
    head = as_file(log.publish(control, by))
    for place in range(len(head) - 1):
        changed = bytearray(head)
        changed[place] ^= 1
        with pytest.raises(outside.RejectedError):
            outside.read_head(bytes(changed))


def test_a_cut_a_rewritten_and_a_forked_log_are_not_the_log_of_an_earlier_head(
    control, by, tmp_path
):
    add(control, 6, HOUSE, "policy")
    early = as_file(log.head(control, by))
    add(control, 4, HOUSE, "policy")
    late = as_file(log.head(control, by))
    outside.check_heads(early, late, as_file(log.consistency(control, 6, 10)))
    with pytest.raises(outside.RejectedError, match="cut"):
        outside.check_heads(late, early)
    other = open_control(f"sqlite:///{tmp_path / 'other.db'}")
    add(other, 10, HOUSE, "policy")
    forked = as_file(log.head(other, by))
    with pytest.raises(outside.RejectedError, match="forked"):
        outside.check_heads(late, forked)
    with pytest.raises(outside.RejectedError, match="rewritten"):
        outside.check_heads(early, forked, as_file(log.consistency(other, 6, 10)))
    stranger = as_file(log.head(control, log.signer("a-house", b"09" * 32)))
    with pytest.raises(outside.RejectedError, match="two keys"):
        outside.check_heads(late, stranger)


CHANGES = {
    "a leaf was rewritten": (
        "UPDATE log_leaf SET body = replace(body, 'mia', 'eve') WHERE position = 2",
        "leaf_changed",
    ),
    "a leaf was taken out": (
        "DELETE FROM log_leaf WHERE tenant = 'north' AND position = 2",
        "leaf_missing",
    ),
    "the tail was cut": (
        "DELETE FROM log_leaf WHERE tenant = 'north' AND position >= 4",
        "size_other",
    ),
    "a hash was changed": (
        "UPDATE log_node SET hash = zeroblob(32) WHERE level = 1 AND position = 0",
        "leaf_changed",
    ),
}


@pytest.mark.parametrize(("change", "code"), CHANGES.values(), ids=CHANGES)
def test_verifying_finds_what_was_changed_in_the_database(control, by, change, code):
    add(control, 6)
    log.publish(control, by)
    assert log.verify(control) == []
    with control.begin() as connection:
        connection.execute(text(change))
    assert code in {fault.code for fault in log.verify(control)}


def test_verifying_finds_a_log_that_was_rewritten_whole(control, by, tmp_path):
    add(control, 6)
    log.publish(control, by)
    with control.begin() as connection:
        for table in ("log_leaf", "log_node", "log_size"):
            connection.execute(text(f"DELETE FROM {table} WHERE tenant = 'north'"))
    add(control, 6)
    assert log.Fault("head_not_of_log", "north", 6) in log.verify(control)


@pytest.mark.slow
def test_postgresql_keeps_a_log_to_which_many_append_at_once(postgres, by):
    control = replace(open_control(postgres), clock=lambda: AT)
    names = ("north", "south", "north", "south")
    with ThreadPoolExecutor(7) as pool:
        doing = [pool.submit(add, control, 20, name) for name in names]
        doing += [pool.submit(log.publish, control, by) for _ in range(3)]
    assert [task.exception() for task in doing] == [None] * 7
    head = as_file(log.publish(control, by))
    assert log.verify(control) == []
    north = replace(control, tenant="north")
    assert len(log.entries(north)) == 40
    outside.check_receipt(as_file(log.receipt(north, by, 39)), head, by.public)
    assert log.others_by_day(north) == {"2026-11-29": 40}
    control.dispose()
