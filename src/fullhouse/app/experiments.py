"""Anyone's own experiment, read from a file: no workspace is needed."""

from fullhouse.measurement import read_experiment as experiment_read
from fullhouse.measurement import read_geo as geo_read
from fullhouse.measurement import read_uplift as uplift_read

__all__ = ["experiment_read", "geo_read", "uplift_read"]
