"""The words of propensity: where a model's level comes from, and what its figures are of."""

from fullhouse.propensity.propensity import ModelCard
from fullhouse.view.words.text import text

LEVELS = {
    "forecast": "from the forecast",
    "given": "as given",
    "similar_films": "from films like it",
}


def level_words(level: str) -> str:
    """Where the number of people expected comes from."""
    return text(LEVELS.get(level, level))


def card_notes(card: ModelCard) -> tuple[str, ...]:
    """How to read a card's figures."""
    notes = [
        text(
            "The figures are of past films, each predicted by a model that was not fitted on it."
            " They show how well films like these are predicted, not how well this one will be."
        ),
        text(
            "In the figures each film's level is its own number of viewers; this film's is"
            " {level}.",
            level=level_words(card.level),
        ),
    ]
    if "interest" in card.signals:
        notes.append(text("The film's own interest is used too and is not in the figures."))
    return tuple(notes)
