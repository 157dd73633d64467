"""Files that are sent before what needs them: feeds, lists, tables. Each is its sender's alone.

A path of the server's own is never read for whoever asks: a request names an id. What nobody
needed for a day is removed.
"""

import os
import re
import secrets
import shutil
from hashlib import sha256
from pathlib import Path
from time import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fullhouse.api.door import Door
from fullhouse.api.problems import ProblemError, problem_of
from fullhouse.api.row import Row
from fullhouse.core.errors import InputError
from fullhouse.workspace.context import Context
from fullhouse.workspace.machine import machine_folder, own_folder

FOLDER = "uploads"
KEPT_SECONDS = 24 * 3600
PATH = "/v1/files"
ROW = Row("POST", PATH, "files:upload", "ask", "both", status=201)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ID = re.compile(r"file_[0-9a-f]{32}")


def path_of(context: Context, file: str) -> str:
    """The path of a file that the context's tenant has sent; an error for any other id."""
    folder = _folder(context) / file
    if _ID.fullmatch(file) and folder.is_dir():
        for path in folder.iterdir():
            return str(path)
    raise InputError(f"No file {file[:40]!r} of yours. Send it first: POST {PATH}?name=NAME")


async def upload(door: Door, request: Request) -> Response:
    """Take a file in, as it is sent."""
    request.scope["fullhouse.route"] = PATH
    for_house = False
    try:
        principal = await door.principal(request)
        for_house = principal.is_house
        context = door.context(ROW, principal, request)
        return await _take_in(context, _name(request), request)
    except Exception as error:  # whatever it is becomes an answer, and a line in the log
        return problem_of(error, for_house=for_house)


def _name(request: Request) -> str:
    name = request.query_params.get("name", "")
    if not _NAME.fullmatch(name):
        raise ProblemError(
            422, "not_valid", "Say how the file is called, such as ?name=sales.csv.gz."
        )
    return name


async def _take_in(context: Context, name: str, request: Request) -> Response:
    _sweep(context)
    file = f"file_{secrets.token_hex(16)}"
    if not context.place.is_local:
        own_folder(machine_folder(context.place))
    own_folder(_folder(context).parent)
    folder = own_folder(own_folder(_folder(context)) / file)
    size, digest = 0, sha256()
    try:
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
            async for chunk in request.stream():
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    facts = {"file": file, "name": name, "bytes": size, "sha256": digest.hexdigest()}
    return JSONResponse(facts, 201)


def _folder(context: Context) -> Path:
    """Where a tenant's files are: in the workspace, where it is a folder of this machine."""
    return machine_folder(context.place) / FOLDER / context.tenant


def _sweep(context: Context) -> None:
    folder = _folder(context)
    if not folder.is_dir():
        return
    for old in folder.iterdir():
        if old.stat().st_mtime < time() - KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
