"""Make the demo's market: simulated people, two platforms with little overlap, a ticket service.

Everything here is made up by a seed, so what is true is known: who is who, who keeps a dog, and
that one film's audience is dog owners while another's is nobody in particular. Activity is
heavy-tailed and drives everything, as it does in real data.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet

from examples.demo import words

PEOPLE = 8_000
FIRST, LAST = date(2024, 1, 1), date(2025, 6, 30)
DAYS = (LAST - FIRST).days + 1

SHARES = {
    "dog": 0.32,
    "cat": 0.24,
    "small children": 0.25,
    "garden": 0.22,
    "games": 0.2,
    "cooking": 0.3,
    "outdoors": 0.22,
}
MORE = 9.0
"""A taste multiplies what is bought in its categories."""
DOG_TIMES = 6.0
"""Keeping a dog multiplies the chance to see the film with the hidden audience."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class People:
    """The simulated people: what no feed tells."""

    female: Bools
    birth_year: Ints
    region: Ints
    tastes: dict[str, Bools]
    activity: Floats
    partner: Ints


@dataclass(frozen=True)
class Accounts:
    """Accounts of one source: whose they are, and their ids."""

    source: str
    person: Ints
    ids: list[str]


@dataclass(frozen=True)
class Reach:
    """The e-mail and the phone of every person; some share one with their household."""

    emails: list[str]
    phones: list[str]


@dataclass(frozen=True)
class Truth:
    """What is true in the market, to be laid beside what was found."""

    people: int
    accounts: dict[str, int]
    dog_owners: int
    hidden_film: str
    dog_times: float
    null_film: str
    dirty_rows: int
    refusals: int
    owners: dict[tuple[str, str], int] = field(repr=False)


def make(folder: Path, *, seed: int) -> Truth:
    """Write the feeds' files into `folder`, and return what is true; the seed decides it all."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    people = _people(rng)
    members = _members(rng)
    made = {source: _accounts(rng, source, member) for source, member in members.items()}
    reach = Reach(_emails(rng, people), _phones(rng))
    for accounts in made.values():
        _write_accounts(folder, rng, people, accounts, reach)
    dirty = _write_shop(folder, rng, people, made["shop"])
    _write_video(folder, rng, people, made["video"])
    _write_tickets(folder, rng, people, made["tickets"])
    refusals = _write_consent(folder, rng, made["tickets"])
    seen = np.logical_or.reduce(list(members.values()))
    return Truth(
        people=int(seen.sum()),
        accounts={source: len(a.ids) for source, a in made.items()},
        dog_owners=int((people.tastes["dog"] & seen).sum()),
        hidden_film=words.HIDDEN,
        dog_times=DOG_TIMES,
        null_film=words.NULL,
        dirty_rows=dirty,
        refusals=refusals,
        owners={
            (a.source, account): person
            for a in made.values()
            for account, person in zip(a.ids, a.person.tolist(), strict=True)
        },
    )


def _people(rng: np.random.Generator) -> People:
    birth_year = 2025 - np.clip(rng.normal(40, 15, PEOPLE), 18, 90).astype(np.int64)
    age = 2025 - birth_year
    tilt = {"small children": np.where((age > 25) & (age < 45), 1.7, 0.5), "games": 50 / age}
    tastes = {
        taste: rng.random(PEOPLE) < share * tilt.get(taste, np.ones(PEOPLE))
        for taste, share in SHARES.items()
    }
    # Dog owners buy more of everything: the trap that stratifying on activity must avoid.
    activity = rng.normal(0, 0.8, PEOPLE) + 0.5 * tastes["dog"]
    partner = np.arange(PEOPLE) ^ 1
    lives_together = np.repeat(rng.random(PEOPLE // 2) < 0.2, 2)
    return People(
        female=rng.random(PEOPLE) < 0.51,
        birth_year=birth_year,
        region=rng.integers(len(words.REGIONS), size=PEOPLE),
        tastes=tastes,
        activity=activity,
        partner=np.where(lives_together, partner, np.arange(PEOPLE)),
    )


def _members(rng: np.random.Generator) -> dict[str, Bools]:
    # Few are on both platforms; the ticket service knows people of either, and of neither.
    draw = rng.random(PEOPLE)
    return {
        "shop": draw < 0.58,
        "video": (draw > 0.52) & (draw < 0.92),
        "tickets": (rng.random(PEOPLE) < 0.6) | (draw >= 0.92),
    }


def _accounts(rng: np.random.Generator, source: str, member: Bools) -> Accounts:
    person = np.flatnonzero(member)
    again = person[rng.random(len(person)) < 0.02]
    everyone = np.concatenate([person, again])
    # Shuffled, so that an id says nothing of who its owner is.
    numbers = rng.permutation(len(everyone))
    return Accounts(source, everyone, [f"{source[0].upper()}{n:06d}" for n in numbers])


def _emails(rng: np.random.Generator, people: People) -> list[str]:
    shares = (rng.random(PEOPLE) < 0.25) & (people.partner < np.arange(PEOPLE))
    owner = np.where(shares, people.partner, np.arange(PEOPLE))
    return [f"person{n}@example.{'com' if n % 3 else 'org'}" for n in owner.tolist()]


def _phones(rng: np.random.Generator) -> list[str]:
    numbers = rng.permutation(len(words.AREA_CODES) * 100)[:PEOPLE].tolist()
    return [f"{words.AREA_CODES[n // 100]}55501{n % 100:02d}" for n in numbers]


def _write_accounts(
    folder: Path, rng: np.random.Generator, people: People, accounts: Accounts, reach: Reach
) -> None:
    has_email, has_phone = {"shop": (0.97, 0.6), "video": (0.9, 0.2), "tickets": (0.6, 0.9)}[
        accounts.source
    ]
    rows = []
    for account, p in zip(accounts.ids, accounts.person.tolist(), strict=True):
        luck = rng.random(4)
        phone = reach.phones[p] if luck[1] < has_phone else ""
        if accounts.source == "tickets" and luck[2] < 0.01:
            phone = "8005550199"  # the box office's own number: shared by many, links nobody
        rows.append(
            {
                "id": account,
                "joined": str(FIRST - timedelta(days=int(luck[3] * 900))),
                "gender": "F" if people.female[p] else "M",
                "birth_year": int(people.birth_year[p]),
                "state": words.REGIONS[people.region[p]],
                "email": _untidy(reach.emails[p], luck[2]) if luck[0] < has_email else "",
                "phone": _spelt(phone, luck[3]),
            }
        )
    if accounts.source == "video":
        _jsonl(folder / "video_accounts.jsonl.gz", rows)
    else:
        _csv(folder / f"{accounts.source}_accounts.csv.gz", rows)


def _untidy(email: str, luck: float) -> str:
    return email.upper() if luck < 0.1 else f" {email} " if luck < 0.2 else email


def _spelt(phone: str, luck: float) -> str:
    if not phone:
        return ""
    area, exchange, line = phone[:3], phone[3:6], phone[6:]
    if luck < 0.4:
        return f"({area}) {exchange}-{line}"
    return f"+1 {area}.{exchange}.{line}" if luck < 0.7 else phone


def _write_shop(folder: Path, rng: np.random.Generator, people: People, accounts: Accounts) -> int:
    leaves = words.leaves()
    products = [_product(rng, sku, leaves[sku % len(leaves)]) for sku in range(len(leaves) * 4)]
    _jsonl(folder / "shop_products.jsonl", products)
    liking = np.ones((len(leaves), PEOPLE)) * rng.lognormal(0, 0.8, len(leaves))[:, None]
    for taste, paths in words.TASTES.items():
        liked = np.flatnonzero([leaf.startswith(paths) for leaf in leaves])
        liking[np.ix_(liked, np.flatnonzero(people.tastes[taste]))] *= MORE
    rate = _rate(rng, people, mean=26.0) * liking / liking.sum(axis=0).mean()
    who, leaf = _draw(rng, rate, accounts)
    sku = leaf + len(leaves) * rng.integers(4, size=len(leaf))
    prices = np.array([p["price"] for p in products])
    table = pa.table(
        {
            "order_line": [f"L{n:07d}" for n in range(len(who))],
            "customer": [accounts.ids[i] for i in who.tolist()],
            "ordered_at": _times(rng, len(who)),
            "sku": [products[i]["sku"] for i in sku.tolist()],
            "units": (1 + rng.poisson(0.3, len(who))).astype(np.float64),
            "price": prices[sku],
            "currency": ["USD"] * len(who),
        }
    )
    pa.parquet.write_table(table, folder / "shop_orders.parquet")
    return _write_dirty(folder, accounts, products)


def _product(rng: np.random.Generator, number: int, leaf: str) -> dict[str, Any]:
    levels = leaf.split(" > ")
    brand = words.BRANDS[int(rng.integers(len(words.BRANDS)))]
    kind = words.KINDS[int(rng.integers(len(words.KINDS)))]
    return {
        "sku": f"K{number:04d}",
        "title": f"{brand} {kind} {levels[-1]} ({levels[-2]})",
        "category": "/".join(levels),
        "price": round(float(rng.lognormal(2.8, 0.7)), 2),
    }


def _write_dirty(folder: Path, accounts: Accounts, products: Sequence[dict[str, Any]]) -> int:
    """A late file from the shop with rows that must be refused, each for its own reason."""
    good = {
        "order_line": "LATE1",
        "customer": accounts.ids[0],
        "ordered_at": "2025-06-30T09:00:00",
        "sku": products[0]["sku"],
        "units": "1",
        "price": "9.50",
        "currency": "USD",
    }
    bad: tuple[dict[str, str], ...] = (
        {"order_line": "LATE2", "units": "-3"},
        {"order_line": "LATE3", "ordered_at": "yesterday"},
        {"order_line": "LATE4", "ordered_at": "2199-01-01T00:00:00"},
        {"order_line": "LATE5", "currency": "EUR"},
        {"order_line": "LATE6", "units": "a few"},
        {"order_line": "LATE7", "customer": ""},
    )
    _csv(folder / "shop_orders_late.csv", [good, *({**good, **change} for change in bad)])
    return len(bad)


def _write_video(
    folder: Path, rng: np.random.Generator, people: People, accounts: Accounts
) -> None:
    films = [
        {"film": f"F{i:03d}", "title": title, "genres": genres, "year": 2000 + (7 * i) % 24}
        for i, (title, genres) in enumerate(words.ON_VIDEO)
    ]
    _csv(folder / "video_films.csv", films)
    rate = _rate(rng, people, mean=14.0) * _film_liking(rng, people, words.ON_VIDEO)
    who, film = _draw(rng, rate, accounts)
    rows = {
        "play": [f"P{n:07d}" for n in range(len(who))],
        "account": [accounts.ids[i] for i in who.tolist()],
        "started": _times(rng, len(who)),
        "film": [films[i]["film"] for i in film.tolist()],
        "share": np.round(rng.beta(4, 1.2, len(who)), 3),
    }
    pa.parquet.write_table(pa.table(rows), folder / "video_plays.parquet")


def _write_tickets(
    folder: Path, rng: np.random.Generator, people: People, accounts: Accounts
) -> None:
    films = [
        {
            "film": f"C{i:03d}",
            "title": title,
            "genres": genres,
            "release": str(FIRST + timedelta(days=(i * 97) % (DAYS - 60))),
        }
        for i, (title, genres) in enumerate(words.IN_CINEMAS)
    ]
    _csv(folder / "tickets_films.csv", films)
    liking = _film_liking(rng, people, words.IN_CINEMAS)
    # Two films by rule: one loved by dog owners, one by nobody in particular.
    liking[0] = 0.02 * np.where(people.tastes["dog"], DOG_TIMES, 1.0)
    liking[1] = 0.06
    who, film = _draw(rng, _rate(rng, people, mean=7.0) * liking, accounts)
    rows = [
        {
            "sale": f"T{n:07d}",
            "member": accounts.ids[w],
            "sold_at": when.strftime("%d/%m/%Y %H:%M"),
            "film": films[f]["film"],
            "tickets": tickets,
            "price": "12.50",
            "city": words.REGIONS[people.region[accounts.person[w]]],
        }
        for n, (w, f, when, tickets) in enumerate(
            zip(
                who.tolist(),
                film.tolist(),
                _times(rng, len(who)),
                (1 + rng.poisson(0.8, len(who))).tolist(),
                strict=True,
            )
        )
    ]
    _csv(folder / "tickets_sales.csv.gz", rows)


def _write_consent(folder: Path, rng: np.random.Generator, accounts: Accounts) -> int:
    rows, refusals = [], 0
    for account in accounts.ids:
        refuses, advertises = rng.random() < 0.03, rng.random() < 0.7
        refusals += refuses
        said = {"analytics": not refuses, "advertising": advertises and not refuses}
        rows += [
            {"member": account, "at": "2024-01-01T08:00:00", "purpose": purpose, "yes": int(yes)}
            for purpose, yes in said.items()
        ]
    _csv(folder / "tickets_consent.csv", rows)
    return int(refusals)


def _rate(rng: np.random.Generator, people: People, *, mean: float) -> Floats:
    """Events per person, heavy-tailed: half the spread is the person's, half the platform's."""
    spread = people.activity + rng.normal(0, 0.6, PEOPLE)
    rate: Floats = mean * np.exp(spread) / np.exp(spread).mean()
    return np.minimum(rate, 40 * mean)


def _film_liking(
    rng: np.random.Generator, people: People, films: Sequence[tuple[str, str]]
) -> Floats:
    liking = np.repeat(rng.lognormal(0, 0.7, len(films))[:, None], PEOPLE, axis=1)
    for taste, genre in words.GENRE_TASTES.items():
        liked = np.flatnonzero([genre in genres for _, genres in films])
        liking[np.ix_(liked, np.flatnonzero(people.tastes[taste]))] *= 4
    total: Floats = liking / liking.sum(axis=0).mean()
    return total


def _draw(rng: np.random.Generator, rate: Floats, accounts: Accounts) -> tuple[Ints, Ints]:
    """Account and thing of every event: Poisson counts, so that no choice crowds out another."""
    counts = rng.poisson(rate[:, accounts.person])
    thing, who = np.nonzero(counts)
    times = counts[thing, who]
    order = rng.permutation(int(times.sum()))
    return np.repeat(who, times)[order], np.repeat(thing, times)[order]


def _times(rng: np.random.Generator, count: int) -> list[datetime]:
    start = datetime(FIRST.year, FIRST.month, FIRST.day)  # noqa: DTZ001  (local, as feeds write it)
    minutes = rng.integers(DAYS * 24 * 60 - 600, size=count)
    return [start + timedelta(minutes=int(m)) for m in minutes]


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(path, text.getvalue())


def _jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    _write(path, "".join(json.dumps(row) + "\n" for row in rows))


def _write(path: Path, text: str) -> None:
    data = text.encode()
    # No time in the header: the same seed gives the same bytes.
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
