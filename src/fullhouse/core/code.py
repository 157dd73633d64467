"""Which code this is: the version, and a digest of the source files as they are here."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

SUFFIXES = (".py", ".toml", ".lark")
DIGITS = 16
ABOVE = ("cli", "view")
"""Folders that nothing is computed in."""


@cache
def code_version() -> str:
    """Fullhouse's version and a digest of its source files, as they are on this machine.

    Not the commit of a checkout: that says nothing of what was edited since, and an installed
    package has none. The same files give the same digest in both.
    """
    return f"{version('fullhouse')}+{digest_of()}"


@cache
def digest_of(parts: Sequence[str] = (".",), without: Sequence[str] = ()) -> str:
    """A digest of the source files of some folders of the package, as they are on this machine."""
    root = Path(__file__).parents[1]
    digest = sha256()
    files = {path for part in parts for path in (root / part).rglob("*")}
    for path in sorted(files, key=lambda p: p.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        if path.suffix in SUFFIXES and name.split("/")[0] not in without and path.is_file():
            content = sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()[:DIGITS]


def computing_digest() -> str:
    """A digest of all code that a result can depend on: not of pages, charts and commands."""
    return digest_of(without=ABOVE)
