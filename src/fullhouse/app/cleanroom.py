"""What a tenant may do: ask, see the price first, and read what it was given and what it spent.

Nothing here touches a stage: a question goes to the gate, and comes back as a release. Sizes of
rules come from the free table, which is a release already.
"""

from dataclasses import dataclass, replace
from datetime import date

from fullhouse.app.use_case import tenant_case
from fullhouse.cleanroom import gate, ledger, log
from fullhouse.cleanroom.ledger import BudgetError, LedgerEntry
from fullhouse.cleanroom.people import CleanRoom
from fullhouse.cleanroom.policy import Policy, PolicyError, half_width, load
from fullhouse.cleanroom.question import Count, Question
from fullhouse.cleanroom.release import (
    Answer,
    BudgetLeft,
    ForTenants,
    GivenAnswer,
    NamedTrait,
    NamedTraits,
    Price,
    RuleSizes,
    SizedRule,
)
from fullhouse.cleanroom.size_table import (
    SizeTable,
    nameable,
    rule_size,
    sized_room,
    within_bounds,
)
from fullhouse.cleanroom.tenants import Title, check_active, titles
from fullhouse.core.errors import FullhouseError, InputError, NotFoundError
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE, check_rows
from fullhouse.workspace.context import Context

MOST_RULES = 100
"""Rules whose sizes are given at once."""


@request
class Ask:
    """A question, and the tenant's own title that pays for it; one needs no naming."""

    question: Question
    title: str | None = None


@request
class ReadRelease:
    """An answer that the tenant was given, by the digest of its question."""

    digest: str


@request
class ReserveLooks:
    """A campaign whose readouts are to be paid in advance, and how many looks are planned."""

    campaign: str
    looks: int


@request
class SizeRules:
    """Rules whose free sizes are wanted, as of a day (today)."""

    rules: tuple[str, ...]
    as_of: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.rules) <= MOST_RULES:
            raise InputError(f"Sizes are of 1 to {MOST_RULES} rules, not {len(self.rules)}.")


@request
class FindTraits:
    """Traits that a tenant may name: whose name or label holds a text, of a family; the first."""

    search: str = ""
    family: str | None = None
    as_of: date | None = None
    most: int = 100

    def __post_init__(self) -> None:
        check_rows(self.most)


@dataclass(frozen=True)
class BudgetStatement(ForTenants):
    """A tenant's titles, what is left of its budgets, and every row of its ledger since ever."""

    tenant: str
    titles: tuple[Title, ...]
    budgets: tuple[tuple[str, BudgetLeft], ...]
    entries: tuple[LedgerEntry, ...]
    spent: int


@dataclass(frozen=True)
class Answers(ForTenants):
    """The answers that a tenant was given, the newest first."""

    answers: tuple[GivenAnswer, ...]


@tenant_case
def room_price(context: Context, request: Ask) -> Price:
    """What a question would cost and what is left, before and after; nothing is spent."""
    _check_tenant(context)
    try:
        return gate.price(context, request.question, title=request.title)
    except PolicyError as refused:
        _log_refusal(context, request.question, refused)
        raise


@tenant_case
def room_ask(context: Context, request: Ask) -> Answer:
    """The answer to a question, as a release; the same question again costs nothing."""
    _check_tenant(context)
    try:
        return gate.ask(context, request.question, title=request.title)
    except (PolicyError, BudgetError) as refused:
        _log_refusal(context, request.question, refused)
        raise


@tenant_case
def room_release(context: Context, request: ReadRelease) -> Answer:
    """An answer that the tenant was given before, as the same bytes."""
    _check_tenant(context)
    gate.check_may(context, "read")
    answer = gate.released(context, request.digest)
    if answer is None:
        raise NotFoundError(f"No answer {request.digest[:64]!r} of yours.")
    return answer


@tenant_case
def room_releases(context: Context) -> Answers:
    """What the tenant was answered so far, the newest first; each is read by its digest."""
    _check_tenant(context)
    gate.check_may(context, "read")
    return Answers(gate.given(context))


@tenant_case
def room_reserve(context: Context, request: ReserveLooks) -> BudgetStatement:
    """Set budget aside for a campaign's planned looks; no other question can spend it."""
    _check_tenant(context)
    gate.set_aside(context, request.campaign, request.looks)
    return _statement(context)


@tenant_case
def room_sizes(context: Context, request: SizeRules) -> RuleSizes:
    """The sizes of rules from the free table: estimates within bounds, at no cost."""
    about, table, policy = _sized(context, request.as_of)
    sizes = tuple(
        SizedRule(rule, rule_size(about, table, rule, policy.minimum)) for rule in request.rules
    )
    everyone = within_bounds(table.sizes.people, policy.minimum)
    price = policy.price(Count("everyone"))
    return RuleSizes(sizes, everyone, table.as_of, table.build, price, half_width(price))


@tenant_case
def room_traits(context: Context, request: FindTraits | None = None) -> NamedTraits:
    """The traits that a tenant may name, each with its free size."""
    wanted = request or FindTraits()
    about, table, _ = _sized(context, wanted.as_of)
    family = about.of_family(wanted.family) if wanted.family else None
    search = wanted.search.strip().casefold()
    fitting = [
        NamedTrait(trait.name, trait.family, trait.label, size)
        for trait, size in nameable(about, table)
        if (family is None or trait.name in family)
        and search in f"{trait.name} {trait.label}".casefold()
    ]
    families = tuple(sorted(about.families))
    shown = tuple(fitting[: max(wanted.most, 0)])
    return NamedTraits(shown, len(fitting), families, table.as_of, table.build)


def _sized(context: Context, as_of: date | None) -> tuple[CleanRoom, SizeTable, Policy]:
    """A tenant's view of the people and the free table, where the policy allows counts at all."""
    _check_tenant(context)
    check_active(context.control, context.tenant)
    gate.check_may(context, "read")
    policy = load(context.place)
    policy.check(Count("everyone"))
    return *sized_room(context, policy, as_of), policy


@tenant_case
def room_statement(context: Context) -> BudgetStatement:
    """What the tenant has spent since ever, on what, and what is left."""
    _check_tenant(context)
    return _statement(context)


def _statement(context: Context) -> BudgetStatement:
    gate.check_may(context, "read")
    control, tenant = context.control, context.tenant
    budgets = ((epoch, budget) for _, epoch, budget in ledger.budgets(control, tenant=tenant))
    # Numbered anew: the gaps between the ledger's own numbers would tell how much rivals spend.
    entries = enumerate(ledger.entries(control, tenant=tenant), start=1)
    return BudgetStatement(
        tenant,
        titles(control, tenant),
        tuple(budgets),
        tuple(replace(entry, id=number) for number, entry in entries),
        ledger.spent(control, tenant=tenant),
    )


def _check_tenant(context: Context) -> None:
    if context.tenant == HOUSE:
        raise InputError("A release is for a tenant: say which, with --as TENANT.")


def _log_refusal(context: Context, question: Question, refused: FullhouseError) -> None:
    """A refusal is a leaf of the tenant's log: of what kind, and why, by code."""
    detail: dict[str, str | int] = {"code": refused.code}
    leaf = log.LogLeaf(
        context.tenant, f"refused.{question.kind}", context.actor, context.now, detail
    )
    with context.control.begin() as connection:
        log.append(connection, leaf)
