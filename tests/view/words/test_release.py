"""A release, its price and the ledger in words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fullhouse.cleanroom.ledger import LedgerEntry
from fullhouse.cleanroom.release import Answer, BudgetLeft, Note, Price, Release
from fullhouse.cli.tenants import _spendings
from fullhouse.view.words.release import answer_sentences, note_words, price_sentences

LEFT = (BudgetLeft("tenant", "", 500_000_000, 100_000),)
PRICE = Price("count", 50_000, 100.0, 196.0, False, True, LEFT, "2026", "2026-12-31")
RELEASE = Release(
    kind="count", question={"rule": "books"}, lines=(), minimum=50, noise=(), epoch="2026",
    data={}, rho=50_000, policy="0",
)  # fmt: skip
ENTRY = LedgerEntry(
    1, "lion", datetime(2026, 11, 29, 6, 40, tzinfo=UTC), "ann", "2026", "dogs-2026", "plan", "",
    "count", "0", "r1", "reserve", 50_000,
)  # fmt: skip


def test_an_answer_names_the_command_that_gives_its_receipt() -> None:
    answer = Answer(RELEASE, RELEASE.to_bytes(), 50_000, LEFT, {"position": 4})
    sentences = list(answer_sentences(answer, tenant="lion"))
    assert "This cost 0.00005 ρ." in sentences
    assert sentences[-1] == "Receipt: fullhouse log receipt 4 --as lion"


@pytest.mark.parametrize(
    ("kind", "gives_width"), [("count", True), ("cards", False), ("readout", False)]
)
def test_only_the_price_of_one_number_says_how_wide_that_is(kind: str, gives_width: bool) -> None:
    first = next(iter(price_sentences(replace(PRICE, kind=kind))))
    assert first.startswith("It would cost 0.00005 ρ")
    assert ("±200" in first) is gives_width


def test_what_a_small_film_would_need_is_rounded_as_roughly_as_it_is_known() -> None:
    facts = {"seed": 870, "ratio": 1.5, "seed_needed": 4011, "people_needed": 368_397}
    words = note_words(Note("seed_too_small", facts))
    assert "about 4,000 of them, or a house of about 370,000 people" in words


def test_a_spending_is_one_row_whatever_steps_it_took() -> None:
    given_back = replace(ENTRY, id=4, reservation="r2", step="cancel", rho=-50_000)
    rows = _spendings(
        [
            ENTRY,
            replace(ENTRY, id=2, step="settle", rho=0),
            replace(ENTRY, id=3, reservation="r2"),
            given_back,
        ]
    )
    assert rows == [
        ("2026-11-29 06:40", "lion", "dogs-2026", "count", "0.00005", "ann"),
        ("2026-11-29 06:40", "lion", "dogs-2026", "count", "0", "ann"),
    ]
