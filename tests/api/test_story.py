"""A studio's whole story by the client: forecast, price, cards, plan, power, report, receipts."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import fullhouse as fh
import fullhouse_verify
from fullhouse import app
from fullhouse.access.keys import add_key
from fullhouse.api.server import create_app
from fullhouse.cleanroom import size_table, tenants
from fullhouse.cleanroom.policy import HOUSE_FILE
from fullhouse.cleanroom.roles import User
from fullhouse.client import Client
from fullhouse.workspace.context import Context, open_house
from tests.audiences.conftest import write_house
from tests.cleanroom.conftest import PEOPLE, POLICY
from tests.cleanroom.test_plans import CHANNELS, release_cards, world
from tests.cleanroom.test_size_table import read_rows
from tests.forecast.synthetic_market import EARLY, learned, make, soon


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A market that can be forecast, with people, and a studio whose cards were released."""
    market = make()
    built = learned(tmp_path_factory.getbasetemp(), market)
    folder = shutil.copytree(built, tmp_path_factory.mktemp("story") / "house")
    with (
        open_house(str(folder), environment={}, today=EARLY) as opened,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(size_table, "person_rows", lambda *a: read_rows(*a, members=world()))
        write_house(opened.lake, world(), set(range(PEOPLE)), as_of=EARLY, number=2)
        opened.place.write(HOUSE_FILE, POLICY.encode())
        for tenant in ("lion", "wolf"):
            tenants.add_tenant(opened.control, tenant)
            tenants.add_user(opened.control, tenant, "ann", "owner")
        film = soon(market).film
        tenants.add_title(opened.control, "lion", film)
        release_cards(replace(opened, tenant="lion", actor="ann"), film=film)
        yield opened


@pytest.fixture(scope="module")
def http(house: Context) -> Iterator[TestClient]:
    with TestClient(create_app(house), raise_server_exceptions=False) as served:
        yield served


def client(house: Context, http: TestClient, tenant: str) -> Client:
    _, key = add_key(house.control, User("ann", tenant, "owner"))
    return Client("http://testserver", key, http=http)


@pytest.mark.slow
def test_a_studio_goes_from_its_title_to_a_report_and_checks_every_receipt(
    house: Context, http: TestClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lion = client(house, http, "lion")
    (title,) = lion.titles()
    film = title.film

    forecast = lion.call("studio_forecast", fh.ForecastFilm(film))["forecast"]
    total = forecast["ranges"]["total"]
    assert forecast["film"] == film
    assert 0 < total["quantiles"][0] < total["quantiles"][-1]

    ask = fh.Ask(fh.Cards(film))
    assert lion.room_price(ask).answered, "cards of this epoch cost nothing again"
    cards = lion.room_ask(ask)
    assert cards.paid == 0
    traits = {line.of["trait"] for line in cards.release.lines}
    assert {"buys:dogs", "buys:books"} < traits

    asked = app.PlanTitle(
        film, 200.0, channels=CHANNELS, price=10.0, share=0.2, holdout=0.2, name="spring"
    )
    plan = lion.call("studio_plan", asked)
    assert plan["plan"]["spend"] == pytest.approx(200, rel=0.01)
    assert {line["rule"] for line in plan["plan"]["lines"]} <= traits
    powers = lion.call("studio_power", app.PowerOfPlan("spring", 0.03))["powers"]
    assert powers

    report = lion.call("studio_report", app.ReportTitle(film))
    assert json.dumps(report).count(film) > 1
    assert "spring" in json.dumps(report)

    count = lion.room_ask(fh.Ask(fh.Count("buys:dogs & buys:books")))
    assert count.paid > 0
    app.log_head(house)
    head = tmp_path / "head.json"
    head.write_text(_one_way(lion.log_head()))
    for position in {given.position for given in lion.room_releases()}:
        receipt = tmp_path / f"{position}.json"
        receipt.write_text(_one_way(lion.log_receipt(fh.MakeReceipt(position))))
        assert fullhouse_verify.main([str(receipt), "--head", str(head)]) == 0
        assert "In the log of lion: release" in capsys.readouterr().out
        receipt.write_text(receipt.read_text().replace("lion", "wolf"))
        assert fullhouse_verify.main([str(receipt), "--head", str(head)]) == 1

    wolf = client(house, http, "wolf")
    for verb, request in (("studio_forecast", fh.ForecastFilm(film)),
                          ("studio_power", app.PowerOfPlan("spring")),
                          ("studio_report", app.ReportTitle(film))):  # fmt: skip
        with pytest.raises(fh.InputError):
            wolf.call(verb, request)
    assert wolf.room_releases() == []


def _one_way(document: object) -> str:
    """A document as the verifier reads it: JSON that can be written in one way only."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
