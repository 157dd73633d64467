"""The latest word of every account on a purpose, and whom it keeps in or out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

ANALYTICS = "analytics"
ADVERTISING = "advertising"


def latest_words(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Source, account and `granted` for every account with a statement on a purpose.

    Only statements of `as_of` or earlier count; of that, the latest. Of several words at the
    same moment, a refusal wins.
    """
    statements = engine.scan(lake.snapshot(CONSENT)).filter(
        (ibis._.purpose == purpose) & (ibis._.day <= as_of)
    )
    # One word for each moment first: engines break the ties of argmax differently.
    by_moment = statements.group_by("source", "account", "at").agg(
        granted=ibis._.granted.cast("int32").min()
    )
    latest = by_moment.group_by("source", "account").agg(
        granted=ibis._.granted.argmax(ibis._["at"])
    )
    return latest.mutate(granted=ibis._.granted == 1)


def person_words(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Person, `granted` (some account grants) and `refused` (some account refuses).

    People without any statement of an account are not there.
    """
    words = latest_words(engine, lake, purpose=purpose, as_of=as_of)
    people = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    joined = words.join(people, ["source", "account"]).select(
        "person", yes=ibis._.granted.cast("int32"), no=(~ibis._.granted).cast("int32")
    )
    by_person = joined.group_by("person").agg(yes=ibis._.yes.max(), no=ibis._.no.max())
    return by_person.select("person", granted=ibis._.yes == 1, refused=ibis._.no == 1)


def refusing(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Persons of whom some account's latest word refuses the purpose."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of)
    return words.filter(ibis._.refused).select("person")


def granting(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Persons of whom some account grants the purpose and none refuses it."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of)
    return words.filter(ibis._.granted & ~ibis._.refused).select("person")
