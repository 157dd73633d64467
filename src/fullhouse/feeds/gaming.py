"""Signs of gaming in events: accounts no person could be, bulk sales, days of mass refunds."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class BusyAccounts:
    """Accounts with more events of a kind than `least`, which no person is expected to have."""

    kind: str
    source: str
    accounts: int
    events: int
    all_events: int
    least: int
    code: Literal["busy_accounts"] = "busy_accounts"


@dataclass(frozen=True)
class BulkSales:
    """Sales of `least` tickets or more at once, by few accounts, to some showings."""

    source: str
    sales: int
    accounts: int
    tickets: int
    showings: int
    least: int
    code: Literal["bulk_sales"] = "bulk_sales"


@dataclass(frozen=True)
class RefundDays:
    """Days on which far more sales were given back than `usual` says, of those of such a day."""

    source: str
    days: tuple[date, ...]
    refunds: int
    usual: float
    code: Literal["refund_days"] = "refund_days"


GamingSign: TypeAlias = BusyAccounts | BulkSales | RefundDays
