"""Look-up: which frozen audiences an account is in, for the house's own ad servers."""

from fullhouse.lookup.build import (
    build_lookup,
    forget_accounts,
    known_accounts,
    lookup_path,
)
from fullhouse.lookup.door import KeyCheck, LookupApp, lookup_app
from fullhouse.lookup.file import AccountHash, AccountSegment, LookupBuild, LookupFile, has_bit
from fullhouse.lookup.memberships import Memberships
from fullhouse.lookup.segments import LookupScope

__all__ = [
    "AccountHash",
    "AccountSegment",
    "KeyCheck",
    "LookupApp",
    "LookupBuild",
    "LookupFile",
    "LookupScope",
    "Memberships",
    "build_lookup",
    "forget_accounts",
    "has_bit",
    "known_accounts",
    "lookup_app",
    "lookup_path",
]
