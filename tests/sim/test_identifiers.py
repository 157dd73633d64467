"""E-mails, phones and devices."""

from collections import defaultdict

import numpy as np
import phonenumbers
import pytest

from fullhouse_sim.identifiers import GIVEN, Reach, changes, reach, told
from fullhouse_sim.market import Market
from fullhouse_sim.members import SOURCES, Members, members
from fullhouse_sim.population import People


def _all(market: Market, crowd: People, source: str) -> tuple[Members, Reach]:
    found = members(market, crowd, source)
    rows = np.arange(len(found))
    return found, reach(market, crowd, found, rows, found.joined)


@pytest.mark.parametrize("source", SOURCES)
def test_nobody_can_be_reached(market: Market, crowd: People, source: str) -> None:
    _, found = _all(market, crowd, source)
    for email in found.email.drop_null().to_pylist():
        assert email.strip().lower().endswith(("@example.com", "@example.org"))
    for phone in found.phone.drop_null().to_pylist()[:3000]:
        number = phonenumbers.parse(phone, "US")
        assert phonenumbers.is_possible_number(number)
        plain = str(number.national_number)
        # N9X is kept by the numbering plan for its own expansion.
        assert plain == "8005550199" or (
            plain[1] == "9" and not phonenumbers.is_valid_number(number)
        )


@pytest.mark.parametrize("source", SOURCES)
def test_identifiers_are_partly_missing(market: Market, crowd: People, source: str) -> None:
    _, found = _all(market, crowd, source)
    for kind, share in GIVEN[source].items():
        column = getattr(found, kind)
        assert 1 - column.null_count / len(column) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("kind", ["email", "device"])
def test_an_identifier_is_shared_only_within_a_household(
    market: Market, crowd: People, kind: str
) -> None:
    households: dict[str, set[int]] = defaultdict(set)
    shared = 0
    for source in SOURCES:
        accounts, found = _all(market, crowd, source)
        owners: dict[str, set[int]] = defaultdict(set)
        for text, person in zip(getattr(found, kind).to_pylist(), accounts.person, strict=True):
            if text:
                households[text.strip().lower()].add(int(crowd.household[person]))
                owners[text.strip().lower()].add(int(person))
        shared += sum(len(of) > 1 for of in owners.values())
    assert all(len(of) == 1 for of in households.values())
    assert shared > 100


def test_the_box_offices_phone_is_shared_by_many(market: Market, crowd: People) -> None:
    _, found = _all(market, crowd, "tickets")
    assert found.phone.to_pylist().count("8005550199") > 100


def test_people_of_one_number_differ_in_spelling(market: Market, crowd: People) -> None:
    _, found = _all(market, crowd, "tickets")
    starts = {text[0] for text in found.phone.drop_null().to_pylist()}
    assert {"(", "+"} < starts
    emails = found.email.drop_null().to_pylist()
    assert any(e.isupper() for e in emails)
    assert any(e != e.strip() for e in emails)


def test_identifiers_change_and_some_tell(market: Market, crowd: People) -> None:
    found = members(market, crowd, "shop")
    rows, day = told(market, crowd, found)
    assert len(rows) / len(found) == pytest.approx(0.04, abs=0.01)
    assert (day > found.joined[rows]).all()
    assert (day == changes(market, crowd.person[found.person[rows]])).all()
    before = reach(market, crowd, found, rows, day - 1).email.to_pylist()
    after = reach(market, crowd, found, rows, day).email.to_pylist()
    same = [a == b for a, b in zip(before, after, strict=True) if a]
    assert np.mean(same) < 0.2  # who uses a relative's address keeps it
