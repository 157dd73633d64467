"""Films with their cost, their grosses at home and in all countries, and what they are based on.

A table collected from a site of film finance: title, release_date, production_budget,
domestic_gross, worldwide_gross, genre, story_source; other columns are not read. Never shipped.
The table does not say when it knew what it says: what a film is and costs is taken to be known 180
days before it opens, its gross at home 180 days after, that of all countries a year after.
"""

import csv
import re
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from fullhouse.core.errors import InputError
from fullhouse.films import ANNOUNCED, TOTALLED, EntryFact, FilmEntry, FilmSet, Problem, digest
from fullhouse.films.columns import need_columns
from fullhouse.films.film import film_slug

NAME = "budgets"
READER = "budgets 1"
WHAT = "a table of budgets"
COLUMNS = (
    "title",
    "release_date",
    "production_budget",
    "domestic_gross",
    "worldwide_gross",
    "genre",
    "story_source",
)
TERRITORY, CURRENCY = "US", "USD"
EVERYWHERE_KNOWN = timedelta(days=365)
GENRES: Mapping[str, tuple[str, ...]] = {
    "Thriller/Suspense": ("Thriller",),
    "Romantic Comedy": ("Romance", "Comedy"),
    "Black Comedy": ("Comedy",),
    "Musical": ("Music",),
    "Concert/Performance": ("Music",),
    "Genre Tracking": (),
}
"""The table's genres in the words of other sets; one that is not here stands as it is."""
SOURCES: Mapping[str, str] = {
    "original screenplay": "original",
    "fiction book/short story": "fiction book",
    "real life events": "real life",
    "tv": "tv",
    "comic/graphic novel": "comic",
    "play": "play",
    "factual book/article": "factual book",
    "folk tale/legend/fairytale": "folk tale",
    "game": "game",
    "spin-off": "spin-off",
    "religious text": "religious text",
    "musical or opera": "musical",
    "short film": "short film",
    "toy": "toy",
    "theme park ride": "toy",
    "compilation": "other",
    "movie": "remake",
    "remake": "remake",
    "ballet": "musical",
    "musical group": "real life",
}
MONEY = re.compile(r"\$?([\d,]+(?:\.\d+)?)")


def read(path: Path) -> FilmSet:
    """Every film with its cost, grosses, genres and what its story is based on."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    entries: dict[str, FilmEntry] = {}
    problems: list[Problem] = []
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            need_columns(path, rows.fieldnames or [], COLUMNS, what=WHAT)
            for number, row in enumerate(rows, start=1):
                try:
                    entry = _entry({k: v or "" for k, v in row.items() if k})
                except ValueError as problem:
                    problems.append(Problem(number, str(problem), row["title"] or "nothing"))
                    continue
                if entry.id in entries:
                    problems.append(Problem(number, "a second row for this film", entry.title))
                    continue
                entries[entry.id] = entry
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path.name} is not {WHAT}: {problem}.") from None
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=number,
        entries=tuple(entries.values()),
        problems=tuple(problems),
    )


def story_source(text: str) -> str:
    """What a story is based on, in our words; empty where the table does not say.

    >>> story_source("Based on Comic/Graphic Novel"), story_source("Original Screenplay")
    ('comic', 'original')
    >>> story_source("All Time Domestic Box Office for Remake Movies (Rank 101-200)")
    'remake'
    """
    plain = text.strip().casefold().removeprefix("based on ")
    if "remake movies" in plain:
        return "remake"
    return SOURCES.get(plain, "")


def genres(text: str) -> list[str]:
    """Genres in the words of other sets.

    >>> genres("All Time Domestic Box Office for Comedy Movies (Rank 101-200)"), genres("Drama")
    (['Comedy'], ['Drama'])
    """
    if "Comedy Movies" in text:
        return ["Comedy"]
    return list(GENRES.get(text.strip(), (text.strip(),) if text.strip() else ()))


def _entry(row: Mapping[str, str]) -> FilmEntry:
    title = _mended(row["title"]).strip()
    if not title:
        raise ValueError("no title")
    opening = _day(row["release_date"])
    budget, home, everywhere = (
        _money(row[name]) for name in ("production_budget", "domestic_gross", "worldwide_gross")
    )
    announced, ended = opening - ANNOUNCED, opening + TOTALLED
    facts = [
        EntryFact("title", title, announced),
        EntryFact("budget", [budget, CURRENCY] if budget else None, announced),
        EntryFact("genres", genres(row["genre"]) or None, announced),
        EntryFact("story_source", story_source(row["story_source"]) or None, announced),
        EntryFact("total", [home, CURRENCY] if home else None, ended, TERRITORY),
        EntryFact(
            "worldwide",
            [everywhere, CURRENCY] if everywhere else None,
            opening + EVERYWHERE_KNOWN,
        ),
    ]
    if home:
        # The day is that of the first cinemas at home; of a film that took nothing there it is not.
        facts.append(EntryFact("opening", opening, announced, TERRITORY))
    return FilmEntry(
        id=film_slug(title, None) + f"-{opening:%Y-%m-%d}",
        title=title,
        opening=opening,
        territory=TERRITORY if home else "",
        facts=tuple(f for f in facts if f.value is not None),
    )


def _day(text: str) -> date:
    for form in ("%b %d, %Y", "%Y-%m-%d"):
        try:
            return date(*time.strptime(text.strip(), form)[:3])
        except ValueError:
            continue
    raise ValueError("release_date is no day such as May 20, 2011")


def _money(text: str) -> float:
    """An amount in dollars; 0 stands for unknown."""
    if not text.strip():
        return 0.0
    fits = MONEY.fullmatch(text.strip())
    if fits is None:
        raise ValueError(f"not an amount in dollars: {text[:40]}")
    return float(fits[1].replace(",", ""))


def _mended(text: str) -> str:
    """A text that was read as Latin-1 though it was UTF-8, as it was."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
