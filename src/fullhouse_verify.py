"""Check a receipt of a Fullhouse transparency log, without Fullhouse.

This one file needs Python 3.9 or newer and nothing else: copy it, read it, run it.

    python -m fullhouse_verify receipt.json --head head.json
    python -m fullhouse_verify --head head.json --earlier head-of-may.json --consistency proof.json

A receipt says that something (a question, its price, the digest of its answer) is in the log of a
tenant. It holds if its leaf leads, hash by hash, to the root under the house's signature. The head
must come from elsewhere than the receipt: from the house's page, or from another tenant; whoever
holds two signed heads of one size and different roots holds the proof that the house has lied.

Why the standard library alone: who does not trust the house should not have to trust a package
index, either. Ed25519 is verified as RFC 8032 writes it; there is no secret here that a slow or
uneven computation could give away. Hashes and proofs are those of RFC 6962 (checked as RFC 9162
writes it).
"""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

HOUSE = "house"
HEAD_FIELDS = {"format", "house", "tenant", "size", "root", "at", "key", "signature"}
RECEIPT_FIELDS = {"format", "leaf", "position", "size", "path", "anchor", "head"}
ANCHOR_FIELDS = {"leaf", "position", "path"}
PROOF_FIELDS = {"format", "tenant", "earlier", "size", "path"}
LEAF_FIELDS = {"tenant", "kind", "actor", "at", "detail", "salt"}


class RejectedError(Exception):
    """Why a file does not hold."""


def check_receipt(
    receipt: bytes, head: bytes | None = None, key: str | None = None, proof: bytes | None = None
) -> dict[str, Any]:
    """The leaf that a receipt proves; `RejectedError` if anything of it is not as it was signed.

    Without a head or a key from elsewhere this shows only that the receipt holds together.
    """
    fields = _read(receipt, "receipt", "fullhouse-receipt-1", RECEIPT_FIELDS)
    signed = _head(fields["head"], "the head in the receipt")
    leaf = _leaf(fields["leaf"])
    size = _whole(fields["size"], "size")
    root = _climb(fields["leaf"], fields["position"], size, fields["path"])
    if fields["anchor"] is None:
        _same(signed["tenant"], leaf["tenant"], "The head is of another tenant's log")
        top, top_size = root, size
    else:
        anchor = fields["anchor"]
        _has(anchor, ANCHOR_FIELDS, "anchor")
        detail = _anchor(_leaf(anchor["leaf"]))
        _same(signed["tenant"], HOUSE, "The head over an anchor is not the house's")
        _same(detail["of"], leaf["tenant"], "The anchor is of another tenant's log")
        _same((detail["size"], detail["root"]), (size, root.hex()), "The anchor is of another log")
        top_size = signed["size"]
        top = _climb(anchor["leaf"], anchor["position"], top_size, anchor["path"])
    if (top_size, top.hex()) != (signed["size"], signed["root"]):
        raise RejectedError("The leaf does not lead to the root that was signed.")
    if head is not None:
        later = read_head(head)
        if later["tenant"] != signed["tenant"]:
            raise RejectedError(
                "The receipt is under a head of the tenant's own log, and the head given is of the"
                " house's: have the receipt made again now that the house has published a head."
                if later["tenant"] == HOUSE
                else f"The head given is of another log ({later['tenant']})."
            )
        _follows(signed, later, proof)
    if key is not None:
        _same(signed["key"], key.strip().lower(), "The receipt was signed by another key")
    return leaf


def check_heads(earlier: bytes, later: bytes, proof: bytes | None = None) -> None:
    """Nothing if a log only grew between two heads; `RejectedError` if cut, rewritten or forked."""
    _follows(read_head(earlier), read_head(later), proof)


def check_answer(leaf: dict[str, Any], answer: bytes) -> None:
    """Nothing if an answer is the one that a leaf is of, to the byte."""
    stated = leaf["detail"].get("answer")
    if stated is None:
        raise RejectedError(f"This entry ({leaf['kind']}) is of no answer.")
    _same(sha256(answer).hexdigest(), stated, "The answer is not the one that was logged")


def read_head(head: bytes) -> dict[str, Any]:
    """A signed head, its signature verified."""
    return _head(_read(head, "head", "fullhouse-head-1", HEAD_FIELDS), "the head")


def _follows(earlier: dict[str, Any], later: dict[str, Any], proof: bytes | None) -> None:
    _same(later["house"], earlier["house"], "The heads are of two houses")
    _same(later["key"], earlier["key"], "The heads were signed by two keys")
    _same(later["tenant"], earlier["tenant"], "The heads are of two logs")
    if later["size"] == earlier["size"]:
        _same(
            later["root"],
            earlier["root"],
            f"The log was forked: two heads of {later['size']} entries were signed, which differ."
            " Keep both: together they prove it",
        )
        return
    if later["size"] < earlier["size"]:
        raise RejectedError(
            f"The log was cut, or the heads are the wrong way round: the later one has"
            f" {later['size']} entries, the earlier one {earlier['size']}."
        )
    if earlier["size"] == 0:
        return
    if proof is None:
        raise RejectedError(
            f"The log has grown from {earlier['size']} to {later['size']} entries: the proof that"
            " the first ones are what they were is missing (--consistency)."
        )
    fields = _read(proof, "proof", "fullhouse-consistency-1", PROOF_FIELDS)
    _same(
        (fields["tenant"], fields["earlier"], fields["size"]),
        (later["tenant"], earlier["size"], later["size"]),
        "The consistency proof is of other heads",
    )
    _consistent(earlier, later, fields["path"])


# Files


def canonical(value: object) -> bytes:
    """A value as JSON that can be written in one way only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _read(data: bytes, what: str, form: str, names: set[str]) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except ValueError:
        raise RejectedError(f"The {what} is no JSON: it was cut or changed.") from None
    _has(fields, names, what)
    _same(fields["format"], form, f"The {what} is of a form that is not known here")
    # Written in one way only: so not a blank, nor the case of a letter, can differ unseen.
    if data not in (canonical(fields), canonical(fields) + b"\n"):
        raise RejectedError(f"The {what} is not written as it was signed: some bytes were changed.")
    return dict(fields)


def _has(fields: object, names: set[str], what: str) -> None:
    if not isinstance(fields, dict) or set(fields) != names:
        raise RejectedError(f"The {what} does not have the fields {', '.join(sorted(names))}.")


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RejectedError(f"The {what} is no whole number.")
    return value


def _same(given: object, expected: object, otherwise: str) -> None:
    if given != expected:
        raise RejectedError(f"{otherwise}.")


def _hex(text: object, size: int) -> bytes:
    try:
        value = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        value = b""
    if len(value) != size or value.hex() != text:
        raise RejectedError(f"A field is not {size} bytes in hexadecimal digits.")
    return value


def _head(fields: Any, what: str) -> dict[str, Any]:
    _has(fields, HEAD_FIELDS, what)
    _whole(fields["size"], "size of the head")
    _hex(fields["root"], 32)
    unsigned = {name: value for name, value in fields.items() if name != "signature"}
    if not verify_signature(
        _hex(fields["key"], 32), canonical(unsigned), _hex(fields["signature"], 64)
    ):
        raise RejectedError(
            f"The signature of {what} is wrong: it was changed, or is not the house's."
        )
    return dict(fields)


def _leaf(body: object) -> dict[str, Any]:
    try:
        fields = json.loads(body) if isinstance(body, str) else None
    except ValueError:
        fields = None
    _has(fields, LEAF_FIELDS, "entry")
    assert isinstance(fields, dict)
    return fields


def _anchor(leaf: dict[str, Any]) -> dict[str, Any]:
    _same((leaf["tenant"], leaf["kind"]), (HOUSE, "anchor"), "The anchor is no anchor")
    _has(leaf["detail"], {"of", "size", "root"}, "anchor's detail")
    return dict(leaf["detail"])


# The tree


def _hashes(path: object) -> list[bytes]:
    if not isinstance(path, list):
        raise RejectedError("The path is no list.")
    return [_hex(item, 32) for item in path]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _climb(body: Any, position: object, size: object, path: object) -> bytes:
    """The root to which a leaf leads (RFC 9162, 2.1.3.2)."""
    at, last = _whole(position, "position"), _whole(size, "size") - 1
    if at > last:
        raise RejectedError("The position is beyond the log.")
    value = sha256(b"\0" + body.encode()).digest()
    for item in _hashes(path):
        if last == 0:
            raise RejectedError("The path is too long.")
        if at & 1 or at == last:
            value = _node(item, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = _node(value, item)
        at, last = at >> 1, last >> 1
    if last:
        raise RejectedError("The path is too short.")
    return value


def _consistent(earlier: dict[str, Any], later: dict[str, Any], path: object) -> None:
    """Nothing if a path shows that a tree begins with another one (RFC 9162, 2.1.4.2)."""
    hashes = _hashes(path)
    if earlier["size"] & (earlier["size"] - 1) == 0:
        hashes = [bytes.fromhex(earlier["root"]), *hashes]
    at, last = earlier["size"] - 1, later["size"] - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    rewritten = RejectedError(
        "The log was rewritten: the later head does not contain the earlier one."
    )
    if not hashes:
        raise rewritten
    old = new = hashes[0]
    for item in hashes[1:]:
        if last == 0:
            raise rewritten
        if at & 1 or at == last:
            old, new = _node(item, old), _node(item, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = _node(new, item)
        at, last = at >> 1, last >> 1
    if last or (old.hex(), new.hex()) != (earlier["root"], later["root"]):
        raise rewritten


# Ed25519, as RFC 8032 (section 6) writes it

_P = 2**255 - 19
_Q = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def verify_signature(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature of a message is that of a public key."""
    public, commitment = _decompress(key), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or scalar >= _Q:
        return False
    digest = sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % _Q
    left = _times(scalar, _BASE)
    right = _plus(commitment, _times(challenge, public))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % _P == 0


def _plus(a: _Point, b: _Point) -> _Point:
    c, d = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    e, f = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    g, h, i, j = d - c, f - e, f + e, d + c
    return (g * h % _P, i * j % _P, h * i % _P, g * j % _P)


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        scalar >>= 1
    return total


def _recover(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _decompress(data: bytes) -> _Point | None:
    if len(data) != 32:
        return None
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _recover(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


_Y = 4 * pow(5, _P - 2, _P) % _P
_X = _recover(_Y, 0) or 0
_BASE: _Point = (_X, _Y, 1, _X * _Y % _P)


# The command


def main(arguments: list[str] | None = None) -> int:
    """Say what was checked; 0 if it holds, 1 if not, 2 if it was not clear what to check."""
    parser = argparse.ArgumentParser("fullhouse_verify", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("receipt", nargs="?", type=Path, help="The receipt of an entry.")
    parser.add_argument("--head", type=Path, help="A signed head, from elsewhere.")
    parser.add_argument("--earlier", type=Path, help="An earlier head, to compare with --head.")
    parser.add_argument("--consistency", type=Path, help="The proof that the log only grew.")
    parser.add_argument("--key", help="The house's public key, as it was published.")
    parser.add_argument("--answer", type=Path, help="The answer that the receipt is of.")
    given = parser.parse_args(arguments)
    if given.receipt is None and (given.head is None or given.earlier is None):
        parser.error("give a receipt, or two heads: --head NEW --earlier OLD")
    try:
        for line in _checked(given):
            sys.stdout.write(line + "\n")
    except RejectedError as problem:
        sys.stderr.write(f"REJECTED: {problem}\n")
        return 1
    except OSError as problem:
        sys.stderr.write(f"Cannot read {problem.filename}: {(problem.strerror or '').lower()}\n")
        return 2
    return 0


def _checked(given: argparse.Namespace) -> list[str]:
    proof = given.consistency.read_bytes() if given.consistency else None
    head = given.head.read_bytes() if given.head else None
    lines = []
    if given.earlier and head is not None:
        check_heads(given.earlier.read_bytes(), head, proof)
        lines.append("The log only grew between the two heads.")
    if head is not None and given.key:
        _same(read_head(head)["key"], given.key.strip().lower(), "The head has another key")
    if given.receipt:
        under_older = None if given.earlier else proof
        leaf = check_receipt(given.receipt.read_bytes(), head, given.key, under_older)
        detail = ", ".join(f"{name} {value}" for name, value in sorted(leaf["detail"].items()))
        lines.append(f"In the log of {leaf['tenant']}: {leaf['kind']}, {leaf['at']}, {detail}")
        if head is None and not given.key:
            lines.append("The receipt holds together. Whose it is, only --head or --key can show.")
        if given.answer:
            check_answer(leaf, given.answer.read_bytes())
            lines.append("The answer is the one that was logged.")
    return lines


if __name__ == "__main__":
    sys.exit(main())
