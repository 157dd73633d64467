"""`fullhouse discover --outcome`: which traits go with an outcome."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import opened, out, progress, say_json

if TYPE_CHECKING:
    from fullhouse.discovery import Affinity, Discovery

WIDE = 110
"""From so many columns on, the placebo is shown with its interval."""


def discover_outcome(
    where: str,
    outcome: str,
    base: str,
    placebo: str | None,
    day: date | None,
    families: Sequence[str],
    most: int,
    files: Sequence[Path],
    *,
    json: bool,
) -> None:
    """Find the traits that go with an outcome, activity, luck and a placebo apart."""
    with opened(where, quiet=json) as workspace, progress("Discovering", quiet=json):
        found = app.discover(
            workspace, outcome, base=base, placebo=placebo, as_of=day, families=families
        )
        written = app.write_discovery(found, files, most=most)
    if json:
        say_json(found.to_dict())
        return
    say(found, most)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def say(found: "Discovery", most: int) -> None:
    """Print a discovery for a marketer: the table, what it rests on, the verdict at the end."""
    shown = [r for r in found.rows if r.verdict != "is the outcome"][:most]
    if shown:
        out.print(_table(shown, found))
    for text in basis(found, len(shown)):
        out.print(text, markup=False, soft_wrap=True)
    out.print(f"\n[bold]{escape(found.sentence)}[/]", soft_wrap=True)


def basis(found: "Discovery", shown: int) -> list[str]:
    """What the answer rests on, line by line."""
    placebo = "" if found.placebo_people is None else f"; placebo: {found.placebo_people:,}"
    outside = f" ({found.outcome_outside:,} more outside it)" if found.outcome_outside else ""
    lines = [
        f"Traits as of {found.as_of} (build {found.build}). Base: {found.base_people:,} people;"
        f" outcome: {found.outcome_people:,} of them{outside}{placebo}.",
        f"{found.refused:,} left out: no consent for analytics.",
        f"{found.tested:,} traits tested, {found.too_few:,} with too few people,"
        f" {found.excluded:,} that are the outcome itself; {shown:,} shown.",
        f"Compared within activity strata: {found.strata}.",
    ]
    own = [r.trait for r in found.of("is the outcome")]
    if own:
        more = f" and {len(own) - 8:,} more" if len(own) > 8 else ""
        lines.append(f"Is the outcome itself: {', '.join(own[:8])}{more}.")
    return lines + [f"Note: {n}" for n in found.notes]


def _table(rows: Sequence["Affinity"], found: "Discovery") -> Table:
    view = Table(box=SIMPLE_HEAD, title=found.outcome, title_justify="left", padding=(0, 1, 0, 0))
    view.add_column("trait", overflow="fold", min_width=12)
    wide = out.width >= WIDE
    names = ["people", "share", "naive", "affinity", "q", "placebo"][: 6 if found.placebo else 5]
    for name in names:
        view.add_column(name, justify="right", no_wrap=True)
    view.add_column("verdict", no_wrap=True, min_width=11)
    for row in rows:
        view.add_row(escape(row.label), *_cells(row, wide=wide)[: len(names)], row.verdict)
    return view


def _cells(row: "Affinity", *, wide: bool) -> list[str]:
    placebo = (row.placebo, row.placebo_low, row.placebo_high)
    return [
        f"{row.outcome_persons:,}",
        "-" if row.outcome_share is None else f"{row.outcome_share:.1%}",
        _ratio(row.naive),
        _interval(row.ratio, row.low, row.high),
        "-" if row.q is None else f"{row.q:.2g}" if row.q >= 0.001 else "<0.001",
        _interval(*placebo) if wide else _ratio(row.placebo),
    ]


def _interval(ratio: float | None, low: float | None, high: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f} ({_ratio(low)}–{_ratio(high)})"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
