"""Properties in the lake: stated with the day from which each fact was known, read as of a day."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.audiences import parse
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.tables import PROPERTY_FACT
from fullhouse.films.film import distinct, film_slug
from fullhouse.films.importing import key
from fullhouse.films.store import append_rows
from fullhouse.greenlight.property import FIELDS, KINDS, PropertiesImported, Property
from fullhouse.lake import Lake

USER = "user"
COLUMNS = ("title", "kind", "known_on", *(f for f in FIELDS if f != "kind"))
LISTS = ("genres", "adaptations")
UNITED = ("titles", *LISTS)
"""Facts of which a later statement adds to those before."""


def read_properties(lake: Lake, as_of: date) -> list[Property]:
    """Every property whose title and kind were known on a day, by id.

    Titles, genres and adaptations are all that were ever stated, in the order of statement; of
    other facts the one known latest holds.
    """
    if lake.version(PROPERTY_FACT) is None:
        return []
    rows = lake.read(PROPERTY_FACT, where=pc.field("known_on") <= as_of)
    by_id: dict[str, dict[str, Any]] = {}
    for row in rows.sort_by([("known_on", "ascending"), ("at", "ascending")]).to_pylist():
        known = by_id.setdefault(row["property"], {"known_on": row["known_on"]})
        if row["field"] not in UNITED:
            known[row["field"]] = json.loads(row["value"])
    for row in rows.sort_by([("at", "ascending"), ("known_on", "ascending")]).to_pylist():
        if row["field"] in UNITED:
            stated = by_id[row["property"]].setdefault(row["field"], [])
            stated += json.loads(row["value"])
    return [
        Property(
            name,
            _titles(known["titles"]),
            known["kind"],
            known.get("holder", ""),
            tuple(dict.fromkeys(known.get("genres", ()))),
            tuple(dict.fromkeys(known.get("adaptations", ()))),
            known.get("rule", ""),
            known["known_on"],
        )
        for name, known in sorted(by_id.items())
        if known.get("titles") and known.get("kind")
    ]


def _titles(stated: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Each title once as it was first written, with its language where one was ever stated."""
    by_key: dict[str, tuple[str, str]] = {}
    for language, title in stated:
        before = by_key.setdefault(key(title), (language, title))
        by_key[key(title)] = (before[0] or language, before[1])
    return tuple(by_key.values())


def find_property(properties: Sequence[Property], name: str) -> Property:
    """The property of an id or a title; an error that names those near."""
    for one in properties:
        if one.id == name or key(name) in {key(t) for _, t in one.titles}:
            return one
    near = did_you_mean(name, [p.id for p in properties])
    raise NotFoundError(f"There is no property {name!r}.{near} See fullhouse ip list.")


def add_property(
    lake: Lake, title: str, values: Mapping[str, Any], *, known_on: date, at: datetime
) -> tuple[str, bool]:
    """State facts of a property; its id, and whether it is new. The same title is the same one."""
    checked = check_values(title, values)
    here = read_properties(lake, date.max)
    same = [p for p in here if key(title) in {key(t) for _, t in p.titles}]
    alike = [p for p in same if p.kind == checked.get("kind", p.kind)]
    if alike:
        name = alike[0].id
    elif "kind" not in checked:
        raise InputError(f"What is {title!r}? Give its kind: {', '.join(KINDS)}.")
    else:
        name = distinct(film_slug(title, None), {p.id for p in here})
    _write(lake, name, checked, known_on=known_on, at=at)
    return name, not alike


def check_values(title: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of a property, in the form in which it is stored; mistakes are errors."""
    if not title.strip():
        raise InputError("A property needs a title.")
    checked: dict[str, Any] = {"titles": [["", title.strip()]]}
    for field, value in values.items():
        if field not in FIELDS:
            raise InputError(f"No field {field!r} of a property.{did_you_mean(field, FIELDS)}")
        if value in (None, "", ()):
            continue
        match field:
            case "titles":
                checked["titles"] += [_title(t) for t in value]
            case "kind":
                kind = str(value).strip().casefold()
                if kind not in KINDS:
                    raise InputError(
                        f"kind is one of {', '.join(KINDS)}, not {value!r}."
                        f"{did_you_mean(kind, KINDS)}"
                    )
                checked["kind"] = kind
            case "rule":
                parse(str(value))
                checked["rule"] = str(value).strip()
            case "holder":
                checked["holder"] = str(value).strip()
            case _:
                checked[field] = [str(v).strip() for v in value if str(v).strip()]
    return checked


def _title(text: str) -> list[str]:
    language, mark, title = text.partition("=")
    if not mark or not title.strip() or len(language.strip()) not in (2, 3):
        raise InputError(f"A further title is written zh=红隼, with its language, not {text!r}.")
    return [language.strip().lower(), title.strip()]


def _write(
    lake: Lake, name: str, values: Mapping[str, Any], *, known_on: date, at: datetime
) -> None:
    rows = pa.table(
        {
            "property": pa.repeat(name, len(values)),
            "field": pa.array(list(values), pa.string()),
            "value": pa.array(
                [json.dumps(v, ensure_ascii=False) for v in values.values()], pa.string()
            ),
            "known_on": pa.repeat(pa.scalar(known_on, pa.date32()), len(values)),
        }
    )
    text = repr((name, sorted(values.items(), key=lambda v: v[0]), known_on, at))
    batch = hashlib.sha256(text.encode()).hexdigest()[:32]
    append_rows(lake, PROPERTY_FACT, rows, {"origin": USER, "at": at, "batch": batch})


def import_properties(
    lake: Lake, file: Path, *, known_on: date, at: datetime
) -> PropertiesImported:
    """Take in a CSV file of properties; a row that cannot be read is told and stops nothing."""
    problems: list[tuple[int, str]] = []
    number = new = facts = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            _check_columns(file, rows.fieldnames or [])
            for number, row in enumerate(rows, start=1):
                try:
                    title, values, day = _row({k: v or "" for k, v in row.items() if k}, known_on)
                    _, is_new = add_property(lake, title, values, known_on=day, at=at)
                except InputError as problem:
                    problems.append((number, str(problem)))
                    continue
                new += is_new
                facts += len(values)
    except OSError:
        raise InputError(f"There is no file {file}.") from None
    except (UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{file.name} is not a table of properties: {problem}.") from None
    return PropertiesImported(number, new, facts, tuple(problems))


def _check_columns(file: Path, given: Sequence[str]) -> None:
    missing = [c for c in ("title", "kind") if c not in given]
    unknown = [c for c in given if c not in COLUMNS]
    if missing or unknown:
        wrong = f"has no column {', '.join(missing)}" if missing else f"has {', '.join(unknown)}"
        raise InputError(
            f"{file.name} {wrong}. A table of properties has title, kind, and where you have them"
            f" {', '.join(c for c in COLUMNS if c not in ('title', 'kind'))}; lists joined by '|'."
        )


def _row(row: Mapping[str, str], known_on: date) -> tuple[str, dict[str, Any], date]:
    values: dict[str, Any] = {f: row[f].strip() for f in FIELDS if row.get(f, "").strip()}
    for field in ("titles", *LISTS):
        if field in values:
            values[field] = [v.strip() for v in values[field].split("|") if v.strip()]
    day = known_on
    if row.get("known_on", "").strip():
        try:
            day = date.fromisoformat(row["known_on"].strip())
        except ValueError:
            raise InputError(f"known_on is written YYYY-MM-DD, not {row['known_on']!r}.") from None
    return row["title"], values, day
