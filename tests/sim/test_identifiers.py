"""E-mails, phones and devices."""

from collections import defaultdict

import numpy as np
import phonenumbers
import pytest

from fullhouse_sim.identifiers import GIVEN, Reach, changed_contacts, changes, reach
from fullhouse_sim.market import Market
from fullhouse_sim.members import SOURCES, Members, members
from fullhouse_sim.population import People


def _all(market: Market, crowd: People, source: str) -> tuple[Members, Reach]:
    accounts = members(market, crowd, source)
    rows = np.arange(len(accounts))
    return accounts, reach(market, crowd, accounts, rows, accounts.joined)


@pytest.mark.parametrize("source", SOURCES)
def test_nobody_can_be_reached(market: Market, crowd: People, source: str) -> None:
    _, contacts = _all(market, crowd, source)
    for email in contacts.email.drop_null().to_pylist():
        assert email.strip().lower().endswith(("@example.com", "@example.org"))
    for phone in contacts.phone.drop_null().to_pylist()[:3000]:
        number = phonenumbers.parse(phone, "US")
        assert phonenumbers.is_possible_number(number)
        plain = str(number.national_number)
        # N9X is kept by the numbering plan for its own expansion.
        assert plain == "8005550199" or (
            plain[1] == "9" and not phonenumbers.is_valid_number(number)
        )


@pytest.mark.parametrize("source", SOURCES)
def test_identifiers_are_partly_missing(market: Market, crowd: People, source: str) -> None:
    _, contacts = _all(market, crowd, source)
    for kind, share in GIVEN[source].items():
        column = getattr(contacts, kind)
        assert 1 - column.null_count / len(column) == pytest.approx(share, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["email", "device"])
def test_an_identifier_is_shared_only_within_a_household(
    market: Market, crowd: People, kind: str
) -> None:
    households: dict[str, set[int]] = defaultdict(set)
    shared = 0
    for source in SOURCES:
        accounts, contacts = _all(market, crowd, source)
        owners: dict[str, set[int]] = defaultdict(set)
        for text, person in zip(getattr(contacts, kind).to_pylist(), accounts.person, strict=True):
            if text:
                households[text.strip().lower()].add(int(crowd.household[person]))
                owners[text.strip().lower()].add(int(person))
        shared += sum(len(of) > 1 for of in owners.values())
    assert all(len(of) == 1 for of in households.values())
    assert shared > 100


def test_the_box_offices_phone_is_shared_by_many(market: Market, crowd: People) -> None:
    _, contacts = _all(market, crowd, "tickets")
    assert contacts.phone.to_pylist().count("8005550199") > 100


def test_people_of_one_number_differ_in_spelling(market: Market, crowd: People) -> None:
    _, contacts = _all(market, crowd, "tickets")
    starts = {text[0] for text in contacts.phone.drop_null().to_pylist()}
    assert {"(", "+"} < starts
    emails = contacts.email.drop_null().to_pylist()
    assert any(e.isupper() for e in emails)
    assert any(e != e.strip() for e in emails)


def test_identifiers_change_and_some_hold_personal_facts(market: Market, crowd: People) -> None:
    accounts = members(market, crowd, "shop")
    rows, day = changed_contacts(market, crowd, accounts)
    assert len(rows) / len(accounts) == pytest.approx(0.04, abs=0.01)
    assert (day > accounts.joined[rows]).all()
    assert (day == changes(market, crowd.person[accounts.person[rows]])).all()
    before = reach(market, crowd, accounts, rows, day - 1).email.to_pylist()
    after = reach(market, crowd, accounts, rows, day).email.to_pylist()
    same = [a == b for a, b in zip(before, after, strict=True) if a]
    assert np.mean(same) < 0.2  # who uses a relative's address keeps it
