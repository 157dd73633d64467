"""Whose audience adds to a film's: planted fans, names of no effect, and sets chosen by them."""

import itertools
import json
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import by_block, size, union
from fullhouse.talent import find_fit
from fullhouse.talent.choose_names import choose_names
from fullhouse.talent.find_fit import (
    LEAST_FANS,
    CreditedName,
    FilmPeople,
    NameCosts,
    _shuffled,
    credited_names,
    film_people,
    fit_talent,
    read_costs,
)
from fullhouse.talent.fit import COST_BOUND, UNIT_BOUND, TalentFit
from fullhouse.view.talent_page import write_fit
from fullhouse.view.words.talent import fit_basis, fit_headline, set_words
from tests.traits.test_film_traits import trait

PEOPLE, FILMS, NAMES = 20_000, 60, 30
PLANTED = "planted"
KESTREL: Any = {"film": "kestrel-2027", "title": "Kestrel", "genres": ("Drama",)}


@cache
def market(times: float) -> tuple[FilmPeople, tuple[CreditedName, ...]]:
    """Half of the people go twice as often; followers of one name see the genre `times` as often.

    The first 20 films are of the genre, of three years like the rest; names are in three films
    each of the others, one in three that its followers see, the rest at random.
    """
    rng = np.random.default_rng(7)
    ids = np.arange(PEOPLE, dtype=np.uint32)
    active, follows = rng.random(PEOPLE) < 0.5, rng.random(PEOPLE) < 0.08
    own = {f"film-{k}" for k in (30, 40, 50)}
    seen = {}
    for k in range(FILMS):
        chance = np.where(active, 0.06, 0.03)
        if f"film-{k}" in own:
            chance = chance * np.where(follows, 6.0, 1.0)
        elif k < 20:
            chance = chance * np.where(follows, times, 1.0)
        seen[f"film-{k}"] = by_block(ids[rng.random(PEOPLE) < chance])
    genre = tuple(f"film-{k}" for k in range(20))
    others = [k for k in range(20, FILMS) if f"film-{k}" not in own]
    names = [
        CreditedName(
            f"n{k}", f"Name {k}", ("cast",),
            frozenset(f"film-{f}" for f in rng.choice(others, 3, replace=False)),
        )
        for k in range(NAMES)
    ]  # fmt: skip
    names.append(CreditedName(PLANTED, "Ann <b>Holm</b>", ("director",), frozenset(own)))
    days = {f"film-{k}": date(2020 + k % 3, 1, 1) for k in range(FILMS)}
    usual = by_block(ids[rng.random(PEOPLE) < 0.2])
    people = FilmPeople(by_block(ids), seen, genre, usual, seen, {}, days)
    return people, tuple(names)


@cache
def fit(times: float) -> TalentFit:
    people, names = market(times)
    return fit_talent(people, names, as_of=date(2026, 1, 1), **KESTREL)


def test_planted_fans_add_and_are_counted_beyond_the_usual_audience() -> None:
    people, names = market(2.5)
    result = fit(2.5)
    first = result.names[0]
    assert (first.talent, first.verdict) == (PLANTED, "adds")
    fans = union(*(people.seen[f] for f in names[-1].films))
    assert first.fans == size(fans)
    assert first.beyond == sum(len(p - people.usual[b]) for b, p in fans.items())
    # 28 % of its fans are followers: 1.34 times as often, less what the genre's count explains.
    assert 1.12 < (first.affinity or 0) < 1.36
    assert first.extra is not None
    assert first.extra > 0.2 * (first.usual or 0)
    assert len(result.adding) <= 3


def test_names_of_no_effect_add_nothing_and_placebos_are_one() -> None:
    result = fit(1.0)
    assert [n.talent for n in result.adding if n.talent != PLANTED] == []
    for n in result.names:
        assert n.affinity is not None
        assert abs(np.log(n.placebo or 0)) < 0.12
        assert abs(np.log(n.affinity)) < 0.25
    # Fans are more active: were activity not adjusted for, the mean would be 1.13.
    assert abs(np.mean([np.log(n.affinity or 0) for n in result.names])) < 0.05
    assert abs(np.log(result.placebo or 0)) < 0.02
    assert result.chosen.people == len(result.chosen.steps) == 0
    assert set_words(result) == ["So no set of names is chosen."]


def test_who_is_credited_in_the_film_and_too_few_fans_say_nothing() -> None:
    people, names = market(2.5)
    few = {f"film-{k}": {0: people.seen[f"film-{k}"][0][: LEAST_FANS // 4]} for k in (30, 40, 50)}
    small = replace(people, followers={**people.followers, **few})
    in_it = [replace(n, films=n.films | {"kestrel-2027"}) for n in names[:4]]
    result = fit_talent(small, [*in_it, *names[4:]], as_of=date(2026, 1, 1), **KESTREL)
    row = next(n for n in result.names if n.talent == PLANTED)
    assert (row.verdict, row.affinity, row.extra) == ("cannot_tell", None, None)
    assert result.already == 4
    assert not {n.talent for n in in_it} & {n.talent for n in result.names}


def test_the_set_counts_everybody_once_and_keeps_to_the_budget() -> None:
    people, names = market(2.5)
    twin = replace(names[-1], talent="twin", name="Bo Holm")
    every = [*names, twin]
    both = fit_talent(people, every, as_of=date(2026, 1, 1), **KESTREL)
    assert {PLANTED, "twin"} <= {n.talent for n in both.adding}
    assert len({PLANTED, "twin"} & {s.talent for s in both.chosen.steps}) == 1
    assert both.chosen.steps[-1].people_so_far == sum(s.people for s in both.chosen.steps)
    costs = NameCosts({PLANTED: 9.0, "twin": 4.0, "n1": 1.0}, unknown=2)
    paid = fit_talent(people, every, as_of=date(2026, 1, 1), budget=5.0, costs=costs, **KESTREL)
    assert "twin" in {s.talent for s in paid.chosen.steps}
    assert paid.chosen.cost is not None
    assert paid.chosen.cost <= 5.0
    assert paid.unknown_costs == 2
    assert next(n.cost for n in paid.names if n.talent == PLANTED) == 9.0


SETS = st.lists(st.frozensets(st.integers(0, 30), max_size=12), min_size=1, max_size=7)
COSTS = st.lists(st.floats(0.5, 9), min_size=7, max_size=7)


@given(SETS, COSTS, st.floats(1, 20) | st.none())
def test_a_choice_is_within_its_bound_of_the_best_set(
    sets: list[frozenset[int]], prices: list[float], budget: float | None
) -> None:
    fans = {str(k): by_block(np.array(sorted(s), dtype=np.int64)) for k, s in enumerate(sets)}
    costs = {str(k): prices[k] for k in range(len(sets))}
    choice = choose_names(fans, costs=costs if budget else None, budget=budget, most=3)
    covered: set[int] = set().union(*(sets[int(n)] for n in choice.names))
    assert choice.people == len(covered)
    assert len(set(choice.names)) == len(choice.names)
    best = 0
    for many in range(len(sets) + 1):
        for some in itertools.combinations(range(len(sets)), many):
            able = sum(prices[k] for k in some) <= budget if budget else many <= 3
            if able:
                best = max(best, len(set().union(*(sets[k] for k in some))))
    if budget:
        assert sum(costs[n] for n in choice.names) <= budget + 1e-9
    assert (COST_BOUND if budget else UNIT_BOUND) * best <= choice.people <= best
    assert choice.at_most >= best


def test_a_single_large_name_goes_before_many_cheap_small_ones() -> None:
    fans = {"star": by_block(np.arange(100)), "tiny": by_block(np.arange(200, 203))}
    choice = choose_names(fans, costs={"star": 10.0, "tiny": 0.1}, budget=10.0)
    assert choice.names == ("star",)


def test_shuffled_names_have_no_searchers_and_those_that_cannot_be_shuffled_are_counted() -> None:
    """Searchers of every name follow the genre: shuffled names must not hide it."""
    people, names = market(1.0)
    alone = {**people.openings, "film-59": date(1999, 1, 1)}
    searchers = {n.talent: people.seen["film-0"] for n in names}
    people = replace(people, openings=alone, searched=searchers)
    big = CreditedName("big", "Big", ("cast",), frozenset({"film-59"}))
    shuffled, fixed = _shuffled(people, [*names, big], np.random.default_rng(0))
    assert fixed == 1
    for n in shuffled:
        assert size(people.fans(n)) == size(union(*(people.followers[f] for f in n.films)))
    result = fit_talent(people, [*names, big], as_of=date(2026, 1, 1), **KESTREL)
    assert result.not_shuffled == 1
    assert "cannot be shuffled, since no other film is like theirs: 1." in " ".join(
        fit_basis(result)
    )


@pytest.mark.parametrize("slug", ["kestrel-2027", "kestrel-2026", "kestrel-2028"])
def test_a_film_is_found_whatever_year_its_traits_have(
    monkeypatch: pytest.MonkeyPatch, slug: str
) -> None:
    """The traits of every film stand under the title with a year next to its own, or its id."""
    sets = {"saw:larch-2020": 4, f"wants:{slug}": 2, "genre:drama": 1, "saw:fern-2019": 5}
    traits = [trait(n) for n in sets]
    population: Any = SimpleNamespace(
        catalogue=SimpleNamespace(traits=traits), compile=lambda rule: rule.strip('"')
    )
    monkeypatch.setattr(
        find_fit,
        "members_of",
        lambda _, *rules: ([by_block(np.arange(sets.get(r, 9))) for r in rules], None),
    )
    ann = CreditedName("t1", "Ann", ("cast",), frozenset({"kestrel-2027", "larch"}))
    bo = CreditedName("t2", "Bo", ("cast",), frozenset({"fern"}))
    people = film_people(
        population,
        "kestrel-2027",
        [ann, bo],
        genres={"kestrel-2027": ["Drama"], "larch": ["Drama"]},
        series={"kestrel-2027": "Birds", "fern": "Birds"},
        openings={
            "kestrel-2027": date(2027, 1, 1), "larch": date(2020, 5, 1), "fern": date(2020, 1, 3)
        },
        titles={"kestrel-2027": "Kestrel", "larch": "Larch", "fern": "Fern"},
    )  # fmt: skip
    assert people.genre_films == ("larch",)
    assert {f: size(s) for f, s in people.seen.items()} == {"larch": 4, "fern": 5}
    assert (size(people.fans(ann)), size(people.fans(bo))) == (4, 5)
    assert set(people.followers) == {"larch", "fern"}
    # Who saw another film of the series is of the usual audience.
    assert size(people.usual) == 5


def test_leads_and_directors_are_names_and_nobody_else() -> None:
    rows = [
        {"talent": "t1", "name": "Ann", "role": "cast", "billing": 1, "film": "a"},
        {"talent": "t1", "name": "Ann", "role": "director", "billing": None, "film": "b"},
        {"talent": "t2", "name": "Bo", "role": "cast", "billing": 4, "film": "a"},
        {"talent": "t3", "name": "Cy", "role": "composer", "billing": None, "film": "a"},
        {"talent": "t4", "name": "Di", "role": "cast", "billing": None, "film": "a"},
    ]
    (ann,) = credited_names(pa.Table.from_pylist(rows))
    assert (ann.talent, ann.roles, ann.films) == ("t1", ("cast", "director"), {"a", "b"})


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("Ann,0", "row 2: the cost '0' is no number above 0"),
        ("Ann,much", "row 2: the cost 'much'"),
        ("Ann,", "row 2: the cost None"),
        (",5", "row 2: no name"),
        ("Ann,5\nann,6", "row 3: a second cost of one person"),
    ],
)
def test_costs_that_are_none_are_refused_with_their_row(
    tmp_path: Path, lines: str, problem: str
) -> None:
    (tmp_path / "costs.csv").write_text(f"name,cost\n{lines}\n")
    names = [CreditedName("t1", "Ann", ("cast",), frozenset({"a"}))]
    with pytest.raises(InputError, match=problem):
        read_costs(tmp_path / "costs.csv", names)


def test_costs_are_taken_by_name_and_of_nobody_else(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text("name,cost\nANN,2.5e6\nNobody Known,4\n")
    names = [CreditedName("t1", "Ann", ("cast",), frozenset({"a"}))]
    assert read_costs(tmp_path / "costs.csv", names) == NameCosts({"t1": 2.5e6}, 1)


def test_the_page_the_files_and_the_words_say_what_adds(tmp_path: Path) -> None:
    result = fit(2.5)
    written = write_fit(
        result, [tmp_path / n for n in ("f.html", "f.json", "f.csv", "f.parquet", "f.svg")]
    )
    page = written[0].read_text("utf-8")
    assert "adds most to the audience of Kestrel" in page
    assert "no reason to cast or not to cast" in page
    assert "<b>Holm" not in page
    plain = json.loads(written[1].read_text("utf-8"))
    assert plain["chosen"]["steps"][0]["talent"] == PLANTED
    assert len(plain["names"]) == NAMES + 1
    table = pq.read_table(written[3])
    assert table["place_in_set"].to_pylist()[0] is not None
    assert fit_headline(result).startswith("Ann <b>Holm</b> adds most")
