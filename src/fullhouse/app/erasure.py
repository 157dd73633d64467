"""Erase people, and prove that nothing of them is left."""

from pathlib import Path

from fullhouse import erasure
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.account_files import read_columns
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.erasure import Account, Erased, Verification
from fullhouse.workspace.context import Context


@request
class ErasePeople:
    """Accounts, each a source and an account, to erase from everything the workspace holds.

    With `whole_person`, all accounts of their persons are erased.
    """

    accounts: tuple[Account, ...]
    whole_person: bool = False

    def __post_init__(self) -> None:
        _check(self.accounts)


@request
class VerifyErasure:
    """Search for accounts, each a source and an account.

    `persons` and `digests` are numbers of persons and digests of identifiers that they had before
    they were erased.
    """

    accounts: tuple[Account, ...]
    persons: tuple[int, ...] = ()
    digests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.accounts)


@use_case
def erase_people(context: Context, request: ErasePeople) -> Erased:
    """What an erasure did, and what a search afterwards met.

    The accounts are suppressed first: no feed brings them back. Doing it again does no harm, and
    ends an erasure that died.
    """
    return erasure.erase(context, request.accounts, whole_person=request.whole_person)


@use_case
def verify_erasure(context: Context, request: VerifyErasure) -> Verification:
    """Every trace of some accounts, in all files, tables, logs and the control database."""
    return erasure.verify(
        context, request.accounts, persons=request.persons, digests=request.digests
    )


def accounts_to_erase(
    source: str | None, accounts: tuple[str, ...], file: Path | None
) -> tuple[Account, ...]:
    """The accounts that a user names: of one source, and those of a file."""
    if accounts and not source:
        raise InputError("Name the source of the account, too: an id stands for others elsewhere.")
    if source and not accounts and file is None:
        raise InputError("Name the account, or a file of accounts.")
    named = [(source, account) for account in accounts if source]
    if file is not None:
        rows = read_columns(file, required=("source", "account"), what="--accounts").to_pylist()
        named += [(r["source"] or "", r["account"] or "") for r in rows]
    _check(tuple(named))
    return tuple(named)


def _check(accounts: tuple[Account, ...]) -> None:
    if not accounts:
        raise InputError("Name at least one account, with its source.")
    for source, account in accounts:
        if not source.strip() or not account.strip():
            raise InputError(f"An account has a source and an id, not {source!r} and {account!r}.")
