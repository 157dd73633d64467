"""`fullhouse people`: who the accounts are."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table

if TYPE_CHECKING:
    from fullhouse.people import PeopleReport

commands = typer.Typer(help="Which accounts are one person.", no_args_is_help=True)


@commands.command()
def resolve(
    with_links: Annotated[
        list[str] | None,
        typer.Option("--with-links", metavar="MODEL", help="Use the pairs of this link model too."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Link accounts that share a hashed identifier into persons with ids that stay."""
    with opened(where, quiet=json) as workspace, progress("resolving people", quiet=json):
        found = app.people_resolve(workspace, models=with_links or [])
    if json:
        say_json(vars(found))
        return
    if not found.changed:
        out.print(f"Nothing new since run {found.run}: {found.persons:,} persons.")
        return
    changed = {k.replace("_", " "): n for k, n in vars(found).items() if k != "changed"}
    table(list(changed.items()), ("people", "number"))


@commands.command()
def report(
    top: Annotated[int, typer.Option(min=1, help="Rows of the lists of largest and latest.")] = 10,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Accounts, persons, overlap between sources, and the deduplicated union."""
    with opened(where, quiet=json) as workspace, progress("counting people", quiet=json):
        found = app.people_report(workspace, top=top)
    if json:
        say_json(asdict(found))
        return
    _print(found)


@commands.command()
def link(
    declaration: Annotated[Path, typer.Argument(metavar="LINK.toml", help="What to compare.")],
    files: Annotated[list[Path], typer.Argument(help="CSV or Parquet files of attributes.")],
    trained: Annotated[
        bool, typer.Option("--trained", help="Use the saved model; do not train again.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Link accounts by a probabilistic model; the attributes are read and not kept."""
    with opened(where, quiet=json) as workspace, progress("linking accounts", quiet=json):
        found = app.people_link(workspace, declaration, files, trained=trained)
    if json:
        say_json(vars(found))
        return
    table(
        [
            ("model", found.file if found.trained else f"{found.file} (as it was)"),
            ("rows", found.rows),
            ("pairs at or above the threshold", found.pairs),
            ("threshold", f"{found.threshold:g}"),
            ("right pairs, as the model expects", _percent(found.expected_precision)),
            ("fields that could not be trained", ", ".join(found.untrained) or "none"),
        ],
        ("link", ""),
    )
    out.print(f"To use these pairs: fullhouse people resolve --with-links {found.model}")


def _print(found: "PeopleReport") -> None:
    behind = f"behind {found.accounts:,} accounts (run {found.run})"
    out.print(f"[bold]{found.persons:,} persons[/] {behind}")
    table(
        [
            *((s.source, s.accounts, s.persons, s.only_here) for s in found.sources),
            ("sum of the sources", found.accounts, found.sum_of_sources, None),
            ("deduplicated union", None, found.persons, None),
        ],
        ("source", "accounts", "persons", "in no other source"),
    )
    if found.overlaps:
        table(
            [(o.first, o.second, o.persons, _percent(o.share_of_smaller)) for o in found.overlaps],
            ("source", "and", "persons in both", "of the smaller"),
            title="Overlap",
        )
    table(list(found.sizes.items()), ("accounts", "persons"), title="Accounts of one person")
    if found.largest:
        table(
            [(str(c.person), c.accounts, c.sources) for c in found.largest],
            ("person", "accounts", "sources"),
            title="Persons with the most accounts",
        )
    _print_refused(found)
    _print_merges(found)


def _print_refused(found: "PeopleReport") -> None:
    if not found.refused:
        out.print("No identifier is shared by too many accounts.")
        return
    table(
        [(r.kind, r.digest + "…", r.accounts) for r in found.refused],
        ("kind", "digest", "accounts"),
        title=f"Identifiers that too many accounts share: {found.refused_identifiers:,}",
    )


def _print_merges(found: "PeopleReport") -> None:
    if not found.latest_merges:
        out.print("No persons were merged.")
        return
    table(
        [
            (m.run, str(m.kept), str(m.merged), f"{m.at:%Y-%m-%d %H:%M}")
            for m in found.latest_merges
        ],
        ("run", "kept", "retired", "at (UTC)"),
        title=f"Persons that turned out to be one: {found.merges:,}",
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
