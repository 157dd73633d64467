"""Find the files of a public data set in a folder that the user downloaded."""

from collections.abc import Sequence
from pathlib import Path

from fullhouse.core.errors import InputError


def need(folder: Path, names: Sequence[str], *, home: str) -> list[Path]:
    """The files of these names in a folder; an error that says what is missing and where it is."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. {home}")
    missing = [n for n in names if not (folder / n).is_file()]
    if missing:
        raise InputError(f"{folder} has no {' and no '.join(missing)}. {home}")
    return [folder / n for n in names]


def need_one(folder: Path, names: Sequence[str], *, home: str) -> Path:
    """The first of these files that stands in a folder: the same content in other forms."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    paths = need(folder, [" or ".join(names)], home=home)
    return paths[0]
