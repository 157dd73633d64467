"""A readout in plain words: what is proven, what the whole campaign sold, how sure that is."""

from fullhouse.measurement.experiment import ArmEffect
from fullhouse.measurement.words import say_effect
from fullhouse.stats.figures import Interval
from fullhouse.view.shown_readout import WHOLE, ShownReadout
from fullhouse.view.words.figures import chance_words, day_words
from fullhouse.view.words.plan import tickets_words


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
