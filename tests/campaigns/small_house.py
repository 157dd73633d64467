"""A small house with a frozen campaign: forty people of a shop, thirty of them treated."""

import json
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
from pyroaring import BitMap

import fullhouse as fh
from fullhouse.campaigns import dispatch as dispatches
from fullhouse.campaigns import removals as removals_
from fullhouse.campaigns import webhook
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, AssignedLine, DeliveryLine
from fullhouse.campaigns.people import freeze_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.lake import Place
from fullhouse.planning import Channel

DAY = date(2025, 7, 14)
AT = datetime(2025, 7, 1, tzinfo=UTC)
PEOPLE = 40
TREATED_PEOPLE = range(30)
URL = "https://hook.example/in"
KEY = {"FULLHOUSE_KEY": "0" * 64, "FULLHOUSE_WEBHOOK_SECRET": "secret"}
FORMS = {"push": "parquet", "mail": "csv", "ads": "google", "hook": "webhook"}
CHANNELS = {
    name: Channel(
        name, "push", ("shop",), "message", 0.01, "USD", deliver=form,
        url=URL if form == "webhook" else "",
    )
    for name, form in FORMS.items()
}  # fmt: skip
LINES = [DeliveryLine(n, "dogs", n, ("shop",), f, DAY, 1.0) for n, f in FORMS.items()]


def made_house(folder: Path):
    """An open workspace without anything in it."""
    fh.init(str(folder), environment=KEY).close()
    return fh.open_house(str(folder), environment=dict(KEY), today=DAY)


class Campaign:
    """A frozen campaign of people of its own, its folder and its contacts."""

    def __init__(self, house, name: str, folder: Path, first: int = 0, lines=LINES) -> None:
        self.house, self.name, self.lines, self.statements = house, name, lines, 0
        self.folder, self.contacts = folder / "out", str(folder / "contacts.parquet")
        ids = range(first, first + PEOPLE)
        self.accounts = [f"{name}-{i}" for i in range(PEOPLE)]
        rows = [
            {"source": "shop", "account": a, "person": i, "since": 1}
            for i, a in zip(ids, self.accounts, strict=True)
        ]
        people = pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema)
        house.lake.append(ACCOUNT_PERSON, people, batch=name)
        self.state_consent(*self.accounts, granted=True)
        states = {
            TREATED: {0: BitMap(list(ids)[: TREATED_PEOPLE.stop])},
            HELD_OUT: {0: BitMap(list(ids)[TREATED_PEOPLE.stop :])},
        }
        assigned = [AssignedLine(x.line, states) for x in lines]
        freeze_people(house.lake, name, assigned, at=AT, batch=f"campaign:{name}")
        add_campaign(house.control, SavedCampaign(name, "film", "plan", 1, {}, AT))
        mails = [f"{a}@mail.example" for a in self.accounts]
        contacts = {"source": ["shop"] * PEOPLE, "account": self.accounts, "email": mails}
        pq.write_table(pa.table(contacts), self.contacts)

    @property
    def treated(self) -> list[str]:
        return sorted(self.accounts[: TREATED_PEOPLE.stop])

    def state_consent(self, *accounts: str, granted: bool, days_ahead: int = 0) -> None:
        """Statements by a feed; `days_ahead` dates them as of a later day."""
        self.statements += 1
        at = AT + timedelta(minutes=self.statements)
        rows = [
            {
                "source": "shop", "account": account, "event_id": f"{account}/{self.statements}",
                "at": at, "day": at.date() + timedelta(days_ahead), "purpose": "advertising",
                "granted": granted, "batch": "b",
            }
            for account in accounts
        ]  # fmt: skip
        table = pa.Table.from_pylist(rows, schema=CONSENT.schema)
        self.house.lake.append(CONSENT, table, batch=f"{self.name}/{self.statements}")

    def dispatch(self):
        """Hand over what is to be, as a launch does."""
        self.folder.mkdir(exist_ok=True)
        matched = any(x.form == "google" for x in self.lines)
        to = dispatches.DispatchTo(
            Place.of(str(self.folder)), self.contacts if matched else None, None
        )
        return dispatches.dispatch(self.house, self.name, self.lines, CHANNELS, to)


class Hook:
    """The channel's address in memory: answers in turn, 200 in the end."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.calls, self.bodies = list(answers), [], []
        self.before = lambda: None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.headers["Idempotency-Key"])
        signature = request.headers["Fullhouse-Signature"]
        at = int(signature.split(",")[0].removeprefix("t="))
        assert signature == webhook.sign(b"secret", request.content, at=at)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.bodies.append(json.loads(request.content))
        else:
            self.before()
        return httpx.Response(status)

    @property
    def accounts(self) -> list[str]:
        return [a["account"] for body in self.bodies for a in body.get("accounts", ())]

    @property
    def removed(self) -> list[str]:
        return [a["account"] for body in self.bodies for a in body.get("remove", ())]


@contextmanager
def hooked(monkeypatch, hook: Hook, accounts: int = 7):
    """Webhooks go to an address in memory, in small parts, without waiting."""
    client = webhook.channel_client
    with monkeypatch.context() as patch:
        for owner in (dispatches, removals_):
            patch.setattr(owner, "channel_client", lambda: client(httpx.MockTransport(hook.answer)))
        patch.setattr(webhook, "ACCOUNTS", accounts)
        patch.setattr(webhook, "LOGGED_EACH", 2)
        patch.setattr(webhook, "FIRST_WAIT_SECONDS", 0.0)
        patch.setattr(webhook, "check_host", lambda _: None)
        yield hook
