"""The control database: saved audiences, links of films, the score book and the audit log."""

from fullhouse.control.control import HOUSE, Control, audit_log, open_control, record, utc_now
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

__all__ = [
    "HOUSE",
    "AudienceRow",
    "AuditRow",
    "Control",
    "Entry",
    "FilmLinkRow",
    "ForecastRow",
    "Verified",
    "audit_log",
    "entries",
    "issue",
    "issued_films",
    "open_control",
    "record",
    "stream",
    "utc_now",
    "verify",
]
