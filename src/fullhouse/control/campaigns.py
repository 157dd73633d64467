"""Save and find plans, campaigns, readouts and what they measured."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from fullhouse.control.campaign_records import (
    SavedCampaign,
    SavedPlan,
    SavedReadout,
    SavedResponse,
    SavedVerdict,
)
from fullhouse.control.control import Control, audit_row
from fullhouse.control.schema import CampaignRow, LearnedRow, PlanRow, ReadoutRow, VerdictRow
from fullhouse.core.errors import ConflictError, InputError, NotFoundError, did_you_mean
from fullhouse.core.values import in_utc


def save_plan(
    control: Control, name: str, film: str, body: Mapping[str, Any], *, at: datetime
) -> SavedPlan:
    """Save a plan as the next version of its name."""
    with control.session() as session:
        versions = control.own(PlanRow.version).where(PlanRow.name == name)
        newest = session.scalar(versions.order_by(PlanRow.version.desc()).limit(1))
        version = 1 + (newest or 0)
        session.add(
            PlanRow(
                tenant=control.tenant, name=name, version=version, film=film, body=dict(body), at=at
            )
        )
        try:
            session.commit()
        except IntegrityError:
            raise ConflictError(
                f"Plan {name!r} was saved by another process, and not by this one; try again."
            ) from None
    return SavedPlan(name, version, film, body, at)


def plans(control: Control) -> list[SavedPlan]:
    """Every version of every plan, by name, the newest version first."""
    with control.session() as session:
        rows = session.scalars(control.own(PlanRow).order_by(PlanRow.name, PlanRow.version.desc()))
        return [_plan(row) for row in rows]


def find_plan(control: Control, name: str) -> SavedPlan:
    """A plan by NAME (the newest version) or NAME@VERSION; an error with near names."""
    plain, _, version = name.partition("@")
    versions = control.own(PlanRow).where(PlanRow.name == plain).order_by(PlanRow.version.desc())
    with control.session() as session:
        rows = list(session.scalars(versions))
        if not rows:
            names = session.scalars(control.own(PlanRow.name).distinct())
            raise NotFoundError(f"No plan {plain!r}.{did_you_mean(plain, names)}")
        for row in rows:
            if not version or str(row.version) == version:
                return _plan(row)
        raise InputError(
            f"Plan {plain!r} has no version {version!r}; the newest is {rows[0].version}."
        )


def add_campaign(
    control: Control, campaign: SavedCampaign, launch: Mapping[str, object] | None = None
) -> None:
    """Save a campaign; its name may be used once.

    With what is known of its `launch`, that stands in the audit log in the same transaction.
    """
    with control.session() as session:
        session.add(
            CampaignRow(tenant=control.tenant, **(vars(campaign) | {"body": dict(campaign.body)}))
        )
        if launch is not None:
            session.add(audit_row(control, "campaign.launch", dict(launch)))
        try:
            session.commit()
        except IntegrityError:
            raise InputError(
                f"There is a campaign {campaign.name!r} already. A campaign is launched once: its"
                " arms never change. Launch this plan under another name."
            ) from None


def cancel_campaign(control: Control, name: str, *, day: date) -> SavedCampaign:
    """Mark a campaign as cancelled on a day; one that is stays as it is."""
    campaign = find_campaign(control, name)
    if campaign.cancelled is not None:
        return campaign
    with control.session() as session:
        row = session.scalar(control.own(CampaignRow).where(CampaignRow.name == name))
        assert row is not None
        row.body = {**row.body, "cancelled": day.isoformat()}
        session.commit()
    return find_campaign(control, name)


def campaigns(control: Control) -> list[SavedCampaign]:
    """Every campaign, the newest first."""
    with control.session() as session:
        rows = session.scalars(control.own(CampaignRow).order_by(CampaignRow.at.desc()))
        return [_campaign(row) for row in rows]


def campaign_named(control: Control, name: str) -> SavedCampaign | None:
    """A campaign by its name, if there is one."""
    with control.session() as session:
        row = session.scalar(control.own(CampaignRow).where(CampaignRow.name == name))
        return None if row is None else _campaign(row)


def find_campaign(control: Control, name: str) -> SavedCampaign:
    """A campaign by its name; an error with near names."""
    campaign = campaign_named(control, name)
    if campaign is None:
        with control.session() as session:
            names = session.scalars(control.own(CampaignRow.name))
            raise NotFoundError(f"No campaign {name!r}.{did_you_mean(name, names)}")
    return campaign


def add_readout(
    control: Control,
    readout: SavedReadout,
    responses: Sequence[SavedResponse] = (),
    verdicts: Sequence[SavedVerdict] = (),
) -> None:
    """Append a readout with the responses and verdicts that it gives, all or nothing."""
    with control.session() as session:
        plain = vars(readout) | {"as_of": readout.as_of.isoformat(), "body": dict(readout.body)}
        session.add(ReadoutRow(tenant=control.tenant, **plain))
        for each in responses:
            dated = {"known_on": each.known_on.isoformat(), "doses": dict(each.doses)}
            session.add(LearnedRow(tenant=control.tenant, **(vars(each) | dated)))
        for card in verdicts:
            fields = vars(card) | {
                "known_on": card.known_on.isoformat(),
                "claimed": list(card.claimed),
                "seen": list(card.observed),
            }
            del fields["observed"]
            session.add(VerdictRow(tenant=control.tenant, **fields))
        session.commit()


def readouts(control: Control, campaign: str) -> list[SavedReadout]:
    """The readouts of a campaign, in the order in which they were saved."""
    query = control.own(ReadoutRow).where(ReadoutRow.campaign == campaign).order_by(ReadoutRow.id)
    with control.session() as session:
        return [
            SavedReadout(r.campaign, date.fromisoformat(r.as_of), r.body, in_utc(r.at))
            for r in session.scalars(query)
        ]


def saved_responses(control: Control, *, as_of: date) -> list[SavedResponse]:
    """What was known on a day: of each campaign the responses of its newest readout.

    An older readout may have split the campaign into other parts, so nothing of it stands beside
    the newer one.
    """
    query = control.own(LearnedRow).where(LearnedRow.known_on <= as_of.isoformat())
    newest: dict[str, dict[str, SavedResponse]] = {}
    with control.session() as session:
        for r in session.scalars(query.order_by(LearnedRow.known_on, LearnedRow.id)):
            response = SavedResponse(
                date.fromisoformat(r.known_on), r.campaign, r.film, r.line, r.audience, r.kind,
                r.channel, r.doses, r.response, r.error, r.part, r.base_error,
            )  # fmt: skip
            of_campaign = newest.setdefault(r.campaign, {})
            if any(x.known_on < response.known_on for x in of_campaign.values()):
                of_campaign.clear()
            of_campaign[r.line] = response
    every = [x for of_campaign in newest.values() for x in of_campaign.values()]
    return sorted(every, key=lambda x: (x.known_on, x.campaign, x.line))


def verdicts(control: Control, *, as_of: date, film: str | None = None) -> list[SavedVerdict]:
    """What was known on a day of cards: of each campaign and rule the newest verdict."""
    query = control.own(VerdictRow).where(VerdictRow.known_on <= as_of.isoformat())
    if film is not None:
        query = query.where(VerdictRow.film == film)
    newest: dict[tuple[str, str], SavedVerdict] = {}
    with control.session() as session:
        for r in session.scalars(query.order_by(VerdictRow.known_on, VerdictRow.id)):
            value, low, high = r.claimed
            observed, least, most = r.seen
            newest[r.campaign, r.rule] = SavedVerdict(
                date.fromisoformat(r.known_on), r.campaign, r.film, r.rule, r.audience,
                (value, low, high), (observed, least, most), r.people, r.verdict,
            )  # fmt: skip
    return sorted(newest.values(), key=lambda v: (v.known_on, v.campaign, v.rule))


def _plan(row: PlanRow) -> SavedPlan:
    return SavedPlan(row.name, row.version, row.film, row.body, in_utc(row.at))


def _campaign(row: CampaignRow) -> SavedCampaign:
    return SavedCampaign(row.name, row.film, row.plan, row.plan_version, row.body, in_utc(row.at))
