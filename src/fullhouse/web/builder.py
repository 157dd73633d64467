"""The audience builder: a rule as blocks of a sentence and as its text, with its free size.

Sizes come from the table that is released once for all tenants, so that they cost nothing, follow
what is typed, and are as wide as they are.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from fullhouse import app
from fullhouse.cleanroom.question import Count
from fullhouse.cleanroom.release import ReleasedNumber, RuleSizes
from fullhouse.core.errors import FullhouseError
from fullhouse.view.words.rule import RuleBlock, blocks, joined, name_text, tidy
from fullhouse.web.language import current, say
from fullhouse.web.pages import link
from fullhouse.web.pictures import Axis, range_strip
from fullhouse.web.questions import price_box
from fullhouse.web.visit import Page, Visit
from fullhouse.workspace.context import Context

MOST_SUGGESTED = 60
MOST_BLOCKS = 20
"""Blocks that are sized each by itself."""


def builder(visit: Visit) -> Page | Response:
    """The page of a rule: all there is to it stands in its address."""
    context, rule = visit.studio, visit.typed("rule")
    own = [title.film for title in app.room_statement(context).titles]
    film = visit.typed("title") or (own[0] if len(own) == 1 else "")
    if visit.typed("add"):
        at = visit.typed("at")
        place = int(at) if at.isascii() and at.isdigit() else None
        new = joined(rule, visit.typed("add"), visit.typed("how", "and"), place)
        return RedirectResponse(link("/audiences", rule=new, title=film), 303)
    facts: dict[str, Any] = {"rule": rule, "film": film, "own": own, "blocks": ()}
    facts |= {"problem": "", "price": None, "size": None, "labels": {}}
    try:
        parts = blocks(rule)
        facts |= {"blocks": parts, "rule": tidy(rule)}
        facts["size"] = size_facts(context, rule, parts)
        facts["labels"] = _labels(context) if parts else {}
        if rule and film:
            facts["price"] = price_box(visit, context, Count(rule), film)
    except FullhouseError as problem:
        facts["problem"] = str(problem)
    facts["suggested"] = _suggested(context, "")
    size = facts["size"]
    data = {"rule": facts["rule"], "title": film, "sizes": size["sizes"] if size else None}
    status = 422 if facts["problem"] else 200
    return Page("builder.html", say("Audiences"), facts, data, None, "audiences", status)


def size(visit: Visit) -> Page:
    """The free size of a rule that is being typed, as a part of the page, or its mistake."""
    rule = visit.typed("rule")
    facts: dict[str, Any] = {"size": None, "problem": ""}
    try:
        facts["size"] = size_facts(visit.studio, rule, blocks(rule))
    except FullhouseError as problem:
        facts["problem"] = str(problem)
    sized = facts["size"]
    data = sized["sizes"] if sized else {"problem": facts["problem"]}
    return Page("size.html", say("Size"), facts, data, None)


def traits(visit: Visit) -> Page:
    """The traits that fit what is being typed, each with its free size, as suggestions."""
    sized = _suggested(visit.studio, visit.typed("add"))
    rows = [{"name": t["name"], "label": t["label"]} for t in sized]
    return Page("trait_options.html", say("Traits"), {"suggested": sized}, rows, rows)


def size_facts(context: Context, rule: str, parts: tuple[RuleBlock, ...]) -> dict[str, Any]:
    """The size of a rule and of each of its blocks, with their pictures on one axis."""
    texts = [rule or "everyone", *(part.text for part in parts[:MOST_BLOCKS])]
    sizes = app.room_sizes(context, app.SizeRules(tuple(texts)))
    whole, *each = (sized.people for sized in sizes.sizes)
    axis = Axis(0, max(sizes.everyone.value or 1, whole.high or 0))
    return {
        "sizes": sizes,
        "people": whole,
        "strip": _strip(axis, whole),
        "share": _share(whole, sizes),
        "each": each,
        "as_of": sizes.as_of,
    }


def _strip(axis: Axis, people: ReleasedNumber) -> Any:
    number = current().number
    words = say("Between {low} and {high} people", low=number(people.low), high=number(people.high))
    return range_strip(axis, people.low or 0, people.high or 0, words, middle=people.value)


def _share(people: ReleasedNumber, sizes: RuleSizes) -> float | None:
    if people.value is None or not sizes.everyone.value:
        return None
    return people.value / sizes.everyone.value


def _labels(context: Context) -> Mapping[str, str]:
    """What each trait is called, by its name as a rule writes it."""
    named = app.room_traits(context, app.FindTraits(most=1_000_000))
    return {name_text(t.name): t.label for t in named.traits}


def _suggested(context: Context, search: str) -> list[dict[str, Any]]:
    try:
        named = app.room_traits(context, app.FindTraits(search, most=MOST_SUGGESTED))
    except FullhouseError:  # no traits, or no policy: the page says so in its place
        return []
    return [{"name": name_text(t.name), "label": t.label, "people": t.people} for t in named.traits]


PAGES = [
    ("/audiences", builder, "GET"),
    ("/audiences/size", size, "GET"),
    ("/audiences/traits", traits, "GET"),
]
"""Address, function and methods of each page."""
