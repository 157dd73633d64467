"""`fullhouse experiment`: what a randomised or a geo experiment really changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, out, progress, say_json
from fullhouse.core.errors import InputError
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.measurement import Readout

commands = typer.Typer(
    help="Read anyone's experiment from a CSV or Parquet file.", no_args_is_help=True
)
File = Annotated[str, typer.Argument(metavar="FILE", help="CSV (.gz too) or Parquet.")]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of the intervals.")]


@commands.command()
def read(
    file: File,
    *,
    arm: Annotated[str, typer.Option(metavar="COLUMN", help="Which arm somebody was put in.")],
    control: Annotated[str, typer.Option(metavar="VALUE", help="The arm that got nothing.")],
    outcome: Annotated[
        list[str], typer.Option(metavar="COLUMN", help="What was measured, a number; repeatable.")
    ],
    covariate: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Known before the start; repeatable (CUPED)."),
    ] = None,
    strata: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Strata of the assignment.")
    ] = None,
    ids: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Whose row it is; checked.")
    ] = None,
    share: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM=SHARE", help="Share of people that an arm was to get."),
    ] = None,
    assigned: Annotated[
        list[str] | None,
        typer.Option(metavar="ARM=PEOPLE", help="People put in an arm, by the assignment log."),
    ] = None,
    cost: Annotated[
        list[str] | None, typer.Option(metavar="ARM=MONEY", help="What an arm cost.")
    ] = None,
    intended: Annotated[
        int | None,
        typer.Option(metavar="PEOPLE", help="People planned: adds intervals for daily looking."),
    ] = None,
    level: Level = 0.95,
    json: Json = False,
) -> None:
    """Everybody as assigned: effects with intervals, checks that stop it where they fail."""
    with progress("Reading", quiet=json):
        readout = app.experiment_read(
            app.ReadExperiment(
                table=file,
                arm=arm,
                control=control,
                outcomes=tuple(outcome),
                covariates=tuple(covariate or ()),
                strata=strata,
                id=ids,
                shares=_by_arm(share, "--share") or None,
                assigned={k: int(v) for k, v in _by_arm(assigned, "--assigned").items()} or None,
                costs=_by_arm(cost, "--cost") or None,
                intended=intended,
                level=level,
            )
        )
    if json:
        say_json(readout.to_dict())
        return
    from fullhouse.view.words.readout import readout_sentences

    out.print(_effects(readout))
    _print(readout_sentences(readout))


@commands.command()
def geo(
    file: File,
    *,
    city: Annotated[str, typer.Option(metavar="COLUMN")] = "city",
    day: Annotated[str, typer.Option(metavar="COLUMN")] = "day",
    value: Annotated[str, typer.Option(metavar="COLUMN", help="What was sold.")] = "value",
    treated: Annotated[
        list[str] | None,
        typer.Option(metavar="CITY", help="A city with the campaign; repeatable."),
    ] = None,
    treated_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Marks the cities with the campaign (1, yes, treated): on all their rows, or only"
            " on those of its days, which then need no --start and --end.",
        ),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="DATE", help="Its first day.")] = None,
    end: Annotated[str | None, typer.Option(metavar="DATE", help="Its last day.")] = None,
    fill: Annotated[
        Literal["refuse", "zero", "interpolate"],
        typer.Option(
            help="What a missing row means: a mistake (refuse), nothing sold (zero), or a value"
            " not written down (interpolate)."
        ),
    ] = "refuse",
    level: Level = 0.95,
    seed: Annotated[int, typer.Option(help="Draws the placebo sets of cities.")] = 0,
    json: Json = False,
) -> None:
    """Cities with a campaign against those without, by day or week: permutation test, interval."""
    with progress("Reading", quiet=json):
        readout = app.geo_read(
            app.ReadGeoExperiment(
                table=file,
                city=city,
                day=day,
                value=value,
                treated=tuple(treated or ()),
                treated_column=treated_column,
                start=parse_date(start, what="--start") if start else None,
                end=parse_date(end, what="--end") if end else None,
                fill=fill,
                level=level,
                seed=seed,
            )
        )
    if json:
        say_json(readout.to_dict())
        return
    from fullhouse.view.words.readout import geo_sentences

    _print(geo_sentences(readout))


@commands.command()
def uplift(
    file: File,
    *,
    arm: Annotated[str, typer.Option(metavar="COLUMN", help="Which arm somebody was put in.")],
    treated: Annotated[str, typer.Option(metavar="VALUE", help="The arm in question.")],
    control: Annotated[str, typer.Option(metavar="VALUE", help="The arm that got nothing.")],
    outcome: Annotated[str, typer.Option(metavar="COLUMN", help="What was measured: 0 or 1.")],
    covariate: Annotated[
        list[str], typer.Option(metavar="COLUMN", help="Known before the start; repeatable.")
    ],
    repeats: Annotated[int, typer.Option(min=1, help="Times that people are split anew.")] = 10,
    cost_each: Annotated[
        float | None, typer.Option(metavar="MONEY", help="What each person treated costs.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(metavar="MONEY", help="What each outcome brings.")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Writes everybody's uplift, and whom to treat (CSV)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the splits.")] = 0,
    json: Json = False,
) -> None:
    """Whether people differ in what an arm changes; with a cost and a margin, whom to treat."""
    if (cost_each is None) != (margin is None) or (scores and margin is None):
        raise InputError("Whom to treat needs both --cost-each and --margin.")
    policy = None
    with progress("Learning on some, judging on others", quiet=json):
        result = app.uplift_read(
            app.ReadUplift(
                table=file,
                arm=arm,
                treated=treated,
                control=control,
                outcome=outcome,
                covariates=tuple(covariate),
                seed=seed,
                repeats=repeats,
            )
        )
        if cost_each is not None and margin is not None:
            policy_request = app.ReadPolicy(
                table=file,
                arm=arm,
                treated=treated,
                control=control,
                outcome=outcome,
                covariates=tuple(covariate),
                cost_each=cost_each,
                margin=margin,
                seed=seed,
            )
            policy = app.policy_read(policy_request)
            if scores is not None:
                from pyarrow.csv import write_csv

                write_csv(app.policy_scores(policy_request), scores)
    if json:
        say_json(result.to_dict() | ({"policy": policy.to_dict()} if policy else {}))
        return
    from fullhouse.view.words.readout import policy_sentences, uplift_sentence

    _print([uplift_sentence(result), *(policy_sentences(policy) if policy else ())])


def _effects(readout: "Readout") -> Table:
    view = Table(box=SIMPLE_HEAD, title="Effects, everybody as assigned", title_justify="left")
    for name in ("arm", "outcome"):
        view.add_column(name, overflow="fold")
    for name in ("people", "mean", "control", "effect", "p (Holm)"):
        view.add_column(name, justify="right")
    for e in readout.effects:
        low, high = e.effect.low, e.effect.high
        view.add_row(
            e.arm,
            e.outcome,
            f"{e.people:,}",
            f"{e.mean:.4g}",
            f"{e.control_mean:.4g}",
            f"{e.effect.value:+.4g} ({low:+.4g} to {high:+.4g})",
            "<.001" if e.holm_p < 0.001 else f"{e.holm_p:.3f}",
        )
    return view


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _by_arm(given: Sequence[str] | None, option: str) -> dict[str, float]:
    by_arm = {}
    for text in given or ():
        name, sign, number = text.rpartition("=")
        try:
            by_arm[name] = float(number)
        except ValueError:
            sign = ""
        if not sign or not name:
            raise InputError(f"{option} takes ARM=NUMBER, such as treated=0.5, not {text!r}.")
    return by_arm
