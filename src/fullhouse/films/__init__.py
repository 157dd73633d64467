"""Films: what was known of them and when, what they took, and signs of interest."""

from fullhouse.films.film import EVERYWHERE, FIELDS, SIGNALS, Fact, Film
from fullhouse.films.film_set import (
    ANNOUNCED,
    BOOKED,
    GROSSES,
    REPORTED,
    TOTALLED,
    WIDE,
    Entry,
    FilmSet,
    Problem,
    Said,
    digest,
)
from fullhouse.films.film_set import SIGNALS as SIGNALS_SCHEMA
from fullhouse.films.known import facts, grosses, known, renamed, signals
from fullhouse.films.link import RETIRED, USER, Link, links
from fullhouse.films.plain import check_field, check_territory, check_value, parse_value
from fullhouse.films.settle import accept, add, find, state
from fullhouse.films.take import Imported, take

__all__ = [
    "ANNOUNCED",
    "BOOKED",
    "EVERYWHERE",
    "FIELDS",
    "GROSSES",
    "REPORTED",
    "RETIRED",
    "SIGNALS",
    "SIGNALS_SCHEMA",
    "TOTALLED",
    "USER",
    "WIDE",
    "Entry",
    "Fact",
    "Film",
    "FilmSet",
    "Imported",
    "Link",
    "Problem",
    "Said",
    "accept",
    "add",
    "check_field",
    "check_territory",
    "check_value",
    "digest",
    "facts",
    "find",
    "grosses",
    "known",
    "links",
    "parse_value",
    "renamed",
    "signals",
    "state",
    "take",
]
