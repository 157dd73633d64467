"""Frozen values as JSON that gives back exactly what was stored: types, tuples, dates and arrays.

Own lines and not Pydantic's: a union of two classes with the same fields comes back as the first
of them there, a tuple in a `Mapping[str, Any]` as a list, a date as text, and every array would
need an annotation. Here each value names its type. Only dataclasses and enums of this package are
made again, without running their code; nothing else can be named, so a file from elsewhere cannot
run anything.

What can be stored: None, bool, int, float (with NaN and infinities), str, bytes, date, datetime,
time, timedelta, Fraction, Decimal, Path, tuple, list, set, frozenset, dict with any of these as
keys, read-only mappings, enums, dataclasses of the package, NumPy arrays and numbers (no objects),
Roaring bitmaps, Arrow tables, and the package's own errors.
"""

import base64
import dataclasses
import importlib
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from io import BytesIO
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

import numpy as np

from fullhouse.core.errors import FullhouseError

TAG = "!"
"""The key that names the type of what is not plain JSON."""

PACKAGES = ("fullhouse", "fullhouse_sim")
LEVEL = 1
"""Fast: results are read back more often than they are sent anywhere."""


def to_bytes(value: Any) -> bytes:
    """A value as compressed JSON; a TypeError names what cannot be stored, and where it is."""
    text = json.dumps(encode(value), separators=(",", ":"))
    return zlib.compress(text.encode(), LEVEL)


def from_bytes(data: bytes) -> Any:
    """The value that `to_bytes` was given."""
    return decode(json.loads(zlib.decompress(data)))


def encode(value: Any, where: str = "value") -> Any:
    """A value as plain JSON, each part that JSON does not have under the name of its type."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Enum):
        return {TAG: "enum", "of": _name(type(value), where), "v": value.name}
    if isinstance(value, list):
        return [encode(v, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, Mapping):
        return _encode_mapping(value, where)
    for kind, (name, write, _) in _KINDS.items():
        if isinstance(value, kind):
            return {TAG: name, "v": write(value)}
    if isinstance(value, tuple | set | frozenset):
        return _encode_collection(value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        stored = {n: encode(v, f"{where}.{n}") for n, v in fields.items()}
        return {TAG: "of", "of": _name(type(value), where), "v": stored}
    if isinstance(value, FullhouseError):
        stored = {"message": value.message, "code": value.code, "facts": dict(value.facts)}
        return {TAG: "error", "of": _name(type(value), where), "v": encode(stored, where)}
    return _encode_of_library(value, where)


def decode(plain: Any) -> Any:
    """The value that `encode` was given."""
    if isinstance(plain, list):
        return [decode(v) for v in plain]
    if not isinstance(plain, dict):
        return plain
    name = plain.get(TAG)
    if name is None:
        return {k: decode(v) for k, v in plain.items()}
    if name in _READERS:
        return _READERS[name](plain["v"])
    if name in _COLLECTIONS:
        return _COLLECTIONS[name](decode(v) for v in plain["v"])
    if name in ("dict", "mapping"):
        pairs = {decode(k): decode(v) for k, v in plain["v"]}
        return pairs if name == "dict" else MappingProxyType(pairs)
    if name == "enum":
        return _class(plain["of"])[plain["v"]]
    if name == "error":
        stored = decode(plain["v"])
        return _class(plain["of"])(stored["message"], code=stored["code"], **stored["facts"])
    if name == "of":
        return _decode_dataclass(_class(plain["of"]), plain["v"])
    raise ValueError(f"no type {name!r} can be read back")


def _encode_mapping(value: Mapping[Any, Any], where: str) -> Any:
    plain = isinstance(value, dict)
    if plain and TAG not in value and all(type(k) is str for k in value):
        return {k: encode(v, f"{where}[{k!r}]") for k, v in value.items()}
    pairs = [[encode(k, where), encode(v, f"{where}[{k!r}]")] for k, v in value.items()]
    return {TAG: "dict" if plain else "mapping", "v": pairs}


def _encode_collection(value: Any, where: str) -> Any:
    if type(value) not in (tuple, set, frozenset) and type(value) is not _listing_type():
        raise TypeError(f"{where} is a {type(value).__name__}, which cannot be stored")
    items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
    stored = [encode(v, f"{where}[{i}]") for i, v in enumerate(items)]
    return {TAG: type(value).__name__, "v": stored}


def _encode_of_library(value: Any, where: str) -> Any:
    # Imported only when something else is met: most results need neither.
    import pyarrow as pa
    from pyroaring import BitMap

    if isinstance(value, BitMap):
        return {TAG: "bitmap", "v": _text(value.serialize())}
    if isinstance(value, pa.Table):
        sink = BytesIO()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_table(value)
        return {TAG: "arrow", "v": _text(sink.getvalue())}
    raise TypeError(f"{where} is a {type(value).__name__}, which cannot be stored")


def _decode_dataclass(kind: Any, stored: Mapping[str, Any]) -> Any:
    # Without its __init__: what was checked when it was made is not checked, or changed, again.
    value = object.__new__(kind)
    for name, plain in stored.items():
        object.__setattr__(value, name, decode(plain))
    return value


def _name(kind: type, where: str) -> str:
    if kind.__module__.split(".")[0] not in PACKAGES or "<locals>" in kind.__qualname__:
        raise TypeError(f"{where} is a {kind.__name__} of {kind.__module__}, which is not stored")
    return f"{kind.__module__}:{kind.__qualname__}"


def _class(name: str) -> Any:
    module, _, qualified = name.partition(":")
    if module.split(".")[0] not in PACKAGES:
        raise ValueError(f"{name} is no class of this package")
    loaded: Any = importlib.import_module(module)
    for part in qualified.split("."):
        loaded = getattr(loaded, part)
    if not (
        isinstance(loaded, type)
        and (dataclasses.is_dataclass(loaded) or issubclass(loaded, Enum | FullhouseError))
    ):
        raise ValueError(f"{name} is no frozen value of this package")
    return loaded


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _array(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    if value.dtype.hasobject:
        raise TypeError("an array of objects cannot be stored")
    whole = np.ascontiguousarray(value)
    return {"t": value.dtype.str, "s": list(value.shape), "d": _text(whole.tobytes())}


def _read_array(stored: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    data = bytearray(base64.b64decode(stored["d"]))
    return np.frombuffer(data, dtype=stored["t"]).reshape(stored["s"])


def _read_bitmap(stored: str) -> Any:
    from pyroaring import BitMap

    return BitMap.deserialize(base64.b64decode(stored))


def _read_arrow(stored: str) -> Any:
    import pyarrow as pa

    return pa.ipc.open_stream(base64.b64decode(stored)).read_all()


def _listing_type() -> type:
    """Imported where one is met: it brings Arrow, which most that is stored does without."""
    from fullhouse.core.tabular import Listing

    return Listing


def _listing(values: Iterable[Any]) -> Any:
    return _listing_type()(values)


_COLLECTIONS: dict[str, Callable[[Any], Any]] = {
    "Listing": _listing,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
# In this order: a datetime is a date, too.
_KINDS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: (
        "timedelta",
        lambda d: [d.days, d.seconds, d.microseconds],
        lambda v: timedelta(*v),
    ),
    bytes: ("bytes", _text, base64.b64decode),
    Fraction: ("fraction", str, Fraction),
    Decimal: ("decimal", str, Decimal),
    PurePath: ("path", str, Path),
    np.ndarray: ("array", _array, _read_array),
    np.generic: ("number", lambda v: _array(np.asarray(v)), lambda v: _read_array(v)[()]),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    **{name: read for name, _, read in _KINDS.values()},
    "bitmap": _read_bitmap,
    "arrow": _read_arrow,
}
