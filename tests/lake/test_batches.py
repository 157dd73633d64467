"""Reading a table batch after batch."""

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import PERSON_MERGE
from fullhouse.lake import Lake


def test_batches_together_are_the_table(lake: Lake) -> None:
    assert list(lake.batches(PERSON_MERGE)) == []
    at = pa.array([0] * 1000, pa.timestamp("us", tz="UTC"))
    rows = {"run": [1] * 1000, "kept": [0] * 1000, "merged": list(range(1000)), "at": at}
    first = pa.table(rows).cast(PERSON_MERGE.schema)
    lake.append(PERSON_MERGE, first, batch="a")
    before = lake.version(PERSON_MERGE)
    lake.append(PERSON_MERGE, first, batch="b")
    batches = list(lake.batches(PERSON_MERGE, columns=["merged"], rows=100, version=before))
    assert all(len(b) <= 100 and b.schema.names == ["merged"] for b in batches)
    assert sorted(pa.Table.from_batches(batches)["merged"].to_pylist()) == list(range(1000))
    some = lake.batches(PERSON_MERGE, where=pc.field("merged") < 3)
    assert sum(len(b) for b in some) == 6
