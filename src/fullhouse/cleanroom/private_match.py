"""How many of a studio's customers the house knows, without either showing the other a list.

Private set intersection over elliptic curves by openmined-psi. The house is the side that compares:
were it the studio, it would learn the exact size, and no noise could be put on it any more. The
studio's machine raises the house's blinded identifiers to its own secret power and sorts them, so
that the house learns how many are in both and not which. So there are four messages:

1. request: the studio's list, blinded by the studio;
2. challenge: the house's identifiers, blinded by the house, and others that are nobody's;
3. response: the challenge, blinded by the studio too, sorted;
4. answer: the size with noise, released by the gate and paid from the ledger.

A list may be sent to be acted on: then the response is not sorted, the house learns which of its
people are on the list, and keeps them as an audience.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, log
from multiprocessing import get_context
from os import cpu_count
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.feeds.identify import normalise

KINDS = ("email", "phone")
REQUEST, CHALLENGE, RESPONSE, SECRET = "request", "challenge", "response", "key"
FALSE_POSITIVES = 1e-9
AT_ONCE = 20_000
"""Identifiers of one task of a process; fewer are not worth a process."""

STEP = 1.1
"""Identifiers of the house are padded to a power of this: their number is nobody's to know."""


@dataclass(frozen=True)
class Message(Brief):
    """A file of a match: what it is, its facts, and blinded identifiers."""

    form: str
    facts: Mapping[str, Any]
    payload: bytes = b""

    def to_bytes(self) -> bytes:
        """The message as it is written to a file."""
        head = json.dumps(dict(self.facts), sort_keys=True, separators=(",", ":"))
        return f"fullhouse-match-{self.form}-1\n{head}\n".encode() + self.payload


def message(data: bytes, form: str) -> Message:
    """The message in a file's bytes; an error when it is another one, or none."""
    first, _, rest = data.partition(b"\n")
    if first != f"fullhouse-match-{form}-1".encode():
        shown = first[:40].decode("ascii", "replace")
        raise InputError(f"This is no {form} of a private match: it begins with {shown!r}.")
    head, _, payload = rest.partition(b"\n")
    try:
        facts = json.loads(head)
    except ValueError:
        raise InputError(
            f"The {form} was cut or changed: its first lines cannot be read."
        ) from None
    return Message(form, facts, payload)


def elements(kind: str, texts: Iterable[str | None], *, phone_region: str) -> tuple[list[str], int]:
    """Digests of identifiers, each once, sorted; and how many of the texts can be none.

    Normalised as feeds are. Without a key: what is compared are powers of them, never themselves.
    """
    if kind not in KINDS:
        raise InputError(f"A list is of {' or '.join(KINDS)}, not {kind!r}.")
    known: set[str] = set()
    invalid = 0
    for text in texts:
        plain = None if text is None else normalise(kind, text, phone_region=phone_region)
        if plain is None:
            invalid += 1
        else:
            known.add(element(kind, plain))
    return sorted(known), invalid


def element(kind: str, plain: str) -> str:
    """The digest of one normalised identifier."""
    return sha256(f"fullhouse-match/{kind}\0{plain}".encode()).hexdigest()


def make_request(
    kind: str, ids: Sequence[str], *, act: bool = False, workers: int | None = None
) -> tuple[Message, Message]:
    """The studio's request for a list, and the secret that it must keep to itself."""
    key = psi().server.CreateWithNewKey(act).GetPrivateKeyBytes()
    blinded = sorted(_over(_set_up, ids, key, act, workers))
    facts = {
        "kind": kind,
        "identifiers": len(ids),
        "list": sha256("\n".join(ids).encode()).hexdigest(),
        "act": act,
    }
    secret = Message(SECRET, {"key": key.hex(), "of": facts["list"], "act": act})
    return Message(REQUEST, facts, _joined(blinded)), secret


def check_request(request: Message) -> None:
    """An error when a request does not hold as many different identifiers as it says."""
    facts = request.facts
    blinded = _split(request)
    valid = (
        set(facts) == {"kind", "identifiers", "list", "act"}
        and facts["kind"] in KINDS
        and isinstance(facts["act"], bool)
        and isinstance(facts["list"], str)
        and len(facts["list"]) == 64
        and len(set(blinded)) == len(blinded) == facts["identifiers"]
    )
    if not valid:
        raise InputError(
            "The request does not hold as many different identifiers as it says: it was cut or"
            " changed. Have it made again."
        )


def make_challenge(
    request: Message, ids: Sequence[str], secret: bytes, *, workers: int | None = None
) -> tuple[Message, Message]:
    """The house's challenge to a request, and what the house must keep until the response.

    `secret` is the house's: how far its identifiers are padded rests on it, so that asking again
    does not tell their number.
    """
    act = bool(request.facts["act"])
    key = psi().client.CreateWithNewKey(act).GetPrivateKeyBytes()
    padding = [secrets.token_hex(32) for _ in range(padded(len(ids), secret) - len(ids))]
    every = [*ids, *padding]
    if not act:
        every.sort()
    blinded = _over(_ask, every, key, act, workers)
    facts = {"of": request.facts["list"], "identifiers": len(every), "act": act}
    kept = {"key": key.hex(), "of": facts["of"], "sent": len(every), "people": _digest(ids)}
    return Message(CHALLENGE, facts, _joined(blinded)), Message(SECRET, kept)


def respond(challenge: Message, secret: Message, *, workers: int | None = None) -> Message:
    """The studio's response: the house's identifiers, blinded by the studio too."""
    if secret.facts.get("of") != challenge.facts.get("of"):
        raise InputError("The challenge is to another request than the secret is of.")
    act = bool(secret.facts["act"])
    if bool(challenge.facts.get("act")) is not act:
        raise InputError(
            "The house would learn which of its people are on your list, which your request does"
            " not allow. Do not answer this challenge; have it made again."
        )
    key = bytes.fromhex(secret.facts["key"])
    blinded = _over(_process, _split(challenge), key, act, workers)
    if not act:
        blinded.sort()  # so that the house cannot know which is which
    return Message(RESPONSE, {"of": challenge.facts["of"], "act": act}, _joined(blinded))


def check_response(request: Message, response: Message, kept: Message) -> None:
    """An error when a response is not one to this challenge."""
    if not request.facts["list"] == response.facts.get("of") == kept.facts.get("of"):
        raise InputError("Request, response and key are not of one match.")
    if not len(set(_split(response))) == len(_split(response)) == kept.facts["sent"]:
        raise InputError(
            "The response does not hold as many different identifiers as the challenge did."
        )


def exact_size(request: Message, response: Message, kept: Message) -> int:
    """How many of the house's identifiers are on the list: for noise to be added, for nobody."""
    client = psi().client.CreateFromKey(bytes.fromhex(kept.facts["key"]), False)
    try:
        return int(client.GetIntersectionSize(_setup(request), _response(response)))
    except Exception:
        raise InputError("The response holds what is no point of the curve.") from None


def places(request: Message, response: Message, kept: Message) -> list[int]:
    """Which of the challenge's identifiers are on a list that may be acted on."""
    client = psi().client.CreateFromKey(bytes.fromhex(kept.facts["key"]), True)
    try:
        return [int(n) for n in client.GetIntersection(_setup(request), _response(response))]
    except Exception:
        raise InputError("The response holds what is no point of the curve.") from None


def is_of(kept: Message, ids: Sequence[str]) -> bool:
    """Whether a challenge was made of these identifiers, in this order."""
    return str(kept.facts["people"]) == _digest(ids)


def padded(many: int, secret: bytes) -> int:
    """To how many identifiers a house pads its own: a power of STEP, moved by a secret share."""
    moved = int.from_bytes(hmac.digest(secret, b"fullhouse/match-padding", "sha256")[:6], "big")
    wanted = max(many, 1_000) * (1 + (STEP - 1) * moved / 2**48)
    return max(ceil(STEP ** ceil(log(wanted, STEP))), many)


def psi() -> Any:
    """openmined-psi, of the extra cleanroom."""
    try:
        import private_set_intersection.python as library
    except ImportError:
        raise InputError(
            "A private match needs openmined-psi, which is not installed:"
            " pip install 'fullhouse[cleanroom]'"
        ) from None
    return library


# Blinding, in processes of their own where there is much to do

Blind = Callable[[Sequence[Any], bytes, bool], list[bytes]]


def _over(
    blind: Blind, ids: Sequence[Any], key: bytes, act: bool, workers: int | None
) -> list[bytes]:
    parts = [ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)]
    processes = min(workers or cpu_count() or 1, len(parts))
    if processes <= 1:
        done: Iterable[list[bytes]] = [blind(part, key, act) for part in parts]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            n = len(parts)
            done = list(pool.map(blind, parts, [key] * n, [act] * n))
    return [value for part in done for value in part]


def _set_up(ids: Sequence[str], key: bytes, act: bool) -> list[bytes]:
    library = psi()
    server = library.server.CreateFromKey(key, act)
    raw = library.DataStructure.RAW
    setup = server.CreateSetupMessage(FALSE_POSITIVES, len(ids), list(ids), raw)
    return list(setup.raw.encrypted_elements)


def _ask(ids: Sequence[str], key: bytes, act: bool) -> list[bytes]:
    request = psi().client.CreateFromKey(key, act).CreateRequest(list(ids))
    return list(request.encrypted_elements)


def _process(blinded: Sequence[bytes], key: bytes, act: bool) -> list[bytes]:
    library = psi()
    request = library.Request(reveal_intersection=act, encrypted_elements=list(blinded))
    try:
        response = library.server.CreateFromKey(key, act).ProcessRequest(request)
    except Exception:
        raise InputError("The challenge holds what is no point of the curve.") from None
    return list(response.encrypted_elements)


def _setup(request: Message) -> Any:
    setup = psi().ServerSetup()
    setup.raw.encrypted_elements.extend(sorted(_split(request)))
    return setup


def _response(response: Message) -> Any:
    return psi().Response(encrypted_elements=_split(response))


POINT_BYTES = 33
"""A point of P-256 in its short form."""


def _joined(points: Sequence[bytes]) -> bytes:
    assert all(len(point) == POINT_BYTES for point in points)
    return b"".join(points)


def _split(of: Message) -> list[bytes]:
    data = of.payload
    if len(data) % POINT_BYTES:
        raise InputError(f"The {of.form} was cut: it ends within an identifier.")
    return [data[at : at + POINT_BYTES] for at in range(0, len(data), POINT_BYTES)]


def _digest(ids: Sequence[str]) -> str:
    return sha256("\n".join(ids).encode()).hexdigest()
