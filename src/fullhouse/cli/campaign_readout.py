"""`fullhouse campaign readout` and after: what changed, in whom, what later plans learn."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli import room
from fullhouse.cli.room import As, DryRun
from fullhouse.cli.show import (
    Json,
    KnownOn,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.measurement.campaign_readout import CampaignReadout, NamedEffect
    from fullhouse.planning.plan import Amount

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name.")]
GROUPS = ("whole", "audience", "channel", "channel alone", "cities", "habit")
"""Shown on the command line; the lines are many, and stand in the JSON and on the report."""


def readout(
    campaign: Name,
    *,
    as_of: KnownOn = None,
    lines: Annotated[bool, typer.Option("--lines", help="Each line too.")] = False,
    no_learn: Annotated[
        bool, typer.Option("--no-learn", help="Only look: keep nothing for later plans.")
    ] = False,
    who: As = None,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What it really changed in tickets and gross: everybody as assigned."""
    day = parse_day(as_of)
    if who is not None:
        question = app.Readout(campaign, day)
        room.ask(where, who, question, title=None, dry_run=dry_run, json=json)
        return
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json) as step:
        request = app.ReadCampaign(campaign, as_of=day, learn=not no_learn)
        result = app.campaign_readout(replace(workspace, progress=step), request)
    if json:
        say_json(result.to_dict())
    else:
        show(result, (*GROUPS, "line") if lines else GROUPS)


Tenant = Annotated[str, typer.Option("--as", metavar="TENANT[/USER]", help="As this tenant.")]


def reach(
    campaign: Name,
    *,
    who: Tenant,
    as_of: KnownOn = None,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """How many people it reached and how often, as a release."""
    day = parse_day(as_of)
    question = app.ReachFrequency(campaign, day)
    room.ask(where, who, question, title=None, dry_run=dry_run, json=json)


def reserve(
    campaign: Name,
    *,
    looks: Annotated[int, typer.Option(metavar="N", min=1, help="How many readouts are planned.")],
    who: Tenant,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Set privacy budget aside for its planned readouts, so that none can be refused."""
    with room.opened_as(where, who, quiet=json) as context:
        statement = app.room_reserve(context, app.ReserveLooks(campaign, looks))
    if json:
        say_json({"budgets": [{"epoch": e} | asdict(b) for e, b in statement.budgets]})
        return
    from fullhouse.view.words.release import budget_sentences

    for line in budget_sentences([b for _, b in statement.budgets]):
        out.print(line, markup=False, soft_wrap=True)


def show(readout: "CampaignReadout", groups: tuple[str, ...] = GROUPS) -> None:
    """Print a readout: effects on tickets by part, then what was won and what it cost."""
    from fullhouse.view.words.readout import campaign_sentences

    rows = [_row(e) for e in readout.on("tickets") if e.group in groups]
    heads = (
        "of", "who", "treated", "held out", "tickets per 1,000 people (95 %)",
        "at any look", "proven",
    )  # fmt: skip
    table(rows, heads)
    spent = [f"Spent: {readout.spend:,.0f} {readout.currency}."] if readout.spend else []
    for line in [*spent, *campaign_sentences(readout)]:
        out.print(line, markup=False, soft_wrap=True)


def outlook(
    campaign: Name, *, as_of: KnownOn = None, where: Where = ".", json: Json = False
) -> None:
    """The forecast moved by the campaign: as planned, then as measured."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace, progress("Forecasting", quiet=json) as step:
        request = app.OutlookCampaign(campaign, as_of=day)
        result = app.campaign_outlook(replace(workspace, progress=step), request)
    if json:
        say_json(as_json(asdict(result)))
        return
    rows = [
        ("without the campaign", *_ends(result.base)),
        (f"what it adds, {result.basis}", *_ends(result.added)),
        ("with it", *_ends(result.total)),
    ]
    table(rows, (f"{result.currency}, as of {result.as_of}", "middle", "80 %: from", "to"))


def uplift(
    campaign: Name,
    *,
    as_of: KnownOn = None,
    seed: Annotated[int, typer.Option(help="Draws the splits.")] = 0,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Whether it moved some people more than others: only where held-out people prove it."""
    from fullhouse.view.words.readout import uplift_sentence

    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace, progress("Learning on some", quiet=json) as step:
        request = app.UpliftCampaign(campaign, as_of=day, seed=seed)
        result = app.campaign_uplift(replace(workspace, progress=step), request)
    if json:
        say_json(result.to_dict())
        return
    out.print(uplift_sentence(result), markup=False, soft_wrap=True)


def cards(
    film: Annotated[
        str | None, typer.Argument(metavar="FILM", help="Of one film; else of all.")
    ] = None,
    *,
    as_of: KnownOn = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Which audience cards held, among people whom no campaign contacted."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace:
        result = app.campaign_verdicts(workspace, app.ListVerdicts(as_of=day, film=film))
    if json:
        say_json({"verdicts": [as_json(asdict(v)) for v in result]})
        return
    rows = [
        (str(v.known_on), v.film, v.audience, _ratio(v.claimed), _ratio(v.observed), v.verdict)
        for v in result
    ]
    table(rows, ("known", "film", "card", "claimed (95 %)", "observed (95 %)", "verdict"))


def learned(as_of: KnownOn = None, *, where: Where = ".", json: Json = False) -> None:
    """How people responded by the readouts so far: the next plan starts from it."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace:
        result = app.campaign_learned(workspace, app.ListLearned(as_of=day))
    if json:
        say_json({"responses": [as_json(asdict(x)) for x in result]})
        return
    from fullhouse.view.words.report import doses_words

    rows = [
        (str(x.known_on), x.campaign, x.audience, doses_words(x.doses),
         f"{x.response:+.0%} (± {1.96 * x.standard_error:.0%})")
        for x in result
    ]  # fmt: skip
    table(rows, ("known", "campaign", "audience", "impressions a person", "response (95 %)"))


def _row(named: "NamedEffect") -> tuple[object, ...]:
    from fullhouse.view.words.readout import part_words

    effect = named.effect
    always = effect.always_valid
    return (
        named.group, part_words(named.group, named.name), effect.people, effect.control_people,
        _thousand(effect.effect.value, effect.effect.low, effect.effect.high),
        "-" if always is None else f"{1000 * always.low:+.2f} to {1000 * always.high:+.2f}",
        effect.proven,
    )  # fmt: skip


def _thousand(value: float, low: float, high: float) -> str:
    return f"{1000 * value:+.2f} ({1000 * low:+.2f} to {1000 * high:+.2f})"


def _ratio(ends: tuple[float | None, ...]) -> str:
    value, low, high = ends
    if value is None or low is None or high is None:
        return "-"
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _ends(amount: "Amount") -> tuple[str, str, str]:
    return f"{amount.middle:,.0f}", f"{amount.low:,.0f}", f"{amount.high:,.0f}"
