"""Where deliveries go: a folder, or an object store that files are put into when they are whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from fullhouse.core.errors import InputError
from fullhouse.lake import Place


def check_out(where: str) -> Place:
    """The place of an --out, checked before anything is frozen."""
    place = Place.of(where)
    if not place.is_local:
        _store(place)
    elif place.path.exists() and not place.path.is_dir():
        raise InputError(f"--out: {place.path} is a file; give a folder.")
    return place


@contextmanager
def outbox(place: Place) -> Iterator[Path]:
    """A folder to write into: the place's own, or one whose files are put there at the end.

    An object appears whole or not at all, and one that stands is replaced. Nothing is put where
    the writing failed.
    """
    if place.is_local:
        place.path.mkdir(parents=True, exist_ok=True)
        yield place.path
        return
    with TemporaryDirectory(prefix="fullhouse-out-") as name:
        folder = Path(name)
        yield folder
        store = _store(place)
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            # A path, and not its bytes: obstore sends a large file in pieces.
            obstore.put(store, file.relative_to(folder).as_posix(), file)


def address(place: Place, folder: Path, file: str) -> str:
    """Where a file of the outbox can be found."""
    if place.is_local:
        return file
    return f"{place.root}/{Path(file).relative_to(folder).as_posix()}"


def _store(place: Place) -> ObjectStore:
    try:
        return from_url(place.root)
    except (BaseError, ValueError) as problem:
        raise InputError(
            f"--out: {place.root} is no folder and no object store that can be opened: {problem}."
            " Give a folder, or s3://, gs:// or az:// with credentials in the environment."
        ) from None
