"""Traits of a workspace: lay out, build, list, show, delete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fullhouse import control, traits
from fullhouse.app.use_case import use_case
from fullhouse.audiences import saved_audiences
from fullhouse.control.campaigns import campaigns, find_plan
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing, Tabular
from fullhouse.traits import Build, Catalogue, PersonLayout, Trait
from fullhouse.traits.catalogue import FILE, default_catalogue, parse_catalogue
from fullhouse.workspace.context import Context


@request
class ReadCatalogue:
    """The trait catalogue in a text; without one, the workspace's own, else the one shipped."""

    text: str | None = None


@request
class BuildTraits:
    """Build the traits of a catalogue as of a day; no event after it counts.

    Without a day it is today, without a catalogue the workspace's own, else the one shipped.
    """

    as_of: date | None = None
    catalogue: Catalogue | None = None


@request
class ListTraits:
    """The traits of the newest build as of a day, of all families or one, with a text in them.

    Traits below their floor are left out unless `rare`; `most` limits how many are given.
    """

    as_of: date | None = None
    search: str | None = None
    family: str | None = None
    most: int | None = None
    rare: bool = False


@request
class ShowTrait:
    """One trait of the newest build as of a day, by its whole name."""

    name: str
    as_of: date | None = None


@request
class ListBuilds:
    """Every finished trait build."""


EVERY_BUILD = ListBuilds()


@request
class DeleteBuild:
    """A trait build to delete, by its number."""

    build: int


@dataclass(frozen=True)
class TraitsBuilt(Brief):
    """A build, what was laid out for it, and whether an earlier build was reused.

    `capped` is how many traits of a family its cap left out.
    """

    build: Build
    layout: PersonLayout
    reused: bool
    capped: dict[str, int]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"build {self.build.id} as of {self.build.as_of}: {self.build.traits:,} traits"


@dataclass(frozen=True)
class TraitList(Tabular):
    """Traits of a build, those of most people first."""

    build: Build
    traits: tuple[Trait, ...] = field(repr=False)

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """A row for each trait, with its share of the build's people."""
        return [_row(trait, self.build) for trait in self.traits]

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{len(self.traits):,} traits as of {self.build.as_of}"


@dataclass(frozen=True)
class TraitOfBuild(Brief):
    """One trait, and the build that it is of."""

    build: Build
    trait: Trait

    def row(self) -> dict[str, Any]:
        """The trait as plain values, with its share of the build's people."""
        return _row(self.trait, self.build)

    def in_brief(self) -> str:
        """The result in one line."""
        return f"{self.trait.name}: {self.trait.persons:,} people"


def _row(trait: Trait, build: Build) -> dict[str, Any]:
    return vars(trait) | {"share": trait.persons / build.persons if build.persons else None}


@use_case
def traits_catalogue(context: Context, request: ReadCatalogue) -> Catalogue:
    """The catalogue that a build would use."""
    if request.text is not None:
        return parse_catalogue(request.text)
    own = context.place.read(FILE)
    return parse_catalogue(default_catalogue() if own is None else own.decode())


@use_case
def traits_build(context: Context, request: BuildTraits) -> TraitsBuilt:
    """Lay out what is new and build the traits of a workspace as of a day."""
    control.check_writable(context.control)
    as_of = request.as_of or context.today
    context.progress("Laying out", 0, 1)
    layout = traits.lay_out(context.engine, context.lake)
    built = traits.build(
        context.engine,
        context.lake,
        request.catalogue or traits_catalogue(context, ReadCatalogue()),
        as_of=as_of,
        floor=context.settings.trait_floor,
        at=context.now,
        progress=context.progress,
    )
    if not built.reused or not control.was_recorded(
        context.control, "traits.build", "build", built.build.id
    ):
        detail: dict[str, object] = {"build": built.build.id, "as_of": as_of.isoformat()}
        detail |= {"traits": built.build.traits, "rare": built.build.rare}
        control.record(context.control, "traits.build", detail)
    return TraitsBuilt(built.build, layout, built.reused, built.capped)


@use_case
def traits_list(context: Context, request: ListTraits) -> TraitList:
    """The traits of the newest build, those of most people first."""
    build = traits.find_build(context.lake, as_of=request.as_of or context.today)
    chosen = traits.traits_of(context.lake, build)
    if request.family is not None:
        known = {t.family for t in chosen}
        if request.family not in known:
            near = did_you_mean(request.family, known)
            raise InputError(f"This build has no traits of family {request.family!r}.{near}")
        chosen = [t for t in chosen if t.family == request.family]
    if request.search is not None:
        text = request.search.casefold()
        chosen = [t for t in chosen if text in f"{t.name} {t.label}".casefold()]
    chosen = [t for t in chosen if t.built or request.rare]
    ordered = sorted(chosen, key=lambda t: (-t.persons, t.name))
    return TraitList(build, tuple(ordered[: request.most]))


@use_case
def traits_show(context: Context, request: ShowTrait) -> TraitOfBuild:
    """One trait of the newest build."""
    build = traits.find_build(context.lake, as_of=request.as_of or context.today)
    return TraitOfBuild(
        build, traits.find_trait(traits.traits_of(context.lake, build), request.name)
    )


@use_case
def traits_builds(context: Context, _: ListBuilds = EVERY_BUILD) -> Listing[Build]:
    """Every finished trait build, the oldest first."""
    return Listing(traits.builds(context.lake))


@use_case
def traits_delete(context: Context, request: DeleteBuild) -> Build:
    """Delete a build that no saved audience and no launched campaign rests on."""
    control.check_writable(context.control)
    build = traits.build_numbered(context.lake, request.build)
    users = [f"audience {a}" for a in saved_audiences(context.control) if a.build == build.id]
    users += [f"campaign {name}" for name in _campaigns_on(context, build)]
    if users:
        raise InputError(code="build_in_use", build=build.id, users=users)
    traits.delete_build(context.lake, build)
    detail: dict[str, object] = {"build": build.id, "as_of": build.as_of.isoformat()}
    control.record(context.control, "traits.delete", detail)
    return build


def _campaigns_on(context: Context, build: Build) -> list[str]:
    """Launched campaigns whose audiences are counted on a build: on the day of plan or launch."""
    builds = traits.builds(context.lake)
    names = []
    for campaign in campaigns(context.control):
        plan = find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}")
        days = {date.fromisoformat(plan.body["as_of"]), campaign.at.date()}
        if build in [traits.newest(builds, as_of=day) for day in days]:
            names.append(campaign.name)
    return names
