"""Many at once on one workspace: every answer equals the one that was computed alone.

Counts, discoveries, forecasts, a trait build and an ingest run at the same time, in the threads of
one process and in several processes, each on a copy of the same small simulated house.
"""

import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

import fullhouse as fh
from benchmarks.simulated_house import house
from fullhouse import app
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import CannotTellError
from fullhouse.core.stored import encode
from fullhouse.core.tables import PURCHASE, TRAIT_BUILD
from fullhouse.traits import traits_of
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context, open_house
from fullhouse_sim.films import scenario
from fullhouse_sim.market import Market

pytestmark = pytest.mark.slow

MARKET = Market(people=3_000, days=28, past_films=90)
LATER = MARKET.today + timedelta(days=1)
PURCHASES = 500
FEED = """
simulated = true
source = "shop"
kind = "purchase"
time_zone = "UTC"
currency = "USD"

[columns]
account = "customer"
event_id = "line"
at = "when"
product = "sku"
quantity = "units"
unit_price = "price"
"""

Question = tuple[str, str]


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A house on which nobody works, and films to ask for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        made = house(MARKET, tmp_path_factory.mktemp("shared") / "house", earlier=True)
    coming = scenario(MARKET).film
    season = made.truth.season.films
    ids = [film_slug(f.title, f.release.year) for f in season if f.id == coming]
    ids += [film_slug(f.title, f.release.year) for f in season if f.id != coming][-2:]
    made.workspace.close()
    return made.workspace.place.path, tuple(ids)


def copy_of(quiet: Path, to: Path) -> Path:
    shutil.copytree(quiet, to)
    (to / "extra.toml").write_text(FEED)
    rows = [
        f"new-{n % 40},{n},2025-06-{1 + n % 20:02} 10:{n % 60:02}:00,sku-{n % 7},1,2.50"
        for n in range(PURCHASES)
    ]
    text = "\n".join(["customer,line,when,sku,units,price", *rows])
    (to / "extra.csv").write_text(text + "\n")
    return to


def questions(films: tuple[str, ...]) -> list[Question]:
    counts = ["female", "source:tickets & female", "everyone - female", "sample(0.25, a)"]
    return [
        *(("count", rule) for rule in counts),
        *(("discover", film) for film in films[:2]),
        *(("forecast", film) for film in films),
    ]


def answer(context: Context, question: Question) -> object:
    """The answer in a form that can be compared: exactly what is stored of it."""
    what, about = question
    day = MARKET.today
    try:
        if what == "count":
            return encode(fh.audience_count(context, fh.CountAudience(about, as_of=day)))
        if what == "discover":
            return encode(fh.discover_film(context, fh.DiscoverFilm(about, as_of=day)))
        return encode(fh.forecast_film(context, fh.ForecastFilm(about, as_of=day)))
    except CannotTellError as problem:
        return encode(problem)


def build(context: Context) -> list[tuple[str, int]]:
    done = app.traits_build(context, app.BuildTraits(as_of=LATER))
    return sorted((t.name, t.persons) for t in traits_of(context.lake, done.build))


def ingest(context: Context) -> tuple[int, int]:
    folder = context.place.path
    report = app.ingest(
        context, app.IngestFiles(folder / "extra.toml", (str(folder / "extra.csv"),))
    )
    return report.read, report.written


def opened(where: Path) -> Context:
    return open_house(str(where), environment={"FULLHOUSE_KEY": "0" * 64}, today=LATER)


@pytest.fixture(scope="module")
def alone(
    quiet_house: tuple[Path, tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> dict[Question, object]:
    """Every answer, one after the other, with nobody else there."""
    quiet, films = quiet_house
    with opened(copy_of(quiet, tmp_path_factory.mktemp("alone") / "house")) as context:
        answers: dict[Question, object] = {q: answer(context, q) for q in questions(films)}
        answers["build", ""] = build(context)
        answers["ingest", ""] = ingest(context)
    return answers


def test_every_request_has_an_answer(alone: dict[Question, object]) -> None:
    kinds = {q[0]: a for q, a in alone.items() if "error" not in str(a)[:20]}
    assert {"count", "forecast", "discover", "build", "ingest"} <= set(kinds), alone
    assert alone["ingest", ""] == (PURCHASES, PURCHASES)


def test_eight_threads_get_the_answers_that_each_gets_alone(
    quiet_house: tuple[Path, tuple[str, ...]], alone: dict[Question, object], tmp_path: Path
) -> None:
    quiet, films = quiet_house
    asked, start = questions(films), Barrier(8)

    with opened(copy_of(quiet, tmp_path / "house")) as context:

        def reader(number: int) -> dict[Question, object]:
            start.wait(300)
            order = asked[number:] + asked[:number]
            return {q: answer(context, q) for q in order}

        def writer(work: Callable[[Context], object], name: str) -> dict[Question, object]:
            start.wait(300)
            return {(name, ""): work(context)}

        with ThreadPoolExecutor(8) as pool:
            running = [pool.submit(reader, n) for n in range(6)]
            running += [pool.submit(writer, build, "build"), pool.submit(writer, ingest, "ingest")]
            results = [r.result(1_200) for r in running]
        views = "SELECT view_name FROM duckdb_views() WHERE NOT internal"
        left = context.engine.connection.con.execute(views).fetchall()
    assert left == [], "every lease gave back what it registered"
    for result in results:
        for question, given in result.items():
            assert given == alone[question], question


def in_process(where: str, films: tuple[str, ...], number: int, results: object) -> None:
    with opened(Path(where)) as context:
        work = {0: build, 1: ingest}.get(number)
        if work is not None:
            results.put({("build" if number == 0 else "ingest", ""): work(context)})
            return
        asked = questions(films)
        results.put({q: answer(context, q) for q in (asked if number == 2 else asked[::-1])})


def test_four_processes_get_the_answers_that_each_gets_alone(
    quiet_house: tuple[Path, tuple[str, ...]], alone: dict[Question, object], tmp_path: Path
) -> None:
    quiet, films = quiet_house
    where = copy_of(quiet, tmp_path / "house")
    processes = multiprocessing.get_context("spawn")
    results = processes.Queue()
    running = [
        processes.Process(target=in_process, args=(str(where), films, n, results)) for n in range(4)
    ]
    for process in running:
        process.start()
    answers = [results.get(timeout=1_200) for _ in running]
    for process in running:
        process.join(300)
    assert [p.exitcode for p in running] == [0] * 4
    for result in answers:
        for question, given in result.items():
            assert given == alone[question], question


def test_one_use_case_reads_one_set_of_versions_while_others_write(
    quiet_house: tuple[Path, tuple[str, ...]], tmp_path: Path
) -> None:
    quiet, _ = quiet_house
    with opened(copy_of(quiet, tmp_path / "house")) as context:

        @use_case
        def looks(own: Context) -> tuple[object, ...]:
            first = fh.audience_count(own, fh.CountAudience("female"))
            with opened(context.place.path) as other:
                build(other)
                ingest(other)
            second = fh.audience_count(own, fh.CountAudience("female"))
            rows = own.lake.read(PURCHASE, columns=["account"]).num_rows
            return first, second, rows, own.lake.version(TRAIT_BUILD), own.lake.versions

        before = context.lake.read(PURCHASE, columns=["account"]).num_rows
        version = context.lake.version(TRAIT_BUILD)
        first, second, rows, read, versions = looks(context)
        assert encode(first) == encode(second)
        assert (rows, read) == (before, version)
        assert versions["trait_build"] == version
        assert context.lake.read(PURCHASE, columns=["account"]).num_rows == before + PURCHASES
        after = fh.audience_count(context, fh.CountAudience("female"))
        assert after.basis.build.as_of == LATER
