"""The Maoyan reader: a workbook made up here in the set's own form."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import maoyan

HEAD = ("title", "type", "actors", "href", "score", "票房", "showtime", "area", "时长")
ROW: dict[str, Any] = {
    "title": "大兔子",
    "type": "动画／喜剧",
    "actors": "甲／乙",
    "href": "https://www.maoyan.com/films/12",
    "score": 9.6,
    "票房": "1.5亿",
    "showtime": datetime(2019, 7, 26),  # noqa: DTZ001
    "area": "中国大陆，法国",
    "时长": 110,
}


def write(folder: Path, *rows: dict[str, Any], head: tuple[str, ...] = HEAD) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(head)
    for row in rows:
        book.active.append([row.get(h) for h in head])
    path = folder / "films.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("50.36亿", 5_036_000_000),
        ("2亿", 200_000_000),
        ("9181万", 91_810_000),
        ("0.3万", 3_000),
        ("8200", 8_200),
        ("8200元", 8_200),
        ("暂无", None),
        ("-1万", None),
        ("", None),
    ],
)
def test_amounts_are_read_in_their_units(text: str, yuan: int | None) -> None:
    assert maoyan.amount(text) == yuan


@pytest.mark.parametrize(
    "given",
    [
        datetime(2019, 7, 26),  # noqa: DTZ001
        date(2019, 7, 26),
        43672,
        "43672",
        "2019-07-26",
        "2019/7/26",
        "2019年7月26日",
    ],
)
def test_days_are_read_however_they_are_kept(given: object) -> None:
    assert maoyan.day(given) == date(2019, 7, 26)


@pytest.mark.parametrize("given", [None, "", "待定", "2019-13-01", 0])
def test_what_is_no_day_is_none(given: object) -> None:
    assert maoyan.day(given) is None


def test_a_release_with_its_total(tmp_path: Path) -> None:
    (entry,) = maoyan.read(write(tmp_path, ROW)).entries
    assert (entry.id, entry.title, entry.opening) == ("12", "大兔子", date(2019, 7, 26))
    assert {s.field: s.value for s in entry.facts} == {
        "title": "大兔子",
        "opening": date(2019, 7, 26),
        "genres": ["动画", "喜剧"],
        "talent": ["甲", "乙"],
        "countries": ["中国大陆", "法国"],
        "runtime_minutes": 110,
        "total": [150_000_000, "CNY"],
    }
    after = {s.field: (s.known_on - entry.opening).days for s in entry.facts}
    assert after.pop("total") == 180
    assert set(after.values()) == {-180}


@pytest.mark.parametrize(
    ("change", "entries", "problem"),
    [
        ({"票房": None, "actors": None, "时长": None, "href": "/films/13"}, 2, None),
        ({"票房": "暂无", "href": "/films/13"}, 2, "票房 is not an amount such as 50.36亿"),
        ({"时长": "长", "href": "/films/13"}, 2, "时长 is not a number of minutes"),
        ({"showtime": "待定", "href": "/films/13"}, 1, "showtime is not a date"),
        ({"href": ""}, 1, "no title, or no number in href"),
        ({}, 1, "a second row for this film"),
    ],
)
def test_a_bad_row_is_a_problem(
    tmp_path: Path, change: dict[str, Any], entries: int, problem: str | None
) -> None:
    result = maoyan.read(write(tmp_path, ROW, ROW | change))
    assert len(result.entries) == entries
    assert [(p.row, p.problem) for p in result.problems] == ([(2, problem)] if problem else [])


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a workbook of Maoyan's releases.*no column type"):
        maoyan.read(write(tmp_path, head=("title", "year")))
    (tmp_path / "x.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match=r"x\.xlsx is not a workbook"):
        maoyan.read(tmp_path / "x.xlsx")
    (tmp_path / "x.csv").write_text("title\n")
    with pytest.raises(InputError, match=r"x\.csv is not a workbook"):
        maoyan.read(tmp_path / "x.csv")


def test_without_openpyxl_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, ROW)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"pip install 'fullhouse\[xlsx\]'"):
        maoyan.read(path)
