"""Questions as forms: the fields of each kind, and a question read from what was filled in."""

from collections.abc import Mapping
from typing import Any

from fullhouse import app
from fullhouse.cleanroom.question import (
    Breakdown,
    Cards,
    Count,
    Describe,
    Overlap,
    Question,
    ReachFrequency,
    Readout,
    TicketsByCity,
)
from fullhouse.cleanroom.release import Price
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.view.words import release as words
from fullhouse.web.language import say
from fullhouse.web.visit import Visit
from fullhouse.workspace.context import Context

_FIELDS: Mapping[str, tuple[type[Any], tuple[str, ...]]] = {
    "count": (Count, ("rule", "precision")),
    "breakdown": (Breakdown, ("rule", "by")),
    "describe": (Describe, ("rule", "families", "base")),
    "overlap": (Overlap, ("rules",)),
    "tickets": (TicketsByCity, ("rule",)),
    "cards": (Cards, ("film", "comps")),
    "reach": (ReachFrequency, ("campaign",)),
    "readout": (Readout, ("campaign",)),
}
_LISTS = ("families", "comps")
_LINES = ("rules",)
"""Several rules stand one a line, since a rule may hold commas."""


def read(visit: Visit) -> Question:
    """The question that a form or an address holds."""
    kind = visit.typed("kind")
    if kind not in _FIELDS:
        raise InputError(
            say("There is no question of kind {kind}.", kind=repr(kind[:40]))
            + did_you_mean(kind, list(_FIELDS))
        )
    made, names = _FIELDS[kind]
    values = {name: _value(name, visit.typed(name)) for name in names if visit.typed(name)}
    question: Question = made(**values)
    return question


def fields(question: Question) -> dict[str, str]:
    """A question as the fields of a form."""
    _, names = _FIELDS[question.kind]
    texts = {}
    for name in names:
        value = getattr(question, name)
        if isinstance(value, tuple):
            value = ("\n" if name in _LINES else ", ").join(value)
        if value not in ("", 0, None):
            texts[name] = str(value)
    return texts


def forms(context: Context) -> dict[str, Any]:
    """What the page of all kinds of questions shows: each with its fields in words."""
    labels = {
        "rule": say("Rule of the audience"),
        "rules": say("Rules of the audiences, one a line"),
        "by": say("Family of traits"),
        "families": say("Families of traits"),
        "base": say("Compared with"),
        "precision": say("Known to how many people"),
        "campaign": say("Campaign"),
        "film": say("Film"),
    }
    kinds = ("count", "breakdown", "describe", "overlap", "tickets", "reach")
    shown = [(kind, [n for n in _FIELDS[kind][1] if n in labels]) for kind in kinds]
    titles = [t.film for t in app.room_statement(context).titles]
    return {"kinds": shown, "labels": labels, "own": titles}


def _value(name: str, text: str) -> Any:
    if name in _LINES:
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    if name in _LISTS:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name == "precision":
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise InputError(say("How many people is a whole number, not {given}.",
                                 given=repr(text[:40])))  # fmt: skip
        return int(text)
    return text


def price_box(visit: Visit, context: Context, question: Question, film: str) -> Mapping[str, Any]:
    """The price box of a question; for whoever may not ask, no more than that."""
    if not visit.may("ask"):
        return {"may": False}
    price = app.room_price(context, app.Ask(question, film))
    given = fields(question) | {"kind": question.kind, "title": film}
    return price_facts(price) | {"fields": given}


def price_facts(price: Price) -> dict[str, Any]:
    """A price as its box shows it."""
    title = next((b for b in price.budgets if b.scope == "title"), None)
    return {
        "may": True,
        "price": price,
        "of_title": None if title is None or not title.cap else price.rho / title.cap,
        "width": None if price.kind in words.NO_WIDTH else price.half_width,
        "rho": words.rho_words(price.rho),
    }
