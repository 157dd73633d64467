"""The people of an experiment by arm and stratum: a row for some, a count of those who have 0."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError
from fullhouse.stats.cuped import Joint, joint


@dataclass(frozen=True)
class Cell:
    """People of one arm in one stratum.

    `values` has a row for each listed person, outcomes and then covariates; `others` are people
    besides them who have 0 in every column.
    """

    values: Floats
    others: int = 0

    @property
    def n(self) -> int:
        """Everybody, listed or not."""
        return len(self.values) + self.others


@dataclass(frozen=True)
class Cells:
    """All people of an experiment: `cells` by arm, then stratum; `outcomes` columns come first.

    Each cell has at least 2 people, or it is a `CannotTellError`.
    """

    arms: tuple[str, ...]
    strata: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    outcomes: int

    def __post_init__(self) -> None:
        split = len(self.strata) > 1
        for arm, row in zip(self.arms, self.cells, strict=True):
            for stratum, cell in zip(self.strata, row, strict=True):
                if cell.n < 2:
                    where = {"stratum": stratum} if split else {}
                    code = "too_few_in_stratum" if split else "too_few_in_arm"
                    raise CannotTellError(code=code, arm=arm, people=cell.n, needed=2, **where)

    @property
    def covariates(self) -> int:
        """How many columns are covariates."""
        return int(self.cells[0][0].values.shape[1]) - self.outcomes

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many people are in each arm."""
        return {a: sum(c.n for c in row) for a, row in zip(self.arms, self.cells, strict=True)}

    @cached_property
    def joints(self) -> tuple[tuple[Joint, ...], ...]:
        """The moments of all columns in each cell."""
        return tuple(tuple(joint(c.values, c.others) for c in row) for row in self.cells)

    def column(self, arm: int, column: int) -> tuple[Floats, int]:
        """One column of the listed people of an arm, and how many others have 0."""
        row = self.cells[arm]
        return np.concatenate([c.values[:, column] for c in row]), sum(c.others for c in row)

    def residual(self, arm: int, outcome: int, theta: Floats) -> tuple[Floats, int]:
        """What covariates leave of an outcome, up to a constant, in the same form."""
        row = self.cells[arm]
        values = [c.values[:, outcome] - c.values[:, self.outcomes :] @ theta for c in row]
        return np.concatenate(values), sum(c.others for c in row)
