"""Exhibitor packs in words: the headline, and how the counts came about."""

from collections.abc import Sequence

from fullhouse.exhibit.pack import (
    Basis,
    CinemaBasis,
    CinemaShares,
    DaypartBasis,
    Demand,
    Exhibit,
    Films,
    MarketBasis,
    NoDayparts,
    OtherDayparts,
    RangeBasis,
    Source,
    StillRunning,
)
from fullhouse.view.words.figures import capital, day_words, share_words, text

FILMS: dict[Films, str] = {"comparable": "comparable films", "all": "all films"}


def headline(pack: Exhibit) -> str:
    """The one sentence of a pack: what is expected in its first week."""
    first = pack.weeks[0] if pack.weeks else None
    if first is None:
        return text("No week of the run in {place} can be forecast.", place=pack.place)
    if first.admissions is None:
        return text(
            "{place}: {few} admissions in the week of {week}.",
            place=pack.place, few=under(pack), week=day_words(first.week),
        )  # fmt: skip
    return text(
        "{place}: likely between {low} and {high} admissions in the week of {week} (80 % range).",
        place=pack.place, week=day_words(first.week),
        low=tickets(first.admissions.low), high=tickets(first.admissions.high),
    )  # fmt: skip


def under(pack: Exhibit) -> str:
    """What stands in place of a number that is too small to be known."""
    return text("under {minimum}", minimum=f"{pack.minimum:,}")


def tickets(amount: float) -> str:
    """Tickets to three digits, since no forecast knows more of them."""
    return f"{float(f'{amount:.3g}'):,.0f}"


def first_week(pack: Exhibit) -> str:
    """The opening week, or the one that the first of the weeks is."""
    week = pack.weeks[0].week if pack.weeks else pack.opening
    if week == pack.opening:
        return text("the opening week")
    return text("the week of {week}", week=day_words(week))


def showings_words(pack: Exhibit) -> str:
    """How many showings are suggested in all, and what they fill."""
    total = sum(d.showings or 0 for d in pack.dayparts)
    total += pack.other_dayparts.showings if pack.other_dayparts else 0
    return text(
        "{showings} showings of {seats} seats in {week} fill about {goal} of the seats.",
        showings=f"{total:,}", seats=f"{pack.seats:,}", week=first_week(pack),
        goal=share_words(pack.goal),
    )  # fmt: skip


def other_words(pack: Exhibit, others: OtherDayparts) -> str:
    """Why some parts of the week have no numbers, and what they have together."""
    hidden = [d.name for d in pack.dayparts if d.admissions is None]
    if len(hidden) == len(pack.dayparts):
        return text("Too few admissions are expected to divide the week into parts.")
    return text(
        "{parts} have no numbers of their own, since too few admissions are expected in one of them"
        " at least; together they have {admissions} admissions and {showings} showings.",
        parts=capital(_listed(hidden)), admissions=f"{others.admissions:,.0f}",
        showings=f"{others.showings:,}",
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them.

    >>> _listed(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = names
    return text("{first} and {last}", first=", ".join(first), last=last) if first else last


def source_words(source: Source) -> str:
    """What the counts rest on."""
    return text(
        "Audiences of {built}; forecast and ticket sales up to {day}.",
        built=day_words(source.build_as_of), day=day_words(source.as_of),
    )  # fmt: skip


def basis_lines(pack: Exhibit | Demand) -> list[str]:
    """How the counts came about, for whoever asks."""
    return [line for basis in pack.basis for line in _lines(basis)]


def _lines(basis: Basis) -> list[str]:
    match basis:
        case MarketBasis():
            return _market_lines(basis)
        case CinemaBasis():
            return [_cinema_line(basis)]
        case DaypartBasis():
            return [_daypart_line(basis)]
        case NoDayparts():
            return [_no_dayparts(basis)]
        case StillRunning():
            return [text(
                "Still running, so counted up to {day}: {titles}.",
                day=day_words(basis.as_of), titles=", ".join(basis.titles),
            )]  # fmt: skip
        case CinemaShares():
            return [text(
                "A cinema is expected to draw its share of the tickets that the house's people"
                " bought in its city: of comparable films where those are enough, else of all"
                " films."
            )]  # fmt: skip
        case RangeBasis():
            return [text(
                "Ranges are 80 %: the forecast's, widened by how well the shares of the city and"
                " the cinema are known. They do not hold that ticket prices differ from place to"
                " place, nor tastes that the house's people there do not show."
            )]  # fmt: skip


def _market_lines(basis: MarketBasis) -> list[str]:
    lines = [text(
        "Admissions are those of the whole market: the forecast's gross at {price} {currency} a"
        " ticket (the mean of the house's own sales), divided among cities by where likely ticket"
        " buyers live. People, and the tickets expected of them, are the house's own: its people"
        " buy {share} of a film's tickets.",
        price=f"{basis.ticket_price:,.2f}", currency=basis.currency,
        share=share_words(basis.house_share),
    )]  # fmt: skip
    if round(basis.unknown_city, 3):
        lines.append(text(
            "For {share} of the visits expected of the house's people the city is not known; they"
            " are assumed to live as the others do.",
            share=share_words(basis.unknown_city),
        ))  # fmt: skip
    return lines


def _cinema_line(basis: CinemaBasis) -> str:
    return text(
        "{cinema} is expected to draw {share} of {city}: its share of the tickets of {films} that"
        " the house's people bought there. Audiences are those of the city.",
        cinema=basis.cinema, share=share_words(basis.share), city=basis.city,
        films=FILMS[basis.films],
    )  # fmt: skip


def _daypart_line(basis: DaypartBasis) -> str:
    return text(
        "The week is divided as tickets of {films} in {place} fell in their opening weeks, by the"
        " clock of the ticket feed ({zones}); the weekend is Saturday and Sunday.",
        films=FILMS[basis.films], place=basis.city or text("all cities"),
        zones=", ".join(basis.time_zones),
    )  # fmt: skip


def _no_dayparts(basis: NoDayparts) -> str:
    if basis.reason == "few_expected":
        return text("No showings are suggested: too few admissions are expected in the first week.")
    return text(
        "No showings are suggested by part of the week: in most parts fewer than {minimum} tickets"
        " of past films' opening weeks are known, here and everywhere.",
        minimum=f"{basis.minimum:,}",
    )
