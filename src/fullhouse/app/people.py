"""Resolve people, report on them, and link accounts by a probabilistic model."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fullhouse import control, people
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class LinkResult:
    """What a probabilistic link run wrote: the saved model and its pairs of accounts."""

    model: str
    file: str
    trained: bool
    rows: int
    pairs: int
    threshold: float
    expected_precision: float | None
    untrained: tuple[str, ...]


def people_resolve(context: Context, *, models: Sequence[str] = ()) -> people.Resolution:
    """Link accounts into persons with ids that stay; see `people.resolve`.

    With `models`, pairs of accounts that these models linked count like shared identifiers.
    """
    known = people.models(context.lake) if models else {}
    for name in models:
        if name not in known and context.place.read(model_file(name)) is None:
            raise InputError(
                f"No link model {name!r}.{did_you_mean(name, known)}"
                " Make one with: fullhouse people link LINK.toml FILES"
            )
    found = people.resolve(
        context.engine,
        context.lake,
        most_accounts=context.settings.identifier_max_accounts,
        models=models,
        at=datetime.now(UTC),
    )
    if found.changed:
        control.record(context.control, "people.resolve", {**vars(found), "models": list(models)})
    return found


def people_report(context: Context, *, top: int = 10) -> people.PeopleReport:
    """The people as of the last resolve run."""
    return people.report(context.engine, context.lake, top=top)


def people_link(
    context: Context, declaration: Path, files: Sequence[Path], *, trained: bool = False
) -> LinkResult:
    """Train a model on account attributes, or use the saved one, and write the pairs it links.

    The attributes are read and forgotten; the workspace keeps pairs of accounts and the model.
    """
    if not declaration.is_file():
        raise InputError(f"There is no file {declaration}.")
    plan = people.parse_plan(declaration.read_text("utf-8"))
    model = _saved(context, plan.name) if trained else None
    rows = people.read_attributes(files, plan)
    matched = people.match(rows, plan, model=model, memory_limit=context.settings.memory_limit)
    pairs = people.account_pairs(matched.pairs, rows, plan.name)
    if model is None:
        text = json.dumps(matched.model, indent=1, ensure_ascii=False)
        context.place.write(model_file(plan.name), text.encode())
    people.write_pairs(context.lake, pairs, plan.name)
    result = LinkResult(
        model=plan.name,
        file=model_file(plan.name),
        trained=model is None,
        rows=rows.num_rows,
        pairs=pairs.num_rows,
        threshold=plan.threshold,
        expected_precision=people.expected_precision(pairs),
        untrained=matched.untrained,
    )
    control.record(context.control, "people.link", vars(result))
    return result


def model_file(name: str) -> str:
    """Where a workspace keeps a link model."""
    return f"models/link/{name}.json"


def _saved(context: Context, name: str) -> dict[str, Any]:
    saved = context.place.read(model_file(name))
    if saved is None:
        raise InputError(
            f"No link model {name!r} is saved. Leave out --trained to train it from these files."
        )
    model: dict[str, Any] = json.loads(saved)
    return model
