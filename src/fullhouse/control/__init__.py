"""The control database: saved audiences and the audit log."""

from fullhouse.control.control import audit_log, open_control, record
from fullhouse.control.schema import AudienceRow, AuditRow

__all__ = ["AudienceRow", "AuditRow", "audit_log", "open_control", "record"]
