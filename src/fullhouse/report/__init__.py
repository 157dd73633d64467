"""Charts and pages: one function each, for the notebook, the command line and the web."""

from fullhouse.report.affinity import affinity_chart
from fullhouse.report.save import CHART_SUFFIXES, save_chart

__all__ = ["CHART_SUFFIXES", "affinity_chart", "save_chart"]
