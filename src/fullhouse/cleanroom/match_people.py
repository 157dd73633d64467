"""The people of the house whom a private match is about, by the contacts that the operator gives.

The lake holds keyed digests alone, which nobody else can compute: so the operator gives a file of
contacts for the time of the match. It is read, and written nowhere.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse import audiences
from fullhouse.audiences import Population
from fullhouse.audiences.rule import Everyone
from fullhouse.campaigns.customer_match import check_contacts, read_contacts
from fullhouse.cleanroom.private_match import element
from fullhouse.core.arrays import Flags, Ints
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import BlockSets, PersonSet
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.core.values import BLOCK_BITS
from fullhouse.feeds.identify import normalise
from fullhouse.lake import Lake

KEYS = ["source", "account"]


@dataclass(frozen=True)
class Contacts:
    """Digests of contacts, each once, sorted; and which person has which, as pairs."""

    ids: tuple[str, ...]
    persons: Ints
    places: Ints

    def people(self, places: list[int]) -> PersonSet:
        """The persons who have some of the contacts, by their places in `ids`."""
        persons = np.unique(self.persons[np.isin(self.places, places)])
        sets: BlockSets = {}
        for block in np.unique(persons >> BLOCK_BITS).tolist():
            sets[block] = BitMap(persons[persons >> BLOCK_BITS == block].tolist())
        return sets


def contacts_of(
    lake: Lake, population: Population, file: Path, kind: str, *, most: int, phone_region: str
) -> Contacts:
    """The contacts of people who take part, of each person at most `most`.

    Which ones those are rests on their digests alone, and so is the same at each look.
    """
    check_contacts(file, ("A private match",))
    rows = read_contacts(file)
    if kind not in rows.column_names:
        raise InputError(f"--contacts: {file.name} has no column {kind}, which the list is of.")
    rows = rows.select([*KEYS, kind])
    rows = rows.filter(pc.is_valid(rows[kind]))
    (everyone,), _ = audiences.members_of(population, population.compile(Everyone()))
    parts = []
    for batch in lake.batches(ACCOUNT_PERSON, columns=[*KEYS, "person"], rows=1_000_000):
        joined = pa.Table.from_batches([batch]).join(rows, KEYS, join_type="inner")
        taking_part = _inside(joined["person"].to_numpy().astype(np.int64), everyone)
        parts.append(joined.filter(pa.array(taking_part)).select(["person", kind]))
    pairs = set()
    for part in parts:
        texts = part[kind].to_pylist()
        for person, text in zip(part["person"].to_pylist(), texts, strict=True):
            plain = normalise(kind, text, phone_region=phone_region)
            if plain is not None:
                pairs.add((int(person), element(kind, plain)))
    return _clamped(sorted(pairs), most)


def _clamped(pairs: list[tuple[int, str]], most: int) -> Contacts:
    counted: list[tuple[int, str]] = []
    person, many = -1, 0
    for pair in pairs:
        person, many = pair[0], many + 1 if pair[0] == person else 1
        if many <= most:
            counted.append(pair)
    ids = sorted({digest for _, digest in counted})
    place = {digest: n for n, digest in enumerate(ids)}
    return Contacts(
        tuple(ids),
        np.array([p for p, _ in counted], np.int64),
        np.array([place[digest] for _, digest in counted], np.int64),
    )


def _inside(persons: Ints, people: PersonSet) -> Flags:
    inside = np.zeros(len(persons), bool)
    for block in np.unique(persons >> BLOCK_BITS).tolist():
        here = persons >> BLOCK_BITS == block
        members = np.array(people.get(block, BitMap()).to_array(), np.int64)
        inside[here] = np.isin(persons[here], members)
    return inside
