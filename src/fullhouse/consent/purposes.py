"""What consent is given for: the purposes of a house, and how one is written."""

import unicodedata
from collections.abc import Collection

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.settings import Settings

ANALYTICS = "analytics"
ADVERTISING = "advertising"
OTHER_WORDS = {
    ADVERTISING: ("ad", "ads", "advert", "adverts", "advertisement", "advertisements", "marketing"),
    ANALYTICS: ("analysis", "measurement", "statistics", "stats", "insights"),
}
"""What others call a purpose. A suggestion only: whether it is the same is the house's to say."""


def known_purposes(settings: Settings) -> tuple[str, ...]:
    """Every purpose of a house, in alphabetical order."""
    declared = (*settings.purposes, *settings.consent_required)
    return tuple(sorted({ANALYTICS, ADVERTISING, *map(normal_purpose, declared)}))


def normal_purpose(text: str) -> str:
    """A purpose as every statement of it is compared: without blanks around it, in lower case.

    >>> normal_purpose("  Advertising ")
    'advertising'
    """
    return unicodedata.normalize("NFKC", text).strip().casefold()


def check_purpose(text: str, known: Collection[str]) -> str:
    """A purpose that the house knows; an error with the known ones for any other text."""
    purpose = normal_purpose(text)
    if purpose in known:
        return purpose
    raise InputError(
        f"No purpose {text!r}.{near_purpose(text, known)} Purposes are {', '.join(sorted(known))};"
        " setting 'purposes' declares others."
    )


def near_purpose(text: str, known: Collection[str]) -> str:
    """A sentence with the purpose that may be meant, starting with a space, or nothing."""
    purpose = normal_purpose(text)
    same = [name for name, words in OTHER_WORDS.items() if purpose in words and name in known]
    return f" Did you mean {same[0]!r}?" if same else did_you_mean(purpose, known)
