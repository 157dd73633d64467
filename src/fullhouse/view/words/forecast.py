"""A forecast in plain words: money as people say it, the headline, the story in sentences."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor, isclose, log, log10

from fullhouse.control import Entry, Verified
from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import SIMULATED
from fullhouse.films import FIELDS
from fullhouse.forecast import Comp, Driver, Forecast, Note, Range, Shared, Step
from fullhouse.forecast.forecast import (
    BudgetHistory,
    Capped,
    CinemasExpected,
    CompsMove,
    CompsUnused,
    FactsMissing,
    FarAhead,
    GrossesEnd,
    IfCinemas,
    MarketChanged,
    MarketClosed,
    MarketUnknown,
    NoGrossYet,
    NoOrdinaryOpening,
    OtherCurrency,
    OutsideMoves,
    OutsideUncompared,
    OutsideUnproven,
    OutsideView,
    PlanAssumed,
    RangesMissed,
    RangesOf,
    Remark,
    SlateUnknown,
    read_forecast,
)
from fullhouse.forecast.score import AFTERWARDS, AGAIN, BEFORE, CURRENCY, WAITING, ScoreBook
from fullhouse.forecast.slate import Conflict
from fullhouse.view.words.figures import (
    amount_parts,
    counted,
    day_words,
    digits_apart,
    joined,
    likely_between,
    money,
    plain,
    read_alike,
    rounded,
    text,
)

QUANTITIES = {
    "opening_day": "opening day",
    "opening_weekend": "opening weekend",
    "total": "total of the run",
}
"""What the quantities of a forecast are called."""
DRIVERS = {
    "distributor": "the distributor's record",
    "series": "the series it continues",
    "title": "the title",
    "season": "the date",
    "slate": "the films around it",
    "market": "how the market does",
    "story": "genre, language and makers",
    "budget": "the budget",
    "theaters": "the cinemas planned",
    "signals": "signs of interest",
    "run": "how its days compare so far",
    "opening": "how large it opened",
    "holds": "how it holds from week to week",
    "midweek": "its days between weekends",
    "weekend shape": "Friday against Saturday and Sunday",
    "previews": "previews",
    "cinemas": "its cinemas",
    "holidays": "the holidays ahead",
    "season ahead": "the time of year",
    "outside": "forecasts by others",
    "past errors": "what past forecasts got wrong",
    "rest": "everything else together",
    "other": "everything else",
}
"""What the drivers of a forecast are called."""
STEPS = {
    "T-180": "180 days before opening",
    "T-90": "90 days before opening",
    "T-28": "28 days before opening",
    "T-7": "a week before opening",
    "T-1": "the cinemas are booked",
    "first day": "the first day",
    "first weekend": "the first weekend",
    "first week": "seven days",
    "second weekend": "two weekends",
    "fourth weekend": "four weekends",
}
"""What is known at each horizon."""
MODELS = {
    "T-180": "the half-year-out model",
    "T-90": "the three-months-out model",
    "T-28": "the four-weeks-out model",
    "T-7": "the one-week-out model",
    "T-1": "the model that knows the cinemas",
    "first day": "the model that knows the first day",
    "first weekend": "the model that knows the first weekend",
    "first week": "the model that knows the first week",
    "second weekend": "the model that knows two weekends",
    "fourth weekend": "the model that knows four weekends",
}
LEFT_OUT = {
    WAITING: "the outcome is not known yet",
    AGAIN: "an earlier forecast of the same film, horizon and quantity counts",
    AFTERWARDS: "issued after the fact",
    BEFORE: "issued before the fact",
    CURRENCY: "the outcome is in another currency",
}
"""Why issued forecasts are not counted."""
EVENT_WORDS = {"foreign language": "foreign-language release"}
ROUND = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
"""Amounts that people ask about, in each power of ten."""
SHOWN_COMPS = 5
NO_MATTER = 0.01
"""Drivers whose factor is nearer to 1 than this are not named one by one."""
LONGEST_LIST = 6


def range_words(amounts: Range, currency: str) -> str:
    """The 80 % range and the middle of one quantity, without a full stop."""
    low, high = amounts.between(0.8)
    if read_alike(low, high):
        return likely_between(low, high, currency)
    number, unit = amount_parts(amounts.median, digits_apart(low, high, amounts.median))
    return text(
        "{likely}; middle estimate {middle}",
        likely=likely_between(low, high, currency, middle=amounts.median),
        middle=joined(number, unit),
    )


def headline(forecast: Forecast) -> str:
    """The one sentence of a forecast: what its whole run will take, as a range."""
    if "total" in forecast.ranges:
        return _sentence(range_words(forecast.ranges["total"], forecast.currency))
    if "total" in forecast.known:
        return text("It took {total} in all.", total=_known(forecast, "total"))
    if not forecast.ranges:
        raise CannotTellError(code="empty_forecast", title=forecast.title)
    name, amounts = next(iter(forecast.ranges.items()))
    return _sentence(f"{quantity_words(name)}: {range_words(amounts, forecast.currency)}")


def quantity_words(quantity: str) -> str:
    """What a quantity is called."""
    return QUANTITIES.get(quantity, quantity.replace("_", " "))


def chance_words(probability: float) -> str:
    """A probability in per cent; what is nearly sure is not called sure.

    >>> chance_words(0.764), chance_words(0.998)
    ('76 %', 'over 99 %')
    """
    if probability in {0.0, 1.0}:
        return f"{100 * probability:.0f} %"
    if probability < 0.01:
        return "under 1 %"
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def round_amounts(amounts: Range, *, most: int = LONGEST_LIST) -> list[float]:
    """Round amounts from near the lower to near the upper end of the 95 % range, ascending."""
    low, high = amounts.between(0.95)
    if low <= 0 or isclose(low, high):
        return []
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 1)
    ladder = [m * 10.0**p for p in powers for m in ROUND]
    inside = [a for a in ladder if low < a < high]
    if len(inside) < 3:
        inside = [a for a in _steps_between(low, high) if low < a < high]
    every = max(1, ceil(len(inside) / most))
    middle = min(range(len(inside)), key=lambda i: abs(inside[i] - amounts.median), default=0)
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
    """What moved a forecast, with what the film has of it."""
    words = DRIVERS.get(driver.name, driver.name)
    if driver.name == "season" and isinstance(driver.detail, str):
        day = date.fromisoformat(driver.detail)
        return f"{words}: {day:%A} {day.day} {day:%B}"
    if driver.name == "series":
        continues = text("it continues {film}", film=driver.detail or "no other")
        return f"{words}: {continues}"
    if driver.detail is None:
        unknown = driver.name in ("theaters", "budget")
        return f"{words}: not known" if unknown else words
    return f"{words}: {fact_words(driver.detail)}"


def main_drivers(drivers: Sequence[Driver], *, most: int | None = None) -> list[Driver]:
    """The drivers that matter, in their order: at most so many, none that moves under 1 %."""
    moving = sorted(drivers, key=lambda d: -abs(log(d.factor)))
    moving = [d for d in moving if not isclose(d.factor, 1, abs_tol=NO_MATTER)]
    chosen = moving if most is None or len(moving) <= most else moving[: most - 1]
    return [d for d in drivers if d in chosen]


def factor_line(driver: Driver) -> str:
    """A driver with its factor."""
    return f"{factor_words(driver.factor)}  {driver_words(driver)}"


def shared_words(shared: Shared) -> str:
    """What a comparable film has in common with the film."""
    value = shared.value
    match shared.what, value:
        case "predecessor", _:
            return "the film it continues"
        case "genres", tuple():
            return " and ".join(value).lower()
        case "distributor", str():
            return text("released by {distributor}", distributor=value)
        case "cinemas", int():
            return text("{cinemas} cinemas", cinemas=f"{value:,}")
        case "budget", _:
            return "a similar budget"
        case "month", int():
            return f"{date(2000, value, 1):%B}"
        case "series", _:
            return "continues a series too"
    return shared.what


def step_words(step: Step) -> str:
    """What will be known at a step."""
    return STEPS.get(step.horizon, step.horizon)


def note_words(note: Note) -> str:
    """A note of a forecast as a sentence."""
    match note:
        case FarAhead(days=days):
            return text(
                "It opens in {days} days, further ahead than any past forecast: ranges are at best"
                " those of half a year before opening.", days=f"{days:,}")  # fmt: skip
        case NoGrossYet():
            return "It has opened, but no gross is known: this is still a forecast from before."
        case GrossesEnd(last=last, days=days):
            return text("Grosses are known to {last} only: {days} days are missing.",
                        last=day_words(last), days=days)  # fmt: skip
        case PlanAssumed(plan=plan):
            return text("How it opens is not known: taken as {plan}.", plan=plan)
        case FactsMissing(fields=names):
            return text("Not known: {fields}. In these it counts as a film like any other.",
                        fields=", ".join(field_words(n) for n in names))  # fmt: skip
        case OtherCurrency(budget=budget, market=market):
            return text("The budget is in {budget} and the market's money is {market}: it is not"
                        " used.", budget=budget, market=market)  # fmt: skip
        case RangesOf(horizon=horizon):
            return text("Ranges are those of forecasts made at {horizon}, which knew as much.",
                        horizon=horizon)  # fmt: skip
        case CompsUnused():
            return "Your comps are shown only: once a run is known, it says more than they do."
        case CompsMove():
            return text(
                "Your comps average {mean} ({quantity}). In the past, moving {weight} of the way"
                " towards comps was best, so the forecast changes by {change}.",
                mean=money(note.mean, note.currency), quantity=quantity_words(note.quantity),
                weight=f"{100 * note.weight:.0f} %", change=change_percent(note.factor),
            )  # fmt: skip
        case SlateUnknown(entered=entered, usual=usual):
            return text(
                "Other wide openings entered around its own: {entered}, where {usual} are usual."
                " What else opens counts as not known, and the ranges are wider.",
                entered=f"{entered:,}", usual=f"{usual:,}",
            )  # fmt: skip
        case MarketUnknown(last=last, share=None):
            return text("Grosses of the market end on {last}: the data cannot tell how it does"
                        " now, and the ranges are wider.", last=day_words(last))  # fmt: skip
        case MarketUnknown(share=share):
            return text("Of the last four weeks only {share} of the films of past years are"
                        " entered. The market may be closed, or its films not entered: the data"
                        " cannot tell how it does, and the ranges are wider.",
                        share=f"{100 * (share or 0):.0f} %")  # fmt: skip
        case Capped(field=name, given=given, limit=limit):
            return text("{field} {given} lies outside all films learned from: it counts as"
                        " {limit}.", field=field_words(name).capitalize(), given=plain(given),
                        limit=plain(rounded(limit, 3)))  # fmt: skip
        case CinemasExpected(stated=stated, known_on=since, origin=origin, low=low, high=high):
            return text("Its cinemas are not booked: {stated} were expected on {since} ({origin}),"
                        " taken as between {low} and {high}. What that leaves open is in the"
                        " ranges.", stated=stated, since=day_words(since), origin=origin,
                        low=f"{low:,}", high=f"{high:,}")  # fmt: skip
        case OutsideMoves(films=films):
            return text(
                "Forecasts by others ({sources}) change ours by {change}: over {films}, moving"
                " {weight} of the way to theirs, corrected for how they erred, was best.",
                sources=", ".join(note.sources), change=change_percent(note.factor),
                films=counted(films, "earlier film"), weight=f"{100 * note.weight:.0f} %",
            )  # fmt: skip
        case OutsideUnproven(source=source, films=films, needed=needed):
            return text("The forecast of {source} is shown and moves nothing: {films} of its"
                        " forecasts so long before opening can be checked, {needed} are needed.",
                        source=source, films=f"{films:,}", needed=f"{needed:,}")  # fmt: skip
        case OutsideUncompared(source=source, days=days):
            return text("The forecast of {source} covers {days} days and moves nothing: too few"
                        " past weekends show what part of them Friday to Sunday is.",
                        source=source, days=f"{days:,}")  # fmt: skip
        case BudgetHistory(ratio=ratio, factor=factor, films=films):
            return text("Of {films}, those with a budget {ratio} opened {factor}: the forecast is"
                        " moved as much. Larger budgets go with larger films; spending more does"
                        " not make one.", films=counted(films, "past film"),
                        ratio=factor_words(ratio), factor=factor_words(factor))  # fmt: skip
        case NoOrdinaryOpening(event=event):
            return text("It counts as a {event}, and none of the films learned from is one: the"
                        " forecast is that of an ordinary film. If it is one, state the fact event"
                        " as none.", event=EVENT_WORDS.get(event, event))  # fmt: skip
        case MarketClosed(share=share):
            return text("Cinemas took {share} of what they usually take in these four weeks of the"
                        " year: the data cannot tell what a film takes in such a market. The"
                        " ranges are as wide as we make them, and nothing should rest on them.",
                        share=share_words(share))  # fmt: skip
        case MarketChanged(share=share, factor=factor):
            return text("Cinemas took {share} of what they usually take in these four weeks of the"
                        " year, further from the usual than in any year learned from: the ranges"
                        " are wider ({factor} in logs).", share=share_words(share),
                        factor=factor_words(factor))  # fmt: skip
        case RangesMissed(films=films, below=below, above=above):
            return text("Of the {films} whose outcome became known in the last three months,"
                        " {below} fell below their 80 % range and {above} above it, more than"
                        " chance explains: the world has changed. The lower end is moved"
                        " {lower}, the upper end {upper} (in logs).",
                        films=counted(films, "film"), below=below, above=above,
                        lower=factor_words(note.lower), upper=factor_words(note.upper))  # fmt: skip
        case Remark(text=remark):
            return remark


def share_words(share: float) -> str:
    """A share in per cent.

    >>> share_words(0.124), share_words(0.004)
    ('12 %', 'under 1 %')
    """
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def cinemas_words(views: Sequence[IfCinemas], currency: str) -> list[str]:
    """What a film without known cinemas would open to in few and in many of them."""
    if not views:
        return []
    parts = [
        text("if {cinemas} cinemas, {low} to {high}", cinemas=f"{v.cinemas:,}",
             low=money(v.low, currency), high=money(v.high, currency))
        for v in views
    ]  # fmt: skip
    return [
        text("Nobody has stated in how many cinemas it opens, and most of the range is that. The"
             " opening weekend (80 % range): {parts}.", parts="; ".join(parts))
    ]  # fmt: skip


def outside_words(view: OutsideView, currency: str) -> str:
    """What somebody else forecast of the opening weekend, and when."""
    days = "" if view.days == 3 else text(", for {days} days", days=view.days)
    ends = (
        ""
        if view.low is None or view.high is None
        else text(" ({low} to {high})", low=money(view.low, currency),
                  high=money(view.high, currency))
    )  # fmt: skip
    weekend = (
        ""
        if view.days == 3 or view.weekend is None
        else text("; Friday to Sunday {weekend}", weekend=money(view.weekend, currency))
    )
    return text("{source}, {made_on}: {mid}{ends}{days}{weekend}", source=view.source,
                made_on=day_words(view.made_on, short=True), mid=money(view.mid, currency),
                ends=ends, days=days, weekend=weekend)  # fmt: skip


def change_percent(factor: float) -> str:
    """A factor as a change in per cent.

    >>> change_percent(0.982), change_percent(1.25)
    ('−1.8 %', '+25.0 %')
    """
    return f"{100 * (factor - 1):+.1f} %".replace("-", "−")


def change_words(before: Forecast, now: Forecast) -> str:
    """How the middle of the total moved between two forecasts of a film, and what moved it most."""
    if "total" not in before.ranges or "total" not in now.ranges:
        return ""
    factor = now.ranges["total"].median / before.ranges["total"].median
    percent = f"{abs(100 * (factor - 1)):.1f}"
    if percent == "0.0":
        return text("The forecast did not change from {before} to {now}.",
                    before=day_words(before.as_of), now=day_words(now.as_of))  # fmt: skip
    return text(
        "The forecast {moved} {percent} % from {before} to {now}, mainly because {cause}.",
        moved="rose" if factor > 1 else "fell",
        percent=percent,
        before=day_words(before.as_of, short=True),
        now=day_words(now.as_of, short=True),
        cause=_cause(before, now, rose=factor > 1),
    )


def _cause(before: Forecast, now: Forecast, *, rose: bool) -> str:
    """What moved a forecast most, in its direction."""
    logs = {d.name: log(d.factor) for d in now.drivers}
    for driver in before.drivers:
        logs[driver.name] = logs.get(driver.name, 0.0) - log(driver.factor)
    # Where a film starts from and how such forecasts erred are the model's, not the film's.
    model = log(now.typical / before.typical) + logs.pop("past errors", 0.0)
    sign = 1 if rose else -1
    name = max(logs, key=lambda n: sign * logs[n], default="")
    if name and sign * logs[name] > sign * model:
        return text("of {driver}", driver=DRIVERS.get(name, name))
    if before.horizon != now.horizon:
        return text("we switched to {model}", model=MODELS.get(now.horizon, "a later model"))
    return (
        "a typical film of this market now takes more"
        if rose
        else ("a typical film of this market now takes less")
    )


def conflict_words(conflict: Conflict, titles: Mapping[str, str]) -> str:
    """Two films that compete, by their titles, and why that is thought."""
    when = "the same weekend" if conflict.days_apart == 0 else "a week apart"
    if conflict.share_alike is None:
        why = "their genres are not known"
    elif conflict.shared_genres:
        why = f"both {' and '.join(conflict.shared_genres).lower()}"
    else:
        why = "no genre in common"
    return text(
        "{day}: {film} and {other}, {when}; {why}.",
        day=day_words(conflict.day, short=True),
        film=titles.get(conflict.film, conflict.film),
        other=titles.get(conflict.other, conflict.other),
        when=when,
        why=why,
    )


def book_words(book: ScoreBook) -> str:
    """How many forecasts a score book has, and of how many the outcome is known."""
    if not book.entries:
        return (
            "The score book has no forecast yet. Each forecast of a film is entered when it is"
            " made."
        )
    issued = text("{entries} issued", entries=counted(book.entries, "forecast"))
    if not book.rows:
        why = "; ".join(f"{n:,}: {LEFT_OUT[reason]}" for reason, n in book.left_out.items())
        return text("{issued}, none with a known outcome ({why}).",
                    issued=issued, why=why or "they hold no ranges")  # fmt: skip
    return text("{issued}; outcomes are known for {amounts} of {films}.", issued=issued,
                amounts=counted(len(book.rows), "amount"),
                films=counted(book.films, "film"))  # fmt: skip


def broken_words(verified: Verified) -> str:
    """What is wrong with a score book's chain, without a full stop."""
    entry, before = verified.broken, verified.entries
    match verified.problem:
        case "missing" if entry is not None and entry - before == 2:
            return text("entry {entry} is missing", entry=f"{entry - 1:,}")
        case "missing" if entry is not None:
            return text("entries {first} to {last} are missing",
                        first=f"{before + 1:,}", last=f"{entry - 1:,}")  # fmt: skip
        case "misplaced":
            return text("entry {entry} does not belong here: ids begin at 1", entry=entry)
        case "changed":
            return text("entry {entry} was changed: its content does not have its hash",
                        entry=entry)  # fmt: skip
        case "rechained":
            return text("entry {entry} does not follow the one before it: entry {before} was"
                        " written anew", entry=entry, before=before)  # fmt: skip
    return (
        "the noted head is not in the book: its end was cut off, or entries were written anew,"
        " since it was noted"
    )


def comp_line(comp: Comp) -> str:
    """What a comparable film has in common with the film."""
    return "; ".join(shared_words(s) for s in comp.why)


def comp_words(comp: Comp, currency: str) -> str:
    """A comp with its year and total; what it took is in its own money, of its own year."""
    return f"{comp.title} ({comp.opening.year}, {money(comp.total, currency)})"


def spread_words(step: Step) -> str:
    """How many times the lower end of the 80 % range its upper end is."""
    return plain(rounded(step.spread, 2 if step.spread >= 2 else 3))


def actual_words(forecast: Forecast, quantity: str, amount: float) -> str:
    """What happened beside what was forecast: inside which range, or on which side of all."""
    took = text("{quantity}: it took {amount}", quantity=_sentence(quantity_words(quantity))[:-1],
                amount=money(amount, forecast.currency))  # fmt: skip
    amounts = forecast.ranges.get(quantity)
    if amounts is None:
        return f"{took}."
    for level in (0.5, 0.8, 0.95):
        low, high = amounts.between(level)
        if low <= amount <= high:
            return text("{took}, inside the {level} % range.", took=took, level=round(100 * level))
    side = "below" if amount < amounts.median else "above"
    return f"{took}, {side} the 95 % range."


def banners(forecast: Forecast) -> list[str]:
    """What must be read before any figure: that it is simulated, that something is assumed."""
    lines = [SIMULATED] if forecast.simulated else []
    if forecast.what_if:
        assumed = ", ".join(
            f"{field_words(name)} {fact_words(value, name)}"
            for name, value in forecast.what_if.items()
        )
        lines.append(
            text("What if: this assumes {assumed}. It is not entered in the score book.",
                 assumed=assumed)
        )  # fmt: skip
    return lines


def field_words(name: str) -> str:
    """What a field of a film is called."""
    return {
        "theaters": "cinemas",
        "runtime_minutes": "running time",
        "rivals": "other wide openings",
    }.get(name, name.replace("_", " "))


def fact_words(value: object, name: str = "") -> str:
    """The value of a fact: lists joined, money and numbers as people write them, days in full."""
    is_date = name.startswith("opening of ") or FIELDS.get(name, ("",))[0] == "date"
    if is_date and isinstance(value, str):
        value = date.fromisoformat(value)
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
        *(f"Forecast by {outside_words(o, forecast.currency)}." for o in forecast.outside),
        *_step_line(forecast.steps),
        *cinemas_words(forecast.if_cinemas, forecast.currency),
        *(note_words(n) for n in forecast.notes),
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
    chances = [
        f"{money(a, forecast.currency)}, {chance_words(forecast.passes(a))}"
        for a in round_amounts(forecast.ranges["total"])
    ]
    return [f"Chance that the run passes: {'; '.join(chances)}."] if chances else []


def typical_words(forecast: Forecast) -> str:
    """Where the drivers of a forecast begin."""
    return text("A typical film of this market takes {typical}.",
                typical=money(forecast.typical, forecast.currency))  # fmt: skip


def _driver_lines(forecast: Forecast) -> list[str]:
    if not forecast.drivers:
        return []
    return [
        f"{typical_words(forecast)} From there to this film:",
        *(f"  {factor_line(d)}" for d in forecast.drivers),
    ]


def _comp_line(forecast: Forecast) -> list[str]:
    comps = [comp_words(c, forecast.currency) for c in forecast.comps[:SHOWN_COMPS]]
    return [f"Most alike: {'; '.join(comps)}."] if comps else []


def _step_line(steps: Sequence[Step]) -> list[str]:
    to_come = [s for s in steps if not s.done]
    if not to_come:
        return []
    now = [s for s in steps if s.done][-1:]
    widths = "; ".join(f"{step_words(s)} {spread_words(s)}" for s in (*now, *to_come))
    return [f"Upper over lower end of the 80 % range, as it was for like films: {widths}."]


def _known(forecast: Forecast, quantity: str) -> str:
    return money(forecast.known[quantity], forecast.currency)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _steps_between(low: float, high: float) -> list[float]:
    size: float = 10.0 ** floor(log10((high - low) / 3))
    step = next(m * size for m in (1, 2, 5, 10) if (high - low) / (m * size) <= LONGEST_LIST)
    return [step * k for k in range(ceil(low / step), floor(high / step) + 1)]


def issued_forecast(entry: Entry) -> Forecast:
    """The forecast that an entry of a score book holds."""
    return read_forecast(entry.forecast)
