"""`fullhouse campaign`: what a plan could show, its launch, and what it really changed."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli import campaign_cities, campaign_readout
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table
from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json

commands = typer.Typer(help="Power, launch, readout and what was learned.", no_args_is_help=True)
commands.add_typer(campaign_cities.commands, name="cities")
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")]
Channels = Annotated[
    str | None, typer.Option("--channels", metavar="FILE", help="TOML, as for the plan.")
]
STATES = (
    "treated", "withheld", "held_out", "always_out", "no_consent", "over_cap", "has_ticket",
    "not_addressed",
)  # fmt: skip


@commands.command()
def power(
    plan: Plan,
    *,
    rate: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share who buy anyway; as past films tell."),
    ] = None,
    holdout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Share held out; the plan's.")
    ] = None,
    rho2: Annotated[
        float | None,
        typer.Option(min=0.0, max=0.99, help="Variance that earlier tickets explain; as past."),
    ] = None,
    channels: Channels = None,
    lines: Annotated[bool, typer.Option("--lines", help="Each line too.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Before the launch: the smallest effect that the whole, audiences and lines can show."""
    with opened(where, quiet=json) as workspace, progress("Counting", quiet=json):
        found = app.campaign_power(
            workspace, plan, rate=rate, holdout=holdout, rho2=rho2, channels=_text(channels)
        )
    if json:
        say_json([_finite(asdict(p) | {"relative": p.relative, "measurable": p.measurable})
                  for p in found])  # fmt: skip
        return
    shown = [p for p in found if lines or p.group != "line"]
    rows = [
        (p.name, p.treated, p.held_out, f"{p.base:.2%}", f"{1000 * p.smallest:.2f}",
         f"{1000 * (p.expected or 0):.2f}", p.measurable)
        for p in shown
    ]  # fmt: skip
    table(rows, ("tickets per 1,000 people", "treated", "held out", "buy anyway",
                 "smallest that shows", "the plan expects", "can show"))  # fmt: skip
    for p in shown:
        if not p.measurable and p.says:
            out.print(f"{p.name}: {p.says}.", markup=False, soft_wrap=True)
    hidden = [p for p in found if p not in shown]
    if hidden:
        able = sum(p.measurable for p in hidden)
        out.print(f"By itself {able:,} of {len(hidden):,} lines can show it (--lines: each).")
    whole = found[0]
    if whole.suggested is not None:
        out.print(f"Holding out {whole.suggested:.1%} shows what the plan expects of the whole.")
    out.print(
        f"Found with 80 % power at 95 %; earlier tickets explain {whole.rho2:.1%} of the variance."
        " A smaller effect may be there and not be seen.",
        soft_wrap=True,
    )


@commands.command()
def launch(
    plan: Plan,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The campaign's name, used once.")],
    folder: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder or object store of deliveries.")
    ],
    channels: Channels = None,
    holdout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Share held out; the plan's.")
    ] = None,
    global_holdout: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share held out of every campaign, for years.")
    ] = 0.0,
    channel_holdout: Annotated[
        float,
        typer.Option(min=0.0, max=0.9, help="Share of the treated that each channel leaves out."),
    ] = 0.0,
    strata: Annotated[
        str, typer.Option(help="Balance arms within: activity, city or none.")
    ] = "activity",
    by: Annotated[str, typer.Option(help="One arm for each: person or household.")] = "person",
    households: Annotated[
        str | None, typer.Option(metavar="FILE", help="source, account, household.")
    ] = None,
    cap: Annotated[
        float | None, typer.Option(min=1, help="Impressions of a person on a channel at most.")
    ] = None,
    cap_days: Annotated[int, typer.Option(min=1, help="Days in which --cap counts.")] = 7,
    contacts: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="source, account, email, phone; kept nowhere."),
    ] = None,
    log: Annotated[
        bool | None,
        typer.Option("--log/--no-log", help="Write assigned.parquet; up to 5 million rows."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Freeze audiences and arms, and hand each channel the treated in the form it takes."""
    with opened(where, quiet=json) as workspace, progress("Launching", quiet=json):
        done = app.campaign_launch(
            workspace,
            plan,
            name=name,
            folder=folder,
            channels=_text(channels),
            holdout=holdout,
            global_holdout=global_holdout,
            channel_holdout=channel_holdout,
            strata=strata,
            by=by,
            households=households,
            cap=cap,
            cap_days=cap_days,
            contacts=contacts,
            log=log,
        )
    if json:
        say_json({"campaign": done.campaign.name, "resumed": done.resumed, "logged": done.logged,
                  "lines": dict(done.lines),
                  "files": [asdict(f) for f in done.files]})  # fmt: skip
        return
    counts, files = dict(done.lines), list(done.files)
    states = [s for s in STATES if any(n.get(s) for n in counts.values())]
    rows = [
        (
            channel,
            len(mine),
            *(sum(counts[f.line].get(s, 0) for f in mine) for s in states),
            sum(f.rows for f in mine),
        )
        for channel in dict.fromkeys(f.channel for f in files)
        if (mine := [f for f in files if f.channel == channel])
    ]
    table(rows, ("people by line, on", "lines", *(s.replace("_", " ") for s in states),
                 "accounts"))  # fmt: skip
    again = "It stood already: no arm was changed. " if done.resumed else ""
    said = (
        "assigned.parquet there is the house's own log of both arms, for no channel."
        if done.logged
        else "The log of both arms is large and was not written; --log writes it."
    )
    out.print(f"{again}{len(done.files):,} lines handed over in {folder}; {said}", soft_wrap=True)


def _text(channels: str | None) -> str | None:
    if channels is None:
        return None
    if not Path(channels).is_file():
        raise InputError(f"--channels: there is no file {channels}.")
    return Path(channels).read_text("utf-8")


def _finite(told: dict[str, object]) -> dict[str, object]:
    """Infinity, of what cannot be measured at all, as null."""
    return {k: None if v == float("inf") else v for k, v in told.items()}


@commands.command("list")
def list_(where: Where = ".", json: Json = False) -> None:
    """List campaigns, the newest first."""
    with opened(where, quiet=json) as workspace:
        found = app.campaign_list(workspace)
    if json:
        say_json([as_json(asdict(c)) for c in found])
        return
    table(
        [(c.name, c.film, f"{c.plan}@{c.plan_version}", f"{c.at:%Y-%m-%d %H:%M}") for c in found],
        ("campaign", "film", "plan", "launched"),
    )


commands.command()(campaign_readout.readout)
commands.command()(campaign_readout.outlook)
commands.command()(campaign_readout.uplift)
commands.command()(campaign_readout.cards)
commands.command()(campaign_readout.learned)
