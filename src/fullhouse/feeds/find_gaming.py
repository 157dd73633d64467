"""Find signs of gaming in events: accounts no person could be, bulk sales, mass refunds.

They are counted and said; nothing is left out for them. The false-alarm rule is the same for each:
were the logs of the numbers normal, as people's activity nearly is, one house in a hundred without
any gaming would be shown such a sign, of one source and kind.
"""

from collections.abc import Sequence
from datetime import date
from math import ceil, exp
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import bdtrc, ndtri

from fullhouse.core.tables import PURCHASE, TICKET, VIEW, WANT_TO_SEE, Table
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.feeds.gaming import BulkSales, BusyAccounts, GamingSign, RefundDays
from fullhouse.lake import Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

FALSE_ALARMS = 0.01
LEAST_NUMBERS = 200
"""Accounts, or sales, from which their tail can be known."""
MANY_NUMBERS = 5_000
"""Of fewer, the last hundredth may be the very robots that are looked for."""
LEAST_SPREAD = 0.5
"""Of the logs: small whole numbers, mostly 1, show less than there is."""
LEAST_EVENTS, LEAST_TICKETS, LEAST_REFUNDS = 20, 15, 20
"""What any person, a group leader or a cinema's day may have without being a sign."""
MANY_TIMES = 5
"""A day of mass refunds has so many times the usual share."""
TABLES = {"purchase": PURCHASE, "view": VIEW, "ticket": TICKET, "want_to_see": WANT_TO_SEE}

Numbers = npt.NDArray[np.float64]


def gaming_signs(
    engine: Engine,
    lake: Lake,
    *,
    kinds: Sequence[str] = tuple(TABLES),
    since: date | None = None,
    until: date | None = None,
    batches: Sequence[str] | None = None,
) -> tuple[GamingSign, ...]:
    """The signs in the events of some kinds, from a day on, up to a day.

    `batches` are what the batches of the rows to look at begin with; None: all rows.
    """
    signs: list[GamingSign] = []
    for kind in kinds:
        if kind not in TABLES or lake.version(TABLES[kind]) is None:
            continue
        rows = _rows(engine, lake, TABLES[kind], since, until, batches)
        signs += _busy(engine, rows, kind)
        if kind == "ticket":
            signs += _bulk(engine, rows)
            signs += _refunds(engine, rows)
    return tuple(signs)


def least_unusual(values: Numbers, people: Numbers, least: int) -> int | None:
    """From which value on one of so many is a sign; None where they are too few to know.

    The logs are taken for normal, with the median, and the widest spread that the 90th and 95th
    percentiles show, and of many also the 99th: that of a heavy tail. So in one house in a hundred
    the largest value of all is a sign by chance.

    >>> least_unusual(np.arange(1.0, 6), np.array([500.0, 300, 150, 40, 10]), 3)
    39
    """
    total = float(people.sum())
    if total < LEAST_NUMBERS:
        return None
    order = np.argsort(values)
    share = np.cumsum(people[order]) / total
    logs = np.log(np.maximum(values[order], 1.0))

    def quantile(q: float) -> float:
        return float(logs[min(int(np.searchsorted(share, q)), len(logs) - 1)])

    middle = quantile(0.5)
    ends = (0.9, 0.95, 0.99) if total >= MANY_NUMBERS else (0.9, 0.95)
    spread = max((quantile(q) - middle) / float(ndtri(q)) for q in ends)
    reach = -float(ndtri(FALSE_ALARMS / total)) * max(spread, LEAST_SPREAD)
    return max(least, ceil(exp(middle + reach)))


def _rows(
    engine: Engine,
    lake: Lake,
    table: Table,
    since: date | None,
    until: date | None,
    batches: Sequence[str] | None,
) -> "ir.Table":
    rows = engine.scan(lake.snapshot(table))
    if since is not None:
        rows = rows.filter(rows.day >= ibis.literal(since))
    if until is not None:
        rows = rows.filter(rows.day <= ibis.literal(until))
    if batches is not None:
        wanted = [rows.batch.startswith(b) for b in batches] or [ibis.literal(value=False)]
        rows = rows.filter(ibis.or_(*wanted))
    return rows


def _busy(engine: Engine, rows: "ir.Table", kind: str) -> list[BusyAccounts]:
    sold = (
        rows.filter(~rows.refunded.fill_null(ibis.literal(value=False)))
        if kind == "ticket"
        else rows
    )
    each = sold.group_by(["source", "account"]).aggregate(events=sold.count())
    counted = each.group_by(["source", "events"]).aggregate(accounts=each.count())
    signs = []
    for source, table in _by_source(engine.arrow(counted)):
        events, accounts = (table[c].to_numpy().astype(np.float64) for c in ("events", "accounts"))
        least = least_unusual(events, accounts, LEAST_EVENTS)
        busy = events >= (least or np.inf)
        if least is not None and busy.any():
            every = events * accounts
            signs.append(
                BusyAccounts(
                    kind,
                    source,
                    round(accounts[busy].sum()),
                    round(every[busy].sum()),
                    round(every.sum()),
                    least,
                )
            )
    return signs


def _bulk(engine: Engine, rows: "ir.Table") -> list[BulkSales]:
    sold = rows.filter(~rows.refunded.fill_null(ibis.literal(value=False)), rows.quantity >= 1)
    sizes = sold.group_by(["source", "quantity"]).aggregate(sales=sold.count())
    signs = []
    for source, table in _by_source(engine.arrow(sizes)):
        quantity, sales = (table[c].to_numpy().astype(np.float64) for c in ("quantity", "sales"))
        least = least_unusual(quantity, sales, LEAST_TICKETS)
        if least is None or not (quantity >= least).any():
            continue
        large = sold.filter(sold.source == source, sold.quantity >= least)
        showings = large.select("film", "cinema", "showing_at").distinct()
        row = engine.arrow(
            large.aggregate(
                sales=large.count(),
                accounts=large.account.nunique(),
                tickets=large.quantity.sum(),
            )
        ).to_pylist()[0]
        many = engine.arrow(showings.aggregate(showings=showings.count())).to_pylist()[0]
        signs.append(
            BulkSales(
                source,
                row["sales"],
                row["accounts"],
                round(row["tickets"]),
                many["showings"],
                least,
            )
        )
    return signs


def _refunds(engine: Engine, rows: "ir.Table") -> list[RefundDays]:
    given_back = rows.refunded.fill_null(ibis.literal(value=False)).cast("int64")
    by_day = rows.group_by(["source", "day"]).aggregate(
        sales=rows.count(), refunds=given_back.sum()
    )
    signs = []
    for source, table in _by_source(engine.arrow(by_day).sort_by("day")):
        sales, refunds = (table[c].to_numpy().astype(np.float64) for c in ("sales", "refunds"))
        if not refunds.sum():
            continue
        usual = max(float(np.median(refunds / sales)), 1 / float(sales.sum()))
        chance = bdtrc(refunds - 1, sales, usual)
        sign = (chance < FALSE_ALARMS / len(sales)) & (refunds >= LEAST_REFUNDS)
        sign &= refunds >= MANY_TIMES * usual * sales
        if sign.any():
            days = [d for d, s in zip(table["day"].to_pylist(), sign, strict=True) if s]
            signs.append(RefundDays(source, tuple(days), round(refunds[sign].sum()), usual))
    return signs


def _by_source(rows: pa.Table) -> list[tuple[str, pa.Table]]:
    sources = sorted(set(rows["source"].to_pylist()))
    return [(s, rows.filter(pc.equal(rows["source"], s))) for s in sources]
