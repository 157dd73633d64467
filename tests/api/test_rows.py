"""The table of routes is whole, and a tenant reaches nothing of the house's by any of them."""

import inspect
import re
from importlib import import_module

import pytest

from fullhouse import app
from fullhouse.api.contract import contract_of
from fullhouse.api.rows import NOT_OFFERED, ROWS, TENANT_ROWS
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES
from fullhouse.cleanroom.release import ForTenants
from fullhouse.cleanroom.roles import MAY, VERBS

for module in set(app.MODULES.values()):
    if module.startswith("fullhouse.app."):
        import_module(module)

USE_CASES = {
    name: getattr(app, name)
    for name, module in app.MODULES.items()
    if module.startswith("fullhouse.app.") and inspect.isfunction(getattr(app, name))
}


def test_every_use_case_has_a_route_or_a_reason():
    routed = {row.use_case for row in ROWS}
    assert set(USE_CASES) <= routed | set(NOT_OFFERED), "give it a row, or say why it has none"
    assert not routed & set(NOT_OFFERED)
    assert set(NOT_OFFERED) <= set(USE_CASES), "is no use case any more"


def test_every_use_case_of_tenants_is_reached_by_them():
    reached = {USE_CASES[row.use_case] for row in ROWS if row.who in ("tenant", "both")}
    not_offered = {USE_CASES[name] for name in NOT_OFFERED} & set(TENANT_CASES)
    assert set(TENANT_CASES) == reached | not_offered
    assert len(not_offered) <= 5


def test_long_work_is_of_use_cases_that_a_worker_can_do():
    cases = [*HOUSE_CASES, *TENANT_CASES]
    work = [row for row in ROWS if row.work or row.later]
    assert len(work) > 20
    assert [row.name for row in work if USE_CASES[row.use_case] not in cases] == []


def test_what_is_for_tenants_is_made_for_tenants():
    for row in ROWS:
        verb = USE_CASES.get(row.use_case)
        assert (verb in TENANT_CASES) == (row.who != "house"), row
        if row.who != "house":
            gives = inspect.get_annotations(inspect.unwrap(verb))["return"]
            assert issubclass(gives, ForTenants)


def test_rows_are_distinct_and_name_existing_verbs():
    assert len({(r.method, r.path) for r in ROWS}) == len(ROWS)
    assert len({r.name for r in ROWS}) == len(ROWS)
    for row in ROWS:
        assert {row.may, row.house_may or row.may} <= set(VERBS)
        assert any(row.may in verbs for verbs in MAY.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_has_a_summary_and_a_schema_of_what_is_sent(row):
    contract = contract_of(row)
    assert contract.summary.endswith(".")
    taken = set(contract.fields.path) | set(contract.fields.model.model_fields)
    declared = set() if contract.request is None else set(contract.request.__dataclass_fields__)
    assert taken | set(row.without) == declared
    assert set(row.files) <= taken
    assert not (set(contract.fields.path) - declared), "a place in the path that nothing takes"


def test_no_row_takes_a_path_of_the_server():
    """What a request calls a path, or is read as one, is the id of a file that was sent."""
    paths = {"contacts", "households", "folder", "file", "feed", "table"}
    plain = {("feed_files", "feed")}
    for row in ROWS:
        contract = contract_of(row)
        hints = {} if contract.request is None else contract.request.__annotations__
        for name, hint in hints.items():
            if "Path" in str(hint) or (name in paths and (row.name, name) not in plain):
                assert name in row.files or name in row.without, (row.name, name)


def filled(path):
    return re.sub(r"\{[^}]*\}", "0", path)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["lion/ann", "lion/vic", "wolf/ann", "plaza/pat"])
def test_a_tenant_is_refused_at_every_route_of_the_house(served, who):
    rows = [row for row in ROWS if row.who == "house"]
    assert len(rows) > 60
    refused = [served.ask(who, row.method, filled(row.path), json={}) for row in rows]
    refused += [
        served.ask(who, row.method, filled(row.path), json={}, headers={"Fullhouse-As": "house"})
        for row in ROWS
    ]
    assert {r.status_code for r in refused} == {403}
    assert {r.json()["code"] for r in refused} == {"house_only", "forbidden"}


def test_a_partner_is_refused_at_every_route_but_those_of_its_own(served):
    own = {"pack_list_packs", "pack_show"}
    rows = [row for row in ROWS if row.who != "house"]
    answers = {
        row.name: served.ask("plaza/pat", row.method, filled(row.path), json={}) for row in rows
    }
    assert own <= set(answers)
    assert {a.status_code for name, a in answers.items() if name not in own} == {403}
    assert answers["pack_list_packs"].json() == {"items": [], "next": None}
    assert answers["pack_show"].status_code == 404
    for name in own:
        (row,) = (row for row in rows if row.name == name)
        assert served.ask("lion/ann", row.method, filled(row.path)).status_code == 403


def test_somebody_without_a_key_is_refused_everywhere(served):
    for row in ROWS[::5]:
        assert served.http.request(row.method, filled(row.path)).status_code == 401


def test_the_rows_of_tenants_are_few_and_known():
    """A row that is added here gives rivals something more to look at."""
    assert len(TENANT_ROWS) == 46
