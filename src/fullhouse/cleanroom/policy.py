"""What tenants may ask, and at what price: one TOML file for the house and one for each source.

`policy/house.toml` and `policy/<source>.toml` lie in the workspace. Without one for the house,
nothing is allowed. Of several, the strictest wins, key by key: fewer kinds of questions, the
larger minimum, the tighter bound, the smaller budget, the lower price (more noise).
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from math import sqrt
from typing import Any

from fullhouse.cleanroom.noise import sigma
from fullhouse.cleanroom.question import KINDS, MatchSize, Question
from fullhouse.cleanroom.release import NANO, Z95
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.settings import as_toml
from fullhouse.core.values import check_slug
from fullhouse.films import SIGNALS
from fullhouse.lake import Place

FOLDER = "policy"
HOUSE_FILE = f"{FOLDER}/house.toml"
EPOCH_MONTHS = {"year": 12, "half": 6, "quarter": 3}
WHO = "privacy"
"""The role of the house that may change a policy."""

EXAMPLES = (10_000, 1_000_000, 100_000_000)
"""Sizes of an audience for which a policy is explained."""


class PolicyError(InputError):
    """A question outside the policy: which line of which file forbids it, and who may change it.

    It says nothing about the data: it comes before they are looked at.
    """


def nano(value: Any) -> int:
    """Rho as the whole number of billionths that the ledger counts."""
    return int(Decimal(str(value)) * NANO)


@dataclass(frozen=True)
class PolicyKey:
    """A key of a policy: its section, its name, what it is by default, and which value is stricter.

    `check` says what a value must be; None: any of its type.
    """

    section: str
    name: str
    default: Any
    stricter: Callable[[Any, Any], Any]
    doc: str
    least: float = 0
    most: float = float("inf")


def _both(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(x for x in a if x in b)


def _either(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*a, *b)))


def _longer(a: str, b: str) -> str:
    return max(a, b, key=lambda each: EPOCH_MONTHS[each])


PRICES = {
    "count": "0.00005",
    "breakdown": "0.0001",
    "describe": "0.002",
    "overlap": "0.0001",
    "reach": "0.0001",
    "cards": "0.02",
    "readout": "0.005",
    "tickets": "0.0005",
    "match": "0.00005",
}
"""Rho of a question of each kind: what a person in it may be found out by, squared and halved."""

SHARES = {"discovery": "0.5", "plan": "0.2", "monitor": "0.1", "readout": "0.2"}

KEYS: tuple[PolicyKey, ...] = (
    PolicyKey("allow", "kinds", (), _both, "Kinds of questions that tenants may ask."),
    PolicyKey(
        "allow", "accounts", False, min, "Whether a match may become an audience of the house."
    ),
    PolicyKey("cells", "minimum", 50, max, "A noisy number under this is said to be fewer.", 1),
    PolicyKey("bounds", "traits", 100, min, "Most traits of one person that count.", 1),
    PolicyKey("bounds", "tickets", 10, min, "Most tickets of one person that count.", 1),
    PolicyKey("bounds", "money", 200, min, "Most money of one person that counts.", 1),
    PolicyKey("bounds", "cities", 3, min, "Most cities of one person that count.", 1),
    PolicyKey(
        "bounds", "frequency", 10, min, "Contacts of one person from which all count as more.", 1
    ),
    PolicyKey(
        "budget", "epoch", "year", _longer, "How long a budget lasts: year, half or quarter."
    ),
    PolicyKey("budget", "title", Decimal("0.25"), min, "Rho of one title in an epoch."),
    PolicyKey("budget", "tenant", Decimal("0.5"), min, "Rho of one tenant in an epoch."),
    PolicyKey("budget", "together", Decimal(2), min, "Rho of all tenants together in an epoch."),
    PolicyKey("sizes", "rho", Decimal("0.1"), min, "Rho of the free table of trait sizes."),
    PolicyKey("sizes", "days", 30, max, "Days that a table of sizes serves later builds; 0: none."),
    *(
        PolicyKey(
            "stages", name, Decimal(share), min, f"Share of a title's budget for its {name}.", 0, 1
        )
        for name, share in SHARES.items()
    ),
    *(
        PolicyKey(
            "price", name, Decimal(rho), min, f"Rho of a question of kind {name}.", 1 / NANO, 10
        )
        for name, rho in PRICES.items()
    ),
    PolicyKey(
        "sensitive", "families", (), _either, "Families of traits that no tenant may ask about."
    ),
    PolicyKey("sensitive", "traits", ("age:0-17",), _either, "Single traits of this kind."),
    PolicyKey(
        "public",
        "signals",
        ("search_interest", "trailer_views"),
        _both,
        "Kinds of signals of films that anybody can see, and that hold nothing of the house's"
        " people.",
    ),
    PolicyKey("match", "minimum", 1_000, max, "Fewest identifiers of a list that is matched.", 2),
    PolicyKey(
        "match", "identifiers", 2, min, "Most identifiers of one person that count in a match.", 1
    ),
    PolicyKey("match", "lists", 12, min, "Most lists that a tenant matches in an epoch.", 1),
)
BY_NAME = {f"{key.section}.{key.name}": key for key in KEYS}


@dataclass(frozen=True)
class PolicyOrigin:
    """Where a value of a policy stands: its file and line; line 0: the file does not name it."""

    file: str
    line: int


@dataclass(frozen=True)
class Policy:
    """The policy that holds: the strictest of some files. `digest` is of the files' texts."""

    values: Mapping[str, Any]
    origins: Mapping[str, PolicyOrigin]
    files: tuple[str, ...]
    digest: str
    sources: Mapping[str, "Policy"] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    @property
    def minimum(self) -> int:
        """A noisy number under this is said to be fewer than it."""
        return int(self["cells.minimum"])

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of questions that are allowed."""
        return tuple(self["allow.kinds"])

    def for_sources(self, sources: Iterable[str]) -> "Policy":
        """The policy of a question that draws on some sources only, the house's with theirs."""
        wanted = sorted(set(sources) & set(self.sources))
        parts = [self.sources[name] for name in ("", *wanted) if name in self.sources]
        return _strictest(parts, {}) if parts else self

    def check(self, question: Question, families: Iterable[str] = ()) -> None:
        """An error when the question, or a family of its traits, is not allowed."""
        if question.kind not in self.kinds:
            raise PolicyError(code="policy_kind", kind=question.kind, **self.where("allow.kinds"))
        for family in families:
            if family in self["sensitive.families"]:
                raise PolicyError(
                    code="policy_family", family=family, **self.where("sensitive.families")
                )
        if isinstance(question, MatchSize):
            least = self["match.minimum"]
            if question.identifiers < least:
                raise PolicyError(
                    code="policy_list_too_short",
                    given=question.identifiers,
                    minimum=least,
                    **self.where("match.minimum"),
                )

    def allows_trait(self, name: str, family: str) -> bool:
        """Whether tenants may ask about a trait."""
        return family not in self["sensitive.families"] and name not in self["sensitive.traits"]

    def price(self, question: Question) -> int:
        """What a question costs, in nano-rho: the policy's price, less for one less precise.

        A count may be asked as precisely as its price allows, or less; a finer one is refused.
        """
        most = nano(self[f"price.{question.kind}"])
        wanted = getattr(question, "precision", 0)
        if not wanted:
            return most
        needed = rho_of_half_width(wanted)
        if needed > most:
            raise PolicyError(
                code="policy_precision",
                given=wanted,
                finest=half_width(most),
                **self.where(f"price.{question.kind}"),
            )
        return max(needed, 1)

    def cap(self, scope: str) -> int:
        """The budget of a scope in nano-rho: title, tenant or together."""
        return nano(self[f"budget.{scope}"])

    def stage_cap(self, stage: str) -> int:
        """What a stage of a title may spend of the title's budget, in nano-rho."""
        return int(self.cap("title") * Decimal(self[f"stages.{stage}"]))

    def epoch(self, day: date) -> "Epoch":
        """The budget epoch that a day lies in."""
        return epoch_of(day, self["budget.epoch"])

    def where(self, key: str) -> dict[str, Any]:
        """Where a key stands, and who may change it: what a refusal says."""
        origin = self.origins.get(key, PolicyOrigin(HOUSE_FILE, 0))
        return {"file": origin.file, "line": origin.line, "key": key, "who": WHO}


@dataclass(frozen=True)
class Epoch:
    """A stretch of the calendar for which budgets hold; nothing is refreshed within it."""

    name: str
    first: date
    last: date


def epoch_of(day: date, length: str) -> Epoch:
    """The year, half year or quarter that a day lies in.

    >>> epoch_of(date(2026, 8, 3), "quarter")
    Epoch(name='2026-Q3', first=datetime.date(2026, 7, 1), last=datetime.date(2026, 9, 30))
    """
    months = EPOCH_MONTHS[length]
    place = (day.month - 1) // months
    first = date(day.year, place * months + 1, 1)
    after = place * months + months
    following = date(day.year + after // 12, after % 12 + 1, 1)
    name = {12: f"{day.year}", 6: f"{day.year}-H{place + 1}", 3: f"{day.year}-Q{place + 1}"}
    return Epoch(name[months], first, following - timedelta(days=1))


def half_width(rho_nano: int) -> float:
    """Half of the 95 % interval of one number of people at a price, from the noise alone."""
    return Z95 * sigma(rho_nano)


def rho_of_half_width(people: float) -> int:
    """The price of a number that is known to so many people, 95 times of 100, in nano-rho."""
    if people < 1:
        raise InputError(f"A precision is a half-width of at least 1 person, not {people:g}.")
    return int(NANO * (Z95 / people) ** 2 / 2)


def load(place: Place) -> Policy:
    """The policy of a workspace; one that allows nothing where the house has no file."""
    texts = {}
    for name in sorted({HOUSE_FILE, *_policy_files(place)}):
        content = place.read(name)
        if content is not None:
            texts[name] = content.decode("utf-8", "replace")
    return of_texts(tuple(texts.items()))


def _policy_files(place: Place) -> list[str]:
    return [f"{FOLDER}/{f.name}" for f in place.join(FOLDER).files() if f.name.endswith(".toml")]


@lru_cache(maxsize=64)
def of_texts(texts: tuple[tuple[str, str], ...]) -> Policy:
    """The policy of files, each with its text."""
    parts: dict[str, Policy] = {}
    for file, text in texts:
        source = "" if file == HOUSE_FILE else file.removeprefix(f"{FOLDER}/").removesuffix(".toml")
        if source:
            check_slug(source, what=f"The source in the name of {file}")
        parts[source] = _parse(file, text)
    if "" not in parts:
        nothing = {name: key.default for name, key in BY_NAME.items()}
        parts[""] = Policy(nothing, {}, (), sha256(b"").hexdigest())
    return _strictest(list(parts.values()), parts)


def _strictest(parts: list[Policy], sources: Mapping[str, Policy]) -> Policy:
    values, origins = dict(parts[0].values), dict(parts[0].origins)
    for part in parts[1:]:
        for name, key in BY_NAME.items():
            if name not in part.origins:
                continue  # a source's file that does not name a key leaves it to the house
            stricter = key.stricter(values[name], part[name])
            if stricter != values[name]:
                values[name], origins[name] = stricter, part.origins[name]
    digest = sha256("".join(part.digest for part in parts).encode()).hexdigest()
    files = tuple(file for part in parts for file in part.files)
    return Policy(values, origins, files, digest, sources)


def _parse(file: str, text: str) -> Policy:
    try:
        sections = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as problem:
        raise InputError(f"{file} is not valid TOML: {problem}") from None
    values = {name: key.default for name, key in BY_NAME.items()}
    origins: dict[str, PolicyOrigin] = {}
    for section, entries in sections.items():
        if not isinstance(entries, dict):
            raise InputError(
                f"{file}: {section!r} stands outside of a section such as [allow] or [budget]."
            )
        for name, value in entries.items():
            path = f"{section}.{name}"
            if path not in BY_NAME:
                raise InputError(f"{file} has no key {path!r}.{did_you_mean(path, BY_NAME)}")
            values[path] = _value(file, BY_NAME[path], value)
            origins[path] = PolicyOrigin(file, _line_of(text, section, name))
    _check_whole(file, values)
    return Policy(values, origins, (file,), sha256(text.encode()).hexdigest())


def _value(file: str, key: PolicyKey, value: Any) -> Any:
    where = f"{file}: {key.section}.{key.name}"
    if isinstance(key.default, tuple):
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise InputError(f"{where} must be a list of texts, not {value!r}.")
        if key.name == "kinds":
            for kind in value:
                if kind not in KINDS:
                    raise InputError(
                        f"{where}: there is no question {kind!r}.{did_you_mean(kind, KINDS)}"
                        f" There are {', '.join(KINDS)}."
                    )
        if key.section == "public":
            for kind in value:
                if kind not in SIGNALS:
                    raise InputError(
                        f"{where}: there is no signal {kind!r}.{did_you_mean(kind, SIGNALS)}"
                        f" There are {', '.join(SIGNALS)}."
                    )
        return tuple(value)
    if isinstance(key.default, bool) or isinstance(value, bool):
        if not isinstance(value, bool) or not isinstance(key.default, bool):
            raise InputError(f"{where} must be {_kind_of(key.default)}, not {value!r}.")
        return value
    if isinstance(key.default, str):
        if value not in EPOCH_MONTHS:
            raise InputError(f"{where} must be {', '.join(EPOCH_MONTHS)}, not {value!r}.")
        return value
    number = Decimal(value) if isinstance(value, int) else value
    whole = isinstance(key.default, int)
    if not isinstance(number, Decimal) or not number.is_finite() or (whole and number % 1):
        raise InputError(f"{where} must be {_kind_of(key.default)}, not {value!r}.")
    if not key.least <= number <= key.most:
        most = "" if key.most == float("inf") else f" and at most {key.most:g}"
        raise InputError(f"{where} must be at least {key.least:g}{most}, not {number}.")
    return int(number) if whole else number


def _kind_of(default: Any) -> str:
    if isinstance(default, bool):
        return "true or false"
    return "a whole number" if isinstance(default, int) else "a number"


def _check_whole(file: str, values: Mapping[str, Any]) -> None:
    shares = sum(values[f"stages.{name}"] for name in SHARES)
    if shares > 1:
        raise InputError(f"{file}: the shares of [stages] add up to {shares}, more than 1.")
    if not values["budget.title"] <= values["budget.tenant"] <= values["budget.together"]:
        raise InputError(
            f"{file}: the budget of a title ({values['budget.title']}) must be at most a tenant's"
            f" ({values['budget.tenant']}), and that at most all tenants' together"
            f" ({values['budget.together']})."
        )


def _line_of(text: str, section: str, name: str) -> int:
    """The line on which a key stands; 0 where it is written in a way that is not looked for."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            current = bare.strip("[] ").partition("]")[0]
        elif current == section and bare.partition("=")[0].strip() == name:
            return number
    return 0


@dataclass(frozen=True)
class KindFacts:
    """What a policy allows of one kind of question: its price, its noise, how many a title buys.

    `half_width` is that of the 95 % interval of one number of people, from noise alone, and
    `widths` the same as a share of so many people; None of a kind whose numbers are no counts.
    """

    kind: str
    allowed: bool
    rho: int
    half_width: float | None
    questions_of_a_title: int
    widths: Mapping[int, float]


@dataclass(frozen=True)
class PolicyFacts(Brief):
    """What a policy says, as facts: the view makes the sentences."""

    files: tuple[str, ...]
    kinds: tuple[KindFacts, ...]
    minimum: int
    bounds: Mapping[str, int]
    budgets: Mapping[str, int]
    stages: Mapping[str, int]
    epoch: Epoch
    sensitive_families: tuple[str, ...]
    sensitive_traits: tuple[str, ...]
    match_minimum: int
    digest: str


def explain(policy: Policy, *, on: date) -> PolicyFacts:
    """What a policy allows, what it costs, and how wide an answer over many people will be."""
    kinds = []
    for kind, question in KINDS.items():
        rho = nano(policy[f"price.{kind}"])
        factor = _width_factor(policy, kind)
        width = None if factor is None else half_width(rho) * factor
        stage = policy.stage_cap(question.stage)
        widths = {} if width is None else {people: width / people for people in EXAMPLES}
        kinds.append(KindFacts(kind, kind in policy.kinds, rho, width, stage // rho, widths))
    return PolicyFacts(
        policy.files,
        tuple(kinds),
        policy.minimum,
        {key.name: policy[f"bounds.{key.name}"] for key in KEYS if key.section == "bounds"},
        {scope: policy.cap(scope) for scope in ("title", "tenant", "together")},
        {stage: policy.stage_cap(stage) for stage in SHARES},
        policy.epoch(on),
        tuple(policy["sensitive.families"]),
        tuple(policy["sensitive.traits"]),
        policy["match.minimum"],
        policy.digest,
    )


def _width_factor(policy: Policy, kind: str) -> float | None:
    """How much wider a number of a kind is than a single count at the same price."""
    match kind:
        case "count" | "match":
            return 1.0
        case "breakdown" | "overlap" | "reach":
            return sqrt(2)  # parts and total share the price
        case "describe":
            return sqrt(policy["bounds.traits"] / 0.45)  # nine tenths of half of the price
        case "tickets":
            return float(policy["bounds.tickets"])
    return None


def template() -> str:
    """The text of a new policy of the house: every kind of question, each key with its meaning."""
    lines = ["# What tenants may ask of this house. docs/cleanroom.md explains each key."]
    section = ""
    for key in KEYS:
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        value = tuple(KINDS) if key.name == "kinds" else key.default
        lines += [f"# {key.doc}", f"{key.name} = {as_toml(value)}"]
    return "\n".join(lines) + "\n"
