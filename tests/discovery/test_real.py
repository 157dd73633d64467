"""Facts measured on real purchases, apart from this code: see the README of the real data."""

import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fullhouse.stats import association, risk_ratio

pytestmark = pytest.mark.real

PET = ("PET_", "ANIMAL_", "GUILD_PET", "ABIS_PET")
DOG = re.compile(r"\b(dogs?|puppy|puppies|canine)\b", re.IGNORECASE)
DOG_BOOK = re.compile(
    r"\b(dogs?|puppy|puppies|canine|pups?|labrador|golden retriever|dachshund|corgi|pug|bulldog)\b",
    re.IGNORECASE,
)
NOT_DOG = re.compile(
    "dog man|hot dog|dog days|diary of a wimpy|dogma|top dog|underdog|dog eat", re.IGNORECASE
)
DISC = ("PHYSICAL_MOVIE", "ABIS_DVD", "VIDEO_DVD")


@pytest.fixture(scope="module")
def people(data_folder: Path):
    """People with at least 50 orders: the fifth of their activity, and what they bought."""
    rows = pq.read_table(data_folder / "open_ecommerce" / "purchases.parquet").to_pylist()
    sets = {}
    for r in rows:
        pet, book = r["category"].startswith(PET), r["category"] == "ABIS_BOOK"
        facts = sets.setdefault(
            r["user_id"],
            {"n": 0} | dict.fromkeys(("pet", "dog", "book", "dog book", "disc"), False),
        )
        facts["n"] += 1
        facts["pet"] |= pet
        facts["dog"] |= pet and bool(DOG.search(r["title"]))
        facts["book"] |= book
        facts["dog book"] |= (
            book and bool(DOG_BOOK.search(r["title"])) and not NOT_DOG.search(r["title"])
        )
        facts["disc"] |= r["category"] in DISC
    active = [f for f in sets.values() if f["n"] >= 50]
    n = np.array([f["n"] for f in active])
    fifth = np.searchsorted(np.quantile(n, [0.2, 0.4, 0.6, 0.8]), n, side="right")
    return fifth, {k: np.array([f[k] for f in active]) for k in active[0]}


def _four(strata, trait, outcome):
    def by(x):
        return np.bincount(strata, x.astype(float), minlength=strata.max() + 1)

    return by(trait & outcome), by(trait), by(~trait & outcome), by(~trait)


@pytest.mark.parametrize(
    ("trait", "outcome", "naive", "stratified"),
    [
        ("dog", "dog book", 4.69, 2.34),
        ("pet", "book", 1.11, 1.01),
        ("pet", "disc", 1.47, 0.95),
    ],
)
def test_fifths_of_all_orders_give_the_facts(people, trait, outcome, naive, stratified):
    fifth, facts = people
    assert len(fifth) == 850
    t, o = facts[trait], facts[outcome]
    assert risk_ratio(*_four(np.zeros_like(fifth), t, o)).ratio == pytest.approx(naive, abs=0.006)
    ratio = risk_ratio(*_four(fifth, t, o))
    assert ratio.ratio == pytest.approx(stratified, abs=0.05)
    assert ratio.low <= stratified <= ratio.high


def test_dog_products_and_dog_books_go_together_beyond_chance(people):
    fifth, facts = people
    assert association(*_four(fifth, facts["dog"], facts["dog book"])).p < 0.02
