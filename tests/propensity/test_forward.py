"""A card is judged by what people did after an earlier cut, over those who could have acted."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse import app
from fullhouse.app.traits import BuildTraits, traits_build
from fullhouse.propensity.forward import LEAST_DAYS, _in_top, cut_for
from fullhouse.view.words.house import forward_words
from tests.traits.conftest import House

TODAY = date(2025, 6, 30)
PEOPLE, LEFT, FILMS = 1_800, 600, 40


def _house(house: House) -> int:
    """People of two tastes, a third of whom left long ago; how many saw a film after the cut."""
    g = np.random.default_rng(2)
    house.people({("video", f"v{p}"): p for p in range(PEOPLE)})
    films = [
        {"source": "video", "film": f"f{i}", "title": f"Film {i}", "release_year": 2023,
         "genres": "Comedy" if i % 2 else "Horror"}
        for i in range(FILMS)
    ]  # fmt: skip
    house.write("film", films)
    horror = g.random(PEOPLE) < 0.5
    active = np.exp(g.normal(0, 0.5, PEOPLE))
    likes = np.where(horror[:, None] == (np.arange(FILMS) % 2 == 0), 0.4, 0.06)
    seen = g.random((PEOPLE, FILMS)) < np.minimum(0.9, likes * active[:, None])
    rows, after = [], 0
    for person, film in zip(*np.nonzero(seen), strict=True):
        left = person < LEFT
        first = date(2024, 5, 1) if left else date(2025, 1, 5)
        day = first + timedelta(days=int(g.integers(170)))
        after += day > date(2025, 5, 31)
        rows.append({"source": "video", "account": f"v{person}", "film": f"f{film}",
                     "day": day.isoformat()})  # fmt: skip
    house.write("view", rows)
    return after


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The card of a film in such a house, and how many first views there were after the cut."""
    where = tmp_path_factory.mktemp("house") / "w"
    with app.init_house(str(where)) as opened:
        after = _house(House(opened.lake))
        text = "[family.saw]\nfloor = 1\n[family.genre]\n[family.source]\n"
        (opened.place.path / "traits.toml").write_text(text)
        traits_build(opened, BuildTraits(as_of=TODAY))
        request = fh.ScoreFilm("film-4-2023", as_of=TODAY, expected_people=50.0)
        scores = fh.film_propensity(opened, request)
        builds = [b.as_of for b in fh.traits_builds(opened)]
        again = fh.film_propensity(opened, request)
        assert again.propensity.card.forward == scores.propensity.card.forward
        assert [b.as_of for b in fh.traits_builds(opened)] == builds
        without = fh.film_propensity(
            opened, fh.ScoreFilm("film-4-2023", as_of=TODAY, expected_people=50.0, forward=False)
        )
        assert without.propensity.card.forward is None
    return scores.propensity.card, after, builds


def test_who_had_left_before_the_cut_is_not_judged(judged):
    card, _, _ = judged
    check = card.forward
    assert check is not None
    assert check.left >= LEFT
    assert check.people + check.left == card.people
    assert check.cut == date(2025, 5, 31)
    assert check.until == TODAY


def test_only_events_after_the_cut_count(judged):
    card, after, builds = judged
    assert 0 < card.forward.viewers <= after
    assert sorted(builds) == [date(2025, 5, 31), TODAY]


def test_taste_that_lasts_ranks_better_than_activity_alone(judged):
    check = judged[0].forward
    assert check.auc_low > check.activity_auc
    assert check.in_top_tenth > check.activity_in_top_tenth
    words = forward_words(judged[0])
    assert f"{check.auc:.3f}" in words
    assert f"activity alone {check.activity_auc:.3f}" in words


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_cut_is_the_end_of_a_month_four_to_nine_weeks_before(day):
    cut = cut_for(day)
    assert (cut + timedelta(days=1)).day == 1
    assert LEAST_DAYS <= (day - cut).days <= LEAST_DAYS + 31


def test_the_best_tenth_holds_a_tenth_of_the_viewers_where_the_order_says_nothing():
    everybody = np.ones(1_000, bool)
    outcome = np.arange(1_000) % 10 == 0
    share = _in_top(np.zeros(1_000), outcome, everybody, np.ones(1_000))
    assert share == pytest.approx(0.1)
    best = _in_top(outcome.astype(float), outcome, everybody, np.ones(1_000))
    assert best == pytest.approx(1.0)
