"""The latest word of every account on a purpose, and whom it keeps in or out."""

from datetime import date

import ibis.expr.types as ir
from ibis import _

from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.engine import Engine
from fullhouse.lake import Lake

ANALYTICS = "analytics"
ADVERTISING = "advertising"


def latest_words(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Source, account and `granted` for every account with a statement on a purpose.

    Only statements of `as_of` or earlier count; of that, the latest. Of several words at the
    same moment, a refusal wins.
    """
    statements = engine.scan(lake.snapshot(CONSENT)).filter(
        (_.purpose == purpose) & (_.day <= as_of)
    )
    # One word for each moment first: engines break the ties of argmax differently.
    by_moment = statements.group_by("source", "account", "at").agg(
        granted=_.granted.cast("int32").min()
    )
    latest = by_moment.group_by("source", "account").agg(granted=_.granted.argmax(_["at"]))
    return latest.mutate(granted=_.granted == 1)


def person_words(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Person, `granted` (some account grants) and `refused` (some account refuses).

    People without any statement of an account are not there.
    """
    words = latest_words(engine, lake, purpose=purpose, as_of=as_of)
    people = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    joined = words.join(people, ["source", "account"]).select(
        "person", yes=_.granted.cast("int32"), no=(~_.granted).cast("int32")
    )
    by_person = joined.group_by("person").agg(yes=_.yes.max(), no=_.no.max())
    return by_person.select("person", granted=_.yes == 1, refused=_.no == 1)


def refusing(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Persons of whom some account's latest word refuses the purpose."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of)
    return words.filter(_.refused).select("person")


def granting(engine: Engine, lake: Lake, *, purpose: str, as_of: date) -> ir.Table:
    """Persons of whom some account grants the purpose and none refuses it."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of)
    return words.filter(_.granted & ~_.refused).select("person")
