"""Consent by the operator's hand: withdraw and grant."""

from fullhouse import consent, control
from fullhouse.app.use_case import use_case
from fullhouse.consent import Statement
from fullhouse.core.request import request
from fullhouse.workspace.context import Context


@request
class WithdrawConsent:
    """An account takes its consent back: for a purpose, or for every one."""

    source: str
    account: str
    purpose: str | None = None


@request
class GrantConsent:
    """An account gives its consent for a purpose."""

    source: str
    account: str
    purpose: str


@use_case
def consent_withdraw(context: Context, request: WithdrawConsent) -> Statement:
    """The refusal as it was written down; nobody of that account leaves the house from now on.

    Channels that have the account already get it in their next removal list.
    """
    known = consent.known_purposes(context.settings)
    purposes = known
    if request.purpose is not None:
        purposes = (consent.check_purpose(request.purpose, known),)
    return _stated(context, request.source, request.account, purposes, granted=False)


@use_case
def consent_grant(context: Context, request: GrantConsent) -> Statement:
    """The grant as it was written down; it counts from now on."""
    purpose = consent.check_purpose(request.purpose, consent.known_purposes(context.settings))
    return _stated(context, request.source, request.account, (purpose,), granted=True)


def _stated(
    context: Context, source: str, account: str, purposes: tuple[str, ...], *, granted: bool
) -> Statement:
    statement = consent.state(context, source, account, purposes, granted=granted)
    # Without the account: the audit log outlives people, and the row of consent names it.
    detail: dict[str, object] = {
        "source": source, "purposes": list(purposes), "granted": granted, "known": statement.known
    }  # fmt: skip
    control.record(context.control, "consent.grant" if granted else "consent.withdraw", detail)
    return statement
