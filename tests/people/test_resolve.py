"""Persons stay who they are, run after run, on every engine."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    PERSON_LINK,
    PERSON_MERGE,
    PERSON_TABLE,
    REFUSED_IDENTIFIER,
    Table,
)
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake, Place
from fullhouse.people import living, resolve, write_pairs
from fullhouse.people.resolution import NEXT, RUN
from tests.people.builder import AT, House

OURS = (ACCOUNT_PERSON, PERSON_TABLE, PERSON_MERGE, REFUSED_IDENTIFIER)


def versions(house: House) -> dict[str, int | None]:
    return {t.name: house.lake.version(t) for t in OURS}


def merges(house: House) -> list[tuple[int, int, int]]:
    rows = house.lake.read(PERSON_MERGE).to_pylist()
    return sorted((m["run"], m["kept"], m["merged"]) for m in rows)


def refused(house: House, run: int) -> list[tuple[str, int]]:
    rows = house.lake.read(REFUSED_IDENTIFIER).to_pylist()
    return sorted((r["digest"], r["accounts"]) for r in rows if r["run"] == run)


@pytest.mark.slow
def test_accounts_that_share_an_identifier_are_one_person(engine, house) -> None:
    house.share(("shop", "b", "m1"), ("shop", "a", "m2"))
    house.share(("video", "z", "m1"), ("video", "y", "m3"))
    outcome = house.resolve(engine)
    shop, video = {("shop", "a"): 0, ("shop", "b"): 1}, {("video", "z"): 1, ("video", "y"): 2}
    assert house.people() == shop | video
    assert (outcome.accounts, outcome.persons, outcome.run, outcome.changed) == (4, 3, 1, True)


@pytest.mark.slow
def test_a_digest_links_only_within_its_kind(engine, house) -> None:
    house.share(("shop", "a", "same"))
    house.share(("shop", "b", "same"), kind="phone")
    assert house.resolve(engine).persons == 2


def test_every_table_that_names_an_account_makes_it_exist(duck, house) -> None:
    kinds = ("purchase", "view", "ticket", "want_to_see", "impression", "click", "consent")
    for kind in kinds:
        house.event(kind, (f"s-{kind}", "007"), (f"s-{kind}", "007"))
    house.name({"source": "named", "account": "a"})
    house.share(("hashed", "a", "m"))
    house.resolve(duck)
    assert set(house.people()) == {(f"s-{k}", "007") for k in kinds} | {
        ("named", "a"),
        ("hashed", "a"),
    }


@pytest.mark.slow
def test_nothing_loaded_gives_nobody(engine, house) -> None:
    outcome = house.resolve(engine)
    assert (outcome.changed, outcome.persons, outcome.run) == (False, 0, 0)


@pytest.mark.slow
def test_a_run_without_news_writes_nothing(engine, house) -> None:
    house.share(("shop", "a", "m1"), ("video", "z", "m1"))
    house.resolve(engine)
    before = versions(house)
    again = house.resolve(engine)
    assert (again.changed, again.run, again.accounts, again.persons) == (False, 1, 2, 1)
    assert versions(house) == before


@pytest.mark.slow
def test_new_events_of_known_accounts_are_no_news(engine, house) -> None:
    house.share(("shop", "a", "m1"))
    house.resolve(engine)
    people, before = house.people(), house.lake.version(ACCOUNT_PERSON)
    house.event("purchase", ("shop", "a"))
    assert not house.resolve(engine).changed
    assert house.people() == people
    assert house.lake.version(ACCOUNT_PERSON) == before


@pytest.mark.slow
def test_compaction_is_no_news(duck, house) -> None:
    house.share(("shop", "a", "m1"))
    house.share(("shop", "b", "m1"))
    house.resolve(duck)
    people = house.people()
    for name in (*OURS,):
        house.lake.create(name).optimize.compact()
    assert not house.resolve(duck).changed
    house.share(("shop", "c", "m2"))
    assert house.resolve(duck).run == 2
    assert house.people() == people | {("shop", "c"): 1}


@pytest.mark.slow
def test_two_persons_that_turn_out_to_be_one(engine, house) -> None:
    house.share(("shop", "a", "m1"), ("shop", "b", "m2"), ("shop", "c", "m3"))
    house.resolve(engine)
    house.share(("video", "x", "m3"), ("video", "x", "m2"), ("video", "n", "m9"))
    outcome = house.resolve(engine)
    assert house.people() == {
        ("shop", "a"): 0,
        ("shop", "b"): 1,
        ("shop", "c"): 1,
        ("video", "x"): 1,
        ("video", "n"): 3,
    }
    assert merges(house) == [(2, 1, 2)]
    assert (outcome.new_accounts, outcome.new_persons, outcome.merges, outcome.persons) == (
        2,
        1,
        1,
        3,
    )
    assert sorted(house.persons()) == [0, 1, 3]


@pytest.mark.slow
def test_a_chain_of_merges_leads_to_the_living_person(engine, house) -> None:
    house.share(*(("shop", a, f"m-{a}") for a in "abcd"))
    house.resolve(engine)
    for run, (one, other) in enumerate([("c", "d"), ("b", "c"), ("a", "d")], start=2):
        house.share(("shop", one, f"link-{run}"), ("shop", other, f"link-{run}"))
        house.resolve(engine)
    assert merges(house) == [(2, 2, 3), (3, 1, 2), (4, 0, 1)]
    assert living(house.lake, range(5)) == {0: 0, 1: 0, 2: 0, 3: 0, 4: 4}
    assert set(house.people().values()) == {0}


@pytest.mark.slow
def test_a_retired_id_is_never_used_again(engine, house) -> None:
    house.share(("shop", "a", "m1"), ("shop", "b", "m2"))
    house.resolve(engine)
    house.share(("shop", "a", "m3"), ("shop", "b", "m3"))
    house.resolve(engine)
    house.share(("shop", "c", "m4"))
    house.resolve(engine)
    assert house.people() == {("shop", "a"): 0, ("shop", "b"): 0, ("shop", "c"): 2}


@pytest.mark.slow
def test_an_id_stays_used_when_its_account_is_erased(duck, house) -> None:
    house.share(("shop", "a", "m1"), ("video", "b", "m2"))
    house.resolve(duck)
    kept = house.lake.read(ACCOUNT_PERSON)
    house.lake.replace(
        ACCOUNT_PERSON, kept.filter([s == "shop" for s in kept["source"].to_pylist()])
    )
    house.share(("ticketing", "c", "m3"))
    house.resolve(duck)
    assert house.people()["ticketing", "c"] == 2


@pytest.mark.slow
def test_an_identifier_of_too_many_accounts_links_nobody(engine, house) -> None:
    house.share(*(("shop", str(n), "desk") for n in range(4)))
    house.share(("shop", "0", "own"), ("video", "x", "own"))
    outcome = house.resolve(engine, most=3)
    assert (outcome.persons, outcome.refused) == (4, 1)
    assert refused(house, 1) == [("desk", 4)]
    people = house.people()
    assert people["shop", "0"] == people["video", "x"]


@pytest.mark.slow
def test_an_identifier_at_the_limit_still_links(engine, house) -> None:
    house.share(*(("shop", str(n), "family") for n in range(3)))
    # The same account told again in a later batch is still one account.
    house.share(*(("shop", str(n), "family") for n in range(3)))
    outcome = house.resolve(engine, most=3)
    assert (outcome.persons, outcome.refused) == (1, 0)


@pytest.mark.slow
def test_an_identifier_refused_later_splits_nobody(engine, house) -> None:
    house.share(("shop", "a", "desk"), ("shop", "b", "desk"))
    house.resolve(engine, most=2)
    house.share(("shop", "c", "desk"))
    outcome = house.resolve(engine, most=2)
    assert house.people() == {("shop", "a"): 0, ("shop", "b"): 0, ("shop", "c"): 1}
    assert (outcome.run, outcome.refused) == (2, 1)
    assert refused(house, 2) == [("desk", 3)]


@pytest.mark.slow
def test_another_limit_is_news_only_where_it_changes_something(engine, house) -> None:
    house.share(*(("shop", a, "m1") for a in "abc"))
    house.resolve(engine, most=3)
    assert not house.resolve(engine, most=4).changed
    tighter = house.resolve(engine, most=2)
    assert (tighter.changed, tighter.run, tighter.refused, tighter.persons) == (True, 2, 1, 1)


@pytest.mark.slow
def test_pairs_of_a_model_link_only_when_asked(engine, house) -> None:
    house.share(("shop", "a", "m1"), ("video", "b", "m2"), ("video", "c", "m3"))
    house.link("crm", (("shop", "a"), ("video", "b")), (("shop", "a"), ("gone", "x")))
    house.link("other", (("shop", "a"), ("video", "c")))
    assert house.resolve(engine).persons == 3
    outcome = house.resolve(engine, models=["crm"])
    assert (outcome.persons, outcome.merges) == (2, 1)
    assert merges(house) == [(2, 0, 1)]
    assert not house.resolve(engine).changed


@pytest.mark.slow
def test_ids_are_the_same_on_every_engine_and_in_any_order(engine, tmp_path: Path) -> None:
    """Each engine runs the same three loads; the ids must be those of the slow reference."""
    loads = _loads(random.Random(7), accounts=60, digests=45, loads=3)
    house = House(Lake(Place(str(tmp_path / "fixed"))))
    reference = Reference(most=4)
    for rows in loads:
        shuffled = random.Random(len(rows)).sample(rows, len(rows))
        house.share(*shuffled)
        house.resolve(engine, most=4)
        reference.resolve(rows)
        assert house.people() == reference.people
        assert merges(house) == sorted(reference.merges)


class Reference:
    """The slow, obvious version: union-find over everything, ids by hand."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows: set[tuple[str, str, str]] = set()
        self.people: dict[tuple[str, str], int] = {}
        self.merges: list[tuple[int, int, int]] = []
        self.next = 0
        self.run = 0

    def resolve(self, rows: list[tuple[str, str, str]]) -> None:
        self.rows |= set(rows)
        groups = self._groups()
        merged = [sorted({self.people[a] for a in g if a in self.people}) for g in groups]
        is_new = any(a not in self.people for g in groups for a in g)
        if not is_new and all(len(m) < 2 for m in merged):
            return
        self.run += 1
        for group, earlier in sorted(zip(groups, merged, strict=True), key=lambda x: min(x[0])):
            if earlier:
                self.merges += [(self.run, earlier[0], gone) for gone in earlier[1:]]
                person = earlier[0]
            else:
                person, self.next = self.next, self.next + 1
            self.people.update(dict.fromkeys(group, person))

    def _groups(self) -> list[set[tuple[str, str]]]:
        """Accounts linked by identifiers of few, and by being one person already."""
        shared: dict[Any, set[tuple[str, str]]] = {}
        for source, account, digest in self.rows:
            shared.setdefault(digest, set()).add((source, account))
        links = [accounts for accounts in shared.values() if len(accounts) <= self.most]
        for account, person in self.people.items():
            links.append({a for a, p in self.people.items() if p == person} | {account})
        groups = [{account} for account in {(s, a) for s, a, _ in self.rows}]
        for link in links:
            inside = [g for g in groups if g & link]
            groups = [g for g in groups if not g & link]
            groups.append(set().union(*inside))
        return groups


def _loads(
    chance: random.Random, *, accounts: int, digests: int, loads: int
) -> list[list[tuple[str, str, str]]]:
    # Names that sort differently by letter, number and language.
    names = [f"{chance.choice(['u', 'U', 'é', '流', '', '-'])}{n}" for n in range(accounts)]

    def row() -> tuple[str, str, str]:
        # Sources are slugs: Spark misreads other letters of a partition's folder name.
        source = chance.choice(["shop", "video", "shop-2"])
        return source, chance.choice(names), f"{chance.randrange(digests):04x}"

    return [[row() for _ in range(chance.randrange(20, 40))] for _ in range(loads)]


@pytest.mark.slow
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("st"), st.sampled_from("abcdef"), st.sampled_from("0127af")),
            min_size=1,
            max_size=10,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_any_loads_agree_with_the_reference(duck: DuckDBEngine, tmp_path_factory, loads) -> None:
    house = House(Lake(Place(str(tmp_path_factory.mktemp("lake")))))
    reference = Reference(most=3)
    for rows in loads:
        house.share(*rows)
        house.resolve(duck, most=3)
        reference.resolve(rows)
    assert house.people() == reference.people
    assert merges(house) == sorted(reference.merges)
    assert set(house.persons()) == set(reference.people.values())


class DyingLake(Lake):
    """Dies before, or just after, its n-th write."""

    def __init__(self, place: Place, dies_at: int, *, after: bool) -> None:
        super().__init__(place)
        object.__setattr__(self, "state", {"writes": 0, "dies_at": dies_at, "after": after})

    def _write(self, what: Callable[..., Any], *given: Any, **more: Any) -> Any:
        self.state["writes"] += 1
        dies = self.state["writes"] == self.state["dies_at"]
        if dies and not self.state["after"]:
            raise KeyboardInterrupt
        result = what(*given, **more)
        if dies:
            raise KeyboardInterrupt
        return result

    def replace(self, table: Table, *given: Any, **more: Any) -> int:
        return self._write(super().replace, table, *given, **more)

    def append(self, table: Table, *given: Any, **more: Any) -> bool:
        return self._write(super().append, table, *given, **more)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", [1, 2, 3, 4])
def test_a_crash_at_any_write_is_made_good_by_the_next_run(duck, house, write, after) -> None:
    house.share(("shop", "a", "m1"), ("shop", "b", "m2"), ("shop", "c", "m3"))
    house.resolve(duck, most=2)
    house.share(
        ("shop", "b", "m4"), ("shop", "c", "m4"), ("video", "v", "m4"), ("video", "w", "m5")
    )
    house.share(("video", "w", "m3"))
    with pytest.raises(KeyboardInterrupt):
        resolve(duck, DyingLake(house.lake.place, write, after=after), most_accounts=2, at=AT)
    house.resolve(duck, most=2)
    people = {("shop", "a"): 0, ("shop", "b"): 1, ("shop", "c"): 2}
    assert house.people() == people | {("video", "v"): 3, ("video", "w"): 2}
    assert merges(house) == []
    assert refused(house, 2) == [("m4", 3)]
    assert sorted(house.persons()) == [0, 1, 2, 3]
    assert house.lake.mark(ACCOUNT_PERSON, RUN) == 2
    assert house.lake.mark(ACCOUNT_PERSON, NEXT) == 4


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", [1, 2, 3, 4])
def test_merges_of_a_run_that_died_are_not_lost(duck, house, write, after) -> None:
    house.share(("shop", "a", "m1"), ("shop", "b", "m2"), ("shop", "c", "m3"))
    house.resolve(duck)
    house.share(("video", "v", "m2"), ("video", "v", "m3"))
    with pytest.raises(KeyboardInterrupt):
        resolve(duck, DyingLake(house.lake.place, write, after=after), most_accounts=10, at=AT)
    # More arrives before the next run, which must still tell the two runs apart.
    house.share(("video", "x", "m1"), ("video", "x", "m3"))
    house.resolve(duck)
    committed = write > 1 or after
    assert merges(house) == ([(2, 1, 2), (3, 0, 1)] if committed else [(2, 0, 1), (2, 0, 2)])
    assert set(house.people().values()) == {0}
    assert sorted(house.persons()) == [0]


@pytest.mark.slow
def test_two_runs_at_once_leave_one(duck, house, monkeypatch) -> None:
    house.share(("shop", "a", "m1"))
    house.resolve(duck)
    house.share(("shop", "b", "m2"))
    whole = Lake.replace

    def overtaken(self: Lake, table: Table, *given: Any, **more: Any) -> int:
        monkeypatch.setattr(Lake, "replace", whole)
        with DuckDBEngine(memory_limit="1GB", threads=1) as other:
            house.share(("shop", "a0", "m3"))
            house.resolve(other)
        return whole(self, table, *given, **more)

    monkeypatch.setattr(Lake, "replace", overtaken)
    with pytest.raises(ConflictError):
        house.resolve(duck)
    assert house.people() == {("shop", "a"): 0, ("shop", "a0"): 1, ("shop", "b"): 2}
    assert not house.resolve(duck).changed


def test_writing_the_pairs_of_a_model_again_replaces_them(house) -> None:
    house.link("crm", (("shop", "a"), ("video", "b")))
    house.link("other", (("shop", "a"), ("video", "b")))
    rows = house.lake.read(PERSON_LINK)
    write_pairs(house.lake, rows.slice(0, 0), "crm")
    assert house.lake.read(PERSON_LINK)["model"].to_pylist() == ["other"]
