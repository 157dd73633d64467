"""A campaign before and at its launch in plain words: what it can show, what was handed over."""

from collections.abc import Sequence

from fullhouse.campaigns.campaign import LaunchedCities, Power
from fullhouse.view.words.figures import counted, day_words, share_words
from fullhouse.view.words.text import text

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


def launched_words(lines: int, folder: str, *, resumed: bool, logged: bool) -> str:
    """What a launch handed over, and whether it was begun before."""
    sentences = [
        text("{lines} handed over in {folder}.", lines=counted(lines, "line"), folder=folder)
    ]
    if resumed:
        sentences.insert(0, text("This campaign was launched before: no arm was changed."))
    sentences.append(
        text("assigned.parquet there is the house's own log of both arms, for no channel.")
        if logged
        else text("The log of both arms is large and was not written.")
    )
    return " ".join(sentences)


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
