"""The free table of sizes: paid once for some days, right within its bounds, free after that."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from fullhouse import app
from fullhouse.cleanroom import ledger, size_table, tenants
from fullhouse.cleanroom.ledger import BudgetError
from fullhouse.cleanroom.person_rows import STRATA
from fullhouse.cleanroom.policy import HOUSE_FILE, PolicyError, load
from fullhouse.cleanroom.private import PersonRows
from fullhouse.cleanroom.release import SizedRule
from fullhouse.cleanroom.sizes import measure_sizes
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.values import HOUSE
from tests.audiences.conftest import write_house
from tests.cleanroom.conftest import DAY, PEOPLE, POLICY, SECRET, people_of, traits

TABLE_PRICE = 100_000_000


@pytest.fixture(autouse=True)
def rows_by_person(monkeypatch):
    """The small house has no person-major form: its people are read from what was written."""
    monkeypatch.setattr(size_table, "person_rows", read_rows)


def read_rows(_blocks, _base, listed, members=None):
    members = members or traits()
    has = np.zeros((PEOPLE, len(listed)), dtype=bool)
    for i, trait in enumerate(listed):
        has[list(members[trait.name]), i] = True
    columns = np.nonzero(has)[1]
    offsets = np.r_[0, np.cumsum(has.sum(1))]
    strata = 1 + np.arange(PEOPLE) % 3
    return lambda: iter([PersonRows(strata, offsets, columns)])


def sizes(context, *rules, as_of=None):
    return app.room_sizes(context, app.SizeRules(rules, as_of))


def paid_for_tables(house):
    return ledger.spent(house.control, tenant=HOUSE)


def test_sizes_are_right_within_their_bounds_and_cost_the_tenant_nothing(house, lion):
    members = traits()
    exact = {
        "books": len(members["buys:books"]),
        "books & dogs": len(members["buys:books"] & members["buys:dogs"]),
        "books | dogs": len(members["buys:books"] | members["buys:dogs"]),
        "!books": PEOPLE - len(members["buys:books"]),
        "everyone": PEOPLE,
    }
    result = sizes(lion, *exact)
    assert [s.rule for s in result.sizes] == list(exact)
    # Half an interval is at least 1.96 deviations, three times that more than five: an honest size
    # lies outside about once in 100 million.
    for sized in (*result.sizes, SizedRule("everyone", result.everyone)):
        half = (sized.people.high - sized.people.low) / 2
        assert abs(sized.people.value - exact[sized.rule]) <= 3 * half
    # Some 90, and wider where noise alone looks like people whom the bounds clamp.
    assert all(s.people.high - s.people.low < PEOPLE / 2 for s in result.sizes)
    assert [s.people.value for s in result.sizes] != list(exact.values())
    assert (result.count_rho, result.as_of) == (50_000, date(2026, 10, 31))
    assert ledger.spent(house.control, tenant="lion") == 0
    assert paid_for_tables(house) == TABLE_PRICE


def test_all_tenants_read_one_table(house, lion, wolf):
    one, other = sizes(lion, "books"), sizes(wolf, "books")
    assert one == other == sizes(lion, "books")
    assert paid_for_tables(house) == TABLE_PRICE


@pytest.mark.parametrize(("days", "later", "tables"), [(30, 7, 1), (5, 7, 2), (0, 7, 2), (7, 7, 1)])
def test_a_table_serves_later_builds_for_as_many_days_as_the_policy_says(
    house, lion, days, later, tables
):
    house.place.write(HOUSE_FILE, POLICY.replace("days = 30", f"days = {days}").encode())
    first = sizes(lion, "books")
    write_house(
        house.lake, traits(), set(range(PEOPLE)), as_of=first.as_of + timedelta(later), number=2
    )
    after = replace(lion, day=first.as_of + timedelta(later + 1))
    second = sizes(after, "books")
    assert paid_for_tables(house) == tables * TABLE_PRICE
    assert (second.build, second == first) == ((1, True) if tables == 1 else (2, False))
    assert sizes(lion, "books") == first


def test_a_table_serves_on_where_all_together_have_no_budget_for_a_new_one(house, lion):
    tight = POLICY.replace("days = 30", "days = 0")
    for name, rho in (("title", "0.1"), ("tenant", "0.15"), ("together", "0.15")):
        before = next(x for x in tight.splitlines() if x.startswith(f"{name} ="))
        tight = tight.replace(before, f"{name} = {rho}")
    house.place.write(HOUSE_FILE, tight.encode())
    first = sizes(lion, "books")
    write_house(
        house.lake, traits(), set(range(PEOPLE)), as_of=first.as_of + timedelta(1), number=2
    )
    assert sizes(replace(lion, day=first.as_of + timedelta(2)), "books") == first
    assert paid_for_tables(house) == TABLE_PRICE


def test_without_any_table_and_without_budget_for_one_there_are_no_free_sizes(house, lion):
    poor = POLICY.replace("rho = 0.1", "rho = 3")
    house.place.write(HOUSE_FILE, poor.encode())
    with pytest.raises(BudgetError):
        sizes(lion, "books")


def test_what_no_tenant_may_name_has_no_free_size_either(house, lion, wolf):
    for rule in ("health:pills", "age:0-17 & books"):
        with pytest.raises(PolicyError):
            sizes(lion, rule)
    with pytest.raises(InputError) as refused:
        sizes(lion, f"saw:{SECRET}")
    with pytest.raises(InputError) as absent:
        sizes(lion, "saw:nothing-at-all")
    assert str(refused.value).replace(SECRET, "X") == str(absent.value).replace(
        "nothing-at-all", "X"
    )
    listed = app.room_traits(lion)
    assert {t.name for t in listed.traits} == {
        "age:18-34", "age:35-54", "age:55+", "buys:books", "buys:dogs", "buys:rare",
    }  # fmt: skip
    # Its own secret film has traits, and no size in a table that all tenants share.
    own = app.room_traits(wolf, app.FindTraits(search="saw"))
    assert [(t.name, t.people) for t in own.traits] == [(f"saw:{SECRET}", None)]
    with pytest.raises(InputError) as unsized:
        sizes(wolf, f"saw:{SECRET}")
    assert unsized.value.code == "no_free_size"


def test_a_film_that_became_secret_is_not_in_the_table_that_was_released_before(
    house, lion, wolf, monkeypatch
):
    film = "open-film-2026"
    world = traits() | {f"saw:{film}": people_of(0.2, 9)}
    monkeypatch.setitem(globals(), "traits", lambda: world)
    write_house(house.lake, world, set(range(PEOPLE)), as_of=DAY, number=2)
    assert sizes(lion, f"saw:{film}").sizes[0].people.value > 3_000
    tenants.add_title(house.control, "wolf", film, secret=True)
    with pytest.raises(InputError, match="No trait"):
        sizes(lion, f"saw:{film}")
    assert film not in repr(app.room_traits(lion)) + repr(sizes(lion, "books"))
    assert sizes(wolf, f"saw:{film}").sizes[0].people.value > 3_000
    assert paid_for_tables(house) == TABLE_PRICE


def test_sizes_need_a_policy_that_allows_counts_and_a_user_who_may_read(house, lion):
    with pytest.raises(InputError, match="No user"):
        sizes(replace(lion, actor="nobody"), "books")
    assert sizes(replace(lion, actor="vic"), "books").sizes
    house.place.write(HOUSE_FILE, POLICY.replace('"count", ', "").encode())
    assert "count" not in load(house.place).kinds
    with pytest.raises(PolicyError):
        sizes(lion, "books")
    with pytest.raises(PolicyError):
        app.room_traits(lion)


def test_a_bug_in_the_table_says_nothing_of_the_data_and_costs_nothing(house, lion, monkeypatch):
    def broken(*_args, **_named):
        raise ValueError("31337 people")

    monkeypatch.setattr(size_table, "measure_sizes", broken)
    with pytest.raises(FullhouseError) as failed:
        sizes(lion, "books")
    assert failed.value.code == "release_failed"
    assert "31337" not in str(failed.value)
    assert paid_for_tables(house) == 0


@pytest.mark.parametrize("rules", [(), ("books",) * 101])
def test_sizes_are_of_a_bounded_number_of_rules(rules):
    with pytest.raises(InputError, match="1 to 100"):
        app.SizeRules(rules)


def test_strata_of_nobody_make_no_size_wide():
    """By chance noise looks like a loss by clamping where nobody is: that must not be made good."""
    names = list(traits())
    listed = [SimpleNamespace(name=name) for name in names]
    source = read_rows(None, None, listed)
    widths = []
    for _ in range(40):
        made = measure_sizes(source, names, STRATA, rho_nano=TABLE_PRICE, pairs_nano=None)
        widths += [made.size(i).high - made.size(i).low for i in range(len(names))]
    assert max(widths) < 20 * np.median(widths)
