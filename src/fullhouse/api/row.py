"""A route as a row of a table: which use case it calls, for whom, and how it answers."""

from dataclasses import dataclass
from typing import Literal

Who = Literal["tenant", "house", "both"]


@dataclass(frozen=True)
class Row:
    """One route. Everything else of it is read from the use case when it is first needed.

    `use_case` is a name of `fullhouse.app`, or `module:name` for what joins several. `may` is the
    verb of `cleanroom.roles` that a user needs. Fields of the request whose names stand in the path
    come from there, the others from the query, or from the body of a POST and the like.
    """

    method: str
    path: str
    use_case: str
    may: str
    who: Who = "house"
    house_may: str = ""
    """What one of the house needs instead, where both may call it."""
    status: int = 200
    work: bool = False
    """It takes long: the answer is a job, and what came of it is read there."""
    later: bool = False
    """It may take long: with the header `Prefer: respond-async`, the answer is a job."""
    lists: bool = False
    """It gives a list, in pages."""
    part: str = ""
    """The field of the result that is the answer; without it, all of it."""
    without: tuple[str, ...] = ()
    """Fields of the request that are not offered."""
    files: tuple[str, ...] = ()
    """Fields that name a file: over HTTP, the id of one that was uploaded."""
    keeps_nothing: bool = False
    """Names people: no answer is kept for an Idempotency-Key; it does the same when done twice."""
    page: str = ""
    """`module:function` of the view that makes a page of the result."""

    @property
    def tag(self) -> str:
        """What the route is about: the first part of its path after the version."""
        return self.path.split("/")[2]

    @property
    def makes(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        """The route's name: one for each row."""
        return f"{self.use_case.rpartition(':')[2]}{f'_{self.part}' if self.part else ''}"
