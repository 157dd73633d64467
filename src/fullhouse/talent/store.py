"""Credits in the lake: take them in, read them as of a day, and keep suppressed names out."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control import Control
from fullhouse.control.runs import forget_results
from fullhouse.control.suppression import account_digest, suppress, suppressed_digests
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.tables import FILM_FACT, TALENT_CREDIT
from fullhouse.films.film import ANNOUNCED, RETIRED, FilmSet
from fullhouse.films.identity import SetLink
from fullhouse.films.importing import NEAR_DAYS, key
from fullhouse.films.store import append_rows, groups
from fullhouse.lake import Lake
from fullhouse.talent.credit import (
    BY_FILM,
    BY_TITLE,
    MOST_BILLING,
    Credit,
    CreditSet,
    CreditsImported,
    TalentLine,
    folded,
    named_id,
)

SUPPRESSED_AS = "talent/name"
"""The source under which a suppressed name's digest stands; no feed can be called so."""
SHARED_AS = "talent/shared"
"""The same for a name that somebody suppressed shared with others: it is nobody's by itself."""

TALENT_FIELD = "talent"
"""The fact of a film that names people."""


@dataclass(frozen=True)
class Suppressed:
    """Who asked not to appear: known by keyed digests of ids and names only."""

    key: bytes
    digests: frozenset[str]

    def hides(self, talent: str, name: str) -> bool:
        """Whether a person, by id or by name, asked not to appear."""
        return bool(self.digests) and any(
            account_digest(self.key, SUPPRESSED_AS, each) in self.digests
            for each in (talent, named_id(name))
        )

    def several_bore(self, name: str) -> bool:
        """Whether others bore a name when somebody of that name was suppressed."""
        return account_digest(self.key, SHARED_AS, named_id(name)) in self.digests

    @property
    def mark(self) -> str:
        """What a remembered result depends on: a digest of the whole list."""
        return hashlib.sha256("\n".join(sorted(self.digests)).encode()).hexdigest()

    def without(self, rows: pa.Table) -> pa.Table:
        """The rows of everybody else."""
        if not self.digests or rows.num_rows == 0:
            return rows
        hidden = {(t, n) for t, n in _pairs(rows) if self.hides(t, n)}
        if not hidden:
            return rows
        every = zip(rows["talent"].to_pylist(), rows["name"].to_pylist(), strict=True)
        return rows.filter(pa.array([pair not in hidden for pair in every]))


def suppressed(control: Control, key: bytes) -> Suppressed:
    """Who asked not to appear, as the house knows now."""
    return Suppressed(key, suppressed_digests(control))


def import_credits(
    lake: Lake, control: Control, credit_set: CreditSet, links: Sequence[SetLink], *, key: bytes,
    at: datetime,
) -> CreditsImported:  # fmt: skip
    """Write the credits of a file; the same file twice writes nothing. Suppressed ones stay out."""
    hidden = suppressed(control, key)
    rows = hidden.without(credit_set.credits)
    batch = hashlib.sha256(f"{credit_set.digest}:{hidden.mark}".encode()).hexdigest()[:32]
    written = append_rows(
        lake, TALENT_CREDIT, rows, {"origin": credit_set.name, "at": at, "batch": batch}
    )
    entries = rows.select(["entry_set", "entry", "opening", "known_on"])
    entries = entries.group_by(["entry_set", "entry", "opening"]).aggregate(
        [("known_on", "count"), ([], "count_all")]
    )
    films, openings = _films_of(entries, links), openings_of(links)
    # Without an opening there is no day from which a credit would be known.
    dated = np.asarray(pc.equal(entries["known_on_count"], entries["count_all"]))
    waiting = sum(f is None or not (d or f in openings) for f, d in zip(films, dated, strict=True))
    return CreditsImported(
        set=credit_set.name,
        file=credit_set.file,
        read=credit_set.read,
        credits=rows.num_rows,
        people=pc.count_distinct(rows["talent"]).as_py(),
        films=entries.num_rows,
        waiting=waiting,
        repeated=credit_set.repeated,
        suppressed=credit_set.credits.num_rows - rows.num_rows,
        written=written or 0,
        already=written is None,
        problems=credit_set.problems,
    )


def known_credits(
    lake: Lake, links: Sequence[SetLink], hidden: Suppressed, as_of: date
) -> pa.Table:
    """Credits of films of the catalogue that were known on a day, each once.

    Columns talent, name, role, billing, film, opening. A person who is known by name only in one
    set is the one person of that name in the others, where there is just one, and was when
    somebody of that name was suppressed.
    """
    wanted = ["talent", "name", "role", "billing", "entry_set", "entry", "opening", "known_on"]
    rows = hidden.without(lake.read(TALENT_CREDIT, columns=wanted))
    film, opening = _with_films(rows, links)
    announced = [o - ANNOUNCED if o else None for o in opening]
    known_on = pc.coalesce(rows["known_on"], pa.array(announced, pa.date32()))
    rows = rows.select(["talent", "name", "role", "billing"])
    rows = rows.append_column("film", pa.array(film, pa.string()))
    rows = rows.append_column("opening", pa.array(opening, pa.date32()))
    known = pc.fill_null(pc.less_equal(known_on, pa.scalar(as_of)), False)
    rows = rows.filter(pc.and_(known, pc.is_valid(rows["film"])))
    return _once(_one_person(rows, hidden))


def _with_films(
    rows: pa.Table, links: Sequence[SetLink]
) -> tuple[list[str | None], list[date | None]]:
    """The film of each row and its opening."""
    if rows.num_rows == 0:
        return [], []
    code = groups(rows, ["entry_set", "entry", "opening"])
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    films = _films_of(rows.take(pa.array(first)), links)
    openings = openings_of(links)
    return (
        [films[p] for p in place],
        [openings.get(films[p] or "") for p in place],
    )


def openings_of(links: Sequence[SetLink]) -> dict[str, date]:
    """The opening of each film: a territory's own before the first anywhere."""
    dated: dict[str, list[tuple[bool, date]]] = defaultdict(list)
    for link in links:
        if link.set != RETIRED and link.opening:
            dated[link.film].append((not link.territory, link.opening))
    return {film: min(days)[1] for film, days in dated.items()}


def _films_of(entries: pa.Table, links: Sequence[SetLink]) -> list[str | None]:
    """The film of the catalogue that each entry is; None where it is not there."""
    by_id = {(k.set, k.set_id): k.film for k in links}
    retired = {k.set_id: k.film for k in links if k.set == RETIRED}
    here = {k.film: k.film for k in links if k.set != RETIRED} | retired
    by_title: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for link in links:
        if link.set != RETIRED and link.opening:
            for title in {link.title, link.other_title or link.title}:
                by_title[key(title)].append((link.opening, link.film))
    films: list[str | None] = []
    for row in entries.select(["entry_set", "entry", "opening"]).to_pylist():
        match row["entry_set"]:
            case str(name) if name == BY_FILM:
                films.append(here.get(row["entry"]))
            case str(name) if name == BY_TITLE:
                films.append(_nearest(by_title[key(row["entry"])], row["opening"]))
            case name:
                films.append(by_id.get((name, row["entry"])))
    return films


def _nearest(same_title: Sequence[tuple[date, str]], opening: date | None) -> str | None:
    if opening is None:
        return None
    near = [(abs(day - opening), film) for day, film in same_title]
    near = [pair for pair in near if pair[0] <= timedelta(NEAR_DAYS)]
    return min(near)[1] if near else None


def _one_person(rows: pa.Table, hidden: Suppressed) -> pa.Table:
    """Rows of a person known by name only go to the one person of that name, if there is one."""
    only_named: dict[str, str] = {}
    by_name: dict[str, set[str]] = defaultdict(set)
    for talent, name in _pairs(rows):
        if talent.startswith("name:"):
            only_named[talent] = name
        else:
            by_name[named_id(name)].add(talent)
    one = {
        named: next(iter(by_name[named]))
        for named, name in only_named.items()
        if len(by_name.get(named, ())) == 1 and not hidden.several_bore(name)
    }
    if not one:
        return rows
    talents = pa.array([one.get(t, t) for t in rows["talent"].to_pylist()], pa.string())
    return rows.set_column(rows.schema.get_field_index("talent"), "talent", talents)


def _pairs(rows: pa.Table) -> list[tuple[str, str]]:
    """Each id with each name that it bears."""
    pairs = rows.select(["talent", "name"]).group_by(["talent", "name"]).aggregate([])
    return list(zip(pairs["talent"].to_pylist(), pairs["name"].to_pylist(), strict=True))


def _once(rows: pa.Table) -> pa.Table:
    if rows.num_rows == 0:
        return rows
    group = groups(rows, ["film", "talent", "role"])
    billing = np.asarray(pc.fill_null(rows["billing"], MOST_BILLING + 1))
    order = np.lexsort([np.arange(len(group)), billing, group])
    first = np.r_[True, group[order][1:] != group[order][:-1]]
    keys = [("film", "ascending"), ("role", "ascending"), ("billing", "ascending")]
    return rows.take(pa.array(order[first])).sort_by([*keys, ("talent", "ascending")])


def lines_of(rows: pa.Table) -> list[TalentLine]:
    """Everybody of `known_credits`, those with most films first."""
    films: dict[str, dict[str, date | None]] = defaultdict(dict)
    roles: dict[str, Counter[str]] = defaultdict(Counter)
    names: dict[str, str] = {}
    columns = (rows[c].to_pylist() for c in ("talent", "name", "role", "film", "opening"))
    for talent, name, role, film, opening in zip(*columns, strict=True):
        films[talent][film] = opening
        roles[talent][role] += 1
        names[talent] = name
    lines = []
    for talent, own in films.items():
        days = sorted(d for d in own.values() if d)
        order = sorted(roles[talent], key=lambda r: (-roles[talent][r], r))
        ends = (days[0], days[-1]) if days else (None, None)
        lines.append(TalentLine(talent, names[talent], tuple(order), len(own), *ends))
    return sorted(lines, key=lambda t: (-t.films, folded(t.name), t.talent))


def credits_of(
    rows: pa.Table, talent: str, links: Sequence[SetLink], gross: Mapping[str, float]
) -> tuple[Credit, ...]:
    """The films of one person, the latest first."""
    titles = {k.film: k.title for k in reversed(links) if k.set != RETIRED}
    own = rows.filter(pc.equal(rows["talent"], talent)).to_pylist()
    every = [
        Credit(
            film=r["film"],
            title=titles.get(r["film"], r["film"]),
            opening=r["opening"],
            role=r["role"],
            billing=r["billing"],
            gross=gross.get(r["film"]),
        )
        for r in own
    ]
    return tuple(sorted(every, key=lambda c: (c.opening or date.min, c.film, c.role), reverse=True))


def find_talent(names: Mapping[str, str], asked: str) -> str:
    """The id of a person by id or name; an error where there is none, or several of the name."""
    text = asked.strip()
    if text in names:
        return text
    wanted = folded(text)
    fits = sorted(t for t, name in names.items() if wanted and folded(name) == wanted)
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise InputError(
            f"{len(fits)} people are called {text!r}: {', '.join(fits[:10])}. Give the id."
        )
    raise NotFoundError(
        f"Nobody called {text!r} is credited here{did_you_mean(text, names.values()) or '.'}"
    )


def suppress_talent(
    lake: Lake, control: Control, asked: str, *, key: bytes
) -> tuple[int, frozenset[str]]:
    """Keep a person out of all that follows; how many credits went, and the digests.

    A name that nobody here has is suppressed, too: whoever is imported under it stays out.
    """
    text = asked.strip()
    if not folded(text):
        raise InputError("Whom? Give a name, or an id as 'talent list' shows it.")
    rows = lake.read(TALENT_CREDIT, columns=["talent", "name"])
    ids, shared = _to_suppress(_pairs(rows), text)
    digests = frozenset(account_digest(key, SUPPRESSED_AS, each) for each in ids)
    digests |= {account_digest(key, SHARED_AS, each) for each in shared}
    suppress(control, sorted(digests))
    hidden = suppressed(control, key)
    _remove_from_films(lake, hidden)
    removed = _remove(lake, hidden)
    forget_results(control, {TALENT_CREDIT.name, FILM_FACT.name})
    return removed, digests


def _to_suppress(pairs: Sequence[tuple[str, str]], text: str) -> tuple[set[str], set[str]]:
    """The ids and names that are one person's, and names of that person that others bear, too.

    A name is suppressed in each spelling that the person's id was ever imported with.
    """
    named, bearers = defaultdict(set), defaultdict(set)
    for talent, name in pairs:
        if not talent.startswith("name:"):
            named[talent].add(named_id(name))
            bearers[named_id(name)].add(talent)
    if text in named:
        ids = {text}
    else:
        name = text if any(text == talent for talent, _ in pairs) else named_id(text)
        ids = bearers.get(name, set())
        if len(ids) > 1:
            raise InputError(
                f"{len(ids)} people are called {text!r}: {', '.join(sorted(ids)[:10])}."
                " Give the id."
            )
        if not ids:
            return {name}, set()
    names = {name for talent in ids for name in named[talent]}
    shared = {name for name in names if bearers[name] != ids}
    return ids | (names - shared), shared


def without_names(film_set: FilmSet, hidden: Suppressed) -> FilmSet:
    """A set of films whose facts name nobody suppressed."""
    if not hidden.digests:
        return film_set
    entries = tuple(
        replace(
            entry,
            facts=tuple(
                f._replace(value=visible(f.value, hidden)) if f.field == TALENT_FIELD else f
                for f in entry.facts
            ),
        )
        for entry in film_set.entries
    )
    return replace(film_set, entries=entries)


def visible(names: Sequence[str] | None, hidden: Suppressed) -> list[str] | None:
    """The names of a film's talent without those suppressed; None stays unknown."""
    if names is None:
        return None
    return [n for n in names if not hidden.hides(named_id(n), n)]


def _remove_from_films(lake: Lake, hidden: Suppressed) -> None:
    """Take the names of everybody suppressed out of what is known of films."""
    version = lake.version(FILM_FACT)
    if version is None:
        return
    rows = lake.read(FILM_FACT, version=version)
    fields, values = rows["field"].to_pylist(), rows["value"].to_pylist()
    new = [
        json.dumps(visible(json.loads(v), hidden), ensure_ascii=False)
        if f == TALENT_FIELD and v is not None
        else v
        for f, v in zip(fields, values, strict=True)
    ]
    if new != values:
        place = rows.schema.get_field_index("value")
        changed = rows.set_column(place, rows.schema.field("value"), pa.array(new, pa.string()))
        lake.replace(FILM_FACT, changed, expected=version)


def _remove(lake: Lake, hidden: Suppressed) -> int:
    """Take the rows of everybody suppressed out of the table; how many."""
    version = lake.version(TALENT_CREDIT)
    if version is None:
        return 0
    before = lake.read(TALENT_CREDIT, version=version)
    after = hidden.without(before)
    if after.num_rows < before.num_rows:
        lake.replace(TALENT_CREDIT, after, expected=version)
    return int(before.num_rows - after.num_rows)
