"""What pages call things: kinds of questions, steps, tabs, and questions as sentences."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from fullhouse.cleanroom.release import BudgetLeft
from fullhouse.view.words.release import KIND_WORDS
from fullhouse.web.language import current, say

TABS = ("outlook", "audiences", "plan", "campaign", "readout", "report")


def tab_words(tab: str) -> str:
    """What a tab of a film's page is called."""
    return {
        "outlook": say("Outlook"),
        "audiences": say("Audiences"),
        "plan": say("Plan"),
        "campaign": say("Campaign"),
        "readout": say("Readout"),
        "report": say("Report"),
    }[tab]


def role_words(role: str) -> str:
    """A role in words."""
    return {
        "operator": say("operator"),
        "privacy": say("officer for privacy"),
        "auditor": say("auditor"),
        "owner": say("owner"),
        "marketer": say("marketer"),
        "viewer": say("viewer"),
        "channel": say("channel"),
        "exhibitor": say("exhibitor"),
    }.get(role, role)


def verb_words(verb: str) -> str:
    """What a role or a key may do, in words."""
    return {
        "run": say("run feeds, people and traits"),
        "admit": say("admit studios and users"),
        "govern": say("set the policy, erase"),
        "audit": say("read what was done"),
        "ask": say("ask questions that cost budget"),
        "read": say("read answers"),
        "launch": say("launch campaigns"),
        "manage": say("manage users and keys"),
        "fetch": say("fetch deliveries and packs"),
        "lookup": say("look memberships up"),
    }.get(verb, verb)


def kind_words(kind: str) -> str:
    """A kind of question in words."""
    return current().gettext(KIND_WORDS.get(kind, kind))


def scope_words(budget: BudgetLeft) -> str:
    """Whose or what a budget is."""
    match budget.scope:
        case "title":
            return say("This title: {name}", name=film_words(budget.name))
        case "stage":
            return say("Its stage “{name}”", name=stage_words(budget.name.rpartition("/")[2]))
        case "campaign":
            return say("Campaign {name}", name=budget.name)
        case "together":
            return say("All tenants together")
    return say("Your account")


def stage_words(stage: str) -> str:
    """A stage of a title's budget."""
    return {
        "discovery": say("discovery"),
        "plan": say("planning"),
        "monitor": say("monitoring"),
        "readout": say("readout"),
    }.get(stage, stage)


_TITLED: ContextVar[Callable[[], Mapping[str, str]]] = ContextVar("TITLED", default=dict)


@contextmanager
def titled(names: Callable[[], Mapping[str, str]]) -> Iterator[None]:
    """Films are called by these names in everything made within; asked for where one is needed."""
    before = _TITLED.set(names)
    try:
        yield
    finally:
        _TITLED.reset(before)


def film_words(film: str) -> str:
    """A film's title where the reader's titles have it, or its id as words."""
    if name := _TITLED.get()().get(film):
        return name
    stem, _, year = film.rpartition("-")
    words = (stem if year.isdigit() and len(year) == 4 else film).replace("-", " ")
    return words[:1].upper() + words[1:]


def question_words(kind: str, question: Mapping[str, Any]) -> str:
    """A question that was asked, as a sentence."""
    match kind:
        case "count":
            return say("How many people are: {rule}", rule=question["rule"])
        case "breakdown":
            return say("{rule}, by {family}", rule=question["rule"], family=question["by"])
        case "describe":
            return say("What is typical of: {rule}", rule=question["rule"])
        case "overlap":
            return say("Overlap of: {rules}", rules="; ".join(question["rules"]))
        case "cards":
            return say("Audience cards of {film}", film=film_words(question["film"]))
        case "reach":
            return say("Reach and frequency of campaign {campaign}", campaign=question["campaign"])
        case "readout":
            return say("What campaign {campaign} changed", campaign=question["campaign"])
        case "tickets":
            return say("Tickets by city of: {rule}", rule=question["rule"])
    return kind_words(kind)


def leaf_words(kind: str) -> str:
    """What an entry of the log is about."""
    group, _, what = kind.partition(".")
    match group:
        case "release":
            return say("Answered: {what}", what=kind_words(what))
        case "refused":
            return say("Refused: {what}", what=kind_words(what))
    return {
        "tenant.add": say("You were admitted"),
        "tenant.title": say("A title was given to you"),
        "tenant.suspend": say("Your access was suspended"),
        "tenant.resume": say("Your access was resumed"),
        "user.add": say("A user was given a role"),
        "user.remove": say("A user was removed"),
        "user.suspend": say("A user was suspended"),
        "user.resume": say("A user was let in again"),
        "pack.share": say("A pack was handed over"),
        "pack.take_back": say("A pack was taken back"),
        "pack.read": say("A pack was read"),
        "password.link": say("A text to set a password was made"),
        "key.add": say("A key was made"),
        "key.revoke": say("A key was ended"),
        "key.rotate": say("A key was replaced"),
    }.get(kind, kind)


def step_words(step: str) -> str:
    """What became of a spending."""
    return {
        "reserve": say("reserved"),
        "settle": say("answered"),
        "cancel": say("given back"),
    }.get(step, step)


def table_words(name: str) -> str:
    """A table of a page, besides its main one; those of a report are called as their tabs."""
    if name in TABS:
        return tab_words(name)
    return {
        "curve": say("Tickets by budget"),
        "saved": say("Saved plans"),
        "weeks": say("Admissions by week"),
        "dayparts": say("Showings in the first week"),
        "films": say("Comparable films there"),
        "days": say("Day by day"),
    }.get(name, name)


def part_words(name: str) -> str:
    """What a line of an answer is of: an arm, a measure; whatever else it is, stays as it is."""
    before, after = "extra ", " for 1,000 people"
    known = {
        "treated": say("Contacted"),
        "held out": say("Held out"),
        "all": say("All"),
        "all who want it": say("All who want it"),
        "extra tickets for 1,000 people": say("Extra tickets for 1,000 people"),
    }
    if name not in known and name.startswith(before) and name.endswith(after):
        currency = name.removeprefix(before).removesuffix(after)
        return say("Extra {currency} for 1,000 people", currency=currency)
    return known.get(name, name)


def column_words(name: str) -> str:
    """A column of an answer."""
    return {
        "people": say("People"),
        "affinity": say("Affinity"),
        "trait": say("Trait"),
        "family": say("Family"),
        "label": say("Name"),
        "rule": say("Rule"),
        "cell": say("Part"),
        "share": say("Share"),
        "base": say("Base"),
        "index": say("Index"),
        "city": say("City"),
        "tickets": say("Tickets"),
        "frequency": say("Contacts"),
        "difference": say("Difference"),
        "arm": say("Arm"),
        "of": say("Of"),
        "contacts": say("Contacts"),
        "reach": say("Reached"),
        "tickets_cut": say("Tickets cut off"),
        "money": say("Money"),
        "money_cut": say("Money cut off"),
        "effect": say("Effect"),
        "at_any_look": say("At any look"),
        "hidden_by_clamping": say("Hidden by what is cut off"),
    }.get(name, name.replace("_", " "))
