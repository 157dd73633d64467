"""The persons of a build, as they were described on its date."""

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from fullhouse.core.tables import DEMOGRAPHICS, Snapshot
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine, Scratch
from fullhouse.people.persons import persons as persons_of
from fullhouse.traits.blocks import of_block
from fullhouse.traits.items import nullable


@dataclass(frozen=True)
class Base:
    """Rows of `person`, with those corrected of whom accounts said something new since."""

    engine: Engine
    snapshot: Snapshot
    corrected: ir.Table | None

    def rows(self, block: int | None = None) -> ir.Table:
        """All persons, or those of one block."""
        files = self.snapshot if block is None else of_block(self.snapshot, block)
        found = self.engine.scan(files)
        then = self.corrected
        if block is not None:
            found = found.filter(found.block == block)
            then = None if then is None else then.filter(then.block == block)
        if then is None:
            return found
        rest = found.anti_join(then.select("person"), "person")
        return ibis.union(nullable(rest), nullable(then))


def base_as_of(
    engine: Engine, inputs: dict[str, Snapshot], scratch: Scratch, *, as_of: date
) -> Base:
    """The persons with what their accounts had said by a date.

    People of whom nothing was said by then are described as they are now: accounts are often
    loaded after the fact. Who is a person, and which accounts are theirs, is as it is now.
    """
    said = engine.scan(inputs["account"])
    late = (said.at.date() > ibis.literal(as_of)).cast("int64")
    newest = engine.arrow(said.aggregate(late=late.max()))["late"][0].as_py()
    if not newest:
        return Base(engine, inputs["person"], None)
    accounts = engine.scan(inputs["account_person"])
    block = (accounts.person >> BLOCK_BITS).cast("int32")
    members = accounts.select("source", "account", "person", block=block)
    words = said.mutate(late=late).join(members, ["source", "account"])
    by_person = words.group_by("person").aggregate(n=words.count(), late=words.late.sum())
    changed = by_person.filter(by_person.late > 0, by_person.late < by_person.n).select("person")
    then = persons_of(
        members.semi_join(changed, "person"),
        words.filter(words.late == 0)
        .semi_join(changed, "person")
        .select(
            "person", "block", "source", "account", "at", "batch", *(c.name for c in DEMOGRAPHICS)
        ),
    )
    return Base(engine, inputs["person"], scratch.keep(then))
