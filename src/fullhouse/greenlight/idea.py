"""A film that may be made: what is known of it before a camera turns."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from math import isfinite
from typing import Any

from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.films.film import Film, film_slug

SOURCES = (
    "original", "fiction book", "factual book", "real life", "comic", "game", "tv", "remake",
    "play", "musical", "folk tale", "spin-off", "short film", "religious text", "toy", "other",
)  # fmt: skip
"""What a story can be based on."""
CHINA = ("mixed", "revenue_share", "buy_out", "none")
"""How it opens in China: mixed, as films like it did, paid as all of abroad; by revenue share; for
a flat fee; or not at all."""
LARGEST = 1e15
"""No amount of money is as large."""
MOST_YEARS = 15
"""No film is planned further ahead."""
LEAST_BUDGET, MOST_BUDGET = 1_000.0, 2e9


@dataclass(frozen=True)
class Idea:
    """A film that may be made; money in the terms' currency.

    `advertising` is what prints and advertising will cost, None: the usual for the budget.
    `film` is its id where it stands in the catalogue.
    """

    title: str
    budget: float
    genres: tuple[str, ...] = ()
    story_source: str = ""
    opening: date | None = None
    synopsis: str = ""
    film: str = ""
    advertising: float | None = None
    tax_credit: float | None = None
    china: str = "mixed"
    china_fee: float = 0.0

    @property
    def id(self) -> str:
        """Its film, or its title as an id."""
        return self.film or f"idea-{film_slug(self.title, None)}"


def read_idea(text: str, *, name: str = "The idea") -> Idea:
    """The idea of a TOML text; a mistake is told with what would do."""
    try:
        given = tomllib.loads(text)
    except ValueError as problem:
        raise InputError(f"{name} is not valid TOML: {problem}") from None
    known = [f.name for f in fields(Idea)]
    for key in given:
        if key not in known:
            raise InputError(
                f"{name} has no {key!r}.{did_you_mean(key, known) or ' It may have '}"
                + ("" if did_you_mean(key, known) else ", ".join(known) + ".")
            )
    for key in ("title", "budget"):
        if key not in given:
            example = 'title = "The Kestrel"' if key == "title" else "budget = 12000000"
            raise InputError(f"{name} needs a {key}, such as {example}.")
    return make_idea(given, name=name)


def make_idea(given: Mapping[str, Any], *, name: str) -> Idea:
    """An idea of plain values, each checked."""
    texts = {k: _text(name, k, given[k]) for k in ("title", "synopsis", "film") if k in given}
    amounts = {
        k: _amount(name, k, given[k])
        for k in ("budget", "advertising", "china_fee", "tax_credit")
        if given.get(k) is not None
    }
    budget = amounts["budget"]
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise InputError(
            f"{name}: a budget is from {LEAST_BUDGET:,.0f} to {MOST_BUDGET:,.0f}, not {budget:,g}."
        )
    if amounts.get("tax_credit", 0) > 1:
        raise InputError(f"{name}: tax_credit is a share of the budget, from 0 to 1.")
    china = _one_of(name, "china", given.get("china", "mixed"), CHINA)
    if china == "buy_out" and not amounts.get("china_fee"):
        raise InputError(f"{name}: a buy-out in China needs its china_fee.")
    if china != "buy_out" and amounts.get("china_fee"):
        raise InputError(f'{name}: a china_fee is that of a buy-out: give china = "buy_out".')
    source = given.get("story_source") or ""
    if source:
        source = _one_of(name, "story_source", source, SOURCES)
    opening = given.get("opening")
    if isinstance(opening, str):
        try:
            opening = date.fromisoformat(opening)
        except ValueError:
            raise InputError(f"{name}: opening is a day such as 2027-05-01.") from None
    if opening is not None and type(opening) is not date:
        raise InputError(f"{name}: opening is a day such as 2027-05-01, not {opening!r}.")
    genres = given.get("genres", ())
    if isinstance(genres, str):
        genres = [genres]
    if not isinstance(genres, list | tuple) or not all(isinstance(g, str) for g in genres):
        raise InputError(f"{name}: genres is a list of texts, not {genres!r}.")
    plain = tuple(g.strip() for g in genres if g.strip())
    if not texts.get("title", "").strip():
        raise InputError(f"{name}: the title is empty.")
    return Idea(
        title=texts["title"],
        budget=budget,
        genres=plain,
        story_source=source,
        opening=opening,
        synopsis=texts.get("synopsis", ""),
        film=texts.get("film", ""),
        advertising=amounts.get("advertising"),
        tax_credit=amounts.get("tax_credit"),
        china=china,
        china_fee=amounts.get("china_fee", 0.0),
    )


def check_ahead(idea: Idea, as_of: date, *, there: bool) -> None:
    """An error for an opening that no plan has; a film that is there may have opened already."""
    opening = idea.opening
    if opening is None or (there and opening <= as_of):
        return
    if opening <= as_of:
        raise InputError(
            f"{idea.title!r} opens on {opening}, and this is weighed on {as_of}: give an opening"
            " that lies ahead, or as film = the id of a film that has opened."
        )
    if opening.year > as_of.year + MOST_YEARS:
        raise InputError(
            f"{idea.title!r} opens on {opening}, more than {MOST_YEARS} years after {as_of}."
        )


def catalogue_idea(film: Film, *, currency: str) -> Idea:
    """What the catalogue knows of a film, as an idea; an error where its budget is not known."""
    budget = film.facts.get("budget")
    if not budget:
        raise CannotTellError(code="greenlight_no_budget", film=film.film)
    if budget[1] != currency:
        raise CannotTellError(
            code="greenlight_other_currency", film=film.film, given=budget[1], currency=currency
        )
    source = str(film.facts.get("story_source") or "")
    given = {
        "title": film.title,
        "budget": budget[0],
        "genres": tuple(film.facts.get("genres") or ()),
        "story_source": source if source in SOURCES else "",
        "opening": film.opening,
        "synopsis": str(film.facts.get("overview") or ""),
        "film": film.film,
    }
    return make_idea(given, name=film.film)


def _text(name: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name}: {key} is a text, not {value!r}.")
    return value.strip()


def _amount(name: str, key: str, value: Any) -> float:
    if not is_number(value) or not 0 <= value <= LARGEST:
        raise InputError(
            f"{name}: {key} is a number of 0 or more, to {LARGEST:g}, not {str(value)[:40]}."
        )
    return float(value)


def is_number(value: Any) -> bool:
    """Whether a value of a TOML file is a number that can be computed with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # A whole number of hundreds of digits is no float.
        return False


def _one_of(name: str, key: str, value: Any, allowed: tuple[str, ...]) -> str:
    plain = str(value).strip().casefold()
    if plain not in allowed:
        raise InputError(
            f"{name}: {key} is one of {', '.join(allowed)}, not {value!r}."
            f"{did_you_mean(plain, allowed)}"
        )
    return plain
