"""The public names, and what loading them costs."""

import subprocess
import sys

import fullhouse as fh
from fullhouse import app


def test_every_public_name_is_there_and_is_no_module() -> None:
    listed = sorted(name for names in app.STAGES.values() for name in names)
    assert listed == sorted(app.__all__)
    assert not set(listed) & set(app.STAGES), "a module would hide the function"
    for name in fh.__all__:
        assert callable(getattr(fh, name)), name


def test_help_loads_no_engine_and_no_database() -> None:
    heavy = {"ibis", "duckdb", "pandas", "sqlalchemy", "scipy.stats", "altair", "deltalake"}
    code = "import sys, fullhouse.cli.root; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()
