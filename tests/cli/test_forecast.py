"""`fullhouse forecast` as a user types it."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse.cli import root
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from tests.forecast.synthetic_market import EARLY, Market, learned, make, soon

AS_OF = EARLY.isoformat()


@pytest.fixture(scope="module")
def market() -> Market:
    return make()


@pytest.fixture(scope="module")
def made(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = learned(tmp_path_factory.getbasetemp(), market)
    return Path(shutil.copytree(result, tmp_path_factory.mktemp("cli") / "house"))


@pytest.fixture
def house(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FULLHOUSE_WORKSPACE", str(made))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def film(market: Market) -> str:
    return soon(market).film


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["forecast", *arguments], catch_exceptions=False)


def run(*arguments: str) -> str:
    done = invoke(*arguments)
    assert done.exit_code == 0, done.output
    return str(done.output)


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_a_marketer_reads_the_range_why_and_what_it_rests_on(house: Path, film: str) -> None:
    text = run(film, "--as-of", AS_OF, "--no-issue")
    words = (
        "(80 % range); middle estimate",
        "95 % range",
        "opening weekend",
        "Chance that the total of the run passes:",
        "A typical film of this market takes",
        "films like it",
        "once known",
    )
    for word in words:
        assert word in text
    for word in (*words[:2], *words[3:5]):
        assert text.count(word) == 1, word
    assert "score book" not in text


def test_it_is_entered_once_with_its_number_and_hash(house: Path, made: Path, film: str) -> None:
    text = run(film, "--as-of", AS_OF)
    (entry,) = as_json(film, "--as-of", AS_OF)["entries"]
    assert f"Entered in the score book: entry {entry['entry']}" in text
    assert entry["hash"][:12] in text
    assert not entry["new"]
    assert "as of a past day" in text
    assert f"In the score book already: entry {entry['entry']}" in run(film, "--as-of", AS_OF)
    with fh.open(str(made)) as workspace:
        assert [e.hash for e in fh.scorebook_list(workspace, fh.ListEntries(film=film))] == [
            entry["hash"]
        ]


@pytest.mark.slow
def test_several_days_show_how_the_range_narrowed(house: Path, film: str) -> None:
    days = [EARLY - timedelta(days=k) for k in (18, 9, 0)]
    given = [word for day in days for word in ("--as-of", day.isoformat())]
    result = as_json(film, *given, "--no-issue")
    assert [f["as_of"] for f in result["earlier"]] == [d.isoformat() for d in days[:2]]
    assert result["forecast"]["as_of"] == AS_OF
    assert result["entries"] == []
    text = run(film, *given, "--out", "page.html", "--no-issue")
    assert "How the range of the total narrowed" in text
    assert all(f" {d} " in f" {text} ".replace("\n", " ") for d in map(str, days))
    assert "How the range narrows" in (house / "page.html").read_text("utf-8")


def test_chances_are_those_of_the_amounts_asked_for(house: Path, film: str) -> None:
    result = as_json(
        film, "--as-of", AS_OF, "--no-issue", "--passes", "2e7", "--passes", "40000000"
    )
    chances = {p["amount"]: p["probability"] for p in result["passes"]}
    assert list(chances) == [2e7, 4e7]
    assert 0 < chances[4e7] < chances[2e7] < 1
    text = run(film, "--as-of", AS_OF, "--no-issue", "--passes", "9e6",
               "--quantity", "opening-weekend")  # fmt: skip
    assert "Chance that the opening weekend passes: 9 m," in text


def test_what_if_stands_beside_the_forecast_without_it(house: Path, film: str) -> None:
    given = (film, "--as-of", AS_OF, "--what-if", "theaters=4000")
    result = as_json(*given)
    assert result["forecast"]["what_if"] == {"theaters": 4000}
    assert result["without"]["what_if"] == {}
    assert result["entries"] == []
    text = run(*given)
    for word in ("What if: this assumes cinemas 4,000", "without", "factor", "would cause"):
        assert word in text
    assert "Entered" not in text


def test_a_rival_can_be_moved(house: Path, market: Market, film: str) -> None:
    other = next(t for t in market.films_of("wide") if t.opening > soon(market).opening)
    move = f"{other.film}={soon(market).opening}"
    result = as_json(film, "--as-of", AS_OF, "--move", move)
    assert result["forecast"]["what_if"] == {
        f"opening of {other.film}": soon(market).opening.isoformat()
    }


def test_comps_of_the_user_are_shown(house: Path, market: Market, film: str) -> None:
    own = [t.film for t in market.films_of("wide")[:2]]
    result = as_json(film, "--as-of", AS_OF, "--no-issue", "--comps", own[0], "--comps", own[1])
    assert [c["film"] for c in result["forecast"]["comps"]] == own
    assert "comps_move" in {n["code"] for n in result["forecast"]["notes"]}


@pytest.mark.slow
def test_files_are_written_and_named(house: Path, film: str) -> None:
    names = ["page.html", "fan.svg", "fan.png", "rows.csv", "rows.parquet"]
    given = [word for name in names for word in ("--out", f"new/{name}")]
    text = run(film, "--as-of", AS_OF, "--no-issue", *given)
    for name in names:
        assert (house / "new" / name).stat().st_size > 500
        assert f"Wrote new/{name}" in text


@pytest.mark.slow
def test_a_slate_lists_the_films_and_their_conflicts(
    house: Path, market: Market, film: str
) -> None:
    last = (EARLY + timedelta(days=50)).isoformat()
    day = (soon(market).opening + timedelta(days=7)).isoformat()
    given = ("--slate", "--as-of", AS_OF, "--to", last, "--film", film, "--try", day)
    result = as_json(*given)
    assert result["first"] == AS_OF
    assert film in {f["film"] for f in result["films"]}
    assert [f["opening"] for f in result["tried"]] == [day]
    text = run(*given, "--out", "slate.svg")
    assert f"{soon_title(result, film)} on other days" in text
    # The first row is the plan itself; wide amounts may cut the word short at 80 columns.
    assert "pla" in text.partition("on other days")[2].partition("would cause")[0]
    assert "would cause" in text
    assert (house / "slate.svg").read_text("utf-8").startswith("<svg")


def soon_title(slate: Any, film: str) -> str:
    return str(next(f["title"] for f in slate["films"] if f["film"] == film))


def test_a_slate_without_films_says_so(house: Path) -> None:
    day = (EARLY + timedelta(days=2)).isoformat()
    text = run("--slate", "--as-of", AS_OF, "--from", day, "--to", day)
    assert "No film is known to open wide in US" in text


@pytest.mark.slow
def test_the_default_days_of_a_slate(house: Path) -> None:
    result = as_json("--slate", "--as-of", AS_OF)
    assert (result["first"], result["last"]) == (AS_OF, (EARLY + timedelta(days=120)).isoformat())


FILM = "FILM"
MISTAKES: list[tuple[list[str], str]] = [
    ([], "Which film"),
    (["amber-anchor-1999"], "No film 'amber-anchor-1999' is known in US on 20"),
    ([FILM, "--as-of", "soon"], "--as-of must be a date written YYYY-MM-DD"),
    ([FILM, "--as-of", "2999-01-01"], "1 January 2999 has not come yet"),
    ([FILM, "--territory", "usa"], "two upper-case letters"),
    ([FILM, "--what-if", "theatres=3"], "cannot assume 'theatres'.*Did you mean 'theaters'"),
    ([FILM, "--what-if", "theaters"], "takes NAME=VALUE"),
    ([FILM, "--as-of", AS_OF, "--move", "nobody=2014-05-02"], "--move: no film 'nobody'"),
    ([FILM, "--as-of", AS_OF, "--comps", "nobody"], "No comp 'nobody'"),
    ([FILM, "--passes", "-1"], "--passes takes an amount above 0"),
    ([FILM, "--passes", "nan"], "--passes takes an amount above 0"),
    ([FILM, "--quantity", "totl"], "--quantity takes .*Did you mean 'total'"),
    ([FILM, "--out", "page.pdf"], "--out takes a file ending in .html, .svg|not 'page.pdf'"),
    ([FILM, "--from", "2014-01-01"], "--from is for --slate"),
    ([FILM, "--try", "2014-01-01"], "--try is for --slate"),
    ([FILM, "--slate"], "--slate is of all films. To move one: --film "),
    (["--slate", "--what-if", "theaters=3"], "--what-if is for one film"),
    (["--slate", "--no-issue"], "--no-issue is for one film"),
    (["--slate", "--as-of", "2014-01-01", "--as-of", "2014-01-02"], "takes one --as-of"),
    (["--slate", "--from", "soon"], "--from must be a date"),
    (["--slate", "--try", "soon"], "--try must be a date"),
    (["--slate", "--as-of", AS_OF, "--try", "2014-05-02"], "say of which film: --film FILM"),
    (["--slate", "--film", "x"], "give at least one --try DATE"),
    (["--slate", "--as-of", AS_OF, "--to", "2013-01-01"], "before it begins"),
    (["--slate", "--out", "slate.csv"], "not 'slate.csv'"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_users_mistake_is_explained_in_a_sentence(
    house: Path, film: str, arguments: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        invoke(*(film if a == FILM else a for a in arguments))


def test_a_name_that_is_nearly_right_is_suggested(house: Path, film: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean .*'{film}'"):
        invoke(film[:-1] + "5", "--as-of", AS_OF)


@pytest.mark.slow
def test_a_film_without_an_opening_says_how_to_state_it(house: Path, made: Path) -> None:
    with fh.open(str(made)) as workspace:
        film = fh.film_add(
            workspace,
            fh.AddFilm(
                "Without A Day", opening=None, territory="US", known_on=EARLY - timedelta(days=9)
            ),
        )
    with pytest.raises(InputError, match=f"fullhouse film set {film} opening="):
        invoke(film, "--as-of", AS_OF)
    text = run(film, "--as-of", AS_OF, "--what-if", "opening=2014-05-02")
    assert "Without it there is no forecast: When" in text


ENDS = [
    (["--territory", "FR"], 1, "No gross of any film in 'FR'"),
    (["--as-of", "2011-02-01"], 2, "is known in US on 2011-02-01"),
    (["--passes", "many"], 2, "Invalid value for '--passes'"),
]


@pytest.mark.parametrize(("more", "code", "message"), ENDS, ids=[e[2] for e in ENDS])
def test_exit_codes_and_no_traceback(
    house: Path,
    film: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.setattr("sys.argv", ["fullhouse", "forecast", film, *more])
    assert root.run() == code
    text = capsys.readouterr().err
    assert message in text.replace("\n", " ")
    assert "Traceback" not in text


def test_too_few_films_are_a_failure_and_no_mistake(
    house: Path, market: Market, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film = market.films_of("wide")[30]
    day = film.opening - timedelta(days=9)
    monkeypatch.setattr("sys.argv", ["fullhouse", "forecast", film.film, "--as-of", str(day)])
    assert root.run() == 1
    assert "Not enough past films" in capsys.readouterr().err


def test_a_simulated_house_says_so_once(
    house: Path, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FULLHOUSE_SIMULATED", "true")
    text = run(film, "--as-of", AS_OF, "--no-issue")
    assert text.count("SIMULATED") == 1
    done = invoke(film, "--as-of", AS_OF, "--no-issue", "--json")
    assert json.loads(done.stdout)["forecast"]["simulated"] is True
