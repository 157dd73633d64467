"""Idempotency keys, pages, forms of content, limits: what holds of every row alike."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pytest

from fullhouse import app
from fullhouse.access.keys import add_key
from fullhouse.api.limits import Buckets, Limits
from fullhouse.api.problems import ProblemError
from fullhouse.cleanroom import ledger, tenants
from fullhouse.cleanroom.roles import User


def test_the_same_request_under_the_same_key_is_done_once(served):
    def add(key, name):
        body = {"name": name, "label": "X"}
        return served.post("house/olga", "/v1/tenants", body, headers={"Idempotency-Key": key})

    first = add("k-1", "once-a")
    assert first.status_code == 201, first.text
    again = add("k-1", "once-a")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    other = add("k-1", "once-b")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key")
    twice = add("k-2", "once-a")
    assert twice.status_code == 422
    assert "already" in twice.json()["detail"]
    assert add("k-2", "once-c").status_code == 201, "what failed may be sent again, mended"


def test_a_key_of_one_tenant_reveals_nothing_to_another(served):
    body = {"question": {"kind": "count", "rule": "buys:books", "precision": 330}}
    key = {"Idempotency-Key": "shared"}
    theirs = body | {"title": "their-film-2026"}
    assert served.post("wolf/ann", "/v1/questions", theirs, headers=key).status_code == 200
    own = served.post("lion/ann", "/v1/questions", body, headers=key)
    assert own.status_code == 200
    assert "idempotency-replayed" not in own.headers
    for colleague in ("lion/max",):
        # Of one tenant, but not of one user: what one may is not what another may.
        refused = served.post(colleague, "/v1/questions", body, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key")


def test_pages_hold_every_item_once_while_items_are_added(served):
    for n in range(5):
        served.post("house/olga", "/v1/tenants", {"name": f"page-{n}"})
    names, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = served.get("house/aud", "/v1/tenants", params=query)
        assert page.status_code == 200, page.text
        names += [t["tenant"] for t in page.json()["items"]]
        if len(names) == 2:
            served.post("house/olga", "/v1/tenants", {"name": "aaa"})
        cursor = page.json()["next"]
        assert (cursor is None) == ("link" not in page.headers)
        if cursor is None:
            break
    assert len(names) == len(set(names))
    assert set(names) >= {f"page-{n}" for n in range(5)}
    for bad in ("x", "W10", "WzEsImEiXQ"):
        assert served.get("house/aud", f"/v1/tenants?cursor={bad}").status_code == 422
    for limit in ("0", "-1", "1e3", "9999999999"):
        assert served.get("house/aud", f"/v1/tenants?limit={limit}").status_code == 422


def test_a_list_comes_as_json_csv_or_arrow(served):
    asked = {"Accept": "text/csv"}
    rows = list(csv.DictReader(io.StringIO(
        served.get("lion/ann", "/v1/titles", headers=asked).text)))  # fmt: skip
    assert [r["film"] for r in rows] == ["our-film-2026"]
    asked = {"Accept": "application/vnd.apache.arrow.stream"}
    body = served.get("lion/ann", "/v1/titles", headers=asked).content
    assert pa.ipc.open_stream(body).read_all()["film"].to_pylist() == ["our-film-2026"]
    refused = served.get("lion/ann", "/v1/titles", headers={"Accept": "image/png"})
    assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")


def test_a_file_is_its_senders_alone(served):
    sent = served.ask("lion/ann", "POST", "/v1/files?name=list.csv", content=b"email\na@b.c\n")
    assert sent.status_code == 201, sent.text
    facts = sent.json()
    assert facts["bytes"] == 12
    uploads = served.house.place.path / "uploads"
    below = [uploads, uploads / "lion", uploads / "lion" / facts["file"]]
    assert {p.stat().st_mode & 0o777 for p in below} == {0o700}
    assert {p.stat().st_mode & 0o777 for p in below[-1].iterdir()} == {0o600}
    for body in ({"feed": facts["file"], "files": [facts["file"]]}, {"feed": "/etc/passwd"}):
        refused = served.post("house/olga", "/v1/feeds/check", body)
        assert refused.status_code == 422
    for name in ("", "../x", "a/b", ".hidden"):
        refused = served.ask("lion/ann", "POST", "/v1/files", params={"name": name}, content=b"x")
        assert refused.status_code == 422
    assert served.ask("lion/vic", "POST", "/v1/files?name=x.csv", content=b"x").status_code == 403


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    now = [0.0]
    bucket = Buckets(2.0, 4.0, clock=lambda: now[0])
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.take("b") == 0
    now[0] = 0.5
    assert bucket.take("a") == 0
    with pytest.raises(ProblemError) as refused:
        bucket.check("a")
    assert refused.value.headers["Retry-After"] == "1"


def test_whoever_tries_keys_out_is_slowed_down(served):
    door = served.http.app.state.door
    before, door.strangers = door.strangers, Buckets(0.1, 3)
    try:
        wrong = {"Authorization": "Bearer fh_wrong"}
        answers = [served.http.get("/v1/titles", headers=wrong).status_code for _ in range(5)]
        assert answers == [401, 401, 401, 429, 429]
        assert served.get("lion/ann", "/v1/titles").status_code == 429
    finally:
        door.strangers = before


def test_a_server_that_has_enough_to_do_says_so(served):
    door = served.http.app.state.door
    slots = door.slots
    before, slots._limits = slots._limits, Limits(threads=1, waiting=1)
    try:
        question = {"question": {"kind": "count", "rule": "buys:books", "precision": 340}}
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: served.post("lion/ann", "/v1/questions", question), range(8))
            )
        statuses = {a.status_code for a in answers}
        assert statuses <= {200, 503}
        busy = [a for a in answers if a.status_code == 503]
        assert all(a.headers["retry-after"] == "1" for a in busy)
    finally:
        slots._limits = before
    assert slots.inside == 0


def test_many_at_once_never_overspend(served):
    """Each costs a twenty-fifth of what the stage has: what is too much is refused."""
    house = served.house
    tenants.add_tenant(house.control, "otter")
    tenants.add_user(house.control, "otter", "ann", "owner")
    tenants.add_title(house.control, "otter", "otter-film-2026")
    served.keys["otter/ann"] = add_key(house.control, User("ann", "otter", "owner"))[1]
    asked = {"kind": "describe", "families": ["buys"]}
    names = ["buys:books", "buys:dogs", "buys:rare", "age:18-34", "age:35-54", "age:55+"]
    rules = [f"{a} & !{b}" for a in names for b in names if a != b]

    def ask(rule):
        return served.post("otter/ann", "/v1/questions", {"question": asked | {"rule": rule}})

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, rules))
    paid = [a.json()["paid"] for a in answers if a.status_code == 200]
    refused = [a for a in answers if a.status_code == 402]
    assert len(paid) + len(refused) == len(rules), {a.status_code: a.text for a in answers}
    assert (len(paid), len(refused)) == (25, 5)
    spent = ledger.spent(house.control, tenant="otter")
    assert spent == sum(paid)
    assert ledger.disagreements(house.control) == ()
    otter = replace(house, tenant="otter", actor="ann")
    for _, budget in app.room_statement(otter).budgets:
        assert budget.spent <= budget.cap
