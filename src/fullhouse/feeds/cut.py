"""A place in a text file from which it is cut into the same pieces as from the beginning."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """How far the bytes of a plain text file were cut into pieces, and how far they were read.

    All zeros stand for the beginning.
    """

    offset: int = 0
    read: int = 0


FIRST = Cut()
"""The beginning; also of a file in which no other place can be gone on from."""
