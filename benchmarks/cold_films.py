"""Films nobody has seen: who will? On MovieLens 1M, films held out whole.

python -m benchmarks.cold_films

A fifth of the films with 50 viewers or more are judged; nothing of who saw them is known to any
way of foretelling, only title, year, genres and, where TMDB 5000 has the film by title and year,
overview, keywords and tag line. Another fifth served to choose what is in the product, and serves
here to fit the calibration of the other ways; afterwards all but the judged films are learned
from. Two splits: films drawn at random, and the newest ones, which are judged by older ones only.

AUC: over all viewers, the mean over films. Film's recall: of the 100 people ranked first for a
film, how many saw it (of 100, or of its viewers when fewer). Viewer's recall: the 100 judged
films ranked first for a viewer by probability, the level of each film given to all ways alike;
the share of those the viewer saw, the mean over viewers who saw any. Slope: of a logistic
regression of who saw on the log-odds, with each film's level free; 1 is right. ECE: the expected
calibration error over ten bins of equally many pairs. MovieLens has every rating of each viewer,
no time: a viewer's later films are known too.
"""

import argparse
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from pyroaring import BitMap
from scipy.special import expit
from scipy.stats import rankdata

from benchmarks.measure import machine, table
from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.values import slug
from fullhouse.propensity.learn import learn
from fullhouse.propensity.logistic import fit_levels, level_for, slope_of
from fullhouse.propensity.prediction import predict_all
from fullhouse.propensity.score import logits_of
from fullhouse.sample.words import FilmWords, film_words
from fullhouse.sources import tmdb
from fullhouse.sources.movielens import title_and_year
from fullhouse.traits.blocks import Block
from fullhouse.traits.trait import Trait

LEAST = 50
FEWEST = 10
SEED = 20
BOOTSTRAPS = 2_000
FACTORS = 32


@dataclass(frozen=True)
class House:
    """Viewers (rows) and films (columns): who saw what, who they are, what the films are."""

    seen: npt.NDArray[np.float32]
    facts: npt.NDArray[np.float32]
    fact_names: tuple[str, ...]
    films: tuple[FilmWords, ...]
    genres: npt.NDArray[np.float32]
    year: Integers


def load(folder: Path) -> House:
    """MovieLens, with TMDB's texts where title and year (give or take one) agree."""
    users = _rows(folder / "movielens_1m/users.dat")
    movies = _rows(folder / "movielens_1m/movies.dat")
    pairs = pq.read_table(folder / "movielens_1m/ratings.parquet")
    of_user = {u[0]: i for i, u in enumerate(users)}
    of_film = {m[0]: i for i, m in enumerate(movies)}
    seen = np.zeros((len(users), len(movies)), dtype=np.float32)
    seen[
        [of_user[str(u)] for u in pairs["userID"].to_pylist()],
        [of_film[str(m)] for m in pairs["movieID"].to_pylist()],
    ] = 1
    attributes = [f"gender:{u[1]} age:{u[2]} occupation:{u[3]}".split() for u in users]
    names = tuple(sorted({n for s in attributes for n in s}))
    facts = np.array([[n in s for n in names] for s in attributes], dtype=np.float32)
    texts = _texts(folder / "tmdb_5000/tmdb_5000_movies.csv.zip")
    every = sorted({g for m in movies for g in m[2].split("|")})
    genres = np.array([[g in m[2].split("|") for g in every] for m in movies], dtype=np.float32)
    films, years = [], []
    for number, title, of_genres in movies:
        name, year = title_and_year(title)
        name = re.sub(r"\s*\(.*\)$", "", name)
        editions = texts.get(_plain(name), [])
        edition = next((t for y, t in editions if abs(y - (year or 0)) <= 1), {})
        described = edition | {"title": name, "genres": of_genres.split("|")}
        opening = date(year, 7, 1) if year else None
        films.append(film_words(f"f{number}", described | {"opening": opening}))
        years.append(year or 0)
    return House(seen, facts, names, tuple(films), genres, np.array(years))


def _rows(path: Path) -> list[list[str]]:
    return [line.split("::") for line in path.read_text("latin-1").splitlines()]


def _plain(title: str) -> str:
    return slug(re.sub(r"['’]", "", title))


def _texts(path: Path) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    by_title: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for entry in tmdb.read(path).entries:
        facts = {
            f.field: f.value for f in entry.facts if f.field in ("overview", "keywords", "tagline")
        }
        year = entry.opening.year if entry.opening else 0
        for title in {entry.title, entry.other_title} - {None}:
            by_title.setdefault(_plain(str(title)), []).append((year, facts))
    return by_title


def splits(house: House) -> dict[str, tuple[Integers, Integers, Integers]]:
    """For each split: films to learn from, to choose on, and to judge on."""
    viewers = house.seen.sum(0)
    big = np.flatnonzero(viewers >= LEAST)
    drawn = np.random.default_rng(SEED).permutation(big)
    newest = big[np.argsort(-house.year[big], kind="stable")]
    parts = {}
    for name, order in (("a fifth at random", drawn), ("the newest fifth", newest)):
        many = len(big) // 5
        judged, chosen = order[:many], order[many : 2 * many]
        rest = np.setdiff1d(np.flatnonzero(viewers >= FEWEST), np.concatenate([judged, chosen]))
        if name == "the newest fifth":
            rest = rest[house.year[rest] <= house.year[chosen].max()]
        parts[name] = (rest, chosen, judged)
    return parts


class Memory:
    """One block in memory: what `discovery.Blocks` is, without a lake."""

    def __init__(self, block: Block) -> None:
        self.block = block

    def numbers(self) -> list[int]:
        """The one block."""
        return [0]

    def load(self, _number: int) -> Block:
        """The one block."""
        return self.block


def as_block(house: House, films: Integers) -> tuple[Block, list[Trait]]:
    """The viewers with the traits of some films and their facts; nothing of other films."""
    seen = house.seen[:, films] > 0
    has = np.hstack([seen, house.facts > 0])
    traits = [
        Trait(i, f"saw:{house.films[f].film}", "saw", house.films[f].title, "view",
              {"film": house.films[f].film, "kinds": ["view"], "min_events": 1}, 1, {}, True)
        for i, f in enumerate(films)
    ] + [
        Trait(len(films) + i, n, n.partition(":")[0], n, "person", {}, 1, {}, True)
        for i, n in enumerate(house.fact_names)
    ]  # fmt: skip
    _, held = np.nonzero(has)
    offsets = np.concatenate([[0], np.cumsum(has.sum(1))]).astype(np.int32)
    views = seen.sum(1).astype(np.int32)
    none = np.zeros_like(views)
    persons = np.arange(len(has), dtype=np.uint32)
    events = np.ones(len(held), np.uint16)
    block = Block(0, persons, offsets, held.astype(np.uint16), events, (none, views, none, none))
    return block, traits


def ours(house: House, known: Integers, wanted: Integers) -> Floats:
    """The product: taste learned from the known films, each wanted film foretold."""
    block, traits = as_block(house, known)
    blocks: Any = Memory(block)
    base = {0: BitMap(block.persons)}
    films = {house.films[f].film: house.films[f] for f in known}
    taste = learn(blocks, base, traits, films, key=b"cold films")
    rows = np.arange(len(block.persons))
    films = {house.films[f].film: house.films[f] for f in wanted}
    models = predict_all(taste, films, as_of=date(2000, 12, 31), build=1)
    logits = [logits_of(m, block, rows) for m in models.values()]
    return np.stack(logits, axis=1).astype(np.float64)


def activity(house: House, known: Integers, wanted: Integers) -> Floats:
    """How many films a viewer saw: the popular answer to whom to show anything."""
    return np.repeat(_active(house, known)[:, None], len(wanted), axis=1)


def demographics(house: House, known: Integers, wanted: Integers) -> Floats:
    """Gender, age and occupation: how films of the same genres drew each group."""
    seen = house.seen[:, known]
    views = seen.sum(1)
    held = house.facts.T @ seen
    expected = np.outer(house.facts.T @ views, seen.sum(0)) / seen.sum()
    drew = np.log((held + 10) / (expected + 10))
    scores: Floats = (house.facts @ drew @ _same_genres(house, known, wanted)).astype(np.float64)
    return scores


def genre_profile(house: House, known: Integers, wanted: Integers) -> Floats:
    """A viewer's share of films in the film's genres against everybody's."""
    seen = house.seen[:, known]
    counts = seen @ house.genres[known]
    every = counts.sum(0) / seen.sum()
    own = (counts + 5 * every) / (seen.sum(1) + 5)[:, None]
    share = house.genres[wanted] / house.genres[wanted].sum(1, keepdims=True)
    scores: Floats = (np.log(own / every) @ share.T).astype(np.float64)
    return scores


def als(house: House, known: Integers, wanted: Integers) -> Floats:
    """Implicit ALS; a film not seen yet has the mean factors of its genres' films."""
    people, films = _factors(house, known)
    return (people @ films.T @ _same_genres(house, known, wanted)).astype(np.float64)


def als_content(house: House, known: Integers, wanted: Integers) -> Floats:
    """Implicit ALS; a film's factors are regressed on genres and half decades."""
    people, films = _factors(house, known)
    x, new = _descriptions(house, known), _descriptions(house, wanted)
    weights = np.linalg.solve(x.T @ x + 5 * np.eye(x.shape[1]), x.T @ films)
    return (people @ (new @ weights).T).astype(np.float64)


METHODS: Mapping[str, tuple[Callable[[House, Integers, Integers], Floats], bool]] = {
    "activity alone": (activity, False),
    "demographics": (demographics, False),
    "demographics and activity": (demographics, True),
    "genre profile": (genre_profile, False),
    "genre profile and activity": (genre_profile, True),
    "ALS, mean of its genres": (als, False),
    "ALS, mean of its genres, and activity": (als, True),
    "ALS regressed on genres and years": (als_content, False),
    "ALS regressed on them, and activity": (als_content, True),
}
"""Ways to compare with; true where activity is put beside it, both weights fitted by logistic
regression on the films to choose on."""


def _active(house: House, known: Integers) -> Floats:
    logs: Floats = np.log1p(house.seen[:, known].sum(1)).astype(np.float64)
    return logs


def _same_genres(house: House, known: Integers, wanted: Integers) -> Floats:
    """For each wanted film (columns): the mean over its genres of the mean over their films."""
    of_genre = house.genres[known] / np.maximum(house.genres[known].sum(0), 1)
    share = house.genres[wanted] / house.genres[wanted].sum(1, keepdims=True)
    likeness: Floats = of_genre @ share.T
    return likeness


def _descriptions(house: House, films: Integers) -> Floats:
    years = np.clip((house.year[films] - 1920) // 5, 0, 16)
    return np.hstack([np.ones((len(films), 1)), house.genres[films], np.eye(17)[years]])


_KEPT: dict[bytes, tuple[Floats, Floats]] = {}


def _factors(house: House, known: Integers) -> tuple[Floats, Floats]:
    """Factors of viewers and films by alternating least squares (Hu, Koren, Volinsky 2008).

    32 factors, confidence 1 + 10, ridge 10 and 5 rounds: usual settings, not searched over.
    """
    key = known.tobytes()
    if key not in _KEPT:
        seen = house.seen[:, known].astype(np.float64)
        films = np.random.default_rng(1).normal(0, 0.1, (seen.shape[1], FACTORS))
        people = np.zeros((len(seen), FACTORS))
        for _ in range(5):
            people = _solve(seen, films)
            films = _solve(seen.T, people)
        _KEPT[key] = people, films
    return _KEPT[key]


def _solve(seen: Floats, fixed: Floats, confidence: float = 10.0, ridge: float = 10.0) -> Floats:
    whole = fixed.T @ fixed + ridge * np.eye(fixed.shape[1])
    factors = np.empty((len(seen), fixed.shape[1]))
    for i, row in enumerate(seen):
        rated = fixed[row > 0]
        inner = whole + confidence * rated.T @ rated
        factors[i] = np.linalg.solve(inner, rated.sum(0) * (1 + confidence))
    return factors


def scored(house: House, split: tuple[Integers, Integers, Integers], name: str) -> Floats:
    """The log-odds of a score_of to compare with, weights fitted on the films to choose on."""
    score_of, beside = METHODS[name]
    rest, chosen, judged = split
    fitted = _columns(house, rest, chosen, score_of(house, rest, chosen), beside)
    seen = house.seen[:, chosen].astype(np.float64)
    film = np.tile(np.arange(len(chosen)), len(seen))
    x = fitted.reshape(-1, fitted.shape[-1])
    centre, spread = x.mean(0), x.std(0)
    w = np.ones(x.shape[0])
    fit = fit_levels((x - centre) / spread, seen.ravel(), w, film, len(chosen), ridge=1e-3)
    known = np.union1d(rest, chosen)
    columns = _columns(house, known, judged, score_of(house, known, judged), beside)
    scores: Floats = (columns - centre) / spread @ fit.weights
    return scores


def _columns(
    house: House, known: Integers, wanted: Integers, score: Floats, beside: bool
) -> Floats:
    each = [score, activity(house, known, wanted)] if beside else [score]
    return np.stack(each, axis=-1)


@dataclass(frozen=True)
class Judged:
    """How well one way did: AUC and film's recall by film, the rest over all."""

    auc: Floats
    recall: Floats
    viewers_recall: float
    slope: float
    error: float


def judge(logits: Floats, seen: Floats) -> Judged:
    """All figures of one way, each film's level set to its number of viewers."""
    ones = np.ones(len(seen))
    level = np.array([level_for(z, ones, y.sum()) for z, y in zip(logits.T, seen.T, strict=True)])
    at_level = logits + level
    film = np.tile(np.arange(seen.shape[1]), len(seen))
    slope = slope_of(at_level.ravel(), seen.ravel(), np.ones(seen.size), film, seen.shape[1])
    p, y = expit(at_level).ravel(), seen.ravel()
    bins = np.array_split(np.argsort(p, kind="stable"), 10)
    error = sum(abs(p[b].mean() - y[b].mean()) * len(b) for b in bins) / len(p)
    best = np.argpartition(-at_level, 100, axis=1)[:, :100]
    top = np.take_along_axis(seen, best, axis=1).sum(1)
    some = seen.sum(1) > 0
    return Judged(
        np.array([auc(z, y) for z, y in zip(logits.T, seen.T, strict=True)]),
        np.array([first_hundred(z, y) for z, y in zip(logits.T, seen.T, strict=True)]),
        float((top[some] / seen.sum(1)[some]).mean()),
        slope,
        error,
    )


def auc(score: Floats, seen: Floats) -> float:
    """The chance that who saw it ranks above who did not; ties count half."""
    ranks, yes = rankdata(score), seen > 0
    n1, n0 = yes.sum(), (~yes).sum()
    return float((ranks[yes].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def first_hundred(score: Floats, seen: Floats) -> float:
    """Viewers among the hundred ranked first, of a hundred or of all viewers when fewer."""
    best = np.argpartition(-score, 100)[:100]
    return float(seen[best].sum() / min(100, seen.sum()))


def apart(one: Floats, other: Floats) -> tuple[float, float, float]:
    """A mean difference over films with its 95 % bootstrap interval."""
    apart = one - other
    g = np.random.default_rng(2)
    means = apart[g.integers(0, len(apart), (BOOTSTRAPS, len(apart)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(apart.mean()), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    folder = Path(os.environ.get("FULLHOUSE_DATA", "../shared/data"))
    house = load(folder)
    texts = sum("overview" in f.parts for f in house.films)
    print(f"{len(house.films):,} films, {texts:,} with TMDB text; {machine()}\n")
    for name, split in splits(house).items():
        run(house, name, split)


def run(house: House, name: str, split: tuple[Integers, Integers, Integers]) -> None:
    """Print the table of one split."""
    rest, chosen, judged = split
    seen = house.seen[:, judged].astype(np.float64)
    started = time.perf_counter()
    judged_by_method = {"ours": judge(ours(house, np.union1d(rest, chosen), judged), seen)}
    took = time.perf_counter() - started
    for method in METHODS:
        judged_by_method[method] = judge(scored(house, split, method), seen)
    print(f"## {name}: {len(judged)} films judged; ours took {took:.0f} s\n")
    rows = []
    for method, j in judged_by_method.items():
        gain, low, high = apart(judged_by_method["ours"].auc, j.auc)
        more, least, most = apart(judged_by_method["ours"].recall, j.recall)
        rows.append(
            (method, f"{j.auc.mean():.4f}", f"{gain:+.4f} ({low:+.4f} to {high:+.4f})",
             f"{j.recall.mean():.3f}", f"{more:+.3f} ({least:+.3f} to {most:+.3f})",
             f"{j.viewers_recall:.3f}", f"{j.slope:.3f}", f"{j.error:.4f}")
        )  # fmt: skip
    columns = ("method", "AUC", "ours more by (95 %)", "film's recall", "ours more by (95 %)",
               "viewer's recall", "slope", "ECE")  # fmt: skip
    print(table(columns, rows), "\n", flush=True)


if __name__ == "__main__":
    main()
