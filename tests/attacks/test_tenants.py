"""Every use case × every object of a rival: what a tenant gets is nobody's, or its own.

Use cases, and the questions in their requests, are taken from the product: a new one is attacked
without being named here.
"""

import inspect
import json
import re
import types
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import TypeAdapter
from pyroaring import BitMap
from sqlalchemy import delete

from fullhouse import app, audiences
from fullhouse.app.use_case import TENANT_CASES
from fullhouse.audiences.save import save_people
from fullhouse.cleanroom import gate, log
from fullhouse.cleanroom.question import KINDS, Count
from fullhouse.control import campaigns
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.schema import JobRow
from fullhouse.core.errors import FullhouseError
from fullhouse.workspace.context import Context
from tests.cleanroom.conftest import OWN, RIVAL, SECRET, forget_new_users, make_house

AT = datetime(2026, 11, 1, tzinfo=UTC)
LAUNCH, LIST, AGAIN = "wolf-launch", "wolf-list", "wolf-nightly"

for module in set(app.MODULES.values()):
    if module.startswith("fullhouse.app."):
        import_module(module)

VERBS = {
    name: getattr(app, name)
    for name, module in sorted(app.MODULES.items())
    if module.startswith("fullhouse.app.") and inspect.isfunction(getattr(app, name))
}


def takes_context(verb):
    first = next(iter(inspect.signature(verb).parameters.values()), None)
    return first is not None and first.annotation is Context


def request_type(verb):
    """What a use case is asked, or None."""
    hints = get_type_hints(inspect.unwrap(verb))
    names = list(inspect.signature(verb).parameters)[1:]
    kinds = [k for n in names for k in variants(hints[n]) if is_dataclass(k)]
    return kinds[0] if kinds else None


def variants(hint):
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


HARMLESS: dict[str, Any] = {
    "rule": "buys:books",
    "rules": ("buys:books", "buys:dogs"),
    "base": "everyone",
    "by": "buys",
    "families": ("buys",),
    "film": OWN,
    "title": OWN,
    "comps": (),
    "looks": 4,
    "budget": 1_000.0,
    "plan": "no-such-plan",
    "campaign": "no-such-campaign",
    "digest": "0" * 64,
    "list_digest": "0" * 64,
    "identifiers": 2_000,
    "pack": "0" * 16,
    "position": 0,
    "earlier": 0,
    "size": 0,
    "audience": None,
    "contacts": None,
    "request": Path("no-such-request.bin"),
    "response": Path("no-such-response.bin"),
    "key": Path("no-such.key"),
    "id": "0" * 16,
    "old": "not the old password",
    "new": "a password that is new",
    "kind": "room_statement",
    "name": "no-such-schedule",
    "user": "no-such-user",
    "tenant": "lion",
    "role": "viewer",
    "scopes": ("read",),
    "label": "x",
}
"""What stands in the other fields; a new required field has to be given one here."""


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with make_house(tmp_path_factory.mktemp("rivals") / "house") as made:
        wolf = replace(made, tenant="wolf", actor="ann")
        campaigns.add_campaign(wolf.control, SavedCampaign(LAUNCH, SECRET, "wolf-plan", 1, {}, AT))
        build = audiences.population(wolf).build
        save_people(wolf, LIST, "x", {0: BitMap(range(500))}, build=build, purpose="analytics")
        for n in range(3):
            gate.ask(wolf, Count("buys:dogs", precision=250 + n), title=SECRET)
        app.job_add(wolf, app.AddJob("room_statement"))
        app.schedule_add(wolf, app.AddSchedule(AGAIN, "room_statement", every_seconds=60))
        log.publish(made.control, log.signer("a-house", b"07" * 32))
        yield made


@pytest.fixture
def lion(house):
    with house.control.begin() as connection:  # what it named in its own jobs before
        connection.execute(delete(JobRow).where(JobRow.tenant == "lion"))
    forget_new_users(house)
    return replace(house, tenant="lion", actor="ann")


def rivals_objects(house):
    """Everything of a rival that a name or a number can stand for, and the same of nobody's."""
    wolf = replace(house, tenant="wolf", actor="ann")
    digests = [json.loads(e.body)["detail"]["question"] for e in log.entries(wolf.control)]
    assert len(digests) == 3
    return {
        "secret title": (SECRET, "wanted-film-2027"),
        "title": (RIVAL, "other-film-2026"),
        "campaign": (LAUNCH, "bear-launch"),
        "audience": (f"audience:{LIST}", "audience:bear-list"),
        "trait of a secret title": (f"saw:{SECRET}", "saw:wanted-film-2027"),
        "answer": (digests[0], "a" * 64),
        "tenant": ("wolf", "bear"),
        "job": (app.job_list(wolf).jobs[0].id, "b" * 16),
        "schedule": (AGAIN, "bear-nightly"),
    }


MARKS = re.compile(r"wolf|hidden-film|their-film")


def outcome(verb, context, arguments, objects):
    """What came of a call: the error in words that hold no object's name, or the answer's JSON."""
    try:
        result = verb(context, *arguments)
    except FullhouseError as problem:
        text = f"{type(problem).__name__} {problem.code} {problem} {sorted(problem.facts)}"
    else:
        plain = TypeAdapter(Any).dump_python(result, mode="json", serialize_as_any=True)
        text = "answered " + json.dumps(plain, default=str)
    for name in objects:
        for spelling in (name, name.removeprefix("audience:"), name.replace(":", "-")):
            text = text.replace(spelling, "IT")
    return re.sub(r"\n *\^|\d{4}-\d\d-\d\dT[\d:.]+Z?", "", text)


def requests(kind, value):
    """Every request of a kind with one text or number in it replaced, deep in questions too."""
    base = {}
    for f in fields(kind):
        required = f.default is MISSING and f.default_factory is MISSING
        if f.name in HARMLESS and (required or f.name == "title"):
            base[f.name] = HARMLESS[f.name]
        elif required and not any(is_dataclass(v) for v in variants(hint_of(kind, f))):
            pytest.fail(f"{kind.__name__} needs {f.name!r}: say in HARMLESS what may stand there")
    yield lambda: kind(**base_for(kind, base))
    for f in fields(kind):
        for choice in variants(hint_of(kind, f)):
            if is_dataclass(choice):
                for inner in requests(choice, value):
                    yield lambda i=inner, n=f.name: kind(**{**base, n: i()})
            elif choice is str:
                yield lambda n=f.name: kind(**{**base_for(kind, base), n: value})
            elif get_origin(choice) is tuple and get_args(choice)[0] is str:
                yield lambda n=f.name: kind(
                    **{**base_for(kind, base), n: (*HARMLESS[n][:1], value)}
                )
            elif choice is int:
                for number in range(4):
                    yield lambda n=f.name, x=number: kind(**{**base_for(kind, base), n: x})


def base_for(kind, base):
    """The other fields, with a harmless question where one is needed."""
    filled = dict(base)
    for f in fields(kind):
        if f.name not in filled and f.default is MISSING and f.default_factory is MISSING:
            filled[f.name] = Count("buys:books")
    return filled


def hint_of(kind, field):
    return get_type_hints(kind)[field.name]


TAKING = {name: verb for name, verb in VERBS.items() if takes_context(verb)}
OPEN = {name: verb for name, verb in TAKING.items() if verb in TENANT_CASES}


def test_what_is_attacked_is_what_there_is():
    assert {"room_ask", "room_price", "room_release", "log_receipt"} <= set(OPEN)
    assert len(TAKING) > 60
    assert set(KINDS) >= {"count", "cards", "readout", "match"}


@pytest.mark.parametrize("name", sorted(set(TAKING) - set(OPEN)))
def test_a_use_case_of_the_house_refuses_a_tenant_before_it_looks_at_anything(lion, name):
    """All that give exact results: whatever the request names."""
    verb = TAKING[name]
    others = list(inspect.signature(verb).parameters.values())[1:]
    words = {p.name: None for p in others if p.kind is p.KEYWORD_ONLY}
    with pytest.raises(FullhouseError) as refused:
        verb(lion, *[None] * (len(others) - len(words)), **words)
    assert refused.value.code == "house_only"


@pytest.mark.parametrize("name", sorted(OPEN))
def test_no_use_case_reads_an_object_of_a_rival(house, lion, name):
    verb, kind = OPEN[name], request_type(OPEN[name])
    calls = 0
    for rivals, nobodys in rivals_objects(house).values():
        pairs = (
            [(None, None)] if kind is None else zip(
                requests(kind, rivals), requests(kind, nobodys), strict=True
            )
        )  # fmt: skip
        for of_rival, of_nobody in pairs:
            answers = [
                outcome(verb, lion, () if make is None else (made(make),), (rivals, nobodys))
                for make in (of_rival, of_nobody)
                if make is None or made(make) is not None
            ]
            calls += 1
            assert not any(MARKS.search(text) for text in answers), answers
            if answers and answers[0].startswith(("answered", "BudgetError")):
                continue
            assert len(set(answers)) <= 1, answers
    assert calls


def made(make):
    """The request, or None where the object cannot even be written into it."""
    try:
        return make()
    except FullhouseError:
        return None


def test_a_rivals_own_calls_do_answer(house):
    """Control: the same objects are read by their owner."""
    wolf = replace(house, tenant="wolf", actor="ann")
    objects = rivals_objects(house)
    digest = objects["answer"][0]
    assert app.room_release(wolf, app.ReadRelease(digest)).body
    asked = app.Ask(Count(objects["audience"][0]), SECRET)
    assert app.room_ask(wolf, asked).paid == 50_000
    assert gate.own_campaign(wolf, LAUNCH).film == SECRET
    assert app.job_show(wolf, app.ShowJob(objects["job"][0])).kind == "room_statement"
    assert [s.name for s in app.schedule_list(wolf).schedules] == [AGAIN]
    assert SECRET in repr(app.room_statement(wolf))
    assert wolf.day == date(2026, 11, 1)
