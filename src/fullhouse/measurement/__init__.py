"""What a campaign really changed: randomised and geo experiments, read as assigned."""

from fullhouse.measurement.experiment import ArmEffect, Cuped, Experiment, Readout
from fullhouse.measurement.geo import GeoReadout, Panel, read_geo, read_panel
from fullhouse.measurement.load import load_table
from fullhouse.measurement.read import read_experiment
from fullhouse.measurement.uplift import Uplift, read_uplift
from fullhouse.measurement.words import say_effect, say_geo, say_readout, say_uplift

__all__ = [
    "ArmEffect",
    "Cuped",
    "Experiment",
    "GeoReadout",
    "Panel",
    "Readout",
    "Uplift",
    "load_table",
    "read_experiment",
    "read_geo",
    "read_panel",
    "read_uplift",
    "say_effect",
    "say_geo",
    "say_readout",
    "say_uplift",
]
