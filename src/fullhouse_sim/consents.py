"""What account holders allowed, and took back."""

import numpy as np
import pyarrow as pa

from fullhouse_sim import codes
from fullhouse_sim.draws import uniforms
from fullhouse_sim.market import Market
from fullhouse_sim.members import Members

PURPOSES = ("analytics", "advertising")
GRANTED = {"analytics": 0.97, "advertising": 0.70}
"""Share who allow a purpose when they open an account."""
WITHDRAWN = 0.04
"""Share of those who take it back within the feeds' days."""


def consents(market: Market, members: Members) -> pa.Table:
    """One row for each account, purpose and word: member, day, purpose, yes."""
    rows, day, purpose, yes = [], [], [], []
    everyone = np.arange(len(members))
    refuses = uniforms(market.seed, members.number, "analytics", members.source)
    for i, name in enumerate(PURPOSES):
        uniform = uniforms(market.seed, members.number, name, members.source)
        # Who refuses to be counted at all refuses advertising too.
        allows = (uniform < GRANTED[name]) & (refuses < GRANTED["analytics"])
        u = uniforms(market.seed, members.number, "withdrawn", name, members.source)
        when = (u / WITHDRAWN * market.days).astype(np.int64)
        back = np.flatnonzero(allows & (u < WITHDRAWN) & (when > members.joined))
        rows += [everyone, back]
        day += [members.joined, when[back]]
        purpose.append(np.full(len(everyone) + len(back), i))
        yes += [allows, np.zeros(len(back), np.bool_)]
    first = np.datetime64(market.first_day)
    return pa.table(
        {
            "member": codes.chosen(members.ids, np.concatenate(rows)),
            "day": pa.array((first + np.concatenate(day)).astype("datetime64[D]")),
            "purpose": codes.chosen(pa.array(PURPOSES), np.concatenate(purpose)),
            "yes": np.concatenate(yes).astype(np.int64),
        }
    )
