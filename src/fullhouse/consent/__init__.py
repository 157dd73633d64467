"""Who takes part in which purpose: the latest word of every account counts."""

from fullhouse.consent.words import (
    ADVERTISING,
    ANALYTICS,
    granting,
    latest_words,
    person_words,
    refusing,
)

__all__ = [
    "ADVERTISING",
    "ANALYTICS",
    "granting",
    "latest_words",
    "person_words",
    "refusing",
]
