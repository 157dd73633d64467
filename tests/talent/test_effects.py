"""Effects of names that are known: covered as often as stated, and none called none."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.talent.effects import TalentEffects
from fullhouse.talent.fit_effects import fit_effects
from fullhouse.talent.outcome import FilmOutcome, in_order

FILMS, PER_FILM = 420, 4
DAY = date(2001, 1, 5)


def market(
    seed: int, *, names: int = 120, share: float, spread: float
) -> tuple[list[FilmOutcome], pa.Table, dict]:
    """Films of twelve years with four names each; a share of the names has an effect."""
    random = np.random.default_rng(seed)
    effect = np.where(random.random(names) < share, random.normal(0, spread, names), 0.0)
    budget = np.exp(random.normal(17, 1, FILMS))
    films, rows = [], []
    for k in range(FILMS):
        cast = random.choice(names, PER_FILM, replace=False)
        log_gross = 1 + np.log(budget[k]) + effect[cast].sum() + random.normal(0, 0.6)
        opening = DAY + timedelta(days=int(k * 4400 / FILMS))
        title, gross = f"Film {chr(97 + k % 26)}{k}x", float(np.exp(log_gross))
        films.append(FilmOutcome(f"f{k}", title, opening, gross, float(budget[k])))
        for billing, c in enumerate(cast, start=1):
            rows.append((f"f{k}", f"t{c}", f"N {c}", "cast", billing))
    columns = [list(c) for c in zip(*rows, strict=True)]
    credited = pa.table(columns, names=["film", "talent", "name", "role", "billing"])
    return in_order(films), credited, {f"t{k}": e for k, e in enumerate(effect)}


@pytest.fixture(scope="module")
def estimates() -> list[tuple[TalentEffects, dict]]:
    """Markets in which a third, half and four fifths of the names have an effect, and none."""
    results = []
    for seed, (share, spread) in enumerate([(0.5, 0.5), (0.8, 0.4), (0.35, 0.6)]):
        films, credited, truth = market(seed, share=share, spread=spread)
        estimated = fit_effects(films, credited, territory="US", as_of=date(2013, 1, 1))
        results.append((estimated, truth))
    return results


def test_ranges_of_80_percent_hold_the_effect_as_often(estimates) -> None:
    held = [
        abs(row["effect"] - truth[row["talent"]]) <= 1.2816 * row["error"]
        for estimated, truth in estimates
        for row in estimated.effects.to_pylist()
    ]
    assert 0.75 <= np.mean(held) <= 0.85


def test_names_without_an_effect_are_called_so(estimates) -> None:
    clear = [e.clear for r, truth in estimates for e in r.names() if truth[e.talent] == 0]
    assert len(clear) > 100
    assert np.mean(clear) <= 0.05


def test_large_effects_are_seen_and_the_placebo_has_none(estimates) -> None:
    for estimated, truth in estimates:
        names = estimated.names()
        assert truth[names[0].talent] > 0.3
        own, placebo = (
            np.std(np.log(v)) for v in zip(*((e.factor, e.placebo) for e in names), strict=True)
        )
        assert placebo < own / 1.2


def test_names_that_add_are_called_so_and_by_more_than_shuffled_ones(estimates) -> None:
    for estimated, _ in estimates:
        check = estimated.check
        assert check is not None
        assert check.names_add
        assert check.gain > 3 * max(check.placebo_gains)
        assert check.r2_with > check.r2_without


def test_where_no_name_has_an_effect_names_tell_little() -> None:
    films, credited, _ = market(5, share=0.0, spread=0.5)
    estimated = fit_effects(films, credited, territory="US", as_of=date(2013, 1, 1))
    assert estimated.check is not None
    assert not estimated.check.names_add
    assert not any(e.clear for e in estimated.names())


def test_the_same_films_give_the_same_effects_in_any_order() -> None:
    films, credited, _ = market(7, share=0.5, spread=0.5)
    other = credited.take(pa.array(np.random.default_rng(0).permutation(credited.num_rows)))
    a, b = (
        fit_effects(films, rows, territory="US", as_of=date(2013, 1, 1))
        for rows in (credited, other)
    )
    assert [(e.talent, round(e.factor, 8)) for e in a.names()] == [
        (e.talent, round(e.factor, 8)) for e in b.names()
    ]
