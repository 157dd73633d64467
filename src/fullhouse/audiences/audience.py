"""What a saved audience is, and what counting one gives."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Audience:
    """A saved version of an audience: never edited; its members are in `audience_block`.

    The rule names its traits in full and pins the versions of the audiences it uses. `as_of` is
    the day the trait build looks back from, `at` when it was saved.
    """

    name: str
    version: int
    rule: str
    purpose: str
    as_of: date
    build: int
    persons: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True)
class Count:
    """People who fit a rule and take part in a purpose, and those left out for want of consent."""

    persons: int
    left_out: int
