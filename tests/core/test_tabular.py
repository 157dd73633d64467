"""Results as tables: for Arrow, for data frames, for a notebook."""

import csv
import io
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.core import tabular
from fullhouse.core.errors import UnsupportedError
from fullhouse.core.tabular import Listing, Tabular, without_formulas
from fullhouse.core.values import RISKY, plain_cell
from fullhouse.view.render import csv_of


@dataclass(frozen=True)
class Saved:
    name: str
    people: int
    day: date = date(2025, 7, 1)
    share: Fraction = Fraction(1, 4)
    hidden: bytes = field(default=b"x", repr=False)


class Counts(Tabular):
    def rows(self):
        return [{"rule": "<b>dogs & cats</b>", "people": 1200}, {"rule": None, "people": 3}]

    def __str__(self):
        return "2 <rules>"


LISTED = Listing([Saved("dogs", 1200), Saved("cats", 3)])


def test_a_listing_is_a_tuple_and_a_table():
    assert LISTED[0].name == "dogs"
    assert (LISTED[0], LISTED[1]) == LISTED
    assert LISTED.to_arrow().to_pylist()[0] == {
        "name": "dogs", "people": 1200, "day": date(2025, 7, 1), "share": 0.25
    }  # fmt: skip
    assert str(LISTED) == "2 × Saved"
    assert str(Listing[Saved]()) == "0 rows"
    assert Listing[Saved]().to_arrow().num_rows == 0


def test_a_notebook_gets_escaped_html():
    page = Counts()._repr_html_()
    assert "<caption>2 &lt;rules&gt;</caption>" in page
    assert "<td>&lt;b&gt;dogs &amp; cats&lt;/b&gt;</td><td>1,200</td>" in page
    assert "<b>" not in page


def test_a_long_table_is_cut_for_a_notebook_and_says_so():
    page = Listing([Saved(f"a{i}", i) for i in range(25)])._repr_html_()
    assert page.count("<tr>") == 1 + 20 + 1
    assert "and 5 more" in page


def test_data_frames_hold_the_same_rows():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    assert isinstance(LISTED.to_pandas(), pandas.DataFrame)
    assert isinstance(LISTED.to_polars(), polars.DataFrame)
    assert LISTED.to_pandas()["people"].tolist() == LISTED.to_polars()["people"].to_list()


def test_a_missing_library_is_named(monkeypatch):
    def missing(_):
        raise ImportError

    monkeypatch.setattr(tabular, "import_module", missing)
    with pytest.raises(UnsupportedError, match="needs pandas"):
        LISTED.to_pandas()


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("pandas", "polars"):
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
"""
"""An interpreter in which neither can be imported. (PyArrow imports pandas where it is there.)"""


def test_neither_pandas_nor_polars_is_needed_before_one_asks():
    code = WITHOUT + (
        "from fullhouse.core.tabular import Listing\n"
        "print(Listing([1, 2]).to_arrow().num_rows, len(Listing([1])._repr_html_()) > 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2 True"


def test_every_use_case_is_there_without_pandas_and_polars():
    code = WITHOUT + "import fullhouse.app as app\n[getattr(app, name) for name in app.MODULES]"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_text_is_a_formula_for_a_spreadsheet() -> None:
    texts = ["=1+1", "+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "-12", "+4.5", "plain", None, ""]
    guarded = without_formulas(pa.table({"a": texts, "n": list(range(10))}))
    assert guarded["a"].to_pylist() == [
        "'=1+1", "'+cmd|x", "'-2+3", "'@SUM(A1)", "'\t=1", "-12", "+4.5", "plain", None, "",
    ]  # fmt: skip
    assert guarded["n"].to_pylist() == list(range(10))


@given(st.text(st.sampled_from("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20 1.a'"), max_size=8))
def test_every_csv_of_ours_guards_the_same_texts(text: str) -> None:
    cell = plain_cell(text)
    (arrow,) = without_formulas(pa.table({"a": [text]}))["a"].to_pylist()
    assert arrow == cell or _is_number(text)
    assert cell in (text, f"'{text}")
    if cell == text:
        assert not text.startswith(RISKY) or _is_number(text)
    if text and not set(text) & {"\r", "\n"}:
        heading, row = csv.reader(io.StringIO(csv_of([{text: text}])))
        assert heading == row == [cell]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_a_listing_is_what_a_list_of_the_same_is() -> None:
    one = Listing([1, 2])
    assert one == [1, 2]
    assert one == (1, 2)
    assert one != [2, 1]
    assert (Listing(), hash(one)) == ([], hash((1, 2)))


def test_each_use_case_that_lists_values_gives_a_table() -> None:
    plain = []
    for name, module in app.MODULES.items():
        kind = getattr(getattr(app, name), "__annotations__", {}).get("return", "")
        if module.startswith("fullhouse.app.") and str(kind).startswith("list["):
            plain.append(name)
    assert [n for n in plain if not n.startswith(("write_", "save_"))] == []
