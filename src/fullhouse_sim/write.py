"""A market as files: the feeds that houses have, and the truth beside them."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from fullhouse.core.errors import InputError
from fullhouse.core.progress import Progress, silent
from fullhouse_sim import accounts, consents, dirt, feeds, hearing, kept, plain, tables, truth
from fullhouse_sim.day import Making, write_day
from fullhouse_sim.dirt import Deed
from fullhouse_sim.files import File, join_parts, open_file, write_file
from fullhouse_sim.film import has_heard
from fullhouse_sim.films import scenario
from fullhouse_sim.going import Visits, seats, sold_visits, take_seats, wanting
from fullhouse_sim.market import Market, by_person
from fullhouse_sim.members import SOURCES, Members, members
from fullhouse_sim.population import People, people
from fullhouse_sim.season import season
from fullhouse_sim.shopping import rates

T = TypeVar("T")

MARK = "simulated.json"
ADDRESSES = "addresses.csv.gz"
"""Who shares an address: no feed, but what `fullhouse campaign launch --households` takes."""
OURS = ("feeds", "later", "truth", "respond", ".work", "README.txt", MARK)
MARKET_FILES = (
    "box_office.parquet", "presales.csv", "want_to_see.csv", "cities.csv", "cinemas.csv",
    *plain.FILES,
)  # fmt: skip
"""Files of `feeds/market`, which have no declaration."""
FEW = 20_000_000
"""People times days up to which starting workers takes longer than it saves."""

README = """Everything in this folder is simulated. No person, film, cinema or shop in it is real,
and nothing that is columns in it is a finding about the world.

feeds/   what houses would have. Each NAME.toml is a declaration for `fullhouse ingest`,
         into a workspace made by `fullhouse init DIR --simulated`; simulated.json says which
         files belong to it. feeds/market holds the box office of the whole country, of which
         the people in the feeds are a sample; its *-plain.csv are for
         `fullhouse film import plain --simulated`, and go back further. addresses.csv.gz says
         which accounts share an address, for `fullhouse campaign launch --households`.
later/   what the days after the market's last one will tell of films, to be taken in once
         they have come: the same three files, going on.
truth/   what is true, for checking what was columns. No stage of Fullhouse reads it.

Made by: fullhouse simulate DIR {arguments}
"""


@dataclass(frozen=True)
class FeedDone:
    """A feed that was written: its declaration and files under the folder, and how much."""

    name: str
    declaration: str
    path: str
    files: int
    rows: int


@dataclass(frozen=True)
class Simulated:
    """A market that was written."""

    folder: Path
    market: Market
    feeds: tuple[FeedDone, ...]

    def to_dict(self) -> dict[str, Any]:
        """The market for programs."""
        return {
            "simulated": True,
            "folder": str(self.folder),
            "market": _plain(self.market),
            "feeds": [asdict(f) for f in self.feeds],
        }


def simulate(
    market: Market,
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> Simulated:
    """Write a market into a folder that is empty, or holds a simulated market, which is replaced.

    The bytes follow from the market alone, however many workers there are.
    """
    _clear(folder)
    (folder / MARK).write_text('{"simulated": true, "unfinished": true}\n')
    progress("The season", 0, 1)
    making = Making(market, season(market), folder / "feeds", folder / ".work")
    (folder / ".work").mkdir()
    rows = _write_once(making, folder)
    deeds: list[Deed] = []
    try:
        with _crew(making, workers) as crew:
            rows |= _write_chunks(making, crew, progress)
            for done in _each(crew, write_day, range(market.days), "Days", progress):
                rows |= done.rows
                deeds += done.deeds
    finally:
        shutil.rmtree(folder / ".work")
    rows |= _write_dirt(making, folder, deeds)
    simulated = Simulated(folder, market, _feeds(market, rows))
    _write_words(simulated)
    return simulated


def read_market(folder: Path) -> Market:
    """The market that a folder holds."""
    try:
        mark = json.loads((folder / MARK).read_text())
    except FileNotFoundError:
        raise InputError(f"{folder} is no simulated market: it has no {MARK}.") from None
    if "unfinished" in mark:
        raise InputError(f"The market in {folder} was not finished: simulate it again.")
    mark = mark["market"]
    return Market(**mark | {"today": date.fromisoformat(mark["today"])})


Crew = Callable[[Callable[[Making, int], Any], range], Iterator[Any]]


@contextmanager
def _crew(making: Making, workers: int | None) -> Iterator[Crew]:
    """Runs a task for each number of a range, and gives the results in order."""
    few = making.market.people * making.market.days <= FEW
    count = workers or (1 if few else os.cpu_count() or 1)
    if count == 1:
        yield lambda task, numbers: (task(making, n) for n in numbers)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(count, context, _begin, (making,)) as pool:
        yield lambda task, numbers: pool.map(_Task(task), numbers)


_making: list[Making] = []
"""Of a worker: what its tasks share."""


def _begin(making: Making) -> None:
    _making.append(making)
    # Workers are as many as cores: threads of their own would only be in each other's way.
    pa.set_cpu_count(1)


@dataclass(frozen=True)
class _Task:
    task: Callable[[Making, int], Any]

    def __call__(self, number: int) -> Any:
        return self.task(_making[0], number)


def _each(
    crew: Crew, task: Callable[[Making, int], T], numbers: range, what: str, progress: Progress
) -> Iterator[T]:
    progress(what, 0, len(numbers))
    for done, result in enumerate(crew(task, numbers), 1):
        progress(what, done, len(numbers))
        yield result


def _write_once(making: Making, folder: Path) -> dict[str, int]:
    """Whatever does not depend on the people; rows by file under feeds/."""
    rows = {
        name: write_file(making.feeds / name, table)
        for name, table in tables.once(making.market, making.season).items()
    }
    for place, table in plain.plain(making.market, making.season).items():
        rows[place.removeprefix("feeds/")] = write_file(folder / place, table)
    if by_person(making.market):
        rows["video/games.csv"] = write_file(
            making.feeds / "video/games.csv", hearing.game_titles()
        )
    films = making.season.films
    write_file(folder / "truth/films.parquet", truth.films_table(films))
    write_file(folder / "truth/loadings.parquet", truth.loadings_table(films))
    write_file(folder / "truth/grosses.parquet", plain.truth(making.season))
    answers = json.dumps(truth.answers(making.market), indent=2)
    (folder / "truth/answers.json").write_text(answers + "\n")
    for feed in feeds.declarations(making.market) + feeds.respond_declarations():
        (making.feeds / f"{feed.name}.toml").write_text(feed.toml)
    return rows


def _write_chunks(making: Making, crew: Crew, progress: Progress) -> dict[str, int]:
    """Accounts, consents and the truth of people; and what the days need of each chunk."""
    market, work = making.market, making.work
    free = seats(market, making.season)
    total: dict[str, int] = {}
    chunks = range(market.chunks)
    for chunk, rows in enumerate(_each(crew, write_chunk, chunks, "People", progress)):
        _seat(making, chunk, free)
        for name, count in rows.items():
            total[name] = total.get(name, 0) + count
    for name in total:
        parts = [work / f"{name.replace('/', '-')}-{c:05d}" for c in chunks]
        (making.feeds / name).parent.mkdir(parents=True, exist_ok=True)
        join_parts([p.with_name(p.name + _ending(name)) for p in parts], making.feeds / name)
    return total


def write_chunk(making: Making, chunk: int) -> dict[str, int]:
    """A chunk's accounts, consents and truth, and what its days need; rows by file."""
    market = making.market
    crowd = people(market, chunk)
    theirs = tuple(members(market, crowd, source) for source in SOURCES)
    rows: dict[str, int] = {}
    rows[ADDRESSES] = _write_part(making, ADDRESSES, chunk, accounts.addresses(crowd, theirs))
    for of in theirs:
        ending = "jsonl.gz" if of.source == "video" else "csv.gz"
        parts = {
            f"{of.source}/accounts.{ending}": accounts.accounts(market, crowd, of),
            f"{of.source}/consents.csv.gz": consents.consents(market, of),
        }
        if by_person(market):
            parts |= _seen_of_the_film(making, crowd, of)
        for name, table in parts.items():
            rows[name] = _write_part(making, name, chunk, table)
        _keep_accounts(making, crowd, of, chunk)
    _write_truth(making, crowd, theirs, chunk)
    _keep_people(making, crowd, chunk)
    return rows


def _seen_of_the_film(making: Making, crowd: People, of: Members) -> dict[str, pa.Table]:
    market = making.market
    if of.source == "video":
        return {"video/games-played.csv.gz": hearing.games(market, crowd, of)}
    if of.source != "tickets":
        return {}
    film = next(f for f in making.season.films if f.id == scenario(market).film)
    return {
        "tickets/trailers.csv.gz": hearing.trailers(market, film, crowd, of),
        "tickets/searches.csv.gz": hearing.searches(market, film, crowd, of),
    }


def _write_part(making: Making, name: str, chunk: int, table: pa.Table) -> int:
    if chunk == 0 and dirt.dirty(making.market) and "/accounts." in name:
        table = pa.concat_tables(
            [table, _bots(making.market, name.partition("/")[0], table.schema)]
        )
    path = making.work / f"{name.replace('/', '-')}-{chunk:05d}{_ending(name)}"
    part: File = open_file(path, table.schema, header=chunk == 0)
    part.write(table)
    part.close()
    return part.rows


def _bots(market: Market, source: str, schema: pa.Schema) -> pa.Table:
    ids = dirt.bot_ids(market, source)
    columns = {name: pa.nulls(len(ids), schema.field(name).type) for name in schema.names}
    columns["id"] = ids
    columns["updated"] = pa.array([market.first_day] * len(ids))
    return pa.table(columns, schema=schema)


def _ending(name: str) -> str:
    return "." + name.partition(".")[2]


def _keep_accounts(making: Making, crowd: People, of: Members, chunk: int) -> None:
    rate = rates(making.market, crowd.activity[of.person], of.source, chunk) * of.share
    order = np.argsort(of.number)
    columns = {
        "person": of.person[order],
        "number": of.number[order],
        "joined": of.joined[order],
        "hobbies": crowd.hobbies[of.person[order]],
        "rate": np.cumsum(rate[order]),
    }
    kept.keep(making.work, of.source, chunk, "account", columns)


def _keep_people(making: Making, crowd: People, chunk: int) -> None:
    visits = sold_visits(making.market, making.season, crowd)
    kept.keep(making.work, "people", chunk, "people", vars(crowd))
    kept.keep(making.work, "unseated", chunk, "visit", vars(visits))
    marks = wanting(making.market, making.season, crowd)
    kept.keep(making.work, "want", chunk, "want", vars(marks))


def _seat(making: Making, chunk: int, free: Any) -> None:
    """Of a chunk's visits, keep those for which there are seats; chunk after chunk."""
    records = kept.kept(making.work, "unseated", chunk, "visit")
    visits = Visits(**{n: kept.column(records, n) for n in records.dtype.names or ()})
    crowd = kept.kept_people(kept.kept(making.work, "people", chunk, "people"), chunk)
    kept.keep(
        making.work, "visit", chunk, "visit", vars(take_seats(making.season, crowd, visits, free))
    )
    kept.drop(making.work, "unseated", chunk)


def _write_truth(making: Making, crowd: People, of: tuple[Members, ...], chunk: int) -> None:
    root = making.feeds.parent / "truth"
    table = truth.people_table(crowd)
    if by_person(making.market):
        film = next(f for f in making.season.films if f.id == scenario(making.market).film)
        table = table.append_column("heard", pa.array(has_heard(film, crowd)))
    write_file(root / f"people/part-{chunk:05d}.parquet", table)
    write_file(root / f"owners/part-{chunk:05d}.parquet", truth.owners_table(crowd, of))


def _write_dirt(making: Making, folder: Path, deeds: list[Deed]) -> dict[str, int]:
    if not dirt.dirty(making.market):
        return {}
    text, refused = dirt.by_hand(making.market)
    name = "tickets/sales/typed-by-hand.csv"
    (making.feeds / name).write_text(text)
    deeds = [*deeds, Deed("typed by hand: refused", name, refused)]
    truth = {
        "accounts of nobody": {s: dirt.bot_ids(making.market, s).to_pylist() for s in SOURCES},
        "done": [asdict(d) for d in deeds if d.rows],
    }
    (folder / "truth/dirt.json").write_text(json.dumps(truth, indent=1) + "\n")
    return {name: text.count("\n") - 1}


def _feeds(market: Market, rows: dict[str, int]) -> tuple[FeedDone, ...]:
    done = []
    for feed in feeds.declarations(market):
        counts = [
            n for name, n in rows.items() if name == feed.files or name.startswith(feed.files + "/")
        ]
        done.append(
            FeedDone(
                feed.name,
                f"feeds/{feed.name}.toml",
                f"feeds/{feed.files}",
                len(counts),
                sum(counts),
            )
        )
    alone = [f"feeds/market/{name}" for name in MARKET_FILES]
    alone += [f"later/{name}" for name in plain.FILES]
    for path in (*alone, "feeds/shop/categories.csv"):
        place = path.removeprefix("feeds/")
        name = place.partition(".")[0].replace("/", "-")
        done.append(FeedDone(name, "", path, 1, rows[place]))
    return tuple(done)


def _write_words(simulated: Simulated) -> None:
    market = simulated.market
    arguments = f"--people {market.people} --seed {market.seed} --scenario {market.scenario}"
    arguments += f" --films {market.past_films} --days {market.days}"
    (simulated.folder / "README.txt").write_text(README.format(arguments=arguments))
    mark = simulated.to_dict() | {"folder": "."}
    (simulated.folder / MARK).write_text(json.dumps(mark, indent=1) + "\n")


def _plain(market: Market) -> dict[str, Any]:
    return asdict(market) | {"today": market.today.isoformat()}


def _clear(folder: Path) -> None:
    """Make the folder, or take out the simulated market that is there; refuse anything else."""
    if folder.is_file():
        raise InputError(f"{folder} is a file: name a folder to write the market into.")
    there = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    other = [name for name in there if name not in OURS]
    if there and (MARK not in there or other):
        named = ", ".join((other or there)[:3])
        raise InputError(
            f"{folder} holds something else ({named}): name a new folder, or one with nothing in"
            " it but a simulated market."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in there:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
