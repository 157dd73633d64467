"""Every endpoint × every object of a rival, from the OpenAPI document: a new one is tried unnamed.

The same request is sent for a rival's object and for one that is nobody's; the answers are alike to
the byte, but for the name that was asked.
"""

import json
import re

import pytest

from fullhouse.access.sessions import Sessions
from fullhouse.cleanroom.roles import User
from tests.cleanroom.conftest import RIVAL, SECRET, forget_new_users

HARMLESS = {
    "rule": "buys:books",
    "rules": ["buys:books", "buys:dogs"],
    "base": "everyone",
    "by": "buys",
    "families": ["buys"],
    "film": "our-film-2026",
    "title": "our-film-2026",
    "campaign": "no-such-campaign",
    "digest": "0" * 64,
    "pack": "0" * 16,
    "position": 0,
    "earlier": 0,
    "size": 0,
    "looks": 2,
    "user": "no-such-user",
    "tenant": "lion",
    "name": "no-such-user",
    "role": "viewer",
    "old": "no password of anybody",
    "new": "no password of anybody",
    "key": "0" * 12,
    "id": "0" * 16,
    "exchange": "0" * 32,
}
OBJECTS = {
    "secret title": (SECRET, "wanted-film-2027"),
    "title": (RIVAL, "other-film-2026"),
    "campaign": ("wolf-launch", "bear-launch"),
    "audience": ("audience:wolf-list", "audience:bear-list"),
    "trait of a secret title": (f"saw:{SECRET}", "saw:wanted-film-2027"),
    "tenant": ("wolf", "bare"),
}
MARKS = re.compile(r"wolf|hidden-film|their-film")


@pytest.fixture(scope="module")
def document(served):
    return served.http.get("/v1/openapi.json").json()


@pytest.fixture(scope="module")
def objects(served):
    answer = served.post(
        "wolf/ann",
        "/v1/questions",
        {"question": {"kind": "count", "rule": "buys:dogs", "precision": 251}, "title": SECRET},
    )
    key = served.get("wolf/ann", "/v1/keys").json()["items"][0]["id"]
    return OBJECTS | {"answer": (answer.json()["digest"], "a" * 64), "key": (key, "a" * len(key))}


def operations(document):
    """Those that a tenant may call; `upload` takes no object."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if (
                operation.get("x-who") in ("tenant", "both")
                and operation["operationId"] != "upload"
            ):
                yield method.upper(), path, operation


def resolved(schema, document):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def texts(schema, document, where=()):
    """Where in a body a text can stand, each with the body around it filled harmlessly."""
    schema = resolved(schema, document)
    for choice in schema.get("anyOf", schema.get("oneOf", [])):
        yield from texts(choice, document, where)
    for name, inner in schema.get("properties", {}).items():
        if "const" not in inner:
            yield from texts(inner, document, (*where, (schema, name)))
    if schema.get("type") == "array" and where:
        yield where, True
    elif schema.get("type") == "string" and "format" not in schema and where:
        yield where, False


def body_with(where, several, value, document):
    """A body in which a value stands at a place, and what else is needed."""
    body = outer = {}
    for depth, (schema, name) in enumerate(where):
        for needed in schema.get("required", []):
            inner = resolved(schema["properties"][needed], document)
            outer[needed] = inner.get("const", HARMLESS.get(needed))
            if "oneOf" in inner:
                outer[needed] = {"kind": "count", "rule": "buys:books"}
        if depth == len(where) - 1:
            outer[name] = [*HARMLESS.get(name, [])[:1], value] if several else value
        else:
            outer[name] = {}
            outer = outer[name]
    return body


def requests(method, path, operation, value, document):
    """Every request of an operation in which one text is a value."""
    for parameter in operation.get("parameters", []):
        schema = resolved(parameter["schema"], document)
        kinds = {schema.get("type"), *(c.get("type") for c in schema.get("anyOf", []))}
        if "string" not in kinds or parameter["in"] == "header":
            continue
        name, query = parameter["name"], {}
        for other in operation["parameters"]:
            if other["in"] == "query" and other.get("required"):
                query[other["name"]] = HARMLESS[other["name"]]
        if parameter["in"] == "query":
            yield method, filled(path), query | {name: value}, None
        else:
            yield method, filled(path.replace(f"{{{name}}}", value)), query, harmless(operation)
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if sent is not None:
        for where, several in texts(sent["schema"], document):
            yield method, filled(path), {}, body_with(where, several, value, document)


def harmless(operation):
    return None if "requestBody" not in operation else {"looks": 2}


def filled(path):
    return re.sub(r"\{(\w+)\}", lambda match: str(HARMLESS[match[1]]), path)


def alike(answer, names):
    text = f"{answer.status_code} {answer.text}"
    for name in names:
        plain = name.removeprefix("audience:")
        # Echoes may be cut, or in small letters.
        for known in (name, plain, name[:40]):
            text = re.sub(re.escape(known), "IT", text, flags=re.IGNORECASE)
    return re.sub(r"\\n *\^|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?", "", text)


@pytest.mark.slow
def test_no_endpoint_reads_an_object_of_a_rival(served, document, objects):
    tried = set()
    for method, path, operation in operations(document):
        forget_new_users(served.house)
        for rivals, nobodys in objects.values():
            pairs = zip(
                requests(method, path, operation, rivals, document),
                requests(method, path, operation, nobodys, document),
                strict=True,
            )
            for pair in pairs:
                answers = [
                    served.ask("lion/ann", m, where, params=query, json=body)
                    for m, where, query, body in pair
                ]
                tried.add((method, path))
                for answer in answers:
                    assert answer.status_code < 500, (pair, answer.text)
                    named = alike(answer, (rivals,))
                    assert not MARKS.search(named), (pair, answer.text)
                one, other = (alike(a, (rivals, nobodys)) for a in answers)
                if answers[0].status_code >= 400 or answers[1].status_code >= 400:
                    assert one == other, pair
    assert len(tried) > 10
    assert ("POST", "/v1/questions") in tried
    assert ("GET", "/v1/releases/{digest}") in tried


def test_the_owner_reads_the_same_objects(served, objects):
    """Control: what is looked for is there."""
    digest, key = objects["answer"][0], objects["key"][0]
    assert served.get("wolf/ann", f"/v1/releases/{digest}").status_code == 200
    assert key in served.get("wolf/ann", "/v1/keys").text
    reserved = served.post("wolf/ann", "/v1/campaigns/wolf-launch/reserve", {"looks": 1})
    assert reserved.status_code == 200, reserved.text
    audience = {"question": {"kind": "count", "rule": "audience:wolf-list"}, "title": SECRET}
    assert served.post("wolf/ann", "/v1/questions/price", audience).status_code == 200


def test_a_session_of_a_rival_looks_like_none_and_stays_open(served):
    theirs = Sessions(served.house).begin(User("ann", "wolf", "owner"), "password")
    own = Sessions(served.house).begin(User("ann", "lion", "owner"), "password")
    (session,) = served.get("wolf/ann", "/v1/sessions").json()["items"]
    answers = {
        served.post("lion/ann", "/v1/sessions/end", {"session": named}).content
        for named in (session["id"], "0" * 16)
    }
    assert len(answers) == 1
    assert session["id"].encode() not in min(answers)
    assert Sessions(served.house).principal(theirs.cookie)
    assert Sessions(served.house).principal(own.cookie)
    assert served.post("lion/ann", "/v1/sessions/end").json()["sessions"] == []
    assert Sessions(served.house).principal(own.cookie) is None
    looked = served.get("house/olga", "/v1/sessions", headers={"Fullhouse-As": "lion"})
    assert looked.status_code == 422, looked.text


def test_nothing_a_tenant_is_given_counts_what_others_do(served):
    """Numbers of a statement do not jump by what a rival spent between two questions."""
    ask = {"question": {"kind": "count", "rule": "buys:books", "precision": 301}}
    served.post("lion/ann", "/v1/questions", ask)
    for n in range(3):
        theirs = {"question": ask["question"] | {"precision": 310 + n}, "title": SECRET}
        assert served.post("wolf/ann", "/v1/questions", theirs).status_code == 200
    served.post("lion/ann", "/v1/questions", {"question": ask["question"] | {"precision": 302}})
    statement = served.get("lion/vic", "/v1/statement").json()
    assert [e["id"] for e in statement["entries"]] == list(range(1, len(statement["entries"]) + 1))
    listed = served.get("lion/vic", "/v1/releases").json()["items"]
    positions = [r["position"] for r in listed]
    log_size = len(served.get("lion/vic", "/v1/log?most=1000").json()["entries"])
    assert max(positions) < log_size, "a position is of the tenant's own log"
    assert "together" not in json.dumps(statement)
