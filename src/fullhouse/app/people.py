"""Who is one person, what each consents to, and the erasure of people from the whole house."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from fullhouse import consent, control, erasure, people
from fullhouse.app.collector import empty_collector
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.account_files import read_columns
from fullhouse.campaigns.dispatched import ACCOUNTS
from fullhouse.campaigns.removals import removals
from fullhouse.consent import Statement
from fullhouse.control.suppression import spellings
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.values import check_rows, file_text, plain_text
from fullhouse.erasure import Account, Erased, Verification
from fullhouse.erasure.erasure import Target
from fullhouse.feeds.identify import NOTHING, looks_like_email, looks_like_phone
from fullhouse.workspace.cache_files import one_at_a_time
from fullhouse.workspace.context import Context


@request
class ResolvePeople:
    """Decide which accounts are one person; pairs of these link models count as well.

    `anew` decides on every person again, so that what was linked wrongly is taken apart.
    """

    models: tuple[str, ...] = ()
    anew: bool = False


@request
class ReportPeople:
    """Count the people; the lists of largest persons and latest merges have so many `rows`."""

    rows: int = 10

    def __post_init__(self) -> None:
        check_rows(self.rows)


@request
class LinkPeople:
    """Link accounts by a model on the attributes in files; `trained`: by the saved model."""

    declaration: Path
    files: tuple[Path, ...]
    trained: bool = False


@request
class UnlinkPeople:
    """Rule out accounts as one person, take a person apart, or rule out an identifier as a link.

    Accounts are source:account, an identifier is kind:digest; exactly one of the three is given.
    `undo` takes an earlier ruling back.
    """

    accounts: tuple[str, ...] = ()
    person: int | None = None
    identifier: str | None = None
    undo: bool = False


@dataclass(frozen=True)
class UnlinkResult(Brief):
    """What a ruling changed, and which frozen campaigns the persons that were split are in."""

    rulings: int
    run: int
    persons: int
    splits: tuple[people.Split, ...]
    merges: int
    campaigns: tuple[str, ...]


@dataclass(frozen=True)
class LinkResult(Brief):
    """What a probabilistic link run wrote: the saved model and its pairs of accounts."""

    model: str
    file: str
    trained: bool
    rows: int
    pairs: int
    threshold: float
    expected_precision: float | None
    untrained: tuple[str, ...]
    unreadable_dates: int


@request
class ErasePeople:
    """Accounts, each a source and an account, to erase from everything the workspace holds.

    With `whole_person`, all accounts of their persons are erased. `contacts` is the operator's
    file, for removal lists of channels that match hashed contacts.
    """

    accounts: tuple[Account, ...]
    whole_person: bool = False
    contacts: str | Path | None = None

    def __post_init__(self) -> None:
        _check(self.accounts)


_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


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
        for person in self.persons:
            if not 0 <= person < 1 << 32:
                raise InputError(f"A person has a number from 0 to {(1 << 32) - 1}, not {person}.")
        for digest in self.digests:
            if not _DIGEST.fullmatch(digest):
                raise InputError(
                    f"A digest has 64 hexadecimal letters in lower case, not {digest[:80]!r}."
                )


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
def people_resolve(context: Context, request: ResolvePeople | None = None) -> people.Resolution:
    """The people after accounts were linked into persons with ids that stay."""
    control.check_writable(context.control)
    models = (request or ResolvePeople()).models
    known = people.models(context.lake) if models else {}
    for name in models:
        if name not in known and context.place.read(model_file(name)) is None:
            raise InputError(
                f"No link model {name!r}.{did_you_mean(name, known)}"
                " Link accounts by a declaration of that name first."
            )
    resolution = people.resolve(
        context.engine,
        context.lake,
        most_accounts=context.settings.identifier_max_accounts,
        models=models,
        at=context.now,
        anew=bool(request and request.anew),
    )
    if resolution.changed or not control.was_recorded(
        context.control, "people.resolve", "run", resolution.run
    ):
        detail = {**vars(resolution), "models": list(models)}
        control.record(context.control, "people.resolve", detail)
    return resolution


@use_case
def people_unlink(context: Context, request: UnlinkPeople) -> UnlinkResult:
    """The splits that follow from a ruling, which every later run obeys.

    The persons concerned are decided anew by today's rules; all others stay as they are.
    """
    control.check_writable(context.control)
    given = (bool(request.accounts), request.person is not None, request.identifier is not None)
    if sum(given) != 1:
        raise InputError("Name either accounts, or a person, or an identifier to unlink.")
    lake = context.lake
    if request.accounts:
        ruling = people.pairs_of(lake, [people.account_named(a) for a in request.accounts])
    elif request.person is not None:
        ruling = people.pairs_of_person(lake, request.person)
    else:
        ruling = people.identifier_named(lake, request.identifier or "")
    rulings = people.write_ruling(lake, ruling, at=context.now, undo=request.undo)
    resolution = people.resolve(
        context.engine,
        lake,
        most_accounts=context.settings.identifier_max_accounts,
        models=people.models_used(lake),
        at=context.now,
    )
    splits = people.splits_of(lake, resolution.run) if resolution.changed else ()
    result = UnlinkResult(
        rulings=rulings,
        run=resolution.run,
        persons=resolution.persons,
        splits=splits,
        merges=resolution.merges,
        campaigns=people.campaigns_with(lake, sorted({s.person for s in splits})),
    )
    # Persons, not accounts: the audit log outlives an erasure.
    ruled = "identifier" if ruling.identifier else "accounts"
    control.record(
        context.control,
        "people.unlink",
        {**asdict(result), "ruled_out": ruled, "undo": request.undo},
    )
    return result


@use_case
def people_report(context: Context, request: ReportPeople | None = None) -> people.PeopleReport:
    """The people as of the last resolve run."""
    rows = (request or ReportPeople()).rows
    return people.report(context.engine, context.lake, rows=rows)


@use_case
def people_link(context: Context, request: LinkPeople) -> LinkResult:
    """The pairs of accounts that a model links, written to the lake beside the model.

    The attributes are read and forgotten; the workspace keeps pairs of accounts and the model.
    """
    control.check_writable(context.control)
    declaration = request.declaration
    if declaration.suffix != ".toml" and any(f.suffix == ".toml" for f in request.files):
        raise InputError(
            f"{declaration} is no link declaration: that is a .toml file and comes first,"
            " the files after it."
        )
    plan = people.parse_plan(file_text(declaration))
    model = _saved(context, plan.name) if request.trained else None
    rows = people.read_attributes(request.files, plan)
    matched = people.match(rows, plan, model=model, memory_limit=context.settings.memory_limit)
    pairs = people.account_pairs(matched.pairs, rows, plan.name)
    if model is None:
        text = json.dumps(matched.model, indent=1, ensure_ascii=False)
        context.place.write(model_file(plan.name), text.encode())
    people.write_pairs(context.lake, pairs, plan.name)
    result = LinkResult(
        model=plan.name,
        file=model_file(plan.name),
        trained=model is None,
        rows=rows.num_rows,
        pairs=pairs.num_rows,
        threshold=plan.threshold,
        expected_precision=people.expected_precision(pairs),
        untrained=matched.untrained,
        unreadable_dates=people.unreadable_dates(rows),
    )
    control.record(context.control, "people.link", vars(result))
    return result


def model_file(name: str) -> str:
    """Where a workspace keeps a link model."""
    return f"models/link/{name}.json"


@use_case
def erase_people(context: Context, request: ErasePeople) -> Erased:
    """What an erasure did, and what a search afterwards met.

    The accounts are suppressed first: no feed brings them back. Doing it again does no harm, and
    ends an erasure that died.
    """

    def to_remove(context: Context, target: Target) -> int:
        return _take_back(context, target, request.contacts)

    # Two that rewrite tables and remove files would take each other's.
    with one_at_a_time(context.place, "erasing"):
        empty_collector(context)
        return erasure.erase(
            context, request.accounts, whole_person=request.whole_person, to_remove=to_remove
        )


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


def _take_back(context: Context, target: Target, contacts: str | Path | None) -> int:
    """Deliver the removal lists of who is erased: afterwards nobody knows whom a channel has."""
    plain = [(source, spelt) for source, a in target.accounts for spelt in spellings(a)]
    leaving = pa.table(
        {"source": [s for s, _ in plain], "account": [a for _, a in plain]}, schema=ACCOUNTS
    )
    named = None if contacts is None else str(contacts)
    done = removals(context, contacts=named, leaving=leaving)
    for one in done:
        if one.problem is not None:
            raise CannotTellError(
                code="not_taken_back", channel=one.channel, campaign=one.campaign,
                why=str(one.problem),
            )  # fmt: skip
    return sum(one.accounts for one in done)


def _saved(context: Context, name: str) -> dict[str, Any]:
    saved = context.place.read(model_file(name))
    if saved is None:
        raise InputError(
            f"No link model {name!r} is saved. Leave out --trained to train it from these files."
        )
    model: dict[str, Any] = json.loads(saved)
    return model


def _check(accounts: tuple[Account, ...]) -> None:
    if not accounts:
        raise InputError("Name at least one account, with its source.")
    for source, account in accounts:
        if not source.strip() or not account.strip():
            raise InputError(f"An account has a source and an id, not {source!r} and {account!r}.")


def _stated(
    context: Context, source: str, account: str, purposes: tuple[str, ...], *, granted: bool
) -> Statement:
    # As feeds refuse them: it would be a raw identifier on the disk, or nobody's name.
    if looks_like_email(account) or looks_like_phone(account):
        raise InputError(
            "That is an e-mail address or a phone number, and no account: the house never stores"
            " one. Name the account by its id."
        )
    if plain_text(account).lower() in NOTHING:
        raise InputError(f"{account!r} stands for no account. Name the account by its id.")
    statement = consent.state(context, source, account, purposes, granted=granted)
    # Without the account: the audit log outlives people, and the row of consent names it.
    detail: dict[str, object] = {
        "source": source, "purposes": list(purposes), "granted": granted, "known": statement.known
    }  # fmt: skip
    control.record(context.control, "consent.grant" if granted else "consent.withdraw", detail)
    return statement
