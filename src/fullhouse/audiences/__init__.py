"""Audiences: rules over traits, counted on bitmaps, profiled, frozen and exported."""

from fullhouse.audiences.audience import Audience, Count
from fullhouse.audiences.bitmaps import Bitmaps, read_members
from fullhouse.audiences.catalogue import Catalogue
from fullhouse.audiences.count import count, people
from fullhouse.audiences.export import Exported, export
from fullhouse.audiences.json_form import from_json, to_json
from fullhouse.audiences.overlap import Overlap, overlap
from fullhouse.audiences.parse import parse, point, share
from fullhouse.audiences.plan import Plan, plan
from fullhouse.audiences.population import (
    Blocked,
    Population,
    blocked,
    house_population,
    population,
)
from fullhouse.audiences.profile import Index, Line, Profile, index, profile
from fullhouse.audiences.rule import (
    And,
    Everyone,
    Name,
    Not,
    Or,
    Rule,
    Sample,
    Saved,
    both,
    either,
)
from fullhouse.audiences.save import find_saved, freeze, saved_audiences, versions
from fullhouse.audiences.text import to_text

__all__ = [
    "And",
    "Audience",
    "Bitmaps",
    "Blocked",
    "Catalogue",
    "Count",
    "Everyone",
    "Exported",
    "Index",
    "Line",
    "Name",
    "Not",
    "Or",
    "Overlap",
    "Plan",
    "Population",
    "Profile",
    "Rule",
    "Sample",
    "Saved",
    "blocked",
    "both",
    "count",
    "either",
    "export",
    "find_saved",
    "freeze",
    "from_json",
    "house_population",
    "index",
    "overlap",
    "parse",
    "people",
    "plan",
    "point",
    "population",
    "profile",
    "read_members",
    "saved_audiences",
    "share",
    "to_json",
    "to_text",
    "versions",
]
