"""Verdicts, exclusions and the sentence."""

import json
import math
from datetime import UTC, date, datetime
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap
from typer.testing import CliRunner

from fullhouse import app, audiences, discovery
from fullhouse.app.discoveries import DiscoverOutcome, discover_outcome
from fullhouse.app.traits import BuildTraits, traits_build
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse.discovery import OutcomeDiscovery
from fullhouse.discovery.compare import LEAST_OUTCOME, TraitNumbers, compare, judge
from fullhouse.sample.outcome import Outcome, OwnEvents, own_events
from fullhouse.traits import build, everyone, lay_out, traits_of
from fullhouse.traits.catalogue import parse_catalogue
from fullhouse.view.charts import check_out
from fullhouse.view.words.discovery import outcome_headline
from fullhouse.workspace.runs import runs
from tests.discovery.house import BUILD, from_counts, outcome_of, trait, write_blocks
from tests.traits.conftest import House

CASES = {
    "clear": (TraitNumbers(2.3, 1.8, 3.0, 0.001), "associated"),
    "clear and beyond the placebo": (
        TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 1.4, 3.5),
        "associated",
    ),
    "the placebo shows as much": (
        TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 0.8, 1.6),
        "no_association",
    ),
    "it may, it may not": (TraitNumbers(2.3, 1.8, 3.0, 0.001, True, 0.8, 2.6), "cannot_tell"),
    "the placebo cannot be told": (TraitNumbers(2.3, 1.8, 3.0, 0.001, True), "cannot_tell"),
    "clearly less": (TraitNumbers(0.5, 0.4, 0.6, 0.001), "avoided"),
    "less, as the placebo": (TraitNumbers(0.5, 0.4, 0.6, 0.001, True, 0.7, 1.3), "no_association"),
    "sure but tiny": (TraitNumbers(1.03, 1.02, 1.04, 1e-9), "no_association"),
    "narrow and near one": (TraitNumbers(1.0, 0.8, 1.3, 0.9), "no_association"),
    "wide": (TraitNumbers(1.0, 0.4, 2.5, 0.9), "cannot_tell"),
    "twice not ruled out": (TraitNumbers(1.4, 0.9, 2.2, 0.3), "cannot_tell"),
    "half not ruled out": (TraitNumbers(0.7, 0.4, 1.2, 0.3), "cannot_tell"),
    "luck among many": (TraitNumbers(1.5, 1.1, 1.9, 0.3), "no_association"),
    "nobody without it": (TraitNumbers(math.inf, 1.5, math.inf, 0.01), "associated"),
}


@pytest.mark.parametrize(("evidence", "verdict"), CASES.values(), ids=CASES)
def test_verdict(evidence, verdict):
    assert judge(evidence)[0] == verdict


def test_fewest_people_in_an_outcome_follow_from_the_relevant_ratio():
    assert LEAST_OUTCOME == 32
    assert 1.96 * 2 / math.sqrt(LEAST_OUTCOME) <= math.log(2) < 1.96 * 2 / math.sqrt(31)


def _many(people=400, seed=3):
    g = np.random.default_rng(seed)
    counts = np.stack([g.poisson(0.5, people), g.poisson(0.4, people)], axis=1)
    return counts, g.poisson(20, people), np.stack([g.random(people) < 0.5], axis=1)


def test_a_small_outcome_is_marked_whatever_it_shows(tmp_path):
    counts, others, facts = _many()
    counts[:, 1] = 0
    counts[:15, 1] = 1
    counts[:15, 0] = 3
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    result = compare(
        BUILD, outcome_of(traits[1], counts, np.arange(400)), traits=traits, base=base, blocks=laid
    )
    assert result.verdict == "cannot_tell"
    assert result.reason == "outcome_too_small"
    assert (result.outcome_people, result.needed) == (15, 32)
    assert "15 people" in outcome_headline(result)
    assert result.tested == 0
    assert not result.of("associated")
    assert all(r.p is None and r.q is None for r in result.rows)


def test_trait_of_the_rule_its_parts_and_its_opposites_are_the_outcome(tmp_path):
    counts, others, facts = _many()
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    outcome, own = outcome_of(traits[1], counts, np.arange(400))
    # Trait 0's events are all the outcome's: nothing is left of it.
    both = (
        np.concatenate([own.overlap[0], np.flatnonzero(counts[:, 0])]),
        np.concatenate([own.overlap[1], np.zeros((counts[:, 0] > 0).sum(), int)]),
        np.concatenate([own.overlap[2], counts[:, 0][counts[:, 0] > 0]]),
    )
    order = np.lexsort((both[1], both[0]))
    everyone = np.arange(400)
    four = np.zeros((4, 400), np.int32)
    four[0] = counts.sum(1)
    own = OwnEvents(everyone, four, own.needed, tuple(b[order] for b in both))
    female = trait(2, "fact0:yes")
    outcome = Outcome("t1 & fact", outcome.people, (traits[1], female))
    result = compare(BUILD, (outcome, own), traits=traits, base=base, blocks=laid)
    why = {r.trait: r.reason for r in result.of("is_outcome")}
    assert why == {
        "buys:t1": "named_in_rule",
        "buys:t0": "only_outcome_events",
        "fact0:yes": "named_in_rule",
    }
    assert result.excluded == 3


def test_other_facts_of_a_family_in_the_rule_are_the_outcome(tmp_path):
    rows = [{"person": i, "traits": [i % 2], "events": [0], "purchase": 1} for i in range(200)]
    traits = [trait(0, "gender:female"), trait(1, "gender:male")]
    laid = write_blocks(tmp_path, {0: rows})
    people = {0: BitMap(range(0, 200, 2))}
    none = np.zeros(0, np.int64)
    own = OwnEvents(none, np.zeros((4, 0), np.int32), (0, 0, 0, 0), (none, none, none))
    outcome = Outcome("gender:female", people, (traits[0],))
    result = compare(
        BUILD, (outcome, own), traits=traits, base={0: BitMap(range(200))}, blocks=laid
    )
    assert [r.verdict for r in result.rows] == ["is_outcome"] * 2
    assert "outcome_of_facts" in result.notes


def test_saved_list_says_that_its_events_are_not_known(tmp_path):
    g = np.random.default_rng(4)
    active = np.exp(g.normal(0, 1, 4000)) * 20
    counts = np.stack([g.poisson(active * 0.03), g.poisson(active * 0.03)], axis=1)
    listed = g.random(4000) < np.minimum(active / 200, 1)  # made of activity alone
    laid, traits, base = from_counts(tmp_path, counts, g.poisson(active))
    none = np.zeros(0, np.int64)
    own = OwnEvents(none, np.zeros((4, 0), np.int32), (0, 0, 0, 0), (none, none, none))
    outcome = Outcome("audience:x@1", {0: BitMap(np.flatnonzero(listed))}, listed=True)
    result = compare(BUILD, (outcome, own), traits=traits, base=base, blocks=laid)
    assert result.notes[0] == "listed_outcome"
    assert all(r.naive > 1.5 and r.low < 1 < r.high for r in result.rows)


def test_an_outcome_in_another_source_alone_cannot_be_computed(tmp_path):
    """Buyers who never watch and viewers who never buy: no overlap, no answer."""
    rows = [
        {"person": i, "traits": [0] if i % 3 else [], "events": [5] if i % 3 else [], "view": 30}
        for i in range(300)
    ]
    rows += [{"person": 300 + i, "traits": [], "events": [], "purchase": 9} for i in range(300)]
    rows = [
        r | {"traits": [*r["traits"], 1], "events": [*r["events"], 1]}
        if 300 <= r["person"] < 400
        else r
        for r in rows
    ]
    traits = [trait(0, "genre:comedy", "view"), trait(1, "buys:dog", "purchase")]
    laid = write_blocks(tmp_path, {0: rows})
    ids = np.arange(300, 400)
    four = np.zeros((4, 100), np.int32)
    four[0] = 1
    own = OwnEvents(ids, four, (1, 0, 0, 0), (ids, np.ones(100, int), np.ones(100, int)))
    outcome = Outcome("buys:dog", {0: BitMap(ids)}, (traits[1],))
    result = compare(
        BUILD, (outcome, own), traits=traits, base={0: BitMap(range(600))}, blocks=laid
    )
    (row,) = [r for r in result.rows if r.trait == "genre:comedy"]
    assert row.verdict == "cannot_tell"
    assert result.verdict == "cannot_tell"


def test_numbers_that_cannot_be_computed_are_none_never_nan(tmp_path):
    counts, others, facts = _many()
    facts[:] = True
    laid, traits, base = from_counts(tmp_path, counts, others, facts)
    result = compare(
        BUILD, outcome_of(traits[1], counts, np.arange(400)), traits=traits, base=base, blocks=laid
    )
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert OutcomeDiscovery.from_dict(json.loads(text)) == result
    (everyone,) = [r for r in result.rows if r.trait == "fact0:yes"]
    assert (everyone.ratio, everyone.p, everyone.reason) == (
        None,
        None,
        "everyone_has_it",
    )
    assert result.to_arrow().num_rows == len(result.rows)


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


@pytest.mark.slow
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
        audiences.BuiltTraits(traits),
        {0: everyone(lake, built)[0] & _bitmap(dog)},
    )
    own = own_events(engine, lake, built, outcome)
    assert own.persons.tolist() == sorted(dog)
    assert own.counts[0].sum() == sum(i == 0 for _, i in bought)
    result = discovery.discover(
        engine,
        lake,
        built,
        outcome,
        traits=traits,
        base=everyone(lake, built),
        blocks=discovery.Blocks(lake, built, tmp_path / "cache"),
    )
    rows = {r.trait: r for r in result.rows}
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
    assert result.outcome_people == len(dog)
    assert by_name["own:dog-book"].persons == len(dog)


def _bitmap(people):
    from pyroaring import BitMap

    return BitMap(people)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with traits, in a folder."""
    where = tmp_path_factory.mktemp("house") / "w"
    with app.init_house(str(where)) as opened:
        _fill(House(opened.lake))
        (where / "traits.toml").write_text(CATALOGUE)
        traits_build(opened, BuildTraits(as_of=AS_OF))
    return where


def _run(*words):
    return CliRunner().invoke(commands, ["discover", *map(str, words)])


@pytest.mark.slow
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
    answer = json.loads(done.stdout)
    assert answer["verdict"] == "associated"
    assert {r["family"] for r in answer["rows"]} == {"buys"}


def test_a_second_outcome_reads_the_saved_base(workspace):
    cache = workspace / "cache"
    _run("--outcome", "own:dog-book", "-w", workspace)
    before = {p: p.stat().st_mtime_ns for p in cache.rglob("*.*") if p.is_file()}
    _run("--outcome", "own:dog-book - gender:male", "-w", workspace)
    assert before
    assert all(p.stat().st_mtime_ns == t for p, t in before.items())


def test_an_outcome_requested_twice_is_looked_up_until_a_saved_audience_has_a_new_version(
    workspace,
):
    with app.open_house(str(workspace)) as opened:
        save = partial(app.audience_save, opened)
        save(app.SaveAudience("bookish", "own:dog-book"))
        asked = DiscoverOutcome("audience:bookish")
        first = discover_outcome(opened, asked)
        finished = len(runs(opened))
        assert discover_outcome(opened, asked) == first
        assert len(runs(opened)) == finished
        save(app.SaveAudience("bookish", "own:any-book"))
        again = discover_outcome(opened, asked)
    assert again.outcome_people > first.outcome_people
    assert "@2" in again.outcome


@pytest.mark.slow
def test_barred_trait_says_nothing(workspace):
    with app.open_house(str(workspace)) as opened:
        result = discover_outcome(
            opened, DiscoverOutcome("own:dog-book - buys:garden", placebo="own:any-book")
        )
    why = {r.trait: r.verdict for r in result.rows}
    assert why["buys:garden"] == "is_outcome"
    assert result.outcome_people < 100


@pytest.mark.slow
def test_who_refuses_analytics_is_in_no_count(tmp_path):
    with app.init_house(str(tmp_path / "w")) as opened:
        house = House(opened.lake)
        _fill(house)
        no = {"source": "shop", "purpose": "analytics", "granted": False, "day": "2020-01-05"}
        house.write("consent", [no | {"account": f"a{p}"} for p in range(300)])
        traits_build(opened, BuildTraits(as_of=AS_OF, catalogue=parse_catalogue(CATALOGUE)))
        result = discover_outcome(opened, DiscoverOutcome("own:dog-book"))
        assert result.refused == 300
        assert result.base_people == 600
        assert max(r.persons for r in result.rows) <= 600


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--outcome", "own:dog-bok"], "Did you mean 'own:dog-book'"),
        (["--outcome", "own:dog-book", "--family", "buy"], "Did you mean 'buys'"),
        (["--outcome", "own:dog-book", "--out", "x.pdf"], "not 'x.pdf'"),
        (["--outcome", "own:dog-book", "--as-of", "yesterday"], "YYYY-MM-DD"),
    ],
)
def test_a_mistake_is_named(workspace, words, message):
    done = _run(*words, "-w", workspace)
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)


def test_file_endings_in_capitals_do():
    assert check_out("A.PNG", "outcome").name == "A.PNG"
