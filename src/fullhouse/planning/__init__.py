"""Where to spend on a film: channels, cells of people, the response to advertising, the plan."""

from fullhouse.planning.caps import cap_rows
from fullhouse.planning.cells import Cells, Slots, cells, reach
from fullhouse.planning.channel import Channel, read_channels
from fullhouse.planning.optimise import Rows, Spent, optimise
from fullhouse.planning.problem import Problem, by_cell, extra_tickets, seen, shared_out
from fullhouse.planning.response import Measured, Response, faded, learn_response

__all__ = [
    "Cells",
    "Channel",
    "Measured",
    "Problem",
    "Response",
    "Rows",
    "Slots",
    "Spent",
    "by_cell",
    "cap_rows",
    "cells",
    "extra_tickets",
    "faded",
    "learn_response",
    "optimise",
    "reach",
    "read_channels",
    "seen",
    "shared_out",
]
