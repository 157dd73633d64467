"""Tables on Delta Lake, in a folder or an object store."""

from fullhouse.lake.lake import BITMAPS, Lake
from fullhouse.lake.maintain import Compaction, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.lake.pins import Opened, Pins
from fullhouse.lake.place import Place

__all__ = [
    "BITMAPS",
    "Compaction",
    "Lake",
    "Opened",
    "Pins",
    "Place",
    "TableStatus",
    "Vacuum",
    "compact",
    "status",
    "vacuum",
]
