"""`fullhouse film` as a user types it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError

DAYS = """date,release_id,title,gross,theaters,to_date,day_number,distributor
2017-01-27,rl1,A Hare's Way,500,700,500,1,Larch
2017-01-28,rl1,A Hare's Way,700,700,1200,2,Larch
2012-02-24,rl2,Ann Larch's Good Hedges,100,60,100,1,-
"""
FILMS = """film,title,territory,known_on,opening,plan
own-1,Good Hedges,US,2011-10-01,2012-02-24,limited
own-2,Bramble,US,2025-01-01,2025-03-07,wide
"""
GROSSES = "film,day,gross\nown-2,2025-03-07,10\nown-2,2025-03-08,-1\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    (tmp_path / "days.csv").write_text(DAYS)
    (tmp_path / "films.csv").write_text(FILMS)
    (tmp_path / "grosses.csv").write_text(GROSSES)
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(tmp_path / "house"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(commands, ["film", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def as_json(*arguments: str) -> Any:
    done = CliRunner().invoke(commands, ["film", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as problem:
        CliRunner().invoke(commands, ["film", *arguments], catch_exceptions=False)
    return str(problem.value)


@pytest.fixture
def imported(house: Path) -> Path:
    run("import", "us-daily", "days.csv")
    run("import", "plain", "grosses.csv", "films.csv", "--territory", "US", "--currency", "USD")
    return house


def test_import_says_what_became_of_a_file_and_twice_is_once(house: Path) -> None:
    (first,) = as_json("import", "us-daily", "days.csv")["sets"]
    assert (first["entries"], first["new"], first["grosses"], first["already"]) == (2, 2, 3, False)
    (again,) = as_json("import", "us-daily", "days.csv")["sets"]
    assert (again["known"], again["facts"], again["grosses"], again["already"]) == (2, 0, 0, True)
    assert "imported before" in run("import", "us-daily", "days.csv")


def test_the_order_of_files_does_not_matter_and_problems_are_shown(house: Path) -> None:
    given = ("import", "plain", "grosses.csv", "films.csv", "--territory", "US")
    films, days = as_json(*given, "--currency", "USD")["sets"]
    assert (films["file"], days["file"], days["grosses"]) == ("films.csv", "grosses.csv", 1)
    assert days["problems"] == [{"row": 2, "problem": "gross is negative", "given": "-1"}]


def test_strict_writes_nothing_of_a_file_with_a_problem(house: Path) -> None:
    run("import", "plain", "films.csv")
    text = refused(
        "import", "plain", "grosses.csv", "--strict", "--territory", "US", "--currency", "USD"
    )
    assert "1 problems, the first in row 2: gross is negative" in text
    assert as_json("show", "bramble-2025")["run"] is None


def test_show_is_as_of_a_day(imported: Path) -> None:
    result = as_json("show", "a-hares-way-2017", "--as-of", "2017-01-28")
    assert {f["field"]: f["value"] for f in result["facts"]} == {
        "title": "A Hare's Way",
        "opening": "2017-01-27",
        "distributor": "Larch",
        "plan": "wide",
        "theaters": 700,
    }
    assert (result["run"]["gross"], result["run"]["days"]) == (500.0, 1)
    early = as_json("show", "a-hares-way-2017", "--as-of", "2016-12-01")
    assert "theaters" not in {f["field"] for f in early["facts"]}
    assert early["run"] is None
    assert "nothing yet" in run("show", "a-hares-way-2017", "--as-of", "2010-01-01")
    assert "Took 1,200 USD in 2 days" in run("show", "a-hares-way-2017")


def test_list_searches_and_counts(imported: Path) -> None:
    assert as_json("list")["total"] == 4
    assert [f["film"] for f in as_json("list", "--search", "hare's")["films"]] == [
        "a-hares-way-2017"
    ]
    assert [f["film"] for f in as_json("list", "--year", "2025")["films"]] == ["bramble-2025"]
    assert as_json("list", "--territory", "FR")["total"] == 0
    assert "1 of 4 films" in run("list", "--rows", "1")


def test_add_and_set(house: Path) -> None:
    added = as_json("add", "Kestrel", "--opening", "2027-05-01", "--set", "genres=Drama|Family")
    assert added == {"film": "kestrel-2027"}
    run("set", "kestrel-2027", "theaters=3100", "budget=12000000 USD", "--known-on", "2024-11-02")
    result = as_json("show", "kestrel-2027")
    text = {f["field"]: (f["value"], f["origin"]) for f in result["facts"]}
    assert text["theaters"] == (3100, "user")
    assert text["budget"] == ([12_000_000, "USD"], "user")
    assert text["genres"] == (["Drama", "Family"], "user")


def test_review_and_accept(imported: Path) -> None:
    (doubt,) = as_json("review")["entries"]
    assert (doubt["set"], doubt["set_id"], doubt["candidate"]) == (
        "plain",
        "own-1",
        "ann-larchs-good-hedges-2012",
    )
    assert "fullhouse film accept SET ID" in run("review")
    link = as_json("accept", "plain", "own-1", "--film", doubt["candidate"])
    assert (link["film"], link["status"]) == (doubt["candidate"], "accepted")
    assert as_json("review") == {"entries": []}
    view = as_json("show", "good-hedges-2012")
    assert view["film"] == doubt["candidate"]
    assert {f["origin"] for f in view["facts"]} == {"plain", "us-daily"}
    assert as_json("list")["total"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "us-dayly", "days.csv"], "No kind 'us-dayly'.*Did you mean 'us-daily'"),
        (["import", "us-daily", "no.csv"], "There is no file no.csv"),
        (["import", "tmdb", "days.csv"], "days.csv is not TMDB 5000.*no column budget"),
        (["import", "us-daily", "days.csv", "--territory", "US"], "is for plain files"),
        (["import", "plain", "films.csv", "--simulated"], "this workspace is not"),
        (["import", "plain", "films.csv", "--territory", "usa"], "two upper-case letters"),
        (["import", "plain", "films.csv", "--currency", "dollar"], "three upper-case letters"),
        (["show", "a-hare-way-2017"], "No film.*Did you mean 'a-hares-way-2017'"),
        (["show", "a-hares-way-2017", "--as-of", "soon"], "--as-of must be a date"),
        (["show", "a-hares-way-2017", "--as-of", "2099-01-01"], "1 January 2099 has not come yet"),
        (["show", "a-hares-way-2017", "--territory", "us"], "two upper-case letters"),
        (["set", "a-hares-way-2017", "theatres=3"], "No field 'theatres'.*'theaters'"),
        (["set", "a-hares-way-2017", "theaters=many"], "theaters must be a number"),
        (["set", "a-hares-way-2017", "theaters"], "written field=value"),
        (["set", "a-hares-way-2017", "budget=5"], "budget needs its currency"),
        (["set", "a-hares-way-2017", "opening=1.5.2027"], "opening must be a date"),
        (["add", " "], "needs a title"),
        (["add", "X", "--territory", "usa"], "two upper-case letters"),
        (["accept", "plain", "own-1"], "either --film FILM"),
        (["accept", "plain", "own-9", "--new"], "No entry 'own-9'"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, list) else "",
)
def test_a_mistake_says_what_was_given_and_what_would_do(
    imported: Path, arguments: list[str], message: str
) -> None:
    import re

    assert re.search(message, refused(*arguments))


def test_a_simulated_workspace_takes_only_simulated_files(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.init_house(str(house / "made"), simulated=True, environment={}).close()
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(house / "made"))
    assert "This workspace is simulated" in refused("import", "us-daily", "days.csv")
    assert "This workspace is simulated" in refused("import", "plain", "films.csv")
    assert as_json("import", "plain", "films.csv", "--simulated")["sets"][0]["new"] == 2
    assert as_json("add", "Kestrel")["film"] == "kestrel"


def test_all_of_it_from_python(imported: Path) -> None:
    from datetime import date

    with fh.open(str(imported / "house")) as house:
        assert fh.film_import(house, fh.ImportFilms(imported / "films.csv")).known == 2
        film = fh.film_add(
            house,
            fh.AddFilm(
                "Larch",
                opening=date(2027, 1, 1),
                territory="US",
                known_on=date(2024, 1, 1),
                values={"genres": ["Drama"], "budget": (5, "USD"), "theaters": 30},
            ),
        )
        since = {"territory": "US", "known_on": date(2024, 2, 1)}
        fh.film_set(house, fh.SetFilm(film, {"theaters": 40}, **since))
        view = fh.film_show(house, fh.ShowFilm(film, territory="US", as_of=date(2024, 1, 31)))
        assert view.known.facts["theaters"] == 30
        assert view.known.facts["budget"] == (5, "USD")
        with pytest.raises(InputError, match="theaters is of type number"):
            fh.film_set(house, fh.SetFilm(film, {"theaters": [1]}, **since))
        listed = fh.film_list(house, fh.ListFilms(search="larch", most=1))
        assert (listed.total, len(listed.films)) == (2, 1)
        assert len(fh.film_review(house)) == 1
        assert (
            fh.film_accept(house, fh.AcceptFilm("plain", "own-1", film=None)).status == "accepted"
        )


def test_forecasts_by_others_are_taken_and_judged_by_source(imported: Path) -> None:
    (imported / "trade.csv").write_text(
        "title,friday,forecast_usd,days,low_usd,high_usd\n"
        "A Hare's Way,2017-01-27,1500,2,1400,1600\n"
    )
    (first,) = as_json("import", "trade-forecasts", "trade.csv")["sets"]
    assert (first["matched"], first["new"], first["forecasts"]) == (1, 0, 1)
    assert "imported before" in run("import", "trade-forecasts", "trade.csv")
    done = CliRunner().invoke(commands, ["scorebook", "sources", "--json"], catch_exceptions=False)
    (record,) = json.loads(done.stdout)["sources"]
    assert (record["source"], record["horizon"]) == ("trade", "T-1")
    every = record["groups"][0]
    assert (every["group"], every["films"], every["ranges"], every["inside"]) == ("all", 1, 1, 0)
    assert every["factor"] == pytest.approx(1200 / 1500)
    shown = CliRunner().invoke(commands, ["scorebook", "sources"], catch_exceptions=False).output
    assert "+25%" in shown
    assert "0% of 1" in shown
