"""The model of past films: nothing of the future, nothing of a family, honest ranges."""

from dataclasses import replace

import numpy as np

from fullhouse.greenlight.past import GrossModel, PastFilms, fit, trained_before
from fullhouse.greenlight.sources import placebo, source_effects
from tests.greenlight.made_films import EFFECT, made_films


def test_residuals_of_a_year_rest_on_no_later_year(past: PastFilms, model: GrossModel) -> None:
    cut = 2005
    later = np.where(past.year >= cut, past.gross * 50, past.gross)
    moved = fit(replace(past, gross=later))
    early = model.unseen.year < cut
    assert np.array_equal(model.residual[early], moved.residual[moved.unseen.year < cut])
    assert not np.array_equal(model.residual, moved.residual)


def test_no_film_of_a_family_teaches_about_it(past: PastFilms) -> None:
    titles = (*(["Otter", "Otter 2: The River"]), *past.title[2:])
    named = replace(past, title=titles)
    assert named.family[0] == named.family[1]
    keep = trained_before(named, int(named.year[-1]), {named.family[1]})
    assert not keep[0]
    assert not keep[1]
    assert keep.sum() > 100


def test_the_effect_of_a_source_is_what_was_put_in(past: PastFilms) -> None:
    rows = {r.story_source: r for r in source_effects(made_films(4000, seed=3))}
    for name, effect in EFFECT.items():
        error = np.log(rows[name].high / rows[name].low) / 3.92
        assert abs(np.log(rows[name].ratio / effect)) < 5 * error


def test_shuffled_sources_have_no_effect(past: PastFilms) -> None:
    result = placebo(past, shuffles=30, seed=2)
    # 90 intervals of 95 %: a share of .18 is more than five standard deviations off.
    assert result.rejected < 0.18
    assert set(result.spread) == set(EFFECT)
