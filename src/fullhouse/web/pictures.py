"""Small pictures as SVG, made by hand: ranges on a common axis, affinities, shares, budgets.

They hold no text and no style: words stand beside them, colours in the style sheet, so that they
print, follow the theme, and stretch to the room there is.
"""

from collections.abc import Sequence
from math import log10

from markupsafe import Markup

from fullhouse.cleanroom.release import ReleasedNumber

_OPEN = Markup(
    '<svg class="{cls}" viewBox="0 0 100 {height}" preserveAspectRatio="none" role="img"'
    ' aria-label="{label}">'
)
_BAND = Markup('<polygon class="{cls}" points="{points}"/>')
_LINE = Markup('<polyline points="{points}"/>')
_CLOSE = Markup("</svg>")
_BOX = Markup('<rect class="{cls}" x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}"/>')


class Axis:
    """A common axis for the ranges of a table: linear, or logarithmic for money."""

    def __init__(self, low: float, high: float, *, logarithmic: bool = False) -> None:
        self._log = logarithmic and low > 0
        self._low, self._high = self._place(low), self._place(high)

    def at(self, value: float) -> float:
        """Where a value stands, of 100; what lies outside stands at the end."""
        width = self._high - self._low
        place = 50.0 if width <= 0 else 100 * (self._place(value) - self._low) / width
        return min(100.0, max(0.0, place))

    def _place(self, value: float) -> float:
        return log10(max(value, 1e-9)) if self._log else value


def range_strip(
    axis: Axis,
    low: float,
    high: float,
    label: str,
    *,
    middle: float | None = None,
    mark: float | None = None,
    cls: str = "",
) -> Markup:
    """A range as a bar with its middle, and a mark such as last week's middle or no affinity."""
    a, b = axis.at(low), axis.at(high)
    boxes = [_box("ground", 0, 5.5, 100, 1), _box("range", a, 2, max(b - a, 0.8), 8)]
    if mark is not None:
        boxes.append(_box("mark", axis.at(mark) - 0.2, 0, 0.4, 12))
    if middle is not None:
        boxes.append(_box("middle", axis.at(middle) - 0.35, 0.5, 0.7, 11))
    return _svg(f"strip {cls}".strip(), 12, label, boxes)


def released_strip(figure: ReleasedNumber, most: float, label: str) -> Markup:
    """The range of a released number on the axis of its column, which begins at nothing."""
    low, high = figure.low or 0, figure.high or 0
    words = f"{label}: {low:,.6g} – {high:,.6g}"
    return range_strip(Axis(0, max(most, 1e-9)), low, high, words, middle=figure.value)


def unknown_strip(label: str) -> Markup:
    """The range of what the data cannot tell: hatched all over, neither good nor bad."""
    stripes = [_box("hatch", x, 2, 1.6, 8) for x in range(1, 100, 4)]
    return _svg("strip unknown", 12, label, [_box("ground", 0, 5.5, 100, 1), *stripes])


def share_bar(share: float, label: str, *, after: float | None = None) -> Markup:
    """A share of a whole; `after` is the share that something planned would make of it."""
    part = 100 * min(1.0, max(0.0, share))
    boxes = [_box("ground", 0, 0, 100, 8), _box("range", 0, 0, part, 8)]
    if after is not None and after > share:
        boxes.append(_box("planned", part, 0, 100 * min(1.0, after) - part, 8))
    return _svg("bar", 8, label, boxes)


def fan(quantiles: Sequence[Sequence[float]], label: str) -> Markup:
    """Ranges day by day as bands around the middle: each day its quantiles, ascending, odd many."""
    top, last = max(max(day) for day in quantiles) * 1.02, max(len(quantiles) - 1, 1)

    def line(place: int, *, back: bool = False) -> str:
        days = list(enumerate(quantiles))
        points = [f"{100 * i / last:.2f},{60 - 60 * q[place] / top:.2f}" for i, q in days]
        return " ".join(reversed(points) if back else points)

    middle = len(quantiles[0]) // 2
    bands = [
        _BAND.format(cls=f"band{i}", points=f"{line(i)} {line(-1 - i, back=True)}")
        for i in range(middle)
    ]
    return _svg("fan", 60, label, [*bands, _LINE.format(points=line(middle))])


def budget_curve(
    points: Sequence[tuple[float, float, float, float]], budget: float, label: str
) -> Markup:
    """What each budget sells: (budget, low, middle, high), ascending; a mark at one's own."""
    most = max(points[-1][0], budget, 1e-9)
    low = min(0.0, *(p[1] for p in points))
    height = max(max(p[3] for p in points) - low, 1e-9) * 1.04

    def line(place: int) -> list[str]:
        return [
            f"{100 * p[0] / most:.2f},{60 - 60 * (p[place] - low) / height:.2f}" for p in points
        ]

    band = _BAND.format(cls="band0", points=" ".join([*line(1), *reversed(line(3))]))
    mark = _box("mark", min(100 * budget / most, 99.6), 0, 0.4, 60)
    return _svg("fan", 60, label, [band, mark, _LINE.format(points=" ".join(line(2)))])


def columns(values: list[float], label: str) -> Markup:
    """A column for each of some days or weeks, the largest as high as the picture."""
    most, width = max([*values, 1e-9]), 100 / max(len(values), 1)
    boxes = [
        _box("range", i * width + width * 0.1, 40 - 40 * v / most, width * 0.8, 40 * v / most)
        for i, v in enumerate(values)
    ]
    return _svg("columns", 40, label, boxes)


def _svg(cls: str, height: int, label: str, boxes: list[Markup]) -> Markup:
    return _OPEN.format(cls=cls, height=height, label=label) + Markup("").join(boxes) + _CLOSE


def _box(cls: str, x: float, y: float, w: float, h: float) -> Markup:
    return _BOX.format(cls=cls, x=x, y=y, w=w, h=h)
