"""The public names, and what loading them costs."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import fullhouse as fh
from fullhouse import app
from fullhouse.core.errors import InputError


def test_every_public_name_is_there_and_is_no_module() -> None:
    modules = {Path(file.name).stem for file in files(app).iterdir()}
    assert not modules & set(app.MODULES), "a module would hide the function"
    assert {"plan_film", "PlanFilm", "write_plan", "open", "init"} <= set(dir(fh))
    assert {"open_house", "init_house", "new_house", "MODULES"} & set(dir(fh)) == set()
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
    assert heavy & _loaded_by("fullhouse.cli.root") == set()


def test_counting_an_audience_loads_no_feeds_no_people_and_no_expressions() -> None:
    loaded = _loaded_by("fullhouse.app.audiences")
    assert {"ibis", "sqlalchemy", "fullhouse.feeds", "fullhouse.people"} & loaded == set()


def _loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_workspace_is_made_in_no_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds other files \(notes.txt\)"):
        fh.init(str(tmp_path))
    with fh.init(str(tmp_path / "house")) as context:
        assert str(context) == f"Fullhouse workspace {tmp_path / 'house'}"
    with pytest.raises(InputError, match="inside the workspace"):
        fh.init(str(tmp_path / "house" / "second"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["house", "notes.txt"]
