"""The tabs Campaign and Readout of a film: whom a campaign reached, and what it changed.

Both are answers of the clean room: their price stands first, and every one has its receipt. A check
that failed stands in the place of the number.
"""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from fullhouse import app
from fullhouse.app.cleanroom import BudgetStatement
from fullhouse.cleanroom.own_campaigns import TICKETS, CheckedReadout, OwnCampaign
from fullhouse.cleanroom.question import Question, ReachFrequency, Readout
from fullhouse.cleanroom.release import BudgetLeft, Release, ReleasedNumber
from fullhouse.cleanroom.reports import ReportedRelease
from fullhouse.core.errors import FullhouseError
from fullhouse.view.words.release import note_words, rho_words
from fullhouse.web import questions
from fullhouse.web.language import current, say
from fullhouse.web.pictures import Axis, columns, range_strip
from fullhouse.web.releases import table_of
from fullhouse.web.visit import Page, Visit
from fullhouse.workspace.context import Context

LOOKS = 4
"""Looks that are set aside where nothing else is typed."""


@dataclass(frozen=True)
class PriceOf:
    """The price box of a question; or the sentence why it cannot be asked now."""

    box: Any
    refused: str


def campaign_tab(visit: Visit, context: Context, film: str) -> Page:
    """Whom each campaign of a film reached and how often, the newest answer first."""
    own = app.studio_campaigns(context, app.ListOwnCampaigns(film)).campaigns
    shown = [
        {
            "campaign": c,
            "reach": _reach(c.reach[0]) if c.reach else None,
            "earlier": c.reach[1:],
            "price": _price(visit, context, ReachFrequency(c.name), film),
        }
        for c in own
    ]
    rows = [
        {"campaign": c.name} | dict(row)
        for c in own
        for row in (c.reach[0].release.rows() if c.reach else ())
    ]
    return Page("film_campaign.html", "", {"campaigns": shown}, own, rows)


def readout_tab(visit: Visit, context: Context, statement: BudgetStatement, film: str) -> Page:
    """What each campaign of a film changed: one sentence first, or the check that failed."""
    own = app.studio_campaigns(context, app.ListOwnCampaigns(film)).campaigns
    aside = {b.name: b for _, b in statement.budgets if b.scope == "campaign"}
    shown = [_campaign_readout(visit, context, c, aside.get(c.name)) for c in own]
    rows = [
        {"campaign": c.name} | dict(row)
        for c in own
        for row in (c.readouts[0].release.release.rows() if c.readouts else ())
    ]
    facts = {"campaigns": shown, "may_launch": visit.may("launch"), "looks": LOOKS}
    return Page("film_readout.html", "", facts, own, rows)


def _campaign_readout(
    visit: Visit, context: Context, campaign: OwnCampaign, aside: BudgetLeft | None
) -> dict[str, Any]:
    newest = campaign.readouts[0] if campaign.readouts else None
    asked = Readout(campaign.name)
    return {
        "campaign": campaign,
        "readout": None if newest is None else _readout(newest),
        "earlier": [(r.release.source, sentence_of(r)) for r in campaign.readouts[1:]],
        "aside": aside,
        "looks_left": 0 if aside is None else aside.left // max(campaign.look_rho, 1),
        "look_rho": rho_words(campaign.look_rho),
        "price": _price(visit, context, asked, campaign.film) if aside else None,
    }


def sentence_of(readout: CheckedReadout) -> str:
    """What a campaign changed, in one sentence; a check that failed in place of the number."""
    if readout.failed:
        return check_words(readout.failed[0])
    effect = readout.effect
    if effect is None or effect.value is None or effect.low is None or effect.high is None:
        return say("The data cannot tell what the campaign changed.")
    number = current().number
    ends = {"low": number(effect.low, digits=2), "high": number(effect.high, digits=2)}
    value = number(abs(effect.value), digits=2)
    if effect.low > 0:
        return say(
            "The campaign sold {value} more tickets for every 1,000 people, between {low} and"
            " {high} (95 % range)",
            value=value,
            **ends,
        )
    if effect.high < 0:
        return say(
            "The campaign sold {value} fewer tickets for every 1,000 people: the change is between"
            " {low} and {high} (95 % range)",
            value=value,
            **ends,
        )
    return say(
        "The data cannot tell whether the campaign sold tickets: the change for every 1,000 people"
        " is between {low} and {high} (95 % range)",
        **ends,
    )


def checks_of_answer(context: Context, digest: str, release: Release) -> list[str]:
    """What is wrong with an answer that is a readout, in sentences."""
    if release.kind != "readout":
        return []
    own = app.studio_campaigns(context).campaigns
    checked = [r for c in own for r in c.readouts if r.release.source.digest == digest]
    return [check_words(code) for r in checked for code in r.failed]


def check_words(code: str) -> str:
    """What is wrong with a readout, and what it means."""
    return {
        "unbalanced": say(
            "This readout is not to be believed: another share of the people is held out than was"
            " to be, so the two groups cannot be compared. Tell the house."
        ),
        "cut_off": say(
            "This readout cannot say: what people bought beyond the most that one counts for could"
            " turn its effect into none."
        ),
    }[code]


def _readout(readout: CheckedReadout) -> dict[str, Any]:
    release = readout.release.release
    effect = None if readout.failed else readout.effect
    arms = [x for x in release.lines if "people" in x.figures]
    effects = [] if readout.failed else [x for x in release.lines if "effect" in x.figures]
    return {
        "sentence": sentence_of(readout),
        "failed": [check_words(code) for code in readout.failed],
        "tells": effect is not None and _tells(effect),
        "strip": None if effect is None else _effect_strip(effect, sentence_of(readout)),
        "any_look": None if readout.failed else readout.at_any_look,
        "arms": table_of(arms),
        "effects": table_of(effects, plain=True),
        "notes": [note_words(n) for n in release.notes],
        "source": readout.release.source,
        "release": release,
        "rho": rho_words(release.rho),
        "tickets": TICKETS,
    }


def _tells(effect: ReleasedNumber) -> bool:
    return (effect.low or 0) > 0 or (effect.high or 0) < 0


def _effect_strip(effect: ReleasedNumber, label: str) -> Markup:
    """The effect's range on an axis around no effect, which is the mark."""
    low, high = effect.low or 0, effect.high or 0
    most = max(abs(low), abs(high), 1e-9) * 1.15
    weak = "" if _tells(effect) else "weak"
    axis = Axis(-most, most)
    return range_strip(axis, low, high, label, middle=effect.value, mark=0.0, cls=weak)


def _reach(reported: ReportedRelease) -> dict[str, Any]:
    release = reported.release
    whole = next((x.figures for x in release.lines if "reach" in x.figures), {})
    cells = [x for x in release.lines if "people" in x.figures]
    reach, frequency = whole.get("reach"), whole.get("frequency")
    number = current().number
    if reach is None:
        sentence = say("The data do not answer this question.")
    elif reach.value is None or frequency is None:
        sentence = say("Fewer than {n} people were reached.", n=number(reach.fewer_than or 0))
    else:
        sentence = say(
            "About {people} people were reached, {times} times each on average",
            people=number(reach.value),
            times=number(frequency.value, digits=1),
        )
    label = say("People by how often they were reached: {cells}.", cells=", ".join(
        f"{x.of['contacts']}: {x.figures['people']}" for x in cells))  # fmt: skip
    values = [x.figures["people"].value or 0.0 for x in cells]
    return {
        "sentence": sentence,
        "reach": reach,
        "frequency": frequency,
        "cells": table_of(cells),
        "picture": columns(values, label) if len(values) > 1 else None,
        "notes": [note_words(n) for n in release.notes],
        "source": reported.source,
        "release": release,
        "rho": rho_words(release.rho),
    }


def _price(visit: Visit, context: Context, question: Question, film: str) -> PriceOf:
    try:
        return PriceOf(questions.price_box(visit, context, question, film), "")
    except FullhouseError as problem:
        return PriceOf(None, str(problem))
