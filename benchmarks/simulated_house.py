"""A house filled from the simulated market in memory, beside what is true of its people.

The lake gets the very events that `fullhouse simulate` writes as feeds, without files, `ingest`
or record linkage: a person of the house is the simulator's, and each account its owner's. So
discovery can be judged over many seeds, and what it misses is its own fault.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from scipy.sparse import csr_array

from fullhouse import app
from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import InputError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ACCOUNT_TABLE,
    CONSENT,
    FILM,
    PRODUCT,
    PURCHASE,
    TICKET,
    VIEW,
    WANT_TO_SEE,
    Table,
)
from fullhouse.feeds.times import to_utc
from fullhouse.people.persons import write_persons
from fullhouse.people.resolution import NEXT, RUN
from fullhouse.stats import Ratio, risk_ratio
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context
from fullhouse_sim import codes, consents, dirt, moments, plain
from fullhouse_sim.accounts import accounts
from fullhouse_sim.day import NAMES
from fullhouse_sim.film import FEATURES, Film, features
from fullhouse_sim.films import slate
from fullhouse_sim.going import (
    REFUNDS,
    Visits,
    Wants,
    going,
    seats,
    sold_visits,
    take_seats,
    wanting,
)
from fullhouse_sim.goods import Goods, goods, product_ids
from fullhouse_sim.kept import column, keep, kept, kept_people
from fullhouse_sim.market import Market
from fullhouse_sim.members import SOURCES, Members, account_ids, members
from fullhouse_sim.parties import deciding
from fullhouse_sim.population import People, people
from fullhouse_sim.season import RUN as RUN_DAYS
from fullhouse_sim.season import WANT_DAYS, Season, season
from fullhouse_sim.selling import cinema_column, sales, wants
from fullhouse_sim.shopping import purchases, rates
from fullhouse_sim.tables import video_ids
from fullhouse_sim.viewing import A_YEAR, SHELF, catalogue, plays

Strata = npt.NDArray[np.integer[Any]]
Columns = Mapping[str, npt.NDArray[Any]]

BATCH = "simulated"
ZONE = "America/New_York"
"""The clocks of the feeds' declarations."""
NEVER = 1 << 40
"""Day of an account that somebody does not have."""
PERIODS, SHELVES = 12, 16
"""Over so many parts of the year, and for so many shelves in each, chances to watch a film at home
are averaged."""


@dataclass(frozen=True)
class House:
    """A workspace whose traits are built as of the market's last day, and the truth beside it."""

    market: Market
    workspace: Context
    truth: "Truth"


def house(market: Market, folder: Path, *, earlier: bool = False) -> House:
    """The house of a market in an empty folder, up to the traits of its last day.

    With `earlier`, films know the box office of the five years before the slate too, as a
    forecast needs; it takes as long as all the rest.
    """
    if dirt.dirty(market):
        raise InputError(f"A house is filled with clean events only, not with {market.scenario!r}.")
    whole = season(market)
    crowd = [people(market, chunk) for chunk in range(market.chunks)]
    theirs = [tuple(members(market, part, s) for s in SOURCES) for part in crowd]
    workspace = app.init_house(str(folder), simulated=True)
    with tempfile.TemporaryDirectory(prefix="fullhouse-simulated-") as work:
        making = Making(market, whole, Path(work), crowd, theirs)
        making.keep()
        _fill(workspace, making)
    _films(workspace, market, whole, earlier=earlier)
    app.traits_build(workspace, app.BuildTraits(as_of=market.today))
    return House(market, workspace, Truth(market, whole, tuple(crowd), tuple(theirs)))


# The tables ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Making:
    """A market on its way into a lake; `work` keeps each chunk as the days' events need it."""

    market: Market
    season: Season
    work: Path
    crowd: Sequence[People]
    members: Sequence[tuple[Members, ...]]

    def keep(self) -> None:
        """Put aside what `simulate` puts aside, to the same few bits: so events are the same."""
        free = seats(self.market, self.season)
        for chunk, (crowd, of) in enumerate(zip(self.crowd, self.members, strict=True)):
            for source in of:
                keep(self.work, source.source, chunk, "account", self._accounts(chunk, source))
            visits = sold_visits(self.market, self.season, crowd)
            keep(self.work, "people", chunk, "people", vars(crowd))
            rounded = kept_people(self.records("people", chunk), chunk)
            seated = take_seats(self.season, rounded, visits, free)
            keep(self.work, "visit", chunk, "visit", vars(seated))
            marks = wanting(self.market, self.season, crowd)
            keep(self.work, "want", chunk, "want", vars(marks))

    def _accounts(self, chunk: int, of: Members) -> Columns:
        crowd = self.crowd[chunk]
        rate = rates(self.market, crowd.activity[of.person], of.source, chunk) * of.share
        order = np.argsort(of.number)
        return {
            "person": of.person[order],
            "number": of.number[order],
            "joined": of.joined[order],
            "hobbies": crowd.hobbies[of.person[order]],
            "rate": np.cumsum(rate[order]),
        }

    def records(self, name: str, chunk: int) -> npt.NDArray[np.void]:
        """What was kept of a chunk."""
        kind = "account" if name in SOURCES else name
        return kept(self.work, name, chunk, kind)

    def of_day(self, name: str, chunk: int, day: int) -> dict[str, Ints]:
        """Visits or marks of a day."""
        records = self.records(name, chunk)
        which = slice(*np.searchsorted(records["day"], [day, day + 1]).tolist())
        return {n: column(records[which], n) for n in records.dtype.names or ()}


def _fill(workspace: Context, making: Making) -> None:
    lake, market = workspace.lake, making.market
    persons = pa.concat_tables(_owners(making))
    version = lake.replace(ACCOUNT_PERSON, persons, marks={RUN: 1, NEXT: market.people})
    every = list(zip(making.crowd, making.members, strict=True))
    account_rows = [_account_rows(market, c, m) for c, of in every for m in of]
    lake.append(ACCOUNT_TABLE, pa.concat_tables(account_rows), batch=BATCH)
    consent_rows = [_consent_rows(market, m) for _, of in every for m in of]
    lake.append(CONSENT, _numbered("C", pa.concat_tables(consent_rows)), batch=BATCH)
    accounts_then = lake.snapshot(ACCOUNT_PERSON, version=version)
    write_persons(workspace.engine, lake, accounts_then, marks={RUN: 1}, metadata={})
    lake.append(PRODUCT, _product_rows(market), batch=BATCH)
    lake.append(FILM, _film_rows(market, making.season.films), batch=BATCH)
    for what, into in (
        (_purchases, PURCHASE), (_plays, VIEW), (_sales, TICKET), (_wants, WANT_TO_SEE),
    ):  # fmt: skip
        rows = _batches(into, (what(making, day) for day in range(market.days)))
        lake.append(into, pa.RecordBatchReader.from_batches(into.schema, rows), batch=BATCH)


def _batches(into: Table, days: Iterator[pa.Table]) -> Iterator[pa.RecordBatch]:
    for day in days:
        yield from day.select(into.names).cast(into.schema).combine_chunks().to_batches()


def _owners(making: Making) -> list[pa.Table]:
    return [
        _with(
            {"source": m.source, "account": m.ids, "person": crowd.person[m.person]},
            since=pa.array(np.ones(len(m), np.int64)),
        )
        for crowd, of in zip(making.crowd, making.members, strict=True)
        for m in of
    ]


def _account_rows(market: Market, crowd: People, of: Members) -> pa.Table:
    owners = accounts(market, crowd, of)
    gender = pc.if_else(pc.equal(owners["gender"], "F"), "female", "male")
    columns = {
        "source": of.source,
        "account": owners["id"],
        "at": _utc(owners["updated"]),
        "gender": gender,
        "birth_year": owners["birth_year"],
        "region": owners["region"],
        "city": owners["city"],
    }
    if "household_size" in owners.column_names:
        columns["household_size"] = owners["household_size"]
    rows = _with(columns, batch=BATCH)
    for field in ACCOUNT_TABLE.schema:
        if field.name not in columns and field.name != "batch":
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows.select(ACCOUNT_TABLE.names).cast(ACCOUNT_TABLE.schema)


def _consent_rows(market: Market, of: Members) -> pa.Table:
    answers = consents.consents(market, of)
    return _with(
        {
            "source": of.source,
            "account": answers["member"],
            "at": _utc(answers["day"]),
            "day": answers["day"],
            "purpose": answers["purpose"],
            "granted": pc.equal(answers["yes"], 1),
        },
        batch=BATCH,
    )


def _product_rows(market: Market) -> pa.Table:
    shop = goods(market.seed)
    return _with(
        {
            "source": "shop",
            "product": shop.ids,
            "at": _at(market, 0, np.zeros(len(shop), np.int64)),
            "title": pa.array(shop.titles),
            "category": codes.chosen(pa.array(shop.leaves), shop.leaf),
            "brand": pa.array([t.split(" ", maxsplit=1)[0] for t in shop.titles]),
            "unit_price": shop.price,
        },
        currency="USD",
        batch=BATCH,
    )


def _film_rows(market: Market, films: Sequence[Film]) -> pa.Table:
    at = _at(market, 0, np.zeros(len(films), np.int64))
    common = {
        "at": at,
        "title": pa.array([f.title for f in films]),
        "genres": pa.array(["|".join(f.genres) for f in films]),
    }
    years = pa.array([f.release.year for f in films], pa.int32())
    days = pa.array([f.release for f in films])
    sold = {"source": "tickets", "film": pa.array([f.id for f in films]), "release_date": days}
    watched = {"source": "video", "film": video_ids(np.arange(len(films))), "release_year": years}
    none = {"release_date": pa.nulls(len(films), pa.date32()), "release_year": pa.nulls(len(films))}
    parts = [_with(none | common | own, batch=BATCH) for own in (sold, watched)]
    return pa.concat_tables([p.select(FILM.names).cast(FILM.schema) for p in parts])


def _purchases(making: Making, day: int) -> pa.Table:
    shop: Goods = goods(making.market.seed)

    def of(chunk: int) -> Columns:
        theirs = making.records("shop", chunk)
        rows = dict(vars(purchases(making.market, shop, theirs, day=day, chunk=chunk)))
        return rows | {"number": column(theirs, "number")[rows.pop("account")]}

    rows = _day(making, of)
    columns = {
        **_event(making, "purchases", day, rows),
        "product": product_ids(rows["product"]),
        "quantity": rows["quantity"].astype(np.float64),
        "unit_price": rows["price"],
    }
    nothing = pa.nulls(len(rows["second"]), pa.string())
    return _with(columns | {"title": nothing, "category": nothing}, currency="USD", batch=BATCH)


def _plays(making: Making, day: int) -> pa.Table:
    market = making.market
    out = catalogue(market, making.season.films, day)

    def of(chunk: int) -> Columns:
        records, theirs = making.records("people", chunk), making.records("video", chunk)
        rows = dict(vars(plays(market, out, records, theirs, day=day, chunk=chunk)))
        return rows | {"number": column(theirs, "number")[rows.pop("account")]}

    rows = _day(making, of)
    columns = {
        **_event(making, "plays", day, rows),
        "film": video_ids(rows["film"]),
        "seconds": rows["seconds"].astype(np.float64),
        "completion": rows["share"],
    }
    return _with(columns, batch=BATCH)


def _sales(making: Making, day: int) -> pa.Table:
    market, season_ = making.market, making.season

    def of(chunk: int) -> Columns:
        crowd = making.crowd[chunk]
        sold = going(market, season_, crowd, Visits(**making.of_day("visit", chunk, day)), day)
        return vars(sales(market, crowd, making.records("tickets", chunk), sold, day))

    rows = _day(making, of)
    columns = {
        **_event(making, "sales", day, rows),
        "film": codes.chosen(pa.array([f.id for f in season_.films]), rows["film"]),
        "quantity": rows["quantity"].astype(np.float64),
        "unit_price": rows["price"],
        "cinema": cinema_column(season_, rows["city"], rows["cinema"]),
        "city": codes.chosen(pa.array(season_.cities.names), rows["city"]),
        "showing_at": _at(market, 0, 60 * rows["showing"]),
        "refunded": rows["refunded"],
    }
    return _with(columns, currency="USD", batch=BATCH)


def _wants(making: Making, day: int) -> pa.Table:
    market = making.market

    def of(chunk: int) -> Columns:
        marks = Wants(**making.of_day("want", chunk, day))
        return wants(market, making.crowd[chunk], making.records("tickets", chunk), marks, day)

    rows = _day(making, of)
    films = pa.array([f.id for f in making.season.films])
    columns = {**_event(making, "wants", day, rows), "film": codes.chosen(films, rows["film"])}
    return _with(columns, batch=BATCH)


def _day(making: Making, of: Callable[[int], Columns]) -> dict[str, npt.NDArray[Any]]:
    """A day's rows of all chunks in the order of time, as a day's file has them."""
    parts = [of(chunk) for chunk in range(making.market.chunks)]
    whole = {n: np.concatenate([p[n] for p in parts]) for n in parts[0]}
    order = np.argsort(whole["second"], kind="stable")
    return {n: values[order] for n, values in whole.items()}


def _event(making: Making, name: str, day: int, rows: Columns) -> dict[str, Any]:
    """Whose event each row is, its id and its moment."""
    market, (folder, _, letter) = making.market, NAMES[name]
    source, when = folder.split("/")[0], market.day(day)
    count = len(rows["second"])
    return {
        "source": source,
        "account": account_ids(market.seed, source, rows["number"].astype(np.int64)),
        "event_id": codes.digits(f"{letter}{when:%Y%m%d}", np.arange(count), 8),
        "at": _at(market, day, rows["second"]),
        "day": pa.array([when] * count, pa.date32()),
    }


def _numbered(letter: str, rows: pa.Table) -> pa.Table:
    return rows.append_column("event_id", codes.digits(letter, np.arange(rows.num_rows), 10))


def _with(columns: Mapping[str, Any], **constants: Any) -> pa.Table:
    """A table of columns, some of which are one value for all rows."""
    size = max(len(v) for v in columns.values() if not isinstance(v, str))
    whole = {
        name: pa.repeat(pa.scalar(value), size) if isinstance(value, str) else value
        for name, value in {**columns, **constants}.items()
    }
    return pa.table(whole)


def _at(market: Market, day: int, second: npt.NDArray[np.integer]) -> pa.Array:
    """Moments in UTC from what the clocks of a day show."""
    start = np.datetime64(market.day(day)).astype("datetime64[s]")
    return _shown(pa.array(start + second.astype("timedelta64[s]")))


def _utc(days: pa.ChunkedArray) -> pa.Array:
    """The first moments of days."""
    return _shown(days.combine_chunks())


def _shown(clock: pa.Array) -> pa.Array:
    absolute = pa.array(np.zeros(len(clock), np.bool_))
    return to_utc(clock.cast(pa.timestamp("us")), absolute, ZONE)[0]


def _films(workspace: Context, market: Market, whole: Season, *, earlier: bool) -> None:
    """What `fullhouse film import plain` takes in up to the market's last day."""
    with tempfile.TemporaryDirectory(prefix="fullhouse-plain-") as folder:
        for place, rows in _plain(market, whole, earlier=earlier).items():
            path = Path(folder) / place.rpartition("/")[2]
            pacsv.write_csv(rows, path)
            app.film_import(workspace, app.ImportFilms(path, simulated=True))


def _plain(market: Market, whole: Season, *, earlier: bool) -> dict[str, pa.Table]:
    if earlier:
        every = plain.plain(market, whole)
        return {place: t for place, t in every.items() if place.startswith("feeds/")}
    # `plain.plain` always plays the years before, which takes as long as the season itself.
    made = (
        plain._films(whole.films),
        plain._grosses(market, whole),
        plain._signals(market, whole),
    )
    today = pa.scalar(market.today)
    return {
        name: rows.filter(pc.less_equal(rows["known_on"], today))
        for name, rows in zip(plain.FILES, made, strict=True)
    }


# The truth ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """What is true of every person of a market, in the order of their numbers.

    Chances are those before anything is drawn: of somebody with this draw, in this city.
    """

    market: Market
    season: Season
    crowd: tuple[People, ...]
    members: tuple[tuple[Members, ...], ...]

    def film(self, name: str) -> Film:
        """A film of the slate by the simulator's id, or by its slug in the house."""
        for film in slate(self.market):
            if name in (film.id, slug(film)):
                return film
        raise InputError(f"No film {name!r} in this market.")

    def is_a(self, feature: str) -> Flags:
        """Who has a hobby, a pet or a child, or is of a group in `film.FEATURES`."""
        return self._features[:, FEATURES.index(feature)] > 0

    @property
    def log_activity(self) -> Floats:
        """The log of everybody's true activity."""
        return self._features[:, FEATURES.index("log activity")]

    @cached_property
    def sources(self) -> Ints:
        """Where everybody has accounts, as bits in the order of SOURCES."""
        bits = np.zeros(self.market.people, np.int64)
        for bit, source in enumerate(SOURCES):
            bits |= (self._joined(source) < NEVER).astype(np.int64) << bit
        return bits

    def goes(self, film: Film, *, by: date | None = None) -> Floats:
        """The chance of going to a film by a day, else over its whole run; seats permitting.

        A family film is decided on, and its tickets are bought, by the head of a household.
        """
        last = NEVER if by is None else (by - self.market.first_day).days
        return -np.expm1(-self.draw(film) * self._interest(film, np.array(last)))

    def marks(self, film: Film, *, by: date) -> Floats:
        """The chance of having marked a film "want to see" by a day."""
        return -np.expm1(-self.draw(film) * self._wish(film, (by - self.market.first_day).days))

    def marks_known(self, film: Film) -> Floats:
        """The chance that the house has somebody's mark: made through an account of theirs."""
        first = np.maximum(0, self._joined("tickets"))
        before = self._wish(film, first - 1)
        until = self._wish(film, self.market.days - 1)
        return self._between(film, before, np.maximum(before, until))

    def saw_known(self, film: Film) -> Floats:
        """The chance that the house has somebody's ticket, not given back, or view at home."""
        first = np.maximum(0, self._joined("tickets"))
        before = self._interest(film, first - 1)
        until = self._interest(film, np.array(self.market.days - 1))
        bought = self._between(film, before, np.maximum(before, until)) * (1 - REFUNDS)
        return 1 - (1 - bought) * (1 - self._watches(film))

    def any_of(self, chances: Sequence[Floats]) -> Floats:
        """The chance of any of some things that luck decides apart, as it does for each film."""
        none: Floats = np.prod([1 - c for c in chances], axis=0)
        return 1 - none

    @cached_property
    def _features(self) -> Floats:
        return np.concatenate([features(part) for part in self.crowd])

    @cached_property
    def _city(self) -> Ints:
        return np.concatenate([part.city for part in self.crowd])

    def draw(self, film: Film) -> Floats:
        """How strongly a film draws each person, or the head who decides for them."""
        return np.concatenate([deciding((film,), part)[:, 0] for part in self.crowd])

    def _between(self, film: Film, before: Floats, until: Floats) -> Floats:
        draw = self.draw(film)
        return np.exp(-draw * before) - np.exp(-draw * until)

    def _interest(self, film: Film, day: npt.NDArray[Any]) -> Floats:
        """The interest that has added up in everybody's city by the end of a day."""
        run = np.minimum(day - self.season.release[film.number], RUN_DAYS - 1)
        interest = self.season.interest[film.number][self._city, np.maximum(run, 0)]
        return np.where(run < 0, 0.0, interest)

    def _wish(self, film: Film, day: Any) -> Floats:
        ahead = np.asarray(day) - (self.season.release[film.number] - WANT_DAYS)
        wish = self.season.wants[film.number][np.clip(ahead, 0, WANT_DAYS - 1)]
        return np.where(ahead < 0, 0.0, wish)

    def _joined(self, source: str) -> Ints:
        """The day of everybody's first account with a source; NEVER without one."""
        joined = np.full(self.market.people, NEVER)
        for crowd, of in zip(self.crowd, self.members, strict=True):
            own = of[SOURCES.index(source)]
            np.minimum.at(joined, crowd.person[own.person], own.joined)
        return joined

    def _watches(self, film: Film) -> Floats:
        """The chance of a view at home.

        Of SHELF films shown, drawn by popularity, one is taken by draw with Gumbel noise; so a
        place on the shelf that has this film is taken with chance e^draw ÷ Σ e^draw of the shelf,
        averaged over the other places.
        """
        times = np.zeros(self.market.people)
        for chunk, (crowd, of) in enumerate(zip(self.crowd, self.members, strict=True)):
            own = of[SOURCES.index("video")]
            rate = rates(self.market, crowd.activity[own.person], "video", chunk) * own.share
            for days, chance in self._taken(film, crowd, own.person):
                watched = np.array([moments.watching(self.market.day(int(d))) for d in days])
                left = np.append(np.cumsum(watched[::-1])[::-1], 0.0)
                there = left[np.searchsorted(days, own.joined)]
                np.add.at(times, crowd.person[own.person], rate * A_YEAR / 365 * there * chance)
        return -np.expm1(-times)

    def _taken(self, film: Film, crowd: People, who: Ints) -> Iterator[tuple[Ints, Floats]]:
        """Part by part of the days: the days, and the chance that a play of each is this film."""
        films, of = self.season.films, features(crowd)[who]
        of[:, FEATURES.index("log activity")] = 0.0
        draw = np.exp(of @ np.stack([f.vector for f in films], axis=1)).astype(np.float32)
        cuts = np.linspace(0, self.market.days, min(PERIODS, self.market.days) + 1).astype(int)
        for number, (start, end) in enumerate(pairwise(cuts)):
            out = catalogue(self.market, films, int(start + end) // 2)
            place = np.flatnonzero(out.film == film.number)
            if not len(place):
                continue
            share = np.diff(out.popularity, prepend=0.0) / out.popularity[-1]
            g = np.random.default_rng((self.market.seed, film.number, number))
            others = out.film[g.choice(len(share), (SHELVES, SHELF - 1), p=share)]
            weight = draw[:, [film.number]]
            beside = draw[:, others.reshape(-1)].reshape(len(who), SHELVES, SHELF - 1).sum(axis=2)
            yield (
                np.arange(start, end),
                SHELF * share[place[0]] * (weight / (weight + beside)).mean(1),
            )


def slug(film: Film) -> str:
    """A film's name in the house: `saw:SLUG`, `wants:SLUG`, `fullhouse discover SLUG`."""
    return film_slug(film.title, film.release.year)


# What an estimate is judged against ---------------------------------------------------------------


def true_affinity(
    chance: Floats, has: csr_array, strata: Sequence[Strata], of_trait: Sequence[int]
) -> Floats:
    """The Mantel–Haenszel ratio of each trait with true chances in place of drawn outcomes.

    `chance` runs over people, `has` over people and traits; `strata[of_trait[i]]` is the stratum
    of each person that trait i is compared over. Two references are of use:

    - **as the house sees it**: the strata that the estimate itself was stratified on. It differs
      from the estimate by the luck of the outcome, and because who wanted the film is placed with
      one event more than who did not.
    - **at true activity**: fine strata (`fine`) of what the simulator knows of activity: the
      affinity that a house with perfect sight would find. What the estimate differs by beyond
      luck is what the house's strata do not hold equal, or hold equal too much.
    """
    return stratified(chance, has, strata, of_trait).ratio


def stratified(
    outcome: npt.NDArray[Any], has: csr_array, strata: Sequence[Strata], of_trait: Sequence[int]
) -> Ratio:
    """`true_affinity`, or with drawn outcomes the estimate that `discovery` gives, in plain words.

    For traits that are counted from other kinds of event than the outcome is.
    """
    by_trait, outcome = has.tocsc(), outcome.astype(np.float64)
    columns = {name: np.full(by_trait.shape[1], np.nan) for name in ("ratio", "low", "high")}
    for group in sorted(set(of_trait)):
        of, size = strata[group], int(strata[group].max(initial=0)) + 1
        n = np.bincount(of, minlength=size).astype(np.float64)
        every = np.bincount(of, outcome, minlength=size)
        for i in np.flatnonzero(np.asarray(of_trait) == group).tolist():
            rows = by_trait.indices[by_trait.indptr[i] : by_trait.indptr[i + 1]]
            n1 = np.bincount(of[rows], minlength=size).astype(np.float64)
            a = np.bincount(of[rows], outcome[rows], minlength=size).astype(np.float64)
            made = risk_ratio(a, n1, every - a, n - n1)
            for name, values in columns.items():
                values[i] = getattr(made, name)
    return Ratio(**columns, log_se=np.full(by_trait.shape[1], np.nan))


def fine(log_activity: Floats, sources: Ints, quantiles: int = 200) -> Ints:
    """Strata of true activity among people with accounts of the same `sources`.

    Who has no account with the video platform cannot have watched there: no lack of taste.
    """
    edges = np.quantile(log_activity, np.arange(1, quantiles) / quantiles)
    return sources * quantiles + np.searchsorted(edges, log_activity)


def oracle_capture(chance: Floats, score: Floats, share: float = 0.1) -> float:
    """Expected goers among the best tenth by a score ÷ those among the best tenth by true chance.

    Ties of the score are worth their mean, as if luck broke them.
    """
    most = round(share * len(chance))
    best = np.sort(chance)[::-1][:most].sum()
    return float(_top(chance, score, most) / best)


def _top(chance: Floats, score: Floats, most: int) -> float:
    least = np.sort(score)[::-1][most - 1]
    above, tied = score > least, score == least
    left = most - above.sum()
    return float(chance[above].sum() + left * chance[tied].mean())
