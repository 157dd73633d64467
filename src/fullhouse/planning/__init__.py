"""Where to spend on a film: channels, cells of people, the response to advertising, the plan."""

from fullhouse.planning.channel import Channel, read_channels
from fullhouse.planning.objective import (
    extra_tickets,
    impressions_by_cell,
    tickets_by_cell,
    tickets_by_slot,
)
from fullhouse.planning.optimise import optimise
from fullhouse.planning.problem import (
    AudienceCells,
    MediaSlots,
    PlanProblem,
    PlanRows,
    Spending,
    cap_rows,
    cells,
    reach,
)
from fullhouse.planning.response import MeasuredResponse, Response, adstock, learn_response

__all__ = [
    "AudienceCells",
    "Channel",
    "MeasuredResponse",
    "MediaSlots",
    "PlanProblem",
    "PlanRows",
    "Response",
    "Spending",
    "adstock",
    "cap_rows",
    "cells",
    "extra_tickets",
    "impressions_by_cell",
    "learn_response",
    "optimise",
    "reach",
    "read_channels",
    "tickets_by_cell",
    "tickets_by_slot",
]
