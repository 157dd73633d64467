"""`fullhouse discover --outcome`: which traits go with an outcome."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import opened, out, progress, ratio, say_json

if TYPE_CHECKING:
    from fullhouse.app.discoveries import DiscoverOutcome
    from fullhouse.discovery import Affinity, OutcomeDiscovery

WIDE = 110
"""From so many columns on, the placebo has its interval."""


def discover_outcome(
    where: str, request: "DiscoverOutcome", most: int, files: Sequence[Path], *, json: bool
) -> None:
    """Discover the traits that go with an outcome, and print or write them."""
    from fullhouse.view.words.discovery import outcome_headline

    with opened(where, quiet=json) as workspace, progress("Discovering", quiet=json) as step:
        result = app.discover_outcome(replace(workspace, progress=step), request)
        written = app.write_discovery(result, files, most=most)
    if json:
        say_json(result.to_dict() | {"sentence": outcome_headline(result)})
        return
    show(result, most)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def show(result: "OutcomeDiscovery", most: int) -> None:
    """Print a discovery for a marketer: the table, what it rests on, the verdict at the end."""
    from fullhouse.view.words.discovery import outcome_headline, outcome_lines

    rows = [r for r in result.rows if r.verdict != "is_outcome"][:most]
    if rows:
        out.print(_table(rows, result))
    for text in outcome_lines(result, len(rows)):
        out.print(text, markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(outcome_headline(result))}[/]", soft_wrap=True)


def _table(rows: Sequence["Affinity"], result: "OutcomeDiscovery") -> Table:
    from fullhouse.view.words.discovery import affinity_words

    view = Table(box=SIMPLE_HEAD, title=result.outcome, title_justify="left", padding=(0, 1, 0, 0))
    view.add_column("trait", overflow="fold", min_width=12)
    wide = out.width >= WIDE
    names = ["people", "share", "naive", "affinity", "q", "placebo"][: 6 if result.placebo else 5]
    for name in names:
        view.add_column(name, justify="right", no_wrap=True)
    view.add_column("verdict", no_wrap=True, min_width=11)
    for row in rows:
        cells = _cells(row, wide=wide)[: len(names)]
        view.add_row(escape(row.label), *cells, affinity_words(row))
    return view


def _cells(row: "Affinity", *, wide: bool) -> list[str]:
    placebo = (row.placebo, row.placebo_low, row.placebo_high)
    return [
        f"{row.outcome_persons:,}",
        "-" if row.outcome_share is None else f"{row.outcome_share:.1%}",
        ratio(row.naive),
        _interval(row.ratio, row.low, row.high),
        "-" if row.q is None else f"{row.q:.2g}" if row.q >= 0.001 else "<0.001",
        _interval(*placebo) if wide else ratio(row.placebo),
    ]


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    return "-" if value is None else f"{value:.2f} ({ratio(low)}–{ratio(high)})"
