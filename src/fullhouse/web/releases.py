"""Released numbers as a table: columns of what each line is of, and of its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from fullhouse.cleanroom.release import ReleasedLine


def table_of(lines: Sequence[ReleasedLine], *, plain: bool = False) -> Mapping[str, Any]:
    """The table of some lines; each column's largest value is the end of its strips.

    A plain one has no strips, which begin at nothing: an effect may be below it.
    """
    of = list(dict.fromkeys(name for line in lines for name in line.of))
    names = list(dict.fromkeys(name for line in lines for name in line.figures))
    most = {
        name: max((f.high or 0 for x in lines for n, f in x.figures.items() if n == name),
                  default=0)
        for name in names
    }  # fmt: skip
    return {"of": of, "names": names, "most": most, "lines": lines, "plain": plain}
