"""The control database: saved audiences, links of films, the score book and the audit log.

Each part is loaded when it is first used: SQLAlchemy takes a third of a second, and many commands
ask the control database nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fullhouse.core.values import HOUSE, utc_now

if TYPE_CHECKING:
    from fullhouse.control.control import (
        Control,
        audit_log,
        check_writable,
        open_control,
        record,
        was_recorded,
    )
    from fullhouse.control.schema import AudienceRow, AuditRow, FilmLinkRow, ForecastRow
    from fullhouse.control.score_book import (
        Entry,
        Verified,
        entries,
        issue,
        issued_films,
        stream,
        verify,
    )

HEAD = "0018"
"""The newest migration."""

__all__ = [
    "HEAD",
    "HOUSE",
    "AudienceRow",
    "AuditRow",
    "Control",
    "Entry",
    "FilmLinkRow",
    "ForecastRow",
    "Verified",
    "audit_log",
    "check_writable",
    "entries",
    "issue",
    "issued_films",
    "open_control",
    "record",
    "stream",
    "utc_now",
    "verify",
    "was_recorded",
]

_MODULES = {
    "control": ("Control", "audit_log", "check_writable", "open_control", "record", "was_recorded"),
    "schema": ("AudienceRow", "AuditRow", "FilmLinkRow", "ForecastRow"),
    "score_book": ("Entry", "Verified", "entries", "issue", "issued_films", "stream", "verify"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"fullhouse.control.{module}"), name)
    raise AttributeError(f"module 'fullhouse.control' has no attribute {name!r}")
