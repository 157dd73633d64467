"""What names add to gross beyond the budget, and who is rising, on TMDB 5000 and its credits.

Needs FULLHOUSE_DATA: tmdb_5000 and talent_ip, which are not shipped. Models, roles and thresholds
were chosen on films to 2009; those from 2016 on judged only.
"""

import csv
import io
import json
import os
import time
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from fullhouse.sources import talent_ip
from fullhouse.talent.find_rising import careers, check_rising, learnable, newcomers
from fullhouse.talent.fit_effects import check_gain, role_names
from fullhouse.talent.outcome import FilmOutcome, design, in_order

FIRST, LAST, JUDGED = 1985, 2016, 2010
LEAST = 10_000
"""Budgets and grosses below so many dollars are slips: the set has 1 and 25, meaning millions."""


def outcomes(folder: Path) -> list[FilmOutcome]:
    """Films of TMDB 5000 with budget and worldwide gross, by TMDB's id."""
    with zipfile.ZipFile(folder / "tmdb_5000" / "tmdb_5000_movies.csv.zip") as archive:
        name = next(n for n in archive.namelist() if "movies" in n and n.endswith(".csv"))
        text = io.TextIOWrapper(archive.open(name), "utf-8-sig", newline="")
        rows = list(csv.DictReader(text))
    films = []
    for row in rows:
        budget, gross, day = float(row["budget"]), float(row["revenue"]), row["release_date"]
        if budget < LEAST or gross < LEAST or not day or not FIRST <= int(day[:4]) <= LAST:
            continue
        films.append(
            FilmOutcome(
                film=row["id"],
                title=row["title"],
                opening=date.fromisoformat(day),
                gross=gross,
                budget=budget,
                genres=tuple(g["name"] for g in json.loads(row["genres"])),
                continues=any(k["name"] == "sequel" for k in json.loads(row["keywords"])),
            )
        )
    return in_order(films)


def credits_of(folder: Path) -> pa.Table:
    """Credits by TMDB's id of the film."""
    rows = talent_ip.read(folder / "talent_ip" / "credits.parquet").credits
    return rows.select(["talent", "name", "role", "billing"]).append_column("film", rows["entry"])


def gain(films: list[FilmOutcome], credited: pa.Table, placebos: int) -> None:
    """The gain of names on the films from 2010 on, beside names shuffled."""
    with_names = set(credited["film"].to_pylist())
    whole = design([f for f in films if f.film in with_names])
    roles = role_names([f.film for f in whole.films], credited)
    begun = time.perf_counter()
    check = check_gain(whole, roles, placebos=placebos, first_year=JUDGED)
    assert check is not None
    placebo = check.placebo_gains
    print(f"{len(whole.films):,} films {FIRST}-{LAST}, {check.films} judged from {JUDGED} on")
    print(f"R² of log gross  {check.r2_without:.3f} without names, {check.r2_with:.3f} with them,")
    print(f"                 {check.r2_placebo:.3f} with names shuffled ({placebos} shuffles)")
    print(
        f"gain in squared error {check.gain:.4f} ({check.gain_low:.4f} to {check.gain_high:.4f});"
    )
    print(f"                 shuffled {np.mean(placebo):.4f}, at most {max(placebo):.4f}")
    print(f"names add: {check.names_add}; {time.perf_counter() - begun:.0f} s")


def rising(films: list[FilmOutcome], credited: pa.Table) -> None:
    """How chances of newcomers did, by the day on which they were made."""
    every = careers(films, credited)
    cuts = [newcomers(every, c) for c in learnable(every, date(LAST + 1, 1, 1))]
    for what, first, last in (("chosen on", 1999, 2004), ("judged", 2005, 2011)):
        days = [c.cut for c in cuts if first <= c.cut.year <= last]
        check = check_rising(cuts, days)
        assert check is not None
        print(f"rising names, {what} {check.first} to {check.last}, {check.people:,} chances:")
        print(f"  AUC {check.auc:.3f}, gross so far {check.popularity:.3f}; difference")
        print(f"  {check.difference_low:.3f} to {check.difference_high:.3f} (95 %)")
        print(f"  calibration slope {check.slope:.2f}; {check.expected:.1%} expected,")
        print(f"  {check.happened:.1%} happened; Brier {check.brier:.4f},")
        print(f"  of the share alone {check.brier_of_share:.4f}")


def main() -> None:
    """Every figure of docs/talent.md."""
    data = os.environ.get("FULLHOUSE_DATA")
    if not data:
        print("skipped: FULLHOUSE_DATA names no folder with tmdb_5000 and talent_ip")
        return
    films, credited = outcomes(Path(data)), credits_of(Path(data))
    rising(films, credited)
    gain(films, credited, placebos=int(os.environ.get("FULLHOUSE_PLACEBOS", "10")))


if __name__ == "__main__":
    main()
