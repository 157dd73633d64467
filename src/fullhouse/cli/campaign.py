"""`fullhouse campaign`: what a plan could show, its launch, and what it really changed."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import pipeline
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table
from fullhouse.errors import InputError
from fullhouse.values import as_json, parse_date

if TYPE_CHECKING:
    from fullhouse.stats.arms import Estimate

app = typer.Typer(help="Power, launch, readout and what was learned.", no_args_is_help=True)
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")]
Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name.")]


@app.command()
def power(
    plan: Plan,
    *,
    rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of these people who buy anyway.")
    ],
    holdout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Share held out; the plan's.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Before the launch: the smallest effect that the whole and each audience can show."""
    with opened(where, quiet=json) as workspace:
        found = pipeline.campaign_power(workspace, plan, rate=rate, holdout=holdout)
    if json:
        say_json([asdict(p) | {"relative": p.relative} for p in found])
        return
    rows = [
        (p.name, p.treated, p.held_out, f"{p.smallest:.5f}", f"{p.relative:.0%}") for p in found
    ]
    table(rows, ("who", "treated", "held out", "smallest effect a person", "of what they buy"))
    out.print("Found with 80 % power at 95 %. A smaller effect may be there and not be seen.")


@app.command()
def launch(
    plan: Plan,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The campaign's name, used once.")],
    folder: Annotated[str, typer.Option("--out", metavar="DIR", help="Where deliveries go.")],
    channels: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML of channels, as for the plan.")
    ] = None,
    holdout: Annotated[
        float | None, typer.Option(min=0.0, max=0.9, help="Share held out; the plan's.")
    ] = None,
    global_holdout: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share held out of every campaign, for years.")
    ] = 0.0,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Freeze audiences and arms, and write DIR/CHANNEL/LINE.parquet of the treated."""
    text = None
    if channels is not None:
        if not Path(channels).is_file():
            raise InputError(f"--channels: there is no file {channels}.")
        text = Path(channels).read_text("utf-8")
    with opened(where, quiet=json) as workspace, progress("Launching", quiet=json):
        done = pipeline.campaign_launch(
            workspace,
            plan,
            name=name,
            folder=Path(folder),
            channels=text,
            holdout=holdout,
            global_holdout=global_holdout,
        )
    if json:
        files = [asdict(f) | {"file": str(f.file)} for f in done.files]
        say_json({"campaign": done.campaign.name, "resumed": done.resumed,
                  "lines": dict(done.lines), "files": files})  # fmt: skip
        return
    rows = [
        (line, n.get("treated", 0), n.get("held_out", 0), n.get("no_consent", 0),
         n.get("has_ticket", 0), n.get("not_addressed", 0))
        for line, n in done.lines
    ]  # fmt: skip
    table(rows, ("line", "treated", "held out", "no consent", "has a ticket", "not addressed"))
    again = "It stood already: no arm was changed. " if done.resumed else ""
    out.print(
        f"{again}{len(done.files):,} files in {folder}; assigned.parquet there is the house's own"
        " log of both arms, for no channel.",
        soft_wrap=True,
    )


@app.command("list")
def list_(where: Where = ".", json: Json = False) -> None:
    """List campaigns, the newest first."""
    with opened(where, quiet=json) as workspace:
        found = pipeline.campaign_list(workspace)
    if json:
        say_json([as_json(asdict(c)) for c in found])
        return
    table(
        [(c.name, c.film, f"{c.plan}@{c.plan_version}", f"{c.at:%Y-%m-%d %H:%M}") for c in found],
        ("campaign", "film", "plan", "launched"),
    )


@app.command()
def readout(
    campaign: Name,
    *,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="With what was known on this day (today).")
    ] = None,
    no_learn: Annotated[
        bool, typer.Option("--no-learn", help="Only look: keep nothing for later plans.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What it really changed: tickets a person, everybody as assigned."""
    from fullhouse.report.plan_words import readout_words

    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json):
        found = pipeline.campaign_readout(workspace, campaign, as_of=day, learn=not no_learn)
    if json:
        say_json(as_json(asdict(found)))
        return
    rows = [
        (e.group, e.name, e.effect.people, e.effect.control_people, _effect(e.effect.effect))
        for e in found.effects
    ]
    table(rows, ("of", "who", "treated", "held out", "tickets a person (95 %)"))
    for line in readout_words(found):
        out.print(line, markup=False, soft_wrap=True)


def _effect(found: "Estimate") -> str:
    return f"{found.value:+.5f} ({found.low:+.5f} to {found.high:+.5f})"


@app.command()
def learned(
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="What was known on this day (today).")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What readouts have taught: the next plan starts from it."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace:
        found = pipeline.campaign_learned(workspace, as_of=day)
    if json:
        say_json([as_json(asdict(x)) for x in found])
        return
    rows = [
        (str(x.known_on), x.campaign, x.audience, _doses(x.doses),
         f"{x.response:+.0%} (± {1.96 * x.error:.0%})")
        for x in found
    ]  # fmt: skip
    table(rows, ("known", "campaign", "audience", "impressions a person", "response (95 %)"))


def _doses(doses: Mapping[str, float]) -> str:
    return ", ".join(f"{channel} {many:.1f}" for channel, many in sorted(doses.items()))
