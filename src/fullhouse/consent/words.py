"""The latest statement of every account on a purpose, and whom it keeps in or out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from fullhouse.core.tables import ACCOUNT_PERSON, CONSENT
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir


def latest_words(
    engine: Engine, lake: Lake, *, purpose: str, as_of: date, now: bool = False
) -> ir.Table:
    """Source, account and `granted` for every account with a statement on a purpose.

    Only statements of `as_of` or earlier count; of those, the latest. Of several at the same
    moment, a refusal wins. With `now`, a refusal counts whatever its day: whoever is about to
    leave the house may have refused in a time zone where it is tomorrow already.
    """
    statements = engine.scan(lake.snapshot(CONSENT)).filter(
        ibis._.purpose.strip().lower() == purpose
    )
    counts = ibis._.day <= as_of
    # One statement for each moment first: engines break the ties of argmax differently.
    by_moment = (
        statements.filter(counts | ~ibis._.granted if now else counts)
        .mutate(account=ibis._.account.strip())
        .group_by("source", "account", "at")
        .agg(granted=ibis._.granted.cast("int32").min())
    )
    latest = by_moment.group_by("source", "account").agg(
        granted=ibis._.granted.argmax(ibis._["at"])
    )
    return latest.mutate(granted=ibis._.granted == 1)


def person_words(
    engine: Engine, lake: Lake, *, purpose: str, as_of: date, now: bool = False
) -> ir.Table:
    """Person, `granted` (some account grants) and `refused` (some account refuses).

    People without any statement of an account are not there.
    """
    words = latest_words(engine, lake, purpose=purpose, as_of=as_of, now=now)
    people = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select(
        "source", "person", account=ibis._.account.strip()
    )
    joined = words.join(people, ["source", "account"]).select(
        "person", yes=ibis._.granted.cast("int32"), no=(~ibis._.granted).cast("int32")
    )
    by_person = joined.group_by("person").agg(yes=ibis._.yes.max(), no=ibis._.no.max())
    return by_person.select("person", granted=ibis._.yes == 1, refused=ibis._.no == 1)


def refusing(
    engine: Engine, lake: Lake, *, purpose: str, as_of: date, now: bool = False
) -> ir.Table:
    """Persons of whom some account's latest statement refuses the purpose."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of, now=now)
    return words.filter(ibis._.refused).select("person")


def granting(
    engine: Engine, lake: Lake, *, purpose: str, as_of: date, now: bool = False
) -> ir.Table:
    """Persons of whom some account grants the purpose and none refuses it."""
    words = person_words(engine, lake, purpose=purpose, as_of=as_of, now=now)
    return words.filter(ibis._.granted & ~ibis._.refused).select("person")
