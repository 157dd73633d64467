"""Cards of a film for a tenant, through the gate, on a small simulated house."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.simulated_house import house as simulated
from fullhouse.cleanroom import gate, ledger, tenants
from fullhouse.cleanroom.film_cards import OF_THE_OUTCOME
from fullhouse.cleanroom.policy import HOUSE_FILE, template
from fullhouse.cleanroom.question import Cards
from fullhouse.core.errors import InputError
from fullhouse.traits.store import find_build, traits_of
from fullhouse.workspace.context import Context
from fullhouse_sim.market import Market

pytestmark = pytest.mark.slow

MARKET = Market(people=4_000, days=28, past_films=60)


@pytest.fixture(scope="module")
def film_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Context, str]]:
    """A house of 4,000 people; the film that most of them saw is a title of one of two tenants."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        made = simulated(MARKET, tmp_path_factory.mktemp("cards") / "house")
        lake = made.workspace.lake
        of_films = (t for t in traits_of(lake, find_build(lake)) if t.family == "saw" and t.built)
        film = max(of_films, key=lambda trait: trait.persons).slug
        with replace(made.workspace, day=MARKET.today) as house:
            house.place.write(HOUSE_FILE, template().encode())
            for tenant in ("lion", "wolf"):
                tenants.add_tenant(house.control, tenant)
                tenants.add_user(house.control, tenant, "ann", "owner")
            tenants.add_title(house.control, "lion", film)
            yield house, film


def test_cards_are_of_the_tenants_title_and_the_table_of_sizes_is_paid_once(
    film_house: tuple[Context, str],
) -> None:
    house, film = film_house
    lion = replace(house, tenant="lion", actor="ann")
    answer = gate.ask(lion, Cards(film))
    first, *cards = answer.release.lines
    assert first.of["trait"] == "all who want it"
    assert {line.of["family"] for line in cards}.isdisjoint(OF_THE_OUTCOME)
    assert {"age:0-17"}.isdisjoint(line.of["trait"] for line in cards)
    assert ledger.spent(house.control, tenant="lion") == 20_000_000
    assert ledger.spent(house.control, tenant="house") == 100_000_000
    assert gate.ask(lion, Cards(film)).body == answer.body
    with pytest.raises(InputError, match="No title"):
        gate.ask(replace(house, tenant="wolf", actor="ann"), Cards(film))
    assert ledger.spent(house.control, tenant="house") == 100_000_000
    assert ledger.disagreements(house.control) == ()


def test_a_secret_titles_traits_are_in_no_table(
    film_house: tuple[Context, str],
) -> None:
    house, film = film_house
    tenants.add_title(house.control, "wolf", "a-film-of-wolf", secret=True)
    lion = replace(house, tenant="lion", actor="ann")
    answer = gate.ask(lion, Cards(film, ("a-film-of-wolf",)))
    absent = gate.ask(lion, Cards(film, ("no-such-film",)))
    # These two hang on the noisy number of those who want it, near the least that tells anything.
    by_noise = {"least_affinity", "nothing_has_power"}
    codes = [[n.code for n in a.release.notes if n.code not in by_noise] for a in (answer, absent)]
    assert codes[0] == codes[1]
