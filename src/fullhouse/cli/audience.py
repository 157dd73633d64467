"""`fullhouse audience`: count, describe, overlap, sample, save, list, show, export and so on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli import room
from fullhouse.cli.room import As, DryRun, ForTitle
from fullhouse.cli.show import (
    AsOf,
    Json,
    Rows,
    Where,
    first_rows,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)

if TYPE_CHECKING:
    from fullhouse.audiences import AudienceOverlap, AudienceProfile, Basis

commands = typer.Typer(help="Count, describe, save and export audiences.", no_args_is_help=True)

RULE_HELP = "Such as 'buys:books & age:18-34 - saw:up-2009'; see docs/audiences.md. JSON works too."
Rule = Annotated[str, typer.Argument(metavar="RULE", help=RULE_HELP)]
Purpose = Annotated[str, typer.Option("--purpose", help="People without it are left out.")]


@commands.command()
def count(
    rule: Rule,
    *,
    as_of: AsOf = None,
    purpose: Purpose = "analytics",
    who: As = None,
    title: ForTitle = None,
    precision: Annotated[
        int,
        typer.Option(metavar="PEOPLE", min=0, help="--as: how near, 95 times of 100; costs less."),
    ] = 0,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Count the people who fit a rule."""
    if who is not None:
        question = app.Count(rule, parse_day(as_of), precision)
        room.ask(where, who, question, title=title, dry_run=dry_run, json=json)
        return
    with opened(where, quiet=json) as workspace, progress("Counting", quiet=json):
        counted = app.audience_count(
            workspace, app.CountAudience(rule, as_of=parse_day(as_of), purpose=purpose)
        )
    if json:
        say_json({"persons": counted.persons, "left_out": counted.left_out} | _about(counted.basis))
        return
    out.print(f"[bold]{counted.persons:,}[/] people")
    _print_basis(counted.basis, counted.left_out)


Base = Annotated[str, typer.Option(help="Rule of the base to compare with.")]
Family = Annotated[list[str] | None, typer.Option(help="Only this family; repeatable.")]
Smallest = Annotated[
    int | None, typer.Option(help="Fewest people of the base a trait needs to be shown.")
]


@commands.command()
def describe(
    rule: Rule,
    *,
    base: Base = "everyone",
    family: Family = None,
    smallest: Smallest = None,
    rows: Rows = 10,
    as_of: AsOf = None,
    who: As = None,
    title: ForTitle = None,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Profile an audience against a base: share, index and its 95 % interval, by family."""
    if who is not None:
        question = app.Describe(rule, tuple(family or ()), base, parse_day(as_of))
        room.ask(where, who, question, title=title, dry_run=dry_run, json=json)
        return
    with opened(where, quiet=json) as workspace, progress("Describing", quiet=json):
        profile = app.audience_describe(
            workspace,
            app.DescribeAudience(
                rule,
                base=base,
                families=tuple(family or ()),
                smallest=smallest,
                as_of=parse_day(as_of),
            ),
        )
    if json:
        say_json(
            {
                "persons": profile.persons,
                "base_persons": profile.base_persons,
                "left_out": profile.left_out,
                "outside_base": profile.outside,
                "too_small": profile.too_small,
                "traits": profile.rows(),
            }
            | _about(profile.basis)
        )
        return
    _print_profile(profile, rows)


def _print_profile(profile: "AudienceProfile", rows: int) -> None:
    """A table for each family, then what is not in them."""
    out.print(f"[bold]{profile.persons:,}[/] people of {profile.base_persons:,} in the base")
    for name in dict.fromkeys(row.trait.family for row in profile.traits):
        of_family = [row for row in profile.traits if row.trait.family == name]
        first = first_rows(of_family, rows)
        title = name + (
            f" ({len(first)} of {len(of_family)})" if len(first) < len(of_family) else ""
        )
        table(
            [
                (
                    row.trait.name,
                    row.persons,
                    f"{row.share:.2%}",
                    f"{row.base_share:.2%}",
                    f"{row.index.index:.0f}",
                    f"{row.index.low:.0f}–{row.index.high:.0f}",
                )
                for row in first
            ],
            ("trait", "people", "share", "base share", "index", "95 % interval"),
            title=title,
        )
    if profile.outside:
        out.print(f"{profile.outside:,} more lie outside the base and are not compared.")
    if profile.too_small:
        out.print(f"{profile.too_small:,} traits have too few people in the base to be shown.")
    _print_basis(profile.basis, profile.left_out)


@commands.command()
def breakdown(
    rule: Rule,
    *,
    by: Annotated[str, typer.Option(metavar="FAMILY", help="By the traits of it: age, city.")],
    who: Annotated[
        str, typer.Option("--as", metavar="TENANT[/USER]", help="As this tenant: print a release.")
    ],
    title: ForTitle = None,
    dry_run: DryRun = False,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Break an audience down by a family of traits, each person in one part, as a release."""
    question = app.Breakdown(rule, by, parse_day(as_of))
    room.ask(where, who, question, title=title, dry_run=dry_run, json=json)


Rules = Annotated[list[str], typer.Argument(metavar="RULE RULE...", help=RULE_HELP)]


@commands.command()
def overlap(
    rules: Rules,
    *,
    as_of: AsOf = None,
    who: As = None,
    title: ForTitle = None,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show how audiences overlap: in pairs, and in every exclusive combination."""
    if who is not None:
        question = app.Overlap(tuple(rules), parse_day(as_of))
        room.ask(where, who, question, title=title, dry_run=dry_run, json=json)
        return
    with opened(where, quiet=json) as workspace, progress("Counting", quiet=json):
        overlaps = app.audience_overlap(
            workspace, app.OverlapAudiences(tuple(rules), as_of=parse_day(as_of))
        )
    if json:
        say_json(
            {
                "audiences": list(overlaps.sizes),
                "pairs": [{"audiences": list(k), "persons": n} for k, n in overlaps.pairs.items()],
                "exclusive": [
                    {"audiences": list(k), "persons": n} for k, n in overlaps.exclusive.items()
                ],
                "union": overlaps.union,
                "left_out": overlaps.left_out,
            }
            | _about(overlaps.basis)
        )
        return
    _print_overlaps(overlaps)


def _print_overlaps(overlaps: "AudienceOverlap") -> None:
    """Each audience with its letter and pairs, then the people of each exact combination."""
    rules = overlaps.basis.rules
    names = [chr(ord("A") + i) for i in range(len(rules))]
    table(
        [
            (
                names[i],
                rule,
                *(
                    overlaps.sizes[i] if i == j else overlaps.pairs[min(i, j), max(i, j)]
                    for j in range(len(rules))
                ),
            )
            for i, rule in enumerate(rules)
        ],
        ("", "audience", *names),
    )
    table(
        [(" & ".join(names[i] for i in k), n) for k, n in overlaps.exclusive.items()]
        + [("all together", overlaps.union)],
        ("in exactly these", "people"),
    )
    _print_basis(overlaps.basis, overlaps.left_out)


Share = Annotated[
    str, typer.Option(help="Share of people, such as 0.1; several parts: 0.5,0.3,0.2")
]
Salt = Annotated[str, typer.Option(help="Another text draws other people.")]
Save = Annotated[str | None, typer.Option(help="Save the sample under this name.")]


@commands.command()
def sample(
    rule: Rule,
    *,
    share: Share,
    salt: Salt,
    save: Save = None,
    as_of: AsOf = None,
    purpose: Purpose = "analytics",
    where: Where = ".",
    json: Json = False,
) -> None:
    """Draw a share of an audience, or split it; people keep their part for ever."""
    with opened(where, quiet=json) as workspace, progress("Sampling", quiet=json):
        split = app.audience_split(
            workspace,
            app.SplitAudience(
                rule,
                shares=tuple(share.split(",")),
                salt=salt,
                save=save,
                purpose=purpose,
                as_of=parse_day(as_of),
            ),
        )
    if json:
        rows = [
            {
                "rule": p.rule,
                "persons": p.persons,
                "left_out": p.left_out,
                "saved": str(p.saved) if p.saved else None,
            }
            for p in split.parts
        ]
        say_json({"parts": rows} | _about(split.basis))
        return
    table(
        [(p.rule, p.persons, str(p.saved) if p.saved else None) for p in split.parts],
        ("part", "people", "saved as"),
    )
    _print_basis(split.basis, sum(p.left_out for p in split.parts))


@commands.command()
def save(
    name: Annotated[str, typer.Argument(help="Name of the audience, such as dog-lovers.")],
    rule: Rule,
    *,
    purpose: Purpose = "analytics",
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Freeze the people who fit a rule as a new version of an audience."""
    with opened(where, quiet=json) as workspace, progress("Saving", quiet=json):
        saved = app.audience_save(
            workspace, app.SaveAudience(name, rule, purpose=purpose, as_of=parse_day(as_of))
        )
    if json:
        say_json(vars(saved.audience) | {"left_out": saved.left_out} | _about(saved.basis))
        return
    out.print(f"Saved [bold]{saved.audience}[/]: {saved.audience.persons:,} people")
    _print_basis(saved.basis, saved.left_out)


@commands.command(name="list")
def list_(where: Where = ".", json: Json = False) -> None:
    """List the saved audiences."""
    with opened(where, quiet=json) as workspace:
        rows = app.audience_list(workspace)
    if json:
        say_json({"audiences": [vars(r) for r in rows]})
        return
    table(
        [(str(r), r.persons, r.as_of, r.purpose, f"{r.at:%Y-%m-%d %H:%M}", r.rule) for r in rows],
        ("audience", "people", "as of", "purpose", "saved (UTC)", "rule"),
    )


@commands.command()
def show(
    name: Annotated[str, typer.Argument(help="NAME, or NAME@VERSION.")],
    *,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a saved audience."""
    with opened(where, quiet=json) as workspace:
        audience = app.audience_show(workspace, app.ShowAudience(name))
    if json:
        say_json(vars(audience))
        return
    table([(k.replace("_", " "), v) for k, v in _fields(audience)], ("", str(audience)))


@commands.command()
def export(
    name: Annotated[str, typer.Argument(help="NAME, or NAME@VERSION.")],
    *,
    file: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="File to write, .parquet or .csv.")
    ],
    source: Annotated[
        list[str] | None, typer.Option(help="Only accounts of this source; repeatable.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Write the accounts of a saved audience, for people who take part in advertising."""
    with opened(where, quiet=json) as workspace, progress("Exporting", quiet=json):
        export = app.audience_export(
            workspace, app.ExportAudience(name, file, sources=tuple(source or ()))
        )
    audience = export.audience
    if json:
        say_json(vars(export) | {"audience": str(audience)})
        return
    table(
        list(export.accounts.items()), ("source", "accounts"), title=f"{audience} in {export.file}"
    )
    out.print(
        f"{export.persons:,} people; {export.left_out:,} left out: no consent for advertising"
        + ("" if audience.purpose in ("advertising", "") else f" or {audience.purpose}")
        + f"; {export.gone:,} without an account here."
    )


@commands.command()
def delete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="NAME, or NAME@VERSION.")],
    *,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Delete a saved version that no other audience, plan or campaign uses."""
    with opened(where, quiet=json) as workspace:
        audience = app.audience_delete(workspace, app.DeleteAudience(name))
    if json:
        say_json({"deleted": str(audience), "persons": audience.persons})
        return
    out.print(f"Deleted {audience} with its {audience.persons:,} people.")


def _fields(audience: Any) -> list[tuple[str, str]]:
    fields = vars(audience) | {"persons": f"{audience.persons:,}", "at": f"{audience.at:%F %T} UTC"}
    return [(k, str(v)) for k, v in fields.items()]


def _about(basis: "Basis") -> dict[str, Any]:
    return {
        "build": basis.build.id,
        "as_of": basis.build.as_of,
        "purpose": basis.purpose,
        "rules": [{"text": t, "form": f} for t, f in zip(basis.rules, basis.forms, strict=True)],
        "notes": _notes(basis),
    }


def _print_basis(basis: "Basis", left_out: int) -> None:
    out.print(f"{left_out:,} left out: no consent for {basis.purpose}.", soft_wrap=True)
    out.print(f"Traits as of {basis.build.as_of} (build {basis.build.id}).", soft_wrap=True)
    for note in _notes(basis):
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _notes(basis: "Basis") -> list[str]:
    # Imported here: `fullhouse --help` needs no audiences.
    from fullhouse.view.words.house import note_words

    return [note_words(note) for note in basis.notes]
