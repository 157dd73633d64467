"""`fullhouse experiment`: what a randomised or a geo experiment really changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, out, parse_day, progress, say_json
from fullhouse.core.errors import InputError

if TYPE_CHECKING:
    from fullhouse.measurement import Readout

commands = typer.Typer(
    help="Read anyone's experiment from a CSV or Parquet file.", no_args_is_help=True
)
File = Annotated[str, typer.Argument(metavar="FILE", help="CSV (.gz too) or Parquet.")]
Level = Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of the intervals.")]


Arm = Annotated[str, typer.Option(metavar="COLUMN", help="Which arm somebody was put in.")]
Control = Annotated[str, typer.Option(metavar="VALUE", help="The arm that got nothing.")]
Outcome = Annotated[
    list[str], typer.Option(metavar="COLUMN", help="What was measured, a number; repeatable.")
]
Covariate = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Known before the start; repeatable (CUPED)."),
]
Strata = Annotated[str | None, typer.Option(metavar="COLUMN", help="Strata of the assignment.")]
Ids = Annotated[
    str | None, typer.Option("--id", metavar="COLUMN", help="Whose row it is; checked.")
]
Share = Annotated[
    list[str] | None,
    typer.Option(metavar="ARM=SHARE", help="Share of people that an arm was to get."),
]
Assigned = Annotated[
    list[str] | None,
    typer.Option(metavar="ARM=PEOPLE", help="People put in an arm, by the assignment log."),
]
Cost = Annotated[list[str] | None, typer.Option(metavar="ARM=MONEY", help="What an arm cost.")]
Intended = Annotated[
    int | None,
    typer.Option(metavar="PEOPLE", help="People planned: adds intervals for daily looking."),
]


@commands.command()
def read(
    file: File,
    *,
    arm: Arm,
    control: Control,
    outcome: Outcome,
    covariate: Covariate = None,
    strata: Strata = None,
    ids: Ids = None,
    share: Share = None,
    assigned: Assigned = None,
    cost: Cost = None,
    intended: Intended = None,
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


City = Annotated[str, typer.Option(metavar="COLUMN")]
Value = Annotated[str, typer.Option(metavar="COLUMN", help="What was sold.")]
Treated = Annotated[
    list[str] | None,
    typer.Option(metavar="CITY", help="A city with the campaign; repeatable."),
]
TreatedColumn = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Marks the cities with the campaign (1, yes, treated): on all their rows, or only"
        " on those of its days, which then need no --start and --end.",
    ),
]
Start = Annotated[str | None, typer.Option(metavar="DATE", help="Its first day.")]
End = Annotated[str | None, typer.Option(metavar="DATE", help="Its last day.")]
Fill = Annotated[
    Literal["refuse", "zero", "interpolate"],
    typer.Option(
        help="What a missing row means: a mistake (refuse), nothing sold (zero), or a value"
        " not written down (interpolate)."
    ),
]
Seed = Annotated[int, typer.Option(help="Draws the placebo sets of cities.")]


@commands.command()
def geo(
    file: File,
    *,
    city: City = "city",
    day: City = "day",
    value: Value = "value",
    treated: Treated = None,
    treated_column: TreatedColumn = None,
    start: Start = None,
    end: End = None,
    fill: Fill = "refuse",
    level: Level = 0.95,
    seed: Seed = 0,
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
                start=parse_day(start, "--start"),
                end=parse_day(end, "--end"),
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


UpliftTreated = Annotated[str, typer.Option(metavar="VALUE", help="The arm in question.")]
UpliftOutcome = Annotated[str, typer.Option(metavar="COLUMN", help="What was measured: 0 or 1.")]
UpliftCovariate = Annotated[
    list[str], typer.Option(metavar="COLUMN", help="Known before the start; repeatable.")
]
Repeats = Annotated[int, typer.Option(min=1, help="Times that people are split anew.")]
CostEach = Annotated[
    float | None, typer.Option(metavar="MONEY", help="What each person treated costs.")
]
Margin = Annotated[float | None, typer.Option(metavar="MONEY", help="What each outcome brings.")]
Scores = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Writes everybody's uplift, and whom to treat (CSV)."),
]
UpliftSeed = Annotated[int, typer.Option(help="Draws the splits.")]


@commands.command()
def uplift(
    file: File,
    *,
    arm: Arm,
    treated: UpliftTreated,
    control: Control,
    outcome: UpliftOutcome,
    covariate: UpliftCovariate,
    repeats: Repeats = 10,
    cost_each: CostEach = None,
    margin: Margin = None,
    scores: Scores = None,
    seed: UpliftSeed = 0,
    json: Json = False,
) -> None:
    """Whether people differ in what an arm changes; with a cost and a margin, whom to treat."""
    if (cost_each is None) != (margin is None) or (scores and margin is None):
        raise InputError("Whom to treat needs both --cost-each and --margin.")
    policy = None
    experiment: dict[str, Any] = {
        "table": file, "arm": arm, "treated": treated, "control": control, "outcome": outcome,
        "covariates": tuple(covariate), "seed": seed,
    }  # fmt: skip
    with progress("Learning on some, judging on others", quiet=json):
        result = app.uplift_read(app.ReadUplift(**experiment, repeats=repeats))
        if cost_each is not None and margin is not None:
            policy_request = app.ReadPolicy(**experiment, cost_each=cost_each, margin=margin)
            policy = app.policy_read(policy_request)
            if scores is not None:
                from pyarrow.csv import write_csv

                from fullhouse.core.tabular import without_formulas

                write_csv(without_formulas(app.policy_scores(policy_request)), scores)
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
