"""Fullhouse: find the audience of a film in the data a house already has.

Everything that the command line does is a function here: `open` or `init` a workspace, then
`ingest`, `people_resolve`, `traits_build`, `audience_count`, `discover` and the rest.
"""

from typing import TYPE_CHECKING, Any

from fullhouse import pipeline
from fullhouse.errors import CannotTellError, ConflictError, FullhouseError, InputError

if TYPE_CHECKING:
    from fullhouse.pipeline import *  # noqa: F403
    from fullhouse.pipeline import open_workspace as open

__all__ = ["CannotTellError", "ConflictError", "FullhouseError", "InputError", "open"]
__all__ += [name for name in pipeline.__all__ if name != "open_workspace"]


def __getattr__(name: str) -> Any:
    if name == "open":
        return pipeline.open_workspace
    if name in pipeline.__all__:
        return getattr(pipeline, name)
    raise AttributeError(f"module 'fullhouse' has no attribute {name!r}")
