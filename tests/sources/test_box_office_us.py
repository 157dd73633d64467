"""The reader of US daily grosses: rows made up here in the set's own form."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fullhouse.core.errors import InputError
from fullhouse.films import FilmEntry
from fullhouse.sources import box_office_us

HEAD = "date,release_id,title,gross,theaters,to_date,day_number,distributor\n"


def read(folder: Path, *rows: str) -> box_office_us.FilmSet:
    path = folder / "days.csv"
    path.write_text(HEAD + "".join(f"{r}\n" for r in rows), encoding="utf-8")
    return box_office_us.read(path)


def output(entry: FilmEntry) -> dict[str, object]:
    return {s.field: s.value for s in entry.facts}


def test_a_release_with_its_facts_and_the_days_they_were_known(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "2017-01-28,rl1,A Hare's Way,700,610,1200,2,Larch",
        "2017-01-27,rl1,A Hare's Way,500,600,500,1,Larch",
    )
    (entry,) = result.entries
    opening = date(2017, 1, 27)
    assert (entry.id, entry.title, entry.opening) == ("rl1", "A Hare's Way", opening)
    assert output(entry) == {
        "title": "A Hare's Way",
        "opening": opening,
        "distributor": "Larch",
        "plan": "wide",
        "theaters": 600,
    }
    known = {s.field: (opening - s.known_on).days for s in entry.facts}
    assert known == {"title": 180, "opening": 180, "distributor": 180, "plan": 180, "theaters": 1}
    assert result.grosses.to_pylist()[0] == {
        "id": "rl1",
        "territory": "US",
        "day": opening,
        "gross": 500.0,
        "currency": "USD",
        "theaters": 600,
        "to_date": 500.0,
        "known_on": opening + timedelta(days=1),
    }


@pytest.mark.parametrize(
    ("rows", "opening", "theaters"),
    [
        # Previews on the eve: the day numbered 1 opens.
        (["2009-05-07,r,S,40,900,40,,P", "2009-05-08,r,S,75,3800,115,1,P"], "2009-05-08", 3800),
        # The file begins in the run: counted back, and the first day's cinemas are not known.
        (["2000-01-01,r,S,40,900,400,16,P"], "1999-12-17", None),
        # The first day is missing, the second stands in.
        (["2016-05-07,r,S,40,90,400,2,P"], "2016-05-06", 90),
        # Previews on Tuesday count as day 1, without cinemas.
        (["2023-06-06,r,S,900,,900,1,P", "2023-06-09,r,S,9000,4000,9900,4,P"], "2023-06-09", 4000),
        # Two cinemas on Wednesday, everywhere on Friday.
        (
            [
                "2001-05-16,r,S,20,2,20,1,P",
                "2001-05-17,r,S,19,2,39,2,P",
                "2001-05-18,r,S,11573,3587,11612,3,P",
            ],
            "2001-05-18",
            3587,
        ),
        # It only grew: no second opening.
        (["2017-09-22,r,S,520,573,520,1,P", "2017-09-29,r,S,269,645,789,8,P"], "2017-09-22", 573),
        # A first day without a count that took as much as the next was as wide.
        (["2016-05-06,r,S,400,,400,1,P", "2016-05-07,r,S,500,900,900,2,P"], "2016-05-06", 900),
        # It went wide after weeks: a platform release.
        (["2016-12-09,r,S,40,5,40,1,P", "2016-12-25,r,S,900,700,940,17,P"], "2016-12-09", 5),
        # No count on the first day.
        (["2016-05-06,r,S,40,,400,1,P", "2016-05-07,r,S,40,90,400,2,P"], "2016-05-06", 90),
        # No row has a number.
        (["2006-03-23,r,S,40,180,40,,P"], "2006-03-23", 180),
    ],
    ids=[
        "previews",
        "in its run",
        "no day 1",
        "previews as day 1",
        "few first",
        "grew",
        "as wide",
        "platform",
        "no count",
        "no number",
    ],
)
def test_when_a_release_opened(
    tmp_path: Path, rows: list[str], opening: str, theaters: int | None
) -> None:
    result = read(tmp_path, *rows)
    (entry,) = result.entries
    assert entry.opening == date.fromisoformat(opening)
    assert output(entry).get("theaters") == theaters
    assert ("plan" in output(entry)) == (theaters is not None)
    assert result.grosses.num_rows == len(rows), "days stay as they are, previews too"


@pytest.mark.parametrize(
    ("text", "title", "again"),
    [
        ("Bramble2010 Re-release", "Bramble", True),
        ("Bramble2012 3D Release", "Bramble", True),
        ("Bramble2012 3D/IMAX Release", "Bramble", True),
        ("Bramble2003 Director's Cut", "Bramble", True),
        ("Bramble RunnerThe Final Cut (2007 re-release)", "Bramble RunnerThe Final Cut", True),
        ("Bramble 2012", "Bramble 2012", False),
        ("2012", "2012", False),
    ],
)
def test_a_note_that_it_is_shown_again_is_no_part_of_the_title(
    text: str, title: str, again: bool
) -> None:
    assert box_office_us.title_and_again(text) == (title, again)


def test_a_dash_is_no_distributor(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, "2017-01-27,r,S,500,600,500,1,-").entries
    assert "distributor" not in output(entry)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("27.1.2017,r,S,5,6,5,1,P", "date is not YYYY-MM-DD"),
        (",r,S,5,6,5,1,P", "date is not YYYY-MM-DD"),
        ("2017-01-27,,S,5,6,5,1,P", "no release_id"),
        ("2017-01-27,r,,5,6,5,1,P", "no title"),
        ("2017-01-27,r,S,-5,6,5,1,P", "gross is negative"),
        ("2017-01-27,r,S,,6,5,1,P", "gross is not a number"),
        ("2017-01-27,r,S,5,few,5,1,P", "theaters is not a count"),
        ("2017-01-27,r,S,5,6,5,0,P", "day_number is not a count from 1"),
        ("2017-01-26,good,S,5,6,5,1,P", "a second row for this day"),
    ],
)
def test_a_bad_row_is_counted_and_the_others_are_read(
    tmp_path: Path, row: str, problem: str
) -> None:
    result = read(tmp_path, "2017-01-26,good,S,5,6,5,1,P", row)
    assert [(p.row, p.problem) for p in result.problems] == [(2, problem)]
    assert (result.read, result.grosses.num_rows) == (2, 1)


def test_a_gross_that_contradicts_its_column_is_said(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "2017-01-27,r,S,11550,3000,11550000,1,P",
        "2017-01-28,r,S,13200000,3000,24750000,2,P",
    )
    (problem,) = result.problems
    assert (problem.row, problem.given) == (1, "11,550; taken as 11,550,000")
    assert "contradicts" in problem.problem
    assert result.grosses.num_rows == 2, "the row stays as it is; what is learned from is mended"


def test_parquet_reads_the_same_and_has_its_own_digest(tmp_path: Path) -> None:
    rows = {
        "date": pa.array([date(2017, 1, 27)], pa.date32()),
        "release_id": ["rl1"],
        "title": ["S"],
        "gross": [500],
        "theaters": pa.array([600], pa.int32()),
        "to_date": [500],
        "day_number": pa.array([1], pa.int32()),
        "distributor": ["P"],
    }
    path = tmp_path / "days.parquet"
    pq.write_table(pa.table(rows), path)
    one, other = box_office_us.read(path), read(tmp_path, "2017-01-27,rl1,S,500,600,500,1,P")
    assert (one.entries, one.grosses) == (other.entries, other.grosses)
    assert one.digest != other.digest
    assert one.digest == box_office_us.read(path).digest


def test_another_file_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("date,title\n2017-01-27,S\n")
    with pytest.raises(InputError, match=r"x\.csv is not .*: it has no column release_id, gross"):
        box_office_us.read(path)
    with pytest.raises(InputError, match="no file"):
        box_office_us.read(tmp_path / "y.csv")
    (tmp_path / "z.parquet").write_bytes(b"no parquet")
    with pytest.raises(InputError, match="cannot be read"):
        box_office_us.read(tmp_path / "z.parquet")
