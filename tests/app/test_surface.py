"""The public names, and what loading them costs."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import fullhouse as fh
from fullhouse import app


def test_every_public_name_is_there_and_is_no_module() -> None:
    modules = {Path(file.name).stem for file in files(app).iterdir()}
    assert not modules & set(app.MODULES), "a module would hide the function"
    assert {"plan_film", "PlanFilm", "write_plan", "open", "init"} <= set(dir(fh))
    assert {"open_house", "MODULES"} & set(dir(fh)) == set()
    for name in dir(fh):
        assert callable(getattr(fh, name)), name


def test_help_loads_no_engine_and_no_database() -> None:
    heavy = {
        "numpy",
        "pyarrow",
        "pydantic",
        "ibis",
        "duckdb",
        "pandas",
        "sqlalchemy",
        "scipy.stats",
        "altair",
        "deltalake",
    }
    code = "import sys, fullhouse.cli.root; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()
