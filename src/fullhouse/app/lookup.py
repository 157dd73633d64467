"""The look-up file: build it, check it, and ask it for one account."""

from dataclasses import dataclass
from pathlib import Path

from fullhouse import control
from fullhouse.access.keys import principal_of_key
from fullhouse.app.use_case import check_house, use_case
from fullhouse.core.brief import Brief
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE
from fullhouse.lookup import (
    AccountSegment,
    LookupApp,
    LookupBuild,
    LookupScope,
    Memberships,
    build_lookup,
    has_bit,
    lookup_app,
    lookup_path,
)
from fullhouse.workspace.context import Context


@request
class BuildLookup:
    """Build the look-up file of some campaigns and audiences; of all where none is named.

    An audience is NAME (its newest version) or NAME@VERSION. `channels` is the TOML text that the
    campaigns were launched with.
    """

    campaigns: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    channels: str | None = None


@request
class LookUp:
    """Ask for one account of a source."""

    source: str
    account: str


@dataclass(frozen=True)
class LookupState(Brief):
    """The look-up file as it is now: what it was built from, and what has changed since.

    `withheld` people have taken consent back or have other accounts since; `erased` accounts were
    suppressed since. `answered` segments are answered today.
    """

    built: LookupBuild
    file: Path
    withheld: int
    erased: int
    answered: tuple[AccountSegment, ...]


@use_case
def lookup_build(context: Context, request: BuildLookup | None = None) -> LookupBuild:
    """What the new look-up file holds; servers go over to it within a second."""
    control.check_writable(context.control)
    wanted = request or BuildLookup()
    scope = LookupScope(wanted.campaigns, wanted.audiences, wanted.channels)
    built = build_lookup(context, scope)
    detail: dict[str, object] = {
        "build": built.id, "segments": len(built.segments), "accounts": built.accounts
    }  # fmt: skip
    control.record(context.control, "lookup.build", detail)
    return built


@use_case
def lookup_check(context: Context) -> LookupState:
    """The look-up file, every byte of it checked, and what has changed since it was built."""
    path = lookup_path(context)
    memberships = Memberships(context, path)
    opened = memberships.look()
    every, overlay = opened.file.built.segments, opened.overlay
    answered = tuple(s for n, s in enumerate(every) if has_bit(overlay.open, n))
    return LookupState(
        opened.file.built, path, len(opened.limits), len(overlay.suppressed), answered
    )


@use_case
def lookup_show(context: Context, request: LookUp) -> tuple[AccountSegment, ...]:
    """The segments that an account is in at this moment; none for one that nobody knows."""
    return Memberships(context, lookup_path(context)).of(request.source, request.account)


def lookup_door(house: Context) -> LookupApp:
    """The look-up over HTTP, for keys of the house with the scope `lookup`; close it at the end.

    Its `beside` puts it in front of the other routes of a server.
    """
    check_house(house)

    def key_check(text: str) -> int:
        principal = principal_of_key(house.control, text, house.now)
        if principal is None:
            return 401
        return 200 if principal.is_house and principal.may("lookup", HOUSE) else 403

    return lookup_app(house, key_check)
