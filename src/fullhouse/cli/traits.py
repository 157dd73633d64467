"""`fullhouse traits`: build, list, show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli import show as show_
from fullhouse.cli.show import Json, Where, opened, out, say_json, table
from fullhouse.core.errors import InputError
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.traits import Build, Trait

commands = typer.Typer(help="Traits: yes/no facts about people as of a date.", no_args_is_help=True)

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Use the newest build as of this day or earlier."),
]


@commands.command()
def build(
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="No event after this day counts.")
    ],
    catalogue: Annotated[
        Path | None, typer.Option(help="Trait catalogue; default: traits.toml of the workspace.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Build the traits of a catalogue as of a day."""
    day = parse_date(as_of, what="--as-of")
    with (
        opened(where, quiet=json) as workspace,
        show_.progress("Building traits", quiet=json) as step,
    ):
        found = app.traits_catalogue(workspace, _text(catalogue))

        result = app.traits_build(workspace, as_of=day, catalogue=found, progress=step)
    if json:
        say_json(_build(result.build) | {
            "standing": result.standing,
            "events": result.layout.events,
            "left_out": result.layout.left_out,
            "capped": result.capped,
        })  # fmt: skip
        return
    made = result.build
    stood = "stands already" if result.standing else "is done"
    out.print(f"Trait build {made.id} as of {made.as_of} {stood}.")
    out.print(f"{made.traits:,} traits of {made.persons:,} persons.")
    out.print(f"{made.rare:,} traits are rarer than their floor and were not built.")
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
    most: Annotated[int, typer.Option(min=1, help="Print at most so many.")] = 50,
    rare: Annotated[bool, typer.Option("--all", help="Also those too rare to be built.")] = False,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List traits, those of most people first."""
    with opened(where, quiet=json) as workspace:
        made, found = app.traits_list(
            workspace, as_of=_day(as_of), search=search, family=family, rare=rare
        )
    if json:
        say_json([_trait(t, made) for t in found[:most]])
        return
    table(
        [(t.name, t.label, t.persons, _share(t, made), t.built) for t in found[:most]],
        ("trait", "meaning", "persons", "share", "built"),
        title=f"Traits as of {made.as_of} (build {made.id})",
    )
    if len(found) > most:
        out.print(f"{len(found) - most:,} more: --most {len(found)} prints all.")


@commands.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A trait, such as buys:pets.")],
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a trait: its definition, its people, by source."""
    with opened(where, quiet=json) as workspace:
        made, trait = app.traits_show(workspace, name, as_of=_day(as_of))
    if json:
        say_json(_trait(trait, made) | {"build": _build(made)})
        return
    rows: list[tuple[str, Any]] = [
        ("trait", trait.name),
        ("meaning", trait.label),
        ("persons", trait.persons),
        ("share of the base", _share(trait, made)),
        *((f"persons at {s}", n) for s, n in trait.by_source.items()),
        ("built", trait.built),
        ("counted from", trait.basis),
        *((k.replace("_", " "), _words(v)) for k, v in trait.definition.items()),
        ("build", f"{made.id}, as of {made.as_of}, {made.persons:,} persons"),
        ("floor", made.floor),
    ]
    table(rows, ("", ""))


def _text(catalogue: Path | None) -> str | None:
    if catalogue is None:
        return None
    try:
        return catalogue.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"Cannot read the catalogue {str(catalogue)!r}: {problem}") from None


def _day(text: str | None) -> Any:
    return None if text is None else parse_date(text, what="--as-of")


def _share(trait: "Trait", made: "Build") -> str:
    return f"{trait.persons / made.persons:.2%}" if made.persons else "-"


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "ever" if value is None else str(value)


def _build(made: "Build") -> dict[str, Any]:
    return {k: v for k, v in vars(made).items() if k not in ("catalogue", "inputs")}


def _trait(trait: "Trait", made: "Build") -> dict[str, Any]:
    share = trait.persons / made.persons if made.persons else None
    return vars(trait) | {"share": share}
