"""What is erased, what is looked for, and what came of it."""

from dataclasses import dataclass, field

from fullhouse.core.brief import Brief

Account = tuple[str, str]
"""Source and account."""

ACCOUNT, PERSON, IDENTIFIER, DIGEST = "account", "person", "identifier", "digest"
"""Kinds of traces: an account's id, a person's number, an identifier's digest, and the digest under
which the account is suppressed."""


@dataclass(frozen=True)
class Wanted:
    """What a search looks for.

    `persons` are persons who are erased whole, with the ids they had before merges; `digests` those
    of identifiers that no other account has; `keyed` those of suppressed accounts.
    """

    accounts: frozenset[Account] = frozenset()
    persons: frozenset[int] = frozenset()
    digests: frozenset[str] = frozenset()
    keyed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Target:
    """Accounts to erase, and the persons behind them.

    `staying` are persons who have other accounts as well: what was derived of them goes, their
    number stays. `others` are those accounts. `known` is how many of the accounts the house had,
    `campaigns` those that any of the persons was treated in.
    """

    accounts: tuple[Account, ...]
    erased_persons: tuple[int, ...]
    staying: tuple[int, ...]
    digests: tuple[str, ...]
    others: tuple[Account, ...] = ()
    known: int = 0
    campaigns: tuple[str, ...] = ()

    def joined(self, other: "Target") -> "Target":
        """Both targets as one."""
        return Target(
            tuple(dict.fromkeys((*self.accounts, *other.accounts))),
            tuple(sorted({*self.erased_persons, *other.erased_persons})),
            tuple(sorted({*self.staying, *other.staying} - {*other.erased_persons})),
            tuple(sorted({*self.digests, *other.digests})),
            tuple(dict.fromkeys((*self.others, *other.others))),
            self.known + other.known,
            tuple(sorted({*self.campaigns, *other.campaigns})),
        )


@dataclass(frozen=True)
class Trace:
    """A place where something of an account was met, what kind of trace it is, and how often."""

    place: str
    kind: str
    count: int


@dataclass(frozen=True)
class Verification(Brief):
    """What was searched, and every trace in it. `unread` are places that could not be read."""

    accounts: int
    files: int
    bytes_read: int
    tables: int
    traces: tuple[Trace, ...]
    unread: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing was met and everything could be read."""
        return not self.traces and not self.unread


@dataclass(frozen=True)
class Erased(Brief):
    """What an erasure did.

    `rows` counts what went from each table, `files` those that were rewritten or removed outside
    the tables. `other_accounts` are those that the same persons still have.
    """

    accounts: int
    known_accounts: int
    persons: int
    newly_suppressed: int
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    to_remove: int = 0
    other_accounts: tuple[Account, ...] = ()
    verification: Verification | None = None

    @property
    def complete(self) -> bool:
        """Whether the search afterwards met nothing."""
        return self.verification is not None and self.verification.clean
