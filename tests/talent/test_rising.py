"""Rising names: chances by what was known, better than gross so far, in the score book."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

import fullhouse as fh
from fullhouse import app
from fullhouse.core.errors import CannotTellError

pytestmark = pytest.mark.slow

PEOPLE, FILMS = 1_300, 1_300
START = date(1990, 1, 5)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two years of films; who has talent is billed higher, and later leads large films."""
    folder = tmp_path_factory.mktemp("rising")
    random = np.random.default_rng(3)
    gift = random.normal(0, 1, PEOPLE)
    debut = random.integers(-500, FILMS, PEOPLE)
    films = ["film,title,territory,known_on,opening,budget,budget_currency,total,total_currency"]
    lines = ["person,name,role,billing,title,opening"]
    for k in range(FILMS):
        opening = START + timedelta(days=int(k * 8000 / FILMS))
        active = np.flatnonzero((debut <= k) & (debut > k - 500))
        if len(active) < 4:
            active = np.arange(4)
        weight = np.exp(1.6 * gift[active] * np.minimum(1, (k - debut[active]) / 200))
        cast = random.choice(active, 4, replace=False, p=weight / weight.sum())
        cast = cast[np.argsort(-gift[cast] + random.normal(0, 0.2, 4))]
        budget = np.exp(random.normal(16, 0.8))
        gross = budget * np.exp(0.6 * gift[cast[:3]].sum() + random.normal(0, 0.5))
        title = f"{'abcdefghijklmnopqrstuvwxyz'[k % 26]}{'aeiou'[k % 5]}m {k}n"
        films.append(
            f"f{k},{title},US,{opening - timedelta(days=200)},{opening},"
            f"{budget:.0f},USD,{gross:.0f},USD"
        )
        lines += [f"{p},Name {p},cast,{b},{title},{opening}" for b, p in enumerate(cast, 1)]
    (folder / "films.csv").write_text("\n".join(films) + "\n")
    (folder / "credits.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def house(files: Path) -> Iterator["app.Context"]:
    app.init_house(str(files / "house"), environment={}).close()
    with app.open_house(str(files / "house"), environment={}, today=date(2012, 6, 1)) as context:
        fh.film_import(context, fh.ImportFilms(files / "films.csv"))
        fh.talent_import(context, fh.ImportCredits(files / "credits.csv"))
        yield context


def test_chances_tell_more_than_gross_so_far_and_are_as_sure_as_they_should_be(house) -> None:
    rising = fh.talent_rising(house)
    check = rising.check
    assert check is not None
    assert check.better
    assert check.auc > check.popularity
    assert 0.6 < check.slope < 1.6
    assert check.brier < check.brier_of_share
    chances = [n.probability for n in rising.names]
    assert chances == sorted(chances, reverse=True)
    assert all(1 <= n.films <= 3 for n in rising.names)


def test_nothing_that_came_later_moves_a_chance(files: Path, tmp_path: Path) -> None:
    lists = []
    for last in (date(2007, 1, 1), date(2013, 1, 1)):
        folder = tmp_path / str(last)
        app.init_house(str(folder), environment={}).close()
        with app.open_house(str(folder), environment={}, today=date(2012, 6, 1)) as context:
            rows = (files / "films.csv").read_text().splitlines()
            some = [rows[0], *(r for r in rows[1:] if date.fromisoformat(r.split(",")[4]) < last)]
            (tmp_path / "some.csv").write_text("\n".join(some) + "\n")
            fh.film_import(context, fh.ImportFilms(tmp_path / "some.csv"))
            fh.talent_import(context, fh.ImportCredits(files / "credits.csv"))
            lists.append(fh.talent_rising(context, fh.FindRising(as_of="2006-06-01")))
    assert lists[0].names == lists[1].names
    assert lists[0].people > 20


def test_a_list_is_scored_once_its_five_years_are_over(house) -> None:
    early = fh.talent_rising(house, fh.FindRising(as_of="2005-01-01"))
    entry = fh.issue_rising(house, fh.IssueRising(early))
    assert fh.issue_rising(house, fh.IssueRising(early)).id == entry.id
    now = fh.talent_rising(house)
    fh.issue_rising(house, fh.IssueRising(now))
    book = fh.talent_scorebook(house)
    (score,) = book.scores
    assert book.waiting == 1
    assert (score.people, score.looking_back) == (early.people, True)
    assert score.auc is not None
    assert score.auc > 0.6
    assert fh.scorebook_verify(house, fh.VerifyScoreBook()).ok
    assert fh.scorebook(house, fh.ReadScoreBook()).rows == ()


def test_an_entry_holds_no_name_and_no_id(house) -> None:
    rising = fh.talent_rising(house)
    entry = fh.issue_rising(house, fh.IssueRising(rising))
    assert "Name " not in entry.payload
    assert "plain:" not in entry.payload
    assert len(entry.forecast["chances"]) == rising.people


def test_a_page_a_chart_and_tables_are_written(house, tmp_path: Path) -> None:
    rising = fh.talent_rising(house)
    names = ("rising.html", "rising.json", "rising.csv", "rising.parquet", "rising.svg")
    written = fh.write_rising(rising, [tmp_path / n for n in names])
    page = written[0].read_text("utf-8")
    assert rising.names[0].name in page
    assert "among the top in 5 years" in page


def test_a_house_without_enough_films_says_so(tmp_path: Path) -> None:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    with (
        app.open_house(str(tmp_path / "house"), environment={}) as context,
        pytest.raises(CannotTellError, match="Nothing can be said of names yet: 0 films"),
    ):
        fh.talent_rising(context)


def test_a_person_is_shown_with_own_effects_only_and_the_check_of_all(house) -> None:
    every = fh.talent_effects(house, fh.EstimateTalent(as_of="1994-09-01"))
    name = every.names()[0].name
    view = fh.talent_show(house, fh.ShowTalent(name, as_of="1994-09-01"))
    assert view.effects is not None
    assert {e.name for e in view.effects.names()} == {name}
    assert view.effects.of(view.talent) == every.of(view.talent)
    assert view.effects.check == every.check
    assert [c.gross is not None for c in view.credits].count(True) >= every.names()[0].films
    plain = view.to_dict()
    assert plain["effects"][0]["factor"] == pytest.approx(every.names()[0].factor)
