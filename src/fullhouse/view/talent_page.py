"""What names add to a gross: a page, a chart, files."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import altair as alt
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.tabular import without_formulas
from fullhouse.talent.effects import NameEffect, TalentEffects
from fullhouse.talent.rising import Rising, RisingNames
from fullhouse.view.charts import INK, out_paths, save_chart, themed
from fullhouse.view.render import figure, range_cell, render
from fullhouse.view.words.figures import (
    clipped,
    day_words,
    money_short,
    number_words,
    share_words,
    text,
)
from fullhouse.view.words.talent import basis_words, headline, rising_basis, rising_headline

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
    letters = 30 if width > 400 else 18
    values = [
        vars(e) | {"row": k, "label": clipped(f"{e.name}, {e.role}", letters)}
        for k, e in enumerate(names)
    ]
    expr = f"[{', '.join(json.dumps(v['label'], ensure_ascii=False) for v in values)}][datum.value]"
    scale = alt.Scale(type="log", zero=False, nice=False)
    base = alt.Chart({"values": values}).encode(
        y=alt.Y("row:O", title=None, axis=alt.Axis(labelExpr=expr, labelLimit=260)),
        tooltip=["name:N", "role:N", "films:Q", "factor:Q", "low:Q", "high:Q", "placebo:Q"],
    )
    title = text("factor on gross")
    chart = alt.layer(
        base.mark_rule(strokeWidth=4, color=BAND).encode(
            x=alt.X("low:Q", scale=scale, title=title), x2="high:Q"
        ),
        base.mark_point(filled=True, size=40, color=GREY, shape="diamond").encode(
            x=alt.X("placebo:Q", scale=scale)
        ),
        base.mark_point(filled=True, size=60, color=MARK).encode(
            x=alt.X("factor:Q", scale=scale)
        ),
        alt.Chart({"values": [{"one": 1.0}]})
        .mark_rule(color=INK, strokeDash=[3, 3])
        .encode(x=alt.X("one:Q", scale=scale)),
    ).properties(
        width=max(140, width - (220 if width > 400 else 140)), height=ROW * max(1, len(values)),
        title=text("What goes with a name beyond the budget"),
    )  # fmt: skip
    assert isinstance(chart, alt.LayerChart)
    return themed(chart)


def write_talent(result: TalentEffects, files: Iterable[str | Path]) -> list[Path]:
    """Write a page (.html), everything (.json), names as a table (.parquet, .csv), or a chart."""
    paths = out_paths(files, "talent")
    for path in paths:
        match path.suffix.lower():
            case ".html":
                path.write_text(talent_page(result), "utf-8")
            case ".json":
                content = json.dumps(result.to_dict(), indent=2, ensure_ascii=False)
                path.write_text(f"{content}\n", "utf-8")
            case ".parquet":
                pq.write_table(result.to_arrow(), path)
            case ".csv":
                pacsv.write_csv(without_formulas(result.to_arrow()), path)
            case _:
                save_chart(effects_chart(ends(result), width=700), path)
    return paths


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
    paths = out_paths(files, "talent")
    for path in paths:
        match path.suffix.lower():
            case ".html":
                path.write_text(rising_page(result), "utf-8")
            case ".json":
                content = json.dumps(result.to_dict(), indent=2, ensure_ascii=False)
                path.write_text(f"{content}\n", "utf-8")
            case ".parquet":
                pq.write_table(result.to_arrow(), path)
            case ".csv":
                pacsv.write_csv(without_formulas(result.to_arrow()), path)
            case _:
                save_chart(rising_chart(result.names[:RISING_SHOWN], width=700), path)
    return paths


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
