"""The API's door: who gets in, what is refused in which words, and what every answer carries."""

import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete

from fullhouse.cleanroom import log
from fullhouse.control.job import STATUSES, NewJob
from fullhouse.control.jobs import enqueue
from fullhouse.control.schema import JobRow


def test_a_key_is_needed_and_a_wrong_one_is_answered_as_none(served):
    answers = [
        served.http.get("/v1/titles", headers=headers)
        for headers in ({}, {"Authorization": "Bearer fh_no"}, {"Authorization": "Basic x"})
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.content for a in answers}) == 1
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].headers["www-authenticate"].startswith("Bearer")


def test_a_tenant_sees_its_own_titles(served):
    own = served.get("lion/vic", "/v1/titles").json()
    assert [t["film"] for t in own["items"]] == ["our-film-2026"]
    assert own["next"] is None
    assert len(served.get("wolf/ann", "/v1/titles").json()["items"]) == 2


def test_a_question_has_its_price_first_and_costs_nothing_again(served):
    question = {"question": {"kind": "count", "rule": "buys:books & buys:dogs"}}
    price = served.post("lion/ann", "/v1/questions/price", question)
    assert price.status_code == 200, price.text
    assert price.json()["rho"] > 0
    first = served.post("lion/ann", "/v1/questions", question)
    assert first.status_code == 200, first.text
    assert first.json()["paid"] == price.json()["rho"]
    again = served.post(
        "lion/max",
        "/v1/questions",
        {"question": {"kind": "count", "rule": "buys:dogs & buys:books"}},
    )
    assert again.json()["paid"] == 0
    assert again.json()["body"] == first.json()["body"]
    release = served.get("lion/vic", f"/v1/releases/{first.json()['digest']}").json()
    assert release["body"] == first.json()["body"]
    listed = served.get("lion/vic", "/v1/releases").json()["items"]
    assert first.json()["digest"] in [r["digest"] for r in listed]


def test_a_viewer_may_not_ask(served):
    refused = served.post("lion/vic", "/v1/questions", {"question": {"kind": "count", "rule": "x"}})
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"


def test_a_mistake_is_a_sentence(served):
    cases = [
        ({"question": {"kind": "count"}}, "missing"),
        ({"question": {"kind": "sum", "rule": "x"}}, "kind"),
        ({"question": {"kind": "count", "rule": "buys:boks"}}, "Did you mean"),
        ({"question": {"kind": "count", "rule": "x", "precision": "5"}}, "precision"),
        ({"quest": 1}, "question"),
        ([], "object"),
    ]
    for body, words in cases:
        answer = served.post("lion/ann", "/v1/questions", body)
        assert answer.status_code == 422, answer.text
        problem = answer.json()
        assert words in problem["detail"], problem
        assert problem["type"] == f"/problems/{problem['code']}"
        assert problem["status"] == 422
    broken = served.ask("lion/ann", "POST", "/v1/questions", content=b"{")
    assert broken.status_code == 422


def test_the_policy_refuses_with_403_and_names_its_line(served):
    body = {"question": {"kind": "count", "rule": "health:pills"}}
    refused = served.post("lion/ann", "/v1/questions", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "policy_trait")


def test_what_is_a_rivals_and_what_is_nobodys_are_the_same_bytes(served):
    theirs = {"question": {"kind": "count", "rule": "buys:dogs"}, "title": "hidden-film-2027"}
    digest = served.post("wolf/ann", "/v1/questions", theirs).json()["digest"]
    rivals = served.get("lion/ann", f"/v1/releases/{digest}")
    nobodys = served.get("lion/ann", f"/v1/releases/{'0' * 64}")
    assert rivals.status_code == nobodys.status_code == 404
    assert rivals.content == nobodys.content
    assert served.get("wolf/ann", f"/v1/releases/{digest}").status_code == 200


def test_the_house_acts_for_a_tenant_only_where_it_says_so(served):
    question = {"question": {"kind": "count", "rule": "buys:books"}}
    refused = served.post("house/olga", "/v1/questions", question)
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_only")
    as_lion = {"Fullhouse-As": "lion"}
    assert served.post("house/olga", "/v1/questions", question, headers=as_lion).json()["paid"]
    refused = [
        served.get("wolf/ann", "/v1/titles", headers={"Fullhouse-As": who})
        for who in ("wolf", "lion", "bear", "house", "no slug")
    ]
    assert {r.status_code for r in refused} == {403}
    assert len({r.content for r in refused}) == 1


def test_that_the_house_looks_is_in_the_log_of_the_tenant_and_of_no_other(served):
    def looks(tenant):
        entries = log.entries(replace(served.house, tenant=tenant).control)
        return [entry.body for entry in entries if entry.kind == "house.look"]

    before = {tenant: len(looks(tenant)) for tenant in ("lion", "wolf", "bear")}
    for _ in range(2):
        served.get("house/aud", "/v1/titles", headers={"Fullhouse-As": "wolf"})
        served.get("house/aud", "/v1/titles", headers={"Fullhouse-As": "bear"})
    after = {tenant: len(looks(tenant)) for tenant in before}
    assert after == before | {"wolf": before["wolf"] + 1}
    assert "house:aud" in looks("wolf")[0]


def test_roles_of_the_house_have_their_own_verbs(served):
    assert served.get("house/olga", "/v1/films").status_code == 200
    assert served.get("house/aud", "/v1/films").status_code == 403
    assert served.get("house/aud", "/v1/audit").status_code == 200
    erase = {"accounts": [["shop", "nobody"]]}
    assert served.post("house/olga", "/v1/people/erasures", erase).status_code == 403


def test_every_answer_carries_strict_headers(served):
    for answer in (
        served.http.get("/healthz"),
        served.http.get("/nowhere"),
        served.get("lion/ann", "/v1/titles"),
        served.post("lion/ann", "/v1/questions", {}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] in ("no-store", "private, no-cache")
        assert "server" not in answer.headers


def test_an_etag_saves_the_second_reading(served):
    first = served.get("lion/ann", "/v1/titles")
    tag = first.headers["etag"]
    again = served.get("lion/ann", "/v1/titles", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = served.get("wolf/ann", "/v1/titles", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_the_server_says_that_it_lives_and_works(served):
    assert served.http.get("/healthz").json() == {"status": "ok"}
    assert served.http.get("/readyz").json() == {"status": "ready"}


def test_a_body_that_is_too_large_is_refused(served):
    body = json.dumps({"question": {"kind": "count", "rule": "x" * (1 << 20)}})
    answer = served.ask("lion/ann", "POST", "/v1/questions", content=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_metrics_are_the_houses_and_name_nobody(served):
    served.get("lion/ann", "/v1/releases/" + "ab" * 32)
    assert served.get("lion/ann", "/metrics").status_code == 403
    text = served.get("house/aud", "/metrics").text
    assert 'route="/v1/releases/{digest}"' in text
    assert not any(word in text for word in ("lion", "wolf", "abab", "ann"))


def test_a_span_has_the_route_and_the_status_and_names_nobody(served, spans):
    served.get("lion/ann", "/v1/releases/" + "ab" * 32 + "?rule=buys:dogs")
    (done,) = [s for s in spans() if s.name.startswith("GET ")]
    assert done.name == "GET /v1/releases/{digest}"
    assert done.attributes["http.response.status_code"] == 422
    assert not any(word in done.to_json() for word in ("lion", "wolf", "ab" * 8, "dogs"))


def test_metrics_count_the_jobs_of_all_tenants_together_and_how_long_the_oldest_waits(served):
    def counted():
        text = served.get("house/aud", "/metrics").text
        lines = [x for x in text.splitlines() if x.startswith("fullhouse_jobs")]
        return {x.rpartition(" ")[0]: float(x.rpartition(" ")[2]) for x in lines}

    before, now = counted(), served.house.now
    jobs = [NewJob(tenant, "ann", "room_price", "{}") for tenant in ("lion", "wolf", "wolf")]
    with served.house.control.begin() as connection:
        made = [enqueue(connection, new, now=now - timedelta(hours=1)) for new in jobs]
    after = counted()
    with served.house.control.begin() as connection:  # no worker of another test's takes them
        connection.execute(delete(JobRow).where(JobRow.id.in_([job.id for job in made])))
    queued = 'fullhouse_jobs{status="queued"}'
    assert after[queued] - before[queued] == 3
    assert set(after) == {
        *(f'fullhouse_jobs{{status="{s}"}}' for s in STATUSES), "fullhouse_jobs_oldest_due_seconds",
    }  # fmt: skip
    assert 3600 <= after["fullhouse_jobs_oldest_due_seconds"] < 4000
    assert "lion" not in str(after)
