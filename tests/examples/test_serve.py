"""`make serve`, and `make demo` at its end: who can sign in, and what is asked of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from examples.demo import job
from examples.demo import run as demo
from examples.serve import run as serve
from fullhouse import app
from fullhouse.access import passwords
from fullhouse.cleanroom import tenants


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The demo is played in no time; what was asked of it, and then of the server."""
    asked: list[list[str]] = []

    def done(arguments: Sequence[str]) -> int:
        asked.append(list(arguments))
        return 0

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(job, "main", done)
    monkeypatch.setattr(serve, "main", done)
    return asked


def test_the_demo_ends_by_serving_its_house(played: list[list[str]]) -> None:
    assert demo.main(["elsewhere", "--people", "900"]) == 0
    assert played == [["elsewhere", "--people", "900"], ["elsewhere"]]


def test_for_ci_it_ends_without(played: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert demo.main(["elsewhere", "--no-serve"]) == 0
    assert played == [["elsewhere", "--no-serve"]]
    monkeypatch.setenv("CI", "true")
    assert demo.main(["elsewhere"]) == 0
    assert played == [["elsewhere", "--no-serve"], ["elsewhere"]]


def test_without_the_service_it_says_how_the_house_is_opened(
    played: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "SERVICE", ("no_such_package",))
    assert demo.main(["elsewhere"]) == 0
    assert len(played) == 1
    assert "make serve" in capsys.readouterr().out


def test_two_rivals_the_house_and_a_partner_sign_in_each_time_anew(tmp_path: Path) -> None:
    with app.init_house(str(tmp_path / "house"), environment={"FULLHOUSE_KEY": "0" * 64}) as house:
        for _ in range(2):
            serve.admit(house)
        kinds = {tenants.find_user(house.control, t, u).role for t, u, _ in serve.USERS}
        assert {"owner", "operator", "exhibitor"} <= kinds
        rivals = [t.tenant for t in app.tenant_list(house) if t.users[0].role == "owner"]
        assert rivals == ["lion", "wolf"]
        first, second = (serve.new_password(house, "plaza", "pat") for _ in range(2))
        assert passwords.verify(house.control, "plaza", "pat", first) is None
        assert passwords.verify(house.control, "plaza", "pat", second) is not None
        assert len(serve.new_keys(house)) == len(serve.USERS)
