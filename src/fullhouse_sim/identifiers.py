"""E-mails, phones and device ids as houses have them: partly missing, shared, mistyped, changed.

Nobody can be reached by any of them. E-mails are under example.com and example.org. Phone numbers
have area codes N9X, which the North American plan keeps for its own expansion; the box office's is
one of the 555-01xx that are set aside for fiction.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim import codes
from fullhouse_sim.draws import stream, uniforms
from fullhouse_sim.market import Market
from fullhouse_sim.members import LEAST_AGE, Members
from fullhouse_sim.population import People

GIVEN = {
    "shop": {"email": 0.97, "phone": 0.60, "device": 0.0},
    "video": {"email": 0.90, "phone": 0.20, "device": 0.70},
    "tickets": {"email": 0.60, "phone": 0.90, "device": 0.35},
}
"""Share of a source's accounts that have one."""
FAMILY_EMAIL, FAMILY_PHONE, FAMILY_DEVICE = 0.05, 0.03, 0.04
"""Share of people who use that of the household's eldest account holder."""
CHANGED = 0.08
"""Share of people whose identifiers change within the feeds' days."""
REPORTED = 0.5
"""Share of accounts whose owner tells the source of the change."""
MISTYPED = 0.015
BOX_OFFICE = 0.01
"""Share of the ticket service's accounts with the box office's own phone."""
BOX_OFFICE_PHONE = "8005550199"

_FIRST = ("ada", "ben", "cleo", "dan", "eva", "finn", "gus", "hana", "ivo", "june", "kit", "lea",
          "max", "nora", "otto", "pia")  # fmt: skip
_LAST = ("alder", "birch", "cedar", "dale", "elm", "field", "grove", "heath", "ivy", "lane",
         "marsh", "north", "oak", "pond", "rowan", "stone")  # fmt: skip
_AREAS, _EXCHANGES, _LINES = 80, 800, 10_000
_ALL = _AREAS * _EXCHANGES * _LINES


@dataclass(frozen=True)
class Reach:
    """What each row of an account feed says; null where it says nothing."""

    email: pa.Array
    phone: pa.Array
    device: pa.Array


def reach(market: Market, people: People, members: Members, rows: Ints, day: Ints) -> Reach:
    """The identifiers of some members' accounts (by position), as they were on given days."""
    person, number = members.person[rows], members.number[rows]

    def uniform(what: str) -> Floats:
        return uniforms(market.seed, number, what, members.source)

    def own(what: str, share: float) -> Ints:
        """A number for the identifier: of whose it is, and whether it is their new one."""
        shares = uniforms(market.seed, people.person[person], "family", what) < share
        whose = people.person[np.where(shares, _elder(people)[person], person)]
        return 2 * whose + (day >= changes(market, whose))

    given = GIVEN[members.source]
    email = _emails(own("email", FAMILY_EMAIL), uniform("typo") < MISTYPED)
    phone = _numbers(market, own("phone", FAMILY_PHONE))
    phone = np.where(uniform("misdialled") < MISTYPED, phone ^ 1, phone)
    spelt = _spelt(phone, uniform("spelt"))
    if members.source == "tickets":
        spelt = _where(uniform("box office") < BOX_OFFICE, BOX_OFFICE_PHONE, spelt)
    device = codes.scrambled(own("device", FAMILY_DEVICE), market.seed, "device")
    return Reach(
        _where(uniform("has email") >= given["email"], None, _untidy(email, uniform("untidy"))),
        _where(uniform("has phone") >= given["phone"], None, spelt),
        _where(uniform("has device") >= given["device"], None, codes.letters("dev-", device)),
    )


def changes(market: Market, persons: Ints) -> Ints:
    """The day from which somebody's identifiers are new ones; far ahead for most."""
    u = uniforms(market.seed, persons, "changes")
    return np.where(u < CHANGED, (u / CHANGED * market.days).astype(np.int64), 10**6)


def changed_contacts(market: Market, people: People, members: Members) -> tuple[Ints, Ints]:
    """Accounts (by position) whose source is changed_contacts of a change, and the day."""
    day = changes(market, people.person[members.person])
    tells = uniforms(market.seed, members.number, "tells", members.source) < REPORTED
    rows = np.flatnonzero(tells & (day < market.days) & (day > members.joined))
    return rows, day[rows]


def _elder(people: People) -> Ints:
    """For each person, the first of the household who may have an account, or the person."""
    able = np.flatnonzero(people.age >= LEAST_AGE)
    first = np.full(int(people.household[-1]) + 1, -1)
    first[people.household[able[::-1]]] = able[::-1]
    elder = first[people.household]
    return np.where(elder < 0, np.arange(len(people)), elder)


def _emails(number: Ints, mistyped: Flags) -> pa.Array:
    # One address differs from every other in its number, however it is typed.
    person = number // 2
    dot = codes.chosen(pa.array([".", ""]), mistyped)
    domain = codes.chosen(pa.array(["@example.com", "@example.org"]), person % 3 == 0)
    first = codes.chosen(pa.array(_FIRST), person % len(_FIRST))
    last = codes.chosen(pa.array(_LAST), person // len(_FIRST) % len(_LAST))
    return pc.binary_join_element_wise(
        first, dot, last, pa.array(number).cast(pa.string()), domain, pa.scalar("")
    )


def _untidy(email: pa.Array, uniform: Floats) -> pa.Array:
    spaced = pc.binary_join_element_wise(pa.scalar(" "), email, pa.scalar(" "), pa.scalar(""))
    loud = pc.if_else(pa.array(uniform < 0.1), pc.utf8_upper(email), email)
    return pc.if_else(pa.array((uniform >= 0.1) & (uniform < 0.15)), spaced, loud)


def _numbers(market: Market, number: Ints) -> Ints:
    """A phone's place among all the made-up numbers, one to one."""
    start = int(stream(market.seed, "phone").integers(10**5, 10**6))
    step = 10 * start + 1  # prime to 2 and 5
    place: Ints = (start + number * step) % _ALL
    return place


def _spelt(number: Ints, uniform: Floats) -> pa.Array:
    area = number // (_EXCHANGES * _LINES)
    area = 100 * (2 + area // 10) + 90 + area % 10
    exchange = 200 + number // _LINES % _EXCHANGES
    one, two = codes.digits("", area, 3), codes.digits("", exchange, 3)
    three = codes.digits("", number % _LINES, 4)

    def joined(*parts: str | pa.Array) -> pa.Array:
        made = [pa.scalar(p) if isinstance(p, str) else p for p in parts]
        return pc.binary_join_element_wise(*made, pa.scalar(""))

    plain, dotted = joined(one, two, three), joined("+1 ", one, ".", two, ".", three)
    phone = pc.if_else(pa.array(uniform < 0.7), dotted, plain)
    return pc.if_else(pa.array(uniform < 0.4), joined("(", one, ") ", two, "-", three), phone)


def _where(holds: Flags, then: str | None, otherwise: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(holds), pa.scalar(then, pa.string()), otherwise)
