"""The OpenAPI document of the rows: every request, answer and error, with examples.

Written here and not by FastAPI, which would load every stage as soon as a route is added, and has
no schema for results that hold arrays and tables.
"""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from fullhouse.api.answers import ARROW, CSV, HTML, JSON, forms_of
from fullhouse.api.contract import Contract, contract_of
from fullhouse.api.fields import EXAMPLES, FILE_ID
from fullhouse.api.problems import MEDIA, TITLES
from fullhouse.api.row import Row

REF = "#/components/schemas/{model}"
ERRORS = (401, 403, 404, 406, 422, 429, 500, 503)
CHANGING = (402, 409, 413, 415, 501, 507)
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same request under the same key is done once, and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
AS = {
    "name": "Fullhouse-As",
    "in": "header",
    "description": "For the house alone: the tenant that one of it acts for.",
    "schema": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$", "maxLength": 64},
}
PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "With respond-async, the answer is a job.",
    "schema": {"type": "string", "enum": ["respond-async"]},
}
LIMIT = {
    "name": "limit",
    "in": "query",
    "description": "Items of a page.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
}
CURSOR = {
    "name": "cursor",
    "in": "query",
    "description": "After which item the page begins: `next` of the page before.",
    "schema": {"type": "string", "maxLength": 200},
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457); `type` and `code` never change.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "What programs tell errors apart by."},
        "facts": {"type": "object", "description": "For the house: what the sentence is made of."},
    },
}
UPLOADED: dict[str, Any] = {
    "type": "object",
    "title": "UploadedFile",
    "required": ["file", "name", "bytes", "sha256"],
    "properties": {
        "file": {"type": "string", "pattern": FILE_ID},
        "name": {"type": "string"},
        "bytes": {"type": "integer"},
        "sha256": {"type": "string"},
    },
}


class _Schemas(GenerateJsonSchema):
    """Schemas of results: what may be anything has none, and a number may be null.

    A number that is none (0/0, or infinite) is written as null.
    """

    def is_instance_schema(self, schema: Any) -> JsonSchemaValue:  # noqa: ARG002  (theirs)
        return {}

    def float_schema(self, schema: Any) -> JsonSchemaValue:
        plain = super().float_schema(schema)
        return {"type": ["number", "null"]} if self.mode == "serialization" else plain

    def datetime_schema(self, schema: Any) -> JsonSchemaValue:
        plain = super().datetime_schema(schema)
        # SQLite gives times back without their zone: they are UTC.
        return (
            {"type": "string", "description": "A time, UTC, ISO 8601."}
            if (self.mode == "serialization")
            else plain
        )

    def handle_invalid_for_json_schema(
        self,
        schema: CoreSchema,  # noqa: ARG002  (theirs)
        error_info: str,  # noqa: ARG002  (theirs)
    ) -> Any:
        return {}


def document(rows: Sequence[Row]) -> dict[str, Any]:
    """The OpenAPI document of the rows, and of what stands beside them."""
    contracts = [contract_of(row) for row in rows]
    asked: list[tuple[str, Any, CoreSchema]] = []
    for i, contract in enumerate(contracts):
        asked += [
            (f"sent {i}", "validation", contract.fields.model.__pydantic_core_schema__),
            (f"path {i}", "validation", contract.fields.in_path.__pydantic_core_schema__),
            (f"gives {i}", "serialization", contract.adapter.core_schema),
        ]
    of, named = _Schemas(ref_template=REF).generate_definitions(asked)
    definitions: dict[str, Any] = {str(name): schema for name, schema in named.items()}
    paths: dict[str, dict[str, Any]] = {}
    for i, contract in enumerate(contracts):
        sent, path = of[f"sent {i}", "validation"], of[f"path {i}", "validation"]
        gives = of[f"gives {i}", "serialization"]["prefixItems"][0]
        operation = _operation(
            contract, _resolved(sent, definitions), _resolved(path, definitions), sent, gives
        )
        where = contract.row.path.replace(":path}", "}")
        paths.setdefault(where, {})[contract.row.method.lower()] = operation
    paths |= _own_paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fullhouse",
            "version": version("fullhouse"),
            "description": "The clean room for tenants, and the house's own work.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions | {"Problem": PROBLEM, "UploadedFile": UPLOADED},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _operation(
    contract: Contract,
    sent: dict[str, Any],
    path: dict[str, Any],
    sent_ref: dict[str, Any],
    gives: dict[str, Any],
) -> dict[str, Any]:
    row = contract.row
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _example(name, schema)}
        for name, schema in path.get("properties", {}).items()
    ]
    operation: dict[str, Any] = {
        "operationId": row.name,
        "tags": [row.tag],
        "summary": contract.summary,
        "description": f"For {WHO[row.who]}, with the right to {row.may}.",
        "x-who": row.who,
        "x-may": row.may,
    }
    has_body = row.method in ("POST", "PATCH", "PUT")
    if not has_body:
        needed = sent.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": schema}
            for name, schema in sent.get("properties", {}).items()
        ]
    elif sent.get("properties"):
        operation["requestBody"] = {
            "required": bool(sent.get("required")),
            "content": {JSON: {"schema": sent_ref}},
        }
    if row.lists:
        parameters += [LIMIT, CURSOR]
    if row.makes and not row.keeps_nothing:
        parameters.append(IDEMPOTENCY)
    if row.who != "house":
        parameters.append(AS)
    operation["parameters"] = parameters
    if row.later:
        parameters.append(PREFER)
    operation["responses"] = _responses(row, gives)
    if row.work:
        operation["x-result"] = gives
    return operation


WHO = {"tenant": "tenants", "house": "the house", "both": "the house and tenants"}


def _responses(row: Row, gives: dict[str, Any]) -> dict[str, Any]:
    if row.lists:
        gives = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": gives},
                "next": {"type": ["string", "null"], "description": "The cursor of what follows."},
            },
        }
    content: dict[str, Any] = {}
    for form in forms_of(row):
        content[form] = {"schema": gives if form == JSON else FORMS[form]}
    queued = {
        "description": "Queued: a job, to be looked at where Location says.",
        "headers": {"Location": {"schema": {"type": "string"}}},
        "content": {JSON: {"schema": {"$ref": REF.format(model="JobStatus")}}},
    }
    answers: dict[str, Any] = {"202": queued} if row.work or row.later else {}
    if not row.work:
        answers[str(row.status)] = {"description": "Done.", "content": content}
    if row.method == "GET":
        answers["304"] = {"description": "You have it: it is as its ETag says."}
    return answers | _errors((*ERRORS, *(CHANGING if row.makes else (507,))))


FORMS = {
    CSV: {"type": "string"},
    ARROW: {"type": "string", "format": "binary"},
    HTML: {"type": "string"},
}


def _errors(statuses: Iterable[int]) -> dict[str, Any]:
    schema = {"$ref": REF.format(model="Problem")}
    return {
        str(status): {"description": TITLES[status], "content": {MEDIA: {"schema": schema}}}
        for status in sorted(statuses)
    }


def _own_paths() -> dict[str, Any]:
    status = {"type": "object", "properties": {"status": {"type": "string"}}}
    running = {"200": {"description": "It is.", "content": {JSON: {"schema": status}}}}
    name = {
        "name": "name",
        "in": "query",
        "required": True,
        "description": "How the file is called; its ending says what it is.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"},
        "example": "sales.csv.gz",
    }
    taken = {"schema": {"$ref": REF.format(model="UploadedFile")}}
    job = [
        {"name": "id", "in": "path", "required": True, "schema": _example("id", {
            "type": "string", "pattern": "^[0-9a-f]{1,64}$"})},
        AS,
    ]  # fmt: skip
    of_job = {"tags": ["jobs"], "x-who": "both", "x-may": "read", "parameters": job}
    lost = _errors((401, 403, 404, 406, 409, 422, 429, 500, 503))
    return {
        "/v1/jobs/{id}/result": {"get": of_job | {
            "operationId": "job_result",
            "summary": "What a job gave, as `x-result` of its route describes it.",
            "responses": {
                "200": {"description": "Done.", "content": {JSON: {"schema": {}}, **{
                    form: {"schema": schema} for form, schema in FORMS.items()}}},
                "304": {"description": "You have it: it is as its ETag says."},
            } | lost,
        }},
        "/v1/jobs/{id}/events": {"get": of_job | {
            "operationId": "job_events",
            "summary": "A job at each change, as server-sent events, until it has ended.",
            "responses": {
                "200": {"description": "A stream of the job's states.", "content": {
                    "text/event-stream": {"schema": {"type": "string"}}}},
            } | lost,
        }},
        "/healthz": {"get": {
            "operationId": "healthz", "tags": ["server"], "security": [],
            "summary": "Whether the server runs.", "responses": running,
        }},
        "/readyz": {"get": {
            "operationId": "readyz", "tags": ["server"], "security": [],
            "summary": "Whether the server can work.", "responses": running | _errors((503,)),
        }},
        "/metrics": {"get": {
            "operationId": "metrics", "tags": ["server"], "x-who": "house", "x-may": "audit",
            "summary": "What the server counts, for Prometheus.",
            "responses": {
                "200": {"description": "Done.", "content": {"text/plain": {"schema": {
                    "type": "string"}}}},
            } | _errors((401, 403, 422, 429, 503)),
        }},
        "/v1/files": {"post": {
            "operationId": "upload", "tags": ["files"], "x-who": "both", "x-may": "ask",
            "summary": "Send a file, to be named in a request afterwards.",
            "parameters": [name, AS],
            "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {
                "type": "string", "format": "binary"}}}},
            "responses": {
                "201": {"description": "Taken in.", "content": {JSON: taken}},
            } | _errors((401, 403, 413, 422, 429, 500, 503, 507)),
        }},
    }  # fmt: skip


def _example(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return schema if name not in EXAMPLES else schema | {"examples": [EXAMPLES[name]]}


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema itself, where it is named."""
    ref = schema.get("$ref")
    if ref is None:
        return schema
    named: dict[str, Any] = definitions[ref.rpartition("/")[2]]
    return named
