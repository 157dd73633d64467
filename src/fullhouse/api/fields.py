"""The fields of requests as they are sent: their types, their bounds, and an example of each."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    create_model,
)

from fullhouse.api.row import Row
from fullhouse.core.errors import InputError

FILE_ID = r"^file_[0-9a-f]{32}$"
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$"
"""No control characters: PostgreSQL cannot store the first of them."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
MOST_NUMBER = 10**12
MOST_PARTS = 1_000


def _in_range(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"a day from {FIRST_DAY} to {LAST_DAY}")
    return day


FileId = Annotated[str, StringConstraints(pattern=FILE_ID)]
Text = Annotated[str, StringConstraints(max_length=4_000, pattern=TEXT)]
LongText = Annotated[str, StringConstraints(max_length=200_000, pattern=TEXT)]
PathText = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=TEXT)]
Day = Annotated[date, AfterValidator(_in_range)]
Whole = Annotated[int, Field(ge=-MOST_NUMBER, le=MOST_NUMBER)]
Number = Annotated[float, Field(ge=-MOST_NUMBER, le=MOST_NUMBER)]
"""Bounded: an overflow deep in a stage would be our fault."""

SENT: Mapping[Any, Any] = {str: Text, int: Whole, float: Number, date: Day, Fraction: Text}

TOML = ("channels", "limits")
"""Fields that hold the text of a TOML file."""

EXAMPLES: Mapping[str, Any] = {
    "rule": "buys:books & !age:0-17",
    "rules": ["buys:books", "buys:dogs"],
    "base": "everyone",
    "by": "age",
    "families": ["age"],
    "film": "our-film-2026",
    "title": "our-film-2026",
    "as_of": "2026-10-31",
    "campaign": "autumn",
    "plan": "autumn-plan",
    "name": "autumn",
    "tenant": "lion",
    "label": "Lion Pictures",
    "role": "marketer",
    "precision": 300,
    "looks": 4,
    "digest": "5f3c" * 16,
    "position": 0,
    "earlier": 1,
    "size": 2,
    "city": "Harbour",
    "budget": 100_000,
    "file": "file_" + "0" * 32,
    "files": ["file_" + "0" * 32],
    "feed": "file_" + "0" * 32,
    "shares": ["0.9", "0.1"],
    "salt": "autumn",
    "list_digest": "a1b2" * 16,
    "identifiers": 2_000,
    "territory": "US",
    "source": "shop",
    "account": "u-1",
    "accounts": [["shop", "u-1"]],
    "purpose": "advertising",
    "outcome": "saw:our-film-2026",
    "first_year": 2016,
    "last_year": 2018,
    "values": {"budget_usd": 40_000_000},
    "opening": "2026-12-18",
    "build": 1,
    "id": "0f3a",
    "set": "cinemas",
    "set_id": "12",
    "arm": "arm",
    "control": "held out",
    "treated": "treated",
    "outcomes": ["visit"],
    "covariates": ["age"],
    "cost_each": 0.05,
    "margin": 4.0,
    "table": "file_" + "0" * 32,
    "declaration": "file_" + "0" * 32,
}
"""What may stand in a field, by its name."""

DESCRIPTIONS: Mapping[str, str] = {
    "rule": "An audience as a rule over traits: names joined by & (and), | (or), ! (not).",
    "rules": "Audiences as rules over traits.",
    "base": "Whom the audience is compared with, as a rule.",
    "as_of": "The day whose knowledge counts; today where none is given.",
    "title": "Your title that pays; needed where you have more than one.",
    "precision": "The half-width of the 95 % interval wanted, in people; 0 for the policy's own.",
    "film": "The id of a film.",
    "territory": "A market, as two letters; the workspace's own where none is given.",
    "rows": "At most so many rows.",
    "most": "At most so many.",
    "purpose": "What people's consent must be good for.",
    "seed": "Draws are repeated by it.",
}


@dataclass(frozen=True)
class Fields:
    """The fields of a request that come from the path, and the model of all others."""

    path: tuple[str, ...]
    model: type[BaseModel]
    in_path: type[BaseModel]


def fields_of(row: Row, request: type[Any] | None) -> Fields:
    """How a row's request is sent."""
    path = tuple(part.partition(":")[0] for part in _braced(row.path))
    sent: dict[str, Any] = {}
    in_path: dict[str, Any] = {}
    hints = {} if request is None else get_type_hints(request, include_extras=True)
    for field in () if request is None else fields(request):
        if field.name in row.without:
            continue
        kind = _file(hints[field.name]) if field.name in row.files else sent_as(hints[field.name])
        if field.name in TOML:
            kind = LongText | None
        if field.name in path:
            in_path[field.name] = (_in_path(kind), _described(field.name))
            continue
        required = field.default is MISSING and field.default_factory is MISSING
        default: Any = ... if required else (None if _optional(kind) else field.default)
        if not required and field.default_factory is not MISSING:
            default = field.default_factory()
        sent[field.name] = (kind, _described(field.name, default))
    name = "".join(part.title() for part in row.name.split("_"))
    return Fields(
        path,
        create_model(f"{name}Request", __config__=_config(request), **sent),
        create_model(f"{name}Path", __config__=_config(None), **in_path),
    )


def given(model: BaseModel) -> dict[str, Any]:
    """What was sent of a model, by name: questions as questions, lists as tuples."""
    return {name: _plain(getattr(model, name)) for name in model.model_fields_set}


def sent_as(hint: Any) -> Any:
    """The type that is sent for a type of a request."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        questions = [kind for kind in inner if hasattr(kind, "kind")]
        if questions:
            return question_type()
        sent = [sent_as(kind) for kind in inner if not _is_value(kind)]
        return Union[tuple(dict.fromkeys(sent))]  # noqa: UP007  (made of a list)
    if origin is tuple:
        kinds = [kind if kind is ... else sent_as(kind) for kind in inner]
        if kinds[-1] is ...:
            several: Any = tuple.__class_getitem__((kinds[0], ...))
            return Annotated[several, Field(max_length=MOST_PARTS)]
        return tuple.__class_getitem__(tuple(kinds))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        value = inner[1]
        return dict.__class_getitem__((Text, JsonValue if value is Any else sent_as(value)))
    if isinstance(hint, type) and issubclass(hint, Path):
        return FileId
    return SENT.get(hint, hint)


@cache
def question_type() -> Any:
    """Any question, told apart by its `kind`."""
    from fullhouse.cleanroom.question import KINDS

    models = []
    for kind, question in KINDS.items():
        if kind == "match":  # it has routes of its own
            continue
        hints = get_type_hints(question)
        sent: dict[str, Any] = {"kind": (Literal[kind], Field(description="What is asked."))}
        for field in fields(question):
            default = ... if field.default is MISSING else field.default
            sent[field.name] = (sent_as(hints[field.name]), _described(field.name, default))
        model = create_model(f"{question.__name__}Question", __config__=_config(question), **sent)
        setattr(model, "__question__", question)  # noqa: B010  (of a class made here)
        models.append(model)
    return Annotated[Union[tuple(models)], Field(discriminator="kind")]  # noqa: UP007


def _plain(value: Any) -> Any:
    question = getattr(type(value), "__question__", None)
    if question is not None:
        sent = {name: _plain(getattr(value, name)) for name in value.model_fields_set}
        sent.pop("kind", None)
        return question(**sent)
    if isinstance(value, list):
        return tuple(map(_plain, value))
    return value


def _described(name: str, default: Any = ...) -> Any:
    example = EXAMPLES.get(name)
    return Field(
        default,
        description=DESCRIPTIONS.get(name),
        examples=None if example is None else [example],
    )


def _config(request: type[Any] | None) -> ConfigDict:
    return ConfigDict(
        extra="forbid",
        arbitrary_types_allowed=True,
        protected_namespaces=(),
        json_schema_extra=None
        if request is None or not request.__doc__
        else {"description": request.__doc__.strip()},
    )


def _braced(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _in_path(kind: Any) -> Any:
    return PathText if kind is Text or _optional(kind) else kind


def _file(hint: Any) -> Any:
    """The type of a field that names one file, or files."""
    several = get_origin(hint) is tuple or (
        get_origin(hint) in (Union, types.UnionType)
        and any(get_origin(kind) is tuple for kind in get_args(hint))
    )
    if several:
        return Annotated[tuple[FileId, ...], Field(min_length=1, max_length=MOST_PARTS)]
    return FileId | None if _optional(hint) else FileId


def _optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _is_value(kind: Any) -> bool:
    """Whether a type of a union can only be made in Python, so that the others are sent."""
    return getattr(kind, "__module__", "").startswith(("fullhouse.", "pyarrow"))


def sentence(problem: Any) -> InputError:
    """What was wrong with what was sent, as a sentence: the first of it."""
    first = problem.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "missing":
            return InputError(f"{where!r} is missing.")
        case "extra_forbidden":
            return InputError(f"There is no {where!r} here.")
    value = str(first.get("input"))[:80]
    return InputError(f"{where or 'The body'}: {first['msg']}, not {value!r}.")
