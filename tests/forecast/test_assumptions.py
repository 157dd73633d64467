"""What is supposed: read from text, and put into a history."""

from datetime import date

import pytest

from fullhouse.core.errors import InputError
from fullhouse.forecast.assumptions import assumptions, with_assumptions
from tests.forecast.small_history import a_run, an_index

OPENING = date(2017, 2, 10)
FILMS = {
    "a": {"opening": OPENING, "theaters": 2000},
    "b": {"opening": OPENING},
    "out": {"opening": date(2016, 11, 4)},
}


def test_facts_rivals_and_moves_are_read_and_described() -> None:
    result = assumptions(
        ["theaters=3500", "budget=12000000 USD", "rivals=2", "genres=Comedy|Drama"],
        ["b=2017-03-03"],
    )
    assert result.facts["theaters"] == 3500
    assert result.features == {"slate.same": 2.0}
    assert result.values == {
        "theaters": 3500,
        "budget": [12_000_000, "USD"],
        "genres": ["Comedy", "Drama"],
        "rivals": 2,
        "opening of b": date(2017, 3, 3),
    }
    assert assumptions([]).values == {}


MISTAKES = [
    (["theatres=3"], [], "cannot assume 'theatres'.*Did you mean 'theaters'"),
    (["total=3"], [], "cannot assume 'total'"),
    (["theaters"], [], "takes NAME=VALUE.*not 'theaters'"),
    (["theaters="], [], "takes NAME=VALUE"),
    (["theaters=many"], [], "theaters must be a number"),
    (["rivals=some"], [], "rivals must be a whole number, not 'some'"),
    (["rivals=-1"], [], "rivals must be a whole number"),
    (["opening=soon"], [], "opening must be a date"),
    (["plan=huge"], [], "plan is 'wide' or 'limited'"),
    ([], ["b"], "--move takes FILM=DATE"),
    ([], ["b=soon"], "opening must be a date"),
]


@pytest.mark.parametrize(("texts", "moves", "message"), MISTAKES, ids=[m[2] for m in MISTAKES])
def test_what_cannot_be_supposed_is_explained(
    texts: list[str], moves: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        assumptions(texts, moves)


def test_an_assumption_is_known_on_the_day_and_not_before() -> None:
    was = an_index(FILMS).history
    result = with_assumptions(
        was, "a", assumptions(["theaters=3500", "opening=2017-03-03"], ["b=2017-03-03"])
    )
    on = was.as_of.toordinal()
    assert result.newest("a", "theaters", on) == (on, 3500, "assumed")
    assert result.fact("a", "theaters", on - 1) == 2000
    assert result.fact("a", "opening", on) == date(2017, 3, 3).toordinal()
    assert result.fact("b", "opening", on) == date(2017, 3, 3).toordinal()
    assert was.fact("a", "theaters", on) == 2000


def test_previews_stay_on_their_day_when_an_opening_is_moved() -> None:
    was = an_index(FILMS, runs={"b": a_run([1.0], first=-100)}).history
    result = with_assumptions(was, "a", assumptions([], ["b=2017-02-17"]))
    assert result.run("b").offsets.tolist() == [-107]


def test_a_film_that_has_opened_cannot_be_moved_any_more() -> None:
    was = an_index(FILMS, runs={"out": a_run([5.0] * 20)}).history
    with pytest.raises(InputError, match="'out' has opened"):
        with_assumptions(was, "out", assumptions(["opening=2017-02-10"]))
    with pytest.raises(InputError, match="'out' has opened"):
        with_assumptions(was, "a", assumptions([], ["out=2017-02-10"]))


def test_a_film_that_is_not_there_is_not_made_up() -> None:
    was = an_index(FILMS).history
    with pytest.raises(InputError, match="--move: no film 'bb'"):
        with_assumptions(was, "a", assumptions([], ["bb=2017-02-10"]))
    assert "new" not in with_assumptions(was, "new", assumptions(["theaters=3"])).facts
