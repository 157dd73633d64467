"""What stands in the log of a table beside its rows."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from fullhouse.core.tables import ALL, Table
from fullhouse.lake import Lake, status

TEXT, PERSON = "ann@example.org", 770077
VALUES = {
    "string": TEXT,
    "binary": b"ann",
    "list<int32>": [7],
    "bool": True,
    "date": date(2026, 1, 1),
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("table", [t for t in ALL.values() if t.is_personal], ids=lambda t: t.name)
def test_the_log_of_a_personal_table_has_no_text_and_no_person(lake: Lake, table: Table) -> None:
    row = {c.name: VALUES.get(c.type, PERSON) for c in table.columns}
    row |= {c: "shop" for c in table.partition_by if row[c] == TEXT}
    lake.append(table, pa.Table.from_pylist([row], schema=table.schema), batch="1")
    logs = list((lake.place.path / table.name / "_delta_log").glob("*.json"))
    text = "".join(log.read_text() for log in logs)
    assert TEXT not in text
    for name in {"person", "kept", "merged", "unit"} & set(table.names):
        assert f'{name}\\":{PERSON}' not in text
    assert status(lake, (table,))[0].rows == 1
