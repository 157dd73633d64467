"""Customer-match files: the operator's contacts of delivered people, as a platform hashes them."""

from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fullhouse.audiences.export import writer
from fullhouse.campaigns.customer_match import PLATFORMS, customer_match
from fullhouse.campaigns.deliver import Delivered
from fullhouse.campaigns.tabular import columns_of, read_columns
from fullhouse.core.errors import InputError

KEYS = ["source", "account"]
KINDS = ("email", "phone")
WHAT = "--contacts"
ROWS = 100_000


def check_contacts(file: str | Path | None, channels: tuple[str, ...]) -> None:
    """Refuse a launch that needs contacts and has none, before anything is frozen."""
    if file is None:
        raise InputError(
            f"{', '.join(channels)} is delivered as a customer-match file, and the house keeps no"
            " raw contact. Give --contacts FILE: Parquet or CSV with source, account, and email,"
            " phone or both. It is read and kept nowhere; hashes of delivered people leave."
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

    Rows stand in the order of their hashes, so that neither order nor repeats tell anything, and
    the same contacts give the same bytes.
    """
    accounts = pq.read_table(line.file, columns=KEYS)
    joined = accounts.join(contacts, KEYS, join_type="inner")
    here = [c for c in KINDS if c in joined.column_names]
    found = customer_match(
        line.form,
        (row for batch in joined.select(here).to_batches(ROWS) for row in batch.to_pylist()),
        phone_region=phone_region,
    )
    file = folder / line.channel / f"{line.line}.csv"
    file.parent.mkdir(exist_ok=True)
    rows = sorted(found.rows)
    schema = pa.schema([(h, pa.string()) for h in found.headers])
    with writer(file, schema) as write:
        for start in range(0, len(rows), ROWS):
            columns = zip(*rows[start : start + ROWS], strict=True)
            write(pa.record_batch([pa.array(c, pa.string()) for c in columns], schema=schema))
    without = accounts.num_rows - _accounts(joined)
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    return replace(
        line, file=str(file), rows=len(rows), digest=digest,
        left_out={"not among the contacts": without, **found.left_out},
    )  # fmt: skip


def is_platform(form: str) -> bool:
    """Whether a channel takes a customer-match file."""
    return form in PLATFORMS


def _accounts(rows: pa.Table) -> int:
    """Different accounts: a file of contacts may have an account twice."""
    return int(rows.group_by(KEYS).aggregate([]).num_rows)
