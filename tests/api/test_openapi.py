"""The OpenAPI document: whole, and kept by every answer, whatever is sent, as each role."""

import json

import pytest
from jsonschema import Draft202012Validator

from fullhouse.api.rows import ROWS


@pytest.fixture(scope="module")
def document(served):
    return served.http.get("/v1/openapi.json").json()


def operations(document):
    return {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }


def test_every_route_is_described_with_a_summary_and_its_errors(document):
    described = operations(document)
    assert set(described) >= {row.name for row in ROWS}
    for name, operation in described.items():
        assert operation["summary"].endswith("."), name
        assert set(operation["responses"]) & {"200", "201", "202"}, name
        if operation.get("x-who"):
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), name


@pytest.mark.slow
def test_every_reference_of_the_document_leads_somewhere(document):
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in schemas, name
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_what_is_sent_has_examples(document):
    question = document["components"]["schemas"]["CountQuestion"]
    assert question["properties"]["rule"]["examples"] == ["buys:books & !age:0-17"]
    assert question["properties"]["kind"]["const"] == "count"
    asked = operations(document)["room_ask"]["requestBody"]["content"]["application/json"]
    body = document["components"]["schemas"][asked["schema"]["$ref"].rpartition("/")[2]]
    assert len(body["properties"]["question"]["oneOf"]) == 8


@pytest.mark.slow
@pytest.mark.parametrize("who", ["lion/ann", "lion/vic", "house/olga", "house/paul", "house/aud"])
def test_no_request_makes_an_error_or_an_answer_that_is_not_described(served, document, who):
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, settings
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", served.http.app)
    headers = {"Authorization": f"Bearer {served.keys[who]}"}
    # What ends or cuts off the house's own people would end the test.
    spared = {"user_remove", "key_revoke", "key_rotate", "tenant_suspend", "job_events"}
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if name in spared or (who.startswith("lion") and name not in ROW_NAMES_OF_TENANTS):
            continue
        if who in ("house/paul", "house/aud") and operation.definition.raw.get("x-may") == "run":
            continue

        @settings(
            max_examples=2, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        @_given(operation)
        def send(case):
            response = case.call(headers=headers)
            assert response.status_code < 500, (case.path, case.body, response.text)
            case.validate_response(
                response,
                checks=[
                    status_code_conformance, content_type_conformance, response_schema_conformance,
                ],
            )  # fmt: skip

        send()
        tried.add(name)
    assert len(tried) > 20


def _given(operation):
    from hypothesis import given

    return given(case=operation.as_strategy())


ROW_NAMES_OF_TENANTS = {row.name for row in ROWS if row.who != "house"}
