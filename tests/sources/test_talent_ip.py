"""Credits by TMDB's ids, read as they stand."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fullhouse.core.errors import InputError
from fullhouse.sources import talent_ip


def test_a_row_is_a_credit_with_its_billing_from_one(tmp_path: Path) -> None:
    rows = {
        "movie_id": [5, 5, 5],
        "person_id": [1, 2, 2],
        "name": ["Ann Holm", "Jo Ash", "Jo Ash"],
        "job": ["Original Music Composer", "Actor", "Actor"],
        "department": ["Sound", "Acting", "Acting"],
        "cast_order": [None, 0, 4],
        "character": ["", "Rex", "Max"],
    }
    pq.write_table(pa.table(rows), tmp_path / "credits.parquet")
    assert talent_ip.is_credits(tmp_path / "credits.parquet")
    result = talent_ip.read(tmp_path / "credits.parquet")
    assert result.credits.select(["talent", "role", "billing", "entry"]).to_pylist() == [
        {"talent": "tmdb:1", "role": "composer", "billing": None, "entry": "5"},
        {"talent": "tmdb:2", "role": "cast", "billing": 1, "entry": "5"},
    ]
    assert (result.read, result.repeated) == (3, 1)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "credits.parquet").write_text("no")
    assert not talent_ip.is_credits(tmp_path / "credits.parquet")
    with pytest.raises(InputError, match=r"credits.parquet is not credits by TMDB's ids"):
        talent_ip.read(tmp_path / "credits.parquet")


@pytest.mark.skipif("FULLHOUSE_DATA" not in os.environ, reason="the public set is not shipped")
def test_the_real_set_loses_no_row() -> None:
    result = talent_ip.read(Path(os.environ["FULLHOUSE_DATA"]) / "talent_ip" / "credits.parquet")
    assert (result.read, result.repeated, result.problems) == (184_350, 89, ())
    assert result.credits.num_rows == 184_261
