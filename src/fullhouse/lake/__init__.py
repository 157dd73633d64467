"""Tables on Delta Lake, in a folder or an object store."""

from fullhouse.lake.lake import BITMAPS, Lake
from fullhouse.lake.maintain import Compaction, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.lake.pins import OpenTables, Pins
from fullhouse.lake.place import Place

__all__ = [
    "BITMAPS",
    "Compaction",
    "Lake",
    "OpenTables",
    "Pins",
    "Place",
    "TableStatus",
    "Vacuum",
    "compact",
    "status",
    "vacuum",
]
