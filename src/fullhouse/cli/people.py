"""`fullhouse people`: who the accounts are."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import ALL_ROWS, Json, Rows, Where, opened, out, say_json, table
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.erasure import Erased, Verification
    from fullhouse.people import PeopleReport

commands = typer.Typer(help="Which accounts are one person.", no_args_is_help=True)


@commands.command()
def resolve(
    with_links: Annotated[
        list[str] | None,
        typer.Option("--with-links", metavar="MODEL", help="Use the pairs of this link model too."),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Decide on every person again; wrong links come apart.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Link accounts that share a hashed identifier into persons with ids that stay."""
    with opened(where, quiet=json, doing="Resolving people") as context:
        asked = app.ResolvePeople(tuple(with_links or ()), anew)
        resolution = app.people_resolve(context, asked)
    if json:
        say_json(vars(resolution))
        return
    if not resolution.changed:
        out.print(f"Nothing new since run {resolution.run}: {resolution.persons:,} persons.")
        return
    changed = {k.replace("_", " "): n for k, n in vars(resolution).items() if k != "changed"}
    table(list(changed.items()), ("people", "number"))


@commands.command()
def report(
    rows: Rows = 10,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Accounts, persons, overlap between sources, and the deduplicated union."""
    with opened(where, quiet=json, doing="Counting people") as context:
        people = app.people_report(context, app.ReportPeople(rows or ALL_ROWS))
    if json:
        say_json(as_json(asdict(people)))
        return
    _print(people)


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
    with opened(where, quiet=json, doing="Linking accounts") as context:
        result = app.people_link(context, app.LinkPeople(declaration, tuple(files), trained))
    if json:
        say_json(vars(result))
        return
    table(
        [
            ("model", result.file if result.trained else f"{result.file} (as it was)"),
            ("rows", result.rows),
            ("birth dates that are none, left out", result.unreadable_dates),
            ("pairs at or above the threshold", result.pairs),
            ("threshold", f"{result.threshold:g}"),
            ("right pairs, as the model expects", _percent(result.expected_precision)),
            ("fields that could not be trained", ", ".join(result.untrained) or "none"),
        ],
        ("link", ""),
    )
    out.print(f"To use these pairs: fullhouse people resolve --with-links {result.model}")


Source = Annotated[
    str | None, typer.Option("--source", metavar="SOURCE", help="Source of the accounts.")
]
Account = Annotated[
    list[str] | None, typer.Option("--account", metavar="ACCOUNT", help="An account; may repeat.")
]
Accounts = Annotated[
    Path | None,
    typer.Option(
        "--accounts", metavar="FILE", help="CSV or Parquet with columns source and account."
    ),
]
Person = Annotated[bool, typer.Option("--person", help="Erase all accounts of the same persons.")]
Contacts = Annotated[
    str | None,
    typer.Option("--contacts", metavar="FILE", help="For removal lists of hashed contacts."),
]
Verify = Annotated[bool, typer.Option("--verify", help="Erase nothing; search for what is left.")]
Number = Annotated[
    list[int] | None,
    typer.Option("--number", metavar="N", help="With --verify: a person's number before."),
]
Digest = Annotated[
    list[str] | None,
    typer.Option("--digest", metavar="HEX", help="With --verify: an identifier's digest."),
]


@commands.command()
def erase(
    source: Source = None,
    account: Account = None,
    accounts: Accounts = None,
    person: Person = False,
    contacts: Contacts = None,
    verify: Verify = False,
    number: Number = None,
    digest: Digest = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Erase accounts from every table, file, log and record, and prove that nothing is left."""
    named = app.accounts_to_erase(source, tuple(account or ()), accounts)
    doing = "Searching" if verify else "Erasing"
    with opened(where, quiet=json, doing=doing) as context:
        if verify:
            request = app.VerifyErasure(named, tuple(number or ()), tuple(digest or ()))
            result: Verification | None = app.verify_erasure(context, request)
            erased = None
        else:
            erased = app.erase_people(context, app.ErasePeople(named, person, contacts))
            result = erased.verification
    if json:
        say_json(asdict(erased) if erased is not None else asdict(result) if result else {})
    else:
        if erased is not None:
            _print_erased(erased)
        _print_traces(result)
    if result is None or not result.clean:
        raise typer.Exit(1)


def _print_erased(erased: "Erased") -> None:
    table(
        [
            ("accounts", erased.accounts),
            ("known before", erased.known_accounts),
            ("persons erased whole", erased.persons),
            ("accounts suppressed now", erased.newly_suppressed),
            *((f"rows of {name}", n) for name, n in erased.rows.items()),
            ("files rewritten or removed", erased.files),
            ("accounts on removal lists", erased.to_remove),
        ],
        ("erasure", "number"),
    )
    if erased.other_accounts:
        out.print("The same persons have other accounts, which were not erased (see --person):")
        table(list(erased.other_accounts), ("source", "account"))


def _print_traces(result: "Verification | None") -> None:
    if result is None:
        return
    searched = f"{result.files:,} files, {result.bytes_read / 1e6:,.1f} MB and the control database"
    if result.clean:
        out.print(f"[bold]Nothing is left[/]: searched {searched}.", soft_wrap=True)
        return
    if result.traces:
        out.print(f"[bold red]Traces are left[/]: searched {searched}.", soft_wrap=True)
        table([(t.place, t.kind, t.count) for t in result.traces], ("place", "trace of", "times"))
    else:
        out.print(f"Nothing was met in what can be read: searched {searched}.", soft_wrap=True)
    if result.unread:
        out.print(
            f"[bold red]Not proven[/]: {len(result.unread)} files cannot be read: they are packed"
            " or encrypted in a form that is not opened here, break off, or may not be read. Remove"
            " or unpack them, and erase again:",
            soft_wrap=True,
        )
    for place in result.unread:
        out.print(f"  {place}", markup=False, soft_wrap=True)


@commands.command()
def unlink(
    accounts: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE:ACCOUNT", help="Accounts of different people."),
    ] = None,
    person: Annotated[
        int | None, typer.Option(help="Take this person apart: each account is someone else.")
    ] = None,
    identifier: Annotated[
        str | None,
        typer.Option(metavar="KIND:DIGEST", help="This identifier links nobody from now on."),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take an earlier unlink back.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Rule out a wrong link, for good; the persons it made are decided anew."""
    asked = app.UnlinkPeople(tuple(accounts or ()), person, identifier, undo)
    with opened(where, quiet=json, doing="Unlinking") as context:
        result = app.people_unlink(context, asked)
    if json:
        say_json(asdict(result))
        return
    if not result.splits and not result.merges:
        out.print("Recorded. No person changed.")
        return
    if result.splits:
        table(
            [(str(s.person), str(s.separated), s.accounts) for s in result.splits],
            ("person", "now apart as", "accounts"),
        )
    if result.merges:
        out.print(f"Persons that became one again: {result.merges:,}.")
    if result.campaigns:
        out.print(
            f"Frozen in {', '.join(result.campaigns)}: the ids that stay keep their arm, the"
            " accounts that left are in none. Traits and audiences change with the next build."
        )


def _print(people: "PeopleReport") -> None:
    behind = f"behind {people.accounts:,} accounts (run {people.run})"
    out.print(f"[bold]{people.persons:,} persons[/] {behind}")
    table(
        [
            *((s.source, s.accounts, s.persons, s.only_here) for s in people.sources),
            ("sum of the sources", people.accounts, people.sum_of_sources, None),
            ("deduplicated union", None, people.persons, None),
        ],
        ("source", "accounts", "persons", "in no other source"),
    )
    if people.overlaps:
        table(
            [(o.first, o.second, o.persons, _percent(o.share_of_smaller)) for o in people.overlaps],
            ("source", "and", "persons in both", "of the smaller"),
            title="Overlap",
        )
    table(list(people.sizes.items()), ("accounts", "persons"), title="Accounts of one person")
    if people.largest:
        table(
            [(str(c.person), c.accounts, c.sources) for c in people.largest],
            ("person", "accounts", "sources"),
            title="Persons with the most accounts",
        )
    _print_refused(people)
    _print_merges(people)
    _print_gaming(people)


def _print_gaming(people: "PeopleReport") -> None:
    from fullhouse.view.words.gaming import gaming_lines

    for line in gaming_lines(people.gaming) or ["No sign of gaming in purchases, plays or sales."]:
        out.print(line, markup=False, soft_wrap=True)


def _print_refused(people: "PeopleReport") -> None:
    if not people.refused:
        out.print("No identifier is shared by too many accounts.")
        return
    table(
        [(r.kind, r.digest + "…", r.accounts) for r in people.refused],
        ("kind", "digest", "accounts"),
        title=f"Identifiers that too many accounts share: {people.refused_identifiers:,}",
    )


def _print_merges(people: "PeopleReport") -> None:
    if not people.latest_merges:
        out.print("No persons were merged.")
        return
    table(
        [
            (m.run, str(m.kept), str(m.merged), f"{m.at:%Y-%m-%d %H:%M}")
            for m in people.latest_merges
        ],
        ("run", "kept", "retired", "at (UTC)"),
        title=f"Persons that turned out to be one: {people.merges:,}",
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
