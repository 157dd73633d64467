"""The Open e-commerce reader: rows made up here in the set's own form."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import open_ecommerce

ORDERS = '''\
Order Date,Purchase Price Per Unit,Quantity,Shipping Address State,Title,\
ASIN/ISBN (Product Code),Category,Survey ResponseID
2020-02-01,7.5,2.0,IA,"Dog bowl, ""large""",A1,PET_FEEDER,R_1
2021-03-04,12,1.0,,,A2,,R_2
'''
SURVEY = """\
Survey ResponseID,Q-demos-age,Q-demos-hispanic,Q-demos-race,Q-demos-education,Q-demos-income,\
Q-demos-gender,Q-sexual-orientation,Q-demos-state,Q-amazon-use-howmany,Q-amazon-use-hh-size,\
Q-amazon-use-how-oft,Q-personal-diabetes,Q-life-changes
R_1,25 - 34 years,x,secret,Degree,"$1 - $2",Female,secret,Iowa,1 (just me!),2,Often,secret,secret
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = tmp_path / "given"
    given.mkdir()
    (given / "amazon-purchases.csv").write_text(ORDERS)
    (given / "survey.csv").write_text(SURVEY)
    return given


def test_the_original_files_are_renamed_column_by_column(folder: Path, tmp_path: Path) -> None:
    files = open_ecommerce.read(folder, tmp_path / "out")
    first, second = pa.parquet.read_table(files.purchases).to_pylist()
    assert first == {
        "user_id": "R_1",
        "order_date": date(2020, 2, 1),
        "asin": "A1",
        "title": 'Dog bowl, "large"',
        "category": "PET_FEEDER",
        "unit_price_usd": 7.5,
        "quantity": 2.0,
        "state": "IA",
    }
    assert (second["title"], second["category"], second["state"]) == (None, None, None)


def test_sensitive_answers_are_left_behind(folder: Path, tmp_path: Path) -> None:
    files = open_ecommerce.read(folder, tmp_path / "out")
    assert "secret" not in files.people.read_text()
    people = pa.csv.read_csv(files.people).to_pylist()
    assert people[0]["age"] == "25 - 34 years"
    assert people[0]["household_size"] == 2


def test_files_that_are_ready_are_used_where_they_stand(tmp_path: Path) -> None:
    for name in open_ecommerce.READY:
        (tmp_path / name).touch()
    files = open_ecommerce.read(tmp_path, tmp_path / "out")
    assert files.purchases == tmp_path / "purchases.parquet"
    assert files.people == tmp_path / "people.csv"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", open_ecommerce.ORIGINAL)
def test_a_missing_file_is_named_with_its_home(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name}.*doi\.org/10\.7910/DVN/YGLYDY"):
        open_ecommerce.read(folder, tmp_path / "out")


def test_other_columns_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "survey.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"survey\.csv is not as Open e-commerce"):
        open_ecommerce.read(folder, tmp_path / "out")
