"""Long work over HTTP: a job, its progress, its result; and a tenant's own jobs alone."""

import json
from threading import Event, Thread

import pytest

from fullhouse.jobs import Worker


@pytest.fixture(scope="module")
def working(served):
    stop = Event()
    worker = Thread(target=Worker(served.house, poll_seconds=0.05).run, args=(stop,))
    worker.start()
    yield
    stop.set()
    worker.join(120)


def ended(served, who, where):
    for line in served.get(who, f"{where}/events").text.splitlines():
        if line.startswith("data:"):
            last = json.loads(line[5:])
    return last


def test_long_work_is_a_job_with_its_result(served, working):
    begun = served.post("house/olga", "/v1/lake/retain", {"dry_run": True})
    assert begun.status_code == 202, begun.text
    where = begun.headers["location"]
    assert where == f"/v1/jobs/{begun.json()['id']}"
    job = ended(served, "house/olga", where)
    assert (job["status"], job["error"]) == ("finished", "")
    result = served.get("house/olga", f"{where}/result")
    assert result.status_code == 200, result.text
    assert result.json()["items"] == []
    tag = {"If-None-Match": result.headers["etag"]}
    assert served.get("house/olga", f"{where}/result", headers=tag).status_code == 304
    assert begun.json()["id"] in served.get("house/aud", "/v1/jobs").text


def test_a_failure_of_a_job_is_a_sentence(served, working):
    begun = served.post("house/olga", "/v1/campaigns/nowhere/readouts", {})
    where = begun.headers["location"]
    job = ended(served, "house/olga", where)
    assert job["status"] == "failed"
    assert "nowhere" in job["error"]
    missing = served.get("house/olga", f"{where}/result")
    assert (missing.status_code, missing.json()["code"]) == (409, "no_result")


def test_a_question_may_be_a_job_and_is_its_tenants_alone(served, working):
    body = {"question": {"kind": "count", "rule": "buys:books", "precision": 350}}
    later = {"Prefer": "respond-async", "Idempotency-Key": "later"}
    begun = served.post("lion/ann", "/v1/questions", body, headers=later)
    assert begun.status_code == 202, begun.text
    assert served.post("lion/ann", "/v1/questions", body, headers=later).json() == begun.json()
    where = begun.headers["location"]
    assert ended(served, "lion/ann", where)["status"] == "finished"
    answer = served.get("lion/vic", f"{where}/result").json()
    again = served.post("lion/ann", "/v1/questions", body).json()
    assert answer["body"] == again["body"]
    assert again["paid"] == 0
    nobodys = "/v1/jobs/" + "0" * 16
    for path in ("", "/result", "/events"):
        for who in ("wolf/ann",):
            rivals, none = served.get(who, where + path), served.get(who, nobodys + path)
            assert (rivals.status_code, rivals.content) == (404, none.content)
    for act in ("cancel", "retry"):
        assert served.post("wolf/ann", f"{where}/{act}").status_code == 404


def test_a_queued_job_can_be_cancelled(served):
    begun = served.post("house/olga", "/v1/lake/compact", {"tables": ["event"]})
    where = begun.headers["location"]
    cancelled = served.post("house/olga", f"{where}/cancel")
    assert cancelled.status_code == 200, cancelled.text
    assert cancelled.json()["status"] in ("cancelled", "cancelling", "finished", "failed")
