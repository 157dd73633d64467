"""Libraries are imported without what they would load beside themselves."""

import subprocess
import sys

import pytest

from fullhouse.core.lean import without


def test_a_package_is_missing_inside_and_there_again_afterwards() -> None:
    sys.modules.pop("wave", None)
    with without("wave"), pytest.raises(ModuleNotFoundError, match="wave"):
        import wave
    import wave

    assert wave.open


def test_the_lake_loads_no_pandas_and_still_gives_frames() -> None:
    pytest.importorskip("pandas")
    line = (
        "import sys, fullhouse.lake, fullhouse.audiences\n"
        "assert not {'pandas', 'regex'} & set(sys.modules), 'loaded without need'\n"
        "import pyarrow as pa\n"
        "assert pa.table({'a': [1, 2]}).to_pandas()['a'].sum() == 3\n"
        "import pandas as pd\n"
        "assert pa.array(pd.Series([1.0, None])).null_count == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
