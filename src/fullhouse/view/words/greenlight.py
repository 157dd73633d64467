"""A film before its greenlight in words."""

from fullhouse.greenlight.greenlight import (
    AlreadyOpen,
    BeyondBudgets,
    Calibrated,
    FromForecast,
    FromPastFilms,
    GenresUnknown,
    Greenlight,
    HomeOnly,
    NoHouseForecast,
    Note,
    OldFilms,
    SlateRisk,
    SourceEffect,
    SourceUnproven,
    StagedOption,
    Swing,
    Threshold,
)
from fullhouse.view.words.figures import (
    CURRENCIES,
    day_words,
    likely_between,
    money,
    money_short,
    share_words,
    text,
)

LINES = {
    "theatrical": "cinemas",
    "home": "home video, net",
    "television": "television",
    "streaming": "streaming",
    "airlines": "airlines and the like",
    "tax_credit": "tax credit",
    "distribution_fee": "distribution",
    "residuals": "residuals",
    "production": "production",
    "advertising": "prints and advertising",
    "participations": "participations",
    "profit": "profit",
}
TERMS = {
    "gross": "gross of all countries",
    "rental_home": "cinemas' share handed on, home",
    "rental_abroad": "cinemas' share handed on, abroad",
    "rental_china": "share handed on, China",
    "china_share": "China's part of the gross abroad",
    "home": "home video by rentals",
    "television": "television by rentals",
    "streaming": "streaming by rentals",
    "airlines": "airlines by rentals",
    "distribution_fee": "distribution fee",
    "participations": "participations",
    "residuals": "residuals",
    "tax_credit": "tax credit",
    "overrun": "overrun of the budget",
    "discount": "interest a year",
    "advertising_elasticity": "what advertising moves",
}
OPTIONS = {
    "go": "go ahead now",
    "drop": "drop it",
    "pilot": "pilot first, then go on or drop",
    "sell": "make it, then open it or sell it",
    "pilot_and_sell": "pilot first, later open or sell",
}
THRESHOLDS = {
    "gross": "gross of all countries, middle",
    "budget": "budget, at the same gross",
    "share": "all cinemas' shares handed on, home at",
    "advertising": "prints and advertising",
}


def headline(greenlight: Greenlight) -> str:
    """The one sentence: the chance to earn the money back, and the expected profit."""
    chance = share_words(greenlight.break_even.value)
    profit = greenlight.profit
    words = (
        "“{title}” earns its money back with a chance of {chance}; the expected profit is {profit}"
        " (± {error}, error of the simulation)."
        if profit.value >= 0
        else "“{title}” earns its money back with a chance of {chance}; the expected loss is"
        " {profit} (± {error}, error of the simulation)."
    )
    return text(
        words,
        title=greenlight.idea.title,
        chance=chance,
        profit=money(abs(profit.value), greenlight.currency),
        error=money_short(2 * profit.error),
    )


def gross_words(greenlight: Greenlight) -> str:
    """The range of the gross."""
    gross = greenlight.gross
    likely = likely_between(*gross.between(0.8), greenlight.currency, middle=gross.median)
    template = "Gross of all countries: {likely}; middle {middle}."
    if not greenlight.everywhere:
        template = "Gross at home: {likely}; middle {middle}."
    return text(template, likely=likely, middle=money(gross.median, greenlight.currency))


def worst_words(greenlight: Greenlight) -> str:
    """What happens in the worst tenth of the draws."""
    worst = greenlight.worst.value
    template = (
        "In the worst 10 % it loses {amount} on average."
        if worst < 0
        else "Even in the worst 10 % it earns {amount} on average."
    )
    return text(template, amount=money(abs(worst), greenlight.currency))


def place_words(greenlight: Greenlight | SlateRisk) -> str:
    """Where and as of when."""
    return text(
        "{territory}, as of {day}; money of today, {draws} draws.",
        territory=greenlight.territory,
        day=day_words(greenlight.as_of),
        draws=f"{greenlight.draws:,}",
    )


def line_words(name: str) -> str:
    """A line of the profit and loss."""
    return text(LINES[name])


def swing_words(swing: Swing, *, everywhere: bool = True) -> str:
    """What moves, and between which values."""
    ends = (
        (money_short(swing.at_low), money_short(swing.at_high))
        if swing.name == "gross"
        else (f"{swing.at_low:.3g}", f"{swing.at_high:.3g}")
    )
    name = TERMS[swing.name]
    if swing.name == "gross" and not everywhere:
        name = "gross at home"
    return text("{name}, {low} to {high}", name=text(name), low=ends[0], high=ends[1])


def option_words(option: StagedOption) -> str:
    """What is decided, and when."""
    return text(OPTIONS[option.name])


def threshold_words(threshold: Threshold, *, everywhere: bool = True) -> str:
    """What would have to change for an even chance."""
    name = text(THRESHOLDS[threshold.name])
    if threshold.name == "gross" and not everywhere:
        name = text("gross at home, middle")
    if threshold.needed is None:
        return text("{name}: nothing in reach brings an even chance", name=name)
    show = share_words if threshold.name == "share" else money_short
    return text(
        "{name}: {needed} (now {planned})",
        name=name,
        needed=show(threshold.needed),
        planned=show(threshold.planned),
    )


def source_words(effect: SourceEffect) -> str:
    """What films of the source took beside original stories."""
    template = (
        "At equal budget and year, {films} past films of this source ({source}) took {ratio} times"
        " as much as original stories (95 %: {low} to {high})."
    )
    words = text(
        template,
        films=effect.films,
        source=effect.story_source,
        ratio=f"{effect.ratio:.2f}",
        low=f"{effect.low:.2f}",
        high=f"{effect.high:.2f}",
    )
    if effect.low <= 1 <= effect.high:
        return words + " " + text("The data cannot tell whether it matters.")
    return words


def note_words(note: Note) -> str:
    """What the figures rest on."""
    match note:
        case FromForecast():
            return text("The gross at home is the house's forecast; abroad as films like it did.")
        case FromPastFilms(films, last_year, near):
            return text(
                "The gross is that of {films} past films up to {year}, by budget, genre and season;"
                " what the story is based on made no past forecast better, and moves nothing. The"
                " range is how far films of years not seen lay off, of the {near}"
                " nearest in budget. Past films are those that opened: a film that never does is"
                " not among them.",
                films=f"{films:,}", year=last_year, near=near,
            )  # fmt: skip
        case HomeOnly():
            return text(
                "Too few past films know their gross of all countries: only the gross at home is"
                " counted."
            )
        case OldFilms(last_year, years):
            return text(
                "The newest past film is of {year}, {years} years ago: money and markets have moved"
                " since.",
                year=last_year, years=years,
            )  # fmt: skip
        case NoHouseForecast(why):
            return text(
                "No forecast of the house could be made ({why}); past films stand for it.",
                why=why.replace("_", " "),
            )
        case SourceUnproven(source, films):
            return text(
                "Only {films} past films are of this source ({source}): nothing can be told of it.",
                films=films, source=source,
            )  # fmt: skip
        case GenresUnknown(genres, known):
            return text(
                "Too few past films are of the genre {genres}, which moves nothing. Genres that"
                " do: {known}.",
                genres=", ".join(genres), known=", ".join(known) or "-",
            )  # fmt: skip
        case BeyondBudgets(low, high):
            return text(
                "No past film has such a budget: theirs go from {low} to {high}. The figures reach"
                " beyond what was seen.",
                low=money_short(low), high=money_short(high),
            )  # fmt: skip
        case Calibrated(films, factor):
            return text(
                "The gross is multiplied by {factor}, so that the chance is what the chances stated"
                " for {films} past films, each from the years before it, came to.",
                factor=f"{factor:.2f}", films=f"{films:,}",
            )  # fmt: skip
        case AlreadyOpen(opening):
            return text(
                "It opened on {day}: this looks back, with films that came later among those that"
                " teach.",
                day=day_words(opening),
            )


def slate_headline(slate: SlateRisk) -> str:
    """The one sentence of a slate."""
    return text(
        "{films} films for {spend} together: a chance of {chance} to earn the money back, an"
        " expected profit of {profit}; in the worst 10 % {worst} on average.",
        films=len(slate.films),
        spend=money(slate.spend, slate.currency),
        chance=share_words(slate.break_even.value),
        profit=money(slate.profit.value, slate.currency),
        worst=money(slate.worst.value, slate.currency),
    )


def slate_note_words(slate: SlateRisk) -> list[str]:
    """What the figures of a slate rest on; a note that not all films share begins with its film."""
    every = dict.fromkeys(n for f in slate.films for n in f.notes)
    shared = [n for n in every if all(n in f.notes for f in slate.films)]
    own = [
        text("{title}: {note}", title=f.title, note=note_words(n))
        for f in slate.films
        for n in f.notes
        if n not in shared
    ]
    return [*map(note_words, shared), *own]


def terms_words(greenlight: Greenlight) -> str:
    """Which terms are a user's own; nothing where all are those shipped."""
    names = ", ".join(greenlight.changed_terms)
    return text("Your own terms: {names}.", names=names) if names else ""


def shared_words(slate: SlateRisk) -> str:
    """How far films of a year go together, and what that costs the slate."""
    return text(
        "Films of one year share {shared} of what past films missed by (95 %: {low} to {high}). If"
        " they shared nothing, the worst 10 % would be {alone}.",
        shared=share_words(slate.shared),
        low=share_words(slate.shared_low),
        high=share_words(slate.shared_high),
        alone=money(slate.alone, slate.currency),
    )


def currency_words(currency: str) -> str:
    """What a column of money is counted in."""
    return CURRENCIES.get(currency, currency)
