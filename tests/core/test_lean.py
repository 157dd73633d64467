"""Libraries are imported without what they would load beside themselves."""

import importlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

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


def test_another_thread_finds_a_package_that_is_missing_here() -> None:
    sys.modules.pop("wave", None)
    with without("wave"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(importlib.import_module, "wave").result().open
