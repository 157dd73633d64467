"""Where to spend on a film: channels, cells of people, the response to advertising, the plan."""

from fullhouse.planning.cells import Cells, Slots, cells, reach
from fullhouse.planning.channel import Channel, read_channels
from fullhouse.planning.optimise import Problem, Rows, Spent, extra_tickets, optimise
from fullhouse.planning.response import Measured, Response, learn_response

__all__ = [
    "Cells",
    "Channel",
    "Measured",
    "Problem",
    "Response",
    "Rows",
    "Slots",
    "Spent",
    "cells",
    "extra_tickets",
    "learn_response",
    "optimise",
    "reach",
    "read_channels",
]
