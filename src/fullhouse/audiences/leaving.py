"""Who may leave the house at this moment: asked anew at every step on which somebody would."""

from typing import TypeAlias

from pyroaring import BitMap

from fullhouse.audiences.kernel import Kernel, Set, as_bitmap
from fullhouse.audiences.population import Blocked, blocked
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.lake import Lake
from fullhouse.workspace.context import Context

Moment: TypeAlias = tuple[int | None, int | None]
"""The versions of consent and of the persons of accounts that an answer rests on."""


class Leaving:
    """The people whom no refusal keeps in the house, by all that is recorded up to each question.

    It reads the newest tables whatever versions the use case began with. What is asked twice of
    the same moment is computed once, and sets that are one object stay one object.
    """

    def __init__(self, context: Context, *purposes: str) -> None:
        self.lake: Lake = context.lake.live
        self._context, self._purposes = context, tuple(dict.fromkeys(purposes))
        self._moment: Moment | None = None
        self._blocked: tuple[Blocked, ...] = ()
        self._answers: dict[tuple[int, int], tuple[BitMap, BitMap]] = {}

    def moment(self) -> Moment:
        """What is recorded now; the same as before where nobody said anything in between."""
        # Pinned for this one look: the versions of all tables are listed, and none is opened.
        newest = self.lake.pinned()
        return newest.version(CONSENT), newest.version(ACCOUNT_PERSON)

    def may_leave(self, people: PersonSet) -> dict[int, BitMap]:
        """Those of some people who take part in every purpose now."""
        self._refresh()
        return {block: self._of(block, some) for block, some in people.items()}

    def has_left(self, people: PersonSet) -> bool:
        """Whether any of some people, who could leave a moment ago, may not any more."""
        return any(len(people[b]) > len(some) for b, some in self.may_leave(people).items())

    def _refresh(self) -> None:
        moment = self.moment()
        if moment == self._moment:
            return
        context = self._context
        self._blocked = tuple(
            blocked(
                lambda: context.engine, self.lake, context.settings, purpose=purpose,
                as_of=context.today, leaving=True,
            )
            for purpose in self._purposes
        )  # fmt: skip
        self._moment, self._answers = moment, {}

    def _of(self, block: int, people: BitMap) -> BitMap:
        known = self._answers.get((block, id(people)))
        if known is None:
            known = people, without_blocked(self._blocked, people, block)
            self._answers[block, id(people)] = known
        return known[1]


def without_blocked(blocked: tuple[Blocked, ...], people: BitMap, block: int) -> BitMap:
    """Those of some people of a block whom nothing blocks."""
    kernel = Kernel()
    left: Set = people
    for each in blocked:
        left = each.without_blocked(kernel, left, block)
    return BitMap(as_bitmap(left, block))
