"""Credits come in whole, are known by their day, and are gone once a name is suppressed."""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse import app
from fullhouse.control.runs import begin_run, end_run, run_result
from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json
from fullhouse.sources import talent_ip
from fullhouse.talent.credit import CreditsImported, named_id
from fullhouse.talent.find_fit import read_costs
from fullhouse.talent.read import read_credits
from fullhouse.talent.store import _to_suppress

HEAD = "person,name,role,billing,title,opening,known_on\n"
CREDITS = f"""{HEAD}7,Penélope Larch,Actor,1,Bramble,2016-03-04,
7,Penélope Larch,Actor,4,Bramble,2016-03-04,
7,Penélope Larch,cast,1,Good Hedges,2018-02-20,
8,Ann Holm,Director,,Good Hedges,2018-02-20,2018-01-15
8,Ann Holm,Director,,The Kestrel,2027-05-01,
9,Jo Ash,Caterer,,Bramble,2016-03-04,
,,cast,2,Bramble,2016-03-04,
7,Penélope Larch,cast,0,The Kestrel,2027-05-01,
7,Penélope Larch,cast,2,The Kestrel,tomorrow,
10,Li Wei,cast,3,Not Here Yet,2019-09-09,
"""


def imported(house: "app.Context", tmp_path: Path, text: str = CREDITS) -> CreditsImported:
    path = tmp_path / "credits.csv"
    path.write_text(text, "utf-8")
    return fh.talent_import(house, fh.ImportCredits(path))


def test_bad_rows_are_named_with_the_reason_and_the_rest_comes_in(house, tmp_path) -> None:
    result = imported(house, tmp_path)
    assert [(p.row, p.problem, p.given) for p in result.problems] == [
        (
            6,
            "role is none of cast, director, writer, producer, composer, camera, editor",
            "Caterer",
        ),
        (7, "no name", "nothing"),
        (8, "billing is no whole number from 1", "0"),
        (9, "opening is not YYYY-MM-DD", "tomorrow"),
    ]
    assert (result.read, result.credits, result.repeated, result.waiting) == (10, 5, 1, 1)
    assert imported(house, tmp_path).already


@given(st.sampled_from(["N/A", "unknown", " - ", "...", "'", "null", "未知", "None", "-.-"]))
@settings(max_examples=9, deadline=None)
def test_what_stands_for_a_missing_name_is_nobody(tmp_path_factory, name) -> None:
    path = tmp_path_factory.mktemp("c") / "credits.csv"
    path.write_text(f"name,role,film\n{name},cast,x\nJ.J.,cast,x\n", "utf-8")
    result = read_credits(path)
    assert [(p.row, p.problem) for p in result.problems] == [(1, "no name")]
    assert result.credits["name"].to_pylist() == ["J.J."]


@pytest.mark.parametrize("column", ["name", "role", "film"])
def test_a_column_of_lists_is_refused_and_no_traceback(tmp_path, column) -> None:
    row = {"name": ["Ann"], "role": ["cast"], "film": ["x"]}
    pq.write_table(pa.table(row | {column: [["cast", "director"]]}), tmp_path / "c.parquet")
    with pytest.raises(InputError, match=r"A column of type list<.*is no text"):
        read_credits(tmp_path / "c.parquet")


def test_a_column_that_a_file_has_twice_is_refused(tmp_path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("name,role,film,role\nAnn,cast,x,director\n")
    with pytest.raises(InputError, match="more than one column role"):
        read_credits(path)
    path.write_text("name,cost,cost\nAnn,1,2\n")
    with pytest.raises(InputError, match="more than one column cost"):
        read_costs(path, [])


def test_a_place_in_the_cast_that_is_no_number_is_a_problem_of_its_row(tmp_path) -> None:
    rows = {"movie_id": [1, 1, 1], "person_id": [7, 8, 9], "name": ["Ann", "Bo", "Cy"],
            "job": ["Actor"] * 3, "cast_order": ["0", "first", None]}  # fmt: skip
    pq.write_table(pa.table(rows), tmp_path / "c.parquet")
    result = talent_ip.read(tmp_path / "c.parquet")
    assert [(p.row, p.given) for p in result.problems] == [(2, "first")]
    assert result.credits["billing"].to_pylist() == [1, None]


def test_stored_results_of_credits_are_forgotten_when_somebody_is_suppressed(
    house, tmp_path
) -> None:
    imported(house, tmp_path)
    for name, table in (("a", "talent_credit"), ("b", "film_fact"), ("c", "person_event")):
        begin_run(house.control, name, kind="x", request="", digest=name, process="p")
        end_run(house.control, name, "finished", seconds=1, versions={table: 1}, result=b"Larch")
    fh.talent_suppress(house, fh.SuppressTalent("Penelope Larch"))
    assert [run_result(house.control, n) for n in "abc"] == [None, None, b"Larch"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ann", "Bo", "", "Ann"]),
            st.sampled_from(["cast", "Director", "juggler", ""]),
            st.sampled_from(["1", "2", "x", "-1", "", "1.5"]),
            st.sampled_from(["Bramble", ""]),
            st.sampled_from(["2016-03-04", "2016-02-31", ""]),
        ),
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_every_row_is_a_credit_a_repeat_or_a_problem(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("c") / "credits.csv"
    lines = "".join(f"{n},{r},{b},{t},{o}\n" for n, r, b, t, o in rows)
    path.write_text("name,role,billing,title,opening\n" + lines + "Ann,cast,1,B,2016-03-04\n")
    result = read_credits(path)
    refused = {p.row for p in result.problems}
    assert result.read == result.credits.num_rows + result.repeated + len(refused)
    assert len(refused) == len(result.problems)


def test_a_credit_counts_from_the_day_on_which_it_was_known(house, tmp_path) -> None:
    imported(house, tmp_path)

    def known(day: str, name: str) -> list[str]:
        view = fh.talent_show(house, fh.ShowTalent(name, as_of=day))
        return [c.film for c in view.credits]

    assert known("2018-03-01", "ann holm") == ["good-hedges-2018"]
    assert known("2017-10-01", "Penelope  LARCH") == ["good-hedges-2018", "bramble-2016"]
    assert known("2017-01-01", "plain:7") == ["bramble-2016"]
    with pytest.raises(InputError, match="Nobody called 'ann holm' is credited here"):
        known("2018-01-14", "ann holm")


def test_a_credit_waits_for_its_film(house, tmp_path) -> None:
    imported(house, tmp_path)
    assert [t.name for t in fh.talent_list(house).talents] == ["Penélope Larch", "Ann Holm"]
    fh.film_add(house, fh.AddFilm("Not Here Yet", opening="2019-09-10", known_on="2019-01-01"))
    assert "Li Wei" in [t.name for t in fh.talent_list(house).talents]


def test_a_name_without_an_id_is_the_one_person_of_that_name(house, tmp_path) -> None:
    imported(house, tmp_path)
    more = tmp_path / "more.csv"
    more.write_text("name,role,film\nANN HOLM,writer,bramble-2016\n")
    fh.talent_import(house, fh.ImportCredits(more))
    (line,) = fh.talent_list(house, fh.ListTalent(search="holm")).talents
    assert (line.talent, line.roles, line.films) == ("plain:8", ("director", "writer"), 2)


def test_two_people_of_one_name_are_asked_for_by_id(house, tmp_path) -> None:
    imported(house, tmp_path, f"{HEAD}1,Jo Ash,cast,1,Bramble,2016-03-04,\n"
             "2,Jo Ash,director,,Bramble,2016-03-04,\n")  # fmt: skip
    with pytest.raises(InputError, match="2 people are called 'Jo Ash': plain:1, plain:2"):
        fh.talent_show(house, fh.ShowTalent("Jo Ash"))
    fh.talent_suppress(house, fh.SuppressTalent("plain:1"))
    assert [t.talent for t in fh.talent_list(house).talents] == ["plain:2"]


@pytest.mark.parametrize("asked", ["Penélope Larch", "plain:7", "penelope larch"])
def test_a_suppressed_name_is_in_no_output_also_when_imported_again(house, tmp_path, asked) -> None:
    imported(house, tmp_path)
    assert fh.talent_suppress(house, fh.SuppressTalent(asked)).credits == 2
    again = tmp_path / "again.csv"
    again.write_text(f"{HEAD}77,PENELOPE Larch,cast,1,The Kestrel,2027-05-01,\n")
    result = fh.talent_import(house, fh.ImportCredits(again))
    assert (result.credits, result.suppressed) == (0, 1)
    imported(house, tmp_path, CREDITS + "11,Bo Elm,cast,2,Bramble,2016-03-04,\n")
    listed = fh.talent_list(house)
    assert [t.name for t in listed.talents] == ["Ann Holm", "Bo Elm"]
    with pytest.raises(InputError, match="Nobody called") as problem:
        fh.talent_show(house, fh.ShowTalent("Penelope Larc"))
    written = json.dumps(as_json([asdict(listed), [vars(e) for e in fh.audit(house)]]), default=str)
    assert "Larch" not in written + str(problem.value)


SPELLINGS = ["Jo Ash", "Joseph Ash", "JOSÉ ASH-ELM"]


@given(
    st.lists(st.sampled_from(SPELLINGS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(SPELLINGS), max_size=2, unique=True),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_who_is_suppressed_is_in_no_spelling_and_namesakes_stay(own, other, data) -> None:
    """Person a:1 has every spelling of `own`, also by name only; a:2 those of `other`."""
    pairs = [("a:1", n) for n in own] + [(named_id(n), n) for n in own]
    pairs += [("a:2", n) for n in other]
    asked = data.draw(st.sampled_from(["a:1", *(n for n in own if n not in other)]))
    ids, shared = _to_suppress(pairs, asked)
    assert ids == {"a:1", *(named_id(n) for n in own if n not in other)}
    assert shared == {named_id(n) for n in own if n in other}


@pytest.mark.parametrize("asked", ["plain:1", "Jo Ash", "joseph ash"])
def test_every_spelling_goes_from_credits_and_films_also_by_name_only(
    house, tmp_path, asked
) -> None:
    imported(house, tmp_path, f"{HEAD}1,Jo Ash,cast,1,Bramble,2016-03-04,\n"
             "1,Joseph Ash,cast,1,Good Hedges,2018-02-20,\n"
             ",Jo Ash,writer,,Good Hedges,2018-02-20,\n"
             ",Joseph Ash,writer,,Bramble,2016-03-04,\n")  # fmt: skip
    fh.film_set(house, fh.SetFilm("bramble-2016", {"talent": "JOSEPH ASH|Jo Ash|Li Wei"}))
    assert fh.talent_suppress(house, fh.SuppressTalent(asked)).credits == 4
    assert fh.talent_list(house).total == 0
    film = fh.film_show(house, fh.ShowFilm("bramble-2016"))
    assert film.known.facts["talent"] == ["Li Wei"]


def test_credits_by_a_name_that_two_bore_go_to_neither_when_one_is_suppressed(
    house, tmp_path
) -> None:
    imported(house, tmp_path, f"{HEAD}1,Jo Ash,cast,1,Bramble,2016-03-04,\n"
             "2,Jo Ash,director,,Bramble,2016-03-04,\n"
             ",Jo Ash,writer,,Good Hedges,2018-02-20,\n")  # fmt: skip
    fh.talent_suppress(house, fh.SuppressTalent("plain:1"))
    lines = {t.talent: t.roles for t in fh.talent_list(house).talents}
    assert lines == {"plain:2": ("director",), "name:jo ash": ("writer",)}
    fh.talent_suppress(house, fh.SuppressTalent("plain:2"))
    assert fh.talent_list(house).total == 0


def test_a_suppressed_name_goes_out_of_what_is_known_of_films(house, tmp_path) -> None:
    path = tmp_path / "more.csv"
    row = "film,title,territory,known_on,opening,talent\nz,Ferns,US,2018-01-01,2018-06-01,"
    path.write_text(f"{row}Jo Ash|Ann Holm\n")
    fh.film_import(house, fh.ImportFilms(path))

    def talent(film: str) -> object:
        return fh.film_show(house, fh.ShowFilm(film)).known.facts.get("talent")

    assert talent("ferns-2018") == ["Jo Ash", "Ann Holm"]
    fh.talent_suppress(house, fh.SuppressTalent("jo ash"))
    assert talent("ferns-2018") == ["Ann Holm"]
    assert fh.film_import(house, fh.ImportFilms(path)).already
    path.write_text(f"{row}JO ASH|Bo Elm\n")
    fh.film_import(house, fh.ImportFilms(path))
    assert talent("ferns-2018") == ["Bo Elm"]
    fh.film_set(house, fh.SetFilm("bramble-2016", {"talent": "Jo Ash|Li Wei"}))
    assert talent("bramble-2016") == ["Li Wei"]
    film = fh.film_add(house, fh.AddFilm("Moor", values={"talent": "Jo Ash"}))
    assert talent(film) == []


def test_a_name_is_suppressed_before_it_is_ever_credited(house, tmp_path) -> None:
    assert fh.talent_suppress(house, fh.SuppressTalent("Li Wei")).credits == 0
    assert imported(house, tmp_path).suppressed == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,part\nA,b\n", "has no column role"),
        ("name,role\nA,cast\n", "does not say which film"),
    ],
)
def test_a_file_that_is_no_table_of_credits_is_refused(house, tmp_path, text, sentence) -> None:
    with pytest.raises(InputError, match=sentence):
        imported(house, tmp_path, text)


def test_strict_refuses_a_file_with_any_problem(house, tmp_path) -> None:
    (tmp_path / "credits.csv").write_text(CREDITS)
    with pytest.raises(InputError):
        fh.talent_import(house, fh.ImportCredits(tmp_path / "credits.csv", strict=True))
    assert fh.talent_list(house).total == 0


def test_too_few_films_for_effects_are_counted(house, tmp_path) -> None:
    imported(house, tmp_path)
    view = fh.talent_show(house, fh.ShowTalent("Ann Holm"))
    assert view.effects is None
    assert "0 films have credits, a budget and a gross, and 200 are needed" in str(view.why_not)
    assert view.as_of == date(2020, 6, 1)


def test_credits_of_a_film_without_an_opening_wait_and_are_counted(house, tmp_path) -> None:
    film = fh.film_add(house, fh.AddFilm("Moor"))
    path = tmp_path / "more.csv"
    path.write_text(f"name,role,film,known_on\nAnn,cast,{film},\nBo,cast,{film},2019-01-01\n")
    assert fh.talent_import(house, fh.ImportCredits(path)).waiting == 1
    assert [t.name for t in fh.talent_list(house).talents] == ["Bo"]
    path.write_text(f"name,role,film,known_on\nCy,cast,{film},2019-01-01\n")
    assert fh.talent_import(house, fh.ImportCredits(path)).waiting == 0
