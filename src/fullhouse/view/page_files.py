"""A result as files: its page (.html), or everything of it as data (.json)."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from fullhouse.core.errors import InputError


class Told(Protocol):
    """What can say everything of itself as JSON takes it."""

    def to_dict(self) -> dict[str, Any]:
        """Everything."""


def write_page_files(
    told: Told, page: Callable[[], str], files: Iterable[str | Path]
) -> list[Path]:
    """Write each file as its ending says; all endings are checked before any is written."""
    paths = [check_page_out(f) for f in files]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() == ".html":
            path.write_text(page(), "utf-8")
        else:
            text = json.dumps(told.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
            path.write_text(text + "\n", "utf-8")
    return paths


def check_page_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in (".html", ".json"):
        raise InputError(f"--out takes a file ending in .html or .json, not {path.name!r}.")
    return path
