"""Erase people from everything the workspace holds, prove it, and let old data go."""

from fullhouse.erasure.erase import erase, verify
from fullhouse.erasure.erasure import Account, Erased, Trace, Verification

__all__ = ["Account", "Erased", "Trace", "Verification", "erase", "verify"]
