"""A message becomes lines of the write-ahead log: identifiers are digests from here on.

Only fields that a feed of the source reads are decoded at all. Each message answers for itself:
what is wrong with one becomes a line for the quarantine, and its neighbours never notice.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from fullhouse.feeds.collected import DROPPED, ITEM, NUMBER, REFUSED, TYPES, Rule, Rules
from fullhouse.feeds.feed import LIBRARY
from fullhouse.feeds.identify import Hasher, looks_like_email

LARGEST_MESSAGE = 32 * 1024
"""Bytes of one message, as Segment has it."""
MOST_ITEMS = 1_000
"""Objects of a list in one message that become rows."""
LONGEST_ID = 200

Chain: TypeAlias = tuple[str, ...]
_LEAF: Any = str | int | float | bool | None | UnsetType
_CONTROL = (
    "type", "event", "name", "messageId", "timestamp", "originalTimestamp", "sentAt",
    "userId", "anonymousId", *LIBRARY,
)  # fmt: skip
_MADE = ("receivedAt", "reportedAt")
"""Fields that the collector itself adds; what a sender writes there is not believed."""
# What may stand behind an e-mail address or a phone number, as bytes of a line.
_SIGNS = (b"@", b"%40", b"\\u0040", "\uff20".encode(), "\ufe6b".encode(), b"+")
_FIRST_BYTES = (b"@", b"%", b"\\", b"\xef", b"+")
"""What each of the signs begins with: a single byte is looked for much faster."""
_SHORTEST_SECRET = 6
"""An identifier this long must not stand in any other field of its message."""
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Arrival:
    """What a request says of all its messages: when it came, when it was sent by its own clock."""

    at: datetime
    sent: datetime | None = None
    type: str | None = None
    """The type that the address says."""

    @cached_property
    def text(self) -> str:
        """When it came, as the lines say it."""
        return utc_text(self.at)


@dataclass(frozen=True)
class _Taken:
    """What takes the messages of one kind: feeds of whole messages by number, and of lists."""

    rules: tuple[Rule, ...]
    numbers: bytes
    lists: tuple[tuple[str, bytes], ...]
    needs: bool

    @classmethod
    def by(cls, rules: Sequence[Rule]) -> "_Taken":
        by_list: dict[str | None, list[bytes]] = {None: []}
        for rule in rules:
            by_list.setdefault(rule.collected.each, []).append(b"%d" % rule.number)
        return cls(
            tuple(rules),
            b",".join(by_list[None]),
            tuple((path, b",".join(some)) for path, some in by_list.items() if path is not None),
            any(rule.collected.needs for rule in rules),
        )


class Intake:
    """Takes the messages of one source."""

    def __init__(
        self, rules: Rules, hasher: Hasher, suppressed: Callable[[str], bool] | None = None
    ) -> None:
        self.rules = rules
        self._hasher = hasher
        self._suppressed = suppressed
        self._digest = lru_cache(maxsize=100_000)(hasher.digest)
        needs = [n for r in rules.rules for n in r.collected.needs]
        leaves = dict.fromkeys((*rules.paths, *_CONTROL, *_MADE, *needs))
        if rules.lists:
            leaves[NUMBER] = None
        self._tree = _Tree(tuple(leaves), rules.lists)
        self._decode = msgspec.json.Decoder(self._tree.type).decode
        written = {*rules.paths}
        self._unwritten = [
            self._tree.chain(p) for p in leaves if p not in written and not p.startswith(ITEM + ".")
        ] + [self._tree.chain(p) for p in rules.lists]
        items = {p: p.removeprefix(ITEM + ".") for p in rules.paths if p.startswith(ITEM + ".")}
        self._item_identifiers = [(items[p], k) for p, k in rules.identifiers.items() if p in items]
        self._identifiers = [
            (self._tree.chain(p), k) for p, k in rules.identifiers.items() if p not in items
        ]
        self._accounts = [(p, self._tree.chain(p)) for p in rules.accounts]
        self._email = next(
            (self._tree.chain(p) for p, k in rules.identifiers.items() if k == "email"), None
        )
        self._at = {p: self._tree.chain(p)[0] for p in (*_CONTROL, *_MADE) if "." not in p}
        self._library = [_getter(self._tree.chain(p)) for p in LIBRARY]
        self._top = attrgetter(
            *(self._at[p] for p in ("type", "event", "messageId", "timestamp", "originalTimestamp",
                                    "sentAt"))
        )  # fmt: skip
        top = {p: c for p, c in ((p, self._tree.chain(p)) for p in leaves) if len(c) == 1}
        self._clears_sent = [top[p][0] for p in ("originalTimestamp", "sentAt") if p not in written]
        self._unwritten = [c for c in self._unwritten if len(c) > 1]
        self._top_identifiers = [(c[0], k) for c, k in self._identifiers if len(c) == 1]
        below: dict[Chain, list[tuple[str, str]]] = {}
        for chain, kind in self._identifiers:
            if len(chain) > 1:
                below.setdefault(chain[:-1], []).append((chain[-1], kind))
        self._below_identifiers = list(below.items())
        self._taken: dict[tuple[str, str], _Taken] = {}

    def take(self, raw: bytes, arrival: Arrival) -> bytes:
        """The lines of one message; never an error, whatever it is."""
        try:
            if len(raw) > LARGEST_MESSAGE:
                detail = f"a message of {len(raw):,} bytes; the most is {LARGEST_MESSAGE:,}"
                return self._refused("too_long", detail, {}, arrival)
            try:
                message = self._decode(raw)
            except msgspec.DecodeError:
                fields = any_json(raw)
                if not isinstance(fields, dict):
                    kind = type(fields).__name__
                    detail = f"a message must be an object, not {_KINDS.get(kind, kind)}"
                    return self._refused("bad_value", detail, {}, arrival)
                message = self._tree.build(fields)
            return self._lines(message, raw, arrival)
        except (ValueError, RecursionError, OverflowError) as problem:
            detail = f"the message cannot be read: {type(problem).__name__}"
            return self._refused("unparseable_row", detail, {}, arrival)

    def _lines(self, message: Any, raw: bytes, arrival: Arrival) -> bytes:
        type_, event, id_, timestamp, original, sent = self._top(message)
        type_ = arrival.type or (type_.lower() if isinstance(type_, str) else "")
        at = self._at
        if type_ not in TYPES:
            return self._refused(
                "bad_value",
                f"type: {type_[:40]!r} is none of {', '.join(TYPES)}" if type_ else "type: missing",
                self._sender(message),
                arrival,
            )
        setattr(message, at["type"], type_)
        if not isinstance(id_, str) or not id_.strip() or len(id_) > LONGEST_ID:
            id_ = str(id_) if isinstance(id_, int) and id_ is not True else own_id(raw)
            setattr(message, at["messageId"], id_)
        self._repair_clock(message, timestamp or original, sent, arrival)
        secrets = self._hash(message)
        account = self._account(message, secrets)
        if account and self._suppressed is not None and self._suppressed(account):
            facts = {"source": self.rules.source, "reason": "suppressed"}
            return b"%s\t%s\n" % (DROPPED, _encode(facts))
        kind = self._kind(type_, event if isinstance(event, str) else "", message)
        return self._written(message, kind, secrets, arrival)

    def _kind(self, type_: str, event: str, message: Any) -> "_Taken":
        key = type_, event if type_ == "track" else ""
        taken = self._taken.get(key)
        if taken is None:
            if len(self._taken) > 10_000:
                self._taken.clear()
            taken = self._taken[key] = _Taken.by(self.rules.of(*key))
        if not taken.needs:
            return taken
        given = [
            rule
            for rule in taken.rules
            if all(_given(_get(message, self._tree.chain(n))) for n in rule.collected.needs)
        ]
        return _Taken.by(given)

    def _written(
        self, message: Any, kind: "_Taken", secrets: list[bytes], arrival: Arrival
    ) -> bytes:
        lists = [(p, s, _get(message, self._tree.chain(p))) for p, s in kind.lists]
        for chain in self._unwritten:
            _clear(message, chain)
        lines = [(kind.numbers, _encode(message))] if kind.numbers else []
        refused = b""
        for path, numbers, items in lists:
            if not isinstance(items, list) or not items:
                detail = f"{path}: each object of this list is a row, and it has none"
                sender = self._sender(message)
                refused += self._refused("missing_required", detail, sender, arrival)
                continue
            for number, item in enumerate(items[:MOST_ITEMS], start=1):
                setattr(message, self._tree.item_attr, self._item(item, number, secrets))
                lines.append((numbers, _encode(message)))
            setattr(message, self._tree.item_attr, UNSET)
        if _has_signs(lines, secrets):
            return self._with_signs(message, lines, secrets, arrival) + refused
        return b"".join([b"%s\t%s\n" % line for line in lines]) + refused

    def _with_signs(
        self,
        message: Any,
        lines: Sequence[tuple[bytes, bytes]],
        secrets: list[bytes],
        arrival: Arrival,
    ) -> bytes:
        """Lines in which an e-mail or a phone number may stand: none leaves with one."""
        clean = []
        for numbers, line in lines:
            fields = json.loads(line)
            for path, value in _values(fields):
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                known = any(secret.decode() in text for secret in secrets)
                if known or looks_like_email(text):
                    what = "an identifier of the message" if known else "an e-mail address"
                    return self._refused(
                        "raw_identifier", f"{path}: {what} stands in it", self._sender(message),
                        arrival,
                    )  # fmt: skip
            clean.append((numbers, _encode(_scrubbed(fields, self._hasher))))
        return b"".join([b"%s\t%s\n" % line for line in clean])

    def _item(self, item: Any, number: int, secrets: list[bytes]) -> Any:
        item = item if isinstance(item, self._tree.item) else self._tree.item()
        for path, kind in self._item_identifiers:
            chain = self._tree.item_chain(path)
            value = _get(item, chain)
            if _given(value):
                secrets.append(_encode(str(value))[1:-1])
                _set(item, chain, self._digest(kind, str(value)) or UNSET)
        setattr(item, self._tree.number_attr, number)
        return item

    def _repair_clock(self, message: Any, reported: Any, sent: Any, arrival: Arrival) -> None:
        """When it happened by our clock: what the sender's clock is off is taken off."""
        at = self._at
        setattr(message, at["receivedAt"], arrival.text)
        own = instant(reported)
        if own is None:
            # What cannot be read is refused by the feed; what is missing happened just now.
            setattr(message, at["reportedAt"], UNSET)
            setattr(message, at["timestamp"], reported or arrival.text)
        else:
            setattr(message, at["reportedAt"], utc_text(own))
            sent_at = (instant(sent) if sent else None) or arrival.sent
            if sent_at is not None:
                own = repaired(own, sent_at, arrival.at)
            setattr(message, at["timestamp"], utc_text(own))
        for attr in self._clears_sent:
            setattr(message, attr, UNSET)

    def _hash(self, message: Any) -> list[bytes]:
        """Make every identifier its digest; the raw ones as they would stand in a line."""
        secrets: list[bytes] = []
        for attr, kind in self._top_identifiers:
            self._hash_one(message, attr, kind, secrets)
        for above, attrs in self._below_identifiers:
            holder = _get(message, above)
            if isinstance(holder, msgspec.Struct):
                for attr, kind in attrs:
                    self._hash_one(holder, attr, kind, secrets)
        return secrets

    def _hash_one(self, holder: Any, attr: str, kind: str, secrets: list[bytes]) -> None:
        value = getattr(holder, attr)
        if value is UNSET or value is None or value == "":
            return
        text = value if isinstance(value, str) else _encode(value).decode()
        setattr(holder, attr, self._digest(kind, text) or UNSET)
        if len(text) >= _SHORTEST_SECRET and len(secret := text.strip()) >= _SHORTEST_SECRET:
            secrets.append(_encode(secret)[1:-1])

    def _account(self, message: Any, secrets: list[bytes]) -> str | None:
        for path, chain in self._accounts:
            value = _get(message, chain)
            if not _given(value):
                continue
            text = str(value)
            if path in self.rules.identifiers or not ("@" in text or text.strip()[:1] == "+"):
                return text.strip()
            # An address or a number that somebody uses as account stands for its digest.
            kind = "email" if "@" in text else "phone"
            digest = self._digest(kind, text)
            if digest is None:
                return text.strip()
            _set(message, chain, digest)
            secrets.append(_encode(text.strip())[1:-1])
            if kind == "email" and self._email and not _given(_get(message, self._email)):
                self._tree.put(message, self._email, digest)
            return digest
        return None

    def _sender(self, message: Any) -> dict[str, Any]:
        """What is known of a refused message: its id, its type and who made it; no more."""
        names = (self._at[n] for n in ("type", "messageId"))
        values = [getattr(message, n) for n in names] + [get(message) for get in self._library]
        named = zip(("type", "messageId", *LIBRARY), values, strict=True)
        return {
            name: self._hasher.scrub(str(value)[:LONGEST_ID]) if _given(value) else None
            for name, value in named
        }

    def _refused(self, reason: str, detail: str, raw: Mapping[str, Any], arrival: Arrival) -> bytes:
        return refused_line(
            self.rules.source, reason, self._hasher.scrub(detail), raw, arrival.text
        )


def refused_line(source: str, reason: str, detail: str, raw: Mapping[str, Any], at: str) -> bytes:
    """A line for the quarantine."""
    whole = {**dict.fromkeys(LIBRARY), **raw}
    facts = {"source": source, "reason": reason, "detail": detail, "raw": whole, "at": at}
    return b"%s\t%s\n" % (REFUSED, _encode(facts))


def repaired(reported: datetime, sent: datetime, received: datetime) -> datetime:
    """When something happened by our clock, of what the sender's clock said then and on sending."""
    try:
        return received - (sent - reported)
    except OverflowError:
        return reported


def instant(value: Any) -> datetime | None:
    """A time as clients write it: ISO 8601, or seconds or milliseconds since 1970; else None."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value.strip())
            if read.tzinfo is UTC:
                return read
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) > 1e11 else value
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return None


def utc_text(at: datetime) -> str:
    """A time in UTC as lines say it: without a plus, behind which phone numbers are looked for."""
    return at.isoformat()[:-6] + "Z"


def own_id(raw: bytes) -> str:
    """An id of a message that brings none: of what it says, so that it is known when sent again."""
    try:
        fields = any_json(raw)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        for name in ("sentAt", "messageId"):
            fields.pop(name, None)
        raw = json.dumps(fields, sort_keys=True).encode()
    return f"content-{hashlib.sha256(raw).hexdigest()[:40]}"


def any_json(raw: bytes) -> Any:
    """What JSON says, also with what strict readers refuse: half characters, NaN, huge numbers."""
    return json.loads(raw.decode("utf-8", "replace"))


class _Tree:
    """The wanted fields of a message as nested types, so that nothing else is decoded."""

    def __init__(self, leaves: Sequence[str], lists: Sequence[str]) -> None:
        nested: dict[str, Any] = {}
        for path in (*leaves, *lists):
            node = nested
            *above, last = path.split(".")
            for name in above:
                node = node.setdefault(name, {})
            node[last] = path in lists
        self._nested = nested
        self.item: Any = self._struct(nested.get(ITEM, {}), "Item")
        self.type: Any = self._struct(nested, "Message")
        self.item_attr = _attr(nested, ITEM) if ITEM in nested else ""
        self.number_attr = _attr(nested[ITEM], "number") if ITEM in nested else ""
        self._chains: dict[str, Chain] = {}

    def chain(self, path: str) -> Chain:
        """The attributes behind a path."""
        if path not in self._chains:
            node, chain = self._nested, []
            for name in path.split("."):
                chain.append(_attr(node, name))
                node = node[name]
            self._chains[path] = tuple(chain)
        return self._chains[path]

    def item_chain(self, path: str) -> Chain:
        """The attributes behind a path in an object of a list."""
        return self.chain(f"{ITEM}.{path}")[1:]

    def build(self, fields: Mapping[str, Any]) -> Any:
        """A message of fields of any kind: an object where a value is wanted is an empty one."""
        return self._build(self._nested, self.type, fields)

    def put(self, message: Any, chain: Chain, value: Any) -> None:
        """Set a field, and make the objects that it stands in."""
        node = self._nested
        for attr in chain[:-1]:
            name = list(node)[int(attr[1:])]
            node = node[name]
            if not isinstance(getattr(message, attr), msgspec.Struct):
                setattr(message, attr, self._types[id(node)]())
            message = getattr(message, attr)
        setattr(message, chain[-1], value)

    def _struct(self, node: Mapping[str, Any], name: str) -> Any:
        if not hasattr(self, "_types"):
            self._types: dict[int, Any] = {}
        if id(node) in self._types:
            return self._types[id(node)]
        fields: list[tuple[str, Any, Any]] = []
        for key, below in node.items():
            attr = _attr(node, key)
            if isinstance(below, dict):
                kind: Any = self._struct(below, f"{name}_{attr}") | None | UnsetType
            elif below:
                kind = list[self.item] | None | UnsetType  # type: ignore[name-defined]  # made here
            else:
                kind = _LEAF
            fields.append((attr, kind, UNSET))
        renamed = {_attr(node, key): key for key in node}
        made = msgspec.defstruct(name, fields, rename=renamed, kw_only=True)
        self._types[id(node)] = made
        return made

    def _build(self, node: Mapping[str, Any], type_: Any, fields: Mapping[str, Any]) -> Any:
        message = type_()
        for key, below in node.items():
            if key not in fields:
                continue
            value = fields[key]
            if isinstance(below, dict):
                if isinstance(value, dict):
                    value = self._build(below, self._types[id(below)], value)
                else:
                    continue
            elif below:
                items = value if isinstance(value, list) else []
                of_item = self._nested[ITEM]
                value = [
                    self._build(of_item, self.item, i) if isinstance(i, dict) else self.item()
                    for i in items
                ]
            else:
                value = _plain(value)
            setattr(message, _attr(node, key), value)
        return message


def _plain(value: Any) -> Any:
    """A value that a line can hold; an object says that it is one, and no more."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return str(value)
    if isinstance(value, list):
        plain = [_plain(v) for v in value]
        return {} if any(isinstance(v, dict | list) for v in plain) else plain
    return {} if isinstance(value, dict) else value


def _attr(node: Mapping[str, Any], name: str) -> str:
    return f"f{list(node).index(name)}"


def _getter(chain: Chain) -> Callable[[Any], Any]:
    return lambda message: _get(message, chain)


def _get(message: Any, chain: Chain) -> Any:
    for attr in chain:
        message = getattr(message, attr, UNSET)
    return message


def _set(message: Any, chain: Chain, value: Any) -> None:
    for attr in chain[:-1]:
        message = getattr(message, attr)
    setattr(message, chain[-1], value)


def _clear(message: Any, chain: Chain) -> None:
    for attr in chain[:-1]:
        message = getattr(message, attr, UNSET)
    if isinstance(message, msgspec.Struct):
        setattr(message, chain[-1], UNSET)


def _given(value: Any) -> bool:
    return value is not UNSET and value is not None and value != ""


def _has_signs(lines: Sequence[tuple[bytes, bytes]], secrets: Sequence[bytes]) -> bool:
    """Whether an e-mail address, a phone number or an identifier may stand in some lines."""
    for _, line in lines:
        for first in _FIRST_BYTES:
            if first in line and any(sign in line for sign in _SIGNS):
                return True
        for secret in secrets:
            if secret in line:
                return True
    return False


def _values(fields: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every value of a line with its path."""
    if not isinstance(fields, dict):
        return [(path, fields)]
    return [v for k, below in fields.items() for v in _values(below, f"{path}.{k}" if path else k)]


def _scrubbed(fields: Any, hasher: Hasher) -> Any:
    """The fields with phone numbers that show their country made digests."""
    if isinstance(fields, dict):
        return {k: _scrubbed(v, hasher) for k, v in fields.items()}
    if isinstance(fields, list):
        return [_scrubbed(v, hasher) for v in fields]
    return hasher.scrub(fields, phones=False) if isinstance(fields, str) else fields


_KINDS = {"str": "a text", "int": "a number", "float": "a number", "bool": "true or false",
          "NoneType": "null", "list": "a list"}  # fmt: skip
