"""Properties that films may be made of: stated with dates, matched to people, and valued."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fullhouse import audiences, control, films
from fullhouse.app.forecast import Issued
from fullhouse.app.use_case import use_case
from fullhouse.audiences import Population
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.greenlight import book
from fullhouse.greenlight import properties as store
from fullhouse.greenlight.fans import (
    PeopleInStrata,
    beyond,
    fan_rule,
    match,
    turnout,
    without_viewers,
)
from fullhouse.greenlight.idea import Idea, check_ahead, make_idea
from fullhouse.greenlight.past import read_past
from fullhouse.greenlight.property import (
    PropertiesImported,
    Property,
    PropertyValue,
    PropertyView,
    Turnout,
)
from fullhouse.greenlight.terms import read_terms
from fullhouse.greenlight.worth import check_price, worth
from fullhouse.workspace.context import Context

RISK, MARGIN = 0.5, 0.1


@request
class AddProperty:
    """A title with facts that are known from a day on (today); the same title states more of it.

    `titles` are further titles with their language (zh=红隼). `rule` says who its fans are, where
    the matches are not to be trusted.
    """

    title: str
    kind: str | None = None
    titles: tuple[str, ...] = ()
    holder: str | None = None
    genres: tuple[str, ...] = ()
    adaptations: tuple[str, ...] = ()
    rule: str | None = None
    known_on: date | None = None


@request
class ImportProperties:
    """A CSV file of properties; rows without a day are known from one on (today)."""

    file: Path
    known_on: date | None = None


@request
class ListProperties:
    """The properties known on a day (today), of a kind or of all."""

    kind: str | None = None
    as_of: date | None = None


@request
class ShowProperty:
    """A property by its id or title, as known on a day (today)."""

    property: str
    as_of: date | None = None


@request
class ValueProperty:
    """A property, and the film of it: budget and genres (the property's); at a risk and margin.

    `risk` is the greatest chance of a loss, `margin` the least expected profit as a share of all
    spending, the price included.
    """

    property: str
    budget: float
    genres: tuple[str, ...] = ()
    opening: date | None = None
    terms: str | None = None
    territory: str | None = None
    risk: float = RISK
    margin: float = MARGIN
    as_of: date | None = None


@dataclass(frozen=True)
class PropertyAdded(Brief):
    """The id of a property, and whether it was not here before."""

    property: str
    new: bool


@use_case
def property_add(context: Context, request: AddProperty) -> PropertyAdded:
    """State facts of a property."""
    control.check_writable(context.control)
    links = films.links(context.control)
    values = {
        "kind": request.kind,
        "titles": request.titles,
        "holder": request.holder,
        "genres": request.genres,
        "adaptations": tuple(films.find(links, film) for film in request.adaptations),
        "rule": request.rule,
    }
    name, new = store.add_property(
        context.lake,
        request.title,
        values,
        known_on=request.known_on or context.today,
        at=context.now,
    )
    control.record(context.control, "property.add", {"property": name})
    return PropertyAdded(name, new)


@use_case
def property_import(context: Context, request: ImportProperties) -> PropertiesImported:
    """Take in a file of properties."""
    control.check_writable(context.control)
    known_on = request.known_on or context.today
    result = store.import_properties(context.lake, request.file, known_on=known_on, at=context.now)
    control.record(context.control, "property.import", {"file": request.file.name})
    return result


@use_case
def property_list(context: Context, request: ListProperties) -> Listing[Property]:
    """The properties, by id."""
    rows = store.read_properties(context.lake, request.as_of or context.today)
    return Listing(p for p in rows if request.kind in (None, p.kind))


@use_case
def property_show(context: Context, request: ShowProperty) -> PropertyView:
    """A property, the traits that tell its fans, and those that somebody should review."""
    as_of = request.as_of or context.today
    one = store.find_property(store.read_properties(context.lake, as_of), request.property)
    population = _population(context, as_of)
    if population is None:
        return PropertyView(one, (), (), one.rule, None)
    matches = match(one, population.catalogue.traits)
    counted = tuple(m for m in matches if m.sure)
    review = tuple(m for m in matches if not m.sure)
    return PropertyView(one, counted, review, fan_rule(one, matches), population.build.as_of)


@use_case
def property_value(context: Context, request: ValueProperty) -> PropertyValue:
    """The fans of a property, how such fans turned up before, and what it is worth at most.

    The house's alone: it counts people exactly.
    """
    check_price(request.risk, request.margin)
    as_of = request.as_of or context.today
    territory = films.check_territory(request.territory or context.settings.territory)
    terms = read_terms(request.terms, territory=territory)
    known = store.read_properties(context.lake, as_of)
    one = store.find_property(known, request.property)
    given = {
        "title": one.title,
        "budget": request.budget,
        "genres": request.genres or one.genres,
        "opening": request.opening,
    }
    idea: Idea = make_idea(given, name=one.id)
    check_ahead(idea, as_of, there=False)
    past = read_past(context.lake, territory, as_of, currency=terms.currency)
    worthless, priced = "kind", None
    try:
        priced = worth(
            past,
            idea,
            one.kind,
            terms,
            as_of=as_of,
            risk=request.risk,
            margin=request.margin,
        )
    except CannotTellError:
        worthless = "too_few_films"
    unknown = [] if priced else [("worth", worthless)]
    fans, everyone, outside, turned, missing = _people(context, known, one, idea, as_of)
    return PropertyValue(
        about=one,
        as_of=as_of,
        territory=territory,
        currency=terms.currency,
        budget=idea.budget,
        fans=fans,
        people=everyone,
        beyond_genre=outside,
        turnout=turned,
        worth=priced,
        unknown=(*unknown, *missing),
        simulated=context.settings.simulated,
    )


@request
class EnterProperty:
    """A property's value to enter into the score book with its date."""

    value: PropertyValue


@use_case
def enter_property(context: Context, request: EnterProperty) -> Issued:
    """Enter what a property is said to be worth into the score book."""
    return Issued(*book.enter_property(context, request.value))


Counted = tuple[int | None, int | None, float | None, Turnout | None, tuple[tuple[str, str], ...]]


def _population(context: Context, as_of: date) -> Population | None:
    """The house's people as of a day; None where no traits are built."""
    try:
        return audiences.population(context, as_of=as_of)
    except InputError as problem:
        if problem.code not in ("no_traits", "no_build_by_then"):
            raise
        return None


def _people(
    context: Context, known: list[Property], one: Property, idea: Idea, as_of: date
) -> Counted:
    """Fans, everyone, the share beyond the genre, the turnout; and what cannot be told of them."""
    population = _population(context, as_of)
    if population is None:
        return None, None, None, None, (("fans", "no_traits"),)
    people = PeopleInStrata.of(population)
    fans: dict[str, PersonSet] = {}
    missing: list[tuple[str, str]] = []
    for each in known:
        text = fan_rule(each, match(each, population.catalogue.traits))
        try:
            rule = population.compile(text).rule if text else None
            rule = rule and without_viewers(rule, each.adaptations)
            if rule is not None:
                fans[each.id] = people.who(rule)
        except InputError:
            missing.append(("rule", each.id))
    own = fans.get(one.id)
    turned = turnout(people, one.kind, fans, known)
    everyone = size(people.everyone)
    missing += _no_turnout(turned)
    if own is None:
        if ("rule", one.id) not in missing:
            missing.insert(0, ("fans", "no_match"))
        return None, everyone, None, turned, tuple(missing)
    outside = beyond(people, own, idea.genres)
    if outside is None:
        missing.insert(0, ("beyond_genre", "no_genre"))
    return size(own), everyone, outside, turned, tuple(missing)


def _no_turnout(turned: Turnout | None) -> list[tuple[str, str]]:
    return [] if turned is not None else [("turnout", "too_few_adaptations")]
