"""Which films count: over in the market itself, and in one currency; a stated total may be more."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse import app, films
from fullhouse.core.errors import CannotTellError
from fullhouse.talent.outcome import MarketOutcomes, _one, film_outcomes
from fullhouse.view.words.talent import currency_words

HEAD = "title,territory,known_on,opening,budget,budget_currency,total,total_currency\n"
GROSS = "title,opening,territory,day,gross,currency,known_on\n"


def outcomes(
    house: "app.Context", folder: Path, rows: str, territory: str = "US", days: str = ""
) -> MarketOutcomes:
    files = [folder / "more.csv"]
    files[0].write_text(HEAD + rows)
    if days:
        files.append(folder / "days.csv")
        files[1].write_text(GROSS + days)
    for file in files:
        result = fh.film_import(house, fh.ImportFilms(file))
        assert not result.problems
    links = films.links(house.control)
    return film_outcomes(house.lake, links, territory, house.today)


def test_a_film_is_over_by_its_opening_in_the_market_itself(house, tmp_path) -> None:
    rows = ("Moor,CN,2015-01-01,2016-02-01,5,USD,9,USD\n"
            "Moor,US,2015-01-01,2020-05-01,5,USD,9,USD\n")  # fmt: skip
    assert outcomes(house, tmp_path, rows).films == ()
    (film,) = outcomes(house, tmp_path, rows, "CN").films
    assert str(film.opening) == "2016-02-01"


def test_amounts_of_another_currency_are_left_out_and_counted(house, tmp_path) -> None:
    days = "Moor,2016-02-01,US,2016-02-01,100,USD,2016-02-02\n"
    rows = ("Moor,US,2015-01-01,2016-02-01,5,USD,,\n"
            "Fen,US,2015-01-01,2016-03-11,5,CNY,9,USD\n"
            "Heath,US,2015-01-01,2016-04-15,5,USD,9,CNY\n"
            "Holt,US,2015-01-01,2016-05-20,5,USD,9,USD\n")  # fmt: skip
    result = outcomes(house, tmp_path, rows, days=days)
    assert [(f.title, f.gross) for f in result.films] == [("Moor", 100.0), ("Holt", 9.0)]
    assert result.other_currency == 2


def test_totals_of_two_currencies_without_days_say_nothing(house, tmp_path) -> None:
    rows = ("Fen,US,2015-01-01,2016-03-11,5,USD,9,USD\n"
            "Heath,US,2015-01-01,2016-04-15,5,USD,9,CNY\n")  # fmt: skip
    with pytest.raises(CannotTellError, match="CNY") as problem:
        outcomes(house, tmp_path, rows)
    assert problem.value.code == "several_currencies"


@given(st.sets(st.sampled_from(["USD", "CNY", "EUR"])))
def test_a_market_has_one_currency_or_none(currencies: set[str]) -> None:
    if len(currencies) > 1:
        with pytest.raises(CannotTellError):
            _one(currencies, "US")
    else:
        assert {_one(currencies, "US")} - {""} == currencies


def test_one_known_day_does_not_stand_for_a_larger_total(house, tmp_path) -> None:
    days = ("Moor,2016-02-01,US,2016-02-01,100,USD,2016-02-02\n"
            "Fen,2016-03-11,US,2016-03-11,100,USD,2016-03-12\n")  # fmt: skip
    rows = ("Moor,US,2015-01-01,2016-02-01,5,USD,5000,USD\n"
            "Fen,US,2015-01-01,2016-03-11,5,USD,60,USD\n")  # fmt: skip
    result = outcomes(house, tmp_path, rows, days=days)
    assert [(f.title, f.gross) for f in result.films] == [("Moor", 5000.0), ("Fen", 100.0)]


def test_films_left_out_for_their_currency_are_said() -> None:
    assert currency_words(0) == []
    assert "12 films" in currency_words(12)[0]
