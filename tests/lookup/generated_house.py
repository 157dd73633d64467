"""A generated house with campaigns, and an obvious, slow answer to who may be shown what."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

import fullhouse as fh
from fullhouse import app
from fullhouse.audiences.audience import Audience
from fullhouse.audiences.save import freeze
from fullhouse.campaigns.campaign import (
    ALWAYS_OUT,
    HELD_OUT,
    TREATED,
    WITHHELD,
    LineAudience,
    Units,
)
from fullhouse.campaigns.launch import assign_lines
from fullhouse.campaigns.people import freeze_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, cancel_campaign, save_plan
from fullhouse.control.suppression import account_digest, spellings, suppress
from fullhouse.core.person_sets import by_block
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT, PERSON_MERGE
from fullhouse.people.resolution import RUN, batch
from fullhouse.planning.plan import Amount, Plan, PlanLine

DAY = date(2026, 3, 4)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = {"FULLHOUSE_KEY": "0" * 64}
SOURCES = ("shop", "video")
CHANNELS = """
[channel.push]
kind = "push"
sources = ["shop"]
pricing = "message"
price = 0.01

[channel.feed]
kind = "video"
sources = ["shop", "video"]
pricing = "cpm"
price = 8.0
"""
OF_CHANNEL = {"push": ("shop",), "feed": ("shop", "video")}
NOTHING = Amount(0.0, 0.0, 0.0)

Account = tuple[str, str]


def plan_line(name: str, audience: str, channel: str, week: date) -> PlanLine:
    return PlanLine(
        name, audience, audience, "card", channel, "all", week, 1.0, 1.0, 1.0, 1.0, 1.0, NOTHING,
        NOTHING, tested=True,
    )  # fmt: skip


def plan(name: str, lines: list[PlanLine]) -> Plan:
    return Plan(
        name, "moonfall", "Moonfall", "US", DAY, DAY, 1.0, "USD", 1.0, "neutral", tuple(lines),
        1.0, 1.0, 1.0, 1.0, NOTHING, NOTHING, None, (), (), (), 0.2, {}, {},
    )  # fmt: skip


@dataclass
class Campaign:
    name: str
    lines: list[PlanLine]
    states: dict[str, dict[str, set[int]]]
    cancelled: bool = False

    def held_out(self) -> set[int]:
        return {
            p
            for s in self.states.values()
            for out in (HELD_OUT, ALWAYS_OUT)
            for p in s.get(out, ())
        }

    def out_of_audiences(self) -> set[int]:
        return self.held_out() | {
            p
            for s in self.states.values()
            for out in (WITHHELD, "over_cap")
            for p in s.get(out, ())
        }


@dataclass
class World:
    """Everything the house knows, in plain dictionaries, beside the house itself."""

    folder: Path
    seed: int
    people: int = 60
    accounts: dict[Account, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    latest_consent: dict[tuple[Account, str], tuple[datetime, bool]] = field(default_factory=dict)
    audiences: dict[str, tuple[str, set[int]]] = field(default_factory=dict)
    campaigns: list[Campaign] = field(default_factory=list)
    erased: set[Account] = field(default_factory=set)
    statements: int = 0
    runs: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        fh.init(str(self.folder), environment=KEY).close()
        opened = fh.open_house(str(self.folder), environment=dict(KEY), today=DAY)
        self.house = replace(opened, clock=lambda: AT)
        for person in range(self.people):
            for number in range(self.random.choice((1, 1, 2, 3))):
                source = self.random.choice(SOURCES)
                blank = " " if self.random.random() < 0.1 else ""
                self.accounts[source, f"{blank}u/{person}-{number}"] = person
        self._link()
        for account in self.accounts:
            if self.random.random() < 0.85:
                self.state_consent(account, granted=self.random.random() < 0.9)
            if self.random.random() < 0.05:
                self.state_consent(account, granted=False, purpose="analytics")
        for name in ("dogs", "cats"):
            self.save(name, self.random.choice(("analytics", "advertising")))
        for number in range(2):
            self.launch(f"c{number}")

    def some(self, share: float) -> set[int]:
        living = set(self.accounts.values())
        return {p for p in sorted(living) if self.random.random() < share}

    def save(self, name: str, purpose: str) -> None:
        members = self.some(0.7)
        at = Audience(name, 0, "listed", purpose, DAY, 1, 0, AT)
        saved = freeze(
            self.house.lake,
            self.house.control,
            at,
            by_block_of(members),
            batch=f"{name}/{self.statements}/{self.random.random()}",
        )
        self.audiences = {k: v for k, v in self.audiences.items() if not k.startswith(f"{name}@")}
        self.audiences[f"{name}@{saved.version}"] = (purpose, members)

    def launch(self, name: str) -> None:
        weeks = [DAY - timedelta(7 * n + 2) for n in (-1, 0, 0, 1)]
        lines = [
            plan_line(f"{audience}-{channel}-{n}", audience, channel, self.random.choice(weeks))
            for n, (audience, channel) in enumerate(
                [("dogs", "push"), ("dogs", "feed"), ("cats", "feed")]
            )
        ]
        people = {"dogs": self.some(0.7), "cats": self.some(0.7)}
        audiences = [
            LineAudience(
                x.id, by_block_of(people[x.audience]),
                {reason: by_block_of(self.some(0.1)) for reason in ("over_cap", "has_ticket")},
                x.channel,
            )
            for x in lines
        ]  # fmt: skip
        living = sorted(set(self.accounts.values()))
        units = None
        if self.random.random() < 0.7:
            shared = [p for p in living if self.random.random() < 0.5]
            whose = [min(shared[i - i % 2 :][:2]) for i in range(len(shared))]
            units = Units(np.array(shared, np.int64), np.array(whose, np.int64))
        assigned = assign_lines(
            audiences, key=self.house.key, campaign=name, holdout=0.25, global_holdout=0.1,
            channel_holdout=0.1, units=units,
        )  # fmt: skip
        save_plan(
            self.house.control, f"plan-{name}", "moonfall", plan(name, lines).to_dict(), at=AT
        )
        add_campaign(self.house.control, SavedCampaign(name, "moonfall", f"plan-{name}", 1, {}, AT))
        freeze_people(self.house.lake, name, assigned, at=AT, batch=f"campaign:{name}")
        states = {
            a.line: {s: {p for b in blocks.values() for p in b} for s, blocks in a.states.items()}
            for a in assigned
        }
        self.campaigns.append(Campaign(name, lines, states))

    def cancel(self, campaign: Campaign) -> None:
        cancel_campaign(self.house.control, campaign.name, day=DAY)
        campaign.cancelled = True

    def state_consent(
        self, account: Account, *, granted: bool, purpose: str = "advertising"
    ) -> None:
        self.statements += 1
        at = AT + timedelta(minutes=self.statements)
        row = {
            "source": account[0], "account": account[1], "event_id": f"e{self.statements}",
            "at": at, "day": DAY, "purpose": purpose, "granted": granted, "batch": "b",
        }  # fmt: skip
        rows = pa.Table.from_pylist([row], schema=CONSENT.schema)
        self.pending = pa.concat_tables([getattr(self, "pending", rows.slice(0, 0)), rows])
        plain = account[0], account[1].strip()
        self.latest_consent[plain, purpose] = at, granted
        if self.campaigns or self.statements % 400 == 0:
            self.write_consent()

    def write_consent(self) -> None:
        rows, self.pending = self.pending, self.pending.slice(0, 0)
        if rows.num_rows:
            self.house.lake.append(CONSENT, rows, batch=f"statements/{self.statements}")

    def merge(self, gone: int, into: int) -> None:
        """A resolve run that joins two people."""
        gone, into = max(gone, into), min(gone, into)
        for account, person in self.accounts.items():
            if person == gone:
                self.accounts[account] = into
        self.merged[gone] = into
        self._link({"run": self.runs + 1, "kept": into, "merged": gone, "at": AT})

    def add_account(self, account: Account, person: int) -> None:
        self.accounts[account] = person
        self._link()

    def erase(self, account: Account) -> None:
        """The moment at which an erasure begins: the account is suppressed."""
        key = self.house.key
        named = [account_digest(key, account[0], s) for s in spellings(account[1])]
        suppress(self.house.control, named)
        self.erased.add((account[0], account[1].strip()))

    def build(self):
        self.write_consent()
        return app.lookup_build(self.house, app.BuildLookup(channels=CHANNELS))

    def close(self) -> None:
        self.house.close()

    def expected(self, account: Account) -> set[str]:
        """What an account may be answered, step by step over everything that is known."""
        if (account[0], account[1].strip()) in self.erased or account not in self.accounts:
            return set()
        person = self.accounts[account]
        ever = {person} | {p for p in self.merged if self._became(p) == person}
        answer = set()
        for campaign in self.campaigns:
            for line in campaign.lines:
                states = campaign.states[line.id]
                others = {p for s, people in states.items() if s != TREATED for p in people}
                if (
                    not campaign.cancelled
                    and line.week <= DAY <= line.week + timedelta(6)
                    and account[0] in OF_CHANNEL[line.channel]
                    and person in states.get(TREATED, set())
                    and not ever & others
                    and not ever & campaign.held_out()
                    and self._takes_part(person, "advertising")
                ):
                    answer.add(f"{campaign.name}/{line.id}")
        out = {p for c in self.campaigns if not c.cancelled for p in c.out_of_audiences()}
        for name, (purpose, members) in self.audiences.items():
            if (
                ever & members
                and not ever & out
                and self._takes_part(person, "advertising")
                and self._takes_part(person, purpose)
            ):
                answer.add(name)
        return answer

    def _takes_part(self, person: int, purpose: str) -> bool:
        last = [
            self.latest_consent[which, purpose][1]
            for (source, account), whose in self.accounts.items()
            if whose == person
            and (which := (source, account.strip()), purpose) in self.latest_consent
        ]
        return all(last) and (purpose != "advertising" or bool(last))

    def _became(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def _link(self, *merges: dict[str, object]) -> None:
        """Publish a resolve run, as `people resolve` does."""
        self.runs += 1
        rows = [
            {"source": s, "account": a, "person": p, "since": 1}
            for (s, a), p in self.accounts.items()
        ]
        table = pa.Table.from_pylist(rows, schema=ACCOUNT_PERSON.schema)
        self.house.lake.live.replace(ACCOUNT_PERSON, table, marks={RUN: self.runs})
        rows = pa.Table.from_pylist(list(merges), schema=PERSON_MERGE.schema)
        self.house.lake.append(PERSON_MERGE, rows, batch=batch(self.runs))


def by_block_of(people: set[int]) -> dict[int, BitMap]:
    return by_block(np.array(sorted(people), np.int64))
