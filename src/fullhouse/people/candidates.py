"""Pairs of accounts that may be one person: those that share an identifier, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.engine import Scratch
from fullhouse.engine.expr import ibis
from fullhouse.people.accounts import numbered
from fullhouse.people.agreement import (
    ADDRESS,
    BITS,
    CLOSE,
    DIFFERENT,
    FACTS,
    HOUSEHOLD_BLOCK,
    IDENTIFIER_BLOCK,
    MISSING,
    NAME_BLOCK,
    NAME_KINDS,
    SAME,
    SAME_SOURCE,
    SHARING,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHARD_ROWS = 8_000_000
"""Identifier rows grouped at a time: the hash table of more would not fit in a small memory."""
HOUSEHOLD_ACCOUNTS = 2
"""An address may have so many times the accounts of another identifier: a household has several
people, each with some."""
PLACEHOLDER_PEOPLE = 4
"""An identifier whose accounts give so many birth years is a placeholder and links nobody."""
MOST_OF_ONE_SOURCE = 6
"""Accounts of one source that may share an identifier with no fact that confirms one person."""
USUAL_CROWDS, USUAL_SHARE = 10, 0.05
"""A source where at least so many identifiers of a kind, and such a share of the shared ones, have
more accounts opens an account at each visit: there a crowd is no sign of a placeholder."""
MOST_KINDS = 16
_NAME_AND_BIRTH = "name and birth"
_GENDERS = ("female", "male", "other")


@dataclass(frozen=True)
class Candidates:
    """Pairs to be judged, what is known of their accounts, and identifiers that link nobody.

    `members` has a row for each account that shares something: `i` its number, `node`, source,
    birth_year, gender. `pairs` has i, j, block, pattern. `comparisons` names the levels packed in
    a pattern, lowest bits first.
    """

    members: ir.Table
    pairs: ir.Table
    comparisons: tuple[str, ...]
    refused: pa.Table


def candidates(
    scratch: Scratch,
    identifiers: ir.Table,
    statements: ir.Table,
    accounts: ir.Table,
    *,
    most: int,
    unlinked: ir.Table | None,
    shard_rows: int = SHARD_ROWS,
) -> Candidates:
    """The pairs of accounts that share an identifier which few share.

    `statements` is what sources state of accounts, `accounts` their nodes, `unlinked` the
    identifiers (kind, digest) that an operator ruled out. An identifier that more than `most`
    accounts share, or that facts show to be a placeholder, links nobody and is returned as
    refused: (kind, digest, accounts), in order.
    """
    kinds = scratch.engine.arrow(identifiers.select("kind").distinct())["kind"].to_pylist()
    linking = sorted(k for k in kinds if k != ADDRESS and k not in NAME_KINDS)[:MOST_KINDS]
    named = [k for k in NAME_KINDS if k in kinds]
    blocks = identifiers.select("kind", "digest", "source", "account")
    blocks = blocks.filter(~blocks.kind.isin(list(NAME_KINDS)))
    names = _names(scratch, identifiers, statements, named)
    if names is not None:
        blocks = blocks.union(_name_and_birth(names, named))
    shared, too_many = _shared(scratch, blocks, most=most, unlinked=unlinked, rows=shard_rows)
    members = _members(scratch, shared, identifiers, statements, accounts, names, linking)
    ours = members.select("i", "source", "account", "birth_year", "gender")
    groups = shared.join(ours, ["source", "account"])
    groups = scratch.keep(groups.select("kind", "digest", "i", "source", "birth_year", "gender"))
    scratch.forget(shared)
    crowds = scratch.keep(_crowds(groups))
    placeholders = scratch.engine.arrow(
        crowds.filter(crowds.placeholder).select("kind", "digest", "accounts")
    )
    pairs, comparisons = _pairs(scratch, groups, crowds, members, linking, named)
    scratch.forget(groups, crowds)
    refused = pa.concat_tables([too_many, placeholders.cast(too_many.schema)])
    # What was put together from a name and a birth date is no identifier anyone could look for.
    refused = refused.filter(pa.compute.not_equal(refused["kind"], _NAME_AND_BIRTH))
    order = [("kind", "ascending"), ("digest", "ascending")]
    return Candidates(members, pairs, comparisons, refused.sort_by(order))


def digest_ranges(shards: int) -> list[tuple[str | None, str | None]]:
    """Ranges of hexadecimal digests, from and below, that together cover every text."""
    cuts = [f"{65536 * i // shards:04x}" for i in range(1, shards)]
    return list(zip([None, *cuts], [*cuts, None], strict=True))


def _shared(
    scratch: Scratch, blocks: ir.Table, *, most: int, unlinked: ir.Table | None, rows: int
) -> tuple[ir.Table, pa.Table]:
    """Rows (kind, digest, source, account) of what two to `most` accounts share; the refused."""
    shards = max(-(-scratch.count(blocks) // rows), 1)
    parts, refused = [], []
    for low, high in digest_ranges(shards):
        inside = blocks
        if low is not None:
            inside = inside.filter(inside.digest >= low)
        if high is not None:
            inside = inside.filter(inside.digest < high)
        part, too_many = _shard(scratch, inside, most, unlinked)
        parts.append(part)
        refused.append(too_many)
    whole = parts[0]
    if len(parts) > 1:
        whole = scratch.keep(reduce(lambda one, two: one.union(two), parts))
        scratch.forget(*parts)
    return whole, pa.concat_tables(refused)


def _shard(
    scratch: Scratch, blocks: ir.Table, most: int, unlinked: ir.Table | None
) -> tuple[ir.Table, pa.Table]:
    # Most identifiers belong to one account: only the others are looked at closely.
    counted = blocks.group_by("kind", "digest").aggregate(rows=blocks.count())
    several = blocks.semi_join(counted.filter(counted.rows > 1), ["kind", "digest"])
    if unlinked is not None:
        several = several.anti_join(unlinked, ["kind", "digest"])
    # Distinct: a feed that is loaded twice does not make an identifier shared.
    rows = scratch.keep(several.distinct())
    shared = scratch.keep(rows.group_by("kind", "digest").aggregate(accounts=rows.count()))
    limit = ibis.ifelse(shared.kind == ADDRESS, HOUSEHOLD_ACCOUNTS * most, most)
    refused = scratch.engine.arrow(shared.filter(shared.accounts > limit))
    few = shared.filter((shared.accounts > 1) & (shared.accounts <= limit))
    part = scratch.keep(rows.semi_join(few.select("kind", "digest"), ["kind", "digest"]))
    scratch.forget(rows, shared)
    return part, refused


def _names(
    scratch: Scratch, identifiers: ir.Table, statements: ir.Table, named: Sequence[str]
) -> ir.Table | None:
    """What is compared of names, with the birth year: one row an account; None without names.

    Digests are cut to 16 digits, which differ where the digests do but for one case in 10^19. An
    account with several names of a kind is compared by its first and its last.
    """
    if not named:
        return None
    rows = identifiers.filter(identifiers.kind.isin(list(named)))
    rows = rows.mutate(short=rows.digest.left(16))
    wanted = {}
    for kind in named:
        wanted[f"{kind}_low"] = rows.short.min(where=rows.kind == kind)
        wanted[f"{kind}_high"] = rows.short.max(where=rows.kind == kind)
    return (
        scratch.keep(rows.group_by("source", "account").aggregate(**wanted))
        .left_join(
            _facts(statements).select("source", "account", "birth_year"), ["source", "account"]
        )
        .drop("source_right", "account_right")
    )


def _name_and_birth(names: ir.Table, named: Sequence[str]) -> ir.Table:
    """A block of its own for accounts that agree on the whole name and on birth date or year."""
    whole = names.full_name_low if "full_name" in named else ibis.null("string")
    if "first_name" in named and "surname" in named:
        whole = ibis.coalesce(whole, names.first_name_low + names.surname_low)
    born = names.birth_year.cast("string")
    if "birth_date" in named:
        born = ibis.coalesce(names.birth_date_low, born)
    rows = names.select(
        "source", "account", kind=ibis.literal(_NAME_AND_BIRTH), digest=whole + born
    )
    return rows.filter(rows.digest.notnull()).select("kind", "digest", "source", "account")


def _facts(statements: ir.Table) -> ir.Table:
    """The latest birth year, gender and city that each account gives."""
    # By time first, so that the latest is one row on every engine.
    values = {
        "birth_year": statements.birth_year,
        "gender": statements.gender.nullif(""),
        "city": statements.city.strip().lower().nullif(""),
    }
    by_time = statements.group_by("source", "account", "at").aggregate(
        **{k: v.max() for k, v in values.items()}
    )
    return by_time.group_by("source", "account").aggregate(
        **{k: by_time[k].argmax(by_time["at"], where=by_time[k].notnull()) for k in values}
    )


def _members(
    scratch: Scratch,
    shared: ir.Table,
    identifiers: ir.Table,
    statements: ir.Table,
    accounts: ir.Table,
    names: ir.Table | None,
    linking: Sequence[str],
) -> ir.Table:
    """Each account that shares something, numbered, with all that is compared."""
    who = scratch.keep(shared.select("source", "account").distinct())
    keys = ["source", "account"]
    has = identifiers.semi_join(who, keys)
    kinds = {f"has_{n}": (has.kind == k).any() for n, k in enumerate((*linking, ADDRESS))}
    joined = who.join(accounts, keys)
    facts = _facts(statements.semi_join(who, keys))
    kinds_of = has.group_by(*keys).aggregate(**kinds)
    joined = joined.left_join(facts, keys).drop("source_right", "account_right")
    joined = joined.left_join(kinds_of, keys).drop("source_right", "account_right")
    if names is not None:
        joined = joined.left_join(names.drop("birth_year"), keys)
        joined = joined.drop("source_right", "account_right")
    rows = scratch.keep(joined)
    ranked = numbered(scratch, rows, scratch.count(rows), by=keys, start=0)
    members = scratch.keep(ranked.rename(i="number"))
    scratch.forget(rows, who)
    return members


def _crowds(groups: ir.Table) -> ir.Table:
    """How many people an identifier's accounts must be, and whether it is a placeholder."""
    by_source = groups.group_by("kind", "digest", "source").aggregate(
        accounts=groups.count(),
        low=groups.birth_year.min(),
        high=groups.birth_year.max(),
        years=groups.birth_year.count(),
    )
    many = by_source.accounts > MOST_OF_ONE_SOURCE
    sources = by_source.group_by("kind", "source").aggregate(
        crowds=many.sum(), shared=(by_source.accounts > 1).sum()
    )
    usual = (sources.crowds >= USUAL_CROWDS) & (sources.crowds >= USUAL_SHARE * sources.shared)
    unusual = by_source.anti_join(sources.filter(usual), ["kind", "source"])
    largest = unusual.group_by("kind", "digest").aggregate(most=unusual.accounts.max())
    counted = groups.group_by("kind", "digest").aggregate(
        accounts=groups.count(),
        people=ibis.greatest(groups.birth_year.nunique(), groups.gender.nunique()),
        years=groups.birth_year.nunique(),
        given=groups.birth_year.count(),
    )
    joined = counted.left_join(largest, ["kind", "digest"]).drop("kind_right", "digest_right")
    confirmed = (joined.years == 1) & (2 * joined.given >= joined.accounts)
    crowded = (joined.most.fill_null(0) > MOST_OF_ONE_SOURCE) & ~confirmed
    placeholder = (joined.years >= PLACEHOLDER_PEOPLE) | crowded
    proves = ~joined.kind.isin([ADDRESS, _NAME_AND_BIRTH])
    return joined.select(
        "kind",
        "digest",
        "accounts",
        people=ibis.least(joined.people, 3),
        placeholder=placeholder & proves,
    )


def _pairs(
    scratch: Scratch,
    groups: ir.Table,
    crowds: ir.Table,
    members: ir.Table,
    linking: Sequence[str],
    named: Sequence[str],
) -> tuple[ir.Table, tuple[str, ...]]:
    """Rows (i, j, block, pattern), and the comparisons that a pattern packs."""
    usable = groups.join(crowds.filter(~crowds.placeholder), ["kind", "digest"])
    usable = scratch.keep(usable.select("kind", "digest", "i", "people"))
    other = usable.select("kind", "digest", j="i")
    both = usable.join(other, ["kind", "digest"])
    both = both.filter(both.i < both.j)
    kinds = (*linking, ADDRESS)
    proof = ~both.kind.isin([ADDRESS, _NAME_AND_BIRTH])
    agree = {f"agree_{n}": (both.kind == k).any() for n, k in enumerate(kinds)}
    pairs = both.group_by("i", "j").aggregate(
        **agree, proof=proof.any(), people=both.people.min(where=proof)
    )
    known = [c for c in members.columns if c not in ("account", "node")]
    first = members.select(**{f"{c}_i": c for c in known})
    second = members.select(**{f"{c}_j": c for c in known})
    wide = pairs.join(first, pairs.i == first.i_i).join(second, pairs.j == second.i_j)
    levels = {k: _identified(wide, n) for n, k in enumerate(kinds)}
    levels |= {k: _same_name(wide, k) for k in named}
    levels |= {k: _same_fact(wide, k) for k in FACTS}
    levels[SAME_SOURCE] = ibis.ifelse(wide.source_i == wide.source_j, SAME, DIFFERENT)
    # Where both birth years are known, how many share the identifier adds nothing to them.
    levels[SHARING] = ibis.ifelse(
        wide.proof & (levels["birth_year"] == MISSING),
        ibis.cases((wide.people <= 1, SAME), (wide.people == 2, DIFFERENT), else_=CLOSE),
        MISSING,
    )
    pattern = reduce(
        lambda one, two: one + two,
        (level.cast("int64") * 2 ** (BITS * place) for place, level in enumerate(levels.values())),
    )
    block = ibis.cases(
        (wide.proof, IDENTIFIER_BLOCK),
        (wide[f"agree_{len(linking)}"], HOUSEHOLD_BLOCK),
        else_=NAME_BLOCK,
    )
    result = scratch.keep(wide.select("i", "j", block=block, pattern=pattern))
    scratch.forget(usable)
    return result, tuple(levels)


def _identified(wide: ir.Table, place: int) -> ir.IntegerColumn:
    both = wide[f"has_{place}_i"].fill_null(False) & wide[f"has_{place}_j"].fill_null(False)
    return ibis.cases((wide[f"agree_{place}"], SAME), (both, DIFFERENT), else_=MISSING)


def _same_name(wide: ir.Table, kind: str) -> ir.IntegerColumn:
    low_i, high_i, low_j, high_j = (wide[f"{kind}_{e}_{s}"] for s in "ij" for e in ("low", "high"))
    same = (low_i == low_j) | (low_i == high_j) | (high_i == low_j) | (high_i == high_j)
    return ibis.cases((low_i.isnull() | low_j.isnull(), MISSING), (same, SAME), else_=DIFFERENT)


def _same_fact(wide: ir.Table, fact: str) -> ir.IntegerColumn:
    one, two = wide[f"{fact}_i"], wide[f"{fact}_j"]
    branches = [(one.isnull() | two.isnull(), MISSING), (one == two, SAME)]
    if fact == "birth_year":
        branches.append(((one - two).abs() <= 1, CLOSE))
    return ibis.cases(*branches, else_=DIFFERENT)
