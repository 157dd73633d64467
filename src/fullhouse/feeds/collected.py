"""What becomes of a message of the collector: which feeds of its source take it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from fullhouse.core.errors import InputError
from fullhouse.feeds import expression
from fullhouse.feeds.feed import Collected, Feed

TYPES = ("track", "identify", "page", "screen", "group", "alias")
EVERY = "*"
ITEM, NUMBER = "item", "item.number"
"""Where a row finds its object of the list under `each`, and that object's number, from 1."""
REFUSED = b"!"
"""In place of feeds, on a line that goes to quarantine: its JSON has the columns of a row there."""
DROPPED = b"-"
"""And on a line that counts a message that was dropped, and says nothing of it."""

_PLAIN = re.compile(r"[\W_]+")


def plain_event(name: str) -> str:
    """An event's name as names are compared: Order Completed, order_completed, orderCompleted.

    >>> plain_event("Order Completed") == plain_event("order_completed")
    True
    """
    return _PLAIN.sub("", name).casefold()


def standard_feeds(source: str, *, simulated: bool = False) -> dict[str, str]:
    """The feeds of a source that declares none, as TOML by name: the events of public schemas."""
    texts = {}
    for path in sorted(
        files("fullhouse.feeds").joinpath("standard").iterdir(), key=lambda p: p.name
    ):
        if path.name.endswith(".toml"):
            head = f'source = "{source}"\n' + ("simulated = true\n" if simulated else "")
            name = path.name.removesuffix(".toml")
            texts[f"{source}-{name}"] = head + path.read_text(encoding="utf-8")
    return texts


@dataclass(frozen=True, eq=False)
class Rule:
    """A feed with the number under which the write-ahead log names it."""

    number: int
    feed: Feed

    @property
    def collected(self) -> Collected:
        """Which messages it takes."""
        assert self.feed.collector is not None
        return self.feed.collector


class Rules:
    """The feeds of one source: which take a message, what they read, what is an identifier."""

    def __init__(self, source: str, rules: Sequence[Rule]) -> None:
        self.source = source
        self.rules = tuple(rules)
        self.paths = tuple(dict.fromkeys(p for r in rules for p in r.feed.raw))
        self.identifiers = {p: k for r in rules for p, k in r.feed.identifier_columns.items()}
        activity = next(r.feed for r in rules if r.feed.kind == "activity")
        self.accounts = tuple(expression.choices(activity.columns["account"]) or ())
        self.lists = tuple(dict.fromkeys(r.collected.each for r in rules if r.collected.each))
        self._by_type: dict[str, list[Rule]] = {}
        self._by_event: dict[str, list[Rule]] = {}
        self._every: list[Rule] = []
        for rule in rules:
            for event in rule.collected.events:
                if event == EVERY:
                    self._every.append(rule)
                elif event in TYPES:
                    self._by_type.setdefault(event, []).append(rule)
                else:
                    self._by_event.setdefault(plain_event(event), []).append(rule)

    def of(self, type_: str, event: str) -> tuple[Rule, ...]:
        """The feeds that take a message of a type, and of an event's name when it is a track."""
        named = self._by_event.get(plain_event(event), []) if type_ == "track" else []
        chosen = [*self._by_type.get(type_, []), *named, *self._every]
        return tuple(dict.fromkeys(chosen))


def check_feeds(source: str, feeds: Sequence[Feed]) -> None:
    """An error where feeds of a source cannot be served by one collector."""
    for feed in feeds:
        _check_feed(source, feed)
    every = [f for f in feeds if f.kind == "activity"]
    if len(every) != 1 or _collected(every[0]) != Collected((EVERY,)):
        raise InputError(
            f'The feeds of {source} need one of kind activity with events = ["*"]: it knows each'
            " message by its id for ever."
        )
    names = [f.name for f in feeds]
    if len(set(names)) < len(names):
        raise InputError(f"Two feeds of {source} have one name; their files' names must differ.")
    _check_identifiers(feeds)
    _check_paths(feeds)


def _collected(feed: Feed) -> Collected:
    if feed.collector is None:
        raise InputError(
            f"{feed.name} has no [collector] section, which says the events that it takes:"
            ' events = ["Order Completed"].'
        )
    return feed.collector


def _check_feed(source: str, feed: Feed) -> None:
    collected = _collected(feed)
    if feed.source != source:
        raise InputError(f"{feed.name} is a feed of source {feed.source!r}, not of {source!r}.")
    if "account" in feed.table.names and expression.choices(feed.columns["account"]) is None:
        raise InputError(
            f"{feed.name}: columns.account must be a field, or coalesce() of fields, so that the"
            " collector knows at the door whose event it is."
        )
    if feed.is_event and "messageId" not in feed.reads("event_id"):
        raise InputError(
            f'{feed.name}: columns.event_id must read messageId (as event_id = "messageId"'
            + (f", or \"messageId || ':' || {NUMBER}\")." if collected.each else ").")
        )
    if collected.each and feed.is_event and NUMBER not in feed.reads("event_id"):
        raise InputError(
            f"{feed.name}: every {collected.each} of a message needs an id of its own: event_id ="
            f" \"messageId || ':' || {NUMBER}\"."
        )


def _check_identifiers(feeds: Sequence[Feed]) -> None:
    """A field is an identifier of one kind in all feeds that read it: it is hashed once."""
    kinds: dict[str, tuple[str, str]] = {}
    for feed in feeds:
        for column, kind in feed.identifier_columns.items():
            other, name = kinds.setdefault(column, (kind, feed.name))
            if other != kind:
                raise InputError(f"{column!r} is {other} in {name} and {kind} in {feed.name}.")
    for feed in feeds:
        for column in feed.raw:
            if column in kinds and column not in feed.identifier_columns:
                kind, name = kinds[column]
                raise InputError(
                    f"{feed.name} reads {column!r}, which {name} declares to be {kind}: declare it"
                    " under [identifiers] there too."
                )


def _check_paths(feeds: Sequence[Feed]) -> None:
    paths = {p for f in feeds for p in f.raw}
    paths |= {f.collector.each for f in feeds if f.collector and f.collector.each}
    for path in sorted(paths):
        above = path.split(".")[:-1]
        for depth in range(1, len(above) + 1):
            if ".".join(above[:depth]) in paths:
                value = ".".join(above[:depth])
                raise InputError(f"{value!r} is read as a value, and {path!r} as a field of it.")
