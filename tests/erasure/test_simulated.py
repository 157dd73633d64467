"""Persons of a simulated market, from feeds to a campaign, are erased and do not come back."""

import gzip
from collections import Counter, defaultdict

import pytest

from fullhouse import app
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    EVENT_TABLES,
    IDENTIFIER,
    PERSON_EVENT,
    Table,
)
from fullhouse_sim.market import Market
from fullhouse_sim.write import simulate

from .conftest import House, launch

MARKET = Market(people=1_500, past_films=60, days=28)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house filled by the market's own feeds, up to a campaign that is handed over."""
    folder = tmp_path_factory.mktemp("market")
    house = House(folder)
    simulate(MARKET, folder / "market")
    app.init_house(str(house.root), simulated=True, environment={}).close()
    feeds = folder / "market" / "feeds"
    with app.open_house(str(house.root), environment={}, today=MARKET.today) as context:
        for feed in sorted(feeds.glob("*.toml")):
            source, _, what = feed.stem.partition("-")
            if source == "respond":
                continue
            files = [p for p in (feeds / source).iterdir() if p.name.split(".")[0] == what]
            app.ingest(context, app.IngestFiles(feed, tuple(map(str, files))))
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits(as_of=MARKET.today))
        app.audience_save(context, app.SaveAudience("women", "gender:female"))
        launch(context, house.out)
    return house


def rows(house: House, table: Table) -> list[dict[str, object]]:
    with app.open_house(str(house.root), environment={}, today=MARKET.today) as context:
        return context.workspace.lake.read(table).to_pylist()


@pytest.mark.slow
def test_persons_of_several_accounts_are_erased_whole_and_do_not_come_back(market: House) -> None:
    accounts = rows(market, ACCOUNT_PERSON)
    many = Counter(r["person"] for r in accounts)
    events = Counter(r["person"] for r in rows(market, PERSON_EVENT))
    shop = {r["person"] for r in accounts if r["source"] == "shop"}
    chosen = [p for p, n in many.items() if n >= 2 and events[p] >= 2 and p in shop][:3]
    theirs = [(str(r["source"]), str(r["account"])) for r in accounts if r["person"] in chosen]
    one_each = {r["person"]: (r["source"], r["account"]) for r in accounts if r["person"] in chosen}
    holders = defaultdict(set)
    for r in rows(market, IDENTIFIER):
        holders[str(r["digest"])].add((r["source"], r["account"]))
    # What others have too (the address of a household) is not theirs alone, and stays.
    digests = {digest for digest, of in holders.items() if of <= set(theirs)}
    assert digests
    before = {t.name: len(rows(market, t)) for t in EVENT_TABLES.values()}
    with app.open_house(str(market.root), environment={}, today=MARKET.today) as context:
        asked = tuple((str(s), str(a)) for s, a in one_each.values())
        erased = app.erase_people(context, app.ErasePeople(asked, whole_person=True))
        assert erased.complete
        assert (erased.accounts, erased.persons) == (len(theirs), 3)
        verified = app.verify_erasure(
            context, app.VerifyErasure(tuple(theirs), tuple(chosen), tuple(sorted(digests)))
        )
        assert verified.traces == ()
    for table in EVENT_TABLES.values():
        assert len(rows(market, table)) == before[table.name] - erased.rows.get(table.name, 0)
    _take_again(market)
    with app.open_house(str(market.root), environment={}, today=MARKET.today) as context:
        app.people_resolve(context)
        app.traits_build(context, app.BuildTraits(as_of=MARKET.today))
        verified = app.verify_erasure(context, app.VerifyErasure(tuple(theirs), tuple(chosen)))
        assert verified.traces == ()


def _take_again(market: House) -> None:
    """The same accounts come again in a file of other bytes."""
    feeds = market.folder / "market" / "feeds"
    packed = feeds / "shop" / "accounts.csv.gz"
    late = market.folder / "accounts-late.csv"
    late.write_bytes(gzip.decompress(packed.read_bytes()) + b"\n")
    with app.open_house(str(market.root), environment={}, today=MARKET.today) as context:
        report = app.ingest(context, app.IngestFiles(feeds / "shop-accounts.toml", (str(late),)))
    assert report.suppressed >= 1
