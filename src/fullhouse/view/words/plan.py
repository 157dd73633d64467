"""A plan in plain words: what it buys, what it can show, and what its launch handed over."""

from collections.abc import Sequence
from itertools import pairwise
from math import floor, log10

from fullhouse.campaigns.campaign import LaunchedCities, Power
from fullhouse.core.settings import SIMULATED
from fullhouse.planning.plan import (
    AudienceByHeadroom,
    BestWithin,
    BeyondMeasured,
    BudgetPoint,
    BudgetsLeftOut,
    GrossInTickets,
    NeverMeasured,
    OlderSentence,
    Plan,
    PlanLine,
    PlanNote,
    SpentForMinimum,
)
from fullhouse.view.words.figures import (
    counted,
    day_words,
    likely_between,
    money,
    money_between,
    number_words,
    share_words,
    text,
)

EXPECTED = (
    "What a plan adds is expected, not measured: only a comparison with people held out by chance"
    " shows what the campaign caused."
)
SPENT = 0.99
"""A plan that spends less of its budget than this says so."""
NO_BETTER = 0.0005
"""A gap that would be printed as 0.0 %."""
ATTITUDES = {
    "neutral": "neutral (best on average over all likely responses)",
    "cautious": "cautious (best on average over the worst fifth of likely responses)",
}
STATE_WORDS = {
    "treated": "treated",
    "withheld": "withheld",
    "held_out": "held out",
    "always_out": "in the global holdout",
    "no_consent": "no consent",
    "over_cap": "over the cap",
    "has_ticket": "have a ticket",
    "not_addressed": "not on the channel",
}
"""What a table calls the states of a line's people."""


def plan_lines_words(plan: Plan) -> list[str]:
    """The plan in sentences for the command line: the headline first, its notes last.

    The full label of simulated data is not repeated: a workspace prints it once when it is opened.
    """
    return [
        place_words(plan),
        headline(plan),
        *buys_words(plan),
        *base_words(plan),
        *next_money_words(plan),
        *unreachable_words(plan),
        *untested_words(plan),
        *taught_words(plan),
        *headroom_words(plan),
        holdout_words(plan),
        *notes_words(plan),
        EXPECTED,
    ]


def banners(plan: Plan) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if plan.simulated else []


def place_words(plan: Plan) -> str:
    """Which plan, for which film, where and when."""
    return text(
        "{title}, {territory}{simulated}: plan {name} as of {day}; {opens}.",
        title=plan.title, territory=plan.territory, day=day_words(plan.as_of), name=plan.name,
        simulated=text(", simulated") if plan.simulated else "", opens=opens_words(plan),
    )  # fmt: skip


def opens_words(plan: Plan) -> str:
    """When the film opens or opened."""
    template = "opens {day}" if plan.as_of < plan.opening else "opened {day}"
    return text(template, day=day_words(plan.opening))


def as_of_words(plan: Plan) -> str:
    """From when a figure is, and of what."""
    return text("Plan {name} as of {day}.", name=plan.name, day=day_words(plan.as_of))


def headline(plan: Plan) -> str:
    """The one sentence of a plan: what its money is expected to sell, with the range."""
    if not plan.lines:
        budget = money(plan.budget, plan.currency)
        return text("The plan has no lines: nothing of {budget} is spent.", budget=budget)
    tickets = plan.tickets
    return text(
        "We expect {spend} to sell about {tickets} extra tickets (likely {low} to {high}).",
        spend=money(plan.spend, plan.currency), tickets=tickets_words(tickets.middle),
        low=tickets_words(tickets.low), high=tickets_words(tickets.high),
    )  # fmt: skip


def buys_words(plan: Plan) -> list[str]:
    """How the money is divided, whom it reaches, what comes back."""
    if not plan.lines:
        return []
    counts = [
        counted(len(plan.lines), "line"),
        counted(_distinct(plan.lines, "audience"), "audience"),
        counted(_distinct(plan.lines, "channel"), "channel"),
        counted(_distinct(plan.lines, "cities"), "city group"),
        counted(_distinct(plan.lines, "week"), "week"),
    ]
    sentences = [
        text(
            "{lines}: {audiences}, {channels}, {cities}, {weeks}. Attitude to risk: {attitude}.",
            **dict(zip(("lines", "audiences", "channels", "cities", "weeks"), counts, strict=True)),
            attitude=ATTITUDES.get(plan.attitude, plan.attitude),
        ),
        text(
            "Reaches {reach:,.0f} of {people:,.0f} people, each counted once, about {times:.2g}"
            " times each.",
            reach=plan.reach, people=plan.people, times=plan.frequency,
        ),
        text(
            "In gross that is {gross}, at {price:,.2f} {currency} a ticket. {returned}",
            gross=money_between(plan.gross.low, plan.gross.high, plan.currency),
            price=plan.price, currency=plan.currency, returned=return_words(plan),
        ),
    ]  # fmt: skip
    if plan.spend < SPENT * plan.budget:
        sentences.append(
            text(
                "{left} of the budget of {budget} is not spent.",
                left=money(plan.budget - plan.spend, plan.currency),
                budget=money(plan.budget, plan.currency),
            )
        )
    return sentences


def return_words(plan: Plan) -> str:
    """What an extra ticket costs and what a unit of money brings, with their ranges."""
    spend, tickets, gross = plan.spend, plan.tickets, plan.gross
    cost = text("What an extra ticket costs is not known")
    if tickets.middle > 0:
        most = f"{spend / tickets.low:,.2f}" if tickets.low > 0 else text("no upper end")
        cost = text(
            "An extra ticket costs {middle:,.2f} {currency} ({low:,.2f} to {high})",
            middle=spend / tickets.middle, currency=plan.currency,
            low=spend / tickets.high, high=most,
        )  # fmt: skip
    middle, low, high = (number_words(x / spend) for x in (gross.middle, gross.low, gross.high))
    sentence = text(
        "{cost}; each {currency} spent brings {middle} ({low} to {high}) of gross.",
        cost=cost, currency=plan.currency, middle=middle, low=low, high=high,
    )  # fmt: skip
    if gross.high < spend:
        return sentence + text(" It does not bring back in gross what it costs.")
    if gross.low < spend:
        return sentence + text(" It may not bring back in gross what it costs.")
    return sentence


def base_words(plan: Plan) -> list[str]:
    """The range without the plan, and with it."""
    if plan.base is None:
        return [text("There is no forecast to add it to.")]
    base = likely_between(plan.base.low, plan.base.high, plan.currency)
    if not plan.bridge:
        return [text("The forecast stays as it is: {base}.", base=base)]
    after = plan.bridge[-1].after
    return [
        text(
            "Without the plan the film's gross is {base}; with it, {after}.",
            base=base, after=money_between(after.low, after.high, plan.currency),
        )
    ]  # fmt: skip


def next_money_words(plan: Plan) -> list[str]:
    """What more money would sell at the plan's budget."""
    following = next_unit_at(plan.curve, plan.budget)
    if following is None:
        return []
    if following <= 0:
        return [text("More money would sell no more tickets.")]
    per = per_money(plan.curve)
    tickets = f"{per * following:,.2g}"
    if tickets == "1":
        return [
            text(
                "The next {per:,} {currency} would sell 1 more ticket.",
                per=per, currency=plan.currency,
            )
        ]  # fmt: skip
    return [
        text(
            "The next {per:,} {currency} would sell {tickets} more tickets, at {cost:,.2f}"
            " {currency} each.",
            per=per, currency=plan.currency, tickets=tickets, cost=1 / following,
        )
    ]  # fmt: skip


def per_money(curve: Sequence[BudgetPoint]) -> int:
    """Per how much money the next tickets are given: a power of ten that sells at least one."""
    best = max((p.next_unit for p in curve), default=0.0)
    return int(10 ** max(0, -floor(log10(best)))) if best > 0 else 1000


def next_unit_at(curve: Sequence[BudgetPoint], budget: float) -> float | None:
    """Tickets that one more unit of money sells at a budget, between points in a straight line.

    None outside the budgets that were computed.
    """
    points = sorted(curve, key=lambda p: p.budget)
    for a, b in pairwise(points):
        if a.budget <= budget <= b.budget and b.budget > a.budget:
            share = (budget - a.budget) / (b.budget - a.budget)
            return a.next_unit + share * (b.next_unit - a.next_unit)
    return None


def unreachable_words(plan: Plan) -> list[str]:
    """A sentence for each audience of whom some are on no channel."""
    return [
        text(
            "{unreachable:,.0f} of the {people:,.0f} people of {audience} ({share}) are on none of"
            " the plan's channels; they are expected to buy {tickets:,.0f} tickets anyway.",
            unreachable=u.unreachable, people=u.people, audience=u.audience,
            share=share_words(u.unreachable / u.people), tickets=u.tickets,
        )
        for u in plan.unreachable
        if u.unreachable > 0
    ]  # fmt: skip


def untested_words(plan: Plan) -> list[str]:
    """Which audiences no campaign has measured, and how much money goes to them."""
    new = list(dict.fromkeys(x.audience for x in plan.lines if not x.tested))
    if not new:
        return []
    if not any(x.tested for x in plan.lines):
        return [
            text(
                "No campaign has measured these audiences yet, so what the money sells is a wide"
                " estimate: {audiences}.",
                audiences="; ".join(new),
            )
        ]
    share = sum(x.spend for x in plan.lines if not x.tested) / plan.spend
    return [
        text(
            "{share} of the money goes to audiences that no campaign has measured yet, so what it"
            " sells there is a wide estimate: {audiences}.",
            share=share_words(share), audiences="; ".join(new),
        )
    ]  # fmt: skip


def taught_words(plan: Plan) -> list[str]:
    """What measured campaigns have changed in what the same money is expected to sell."""
    if plan.untaught is None:
        return []
    return [
        text(
            "Past campaigns have measured how people respond: without them we would expect"
            " {low} to {high} extra tickets from this money, now {now_low} to {now_high}.",
            low=tickets_words(plan.untaught.low), high=tickets_words(plan.untaught.high),
            now_low=tickets_words(plan.tickets.low), now_high=tickets_words(plan.tickets.high),
        )
    ]  # fmt: skip


def headroom_words(plan: Plan) -> list[str]:
    """Which audiences have money because they have not heard of the film, and what it is worth."""
    if plan.by_base is None or plan.better is None:
        return []
    by_base = plan.by_base
    sentences = [_chosen_words(a, plan.currency) for a in plan.by_headroom if a.chosen]
    if not sentences:
        sentences = [
            text(
                "Who has heard of the film was measured, and moves no audience's money far: the"
                " plan is about that by what people buy anyway."
            )
        ]
    explored = [a for a in plan.by_headroom if a.explored]
    if explored:
        sentences.append(
            text(
                "{spend} go to audiences where nobody has measured who has heard of the film, to"
                " find out: {audiences}.",
                spend=money(sum(a.spend for a in explored), plan.currency),
                audiences="; ".join(a.audience for a in explored),
            )
        )
    sentences.append(
        text(
            "A plan by what people buy anyway would be expected to sell about {tickets} ({low} to"
            " {high}) with the same money; this one sells more in {better} of what may be.",
            tickets=tickets_words(by_base.middle),
            low=tickets_words(by_base.low),
            high=tickets_words(by_base.high),
            better=share_words(plan.better),
        )
    )
    return sentences  # fmt: skip


def _chosen_words(audience: AudienceByHeadroom, currency: str) -> str:
    return text(
        "Chosen for its headroom: {name}. {why} So advertising is taken to add {times:.1f} times as"
        " much to its tickets as to those of all audiences together. It gets {spend}; by what"
        " people buy anyway {base}.",
        name=audience.audience,
        why=" ".join(_why_words(audience)),
        times=audience.factor,
        spend=money(audience.spend, currency),
        base=money(audience.spend_by_base, currency),
    )


def _why_words(audience: AudienceByHeadroom) -> list[str]:
    """What was measured of an audience: who has heard of the film, and a pilot."""
    sentences = []
    if audience.aware is not None:
        aware, low, high = map(share_words, audience.aware)
        sentences.append(
            text(
                "About {aware} there have heard of the film ({low} to {high}).",
                aware=aware, low=low, high=high,
            )
        )  # fmt: skip
    if audience.pilot is not None:
        sentences.append(
            text(
                "In the pilot {treated} of those shown it wanted the film, {held_out} of those"
                " held out.",
                treated=_of(audience.pilot.treated_interested, audience.pilot.treated),
                held_out=_of(audience.pilot.held_out_interested, audience.pilot.held_out),
            )
        )
    return sentences


def _of(some: int, every: int) -> str:
    return text("{some:,} of {every:,}", some=some, every=every)


BY_HEADROOM_COLUMNS = (
    "audience", "has heard of it (95 %)", "response, times", "spend", "by base rate", "why",
)  # fmt: skip


def by_headroom_row(audience: AudienceByHeadroom) -> tuple[str, ...]:
    """A row of BY_HEADROOM_COLUMNS."""
    aware = "not measured"
    if audience.aware is not None:
        value, low, high = map(share_words, audience.aware)
        aware = f"{value} ({low}–{high})"
    why = "headroom" if audience.chosen else "to find out" if audience.explored else "what it buys"
    return (
        audience.audience, aware, f"{audience.factor:.1f}", f"{audience.spend:,.0f}",
        f"{audience.spend_by_base:,.0f}", text(why) if audience.spend else "-",
    )  # fmt: skip


def holdout_words(plan: Plan) -> str:
    """Whether anybody will be able to measure what the campaign changed."""
    if plan.holdout <= 0:
        return text("Nobody is held out, so what the campaign changes cannot be measured.")
    return text(
        "{share} of the people are held out by chance, to compare the others with.",
        share=share_words(plan.holdout),
    )


def notes_words(plan: Plan) -> list[str]:
    """A sentence for each note of a plan."""
    new = [n for n in plan.notes if isinstance(n, BeyondMeasured) and n.measured is None]
    together = [_new_channels(new)] if len(new) > 1 else []
    single = [n for n in plan.notes if not (together and n in new)]
    return [*together, *(note_words(note, plan.currency) for note in single)]


def _new_channels(notes: Sequence[BeyondMeasured]) -> str:
    """The channels that no campaign has measured, in one sentence."""
    return text(
        "No campaign has measured these channels yet. The most impressions a person, as they still"
        " count on opening day: {channels}.",
        channels=", ".join(f"{n.channel} {n.impressions:.1f}" for n in notes),
    )


def note_words(note: PlanNote, currency: str) -> str:
    """The sentence of a note.

    >>> note_words(BestWithin(0.0), "USD")
    'Under these assumptions, no better plan exists.'
    >>> note_words(SpentForMinimum("city", "Avon", 90.0, 0.6), "USD")
    'The minimum for Avon costs 90 USD and sells about 0.6 tickets: it does not pay for itself.'
    """
    match note:
        case NeverMeasured(kinds):
            return text(
                "No campaign has measured how {kinds} audiences respond: their figures are wide"
                " estimates, which the first campaign will narrow.",
                kinds=text(" or ").join(kinds),
            )
        case BeyondMeasured(channel, impressions, None):
            return text(
                "No campaign has measured {channel} yet; the plan shows up to {impressions:.1f}"
                " impressions a person there, counted as they still count on opening day.",
                channel=channel, impressions=impressions,
            )  # fmt: skip
        case BeyondMeasured(channel, impressions, measured):
            return text(
                "On {channel} the plan shows up to {impressions:.1f} impressions a person, counted"
                " as they still count on opening day; no campaign has measured more than"
                " {measured:.1f}.",
                channel=channel, impressions=impressions, measured=measured,
            )  # fmt: skip
        case GrossInTickets():
            return text("There is no forecast or ticket price, so gross is counted in tickets.")
        case BudgetsLeftOut(budgets):
            return text(
                "The limits do not fit a budget of {budgets}; the curve leaves it out.",
                budgets=text(" or ").join(money(b, currency) for b in budgets),
            )
        case SpentForMinimum(_, name, spend, tickets):
            return text(
                "The minimum for {name} costs {spend} and sells about {tickets} tickets: it does"
                " not pay for itself.",
                name=name, spend=money(spend, currency), tickets=tickets_words(tickets),
            )  # fmt: skip
        case BestWithin(gap):
            if gap < NO_BETTER:
                return text("Under these assumptions, no better plan exists.")
            return text(
                "Under these assumptions, no other plan sells more than {gap} more.",
                gap=share_words(gap),
            )
        case OlderSentence(sentence):
            return sentence


def tickets_words(tickets: float) -> str:
    """Expected tickets to three digits: more would look surer than they are.

    >>> tickets_words(29_815.2), tickets_words(3.14159), tickets_words(0.0)
    ('29,800', '3.1', '0')
    """
    if abs(tickets) < 10:
        return f"{tickets:.1f}" if tickets else "0"
    size = 10 ** max(0, len(f"{abs(tickets):.0f}") - 3)
    return f"{size * round(tickets / size):,}"


def _distinct(lines: Sequence[PlanLine], name: str) -> int:
    return len({getattr(x, name) for x in lines})


def power_words(power: Power) -> str:
    """Whether a part can show what the plan expects of it, and what would.

    >>> power_words(Power("dogs", 9_000, 1_000, 0.02, 0.013, expected=0.001, needed=615_353))
    'It would take 615,353 people with half of them held out to measure it.'
    """
    if power.expected is None or not power.expected > 0:
        return text("The plan expects no extra tickets of it, so there is nothing to measure.")
    if power.measurable:
        return text("It can be measured.")
    if power.suggested is not None:
        share = share_words(power.suggested)
        return text("Hold out {share} of the people to measure it.", share=share)
    if power.needed is not None:
        return text(
            "It would take {needed:,} people with half of them held out to measure it.",
            needed=power.needed,
        )
    return text(
        "The plan expects only {expected:.2g} extra tickets a person: too little to measure.",
        expected=power.expected,
    )


def powers_words(shown: Sequence[Power], hidden: Sequence[Power]) -> list[str]:
    """What the parts that are shown cannot measure, how many of the hidden can, and the rule."""
    sentences = [
        text("{name}: {words}", name=p.name, words=power_words(p))
        for p in shown
        if not p.measurable
    ]
    if hidden:
        able = sum(p.measurable for p in hidden)
        sentences.append(
            text(
                "{able:,} of {lines} can be measured by themselves.",
                able=able, lines=counted(len(hidden), "line"),
            )
        )  # fmt: skip
    whole = shown[0]
    sentences.append(
        text(
            "An effect of this size is detected in 80 % of campaigns, at 95 %; earlier tickets"
            " explain {explained} of the variance. A smaller effect may be there and go unnoticed.",
            explained=share_words(whole.rho2),
        )
    )
    return sentences


def launched_words(
    lines: int, folder: str, *, resumed: bool, logged: bool, withdrawn: int = 0
) -> str:
    """What a launch handed over, whether it was begun before, and who withdrew since."""
    sentences = [
        text("{lines} handed over in {folder}.", lines=counted(lines, "line"), folder=folder)
    ]
    if resumed:
        sentences.insert(0, text("This campaign was launched before: no arm was changed."))
    if withdrawn:
        sentences.append(
            text(
                "{people} withdrew since the campaign was frozen and were left out.",
                people=counted(withdrawn, "person"),
            )
        )
    sentences.append(
        text("assigned.parquet there is the house's own log of both arms, for no channel.")
        if logged
        else text("The log of both arms is large and was not written.")
    )
    return " ".join(sentences)


def removals_due_words(accounts: int) -> str:
    """That channels still have accounts that they should not, and what to do.

    >>> removals_due_words(1)
    'Removal lists are due for 1 account: fullhouse campaign removals'
    """
    return text(
        "Removal lists are due for {accounts}: fullhouse campaign removals",
        accounts=counted(accounts, "account"),
    )


def cities_power_words(smallest: float | None, films: int) -> str:
    """The smallest effect that a campaign by city can show, judged on past films."""
    if not films:
        return text(
            "How small an effect this can show is not known: no past film's run lies wholly within"
            " the house's ticket history."
        )
    if smallest is None:
        return text(
            "On {films} no effect of any size would have been detected in 80 % of draws: there are"
            " too few tickets.",
            films=counted(films, "past film"),
        )
    return text(
        "On {films} an effect of {share} would have been detected in 80 % of draws, at 95 %. A"
        " smaller effect may be there and go unnoticed.",
        films=counted(films, "past film"), share=share_words(smallest),
    )  # fmt: skip


def launched_cities_words(launched: LaunchedCities) -> list[str]:
    """The window of a campaign by city, what it can show, and which cities are not in it."""
    sentences = []
    if launched.resumed:
        sentences.append(text("This campaign was launched before: no city was changed."))
    sentences.append(
        text(
            "Tickets count from {first} to {last}.",
            first=day_words(launched.first), last=day_words(launched.last),
        )
    )  # fmt: skip
    sentences.append(cities_power_words(launched.smallest, launched.films))
    if launched.not_paired:
        sentences.append(
            text(
                "Not in the test, for too few tickets or no partner: {cities}.",
                cities=", ".join(launched.not_paired),
            )
        )
    return sentences
