"""No raw identifier touches the disk, and no special category unless it is asked for by name."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.core.tables import IDENTIFIER, PURCHASE, QUARANTINE
from fullhouse.feeds import Feed
from fullhouse.feeds.identify import (
    Hasher,
    looks_like_email,
    looks_like_phone,
    normalise,
    special_category,
)


def _everything(folder: Path) -> bytes:
    """All bytes of all files, Parquet files read out too, since they are packed."""
    result = io.BytesIO()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        result.write(path.read_bytes())
        if path.suffix == ".parquet":
            result.write(json.dumps(pq.read_table(path).to_pylist(), default=str).encode())
    return result.getvalue()


SECRETS = (
    "zoe.secret@example.com", "Zoe.Secret@Example.com", "eve@hidden.org", "6502530000",
    "650 253 0000", "(650) 253-0001", "not-an-email-at-all", "mallory@unparseable.net",
    "6502530002", "sneaky@account.com", "inner@title.com",
)  # fmt: skip


def test_raw_identifiers_never_touch_the_disk(
    house: Any, orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In good rows, refused rows, unparseable rows, columns that no feed names, spill, log."""
    (spill := tmp_path / "house" / "spill").mkdir()
    monkeypatch.setenv("TMPDIR", str(spill))
    text = orders(
        {"order_id": "o1", "mail": " Zoe.Secret@Example.com ", "tel": "650 253 0000"},
        {"order_id": "o2", "mail": "eve@hidden.org", "count": "x"},
        {"order_id": "o3", "mail": "not-an-email-at-all", "tel": "(650) 253-0001"},
        {"order_id": "o4", "user": "sneaky@account.com"},
        {"order_id": "o5", "sku": "by inner@title.com", "price": "-1"},
        {"order_id": "o6", "mail": "mallory@unparseable.net", "tel": "6502530002,1"},
        {"order_id": "o1", "mail": "eve@hidden.org", "count": "9"},
    )
    text = text.replace("\n", ",note\n", 1).replace("\no", "\no").replace("\n", ",zoe\n")
    text = text.replace(",note,zoe\n", ",note\n", 1)
    report = house.ingest(house.write("o.csv", text))
    assert report.quarantined["unparseable_row"] == 1
    assert report.quarantined["duplicate_event_id"] == 1
    assert report.files[0].invalid_identifiers == {"email": 1}
    result = _everything(house.root)
    for secret in SECRETS:
        assert secret.encode() not in result, secret
    assert b"o1" in result


def test_what_is_the_same_has_one_digest(house: Any, orders: Callable[..., str]) -> None:
    """However it is written; and e-mail and phone of one text have two."""
    same = [
        {"order_id": "a", "user": "a", "mail": "Ann@X.com", "tel": "650-253-0000"},
        {"order_id": "b", "user": "b", "mail": " ann@x.COM", "tel": "+1 (650) 253 0000"},
    ]
    house.ingest(house.write("o.csv", orders(*same)))
    rows = house.rows(IDENTIFIER)
    assert len(rows) == 4
    assert len({r["digest"] for r in rows if r["kind"] == "email"}) == 1
    assert len({r["digest"] for r in rows if r["kind"] == "phone"}) == 1
    hasher = Hasher(b"k", "US")
    assert hasher.digest("device", "abc-1") != hasher.digest("card", "abc-1")
    assert hasher.digest("device", "abc-1") != Hasher(b"other", "US").digest("device", "abc-1")


@pytest.mark.parametrize(
    ("kind", "raw", "plain"),
    [
        ("email", " A@B.Co ", "a@b.co"),
        ("email", "a@b", None),
        ("email", "a b@c.de", None),
        ("email", "", None),
        ("phone", "650 253 0000", "+16502530000"),
        ("phone", "+49 30 123456", "+4930123456"),
        ("phone", "12", None),
        ("phone", "call me", None),
        ("device", " AB-12 ", "ab-12"),
        ("card", " Ab1 ", "Ab1"),
        ("card", "  ", None),
        ("card", "N/A", None),
        ("email", "None@none.com", None),
        ("email", "no-reply@shop.example", None),
        ("phone", "999-999-9999", None),
        ("device", "00000000-0000-0000-0000-000000000000", None),
        ("surname", " O'Brien-Müller ", "obrienmuller"),
        ("email", "Ann <Ann@x.example>", "ann@x.example"),
        ("email", "<ann@x.example>", "ann@x.example"),
        ("email", "mailto:ann@x.example", "ann@x.example"),
        ("email", "<ann@x.example> or <bob@x.example>", None),
        ("phone", "+49 123", None),
        ("phone", "+683 4002", "+6834002"),
        ("card", "TRUE", None),
        ("card", "#REF!", None),
    ],
)
def test_normalisation(kind: str, raw: str, plain: str | None) -> None:
    assert normalise(kind, raw, phone_region="US") == plain


def test_identifiers_of_refused_rows_are_not_stored(house: Any, orders: Callable[..., str]) -> None:
    house.ingest(
        house.write("o.csv", orders({"mail": "a@x.com"}, {"mail": "b@x.com", "count": "3"}))
    )
    assert len(house.rows(IDENTIFIER)) == 1


def test_an_identifier_may_be_the_account_by_its_digest(
    house: Any, orders: Callable[..., str]
) -> None:
    feed = house.feed().read_text().replace('account = "user"', 'account = "mail"')
    house.ingest(house.write("o.csv", orders({"mail": "a@x.com"})), feed=feed)
    (row,), (identifier,) = house.rows(PURCHASE), house.rows(IDENTIFIER)
    assert row["account"] == identifier["digest"]
    with pytest.raises(InputError, match="only its digest is known"):
        Feed.parse(feed.replace('account = "mail"', 'account = "lower(mail)"'), name="f")


def test_lines_of_files_with_device_ids_are_withheld(house: Any) -> None:
    """Nobody can tell where in a line that cannot be parsed a device id stands."""
    feed = 'source = "app"\nkind = "click"\n[columns]\naccount = "a"\nat = "t"\n'
    feed += '[identifiers]\ndevice = "d"\n'
    file = house.write("c.csv", "a,t,d\nann,2025-01-01,dev-77\nann,2025-01-01,dev-78,oops\n")
    house.ingest(file, feed=feed)
    assert "dev-7" not in house.rows(QUARANTINE)[0]["raw"]
    assert b"dev-7" not in _everything(house.root)


LOOK_SPECIAL = [
    "health_status", "diagnosis", "Religion", "ethnicity", "race", "sexual_orientation",
    "politicalParty", "voter_id", "unionMember", "gps", "homeLatitude", "lat", "lng", "STREET",
    "address", "home_address", "dna", "bloodType",
]  # fmt: skip


@pytest.mark.parametrize("column", LOOK_SPECIAL)
def test_special_categories_are_known_by_their_names(column: str) -> None:
    assert special_category(column)


LOOK_PLAIN = [
    "email_address", "ipAddress", "trace_id", "platform", "salon", "union", "state", "city",
    "zip", "category", "party_size", "latest", "longest", "embrace", "unit_price",
]  # fmt: skip


@pytest.mark.parametrize("column", LOOK_PLAIN)
def test_plain_columns_are_not_taken_for_special_ones(column: str) -> None:
    assert special_category(column) is None


SPECIAL = """
source = "shop"
kind = "account"
[columns]
account = "id"
city = "street"
"""


def test_a_special_category_needs_a_purpose(house: Any) -> None:
    with pytest.raises(InputError, match=r"'street' looks like precise location.*\[special\]"):
        Feed.parse(SPECIAL, name="f")
    with pytest.raises(InputError, match="needs a purpose"):
        Feed.parse(SPECIAL + '[special]\nstreet = ""\n', name="f")
    feed = SPECIAL + '[special]\nstreet = "delivery, with consent"\n'
    file = house.write("a.csv", "id,street,diagnosis\n,Elm St,flu\nb,Oak St,flu\nc,d,e,f\n")
    house.ingest(file, feed=feed)
    result = _everything(house.root)
    assert b"Oak St" in result
    for hidden in (b"Elm St", b"flu", b"c,d,e"):
        assert hidden not in result


SPELT = ("@", "＠", "%40", "&#64;", "&#x40;", "&commat;", "[at]", " (at) ", " [ AT ] ", "{at}")


@given(
    st.sampled_from(SPELT),
    st.text(st.sampled_from("abz.-_9"), min_size=1, max_size=12).map(lambda t: f"q{t}q"),
    st.sampled_from(("{}", "ask {} now", "<{}>", "a,{}", "orders {}.csv")),
)
def test_an_address_is_recognised_and_scrubbed_however_its_sign_is_written(
    sign: str, name: str, around: str
) -> None:
    text = around.format(f"{name}{sign}host.example")
    assert looks_like_email(text)
    scrubbed = Hasher(b"k", "US").scrub(text)
    assert name not in scrubbed
    assert "host" not in scrubbed


@given(st.text(st.sampled_from("ab @.[]()at&#64;<>\"'"), max_size=40))
def test_a_text_without_an_address_in_it_is_not_changed(text: str) -> None:
    if looks_like_email(text) or "@" in text or "64" in text or "at" in text.lower():
        return
    assert Hasher(b"k", "US").scrub(text, phones=False) == text


@pytest.mark.parametrize(
    ("text", "is_phone"),
    [
        ("+49 30 901820", True),
        ("0049 30 901820", True),
        ("00442079460018", False),  # an id of digits may begin with zeros
        ("0049-30", False),
        ("00 12 345678", False),
    ],
)
def test_a_phone_number_with_its_countrys_code_is_recognised(text: str, is_phone: bool) -> None:
    assert looks_like_phone(text) == is_phone
    assert Hasher(b"k", "US").file_name("+4930901820_x.csv").startswith("phone:")
