"""A channel: whom it can address, what it costs, how often it may show one person its lines."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from statistics import median
from typing import Any

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import check_slug

PRICINGS = ("cpm", "message")
FORMS = ("parquet", "csv", "google", "meta", "tiktok", "webhook")


@dataclass(frozen=True)
class Channel:
    """A way to reach people of the house.

    `sources` are those whose accounts it addresses. `price` is of a thousand impressions (cpm) or
    of one message. In a week it reaches at most `reach_limit` of those it addresses, each at most
    `frequency_cap` times. A line on it costs `minimum_spend` at least, or nothing.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    pricing: str
    price: float
    currency: str
    reach_limit: float = 1.0
    frequency_cap: float = 7.0
    minimum_spend: float = 0.0
    formats: tuple[str, ...] = ()
    deliver: str = "parquet"
    url: str = ""

    def __post_init__(self) -> None:
        where = f"[channel.{self.name}]"
        check_slug(self.name, what="The name of a channel")
        _one_of(where, "pricing", self.pricing, PRICINGS)
        _one_of(where, "deliver", self.deliver, FORMS)
        if not self.sources:
            raise InputError(f"{where} sources must name at least one source of accounts.")
        if not self.price > 0:
            raise InputError(f"{where} price must be above 0, not {self.price:g}.")
        if not 0 < self.reach_limit <= 1:
            raise InputError(f"{where} reach_limit must be above 0, up to 1, not"
                             f" {self.reach_limit:g}.")  # fmt: skip
        if not self.frequency_cap > 0 or self.minimum_spend < 0:
            raise InputError(f"{where} needs frequency_cap above 0 and minimum_spend from 0.")
        if self.deliver == "webhook" and not self.url:
            raise InputError(f"{where} delivers by webhook, so it needs a url.")

    @property
    def unit_price(self) -> float:
        """What one impression or message costs."""
        return self.price / 1000 if self.pricing == "cpm" else self.price


def worths(channels: Sequence[Channel]) -> dict[str, float]:
    """How strong an impression of each channel is thought to be, beside the others, untested.

    What is sold by impression is sold to bidders, so its price tells a part of what it does: the
    root of it beside the middle price, neither nothing nor all. The price of a message is what
    sending costs, and reflects nothing.
    """
    sold = [c.price for c in channels if c.pricing == "cpm"]
    middle = median(sold) if sold else 1.0
    return {c.name: (c.price / middle) ** 0.5 if c.pricing == "cpm" else 1.0 for c in channels}


def read_channels(text: str | None = None) -> tuple[Channel, ...]:
    """The channels of a TOML text; of the one shipped, made-up prices, where none is given."""
    if text is None:
        text = resources.files("fullhouse.planning").joinpath("channels.toml").read_text("utf-8")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"The channels are not valid TOML: {problem}") from None
    tables = document.pop("channel", {})
    currency = document.pop("currency", "USD")
    if document:
        raise InputError(
            f"Channels stand as [channel.NAME]; {next(iter(document))!r} is not known."
        )
    if not tables:
        raise InputError("There is no channel: write at least one [channel.NAME].")
    return tuple(_channel(name, values, currency) for name, values in tables.items())


def _channel(name: str, values: Mapping[str, Any], currency: str) -> Channel:
    known = {f.name: f.type for f in fields(Channel)}
    given = dict(values)
    for key in given:
        if key not in known or key == "name":
            raise InputError(f"[channel.{name}] has no {key!r}.{did_you_mean(key, known)}")
    for key in ("kind", "sources", "pricing", "price"):
        if key not in given:
            raise InputError(f"[channel.{name}] needs {key}.")
    for key in ("sources", "formats"):
        if key in given:
            given[key] = _texts(name, key, given[key])
    for key in ("price", "reach_limit", "frequency_cap", "minimum_spend"):
        value = given.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"[channel.{name}] {key} must be a number, not {value!r}.")
    return Channel(name=name, **({"currency": currency} | given))


def _texts(name: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise InputError(f"[channel.{name}] {key} must be a list of texts, not {value!r}.")
    return tuple(value)


def _one_of(where: str, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(
            f"{where} {key} must be {', '.join(allowed)}, not {value!r}."
            f"{did_you_mean(value, allowed)}"
        )
