"""`fullhouse serve`: one server for the API, the web app, the collector and the look-up."""

import os
import re
import signal
import subprocess
import sys
from datetime import date

import httpx
import pytest
from starlette.testclient import TestClient

from fullhouse.cli import serve as serving
from fullhouse.cli.serve import COLLECTED, application
from fullhouse.core.errors import InputError
from tests.api.conftest import add_objects, keys_of
from tests.cleanroom.conftest import make_house


def test_one_server_has_all_rooms(served):
    api, rooms = application(served.house)
    try:
        with TestClient(api, raise_server_exceptions=False) as http:
            key = {"Authorization": f"Bearer {served.keys['lion/ann']}"}
            assert http.get("/v1/titles", headers=key).status_code == 200
            page = http.get("/sign-in")
            assert page.headers["content-type"].startswith("text/html")
            event = {"userId": "u", "event": "x", "messageId": "m"}
            assert http.post("/v1/track", json=event).status_code == 401
            assert http.get("/v1/memberships/shop/u").status_code == 401
            refused = http.get("/v1/memberships/shop/u", headers=key)
            assert refused.status_code == 403, refused.text
            absent = http.get("/v1/nowhere")
            assert (absent.status_code, absent.json()["code"]) == (404, "no_route")
            method = http.put("/v1/titles")
            assert (method.status_code, method.headers["allow"]) == (405, "GET, HEAD")
    finally:
        rooms.close()


def test_a_simulated_house_is_served_as_of_a_day(tmp_path, monkeypatch):
    days = []
    monkeypatch.setattr(serving, "run", lambda house, *_, **__: days.append(house.today))
    monkeypatch.setattr(serving, "_log_as_json", lambda: None)
    make_house(tmp_path / "house").close()
    serving.serve(str(tmp_path / "house"), port=0, as_of="2025-07-11")
    assert days == [date(2025, 7, 11)]
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        serving.serve(str(tmp_path / "house"), port=0, as_of="soon")


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/t", "/v1/projects/k/settings", "/i"])
def test_what_client_libraries_send_is_the_collectors(path):
    assert COLLECTED.fullmatch(path)


@pytest.mark.parametrize("path", ["/v1/titles", "/v1/traits", "/v1/people/report", "/", "/v1/x"])
def test_everything_else_is_not(path):
    assert not COLLECTED.fullmatch(path)


@pytest.mark.slow
def test_a_server_of_its_own_answers_and_ends_in_good_order(tmp_path):
    with make_house(tmp_path / "house") as house:
        add_objects(house)
        keys = keys_of(house)
    command = [sys.executable, "-m", "fullhouse", "serve", str(tmp_path / "house"), "--port", "0"]
    environment = os.environ | {"FULLHOUSE_KEY": "0" * 64}
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        line = ""
        while not (address := re.search(r"http://\S+", line)):
            line = server.stdout.readline()
            assert line, server.stderr.read()
        with httpx.Client(base_url=address[0], timeout=240) as http:
            assert http.get("/readyz").json() == {"status": "ready"}
            headers = {"Authorization": f"Bearer {keys['lion/ann']}"}
            body = {"question": {"kind": "count", "rule": "buys:books"}}
            answer = http.post("/v1/questions", json=body, headers=headers)
            assert answer.json()["paid"] > 0
            house = {"Authorization": f"Bearer {keys['house/olga']}"}
            job = http.post("/v1/lake/retain", json={"dry_run": True}, headers=house).json()["id"]
            events = http.get(f"/v1/jobs/{job}/events", headers=house).text
            assert '"status":"finished"' in events
        server.send_signal(signal.SIGTERM)
        _, logged = server.communicate(timeout=240)
        assert server.returncode in (0, -signal.SIGTERM), logged
        assert '"route": "/v1/questions"' in logged
        assert not any(word in logged for word in ("lion", "books", keys["lion/ann"]))
    finally:
        server.kill()
