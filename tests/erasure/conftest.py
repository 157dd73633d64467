"""A small house from feeds to a campaign, made once and copied for each test."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from fullhouse import app
from fullhouse.app import Context
from fullhouse.campaigns.account_files import freeze_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, AssignedLine, DeliveryLine, Units
from fullhouse.campaigns.dispatch import DispatchTo, dispatch
from fullhouse.campaigns.people import freeze_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign
from fullhouse.control.suppression import hand_out
from fullhouse.core.person_sets import by_block
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Place

TODAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)

ANN = ("shop", "u-77")
"""Has another account, VID, under the same e-mail."""
VID = ("video", "v-4711")
BEN = ("shop", "u-777")
"""Whose id begins as Ann's does, and who has no other account."""
WEAK = ("shop", "12")
"""An account whose id could be any number."""
ACCOUNTS = ("u-77", "u-777", "u-7", "12", "123", "au-77", *(f"c-{n:03}" for n in range(30)))

FEEDS = {
    "shop-accounts": """
        source = "shop"
        kind = "account"
        [columns]
        account = "user"
        city = "town"
        gender = "sex"
        [identifiers]
        email = "mail"
        """,
    "shop-orders": """
        source = "shop"
        kind = "purchase"
        time_zone = "UTC"
        [columns]
        event_id = "order"
        account = "user"
        at = "when"
        product = "sku"
        title = "name"
        category = "shelf"
        quantity = "count"
        unit_price = "price"
        """,
    "shop-consents": """
        source = "shop"
        kind = "consent"
        time_zone = "UTC"
        [columns]
        event_id = "id"
        account = "user"
        at = "when"
        purpose = "purpose"
        granted = "granted"
        """,
    "video-accounts": """
        source = "video"
        kind = "account"
        [columns]
        account = "user"
        [identifiers]
        email = "mail"
        """,
    "video-impressions": """
        source = "video"
        kind = "impression"
        time_zone = "UTC"
        [columns]
        event_id = "id"
        account = "user"
        at = "when"
        """,
}


class House:
    """A workspace, a folder of files and one of deliveries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self.out = folder / "house", folder / "out"

    def open(self) -> Context:
        """The house on its day."""
        context = app.open_house(
            str(self.root), environment={"FULLHOUSE_TRAIT_FLOOR": "1"}, today=TODAY
        )
        return replace(context, clock=lambda: NOW)

    def ingest(self, feed: str, name: str, text: str):
        """Take a file of a feed in."""
        path, declared = self.folder / name, self.folder / f"{feed}.toml"
        path.write_text(text)
        if not declared.exists():  # two ingests at once must not meet half a file
            declared.write_text(FEEDS[feed])
        with self.open() as context:
            return app.ingest(context, app.IngestFiles(declared, (str(path),)))

    def erase(self, *accounts: tuple[str, str], whole_person: bool = False):
        """Erase accounts."""
        with self.open() as context:
            return app.erase_people(context, app.ErasePeople(accounts, whole_person))

    def verify(self, *accounts: tuple[str, str], persons=(), digests=()):
        """Search for accounts."""
        with self.open() as context:
            request = app.VerifyErasure(accounts, tuple(persons), tuple(digests))
            return app.verify_erasure(context, request)

    def rows(self, table):
        """The rows of a table, sorted."""
        with self.open() as context:
            return sorted(context.workspace.lake.read(table).to_pylist(), key=repr)

    def person(self, account: tuple[str, str]) -> int:
        """The person of an account."""
        rows = self.rows(ACCOUNT_PERSON)
        return next(r["person"] for r in rows if (r["source"], r["account"]) == account)


def order(number: int, user: str, count: str = "1") -> str:
    return (
        f"o{number},{user},2025-12-{1 + number % 28:02} 10:00,p{number % 3},Lamp,Home,{count},2\n"
    )


ORDERS = "order,user,when,sku,name,shelf,count,price\n"


def fill(house: House) -> None:
    """Everything from feeds to a campaign whose files are handed over."""
    app.init_house(str(house.root), environment={}).close()
    users = "".join(
        f"{u},Oslo,{'female' if n % 2 else 'male'},{u.replace('-', '')}@example.org\n"
        for n, u in enumerate(ACCOUNTS)
    )
    house.ingest("shop-accounts", "accounts.csv", f"user,town,sex,mail\n{users}")
    orders = "".join(order(n, ACCOUNTS[n % len(ACCOUNTS)]) for n in range(4 * len(ACCOUNTS)))
    house.ingest("shop-orders", "orders.csv", ORDERS + orders)
    house.ingest(
        "shop-orders", "takeout-u-77.csv", ORDERS + order(900, "u-77") + order(901, "c-001")
    )
    house.ingest("shop-orders", "bad.csv", ORDERS + "".join(
        order(910 + n, u, "-4") for n, u in enumerate(("u-77", "u-777", "12", "123"))
    ) + "o999,u-77,not a line\n")  # fmt: skip
    grants = "".join(
        f"g{n},{u},2025-11-01 10:00,advertising,true\n" for n, u in enumerate(ACCOUNTS)
    )
    house.ingest("shop-consents", "consents.csv", f"id,user,when,purpose,granted\n{grants}")
    house.ingest("video-accounts", "video.csv", "user,mail\nv-4711,u77@example.org\nv-1,z@e.org\n")
    house.ingest("video-impressions", "shown.csv",
        "id,user,when\ni1,v-4711,2025-12-03 10:00\ni2,v-1,2025-12-03 10:00\n")  # fmt: skip
    with house.open() as context:
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits(as_of=TODAY))
        app.audience_count(context, app.CountAudience("gender:female or gender:male"))
        app.audience_save(
            context,
            app.SaveAudience("all", "gender:female or gender:male", purpose="advertising"),
        )
        app.audience_export(context, app.ExportAudience("all", house.folder / "export.csv"))
        launch(context, house.out)


def launch(context: Context, out: Path) -> None:
    """A campaign of everybody, in arms and households, handed over as files."""
    lake = context.lake.live
    rows = lake.read(ACCOUNT_PERSON).to_pylist()
    persons = np.array(sorted({r["person"] for r in rows}))
    line = AssignedLine("l1", {TREATED: dict(by_block(persons)), HELD_OUT: {}})
    add_campaign(context.control, SavedCampaign("spring", "film", "p", 1, {}, context.now))
    freeze_units(lake, "spring", Units(persons[:6], np.repeat(persons[:6:3], 3)))
    freeze_people(lake, "spring", [line], at=context.now, batch="campaign:spring")
    hand_out(context.control, str(out), "campaign:spring")
    lines = [
        DeliveryLine("l1", "all", "mail", ("shop", "video"), "csv", TODAY, 1.0),
        DeliveryLine("l2", "all", "push", ("shop", "video"), "parquet", TODAY, 1.0),
    ]
    freeze_people(lake, "spring", [replace(line, line="l2")], at=context.now, batch="2")
    dispatch(context, "spring", lines, {}, DispatchTo(Place.of(str(out))))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The house that tests copy."""
    house = House(tmp_path_factory.mktemp("erasure"))
    fill(house)
    return house


@pytest.fixture
def house(template: House, tmp_path: Path) -> House:
    """A house of a test's own; where its files were handed out is its own folder."""
    copy = House(tmp_path / "copy")
    shutil.copytree(template.folder, copy.folder)
    with copy.open() as context, context.control.begin() as connection:
        for table, column in (("handed_out", "place"), ("audit", "detail")):
            old, new = str(template.folder), str(copy.folder)
            connection.exec_driver_sql(
                f"UPDATE {table} SET {column} = replace({column}, '{old}', '{new}')"
            )
    return copy
