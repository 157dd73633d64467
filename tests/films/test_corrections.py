"""What people decide: films and facts by hand, and whether two films are one."""

from datetime import UTC, date, datetime

import pytest

from fullhouse.control import Control
from fullhouse.core.errors import InputError
from fullhouse.core.tables import FILM_FACT
from fullhouse.films import accept, add_film, facts, find, grosses, import_set, known, links, state
from fullhouse.lake import Lake
from tests.films.conftest import AT, entry, film_set

LATE = date(2030, 1, 1)
EARLY = date(2019, 1, 1)


@pytest.fixture
def doubtful(lake: Lake, control: Control) -> str:
    """Good Hedges, which may be Ann Larch's Good Hedges."""
    us = entry("r1", "Ann Larch's Good Hedges", "2012-02-24", "US")
    import_set(lake, control, film_set("us", us, days=[("r1", "2012-02-24", 5.0)]), at=AT)
    other = film_set(
        "tmdb", entry("7", "Good Hedges", "2012-02-24"), days=[("7", "2012-02-25", 3.0)]
    )
    assert import_set(lake, control, other, at=AT).review == 1
    return "ann-larchs-good-hedges-2012"


def test_a_film_by_hand_is_known_from_its_day_on(lake: Lake, control: Control) -> None:
    film = add_film(
        lake,
        control,
        "Bramble",
        date(2021, 5, 1),
        {"plan": "wide"},
        territory="US",
        known_on=date(2020, 1, 1),
        at=AT,
    )
    assert film == "bramble-2021"
    result = known(lake, film, "US", LATE)
    assert (result.title, result.opening, result.facts["plan"]) == (
        "Bramble",
        date(2021, 5, 1),
        "wide",
    )
    assert not known(lake, film, "US", EARLY).facts


def test_a_new_fact_leaves_earlier_views_alone(lake: Lake, control: Control) -> None:
    day = {"territory": "US", "at": AT}
    film = add_film(lake, control, "Bramble", None, {"theaters": 100}, known_on=EARLY, **day)  # type: ignore[arg-type]
    state(lake, film, {"theaters": 200}, known_on=date(2020, 1, 1), **day)  # type: ignore[arg-type]
    assert known(lake, film, "US", date(2019, 12, 31)).facts["theaters"] == 100
    assert known(lake, film, "US", date(2020, 1, 1)).facts["theaters"] == 200


def test_the_territorys_own_fact_goes_first_and_another_territorys_never_shows(
    lake: Lake, control: Control
) -> None:
    film = add_film(lake, control, "Bramble", None, {}, territory="US", known_on=EARLY, at=AT)
    for territory, rating in (("US", "PG"), ("", "12"), ("FR", "U")):
        state(lake, film, {"rating": rating}, territory=territory, known_on=EARLY, at=AT)
    assert known(lake, film, "US", LATE).facts["rating"] == "PG"
    assert known(lake, film, "DE", LATE).facts["rating"] == "12"


def test_adding_the_same_film_twice_is_refused(lake: Lake, control: Control) -> None:
    def once() -> None:
        add_film(lake, control, "Bramble", None, {}, territory="US", known_on=EARLY, at=AT)

    once()
    with pytest.raises(InputError, match="is here already as 'bramble'"):
        once()


def test_a_doubtful_entry_is_a_film_of_its_own_until_it_is_settled(
    lake: Lake, control: Control, doubtful: str
) -> None:
    link = next(k for k in links(control) if k.set == "tmdb")
    assert (link.film, link.status, link.candidate) == ("good-hedges-2012", "review", doubtful)
    assert set(grosses(lake, "US", LATE)["film"].to_pylist()) == {"good-hedges-2012", doubtful}


def test_accepting_shows_everything_under_the_accepted_film(
    lake: Lake, control: Control, doubtful: str
) -> None:
    accept(lake, control, "tmdb", "7", doubtful, at=AT)
    assert grosses(lake, "US", LATE).select(["film", "gross"]).to_pylist() == [
        {"film": doubtful, "gross": 5.0},
        {"film": doubtful, "gross": 3.0},
    ]
    assert set(facts(lake, "US", LATE)["film"].to_pylist()) == {doubtful}
    assert find(links(control), "good-hedges-2012") == doubtful
    assert "same_as" not in known(lake, doubtful, "US", LATE).facts


def test_a_replaced_id_is_never_given_again(lake: Lake, control: Control, doubtful: str) -> None:
    accept(lake, control, "tmdb", "7", doubtful, at=AT)
    import_set(lake, control, film_set("tmdb", entry("8", "Good Hedges", "2012-12-01")), at=AT)
    assert next(k for k in links(control) if k.set_id == "8").film == "good-hedges-2012-2"


def test_accepting_it_as_new_ends_the_doubt(lake: Lake, control: Control, doubtful: str) -> None:
    link = accept(lake, control, "tmdb", "7", None, at=AT)
    assert (link.film, link.status, link.candidate) == ("good-hedges-2012", "accepted", None)


def test_accepting_twice_is_once_and_heals_a_crash(
    lake: Lake, control: Control, doubtful: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Lake, "append_checked", dies)
    with pytest.raises(KeyboardInterrupt):
        accept(lake, control, "tmdb", "7", doubtful, at=AT)
    monkeypatch.undo()
    accept(lake, control, "tmdb", "7", doubtful, at=AT)
    rows = lake.read(FILM_FACT).num_rows
    accept(lake, control, "tmdb", "7", doubtful, at=datetime(2021, 1, 1, tzinfo=UTC))
    assert lake.read(FILM_FACT).num_rows == rows
    assert set(facts(lake, "US", LATE)["film"].to_pylist()) == {doubtful}


def test_two_entries_of_one_set_cannot_be_accepted_as_one(
    lake: Lake, control: Control, doubtful: str
) -> None:
    import_set(lake, control, film_set("tmdb", entry("9", "Kestrel", "2012-12-01")), at=AT)
    with pytest.raises(InputError, match="two entries of tmdb"):
        accept(lake, control, "tmdb", "7", "kestrel-2012", at=AT)


@pytest.mark.parametrize(
    ("name", "set_id", "film", "message"),
    [
        ("tmbd", "7", None, "No set 'tmbd' here. Did you mean 'tmdb'"),
        ("tmdb", "77", None, "No entry '77' in tmdb"),
        ("tmdb", "7", "good-hedge-2012", "No film .* Did you mean 'good-hedges-2012'"),
    ],
)
def test_what_is_not_there_is_named(
    lake: Lake, control: Control, doubtful: str, name: str, set_id: str, film: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        accept(lake, control, name, set_id, film, at=AT)
