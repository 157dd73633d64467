"""What a tenant may call: nothing that a stage made, and of all else only the house's refusal.

The use cases and the objects are found by looking, so that a new one is tried without being named.
"""

import ast
import inspect
from dataclasses import dataclass, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import fullhouse as fh
from fullhouse import app
from fullhouse.app.use_case import TENANT_CASES, tenant_case
from fullhouse.cleanroom.release import ForTenants
from fullhouse.core.errors import InputError
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.workspace.context import Context
from tests.cleanroom.conftest import OWN, RIVAL, SECRET, make_house

FOLDER = Path(app.__file__).parent
FOR_TENANTS = {
    "access",
    "cleanroom",
    "jobs",
    "log",
    "match",
    "partners",
    "studio",
    "studio_planning",
}


def decorated(name: str) -> dict[str, str]:
    """The functions of the package `app` under a decorator, with their modules."""
    return {
        node.name: path.stem
        for path in sorted(FOLDER.glob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
        if any(isinstance(d, ast.Name) and d.id == name for d in node.decorator_list)
    }


HOUSE_CASES = decorated("use_case")
OPEN_CASES = decorated("tenant_case")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A house with two tenants, one of them with a secret title."""
    with make_house(tmp_path_factory.mktemp("rivals") / "house") as made:
        wolf = replace(made, tenant="wolf", actor="ann")
        app.room_ask(wolf, app.Ask(app.Count("books"), RIVAL))
        app.room_ask(wolf, app.Ask(app.Count(f"saw:{SECRET}"), SECRET))
        yield made


def test_only_these_modules_have_use_cases_for_tenants_and_they_are_all_known() -> None:
    assert set(OPEN_CASES.values()) == FOR_TENANTS
    for name in OPEN_CASES:
        getattr(app, name)
    # Other tests make cases of their own.
    ours = {case.__name__ for case in TENANT_CASES if case.__module__.startswith("fullhouse.app.")}
    assert ours == set(OPEN_CASES)
    assert len(HOUSE_CASES) > 60


@pytest.mark.parametrize("name", OPEN_CASES)
def test_what_a_tenant_gets_can_be_made_by_no_stage(name: str) -> None:
    returned = get_type_hints(inspect.unwrap(getattr(app, name)))["return"]
    assert issubclass(returned, ForTenants)
    stages = {p.parent.name for p in FOLDER.parent.glob("*/__init__.py")} - {"app", "cleanroom"}
    assert returned.__module__.split(".")[1] not in stages


STAGES = {p.parent.name for p in FOLDER.parent.glob("*/__init__.py")} - {
    "access", "app", "cleanroom", "core", "view", "workspace",
}  # fmt: skip
OF_NO_PEOPLE = {
    "forecast.Forecast", "forecast.Slate", "forecast.ScoreBook", "forecast.ActualRun",
    "control.Entry", "control.Verified", "films.FilmFact", "planning.Plan", "campaigns.Power",
}  # fmt: skip
"""Nouns of stages that a tenant's result may hold: the clean room has computed them from public
facts and the tenant's own inputs, or from releases."""


def nouns_in(kind: Any, seen: set[Any]) -> set[str]:
    """The stages' own types that a type holds, however deep."""
    held: set[str] = set()
    for part in get_args(kind):
        held |= nouns_in(part, seen)
    if not isinstance(kind, type) or not is_dataclass(kind) or kind in seen:
        return held
    seen.add(kind)
    stage = kind.__module__.split(".")[1] if kind.__module__.startswith("fullhouse.") else ""
    if stage in STAGES:
        return held | {f"{stage}.{kind.__name__}"}
    for hint in get_type_hints(kind).values():
        held |= nouns_in(hint, seen)
    return held


@pytest.mark.parametrize("name", OPEN_CASES)
def test_what_a_tenant_gets_holds_no_noun_of_a_stage_that_reads_people(name: str) -> None:
    returned = get_type_hints(inspect.unwrap(getattr(app, name)))["return"]
    assert nouns_in(returned, set()) <= OF_NO_PEOPLE


def test_a_noun_that_a_result_holds_deep_down_is_noticed() -> None:
    @dataclass(frozen=True)
    class Leak(ForTenants):
        cards: tuple[FilmDiscovery | None, ...]

    assert nouns_in(Leak, set()) == {"discovery.FilmDiscovery"}


@pytest.mark.slow
def test_what_is_made_for_tenants_is_made_in_the_clean_room_or_by_their_own_use_cases() -> None:
    returned = (get_type_hints(inspect.unwrap(getattr(app, name)))["return"] for name in OPEN_CASES)
    made = {kind.__name__: kind.__module__ for kind in returned}
    root = FOLDER.parent
    allowed = {root / "app" / f"{name}.py" for name in FOR_TENANTS}
    for path in root.rglob("*.py"):
        # Who a user is, the door makes of the roles that the clean room knows.
        if path in allowed or {root / "cleanroom", root / "access"} & {*path.parents}:
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        imported = {
            alias.name
            for n in nodes
            if isinstance(n, ast.ImportFrom)
            for alias in n.names
            if made.get(alias.name) == n.module
        }
        called = {
            n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not imported & called, path


def test_a_tenant_case_that_returns_anything_else_fails(house: Context) -> None:
    def leak(_: Context) -> Any:
        return 31_337

    guarded = tenant_case(leak)  # type: ignore[type-var]
    TENANT_CASES.pop()
    with pytest.raises(TypeError, match="would hand a tenant a int") as refused:
        guarded(replace(house, tenant="lion"))
    assert "31337" not in str(refused.value)


@pytest.mark.parametrize("name", HOUSE_CASES)
def test_the_houses_own_use_cases_refuse_every_tenant(house: Context, name: str) -> None:
    lion = replace(house, tenant="lion", actor="ann")
    verb = getattr(import_module(f"fullhouse.app.{HOUSE_CASES[name]}"), name)
    for asked in (object(), None):
        with pytest.raises(InputError) as refused:
            verb(lion, asked)
        assert refused.value.code == "house_only"
    assert house.control.tenant == "house"


def questions(title: str | None, name: str) -> list[Any]:
    """Every question about an object of somebody, under its name."""
    return [
        app.Ask(app.Count("books"), title or name),
        app.Ask(app.Count(f"audience:{name}"), OWN),
        app.Ask(app.Count(f"saw:{name}"), OWN),
        app.Ask(app.Breakdown("books", "age"), title or name),
        app.Ask(app.Describe("books", ("age",)), title or name),
        app.Ask(app.Overlap(("books", "dogs")), title or name),
        app.Ask(app.Cards(name)),
        app.Ask(app.ReachFrequency(name)),
        app.Ask(app.Readout(name)),
        app.Ask(app.TicketsByCity("books"), title or name),
    ]


@pytest.mark.parametrize("verb", ["room_ask", "room_price"])
@pytest.mark.parametrize("place", range(10))
def test_no_question_reads_an_object_of_a_rival(house: Context, verb: str, place: int) -> None:
    lion = replace(house, tenant="lion", actor="ann")
    answers = []
    for name in (RIVAL, SECRET, "no-such-film-2027"):
        with pytest.raises(InputError) as refused:
            getattr(app, verb)(lion, questions(None, name)[place])
        answers.append(str(refused.value).replace(name, "NAME").split("Did you mean")[0])
    # Where the traits of a film are public a rival's may be named; not where it is secret.
    assert answers[1].splitlines()[0] == answers[2].splitlines()[0]


def test_no_stored_answer_ledger_row_or_log_entry_of_a_rival_is_read(house: Context) -> None:
    lion = replace(house, tenant="lion", actor="ann")
    wolf = replace(house, tenant="wolf", actor="ann")
    own = app.room_statement(wolf)
    digests = {entry.digest for entry in own.entries}
    assert len(digests) == 2
    for digest in digests:
        assert app.room_release(wolf, app.ReadRelease(digest)).release.kind == "count"
        with pytest.raises(InputError, match="No answer"):
            app.room_release(lion, app.ReadRelease(digest))
    shown = app.room_statement(lion)
    assert (shown.entries, shown.spent) == ((), 0)
    assert [t.film for t in shown.titles] == [OWN]
    assert RIVAL not in repr(app.log_list(lion).entries) + repr(shown)
    assert SECRET not in repr(app.log_list(lion).entries) + repr(shown)


def test_the_public_names_have_the_questions() -> None:
    assert {"Ask", "Count", "Breakdown", "room_ask", "room_price", "tenant_add"} <= set(dir(fh))
