"""Project a film's box office as a range that keeps its word."""

from fullhouse.forecast.forecast import (
    DAY_PROBABILITIES,
    LEVELS,
    PROBABILITIES,
    QUANTITIES,
    Comp,
    DayRange,
    Driver,
    Forecast,
    KnownFact,
    ModelFacts,
    Note,
    Range,
    Shared,
    Step,
    read_forecast,
)

__all__ = [
    "DAY_PROBABILITIES",
    "LEVELS",
    "PROBABILITIES",
    "QUANTITIES",
    "Comp",
    "DayRange",
    "Driver",
    "Forecast",
    "KnownFact",
    "ModelFacts",
    "Note",
    "Range",
    "Shared",
    "Step",
    "read_forecast",
]
