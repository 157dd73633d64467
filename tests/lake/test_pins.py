"""A pinned lake reads one version of each table, while others write."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import PERSON_MERGE, REFUSED_IDENTIFIER
from fullhouse.lake import Lake, OpenTables
from fullhouse.lake.pins import newest_versions

AT = datetime(2025, 1, 1, tzinfo=UTC)


def merges(*merged: int) -> pa.Table:
    rows = [{"run": 1, "kept": 0, "merged": m, "at": AT} for m in merged]
    return pa.Table.from_pylist(rows, schema=PERSON_MERGE.schema)


def read(lake: Lake) -> list[int]:
    return sorted(lake.read(PERSON_MERGE)["merged"].to_pylist())


def test_a_use_reads_what_stood_at_its_first_look(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    assert read(use) == [1]
    lake.append(PERSON_MERGE, merges(2), batch="b", metadata={"note": "later"})
    assert read(use) == [1]
    assert use.snapshot(PERSON_MERGE) == lake.snapshot(
        PERSON_MERGE, version=use.version(PERSON_MERGE)
    )
    assert sum(b.num_rows for b in use.batches(PERSON_MERGE)) == 1
    assert not use.has_batch(PERSON_MERGE, "b")
    assert "note" not in use.metadata(PERSON_MERGE)
    assert read(use.live) == [1, 2]
    assert read(lake.pinned()) == [1, 2], "the next use reads the newest"


def test_all_tables_are_fixed_at_the_first_look_at_any(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    assert use.version(REFUSED_IDENTIFIER) is None
    lake.append(PERSON_MERGE, merges(2), batch="b")
    refused = REFUSED_IDENTIFIER.schema.empty_table()
    lake.append(REFUSED_IDENTIFIER, refused, batch="b")
    assert read(use) == [1]
    assert use.read(REFUSED_IDENTIFIER).num_rows == 0
    assert use.snapshot(REFUSED_IDENTIFIER).version == -1
    assert use.versions == {"person_merge": 1, "refused_identifier": -1}


def test_versions_name_only_what_was_read(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    assert use.versions == {}
    read(use)
    assert use.versions == {"person_merge": 1}
    assert lake.versions == {}, "a lake that is not pinned answers with no version"


def test_a_use_reads_what_it_wrote_itself(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    read(use)
    lake.append(PERSON_MERGE, merges(2), batch="b")
    assert read(use) == [1]
    use.append(PERSON_MERGE, merges(3), batch="c")
    assert read(use) == [1, 2, 3], "its own rows came after the others'"
    lake.append(PERSON_MERGE, merges(4), batch="d")
    assert read(use) == [1, 2, 3]
    assert not use.append(PERSON_MERGE, merges(9), batch="d")
    assert read(use) == [1, 2, 3, 4], "who is told that a batch is there can read it"
    version = use.replace(PERSON_MERGE, merges(5))
    assert (use.version(PERSON_MERGE), read(use)) == (version, [5])


def test_replacing_what_others_changed_since_the_first_look_is_refused(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    version = use.version(PERSON_MERGE)
    lake.append(PERSON_MERGE, merges(2), batch="b")
    with pytest.raises(ConflictError):
        use.replace(PERSON_MERGE, merges(), expected=version)
    assert read(lake) == [1, 2]


def test_the_version_after_a_write_is_that_of_the_write(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")

    class Slow(Lake):
        """Others write between this one's look and its commit."""

        def create(self, table):
            delta = super().create(table)
            lake.append(PERSON_MERGE, merges(2), batch="b")
            return delta

    use = Slow(lake.place).pinned()
    use.append(PERSON_MERGE, merges(3), batch="c")
    assert use.version(PERSON_MERGE) == 3
    assert read(use) == [1, 2, 3]


def test_a_time_before_the_first_look_can_still_be_read(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    use = lake.pinned()
    read(use)
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert use.snapshot(PERSON_MERGE, at=later).version == 1
    assert use.snapshot(PERSON_MERGE, version=0).uris == ()


def test_an_open_table_serves_every_use_of_its_version(lake: Lake) -> None:
    shared = Lake(lake.place, opened=OpenTables())
    shared.append(PERSON_MERGE, merges(1), batch="a")
    one, two = shared.pinned(), shared.pinned()
    assert one.open(PERSON_MERGE) is two.open(PERSON_MERGE)
    shared.append(PERSON_MERGE, merges(2), batch="b")
    assert (read(one), read(shared.pinned())) == ([1], [1, 2])


def test_listing_names_the_newest_version_of_each_table(lake: Lake) -> None:
    lake.append(PERSON_MERGE, merges(1), batch="a")
    names = [PERSON_MERGE.name, REFUSED_IDENTIFIER.name]
    assert newest_versions(lake.place.root, names) == {"person_merge": 1, "refused_identifier": -1}
