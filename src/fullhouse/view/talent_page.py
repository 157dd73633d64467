"""What names add to a gross: a page, a chart, files."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import altair as alt

from fullhouse.talent.effects import NameEffect, TalentEffects
from fullhouse.talent.fit import NameFit, TalentFit
from fullhouse.talent.rising import Rising, RisingNames
from fullhouse.view.charts import INK, themed
from fullhouse.view.render import figure, range_cell, render, write_result
from fullhouse.view.words.figures import (
    clipped,
    day_words,
    money_short,
    number_words,
    share_words,
    text,
)
from fullhouse.view.words.talent import (
    FIT_COLUMNS,
    STEP_COLUMNS,
    basis_words,
    fit_basis,
    fit_cells,
    fit_headline,
    headline,
    rising_basis,
    rising_headline,
    set_words,
    step_cells,
)

SHOWN = 12
"""Names of each end that the page and the chart show."""
ROW = 22
MARK, BAND, GREY = "#0b7a75", "#97cbc6", "#8b949a"
KEY = (("middle line", "80 % range"), ("mark", "the name"), ("grey", "with names shuffled"))


def talent_page(result: TalentEffects) -> str:
    """A page of HTML that opens offline."""
    shown = ends(result)
    chart = figure(
        lambda width: effects_chart(shown, width=width),
        caption="Factor on gross beyond budget, genre, month, series and date; 1: none.",
        file="talent-effects.csv",
        rows=[vars(e) for e in shown],
        key=KEY,
    )
    return render(
        "talent.html",
        result=result,
        headline=headline(result),
        chart=chart if shown else None,
        names=[_row(e) for e in shown],
        rows=result.rows(),
        spreads=[(s.role, f"{s.names:,}", number_words(s.spread)) for s in result.spreads],
        basis=basis_words(result),
        everything=json.dumps(result.to_dict(), ensure_ascii=False),
    )


def ends(result: TalentEffects) -> Sequence[NameEffect]:
    """The names with the largest and the smallest effects, the largest first."""
    names = result.names()
    if len(names) <= 2 * SHOWN:
        return names
    return [*names[:SHOWN], *names[-SHOWN:]]


def effects_chart(names: Sequence[NameEffect], *, width: int) -> alt.LayerChart:
    """Each name with its 80 % range, and beside it the same with names shuffled."""
    values = [
        vars(e) | {"label": f"{e.name}, {e.role}", "value": e.factor, "beside": e.placebo}
        for e in names
    ]
    return _ranges(
        values,
        axis=text("factor on gross"),
        title=text("What goes with a name beyond the budget"),
        tooltip=["name:N", "role:N", "films:Q", "factor:Q", "low:Q", "high:Q", "placebo:Q"],
        width=width,
    )


def _ranges(
    rows: Sequence[dict[str, Any]],
    *,
    axis: str,
    title: str,
    tooltip: Sequence[str],
    width: int,
) -> alt.LayerChart:
    """A row for each `label`: `low` to `high`, a mark at `value`, and a grey one at `beside`."""
    wide = width > 400
    values = [row | {"row": k} for k, row in enumerate(rows)]
    labels = [clipped(row["label"], 30 if wide else 18) for row in rows]
    expr = f"{json.dumps(labels, ensure_ascii=False)}[datum.value]"
    scale = alt.Scale(type="log", zero=False, nice=False)
    base = alt.Chart({"values": values}).encode(
        y=alt.Y("row:O", title=None, axis=alt.Axis(labelExpr=expr, labelLimit=260)),
        tooltip=list(tooltip),
    )
    chart = alt.layer(
        base.mark_rule(strokeWidth=4, color=BAND).encode(
            x=alt.X("low:Q", scale=scale, title=axis), x2="high:Q"
        ),
        base.mark_point(filled=True, size=40, color=GREY, shape="diamond").encode(
            x=alt.X("beside:Q", scale=scale)
        ),
        base.mark_point(filled=True, size=60, color=MARK).encode(x=alt.X("value:Q", scale=scale)),
        alt.Chart({"values": [{"one": 1.0}]})
        .mark_rule(color=INK, strokeDash=[3, 3])
        .encode(x=alt.X("one:Q", scale=scale)),
    ).properties(
        width=max(140, width - (220 if wide else 140)),
        height=ROW * max(1, len(values)),
        title=title,
    )
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def write_talent(result: TalentEffects, files: Iterable[str | Path]) -> list[Path]:
    """Write a page (.html), everything (.json), names as a table (.parquet, .csv), or a chart."""
    chart = partial(effects_chart, ends(result), width=700)
    return write_result(result, files, "talent", page=partial(talent_page, result), chart=chart)


RISING_SHOWN = 25


def rising_page(result: RisingNames) -> str:
    """A page of HTML that opens offline."""
    shown = result.names[:RISING_SHOWN]
    chart = figure(
        lambda width: rising_chart(shown, width=width),
        caption="Chance to be among the top tenth in five years.",
        file="rising.csv",
        rows=[vars(n) for n in shown],
    )
    return render(
        "rising.html",
        result=result,
        headline=rising_headline(result),
        chart=chart if shown else None,
        names=[_rising_row(n) for n in shown],
        rows=result.rows(),
        basis=rising_basis(result),
        everything=json.dumps(result.to_dict(), ensure_ascii=False),
    )


def rising_chart(names: Sequence[Rising], *, width: int) -> alt.Chart:
    """A bar for the chance of each newcomer, the likeliest first."""
    values = [vars(n) | {"row": k, "last": str(n.last)} for k, n in enumerate(names)]
    labels = [clipped(n.name, 26 if width > 400 else 16) for n in names]
    expr = f"{json.dumps(labels, ensure_ascii=False)}[datum.value]"
    chart = (
        alt.Chart({"values": values})
        .mark_bar(color=MARK, height=12)
        .encode(
            x=alt.X("probability:Q", title=text("chance"), axis=alt.Axis(format="%")),
            y=alt.Y("row:O", title=None, axis=alt.Axis(labelExpr=expr, labelLimit=220)),
            tooltip=["name:N", "films:Q", "best_billing:Q", "probability:Q"],
        )
        .properties(
            width=max(140, width - (200 if width > 400 else 140)),
            height=ROW * max(1, len(values)),
            title=text("Rising names"),
        )
    )
    assert isinstance(chart, alt.Chart)
    return themed(chart)


def write_rising(result: RisingNames, files: Iterable[str | Path]) -> list[Path]:
    """Write a page (.html), everything (.json), names as a table (.parquet, .csv), or a chart."""
    chart = partial(rising_chart, result.names[:RISING_SHOWN], width=700)
    return write_result(result, files, "talent", page=partial(rising_page, result), chart=chart)


def fit_page(result: TalentFit) -> str:
    """A page of HTML that opens offline."""
    shown = result.names[:RISING_SHOWN]
    drawn = measured_names(result)
    chart = figure(
        lambda width: fit_chart(drawn, width=width),
        caption="Affinity of fans to other films of the genre; 1: no more than others alike.",
        file="talent-fit.csv",
        rows=[{"name": n.name, "affinity": n.affinity, "low": n.low, "high": n.high,
               "shuffled": n.shuffled} for n in drawn],
        key=(("middle line", "95 % range"), ("mark", "fans"), ("grey", "fans of other films")),
    )  # fmt: skip
    return render(
        "fit.html",
        result=result,
        headline=fit_headline(result),
        chart=chart if drawn else None,
        columns=_heads(FIT_COLUMNS, texts=(0, len(FIT_COLUMNS) - 1)),
        names=[fit_cells(n) for n in shown],
        rows=result.rows(),
        step_columns=_heads(STEP_COLUMNS, texts=(0,)),
        steps=[step_cells(s) for s in result.chosen.steps],
        chosen=set_words(result),
        basis=fit_basis(result),
        everything=json.dumps(result.to_dict(), ensure_ascii=False),
    )


def _heads(names: Sequence[str], *, texts: Sequence[int]) -> list[tuple[str, str]]:
    """Heads of columns, those of numbers marked."""
    return [(name, "" if k in texts else "n") for k, name in enumerate(names)]


def measured_names(result: TalentFit) -> Sequence[NameFit]:
    """The first names of which anything can be told."""
    return [n for n in result.names if n.affinity is not None][: 2 * SHOWN]


def fit_chart(names: Sequence[NameFit], *, width: int) -> alt.LayerChart:
    """The affinity of each name's fans with its 95 % range, beside that of other films' fans."""
    values = [
        {"label": n.name, "name": n.name, "value": n.affinity, "affinity": n.affinity,
         "low": n.low, "high": n.high, "beside": n.shuffled, "shuffled": n.shuffled,
         "beyond": n.beyond}
        for n in names
    ]  # fmt: skip
    return _ranges(
        values,
        axis=text("affinity to the genre"),
        title=text("Whose fans see more of the genre"),
        tooltip=["name:N", "affinity:Q", "low:Q", "high:Q", "shuffled:Q", "beyond:Q"],
        width=width,
    )


def write_fit(result: TalentFit, files: Iterable[str | Path]) -> list[Path]:
    """Write a page (.html), everything (.json), names as a table (.parquet, .csv), or a chart."""
    chart = partial(fit_chart, measured_names(result), width=700)
    return write_result(result, files, "talent", page=partial(fit_page, result), chart=chart)


def _rising_row(n: Rising) -> tuple[object, ...]:
    return (
        n.name,
        share_words(n.probability),
        f"{n.films}",
        f"{n.best_billing}",
        day_words(n.last, short=True),
        money_short(n.gross),
    )


def _row(e: NameEffect) -> tuple[object, ...]:
    return (
        e.name,
        e.role,
        f"{e.films:,}",
        number_words(e.factor),
        range_cell(number_words(e.low), number_words(e.high)),
        number_words(e.placebo),
        "yes" if e.clear else "no",
    )
