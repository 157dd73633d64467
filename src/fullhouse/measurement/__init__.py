"""What a campaign really changed: randomised and geo experiments, read as assigned."""

from fullhouse.measurement.campaign_data import Counted, CountedArms, count_arms
from fullhouse.measurement.experiment import (
    ArmEffect,
    CityPairsReadout,
    Cuped,
    Experiment,
    GeoReadout,
    Readout,
    Uplift,
)
from fullhouse.measurement.exposure import effect_on_reached, spill_over_bound
from fullhouse.measurement.geo import read_geo
from fullhouse.measurement.geo_panel import Panel, read_panel
from fullhouse.measurement.policy import read_policy, score_people
from fullhouse.measurement.read_experiment import (
    read_counted,
    read_experiment,
    read_part,
    read_parts,
)
from fullhouse.measurement.uplift import read_uplift

__all__ = [
    "ArmEffect",
    "CityPairsReadout",
    "Counted",
    "CountedArms",
    "Cuped",
    "Experiment",
    "GeoReadout",
    "Panel",
    "Readout",
    "Uplift",
    "count_arms",
    "effect_on_reached",
    "read_counted",
    "read_experiment",
    "read_geo",
    "read_panel",
    "read_part",
    "read_parts",
    "read_policy",
    "read_uplift",
    "score_people",
    "spill_over_bound",
]
