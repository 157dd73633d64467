"""Deliveries go to a folder, or whole into an object store."""

import pytest
from obstore.store import MemoryStore

from fullhouse import app
from fullhouse.campaigns import dispatch as out
from fullhouse.core.errors import InputError


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dispatching") / "house"
    with app.init_house(str(folder), environment={}) as made:
        yield made


@pytest.fixture
def store(monkeypatch):
    """A store in memory in the place of any URL's: the same puts, without a network."""
    memory = MemoryStore()
    monkeypatch.setattr(out, "from_url", lambda _: memory)
    return memory


def _names(store):
    return sorted(o["path"] for chunk in store.list() for o in chunk)


def _fail(folder):
    (folder / "b.parquet").write_bytes(b"y")
    raise OSError("full")


def test_a_folder_is_written_to_itself(house, tmp_path):
    place = out.check_out(house, str(tmp_path / "new"))
    with out.outbox(place) as folder:
        (folder / "a.csv").write_text("x")
    assert (tmp_path / "new" / "a.csv").read_text() == "x"
    assert out.address(place, folder, str(folder / "a.csv")) == str(tmp_path / "new" / "a.csv")


def test_files_are_put_when_all_are_whole_and_none_where_one_failed(house, store):
    place = out.check_out(house, "s3://bucket/out")
    with out.outbox(place) as folder:
        (folder / "push").mkdir()
        file = folder / "push" / "a.parquet"
        file.write_bytes(b"x" * 100)
        assert _names(store) == []
    assert _names(store) == ["push/a.parquet"]
    assert bytes(store.get("push/a.parquet").bytes()) == b"x" * 100
    assert out.address(place, folder, str(file)) == "s3://bucket/out/push/a.parquet"
    assert not folder.exists()
    with pytest.raises(OSError, match="full"), out.outbox(place) as folder:
        _fail(folder)
    assert _names(store) == ["push/a.parquet"]


def test_what_cannot_be_written_to_is_refused_at_once(house, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file; give a folder"):
        out.check_out(house, str(tmp_path / "file"))
    with pytest.raises(InputError, match="no object store that can be opened"):
        out.check_out(house, "ftp://somewhere/out")
    for inside in (house.place.root, house.lake.place.root, f"{house.lake.place.root}/person"):
        with pytest.raises(InputError, match="keeps its own files"):
            out.check_out(house, inside)
