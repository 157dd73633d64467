"""`fullhouse match`: how many of a studio's customers the house knows, by files that go between."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.room import opened_as, show_answer
from fullhouse.cli.show import Json, Where, done, opened, out, progress, say_json
from fullhouse.core.errors import InputError

if TYPE_CHECKING:
    from fullhouse.app import Requested

commands = typer.Typer(
    help="Private match: how many of a studio's customers the house knows; no list is shown.",
    no_args_is_help=True,
)

Request = Annotated[Path, typer.Argument(metavar="REQUEST", help="What match request wrote.")]


def _out(default: str) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(
        "--out", metavar="FILE", help=f"Where to write; {default} without it."
    )
    return made


@commands.command()
def request(
    file: Annotated[Path, typer.Argument(metavar="LIST", help="CSV or Parquet of customers.")],
    *,
    kind: Annotated[
        str, typer.Option("--kind", help="email or phone: the column; by itself where one is.")
    ] = "",
    region: Annotated[
        str, typer.Option("--phone-region", help="Of phone numbers without a country code.")
    ] = "US",
    act: Annotated[
        bool, typer.Option("--act", help="Let the house learn who is on it, and act on it.")
    ] = False,
    to: Annotated[Path, _out("request.bin")] = Path("request.bin"),
    json: Json = False,
) -> None:
    """Studio: blind a list. No workspace is needed, and nobody can read the list from it."""
    with progress("Blinding", quiet=json):
        made = app.match_request(app.RequestMatch(file, kind, region, act))
    secret = _secret(to)
    _write(secret, made.secret.to_bytes(), private=True)
    _write(to, made.message.to_bytes())
    if json:
        counts = {"identifiers": made.identifiers, "invalid": made.invalid}
        say_json({"wrote": str(to), "secret": str(secret)} | counts)
        return
    _say_request(made, to, secret)


@commands.command()
def challenge(
    asked: Request,
    *,
    tenant: Annotated[str, typer.Option("--as", metavar="TENANT", help="Whose request it is.")],
    contacts: Annotated[
        Path, typer.Option("--contacts", metavar="FILE", help="Source, account, email or phone.")
    ],
    to: Annotated[Path, _out("challenge.bin")] = Path("challenge.bin"),
    where: Where = ".",
    json: Json = False,
) -> None:
    """House: blind the contacts of people who take part, for the studio to blind them, too."""
    with opened(where, quiet=json, doing="Blinding") as context:
        message, kept = app.match_challenge(context, app.ChallengeMatch(tenant, asked, contacts))
    secret = _secret(to)
    _write(secret, kept.to_bytes(), private=True)
    _write(to, message.to_bytes())
    sentence = f"Wrote {to}: send it to the studio.\nKeep {secret} here for the answer."
    done({"wrote": str(to), "secret": str(secret)}, sentence, json=json)


@commands.command()
def respond(
    asked: Annotated[
        Path, typer.Argument(metavar="CHALLENGE", help="What the house's match challenge wrote.")
    ],
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The request's secret.")],
    to: Annotated[Path, _out("response.bin")] = Path("response.bin"),
    json: Json = False,
) -> None:
    """Studio: blind the house's challenge, sorted, so that it learns a size and not who."""
    with progress("Blinding", quiet=json):
        message = app.match_respond(app.RespondMatch(asked, key))
    _write(to, message.to_bytes())
    done({"wrote": str(to)}, f"Wrote {to}: send it to the house.", json=json)


@commands.command()
def answer(
    asked: Request,
    response: Annotated[Path, typer.Argument(metavar="RESPONSE", help="What the studio sent.")],
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The challenge's secret.")],
    tenant: Annotated[str, typer.Option("--as", metavar="TENANT", help="Whose match it is.")],
    title: Annotated[
        str | None, typer.Option("--title", metavar="FILM", help="The tenant's title that pays.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option("--audience", metavar="NAME", help="Keep who is on it, in here.")
    ] = None,
    contacts: Annotated[
        Path | None, typer.Option("--contacts", metavar="FILE", help="--audience: as before.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """House: release the size with noise, paid from the tenant's budget."""
    with opened_as(where, tenant, quiet=json) as context, progress("Comparing", quiet=json):
        about = app.AnswerMatch(asked, response, key, title, audience, contacts)
        matched = app.match_answer(context, about)
    show_answer(matched.answer, tenant=tenant.partition("/")[0], json=json)
    if matched.audience and not json:
        out.print(f"Who is on the list is the tenant's audience:{matched.audience} from now on.")


def _say_request(made: "Requested", to: Path, secret: Path) -> None:
    many, invalid = made.identifiers, made.invalid
    out.print(f"{many:,} different identifiers; {invalid:,} rows had none that can be one.")
    out.print(f"Wrote {to}: send it to the house.", markup=False, soft_wrap=True)
    out.print(
        f"Keep {secret} to yourself: with it anybody can try out who is on the list.",
        markup=False,
        soft_wrap=True,
    )


def _secret(beside: Path) -> Path:
    return beside.with_suffix(".key")


def _write(file: Path, data: bytes, *, private: bool = False) -> None:
    try:
        if private:
            file.unlink(missing_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
        else:
            file.write_bytes(data)
    except OSError as problem:
        raise InputError(f"Cannot write {file}: {(problem.strerror or '').lower()}.") from None
