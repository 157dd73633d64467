"""What libraries and the system say of the machine and of files, as our errors."""

from fullhouse.core.errors import ConflictError, DamagedError, FullhouseError, StorageError

STORAGE_FAULTS = (
    "Read-only file system",
    "readonly database",
    "Permission denied",
    "No space left on device",
    "unable to open database file",
    "database or disk is full",
    "disk I/O error",
    "File too large",
    "Disk quota exceeded",
)
"""What the operating system, SQLite and the readers of object stores say of a place that cannot be
written. Each library wraps it in a class of its own, so the words are looked for."""
LOCKED = "database is locked"
DAMAGES = {
    "file is not a database": "database_none",
    "database disk image is malformed": "database_malformed",
    "Parquet magic bytes not found": "parquet_none",
    "No magic bytes found at end of file": "parquet_cut",
    "Couldn't deserialize thrift": "parquet_unreadable",
    "too small to be a Parquet file": "parquet_cut",
    "Invalid JSON in log": "log_unreadable",
    "Kernel error: Json error": "log_unreadable",
    "Kernel error: Parquet error": "log_unreadable",
    "Object at location": "file_missing",
}
"""What libraries say of a file of the workspace that is not what was written, with our code."""


def storage_fault(problem: Exception) -> FullhouseError | None:
    """What a library's error says of the machine or of a file; None for any other, our bug."""
    if isinstance(problem, BrokenPipeError):  # who read our output went away
        return None
    words = str(problem)
    named = getattr(problem, "filename", None)
    where = f" ({named})" if named else ""
    if (reason := next((w for w in STORAGE_FAULTS if w in words), None)) is not None:
        return StorageError(code="not_writable", where=where, reason=reason.lower())
    if LOCKED in words:
        return ConflictError(code="database_locked")
    if (
        damage := next((code for mark, code in DAMAGES.items() if mark in words), None)
    ) is not None:
        return DamagedError(code=damage)
    if isinstance(problem, OSError) and problem.strerror:
        return StorageError(code="not_accessible", where=where, reason=problem.strerror.lower())
    if isinstance(problem, MemoryError) or type(problem).__name__ == "OutOfMemoryException":
        return StorageError(code="memory_short")
    return None
