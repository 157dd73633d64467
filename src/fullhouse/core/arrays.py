"""Names of NumPy arrays by what they hold; shapes stand in the docstrings that use them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer[Any]]
"""Whole numbers of any width, as they come from Arrow or a memory-mapped file."""
Flags = npt.NDArray[np.bool_]
