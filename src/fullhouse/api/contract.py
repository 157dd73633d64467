"""What a row promises, read from its use case when it is first needed: what is sent, what comes.

Reading all of them loads every stage, which an idle server does not wait for or hold in memory.
"""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from fullhouse import app
from fullhouse.api.fields import Fields, fields_of, given, sentence
from fullhouse.api.row import Row
from fullhouse.app.use_case import hints_of
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.tabular import Listing, row_of
from fullhouse.workspace.context import Context

LOOSE = ConfigDict(arbitrary_types_allowed=True)


@dataclass(frozen=True)
class Contract:
    """A row's use case, how its request is sent and made, and how its result is written."""

    row: Row
    verb: Callable[..., Any]
    request: type[Any] | None
    fields: Fields
    result: Any
    """The type of what is answered: of one item, where the row gives a list."""
    adapter: TypeAdapter[Any]
    takes_context: bool = True

    @property
    def summary(self) -> str:
        """The first sentence of what the use case says of itself."""
        return " ".join((inspect.getdoc(self.verb) or "").partition("\n\n")[0].split())

    def read(
        self,
        path: Mapping[str, str],
        sent: Mapping[str, Any] | bytes,
        file: Callable[[str], str],
    ) -> Any:
        """The request that was sent, checked: from the path, and a query or a body of JSON.

        `file` gives the path of a file that was sent before, by its id.
        """
        try:
            values = given(self.fields.in_path.model_validate(dict(path)))
            values |= given(_model(self.fields.model, sent))
        except ValidationError as problem:
            raise sentence(problem) from None
        for name in self.row.files:
            if isinstance(values.get(name), str):
                values[name] = file(values[name])
            elif values.get(name):
                values[name] = tuple(map(file, values[name]))
        return None if self.request is None else self.request(**values)

    def call(self, context: Context, request: Any) -> Any:
        """What the use case answers."""
        asked = () if request is None else (request,)
        result = self.verb(context, *asked) if self.takes_context else self.verb(*asked)
        return getattr(result, self.row.part) if self.row.part else result

    def plain(self, result: Any) -> Any:
        """A result as JSON can say it."""
        return self.adapter.dump_python((result,), mode="json", fallback=otherwise, warnings=False)[
            0
        ]

    def json(self, result: Any) -> bytes:
        """A result as JSON; numbers that are none are null."""
        try:
            text = self.adapter.dump_json((result,), fallback=otherwise, warnings=False)
        except PydanticSerializationError as problem:
            raise TypeError(f"{self.row.name} gives what JSON cannot say: {problem}") from None
        return text[1:-1]


@cache
def contract_of(row: Row) -> Contract:
    """The contract of a row; its stage is loaded by it."""
    module, _, name = row.use_case.rpartition(":")
    verb = getattr(import_module(module), name) if module else getattr(app, name)
    hints = hints_of(verb)
    request = next(
        (kind for name in inspect.signature(verb).parameters for kind in _variants(hints[name])
         if hasattr(kind, "__dataclass_fields__") and kind is not Context),
        None,
    )  # fmt: skip
    result = hints["return"]
    if row.part:
        result = get_type_hints(result)[row.part]
    if row.lists:
        result = get_args(result)[0]
    return Contract(
        row,
        verb,
        request,
        fields_of(row, request),
        result,
        adapter_of(result),
        Context in hints.values(),
    )


def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """How values of a type are written, inside a tuple: only there may parts be of any type."""
    if isinstance(kind, type) and issubclass(kind, dict):
        kind = dict[str, Any]
    elif get_origin(kind) is Listing:
        kind = tuple.__class_getitem__((get_args(kind)[0], ...))
    held: Any = tuple.__class_getitem__(kind)
    return TypeAdapter(held, config=LOOSE)


def otherwise(value: Any) -> Any:
    """What stands in JSON for a value that it cannot say: arrays as lists, tables as rows."""
    match value:
        case FullhouseError():
            return {"code": value.code, "detail": str(value)}
        case Mapping():
            return dict(value)
    if hasattr(value, "tolist"):  # of NumPy
        return value.tolist()
    if hasattr(value, "to_pylist"):  # of Arrow
        return value.to_pylist()
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: getattr(value, f.name) for f in fields(value) if f.repr}
    if type(value).__name__ == "BitMap":
        return {"people": len(value)}
    return str(value)


def rows_of(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Items as rows of plain values, for tables."""
    return [dict(item) if isinstance(item, Mapping) else row_of(item) for item in items]


def _model(model: type[BaseModel], sent: Mapping[str, Any] | bytes) -> BaseModel:
    if isinstance(sent, bytes):
        # Strict: a number that was sent as text is a slip that a schema would have found.
        return model.model_validate_json(sent or b"{}", strict=True)
    unknown = set(sent) - set(model.model_fields)
    if unknown:
        raise InputError(f"There is no {min(unknown)[:80]!r} here.")
    values = {
        name: values if _takes_several(model.model_fields[name].annotation) else values[-1]
        for name, values in sent.items()
    }
    return model.model_validate(values)


def _takes_several(hint: Any) -> bool:
    return any(get_origin(kind) is tuple for kind in _variants(hint))


def _variants(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
