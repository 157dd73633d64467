"""A policy denies by default, the strictest of several wins, and its errors name the line."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.cleanroom.policy import (
    BY_NAME,
    HOUSE_FILE,
    PolicyError,
    epoch_of,
    explain,
    half_width,
    load,
    of_texts,
    rho_of_half_width,
    template,
)
from fullhouse.cleanroom.question import KINDS, Count, MatchSize
from fullhouse.core.errors import InputError
from fullhouse.lake import Place
from fullhouse.view.words.errors import error_words

DAY = date(2026, 11, 1)


def policy(house: str, **sources: str):
    files = {HOUSE_FILE: house} | {f"policy/{name}.toml": text for name, text in sources.items()}
    return of_texts(tuple(files.items()))


def test_nothing_is_allowed_without_a_policy(tmp_path):
    nothing = load(Place(str(tmp_path)))
    assert nothing.kinds == ()
    with pytest.raises(PolicyError) as refused:
        nothing.check(Count("everyone"))
    assert refused.value.facts["file"] == HOUSE_FILE
    assert "allow.kinds in policy/house.toml, which does not name it. " in error_words(
        refused.value
    )


def test_the_template_is_a_policy_that_allows_every_kind(tmp_path):
    (tmp_path / "policy").mkdir()
    (tmp_path / HOUSE_FILE).write_text(template())
    (tmp_path / "policy" / "video.toml").write_text("[cells]\nminimum = 200\n")
    loaded = load(Place(str(tmp_path)))
    assert set(loaded.kinds) == set(KINDS)
    assert loaded.minimum == 200
    assert loaded.for_sources(["shop"]).minimum == 50
    assert loaded.for_sources(["video", "shop"]).minimum == 200


@pytest.mark.parametrize(
    ("house", "source", "key", "expected"),
    [
        ("[allow]\nkinds=['count','cards']", "[allow]\nkinds=['cards']", "allow.kinds", ("cards",)),
        ("[cells]\nminimum=10", "[cells]\nminimum=90", "cells.minimum", 90),
        ("[cells]\nminimum=90", "[cells]\nminimum=10", "cells.minimum", 90),
        ("[bounds]\ntickets=5", "[bounds]\ntickets=9", "bounds.tickets", 5),
        ("[budget]\ntitle=0.2", "[budget]\ntitle=0.1", "budget.title", Decimal("0.1")),
        ("[budget]\nepoch='quarter'", "[budget]\nepoch='year'", "budget.epoch", "year"),
        ("[price]\ncount=0.001", "[price]\ncount=0.00001", "price.count", Decimal("0.00001")),
        (
            "[sensitive]\nfamilies=['health']",
            "[sensitive]\nfamilies=['children']",
            "sensitive.families",
            ("health", "children"),
        ),
    ],
)
def test_the_strictest_of_two_wins(house, source, key, expected):
    assert policy(house, shop=source)[key] == expected


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_no_order_of_files_makes_a_policy_laxer(a, b, c):
    strict = policy(f"[cells]\nminimum={a}", x=f"[cells]\nminimum={b}", y=f"[cells]\nminimum={c}")
    assert strict.minimum == max(a, b, c)


def test_a_refusal_names_the_line_and_who_may_change_it_and_nothing_of_the_data():
    strict = policy(
        "[allow]\nkinds = ['cards']\n", shop="[sensitive]\n# never\nfamilies = ['health']\n"
    )
    with pytest.raises(PolicyError) as refused:
        strict.check(Count("everyone"))
    assert refused.value.code == "policy_kind"
    assert refused.value.facts == {
        "kind": "count", "file": HOUSE_FILE, "line": 2, "key": "allow.kinds", "who": "privacy"
    }  # fmt: skip
    assert "allow.kinds in policy/house.toml, line 2. " in error_words(refused.value)
    every = policy(template(), shop="[sensitive]\n# never\nfamilies = ['health']\n")
    with pytest.raises(PolicyError) as refused:
        every.check(Count("everyone"), families=["health"])
    assert (refused.value.facts["file"], refused.value.facts["line"]) == ("policy/shop.toml", 3)
    with pytest.raises(PolicyError) as refused:
        every.check(MatchSize("a" * 64, 40))
    assert refused.value.facts["minimum"] == 1_000


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[allow]\nkind=['count']", "Did you mean 'allow.kinds'"),
        ("[allow]\nkinds=['cuont']", "Did you mean 'count'"),
        ("[cells]\nminimum='many'", "must be a whole number, not 'many'"),
        ("[cells]\nminimum=0", "must be at least 1, not 0"),
        ("[cells]\nminimum=2.5", "must be a whole number"),
        ("[budget]\nepoch='week'", "must be year, half, quarter, not 'week'"),
        ("[budget]\ntitle=-1.0", "must be at least 0"),
        ("[budget]\ntitle=nan", "must be a number"),
        ("[budget]\ntitle=3.0", "must be at most a tenant's"),
        ("[stages]\nplan=0.9", "add up to 1.7"),
        ("minimum=3", "outside of a section"),
        ("[cells", "not valid TOML"),
        ("[allow]\naccounts=1", "must be true or false"),
    ],
)
def test_a_mistake_in_a_policy_is_a_sentence(text, sentence):
    with pytest.raises(InputError, match=sentence):
        policy(text)


@given(st.integers(2, 10**7))
def test_the_price_of_a_precision_gives_that_precision(people):
    rho = rho_of_half_width(people)
    if rho:
        assert half_width(rho) >= people * 0.999
    assert rho_of_half_width(people) >= rho_of_half_width(people + 1)


def test_a_count_costs_less_when_it_is_asked_less_precisely_and_is_never_finer_than_allowed():
    every = policy(template())
    default = every.price(Count("everyone"))
    assert 0 < every.price(Count("everyone", precision=1_000)) < default
    with pytest.raises(PolicyError) as refused:
        every.price(Count("everyone", precision=5))
    assert refused.value.code == "policy_precision"


def test_a_count_of_a_hundred_thousand_people_is_known_within_half_a_percent():
    assert half_width(policy(template()).price(Count("everyone"))) < 0.005 * 100_000


def test_epochs_follow_one_another_without_a_gap():
    for length, many in (("year", 1), ("half", 2), ("quarter", 4)):
        epoch = epoch_of(date(2026, 1, 1), length)
        for _ in range(many):
            assert epoch.name.startswith("2026")
            following = epoch_of(date.fromordinal(epoch.last.toordinal() + 1), length)
            assert following.first.toordinal() == epoch.last.toordinal() + 1
            epoch = following
        assert epoch.name.startswith("2027")


def test_what_a_policy_allows_is_listed_as_facts():
    facts = explain(policy(template()), on=DAY)
    count = next(k for k in facts.kinds if k.kind == "count")
    assert count.allowed
    assert count.widths[10_000] == pytest.approx(0.0196, rel=0.01)
    assert count.widths[100_000_000] < count.widths[1_000_000] < count.widths[10_000]
    assert sum(facts.stages.values()) == facts.budgets["title"]
    assert set(facts.bounds) == {n.split(".")[1] for n in BY_NAME if n.startswith("bounds.")}
