"""`fullhouse audience`: count, describe, overlap, sample, save, list, show, export."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.app.audiences import Basis

commands = typer.Typer(help="Count, describe, save and export audiences.", no_args_is_help=True)

RULE_HELP = "Such as 'buys:books & age:18-34 - saw:up-2009'; see docs/audiences.md. JSON works too."
Rule = Annotated[str, typer.Argument(metavar="RULE", help=RULE_HELP)]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Use the newest traits as of this day or earlier.")
]
Purpose = Annotated[str, typer.Option("--purpose", help="People without it are left out.")]


@commands.command()
def count(
    rule: Rule,
    *,
    as_of: AsOf = None,
    purpose: Purpose = "analytics",
    where: Where = ".",
    json: Json = False,
) -> None:
    """Count the people who fit a rule."""
    with opened(where, quiet=json) as workspace, progress("Counting", quiet=json):
        basis, found = app.audience_count(workspace, rule, as_of=_day(as_of), purpose=purpose)
    if json:
        say_json({"persons": found.persons, "left_out": found.left_out} | _about(basis))
        return
    out.print(f"[bold]{found.persons:,}[/] people")
    _say_basis(basis, found.left_out)


@commands.command()
def describe(
    rule: Rule,
    *,
    base: Annotated[str, typer.Option(help="Rule of the base to compare with.")] = "everyone",
    family: Annotated[list[str] | None, typer.Option(help="Only this family; repeatable.")] = None,
    smallest: Annotated[
        int | None, typer.Option(help="Fewest people of the base a trait needs to be shown.")
    ] = None,
    top: Annotated[int, typer.Option(help="Most traits of a family in the table; 0: all.")] = 10,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Profile an audience against a base: share, index and its 95 % interval, by family."""
    with opened(where, quiet=json) as workspace, progress("Describing", quiet=json):
        basis, found = app.audience_describe(
            workspace,
            rule,
            base=base,
            families=family or (),
            smallest=smallest,
            as_of=_day(as_of),
        )
    if json:
        say_json(
            {
                "persons": found.persons,
                "base_persons": found.base_persons,
                "left_out": found.left_out,
                "outside_base": found.outside,
                "too_small": found.too_small,
                "traits": [_line(line) for line in found.lines],
            }
            | _about(basis)
        )
        return
    out.print(f"[bold]{found.persons:,}[/] people of {found.base_persons:,} in the base")
    for name in dict.fromkeys(line.trait.family for line in found.lines):
        lines = [line for line in found.lines if line.trait.family == name]
        shown = lines[: top or None]
        title = name + (f" ({len(shown)} of {len(lines)})" if len(shown) < len(lines) else "")
        table(
            [
                (
                    line.trait.name,
                    line.persons,
                    f"{line.share:.2%}",
                    f"{line.base_share:.2%}",
                    f"{line.index.index:.0f}",
                    f"{line.index.low:.0f}–{line.index.high:.0f}",
                )
                for line in shown
            ],
            ("trait", "people", "share", "base share", "index", "95 % interval"),
            title=title,
        )
    if found.outside:
        out.print(f"{found.outside:,} more lie outside the base and are not compared.")
    if found.too_small:
        out.print(f"{found.too_small:,} traits have too few people in the base to be shown.")
    _say_basis(basis, found.left_out)


@commands.command()
def overlap(
    rules: Annotated[list[str], typer.Argument(metavar="RULE RULE...", help=RULE_HELP)],
    *,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show how audiences overlap: in pairs, and in every exclusive combination."""
    with opened(where, quiet=json) as workspace, progress("Counting", quiet=json):
        basis, found = app.audience_overlap(workspace, rules, as_of=_day(as_of))
    if json:
        say_json(
            {
                "audiences": list(found.sizes),
                "pairs": [{"audiences": list(k), "persons": n} for k, n in found.pairs.items()],
                "exclusive": [
                    {"audiences": list(k), "persons": n} for k, n in found.exclusive.items()
                ],
                "union": found.union,
                "left_out": found.left_out,
            }
            | _about(basis)
        )
        return
    names = [chr(ord("A") + i) for i in range(len(rules))]
    table(
        [
            (
                names[i],
                rule,
                *(
                    found.sizes[i] if i == j else found.pairs[min(i, j), max(i, j)]
                    for j in range(len(rules))
                ),
            )
            for i, rule in enumerate(basis.rules)
        ],
        ("", "audience", *names),
    )
    table(
        [(" & ".join(names[i] for i in k), n) for k, n in found.exclusive.items()]
        + [("all together", found.union)],
        ("in exactly these", "people"),
    )
    _say_basis(basis, found.left_out)


@commands.command()
def sample(
    rule: Rule,
    *,
    share: Annotated[
        str, typer.Option(help="Share of people, such as 0.1; several parts: 0.5,0.3,0.2")
    ],
    salt: Annotated[str, typer.Option(help="Another text draws other people.")],
    save: Annotated[str | None, typer.Option(help="Save the sample under this name.")] = None,
    as_of: AsOf = None,
    purpose: Purpose = "analytics",
    where: Where = ".",
    json: Json = False,
) -> None:
    """Draw a share of an audience, or split it; people keep their part for ever."""
    with opened(where, quiet=json) as workspace, progress("Sampling", quiet=json):
        basis, parts = app.audience_split(
            workspace,
            rule,
            shares=share.split(","),
            salt=salt,
            save=save,
            purpose=purpose,
            as_of=_day(as_of),
        )
    if json:
        rows = [
            {
                "rule": p.rule,
                "persons": p.count.persons,
                "left_out": p.count.left_out,
                "saved": str(p.saved) if p.saved else None,
            }
            for p in parts
        ]
        say_json({"parts": rows} | _about(basis))
        return
    table(
        [(p.rule, p.count.persons, str(p.saved) if p.saved else None) for p in parts],
        ("part", "people", "saved as"),
    )
    _say_basis(basis, sum(p.count.left_out for p in parts))


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
        basis, saved, found = app.audience_save(
            workspace, name, rule, purpose=purpose, as_of=_day(as_of)
        )
    if json:
        say_json(vars(saved) | {"left_out": found.left_out} | _about(basis))
        return
    out.print(f"Saved [bold]{saved}[/]: {saved.persons:,} people")
    _say_basis(basis, found.left_out)


@commands.command(name="list")
def list_(where: Where = ".", json: Json = False) -> None:
    """List the saved audiences."""
    with opened(where, quiet=json) as workspace:
        rows = app.audience_list(workspace)
    if json:
        say_json([vars(r) for r in rows])
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
        found = app.audience_show(workspace, name)
    if json:
        say_json(vars(found))
        return
    table([(k.replace("_", " "), v) for k, v in _fields(found)], ("", str(found)))


@commands.command()
def export(
    name: Annotated[str, typer.Argument(help="NAME, or NAME@VERSION.")],
    *,
    to: Annotated[Path, typer.Option(help="File to write, ending in .parquet or .csv.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Only accounts of this source; repeatable.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Write the accounts of a saved audience, for people who take part in advertising."""
    with opened(where, quiet=json) as workspace, progress("Exporting", quiet=json):
        audience, done = app.audience_export(workspace, name, to, sources=source or ())
    if json:
        say_json({"audience": str(audience)} | vars(done))
        return
    table(list(done.accounts.items()), ("source", "accounts"), title=f"{audience} in {done.file}")
    out.print(
        f"{done.persons:,} people; {done.left_out:,} left out: no consent for advertising"
        + ("" if audience.purpose in ("advertising", "") else f" or {audience.purpose}")
        + f"; {done.gone:,} without an account here."
    )


def _fields(audience: Any) -> list[tuple[str, str]]:
    shown = vars(audience) | {"persons": f"{audience.persons:,}", "at": f"{audience.at:%F %T} UTC"}
    return [(k, str(v)) for k, v in shown.items()]


def _line(line: Any) -> dict[str, Any]:
    return {
        "trait": line.trait.name,
        "family": line.trait.family,
        "label": line.trait.label,
        "persons": line.persons,
        "base_persons": line.base_persons,
        "share": line.share,
        "base_share": line.base_share,
        "index": line.index.index,
        "low": line.index.low,
        "high": line.index.high,
    }


def _about(basis: "Basis") -> dict[str, Any]:
    return {
        "build": basis.build.id,
        "as_of": basis.build.as_of,
        "purpose": basis.purpose,
        "rules": [{"text": t, "form": f} for t, f in zip(basis.rules, basis.forms, strict=True)],
        "notes": list(basis.notes),
    }


def _say_basis(basis: "Basis", left_out: int) -> None:
    out.print(f"{left_out:,} left out: no consent for {basis.purpose}.", soft_wrap=True)
    out.print(f"Traits as of {basis.build.as_of} (build {basis.build.id}).", soft_wrap=True)
    for note in basis.notes:
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _day(text: str | None) -> date | None:
    return None if text is None else parse_date(text, what="--as-of")
