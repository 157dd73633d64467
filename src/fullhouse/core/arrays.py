"""Names of NumPy arrays by what they hold; shapes stand in the docstrings that use them."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
"""Numbers in single precision, where there are many of them."""
Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
"""Whole numbers in four bytes, such as strata, trait ids and columns."""
Integers = npt.NDArray[np.integer[Any]]
"""Whole numbers of any width, as they come from Arrow or a memory-mapped file."""
Uints = npt.NDArray[np.uint32]
"""Persons' ids, or 32 bits drawn for each of them."""
PackedBits = npt.NDArray[np.uint8]
"""Eight flags a byte, the first in the lowest bit."""
Flags = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]
