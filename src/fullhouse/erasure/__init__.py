"""Erase people from everything the workspace holds, prove it, and let old data go."""

from fullhouse.erasure.erase import erase, verify
from fullhouse.erasure.erasure import Account, Erased, Trace, Verification
from fullhouse.erasure.retain import Overdue, overdue, retain

__all__ = [
    "Account",
    "Erased",
    "Overdue",
    "Trace",
    "Verification",
    "erase",
    "overdue",
    "retain",
    "verify",
]
