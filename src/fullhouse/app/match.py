"""Private match: how many of a studio's customers the house knows. Files go between the two.

The studio's side (`request`, `respond`) needs no workspace, and sends no list in the clear.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from fullhouse import audiences
from fullhouse.app.use_case import tenant_case, use_case
from fullhouse.audiences.save import save_people
from fullhouse.campaigns.account_files import columns_of, read_columns
from fullhouse.cleanroom import gate, ledger, private_match
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.match_people import Contacts, contacts_of
from fullhouse.cleanroom.noise import noisy, sigma
from fullhouse.cleanroom.policy import Policy, PolicyError, load
from fullhouse.cleanroom.private_match import Message
from fullhouse.cleanroom.question import MatchSize
from fullhouse.cleanroom.release import Z95, Answer, ForTenants, Noise, ReleasedLine, figure
from fullhouse.cleanroom.tenants import check_active
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE, check_slug
from fullhouse.workspace.context import Context

PURPOSE = "analytics"


@request
class RequestMatch:
    """A studio's list of customers; `act` lets the house learn who is on it, and act on it."""

    file: Path
    kind: str = ""
    phone_region: str = "US"
    act: bool = False


@request
class ChallengeMatch:
    """The house's side of a tenant's request, by the contacts of its people."""

    tenant: str
    request: Path
    contacts: Path


@request
class RespondMatch:
    """The studio's response to a challenge, by the secret of its request."""

    challenge: Path
    key: Path


@request
class AnswerMatch:
    """What came of a match: its size with noise; with `audience`, the people kept in the house."""

    request: Path
    response: Path
    key: Path
    title: str | None = None
    audience: str | None = None
    contacts: Path | None = None


@dataclass(frozen=True)
class Requested:
    """A request with its secret, and how much of the list was of use."""

    message: Message
    secret: Message
    identifiers: int
    invalid: int


@dataclass(frozen=True)
class MatchAnswered(ForTenants):
    """The released size of a match, and the audience of the house that was kept, by name."""

    answer: Answer
    audience: str = ""
    version: int = 0


def match_request(asked: RequestMatch) -> Requested:
    """A list as a request: at the studio, without a workspace."""
    kind = asked.kind or _kind(asked.file)
    rows: pa.Table = read_columns(asked.file, required=(kind,), what="The list")
    texts = rows[kind].to_pylist()
    ids, invalid = private_match.elements(kind, texts, phone_region=asked.phone_region)
    if not ids:
        raise InputError(f"The list has no {kind} that can be one.")
    message, secret = private_match.make_request(kind, ids, act=asked.act)
    return Requested(message, secret, len(ids), invalid)


@use_case
def match_challenge(context: Context, asked: ChallengeMatch) -> tuple[Message, Message]:
    """The house's challenge to a tenant's request, and what the house keeps until the response.

    What the policy forbids is refused before anything is computed.
    """
    check_active(context.control, asked.tenant)
    message = _read(asked.request, private_match.REQUEST)
    private_match.check_request(message)
    as_tenant = replace(context, tenant=asked.tenant)
    policy = _checked(as_tenant, message)
    contacts = _contacts(context, policy, message, asked.contacts)
    context.progress("Blinding contacts")
    return private_match.make_challenge(message, contacts.ids, context.key)


def match_respond(asked: RespondMatch) -> Message:
    """The studio's response to a challenge: at the studio, without a workspace."""
    challenge = _read(asked.challenge, private_match.CHALLENGE)
    return private_match.respond(challenge, _read(asked.key, private_match.SECRET))


@tenant_case
def match_answer(context: Context, asked: AnswerMatch) -> MatchAnswered:
    """The size of a match as a release; the exact one is computed, noised and forgotten."""
    if context.tenant == HOUSE:
        raise InputError("A match is a tenant's: say which, with --as TENANT.")
    message = _read(asked.request, private_match.REQUEST)
    response = _read(asked.response, private_match.RESPONSE)
    kept = _read(asked.key, private_match.SECRET)
    private_match.check_request(message)
    private_match.check_response(message, response, kept)
    policy = _checked(context, message)
    contacts = None
    if asked.audience is not None:
        contacts = _to_keep(context, policy, message, kept, asked)

    def compute(question: gate.PricedQuestion) -> Computed:
        if message.facts["act"]:
            exact = len(private_match.places(message, response, kept))
        else:
            exact = private_match.exact_size(message, response, kept)
        return _released(question, message, exact)

    question = _question(message)
    answer = gate.ask(context, question, title=asked.title, compute=compute)
    if contacts is None or asked.audience is None:
        return MatchAnswered(answer)
    everyone = contacts.people(private_match.places(message, response, kept))
    saved = save_people(
        context,
        asked.audience,
        f"match {message.facts['list'][:16]}",
        everyone,
        build=audiences.population(context).build,
        purpose=PURPOSE,
    )
    return MatchAnswered(answer, saved.name, saved.version)


def _released(question: gate.PricedQuestion, message: Message, exact: int) -> Computed:
    """The size with noise for as many identifiers as one person may bring."""
    most = int(question.policy["match.identifiers"])
    spread = sigma(question.spending.rho, most)
    value = noisy(exact, question.spending.rho, most)
    of_list = message.facts["identifiers"]
    shown = figure(
        min(max(value, 0), of_list), Z95 * spread, minimum=question.policy.minimum,
        unit="identifiers",
    )  # fmt: skip
    line = ReleasedLine({"list": str(message.facts["list"])[:16]}, {"identifiers": shown})
    noise = Noise(spread, float(most), {"identifiers_per_person": float(most)})
    return Computed((line,), (noise,))


def _checked(context: Context, message: Message) -> Policy:
    """The policy, where it allows this list and one more."""
    policy = load(context.place)
    question = _question(message)
    policy.check(question)
    epoch = policy.epoch(context.today)
    entries = ledger.entries(context.control, tenant=context.tenant, epoch=epoch.name)
    paid = {e.digest for e in entries if e.kind == MatchSize.kind and e.step == "settle"}
    known = gate.digest_of_match(question, epoch)
    if known not in paid and len(paid) >= policy["match.lists"]:
        raise PolicyError(code="policy_lists", lists=len(paid), **policy.where("match.lists"))
    return policy


def _to_keep(
    context: Context, policy: Policy, message: Message, kept: Message, asked: AnswerMatch
) -> Contacts:
    """Whose contacts the challenge was made of, where they may be kept as an audience."""
    check_slug(asked.audience or "", what="The name of an audience")
    if not policy["allow.accounts"]:
        raise PolicyError(code="policy_accounts", **policy.where("allow.accounts"))
    if not message.facts["act"]:
        raise InputError(
            "The studio's request does not let the house learn who is on its list: it needs --act."
        )
    if asked.contacts is None:
        raise InputError("To keep an audience, give --contacts with the file of the challenge.")
    contacts = _contacts(context, policy, message, asked.contacts)
    if not private_match.is_of(kept, contacts.ids):
        raise InputError(code="match_people_changed")
    return contacts


def _contacts(context: Context, policy: Policy, message: Message, file: Path) -> Contacts:
    return contacts_of(
        context.lake,
        audiences.population(context, purpose=PURPOSE),
        file,
        message.facts["kind"],
        most=int(policy["match.identifiers"]),
        phone_region=context.settings.phone_region,
    )


def _question(message: Message) -> MatchSize:
    return MatchSize(message.facts["list"], message.facts["identifiers"])


def _kind(file: Path) -> str:
    """The kind of identifiers of a list that has one column of one."""
    kinds = [k for k in private_match.KINDS if k in columns_of(file, what="The list")]
    if len(kinds) != 1:
        raise InputError(
            f"{file.name} needs one column named email or phone; say which with --kind where it has"
            " both."
        )
    return kinds[0]


def _read(file: Path, form: str) -> Message:
    try:
        return private_match.message(file.read_bytes(), form)
    except OSError as problem:
        raise InputError(f"Cannot read {file}: {(problem.strerror or '').lower()}.") from None
