"""A market as files."""

import gzip
import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest

import fullhouse
from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse_sim.market import Market
from fullhouse_sim.write import Simulated, read_market, simulate
from tests.sim.conftest import SMALL, files_of


def _table(folder: Path) -> pa.Table:
    """All files of a feed; of CSV, every column is text."""
    files = sorted(folder.iterdir())
    if files[0].suffix == ".parquet":
        return pa.parquet.read_table(folder)
    names = gzip.decompress(files[0].read_bytes()).split(b"\n")[0].decode().split(",")
    text = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return pa.concat_tables(pa.csv.read_csv(f, convert_options=text) for f in files)


def _events(made: Simulated) -> dict[str, list[tuple[str, str]]]:
    """The account and day of every event, by source."""
    feeds = made.folder / "feeds"
    bought, seen = _table(feeds / "shop/purchases"), _table(feeds / "video/plays")
    sold = _table(feeds / "tickets/sales")
    marks = [
        json.loads(line)
        for file in sorted((feeds / "tickets/wants").iterdir())
        for line in gzip.decompress(file.read_bytes()).splitlines()
    ]
    expected = {
        "shop": [(bought["customer"], bought["ordered_at"])],
        "video": [(seen["account"], seen["started"])],
        "tickets": [(sold["member"], sold["sold_at"])],
    }
    pairs = {
        source: [
            (a, str(t)[:10])
            for account, at in columns
            for a, t in zip(account.to_pylist(), at.to_pylist(), strict=True)
        ]
        for source, columns in expected.items()
    }
    pairs["tickets"] += [(m["member"], m["at"][:10]) for m in marks]
    return pairs


def _joined(made: Simulated, source: str) -> dict[str, str]:
    """The first day that an account feed tells of each account."""
    file = next((made.folder / "feeds" / source).glob("accounts.*"))
    text = gzip.decompress(file.read_bytes()).decode()
    if ".jsonl" in file.name:
        rows = [json.loads(line) for line in text.splitlines()]
        pairs = [(r["id"], r["updated"]) for r in rows]
    else:
        pairs = [tuple(line.split(",")[:2]) for line in text.splitlines()[1:]]
    first: dict[str, str] = {}
    for account, day in pairs:
        first[account] = min(day, first.get(account, day))
    return first


@pytest.mark.slow
def test_the_same_market_has_the_same_bytes_on_any_number_of_workers(tmp_path: Path) -> None:
    market = Market(people=66_500, past_films=20, days=28)  # two chunks
    for workers in (1, 2):
        simulate(market, tmp_path / str(workers), workers=workers)
    one, two = files_of(tmp_path / "1"), files_of(tmp_path / "2")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


@pytest.mark.slow
def test_another_seed_has_other_bytes(small: Simulated, tmp_path: Path) -> None:
    other = simulate(Market(people=6_000, seed=8, past_films=60, days=28), tmp_path)
    first, theirs = files_of(small.folder), files_of(other.folder)
    assert first.keys() == theirs.keys()
    same = {name for name in first if first[name] == theirs[name]}
    assert all(name.endswith((".toml", "categories.csv")) for name in same)


def test_no_event_is_before_its_account_or_outside_the_feeds_days(small: Simulated) -> None:
    for source, events in _events(small).items():
        joined = _joined(small, source)
        assert len(events) > 100
        for account, day in events:
            assert joined[account] <= day
            assert small.market.first_day <= date.fromisoformat(day) <= small.market.today


def test_event_ids_are_unique(small: Simulated) -> None:
    feeds = small.folder / "feeds"
    for folder, name in (("shop/purchases", "order_line"), ("video/plays", "play")):
        ids = _table(feeds / folder)[name]
        assert pc.count_distinct(ids).as_py() == len(ids)


def test_every_account_has_one_owner_in_the_truth(small: Simulated) -> None:
    owners = pa.parquet.read_table(small.folder / "truth/owners")
    keys = set(zip(owners["source"].to_pylist(), owners["account"].to_pylist(), strict=True))
    assert len(keys) == owners.num_rows
    truth = {(s, a) for s in ("shop", "video", "tickets") for a in _joined(small, s)}
    assert keys == truth
    people = pa.parquet.read_table(small.folder / "truth/people")
    assert people["person"].to_pylist() == list(range(small.market.people))


def test_a_refund_gives_back_a_ticket_that_was_sold(small: Simulated) -> None:
    sold = _table(small.folder / "feeds/tickets/sales").to_pylist()
    what = ("member", "film", "tickets", "price", "cinema", "showing")
    rows = {
        refunded: {tuple(r[c] for c in what) for r in sold if r["refunded"] == refunded}
        for refunded in ("true", "false")
    }
    assert rows["true"]
    assert rows["true"] < rows["false"]


def test_tickets_are_sold_before_the_showing(small: Simulated) -> None:
    sold = _table(small.folder / "feeds/tickets/sales")
    rows = sold.filter(pc.equal(sold["refunded"], "false"))
    assert pc.all(pc.less_equal(rows["sold_at"], rows["showing"])).as_py()


def test_box_office_never_sells_more_than_its_seats(small: Simulated) -> None:
    rows = pa.parquet.read_table(small.folder / "feeds/market/box_office.parquet")
    assert pc.all(pc.less_equal(rows["admissions"], rows["seats"])).as_py()
    assert pc.max(rows["day"]).as_py() <= small.market.today
    assert rows.num_rows > 10_000


def test_everything_says_that_it_is_simulated(small: Simulated) -> None:
    assert "simulated" in (small.folder / "README.txt").read_text()
    assert json.loads((small.folder / "simulated.json").read_text())["simulated"] is True
    assert json.loads((small.folder / "truth/answers.json").read_text())["simulated"] is True


def test_a_folder_names_its_market(small: Simulated, tmp_path: Path) -> None:
    assert read_market(small.folder) == SMALL
    (tmp_path / "simulated.json").write_text('{"simulated": true, "unfinished": true}')
    with pytest.raises(InputError, match="not finished"):
        read_market(tmp_path)
    (tmp_path / "simulated.json").unlink()
    with pytest.raises(InputError, match="no simulated market"):
        read_market(tmp_path)


def test_feeds_say_nothing_that_only_the_simulator_knows(small: Simulated) -> None:
    heads = "\n".join(
        gzip.decompress(p.read_bytes())[:300].decode() if p.suffix == ".gz" else p.read_text()[:300]
        for p in sorted((small.folder / "feeds").rglob("*"))
        if p.is_file() and p.suffix != ".parquet"
    )
    for word in ("person", "hobb", "activity", "taste", "quality", "appeal", "truth"):
        assert word not in heads.split("synopsis")[0]


@pytest.mark.slow
def test_a_simulated_market_is_replaced_and_anything_else_is_refused(
    small: Simulated, tmp_path: Path
) -> None:
    simulate(SMALL, tmp_path / "a")
    (tmp_path / "a/feeds/shop/old.csv").write_text("x")
    simulate(SMALL, tmp_path / "a")
    assert files_of(tmp_path / "a") == files_of(small.folder)
    (tmp_path / "a/first.txt").write_text("x")
    with pytest.raises(InputError, match=r"something else \(first\.txt\)"):
        simulate(SMALL, tmp_path / "a")
    with pytest.raises(InputError, match="is a file"):
        simulate(SMALL, tmp_path / "a/first.txt")


@pytest.mark.slow
def test_each_feed_is_taken_in_whole(small: Simulated, tmp_path: Path) -> None:
    """The first two days of each: `test_dirt` takes in all days."""
    app.init_house(str(tmp_path), simulated=True, environment={}).close()
    with app.open_house(str(tmp_path)) as house:
        for feed in small.feeds:
            if not feed.declaration:
                continue
            path = small.folder / feed.path
            files = sorted(path.iterdir())[:2] if path.is_dir() else [path]
            done = app.ingest(
                house,
                app.IngestFiles(small.folder / feed.declaration, tuple(files)),
            )
            assert done.quarantined == {}
            assert done.written == done.read > 0
            assert all(not f.invalid_identifiers for f in done.files)


def test_no_other_module_reads_the_truth() -> None:
    root = Path(fullhouse.__file__).parent
    for path in root.rglob("*.py"):
        if "simulation" not in path.parts:
            assert not re.search(r"truth/|/ *[\"']truth[\"']", path.read_text()) or (
                path.name == "simulate.py"
            )


def test_counts_add_up(small: Simulated) -> None:
    rows = {f.name: f.rows for f in small.feeds}
    assert rows["shop-purchases"] == _table(small.folder / "feeds/shop/purchases").num_rows
    a_year = (
        np.array([rows["shop-purchases"], rows["video-plays"]]) / small.market.people / 28 * 365
    )
    assert (a_year > [8, 5]).all()
    assert (a_year < [18, 12]).all()
