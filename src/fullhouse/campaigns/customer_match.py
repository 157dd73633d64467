"""Contacts in the normal form that each advertising platform hashes, as its upload file.

The house's lake has no raw contact, only keyed digests that no platform knows. So the operator
gives a file of contacts (source, account, and email or phone); what leaves is SHA-256 of the
platform's own normal form, of the people who are delivered to and of nobody else.

Rules, each from the platform's own help pages: Google Ads "Customer Match formatting guidelines"
(lower case, no spaces, no dots before @gmail.com and @googlemail.com, phones in E.164); Meta
"Customer list custom audiences" (lower case, trimmed; phones as digits with the country code, no
symbols, no leading zeros); TikTok "Supported IDs and formats for a customer file" (lower case, no
spaces, nothing from '+' to '@'; phones in E.164).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.feeds.identify import normalise

GMAIL = ("gmail.com", "googlemail.com")


@dataclass(frozen=True)
class Platform:
    """How a platform wants contacts: the header of each column, and its normal forms."""

    headers: Mapping[str, str]
    email: Callable[[str], str]
    phone: Callable[[str], str]


@dataclass(frozen=True)
class Matched:
    """Rows of an upload file: hashed contacts without repeats; and what was left out, by reason."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: Mapping[str, int]


def _google(email: str) -> str:
    name, _, domain = email.rpartition("@")
    return f"{name.replace('.', '')}@{domain}" if domain in GMAIL else email


def _tiktok(email: str) -> str:
    name, _, domain = email.rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _digits(phone: str) -> str:
    return phone.lstrip("+").lstrip("0")


PLATFORMS: dict[str, Platform] = {
    "google": Platform({"email": "Email", "phone": "Phone"}, _google, str),
    "meta": Platform({"email": "email", "phone": "phone"}, str, _digits),
    "tiktok": Platform({"email": "Email_SHA256", "phone": "Phone_SHA256"}, _tiktok, str),
}
"""E-mails come to these lower-cased and trimmed, phones in E.164 ('+15551234567')."""


def normal_form(platform: str, kind: str, text: str, *, phone_region: str) -> str | None:
    """A contact as a platform writes it before hashing; None when it can be none.

    >>> normal_form("google", "email", " Jane.Doe@GMail.com ", phone_region="US")
    'janedoe@gmail.com'
    >>> normal_form("meta", "phone", "(657) 777-0000", phone_region="US")
    '16577770000'
    """
    form = _platform(platform)
    plain = normalise(kind, text, phone_region=phone_region)
    if plain is None:
        return None
    found = form.email(plain) if kind == "email" else form.phone(plain)
    # '+tag@host' has no name left: hashing '@host' would match nobody, or the wrong one.
    return None if found.startswith("@") else found or None


def customer_match(
    platform: str, contacts: Iterable[Mapping[str, str | None]], *, phone_region: str
) -> Matched:
    """The upload file of some people's contacts: one row each, with 'email', 'phone' or both.

    Two people with the same contacts are one row: a platform could not tell them apart. A contact
    that can be none is left out and counted, never sent as it is.
    """
    form = _platform(platform)
    kinds = tuple(form.headers)
    rows: dict[tuple[str, ...], None] = {}
    left_out: dict[str, int] = {}
    for contact in contacts:
        row = []
        for kind in kinds:
            text = contact.get(kind)
            plain = normal_form(platform, kind, text, phone_region=phone_region) if text else ""
            if plain is None:
                left_out[f"no valid {kind}"] = left_out.get(f"no valid {kind}", 0) + 1
            row.append(hashlib.sha256(plain.encode()).hexdigest() if plain else "")
        if any(row):
            rows[tuple(row)] = None
        else:
            left_out["no contact"] = left_out.get("no contact", 0) + 1
    return Matched(tuple(form.headers.values()), tuple(rows), left_out)


def _platform(name: str) -> Platform:
    if name not in PLATFORMS:
        raise InputError(
            f"No customer-match form {name!r}.{did_you_mean(name, PLATFORMS)}"
            f" There are {', '.join(PLATFORMS)}."
        )
    return PLATFORMS[name]
