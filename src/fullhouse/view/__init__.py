"""Charts and pages: one function each, for the notebook, the command line and the web.

A chart is loaded when it is first used: words alone do not wait for the libraries that draw.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullhouse.view.affinity import affinity_chart
    from fullhouse.view.bridge_chart import bridge_chart
    from fullhouse.view.calibration_chart import calibration_chart
    from fullhouse.view.card_forest import card_forest
    from fullhouse.view.card_strip import card_strip
    from fullhouse.view.city_chart import city_chart
    from fullhouse.view.curve_chart import curve_chart
    from fullhouse.view.discovery_page import discovery_page
    from fullhouse.view.discovery_words import discovery_lines
    from fullhouse.view.effect_chart import effect_chart
    from fullhouse.view.exhibitor_page import exhibitor_page
    from fullhouse.view.forecast_drivers import driver_chart
    from fullhouse.view.forecast_fan import fan_chart
    from fullhouse.view.forecast_page import forecast_page
    from fullhouse.view.forecast_ranges import horizon_chart, range_chart
    from fullhouse.view.forecast_words import forecast_lines, money
    from fullhouse.view.overlap_chart import overlap_chart
    from fullhouse.view.plan_lines_chart import plan_lines_chart
    from fullhouse.view.plan_page import plan_page
    from fullhouse.view.reach_chart import reach_chart
    from fullhouse.view.reliability import reliability_chart
    from fullhouse.view.save import CHART_SUFFIXES, save_chart
    from fullhouse.view.slate import Conflict, slate_chart

MODULES = {
    "affinity": ("affinity_chart",),
    "bridge_chart": ("bridge_chart",),
    "calibration_chart": ("calibration_chart",),
    "card_forest": ("card_forest",),
    "card_strip": ("card_strip",),
    "city_chart": ("city_chart",),
    "curve_chart": ("curve_chart",),
    "discovery_page": ("discovery_page",),
    "discovery_words": ("discovery_lines",),
    "effect_chart": ("effect_chart",),
    "exhibitor_page": ("exhibitor_page",),
    "forecast_drivers": ("driver_chart",),
    "forecast_fan": ("fan_chart",),
    "forecast_page": ("forecast_page",),
    "forecast_ranges": ("horizon_chart", "range_chart"),
    "forecast_words": ("forecast_lines", "money"),
    "overlap_chart": ("overlap_chart",),
    "plan_lines_chart": ("plan_lines_chart",),
    "plan_page": ("plan_page",),
    "reach_chart": ("reach_chart",),
    "reliability": ("reliability_chart",),
    "save": ("CHART_SUFFIXES", "save_chart"),
    "slate": ("Conflict", "slate_chart"),
}

__all__ = [
    "CHART_SUFFIXES",
    "Conflict",
    "affinity_chart",
    "bridge_chart",
    "calibration_chart",
    "card_forest",
    "card_strip",
    "city_chart",
    "curve_chart",
    "discovery_lines",
    "discovery_page",
    "driver_chart",
    "effect_chart",
    "exhibitor_page",
    "fan_chart",
    "forecast_lines",
    "forecast_page",
    "horizon_chart",
    "money",
    "overlap_chart",
    "plan_lines_chart",
    "plan_page",
    "range_chart",
    "reach_chart",
    "reliability_chart",
    "save_chart",
    "slate_chart",
]


def __getattr__(name: str) -> Any:
    for module, names in MODULES.items():
        if name in names:
            value = getattr(import_module(f"fullhouse.view.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'fullhouse.view' has no attribute {name!r}")
