"""The gate: a question becomes a release, or a price, or a refusal that says nothing of the data.

`ask` settles the form of a question, gives back the stored answer where there is one, reserves the
price, computes through the stages, adds noise, and then writes ledger row, answer and log leaf in
one transaction. A process that dies at any point leaves no answer without its row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from fullhouse.cleanroom import answers, ledger, log
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.implied import bounds
from fullhouse.cleanroom.ledger import LedgerSpending
from fullhouse.cleanroom.noise import opendp, sigma
from fullhouse.cleanroom.people import CleanRoom, house_control, needs_people, room
from fullhouse.cleanroom.policy import Epoch, Policy, half_width, load
from fullhouse.cleanroom.question import (
    Breakdown,
    Canonical,
    Cards,
    Count,
    Describe,
    MatchSize,
    Overlap,
    Question,
    ReachFrequency,
    Readout,
    RuleReader,
    canonical,
    on_day,
    question_day,
)
from fullhouse.cleanroom.release import Answer, GivenAnswer, Note, Price, Release
from fullhouse.cleanroom.roles import HOUSE_ACTOR, Thing, User, may
from fullhouse.cleanroom.size_table import size_table
from fullhouse.cleanroom.tenants import (
    check_active,
    films_of_one_tenant,
    find_user,
    own_title,
    titles,
)
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import campaign_named, campaigns, find_plan
from fullhouse.control.schema import MemberRow, ReleasedRow
from fullhouse.core.errors import (
    CancelledError,
    FullhouseError,
    InputError,
    NotFoundError,
    did_you_mean,
)
from fullhouse.core.faults import storage_fault
from fullhouse.core.values import HOUSE
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.workspace.context import Context

MOST_LOOKS = 100

"""What stands before the name of a user of the house who acts for a tenant."""

Compute = Callable[["PricedQuestion"], Computed]


IN_FORCE = "policy in force"
POLICY_LEAF = "policy.in_force"
"""The leaf that says which policy tenants are answered by, from when on."""


class PaidFailureError(FullhouseError):
    """A computation broke on the data: its price is kept, and no word of it leaves."""


@dataclass(frozen=True)
class PricedQuestion:
    """A question that may be asked: its form, what it would cost, and what it is asked of."""

    context: Context
    policy: Policy
    """Of the sources that the question draws on; `whole` is of all."""
    whole: Policy
    epoch: Epoch
    canonical: Canonical
    digest: str
    spending: LedgerSpending
    data: dict[str, str]
    room: CleanRoom | None = None
    campaign: SavedCampaign | None = None

    @property
    def question(self) -> Question:
        """The question in its canonical words."""
        return self.canonical.question

    @property
    def people(self) -> CleanRoom:
        """What the tenant's question is asked of; only a question about rules has it."""
        if self.room is None:
            raise TypeError(f"{self.question.kind} is not asked of rules")
        return self.room


def price(context: Context, question: Question, *, title: str | None = None) -> Price:
    """What a question would cost now, and what is left; nothing is spent or computed."""
    asked = prepare(context, question, title=title)
    stored = _stored(asked)
    rho = asked.spending.rho
    return Price(
        question.kind,
        0 if stored else rho,
        sigma(rho),
        half_width(rho),
        stored is not None,
        stored is not None
        or ledger.affordable(context.control, asked.policy, asked.epoch, asked.spending),
        ledger.left(context.control, asked.policy, asked.epoch, asked.spending),
        asked.epoch.name,
        asked.epoch.last.isoformat(),
    )


def ask(
    context: Context,
    question: Question,
    *,
    title: str | None = None,
    compute: Compute | None = None,
) -> Answer:
    """The answer to a tenant's question as a release; the same question again costs nothing.

    `compute` gives the noisy numbers of a question whose data is not in the workspace, such as a
    private match.
    """
    asked = prepare(context, question, title=title)
    stored = _stored(asked)
    if stored is not None:
        return stored
    compute = compute or COMPUTE.get(question.kind)
    if compute is None:
        raise InputError(code="asked_elsewhere", kind=question.kind)
    opendp()  # an error before anything is reserved, where it is not installed
    if isinstance(question, Cards):
        # Before the tenant pays: a table that all together have no budget for is no answer.
        size_table(context, asked.whole, question.as_of)
    with context.workspace.computing.holding((context.tenant, asked.digest)):
        stored = _stored(asked)
        return stored if stored is not None else _compute(asked, compute)


def prepare(context: Context, question: Question, *, title: str | None = None) -> PricedQuestion:
    """A question as it may be asked: an error where user, policy, title or wording forbids it."""
    check_active(context.control, context.tenant)
    check_may(context, "ask")
    policy = whole = load(context.place)
    note_policy(context, whole)
    policy.check(question)
    film, campaign = _title_of(context, question, title)
    about = room(context, policy, question) if needs_people(question) else None
    reader = RuleReader(_no_rule, _no_names) if about is None else about.reader
    form = canonical(question, reader, as_of=question_day(question, context.today))
    if about is not None:
        about.check_families(form.question)
        policy = policy.for_sources(about.sources(form.question))
        policy.check(form.question)
    data = {"as_of": question_day(question, context.today).isoformat()}
    if about is not None:
        build = about.population.build
        data = {"build": str(build.id), "as_of": build.as_of.isoformat()}
        form = canonical(on_day(form.question, build.as_of), reader, as_of=build.as_of)
    epoch = policy.epoch(context.today)
    if isinstance(question, MatchSize):
        # Not of a day: the same list in the same epoch gets the answer that it got.
        data = {"epoch": epoch.name}
    digest = form.digest(" ".join(f"{k} {v}" for k, v in sorted(data.items())))
    spending = LedgerSpending(
        context.tenant,
        question.kind,
        digest,
        policy.price(form.question),
        film,
        question.stage,
        "" if campaign is None or not isinstance(question, Readout) else campaign.name,
        context.actor,
    )
    return PricedQuestion(
        context, policy, whole, epoch, form, digest, spending, data, about, campaign
    )


def digest_of_match(question: MatchSize, epoch: Epoch) -> str:
    """The digest under which a match of an epoch is stored."""
    reader = RuleReader(_no_rule, _no_names)
    form = canonical(question, reader, as_of=epoch.last)
    return form.digest(f"epoch {epoch.name}")


def set_aside(context: Context, name: str, looks: int) -> None:
    """Set the budget of a campaign's planned readouts aside, so that none can be refused."""
    check_active(context.control, context.tenant)
    check_may(context, "launch")
    if not 1 <= looks <= MOST_LOOKS:
        raise InputError(f"A campaign has 1 to {MOST_LOOKS} planned looks, not {looks}.")
    policy = load(context.place)
    question = Readout(name)
    policy.check(question)
    campaign = own_campaign(context, name)
    spending = LedgerSpending(
        context.tenant,
        ledger.ALLOT,
        sha256(f"{ledger.ALLOT} {name}".encode()).hexdigest(),
        looks * policy.price(question),
        campaign.film,
        question.stage,
        campaign.name,
        context.actor,
    )
    epoch = policy.epoch(context.today)
    ledger.set_aside(context.control, policy, epoch, spending, at=context.now)


def check_may(context: Context, verb: str, *, tenant: str | None = None) -> None:
    """An error when the user of a context may not do something to a tenant's objects."""
    user = user_of(context)
    if user.suspended:
        raise InputError("Your access is suspended. Ask an owner of your account.")
    if context.scopes is not None and verb not in context.scopes:
        raise InputError(f"This key or session may not {verb}: it is good for less than its user.")
    if not may(user, verb, Thing(tenant or context.tenant)):
        raise InputError(f"As {user.role} you may not {verb} here. Ask an owner of your account.")


def user_of(context: Context) -> User:
    """Who acts: a user of the tenant, or one of the house who acts for it."""
    if not context.actor.startswith(HOUSE_ACTOR):
        return find_user(context.control, context.tenant, context.actor)
    name = context.actor.removeprefix(HOUSE_ACTOR)
    with context.control.with_house().session() as session:
        row = session.get(MemberRow, (HOUSE, name))
    if row is None:
        return User(name, HOUSE, "operator")
    return User(name, HOUSE, row.role, row.suspended_at is not None)


def released(context: Context, digest: str) -> Answer | None:
    """An answer that the tenant was given, by the digest of its question."""
    with context.control.connect() as connection:
        row = connection.execute(
            select(ReleasedRow.body, ReleasedRow.position)
            .where(ReleasedRow.tenant == context.tenant)
            .where(ReleasedRow.digest == digest)
        ).first()
    if row is None:
        return None
    body = row.body.encode()
    return Answer(Release.from_bytes(body), body, 0, (), {"position": row.position}, digest)


def given(context: Context) -> tuple[GivenAnswer, ...]:
    """Every answer that the tenant was given, the newest first."""
    names = list(GivenAnswer.__dataclass_fields__)
    rows = context.control.own(*(getattr(ReleasedRow, name) for name in names))
    with context.control.connect() as connection:
        ordered = connection.execute(rows.order_by(ReleasedRow.position.desc()))
        return tuple(GivenAnswer(**row) for row in ordered.mappings())


def _stored(asked: PricedQuestion) -> Answer | None:
    return released(asked.context, asked.digest)


def _compute(asked: PricedQuestion, compute: Compute) -> Answer:
    context, control = asked.context, asked.context.control
    reservation = ledger.reserve(control, asked.policy, asked.epoch, asked.spending, at=context.now)
    try:
        release = _release(asked, _computed(asked, compute))
        body = release.to_bytes()
        position = _settle(asked, reservation, release, body)
    except IntegrityError:
        # Another process was faster with the same question: its answer stands.
        ledger.cancel(control, reservation, at=context.now)
        stored = _stored(asked)
        if stored is None:
            raise
        return stored
    except PaidFailureError:
        _keep_price(asked, reservation)
        raise
    except BaseException:
        ledger.cancel(control, reservation, at=context.now)
        raise
    left = ledger.left(control, asked.policy, asked.epoch, asked.spending)
    receipt = {"position": position}
    return Answer(release, body, asked.spending.rho, left, receipt, asked.digest)


def _computed(asked: PricedQuestion, compute: Compute) -> Computed:
    """The noisy numbers, or that there are none.

    What a stage says when it cannot tell depends on the data: it is released as no more than
    that, for the full price, and its words and facts stay here.
    """
    try:
        return compute(asked)
    except CancelledError:
        raise
    except FullhouseError:
        return Computed((), (), (Note("cannot_tell"),))
    except Exception as problem:
        # Whatever it says may hold a number of the data; so may that it failed at all, unless it
        # is the machine that failed.
        if storage_fault(problem) is not None:
            raise FullhouseError(code="release_failed", kind=asked.question.kind) from None
        raise PaidFailureError(code="release_failed_paid", kind=asked.question.kind) from None


def _keep_price(asked: PricedQuestion, reservation: ledger.Reservation) -> None:
    """A computation that broke is paid, and a leaf of the log: a question that fails for some data
    and not for others would be a free yes or no about them.
    """
    context, at = asked.context, asked.context.now
    detail: dict[str, str | int] = {"question": asked.digest, "nano_rho": asked.spending.rho}
    leaf = log.LogLeaf(context.tenant, f"failed.{asked.question.kind}", context.actor, at, detail)
    with context.control.begin() as connection:
        ledger.settle(connection, reservation, at=at)
        log.append(connection, leaf)


def note_policy(context: Context, policy: Policy) -> None:
    """A policy that was edited by hand is a leaf of the house's log when it is first in force."""
    # What a cache holds is never replaced: so it holds a place for the digest that was in force.
    last: list[str] = context.models.compute(IN_FORCE, lambda: [""], len)
    if last[0] == policy.digest:
        return
    house = replace(house_control(context), actor=HOUSE)
    leaves = (leaf for leaf in log.entries(house) if leaf.kind == POLICY_LEAF)
    newest = next(leaves, None)
    if newest is None or policy.digest not in newest.body:
        files = ", ".join(policy.files)
        detail: dict[str, str | int] = {"policy": policy.digest, "files": files}
        with house.begin() as connection:
            leaf = log.LogLeaf(HOUSE, POLICY_LEAF, HOUSE, context.now, detail)
            log.append(connection, leaf)
    last[0] = policy.digest


def _release(asked: PricedQuestion, computed: Computed) -> Release:
    return Release(
        kind=asked.question.kind,
        question=_words(asked.question),
        lines=computed.lines,
        minimum=asked.policy.minimum,
        noise=computed.noise,
        epoch=asked.epoch.name,
        data=asked.data,
        rho=asked.spending.rho,
        policy=asked.whole.digest,
        notes=computed.notes,
    )


def _words(question: Question) -> dict[str, Any]:
    values = {name: getattr(question, name) for name in vars(question) if not name.startswith("_")}
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in values.items()}


def _settle(
    asked: PricedQuestion, reservation: ledger.Reservation, release: Release, body: bytes
) -> int:
    """Ledger row, answer and log leaf in one transaction: all of them, or none."""
    context, spending = asked.context, asked.spending
    at = context.now
    detail: dict[str, str | int] = {
        "question": asked.digest,
        "release": release.digest,
        "policy": release.policy,
        "title": spending.title,
        "epoch": asked.epoch.name,
        "nano_rho": spending.rho,
    }
    with context.control.begin() as connection:
        ledger.settle(connection, reservation, at=at)
        leaf = log.LogLeaf(spending.tenant, f"release.{release.kind}", spending.actor, at, detail)
        position = log.append(connection, leaf).position
        row = {
            "tenant": spending.tenant,
            "digest": asked.digest,
            "epoch": asked.epoch.name,
            "title": spending.title,
            "campaign": spending.campaign,
            "kind": release.kind,
            "question": asked.canonical.form,
            "body": body.decode(),
            "position": position,
            "rho": spending.rho,
            "reservation": reservation.id,
            "at": at,
        }
        connection.execute(insert(ReleasedRow).values(**row))
    return position


def _title_of(
    context: Context, question: Question, title: str | None
) -> tuple[str, SavedCampaign | None]:
    """The tenant's own title that pays, and the campaign that the question names."""
    control = context.control
    if isinstance(question, Cards):
        return own_title(control, context.tenant, question.film), None
    if isinstance(question, ReachFrequency | Readout):
        campaign = own_campaign(context, question.campaign)
        return campaign.film, campaign
    if title is not None:
        return own_title(control, context.tenant, title), None
    own = [t.film for t in titles(control, context.tenant)]
    if len(own) != 1:
        raise InputError(
            "Say which of your titles a question is for, since it pays:"
            f" {', '.join(own) or 'the house has given you none yet'}."
        )
    return own[0], None


def own_campaign(context: Context, name: str) -> SavedCampaign:
    """A campaign of the tenant, or of the house for a title that is this tenant's alone.

    Any other gives the same error in the same words, whether it exists or not.
    """
    own = own_campaigns(context)
    if name in own:
        return own[name]
    raise NotFoundError(f"No campaign {name!r} of yours.{did_you_mean(name, own)}")


def own_campaigns(context: Context) -> dict[str, SavedCampaign]:
    """The campaigns that a tenant may ask about, by name."""
    alone = films_of_one_tenant(context.control, context.tenant)
    of_house = [c for c in campaigns(house_control(context)) if c.film in alone]
    return {c.name: c for c in (*of_house, *campaigns(context.control))}


def _no_rule(text: str) -> Any:
    raise TypeError(f"no rule is read here: {text}")


def _no_names(text: str) -> Any:
    raise TypeError(f"no name is read here: {text}")


def _count(asked: PricedQuestion) -> Computed:
    assert isinstance(asked.question, Count)
    rho, minimum = asked.spending.rho, asked.policy.minimum
    least, most = bounds(
        asked.context.control, asked.canonical.form, asked.data, rho=rho, minimum=minimum
    )
    return answers.count(asked.people, asked.question, rho, least=least, most=most)


def _breakdown(asked: PricedQuestion) -> Computed:
    assert isinstance(asked.question, Breakdown)
    return answers.breakdown(asked.people, asked.question, asked.spending.rho)


def _overlap(asked: PricedQuestion) -> Computed:
    assert isinstance(asked.question, Overlap)
    return answers.overlap(asked.people, asked.question, asked.spending.rho)


def _describe(asked: PricedQuestion) -> Computed:
    assert isinstance(asked.question, Describe)
    return answers.describe(asked.people, asked.question, asked.spending.rho)


def _reach(asked: PricedQuestion) -> Computed:
    # Imported here: a count needs no campaign.
    from fullhouse.measurement.exposure import contacts_by_person

    campaign = asked.campaign
    assert isinstance(asked.question, ReachFrequency)
    assert campaign is not None
    plan = campaign_plan(asked.context, campaign)
    context, lines = asked.context, [line.id for line in plan.lines]
    contacts = contacts_by_person(
        context.engine,
        context.lake,
        lines=lines,
        first=min(line.week for line in plan.lines),
        until=question_day(asked.question, context.today),
        campaign=campaign.name,
    )
    cap = int(asked.policy["bounds.frequency"])
    return answers.reach(contacts, cap, asked.policy.minimum, asked.spending.rho)


def campaign_plan(context: Context, campaign: SavedCampaign) -> Plan:
    """The plan that a campaign carries out, whoever of tenant and house launched it."""
    for control in (context.control, house_control(context)):
        if campaign_named(control, campaign.name) == campaign:
            return plan_from(find_plan(control, f"{campaign.plan}@{campaign.plan_version}").body)
    raise NotFoundError(f"No campaign {campaign.name!r} of yours.")


def _cards(asked: PricedQuestion) -> Computed:
    # Imported here: a count needs no discovery.
    from fullhouse.cleanroom.film_cards import cards

    assert isinstance(asked.question, Cards)
    return cards(asked.context, asked.whole, asked.question, asked.spending.rho)


def _readout(asked: PricedQuestion) -> Computed:
    # Imported here: a count needs no campaign.
    from fullhouse.cleanroom.film_readout import readout

    campaign = asked.campaign
    assert isinstance(asked.question, Readout)
    assert campaign is not None
    plan = campaign_plan(asked.context, campaign)
    return readout(asked.context, asked.policy, asked.question, campaign, plan, asked.spending.rho)


COMPUTE: dict[str, Compute] = {
    "readout": _readout,
    "cards": _cards,
    "count": _count,
    "breakdown": _breakdown,
    "overlap": _overlap,
    "describe": _describe,
    "reach": _reach,
}
