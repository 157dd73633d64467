"""Which raw columns look like special categories of personal data, by their names."""

import re

_LISTS = {
    "health": """
        health medical medication medicine diagnosis diagnoses disease illness disability disabled
        patient prescription allergy allergies pregnant pregnancy hiv bmi""",
    "religion": "religion religious religiosity faith church denomination",
    "ethnicity": "ethnicity ethnic race racial hispanic latino skin",
    "sexual orientation": "sexual sexuality orientation lgbt lgbtq gay",
    "politics": "political politics vote voter voting partisan ideology",
    "union membership": "tradeunion",
    "genetic or biometric data": """
        genetic genetics genome dna biometric biometrics fingerprint faceprint voiceprint iris""",
    "precise location": """
        lat latitude lon lng longitude gps geohash geolocation geo coordinate coordinates latlon
        latlng street""",
}
_WORDS = {category: frozenset(words.split()) for category, words in _LISTS.items()}
_TOGETHER: dict[str, tuple[frozenset[str], ...]] = {
    "union membership": (
        frozenset(("union", "member")),
        frozenset(("union", "membership")),
        frozenset(("trade", "union")),
        frozenset(("labor", "union")),
        frozenset(("labour", "union")),
    ),
    "health": (frozenset(("blood", "type")), frozenset(("blood", "pressure"))),
}
_OTHER_ADDRESSES = frozenset({"email", "mail", "ip", "mac", "web", "url"})


def special_category(column: str) -> str | None:
    """The special category that a column's name looks like, or None.

    Names are cut at everything that is no letter and at camelCase humps. Only the name is
    looked at; a column of diagnoses called 'x7' is not found out.

    >>> special_category("homeLatitude"), special_category("trace_id")
    ('precise location', None)
    """
    words = frozenset(_words(column))
    for category, known in _WORDS.items():
        if words & known:
            return category
    for category, groups in _TOGETHER.items():
        if any(group <= words for group in groups):
            return category
    if words & {"address", "addr"} and not words & _OTHER_ADDRESSES:
        return "precise location"
    return None


def _words(column: str) -> list[str]:
    humps = re.sub(r"([a-z])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", column)
    return [w.lower() for w in re.split(r"[\W\d_]+", humps) if w]
