"""The first lock by contract: tenants' rows are touched through Control, each query by tenant.

The source is read, so that new code is judged without being named.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from fullhouse.control.schema import Base

SOURCE = Path(__file__).parents[2] / "src" / "fullhouse"
FILES = sorted(SOURCE.rglob("*.py"))
OWNED = {
    mapper.class_.__name__
    for mapper in Base.registry.mappers
    if "tenant" in mapper.local_table.columns
}
"""The classes of rows that have a tenant."""

RAW = {
    "text", "literal_column", "create_engine", "create_async_engine", "MetaData", "Table",
    "Session", "sessionmaker", "scoped_session", "table", "column", "TextClause",
}  # fmt: skip
"""What SQLAlchemy offers to go round the mapped rows or round Control's own connections."""

BEHIND = {
    "api/server.py": "SELECT 1, of no table: whether the database answers",
    "erasure/records.py": "an erasure looks through every table there is, as the house",
    "erasure/search.py": "the search that proves an erasure, too",
}
"""Where raw SQL stands outside `control`, and why."""

OF_ALL = {
    "access/identities.py:_bound": "whose an e-mail address is turns out here",
    "access/identities.py:_known": "whose a provider's subject is turns out here",
    "cleanroom/ledger.py:give_back_stale": "what dead processes left open, of whomever",
    "cleanroom/log.py:verify": "the house checks the logs of all",
    "erasure/records.py:_count_again": "the house counts audiences again, of whomever",
    "cleanroom/tenants.py:tenants": "the house lists its tenants",
    "cleanroom/tenants.py:films_of_one_tenant": "which titles are of one tenant alone",
}
"""Queries that are not by tenant, and why."""

SEE_MORE = {
    "access/backoff.py:attempt",
    "access/backoff.py:succeeded",
    "access/identities.py:user_of_claims",
    "access/passwords.py:redeem",
    "access/passwords.py:verify",
    "access/sessions.py:control",
    "access/keys.py:principal_of_key",
    "cleanroom/gate.py:user_of",
    "cleanroom/size_table.py:_newest",
    "cleanroom/size_table.py:_read",
    "cleanroom/ledger.py:_spending_more",
    "cleanroom/ledger.py:affordable",
    "cleanroom/ledger.py:cancel",
    "cleanroom/ledger.py:left",
    "cleanroom/log.py:others_by_day",
    "cleanroom/log.py:published",
    "cleanroom/log.py:receipt",
    "cleanroom/tenants.py:films_of_one_tenant",
    "cleanroom/tenants.py:hidden_films",
}
"""Where a tenant's transaction sees rows that are not the tenant's: each says why it must."""


@lru_cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module above `control` that could touch its database, with its path."""
    read = {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in FILES}
    return tuple(
        (name, ast.parse(text))
        for name, text in read.items()
        if not name.startswith("control/")
        and any(word in text for word in ("sqlalchemy", ".database", "exec_driver_sql"))
    )


def raw_sql(tree: ast.AST) -> list[str]:
    """What a module uses to reach the database past Control: names, with their lines."""
    used = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "sqlalchemy":
                used += [f"{node.lineno}: {a.name}" for a in node.names if a.name in RAW]
            case ast.Import() if any(a.name.split(".")[0] == "sqlalchemy" for a in node.names):
                used.append(f"{node.lineno}: sqlalchemy")
            case ast.Attribute(attr="__table__" | "exec_driver_sql" | "raw_connection" as name):
                used.append(f"{node.lineno}: {name}")
            case (
                ast.Attribute(attr="database", value=ast.Name(id="control"))
                | ast.Attribute(attr="database", value=ast.Attribute(attr="control"))
            ):
                used.append(f"{node.lineno}: database")
            case _:
                pass
    return used


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of a module and of its classes, each with those inside it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from (n for n in node.body if isinstance(n, ast.FunctionDef))


def asks_for_rows(function: ast.AST) -> bool:
    """Whether a statement on rows of tenants is made in it."""
    statements = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("select", "update", "delete")
    ]
    for node in statements:
        names = {n.id for a in node.args for n in ast.walk(a) if isinstance(n, ast.Name)}
        if names & OWNED:
            return True
    return False


def by_tenant(function: ast.AST) -> bool:
    """Whether the tenant is compared in it, or the query is Control's own."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(s, ast.Attribute) and s.attr == "tenant" for s in sides):
                return True
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ("own", "_is"):
                return True
    return False


def sees_more(function: ast.AST) -> bool:
    """Whether rows of others come in sight in it."""
    names = ("with_all", "with_house")
    return any(isinstance(n, ast.Attribute) and n.attr in names for n in ast.walk(function))


def test_the_tables_of_tenants_are_known() -> None:
    assert {"AuditRow", "TitleRow", "LedgerRow", "AccessKeyRow"} <= OWNED
    assert "HouseRow" not in OWNED


def test_sql_past_control_stands_in_erasure_alone() -> None:
    used = {name: uses for name, tree in modules() if (uses := raw_sql(tree))}
    assert {name: uses for name, uses in used.items() if name not in BEHIND} == {}
    assert set(used) == set(BEHIND), "a reason for what is not there any more"


def test_every_query_of_tenants_rows_is_by_tenant() -> None:
    open_ = {
        f"{name}:{function.name}"
        for name, tree in modules()
        for function in functions(tree)
        if asks_for_rows(function) and not by_tenant(function)
    }
    assert open_ == set(OF_ALL)


def test_rows_of_others_come_in_sight_where_it_is_known_and_nowhere_else() -> None:
    seeing = {
        f"{name}:{function.name}"
        for name, tree in modules()
        for function in functions(tree)
        if sees_more(function)
    }
    assert seeing == SEE_MORE


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import text",
        "from sqlalchemy import select, Table",
        "from sqlalchemy.orm import Session",
        "import sqlalchemy as sa",
        "rows = TitleRow.__table__",
        "connection.exec_driver_sql('SELECT 1')",
        "with context.control.database.connect() as c: ...",
        "control.database.begin()",
    ],
)
def test_the_check_sees_raw_sql(source: str) -> None:
    assert raw_sql(ast.parse(source))


def test_the_check_sees_a_query_without_its_tenant() -> None:
    source = "def f(s):\n    return s.scalars(select(TitleRow).where(TitleRow.film == 'x'))"
    (function,) = functions(ast.parse(source))
    assert asks_for_rows(function)
    assert not by_tenant(function)
    assert by_tenant(ast.parse("select(TitleRow).where(TitleRow.tenant == whose)"))
    assert by_tenant(ast.parse("control.own(TitleRow)"))
