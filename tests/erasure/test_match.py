"""What counts as a trace of an account, and what does not."""

import json
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fullhouse.erasure.erasure import ACCOUNT, IDENTIFIER, PERSON, Wanted
from fullhouse.erasure.match import Matcher, is_distinctive

LETTERS = string.ascii_letters + string.digits
IDS = st.one_of(
    st.from_regex(r"[a-z]{1,3}-[0-9]{3,8}", fullmatch=True),
    st.from_regex(r"[A-Z][0-9a-z]{7,12}[0-9]{2}", fullmatch=True),
    st.uuids().map(str),
    st.emails().map(lambda e: e.lower()).filter(lambda e: e.isascii()),
    st.from_regex(r"[0-9]{9,14}", fullmatch=True),
).filter(is_distinctive)
FRAMES = (
    "{}", " {} ", "account {} was read", '{{"a": "{}"}}', "<td>{}</td>", "/data/{}.csv",
    "takeout-{}.csv.gz", "user={}&x=1", "a,{},b", "({})", "'{}'", "{}\n", "shop/{}", "id:{};",
)  # fmt: skip


def matcher(account: str, source: str = "shop") -> Matcher:
    return Matcher(Wanted(frozenset({(source, account)}), frozenset({7}), frozenset({"ab" * 32})))


@given(account=IDS, frame=st.sampled_from(FRAMES))
def test_an_id_is_met_in_every_frame(account: str, frame: str) -> None:
    assert matcher(account).text(frame.format(account))[ACCOUNT]


@given(account=IDS, frame=st.sampled_from(FRAMES), more=st.sampled_from(LETTERS), at=st.booleans())
def test_an_id_with_one_letter_more_is_not_met(
    account: str, frame: str, more: str, at: bool
) -> None:
    neighbour = account + more if at else more + account
    assert not matcher(account).text(frame.format(neighbour))
    assert not matcher(account).value(json.dumps({"account": neighbour, "n": 1}))


@given(account=IDS, other=IDS)
def test_another_id_is_not_met(account: str, other: str) -> None:
    assume(account not in other)
    assert not matcher(account).text(f"account {other} and {other}.csv")


@pytest.mark.parametrize("account", ["12", "anna", "u1", "2024", "00012345"])
@pytest.mark.parametrize(
    ("text", "met"),
    [
        ('{{"account": "{}"}}', True),
        ('{{"source": "shop", "account": "{}"}}', True),
        ('{{"source": "video", "account": "{}"}}', False),
        ('{{"user_id": "{}"}}', True),
        ('{{"stats": "{{\\"minValues\\":{{\\"account\\":\\"{}\\"}}}}"}}', True),
        ("source = 'shop' AND account = '{}'", True),
        ("account IN ('1', '{}')", True),
        ("account: user = '{}'", True),
        ("shop:{}", True),
        ('"shop","{}"', True),
        ("video:{}", False),
        ("{} rows were read", False),
        ('{{"rows": "{}"}}', False),
        ('{{"account": "{}3"}}', False),
        ("account = '{}3'", False),
        ("shop:{}3", False),
    ],
)
def test_an_id_that_could_be_anything_counts_where_an_account_is_meant(
    account: str, text: str, met: bool
) -> None:
    assert bool(matcher(account).value(text.format(account))[ACCOUNT]) is met


@pytest.mark.parametrize("account", ["u 77 x 99", "客户-0042", "a/b:42-99", "név 1234"])
def test_ids_of_any_letters_are_met(account: str) -> None:
    assert matcher(account).text(f"of {account}, twice")[ACCOUNT] == 1
    assert not matcher(account).text(f"of {account}0, twice")


@given(st.dictionaries(st.sampled_from(["n", "rows", "persons", "count"]), st.integers(0, 20)))
def test_numbers_are_no_persons_unless_they_stand_for_one(counts: dict[str, int]) -> None:
    assert not matcher("u-1234").json(counts)
    assert matcher("u-1234").json({**counts, "person": 7})[PERSON] == 1


def test_a_digest_is_met_in_text_and_in_bytes() -> None:
    met = matcher("u-1234")
    assert met.text(f"email:{'ab' * 32},")[IDENTIFIER] == 1
    assert met.raw(b"\x00" + bytes.fromhex("ab" * 32))[IDENTIFIER] == 1
    assert not met.text("ab" * 33)
    assert not met.text("ab" * 31)


@given(account=IDS, frame=st.sampled_from(FRAMES))
def test_a_redacted_text_has_no_trace(account: str, frame: str) -> None:
    met = matcher(account)
    assert not met.text(met.redact(frame.format(account)))
    value = {"source": "shop", "account": account, "files": [{"file": f"x-{account}.csv"}], "n": 7}
    redacted = met.redact_json(value)
    assert not met.json(redacted)
    assert (redacted["source"], redacted["n"]) == ("shop", 7)
