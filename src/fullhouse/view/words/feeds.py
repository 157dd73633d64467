"""The notes of a feed's check as sentences, by their codes."""

from collections.abc import Mapping
from typing import Any

from fullhouse.view.words.text import text

NOTES = {
    "no_rows": "{file} holds no rows.",
    "no_event_id": (
        "The feed maps no event_id: its rows are known by their file, and the same rows in"
        " another file come in again."
    ),
    "no_time": "The feed gives no 'at': its rows count from the moment when their file is begun.",
    "no_time_zone": "The feed names no time zone: times are read as {time_zone}.",
    "special_column": "Column {column!r} is read for: {purpose}",
    "withheld_column": "Column {column!r} looks like {category}: it is not read.",
    "columns_not_read": "Not read: {columns}.",
    "unknown_purpose": (
        "No purpose {purpose!r}.{near} Purposes are {known}; [values.purpose] makes a word of the"
        " file one of them, and setting 'purposes' declares others."
    ),
    "no_such_field": "No line at the beginning of {file} has the field {field!r}.{near}",
}


def feed_note(code: str, facts: Mapping[str, Any]) -> str:
    """What a check notes of a feed or a file, for a person."""
    values = {n: ", ".join(v) if isinstance(v, list) else v for n, v in facts.items()}
    return text(NOTES[code], **values)
