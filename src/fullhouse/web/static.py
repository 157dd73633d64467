"""Files that never change under their name: the name holds the digest of what is in them."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "txt": "text/plain"}
_FOREVER = "public, max-age=31536000, immutable"


@cache
def _contents() -> dict[str, tuple[bytes, str]]:
    """Each file under its name with its digest: what is sent, and its kind."""
    folder = files("fullhouse.web") / "static"
    contents = {}
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in _KINDS:
            body = file.read_bytes()
            name = f"{stem}.{sha256(body).hexdigest()[:12]}.{ending}"
            contents[name] = (body, f"{_KINDS[ending]}; charset=utf-8")
    return contents


@cache
def address(name: str) -> str:
    """Where a file of the folder is had."""
    stem, _, ending = name.rpartition(".")
    named = [n for n in _contents() if n.startswith(f"{stem}.") and n.endswith(f".{ending}")]
    (only,) = [n for n in named if n.count(".") == name.count(".") + 1]
    return f"/static/{only}"


async def static_file(request: Request) -> Response:
    """A file by its name with its digest, which may be kept for ever."""
    known = _contents().get(request.path_params["name"])
    if known is None:
        return Response("Nothing is here.", 404, media_type="text/plain")
    headers = {"Cache-Control": _FOREVER, "X-Content-Type-Options": "nosniff"}
    headers["Content-Type"] = known[1]
    return Response(known[0], headers=headers)
