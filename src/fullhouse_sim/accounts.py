"""What each source's account feed says of its accounts."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute

from fullhouse.core.arrays import Ints
from fullhouse_sim import codes
from fullhouse_sim.draws import uniforms
from fullhouse_sim.identifiers import changed_contacts, reach
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.members import Members
from fullhouse_sim.places import cities
from fullhouse_sim.population import People

SAYS_GENDER, SAYS_AGE, SAYS_CITY, SAYS_HOUSEHOLD = 0.88, 0.80, 0.92, 0.30
"""Share of accounts whose owners say so much of themselves."""

GIVES_ADDRESS = {"shop": 0.95, "video": 0.80, "tickets": 0.80}
"""Share of a source's accounts with a delivery or billing address."""
ELSEWHERE = 0.04
"""Share of those whose address is not the home: a workplace, the parents', a mistake."""


def accounts(market: Market, people: People, members: Members) -> pa.Table:
    """A row for each account when it was opened, and one more where its owner changed contacts.

    Empty where the owner says nothing.
    """
    later, when = changed_contacts(market, people, members)
    rows = np.concatenate([np.arange(len(members)), later])
    day = np.concatenate([members.joined, when])
    contacts = reach(market, people, members, rows, day)
    columns = {
        "id": codes.chosen(members.ids, rows),
        "updated": pa.array((np.datetime64(market.first_day) + day).astype("datetime64[D]")),
        **_owner_details(market, people, members, rows),
        "email": contacts.email,
        "phone": contacts.phone,
        "home": _homes(market, people, members, rows),
    }
    if members.source != "shop":
        columns["device"] = contacts.device
    return pa.table(columns)


def addresses(crowd: People, of: Sequence[Members]) -> pa.Table:
    """Which accounts have one address, as a house's own list of delivery and billing addresses.

    `household` is a number for an address, of no meaning elsewhere.
    """
    members_ = [m for m in of if len(m)]
    homes = np.concatenate([crowd.household[m.person] for m in members_])
    return pa.table(
        {
            "source": pa.array(np.repeat([m.source for m in members_], [len(m) for m in members_])),
            "account": pa.concat_arrays([pa.array(m.ids) for m in members_]),
            "household": codes.digits("A", crowd.first + homes, 10),
        }
    )


def _homes(market: Market, people: People, members: Members, rows: Ints) -> pa.Array:
    """The address of each row's account, as a number for it; null where the source has none."""
    number = members.number[rows]
    elsewhere = uniforms(market.seed, number, "elsewhere", members.source) < ELSEWHERE
    homes = codes.digits("A", people.first + people.household[members.person[rows]], 10)
    others = codes.digits("B", number, 12)
    address = pa.compute.if_else(pa.array(elsewhere), others, homes)
    has = uniforms(market.seed, number, "address", members.source) < GIVES_ADDRESS[members.source]
    return pa.compute.if_else(pa.array(has), address, pa.scalar(None, address.type))


def _owner_details(
    market: Market, people: People, members: Members, rows: Ints
) -> dict[str, pa.Array]:
    person, number = members.person[rows], members.number[rows]
    where = cities(market.seed, MARKET_PEOPLE)

    def maybe(values: pa.Array, what: str, share: float) -> pa.Array:
        hidden = uniforms(market.seed, number, "says", what, members.source) >= share
        return pa.compute.if_else(pa.array(hidden), pa.scalar(None, values.type), values)

    city = people.city[person]
    gender = codes.chosen(pa.array(["M", "F"]), people.female[person])
    birth = pa.array(market.today.year - people.age[person])
    columns = {
        "gender": maybe(gender, "gender", SAYS_GENDER),
        "birth_year": maybe(birth, "age", SAYS_AGE),
        "region": maybe(codes.chosen(pa.array(where.regions), city), "city", SAYS_CITY),
        "city": maybe(codes.chosen(pa.array(where.names), city), "city", SAYS_CITY),
    }
    if members.source == "shop":
        size = np.bincount(people.household)[people.household][person]
        columns["household_size"] = maybe(pa.array(size), "household", SAYS_HOUSEHOLD)
    return columns
