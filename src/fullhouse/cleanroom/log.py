"""The transparency log: what was asked, released, changed and looked at, for good.

Each tenant, and the house, has a log of its own: an append-only Merkle tree of RFC 6962 shape in
the control database. One tree for all would show a tenant, by the positions of its own leaves, how
much a rival did between two of its questions. What ties the trees together is the house's: each
time a head is published, the house's log takes in one leaf (an anchor) for each tenant whose log
has grown, and the published head is that of the house's tree.

A leaf is a commitment: it holds 16 random bytes, so that whoever gets its hash in a neighbour's
proof cannot try out what it might be of.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fullhouse.cleanroom import merkle
from fullhouse.control.control import Control
from fullhouse.control.schema import LogHeadRow, LogLeafRow, LogNodeRow, LogSizeRow
from fullhouse.core.brief import Brief
from fullhouse.core.errors import FullhouseError, InputError, NotFoundError
from fullhouse.core.values import HOUSE

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HEAD_FORMAT = "fullhouse-head-1"
RECEIPT_FORMAT = "fullhouse-receipt-1"
PROOF_FORMAT = "fullhouse-consistency-1"
ANCHOR = "anchor"

NUMBERS = frozenset({"nano_rho", "epoch", "version", "size"})
"""The only facts of a leaf that may be numbers: a count of people is none of them."""

_KIND = re.compile(r"[a-z][a-z_.]{0,63}")
_SALT_BYTES = 16


@dataclass(frozen=True)
class LogLeaf:
    """Something that happened, of one tenant; `detail` holds names and digests, never a count."""

    tenant: str
    kind: str
    actor: str
    at: datetime
    detail: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind):
            raise ValueError(f"{self.kind!r} is no kind of leaf")
        for name, value in self.detail.items():
            if isinstance(value, bool | float) or not isinstance(value, str | int):
                raise TypeError(f"{name} of a leaf is neither text nor a whole number")
            if isinstance(value, int) and name not in NUMBERS:
                raise ValueError(f"{name}: a leaf holds no number but {', '.join(sorted(NUMBERS))}")


@dataclass(frozen=True)
class Logged:
    """A leaf that the log holds: its position in its tenant's log, and the bytes that count."""

    tenant: str
    position: int
    at: datetime
    kind: str
    body: str


@dataclass(frozen=True)
class Fault(Brief):
    """Something of a log that does not fit: which, of whose log, at which position."""

    code: str
    tenant: str
    position: int


@dataclass(frozen=True)
class Signer:
    """The house's signature under the heads of its logs."""

    house: str
    key: "Ed25519PrivateKey" = field(repr=False)

    @property
    def public(self) -> str:
        """The key by which signatures are checked, hexadecimal."""
        return self.key.public_key().public_bytes_raw().hex()

    def sign(self, tenant: str, size: int, root: bytes, at: datetime) -> dict[str, Any]:
        """A signed tree head."""
        head: dict[str, Any] = {
            "format": HEAD_FORMAT,
            "house": self.house,
            "tenant": tenant,
            "size": size,
            "root": root.hex(),
            "at": _time(at),
            "key": self.public,
        }
        return head | {"signature": self.key.sign(canonical(head)).hex()}


def signer(house: str, seed: bytes) -> Signer:
    """The signature of a house whose signing key is a file of 64 hexadecimal digits."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise InputError(
            "Signing needs cryptography, which is not installed: pip install 'fullhouse[cleanroom]'"
        ) from None
    try:
        return Signer(house, Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed.decode())))
    except ValueError:
        raise InputError(
            "The log's signing key is no key: it needs 64 hexadecimal digits. Restore it from a"
            " backup, or tenants can no longer check what was signed before."
        ) from None


def canonical(value: object) -> bytes:
    """A value as JSON that can be written in one way only."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode()


def append(connection: Connection, leaf: LogLeaf) -> Logged:
    """Add a leaf to its tenant's log, in the caller's transaction: both hold, or neither.

    Whoever else appends to the same log waits until that transaction has ended.
    """
    position = _next(connection, leaf.tenant)
    body = canonical(
        {
            "tenant": leaf.tenant,
            "kind": leaf.kind,
            "actor": leaf.actor,
            "at": _time(leaf.at),
            "detail": dict(leaf.detail),
            "salt": secrets.token_hex(_SALT_BYTES),
        }
    ).decode()
    nodes = _nodes(connection, leaf.tenant, merkle.lefts(position))
    made = merkle.new_nodes(position, merkle.leaf_hash(body.encode()), _of(nodes))
    logged = Logged(leaf.tenant, position, leaf.at, leaf.kind, body)
    connection.execute(insert(LogLeafRow), [vars(logged)])
    connection.execute(
        insert(LogNodeRow),
        [
            {"tenant": leaf.tenant, "level": level, "position": at, "hash": value}
            for level, at, value in made
        ],
    )
    return logged


def size_of(connection: Connection, tenant: str) -> int:
    """How many leaves a tenant's log has."""
    rows = select(LogSizeRow.size).where(LogSizeRow.tenant == tenant)
    return connection.scalar(rows) or 0


def root_of(connection: Connection, tenant: str, size: int) -> bytes:
    """The root of the first `size` leaves of a tenant's log."""
    return merkle.root(size, _reader(connection, tenant))


def entries(control: Control, *, most: int = 1_000_000) -> list[Logged]:
    """The tenant's own leaves, the newest first; the house reads its own here, too."""
    rows = control.own(
        LogLeafRow.tenant, LogLeafRow.position, LogLeafRow.at, LogLeafRow.kind, LogLeafRow.body
    )
    with control.connect() as connection:
        leaves = connection.execute(rows.order_by(LogLeafRow.position.desc()).limit(most))
        return [Logged(*row) for row in leaves]


def others_by_day(control: Control) -> dict[str, int]:
    """How many leaves all others' logs took in on each day (UTC): all that a tenant learns."""
    rows = select(LogLeafRow.at).where(
        LogLeafRow.tenant != control.tenant, LogLeafRow.kind != ANCHOR
    )
    days: dict[str, int] = {}
    with control.with_all().connect() as connection:
        for at in connection.scalars(rows):
            day = f"{_utc(at):%Y-%m-%d}"
            days[day] = days.get(day, 0) + 1
    return dict(sorted(days.items()))


def head(control: Control, by: Signer) -> dict[str, Any]:
    """The signed head of the tenant's own log, as it is now; nothing is written."""
    with control.connect() as connection:
        size = size_of(connection, control.tenant)
        root = root_of(connection, control.tenant, size)
    return by.sign(control.tenant, size, root, control.clock())


def publish(control: Control, by: Signer) -> dict[str, Any]:
    """The house's signed head, with the logs of all tenants in it as they are now.

    Nothing is signed anew when nothing has been added since the last one. An error when the last
    one was signed by another key: those who hold it could check nothing that comes after.
    """
    with control.begin() as connection:
        # First, so that whoever publishes at the same time waits here.
        _hold(connection, HOUSE)
        last = _last_head(connection)
        if last is not None and last["key"] != by.public:
            raise FullhouseError(code="log_key_other", expected=last["key"], given=by.public)
        _anchor(connection, control, by)
        size = size_of(connection, HOUSE)
        if last is not None and last["size"] == size:
            return last
        root = root_of(connection, HOUSE, size)
        signed = by.sign(HOUSE, size, root, control.clock())
        connection.execute(
            insert(LogHeadRow),
            [{"tenant": HOUSE, "size": size, "body": canonical(signed).decode()}],
        )
        return signed


def published(control: Control) -> list[dict[str, Any]]:
    """Every head that was published, the oldest first."""
    with control.with_house().connect() as connection:
        rows = select(LogHeadRow.body).where(LogHeadRow.tenant == HOUSE)
        return [json.loads(b) for b in connection.scalars(rows.order_by(LogHeadRow.size))]


def receipt(control: Control, by: Signer, position: int) -> dict[str, Any]:
    """What proves that a leaf of the tenant's is in the log, to whoever has the house's head.

    Under the newest published head where that covers the leaf; under a head of the tenant's own
    log, signed now, where it does not yet.
    """
    with control.with_house().connect() as connection:
        rows = control.own(LogLeafRow.body).where(LogLeafRow.position == position)
        body = connection.scalar(rows)
        if body is None:
            raise NotFoundError(code="no_log_entry", entry=position)
        last = _last_head(connection)
        anchor = _anchor_of(connection, control.tenant, position, last)
        reader = _reader(connection, control.tenant)
        if control.tenant == HOUSE and last is not None and position < last["size"]:
            signed, size = last, last["size"]
        elif anchor is not None and last is not None:
            signed, size = last, json.loads(anchor["leaf"])["detail"]["size"]
        else:
            size = size_of(connection, control.tenant)
            signed = by.sign(control.tenant, size, merkle.root(size, reader), control.clock())
        path = merkle.inclusion(position, size, reader)
    return {
        "format": RECEIPT_FORMAT,
        "leaf": body,
        "position": position,
        "size": size,
        "path": [h.hex() for h in path],
        "anchor": anchor,
        "head": signed,
    }


def consistency(control: Control, earlier: int, size: int) -> dict[str, Any]:
    """What proves that the tenant's log of `size` leaves begins with the `earlier` ones."""
    with control.connect() as connection:
        held = size_of(connection, control.tenant)
        if not 0 <= earlier <= size <= held:
            raise InputError(
                f"The log has {held} leaves: there is no proof from {earlier} to {size}."
            )
        path = merkle.consistency(earlier, size, _reader(connection, control.tenant))
    return {
        "format": PROOF_FORMAT,
        "tenant": control.tenant,
        "earlier": earlier,
        "size": size,
        "path": [h.hex() for h in path],
    }


def verify(control: Control) -> list[Fault]:
    """What does not fit in the logs of all tenants: every hash is computed anew from its leaves.

    Signatures, and heads that others hold, are for `fullhouse_verify`, which trusts no database.
    """
    with control.connect() as connection:
        rows = connection.execute(select(LogSizeRow.tenant, LogSizeRow.size))
        sizes = {row.tenant: row.size for row in rows}
        held = set(connection.scalars(select(LogLeafRow.tenant).distinct()))
        roots: dict[tuple[str, int], bytes] = {}
        faults: list[Fault] = []
        wanted = _claims(connection)
        for tenant in sorted(held | set(sizes)):
            sought = {size for claimed, size, _ in wanted if claimed == tenant}
            faults += _verify_one(connection, tenant, sizes.get(tenant, 0), sought, roots)
    faults += [
        Fault("head_not_of_log", tenant, size)
        for tenant, size, root in wanted
        if roots.get((tenant, size)) != root
    ]
    return faults


def _verify_one(
    connection: Connection,
    tenant: str,
    size: int,
    sought: set[int],
    roots: dict[tuple[str, int], bytes],
) -> list[Fault]:
    faults: list[Fault] = []
    nodes = {
        (level, position): value
        for level, position, value in connection.execute(
            select(LogNodeRow.level, LogNodeRow.position, LogNodeRow.hash).where(
                LogNodeRow.tenant == tenant
            )
        )
    }
    computed: dict[tuple[int, int], bytes] = {}
    count = 0
    if 0 in sought:
        roots[tenant, 0] = merkle.EMPTY
    rows = select(LogLeafRow.position, LogLeafRow.body).where(LogLeafRow.tenant == tenant)
    for position, body in connection.execute(rows.order_by(LogLeafRow.position)):
        if position != count:
            faults.append(Fault("leaf_missing", tenant, count))
            break
        made = merkle.new_nodes(position, merkle.leaf_hash(body.encode()), _of(computed))
        computed.update({(level, at): value for level, at, value in made})
        if any(nodes.get((level, at)) != value for level, at, value in made):
            faults.append(Fault("leaf_changed", tenant, position))
        count += 1
        if count in sought:
            roots[tenant, count] = merkle.root(count, _of(computed))
    if count != size:
        faults.append(Fault("size_other", tenant, count))
    if set(nodes) - set(computed):
        faults.append(Fault("leaf_missing", tenant, count))
    return faults


def _claims(connection: Connection) -> list[tuple[str, int, bytes]]:
    """Every root that was published or anchored: of whose log, of how many leaves."""
    claims = []
    for body in connection.scalars(select(LogHeadRow.body)):
        signed = json.loads(body)
        claims.append((signed["tenant"], signed["size"], bytes.fromhex(signed["root"])))
    anchors = select(LogLeafRow.body).where(LogLeafRow.tenant == HOUSE, LogLeafRow.kind == ANCHOR)
    for body in connection.scalars(anchors):
        detail = json.loads(body)["detail"]
        claims.append((detail["of"], detail["size"], bytes.fromhex(detail["root"])))
    return claims


def _anchor(connection: Connection, control: Control, by: Signer) -> None:
    """Take the logs that have grown into the house's, each as one leaf."""
    anchored = _anchored(connection)
    rows = select(LogSizeRow.tenant, LogSizeRow.size).where(LogSizeRow.tenant != HOUSE)
    grown = [(t, n) for t, n in connection.execute(rows) if n and anchored.get(t, 0) != n]
    secrets.SystemRandom().shuffle(grown)
    for tenant, size in grown:
        top = root_of(connection, tenant, size).hex()
        detail: dict[str, str | int] = {"of": tenant, "size": size, "root": top}
        append(connection, LogLeaf(HOUSE, ANCHOR, by.house, control.clock(), detail))


def _anchored(connection: Connection) -> dict[str, int]:
    rows = select(LogLeafRow.body).where(LogLeafRow.tenant == HOUSE, LogLeafRow.kind == ANCHOR)
    details = [
        json.loads(b)["detail"] for b in connection.scalars(rows.order_by(LogLeafRow.position))
    ]
    return {detail["of"]: detail["size"] for detail in details}


def _anchor_of(
    connection: Connection, tenant: str, position: int, last: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The newest anchor that a published head holds and that covers a leaf."""
    if tenant == HOUSE or last is None:
        return None
    rows = select(LogLeafRow.position, LogLeafRow.body).where(
        LogLeafRow.tenant == HOUSE, LogLeafRow.kind == ANCHOR, LogLeafRow.position < last["size"]
    )
    for at, body in connection.execute(rows.order_by(LogLeafRow.position.desc())):
        detail = json.loads(body)["detail"]
        if detail["of"] != tenant:
            continue
        if position >= detail["size"]:
            return None
        path = merkle.inclusion(at, last["size"], _reader(connection, HOUSE))
        return {"leaf": body, "position": at, "path": [h.hex() for h in path]}
    return None


def _last_head(connection: Connection) -> dict[str, Any] | None:
    rows = select(LogHeadRow.body).where(LogHeadRow.tenant == HOUSE)
    body = connection.scalar(rows.order_by(LogHeadRow.size.desc()).limit(1))
    return None if body is None else json.loads(body)


def _next(connection: Connection, tenant: str) -> int:
    """The position of the next leaf; the row stays locked until the transaction ends."""
    grow = (
        update(LogSizeRow)
        .where(LogSizeRow.tenant == tenant)
        .values(size=LogSizeRow.size + 1)
        .returning(LogSizeRow.size)
    )
    size = connection.scalar(grow)
    if size is None:
        _hold(connection, tenant)
        size = connection.scalar(grow)
    assert size is not None
    return size - 1


def _hold(connection: Connection, tenant: str) -> None:
    """Make a tenant's log if there is none yet, and keep others from appending meanwhile."""
    kind: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(
        kind.insert(LogSizeRow).values(tenant=tenant, size=0).on_conflict_do_nothing()
    )
    connection.execute(
        update(LogSizeRow).where(LogSizeRow.tenant == tenant).values(size=LogSizeRow.size)
    )


def _nodes(
    connection: Connection, tenant: str, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    if not wanted:
        return {}
    places = or_(
        *(and_(LogNodeRow.level == level, LogNodeRow.position == at) for level, at in wanted)
    )
    rows = select(LogNodeRow.level, LogNodeRow.position, LogNodeRow.hash)
    nodes: Iterable[Any] = connection.execute(rows.where(LogNodeRow.tenant == tenant, places))
    return {(level, at): value for level, at, value in nodes}


def _reader(connection: Connection, tenant: str) -> merkle.Subtrees:
    def read(level: int, position: int) -> bytes:
        row = select(LogNodeRow.hash).where(
            LogNodeRow.tenant == tenant,
            LogNodeRow.level == level,
            LogNodeRow.position == position,
        )
        value = connection.scalar(row)
        if value is None:
            raise FullhouseError(code="log_broken", tenant=tenant, position=position << level)
        return bytes(value)

    return read


def _of(nodes: Mapping[tuple[int, int], bytes]) -> Callable[[int, int], bytes]:
    return lambda level, position: nodes[level, position]


def _utc(at: datetime) -> datetime:
    """SQLite gives times without their zone, which is UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _time(at: datetime) -> str:
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"
