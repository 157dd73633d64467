"""Traits of a workspace: lay out, build, find."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from fullhouse import control
from fullhouse import traits as traits_
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.progress import Progress, silent
from fullhouse.traits import Build, Catalogue, Layout, Trait
from fullhouse.traits.catalogue import FILE, default_catalogue, parse_catalogue
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class TraitsBuilt:
    """A build, what was laid out for it, and whether it stood already."""

    build: Build
    layout: Layout
    standing: bool
    capped: dict[str, int]


def traits_catalogue(context: Context, text: str | None = None) -> Catalogue:
    """The catalogue in a text; else the workspace's traits.toml; else the one shipped."""
    if text is not None:
        return parse_catalogue(text)
    own = context.place.read(FILE)
    return parse_catalogue(default_catalogue() if own is None else own.decode())


def traits_build(
    context: Context,
    *,
    as_of: date,
    catalogue: Catalogue | None = None,
    progress: Progress = silent,
) -> TraitsBuilt:
    """Lay out what is new and build the traits of a workspace as of a date."""
    progress("Laying out", 0, 1)
    layout = traits_.lay_out(context.engine, context.lake)
    built = traits_.build(
        context.engine,
        context.lake,
        catalogue or traits_catalogue(context),
        as_of=as_of,
        floor=context.settings.trait_floor,
        at=datetime.now(UTC),
        progress=progress,
    )
    if not built.standing:
        detail: dict[str, object] = {"build": built.build.id, "as_of": as_of.isoformat()}
        detail |= {"traits": built.build.traits, "rare": built.build.rare}
        control.record(context.control, "traits.build", detail)
    return TraitsBuilt(built.build, layout, built.standing, built.capped)


def traits_list(
    context: Context,
    *,
    as_of: date | None = None,
    search: str | None = None,
    family: str | None = None,
    most: int | None = None,
    rare: bool = False,
) -> tuple[Build, list[Trait]]:
    """The traits of the newest build, those of most people first; `rare`: those not built too."""
    build = traits_.find_build(context.lake, as_of=as_of)
    found = traits_.traits_of(context.lake, build)
    if family is not None:
        known = {t.family for t in found}
        if family not in known:
            near = did_you_mean(family, known)
            raise InputError(f"This build has no traits of family {family!r}.{near}")
        found = [t for t in found if t.family == family]
    if search is not None:
        found = [t for t in found if search.casefold() in f"{t.name} {t.label}".casefold()]
    found = [t for t in found if t.built or rare]
    return build, sorted(found, key=lambda t: (-t.persons, t.name))[:most]


def traits_show(context: Context, name: str, *, as_of: date | None = None) -> tuple[Build, Trait]:
    """One trait of the newest build, by its whole name or a slug that only one has."""
    build = traits_.find_build(context.lake, as_of=as_of)
    return build, traits_.find_trait(traits_.traits_of(context.lake, build), name)
