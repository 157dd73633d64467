"""A house at one consistent point, in a folder; and a house from such a folder."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fullhouse.control.house import House, peek, sqlite_file
from fullhouse.core import settings as settings_
from fullhouse.core.errors import DamagedError, InputError
from fullhouse.core.tables import ALL, Mark
from fullhouse.lake import Lake, Place
from fullhouse.lake.verify import files_at, verify_table
from fullhouse.workspace.proof import fingerprint, lake_marks, read_note, write_note
from fullhouse.workspace.workspace import (
    KEY_FILE,
    LEAST_KEY_BYTES,
    LOG_KEY_FILE,
    Workspace,
)

MANIFEST = "backup.json"
CONTROL = "control.db"
LAKE = "lake"
FORMAT = 1
LOOKS = 5
"""How often it is tried to copy the control database while no table changes."""
_ELSEWHERE = re.compile(r"(?m)^(\s*(?:lake|control)\s*=)")


@dataclass(frozen=True)
class Backup:
    """What a backup holds: the house, the tables with their rows, and whether the key is in it."""

    place: str
    house: str
    key: str
    """The fingerprint of the key that the house needs."""
    with_key: bool
    tables: Mapping[str, Mark]
    files: int
    size: int


def backup(workspace: Workspace, to: Path, *, with_key: bool) -> Backup:
    """Copy a house into a folder that is not there yet: all of it, verified, or nothing."""
    with _NewFolder(to) as part:
        part.chmod(0o700)
        toml = workspace.place.read(settings_.FILE) or b""
        (part / settings_.FILE).write_bytes(toml)
        if with_key:
            _write_key(part, KEY_FILE, workspace.key)
            log_key = workspace.place.read(LOG_KEY_FILE)
            if log_key is not None:
                _write_key(part, LOG_KEY_FILE, log_key.strip())
        house = _copy_control(workspace, part)
        for name, mark in house.tables.items():
            _copy_table(workspace.lake, name, mark, part)
        _copy_models(workspace.place, part)
        write_note(Place(str(part / LAKE)), house)
        files = {name: _digest(part / name) for name in _names(part)}
        manifest = {
            "format": FORMAT,
            "house": vars(house) | {"tables": {n: vars(m) for n, m in house.tables.items()}},
            "with_key": with_key,
            "files": files,
        }
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1))
        _verify(part)
    return replace(_read(to)[0], place=str(to))


def restore(
    source: Path, to: Path, *, key: Path | None = None, control: str | None = None
) -> Backup:
    """Make a house in a folder that is not there yet, from a backup that is verified first.

    With `control`, an SQLAlchemy URL, its control database is written into that database, which
    has no rows yet; otherwise it is SQLite in the folder.
    """
    saved, files, house = _verify(source)
    text = key.read_bytes().strip() if key is not None else None
    if text is not None and (len(text) < LEAST_KEY_BYTES or fingerprint(text) != house.key):
        raise DamagedError(code="key_other", expected=house.key, given=fingerprint(text))
    with _NewFolder(to) as part:
        for name in files:
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, part / name)
        for name, digest in files.items():
            if _digest(part / name) != digest:
                raise DamagedError(code="backup_damaged", file=name)
        toml = (part / settings_.FILE).read_text("utf-8")
        # The house is whole in its folder, wherever its parts were before.
        toml = _ELSEWHERE.sub(r"# before the restore: \1", toml)
        if control is not None:
            toml = _with_control(toml, control)
        (part / settings_.FILE).write_text(toml, "utf-8")
        if text is not None:
            _write_key(part, KEY_FILE, text)
        for name in (KEY_FILE, LOG_KEY_FILE):
            if (part / name).exists():
                (part / name).chmod(0o600)
        if control is not None:
            _put_control(part / CONTROL, control)
    return replace(saved, place=str(to))


def has_password(url: str) -> bool:
    """Whether a URL of a database names a password, which no settings file should hold."""
    return bool(re.match(r"[^/]+://[^/@]*:[^/@]+@", url))


def _put_control(file: Path, url: str) -> None:
    """Write the control database into another one, the last step; the SQLite file goes."""
    from fullhouse.control.copying import put_database

    if sqlite_file(url) is not None:
        raise InputError(
            "--control names a database elsewhere, such as"
            " postgresql+psycopg://user@host/fullhouse; without it the restored house has its own"
            " SQLite database."
        )
    put_database(file, url)
    file.unlink()


def _with_control(toml: str, url: str) -> str:
    """Settings that name the control database; one with a password is named by a variable."""
    if has_password(url):
        return toml
    line = f"control = {json.dumps(url)}\n"
    return f"# The database that this house was restored into.\n{line}\n{toml}"


def _copy_control(workspace: Workspace, part: Path) -> House:
    """The control database, and the marks of the tables as they were at that moment.

    Where tables change all the time, it is copied before the last look at them: what a command
    has written to the lake, and not yet to the database, is then as after a crash.
    """
    from fullhouse.control.copying import check_database, copy_database

    before = lake_marks(workspace.lake)
    for _ in range(LOOKS):
        (part / CONTROL).unlink(missing_ok=True)
        copy_database(workspace.control_url, part / CONTROL)
        marks = lake_marks(workspace.lake)
        if marks == before:
            break
        before = marks
    check_database(part / CONTROL)
    house = peek(f"sqlite:///{part / CONTROL}")
    if house is None:
        raise DamagedError(code="control_lost")
    return replace(house, tables=marks)


def _copy_table(lake: Lake, name: str, mark: Mark, part: Path) -> None:
    place = Place(lake.uri(ALL[name]))
    for file in files_at(lake, ALL[name], mark.version):
        target = part / LAKE / name / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.is_local:
            shutil.copyfile(place.path / file, target)
            continue
        data = place.read(file)
        if data is None:
            raise DamagedError(code="data_file_missing", table=name, file=file)
        target.write_bytes(data)


def _copy_models(place: Place, part: Path) -> None:
    if place.is_local and (place.path / "models").is_dir():
        shutil.copytree(place.path / "models", part / "models")


def _verify(folder: Path) -> tuple[Backup, dict[str, str], House]:
    """What a backup holds, after a look at every byte of it."""
    from fullhouse.control.copying import check_database

    saved, files, house = _read(folder)
    for name, digest in files.items():
        file = folder / name
        if not file.is_file() or _digest(file) != digest:
            raise DamagedError(code="backup_damaged", file=name)
    check_database(folder / CONTROL)
    place = Place(str(folder / LAKE))
    note, known = read_note(place), peek(f"sqlite:///{folder / CONTROL}")
    if note is None or known is None or (note.lake, note.control) != (known.lake, known.control):
        raise DamagedError(code="backup_damaged", file=CONTROL)
    for name, mark in house.tables.items():
        proof = verify_table(Lake(place), ALL[name], mark, full=False)
        held = None if proof is None else Mark(proof.version or 0, proof.rows)
        if proof is None or proof.problems or held != mark:
            raise DamagedError(code="backup_damaged", file=f"{LAKE}/{name}")
    return saved, files, house


def _read(folder: Path) -> tuple[Backup, dict[str, str], House]:
    try:
        fields: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        raise InputError(f"{folder} is no backup: it has no {MANIFEST} that can be read.") from None
    if fields.get("format") != FORMAT:
        raise InputError(f"{folder} is a backup of a newer version of Fullhouse.")
    tables = {n: Mark(**m) for n, m in fields["house"].pop("tables").items() if n in ALL}
    house = House(**fields["house"], tables=tables)
    files: dict[str, str] = fields["files"]
    size = sum(f.stat().st_size for name in files if (f := folder / name).is_file())
    saved = Backup(str(folder), house.lake, house.key, fields["with_key"], tables, len(files), size)
    return saved, files, house


class _NewFolder:
    """A folder beside the one that is to be, which becomes it at the end, or goes."""

    def __init__(self, to: Path) -> None:
        self._to = to.expanduser().absolute()
        self._part = self._to.with_name(f".{self._to.name}.part")

    def __enter__(self) -> Path:
        self._refuse()
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)
        return self._part

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._part, ignore_errors=True)
            return
        self._refuse()
        self._part.rename(self._to)

    def _refuse(self) -> None:
        if self._to.exists() and (not self._to.is_dir() or any(self._to.iterdir())):
            raise InputError(f"{self._to} is there already; name a folder that is not there yet.")


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_key(folder: Path, name: str, key: bytes) -> None:
    file = folder / name
    file.touch(0o600)
    file.write_bytes(key + b"\n")
