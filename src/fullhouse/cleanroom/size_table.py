"""The free table of trait sizes: released once for some days and all tenants; and what it tells.

Only the budget of all together pays for it. Sizes of rules are computed from it alone, so that they
cost nothing, however many are asked for.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import numpy as np
from sqlalchemy import insert, select

from fullhouse.audiences.rule import Name, Rule
from fullhouse.cleanroom import ledger, log
from fullhouse.cleanroom.ledger import BudgetError, LedgerSpending
from fullhouse.cleanroom.people import CleanRoom, hidden_traits, house_control, room
from fullhouse.cleanroom.person_rows import STRATA, person_rows
from fullhouse.cleanroom.policy import Policy, nano
from fullhouse.cleanroom.private import NoisyNumber, TraitSizes
from fullhouse.cleanroom.question import Count, leaves_of
from fullhouse.cleanroom.release import ReleasedNumber, figure
from fullhouse.cleanroom.sizes import estimate_size, measure_sizes
from fullhouse.control.schema import ReleasedRow
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.stored import from_bytes, to_bytes
from fullhouse.core.values import HOUSE
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.traits import Trait
from fullhouse.traits.store import find_build
from fullhouse.traits.trait import Build
from fullhouse.workspace.context import Context

SIZES = "sizes"


@dataclass(frozen=True)
class SizeTable:
    """The noisy sizes of all traits, and the trait build that they are of."""

    sizes: TraitSizes
    build: int
    as_of: date

    def only(self, traits: Sequence[Trait]) -> "tuple[TraitSizes, list[Trait]]":
        """The sizes of those of some traits that the table has, and these, in one order."""
        by_name = {t.name: t for t in traits}
        places = [i for i, name in enumerate(self.sizes.traits) if name in by_name]
        names = [self.sizes.traits[i] for i in places]
        sizes = replace(
            self.sizes,
            traits=tuple(names),
            cells=self.sizes.cells[:, places],
            totals=self.sizes.totals[places],
            sigmas=self.sizes.sigmas[places],
            margins=self.sizes.margins[places],
            pairs=None,
        )
        return sizes, [by_name[name] for name in names]


@dataclass(frozen=True)
class _Listed:
    """A table that was released: its digest and the build that it is of."""

    digest: str
    build: int
    as_of: date


def size_table(context: Context, policy: Policy, as_of: date | None) -> SizeTable:
    """The free table as of a day: one that still serves, or one that is released now.

    A table serves builds as of up to `sizes.days` later, by the policy. Where all tenants together
    have no budget for a new one, the newest that there is serves on.
    """
    build = find_build(context.lake, as_of=as_of or context.today)
    days = int(policy["sizes.days"])
    with context.workspace.computing.holding((SIZES, build.id)):
        listed = _newest(context, build)
        serves = listed is not None and (
            listed.build == build.id or 0 < (build.as_of - listed.as_of).days <= days
        )
        if listed is not None and serves:
            return _read(context, listed)
        try:
            return _release(context, policy, build)
        except BudgetError:
            if listed is None:
                raise
            return _read(context, listed)


def house_sample(context: Context, as_of: date | None) -> AnalysisSample:
    """The people as of a day, read for the house: what is remembered of them is not a tenant's."""
    return analysis_sample(replace(context, tenant=HOUSE), as_of=as_of)


def tabled(context: Context, policy: Policy, traits: Sequence[Trait]) -> list[Trait]:
    """The traits that the free table has, by name: what any tenant may ask about.

    Nothing of a secret title is in it, of whichever tenant.
    """
    hidden = hidden_traits(context, traits, tenant=HOUSE)
    allowed = [t for t in traits if policy.allows_trait(t.name, t.family) and t.name not in hidden]
    return sorted(allowed, key=lambda trait: trait.name)


def rule_size(about: CleanRoom, table: SizeTable, text: str, minimum: int) -> ReleasedNumber:
    """The size of a tenant's rule from the table: an estimate within bounds that hold for sure."""
    rule = about.reader.normal(text)
    missing = sorted(_names_in(rule) - set(table.sizes.traits))
    if missing:
        raise InputError(code="no_free_size", trait=missing[0], as_of=table.as_of)
    size, people = estimate_size(table.sizes, rule), table.sizes.people
    # The bounds take how many people there are for known; that holds noise as well.
    share = size.low / people.value, size.high / people.value
    ends = share[0] * people.low, share[1] * people.high
    return within_bounds(NoisyNumber(size.value, *ends, people.sigma), minimum)


def within_bounds(size: NoisyNumber, minimum: int) -> ReleasedNumber:
    """A size with its bounds as it is shown: fewer than the minimum only where no more can be."""
    low, high = float(np.floor(size.low)), float(np.ceil(size.high))
    if high < minimum:
        return figure(0.0, 0.0, minimum=minimum)
    return ReleasedNumber(float(max(round(size.value), minimum)), low, high)


def nameable(about: CleanRoom, table: SizeTable) -> list[tuple[Trait, ReleasedNumber | None]]:
    """The traits that a tenant may name, by name, each with its free size where there is one."""
    place = {name: i for i, name in enumerate(table.sizes.traits)}

    def size(name: str) -> ReleasedNumber:
        number, most = table.sizes.size(place[name]), table.sizes.people.high
        return within_bounds(replace(number, high=min(number.high, most)), about.policy.minimum)

    return [
        (trait, size(trait.name) if trait.name in place else None)
        for trait in sorted(about.visible.traits, key=lambda trait: trait.name)
    ]


def sized_room(context: Context, policy: Policy, as_of: date | None) -> tuple[CleanRoom, SizeTable]:
    """A tenant's view of the people, and the table of sizes that serves it."""
    return room(context, policy, Count("everyone", as_of)), size_table(context, policy, as_of)


def _names_in(rule: Rule) -> set[str]:
    return {leaf.text for leaf in leaves_of(rule) if isinstance(leaf, Name)}


def _newest(context: Context, build: Build) -> _Listed | None:
    """Of the released tables the newest that is of no later day than a build, itself first."""
    query = (
        select(ReleasedRow.digest, ReleasedRow.question)
        .where(ReleasedRow.tenant == HOUSE)
        .where(ReleasedRow.kind == SIZES)
        .order_by(ReleasedRow.position)
    )
    with context.control.with_house().connect() as connection:
        tables = [_listed(row.digest, row.question) for row in connection.execute(query)]
    fitting = [t for t in tables if t.build == build.id or t.as_of < build.as_of]
    return max(fitting, key=lambda t: (t.as_of, t.build == build.id), default=None)


def _listed(digest: str, question: str) -> _Listed:
    """A table by what its row says: `build 3 as of 2025-09-04`."""
    words = question.split()
    return _Listed(digest, int(words[1]), date.fromisoformat(words[-1]))


def _read(context: Context, listed: _Listed) -> SizeTable:
    key = (SIZES, listed.digest)
    sizes: TraitSizes | None = context.models.get(key)
    if sizes is None:
        query = select(ReleasedRow.body).where(ReleasedRow.tenant == HOUSE)
        with context.control.with_house().connect() as connection:
            body = connection.scalar(query.where(ReleasedRow.digest == listed.digest))
        data = base64.b64decode(body or "")
        sizes = from_bytes(data)
        context.models.put(key, sizes, len(data))
    return SizeTable(sizes, listed.build, listed.as_of)


def _release(context: Context, policy: Policy, build: Build) -> SizeTable:
    with house_sample(context, build.as_of) as sample:
        traits = tabled(context, policy, sample.traits)
        names = "\n".join(trait.name for trait in traits)
        digest = sha256(f"{SIZES} build {build.id} {names}".encode()).hexdigest()
        listed = _Listed(digest, build.id, build.as_of)
        control, at = house_control(context), context.now
        epoch = policy.epoch(context.today)
        spending = LedgerSpending(HOUSE, SIZES, digest, nano(policy["sizes.rho"]), actor=HOUSE)
        reservation = ledger.reserve(control, policy, epoch, spending, at=at)
        try:
            (base,) = sample.people("everyone")
            sizes = measure_sizes(
                person_rows(sample.blocks, base, traits),
                [trait.name for trait in traits],
                STRATA,
                rho_nano=spending.rho,
                pairs_nano=None,
                most_traits=int(policy["bounds.traits"]),
            )
            body = base64.b64encode(to_bytes(sizes)).decode()
            detail: dict[str, str | int] = {
                "question": digest, "release": sha256(body.encode()).hexdigest(),
                "policy": policy.digest, "epoch": epoch.name, "nano_rho": spending.rho,
            }  # fmt: skip
            with control.begin() as connection:
                ledger.settle(connection, reservation, at=at)
                leaf = log.LogLeaf(HOUSE, "release.sizes", HOUSE, at, detail)
                row = {
                    "tenant": HOUSE, "digest": digest, "epoch": epoch.name, "title": "",
                    "campaign": "", "kind": SIZES, "body": body, "rho": spending.rho, "at": at,
                    "question": f"build {build.id} as of {build.as_of}",
                    "position": log.append(connection, leaf).position,
                    "reservation": reservation.id,
                }  # fmt: skip
                connection.execute(insert(ReleasedRow).values(**row))
        except BaseException as problem:
            ledger.cancel(control, reservation, at=context.now)
            # Another process may have been faster: its table stands.
            faster = _newest(context, build)
            if faster is not None and faster.build == build.id:
                return _read(context, faster)
            if isinstance(problem, FullhouseError) or not isinstance(problem, Exception):
                raise
            # What a library says may hold a number of the data.
            raise FullhouseError(code="release_failed", kind=SIZES) from None
    return _read(context, listed)
