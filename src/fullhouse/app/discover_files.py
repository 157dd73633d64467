"""A film's discovery as files: the page, the cards as a table or a chart, everything as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.card import Card, Estimate, FilmDiscovery
from fullhouse.discovery.film_counts import combinations
from fullhouse.propensity import ModelCard
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.view.card_forest import card_forest
from fullhouse.view.card_strip import card_strip
from fullhouse.view.discovery_page import discovery_page
from fullhouse.view.save import save_chart
from fullhouse.workspace.context import Context

SUFFIXES = (".html", ".json", ".parquet", ".csv", ".svg", ".png")
ESTIMATES = ("index", "affinity", "beyond", "interest", "placebo")


def check_film_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out takes a file ending in {', '.join(SUFFIXES)}, not {path.name!r}.")
    return path


def write_film_discovery(
    context: Context,
    found: FilmDiscovery,
    files: Iterable[str | Path],
    *,
    model: ModelCard | None = None,
) -> list[Path]:
    """Write a page (.html), cards as a table (.parquet, .csv) or chart (.svg, .png), all (.json).

    The page has the propensity model's card when one is given.
    """
    paths = [check_film_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        match path.suffix.lower():
            case ".html":
                with analysis_sample(
                    context, territory=found.territory, as_of=found.as_of
                ) as house:
                    shared = combinations(house, found.cards)
                page = discovery_page(found, model=model, combinations=shared)
                path.write_text(page, "utf-8")
            case ".json":
                told = json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
                path.write_text(told + "\n", "utf-8")
            case ".parquet":
                pq.write_table(cards_table(found), path)
            case ".csv":
                pacsv.write_csv(cards_table(found), path)
            case _:
                _write_chart(found, path)
    return paths


def cards_table(found: FilmDiscovery) -> pa.Table:
    """A row for each card, in order; simulated ones say so."""
    rows = [_row(found, card) for card in found.cards]
    if rows:
        return pa.Table.from_pylist(rows)
    return pa.table({"film": pa.array([], pa.string()), "id": pa.array([], pa.string())})


def _row(found: FilmDiscovery, card: Card) -> dict[str, object]:
    told = asdict(card)
    row: dict[str, object] = {"film": found.film, "as_of": found.as_of}
    row |= {
        name: value
        for name, value in told.items()
        if not isinstance(value, dict | list | tuple) and name not in ESTIMATES
    }
    for name in ESTIMATES:
        each: Estimate = getattr(card, name)
        row |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    row["stability"] = card.stability.mark
    row["traits"] = ", ".join(card.traits)
    if found.simulated:
        row["label"] = SIMULATED
    return row


def _write_chart(found: FilmDiscovery, path: Path) -> None:
    if not found.cards:
        raise CannotTellError(f"There is nothing to draw: {found.sentence}")
    measured = any(c.standing != "guess" for c in found.cards)
    save_chart(card_forest(found) if measured else card_strip(found), path)
