"""A film, or a slate, before its greenlight: what it may take, what that leaves, and the risk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from fullhouse import films
from fullhouse.app.forecast import ForecastFilm, Issued, forecast_film
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.forecast import Range
from fullhouse.greenlight import book
from fullhouse.greenlight.greenlight import (
    AlreadyOpen,
    FromForecast,
    Greenlight,
    NoHouseForecast,
    Note,
    SlateRisk,
)
from fullhouse.greenlight.idea import Idea, catalogue_idea, check_ahead, read_idea
from fullhouse.greenlight.judge import ChanceCurve, chance_curve, judge
from fullhouse.greenlight.past import NEEDED, PastFilms, read_past
from fullhouse.greenlight.slate import weigh_slate
from fullhouse.greenlight.terms import GreenlightTerms, read_terms
from fullhouse.greenlight.weigh import check_draws, weigh
from fullhouse.workspace.context import Context

DRAWS = 10_000


@request
class GreenlightFilm:
    """A film of the catalogue by its id, or the TOML text of an idea, as known on a day (today).

    `terms` is TOML text with terms in place of the shipped ones. With `forecast` off, the gross is
    that of past films of like budget, genre and source, and no model of the house is asked.
    """

    film: str | None = None
    idea: str | None = None
    terms: str | None = None
    territory: str | None = None
    as_of: date | None = None
    forecast: bool = True
    draws: int = DRAWS
    seed: int = 0


@request
class GreenlightSlate:
    """Films by their ids, and TOML texts of ideas, weighed together as known on a day (today)."""

    films: tuple[str, ...] = ()
    ideas: tuple[str, ...] = ()
    terms: str | None = None
    territory: str | None = None
    as_of: date | None = None
    forecast: bool = True
    draws: int = DRAWS
    seed: int = 0


@request
class EnterGreenlight:
    """A greenlight to enter into the score book with its date."""

    greenlight: Greenlight


@use_case
def greenlight_film(context: Context, request: GreenlightFilm) -> Greenlight:
    """What a film may take and leave before a camera turns, and what would change it."""
    if (request.film is None) == (request.idea is None):
        raise InputError("Give either a film of the catalogue or an idea.")
    check_draws(request.draws)
    asked = _asked(context, request)
    idea = _idea(context, asked, request.film, request.idea)
    past = _past(context, asked, (idea,))
    home, notes = _home(context, asked, idea)
    return weigh(
        past,
        idea,
        asked.terms,
        territory=asked.territory,
        as_of=asked.as_of,
        home=home,
        notes=notes,
        curve=_curve(past, asked.terms) if home is None else None,
        draws=request.draws,
        seed=request.seed,
        simulated=context.settings.simulated,
    )


@use_case
def greenlight_slate(context: Context, request: GreenlightSlate) -> SlateRisk:
    """The risk of films made together, and what each adds to it."""
    check_draws(request.draws)
    asked = _asked(context, request)
    ideas = [
        *(_idea(context, asked, film, None) for film in request.films),
        *(_idea(context, asked, None, text) for text in request.ideas),
    ]
    past = _past(context, asked, ideas)
    by_idea = {idea.id: _home(context, asked, idea) for idea in ideas}
    return weigh_slate(
        past,
        ideas,
        asked.terms,
        territory=asked.territory,
        as_of=asked.as_of,
        homes={film: home for film, (home, _) in by_idea.items() if home is not None},
        notes={film: notes for film, (_, notes) in by_idea.items()},
        curve=_curve(past, asked.terms),
        draws=request.draws,
        seed=request.seed,
        simulated=context.settings.simulated,
    )


@use_case
def enter_greenlight(context: Context, request: EnterGreenlight) -> Issued:
    """Enter a greenlight into the score book, where what the film takes is shown beside it."""
    return Issued(*book.enter_greenlight(context, request.greenlight))


@dataclass(frozen=True)
class _Asked:
    """What films are weighed by."""

    territory: str
    as_of: date
    terms: GreenlightTerms
    forecast: bool


def _asked(context: Context, request: GreenlightFilm | GreenlightSlate) -> _Asked:
    as_of = request.as_of or context.today
    if as_of > context.today:
        raise InputError(f"as_of {as_of} lies ahead: what will be known then is not known today.")
    territory = films.check_territory(request.territory or context.settings.territory)
    terms = read_terms(request.terms, territory=territory)
    return _Asked(territory, as_of, terms, request.forecast)


def _idea(context: Context, asked: _Asked, film: str | None, text: str | None) -> Idea:
    if text is not None:
        idea = read_idea(text)
        if idea.film:
            film_id = films.find(films.links(context.control), idea.film)
            known = films.known(context.lake, film_id, asked.territory, asked.as_of)
            idea = replace(idea, film=film_id, opening=idea.opening or known.opening)
        check_ahead(idea, asked.as_of, there=bool(idea.film))
        return idea
    assert film is not None
    film_id = films.find(films.links(context.control), film)
    known = films.known(context.lake, film_id, asked.territory, asked.as_of)
    idea = catalogue_idea(known, currency=asked.terms.currency)
    check_ahead(idea, asked.as_of, there=True)
    return idea


def _past(context: Context, asked: _Asked, ideas: Sequence[Idea]) -> PastFilms:
    """The past films that teach: none of those that are weighed."""
    past = read_past(context.lake, asked.territory, asked.as_of, currency=asked.terms.currency)
    own = {i.id for i in ideas}
    return past.without(own)


def _curve(past: PastFilms, terms: GreenlightTerms) -> ChanceCurve | None:
    """What past chances came to, where enough films of enough years can be judged."""
    recent = past.recent()
    if len(recent) < NEEDED:
        return None
    judged = judge(recent, terms)
    return None if judged is None else chance_curve(judged)


def _home(context: Context, asked: _Asked, idea: Idea) -> tuple[Range | None, tuple[Note, ...]]:
    """The forecast of the gross at home, where the house can make one; else why it cannot."""
    if idea.opening is not None and idea.opening <= asked.as_of:
        return None, (AlreadyOpen(idea.opening),)
    if not idea.film or not asked.forecast:
        return None, ()
    try:
        about = ForecastFilm(idea.film, as_of=asked.as_of, territory=asked.territory)
        made = forecast_film(context, about)
    except CannotTellError as problem:
        return None, (NoHouseForecast(problem.code),)
    except InputError:
        # The idea says what the catalogue does not know by then, such as the opening.
        return None, (NoHouseForecast("film_not_known"),)
    if "total" not in made.ranges or made.currency != asked.terms.currency:
        return None, (NoHouseForecast("other_currency"),)
    return made.ranges["total"], (FromForecast(made.model.fingerprint),)
