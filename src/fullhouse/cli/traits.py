"""`fullhouse traits`: build, list, show, builds, delete."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli import show as show_
from fullhouse.cli.show import (
    AsOf,
    Json,
    Rows,
    Where,
    first_rows,
    opened,
    out,
    parse_day,
    say_json,
    table,
)
from fullhouse.core.values import file_text

if TYPE_CHECKING:
    from fullhouse.traits import Build, Trait

commands = typer.Typer(help="Traits: yes/no facts about people as of a date.", no_args_is_help=True)


BuildAsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="No event after this day counts; today."),
]
Catalogue = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Trait catalogue; default: traits.toml of the workspace."),
]


@commands.command()
def build(
    as_of: BuildAsOf = None,
    catalogue: Catalogue = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Build the traits of a catalogue as of a day."""
    with (
        opened(where, quiet=json) as workspace,
        show_.progress("Building traits", quiet=json) as step,
    ):
        context = replace(workspace, progress=step)
        chosen = app.traits_catalogue(context, app.ReadCatalogue(_text(catalogue)))
        result = app.traits_build(context, app.BuildTraits(parse_day(as_of), chosen))
    if json:
        say_json(_build(result.build) | {
            "reused": result.reused,
            "events": result.layout.events,
            "left_out": result.layout.left_out,
            "capped": result.capped,
        })  # fmt: skip
        return
    build = result.build
    state = "is up to date" if result.reused else "is done"
    out.print(f"Trait build {build.id} as of {build.as_of} {state}.")
    out.print(f"{build.traits:,} traits of {build.persons:,} persons.")
    out.print(f"{build.rare:,} traits are rarer than their floor and were not built.")
    for family, n in result.capped.items():
        out.print(f"{n:,} more of family '{family}' were left out by its cap ('most').")
    for which, n in result.layout.left_out.items():
        out.print(
            f"[yellow]{n:,} events ({which}) were left out: their accounts have no person yet."
            " Run: fullhouse people resolve[/]"
        )


@commands.command(name="list")
def list_(
    search: Annotated[str | None, typer.Option(help="Only those with this in name or label.")] = (
        None
    ),
    family: Annotated[str | None, typer.Option(help="Only this family.")] = None,
    rows: Rows = 50,
    rare: Annotated[bool, typer.Option("--all", help="Also those too rare to be built.")] = False,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List traits, those of most people first."""
    with opened(where, quiet=json) as context:
        result = app.traits_list(
            context, app.ListTraits(parse_day(as_of), search=search, family=family, rare=rare)
        )
    if json:
        say_json(
            {"build": result.build.id, "as_of": result.build.as_of}
            | {"traits": first_rows(result.rows(), rows)}
        )
        return
    table(
        [
            (t.name, t.label, t.persons, _share(t, result.build), t.built)
            for t in first_rows(result.traits, rows)
        ],
        ("trait", "meaning", "persons", "share", "built"),
        title=f"Traits as of {result.build.as_of} (build {result.build.id})",
    )
    if 0 < rows < len(result.traits):
        out.print(f"{len(result.traits) - rows:,} more: --rows 0 prints all.")


@commands.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trait, such as buys:pets.")],
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a trait: its definition, its people, by source."""
    with opened(where, quiet=json) as context:
        result = app.traits_show(context, app.ShowTrait(name, parse_day(as_of)))
    trait, build = result.trait, result.build
    if json:
        say_json(result.row() | {"build": _build(build)})
        return
    rows: list[tuple[str, Any]] = [
        ("trait", trait.name),
        ("meaning", trait.label),
        ("persons", trait.persons),
        ("share of the base", _share(trait, build)),
        *((f"persons at {s}", n) for s, n in trait.by_source.items()),
        ("built", trait.built),
        ("counted from", trait.basis),
        *((k.replace("_", " "), _words(v)) for k, v in trait.definition.items()),
        ("build", f"{build.id}, as of {build.as_of}, {build.persons:,} persons"),
        ("floor", build.floor),
    ]
    table(rows, ("", ""))


@commands.command()
def builds(where: Where = ".", json: Json = False) -> None:
    """List the trait builds, the oldest first."""
    with opened(where, quiet=json) as context:
        rows = app.traits_builds(context)
    if json:
        say_json({"builds": [_build(b) for b in rows]})
        return
    table(
        [(b.id, b.as_of, f"{b.at:%Y-%m-%d %H:%M}", b.persons, b.traits, b.rare) for b in rows],
        ("build", "as of", "built (UTC)", "persons", "traits", "too rare"),
    )


@commands.command()
def delete(
    number: Annotated[int, typer.Argument(metavar="BUILD", help="Number of the build.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Delete a build that no saved audience and no launched campaign rests on."""
    with opened(where, quiet=json) as context:
        build = app.traits_delete(context, app.DeleteBuild(number))
    if json:
        say_json({"deleted": build.id, "as_of": build.as_of})
        return
    out.print(f"Deleted trait build {build.id} as of {build.as_of}.")


def _text(catalogue: Path | None) -> str | None:
    if catalogue is None:
        return None
    return file_text(catalogue, what="catalogue")


def _share(trait: "Trait", build: "Build") -> str:
    return f"{trait.persons / build.persons:.2%}" if build.persons else "-"


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "ever" if value is None else str(value)


def _build(build: "Build") -> dict[str, Any]:
    return {k: v for k, v in vars(build).items() if k not in ("catalogue", "inputs")}
