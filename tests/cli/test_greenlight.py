"""`fullhouse greenlight` as a user types it, on a house with made-up past films."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse.cli.root import commands
from fullhouse.greenlight.past import read_past
from fullhouse.sources.budgets import COLUMNS
from tests.greenlight.made_films import made_films

IDEA = 'title = "The Kestrel"\nsynopsis = "A boy and his bird."\nbudget = 20e6\n'
MORE = 'genres = ["Drama"]\nstory_source = "tv"\nopening = 2029-05-11\n'


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("greenlight")
    past = made_films(400, seed=5)
    with (folder / "budgets.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        words = {"original": "Original Screenplay", "tv": "Based on TV"}
        for k in range(len(past)):
            day = f"{past.opening[k]:%b %d, %Y}"
            money = [f"${x[k]:,.0f}" for x in (past.budget, past.home, past.gross)]
            source = words.get(past.story_source[k], "Based on Real Life Events")
            rows.writerow([past.title[k], day, *money, past.genres[k][0], source])
    fh.init(str(folder / "house")).close()
    run(folder / "house", "film", "import", "budgets", str(folder / "budgets.csv"))
    (folder / "kestrel.toml").write_text(IDEA + MORE, encoding="utf-8")
    (folder / "otter.toml").write_text(
        IDEA.replace("Kestrel", "Otter") + 'china = "none"\n', encoding="utf-8"
    )
    return folder


def run(house: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(commands, [*words, "-w", str(house)], catch_exceptions=True)
    assert done.exit_code == code, done.output
    return str(done.output)


def weigh(house: Path, *words: str, code: int = 0) -> str:
    return run(house / "house", "greenlight", *words, "--draws", "2000", code=code)


def as_json(house: Path, *words: str) -> Any:
    return json.loads(weigh(house, *words, "--json"))


def test_an_idea_gets_its_chance_its_profit_and_what_would_change_it(house: Path) -> None:
    output = " ".join(weigh(house, str(house / "kestrel.toml"), "--no-issue").split())
    for words in (
        "earns its money back with a chance of",
        "Gross of all countries: likely between",
        "prints and advertising",
        "the expected profit hangs on",
        "pilot first",
        "An even chance to earn the money back",
        "At equal budget and year",
        "The newest past film is of 2014",
    ):
        assert words in output, words


def test_a_greenlight_enters_the_score_book_once_with_its_date(house: Path) -> None:
    first, again = (as_json(house, str(house / "otter.toml")) for _ in range(2))
    assert first["score_book"] == again["score_book"]
    assert first["as_of"]
    listed = json.loads(run(house / "house", "scorebook", "list", "--json"))["entries"]
    assert [e["film"] for e in listed].count("idea-the-otter") == 1
    run(house / "house", "scorebook", "list")
    assert "Intact" in run(house / "house", "scorebook", "verify")
    run(house / "house", "scorebook")


def test_a_film_of_the_catalogue_is_weighed_by_its_own_facts(house: Path) -> None:
    with fh.open(str(house / "house")) as opened:
        film = fh.film_list(opened, fh.ListFilms()).films[0].film
        request = fh.GreenlightFilm(film, draws=2000)
        result = fh.greenlight_film(opened, request)
    assert result.film == film
    assert any(n.code == "already_open" for n in result.notes)
    assert result.to_arrow().num_rows > 12


def test_the_page_the_chart_and_the_table_are_written(house: Path, tmp_path: Path) -> None:
    names = ("k.html", "k.svg", "k.parquet", "k.csv", "k.json")
    outs = [w for n in names for w in ("--out", str(tmp_path / n))]
    weigh(house, str(house / "kestrel.toml"), "--no-issue", *outs)
    page = (tmp_path / "k.html").read_text("utf-8")
    for words in ("The Kestrel", "A boy and his bird.", "What would change the answer", "<svg"):
        assert words in page
    assert "<svg" in (tmp_path / "k.svg").read_text("utf-8")
    assert "profit" in pq.read_table(tmp_path / "k.parquet")["name"].to_pylist()
    assert json.loads((tmp_path / "k.json").read_text())["film"] == "idea-the-kestrel"


def test_a_slate_says_what_each_film_adds(house: Path, tmp_path: Path) -> None:
    ideas = [str(house / n) for n in ("kestrel.toml", "otter.toml")]
    page = str(tmp_path / "slate.html")
    output = weigh(house, "slate", *ideas, "--out", page)
    assert "2 films for" in output
    assert "Films of one year share" in output
    assert "The Otter" in Path(page).read_text("utf-8")
    slate = as_json(house, "slate", *ideas)
    assert sum(f["adds_profit"] for f in slate["films"]) == pytest.approx(slate["profit"]["value"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("slate",), "A slate of which films?"),
        (("a", "b"), "Several films are a slate"),
        (("nobody.toml",), "There is no file nobody.toml"),
        (("no-such-film",), "no-such-film"),
        (("kestrel", "--out", "k.pdf"), "--out takes a file"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    house: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = CliRunner().invoke(commands, ["greenlight", *words, "-w", str(house / "house")])
    assert done.exit_code != 0
    assert sentence in f"{done.output} {done.exception}"


def test_a_house_without_past_films_cannot_tell(house: Path, tmp_path: Path) -> None:
    fh.init(str(tmp_path / "empty")).close()
    words = ["greenlight", str(house / "kestrel.toml"), "-w", str(tmp_path / "empty")]
    done = CliRunner().invoke(commands, words)
    assert isinstance(done.exception, fh.CannotTellError)
    assert "cannot tell what a film like this takes: 0 past films" in str(done.exception)


def test_a_property_is_added_listed_shown_and_valued(house: Path, tmp_path: Path) -> None:
    there = house / "house"
    words = ("--kind", "tv", "--also", "zh=红隼", "--holder", "Larch", "--genre", "Drama")
    assert "the-kestrel" in run(there, "ip", "add", "The Kestrel", *words)
    assert "红隼" in run(there, "ip", "list")
    assert "of the kind 'comic' yet: fullhouse ip add" in run(
        there, "ip", "list", "--kind", "comic"
    )
    shown = run(there, "ip", "show", "红隼")
    assert "Larch" in shown
    assert "No traits are built" in shown
    page = tmp_path / "ip.html"
    value = run(there, "ip", "value", "the-kestrel", "--budget", "20e6", "--out", str(page))
    assert "times" in value
    assert "Who its fans are cannot be told" in value
    assert "Entered in the score book" in value
    assert "with it" in page.read_text("utf-8")
    result = json.loads(run(there, "ip", "value", "红隼", "--budget", "20e6", "--json"))
    assert result["worth"]["effect"]["story_source"] == "tv"
    assert result["turnout"] is None
    run(there, "scorebook")
    run(there, "scorebook", "list")


def test_a_property_of_a_kind_that_no_film_was_made_of_cannot_be_valued(house: Path) -> None:
    there = house / "house"
    run(there, "ip", "add", "A Song of Otters", "--kind", "song")
    value = run(there, "ip", "value", "a-song-of-otters", "--budget", "20e6", "--no-issue")
    assert "the data cannot tell" in value


def test_a_value_of_too_few_films_says_so_and_the_rest_is_told(house: Path) -> None:
    there = house / "house"
    run(there, "ip", "add", "Hare", "--kind", "tv")
    words = ("ip", "value", "hare", "--budget", "20e6", "--no-issue")
    # By then 100 films and more have opened, of too few years that the model has not seen.
    for day in ("1990-06-01", "1995-01-01"):
        run(there, "ip", "add", "Hare", "--kind", "tv", "--known-on", "1980-01-01")
        value = run(there, *words, "--as-of", day)
        assert "too few past films have a budget and a gross" in " ".join(value.split()), day
    done = CliRunner().invoke(commands, [*words, "--risk", "2", "-w", str(there)])
    assert "risk is a chance between 0 and 1" in str(done.exception)


def test_a_film_that_may_still_run_does_not_teach(tmp_path: Path) -> None:
    opening = date(2012, 5, 4)
    with fh.init(str(tmp_path / "house")) as made:
        values = {"budget": (2e7, "USD"), "total": (1e6, "USD")}
        known = opening + timedelta(days=7)
        added = fh.AddFilm("Lately", opening=opening, territory="US", known_on=known, values=values)
        film = fh.film_add(made, added)
        for days, taught in ((8, ()), (119, ()), (120, (film,))):
            day = opening + timedelta(days=days)
            assert read_past(made.lake, "US", day, currency="USD").film == taught, days


def test_an_opening_that_is_past_or_far_off_is_refused(house: Path, tmp_path: Path) -> None:
    file = tmp_path / "typed.toml"
    for day in ("2019-05-11", "2282-05-11"):
        file.write_text(f"{IDEA}opening = {day}\n", encoding="utf-8")
        for words in ((str(file),), ("slate", str(file))):
            done = CliRunner().invoke(
                commands, ["greenlight", *words, "-w", str(house / "house"), "--no-forecast"]
            )
            assert f"opens on {day}" in str(done.exception)


def test_an_idea_may_say_the_opening_that_the_catalogue_does_not_know(
    house: Path, tmp_path: Path
) -> None:
    with fh.open(str(house / "house")) as opened:
        film = fh.film_add(opened, fh.AddFilm("The Heron"))
    file = tmp_path / "heron.toml"
    file.write_text(f'{IDEA}film = "{film}"\nopening = 2030-05-10\n', encoding="utf-8")
    result = as_json(house, str(file), "--no-issue")
    assert (result["film"], result["opening"]) == (film, "2030-05-10")
    assert "no_forecast" in {n["code"] for n in result["notes"]}


def test_a_slate_says_which_of_its_films_have_opened(house: Path) -> None:
    with fh.open(str(house / "house")) as opened:
        film = fh.film_list(opened, fh.ListFilms()).films[0].film
    output = weigh(house, "slate", film, str(house / "otter.toml"), "--no-forecast")
    assert "It opened on" in " ".join(output.split())


def test_terms_of_ones_own_are_said_and_a_file_that_is_no_text_is_refused(
    house: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[terms]\nrental_home = 0.6\n", encoding="utf-8")
    page = tmp_path / "page.html"
    idea = str(house / "otter.toml")
    output = weigh(house, idea, "--no-issue", "--terms", str(own), "--out", str(page))
    assert "Your own terms: rental_home." in output
    assert "Your own terms: rental_home." in page.read_text("utf-8")
    own.write_bytes(b"\xff\xfe[terms]")
    for words in (("greenlight", idea), ("ip", "value", "hare", "--budget", "2e7")):
        done = CliRunner().invoke(
            commands, [*words, "--terms", str(own), "-w", str(house / "house")]
        )
        assert "is not text in UTF-8" in str(done.exception)
