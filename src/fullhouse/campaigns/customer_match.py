"""Customer-match files: contacts in the normal form that each advertising platform hashes.

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
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fullhouse.audiences.export import writer
from fullhouse.campaigns.account_files import KEYS, columns_of, read_columns
from fullhouse.campaigns.campaign import Delivered, file_stem
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.feeds.identify import normalise

KINDS = ("email", "phone")
WHAT = "--contacts"
ROWS = 100_000
GMAIL = ("gmail.com", "googlemail.com")


@dataclass(frozen=True)
class Platform:
    """How a platform wants contacts: the header of each column, and its normal forms."""

    headers: Mapping[str, str]
    email: Callable[[str], str]
    phone: Callable[[str], str]


@dataclass(frozen=True)
class MatchRows:
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
    text = form.email(plain) if kind == "email" else form.phone(plain)
    # '+tag@host' has no name left: hashing '@host' would match nobody, or the wrong one.
    return None if text.startswith("@") else text or None


def customer_match(
    platform: str, contacts: Iterable[Mapping[str, str | None]], *, phone_region: str
) -> MatchRows:
    """The upload file of some people's contacts: one row each, with 'email', 'phone' or both.

    Two people with the same contacts are one row: a platform could not distinguish them. A contact
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
    return MatchRows(tuple(form.headers.values()), tuple(rows), left_out)


def check_contacts(file: str | Path | None, channels: tuple[str, ...]) -> None:
    """Refuse a launch that needs contacts and has none, before anything is frozen."""
    if file is None:
        raise InputError(
            f"{', '.join(channels)} is delivered as a customer-match file, and the house keeps no"
            " raw contact. Give --contacts FILE: Parquet or CSV with source, account, and email,"
            " phone or both. It is read and stored nowhere; hashes of delivered people leave."
        )
    names = columns_of(file, what=WHAT)
    missing = [c for c in KEYS if c not in names]
    if missing or not set(KINDS) & set(names):
        raise InputError(
            f"{WHAT}: {Path(file).name} needs the columns source, account, and email, phone or"
            f" both; it has {', '.join(names)}."
        )


def read_contacts(file: str | Path) -> pa.Table:
    """The contacts in memory: source, account, and what there is of email and phone."""
    return read_columns(file, required=KEYS, optional=KINDS, what=WHAT)


def match_file(
    line: Delivered, contacts: pa.Table, folder: Path, *, phone_region: str
) -> Delivered:
    """Write FOLDER/CHANNEL/LINE.csv in a platform's form, from the line's scratch accounts.

    Rows stand in the order of their hashes, so that neither order nor repeats reveal anything, and
    the same contacts give the same bytes.
    """
    accounts = pq.read_table(line.file, columns=KEYS)
    joined = accounts.join(contacts, KEYS, join_type="inner")
    kinds = [c for c in KINDS if c in joined.column_names]
    matched = customer_match(
        line.form,
        (row for batch in joined.select(kinds).to_batches(ROWS) for row in batch.to_pylist()),
        phone_region=phone_region,
    )
    file = folder / line.channel / f"{file_stem(line.line)}.csv"
    file.parent.mkdir(exist_ok=True)
    rows = sorted(matched.rows)
    schema = pa.schema([(h, pa.string()) for h in matched.headers])
    with writer(file, schema) as write:
        for start in range(0, len(rows), ROWS):
            columns = zip(*rows[start : start + ROWS], strict=True)
            write(pa.record_batch([pa.array(c, pa.string()) for c in columns], schema=schema))
    without = accounts.num_rows - _accounts(joined)
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return replace(
        line, file=str(file), rows=len(rows), digest=digest,
        left_out={"not among the contacts": without, **matched.left_out},
    )  # fmt: skip


def is_platform(form: str) -> bool:
    """Whether a channel takes a customer-match file."""
    return form in PLATFORMS


def _accounts(rows: pa.Table) -> int:
    """Different accounts: a file of contacts may have an account twice."""
    return int(rows.group_by(KEYS).aggregate([]).num_rows)


def _platform(name: str) -> Platform:
    if name not in PLATFORMS:
        raise InputError(
            f"No customer-match form {name!r}.{did_you_mean(name, PLATFORMS)}"
            f" There are {', '.join(PLATFORMS)}."
        )
    return PLATFORMS[name]
