"""The look-up file itself: what is written is read, and nothing else is taken for one."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import DamagedError, FullhouseError, InputError
from fullhouse.lookup.file import (
    HASH_BYTES,
    AccountHash,
    AccountSegment,
    LookupBuild,
    LookupFile,
    without_people_of,
    write_file,
)

KEY = b"0" * 64
HASHER = AccountHash(KEY)


def built(segments: int = 3) -> LookupBuild:
    names = tuple(AccountSegment(f"s{n}@1", f"s{n}@1", ("advertising",)) for n in range(segments))
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return LookupBuild("b", at, date(2026, 3, 1), names, (), 0, 0, 0, HASHER.fingerprint)


def write(path: Path, accounts: dict[tuple[str, str], int], words: list[int]) -> LookupBuild:
    hashes = [HASHER.of_all(s, [a]) for s, a in accounts] or [np.zeros((0, 2), np.uint64)]
    rows = np.array(list(accounts.values()), np.uint32)
    return write_file(
        path, built(), np.concatenate(hashes), rows, np.array(words, np.uint64).reshape(-1, 1)
    )


@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(["shop", "video"]), st.text(min_size=1).map(lambda a: a.strip() or "x")
        ),
        st.integers(0, 4),
        max_size=60,
    )
)
@settings(max_examples=60, deadline=None)
def test_each_account_leads_to_its_row_and_no_other_does(
    tmp_path_factory: pytest.TempPathFactory, accounts: dict[tuple[str, str], int]
) -> None:
    path = tmp_path_factory.mktemp("file") / "f.lookup"
    written = write(path, accounts, [1, 2, 3, 4, 5])
    file = LookupFile(path)
    assert file.built == written
    assert written.accounts == len(accounts)
    assert written.bytes == path.stat().st_size
    for (source, account), row in accounts.items():
        assert file.row(HASHER.of(source, account)) == row
        assert file.row(HASHER.of(source, f" {account} ")) == row
        assert file.row(HASHER.of("other", account)) == -1
    assert list(file.words) == [1, 2, 3, 4, 5]


def test_a_hash_that_lies_across_two_others_is_none(tmp_path: Path) -> None:
    """The end of one hash and the beginning of the next are found as bytes, and are no hash."""
    path = tmp_path / "f.lookup"
    first, second = bytes(range(HASH_BYTES)), bytes(range(3, 3 + HASH_BYTES))
    both = np.frombuffer(first + second, ">u8").astype(np.uint64).reshape(2, 2)
    write_file(path, built(), both, np.array([0, 1], np.uint32), np.ones((2, 1), np.uint64))
    file = LookupFile(path)
    assert (file.row(first), file.row(second)) == (0, 1)
    for cut in range(1, HASH_BYTES):
        assert file.row(first[cut:] + second[:cut]) == -1


def opened(path: Path) -> tuple[LookupFile | None, FullhouseError | None]:
    try:
        return LookupFile(path), None
    except FullhouseError as problem:
        return None, problem


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_file_with_any_byte_changed_or_cut_is_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("file") / "f.lookup"
    write(path, {("shop", f"a{n}"): n % 5 for n in range(20)}, [1, 2, 3, 4, 5])
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        changed = bytes(whole[:at])
    else:
        whole[at] ^= data.draw(st.integers(1, 255))
        changed = bytes(whole)
    path.write_bytes(changed)
    file, problem = opened(path)
    if file is None:
        assert "fullhouse lookup build" in str(problem)
        return
    # Only what nobody reads: the blanks between two parts.
    assert [file.row(HASHER.of("shop", f"a{n}")) for n in range(20)] == [n % 5 for n in range(20)]
    assert list(file.words) == [1, 2, 3, 4, 5]


def test_what_is_no_look_up_file_or_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.lookup"
    with pytest.raises(InputError, match="no look-up file"):
        LookupFile(path)
    path.write_bytes(b"")
    with pytest.raises(DamagedError, match="empty"):
        LookupFile(path)
    path.write_bytes(b"something else altogether, long enough to hold a head of a file")
    with pytest.raises(DamagedError, match="is no look-up file"):
        LookupFile(path)
    write(path, {}, [])
    data = bytearray(path.read_bytes())
    data[8] = 9
    path.write_bytes(data)
    with pytest.raises(InputError, match="has format 9, and this version reads 1"):
        LookupFile(path)


def test_two_spellings_of_one_account_of_two_people_lead_nowhere(tmp_path: Path) -> None:
    """Nor do other accounts of these people: whose refusal is whose nobody could tell."""
    path = tmp_path / "f.lookup"
    accounts = {("shop", "a"): 0, ("shop", " a"): 1, ("shop", "b"): 1, ("shop", "c"): 2}
    written = write(path, accounts, [1, 2, 3])
    file = LookupFile(path)
    assert (written.ambiguous, written.accounts) == (1, 1)
    assert [file.row(HASHER.of("shop", a)) for a in "abc"] == [-1, -1, 2]


def test_people_taken_out_are_gone_and_who_has_the_old_file_open_still_reads_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "f.lookup"
    write(path, {("shop", "a"): 0, ("video", "a"): 0, ("shop", "b"): 1}, [5, 6])
    before = LookupFile(path)
    assert without_people_of(before, [HASHER.of("shop", "a")]) == 1
    after = LookupFile(path)
    assert after.identity != before.identity
    assert after.row(HASHER.of("shop", "a")) == after.row(HASHER.of("video", "a")) == -1
    assert after.words[after.row(HASHER.of("shop", "b"))] == 6
    assert before.words[before.row(HASHER.of("shop", "a"))] == 5
    assert without_people_of(after, [HASHER.of("shop", "a")]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["f.lookup"], "no part is left"


def test_no_account_can_be_read_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f.lookup"
    write(path, {("shop", "ann-the-accountholder"): 0}, [1])
    assert b"ann-the-accountholder" not in path.read_bytes()
    other = AccountHash(b"1" * 64)
    assert LookupFile(path).row(other.of("shop", "ann-the-accountholder")) == -1
