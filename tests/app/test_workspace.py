"""Making and opening a workspace."""

import stat
from datetime import date
from pathlib import Path

import pytest

from fullhouse import app
from fullhouse.control import audit_log, record
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.engine import DuckDBEngine


def test_init_makes_settings_key_and_control_database(tmp_path: Path) -> None:
    with app.init_house(str(tmp_path / "w"), environment={}) as workspace:
        assert workspace.place.root == str(tmp_path / "w")
    names = {p.name for p in (tmp_path / "w").iterdir()}
    assert names == {"fullhouse.toml", "fullhouse.key", "control.db", "lake"}
    mode = (tmp_path / "w" / "fullhouse.key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600, "only its owner reads the key"
    folder = (tmp_path / "w").stat().st_mode
    assert stat.S_IMODE(folder) == 0o700, "and whatever else stands in the workspace"


def test_init_leaves_an_existing_workspace_alone(tmp_path: Path) -> None:
    app.init_house(str(tmp_path), environment={}).close()
    key = (tmp_path / "fullhouse.key").read_bytes()
    with pytest.raises(InputError, match="is a Fullhouse workspace already"):
        app.init_house(str(tmp_path), environment={})
    assert (tmp_path / "fullhouse.key").read_bytes() == key


def test_opening_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fullhouse init"):
        app.open_house(str(tmp_path), environment={})


def test_a_lost_key_is_an_error_not_a_new_key(tmp_path: Path) -> None:
    app.init_house(str(tmp_path), environment={}).close()
    (tmp_path / "fullhouse.key").unlink()
    workspace = app.open_house(str(tmp_path), environment={})
    with pytest.raises(InputError, match="restore it from a backup"):
        _ = workspace.key


def test_the_environment_can_hold_the_key(tmp_path: Path) -> None:
    environment = {"FULLHOUSE_KEY": "from the vault"}
    app.init_house(str(tmp_path), environment=environment).close()
    assert not (tmp_path / "fullhouse.key").exists()
    assert app.open_house(str(tmp_path), environment=environment).key == b"from the vault"


def test_engine_follows_the_settings(tmp_path: Path) -> None:
    environment = {"FULLHOUSE_MEMORY_LIMIT": "256MB", "FULLHOUSE_THREADS": "1"}
    with app.init_house(str(tmp_path), environment=environment) as workspace:
        assert isinstance(workspace.engine, DuckDBEngine)
        (limit,) = workspace.engine.connection.raw_sql(
            "SELECT current_setting('memory_limit')"
        ).fetchone()
        assert limit.startswith("244"), "256 MB are 244 MiB"


def test_the_audit_log_keeps_what_was_done_newest_first(tmp_path: Path) -> None:
    with app.init_house(str(tmp_path), environment={}) as workspace:
        record(workspace.control, "first", {"n": 1})
        record(workspace.control, "second", {"n": 2})
        actions = [(row.action, row.detail) for row in audit_log(workspace.control)]
    assert actions == [("second", {"n": 2}), ("first", {"n": 1})]


def test_a_control_url_that_cannot_be_opened_is_explained(tmp_path: Path) -> None:
    environment = {"FULLHOUSE_CONTROL": "nonsense"}
    with pytest.raises(InputError, match="Cannot open the control database"):
        app.init_house(str(tmp_path), environment=environment)


def test_the_setting_names_the_market_where_a_command_names_none(tmp_path: Path) -> None:
    with app.init_house(str(tmp_path / "house"), simulated=True, environment={}) as workspace:
        assert workspace.settings.territory == "ZZ"
        with pytest.raises(FullhouseError, match="ZZ"):
            app.forecast_film(workspace, app.ForecastFilm("no-film", as_of=date(2025, 1, 1)))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    app.init_house(str(tmp_path / "w"), environment={}).close()
    file = tmp_path / "w" / "fullhouse.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(mode)
    with (
        app.open_house(str(tmp_path / "w"), environment={}) as house,
        pytest.raises(InputError, match=f"mode {mode:03o}.*chmod 600"),
    ):
        _ = house.key
    file.chmod(0o400)
    with app.open_house(str(tmp_path / "w"), environment={}) as house:
        assert len(house.key) == 64
    file.chmod(mode)
    with app.open_house(str(tmp_path / "w"), environment={"FULLHOUSE_KEY": "0" * 64}) as house:
        assert house.key == b"0" * 64
