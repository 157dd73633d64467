"""Launch, withdrawal, crash and resume in any order: nobody leaves after withdrawing.

A seed decides at which steps of a dispatch somebody withdraws, grants again, or the power goes.
Whatever leaves (a file in its place, a body at the channel) is compared at that moment with what
everybody has said so far.
"""

import hashlib
import json
import os
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap

import fullhouse as fh
from fullhouse.campaigns import deliver as delivers
from fullhouse.campaigns import dispatch as dispatches
from fullhouse.campaigns import parts as parts_
from fullhouse.campaigns import removals as removals_
from fullhouse.campaigns import webhook
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, AssignedLine, DeliveryLine
from fullhouse.campaigns.people import freeze_people
from fullhouse.core.errors import FullhouseError
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.lake import Lake, Place
from fullhouse.planning import Channel

DAY = date(2025, 7, 14)
AT = datetime(2025, 7, 1, tzinfo=UTC)
PEOPLE = 40
URL = "https://hook.example/in"
FORMS = {"push": "parquet", "mail": "csv", "ads": "google", "hook": "webhook"}
CHANNELS = {
    name: Channel(
        name, "push", ("shop",), "message", 0.01, "USD", deliver=form,
        url=URL if form == "webhook" else "",
    )
    for name, form in FORMS.items()
}  # fmt: skip
LINES = [
    DeliveryLine(f"{name}-{week}", "dogs", name, ("shop",), form, DAY + timedelta(7 * week), 1.0)
    for name, form in FORMS.items()
    for week in range(2 if form == "webhook" else 1)
]

INTERLEAVINGS = int(os.environ.get("FULLHOUSE_INTERLEAVINGS", "15"))
"""How many the slow test plays; 500 take 20 minutes on two cores."""


class PowerCut(BaseException):
    """The process dies here."""


@dataclass
class World:
    """One seed's people, what they state, and what left; all of it checked as it happens."""

    context: object
    name: str
    folder: Path
    random: random.Random
    first: int
    refused: set[str] = field(default_factory=set)
    handed: dict[str, set[str]] = field(default_factory=dict)
    taken_back: dict[str, set[str]] = field(default_factory=dict)
    statements: int = 0
    armed: bool = False

    @property
    def accounts(self) -> list[str]:
        return [f"{self.name}-{i}" for i in range(PEOPLE)]

    @property
    def hashes(self) -> dict[str, str]:
        return {hashlib.sha256(f"{a}@mail.example".encode()).hexdigest(): a for a in self.accounts}

    def state_consent(self, account: str, *, granted: bool) -> None:
        """A statement by a feed, written at once, sometimes dated as of tomorrow."""
        self.statements += 1
        at = AT + timedelta(minutes=self.statements)
        day = at.date() + timedelta(365 if not granted and self.random.random() < 0.3 else 0)
        row = {
            "source": "shop", "account": account, "at": at,
            "event_id": f"{self.name}{self.statements}",
            "day": day, "purpose": "advertising", "granted": granted, "batch": "b",
        }  # fmt: skip
        rows = pa.Table.from_pylist([row], schema=CONSENT.schema)
        lake: Lake = self.context.lake
        lake.append(CONSENT, rows, batch=f"{self.name}/{self.statements}")
        (self.refused.discard if granted else self.refused.add)(account)

    def event(self) -> None:
        """What happens between two steps: mostly nothing."""
        if not self.armed:
            return
        dice = self.random.random()
        if dice < 0.1:
            self.state_consent(self.random.choice(self.accounts), granted=False)
        elif dice < 0.13 and self.refused:
            self.state_consent(self.random.choice(sorted(self.refused)), granted=True)
        elif dice < 0.19:
            raise PowerCut

    def left(self, channel: str, accounts: list[str]) -> None:
        """Some accounts are at a channel now."""
        after = self.refused & set(accounts)
        assert not after, f"{self.name}: {sorted(after)} left for {channel} after withdrawing"
        self.handed.setdefault(channel, set()).update(accounts)

    def arrived(self, target: Path) -> None:
        """A file is in its place."""
        if target.parent.parent.name == removals_.FOLDER:
            named = self._accounts_in(target)
            self.taken_back.setdefault(target.parent.name, set()).update(named)
        elif target.is_relative_to(self.folder):
            channel = "log" if target.name == delivers.LOG_FILE else target.parent.name
            self.left(channel, self._accounts_in(target))

    def _accounts_in(self, file: Path) -> list[str]:
        rows = pacsv.read_csv(file) if file.suffix == ".csv" else pq.read_table(file)
        if "Email" in rows.column_names:
            return [self.hashes[h] for h in rows["Email"].to_pylist()]
        return [str(a) for a in rows["account"].to_pylist()]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The channel's address: takes, or cannot just now."""
        body = json.loads(request.content)
        if "remove" in body:
            taken = {a["account"] for a in body["remove"]}
            self.taken_back.setdefault("hook", set()).update(taken)
            return httpx.Response(200)
        self.left("hook", [a["account"] for a in body["accounts"]])
        return httpx.Response(503 if self.armed and self.random.random() < 0.2 else 200)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory):
    environment = {"FULLHOUSE_KEY": "0" * 64, "FULLHOUSE_WEBHOOK_SECRET": "secret"}
    folder = tmp_path_factory.mktemp("interleaved") / "house"
    fh.init(str(folder), environment=environment).close()
    context = fh.open_house(str(folder), environment=environment, today=DAY)
    yield context
    context.close()


def _world(house, folder: Path, seed: int) -> World:
    name = f"c{seed}"
    world = World(house, name, folder / "out", random.Random(seed), seed * PEOPLE)
    ids = range(world.first, world.first + PEOPLE)
    rows = [
        {"source": "shop", "account": a, "person": i, "since": 1}
        for i, a in zip(ids, world.accounts, strict=True)
    ]
    people = pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema)
    house.lake.append(ACCOUNT_PERSON, people, batch=name)
    for account in world.accounts:
        world.refused.add(account)
    rows = [
        {"source": "shop", "account": a, "event_id": f"{name}-{i}", "at": AT, "day": AT.date(),
         "purpose": "advertising", "granted": True, "batch": "b"}
        for i, a in enumerate(world.accounts)
    ]  # fmt: skip
    house.lake.append(CONSENT, pa.Table.from_pylist(rows, schema=CONSENT.schema), batch=name)
    world.refused.clear()
    treated = {0: BitMap(list(ids)[:30])}
    states = {TREATED: treated, HELD_OUT: {0: BitMap(list(ids)[30:])}}
    lines = [AssignedLine(x.line, states) for x in LINES]
    freeze_people(house.lake, name, lines, at=AT, batch=f"campaign:{name}")
    contacts = pa.table(
        {"source": ["shop"] * PEOPLE, "account": world.accounts,
         "email": [f"{a}@mail.example" for a in world.accounts]}
    )  # fmt: skip
    pq.write_table(contacts, folder / "contacts.parquet")
    return world


def _steps(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let something happen before and after every step of a dispatch."""

    def around(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: object, **kwargs: object) -> object:
            world.event()
            result = real(*args, **kwargs)
            world.event()
            return result

        patch.setattr(owner, name, step)

    for owner, name in (
        (dispatches, "deliver"), (dispatches, "match_file"), (dispatches, "note_accounts"),
        (dispatches, "drop_accounts"), (dispatches, "_log_files"), (dispatches, "record"),
        (dispatches, "put_file"), (delivers.shutil, "copyfileobj"), (parts_, "record_accounts"),
        (parts_, "log_delivery"), (parts_, "send"), (removals_, "record_accounts"),
        (removals_, "put_file"),
    ):  # fmt: skip
        around(owner, name)
    replaced = Path.replace

    def replace(self: Path, target: Path) -> Path:
        done = replaced(self, target)
        world.arrived(Path(target))
        return done

    patch.setattr(Path, "replace", replace)
    client = webhook.channel_client
    for owner in (dispatches, removals_):
        patch.setattr(owner, "channel_client", lambda: client(httpx.MockTransport(world.answer)))
    patch.setattr(webhook, "ACCOUNTS", 7)
    patch.setattr(webhook, "LOGGED_EACH", 2)
    patch.setattr(webhook, "FIRST_WAIT_SECONDS", 0.0)
    patch.setattr(webhook, "check_host", lambda _: None)
    patch.setattr(dispatches, "check_host", lambda _: None)


def _play(house, folder: Path, seed: int, patch: pytest.MonkeyPatch) -> World:
    world = _world(house, folder, seed)
    _steps(world, patch)
    to = dispatches.DispatchTo(Place.of(str(world.folder)), str(folder / "contacts.parquet"), None)
    world.folder.mkdir()
    for attempt in range(4):
        world.armed = attempt < 3
        try:
            dispatches.dispatch(house, world.name, LINES, CHANNELS, to)
            if not world.armed or world.random.random() < 0.3:
                break
        except (PowerCut, FullhouseError):
            assert world.armed
        if world.random.random() < 0.5:
            world.state_consent(world.random.choice(world.accounts), granted=False)
        if world.random.random() < 0.3:
            _take_back(world, folder)
    world.armed = False
    dispatches.dispatch(house, world.name, LINES, CHANNELS, to)
    return world


def _take_back(world: World, folder: Path) -> None:
    contacts = str(folder / "contacts.parquet")
    try:
        removals_.removals(world.context, campaign=world.name, contacts=contacts)
    except PowerCut:
        assert world.armed


def _check_all_taken_back(world: World, folder: Path) -> None:
    """In the end every channel is asked for all who withdrew, and has all who did not."""
    _take_back(world, folder)
    assert removals_.removals_due(world.context, world.name) == ()
    assert removals_.removals(world.context, campaign=world.name) == ()
    treated = set(world.accounts[:30])
    for channel in FORMS:
        handed = world.handed.get(channel, set())
        assert handed & world.refused <= world.taken_back.get(channel, set()), channel
        assert treated - world.refused <= handed, channel
        assert handed <= treated, "nobody who is held out"


def _interleavings(house, folder: Path, seeds: range) -> int:
    withdrawn = 0
    for seed in seeds:
        here = folder / str(seed)
        here.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            world = _play(house, here, seed, patch)
            _check_all_taken_back(world, here)
        withdrawn += len(world.refused)
    return withdrawn


@pytest.mark.slow
def test_nobody_leaves_after_withdrawing_in_some_interleavings(house, tmp_path: Path) -> None:
    assert _interleavings(house, tmp_path, range(4)) > 4


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, INTERLEAVINGS, 5))
def test_nobody_leaves_after_withdrawing_in_many_interleavings(tmp_path: Path, first: int) -> None:
    # A house of their own for every five: tables of thousands of tiny commits are slow to open.
    environment = {"FULLHOUSE_KEY": "0" * 64, "FULLHOUSE_WEBHOOK_SECRET": "secret"}
    folder = tmp_path / "house"
    fh.init(str(folder), environment=environment).close()
    with fh.open_house(str(folder), environment=environment, today=DAY) as context:
        _interleavings(context, tmp_path, range(first, first + 5))
