"""Build the traits of a house as of a date."""

import json
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Ints32
from fullhouse.core.errors import InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ACCOUNT_TABLE,
    FILM,
    ITEM,
    ITEM_TRAIT,
    PERSON_EVENT,
    PERSON_TABLE,
    PRODUCT,
    TRAIT_BUILD,
    Snapshot,
)
from fullhouse.engine import Engine, Scratch
from fullhouse.lake import Lake
from fullhouse.traits.base import base_as_of
from fullhouse.traits.catalogue import Catalogue
from fullhouse.traits.count import is_narrow
from fullhouse.traits.read import builds
from fullhouse.traits.run import Run
from fullhouse.traits.survey import survey
from fullhouse.traits.trait import Build, Trait
from fullhouse.traits.write import finish, write_traits

INPUTS = (ITEM, PERSON_EVENT, PERSON_TABLE, ACCOUNT_PERSON, ACCOUNT_TABLE, PRODUCT, FILM)


@dataclass(frozen=True)
class Built:
    """A build, whether it stood already, and what the caps of its families left out."""

    build: Build
    standing: bool
    capped: dict[str, int]


@dataclass(frozen=True)
class Inputs:
    """The snapshots that a build reads."""

    of: dict[str, Snapshot]

    @classmethod
    def now(cls, lake: Lake) -> "Inputs":
        """The newest ones."""
        return cls({t.name: lake.snapshot(t) for t in INPUTS})

    @property
    def text(self) -> str:
        """Their versions as JSON."""
        return json.dumps({n: s.version for n, s in sorted(self.of.items())})


def build(
    engine: Engine,
    lake: Lake,
    catalogue: Catalogue,
    *,
    as_of: date,
    floor: int,
    at: datetime,
    progress: Progress = silent,
) -> Built:
    """Build every trait of a catalogue as of a date, over the data as laid out.

    The same inputs, date, floor and catalogue give the standing build and write nothing. The row
    that makes a build visible is written last, so one that crashed was never there.
    """
    inputs = Inputs.now(lake)
    if not inputs.of["person"].uris:
        raise InputError("There are no persons yet. Make them with: fullhouse people resolve")
    standing = _standing(lake, inputs, catalogue, as_of, floor)
    if standing is not None:
        return Built(standing, standing=True, capped={})
    number = _claim(lake)
    with (
        tempfile.TemporaryDirectory(prefix="fullhouse-traits-") as folder,
        Scratch(engine, lake.place.root) as scratch,
    ):
        base = base_as_of(engine, inputs.of, scratch, as_of=as_of)
        seen = survey(engine, inputs.of, base, catalogue, as_of=as_of, floor=floor)
        laid = inputs.of["person_event"]
        run = Run(engine, laid, base, seen, Path(folder), progress=progress)
        run.count()
        traits = run.totals.traits()
        run.write(lake, traits, number)
    lake.append(ITEM_TRAIT, _items(traits, seen.about, number), batch=f"items {number}")
    write_traits(lake, number, traits, batch=f"traits {number}")
    made = sum(t.built for t in traits)
    done = Build(
        number,
        as_of,
        at,
        persons=run.totals.persons,
        traits=made,
        rare=len(traits) - made,
        floor=floor,
        catalogue=catalogue.text,
        inputs=inputs.text,
    )
    finish(lake, done, batch=f"build {number}")
    return Built(done, standing=False, capped=seen.capped)


def _standing(
    lake: Lake, inputs: Inputs, catalogue: Catalogue, as_of: date, floor: int
) -> Build | None:
    wanted = (as_of, floor, catalogue.text, inputs.text)
    found = [b for b in builds(lake) if (b.as_of, b.floor, b.catalogue, b.inputs) == wanted]
    return found[-1] if found else None


def _claim(lake: Lake) -> int:
    """The next number, taken for good: no other build gets it, even after a crash."""
    number = max((b.id for b in builds(lake)), default=0) + 1
    empty = TRAIT_BUILD.schema.empty_table()
    while not lake.append(TRAIT_BUILD, empty, batch=f"claim {number}"):
        number += 1
    return number


def _items(traits: list[Trait], about: list[Ints32], build: int) -> pa.Table:
    """Rows of `item_trait` for the built traits that are narrowed to some items."""
    some = [n for n, _ in enumerate(about) if traits[n].built and is_narrow(traits[n])]
    sizes = [len(about[n]) for n in some]
    items = [about[n] for n in some]
    return pa.table(
        {
            "build": pa.array(np.full(sum(sizes), build, np.int64)),
            "trait": pa.array(np.repeat(np.array(some, np.int32), sizes)),
            "item": pa.array(np.concatenate([np.empty(0, np.int32), *items])),
        }
    )
