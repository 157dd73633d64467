"""The reader of budgets: lines made up here in the table's own form, and the real one."""

from datetime import date
from pathlib import Path

import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import budgets

HEAD = (
    "title,release_date,production_budget,domestic_gross,worldwide_gross,genre,story_source,rest\n"
)


def read(folder: Path, *lines: str, head: str = HEAD) -> budgets.FilmSet:
    path = folder / "budgets.csv"
    path.write_text(head + "".join(f"{x}\n" for x in lines), encoding="utf-8")
    return budgets.read(path)


def test_a_film_has_its_cost_its_grosses_and_what_it_is_based_on(tmp_path: Path) -> None:
    line = (
        'Otterâ\x80\x99s End,"May 20, 2011","$12,000,000","$5,000,000","$9,000,000",'
        "Black Comedy,Based on TV,"
    )
    (film,) = read(tmp_path, line).entries
    assert film.title == "Otter’s End"
    facts = {(f.field, f.territory): (f.value, f.known_on) for f in film.facts}
    assert facts["budget", ""] == ([12e6, "USD"], date(2010, 11, 21))
    assert facts["total", "US"] == ([5e6, "USD"], date(2011, 11, 16))
    assert facts["worldwide", ""] == ([9e6, "USD"], date(2012, 5, 19))
    assert facts["story_source", ""][0] == "tv"
    assert facts["genres", ""][0] == ["Comedy"]
    assert facts["opening", "US"][0] == date(2011, 5, 20)


def test_what_is_not_known_is_no_fact(tmp_path: Path) -> None:
    (film,) = read(tmp_path, 'Hare,"May 20, 2011","$12,000,000",$0,$0,,,').entries
    assert {f.field for f in film.facts} == {"title", "budget"}


def test_a_row_that_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        'Hare,"May 20, 2011",12 pounds,$0,$0,,,',
        'Lark,20.5.2011,"$12,000,000",$0,$0,,,',
        'Wren,"May 20, 2011","$12,000,000",$0,$0,,,',
        'Wren,"May 20, 2011","$12,000,000",$0,$0,,,',
        ',"May 20, 2011","$12,000,000",$0,$0,,,',
    )
    assert [e.title for e in result.entries] == ["Wren"]
    assert [p.row for p in result.problems] == [1, 2, 4, 5]


def test_another_table_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column title"):
        read(tmp_path, "1,2", head="a,b\n")


def test_the_real_table_is_read_whole(data_folder: Path) -> None:
    result = budgets.read(data_folder / "talent_ip" / "budgets_before_2016.csv")
    assert (len(result.entries), len(result.problems)) == (4829, 0)
    assert all(e.opening is not None and e.opening.year < 2016 for e in result.entries)
