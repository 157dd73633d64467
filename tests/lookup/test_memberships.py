"""Who is answered what: against an obvious slow answer, over generated houses and what happens."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullhouse import app
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.lookup import Memberships, lookup_path

from .generated_house import World


def answers(memberships: Memberships, world: World) -> dict[tuple[str, str], set[str]]:
    memberships.look()
    return {a: {s.id for s in memberships.of(*a)} for a in world.accounts}


def expected(world: World) -> dict[tuple[str, str], set[str]]:
    return {a: world.expected(a) for a in world.accounts}


@pytest.mark.parametrize(
    "seed", [0, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 3, 4, 5))]
)
def test_nobody_is_ever_answered_who_may_not_be(tmp_path: Path, seed: int) -> None:
    """Withdrawals, erasures, cancelled and new campaigns, merges and rebuilds in any order."""
    world = World(tmp_path / "house", seed)
    world.build()
    memberships = Memberships(world.house, lookup_path(world.house))
    first = answers(memberships, world)
    assert first == expected(world)
    assert any(first.values()), "somebody is in something"
    dice = random.Random(seed)
    accounts = sorted(world.accounts)
    for step in range(12):
        match dice.choice(
            ["no", "no", "yes", "erase", "cancel", "launch", "merge", "new", "build"]
        ):
            case "no":
                world.state_consent(dice.choice(accounts), granted=False)
            case "yes":
                world.state_consent(dice.choice(accounts), granted=True)
            case "erase":
                world.erase(dice.choice(accounts))
            case "cancel":
                world.cancel(dice.choice(world.campaigns))
            case "launch":
                world.launch(f"late{step}")
            case "merge":
                one, other = dice.sample(sorted(set(world.accounts.values())), 2)
                world.merge(one, other)
            case "new":
                whose = dice.choice(sorted(set(world.accounts.values())))
                world.add_account(("video", f"new-{step}"), whose)
                world.state_consent(("video", f"new-{step}"), granted=dice.random() < 0.5)
            case "build":
                world.build()
                assert answers(memberships, world) == expected(world)
        given = answers(memberships, world)
        right = expected(world)
        wrong = {a: given[a] - right[a] for a in given if given[a] - right[a]}
        assert not wrong, f"step {step}: answered who may not be: {wrong}"
    world.build()
    assert answers(memberships, world) == expected(world)
    world.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("lookup") / "house", 11)
    yield made
    made.close()


@pytest.fixture
def memberships(world: World) -> Memberships:
    world.build()
    return Memberships(world.house, lookup_path(world.house))


def answered(memberships: Memberships, world: World) -> tuple[str, str]:
    return next(a for a, ids in sorted(answers(memberships, world).items()) if ids)


def test_a_withdrawal_counts_within_a_second_without_a_rebuild(
    world: World, memberships: Memberships
) -> None:
    account = answered(memberships, world)
    memberships.start()
    world.state_consent(account, granted=False)
    time.sleep(1.0)
    assert memberships.of(*account) == ()
    memberships.close()


def test_a_withdrawal_and_a_later_grant_leave_everything_as_it_was(
    world: World, memberships: Memberships
) -> None:
    account = answered(memberships, world)
    before = memberships.of(*account)
    world.state_consent(account, granted=False)
    world.state_consent(account, granted=True)
    memberships.look()
    assert memberships.of(*account) == before


def test_an_unknown_account_is_answered_like_one_that_is_in_nothing(
    world: World, memberships: Memberships
) -> None:
    nothing = next(a for a, ids in answers(memberships, world).items() if not ids)
    assert memberships.of(*nothing) == memberships.of("shop", "nobody") == ()
    assert memberships.of("nowhere", "nobody") == ()


def test_many_segments_take_more_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With words of two bits, so that a few segments are many."""
    for module in ("file", "build"):
        monkeypatch.setattr(f"fullhouse.lookup.{module}.WORD_BITS", 2)
    built = world.build()
    assert built.width > 2
    memberships = Memberships(world.house, lookup_path(world.house))
    assert answers(memberships, world) == expected(world)


def test_a_deleted_audience_is_answered_no_more(world: World, memberships: Memberships) -> None:
    world.save("birds", "advertising")
    world.build()
    assert any("birds@1" in ids for ids in answers(memberships, world).values())
    app.audience_delete(world.house, app.DeleteAudience("birds@1"))
    del world.audiences["birds@1"]
    assert answers(memberships, world) == expected(world)


def test_a_damaged_new_file_leaves_the_old_one_in_use(
    world: World, memberships: Memberships
) -> None:
    account = answered(memberships, world)
    before = memberships.of(*account)
    path = lookup_path(world.house)
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    part = path.with_suffix(".new")
    part.write_bytes(data)
    part.replace(path)
    memberships.look()
    assert memberships.of(*account) == before
    assert memberships.problem is not None
    assert "damaged" in str(memberships.problem)
    with pytest.raises(FullhouseError, match="damaged"):
        app.lookup_check(world.house)


def test_without_a_file_nobody_is_answered(world: World) -> None:
    with pytest.raises(InputError, match="fullhouse lookup build"):
        Memberships(world.house, Path("nowhere/memberships.lookup")).of("shop", "u")


@pytest.mark.slow
def test_an_erasure_takes_the_account_out_of_the_file(tmp_path: Path) -> None:
    made = World(tmp_path / "house", 5)
    made.build()
    memberships = Memberships(made.house, lookup_path(made.house))
    account = answered(memberships, made)
    person = made.accounts[account]
    before = memberships.built
    traces = app.verify_erasure(made.house, app.VerifyErasure((account,))).traces
    assert "look-up file" in {t.place for t in traces}
    erased = app.erase_people(made.house, app.ErasePeople((account,)))
    assert erased.complete
    assert app.verify_erasure(made.house, app.VerifyErasure((account,))).clean
    assert app.lookup_show(made.house, app.LookUp(*account)) == ()
    memberships.look()
    assert memberships.built.accounts < before.accounts
    others = [a for a, p in made.accounts.items() if p == person]
    assert all(memberships.of(*a) == () for a in others), "who granted was erased: nobody asks"
    stay = {a: ids for a, ids in answers(memberships, made).items() if made.accounts[a] != person}
    assert stay == {a: made.expected(a) for a in stay}
    made.close()


def test_two_who_are_one_since_are_answered_nothing_where_one_may_not_be(tmp_path: Path) -> None:
    """The other one was held out or refused in the line, or held out in another line."""
    made = World(tmp_path / "house", 7)
    campaign = made.campaigns[0]
    line = max(campaign.lines, key=lambda x: len(campaign.states[x.id]["treated"]))
    states = campaign.states[line.id]
    in_line = {p for people in states.values() for p in people}
    # Of two the smaller id stays: the treated one's, or there would be nothing to look up.
    others = [
        max(states["held_out"]),
        max(states["over_cap"]),
        max(campaign.held_out() - in_line),
    ]
    treated = sorted(states["treated"] - set(others))[: len(others)]
    assert max(treated) < min(others)
    for account, person in made.accounts.items():
        if person in {*treated, *others}:
            made.state_consent(account, granted=True)
            made.state_consent(account, granted=True, purpose="analytics")
    for one, another in zip(treated, others, strict=True):
        made.merge(another, one)
    made.build()
    memberships = Memberships(made.house, lookup_path(made.house))
    given = answers(memberships, made)
    assert given == expected(made)
    of_both = [ids for account, ids in given.items() if made.accounts[account] in treated]
    assert of_both
    assert not any(f"{campaign.name}/{line.id}" in ids for ids in of_both)
    made.close()
