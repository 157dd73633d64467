"""Count, describe, compare, split, save, export and delete audiences of a workspace."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from fullhouse import audiences, control
from fullhouse.app.use_case import use_case
from fullhouse.audiences import (
    Audience,
    AudienceCount,
    AudienceExport,
    AudienceOverlap,
    AudienceProfile,
    AudienceSplit,
    Exported,
    Population,
    Rule,
    SavedAudience,
)
from fullhouse.consent import ADVERTISING, ANALYTICS
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.core.values import check_slug
from fullhouse.workspace.context import Context


@request
class CountAudience:
    """How many people fit a rule and take part in a purpose, by the newest traits as of a day."""

    rule: Rule | str
    as_of: date | None = None
    purpose: str = ANALYTICS


@request
class DescribeAudience:
    """An audience against a base, trait by trait: of some families, or of all.

    A trait that fewer than `smallest` people of the base have is left out; without a number, the
    workspace's floor of traits.
    """

    rule: Rule | str
    base: Rule | str = "everyone"
    families: tuple[str, ...] = ()
    smallest: int | None = None
    as_of: date | None = None


@request
class OverlapAudiences:
    """How 2 to 12 audiences overlap."""

    rules: tuple[Rule | str, ...]
    as_of: date | None = None


@request
class SplitAudience:
    """An audience cut by chance into parts of the given shares, saved where a name is given.

    A person's part depends on the workspace key, the salt and the person's id alone, so it stays
    when people are added. Parts are saved as NAME, or NAME-1, NAME-2 and so on.
    """

    rule: Rule | str
    shares: tuple[str | Fraction, ...]
    salt: str
    save: str | None = None
    purpose: str = ANALYTICS
    as_of: date | None = None


@request
class SaveAudience:
    """Freeze the people who fit a rule and take part in a purpose under a name."""

    name: str
    rule: Rule | str
    purpose: str = ANALYTICS
    as_of: date | None = None


@request
class ListAudiences:
    """Every version of every saved audience."""


EVERY_AUDIENCE = ListAudiences()


@request
class ShowAudience:
    """A saved audience by NAME (the newest version) or NAME@VERSION."""

    name: str


@request
class ExportAudience:
    """The accounts of a saved audience as a Parquet or CSV file, of some sources or of all."""

    name: str
    file: Path
    sources: tuple[str, ...] = ()


@request
class DeleteAudience:
    """A saved audience to delete by NAME (the newest version) or NAME@VERSION."""

    name: str


@use_case
def audience_count(context: Context, request: CountAudience) -> AudienceCount:
    """How many people fit a rule and take part, and how many are left out for want of consent."""
    population = audiences.population(context, as_of=request.as_of, purpose=request.purpose)
    rule = population.compile(request.rule)
    count = audiences.count(population, rule)
    return AudienceCount(count.persons, count.left_out, audiences.basis(population, rule))


@use_case
def audience_describe(context: Context, request: DescribeAudience) -> AudienceProfile:
    """An audience against its base, trait by trait."""
    population = audiences.population(context, as_of=request.as_of)
    _check_families(population, request.families)
    rules = population.compile(request.rule), population.compile(request.base)
    floor = context.settings.trait_floor if request.smallest is None else request.smallest
    profile = audiences.profile(population, *rules, families=request.families, smallest=floor)
    return AudienceProfile(**vars(profile), basis=audiences.basis(population, *rules))


@use_case
def audience_overlap(context: Context, request: OverlapAudiences) -> AudienceOverlap:
    """How audiences overlap: in pairs, and in every exclusive combination."""
    population = audiences.population(context, as_of=request.as_of)
    rules = [population.compile(rule) for rule in request.rules]
    overlap = audiences.overlap(population, rules)
    return AudienceOverlap(**vars(overlap), basis=audiences.basis(population, *rules))


@use_case
def audience_split(context: Context, request: SplitAudience) -> AudienceSplit:
    """An audience cut by chance into parts; what is left over is in none of them."""
    control.check_writable(context.control)
    if request.save is not None:
        check_slug(request.save, what="The name of an audience")
    population = audiences.population(context, as_of=request.as_of, purpose=request.purpose)
    shares = [audiences.share(s) if isinstance(s, str) else s for s in request.shares]
    split = audiences.split(
        context,
        population,
        population.compile(request.rule),
        shares,
        salt=request.salt,
        save=request.save,
    )
    for part in split.parts:
        if part.saved is not None:
            _record(context, "audience.save", part.saved, {"left_out": part.left_out})
    return split


@use_case
def audience_save(context: Context, request: SaveAudience) -> SavedAudience:
    """Freeze the people who fit a rule and take part in a purpose as the next version of a name."""
    control.check_writable(context.control)
    check_slug(request.name, what="The name of an audience")
    population = audiences.population(context, as_of=request.as_of, purpose=request.purpose)
    rule = population.compile(request.rule)
    saved = audiences.save_rule(context, population, rule, request.name)
    _record(context, "audience.save", saved.audience, {"left_out": saved.left_out})
    return saved


@use_case
def audience_list(context: Context, _: ListAudiences = EVERY_AUDIENCE) -> Listing[Audience]:
    """Every version of every saved audience, by name, the newest version first."""
    return Listing(audiences.saved_audiences(context.control))


@use_case
def audience_show(context: Context, request: ShowAudience) -> Audience:
    """A saved audience: the version named, or the newest."""
    return _find(context, request.name)


@use_case
def audience_export(context: Context, request: ExportAudience) -> AudienceExport:
    """Write the accounts of a saved audience to a file.

    Whoever takes no part in advertising now, or in the purpose the audience was saved for, is
    left out. The audit log has a row before the file is there, and one when it is.
    """
    control.check_writable(context.control)
    from fullhouse.control.suppression import hand_out  # here: a count needs no SQLAlchemy

    audience = _find(context, request.name)
    leaving = audiences.Leaving(context, ADVERTISING, audience.purpose)

    def detail(exported: Exported) -> dict[str, object]:
        return {
            "accounts": exported.accounts,
            "exported_persons": exported.persons,
            "left_out": exported.left_out,
        }

    def record(exported: Exported) -> None:
        # Before the file is there: what leaves is written down, or does not leave.
        _record(context, "audience.export", audience, detail(exported))
        hand_out(context.control, str(request.file.absolute()), "export")

    exported = audiences.export(
        leaving, audience, request.file, sources=request.sources, record=record
    )
    _record(context, "audience.exported", audience, detail(exported))
    return AudienceExport(**vars(exported), audience=audience)


@use_case
def audience_delete(context: Context, request: DeleteAudience) -> Audience:
    """Delete a saved version that no other saved audience, plan or campaign needs.

    Its members go from the lake too; what a vacuum has not removed yet can still be read there.
    """
    control.check_writable(context.control)
    audience = _find(context, request.name)
    users = [str(a) for a in audiences.audiences_using(context.control, audience)]
    if users:
        raise InputError(code="audience_in_audiences", audience=str(audience), users=users)
    users = list(dict.fromkeys(_plans_using(context, audience)))
    if users:
        raise InputError(code="audience_in_plans", audience=str(audience), users=users)
    audiences.delete_audience(context.lake, context.control, audience)
    _record(context, "audience.delete", audience, {})
    return audience


def _plans_using(context: Context, audience: Audience) -> list[str]:
    """The plans, by NAME@VERSION, that have a line for this version: what was launched is one."""
    from fullhouse.control.campaigns import plans  # here: a count needs no SQLAlchemy

    newest = audiences.versions(context.control, audience.name)[0] == audience
    return [
        f"{plan.name}@{plan.version}"
        for plan in plans(context.control)
        for rule in [line["rule"] for line in plan.body["lines"]]
        if audiences.names_audience(rule, audience, newest=newest)
    ]


def _check_families(population: Population, families: Sequence[str]) -> None:
    known = {t.family for t in population.catalogue.traits}
    for family in families:
        if family not in known:
            hint = did_you_mean(family, known) or f" There are {', '.join(sorted(known))}."
            raise InputError(f"No family {family!r} in this build.{hint}")


def _find(context: Context, name: str) -> Audience:
    leaf = audiences.parse(f'"audience:{name.removeprefix("audience:")}"')
    if not isinstance(leaf, audiences.Saved):
        raise InputError(f"A saved audience is named NAME or NAME@VERSION, not {name!r}.")
    return audiences.find_saved(context.control, leaf)


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
