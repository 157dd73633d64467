"""Who stands out for a film only as for any film that the same people like is obvious."""

from dataclasses import replace

import numpy as np
import pytest

from fullhouse.discovery.cards import find_cards
from fullhouse.discovery.columns import ComparedTraits, obvious_traits, trait_columns
from fullhouse.discovery.taste import LEAST_FILMS, beyond_taste
from fullhouse.traits.trait import Trait
from tests.discovery.house import trait
from tests.discovery.sheets import sheet_of

GENRES = ("sf", "drama", "horror")
FILMS = 60


def _film(id_: int, name: str) -> Trait:
    made = trait(id_, f"saw:{name}", "view")
    return replace(made, definition=made.definition | {"film": name})


def _world(number: int, *, women: float = 1.0, films: int = FILMS, people: int = 12_000):
    """Men like science fiction, women drama; each film draws by a taste for its genres.

    A past film draws by one or two genres, more or less. The film to come draws by science fiction,
    and women `women` times as often besides. Taste is known only by the films seen.
    """
    g = np.random.default_rng(number)
    female = g.random(people) < 0.5
    taste = g.normal(0, 1, (people, len(GENRES)))
    taste[:, 0] += np.where(female, -0.5, 0.5)
    taste[:, 1] += np.where(female, 0.4, -0.4)
    active = np.exp(g.normal(0, 0.6, people))
    loads = g.uniform(0.2, 0.8, (films, len(GENRES))) * (g.random((films, len(GENRES))) < 0.4)
    draw = np.exp(taste @ loads.T)
    seen = g.poisson(active[:, None] * draw / draw.mean(0) * 0.08)
    pull = np.exp(0.8 * taste[:, 0]) * np.where(female, women, 1.0)
    wants = g.random(people) < np.minimum(1, 0.08 * active * pull / pull.mean())
    of_genre = seen @ (loads > 0)
    has = [*(seen > 0).T, *(of_genre >= 3).T, female, ~female]
    events = [*seen.T, *of_genre.T, 0 * female, 0 * female]
    traits = [_film(i, f"film-{i}") for i in range(films)]
    traits += [trait(films + i, f"genre:{n}", "view", least=3) for i, n in enumerate(GENRES)]
    traits += [trait(films + 3, "gender:female"), trait(films + 4, "gender:male")]
    views, others = seen.sum(1), g.poisson(3 * active)
    return sheet_of(
        np.stack(has, 1),
        wants,
        traits,
        activity={"view": views, "want_to_see": others + wants},
        bare={"view": views, "want_to_see": others},
        interest=wants,
        events=np.stack(events, 1),
    )


def _men(sheet):
    genres = [t for t in sheet.traits if t.family == "genre"]
    return beyond_taste(sheet, trait_columns(sheet, ["gender:male"]), genres, sheet.seed)


def _cards(sheet):
    names = tuple(t.name for t in sheet.traits if t.family == "gender")
    obvious = obvious_traits(sheet.traits, genres=["sf"])
    return find_cards([ComparedTraits("everyone", sheet, {}, names)], obvious, key=b"key")


@pytest.mark.parametrize("number", range(4))
def test_men_who_stand_out_for_science_fiction_by_taste_alone_are_explained(number):
    sheet = _world(number)
    unexplained = _men(sheet)
    assert unexplained is not None
    assert unexplained.low[0] < 1
    result = _cards(sheet)
    assert not result.cards
    assert result.by_taste == ("gender:male",)


def test_women_whom_a_film_draws_against_their_taste_are_no_matter_of_taste():
    unexplained = [_men(_world(n, women=2.0)).high[0] for n in range(3)]
    assert max(unexplained) < 1
    assert any("gender:female" in c.traits for c in _cards(_world(1, women=4.0)).cards)


@pytest.mark.slow
def test_where_taste_explains_all_hardly_anything_is_left_to_stand_out():
    left = [_men(_world(n)) for n in range(4, 20)]
    assert sum(u.low[0] > 1 for u in left) <= 1
    assert abs(np.mean([np.log(u.ratio[0]) for u in left])) < 0.1


def test_with_few_past_films_nothing_is_stated_of_taste():
    assert _men(_world(0, films=LEAST_FILMS - 1)) is None


def test_the_order_of_people_changes_nothing():
    sheet = _world(2, people=3_000)
    turned = np.random.default_rng(0).permutation(len(sheet.persons))
    other = replace(
        sheet,
        seed=sheet.seed[turned],
        interest=sheet.interest[turned],
        weight=sheet.weight[turned],
        activity=sheet.activity[:, turned],
        bare=sheet.bare[:, turned],
        has=sheet.has[turned],
        events=sheet.events[turned],
    )
    assert _men(other).ratio[0] == pytest.approx(_men(sheet).ratio[0])
