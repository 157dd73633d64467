"""Signs of gaming in words."""

from collections.abc import Sequence

from fullhouse.feeds.gaming import BulkSales, BusyAccounts, GamingSign, RefundDays
from fullhouse.view.words.figures import counted, day_words, share_words, text

KINDS = {
    "purchase": "purchases",
    "view": "plays",
    "ticket": "ticket sales",
    "want_to_see": "want-to-see marks",
}
RULE = (
    "These are counts, and nothing is left out for them. In one house in a hundred without any"
    " gaming such a line stands by chance."
)
MOST_DAYS = 5


def gaming_words(sign: GamingSign) -> str:
    """A sign as a sentence."""
    match sign:
        case BusyAccounts():
            return text(
                "{source}: {accounts} with {least} {kind} or more, which no person is expected to"
                " have. They are {share} of all {kind} ({events}).",
                source=sign.source,
                accounts=counted(sign.accounts, "account"),
                least=f"{sign.least:,}",
                kind=KINDS[sign.kind],
                share=share_words(sign.events / sign.all_events),
                events=f"{sign.events:,}",
            )
        case BulkSales():
            return text(
                "{source}: {sales} of {least} tickets or more at once, by {accounts}, to"
                " {showings}: {tickets} tickets. Such screenings may be bought out for show.",
                source=sign.source,
                sales=counted(sign.sales, "sale"),
                least=sign.least,
                accounts=counted(sign.accounts, "account"),
                showings=counted(sign.showings, "showing"),
                tickets=f"{sign.tickets:,}",
            )
        case RefundDays():
            days = [day_words(d) for d in sign.days[:MOST_DAYS]]
            more = len(sign.days) - len(days)
            return text(
                "{source}: {refunds} refunds on {days}, where usually {usual} of a day's rows are"
                " refunds.",
                source=sign.source,
                refunds=f"{sign.refunds:,}",
                days=", ".join(days) + (f" and {more:,} more days" if more else ""),
                usual=share_words(sign.usual),
            )


def gaming_lines(signs: Sequence[GamingSign]) -> list[str]:
    """All signs, and the rule behind them; nothing where there are none."""
    return [*map(gaming_words, signs), text(RULE)] if signs else []
