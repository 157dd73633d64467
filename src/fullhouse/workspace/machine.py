"""What a house has on this machine beside its workspace: uploads, and the collector's own disk.

A workspace that is a folder holds its uploads itself. Where it is in an object store, they are in a
folder of whoever runs the process, below the machine's folder for temporary files.
"""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

from fullhouse.core.errors import StorageError
from fullhouse.core.settings import Settings
from fullhouse.lake import Place


def machine_folder(place: Place) -> Path:
    """The folder of a house on this machine: the workspace itself, where it is one."""
    if place.is_local:
        return place.path
    mark = sha256(place.root.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"fullhouse-{mark}"


def own_folder(path: Path) -> Path:
    """A folder that nobody else of the machine may look into, made where it is not there yet."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    stat = path.lstat()
    if path.is_symlink() or (hasattr(os, "geteuid") and stat.st_uid != os.geteuid()):
        raise StorageError(f"{path} is not this user's own: remove it, or set TMPDIR.")
    path.chmod(0o700)
    return path


def places_beside(place: Place, settings: Settings) -> tuple[Place, ...]:
    """The folders of this machine, outside of the workspace, in which rows of people may wait."""
    folders = [] if place.is_local else [machine_folder(place)]
    collector = place.join(settings.collector)
    if collector.is_local and not f"{collector.root}/".startswith(f"{place.root}/"):
        folders.append(collector.path)
    return tuple(Place.of(str(folder)) for folder in folders if folder.is_dir())
