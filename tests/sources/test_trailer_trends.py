"""The reader of search interest: lines made up here in the set's own form."""

from datetime import date
from pathlib import Path

import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import trailer_trends

HEAD = "dates,searches,title\n"


def read(folder: Path, *lines: str) -> trailer_trends.FilmSet:
    path = folder / "searches.csv"
    path.write_text(HEAD + "".join(f"{x}\n" for x in lines), encoding="utf-8")
    return trailer_trends.read(path)


def test_weeks_are_known_when_the_last_is_over(tmp_path: Path) -> None:
    # Scaled to the greatest of them: a week's value is not known before the others are.
    result = read(tmp_path, "2015-01-04,100,Hare", "2015-01-11,40,Hare", "2016-01-03,1,Larch")
    assert [(r["id"], r["day"], r["value"], r["known_on"]) for r in result.signals.to_pylist()] == [
        ("Hare", date(2015, 1, 4), 100.0, date(2015, 1, 18)),
        ("Hare", date(2015, 1, 11), 40.0, date(2015, 1, 18)),
        ("Larch", date(2016, 1, 3), 1.0, date(2016, 1, 10)),
    ]
    assert [(e.id, e.opening) for e in result.entries] == [
        ("Hare", date(2015, 2, 13)),
        ("Larch", date(2016, 2, 5)),
    ]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Hello, Hare", "Hello, Hare"),
        ('"Hello, My Name Is Hare"', "Hello, My Name Is Hare"),
        ('"So ""Called"""', 'So "Called"'),
        ("Hare, Larch, and I", "Hare, Larch, and I"),
    ],
)
def test_a_title_is_the_rest_of_the_line(tmp_path: Path, written: str, title: str) -> None:
    assert [e.title for e in read(tmp_path, f"2015-01-04,3,{written}").entries] == [title]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2015-01-04,1,Hare", "a second row for this week"),
        ("4 Jan,1,Hare", "not a date and a whole number"),
        ("2015-01-11,many,Hare", "not a date and a whole number"),
        ("2015-01-11,-1,Hare", "a negative number, or no title"),
        ("2015-01-11,1,", "a negative number, or no title"),
        ("2015-01-11", "not a date, a number and a title"),
    ],
)
def test_a_bad_line_is_a_problem(tmp_path: Path, line: str, problem: str) -> None:
    result = read(tmp_path, "2015-01-04,2,Hare", line)
    assert [(p.row, p.problem) for p in result.problems] == [(2, problem)]
    assert result.signals["value"].to_pylist() == [2.0]


def test_a_head_in_the_middle_is_no_row(tmp_path: Path) -> None:
    result = read(tmp_path, "2015-01-04,2,Hare", HEAD.strip(), "2015-01-04,3,Larch")
    assert (result.read, result.problems, len(result.entries)) == (2, (), 2)


def test_the_other_file_of_the_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "df_final.csv"
    path.write_text("title,num_peaks,views\nHare,1,2\n")
    with pytest.raises(InputError, match=r"df_final\.csv is not searches\.csv"):
        trailer_trends.read(path)
