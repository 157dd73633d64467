"""Open e-commerce 1.0: five years of Amazon.com orders with who placed them.

Berke et al., Scientific Data 11, 491 (2024). A user downloads it from the Harvard Dataverse.
"""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from fullhouse.core.errors import InputError
from fullhouse.sources.folder import need

HOME = (
    "Download amazon-purchases.csv and survey.csv (Open e-commerce 1.0) from the Harvard"
    " Dataverse, https://doi.org/10.7910/DVN/YGLYDY, and name the folder that holds them."
)

READY = ("purchases.parquet", "people.csv")
"""The set in the form that the feeds read, for who has it so already."""

ORIGINAL = ("amazon-purchases.csv", "survey.csv")

PURCHASES = {
    "Survey ResponseID": "user_id",
    "Order Date": "order_date",
    "ASIN/ISBN (Product Code)": "asin",
    "Title": "title",
    "Category": "category",
    "Purchase Price Per Unit": "unit_price_usd",
    "Quantity": "quantity",
    "Shipping Address State": "state",
}
PEOPLE = {
    "Survey ResponseID": "user_id",
    "Q-demos-age": "age",
    "Q-demos-gender": "gender",
    "Q-demos-education": "education",
    "Q-demos-income": "income",
    "Q-demos-state": "state",
    "Q-amazon-use-howmany": "account_sharers",
    "Q-amazon-use-hh-size": "household_size",
    "Q-amazon-use-how-oft": "order_frequency",
}
"""What is taken from the survey. Its answers on race, orientation and health are not read."""


@dataclass(frozen=True)
class OrderFiles:
    """Orders as Parquet and people as CSV, as the feeds read them."""

    purchases: Path
    people: Path


def read(folder: Path, out: Path) -> OrderFiles:
    """The two files that the feeds read: as they stand in `folder`, or written into `out`.

    Where `folder` holds the files as Dataverse gives them, the columns are renamed and the
    sensitive answers of the survey are left behind.
    """
    if all((folder / name).is_file() for name in READY):
        return OrderFiles(*(folder / name for name in READY))
    orders, survey = need(folder, ORIGINAL, home=HOME)
    out.mkdir(parents=True, exist_ok=True)
    files = OrderFiles(*(out / name for name in READY))
    text = {"Order Date": pa.date32(), "Purchase Price Per Unit": pa.float64()}
    text |= {"Quantity": pa.float64()}
    pa.parquet.write_table(_columns(orders, PURCHASES, text), files.purchases)
    pa.csv.write_csv(_columns(survey, PEOPLE, {}), files.people)
    return files


def _columns(path: Path, names: dict[str, str], types: dict[str, pa.DataType]) -> pa.Table:
    convert = pa.csv.ConvertOptions(
        include_columns=list(names),
        column_types={n: types.get(n, pa.string()) for n in names},
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        null_values=[""],
    )
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    try:
        table = pa.csv.read_csv(path, parse_options=parse, convert_options=convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as problem:
        raise InputError(f"{path.name} is not as Open e-commerce 1.0 has it: {problem}.") from None
    return table.rename_columns([names[c] for c in table.column_names])
