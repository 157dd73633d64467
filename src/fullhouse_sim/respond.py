"""Play a campaign forward in a simulated market, and write what came of it.

`respond` writes what a house would see (impressions, clicks, ticket sales) and, under `truth/`,
what the campaign really changed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from fullhouse.core.arrays import Flags, Ints
from fullhouse.core.errors import InputError
from fullhouse_sim.campaign import ARMS, Deliveries, read_deliveries
from fullhouse_sim.codes import digits
from fullhouse_sim.files import File, open_file, write_file
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.going import Visits, tickets
from fullhouse_sim.market import CHUNK, Market, by_person
from fullhouse_sim.marking import Marks, marking
from fullhouse_sim.outcomes import Impressions, Outcomes, play
from fullhouse_sim.population import People, people
from fullhouse_sim.season import Season, season

TICKETING = "tickets"
"""The source whose accounts buy tickets."""


@dataclass(frozen=True)
class Effect:
    """What a campaign changed among some people, all its lines together: known, not estimated.

    Tickets are seats sold over the film's run, marks the people who want to see it after today.
    Somebody with several lines or channels is counted with each, so groups of one kind can add up
    to more than all.
    """

    kind: str
    name: str
    people: int
    reached: int
    impressions: int
    tickets: int
    tickets_without: int
    marks: int = 0
    marks_without: int = 0

    @property
    def incremental(self) -> int:
        """Tickets that would not have been sold without the campaign."""
        return self.tickets - self.tickets_without


@dataclass(frozen=True)
class Response:
    """What was written where, and the true effect."""

    folder: Path
    film: str
    impressions: int
    clicks: int
    sales: int
    marks: int
    trailers: int
    effects: tuple[Effect, ...]

    def to_dict(self) -> dict[str, Any]:
        """The response as plain values."""
        return {
            "folder": str(self.folder),
            "film": self.film,
            "impressions": self.impressions,
            "clicks": self.clicks,
            "sales": self.sales,
            "marks": self.marks,
            "trailers": self.trailers,
            "effects": [asdict(e) | {"incremental": e.incremental} for e in self.effects],
        }


def respond(
    market: Market,
    folder: Path,
    deliveries: Path | Sequence[Path],
    out: Path | None = None,
    *,
    until: date | None = None,
) -> Response:
    """Play the deliveries of files (see `campaign.COLUMNS`) on the scenario's film, together.

    With `until` nothing later than that day is written, but in the truth. So a pilot can be read
    before the campaign that follows is known: played with it later, it does the same, and what was
    written has the same ids.

    In `out` (by default `folder/respond`): impressions-SOURCE.csv.gz and clicks-SOURCE.csv.gz for
    each source of the deliveries' accounts; and of all accounts of the ticketing service, treated
    or not, what they do after today: sales.csv.gz with tickets, wants.jsonl.gz with want-to-see
    marks, and, in a market whose feeds have trailers, trailers.csv.gz with those watched after an
    advertisement. In `truth/` of the folder, under the name of `out`: effects.csv and
    people.parquet.
    """
    owners = folder / "truth" / "owners"
    if not owners.is_dir():
        raise InputError(f"{folder} is no simulated market: it has no truth/owners.")
    given, rows = read_deliveries(market, deliveries, owners)
    out = out or folder / "respond"
    truth = folder / "truth" / out.name
    last = 2**31 if until is None else (until - market.first_day).days
    if last < market.days:
        raise InputError(f"until must be after {market.today}, the market's last day, not {until}.")
    for made in (out, truth):
        made.mkdir(parents=True, exist_ok=True)
    film = scenario(market).film
    tally, accounts = _Tally(given), _Accounts(owners)
    sold: list[pa.Table] = []
    wanted: list[pa.Table] = []
    watched: list[pa.Table] = []
    shown = clicked = 0
    with ExitStack() as stack:
        sources = sorted(pc.unique(rows["source"]).to_pylist())
        seen_files = _files(stack, out, "impressions", sources)
        click_files = _files(stack, out, "clicks", sources)
        known = stack.enter_context(closing(open_file(truth / "people.parquet", _PEOPLE)))
        for crowd, part, seen, visits, outcomes, marks in _chunks(market, given):
            table = _impressions(market, film, rows, part, seen, last)
            for source in sources:
                of = table.filter(pc.equal(table["source"], source)).drop_columns(["source"])
                seen_files[source].write(of.drop_columns(["clicked"]))
                click_files[source].write(of.filter(of["clicked"]).drop_columns(["clicked"]))
            shown, clicked = (
                shown + len(table),
                clicked + int(pc.sum(table["clicked"]).as_py() or 0),
            )
            sold.append(_sales(market, season(market), crowd, visits, accounts, last))
            wanted.append(_wants(market, film, crowd, marks, accounts, last))
            watched.append(_trailers(market, film, crowd, seen, marks, accounts, last))
            known.write(_people(market, crowd, outcomes, marks, part))
            tally.add(crowd, part, outcomes, marks.since(market.days), season(market))
    sales = write_file(
        out / "sales.csv.gz", _numbered(sold, "sale", ("sold_at", "member", "refunded"))
    )
    rows_wanted = _numbered(wanted, "mark", ("at", "member"))
    marked = write_file(out / "wants.jsonl.gz", rows_wanted)
    trailers = 0
    if by_person(market):
        rows_watched = _numbered(watched, "id", ("at", "account"))
        trailers = write_file(out / "trailers.csv.gz", rows_watched)
    effects = tally.effects()
    listed = [asdict(e) | {"incremental": e.incremental} for e in effects]
    write_file(truth / "effects.csv", pa.Table.from_pylist(listed))
    return Response(out, film, shown, clicked, sales, marked, trailers, effects)


def _files(stack: ExitStack, out: Path, what: str, sources: list[str]) -> dict[str, File]:
    """An open file for each source."""
    paths = {s: out / f"{what}-{s}.csv.gz" for s in sources}
    return {s: stack.enter_context(closing(open_file(p, _SHOWN))) for s, p in paths.items()}


def _chunks(
    market: Market, given: Deliveries
) -> Iterator[tuple[People, Deliveries, Impressions, Visits, Outcomes, Marks]]:
    number = next(f.number for f in slate(market) if f.id == scenario(market).film)
    for chunk in range(market.chunks):
        crowd = people(market, chunk)
        part = given.between(crowd.first, crowd.first + CHUNK)
        seen, visits, outcomes = play(market, season(market), crowd, number, part)
        marks = marking(market, season(market), crowd, number, part, seen)
        yield crowd, part, seen, visits, outcomes, marks


class _Tally:
    """Adds up effects by arm, audience, channel, line and city."""

    def __init__(self, given: Deliveries) -> None:
        self.lines = given.lines
        self.sums: dict[tuple[str, str], Ints] = {}

    def add(
        self,
        crowd: People,
        part: Deliveries,
        outcomes: Outcomes,
        marks: tuple[Flags, Flags],
        season: Season,
    ) -> None:
        values = np.stack(
            [
                np.ones(len(crowd), np.int64),
                outcomes.reached,
                outcomes.impressions,
                outcomes.tickets,
                outcomes.tickets_without,
                *marks,
            ]
        )
        place = part.person - crowd.first
        delivered = np.zeros(len(crowd), np.bool_)
        delivered[place] = True
        self._of("all", "all", values, np.arange(len(crowd)))
        self._of("arm", "not delivered", values, np.flatnonzero(~delivered))
        for arm in ARMS:
            self._of("arm", arm, values, place[part.treated == (arm == "treated")])
        for kind in ("audience", "channel", "name"):
            names = [getattr(line, kind) for line in self.lines]
            for name in sorted(set(names)):
                of = np.array([n == name for n in names])[part.line]
                for arm in ARMS:
                    chosen = place[of & (part.treated == (arm == "treated"))]
                    self._of("line" if kind == "name" else kind, f"{name} / {arm}", values, chosen)
        for number in range(len(season.cities)):
            self._of(
                "city", season.cities.names[number], values, np.flatnonzero(crowd.city == number)
            )

    def effects(self) -> tuple[Effect, ...]:
        """The sums, in order of kind and name."""
        order = ("all", "arm", "audience", "channel", "line", "city")
        keys = sorted(self.sums, key=lambda k: (order.index(k[0]), k[1]))
        return tuple(Effect(*key, *self.sums[key].tolist()) for key in keys)

    def _of(self, kind: str, name: str, values: Ints, chosen: Ints) -> None:
        sums = values[:, np.unique(chosen)].sum(axis=1)
        self.sums[kind, name] = self.sums.get((kind, name), np.zeros_like(sums)) + sums


class _Accounts:
    """The ticketing service's account of a person: the first one, where there are several."""

    def __init__(self, owners: Path) -> None:
        known = pa.parquet.read_table(owners, filters=pc.field("source") == TICKETING)
        known = known.select(["account", "person"]).sort_by(
            [("person", "ascending"), ("account", "ascending")]
        )
        persons = known["person"].to_numpy()
        first = np.flatnonzero(np.diff(persons, prepend=-1))
        self.persons = persons[first]
        self.ids = known["account"].combine_chunks().take(pa.array(first))

    def of(self, person: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
        """Who has an account, and its place among the ids."""
        at = np.searchsorted(self.persons, person)
        at = np.minimum(at, len(self.persons) - 1)
        return self.persons[at] == person, at


_SHOWN = pa.schema(
    [(n, pa.string()) for n in ("impression", "at", "account", "line", "channel", "film")]
)
_PEOPLE = pa.schema(
    [
        ("person", pa.int64()),
        ("arm", pa.string()),
        ("impressions", pa.int64()),
        ("reached", pa.bool_()),
        ("tickets", pa.int64()),
        ("tickets_without", pa.int64()),
        ("marks", pa.int64()),
        ("marks_without", pa.int64()),
    ]
)


def _people(
    market: Market, crowd: People, outcomes: Outcomes, marks: Marks, part: Deliveries
) -> pa.Table:
    """The truth of everybody who was delivered to, was reached, goes, or marks after today."""
    marked, marked_without = marks.since(market.days)
    arm = np.full(len(crowd), "", dtype=object)
    arm[part.person[~part.treated] - crowd.first] = "held_out"
    arm[part.person[part.treated] - crowd.first] = "treated"
    kept = np.flatnonzero(
        (arm != "")
        | outcomes.reached
        | (outcomes.tickets + outcomes.tickets_without > 0)
        | (marked | marked_without)
    )
    columns = (
        crowd.person,
        arm,
        outcomes.impressions,
        outcomes.reached,
        outcomes.tickets,
        outcomes.tickets_without,
        marked.astype(np.int64),
        marked_without.astype(np.int64),
    )
    return pa.table([pa.array(c[kept], t) for c, t in zip(columns, _PEOPLE.types, strict=True)],
                    schema=_PEOPLE)  # fmt: skip


def _impressions(
    market: Market, film: str, rows: pa.Table, part: Deliveries, seen: Impressions, last: int
) -> pa.Table:
    order = np.lexsort((seen.person, seen.minute, seen.day))
    order = order[seen.day[order] <= last]
    of = rows.take(pa.array(part.row[seen.delivery[order]]))
    place = np.arange(len(seen)) - np.searchsorted(seen.delivery, seen.delivery)
    return pa.table(
        {
            "impression": _ids(of, place[order]),
            "at": _at(market, seen.day[order], seen.minute[order]),
            "source": of["source"],
            "account": of["account"],
            "line": of["line"],
            "channel": of["channel"],
            "film": pa.array([film] * len(order), pa.string()),
            "clicked": pa.array(seen.clicked[order]),
        }
    )


def _ids(of: pa.Table, place: Ints) -> pa.Array:
    """The ids of impressions: by account, line, day and place, whatever else is played."""
    lines = {
        x: hashlib.sha256(x.encode()).hexdigest()[:8] for x in pc.unique(of["line"]).to_pylist()
    }
    line = pa.array([lines[x] for x in of["line"].to_pylist()], pa.string())
    day = of["day"].cast(pa.string()).combine_chunks()
    account = of["account"].combine_chunks()
    return pc.binary_join_element_wise(account, line, day, pa.array(place).cast(pa.string()), "-")


def _sales(
    market: Market, season: Season, crowd: People, visits: Visits, accounts: _Accounts, last: int
) -> pa.Table:
    """What the ticketing service's accounts buy after today; refunds are rows of their own."""
    has, at = accounts.of(crowd.person[visits.buyer])
    kept = has & (visits.day >= market.days) & (visits.day <= last)
    visits, at = visits.take(kept), at[kept]
    made = tickets(market, season, crowd, visits)
    cinemas = [
        season.cities.cinema(c, n)
        for c, n in zip(made.city.tolist(), made.cinema.tolist(), strict=True)
    ]
    table = pa.table(
        {
            "member": accounts.ids.take(pa.array(at)),
            "sold_at": _at(market, visits.day, made.minute),
            "film": pa.array([season.films[n].id for n in made.film.tolist()], pa.string()),
            "tickets": pa.array(made.quantity),
            "price": pa.array(made.unit_price),
            "cinema": pa.array(list(cinemas), pa.string()),
            "city": pa.array([season.cities.names[c] for c in made.city.tolist()], pa.string()),
            "showing": _at(market, made.showing_day, made.showing_minute),
            "refunded": pa.array(np.zeros(len(made), np.bool_)),
        }
    )
    back = table.filter(pa.array(made.refunded))
    which = np.flatnonzero(made.refunded)
    back = back.set_column(1, "sold_at", _at(market, visits.day[which], made.refund_minute[which]))
    back = back.set_column(8, "refunded", pa.array(np.ones(len(which), np.bool_)))
    return pa.concat_tables([table, back])


def _wants(
    market: Market, film: str, crowd: People, marks: Marks, accounts: _Accounts, last: int
) -> pa.Table:
    """The marks that the ticketing service's accounts make after today."""
    who = np.flatnonzero(marks.since(market.days)[0] & (marks.day <= last))
    return _of_accounts(market, film, crowd, who, accounts, "member", marks.day, marks.minute)


def _trailers(
    market: Market, film: str, crowd: People, seen: Impressions, marks: Marks, accounts: _Accounts,
    last: int,
) -> pa.Table:  # fmt: skip
    """The trailers that they watch after an advertisement, once each, with the share watched."""
    who = np.flatnonzero(marks.trailer >= 0)
    day, minute = np.zeros(len(crowd), np.int64), np.zeros(len(crowd), np.int64)
    day[who], minute[who] = seen.day[marks.trailer[who]], seen.minute[marks.trailer[who]] + 1
    who = who[day[who] <= last]
    has, _ = accounts.of(crowd.person[who])
    table = _of_accounts(market, film, crowd, who, accounts, "account", day, minute)
    return table.append_column("share", pa.array(marks.share[who[has]]))


def _of_accounts(
    market: Market, film: str, crowd: People, who: Ints, accounts: _Accounts, name: str,
    day: Ints, minute: Ints,
) -> pa.Table:  # fmt: skip
    """(account under a name, at, film) of those of some people who have an account."""
    has, at = accounts.of(crowd.person[who])
    columns = {
        name: accounts.ids.take(pa.array(at[has])),
        "at": _at(market, day[who[has]], minute[who[has]]),
        "film": pa.array([film] * int(has.sum()), pa.string()),
    }
    return pa.table(columns)


def _numbered(tables: list[pa.Table], name: str, order: tuple[str, ...]) -> pa.Table:
    """All rows in order, with an id of their own first."""
    rows = pa.concat_tables(tables).sort_by([(column, "ascending") for column in order])
    return rows.add_column(0, name, digits(_LETTERS[name], np.arange(len(rows)), 9))


_LETTERS = {"sale": "R", "mark": "V", "id": "Y"}
"""What ids of a response's events begin with: no other feed's begin so."""


def _at(market: Market, day: Ints, minute: Ints) -> pa.Array:
    """Local times as texts, as the house's other feeds have them."""
    start = np.datetime64(datetime.combine(market.first_day, time()), "s")
    moments = pa.array(start + 60 * (day * 1440 + minute))
    return pc.strftime(moments, format="%Y-%m-%d %H:%M:%S")
