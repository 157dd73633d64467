"""Personal data: identifiers become digests in memory; special categories go by their names."""

import contextlib
import hmac
import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.values import INVISIBLE, plain_text

KINDS = ("email", "phone", "device")
"""Identifier kinds with a normalisation of their own; any other kind is trimmed only."""

NAME_KINDS = ("first_name", "surname", "full_name", "birth_date", "postcode", "address")
"""Kinds that people are compared by, and that link nobody by themselves."""

NOTHING = frozenset(
    ("null", "none", "nan", "nil", "nat", "n/a", "n.a.", "na", "#n/a", "\\n", "(null)", "<null>",
     "[null]", "<na>", "undefined", "unknown", "missing", "-", "--", "---", "?", "inf", "-inf",
     "infinity", "-infinity", "true", "false", "#ref!", "#value!", "#name?", "#div/0!", "#num!",
     "#null!")
)  # fmt: skip
"""Words by which programs write that there is no account or identifier, in lower case."""
_NOBODY = frozenset(
    ("none", "noemail", "no-email", "no.email", "no_email", "nomail", "no-mail", "noreply",
     "no-reply", "donotreply", "notprovided", "not-provided", "unknown", "anonymous", "null",
     "undefined")
)  # fmt: skip
"""Names before the @ of e-mails that people are given who have none."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# An @ also as other scripts, addresses of the web and JSON write it.
_ENTITY = "&#0*64;|&#[xX]0*40;|&commat;"
_AT_WORD = r"\s?[\[({]\s?[aA][tT]\s?[\])}]\s?"
AT = f"(?:@|\uff20|\ufe6b|%40|\\\\u0040|{_ENTITY}|{_AT_WORD})"
_SIGN = f"(?:@|\uff20|\ufe6b|%40|\\\\u0040|{_ENTITY})"
_SPELT_SIGN = re.compile(f"{_AT_WORD}|{_ENTITY}")
# Where the sign is written in others, which are no part of a word: name [at] host.example.
_SPELT = re.compile(
    rf"[\w.+%-]{{1,64}}(?:{_AT_WORD}|{_ENTITY})[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{0,3}}\.[a-zA-Z][\w-]*"
)
_WORD = re.compile(r"[^\s,;\"'<>|]+")
_AT_INSIDE = re.compile(rf".{_SIGN}.")
# A name before the @ may stand in quotes, with blanks in it.
_QUOTED = re.compile(rf"[\"'][^\"'@\n]{{1,64}}[\"']{_SIGN}[^\s,;\"'<>|]+")
_HOLDS_EMAIL = re.compile(rf"[\w.+-]{_SIGN}[\w-]{{1,63}}\.\w")
# A word of this length is cut: no e-mail is longer, and a search for one must not take long.
_LONGEST_EMAIL = 320
_LONGEST_NAME = 255
_DATE = r"\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4}"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Digests and dates are taken first, so that nothing of them looks like a number.
_PHONE_LIKE = re.compile(
    rf"(?<!\w)(?:{_UUID}|[0-9a-f]{{32,}}|{_DATE})(?!\w)"
    rf"|(?<!\w)(?P<phone>\+?\(?\d(?:[\s().\-/]{{0,3}}(?!(?:{_DATE})(?!\w))\d){{6,14}})(?!\w)"
)
# With 00 for the +, only where a blank follows the country's code: ids begin with zeros too.
_INTERNATIONAL = re.compile(
    r"(?<![^\W_])(?:\+|00(?=[1-9]\d{0,2}\s))\d(?:[\s().\-/]{0,3}\d){6,14}(?![^\W_])"
)
_WRAPPED = re.compile(r"(?:[^<>]*<)?(?:mailto:)?([^<>]*)>?")
_SHORT_PHONE = 7
"""Shorter numbers count only where their country's plan has them: 1234 is typed by anybody."""


def normalise(kind: str, text: str, *, phone_region: str) -> str | None:
    """The identifier as every source would write it, or None when it can be none.

    E-mail: trimmed, lower case, its domain as the internet's name service writes it. Phone: E.164,
    numbers without a country code read as numbers of `phone_region`. Device: trimmed, lower case.
    Names and addresses: lower case, without accents, letters and digits only. Other kinds: trimmed.
    Of all: one form of each letter, no invisible signs, and no word that
    stands for a missing one.
    """
    text = plain_text(text)
    if text.lower() in NOTHING:
        return None
    if kind == "phone":
        return _e164(text, phone_region)
    if kind in NAME_KINDS:
        plain = unicodedata.normalize("NFKD", text).casefold()
        return "".join(c for c in plain if c.isalnum()) or None
    if kind == "email":
        return _email(text)
    if kind == "device" and not text.strip("0-:"):
        return None
    return (text.lower() if kind == "device" else text) or None


def _email(text: str) -> str | None:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    # As programs for mail write it: Ann <ann@x.example>, mailto:ann@x.example.
    if ("<" in text or ":" in text) and (inner := _WRAPPED.fullmatch(text)) is not None:
        text = inner[1].strip()
    if len(text) > _LONGEST_EMAIL or not _EMAIL.fullmatch(text):
        return None
    name, _, domain = text.partition("@")
    if name in _NOBODY:
        return None
    if not domain.isascii():
        with contextlib.suppress(UnicodeError):
            domain = domain.encode("idna").decode()
    return f"{name}@{domain}"


@lru_cache(maxsize=100_000)
def _e164(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    if number.national_number < 10**_SHORT_PHONE // 10 and not phonenumbers.is_valid_number(number):
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
        """The text with everything that looks like an e-mail or a phone number made a digest.

        Dates, UUIDs and digests stay. Without `phones`, only numbers with a + go: others look like
        the ids of orders. The time it takes grows with the text's length and no faster.
        """
        text = _QUOTED.sub(lambda m: self._like("email", m[0]), text)
        if _SPELT_SIGN.search(text):
            text = _SPELT.sub(lambda m: self._like("email", m[0]), text)
        text = _WORD.sub(self._word, text)
        if phones:
            return _PHONE_LIKE.sub(self._phone, text)
        return _INTERNATIONAL.sub(lambda m: self._like("phone", m[0]), text)

    def file_name(self, name: str) -> str:
        """A file's name as the ledgers hold it."""
        return self.scrub(name, phones=False)[:_LONGEST_NAME]

    def _word(self, word: re.Match[str]) -> str:
        return self._like("email", word[0]) if _AT_INSIDE.search(word[0]) else word[0]

    def _phone(self, number: re.Match[str]) -> str:
        return number[0] if number["phone"] is None else self._like("phone", number[0])

    def _like(self, kind: str, text: str) -> str:
        return f"{kind}:{self.digest(kind, text) or self._hmac(kind, text.strip().lower())}"

    def _hmac(self, kind: str, plain: str) -> str:
        message = f"identifier/{kind}\0{plain}".encode()
        return hmac.digest(self.key, message, "sha256").hex()


def looks_like_email(text: str) -> bool:
    """Whether an e-mail address stands in a text, alone or among other words."""
    if not text.isascii():
        text = re.sub(INVISIBLE, "", text)
    if _HOLDS_EMAIL.search(text) or _QUOTED.search(text):
        return True
    if _SPELT_SIGN.search(text) and _SPELT.search(text):
        return True
    return any(_EMAIL.fullmatch(word) for word in _WORD.findall(text) if "@" in word)


def looks_like_phone(text: str) -> bool:
    """Whether a text is a phone number with its country code and nothing else."""
    plain = text.strip()
    if plain.startswith("00"):
        return _INTERNATIONAL.fullmatch(plain) is not None and is_in_plan(f"+{plain[2:]}")
    return _INTERNATIONAL.fullmatch(plain) is not None


def is_in_plan(text: str) -> bool:
    """Whether a number with its country's code is one that the country's plan has."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text))
    except phonenumbers.NumberParseException:
        return False


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
