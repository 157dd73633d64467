"""Anyone's own films, grosses, signals or forecasts by others in a file: see docs/films.md."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import parse_date
from fullhouse.films.columns import Refusals, dates, known, null, numbers, read_table, texts, titles
from fullhouse.films.film import (
    EVERYWHERE,
    FIELDS,
    FORECASTS_SCHEMA,
    GROSSES,
    MOST_DAYS,
    REPORTED,
    SIGNALS,
    SIGNALS_SCHEMA,
    SIZE_CLASSES,
    WEEKEND_DAYS,
    EntryFact,
    FilmEntry,
    FilmSet,
    Problem,
    digest,
    expected_cinemas,
    film_slug,
)
from fullhouse.films.naming import EVENTS

NAME = "plain"
FORECASTS = "plain-forecasts"
"""The set of forecasts that name films by title and opening: matched with those of any other."""
READER = "plain 1"
FORMS = {
    "grosses": ("day", "gross"),
    "signals": ("kind", "day", "value"),
    "forecasts": ("source", "made_on", "mid"),
    "films": ("known_on",),
}
"""The columns by which a form is known."""
TERRITORY = re.compile(r"[A-Z]{2}")
CURRENCY = re.compile(r"[A-Z]{3}")
AS_WRITTEN = frozenset({"title", "original_title", "overview", "tagline", "event"})
"""Fields whose words are the film's own: "Unknown" is a title."""
SERVICE = frozenset({"film", "territory", "known_on", "budget_currency", "total_currency"})


def read(path: Path, *, territory: str | None = None, currency: str | None = None) -> FilmSet:
    """The films, grosses or signals of a file; which of them, its columns say.

    `territory` and `currency` stand in where the file has no such column.
    """
    if territory:
        check_territory(territory)
    if currency:
        check_currency(currency)
    rows = read_table(path, what="a table of films, grosses, signals or forecasts")
    form = _form(path, rows.column_names)
    options = f"{territory or ''}:{currency or ''}"
    mark = digest(path, f"{READER}:{form}:{options}")
    if form == "films":
        return _films(path, rows, mark, territory, currency)
    if form == "forecasts":
        return _forecasts(path, rows, mark, territory, currency)
    return _days(path, rows, mark, form, territory, currency)


def check_territory(text: str) -> str:
    """The text itself when it is a territory."""
    if not TERRITORY.fullmatch(text):
        raise InputError(
            f"A territory is two upper-case letters (ISO 3166), such as US, not {text!r}."
        )
    return text


def check_currency(text: str) -> str:
    """The text itself when it is a currency."""
    if not CURRENCY.fullmatch(text):
        raise InputError(
            f"A currency is three upper-case letters (ISO 4217), such as USD, not {text!r}."
        )
    return text


def check_field(field: str) -> str:
    """The name itself when it is one of a fact."""
    if field not in FIELDS:
        hint = did_you_mean(field, FIELDS) or f" There are {', '.join(FIELDS)}."
        raise InputError(f"No field {field!r} of a film.{hint}")
    return field


def parse_value(field: str, text: str, *, currency: str | None = None) -> Any:
    """A fact's value from text: lists joined by '|', money as '12000000 USD'; empty is unknown.

    >>> parse_value("genres", "Comedy|Drama"), parse_value("budget", "12000000 USD")
    (['Comedy', 'Drama'], [12000000, 'USD'])
    """
    kind = FIELDS[check_field(field)][0]
    text = text.strip() if field in AS_WRITTEN else known(text)
    if not text:
        return None
    if kind == "date":
        return parse_date(text, what=field)
    if kind == "texts":
        return [t for part in text.split("|") if (t := known(part))] or None
    if kind == "number":
        return _number(field, text)
    if kind == "money":
        amount, _, stated = text.partition(" ")
        unit = stated.strip() or currency
        if not unit:
            raise InputError(
                f"{field} needs its currency, such as '12000000 USD', not only {text!r}."
            )
        return [_number(field, amount), check_currency(unit)]
    if field == "plan" and text not in ("wide", "limited"):
        raise InputError(f"plan is 'wide' or 'limited', not {text!r}.")
    if field == "expected_theaters":
        return _expected(text)
    if field == "event" and text not in EVENTS:
        raise InputError(f"event must be one of {', '.join(EVENTS)}, not {text!r}.")
    return text


def _expected(text: str) -> str:
    """Cinemas expected, in the form in which they are stored."""
    plain = re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", text.lower())
    plain = re.sub(r"\s*(-|–|to)\s*(?=\d)", "-", plain)
    try:
        expected_cinemas(plain)
    except ValueError:
        raise InputError(
            "expected_theaters is a number of cinemas (3000), a range (2500-3200), or one of"
            f" {', '.join(SIZE_CLASSES)}, not {text!r}."
        ) from None
    return plain


def check_value(field: str, value: Any) -> Any:
    """The value itself when it is what FIELDS says of the field; None is known to be unknown."""
    kind = FIELDS[check_field(field)][0]
    if value is None:
        return None
    if kind == "money" and isinstance(value, list | tuple) and len(value) == 2:
        return [_number(field, str(value[0])), check_currency(str(value[1]))]
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(field, str(value))
    if kind == "texts" and not isinstance(value, str) and all(isinstance(v, str) for v in value):
        return list(value)
    if kind == "date" and isinstance(value, date):
        return value
    if field == "expected_theaters" and isinstance(value, int) and not isinstance(value, bool):
        return _expected(str(value))
    if isinstance(value, str):
        return parse_value(field, value)
    raise InputError(f"{field} is of type {kind}; {value!r} is not.")


def _number(field: str, text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    least, most = BOUNDS.get(field, (0, float("inf")))
    if not least <= number <= most or number == float("inf"):
        raise InputError(f"{field} must be a number{_bounds_words(least, most)}, not {text!r}.")
    return int(number) if number.is_integer() else number


BOUNDS = {"theaters": (1, 1_000_000), "runtime_minutes": (1, 6_000)}
"""The least and most that a number can be; beyond is a mistake, and not a fact to learn from."""


def _bounds_words(least: float, most: float) -> str:
    if most == float("inf"):
        return f", {least:g} or more, such as 3059"
    return f" from {least:,g} to {most:,.0f}"


def _form(path: Path, given: list[str]) -> str:
    for form, needed in FORMS.items():
        if all(n in given for n in needed) and ("film" in given or "title" in given):
            return form
    raise InputError(
        f"{path.name} is none of the plain forms. Films have columns film or title, territory,"
        " known_on and fields such as opening, theaters; grosses have film (or title and"
        " opening), territory, day, gross, currency; signals have film, territory, kind, day,"
        " value; forecasts by others have film (or title and opening), source, made_on, mid."
        f" It has {', '.join(given)}."
    )


def _films(
    path: Path, rows: pa.Table, mark: str, territory: str | None, currency: str | None
) -> FilmSet:
    unknown = [c for c in rows.column_names if c not in FIELDS and c not in SERVICE]
    if unknown:
        near = "".join(did_you_mean(c, [*FIELDS, *SERVICE]) for c in unknown)
        raise InputError(
            f"{path.name} has columns that are no fields of a film: {', '.join(unknown)}.{near}"
            f" There are {', '.join(FIELDS)}."
        )
    columns = {c: _as_text(rows[c]) for c in rows.column_names}
    problems: list[Problem] = []
    entries: dict[str, FilmEntry] = {}
    for i in range(rows.num_rows):
        row = {c: v[i] for c, v in columns.items()}
        try:
            entry = _film(row, territory, currency)
        except InputError as problem:
            problems.append(Problem(i + 1, str(problem), row.get("title") or row.get("film") or ""))
            continue
        before = entries.get(entry.id)
        stated = {(s.field, s.territory, s.known_on) for s in before.facts} if before else set()
        again = [s.field for s in entry.facts if (s.field, s.territory, s.known_on) in stated]
        if again:
            problems.append(Problem(i + 1, "said twice for one known_on", ", ".join(again)))
            continue
        if before is not None:
            entry = replace(
                before,
                opening=before.opening or entry.opening,
                territory=before.territory or entry.territory,
                other_title=before.other_title or entry.other_title,
                facts=(*before.facts, *entry.facts),
                title=entry.title if before.named else before.title,
                named=before.named and entry.named,
            )
        entries[entry.id] = entry
    return FilmSet(
        NAME, path.name, mark, rows.num_rows, tuple(entries.values()), problems=tuple(problems)
    )


def _film(row: Mapping[str, str], territory: str | None, currency: str | None) -> FilmEntry:
    where = row.get("territory") or territory or EVERYWHERE
    if where:
        check_territory(where)
    if not row["known_on"]:
        raise InputError("known_on is missing: the first day on which this was known.")
    known_on = parse_date(row["known_on"], what="known_on")
    facts = []
    for field in FIELDS:
        if row.get(field):
            unit = row.get(f"{field}_currency") or currency
            value = parse_value(field, row[field], currency=unit)
            facts.append(EntryFact(field, value, known_on, where))
    title, film = row.get("title", ""), row.get("film", "")
    if not title and not film:
        raise InputError("neither film nor title is given.")
    opening = next((s.value for s in facts if s.field == "opening"), None)
    return FilmEntry(
        id=film or film_slug(title, opening.year if opening else None),
        title=title or film,
        opening=opening,
        territory=where,
        other_title=row.get("original_title") or None,
        facts=tuple(facts),
        named=bool(film) and not title,
    )


def _as_text(column: pa.ChunkedArray) -> list[str]:
    """Every value as the text that a CSV file would have; empty where there is none."""
    if pa.types.is_list(column.type):
        return ["|".join(str(x) for x in v or ()) for v in column.to_pylist()]
    return [
        "" if v is None else v.isoformat()[:10] if isinstance(v, date) else str(v).strip()
        for v in column.to_pylist()
    ]


def _days(
    path: Path,
    rows: pa.Table,
    mark: str,
    form: str,
    territory: str | None,
    currency: str | None,
) -> FilmSet:
    refusals = Refusals(rows.num_rows)
    ids, entries = _about(rows, refusals, territory)
    where = _filled(rows, "territory", territory)
    day, bad_day = dates(rows["day"])
    refusals.refuse(bad_day | null(day), "day is not YYYY-MM-DD", rows["day"])
    needs = form == "grosses"
    _refuse_unless(refusals, where, TERRITORY, "territory is not two upper-case letters", needs)
    since = _known_on(rows, refusals)
    later = pa.array(np.asarray(day.cast(pa.int32()).fill_null(0)) + REPORTED.days, pa.int32())
    since = pc.coalesce(since, later.cast(pa.date32()))
    common = {"id": ids, "territory": pc.fill_null(where, EVERYWHERE), "day": day}
    amount, bad = numbers(rows["gross" if needs else "value"])
    what = "gross" if needs else "value"
    refusals.refuse(bad | null(amount), f"{what} is not a number", rows[what])
    negative = np.asarray(pc.fill_null(pc.less(amount, 0), False))
    refusals.refuse(negative, f"{what} is negative", rows[what])
    if needs:
        table = _grosses(rows, refusals, common | {"gross": amount, "known_on": since}, currency)
        _refuse_repeated(refusals, table, ["id", "territory", "day", "known_on"], rows["day"])
        tables = {"grosses": table.filter(pa.array(refusals.good)).cast(GROSSES)}
    else:
        table = _signals(rows, refusals, common | {"value": amount, "known_on": since})
        tables = {"signals": table.filter(pa.array(refusals.good)).cast(SIGNALS_SCHEMA)}
    used = set(next(iter(tables.values()))["id"].to_pylist())
    return FilmSet(
        NAME,
        path.name,
        mark,
        rows.num_rows,
        tuple(e for i, e in entries.items() if i in used),
        problems=refusals.in_order(),
        **tables,
    )


def _known_on(rows: pa.Table, refusals: Refusals) -> pa.Array:
    """The days of a column `known_on`, null where it says nothing; those unreadable are refused."""
    if "known_on" not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.date32())
    since, bad = dates(rows["known_on"])
    refusals.refuse(bad, "known_on is not YYYY-MM-DD", rows["known_on"])
    return since


def _forecasts(
    path: Path, rows: pa.Table, mark: str, territory: str | None, currency: str | None
) -> FilmSet:
    """Opening weekends as others forecast them, each known from the day on which it was made."""
    refusals = Refusals(rows.num_rows)
    ids, entries = _about(rows, refusals, territory, first="made_on")
    where = _filled(rows, "territory", territory)
    _refuse_unless(refusals, where, TERRITORY, "territory is not two upper-case letters", True)
    unit = _filled(rows, "currency", currency)
    _refuse_unless(refusals, unit, CURRENCY, "currency is not three upper-case letters", True)
    source = texts(rows["source"])
    refusals.refuse(null(source), "no source", rows["source"])
    made, bad = dates(rows["made_on"])
    refusals.refuse(bad | null(made), "made_on is not YYYY-MM-DD", rows["made_on"])
    since = _known_on(rows, refusals)
    amounts = {n: _amounts(rows, n, refusals) for n in ("mid", "low", "high", "days")}
    check_forecasts(rows, amounts, refusals)
    table = pa.table(
        {
            "id": ids,
            "territory": where,
            "source": source,
            "made_on": made,
            "currency": unit,
            "known_on": pc.coalesce(since, made),
            **amounts,
            "days": pc.fill_null(amounts["days"], WEEKEND_DAYS).cast(pa.int32(), safe=False),
        }
    ).select(FORECASTS_SCHEMA.names)
    keys = ["id", "territory", "source", "made_on", "days", "known_on"]
    _refuse_repeated(refusals, table, keys, rows["made_on"])
    forecasts = table.filter(pa.array(refusals.good)).cast(FORECASTS_SCHEMA)
    used = set(forecasts["id"].to_pylist())
    return FilmSet(
        NAME if "film" in rows.column_names else FORECASTS,
        path.name,
        mark,
        rows.num_rows,
        tuple(e for i, e in entries.items() if i in used),
        forecasts=forecasts,
        problems=refusals.in_order(),
    )


def check_forecasts(
    rows: pa.Table, amounts: Mapping[str, pa.Array], refusals: Refusals, mid: str = "mid"
) -> None:
    """Refuse forecasts of nothing, with ends on the wrong side, or over days that none covers."""
    bad = ~np.asarray(pc.fill_null(pc.greater(amounts["mid"], 0), False))
    refusals.refuse(bad, f"{mid} is not an amount above 0", rows[mid])
    for name, wrong in (("low", pc.greater), ("high", pc.less)):
        outside = wrong(amounts[name], amounts["mid"])
        if name == "low":
            outside = pc.or_kleene(outside, pc.less_equal(amounts["low"], 0))
        side = "above" if name == "low" else "below"
        bad = np.asarray(pc.fill_null(outside, False))
        refusals.refuse(bad, f"{name} lies {side} the middle, or is not above 0", rows[mid])
    days = np.asarray(pc.fill_null(amounts["days"], WEEKEND_DAYS))
    bad = (days < 1) | (days > MOST_DAYS) | (days != np.round(days))
    refusals.refuse(bad, f"days covered are not 1 to {MOST_DAYS}", pa.array(days))


def _amounts(rows: pa.Table, name: str, refusals: Refusals) -> pa.Array:
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.float64())
    amount, bad = numbers(rows[name])
    refusals.refuse(bad, f"{name} is not a number", rows[name])
    return amount


def _signals(rows: pa.Table, refusals: Refusals, columns: dict[str, Any]) -> pa.Table:
    """Signals of all rows; those of no known kind and those given twice are refused."""
    kind = texts(rows["kind"])
    known_kinds = pa.array(list(SIGNALS), pa.string())
    bad = ~np.asarray(pc.is_in(kind, value_set=known_kinds))
    refusals.refuse(bad, f"kind is none of {', '.join(SIGNALS)}", rows["kind"])
    table = pa.table(columns | {"kind": kind}).select(SIGNALS_SCHEMA.names)
    _refuse_repeated(refusals, table, ["id", "territory", "kind", "day", "known_on"], rows["day"])
    return table


def _grosses(
    rows: pa.Table, refusals: Refusals, columns: dict[str, Any], currency: str | None
) -> pa.Table:
    unit = _filled(rows, "currency", currency)
    _refuse_unless(refusals, unit, CURRENCY, "currency is not three upper-case letters", True)
    columns["currency"] = unit
    for name in ("theaters", "to_date"):
        column = pa.nulls(rows.num_rows, pa.float64())
        if name in rows.column_names:
            column, bad = numbers(rows[name])
            bad |= np.asarray(pc.fill_null(pc.less(column, 0), False))
            refusals.refuse(bad, f"{name} is not a number, 0 or more", rows[name])
            column = pc.if_else(pa.array(bad), pa.scalar(None, pa.float64()), column)
        columns[name] = pc.round(column).cast(pa.int32()) if name == "theaters" else column
    return pa.table(columns).select(GROSSES.names)


def _about(
    rows: pa.Table, refusals: Refusals, territory: str | None, *, first: str = "opening"
) -> tuple[pa.Array, dict[str, FilmEntry]]:
    """The id of the entry that each row is about, and the entries.

    Title and opening count as known from the day in the column `first` on.
    """
    names = rows.column_names
    if "film" in names:
        film = texts(rows["film"])
        refusals.refuse(null(film), "no film", rows["film"])
        ids = [i for i in pc.unique(film).to_pylist() if i]
        return film, {i: FilmEntry(i, i, None, named=True) for i in ids}
    if "opening" not in names:
        raise InputError("Grosses and signals name a film by 'film', or by 'title' and 'opening'.")
    title = titles(rows["title"])
    opening, bad = dates(rows["opening"])
    refusals.refuse(null(title), "no title", rows["title"])
    refusals.refuse(bad | null(opening), "opening is not YYYY-MM-DD", rows["opening"])
    where = _filled(rows, "territory", territory).to_pylist()
    since, _ = dates(rows[first])
    ids, entries = [], {}
    named = zip(title.to_pylist(), opening.to_pylist(), where, since.to_pylist(), strict=True)
    for name, day, place, known_on in named:
        if name is None or day is None:
            ids.append(None)
            continue
        own = film_slug(name, day.year)
        ids.append(own)
        if own not in entries:
            at = place or EVERYWHERE
            since_day = known_on or day
            facts = (
                EntryFact("title", name, since_day),
                EntryFact("opening", day, since_day, at),
            )
            entries[own] = FilmEntry(own, name, day, at, None, facts)
    return pa.array(ids, pa.string()), entries


def _filled(rows: pa.Table, name: str, otherwise: str | None) -> pa.Array:
    column = (
        texts(rows[name]) if name in rows.column_names else pa.nulls(rows.num_rows, pa.string())
    )
    return pc.fill_null(column, otherwise) if otherwise else column


def _refuse_unless(
    refusals: Refusals, column: pa.Array, form: re.Pattern[str], problem: str, needed: bool
) -> None:
    fits = np.asarray(pc.match_substring_regex(column, f"^{form.pattern}$").fill_null(not needed))
    refusals.refuse(~fits, problem, column)


def _refuse_repeated(
    refusals: Refusals, table: pa.Table, keys: list[str], given: pa.ChunkedArray
) -> None:
    """Refuse what says again of a key what an earlier good row said."""
    earlier: set[tuple[Any, ...]] = set()
    bad = np.zeros(table.num_rows, dtype=bool)
    values = zip(*(table[k].to_pylist() for k in keys), strict=True)
    for i, value in enumerate(values):
        if refusals.good[i]:
            bad[i] = value in earlier
            earlier.add(value)
    refusals.refuse(bad, "a second row for this film and day", given)
