"""What is simulated: the market's size, dates and scenario."""

from dataclasses import dataclass
from datetime import date, timedelta

from fullhouse.core.errors import InputError, did_you_mean

SCENARIOS = {
    "hidden-audience": "A small film without stars whose best audience shows only in baskets.",
    "null": "The film to come has no hidden audience: nothing must be found.",
    "fandom": "The film to come is a franchise whose fans all go at once.",
    "sleeper": "The film to come opens small, and its second weekend is larger than the first.",
    "the-case": "A film that those who would love it have not heard of; core moviegoers have.",
    "all-aware": "the-case, but that everybody has heard of the film: no headroom anywhere.",
    "unaware": "the-case, but that those who have not heard of the film would not come.",
    "dirty-data": "hidden-audience, fed by houses whose files are late, doubled, skewed and gamed.",
}

CHUNK = 1 << 16
"""People are made in chunks of so many; no household crosses two. Memory is that of a chunk."""

MARKET_PEOPLE = 60_000_000
"""The country's people. The simulated ones are a sample of them: a film's gross is the country's,
the tickets in the feeds are the sample's."""


@dataclass(frozen=True)
class Market:
    """Everything that decides the bytes of a simulated market."""

    people: int = 200_000
    seed: int = 7
    scenario: str = "hidden-audience"
    past_films: int = 300
    days: int = 365
    today: date = date(2025, 6, 30)

    def __post_init__(self) -> None:
        if self.scenario not in SCENARIOS:
            raise InputError(
                f"There is no scenario {self.scenario!r}."
                f"{did_you_mean(self.scenario, SCENARIOS)} Scenarios: {', '.join(SCENARIOS)}."
            )
        for name, least, most in (
            ("people", 1_000, 100_000_000),
            ("seed", 0, 2**63 - 1),
            ("past_films", 20, 5_000),
            ("days", 28, 3_650),
        ):
            given = getattr(self, name)
            if not least <= given <= most:
                raise InputError(f"{name} must be from {least:,} to {most:,}, not {given:,}.")

    @property
    def chunks(self) -> int:
        """How many chunks the people are made in; the last may be short."""
        return -(-self.people // CHUNK)

    @property
    def first_day(self) -> date:
        """The first day of the feeds' events; `today` is the last."""
        return self.today - timedelta(days=self.days - 1)

    def day(self, number: int) -> date:
        """The calendar day of a day number; 0 is the first day of the feeds' events."""
        return self.first_day + timedelta(days=number)


def by_person(market: Market) -> bool:
    """Whether single people have heard of the scenario's film, or not, and feeds tell of it."""
    return market.scenario in ("the-case", "all-aware", "unaware")
