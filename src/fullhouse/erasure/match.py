"""Whether a text, a JSON value, a column or a set of persons holds a trace of an account.

An id is met where it stands as a whole: `u-12` neither in `u-123` nor in `xu-12`. Ids that could
be any number or word (`12`, `anna`) count only where the text says that an account is meant: in a
column or under a key of accounts, behind their source, or quoted beside the word.
"""

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from pyroaring import BitMap

from fullhouse.erasure.erasure import ACCOUNT, DIGEST, IDENTIFIER, PERSON, Wanted

Kinds = Counter[str]
"""How often each kind of trace was met."""

ACCOUNT_KEYS = frozenset({"account", "account_a", "account_b", "accounts"})
PERSON_KEYS = frozenset({"person", "kept", "merged", "unit"})
_NAMES = "account|user|customer|member|client|buyer|subscriber|uid"
_NAMED = re.compile(
    rf"(?i)(?:{_NAMES})\w*[\\\"']*\s*(?::|=|is|in\s*\()\s*[\\\"'(]*([^\\\"'\s,;)}}\]]+)"
)
_KEY = re.compile(rf"(?i)(?:^|[\W_])(?:{_NAMES})(?:s|_?id|_?no|_?number)?$")
_QUOTED = re.compile(r"[\"']([^\"']{1,300})[\"']")
_TOKEN = re.compile(r"[\w@+.\-]+")
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_FILE = re.compile(
    r"(?i)\.(?:csv|tsv|txt|jsonl?|ndjson|parquet|log|html?|xlsx?|toml|zip|gz|part|tmp|npz|arrow)\b"
)
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|&#?\w{2,8};|\\[ux][0-9A-Fa-f]{2}|=[0-9A-F]{2}")
"""Signs that a letter stands in a text as an address, a page, a program or a mail writes it."""
MOST_ESCAPES = 3
_CODED = re.compile(r"\\+(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_MAILED = re.compile(r"=([0-9A-F]{2})")
_EDGES = ".-_+@"
_MOST_PIECES = 16


def is_distinctive(account: str) -> bool:
    """Whether an id can hardly be anything else, wherever it stands."""
    if len(account) >= 16 or "@" in account:
        return True
    digits = sum(c.isdigit() for c in account)
    if not any(c.isalpha() for c in account):
        return digits >= 9
    return len(account) >= 4 and digits >= 2


def unescaped(text: str) -> Iterator[str]:
    """A text as it reads when each kind of escape is undone, again and again while it changes."""
    if not ESCAPED.search(text):
        return
    for _ in range(MOST_ESCAPES):
        plain = html.unescape(unquote(_CODED.sub(_letter, text)))
        if plain == text:
            break
        yield plain
        text = plain
    if "=" in text:
        yield _MAILED.sub(lambda met: chr(int(met[1], 16)), text.replace("=\n", ""))


def _letter(met: re.Match[str]) -> str:
    return chr(int(met[1] or met[2], 16))


class Matcher:
    """Looks for what is wanted in values of every kind."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.persons = BitMap(sorted(wanted.persons))
        self.sources: dict[str, set[str]] = {}
        for source, account in wanted.accounts:
            for spelling in {account, account.strip()} - {""}:
                self.sources.setdefault(spelling, set()).add(source)
        self.names = frozenset(self.sources)
        distinctive = {a for a in self.names if is_distinctive(a)}
        self.weak = self.names - distinctive
        self._tokens = {a for a in distinctive if _TOKEN.fullmatch(a)}
        self._odd = [
            re.compile(rf"(?<!\w){re.escape(a)}(?!\w)") for a in sorted(distinctive - self._tokens)
        ]
        self._hexes = {**dict.fromkeys(wanted.digests, IDENTIFIER)}
        self._hexes |= dict.fromkeys(wanted.keyed, DIGEST)

    @property
    def hexes(self) -> Iterable[str]:
        """Every digest that is looked for."""
        return self._hexes

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Texts of which one stands in every text that `text` could meet something in."""
        return (*sorted(self.names - self.weak), *sorted(self._hexes))

    def is_account(self, account: str, source: str | None = None) -> bool:
        """Whether an account, of a source if that is known, is one that is looked for."""
        sources = self.sources.get(account) or self.sources.get(account.strip())
        return sources is not None and (source is None or source in sources)

    def text(self, text: str) -> Kinds:
        """Traces in a text, also where its letters are escaped, as in `%40` and `&#64;`."""
        kinds = self._plain(text)
        for form in unescaped(text):
            kinds |= self._plain(form)
        return kinds

    def _plain(self, text: str) -> Kinds:
        kinds: Kinds = Counter()
        if self._hexes:
            kinds.update(self._hexes[h] for h in _HEX.findall(text) if h in self._hexes)
        if self._tokens:
            kinds[ACCOUNT] += sum(map(self._is_token, _TOKEN.findall(text)))
        kinds[ACCOUNT] += sum(len(odd.findall(text)) for odd in self._odd)
        if self.weak:
            kinds[ACCOUNT] += sum(1 for _ in self._weak(text))
        return +kinds

    def value(self, text: str) -> Kinds:
        """Traces in a text that may be JSON."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                return self.json(json.loads(text))
            except (ValueError, RecursionError):
                pass
        return self.text(text)

    def json(self, value: Any, key: str = "", source: str | None = None) -> Kinds:
        """Traces in a JSON value under a key."""
        kinds: Kinds = Counter()
        if isinstance(value, dict):
            named = value.get("source")
            named = named if isinstance(named, str) else None
            for name, each in value.items():
                kinds.update(self.text(name))
                kinds.update(self.json(each, name, named))
        elif isinstance(value, list):
            pair = len(value) == 2 and all(isinstance(v, str) for v in value)
            if pair and (value[0], value[1].strip()) in self._pairs:
                kinds[ACCOUNT] += 1
            else:
                for each in value:
                    kinds.update(self.json(each, key, source))
        elif isinstance(value, str):
            if is_account_key(key) and self.is_account(value, source):
                kinds[ACCOUNT] += 1
            else:
                kinds.update(self.value(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            if key in PERSON_KEYS and value in self.wanted.persons:
                kinds[PERSON] += 1
            elif is_account_key(key) and self.is_account(str(value), source):
                kinds[ACCOUNT] += 1
        return +kinds

    def raw(self, data: bytes) -> Kinds:
        """Traces in bytes of any form: as text, and digests as the bytes they stand for."""
        kinds = self.text(data.decode("utf-8", "replace"))
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            kinds.update(self.text(data.decode("utf-16", "replace")))
        for digest, kind in self._hexes.items():
            kinds[kind] += data.count(bytes.fromhex(digest))
        return +kinds

    def bitmap(self, data: bytes) -> Kinds:
        """Traces in a Roaring bitmap of persons, or in other bytes."""
        try:
            people = BitMap.deserialize(data)
        except (ValueError, IndexError, MemoryError):
            return self.raw(data)
        met = people.intersection_cardinality(self.persons)
        return Counter({PERSON: met}) if met else Counter()

    def redact(self, text: str) -> str:
        """The text with every trace made the word `erased`; lines that hide one are unescaped."""
        text = self._redact(text)
        if not ESCAPED.search(text) or not self.text(text):
            return text
        return "".join(map(self._redact_line, text.splitlines(keepends=True)))

    def _redact_line(self, line: str) -> str:
        for form in unescaped(line) if self.text(line) else ():
            if self._plain(form):
                line = self._redact(form)
        return line

    def _redact(self, text: str) -> str:
        for digest in self._hexes:
            text = text.replace(digest, "erased")
        for name in sorted(self.names, key=len, reverse=True):
            if name in text:
                text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "erased", text)
        return text

    def redact_json(self, value: Any, key: str = "", source: str | None = None) -> Any:
        """A JSON value with every trace made the word `erased`."""
        if isinstance(value, dict):
            named = value.get("source")
            named = named if isinstance(named, str) else None
            return {
                self.redact(k) if self.text(k) else k: self.redact_json(v, k, named)
                for k, v in value.items()
            }
        if not self.json(value, key, source):
            return value
        if isinstance(value, list):
            if not any(self.json(v, key, source) for v in value):  # a pair
                return ["erased"]
            return [self.redact_json(v, key, source) for v in value]
        return self.redact(value) if isinstance(value, str) else None

    @cached_property
    def _pairs(self) -> set[tuple[str, str]]:
        return {(source, account) for account, of in self.sources.items() for source in of}

    def _is_token(self, token: str) -> bool:
        if token in self._tokens or token.strip(_EDGES) in self._tokens:
            return True
        return bool(_FILE.search(token)) and any(p in self._tokens for p in _pieces(token))

    def _weak(self, text: str) -> Iterator[str]:
        """Ids that could be anything, where the text says that they are accounts."""
        for met in _NAMED.findall(text):
            if met in self.weak:
                yield met
        if "account" in text:
            yield from (q for q in _QUOTED.findall(text) if q.strip() in self.weak)
        for source, account in self._sourced.findall(text):
            if account in self.weak and source in self.sources[account]:
                yield account

    @cached_property
    def _sourced(self) -> re.Pattern[str]:
        named = sorted({s for of in self.sources.values() for s in of})
        either = "|".join(map(re.escape, named))
        return re.compile(rf"(?<!\w)({either})[\"']?[:/|,;\t][\"']?([\w@+.\-]*\w)")


def is_account_key(key: str) -> bool:
    """Whether what stands in a column, or under a key, of this name is an account."""
    return key in ACCOUNT_KEYS or _KEY.search(key) is not None


def _pieces(token: str) -> Iterator[str]:
    """Every part of a file's name from one separator to another."""
    cuts = [0, *(m.end() for m in re.finditer(r"[-_.+@]", token))][:_MOST_PIECES]
    ends = [*(m.start() for m in re.finditer(r"[-_.+@]", token)), len(token)][:_MOST_PIECES]
    yield from (token[a:b] for a in cuts for b in ends if b > a)
