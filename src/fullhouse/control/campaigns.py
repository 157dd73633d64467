"""Plans, campaigns, readouts and what was learned, as the house keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import hypot
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fullhouse.control.schema import CampaignRow, LearnedRow, PlanRow, ReadoutRow, VerdictRow
from fullhouse.core.errors import ConflictError, InputError, did_you_mean


@dataclass(frozen=True)
class KeptPlan:
    """A saved version of a plan: its body is the plan as JSON."""

    name: str
    version: int
    film: str
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class KeptCampaign:
    """A launched campaign, and the version of the plan that it carries out."""

    name: str
    film: str
    plan: str
    plan_version: int
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class KeptReadout:
    """What a campaign was found to have changed, as of a day."""

    campaign: str
    as_of: date
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Learned:
    """The relative response of some people that a readout measured, with its standard error.

    `line` is the rule of their audience, or what part of it. `doses` are the impressions that each
    of them was to get on each channel, and `channel` names these channels together. Where several
    were compared with one base, `part` names it and `base_error` is its relative error, which
    `error` leaves out.
    """

    known_on: date
    campaign: str
    film: str
    line: str
    audience: str
    kind: str
    channel: str
    doses: Mapping[str, float]
    response: float
    error: float
    part: str = ""
    base_error: float = 0.0

    @property
    def standard_error(self) -> float:
        """The whole error of the response, with that of what is bought anyway."""
        return float(hypot(self.error, (1 + self.response) * self.base_error))


@dataclass(frozen=True)
class KeptVerdict:
    """Whether a card held, judged on people whom no campaign spoke to.

    `claimed` and `seen` are ratios with the ends of their 95 % intervals, `verdict` one of
    confirmed, refuted and cannot tell.
    """

    known_on: date
    campaign: str
    film: str
    rule: str
    audience: str
    claimed: tuple[float, float, float]
    seen: tuple[float | None, float | None, float | None]
    people: int
    verdict: str


def save_plan(
    database: Database, name: str, film: str, body: Mapping[str, Any], *, at: datetime
) -> KeptPlan:
    """Keep a plan as the next version of its name."""
    with Session(database) as session:
        newest = session.scalar(select(func.max(PlanRow.version)).where(PlanRow.name == name))
        version = 1 + (newest or 0)
        session.add(PlanRow(name=name, version=version, film=film, body=dict(body), at=at))
        try:
            session.commit()
        except IntegrityError:
            raise ConflictError(f"Plan {name!r} was saved by another process; try again.") from None
    return KeptPlan(name, version, film, body, at)


def plans(database: Database) -> list[KeptPlan]:
    """Every version of every plan, by name, the newest version first."""
    with Session(database) as session:
        rows = session.scalars(select(PlanRow).order_by(PlanRow.name, PlanRow.version.desc()))
        return [KeptPlan(r.name, r.version, r.film, r.body, _utc(r.at)) for r in rows]


def find_plan(database: Database, name: str) -> KeptPlan:
    """A plan by NAME (the newest version) or NAME@VERSION; an error with near names."""
    wanted, _, version = name.partition("@")
    found = [p for p in plans(database) if p.name == wanted]
    if not found:
        hint = did_you_mean(wanted, {p.name for p in plans(database)}) or (
            " Make one with: fullhouse plan FILM --budget AMOUNT --save NAME"
        )
        raise InputError(f"No plan {wanted!r}.{hint}")
    fitting = [p for p in found if not version or str(p.version) == version]
    if not fitting:
        raise InputError(f"Plan {wanted!r} has no version {version!r}; the newest is"
                         f" {found[0].version}.")  # fmt: skip
    return fitting[0]


def add_campaign(database: Database, campaign: KeptCampaign) -> None:
    """Keep a campaign; its name may be used once."""
    with Session(database) as session:
        session.add(CampaignRow(**(vars(campaign) | {"body": dict(campaign.body)})))
        try:
            session.commit()
        except IntegrityError:
            raise InputError(
                f"There is a campaign {campaign.name!r} already. A campaign is launched once: its"
                " arms never change. Launch this plan under another name."
            ) from None


def campaigns(database: Database) -> list[KeptCampaign]:
    """Every campaign, the newest first."""
    with Session(database) as session:
        rows = session.scalars(select(CampaignRow).order_by(CampaignRow.at.desc()))
        return [
            KeptCampaign(r.name, r.film, r.plan, r.plan_version, r.body, _utc(r.at)) for r in rows
        ]


def find_campaign(database: Database, name: str) -> KeptCampaign:
    """A campaign by its name; an error with near names."""
    every = campaigns(database)
    found = [c for c in every if c.name == name]
    if not found:
        hint = did_you_mean(name, {c.name for c in every}) or (
            "" if every else " Launch one with: fullhouse campaign launch PLAN"
        )
        raise InputError(f"No campaign {name!r}.{hint}")
    return found[0]


def add_readout(
    database: Database,
    readout: KeptReadout,
    learned: Sequence[Learned] = (),
    verdicts: Sequence[KeptVerdict] = (),
) -> None:
    """Append a readout with what it taught, all or nothing."""
    with Session(database) as session:
        told = vars(readout) | {"as_of": readout.as_of.isoformat(), "body": dict(readout.body)}
        session.add(ReadoutRow(**told))
        for each in learned:
            dated = {"known_on": each.known_on.isoformat(), "doses": dict(each.doses)}
            session.add(LearnedRow(**(vars(each) | dated)))
        for card in verdicts:
            lists = {"claimed": list(card.claimed), "seen": list(card.seen)}
            dated = {"known_on": card.known_on.isoformat()}
            session.add(VerdictRow(**(vars(card) | lists | dated)))
        session.commit()


def readouts(database: Database, campaign: str) -> list[KeptReadout]:
    """The readouts of a campaign, in the order they were made."""
    asked = select(ReadoutRow).where(ReadoutRow.campaign == campaign).order_by(ReadoutRow.id)
    with Session(database) as session:
        return [
            KeptReadout(r.campaign, date.fromisoformat(r.as_of), r.body, _utc(r.at))
            for r in session.scalars(asked)
        ]


def learned(database: Database, *, as_of: date) -> list[Learned]:
    """What was known on a day: of each campaign what its newest readout taught.

    An older readout may have told parts otherwise, so nothing of it is kept beside the newer one.
    """
    asked = select(LearnedRow).where(LearnedRow.known_on <= as_of.isoformat())
    newest: dict[str, dict[str, Learned]] = {}
    with Session(database) as session:
        for r in session.scalars(asked.order_by(LearnedRow.known_on, LearnedRow.id)):
            told = Learned(
                date.fromisoformat(r.known_on), r.campaign, r.film, r.line, r.audience, r.kind,
                r.channel, r.doses, r.response, r.error, r.part, r.base_error,
            )  # fmt: skip
            mine = newest.setdefault(r.campaign, {})
            if any(x.known_on < told.known_on for x in mine.values()):
                mine.clear()
            mine[r.line] = told
    every = [x for mine in newest.values() for x in mine.values()]
    return sorted(every, key=lambda x: (x.known_on, x.campaign, x.line))


def verdicts(database: Database, *, as_of: date, film: str | None = None) -> list[KeptVerdict]:
    """What was known on a day of cards: of each campaign and rule the newest word."""
    asked = select(VerdictRow).where(VerdictRow.known_on <= as_of.isoformat())
    if film is not None:
        asked = asked.where(VerdictRow.film == film)
    newest: dict[tuple[str, str], KeptVerdict] = {}
    with Session(database) as session:
        for r in session.scalars(asked.order_by(VerdictRow.known_on, VerdictRow.id)):
            value, low, high = r.claimed
            there, least, most = r.seen
            newest[r.campaign, r.rule] = KeptVerdict(
                date.fromisoformat(r.known_on), r.campaign, r.film, r.rule, r.audience,
                (value, low, high), (there, least, most), r.people, r.verdict,
            )  # fmt: skip
    return sorted(newest.values(), key=lambda v: (v.known_on, v.campaign, v.rule))


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)
