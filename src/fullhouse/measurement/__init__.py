"""What a campaign really changed: randomised and geo experiments, read as assigned."""

from fullhouse.measurement.counted import Counted, CountedArms, count_arms
from fullhouse.measurement.experiment import ArmEffect, Cuped, Experiment, Readout
from fullhouse.measurement.exposure import Exposure, Reached, exposure, reached_people
from fullhouse.measurement.geo import GeoReadout, Panel, read_geo, read_panel
from fullhouse.measurement.load import load_table
from fullhouse.measurement.reached import SpillOver, effect_on_reached, spill_over_bound
from fullhouse.measurement.read import read_experiment
from fullhouse.measurement.read_counted import read_counted, read_part, read_parts
from fullhouse.measurement.uplift import Uplift, read_uplift
from fullhouse.measurement.words import say_effect, say_geo, say_readout, say_uplift

__all__ = [
    "ArmEffect",
    "Counted",
    "CountedArms",
    "Cuped",
    "Experiment",
    "Exposure",
    "GeoReadout",
    "Panel",
    "Reached",
    "Readout",
    "SpillOver",
    "Uplift",
    "count_arms",
    "effect_on_reached",
    "exposure",
    "load_table",
    "reached_people",
    "read_counted",
    "read_experiment",
    "read_geo",
    "read_panel",
    "read_part",
    "read_parts",
    "read_uplift",
    "say_effect",
    "say_geo",
    "say_readout",
    "say_uplift",
    "spill_over_bound",
]
