"""Random draws that depend on what is drawn and on the seed, never on order or on workers."""

import hashlib

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, keyed_bits


def stream(seed: int, *what: str | int) -> np.random.Generator:
    """A generator of its own for each thing drawn, such as `stream(7, "people", chunk)`."""
    return np.random.Generator(np.random.Philox(key=int.from_bytes(_digest(seed, what)[:16])))


def uniforms(seed: int, persons: npt.NDArray[np.integer], *what: str | int) -> Floats:
    """One number per person, in (0, 1), the same whenever and with whomever it is asked for.

    32 bits: enough for choices of a person, too coarse for rarer things than one in a billion.
    """
    bits = keyed_bits(persons, _digest(seed, what))
    return (bits.astype(np.float64) + 0.5) / 2.0**32


def _digest(seed: int, what: tuple[str | int, ...]) -> bytes:
    return hashlib.sha256(repr((seed, *what)).encode()).digest()
