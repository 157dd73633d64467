"""What a tenant's campaign changed: clamped sums of its arms with noise, everybody as assigned."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

import numpy as np
from pyroaring import BitMap

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.cleanroom.answers import Computed
from fullhouse.cleanroom.policy import Policy
from fullhouse.cleanroom.private import NoisyNumber, PrivateArm, PrivateEffect
from fullhouse.cleanroom.question import Readout
from fullhouse.cleanroom.readouts import ArmSales, Bounds, read_privately
from fullhouse.cleanroom.release import Noise, Note, ReleasedLine, ReleasedNumber
from fullhouse.cleanroom.size_table import house_sample
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.person_sets import size
from fullhouse.core.values import HOUSE
from fullhouse.measurement.campaign_data import CampaignData
from fullhouse.measurement.collect_campaign import collect_campaign
from fullhouse.planning.plan import Plan
from fullhouse.workspace.context import Context

CENTS = 100


def readout(
    context: Context,
    policy: Policy,
    question: Readout,
    campaign: SavedCampaign,
    plan: Plan,
    rho: int,
) -> Computed:
    """Tickets and money by arm, and what the campaign changed of them for each person."""
    house = replace(context, tenant=HOUSE)
    with house_sample(house, question.as_of) as sample:
        data = collect_campaign(sample, campaign, plan)
    bounds = Bounds(int(policy["bounds.tickets"]), CENTS * int(policy["bounds.money"]))
    arms = {arm: _sales(data, arm) for arm in (TREATED, HELD_OUT)}
    result = read_privately(
        arms, rho, control=HELD_OUT, bounds=bounds, share_observed=data.share_observed
    )
    lines = [_arm(arm, policy) for arm in result.arms]
    lines += [_effect(effect, plan.currency) for effect in result.effects]
    notes = [
        Note("arm_too_noisy", {"arm": few.arm.replace("_", " "), "needed": few.needed})
        for few in result.notes
    ]
    if data.units is not None:
        notes.append(Note("drawn_by_household"))
    limits: Mapping[str, float] = {
        "tickets_per_person": float(bounds.tickets),
        "money_per_person": bounds.cents / CENTS,
    }
    noise = tuple(
        Noise(number.sigma, 1.0, limits) for arm in result.arms for number in (arm.people,)
    )
    return Computed(tuple(lines), noise, tuple(notes))


def _sales(data: CampaignData, arm: str) -> ArmSales:
    """What each buyer of an arm bought; who was refunded more than was bought, bought nothing."""
    people = data.arms[arm]
    members = BitMap.union(BitMap(), *people.values())
    bought = np.array([person in members for person in data.sales.person.tolist()], dtype=bool)
    tickets = np.maximum(np.rint(data.sales.tickets[bought]), 0).astype(np.int64)
    cents = np.maximum(np.rint(data.sales.paid[bought] * CENTS), 0).astype(np.int64)
    return ArmSales(tickets, cents, size(people) - int(bought.sum()))


def _arm(arm: PrivateArm, policy: Policy) -> ReleasedLine:
    people = _count(arm.people, "people", policy.minimum)
    figures = {"people": people}
    if people.fewer_than is None:
        figures |= {
            "tickets": _count(arm.tickets, "tickets", 0),
            "tickets_cut": _count(arm.cut_tickets, "tickets", 0),
            "money": _count(arm.cents, "money", 0),
            "money_cut": _count(arm.cut_cents, "money", 0),
        }
    return ReleasedLine({"of": arm.arm.replace("_", " ")}, figures)


def _count(number: NoisyNumber, unit: str, minimum: int) -> ReleasedNumber:
    scale = CENTS if unit == "money" else 1
    if number.value < minimum:
        return ReleasedNumber(None, 0.0, float(minimum), unit, minimum)
    return ReleasedNumber(number.value / scale, number.low / scale, number.high / scale, unit)


def _effect(effect: PrivateEffect, currency: str) -> ReleasedLine:
    """The difference for 1,000 people, at the end and at any look, and what clamping may hide."""
    of = "extra tickets for 1,000 people" if effect.outcome == "tickets" else (
        f"extra {currency} for 1,000 people"
    )  # fmt: skip
    scale = 1000.0 if effect.outcome == "tickets" else 1000.0 / CENTS
    figures = {"effect": _scaled(effect.value, effect.low, effect.high, scale)}
    if isfinite(effect.always_low) and isfinite(effect.always_high):
        figures["at_any_look"] = _scaled(effect.value, effect.always_low, effect.always_high, scale)
    middle = (effect.bias_low + effect.bias_high) / 2
    figures["hidden_by_clamping"] = _scaled(middle, effect.bias_low, effect.bias_high, scale)
    return ReleasedLine({"of": of}, figures)


def _scaled(value: float, low: float, high: float, scale: float) -> ReleasedNumber:
    return ReleasedNumber(value * scale, low * scale, high * scale, "ratio")
