"""Anyone's own experiment, read from a file or a table: no workspace is needed."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa

from fullhouse.core.request import request
from fullhouse.measurement.experiment import GeoReadout, Readout, Uplift
from fullhouse.measurement.geo import read_geo
from fullhouse.measurement.read_experiment import read_experiment
from fullhouse.measurement.uplift import read_uplift


@request
class ReadExperiment:
    """A table with one row a person, or its file; see `measurement.experiment.Experiment`."""

    table: pa.Table | str | Path
    arm: str
    control: str
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    strata: str | None = None
    id: str | None = None
    shares: Mapping[str, float] | None = None
    assigned: Mapping[str, int] | None = None
    costs: Mapping[str, float] | None = None
    intended: int | None = None
    level: float = 0.95


@request
class ReadGeoExperiment:
    """A table with one row a city and day, or its file; treated cities; first and last day."""

    table: pa.Table | str | Path
    treated: tuple[str, ...]
    start: date
    end: date
    city: str = "city"
    day: str = "day"
    value: str = "value"
    level: float = 0.95
    seed: int = 0


@request
class ReadUplift:
    """A table with one row a person, or its file; which arm may move some more than others."""

    table: pa.Table | str | Path
    arm: str
    treated: str
    control: str
    outcome: str
    covariates: tuple[str, ...]
    seed: int = 0
    repeats: int = 10
    folds: int = 5
    level: float = 0.95


def experiment_read(request: ReadExperiment) -> Readout:
    """What each arm changed in each outcome, everybody in the arm they were assigned to."""
    return read_experiment(**vars(request))


def geo_read(request: ReadGeoExperiment) -> GeoReadout:
    """What the treated cities sold beyond what the others predict."""
    return read_geo(**vars(request))


def uplift_read(request: ReadUplift) -> Uplift:
    """Whether covariates predict whom an arm moves, on people the learner never saw."""
    return read_uplift(**vars(request))
