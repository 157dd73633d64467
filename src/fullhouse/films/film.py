"""What can be known of a film before and after it opens, each with the day it was known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

EVERYWHERE = ""
"""The territory of a fact that holds in all of them."""

FIELDS: dict[str, tuple[str, str]] = {
    "title": ("text", "title, without the year"),
    "original_title": ("text", "title in the film's own language"),
    "opening": ("date", "first day in cinemas of the territory, previews apart"),
    "plan": ("text", "how it opens: wide (in most markets at once) or limited"),
    "theaters": ("number", "cinemas planned for the first day"),
    "distributor": ("text", "who releases it in the territory"),
    "genres": ("texts", "genres"),
    "keywords": ("texts", "what it is about"),
    "overview": ("text", "synopsis"),
    "tagline": ("text", "tag line"),
    "runtime_minutes": ("number", "length"),
    "rating": ("text", "the territory's age rating"),
    "language": ("text", "ISO 639 code of the language it was shot in"),
    "countries": ("texts", "countries that made it"),
    "companies": ("texts", "production companies"),
    "talent": ("texts", "leading cast and director"),
    "budget": ("money", "cost of production, as [amount, currency]"),
    "series": ("text", "the franchise it belongs to"),
    "predecessor": ("text", "the film, by its id here, that it continues"),
    "rerelease_of": ("text", "the film, by its id here, that is shown again"),
    "total": ("money", "gross of the whole run, as [amount, currency], where days are not known"),
}
"""Every field of a fact: its type and its meaning."""

SIGNALS: dict[str, str] = {
    "presales": "tickets sold on that day for the first day, or their worth",
    "want_to_see": "new want-to-see marks on that day",
    "search_interest": "search volume on that day or in the week that begins on it",
    "trailer_views": "views of its trailers on that day",
}
"""Kinds of signals before release."""


@dataclass(frozen=True)
class Fact:
    """Something said of a film in a territory, and the first day on which it was known."""

    film: str
    field: str
    value: Any
    known_on: date
    territory: str = EVERYWHERE
    origin: str = "user"


@dataclass(frozen=True)
class Film:
    """What is known of one film for one territory as of a day: the newest fact of each field.

    A fact of the territory itself goes before one that holds everywhere.
    """

    film: str
    territory: str
    as_of: date
    facts: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its title, or its id where no title is known."""
        return str(self.facts.get("title") or self.film)

    @property
    def opening(self) -> date | None:
        """Its first day in the territory's cinemas, as far as known."""
        found: date | None = self.facts.get("opening")
        return found
