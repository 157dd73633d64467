"""An identifier links one person, not a household, and a placeholder links nobody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.people.clusters import Known, Link, groups
from tests.people.builder import House


def facts(house: House, *rows: tuple[str, str, int | None, str | None]) -> None:
    house.name(*({"source": s, "account": a, "birth_year": y, "gender": g} for s, a, y, g in rows))


def apart(house: House, one: tuple[str, str], two: tuple[str, str]) -> bool:
    people = house.people()
    return people[one] != people[two]


@pytest.mark.slow
def test_a_couple_with_one_email_is_two_persons_and_each_keeps_their_accounts(engine, house):
    house.share(*((s, a, "m") for s in ("shop", "tickets") for a in ("ann", "bob")))
    facts(house, ("shop", "ann", 1980, "female"), ("tickets", "ann", 1980, "female"))
    facts(house, ("shop", "bob", 1978, "male"), ("tickets", "bob", 1978, "male"))
    assert house.resolve(engine).persons == 2
    assert not apart(house, ("shop", "ann"), ("tickets", "ann"))
    assert apart(house, ("shop", "ann"), ("shop", "bob"))


def test_an_account_that_states_nothing_does_not_join_two_people(duck, house):
    house.share(("shop", "ann", "m"), ("video", "blank", "m"), ("tickets", "bob", "m"))
    facts(house, ("shop", "ann", 1980, "female"), ("tickets", "bob", 1978, "male"))
    house.resolve(duck)
    assert apart(house, ("shop", "ann"), ("tickets", "bob"))


def test_accounts_without_any_facts_are_linked_by_what_they_share(duck, house):
    house.share(("shop", "a", "m"), ("video", "b", "m"))
    assert house.resolve(duck).persons == 1


@pytest.mark.slow
def test_an_identifier_of_many_birth_years_is_a_placeholder(engine, house):
    house.share(*(("shop", str(n), "none@none") for n in range(8)))
    facts(house, *(("shop", str(n), 1950 + 5 * n, None) for n in range(5)))
    outcome = house.resolve(engine)
    assert (outcome.persons, outcome.refused) == (8, 1)


def test_eight_accounts_of_one_source_with_no_facts_are_not_one_person(duck, house):
    house.share(*(("shop", str(n), "none@none") for n in range(8)))
    outcome = house.resolve(duck)
    assert (outcome.persons, outcome.refused) == (8, 1)


def test_an_address_alone_links_nobody(duck, house):
    house.share(("shop", "a", "h"), ("video", "b", "h"), ("tickets", "c", "h"), kind="address")
    assert house.resolve(duck).persons == 3


def test_an_address_with_birth_year_and_gender_links(duck, house):
    house.share(("shop", "a", "h"), ("tickets", "b", "h"), ("tickets", "c", "h"), kind="address")
    facts(house, ("shop", "a", 1980, "female"), ("tickets", "b", 1980, "female"))
    facts(house, ("tickets", "c", 1978, "male"))
    assert house.resolve(duck).persons == 2
    assert not apart(house, ("shop", "a"), ("tickets", "b"))


def test_twins_of_one_address_are_not_guessed_at(duck, house):
    house.share(("shop", "a", "h"), ("tickets", "b", "h"), ("tickets", "c", "h"), kind="address")
    facts(house, *((s, a, 2001, "male") for s, a in (("shop", "a"), ("tickets", "b"))))
    facts(house, ("tickets", "c", 2001, "male"))
    assert house.resolve(duck).persons == 3


def test_a_name_is_compared_and_links_nobody_by_itself(duck, house):
    house.share(("shop", "a", "n1"), ("video", "b", "n1"), kind="surname")
    house.share(("shop", "a", "f1"), ("video", "b", "f1"), kind="first_name")
    assert house.resolve(duck).persons == 2


def test_name_and_birth_year_link_without_a_shared_identifier(duck, house):
    house.share(("shop", "a", "n1"), ("video", "b", "n1"), ("video", "c", "n2"), kind="surname")
    house.share(("shop", "a", "f1"), ("video", "b", "f1"), ("video", "c", "f1"), kind="first_name")
    facts(house, *((s, a, 1980, "male") for s, a in (("shop", "a"), ("video", "b"))))
    house.resolve(duck)
    assert not apart(house, ("shop", "a"), ("video", "b"))


_LINKS = st.lists(
    st.builds(
        Link,
        st.integers(0, 7),
        st.integers(0, 7),
        st.sampled_from([0.5, 0.9, 0.99]),
        st.booleans(),
        st.just(False),
    ).filter(lambda link: link.a != link.b),
    min_size=1,
    max_size=14,
)
_KNOWN = st.dictionaries(
    st.integers(0, 7),
    st.builds(
        Known,
        st.frozensets(st.sampled_from([1970, 1980, 1990]), max_size=1),
        st.frozensets(st.sampled_from(["female", "male"]), max_size=1),
        st.frozensets(st.sampled_from(["shop", "video"]), min_size=1, max_size=1),
    ),
)


@pytest.mark.slow
@settings(max_examples=300)
@given(_LINKS, _KNOWN, st.randoms(use_true_random=False))
def test_no_person_has_two_birth_years_and_the_order_of_links_does_not_matter(links, known, chance):
    result = groups(links, known, {0: {1}, 1: {0}})
    shuffled = chance.sample(links, len(links))
    assert groups(shuffled, known, {0: {1}, 1: {0}}) == result
    for root in set(result.values()):
        nodes = [n for n, r in result.items() if r == root]
        assert root == min(nodes)
        assert not {0, 1} <= set(nodes)
        assert len({y for n in nodes for y in known.get(n, Known()).years}) <= 1
        assert len({g for n in nodes for g in known.get(n, Known()).genders}) <= 1


@pytest.mark.slow
def test_where_every_visit_opens_an_account_a_crowd_is_no_placeholder(engine, house):
    house.share(
        *(("desk", f"{n}-{visit}", f"{n}@home") for n in range(12) for visit in range(8)),
    )
    outcome = house.resolve(engine)
    assert (outcome.persons, outcome.refused) == (12, 0)


def test_a_few_crowds_among_many_shared_identifiers_are_placeholders(duck, house):
    pairs = (("shop", f"{n}-{visit}", f"{n}@home") for n in range(300) for visit in range(2))
    crowds = (("shop", f"{n}:{visit}", f"none{n}@none") for n in range(12) for visit in range(8))
    house.share(*pairs, *crowds)
    outcome = house.resolve(duck)
    assert (outcome.persons, outcome.refused) == (300 + 96, 12)
