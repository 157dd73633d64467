"""Charts and pages: one function each, for the notebook, the command line and the web."""

from fullhouse.report.affinity import affinity_chart
from fullhouse.report.forecast_drivers import driver_chart
from fullhouse.report.forecast_fan import fan_chart
from fullhouse.report.forecast_page import forecast_page
from fullhouse.report.forecast_ranges import horizon_chart, range_chart
from fullhouse.report.forecast_words import forecast_lines, money
from fullhouse.report.reliability import reliability_chart
from fullhouse.report.save import CHART_SUFFIXES, save_chart
from fullhouse.report.slate import Conflict, slate_chart

__all__ = [
    "CHART_SUFFIXES",
    "Conflict",
    "affinity_chart",
    "driver_chart",
    "fan_chart",
    "forecast_lines",
    "forecast_page",
    "horizon_chart",
    "money",
    "range_chart",
    "reliability_chart",
    "save_chart",
    "slate_chart",
]
