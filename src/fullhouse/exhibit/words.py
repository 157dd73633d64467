"""What a reader of an exhibitor pack must know, in plain words."""

from datetime import timedelta

from fullhouse.exhibit.market import City, Market
from fullhouse.exhibit.places import Basis, CinemaShare
from fullhouse.exhibit.sales import Sold, time_zones
from fullhouse.planning.plan import Amount
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.film_sales import SELLING_DAYS
from fullhouse.view.figure_words import share_words
from fullhouse.view.words.figures import day_words

RANGES = (
    "Ranges are 80 %: the forecast's, widened by how surely the shares of the city and the cinema"
    " are known, by the luck of who is among the house's people and of who goes. Not in them: the"
    " price of a ticket, taken to be the same everywhere, and taste of a place for a film that"
    " the house's people there do not show."
)

CINEMAS = (
    "A cinema is taken to draw its share of the tickets that the house's people bought in its city:"
    " of comparable films where that tells of most tickets, else of all films."
)


def source_words(house: AnalysisSample) -> str:
    """What the counts rest on."""
    build = house.population.build
    return (
        f"trait build {build.id} of {day_words(build.as_of)}; forecast of {day_words(house.day)};"
        f" tickets sold to the house's people up to {day_words(house.day)}"
    )


def market_words(market: Market) -> list[str]:
    """What admissions are of, and what people are."""
    tickets = market.tickets
    found = [
        f"Admissions are of the whole market: the forecast's gross at {tickets.price:,.2f}"
        f" {tickets.currency} a ticket, the mean of the house's own sales, shared out over cities"
        " by where the people live who are likely to come. People, and the tickets expected of"
        f" them, are of the house alone, whose people buy"
        f" {share_words(tickets.known_share)} of a film's tickets."
    ]
    if round(market.unknown, 3):
        found.append(
            f"Of {share_words(market.unknown)} of the visits expected of the house's people the"
            " city is not known; they are taken to live as the others do."
        )
    return found


def cinema_words(mine: CinemaShare, where: City, of: str) -> str:
    """Where a cinema's share comes from."""
    return (
        f"{mine.cinema} is taken to draw {share_words(mine.share)} of {where.name}, its share of"
        f" the tickets of {of} that the house's people bought in the city. Audiences are those of"
        " the city."
    )


def daypart_words(
    house: AnalysisSample, basis: Basis | None, first: Amount | None, minimum: int
) -> list[str]:
    """Where the dayparts come from, or why there are none."""
    if first is None:
        return ["No showings are suggested: too few admissions are expected in the first week."]
    if basis is None:
        return [
            "No showings are suggested by daypart: of past films' opening weeks fewer than"
            f" {minimum:,} tickets are known for most dayparts, here and everywhere."
        ]
    zones = sorted(set(time_zones(house).values())) or [house.context.settings.time_zone]
    return [
        f"Dayparts as tickets of {basis.words} fell in their opening weeks, by the clock of the"
        f" ticket feed ({', '.join(zones)}); the weekend is Saturday and Sunday."
    ]


def film_words(house: AnalysisSample, sold: Sold) -> list[str]:
    """Comparable films that are still shown."""
    found = []
    running = [
        f.title
        for f in sold.films
        if f.like and house.day - f.opening < timedelta(days=SELLING_DAYS)
    ]
    if running:
        found.append(f"Not over yet, so told up to {day_words(house.day)}: {', '.join(running)}.")
    return found
