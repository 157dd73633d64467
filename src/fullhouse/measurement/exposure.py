"""Who was really shown something: impressions and clicks that came back, by line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exposure:
    """What came back of a line: impressions and clicks of its people.

    `people` are those in the treated arm, `reached` those of them with an impression at least.
    `held_out_reached` are people of the held-out arm who were shown the line's advertisement all
    the same: they make the effect look smaller than it is.
    """

    line: str
    channel: str
    people: int
    reached: int
    impressions: int
    clicks: int
    held_out_reached: int
