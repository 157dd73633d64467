"""Dirty files: what was done is recorded, and what must be refused is refused."""

import json
from collections import Counter
from pathlib import Path

import pytest

from fullhouse import app
from fullhouse_sim.write import Simulated


def _deeds(made: Simulated) -> list[dict[str, object]]:
    done: list[dict[str, object]] = json.loads((made.folder / "truth/dirt.json").read_text())[
        "done"
    ]
    return done


def test_clean_markets_have_no_dirt(small: Simulated) -> None:
    names = [p.name for p in (small.folder / "feeds").rglob("*")]
    assert not any(".late" in n or ".again" in n or "purchases-2" in n for n in names)
    assert not (small.folder / "truth/dirt.json").exists()


def test_every_kind_of_dirt_is_there_and_recorded(dirty: Simulated) -> None:
    deeds = {d["what"] for d in _deeds(dirty)}
    assert deeds == {
        "renamed columns", "clock 7 hours ahead", "clock in another century: refused",
        "rows doubled", "rows late", "file sent again", "ghost screening", "mass refund",
        "typed by hand: refused",
    }  # fmt: skip
    for deed in _deeds(dirty):
        assert (dirty.folder / "feeds" / str(deed["file"])).is_file()


def test_a_file_sent_again_has_the_same_bytes(dirty: Simulated) -> None:
    feeds = dirty.folder / "feeds"
    again = sorted(feeds.rglob("*.again.*"))
    assert again
    for path in again:
        assert path.read_bytes() == path.with_name(path.name.replace(".again", "")).read_bytes()


@pytest.mark.slow
def test_what_must_be_refused_is_refused_and_nothing_else(dirty: Simulated, tmp_path: Path) -> None:
    _ingest(dirty, tmp_path, "tickets-sales", most=12)


@pytest.mark.slow
def test_every_feed_of_a_dirty_market_is_taken_in(dirty: Simulated, tmp_path: Path) -> None:
    for feed in dirty.feeds:
        if feed.declaration:
            _ingest(dirty, tmp_path, feed.name, most=10_000)


def _ingest(made: Simulated, folder: Path, name: str, *, most: int) -> None:
    """Take in the last of a feed's files, and compare what is refused with what was done."""
    feed = next(f for f in made.feeds if f.name == name)
    path = made.folder / feed.path
    files = sorted(path.iterdir())[-most:] if path.is_dir() else [path]
    if not (folder / "fullhouse.toml").exists():
        app.init_house(str(folder), simulated=True, environment={}).close()
    with app.open_house(str(folder)) as house:
        done = app.ingest(house, app.IngestFiles(made.folder / feed.declaration, tuple(files)))
    recorded: Counter[str] = Counter()
    taken = {f.relative_to(made.folder / "feeds").as_posix() for f in files}
    for deed in _deeds(made):
        if deed["file"] in taken:
            recorded[str(deed["what"])] += int(str(deed["rows"]))
    refused = recorded["clock in another century: refused"] + recorded["typed by hand: refused"]
    assert sum(done.quarantined.values()) == refused
    assert done.read == done.written + done.known + refused
