"""Chinese releases with their totals, as gathered from Maoyan into a workbook.

Columns title, type, actors, href, 票房, showtime, area, 时长 (score is known only after release
and is not read). The set carries no licence and is never shipped. Needs the extra `xlsx`.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fullhouse.core.errors import InputError
from fullhouse.films import ANNOUNCED, TOTALLED, EntryFact, FilmEntry, FilmSet, Problem, digest
from fullhouse.films.columns import need_columns

NAME = "maoyan"
READER = "maoyan 1"
WHAT = "a workbook of Maoyan's releases"
COLUMNS = ("title", "type", "actors", "href", "票房", "showtime", "area", "时长")
TERRITORY = "CN"
CURRENCY = "CNY"
UNITS = {"亿": 100_000_000, "万": 10_000, "": 1}
_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[亿万]?)(?:元)?")
_LIST = re.compile(r"[／/，,、]")
_EXCEL_DAY_0 = date(1899, 12, 30)


def read(path: Path) -> FilmSet:
    """Every release with its total, where one stands there."""
    entries, problems, number, ids = [], [], 0, set()
    for number, row in enumerate(_rows(path), start=1):
        entry, more = _entry(number, row)
        problems += more
        if entry is None:
            continue
        if entry.id in ids:
            problems.append(Problem(number, "a second row for this film", entry.id))
            continue
        ids.add(entry.id)
        entries.append(entry)
    return FilmSet(
        name=NAME,
        file=path.name,
        digest=digest(path, READER),
        read=number,
        entries=tuple(entries),
        problems=tuple(problems),
    )


def amount(text: str) -> int | None:
    """Whole yuan of an amount in 亿 (100 million) or 万 (10,000); None when it is none.

    >>> amount("50.36亿"), amount("9181万")
    (5036000000, 91810000)
    """
    match = _AMOUNT.fullmatch(text.strip())
    return round(float(match["number"]) * UNITS[match["unit"]]) if match else None


def day(given: Any) -> date | None:
    """A date given as a date, as an Excel serial number or as text; None when it is none."""
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    text = str(given or "").strip()
    if re.fullmatch(r"\d{5}(\.0)?", text):
        return _EXCEL_DAY_0 + timedelta(days=int(float(text)))
    match = re.match(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})", text)
    try:
        return date(*(int(p) for p in match.groups())) if match else None
    except ValueError:
        return None


def _entry(number: int, row: dict[str, Any]) -> tuple[FilmEntry | None, list[Problem]]:
    title = str(row["title"] or "").strip()
    match = re.search(r"(\d+)/?$", str(row["href"] or ""))
    opening = day(row["showtime"])
    if not title or not match:
        return None, [Problem(number, "no title, or no number in href", title or "nothing")]
    if opening is None:
        return None, [Problem(number, "showtime is not a date", f"{title}: {row['showtime']}")]
    problems: list[Problem] = []
    known_on = opening - ANNOUNCED
    facts = [
        EntryFact("title", title, known_on),
        EntryFact("opening", opening, known_on, TERRITORY),
    ]
    for field, column in (("genres", "type"), ("talent", "actors"), ("countries", "area")):
        names = [n.strip() for n in _LIST.split(str(row[column] or "")) if n.strip()]
        if names:
            facts.append(EntryFact(field, names, known_on))
    minutes = row["时长"]
    if isinstance(minutes, int | float) and minutes > 0:
        facts.append(EntryFact("runtime_minutes", minutes, known_on))
    elif minutes not in (None, "", 0):
        problems.append(Problem(number, "时长 is not a number of minutes", str(minutes)))
    gross = str(row["票房"] if row["票房"] is not None else "").strip()
    yuan = amount(gross)
    if yuan is not None:
        facts.append(EntryFact("total", [yuan, CURRENCY], opening + TOTALLED, TERRITORY))
    elif gross:
        problems.append(Problem(number, "票房 is not an amount such as 50.36亿", gross))
    return FilmEntry(match[1], title, opening, TERRITORY, None, tuple(facts)), problems


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            "Reading an Excel workbook needs openpyxl: pip install 'fullhouse[xlsx]'"
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, openpyxl.utils.exceptions.InvalidFileException):
        raise InputError(f"{path.name} is not {WHAT}: an .xlsx file would do.") from None
    try:
        lines = book.worksheets[0].iter_rows(values_only=True)
        head = [str(h or "").strip() for h in next(lines, ())]
        need_columns(path, head, COLUMNS, what=WHAT)
        for line in lines:
            if any(v not in (None, "") for v in line):
                yield dict(zip(head, line, strict=False))
    finally:
        book.close()
