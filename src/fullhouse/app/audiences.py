"""Count, describe, compare, sample, save and export audiences of a workspace."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from fullhouse import audiences, control
from fullhouse.audiences import Audience, Count, Overlap, Plan, Population, Profile, Rule, Sample
from fullhouse.consent import ADVERTISING, ANALYTICS
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import check_slug
from fullhouse.traits import Build
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Basis:
    """What an answer rests on: the trait build, the purpose, the rules in full names, notes."""

    build: Build
    purpose: str
    rules: tuple[str, ...]
    forms: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """One part of a split: people whose chance lies in [low, high), and how many they are."""

    low: Fraction
    high: Fraction
    rule: str
    count: Count
    saved: Audience | None = None


def audience_population(
    context: Context, *, as_of: date | None = None, purpose: str = ANALYTICS
) -> Population:
    """The people that rules are counted among: of the newest build as of a day or earlier.

    Consent is as of now, whatever the build: a refusal counts at once.
    """
    return audiences.house_population(context, as_of=as_of, purpose=purpose)


def audience_count(
    context: Context,
    rule: Rule | str,
    *,
    as_of: date | None = None,
    purpose: str = ANALYTICS,
) -> tuple[Basis, Count]:
    """How many people fit a rule and take part, and how many are left out for want of consent."""
    population = audience_population(context, as_of=as_of, purpose=purpose)
    plan = population.plan(rule)
    return _basis(population, plan), audiences.count(population, plan)


def audience_describe(
    context: Context,
    rule: Rule | str,
    *,
    base: Rule | str = "everyone",
    families: Sequence[str] = (),
    smallest: int | None = None,
    as_of: date | None = None,
) -> tuple[Basis, Profile]:
    """An audience against its base, trait by trait. A trait under `smallest` is not shown."""
    population = audience_population(context, as_of=as_of)
    _check_families(population, families)
    plans = population.plan(rule), population.plan(base)
    floor = context.settings.trait_floor if smallest is None else smallest
    found = audiences.profile(population, *plans, families=tuple(families), smallest=floor)
    return _basis(population, *plans), found


def audience_overlap(
    context: Context, rules: Sequence[Rule | str], *, as_of: date | None = None
) -> tuple[Basis, Overlap]:
    """How audiences overlap: in pairs, and in every exclusive combination."""
    population = audience_population(context, as_of=as_of)
    plans = [population.plan(rule) for rule in rules]
    return _basis(population, *plans), audiences.overlap(population, plans)


def audience_split(
    context: Context,
    rule: Rule | str,
    *,
    shares: Sequence[Fraction | str],
    salt: str,
    save: str | None = None,
    purpose: str = ANALYTICS,
    as_of: date | None = None,
) -> tuple[Basis, list[Part]]:
    """Cut an audience by chance into parts of the given shares; what is left over is no part.

    A person's part depends on the workspace key, the salt and the person's id alone, so it stays
    when people are added. With `save`, parts are saved as NAME, or NAME-1, NAME-2 and so on.
    """
    population = audience_population(context, as_of=as_of, purpose=purpose)
    whole = population.plan(rule)
    bounds = [Fraction(0)]
    for share in shares:
        bounds.append(bounds[-1] + (audiences.share(share) if isinstance(share, str) else share))
    if bounds[-1] > 1:
        raise InputError(f"The shares add up to {float(bounds[-1]):g}, more than 1.")
    if save is not None:
        check_slug(save, what="The name of an audience")
    samples = [Sample(a, b, salt) for a, b in pairwise(bounds)]
    parts = []
    for i, sample in enumerate(samples, start=1):
        plan = population.plan(audiences.both(whole.rule, sample))
        text = audiences.to_text(plan.rule)
        if save is None:
            parts.append(Part(sample.low, sample.high, text, audiences.count(population, plan)))
            continue
        kept, count = _save(context, population, plan, save if len(samples) == 1 else f"{save}-{i}")
        parts.append(Part(sample.low, sample.high, text, count, kept))
    return _basis(population, whole), parts


def audience_save(
    context: Context,
    name: str,
    rule: Rule | str,
    *,
    purpose: str = ANALYTICS,
    as_of: date | None = None,
) -> tuple[Basis, Audience, Count]:
    """Freeze the people who fit a rule and take part in a purpose as the next version of a name."""
    check_slug(name, what="The name of an audience")
    population = audience_population(context, as_of=as_of, purpose=purpose)
    plan = population.plan(rule)
    saved, count = _save(context, population, plan, name)
    return _basis(population, plan), saved, count


def audience_list(context: Context) -> list[Audience]:
    """Every version of every saved audience, by name, the newest version first."""
    return audiences.saved_audiences(context.control)


def audience_show(context: Context, name: str) -> Audience:
    """A saved audience by NAME (the newest version) or NAME@VERSION."""
    return audiences.find_saved(context.control, _saved(name))


def audience_export(
    context: Context, name: str, file: Path | str, *, sources: Sequence[str] = ()
) -> tuple[Audience, audiences.Exported]:
    """Write the accounts of a saved audience to a Parquet or CSV file.

    Whoever takes no part in advertising now, or in the purpose the audience was saved for, is
    left out.
    """
    audience = audience_show(context, name)
    blocked = [
        audiences.blocked(
            lambda: context.engine,
            context.lake,
            context.settings,
            purpose=purpose,
            as_of=_today(),
        )
        for purpose in dict.fromkeys((ADVERTISING, audience.purpose))
    ]
    done = audiences.export(context.lake, audience, blocked, Path(file), sources=tuple(sources))
    _record(
        context,
        "audience.export",
        audience,
        {"accounts": done.accounts, "exported_persons": done.persons, "left_out": done.left_out},
    )
    return audience, done


def _save(
    context: Context, population: Population, plan: Plan, name: str
) -> tuple[Audience, Count]:
    members, left_out = {}, 0
    for block, (found,), gone in audiences.people(population, plan):
        members[block] = found
        left_out += gone
    build = population.build
    wanted = Audience(
        name=name,
        version=0,
        rule=audiences.to_text(plan.rule),
        purpose=population.purpose,
        as_of=build.as_of,
        build=build.id,
        persons=0,
        at=datetime.now(UTC),
    )
    saved = audiences.freeze(
        context.lake, context.control, wanted, members, batch=secrets.token_hex(16)
    )
    _record(context, "audience.save", saved, {"left_out": left_out})
    return saved, Count(saved.persons, left_out)


def _basis(population: Population, *plans: Plan) -> Basis:
    return Basis(
        population.build,
        population.purpose,
        tuple(audiences.to_text(p.rule) for p in plans),
        tuple(audiences.to_json(p.rule) for p in plans),
        tuple(dict.fromkeys(note for p in plans for note in p.notes)),
    )


def _check_families(population: Population, families: Sequence[str]) -> None:
    known = {t.family for t in population.catalogue.traits}
    for family in families:
        if family not in known:
            hint = did_you_mean(family, known) or f" There are {', '.join(sorted(known))}."
            raise InputError(f"No family {family!r} in this build.{hint}")


def _saved(name: str) -> audiences.Saved:
    found = audiences.parse(f'"audience:{name.removeprefix("audience:")}"')
    if not isinstance(found, audiences.Saved):
        raise InputError(f"A saved audience is named NAME or NAME@VERSION, not {name!r}.")
    return found


def _record(context: Context, action: str, audience: Audience, detail: dict[str, object]) -> None:
    about: dict[str, object] = {
        "audience": str(audience),
        "rule": audience.rule,
        "purpose": audience.purpose,
        "as_of": audience.as_of.isoformat(),
        "build": audience.build,
        "persons": audience.persons,
    }
    control.record(context.control, action, about | detail)


def _today() -> date:
    # The latest day that has begun anywhere: consent is dated in the feed's own time zone.
    return (datetime.now(UTC) + timedelta(hours=14)).date()
