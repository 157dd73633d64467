"""Personal data: identifiers become digests in memory; special categories go by their names."""

import hmac
import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

KINDS = ("email", "phone", "device")
"""Identifier kinds with a normalisation of their own; any other kind is trimmed only."""

NAME_KINDS = ("first_name", "surname", "full_name", "birth_date", "postcode", "address")
"""Kinds that people are compared by, and that link nobody by themselves."""

_NOTHING = frozenset({"null", "none", "n/a", "na", "nan", "unknown", "undefined", "-", "\\n"})
_NOBODY = frozenset(
    ("none", "noemail", "no-email", "no.email", "no_email", "nomail", "no-mail", "noreply",
     "no-reply", "donotreply", "notprovided", "not-provided", "unknown", "anonymous", "null",
     "undefined")
)  # fmt: skip
"""Names before the @ of e-mails that people are given who have none."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# Wide on purpose: whatever has an @ inside goes.
_EMAIL_LIKE = re.compile(r"[^\s,;\"'<>|]+@[^\s,;\"'<>|]+")
# A date is no phone number, though it looks like one.
_PHONE_LIKE = re.compile(r"(?!\d{4}-\d{2}-\d{2})\+?\(?\d[\d\s().\-/]{5,}\d")


def normalise(kind: str, text: str, *, phone_region: str) -> str | None:
    """The identifier as every source would write it, or None when it can be none.

    E-mail: trimmed, lower case. Phone: E.164, numbers without a country code read as numbers of
    `phone_region`. Device: trimmed, lower case. Names and addresses: lower case, without accents,
    letters and digits only. Other kinds: trimmed. What stands for a missing one is none.
    """
    if kind == "phone":
        return _e164(text, phone_region)
    text = text.strip()
    if text.lower() in _NOTHING:
        return None
    if kind in NAME_KINDS:
        plain = unicodedata.normalize("NFKD", text).casefold()
        return "".join(c for c in plain if c.isalnum()) or None
    if kind == "email":
        text = text.lower()
        return text if _EMAIL.fullmatch(text) and text.split("@")[0] not in _NOBODY else None
    if kind == "device" and not text.strip("0-:"):
        return None
    return (text.lower() if kind == "device" else text) or None


@lru_cache(maxsize=100_000)
def _e164(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    # 000 000 0000 and its like are typed where a number must be given.
    if len(set(str(number.national_number))) == 1:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True)
class Hasher:
    """HMAC-SHA-256 under the workspace key; each kind has a domain of its own."""

    key: bytes = field(repr=False)
    phone_region: str

    def digest(self, kind: str, text: str) -> str | None:
        """The digest of a raw identifier in hexadecimal, or None when it is invalid."""
        plain = normalise(kind, text, phone_region=self.phone_region)
        return None if plain is None else self._hmac(kind, plain)

    def column(self, kind: str, raw: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
        """A column of digests for one of raw identifiers, and how many of those were invalid."""
        coded = pc.dictionary_encode(raw.cast(pa.string()).combine_chunks())
        digests = pa.array(
            [None if t is None else self.digest(kind, t) for t in coded.dictionary.to_pylist()],
            pa.string(),
        )
        digested = digests.take(coded.indices)
        return pa.chunked_array([digested]), digested.null_count - raw.null_count

    def scrub(self, text: str, *, phones: bool = True) -> str:
        """The text with everything that looks like an e-mail or a phone number made a digest."""
        text = _EMAIL_LIKE.sub(lambda m: self._like("email", m[0]), text)
        return _PHONE_LIKE.sub(lambda m: self._like("phone", m[0]), text) if phones else text

    def _like(self, kind: str, text: str) -> str:
        return f"{kind}:{self.digest(kind, text) or self._hmac(kind, text.strip().lower())}"

    def _hmac(self, kind: str, plain: str) -> str:
        message = f"identifier/{kind}\0{plain}".encode()
        return hmac.digest(self.key, message, "sha256").hex()


def looks_like_email(text: str) -> bool:
    """Whether a text is an e-mail address and nothing else."""
    return _EMAIL.fullmatch(text.strip()) is not None


def as_json(row: dict[str, object]) -> str:
    """A raw row as the quarantine keeps it."""
    return json.dumps(row, ensure_ascii=False, default=str)


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
    looked at; a column of diagnoses called 'x7' is not recognised.

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
