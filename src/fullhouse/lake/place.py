"""A folder or an object-store prefix: small files by name, the same for both."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from fullhouse.core.errors import FullhouseError, InputError


def is_url(text: str) -> bool:
    """Whether this names an object store (s3://bucket/prefix) and not a folder."""
    return "://" in text and not text.startswith("file://")


@dataclass(frozen=True)
class Stored:
    """A file below a place: its name there, its bytes, and when it was changed (Unix time)."""

    name: str
    size: int
    changed: float


@dataclass(frozen=True)
class Place:
    """A folder, or a prefix such as s3://bucket/house; credentials come from the environment."""

    root: str

    @classmethod
    def of(cls, text: str) -> "Place":
        """The place that a user's text names; a folder becomes absolute."""
        if is_url(text):
            if not text.partition("://")[2].strip("/"):
                raise InputError(
                    f"{text} names no bucket; write s3://BUCKET or s3://BUCKET/FOLDER."
                )
            return cls(text.rstrip("/"))
        return cls(str(Path(text.removeprefix("file://")).expanduser().absolute()))

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return not is_url(self.root)

    @property
    def path(self) -> Path:
        """The folder; an error for an object store."""
        if not self.is_local:
            raise InputError(f"{self.root} is an object store; a local folder is needed here.")
        return Path(self.root)

    def join(self, name: str) -> "Place":
        """The place below this one, or `name` itself when that is absolute or a URL."""
        if is_url(name) or os.path.isabs(name):
            return Place.of(name)
        return Place(f"{self.root}/{name}")

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, or None when there is none."""
        try:
            return bytes(obstore.get(self._store(), name).bytes())
        except (NotFoundError, FileNotFoundError):
            return None

    def write(self, name: str, data: bytes, *, overwrite: bool = True) -> bool:
        """Write a file whole; False when it stands already and must not be overwritten."""
        try:
            obstore.put(
                self._store(create=True), name, data, mode="overwrite" if overwrite else "create"
            )
        except AlreadyExistsError:
            return False
        except (OSError, BaseError) as problem:
            reason = str(problem).strip().splitlines()[0]
            raise FullhouseError(f"Cannot write {name} in {self.root}: {reason}") from None
        return True

    def files(self) -> Iterator["Stored"]:
        """Every file below, hidden and half-written ones too, in no order."""
        if not self.is_local:
            for page in obstore.list(self._store()):
                for item in page:
                    yield Stored(item["path"], item["size"], item["last_modified"].timestamp())
            return
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                try:
                    stat = path.lstat()
                except FileNotFoundError:  # gone since it was listed
                    continue
                shown = path.relative_to(self.root).as_posix()
                yield Stored(shown, stat.st_size, stat.st_mtime_ns / 1e9)

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        if self.is_local:
            (self.path / name).unlink(missing_ok=True)
            return
        with suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store(), name)

    def _store(self, *, create: bool = False) -> ObjectStore:
        if not self.is_local:
            return from_url(self.root)
        if not create and not self.path.is_dir():
            raise FileNotFoundError(self.root)
        return LocalStore(self.root, mkdir=create)
