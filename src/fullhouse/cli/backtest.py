"""`fullhouse backtest`: how forecasts of past films would have done."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, isnan
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, parse_day, progress, say_json
from fullhouse.core.errors import InputError

if TYPE_CHECKING:
    from fullhouse.forecast.backtest import Backtests, BesideOthers, Curve, Judged
    from fullhouse.stats.scores import Scores

BASELINE = ("films", "median_error", "log_rmse")
QUARTERS = ("smallest", "second", "third", "largest")
MAIN = {"T-28": "opening_weekend", "T-1": "opening_weekend", "first day": "total",
        "first weekend": "total", "second weekend": "total"}  # fmt: skip
"""What the tables by size and by year are about, by horizon."""
SHORT = {"opening_weekend": "weekend", "opening_day": "day"}
CLASSED = ("T-28", "T-1")
LEFT_OUT = (
    "out: films with a forecast by others that are left out, since too few of the source's were"
    " known before them."
)
CANNOT_TELL = (
    "Cannot tell: the market took under a twentieth of its season in the four weeks before; the"
    " forecast says so, and its range is as wide as they get."
)


Territory = Annotated[str | None, typer.Option(help="Market (ISO 3166 code); setting territory.")]
FirstYear = Annotated[int, typer.Option("--from-year", help="First judged year.")]
LastYear = Annotated[
    int | None, typer.Option("--to-year", help="Last judged year; by itself: the last whole.")
]
Plan = Annotated[str, typer.Option(metavar="wide|limited|all", help="Films of this release.")]
Fridays = Annotated[bool, typer.Option("--fridays", help="Only films that opened on a Friday.")]
Horizon = Annotated[
    list[str] | None, typer.Option(help="Only this horizon, such as T-28; repeatable.")
]
AsOf = Annotated[str | None, typer.Option("--as-of", help="Use what was known on this day.")]
File = Annotated[
    list[str] | None,
    typer.Option("--out", help="File ending in .parquet, .csv, .svg, .png, .html; repeatable."),
]


def backtest(
    *,
    territory: Territory = None,
    first_year: FirstYear = 2011,
    last_year: LastYear = None,
    plan: Plan = "wide",
    fridays: Fridays = False,
    horizon: Horizon = None,
    as_of: AsOf = None,
    file: File = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Forecast past films with models made before them, and score the forecasts."""
    if plan not in ("wide", "limited", "all"):
        raise InputError(f"--plan takes wide, limited or all, not {plan!r}.")
    files = [app.check_out(f, "backtest") for f in file or ()]
    day = parse_day(as_of)
    plans = ("wide", "limited") if plan == "all" else (plan,)
    with opened(where, quiet=json) as workspace, progress("Backtest", quiet=json) as step:
        request = app.RunBacktest(
            first_year,
            last_year or (day or workspace.today).year - 1,
            as_of=day,
            territory=territory,
            plans=plans,
            horizons=tuple(horizon or ()),
            fridays_only=fridays,
        )
        result = app.forecast_backtest(replace(workspace, progress=step), request)
        written = app.write_backtest(result, files)
    if json:
        say_json(as_json(result))
        return
    say(result)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def say(backtests: "Backtests") -> None:
    """Print all tables of a backtest."""
    first = backtests.parts[0]
    years = f"{first.first_year}–{first.last_year}"
    out.print(
        f"[bold]{backtests.plan} films in {first.territory}, {years}[/], each forecast by models"
        " made on the 1 January before, from earlier films of other series.",
        soft_wrap=True,
    )
    judged = backtests.judged
    out.print(_errors(judged))
    out.print(_kept(judged))
    main = [j for j in judged if MAIN.get(j.horizon) == j.quantity]
    out.print(_ranges(main))
    out.print(_years(main))
    if any(_strange(j).any() for j in main):
        out.print(_markets(main))
        out.print(CANNOT_TELL, style="dim", soft_wrap=True)
    out.print(_baselines(judged))
    beside = [b for part in backtests.parts for b in part.beside]
    if beside:
        out.print(_beside(beside))
        out.print(_sources(beside))
        out.print(LEFT_OUT, style="dim", soft_wrap=True)
    if backtests.curves:
        out.print(_curves(backtests.curves))
    classed = [j for j in judged if j.horizon in CLASSED and j.quantity == "total"]
    if classed and first.currency == "USD":
        out.print(_classes(classed))


def as_json(backtests: "Backtests") -> dict[str, Any]:
    """All figures, for programs."""
    first = backtests.parts[0]
    return {
        "territory": first.territory,
        "currency": first.currency,
        "plan": backtests.plan,
        "first_year": first.first_year,
        "last_year": first.last_year,
        "simulated": backtests.simulated,
        "judged": [_figures(j) for j in backtests.judged],
        "beside_others": [_beside_figures(b) for p in backtests.parts for b in p.beside],
        "curves": [vars(c) for c in backtests.curves],
    }


def _beside_figures(beside: "BesideOthers") -> dict[str, Any]:
    return {
        "plan": beside.alone.plan,
        "horizon": beside.horizon,
        "quantity": beside.quantity,
        "waiting": beside.waiting,
        "without": _scored(beside.alone.scores()),
        "with": _scored(beside.blended.scores()),
        "as_stated": None if isnan(beside.stated[0]) else _stated(beside),
        "by_year": {
            str(year): _scored(beside.blended.scores((beside.blended.years == year).nonzero()[0]))
            for year in sorted(set(beside.blended.years.tolist()))
        },
        "by_source": {
            name: _scored(beside.blended.scores(rows)) for name, rows in _by_source(beside).items()
        },
    }


def _by_source(beside: "BesideOthers") -> dict[str, Any]:
    """The rows of the films of each source, or set of sources, that moved ours."""
    from numpy import array

    return {
        name: array([i for i, s in enumerate(beside.sources) if s == name])
        for name in sorted(set(beside.sources))
    }


def _stated(beside: "BesideOthers") -> dict[str, float]:
    names = ("films", "median_error", "log_rmse")
    figures = replace(beside.alone, baselines={"theirs": beside.stated}).baseline("theirs")
    return dict(zip(names, figures, strict=True))


def _figures(judged: "Judged") -> dict[str, Any]:
    quarters, years, cinemas = judged.quarters, judged.years, judged.cinema_quarters
    by = {
        "cinemas": {QUARTERS[k]: (cinemas == k).nonzero()[0] for k in range(len(QUARTERS))},
        "size": {QUARTERS[k]: (quarters == k).nonzero()[0] for k in range(len(QUARTERS))},
        "franchise": {
            name: (judged.franchise == flag).nonzero()[0]
            for name, flag in (("franchise", 1.0), ("original", 0.0))
        },
        "year": {str(y): (years == y).nonzero()[0] for y in sorted(set(years.tolist()))},
    }
    return {
        "horizon": judged.horizon,
        "quantity": judged.quantity,
        **_scored(judged.scores()),
        "cannot_tell": len(judged.untold),
        "by": {
            kind: {name: _scored(judged.scores(keep)) for name, keep in parts.items() if len(keep)}
            for kind, parts in by.items()
        },
        "baselines": {
            name: dict(zip(BASELINE, judged.baseline(name), strict=True))
            for name in judged.baselines
        },
    }


def _scored(scores: "Scores") -> dict[str, Any]:
    return {
        "films": scores.n,
        "median_error": scores.median_error,
        "log_rmse": scores.log_rmse,
        "log_crps": scores.log_crps,
        "r2_log": scores.r2_log if isfinite(scores.r2_log) else None,
        "log_bias": scores.log_bias,
        "spread_80": scores.spread,
        "coverage": {f"{level:.0%}": s.share for level, s in scores.coverage.items()},
    }


def _table(title: str, columns: list[str], *, words: int = 2) -> Table:
    view = Table(box=SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for i, name in enumerate(columns):
        view.add_column(name, justify="left" if i < words else "right", overflow="fold")
    return view


def _names(judged: "Judged") -> tuple[str, str]:
    return judged.horizon, SHORT.get(judged.quantity, judged.quantity)


def _errors(judged: list["Judged"]) -> Table:
    view = _table(
        "Errors (median: |forecast ÷ actual − 1|; the rest in logs)",
        ["known", "forecast", "films", "median", "RMSE", "CRPS", "R²", "bias"],
    )
    for j in judged:
        s = j.scores()
        view.add_row(
            *_names(j),
            f"{s.n:,}",
            f"{s.median_error:.1%}",
            f"{s.log_rmse:.3f}",
            f"{s.log_crps:.3f}",
            f"{s.r2_log:.2f}",
            f"{s.log_bias:+.3f}",
        )
    return view


def _kept(judged: list["Judged"]) -> Table:
    view = _table(
        "Coverage of the ranges, and upper over lower end of the 80 % range (median)",
        ["known", "forecast", "50 %", "80 %", "95 %", "hi ÷ lo"],
    )
    for j in judged:
        s = j.scores()
        inside = (f"{s.coverage[level].share:.1%}" for level in (0.5, 0.8, 0.95))
        view.add_row(*_names(j), *inside, f"{s.spread:.2f}")
    return view


def _ranges(judged: list["Judged"]) -> Table:
    view = _table(
        "Coverage of the 80 % range, by quarter of cinemas and by franchise",
        ["known", "forecast", *QUARTERS, "franchise", "original"],
    )
    for j in judged:
        quarters = j.cinema_quarters
        keeps = [(quarters == k).nonzero()[0] for k in range(len(QUARTERS))]
        keeps += [(j.franchise == flag).nonzero()[0] for flag in (1.0, 0.0)]
        cells = [_covered(j, keep) for keep in keeps]
        view.add_row(*_names(j), *cells)
    return view


def _covered(judged: "Judged", keep: Any) -> str:
    if not len(keep):
        return "-"
    return f"{judged.scores(keep).coverage[0.8].share:.1%}"


def _years(judged: list["Judged"]) -> Table:
    names = [" ".join(_names(j)) for j in judged]
    view = _table(
        "By year: median error, and coverage of the 80 % range", ["year", *names], words=1
    )
    for year in sorted({int(y) for j in judged for y in j.years}):
        cells = []
        for j in judged:
            keep = (j.years == year).nonzero()[0]
            if not len(keep):
                cells.append("-")
                continue
            s = j.scores(keep)
            cells.append(f"{s.median_error:.1%}, {s.coverage[0.8].share:.0%}")
        view.add_row(str(year), *cells)
    return view


def _strange(judged: "Judged") -> Any:
    """Of which films the market on the day was further from its season than it used to be."""
    from numpy import exp

    from fullhouse.forecast.adapt import CHANGED

    # A share that is not known is NaN, which is neither below nor above.
    return (judged.market < exp(-CHANGED)) | (judged.market > exp(CHANGED))


def _markets(judged: list["Judged"]) -> Table:
    view = _table(
        "Where the market was far from its season: films, coverage of the 80 % range",
        ["known", "forecast", "changed market", "of these, cannot tell", "other markets"],
    )
    for j in judged:
        strange = _strange(j)
        cells = [
            f"{len(keep):,}, {_covered(j, keep)}"
            for keep in (strange.nonzero()[0], j.untold, (~strange).nonzero()[0])
        ]
        view.add_row(*_names(j), *cells)
    return view


def _baselines(judged: list["Judged"]) -> Table:
    view = _table(
        "Beside simple forecasts of the same films: median error, RMSE of logs",
        ["known", "forecast", "ours", "log-linear", "comparable films"],
    )
    for j in judged:
        s = j.scores()
        cells = [
            "-" if name not in j.baselines else _baseline(j, name)
            for name in ("log-linear", "comparable films")
        ]
        ours = f"{s.median_error:.1%}, {s.log_rmse:.3f}"
        view.add_row(*_names(j), ours, *cells)
    return view


def _baseline(judged: "Judged", name: str) -> str:
    _, median, rmse = judged.baseline(name)
    return f"{median:.1%}, {rmse:.3f}"


def _beside(beside: Sequence["BesideOthers"]) -> Table:
    view = _table(
        "Of films that others forecast: without and with their forecasts, learned by date",
        ["known", "forecast", "by", "films", "out", "median", "RMSE", "80 %", "hi ÷ lo"],
        words=3,
    )
    for b in beside:
        for name, judged in (("ours alone", b.alone), ("with theirs", b.blended)):
            s = judged.scores()
            view.add_row(
                *_names(judged),
                name,
                f"{s.n:,}",
                f"{b.waiting:,}",
                f"{s.median_error:.1%}",
                f"{s.log_rmse:.3f}",
                f"{s.coverage[0.8].share:.1%}",
                f"{s.spread:.2f}",
            )
        if not isnan(b.stated[0]):
            figures = _stated(b)
            view.add_row(
                *_names(b.alone),
                "theirs as stated",
                f"{figures['films']:,.0f}",
                f"{b.waiting:,}",
                f"{figures['median_error']:.1%}",
                f"{figures['log_rmse']:.3f}",
                "-",
                "-",
            )
    return view


def _sources(beside: Sequence["BesideOthers"]) -> Table:
    view = _table(
        "With forecasts by others, by source and year: median error, coverage at 80 %",
        ["known", "forecast", "source", "year", "films", "median", "80 %"],
        words=3,
    )
    for b in beside:
        for name, rows in _by_source(b).items():
            years = b.blended.years[rows]
            for year in sorted(set(years.tolist())):
                s = b.blended.scores(rows[years == year])
                view.add_row(
                    *_names(b.blended),
                    name,
                    str(year),
                    f"{s.n:,}",
                    f"{s.median_error:.1%}",
                    f"{s.coverage[0.8].share:.1%}",
                )
    return view


def _curves(curves: Sequence["Curve"]) -> Table:
    view = _table(
        "Gross to date at the end of a day of the run (Friday openings)",
        ["known", "day", "films", "median error", "80 % coverage"],
        words=1,
    )
    for c in curves:
        view.add_row(
            c.horizon, str(c.day), f"{c.films:,}", f"{c.median_error:.1%}", f"{c.coverage:.1%}"
        )
    return view


def _classes(judged: list["Judged"]) -> Table:
    from fullhouse.forecast.backtest import classes

    view = _table(
        "Nine classes of total gross (Sharda and Delen 2006)",
        ["known", "films", "right", "at most one off"],
        words=1,
    )
    for j in judged:
        accuracy = classes(j)
        view.add_row(
            j.horizon, f"{accuracy.films:,}", f"{accuracy.exact:.1%}", f"{accuracy.within_one:.1%}"
        )
    return view
