"""`fullhouse campaign`: what a plan could show, its launch, and what it changed."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fullhouse import app
from fullhouse.cli import campaign_cities, campaign_pilot, campaign_readout
from fullhouse.cli.show import (
    Json,
    Rows,
    Where,
    channels_text,
    first_rows,
    opened,
    out,
    progress,
    say_json,
    table,
)
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.campaigns.campaign import Launched
    from fullhouse.campaigns.removals import Removal

commands = typer.Typer(
    help="Power, launch, readout and measured responses of campaigns.", no_args_is_help=True
)
commands.add_typer(campaign_cities.commands, name="cities")
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")]
Channels = Annotated[
    str | None, typer.Option("--channels", metavar="FILE", help="TOML, as for the plan.")
]


Rate = Annotated[
    float | None,
    typer.Option(metavar="SHARE", min=0.0, max=1.0, help="Share who buy anyway; as planned."),
]
Holdout = Annotated[
    float | None,
    typer.Option(metavar="SHARE", min=0.0, max=0.9, help="Share held out; the plan's."),
]
Rho2 = Annotated[
    float | None,
    typer.Option(metavar="SHARE", min=0.0, max=0.99, help="Variance that earlier tickets explain."),
]
Lines = Annotated[bool, typer.Option("--lines", help="Each line too.")]


@commands.command()
def power(
    plan: Plan,
    *,
    rate: Rate = None,
    holdout: Holdout = None,
    rho2: Rho2 = None,
    channels: Channels = None,
    lines: Lines = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Before the launch: the smallest effect that the whole, audiences and lines can show."""
    from fullhouse.view.words.plan import powers_words

    request = app.PowerOfCampaign(plan, rate, holdout, rho2, channels_text(channels))
    with opened(where, quiet=json) as house, progress("Counting", quiet=json) as step:
        powers = app.campaign_power(replace(house, progress=step), request)
    if json:
        parts = [
            _finite(asdict(p) | {"relative": p.relative, "measurable": p.measurable})
            for p in powers
        ]
        say_json({"parts": parts})
        return
    shown = [p for p in powers if lines or p.group != "line"]
    table(
        [
            (p.name, p.treated, p.held_out, f"{p.base:.2%}", f"{1000 * p.smallest:.2f}",
             f"{1000 * (p.expected or 0):.2f}", p.measurable)
            for p in shown
        ],
        ("extra tickets per 1,000 people", "treated", "held out", "buy anyway",
         "smallest detectable", "the plan expects", "measurable"),
    )  # fmt: skip
    for sentence in powers_words(shown, [p for p in powers if p not in shown]):
        out.print(sentence, markup=False, soft_wrap=True)


Name = Annotated[str, typer.Option(metavar="NAME", help="The campaign's name, used once.")]
Folder = Annotated[
    str, typer.Option("--out", metavar="DIR", help="Folder or object store of deliveries.")
]
GlobalHoldout = Annotated[
    float,
    typer.Option(
        metavar="SHARE", min=0.0, max=0.5, help="Share held out of every campaign, for years."
    ),
]
ChannelHoldout = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0.0,
        max=0.9,
        help="Share of the treated that each channel leaves out.",
    ),
]
Strata = Annotated[
    Literal["activity", "city", "none"], typer.Option(help="Balance arms within these.")
]
By = Annotated[Literal["person", "household"], typer.Option(help="One arm for each of these.")]
Households = Annotated[str | None, typer.Option(metavar="FILE", help="source, account, household.")]
Cap = Annotated[
    float | None,
    typer.Option(metavar="N", min=1, help="Impressions of a person on a channel at most."),
]
CapDays = Annotated[int, typer.Option(metavar="N", min=1, help="Days in which --cap counts.")]
LaunchContacts = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="source, account, email, phone; stored nowhere."),
]
Log = Annotated[
    bool | None,
    typer.Option("--log/--no-log", help="Write assigned.parquet; up to 5 million rows."),
]


@commands.command()
def launch(
    plan: Plan,
    *,
    name: Name,
    folder: Folder,
    channels: Channels = None,
    holdout: Holdout = None,
    global_holdout: GlobalHoldout = 0.0,
    channel_holdout: ChannelHoldout = 0.0,
    strata: Strata = "activity",
    by: By = "person",
    households: Households = None,
    cap: Cap = None,
    cap_days: CapDays = 7,
    contacts: LaunchContacts = None,
    log: Log = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Freeze audiences and arms, and hand each channel the treated in the form it takes."""
    request = app.LaunchCampaign(
        plan,
        name,
        folder,
        channels=channels_text(channels),
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
    with opened(where, quiet=json) as house, progress("Launching", quiet=json) as step:
        launched = app.campaign_launch(replace(house, progress=step), request)
    if json:
        say_json({"campaign": launched.campaign.name, "resumed": launched.resumed,
                  "logged": launched.logged, "lines": dict(launched.lines),
                  "files": [asdict(f) for f in launched.files]})  # fmt: skip
        return
    _print_launched(launched, folder)


def _print_launched(launched: "Launched", folder: str) -> None:
    """How many people each channel got, and where their files are."""
    from fullhouse.view.words.plan import launched_words

    _print_counts(launched)
    out.print(
        launched_words(
            len(launched.files),
            folder,
            resumed=launched.resumed,
            logged=launched.logged,
            withdrawn=max((f.withdrawn for f in launched.files), default=0),
        ),
        markup=False,
        soft_wrap=True,
    )


def _print_counts(launched: "Launched") -> None:
    """A row for each channel: its lines, and their people by state."""
    from fullhouse.view.words.plan import STATE_WORDS

    counts = dict(launched.lines)
    states = [s for s in STATE_WORDS if any(n.get(s) for n in counts.values())]
    rows = []
    for channel in dict.fromkeys(f.channel for f in launched.files):
        files = [f for f in launched.files if f.channel == channel]
        people = (sum(counts[f.line].get(s, 0) for f in files) for s in states)
        rows.append((channel, len(files), *people, sum(f.rows for f in files)))
    table(rows, ("people by line, on", "lines", *(STATE_WORDS[s] for s in states), "accounts"))


def _finite(fields: dict[str, object]) -> dict[str, object]:
    """Infinity, of what cannot be measured at all, as null."""
    return {k: None if v == float("inf") else v for k, v in fields.items()}


Contacts = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="source, account, email, phone; for hashed lists."),
]


@commands.command()
def cancel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The campaign.")],
    *,
    contacts: Contacts = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Cancel a campaign: hand nothing over any more, and take back what was."""
    with opened(where, quiet=json) as house, progress("Taking back", quiet=json) as step:
        request = app.CancelCampaign(name, contacts)
        cancelled = app.campaign_cancel(replace(house, progress=step), request)
    if json:
        say_json(
            {
                "campaign": as_json(asdict(cancelled.campaign)),
                "removals": _removal_rows(cancelled.removals),
            }
        )
    else:
        out.print(f"Campaign {name} is cancelled. Its name stays taken.", markup=False)
        _print_removals(cancelled.removals)
    _end(cancelled.removals)


@commands.command()
def removals(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A campaign; all without it.")
    ] = None,
    *,
    contacts: Contacts = None,
    due: Annotated[bool, typer.Option("--due", help="Only count them; deliver nothing.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Deliver to each channel the list of those it has who withdrew or left since."""
    with opened(where, quiet=json) as context, progress("Taking back", quiet=json) as step:
        house = replace(context, progress=step)
        if due:
            waiting = app.campaign_removals_due(house, app.ListRemovalsDue(name))
        else:
            done = app.campaign_removals(house, app.RemoveFromChannels(name, contacts))
    if due:
        if json:
            say_json({"due": [asdict(d) for d in waiting]})
        else:
            rows = [(d.campaign, d.channel, d.accounts) for d in waiting]
            table(rows, ("campaign", "channel", "accounts to take back"))
        return
    if json:
        say_json({"removals": _removal_rows(done)})
    else:
        _print_removals(done)
    _end(done)


def _removal_rows(removals: Sequence["Removal"]) -> list[dict[str, object]]:
    return [
        {**asdict(r), "problem": str(r.problem) if r.problem else None, "delivered": r.delivered}
        for r in removals
    ]


def _print_removals(removals: Sequence["Removal"]) -> None:
    if not removals:
        out.print("No channel has accounts of people who left.")
        return
    table(
        [
            (r.campaign, r.channel, r.accounts, r.rows, r.to if r.delivered else "not delivered")
            for r in removals
        ],
        ("campaign", "channel", "accounts", "rows in the list", "to"),
    )
    for r in removals:
        if r.problem is not None:
            out.print(f"{r.channel}: {r.problem}", markup=False, soft_wrap=True)


def _end(removals: Sequence["Removal"]) -> None:
    if not all(r.delivered for r in removals):
        raise typer.Exit(1)


@commands.command("list")
def list_(
    film: Annotated[
        str | None, typer.Option(metavar="FILM", help="Only the campaigns of this film.")
    ] = None,
    rows: Rows = 0,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List campaigns, the newest first."""
    with opened(where, quiet=json) as house:
        campaigns = app.campaign_list(house, app.ListCampaigns(film))
    if json:
        say_json({"campaigns": [as_json(asdict(c)) for c in campaigns]})
        return
    table(
        [
            (
                c.name,
                c.film,
                f"{c.plan}@{c.plan_version}",
                f"{c.at:%Y-%m-%d %H:%M}",
                c.cancelled,
            )
            for c in first_rows(campaigns, rows)
        ],
        ("campaign", "film", "plan", "launched", "cancelled"),
    )


commands.command()(campaign_pilot.pilot)
commands.command()(campaign_pilot.look)
commands.command()(campaign_readout.reach)
commands.command()(campaign_readout.readout)
commands.command()(campaign_readout.reserve)
commands.command()(campaign_readout.outlook)
commands.command()(campaign_readout.uplift)
commands.command()(campaign_readout.cards)
commands.command()(campaign_readout.learned)
