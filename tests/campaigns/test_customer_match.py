"""Contacts in each platform's own normal form; nothing raw leaves."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.campaigns.customer_match import PLATFORMS, customer_match, normal_form
from fullhouse.core.errors import InputError

CASES = [
    # Examples from the platforms' own help pages, and what their rules say of them.
    ("google", "email", " Jane.Doe@GMail.com ", "janedoe@gmail.com"),
    ("google", "email", "jane.doe+a@googlemail.com", "janedoe+a@googlemail.com"),
    ("google", "email", "Jane.Doe@Example.com", "jane.doe@example.com"),
    ("google", "phone", "1-800-555-0199", "+18005550199"),
    ("meta", "email", " Jane.Doe@GMail.com ", "jane.doe@gmail.com"),
    ("meta", "phone", "(657) 777-0000", "16577770000"),
    ("meta", "phone", "+374-93-828222", "37493828222"),
    ("tiktok", "email", "Jane.Doe+shop@Gmail.com", "jane.doe@gmail.com"),
    ("tiktok", "phone", "(657) 777-0000", "+16577770000"),
    ("google", "email", "no address", None),
    ("tiktok", "email", "+shop@example.com", None),
    ("meta", "phone", "none", None),
]


@pytest.mark.parametrize(("platform", "kind", "given_", "wanted"), CASES)
def test_each_platform_has_its_own_normal_form(platform, kind, given_, wanted):
    assert normal_form(platform, kind, given_, phone_region="US") == wanted


@given(platform=st.sampled_from(sorted(PLATFORMS)), email=st.emails())
def test_a_normal_form_is_its_own_normal_form(platform, email):
    once = normal_form(platform, "email", email, phone_region="US")
    if once is not None:
        assert normal_form(platform, "email", once, phone_region="US") == once


def test_rows_are_hashed_without_repeats_and_what_is_left_out_is_counted():
    contacts = [
        {"email": "Jane@Example.com", "phone": "+1 657 777 0000"},
        {"email": " jane@example.com", "phone": "(657) 777-0000"},
        {"email": "not an address", "phone": None},
        {"email": None, "phone": ""},
    ]
    matched = customer_match("google", contacts, phone_region="US")
    assert matched.headers == ("Email", "Phone")
    wanted = [hashlib.sha256(t.encode()).hexdigest() for t in ("jane@example.com", "+16577770000")]
    assert matched.rows == (tuple(wanted),)
    assert matched.left_out == {"no valid email": 1, "no contact": 2}


def test_an_unknown_platform_is_named_with_the_known_ones():
    with pytest.raises(InputError, match=r"'gogle'.*Did you mean 'google'.*meta, tiktok"):
        customer_match("gogle", [], phone_region="US")
