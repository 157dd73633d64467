"""Who takes part in which purpose: the latest statement of every account counts."""

from fullhouse.consent.purposes import (
    ADVERTISING,
    ANALYTICS,
    check_purpose,
    known_purposes,
    near_purpose,
    normal_purpose,
)
from fullhouse.consent.statement import Statement, state
from fullhouse.consent.words import granting, latest_words, person_words, refusing

__all__ = [
    "ADVERTISING",
    "ANALYTICS",
    "Statement",
    "check_purpose",
    "granting",
    "known_purposes",
    "latest_words",
    "near_purpose",
    "normal_purpose",
    "person_words",
    "refusing",
    "state",
]
