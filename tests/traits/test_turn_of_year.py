"""A film that sources list under neighbouring years is one; what matches nothing is listed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse import app
from fullhouse.app.traits import BuildTraits, traits_build
from fullhouse.cli.root import commands
from fullhouse.traits.names import NEAR_DAYS, TURN_DAYS, ListedFilm, one_year
from tests.traits.conftest import House

TURN = date(1998, 1, 1)


@given(
    days=st.integers(-TURN_DAYS, TURN_DAYS), titles=st.sampled_from([("Up", "UP"), ("Up!", "up")])
)
def test_a_film_of_two_sources_near_the_turn_of_the_year_is_one(days, titles):
    opened = TURN + timedelta(days=days)
    view = ListedFilm("video", titles[0], 1997 if opened.year == 1998 else 1998)
    sold = ListedFilm("tickets", titles[1], opened.year, opened)
    assert one_year([view, sold]) == one_year([sold, view]) == [1997, 1997]


@pytest.mark.parametrize(
    "films",
    [
        [ListedFilm("a", "Up", 1997), ListedFilm("a", "Up", 1998)],
        [ListedFilm("a", "Up", 1997), ListedFilm("b", "Up", 1999)],
        [ListedFilm("a", "Up", 1997), ListedFilm("b", "Down", 1998)],
        [ListedFilm("a", "Up", 1997), ListedFilm("b", "Up", None)],
        [ListedFilm("a", "Up", 1997), ListedFilm("b", "Up", 1998, date(1998, 9, 1))],
        [ListedFilm("a", "Up", 1997, date(1997, 7, 1)),
         ListedFilm("b", "Up", 1998, date(1998, 1, 7))],
        [ListedFilm("a", "Up", 1996), ListedFilm("b", "Up", 1997), ListedFilm("b", "Up", 1998)],
    ],
    ids=["one source lists both", "two years apart", "another title", "no year",
         "far from the turn", "days far apart", "the next year is the same source's"],
)  # fmt: skip
def test_films_that_are_two_stay_two(films):
    years = one_year(films)
    assert years[-2:] == [f.year for f in films][-2:] or years[-1] == films[-1].year
    assert len(set(years)) > 1


def test_the_year_that_more_sources_give_is_the_films():
    films = [ListedFilm(s, "Up", y) for s, y in (("a", 1997), ("b", 1998), ("c", 1998))]
    assert one_year(films) == [1998, 1998, 1998]


@given(
    st.lists(
        st.builds(
            ListedFilm,
            st.sampled_from("abc"),
            st.sampled_from(["Up", "Down"]),
            st.integers(1996, 2000) | st.none(),
            st.dates(date(1996, 1, 1), date(2000, 12, 31)) | st.none(),
        ),
        max_size=12,
    )
)
def test_order_does_not_matter_and_no_year_moves_by_more_than_one(films):
    years = one_year(films)
    assert one_year(films[::-1])[::-1] == years
    for film, year in zip(films, years, strict=True):
        assert (film.year is None) == (year is None)
        assert year is None or abs(year - film.year) <= 1


def test_days_that_both_sources_give_must_be_near():
    for apart in (NEAR_DAYS, NEAR_DAYS + 1):
        films = [
            ListedFilm("a", "Up", 1997, date(1997, 12, 1)),
            ListedFilm("b", "Up", 1998, date(1997, 12, 1) + timedelta(days=apart)),
        ]
        assert (len(set(one_year(films))) == 1) == (apart <= NEAR_DAYS)


@pytest.fixture(scope="module")
def cinema(tmp_path_factory):
    """A house whose view feed says 1997 of a film that opened on 7 January 1998."""
    where = tmp_path_factory.mktemp("house") / "w"
    with app.init_house(str(where)) as opened:
        house = House(opened.lake)
        accounts = {("tickets", f"t{p}"): p for p in range(40)}
        accounts |= {("video", f"v{p}"): 100 + p for p in range(28)}
        house.people(accounts)
        house.write(
            "film",
            [
                {"source": "tickets", "film": "T1", "title": "The Postman", "release_year": 1998,
                 "release_date": date(1998, 1, 7)},
                {"source": "video", "film": "V1", "title": "The Postman", "release_year": 1997},
                {"source": "video", "film": "V2", "title": "Only Here", "release_year": 1990},
            ],
        )  # fmt: skip
        for kind, source, film, many in (
            ("ticket", "tickets", "T1", 40), ("view", "video", "V1", 28), ("view", "video", "V2", 9)
        ):  # fmt: skip
            rows = [
                {"source": source, "account": f"{source[0]}{p}", "film": film, "day": "2020-06-01"}
                for p in range(many)
            ]
            house.write(kind, rows)
        (opened.place.path / "traits.toml").write_text("[family.saw]\nfloor = 1\n")
        traits_build(opened, BuildTraits(as_of=date(2020, 12, 31)))
        opening = date(1998, 1, 7)
        fh.film_add(opened, fh.AddFilm("The Postman", opening, known_on=date(1998, 1, 1)))
    return where


def test_no_viewer_is_lost_where_a_feed_gives_the_year_before(cinema):
    with fh.open(str(cinema)) as house:
        names = {t.name: t.persons for t in fh.traits_list(house, fh.ListTraits()).traits}
    assert names == {"saw:the-postman-1997": 68, "saw:only-here-1990": 9}


def test_what_is_no_film_of_the_catalogue_is_listed(cinema):
    with fh.open(str(cinema)) as house:
        (film,) = fh.film_unmatched(house)
    assert (film.slug, film.sources, film.same_title) == ("only-here-1990", ("video",), ())
    done = CliRunner().invoke(commands, ["film", "unmatched", "-w", str(cinema)])
    assert done.exit_code == 0, done.output
    assert "only-here-1990" in done.output
    assert "by title and year: 1." in " ".join(done.output.split())
