"""The control database and its migrations."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from fullhouse.control import open_control
from fullhouse.control.control import HEAD
from fullhouse.control.schema import Base


def test_head_is_the_newest_migration(tmp_path: Path) -> None:
    config = Config()
    folder = Path(__file__).parents[2] / "src/fullhouse/control/migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrations_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    with open_control(f"sqlite:///{tmp_path / 'c.db'}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    open_control(url).dispose()
    size = (tmp_path / "c.db").stat().st_size
    open_control(url).dispose()
    assert (tmp_path / "c.db").stat().st_size == size
    assert create_engine(url).connect()
