"""A plan and a readout in plain words: what money buys, what it cannot, how sure that is."""

from collections.abc import Sequence

from fullhouse.core.settings import SIMULATED
from fullhouse.measurement.experiment import ArmEffect
from fullhouse.measurement.words import say_effect
from fullhouse.planning.plan import Amount, Line, Plan
from fullhouse.stats.figures import Interval
from fullhouse.view.curve_chart import next_unit_at, per_money
from fullhouse.view.figure_words import chance_words, counted, number_words, share_words
from fullhouse.view.shown_readout import WHOLE, ShownReadout
from fullhouse.view.words.figures import day_words, money, money_between

EXPECTED = (
    "What a plan adds is expected, not measured: only people held out by chance will show what the"
    " campaign caused."
)
SPENT = 0.99
"""A plan that spends less of its budget than this says so."""
ATTITUDES = {
    "neutral": "neutral, the mean over all responses that may be is as large as it can be",
    "cautious": "cautious, the mean over the worst fifth of responses is as large as it can be",
}


def plan_lines_words(plan: Plan) -> list[str]:
    """The plan in sentences for the command line: the headline first, its notes last.

    The full label of simulated data is not repeated: a workspace says it once, when it is opened.
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
        holdout_words(plan),
        *(f"Note: {n}" for n in plan.notes),
        EXPECTED,
    ]


def banners(plan: Plan) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if plan.simulated else []


def place_words(plan: Plan) -> str:
    """Which plan, for which film, where and when."""
    simulated = ", simulated" if plan.simulated else ""
    return (
        f"{plan.title}, {plan.territory}{simulated}: plan {plan.name} as of"
        f" {day_words(plan.as_of)}; {opens_words(plan)}."
    )


def opens_words(plan: Plan) -> str:
    """When the film opens or opened."""
    verb = "opens" if plan.as_of < plan.opening else "opened"
    return f"{verb} {day_words(plan.opening)}"


def as_of_words(plan: Plan) -> str:
    """From when a figure is, and of what."""
    return f"Plan {plan.name} as of {day_words(plan.as_of)}."


def headline(plan: Plan) -> str:
    """The one sentence of a plan: what its money is expected to win, as a range."""
    if not plan.lines:
        return f"The plan holds no line: nothing of {money(plan.budget, plan.currency)} is spent."
    return (
        f"{money(plan.spend, plan.currency)} is expected to win"
        f" {_between(plan.tickets)} more tickets, 80 times in 100."
    )


def buys_words(plan: Plan) -> list[str]:
    """How the money is laid out, whom it reaches, what comes back."""
    if not plan.lines:
        return []
    told = [
        f"{counted(len(plan.lines), 'line')}: {counted(_many(plan.lines, 'audience'), 'audience')},"
        f" {counted(_many(plan.lines, 'channel'), 'channel')},"
        f" {counted(_many(plan.lines, 'cities'), 'city group')},"
        f" {counted(_many(plan.lines, 'week'), 'week')}."
        f" Attitude to risk: {ATTITUDES.get(plan.attitude, plan.attitude)}.",
        f"Reaches {plan.reach:,.0f} of {plan.people:,.0f} people, each counted once,"
        f" {plan.frequency:.1f} times each.",
        f"In gross that is {money_between(plan.gross.low, plan.gross.high, plan.currency)}, at"
        f" {plan.price:,.2f} {plan.currency} a ticket. {return_words(plan)}",
    ]
    return [*told, f"{_left(plan)}."] if plan.spend < SPENT * plan.budget else told


def return_words(plan: Plan) -> str:
    """What a ticket costs and what a unit of money brings, with their ranges."""
    spend, won, gross = plan.spend, plan.tickets, plan.gross
    most = f"{spend / won.low:,.2f}" if won.low > 0 else "no upper end"
    cost = (
        f"A ticket won costs {spend / won.middle:,.2f} {plan.currency}"
        f" ({spend / won.high:,.2f} to {most})"
        if won.middle > 0
        else "What a ticket won costs cannot be told"
    )
    back = [number_words(x / spend) for x in (gross.middle, gross.low, gross.high)]
    said = f"{cost}; each {plan.currency} spent brings {back[0]} ({back[1]} to {back[2]}) of gross."
    if gross.high < spend:
        return f"{said} It does not bring back in gross what it costs."
    if gross.low < spend:
        return f"{said} It may not bring back in gross what it costs."
    return said


def base_words(plan: Plan) -> list[str]:
    """The range without the plan, and with it."""
    if plan.base is None:
        return ["There is no base forecast to add it to."]
    base = money_between(plan.base.low, plan.base.high, plan.currency)
    if not plan.bridge:
        return [f"The forecast stays {base}."]
    after = plan.bridge[-1].after
    return [
        f"The forecast without the plan is {base}; with it,"
        f" {money_between(after.low, after.high, plan.currency)}."
    ]


def next_money_words(plan: Plan) -> list[str]:
    """What more money would win at the plan's budget."""
    following = next_unit_at(plan.curve, plan.budget)
    if following is None:
        return []
    if following <= 0:
        return ["More money would win nothing."]
    per = per_money(plan.curve)
    return [
        f"The next {per:,} {plan.currency} would win {per * following:,.2g} tickets: each at"
        f" {1 / following:,.2f} {plan.currency}."
    ]


def unreachable_words(plan: Plan) -> list[str]:
    """A sentence for each audience of whom some are on no channel."""
    return [
        f"Beyond every channel of the plan: {u.unreachable:,.0f} of the {u.people:,.0f} people of"
        f" {u.audience} ({share_words(u.unreachable / u.people)}), {u.tickets:,.0f} tickets."
        for u in plan.unreachable
        if u.unreachable > 0
    ]


def untested_words(plan: Plan) -> list[str]:
    """Which audiences no readout has measured, and how much money rests on guesses."""
    new = list(dict.fromkeys(x.audience for x in plan.lines if not x.tested))
    if not new:
        return []
    share = sum(x.spend for x in plan.lines if not x.tested) / plan.spend
    return [
        f"No readout has ever measured: {'; '.join(new)}. What {share_words(share)} of the money"
        " brings there rests on wide guesses."
    ]


def taught_words(plan: Plan) -> list[str]:
    """What readouts have changed in what the same money is expected to win."""
    if plan.untaught is None:
        return []
    return [
        "Before any readout had taught how people answer, the same money would have been expected"
        f" to win {_between(plan.untaught)} tickets; now {_between(plan.tickets)}."
    ]


def holdout_words(plan: Plan) -> str:
    """Whether anybody will be able to tell what the campaign changed."""
    if plan.holdout <= 0:
        return "Nobody is held out: what the campaign changes cannot be measured."
    return (
        f"Held out by chance: {share_words(plan.holdout)} of the people, who are compared with the"
        " others."
    )


def readout_words(found: ShownReadout) -> list[str]:
    """A readout in sentences: what is proven first, then effects of the whole, checks, notes.

    Parts are told by the chart and by its table; here is how many of them are proven.
    """
    told = [sentence for said in whole_words(found) for sentence in said]
    return [*proven_words(found), *told, *checks_words(found)]


def won_words(found: ShownReadout) -> list[str]:
    """What the whole campaign won in tickets and in gross, and what that cost, or that it is open.

    Before the run that was set is over, by the interval that holds however often one looks.
    """
    return [_won(found, e.effect) for e in found.effects if e.group == WHOLE]


def _won(found: ShownReadout, effect: ArmEffect) -> str:
    unit = "tickets" if effect.outcome == "tickets" else f"{found.currency} of {effect.outcome}"
    looked = effect.always_valid if found.share_seen < 1 else None
    ends = effect.effect if looked is None else looked
    value, low, high = (effect.people * x for x in (effect.effect.value, ends.low, ends.high))
    when = f"by {day_words(found.as_of)}" + (", at any look" if looked is not None else "")
    span = f"{_signed(low)} to {_signed(high)}, {100 * ends.level:g} %"
    if low <= 0 <= high:
        return (
            f"{found.campaign} {when}: whether it changed {effect.outcome} cannot be told:"
            f" {_signed(value)} {unit} ({span})."
        )
    said = [f"{found.campaign} {when}: {_signed(value)} {unit} ({span})"]
    if effect.relative is not None and looked is None:
        more = [f"{100 * x:+.0f} %" for x in (effect.relative.value, effect.relative.low,
                                             effect.relative.high)]  # fmt: skip
        said.append(f", {more[0]} ({more[1]} to {more[2]}) of what these people buy anyway")
    told = "".join(said) + "."
    if effect.cost_each is not None and looked is None:
        told += f" A ticket won cost {_each(effect.cost_each)} {found.currency}."
    if effect.return_on_spend is not None and looked is None:
        told += f" Each {found.currency} spent brought back {_each(effect.return_on_spend)}."
    return told


def _each(found: Interval) -> str:
    high = f"{found.high:,.2f}" if found.bounded else "no upper end"
    return f"{found.value:,.2f} ({found.low:,.2f} to {high})"


def _signed(amount: float) -> str:
    """A count or money to three digits, with its sign."""
    sign = "−" if amount < 0 else "+"
    return f"{sign}{tickets_words(abs(amount))}"


def whole_words(found: ShownReadout, *, outcome: str | None = None) -> list[list[str]]:
    """The sentences on each effect of the whole, the first of each the plainest."""
    return [
        say_effect(e.effect)
        for e in found.effects
        if e.group == WHOLE and outcome in {None, e.effect.outcome}
    ]


def checks_words(found: ShownReadout) -> list[str]:
    """The checks that were passed, then what was not checked."""
    passed = [f"Check passed: {c.name} (p = {chance_words(c.p)})." for c in found.checks]
    return [*passed, *found.notes]


def proven_words(shown: ShownReadout) -> list[str]:
    """How many effects of each group of parts are proven, over all parts, and which."""
    told = []
    for group in dict.fromkeys(e.group for e in shown.effects if e.group != WHOLE):
        mine = [e for e in shown.effects if e.group == group]
        names = [e.name for e in mine if e.effect.proven]
        # Lines are many, and their names long: they stand in the table.
        said = f": {'; '.join(dict.fromkeys(names))}" if names and group != "line" else ""
        told.append(f"By {group}, {len(names):,} of {len(mine):,} effects are proven{said}.")
    return told


def tickets_words(tickets: float) -> str:
    """Expected tickets to three digits: more would look surer than they are.

    >>> tickets_words(29_815.2), tickets_words(3.14159), tickets_words(0.0)
    ('29,800', '3.1', '0')
    """
    if abs(tickets) < 10:
        return f"{tickets:.1f}" if tickets else "0"
    size = 10 ** max(0, len(f"{abs(tickets):.0f}") - 3)
    return f"{size * round(tickets / size):,}"


def _left(plan: Plan) -> str:
    return (
        f"{money(plan.budget - plan.spend, plan.currency)} of the budget of"
        f" {money(plan.budget, plan.currency)} is not spent"
    )


def _between(amount: Amount) -> str:
    return f"between {tickets_words(amount.low)} and {tickets_words(amount.high)}"


def _many(lines: Sequence[Line], name: str) -> int:
    return len({getattr(x, name) for x in lines})
