"""The story that `benchmarks.chaos` disturbs: its feeds, its commands, how its end is judged."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

import fullhouse as fh
from fullhouse import app
from fullhouse.control import audit_log
from fullhouse.control.campaigns import campaigns, save_plan
from fullhouse.control.suppression import pending_erasures, suppressed_digests
from fullhouse.core.tables import ALL, CONSENT
from fullhouse.feeds.retract import ledger
from fullhouse.planning.plan import Amount, Plan, PlanLine

PEOPLE, ORDERS = 60, 160
NOW = datetime(2025, 7, 14, 12, tzinfo=UTC)
TODAY = NOW.date()
AT = "2025-06-01 12:00:00"
GONE, LEFT = ("shop", "s7"), "s9"
"""Who is erased, and who withdraws."""

ENVIRONMENT = {
    "FULLHOUSE_KEY": "0" * 64, "FULLHOUSE_CHUNK_ROWS": "40", "FULLHOUSE_TRAIT_FLOOR": "1",
    "FULLHOUSE_REFUSED_PERCENT": "100", "FULLHOUSE_THREADS": "1",
}  # fmt: skip
ORDER_FEED = """
source = "shop"
kind = "purchase"
category_separator = ">"
time_zone = "UTC"
[columns]
event_id = "id"
account = "user"
at = "when"
product = "sku"
title = "name"
category = "shelf"
quantity = "count"
unit_price = "price"
[identifiers]
email = "mail"
"""
MENDED = ORDER_FEED.replace('"count"', "\"replace(count, ' pieces', '')\"")
FEEDS = {
    "accounts": """
source = "shop"
kind = "account"
[columns]
account = "user"
city = "town"
birth_year = "born"
[identifiers]
email = "mail"
[constants]
at = 2025-05-01
""",
    "consents": """
source = "shop"
kind = "consent"
time_zone = "UTC"
[columns]
event_id = "id"
account = "user"
at = "when"
purpose = "purpose"
granted = "granted"
""",
    "orders": ORDER_FEED,
}
CHANNELS = """
[channel.push]
kind = "push"
sources = ["shop"]
pricing = "message"
price = 0.004
[channel.mail]
kind = "email"
sources = ["shop"]
pricing = "message"
price = 0.006
deliver = "csv"
"""
DERIVED = ("batch", "build", "run", "since", "inputs")
"""What a repeated command may count on; the rest must be the same."""
LEDGERS = ("begun", "ingested", "retracted", "delivery", "dispatched", "removal")


def opened(folder: Path) -> app.Context:
    """The house on its day, by a clock that may be wrong by some days."""
    context = app.open_house(str(folder / "house"), environment=ENVIRONMENT, today=TODAY)
    now = NOW + timedelta(days=int(os.environ.get("CHAOS_DAYS", "0")))
    return replace(context, clock=lambda: now)


def prepare(folder: Path) -> None:
    """A house with a film and a plan, and the files of its feeds."""
    fh.init(str(folder / "house"), environment=ENVIRONMENT).close()
    files = folder / "files"
    files.mkdir()
    (folder / "out").mkdir()
    for name, text in FEEDS.items():
        (folder / f"{name}.toml").write_text(text)
    mails = {i: f"m{i // 2 if i % 10 == 0 else i}@x.com" for i in range(PEOPLE)}
    _write(files / "accounts.csv", "user,town,born,mail", [
        (f"s{i}", "Springfield", 1960 + i % 40, mails[i]) for i in range(PEOPLE)])  # fmt: skip
    _write(files / "consents.csv", "id,user,when,purpose,granted", [
        (f"c{i}", f"s{i}", AT, "advertising", "nein" if i % 13 == 4 else str(i % 6 != 5).lower())
        for i in range(PEOPLE)])  # fmt: skip
    _write(files / "orders.csv", "id,user,when,sku,name,shelf,count,price,mail", _orders("o", AT))
    wrong = _orders("w", "2025-06-02 12:00:00")
    _write(files / "wrong.csv", "id,user,when,sku,name,shelf,count,price,mail", wrong)
    late = _orders("l", "2025-06-03 12:00:00")[:60]
    _write(files / "late.csv", "id,user,when,sku,name,shelf,count,price,mail", late)
    with opened(folder) as context:
        opening = date(2025, 8, 15)
        fh.film_add(context, fh.AddFilm(
            "The Puppy", opening=opening, territory="ZZ", values={"genres": "Drama"},
            known_on=date(2024, 1, 1)))  # fmt: skip
        save_plan(context.control, "puppy", "the-puppy-2025", _plan().to_dict(), at=NOW)


def _orders(prefix: str, at: str) -> list[tuple[Any, ...]]:
    rows = []
    for i in range(ORDERS):
        person = i % PEOPLE
        shelf = "Pet Supplies > Dogs" if person % 2 else "Books > Crime"
        count = {3: "2 pieces", 8: "-1"}.get(i % 20, "1")
        number = i - 20 if i % 40 == 33 else i
        rows.append((
            f"{prefix}{number}", f"s{person}", at, f"{shelf[0]}{person % 5}", "Thing", shelf, count,
            "9.99", f"m{person}@x.com"))  # fmt: skip
    return rows


def _write(path: Path, head: str, rows: Sequence[Sequence[Any]]) -> None:
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")


def _amount(middle: float) -> Amount:
    return Amount(middle, middle / 2, middle * 2)


def _plan() -> Plan:
    lines = tuple(
        PlanLine(
            id=name, audience=f"who {rule}", rule=rule, kind="baskets", channel=channel,
            cities="everywhere", week=date(2025, 7, 28), spend=10.0, impressions=60.0, people=60.0,
            reach=60.0, frequency=1.0, tickets=_amount(20.0), gross=_amount(200.0), tested=False,
        )
        for name, rule, channel in (
            ("dogs", "buys:pet-supplies/dogs", "push"), ("all", "everyone", "mail"),
        )
    )  # fmt: skip
    return Plan(
        name="", film="the-puppy-2025", title="The Puppy", territory="ZZ", as_of=TODAY,
        opening=date(2025, 8, 15), budget=100.0, currency="USD", price=10.0, attitude="neutral",
        lines=lines, spend=20.0, people=PEOPLE, reach=PEOPLE, frequency=1.0,
        tickets=_amount(40.0), gross=_amount(200.0), base=None, bridge=(), curve=(),
        unreachable=(), holdout=0.25, audiences={}, cities={"everywhere": ()},
    )  # fmt: skip


def _ingest(feed: str, name: str) -> Callable[[Path], None]:
    def step(folder: Path) -> None:
        with opened(folder) as context:
            file = str(folder / "files" / f"{name}.csv")
            app.ingest(context, app.IngestFiles(folder / f"{feed}.toml", (file,)))

    return step


def _retract(folder: Path) -> None:
    with opened(folder) as context:
        # Whoever gives the command again after it was done is told that there is no such file.
        if any(f.file == "wrong.csv" for f in ledger(context.lake)):
            app.feed_retract(context, app.RetractFeed("wrong.csv", confirmed=True))
        else:
            app.feed_retract(context, app.RetractFeed("orders"))


def _retry(folder: Path) -> None:
    mended = folder / f"orders.{os.getpid()}"  # another writer may mend it at the same moment
    mended.write_text(MENDED)
    mended.replace(folder / "orders.toml")
    with opened(folder) as context:
        app.feed_retry(context, app.RetryFeed(folder / "orders.toml"))


def _resolve(folder: Path) -> None:
    with opened(folder) as context:
        app.people_resolve(context)


def _traits(folder: Path) -> None:
    with opened(folder) as context:
        app.traits_build(context, app.BuildTraits(as_of=TODAY))


def _launch(folder: Path) -> None:
    with opened(folder) as context:
        app.campaign_launch(context, app.LaunchCampaign(
            "puppy", name="spring", folder=folder / "out", channels=CHANNELS))  # fmt: skip


def _withdraw(folder: Path) -> None:
    with opened(folder) as context:
        app.consent_withdraw(context, app.WithdrawConsent("shop", LEFT))


def _erase(folder: Path) -> None:
    with opened(folder) as context:
        app.erase_people(context, app.ErasePeople((GONE,)))


STEPS: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("accounts", _ingest("accounts", "accounts")),
    ("consents", _ingest("consents", "consents")),
    ("orders", _ingest("orders", "orders")),
    ("wrong", _ingest("orders", "wrong")),
    ("retract", _retract),
    ("retry", _retry),
    ("resolve", _resolve),
    ("traits", _traits),
    ("launch", _launch),
    ("withdraw", _withdraw),
    ("erase", _erase),
    ("late", _ingest("orders", "late")),
)
SECONDS = {name: 0.6 for name, _ in STEPS}
"""CPU seconds within which a command is disturbed: about as long as it takes."""


def judge(folder: Path, problems: Path) -> None:
    """Write the digest of the end, and whatever is wrong with it."""
    wrong: list[str] = []
    with opened(folder) as context:
        proof = app.lake_verify(context)
        wrong += [f"lake verify: {p.code}" for p in proof.problems]
        wrong += [f"lake verify: {t.name} {p.code}" for t in proof.tables for p in t.problems]
        search = app.verify_erasure(context, app.VerifyErasure((GONE,)))
        wrong += [f"trace of the erased: {t}" for t in search.traces]
        if pending_erasures(context.control):
            wrong.append("an erasure did not end")
        content = {name: _rows(context, name) for name in ALL if name not in LEDGERS}
        content["control"] = [
            *(f"{c.name} {c.plan} {c.cancelled}" for c in campaigns(context.control)),
            *sorted(suppressed_digests(context.control)),
            *sorted({row.action for row in audit_log(context.control, most=10_000)}),
        ]
        content["files"] = _files(folder / "out")
        wrong += [f"left behind: {p.name}" for p in (folder / "out").rglob(".*") if p.is_file()]
    text = json.dumps(content, default=str, sort_keys=True, indent=1)
    (folder / "content.json").write_text(text)
    (folder / "digest").write_text(hashlib.sha256(text.encode()).hexdigest())
    problems.write_text("\n".join(wrong))


def _rows(context: app.Context, name: str) -> list[str]:
    """The rows of a table without what a repeated command counts on, each as a text."""
    table = ALL[name]
    has_own_time = name in ("purchase", "consent", "account", "identifier")
    left_out = {*DERIVED, *(() if has_own_time else ("at",))}
    if name == CONSENT.name:
        left_out |= {"event_id", "at", "day"}
    where = None
    if "build" in table.names:
        # Those of a build that did not finish stay until the next ones are pruned.
        build = max(context.lake.read(ALL["trait_build"])["build"].to_pylist(), default=-1)
        where = pc.field("build") == build
    columns = [c for c in table.names if c not in left_out]
    rows = context.lake.read(table, columns=columns, where=where).to_pylist()
    return sorted({json.dumps(row, default=_text, sort_keys=True) for row in rows} if
                  name == CONSENT.name else
                  [json.dumps(row, default=_text, sort_keys=True) for row in rows])  # fmt: skip


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _files(folder: Path) -> list[str]:
    """Each file that was handed over, with the digest of its rows in order of their texts."""
    shown = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        rows: pa.Table = pacsv.read_csv(path) if path.suffix == ".csv" else pq.read_table(path)
        texts = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows.to_pylist())
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        # A removal list whose record was lost is handed over again, under the next number.
        name = path.parent if "removals" in path.parts else path
        shown.append(f"{name.relative_to(folder)} {rows.num_rows} {digest[:16]}")
    return sorted(set(shown))


def preload() -> None:
    """Load every library that the story needs, once for all processes; starts no thread."""
    for name in ("ibis", "ibis.backends.duckdb", "fullhouse.engine", "alembic.command"):
        import_module(name)
    for name in sorted(set(dir(app))):
        getattr(app, name)
