"""The composition root: the functions that the command line, the API and Python call.

A stage is loaded when one of its functions is first used, so that `fullhouse --help` and a short
command do not wait for every library of every stage.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullhouse.pipeline.audiences import (
        audience_count,
        audience_describe,
        audience_export,
        audience_list,
        audience_overlap,
        audience_population,
        audience_save,
        audience_show,
        audience_split,
    )
    from fullhouse.pipeline.discovery import check_out, discover, write_discovery
    from fullhouse.pipeline.feeds import (
        check_feed,
        ingest,
        quarantine_counts,
        quarantine_rows,
    )
    from fullhouse.pipeline.people import LinkResult, people_link, people_report, people_resolve
    from fullhouse.pipeline.traits import (
        TraitsBuilt,
        traits_build,
        traits_catalogue,
        traits_list,
        traits_show,
    )
    from fullhouse.pipeline.upkeep import lake_compact, lake_status, lake_vacuum
    from fullhouse.pipeline.workspace import Workspace, init, open_workspace

STAGES = {
    "audiences": (
        "audience_count",
        "audience_describe",
        "audience_export",
        "audience_list",
        "audience_overlap",
        "audience_population",
        "audience_save",
        "audience_show",
        "audience_split",
    ),
    "discovery": ("check_out", "discover", "write_discovery"),
    "feeds": ("check_feed", "ingest", "quarantine_counts", "quarantine_rows"),
    "people": ("LinkResult", "people_link", "people_report", "people_resolve"),
    "traits": ("TraitsBuilt", "traits_build", "traits_catalogue", "traits_list", "traits_show"),
    "upkeep": ("lake_compact", "lake_status", "lake_vacuum"),
    "workspace": ("Workspace", "init", "open_workspace"),
}
"""Where each public name stands; no name is that of a module."""

__all__ = [
    "LinkResult",
    "TraitsBuilt",
    "Workspace",
    "audience_count",
    "audience_describe",
    "audience_export",
    "audience_list",
    "audience_overlap",
    "audience_population",
    "audience_save",
    "audience_show",
    "audience_split",
    "check_feed",
    "check_out",
    "discover",
    "ingest",
    "init",
    "lake_compact",
    "lake_status",
    "lake_vacuum",
    "open_workspace",
    "people_link",
    "people_report",
    "people_resolve",
    "quarantine_counts",
    "quarantine_rows",
    "traits_build",
    "traits_catalogue",
    "traits_list",
    "traits_show",
    "write_discovery",
]


def __getattr__(name: str) -> Any:
    for stage, names in STAGES.items():
        if name in names:
            found = getattr(import_module(f"fullhouse.pipeline.{stage}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'fullhouse.pipeline' has no attribute {name!r}")
