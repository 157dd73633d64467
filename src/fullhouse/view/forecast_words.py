"""A forecast in plain words: money as people say it, the headline, the story in sentences."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor, isclose, log10

from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import QUANTITIES, Comp, Driver, Forecast, Range, Step
from fullhouse.view.words.figures import amount_parts, digits_apart, joined, plain, rounded
from fullhouse.view.words.figures import day_words as day_words  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import money as money  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import money_between as money_between  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import money_short as money_short  # noqa: PLC0414  (re-export)

ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
"""Amounts that people ask about, in each power of ten."""
SHOWN_COMPS = 5
LONGEST_LIST = 6


def range_words(found: Range, currency: str) -> str:
    """The 80 % range and the middle of one quantity, without a full stop."""
    low, high = found.between(0.8)
    number, unit = amount_parts(found.median, digits_apart(low, high, found.median))
    said = money_between(low, high, currency, middle=found.median)
    return f"{said}, 80 times in 100; half the time above {joined(number, unit)}"


def headline(forecast: Forecast) -> str:
    """The one sentence of a forecast: what its whole run will take, as a range."""
    if "total" in forecast.ranges:
        return _sentence(range_words(forecast.ranges["total"], forecast.currency))
    if "total" in forecast.known:
        return f"It took {money(forecast.known['total'], forecast.currency)} in all."
    if not forecast.ranges:
        raise CannotTellError(f"The forecast of {forecast.title} has no range and no known total.")
    name, found = next(iter(forecast.ranges.items()))
    return _sentence(f"{quantity_words(name)}: {range_words(found, forecast.currency)}")


def quantity_words(quantity: str) -> str:
    """What a quantity is called."""
    return QUANTITIES.get(quantity, quantity.replace("_", " "))


def chance_words(probability: float) -> str:
    """A probability as times in 100; what is nearly sure is not called sure.

    >>> chance_words(0.764), chance_words(0.998)
    ('76 in 100', 'over 99 in 100')
    """
    if probability in {0.0, 1.0}:
        return f"{100 * probability:.0f} in 100"
    if probability < 0.01:
        return "under 1 in 100"
    return "over 99 in 100" if probability > 0.99 else f"{100 * probability:.0f} in 100"


def round_amounts(found: Range, *, most: int = LONGEST_LIST) -> list[float]:
    """Round amounts from near the lower to near the upper end of the 95 % range, ascending."""
    low, high = found.between(0.95)
    if low <= 0 or isclose(low, high):
        return []
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 1)
    ladder = [m * 10.0**p for p in powers for m in ROUND]
    inside = [a for a in ladder if low < a < high]
    if len(inside) < 3:
        inside = [a for a in _steps_between(low, high) if low < a < high]
    every = max(1, ceil(len(inside) / most))
    middle = min(range(len(inside)), key=lambda i: abs(inside[i] - found.median), default=0)
    return inside[middle % every :: every]


def when_words(forecast: Forecast) -> str:
    """How far its day is from the opening."""
    days = (forecast.opening - forecast.as_of).days
    if days == 0:
        return "opening day"
    count = f"{abs(days):,} day{'s' if abs(days) != 1 else ''}"
    return f"{count} before opening" if days > 0 else f"{count} after opening"


def factor_words(factor: float) -> str:
    """A factor to two digits.

    >>> factor_words(1.42), factor_words(0.873), factor_words(12.4)
    ('× 1.4', '× 0.87', '× 12')

    Hundredths near 1, where two digits would say that nothing moved.
    """
    near = 0.95 < factor < 1.1
    return f"× {factor:.2f}" if near else f"× {plain(rounded(factor, 2))}"


def driver_words(driver: Driver) -> str:
    """A driver with its factor."""
    return f"{factor_words(driver.factor)}  {driver.words}"


def comp_words(comp: Comp, currency: str) -> str:
    """A comp with its year and total; what it took is in its own money, of its own year."""
    return f"{comp.title} ({comp.opening.year}, {money(comp.total, currency)})"


def spread_words(step: Step) -> str:
    """How many times the lower end of the 80 % range its upper end is."""
    return plain(rounded(step.spread, 2 if step.spread >= 2 else 3))


def actual_words(forecast: Forecast, quantity: str, amount: float) -> str:
    """What happened beside what was forecast: inside which range, or on which side of all."""
    took = f"{_sentence(quantity_words(quantity))[:-1]}: it took {money(amount, forecast.currency)}"
    found = forecast.ranges.get(quantity)
    if found is None:
        return f"{took}."
    for level in (0.5, 0.8, 0.95):
        low, high = found.between(level)
        if low <= amount <= high:
            return f"{took}, inside the {level:.0%} range.".replace("%", " %")
    side = "below" if amount < found.median else "above"
    return f"{took}, {side} the 95 % range."


def banners(forecast: Forecast) -> list[str]:
    """What must be read before any figure: that it is simulated, that something is supposed."""
    said = [SIMULATED] if forecast.simulated else []
    if forecast.what_if:
        supposed = ", ".join(
            f"{name.replace('_', ' ')} {fact_words(value)}"
            for name, value in forecast.what_if.items()
        )
        said.append(f"What if: this supposes {supposed}. It is not entered in the score book.")
    return said


def fact_words(value: object) -> str:
    """The value of a fact: lists joined, money and numbers as people write them, days in full."""
    if isinstance(value, list | tuple):
        if len(value) == 2 and isinstance(value[0], int | float) and isinstance(value[1], str):
            return money(value[0], value[1])
        return ", ".join(fact_words(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {fact_words(v)}" for k, v in value.items())
    return day_words(value) if isinstance(value, date) else str(value)


def forecast_lines(forecast: Forecast) -> list[str]:
    """The story of a forecast in sentences, for the command line; the same as on its page."""
    return [
        *banners(forecast),
        place_words(forecast),
        headline(forecast),
        *_other_lines(forecast),
        *_passing_line(forecast),
        *_driver_lines(forecast),
        *_comp_line(forecast),
        *_step_line(forecast.steps),
        *forecast.notes,
    ]


def place_words(forecast: Forecast) -> str:
    """Which film, where, and when."""
    opens = "opens" if forecast.as_of < forecast.opening else "opened"
    return (
        f"{forecast.title}, {forecast.territory}: {opens} {day_words(forecast.opening)};"
        f" as of {day_words(forecast.as_of)}, {when_words(forecast)}."
    )


def _other_lines(forecast: Forecast) -> list[str]:
    lines = [
        _sentence(f"{quantity_words(n)}: {money(a, forecast.currency)}, known")
        for n, a in forecast.known.items()
        if n != "total"
    ]
    if forecast.to_date:
        lines.append(f"So far: {money(forecast.to_date, forecast.currency)}.")
    return lines + [
        _sentence(f"{quantity_words(n)}: {range_words(r, forecast.currency)}")
        for n, r in forecast.ranges.items()
        if n != "total"
    ]


def _passing_line(forecast: Forecast) -> list[str]:
    if "total" not in forecast.ranges:
        return []
    passed = [
        f"{money(a, forecast.currency)}, {chance_words(forecast.passes(a))}"
        for a in round_amounts(forecast.ranges["total"])
    ]
    return [f"Chance that the run passes: {'; '.join(passed)}."] if passed else []


def _driver_lines(forecast: Forecast) -> list[str]:
    if not forecast.drivers:
        return []
    start = f"A typical film of this market takes {money(forecast.typical, forecast.currency)}."
    return [
        f"{start} From there to this film:",
        *(f"  {driver_words(d)}" for d in forecast.drivers),
    ]


def _comp_line(forecast: Forecast) -> list[str]:
    shown = [comp_words(c, forecast.currency) for c in forecast.comps[:SHOWN_COMPS]]
    return [f"Most alike: {'; '.join(shown)}."] if shown else []


def _step_line(steps: Sequence[Step]) -> list[str]:
    to_come = [s for s in steps if not s.done]
    if not to_come:
        return []
    now = [s for s in steps if s.done][-1:]
    said = "; ".join(f"{s.words} {spread_words(s)}" for s in (*now, *to_come))
    return [f"Upper over lower end of the 80 % range, as it was for like films: {said}."]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _steps_between(low: float, high: float) -> list[float]:
    size: float = 10.0 ** floor(log10((high - low) / 3))
    step = next(m * size for m in (1, 2, 5, 10) if (high - low) / (m * size) <= LONGEST_LIST)
    return [step * k for k in range(ceil(low / step), floor(high / step) + 1)]
