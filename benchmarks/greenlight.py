"""Judge the greenlight on past films: chances, kinds of source, a placebo, and how long it takes.

`python -m benchmarks.greenlight --data FOLDER`: the folder of the public data sets, whose
`talent_ip/budgets_before_2016.csv` is read (default: FULLHOUSE_DATA). Films of 2016 on, of
`tmdb_5000`, judge and teach nothing.
"""

import argparse
import csv
import io
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from fullhouse.core.arrays import Flags
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.judge import (
    JudgedFilms,
    by_years,
    calibrations,
    chance_curve,
    judge,
    recalibrated,
)
from fullhouse.greenlight.past import PastFilms, fit
from fullhouse.greenlight.profit import (
    draw,
    grosses_of,
    middle_values,
    plan_of,
    profit_lines,
    term_values,
)
from fullhouse.greenlight.slate import shared_part
from fullhouse.greenlight.sources import placebo, source_effects
from fullhouse.greenlight.terms import read_terms
from fullhouse.greenlight.weigh import weigh
from fullhouse.sources.budgets import read

WIDE = 600
FIRST, LAST = 1990, 2015
EARLY, LATE = (2000, 2005), (2006, 2015)
ISSUE = {
    "tv": "1.35 (1.14-1.60)",
    "folk tale": "1.36 (1.07-1.74)",
    "comic": "1.11 (.93-1.33)",
    "remake": "1.10 (.94-1.28)",
    "factual book": "1.12 (.89-1.41)",
    "fiction book": ".90 (.81-1.00)",
    "game": ".97 (.67-1.41)",
    "real life": ".75 (.63-.89)",
}


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("FULLHOUSE_DATA", "."))
    parser.add_argument("--shuffles", type=int, default=40)
    given = parser.parse_args()
    folder = Path(given.data)
    table = folder / "talent_ip" / "budgets_before_2016.csv"
    past = past_films(table)
    _sources(past, wide_films(table, past), given.shuffles)
    _chances(past)
    _later(past, folder)
    _speed(past)


def past_films(table: Path) -> PastFilms:
    """The films of the table with a budget and a gross, by opening."""
    rows = []
    for entry in read(table).entries:
        facts = {f.field: f.value for f in entry.facts}
        if entry.opening and "budget" in facts and "worldwide" in facts:
            rows.append((entry.opening, entry.id, facts))
    rows.sort(key=lambda r: r[:2])
    home = [(r[2].get("total") or [np.nan])[0] for r in rows]
    gross = [np.nanmax([r[2]["worldwide"][0], h]) for r, h in zip(rows, home, strict=True)]
    return PastFilms(
        film=tuple(r[1] for r in rows),
        title=tuple(str(r[2]["title"]) for r in rows),
        opening=tuple(r[0] for r in rows),
        budget=np.array([r[2]["budget"][0] for r in rows], dtype=float),
        gross=np.array(gross, dtype=float),
        home=np.array(home, dtype=float),
        genres=tuple(tuple(r[2].get("genres", ())) for r in rows),
        story_source=tuple(str(r[2].get("story_source", "")) for r in rows),
    ).recent()


def wide_films(table: Path, past: PastFilms) -> Flags:
    """Which of them opened in 600 cinemas or more."""
    theaters = {}
    with table.open(encoding="utf-8-sig", newline="") as lines:
        for row, entry in zip(csv.DictReader(lines), read(table).entries, strict=True):
            theaters[entry.id] = int(row["opening_theater_count"].replace(",", "") or 0)
    return np.array([theaters[f] >= WIDE for f in past.film], dtype=bool)


def _sources(past: PastFilms, wide: Flags, shuffles: int) -> None:
    since = (past.year >= FIRST) & (past.year <= LAST)
    print(f"{len(past):,} films of {past.year.min()} to {past.year.max()}.\n")
    print(f"Kind of source at equal budget and year, all countries, {FIRST} to {LAST}:")
    for name, keep in (("wide openings", since & wide), ("all films", since)):
        films = past.only(keep)
        chance = placebo(films, shuffles=shuffles, seed=1)
        print(f"\n{name} ({len(films):,}); shuffled within years: {chance.rejected:.1%} rejected")
        for row in source_effects(films):
            print(
                f"  {row.story_source:15} {row.films:4} {row.ratio:5.2f}"
                f" ({row.low:.2f}-{row.high:.2f})  issue {ISSUE.get(row.story_source, '-'):18}"
                f" spread of the placebo {chance.spread.get(row.story_source, 0):.2f}"
            )


def _chances(past: PastFilms) -> None:
    terms = read_terms()
    kinds = {"all that is known": (True, True), "without source": (False, True)}
    judged = {n: judge(past, terms, with_source=s, with_genres=g) for n, (s, g) in kinds.items()}
    print("\nBreak-even chance, each film from the years before it, families apart:")
    for name, rows in judged.items():
        assert rows is not None
        for what, chances in (
            ("as modelled", rows),
            ("by the curve of years before", recalibrated(rows)),
        ):
            for first, last in (EARLY, LATE, (EARLY[0], LATE[1])):
                print(f"\n{name}, {what}, {first} to {last}")
                _print_calibration(chances.only((chances.year >= first) & (chances.year <= last)))
    with_, without = judged["all that is known"], judged["without source"]
    assert with_ is not None
    assert without is not None
    print("\nSource beside none (less is better), 2000 to 2015, 95 % by years resampled:")
    late = with_.year >= EARLY[0]
    known = late & np.array([past.story_source[k] not in ("", "original") for k in with_.place])
    for group, keep in (("all films", late), ("films of a source", known)):
        square = (with_.middle - with_.log_gross) ** 2 - (without.middle - without.log_gross) ** 2
        brier = (with_.chance - with_.even) ** 2 - (without.chance - without.even) ** 2
        for what, loss in (("squared log error", square), ("Brier", brier)):
            low, high = by_years(loss[keep], with_.year[keep])
            mean = float(loss[keep].mean())
            print(f"  {group:18} {what:18} {mean:+.4f} ({low:+.4f} to {high:+.4f})")


def _print_calibration(judged: JudgedFilms) -> None:
    for c in calibrations(judged):
        print(
            f"  {c.group:7} {c.films:5,} films, stated {c.stated:.3f}, came {c.even:.3f}, slope"
            f" {c.slope:.2f} ({c.low:.2f} to {c.high:.2f}), Brier {c.brier:.4f}, budget alone"
            f" {c.brier_budget:.4f}, difference ({c.gain_low:+.4f} to {c.gain_high:+.4f})"
        )


def _later(past: PastFilms, folder: Path) -> None:
    """Films of 2016 on, which nothing was built on: budget, genres and day, no source."""
    terms = read_terms()
    files = list((folder / "tmdb_5000").glob("*"))
    rows = [r for f in files for r in tmdb_rows(f)]
    if not rows:
        return
    model = fit(past)
    judged = judge(past, terms)
    curve = None if judged is None else chance_curve(judged)
    families = set(past.family)
    chances, even, by_budget = [], [], []
    base = 0.0 if judged is None else float(judged.even.mean())
    for title, day, budget, gross, genres in rows:
        idea = Idea(title, budget, genres, "", day)
        family = replace(past.only(np.arange(len(past)) < 1), title=(title,)).family[0]
        if family in families:
            continue
        places = (np.arange(400) + 0.5) / 400
        grosses = grosses_of(model, idea, places, today=date(2015, 12, 31))
        plan = plan_of(Idea(title, budget), terms, date(2000, 1, 1))
        profit = profit_lines(plan, terms, grosses, middle_values(terms))["profit"]
        chance = ((profit >= 0).sum() + 0.5) / 401
        if curve is not None:
            chance = float(curve.of(np.array([chance]), np.array([budget]))[0])
        part = float(np.median(grosses[1] / grosses[0]))
        true = np.array([gross]), np.array([gross * part])
        even.append(bool(profit_lines(plan, terms, true, middle_values(terms))["profit"][0] >= 0))
        chances.append(chance)
        by_budget.append(base)
    p, y = np.array(chances), np.array(even)
    print(
        f"\nFilms of 2016 on ({len(y)}, none of a family that taught): stated {p.mean():.3f}, came"
        f" {y.mean():.3f}; Brier {((p - y) ** 2).mean():.4f}, the share of all"
        f" {((np.array(by_budget) - y) ** 2).mean():.4f}"
    )


def tmdb_rows(file: Path) -> Iterator[tuple[str, date, float, float, tuple[str, ...]]]:
    """Title, day, budget, gross of all countries and genres of the set's films of 2016 on."""
    import json

    if file.suffix not in (".csv", ".zip"):
        return
    for text in _texts(file):
        for row in csv.DictReader(io.StringIO(text)):
            if "revenue" not in row or not (row["release_date"] or "") >= "2016-01-01":
                continue
            budget, gross = float(row["budget"] or 0), float(row["revenue"] or 0)
            if budget >= 1e5 and gross > 0:
                genres = tuple(g["name"] for g in json.loads(row["genres"]))
                yield row["title"], date.fromisoformat(row["release_date"]), budget, gross, genres


def _texts(file: Path) -> Sequence[str]:
    if file.suffix == ".csv":
        return [file.read_text("utf-8-sig")]
    with zipfile.ZipFile(file) as archive:
        names = [n for n in archive.namelist() if "movies" in n and n.endswith(".csv")]
        return [archive.read(n).decode("utf-8-sig") for n in names if "__MACOSX" not in n]


def _speed(past: PastFilms) -> None:
    terms = read_terms()
    idea = Idea("The Kestrel", 4e7, ("Adventure",), "tv", date(2018, 5, 11))
    today = date(2016, 6, 1)
    model = fit(past)
    draw(terms, 1_000, 0)  # so that no import is timed
    start = time.perf_counter()
    numbers = draw(terms, 10_000, 0)
    grosses = grosses_of(model, idea, numbers.gross, today=today)
    profit_lines(plan_of(idea, terms, today), terms, grosses, term_values(terms, numbers))
    once = time.perf_counter() - start
    start = time.perf_counter()
    weigh(past, idea, terms, territory="US", as_of=today)
    whole = time.perf_counter() - start
    part = shared_part(model)
    print(
        f"\nP&L of 10,000 draws, from the first random number: {once:.3f} s; with the model, the"
        f" tornado, staged options and thresholds: {whole:.2f} s"
        f"\nFilms of one year share {part.value:.3f} of the residuals' variance"
        f" ({part.low:.3f} to {part.high:.3f})"
    )


if __name__ == "__main__":
    main()
