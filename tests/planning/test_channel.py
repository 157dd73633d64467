"""Channels from TOML, and what is wrong with a file said plainly."""

import pytest

from fullhouse.core.errors import InputError
from fullhouse.planning import read_channels

GOOD = """
currency = "EUR"
[channel.push]
kind = "push"
sources = ["shop"]
pricing = "message"
price = 0.01
"""


def test_the_channels_shipped_can_be_read():
    channels = {c.name: c for c in read_channels()}
    assert set(channels) == {"push", "email", "pre-roll", "banner", "social"}
    assert channels["banner"].unit_price == pytest.approx(0.004)
    assert channels["social"].deliver == "parquet"


def test_a_file_gives_currency_and_defaults():
    (push,) = read_channels(GOOD)
    assert (push.currency, push.unit_price, push.frequency_cap) == ("EUR", 0.01, 7.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("price = 0.01", "price = 0"), "price must be above 0, not 0"),
        (("price = 0.01", 'price = "cheap"'), "price must be a number, not 'cheap'"),
        (('pricing = "message"', 'pricing = "cpn"'), "pricing must be cpm, message.*mean 'cpm'"),
        (('kind = "push"', 'kinds = "push"'), "no 'kinds'. Did you mean 'kind'"),
        (('sources = ["shop"]', "sources = []"), "at least one source"),
        (('sources = ["shop"]', 'sources = "shop"'), "must be a list of texts"),
        (("price = 0.01", 'price = 0.01\ndeliver = "webhook"'), "needs a url"),
        (("[channel.push]", "[chanel.push]"), "'chanel' is not known"),
        ((GOOD, ""), "no channel"),
        ((GOOD, "="), "not valid TOML"),
        (("price = 0.01", "price = 0.01\nreach_limit = 2"), "reach_limit must be above 0, up to 1"),
    ],
)
def test_what_is_wrong_is_explained(change, message):
    with pytest.raises(InputError, match=message):
        read_channels(GOOD.replace(*change))
