"""Rules counted over small houses in the lake, against sets of ints."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fullhouse import audiences
from fullhouse.audiences import (
    And,
    Count,
    Everyone,
    Name,
    Not,
    Or,
    Population,
    Rule,
    both,
    either,
)
from fullhouse.audiences.audience import PartlyOutside
from fullhouse.core.cache import Cache
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake, Place

House = Callable[..., Any]
TODAY = date(2021, 1, 1)
TRAITS = {
    "gender:female": {1, 2, 3, 4, (1 << 20) + 1, (5 << 20) + 7},
    "genre:dog": {2, 3, 9, (1 << 20) + 2},
    "word:dog": {3},
    "age:18-24": {1, 2},
    "age:25-34": {3},
    "age:35-44": {4, 5},
    "age:65-plus": {9},
    "saw:hachi-a-dogs-tale-2009": {2, (1 << 20) + 1},
    "saw:流浪地球-2019": {4},
    "buys:pet-supplies": {1, 3, 5, 9},
}
EVERYONE = set(range(12)) | {(1 << 20) + i for i in range(4)} | {(5 << 20) + 7}


def people(
    engine: DuckDBEngine,
    lake: Lake,
    build: Any,
    *,
    purpose: str = "analytics",
    cache: Cache[Any] | None = None,
    saved: Any = None,
    key: bytes = b"key",
    as_of: date = TODAY,
) -> Population:
    return audiences.population_of(
        lambda: engine,
        lake,
        Settings(),
        build,
        purpose=purpose,
        as_of=as_of,
        key=key,
        saved=saved,
        cache=cache or Cache(),
    )


@pytest.fixture
def town(duck: DuckDBEngine, lake: Lake, house: House) -> Population:
    return people(duck, lake, house(lake, TRAITS, EVERYONE))


def count(population: Population, rule: str | Rule) -> Count:
    return audiences.count(population, population.compile(rule))


COUNTS = {
    "everyone": len(EVERYONE),
    "gender:female": 6,
    "female": 6,
    "Female": 6,
    "!female": len(EVERYONE) - 6,
    "everyone - female": len(EVERYONE) - 6,
    "female & genre:dog": 2,
    "female | genre:dog": 8,
    "female & age:18-34 - saw:hachi-a-dogs-tale-2009": 2,
    "buys:pet-supplies & female - word:dog": 1,
    "age:18-34": 3,
    "age:18-44": 5,
    "age:65+": 1,
    "saw:流浪地球-2019": 1,
    "流浪地球-2019": 1,
    '{"and": [{"trait": "female"}, {"not": {"trait": "word:dog"}}]}': 5,
    "female & everyone & !(genre:dog | word:dog)": 4,
}


@pytest.mark.parametrize(("rule", "persons"), COUNTS.items(), ids=list(COUNTS))
def test_a_rule_counts_its_people(town: Population, rule: str, persons: int) -> None:
    assert count(town, rule) == Count(persons, 0)


WRONG = {
    "dog": r"'dog' could be genre:dog or word:dog; write which one.",
    "saw:hachi": r"No trait 'saw:hachi'. Did you mean 'saw:hachi-a-dogs-tale-2009'",
    "hachi": r"Did you mean 'saw:hachi-a-dogs-tale-2009'",
    "gender:femal": r"Did you mean 'gender:female'",
    "femael": r"Did you mean 'female'",
    "gendre:female": r"Did you mean 'gender:female'",
    "age:70-80": r"No age trait lies inside 'age:70-80'; there are 18-24, 25-34, 35-44, 65-plus.",
    "word:zzz": r"No trait 'word:zzz'.",
}


@pytest.mark.parametrize(("rule", "message"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_name_is_pointed_at(town: Population, rule: str, message: str) -> None:
    text = f"everyone & {rule}"
    with pytest.raises(InputError, match=message) as problem:
        town.compile(text)
    assert str(problem.value).split("\n")[1:] == [f"  {text}", "  " + " " * 11 + "^"]


def test_a_band_that_lies_partly_outside_is_noted(town: Population) -> None:
    rule = town.compile("age:18-30")
    assert rule.notes == (PartlyOutside("age:18-30", ("18-24",), ("25-34",)),)
    assert town.compile("age:18-34").notes == ()


def test_a_rare_trait_is_reported(duck: DuckDBEngine, lake: Lake, house: House) -> None:
    population = people(duck, lake, house(lake, TRAITS, EVERYONE, floor=2))
    with pytest.raises(InputError, match="was not built: 1 person has it"):
        population.compile("word:dog")


def test_a_plan_says_its_rule_in_full(town: Population) -> None:
    plan = town.compile("female and not (pet-supplies or age:18-34)")
    assert audiences.to_text(plan.rule) == "gender:female - (buys:pet-supplies | age:18-34)"


names = st.sampled_from([f"t:{i}" for i in range(4)])
rules: st.SearchStrategy[Rule] = st.recursive(
    names.map(Name) | st.just(Everyone()),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: both(*p)),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: either(*p)),
    ),
    max_leaves=8,
)
persons = st.sets(st.integers(0, 30) | st.integers((2 << 20) - 5, (2 << 20) + 5), max_size=25)


def meaning(rule: Rule, traits: dict[str, set[int]], everyone: set[int]) -> set[int]:
    match rule:
        case Name(text):
            return traits[text]
        case Not(part):
            return everyone - meaning(part, traits, everyone)
        case And(parts):
            return set.intersection(*(meaning(p, traits, everyone) for p in parts))
        case Or(parts):
            return set().union(*(meaning(p, traits, everyone) for p in parts))
        case _:
            return everyone


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    st.lists(persons, min_size=4, max_size=4),
    persons,
    st.lists(rules, min_size=6, max_size=6),
    st.sets(st.integers(0, 30)),
)
def test_random_rules_in_random_houses(
    members: list[set[int]], others: set[int], asked: list[Rule], refusing: set[int]
) -> None:
    from tests.audiences.conftest import state_consent, write_accounts, write_house

    everyone = set().union(others, *members) | {1}
    traits = {f"t:{i}": m | {1} for i, m in enumerate(members)}
    with TemporaryDirectory() as folder, DuckDBEngine(spill=Path(folder)) as engine:
        lake = Lake(Place(folder))
        build = write_house(lake, traits, everyone)
        write_accounts(lake, {("shop", str(p)): p for p in everyone})
        for person in sorted(refusing)[:3]:
            state_consent(lake, "shop", str(person), False)
        out = set(sorted(refusing)[:3])
        small = Cache(most_bytes=1)  # reads in windows of blocks, keeping nothing
        for population in (people(engine, lake, build), people(engine, lake, build, cache=small)):
            for rule in asked:
                wanted = meaning(rule, traits, everyone)
                expected = Count(len(wanted - out), len(wanted & out))
                assert count(population, rule) == expected
                plan = population.compile(rule)
                members_read = [p for _, (s,), _ in audiences.people(population, plan) for p in s]
                assert sorted(members_read) == sorted(wanted - out)
            plans = [population.compile(rule) for rule in asked[:3]]
            overlap = audiences.overlap(population, plans)
            sets = [meaning(rule, traits, everyone) - out for rule in asked[:3]]
            assert overlap.sizes == tuple(map(len, sets))
            assert overlap.union == len(set().union(*sets)) == sum(overlap.exclusive.values())
            assert all(n == len(sets[i] & sets[j]) for (i, j), n in overlap.pairs.items())
            for combination, n in overlap.exclusive.items():
                inside = set.intersection(*(sets[i] for i in combination))
                rest = set().union(*(s for i, s in enumerate(sets) if i not in combination))
                assert n == len(inside - rest) > 0


def test_refusals_count_at_once_and_only_then(
    duck: DuckDBEngine, lake: Lake, house: House, accounts: House, speak: House
) -> None:
    build = house(lake, TRAITS, EVERYONE)
    accounts(lake, {("shop", "a"): 1, ("video", "b"): 1, ("shop", "c"): 2})
    speak(lake, "video", "b", False, at=datetime(2020, 6, 1, tzinfo=UTC))
    assert count(people(duck, lake, build), "female") == Count(5, 1)
    before = people(duck, lake, build, as_of=date(2020, 5, 31))
    assert count(before, "female") == Count(6, 0)
    # Advertising needs a grant: only those who gave one take part.
    speak(lake, "shop", "c", True, purpose="advertising")
    advertising = people(duck, lake, build, purpose="advertising")
    assert count(advertising, "female") == Count(1, 5)
    assert count(advertising, "word:dog") == Count(0, 1)


def test_the_cache_is_bounded_and_sees_a_new_version(
    duck: DuckDBEngine, lake: Lake, house: House
) -> None:
    cache = Cache(most_bytes=700)
    build = house(lake, TRAITS, EVERYONE)
    for name in TRAITS:
        count(people(duck, lake, build, cache=cache), name)
        assert cache.bytes_held <= 700
    assert cache.bytes_held > 0
    second = house(lake, {"gender:female": {1}}, {1, 2}, number=2)
    assert count(people(duck, lake, second, cache=cache), "female") == Count(1, 0)


def test_a_sample_keeps_its_people_when_others_join(
    duck: DuckDBEngine, lake: Lake, house: House
) -> None:
    few, many = set(range(2000)), set(range(5000)) | set(range(1 << 20, (1 << 20) + 3000))
    first = people(duck, lake, house(lake, {"a:b": few}, few))
    later = people(duck, lake, house(lake, {"a:b": many}, many, number=2))

    def drawn(population: Population, rule: str) -> set[int]:
        plan = population.compile(rule)
        return {p for _, (s,), _ in audiences.people(population, plan) for p in s}

    small = drawn(first, "a:b & sample(0.1, spring)")
    assert small == drawn(later, "a:b & sample(0.1, spring)") & few
    assert small < drawn(first, "a:b & sample(0.2, spring)")
    assert 120 < len(small) < 280
    assert small != drawn(first, "a:b & sample(0.1, autumn)")
    parts = [drawn(later, f"sample({x}, s)") for x in ("0..0.3", "0.3..0.5", "0.5..1")]
    assert sum(map(len, parts)) == len(many)
    assert set().union(*parts) == many
    assert drawn(later, "everyone - sample(0.3, s)") == many - parts[0]
    assert drawn(later, "a:b | sample(0.3, s)") == many
