"""Discoveries as files: the page, cards or affinities as a table or a chart, everything as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.settings import SIMULATED
from fullhouse.discovery.affinity import OutcomeDiscovery
from fullhouse.discovery.card import Card, FilmDiscovery, RatioEstimate
from fullhouse.propensity import ModelCard
from fullhouse.view.card_charts import card_forest, card_strip
from fullhouse.view.discovery_charts import affinity_chart
from fullhouse.view.discovery_page import discovery_page
from fullhouse.view.save import CHART_SUFFIXES, save_chart
from fullhouse.view.words.discovery import card_reason, headline, outcome_headline

FILM_SUFFIXES = (".html", ".json", ".parquet", ".csv", ".svg", ".png")
TABLE_SUFFIXES = (".parquet", ".csv")
ESTIMATES = ("index", "affinity", "beyond", "interest", "placebo")


def check_film_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return _checked(file, FILM_SUFFIXES)


def check_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    return _checked(file, (*TABLE_SUFFIXES, *CHART_SUFFIXES))


def write_film_discovery(
    discovery: FilmDiscovery, files: Iterable[str | Path], *, model: ModelCard | None = None
) -> list[Path]:
    """Write a page (.html), cards as a table (.parquet, .csv) or chart (.svg, .png), all (.json).

    The page has the propensity model's card when one is given.
    """
    paths = [check_film_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        match path.suffix.lower():
            case ".html":
                path.write_text(discovery_page(discovery, model=model), "utf-8")
            case ".json":
                path.write_text(f"{json_text(discovery)}\n", "utf-8")
            case ".parquet":
                pq.write_table(cards_table(discovery), path)
            case ".csv":
                pacsv.write_csv(cards_table(discovery), path)
            case _:
                _write_chart(discovery, path)
    return paths


def write_discovery(
    result: OutcomeDiscovery, files: Iterable[str | Path], *, most: int = 25
) -> list[Path]:
    """Write an outcome's discovery as tables (.parquet, .csv) and charts (.svg, .png, .html)."""
    paths = [check_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            pq.write_table(outcome_table(result), path)
        elif path.suffix == ".csv":
            pacsv.write_csv(outcome_table(result), path)
        else:
            save_chart(affinity_chart(result, most=most), path)
    return paths


def outcome_table(result: OutcomeDiscovery) -> pa.Table:
    """A row for each trait; the rest and the headline as the table's metadata."""
    table = result.to_arrow()
    sentence = outcome_headline(result).encode()
    return table.replace_schema_metadata((table.schema.metadata or {}) | {b"sentence": sentence})


def json_text(discovery: FilmDiscovery) -> str:
    """Everything as JSON, with the headline as a sentence."""
    plain = discovery.to_dict() | {"sentence": headline(discovery)}
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)


def cards_table(discovery: FilmDiscovery) -> pa.Table:
    """A row for each card, in order; simulated ones are labelled."""
    rows = [_row(discovery, card) for card in discovery.cards]
    if rows:
        return pa.Table.from_pylist(rows)
    return pa.table({"film": pa.array([], pa.string()), "id": pa.array([], pa.string())})


def _row(discovery: FilmDiscovery, card: Card) -> dict[str, object]:
    row: dict[str, object] = {"film": discovery.film, "as_of": discovery.as_of}
    row |= {
        name: value
        for name, value in asdict(card).items()
        if not isinstance(value, dict | list | tuple) and name not in ESTIMATES
    }
    row["reason"] = card_reason(card)
    for name in ESTIMATES:
        each: RatioEstimate = getattr(card, name)
        row |= {name: each.value, f"{name}_low": each.low, f"{name}_high": each.high}
    row["stability"] = card.stability.mark
    row["traits"] = ", ".join(card.traits)
    if discovery.simulated:
        row["label"] = SIMULATED
    return row


def _write_chart(discovery: FilmDiscovery, path: Path) -> None:
    if not discovery.cards:
        raise CannotTellError(code="no_audience_to_draw", film=discovery.film)
    measured = any(c.basis != "guess" for c in discovery.cards)
    save_chart(card_forest(discovery) if measured else card_strip(discovery), path)


def _checked(file: str | Path, suffixes: tuple[str, ...]) -> Path:
    path = Path(file).expanduser()
    if path.suffix.lower() not in suffixes:
        raise InputError(f"--out takes a file ending in {', '.join(suffixes)}, not {path.name!r}.")
    return path
