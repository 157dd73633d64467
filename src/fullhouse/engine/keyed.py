"""`arrays.keyed_bits` as an Ibis expression: the same bits on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fullhouse.core.values import key_words

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MASK = 0xFFFFFFFF


def keyed_bits(person: ir.IntegerColumn, key: bytes) -> ir.IntegerColumn:
    """32 evenly spread bits for each person id, as int64."""
    first, second = key_words(key)
    mixed = _fmix32(person.cast("int64") ^ first)
    return _fmix32(mixed ^ second)


def _fmix32(h: ir.IntegerColumn) -> ir.IntegerColumn:
    h = _times(h ^ (h >> 16), 0x85EBCA6B)
    h = _times(h ^ (h >> 13), 0xC2B2AE35)
    return h ^ (h >> 16)


def _times(h: ir.IntegerColumn, factor: int) -> ir.IntegerColumn:
    # In two halves: 32 bits times 32 bits overflows the signed 64 that all engines share.
    low = h * (factor & 0xFFFF)
    high = ((h * (factor >> 16)) & 0xFFFF) * 0x10000
    return (low + high) & _MASK
