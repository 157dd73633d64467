"""What a film will take with its campaign: the forecast moved by what is expected or measured."""

from dataclasses import dataclass
from datetime import date

from fullhouse.planning.plan import Amount


@dataclass(frozen=True)
class Outlook:
    """A film's total as known on a day, in `currency`; ranges are 80 %.

    `base` is the forecast as of the day before the campaign began, so that nothing the campaign
    did is in it. `added` is what the campaign adds over the run, and `basis` says whence: "planned"
    (the plan's expectation), or "measured" (a readout, with the plan's expectation of what is
    still to come scaled by it). `total` is both together; their errors are independent.
    """

    as_of: date
    campaign: str
    currency: str
    base: Amount
    added: Amount
    total: Amount
    basis: str
