"""`fullhouse campaign readout` and after: what changed, in whom, what that teaches."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table
from fullhouse.core.values import as_json, parse_date

if TYPE_CHECKING:
    from fullhouse.planning.plan import Amount
    from fullhouse.view.shown_readout import NamedEffect, ShownReadout

Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="With what was known on this day (today).")
]
GROUPS = ("whole", "audience", "channel", "channel alone", "cities", "habit")
"""Shown on the command line; the lines are many, and stand in the JSON and on the report."""


def readout(
    campaign: Name,
    *,
    as_of: AsOf = None,
    lines: Annotated[bool, typer.Option("--lines", help="Each line too.")] = False,
    no_learn: Annotated[
        bool, typer.Option("--no-learn", help="Only look: keep nothing for later plans.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What it really changed in tickets and gross: everybody as assigned."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json):
        found = app.campaign_readout(workspace, campaign, as_of=day, learn=not no_learn)
    if json:
        say_json(found.to_dict())
    else:
        say(found, (*GROUPS, "line") if lines else GROUPS)


def say(found: "ShownReadout", groups: tuple[str, ...] = GROUPS) -> None:
    """Print a readout: effects on tickets by part, then what was won and what it cost."""
    from fullhouse.view.plan_words import checks_words, proven_words, won_words

    rows = [_row(e) for e in found.on("tickets") if e.group in groups]
    heads = (
        "of", "who", "treated", "held out", "tickets per 1,000 people (95 %)",
        "at any look", "proven",
    )  # fmt: skip
    table(rows, heads)
    spent = [f"Spent: {found.spend:,.0f} {found.currency}."] if found.spend else []
    told = [*won_words(found), *spent, *proven_words(found), *checks_words(found)]
    for line in told:
        out.print(line, markup=False, soft_wrap=True)


def outlook(campaign: Name, *, as_of: AsOf = None, where: Where = ".", json: Json = False) -> None:
    """The forecast moved by the campaign: as planned, then as measured."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace, progress("Forecasting", quiet=json):
        found = app.campaign_outlook(workspace, campaign, as_of=day)
    if json:
        say_json(as_json(asdict(found)))
        return
    rows = [
        ("without the campaign", *_ends(found.base)),
        (f"what it adds, {found.basis}", *_ends(found.added)),
        ("with it", *_ends(found.total)),
    ]
    table(rows, (f"{found.currency}, as of {found.as_of}", "middle", "80 %: from", "to"))


def uplift(
    campaign: Name,
    *,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(help="Draws the splits.")] = 0,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Whether it moved some people more than others: only where held-out people prove it."""
    from fullhouse.measurement import say_uplift

    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace, progress("Learning on some", quiet=json):
        found = app.campaign_uplift(workspace, campaign, as_of=day, seed=seed)
    if json:
        say_json(found.to_dict())
        return
    out.print(say_uplift(found), markup=False, soft_wrap=True)


def cards(
    film: Annotated[
        str | None, typer.Argument(metavar="[FILM]", help="Of one film; else of all.")
    ] = None,
    *,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Which audience cards held, among people whom no campaign spoke to."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace:
        found = app.campaign_verdicts(workspace, as_of=day, film=film)
    if json:
        say_json([as_json(asdict(v)) for v in found])
        return
    rows = [
        (str(v.known_on), v.film, v.audience, _ratio(v.claimed), _ratio(v.observed), v.verdict)
        for v in found
    ]
    table(rows, ("known", "film", "card", "claimed (95 %)", "seen (95 %)", "verdict"))


def learned(as_of: AsOf = None, *, where: Where = ".", json: Json = False) -> None:
    """What readouts have taught: the next plan starts from it."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    with opened(where, quiet=json) as workspace:
        found = app.campaign_learned(workspace, as_of=day)
    if json:
        say_json([as_json(asdict(x)) for x in found])
        return
    rows = [
        (str(x.known_on), x.campaign, x.audience, _doses(x.doses),
         f"{x.response:+.0%} (± {1.96 * x.standard_error:.0%})")
        for x in found
    ]  # fmt: skip
    table(rows, ("known", "campaign", "audience", "impressions a person", "response (95 %)"))


def _row(named: "NamedEffect") -> tuple[object, ...]:
    effect = named.effect
    always = effect.always_valid
    return (
        named.group, named.name, effect.people, effect.control_people,
        _thousand(effect.effect.value, effect.effect.low, effect.effect.high),
        "-" if always is None else f"{1000 * always.low:+.2f} to {1000 * always.high:+.2f}",
        effect.proven,
    )  # fmt: skip


def _thousand(value: float, low: float, high: float) -> str:
    return f"{1000 * value:+.2f} ({1000 * low:+.2f} to {1000 * high:+.2f})"


def _ratio(found: tuple[float | None, ...]) -> str:
    value, low, high = found
    if value is None or low is None or high is None:
        return "-"
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _ends(found: "Amount") -> tuple[str, str, str]:
    return f"{found.middle:,.0f}", f"{found.low:,.0f}", f"{found.high:,.0f}"


def _doses(doses: Mapping[str, float]) -> str:
    return ", ".join(f"{channel} {many:.1f}" for channel, many in sorted(doses.items()))
