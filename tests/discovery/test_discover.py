"""From the lake to the verdict, on every engine and through the command."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fullhouse import app, audiences, discovery
from fullhouse.app.discoveries import DiscoverOutcome, discover_outcome
from fullhouse.app.traits import BuildTraits, traits_build
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse.sample.outcome import own_events
from fullhouse.traits import build, everyone, lay_out, traits_of
from fullhouse.traits.catalogue import parse_catalogue
from fullhouse.view.discovery_files import check_out
from tests.traits.conftest import House

AS_OF = date(2020, 12, 31)
CATALOGUE = """
[family.buys]
[family.gender]
[trait.dog-book]
kind = "purchase"
label = "bought a dog book"
title_any = ["dog"]
category = ["Books"]
[trait.any-book]
kind = "purchase"
label = "bought a book"
category = ["Books"]
"""
ITEMS = [
    ("Books > Pets", "A dog tale"),
    ("Books > Novels", "A sea tale"),
    ("Pets > Food", "Dog food"),
    ("Kitchen", "A pan"),
    ("Garden", "A spade"),
]


def _fill(house: House, *, people: int = 900, seed: int = 1) -> list[tuple[int, int]]:
    """Dog food makes dog books likelier; everything else follows from activity."""
    g = np.random.default_rng(seed)
    house.people(
        {("shop", f"a{p}"): p for p in range(people)},
        gender={p: "female" if p % 2 else "male" for p in range(people)},
    )
    bought: list[tuple[int, int]] = []
    for p, active in enumerate(np.exp(g.normal(0, 0.7, people)) * 6):
        many = g.poisson(active * np.array([0.012, 0.1, 0.06, 0.5, 0.33]))
        if many[2]:
            many[0] += g.poisson(0.12 * active * 0.5)
        bought += [(p, i) for i, n in enumerate(many) for _ in range(n)]
    rows = [
        {
            "source": "shop",
            "account": f"a{p}",
            "day": "2020-06-01",
            "product": f"p{i}",
            "title": ITEMS[i][1],
            "category": ITEMS[i][0],
        }
        for p, i in bought
    ]
    house.write("purchase", rows)
    return bought


def test_every_engine_finds_the_same_and_it_is_what_the_events_say(engine, lake, tmp_path):
    bought = _fill(House(lake))
    lay_out(engine, lake)
    catalogue = parse_catalogue(CATALOGUE)
    at = datetime(2021, 1, 1, tzinfo=UTC)
    built = build(engine, lake, catalogue, as_of=AS_OF, floor=5, at=at).build
    traits = traits_of(lake, built)
    by_name = {t.name: t for t in traits}
    dog = {p for p, i in bought if i == 0}
    outcome = discovery.outcome_of(
        "own:dog-book",
        audiences.parse("own:dog-book"),
        audiences.Catalogue(traits),
        {0: everyone(lake, built)[0] & _bitmap(dog)},
    )
    own = own_events(engine, lake, built, outcome)
    assert own.persons.tolist() == sorted(dog)
    assert own.counts[0].sum() == sum(i == 0 for _, i in bought)
    found = discovery.discover(
        engine,
        lake,
        built,
        outcome,
        traits=traits,
        base=everyone(lake, built),
        blocks=discovery.Blocks(lake, built, tmp_path / "cache"),
    )
    rows = {r.trait: r for r in found.rows}
    other_books = {p for p, i in bought if i == 1}
    food = {p for p, i in bought if i == 2}
    # A book buyer is one by other books than dog books.
    assert rows["own:any-book"].persons == len(other_books)
    assert rows["own:any-book"].outcome_persons == len(other_books & dog)
    assert rows["buys:pets/food"].outcome_persons == len(food & dog)
    assert rows["buys:books/pets"].verdict == "is_outcome"
    assert rows["own:dog-book"].verdict == "is_outcome"
    assert rows["buys:pets/food"].verdict == "associated"
    assert rows["buys:kitchen"].verdict in ("no_association", "cannot_tell")
    assert found.outcome_people == len(dog)
    assert by_name["own:dog-book"].persons == len(dog)


def _bitmap(people):
    from pyroaring import BitMap

    return BitMap(people)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with traits, in a folder."""
    where = tmp_path_factory.mktemp("house") / "w"
    with app.init_house(str(where)) as found:
        _fill(House(found.lake))
        (where / "traits.toml").write_text(CATALOGUE)
        traits_build(found, BuildTraits(as_of=AS_OF))
    return where


def _run(*words):
    return CliRunner().invoke(commands, ["discover", *map(str, words)])


def test_command_ends_with_a_sentence_and_writes_every_kind_of_file(workspace, tmp_path):
    files = [tmp_path / f"out.{e}" for e in ("parquet", "csv", "svg", "png", "html")]
    outs = [word for f in files for word in ("--out", f)]
    done = _run("--outcome", "own:dog-book", "--placebo", "buys:garden", "-w", workspace, *outs)
    assert done.exit_code == 0, done.output
    assert "traits tested go with" in " ".join(done.output.split())
    assert "900 people" in done.output
    assert all(f.stat().st_size > 500 for f in files)
    table = pq.read_table(files[0])
    assert table.schema.metadata[b"outcome"] == b"own:dog-book"
    assert "pets/food" in files[1].read_text()


def test_json_is_the_whole_result(workspace):
    done = _run("--outcome", "own:dog-book", "-w", workspace, "--json", "--family", "buys")
    said = json.loads(done.stdout)
    assert said["verdict"] == "associated"
    assert {r["family"] for r in said["rows"]} == {"buys"}


def test_a_second_outcome_reads_the_saved_base(workspace):
    cache = workspace / "cache"
    _run("--outcome", "own:dog-book", "-w", workspace)
    before = {p: p.stat().st_mtime_ns for p in cache.rglob("*.*") if p.is_file()}
    _run("--outcome", "own:dog-book - gender:male", "-w", workspace)
    assert before
    assert all(p.stat().st_mtime_ns == t for p, t in before.items())


def test_barred_trait_says_nothing(workspace):
    with app.open_house(str(workspace)) as opened:
        found = discover_outcome(
            opened, DiscoverOutcome("own:dog-book - buys:garden", placebo="own:any-book")
        )
    why = {r.trait: r.verdict for r in found.rows}
    assert why["buys:garden"] == "is_outcome"
    assert found.outcome_people < 100


def test_who_refuses_analytics_is_in_no_count(tmp_path):
    with app.init_house(str(tmp_path / "w")) as opened:
        house = House(opened.lake)
        _fill(house)
        no = {"source": "shop", "purpose": "analytics", "granted": False, "day": "2020-01-05"}
        house.write("consent", [no | {"account": f"a{p}"} for p in range(300)])
        traits_build(opened, BuildTraits(as_of=AS_OF, catalogue=parse_catalogue(CATALOGUE)))
        found = discover_outcome(opened, DiscoverOutcome("own:dog-book"))
        assert found.refused == 300
        assert found.base_people == 600
        assert max(r.persons for r in found.rows) <= 600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--outcome", "own:dog-bok"], "Did you mean 'own:dog-book'"),
        (["--outcome", "own:dog-book", "--family", "buy"], "Did you mean 'buys'"),
        (["--outcome", "own:dog-book", "--out", "x.pdf"], "not 'x.pdf'"),
        (["--outcome", "own:dog-book", "--as-of", "yesterday"], "YYYY-MM-DD"),
    ],
)
def test_a_mistake_is_named(workspace, words, said):
    done = _run(*words, "-w", workspace)
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


def test_file_endings_in_capitals_do():
    assert check_out("A.PNG").name == "A.PNG"
