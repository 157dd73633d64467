"""The main job on two real public sets: feeds → people → traits → discover, checked by facts.

The folder that FULLHOUSE_DATA names holds open_ecommerce/ and movielens_1m/, as they are
downloaded from their homes. Everything is written into one folder (default: real).
"""

import csv
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.real_market.facts import COLUMNS, Answer, Fact, facts, read_answer
from examples.shell import console, fullhouse, heading
from fullhouse.cli.show import table
from fullhouse.core.errors import InputError
from fullhouse.sources import movielens, open_ecommerce

HERE = Path(__file__).resolve().parent
AS_OF = "2023-03-31"
"""The month of the last order; every view is older."""


@dataclass(frozen=True)
class Question:
    """One discovery: its name (of its files too), in words, and as options of the command."""

    name: str
    words: str
    options: tuple[str, ...]


BOOKS = ("--outcome", "own:dog-book", "--base", "own:many-orders", "--placebo", "own:book")
DISC = ("--outcome", "own:dog-film-disc", "--base", "own:many-orders")
FILMS = ("--outcome", "own:dog-film", "--base", "source:video")
CHILDREN = ("--outcome", "own:childrens-film", "--base", "source:video")

QUESTIONS = (
    Question(
        "books",
        "Who buys dog-themed books? Asked beforehand of the traits spelt out",
        (*BOOKS, "--family", "own"),
    ),
    Question("books-search", "The same, searched through every trait", (*BOOKS, "--rows", "15")),
    Question(
        "disc",
        "Who buys dog films on disc?",
        (*DISC, "--placebo", "own:film-disc", "--family", "own"),
    ),
    Question(
        "films",
        "Who watches dog films?",
        (*FILMS, "--placebo", "own:childrens-film"),
    ),
    Question(
        "children",
        "Who watches any children's film? (the baseline of the last question)",
        (*CHILDREN, "--rows", "8"),
    ),
)


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run the job into a folder; 0 when every fact is met, else 1."""
    data = environment.get("FULLHOUSE_DATA")
    if not data:
        raise InputError(
            "FULLHOUSE_DATA is not set: name the folder that holds open_ecommerce/ and"
            " movielens_1m/, such as: make real FULLHOUSE_DATA=~/data. See docs/real-market.md."
        )
    out = Path(arguments[0] if arguments else "real").absolute()
    house = _fresh(out / "house")
    heading("Feeds: two real houses under one roof")
    _ingest(Path(data).expanduser(), out / "feeds", house)
    heading("People")
    fullhouse("people", "resolve", "-w", house)
    fullhouse("people", "report", "-w", house)
    heading("Traits")
    catalogue = HERE / "traits.toml"
    fullhouse("traits", "build", "--as-of", AS_OF, "--catalogue", catalogue, "-w", house)
    fullhouse("traits", "list", "--family", "own", "--all", "-w", house)
    answers = {q.name: _discover(q, house, out) for q in QUESTIONS}
    heading("Measured before and apart | what came out here")
    return _compare(facts(answers), out)


def _fresh(house: Path) -> Path:
    # Only ever the workspace of an earlier run: nothing else is deleted.
    if (house / "fullhouse.toml").is_file():
        shutil.rmtree(house)
    house.parent.mkdir(parents=True, exist_ok=True)
    return house


def _ingest(data: Path, ready: Path, house: Path) -> None:
    shop = open_ecommerce.read(data / "open_ecommerce", ready)
    video = movielens.read(data / "movielens_1m", ready)
    fullhouse("init", house)
    for feed, file in (
        ("shop-accounts", shop.people),
        ("shop-orders", shop.purchases),
        ("video-accounts", video.accounts),
        ("video-films", video.films),
        ("video-views", video.views),
    ):
        fullhouse("ingest", HERE / "feeds" / f"{feed}.toml", file, "-w", house)


def _discover(question: Question, house: Path, out: Path) -> Answer:
    heading(question.words)
    files = [out / f"{question.name}.{kind}" for kind in ("parquet", "svg", "html")]
    named = [word for file in files for word in ("--out", file)]
    fullhouse("discover", *question.options, *named, "-w", house)
    return read_answer(files[0])


def _compare(facts: Sequence[Fact], out: Path) -> int:
    table([f.row for f in facts], COLUMNS)
    path = out / "comparison.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *(f.row for f in facts)])
    outside = sum(not f.inside for f in facts)
    verdict = (
        "Every fact is met." if not outside else f"{outside} of {len(facts)} facts are NOT met."
    )
    console.print(f"\n[bold]{verdict}[/] Charts, tables and this comparison are in {out}")
    return 1 if outside else 0
