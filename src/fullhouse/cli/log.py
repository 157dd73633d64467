"""`fullhouse log`: the signed head, entries, receipts, and whether they hold."""

import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.room import opened_for
from fullhouse.cli.show import Json, Rows, Where, opened, out, say_json, table
from fullhouse.core.errors import FullhouseError, InputError

commands = typer.Typer(
    help="The transparency log: what was asked, released and changed, for good.",
    no_args_is_help=True,
)

As = Annotated[
    str | None,
    typer.Option("--as", metavar="TENANT[/USER]", help="Whose log; the house's without it."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to a file.")]


@commands.command()
def head(
    tenant: As = None,
    file: Out = None,
    own: Annotated[bool, typer.Option("--own", help="Of the tenant's own log, as of now.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Publish the house's signed head, or print the newest one that it published."""
    with opened_for(where, tenant, quiet=True) as context:
        signed = app.log_head(context, app.ShowHead(own))
    _write(signed, file, json=json)


@commands.command("list")
def list_(tenant: As = None, rows: Rows = 20, where: Where = ".", json: Json = False) -> None:
    """List the entries of one log, the newest first, and how many others had on each day."""
    with opened_for(where, tenant, quiet=json) as context:
        listed = app.log_list(context, app.ListLog(rows or 2**31))
    if json:
        say_json({"entries": [vars(e) for e in listed.entries], "others": listed.others})
        return
    entries = [(e.position, f"{e.at:%Y-%m-%d %H:%M}", e.kind) for e in listed.entries]
    table(entries, ("entry", "at (UTC)", "what"))
    if listed.others:
        table(list(listed.others.items()), ("day", "entries of all others"))


@commands.command()
def receipt(
    entry: Annotated[int, typer.Argument(min=0, help="The entry's number, as log list shows it.")],
    tenant: As = None,
    file: Out = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Print the receipt of an entry: one JSON file that proves it to whoever has a head."""
    with opened_for(where, tenant, quiet=True) as context:
        proof = app.log_receipt(context, app.MakeReceipt(entry))
    _write(proof, file, json=json)


@commands.command()
def proof(
    earlier: Annotated[int, typer.Argument(min=0, help="The size that the earlier head states.")],
    size: Annotated[int, typer.Argument(min=0, help="The size that the later head states.")],
    tenant: As = None,
    file: Out = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Print the proof that a log only grew between two heads."""
    with opened_for(where, tenant, quiet=True) as context:
        request = app.MakeConsistency(earlier, size)
        _write(app.log_consistency(context, request), file, json=json)


ReceiptFile = Annotated[
    Path | None, typer.Argument(metavar="RECEIPT", help="A receipt; no workspace is needed.")
]
HeadFile = Annotated[
    Path | None, typer.Option("--head", metavar="FILE", help="A head, from elsewhere.")
]
Earlier = Annotated[Path | None, typer.Option("--earlier", metavar="FILE", help="An earlier head.")]
Consistency = Annotated[
    Path | None, typer.Option("--consistency", metavar="FILE", help="What log proof wrote.")
]
Answer = Annotated[
    Path | None, typer.Option("--answer", metavar="FILE", help="The answer it is of.")
]
Key = Annotated[str | None, typer.Option("--key", metavar="HEX", help="The house's public key.")]


@commands.command()
def verify(
    receipt_file: ReceiptFile = None,
    *,
    head_file: HeadFile = None,
    earlier: Earlier = None,
    consistency: Consistency = None,
    answer: Answer = None,
    key: Key = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Check a receipt or two heads, as fullhouse_verify does; without either, the whole log."""
    if receipt_file is not None or earlier is not None:
        _verify_files(
            ["--head", head_file, "--earlier", earlier, "--consistency", consistency],
            ["--answer", answer, "--key", key, "", receipt_file],
            json=json,
        )
        return
    if any((head_file, consistency, answer, key)):
        raise InputError("Give a receipt to check, or two heads: --head NEW --earlier OLD.")
    with opened(where, quiet=True) as context:
        faults = app.log_verify(context)
    from fullhouse.view.words.house import log_fault

    if json:
        say_json({"ok": not faults, "faults": [vars(fault) for fault in faults]})
    for fault in () if json else faults:
        words = log_fault(fault.code, fault.tenant, fault.position)
        out.print(words, markup=False, soft_wrap=True)
    if faults:
        raise FullhouseError(code="log_faults", faults=len(faults))
    if not json:
        out.print("The log is whole: every hash was computed anew, and every published head fits.")


def _verify_files(*options: list[Any], json: bool) -> None:
    import fullhouse_verify

    arguments: list[str] = []
    for group in options:
        for name, value in zip(group[::2], group[1::2], strict=True):
            if value is not None:
                arguments += [name, str(value)] if name else [str(value)]
    checked = StringIO()
    with redirect_stdout(checked if json or out.quiet else sys.stdout):
        code = fullhouse_verify.main(arguments)
    if json:
        say_json({"ok": not code, "checked": checked.getvalue().splitlines()})
    if code:
        raise typer.Exit(code)


def _write(value: dict[str, Any], file: Path | None, *, json: bool) -> None:
    from fullhouse_verify import canonical

    data = canonical(value).decode()
    if json or file is None:
        # What is asked for is JSON itself: it stands on one line, as it is signed.
        sys.stdout.write(data + "\n")
    if file is None:
        return
    try:
        file.write_text(data + "\n")
    except OSError as problem:
        raise InputError(f"Cannot write {file}: {(problem.strerror or '').lower()}.") from None
    if not json:
        out.print(f"Wrote {file}", markup=False, soft_wrap=True)
