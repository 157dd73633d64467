"""Yes/no facts about persons as of a date, counted from their events, as bitmaps by block."""

from fullhouse.traits.build import Built, build
from fullhouse.traits.catalogue import Catalogue, parse_catalogue
from fullhouse.traits.layout import PersonLayout, lay_out
from fullhouse.traits.select import matching_events, trait_counts
from fullhouse.traits.store import (
    build_numbered,
    builds,
    delete_build,
    everyone,
    find_build,
    find_trait,
    load_blocks,
    newest,
    traits_of,
)
from fullhouse.traits.trait import EVENT_KINDS, EVERYONE, KINDS, Build, Trait

__all__ = [
    "EVENT_KINDS",
    "EVERYONE",
    "KINDS",
    "Build",
    "Built",
    "Catalogue",
    "PersonLayout",
    "Trait",
    "build",
    "build_numbered",
    "builds",
    "delete_build",
    "everyone",
    "find_build",
    "find_trait",
    "lay_out",
    "load_blocks",
    "matching_events",
    "newest",
    "parse_catalogue",
    "trait_counts",
    "traits_of",
]
