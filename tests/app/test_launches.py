"""A launch from the outside: every form, caps over campaigns, households, power; crash and resume.

The house is a hand-made one: 4,000 people, each with accounts at a shop and a ticket office.
"""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import fullhouse as fh
from fullhouse.campaigns import dispatch as dispatches
from fullhouse.campaigns import launch as launches
from fullhouse.campaigns.account_files import frozen_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.campaigns.people import read_people
from fullhouse.cli.campaign import commands
from fullhouse.control.campaigns import save_plan
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    ACCOUNT_TABLE,
    CONSENT,
    DELIVERY,
    FILM,
    PURCHASE,
    TICKET,
)
from fullhouse.people.persons import write_persons
from fullhouse.people.resolution import NEXT, RUN
from fullhouse.planning.plan import Amount, Plan, PlanLine

PEOPLE = 4000
AT = datetime(2025, 6, 1, tzinfo=UTC)
AS_OF = date(2025, 6, 30)
MONDAY = date(2025, 7, 28)
CHANNELS = """
[channel.push]
kind = "push"
sources = ["shop"]
pricing = "message"
price = 0.004
frequency_cap = 2
[channel.mail]
kind = "email"
sources = ["tickets"]
pricing = "message"
price = 0.006
"""


def _amount(middle: float) -> Amount:
    return Amount(middle, middle / 2, middle * 2)


def _line(name: str, rule: str, channel: str, *, often: float = 1.0) -> PlanLine:
    people = float(PEOPLE)
    return PlanLine(
        id=name, audience=f"who {rule}", rule=rule, kind="baskets", channel=channel,
        cities="everywhere", week=MONDAY, spend=10.0, impressions=people * often, people=people,
        reach=people, frequency=often, tickets=_amount(20.0), gross=_amount(200.0), tested=False,
    )  # fmt: skip


def _plan(*lines: PlanLine) -> Plan:
    return Plan(
        name="", film="the-puppy-2025", title="The Puppy", territory="ZZ", as_of=AS_OF,
        opening=date(2025, 8, 15), budget=100.0, currency="USD", price=10.0, attitude="neutral",
        lines=lines, spend=10.0 * len(lines), people=PEOPLE, reach=PEOPLE, frequency=1.0,
        tickets=_amount(20.0 * len(lines)), gross=_amount(200.0), base=None, bridge=(), curve=(),
        unreachable=(), holdout=0.25, audiences={}, cities={"everywhere": ()},
    )  # fmt: skip


LINES = (
    _line("dogs-push", "buys:pet-supplies/dogs", "push", often=2),
    _line("all-push", "everyone", "push"),
    _line("all-mail", "everyone", "mail"),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory):
    environment = {"FULLHOUSE_KEY": "0" * 64}
    folder = tmp_path_factory.mktemp("launch") / "house"
    house = fh.init(str(folder), environment=environment)
    environment["FULLHOUSE_WEBHOOK_SECRET"] = "secret"
    house = fh.open_house(str(folder), environment=environment)
    _fill(house)
    save_plan(house.control, "puppy", "the-puppy-2025", _plan(*LINES).to_dict(), at=AT)
    one = _plan(LINES[1]).to_dict()
    save_plan(house.control, "one", "the-puppy-2025", one, at=AT)
    yield house
    house.close()


def _fill(house) -> None:
    lake = house.lake
    rows = {"source": [], "account": [], "person": []}
    for source in ("shop", "tickets"):
        rows["source"] += [source] * PEOPLE
        rows["account"] += [f"{source[0]}{i}" for i in range(PEOPLE)]
        rows["person"] += list(range(PEOPLE))
    n = 2 * PEOPLE
    persons = pa.table({**rows, "since": [1] * n}, schema=ACCOUNT_PERSON.schema)
    version = lake.replace(ACCOUNT_PERSON, persons, marks={RUN: 1, NEXT: PEOPLE})
    accounts = {
        "source": rows["source"],
        "account": rows["account"],
        "at": [AT] * n,
        "batch": ["a"] * n,
    }
    lake.append(ACCOUNT_TABLE, _rows(ACCOUNT_TABLE, accounts), batch="a")
    g = np.random.default_rng(1)
    dogs = np.flatnonzero(g.random(PEOPLE) < 0.5).tolist()
    bought = {
        "source": ["shop"] * len(dogs), "account": [f"s{i}" for i in dogs],
        "event_id": [f"p{i}" for i in dogs], "at": [AT] * len(dogs), "day": [AT.date()] * len(dogs),
        "product": ["bone"] * len(dogs), "title": ["Bone"] * len(dogs),
        "category": ["Pet Supplies > Dogs"] * len(dogs), "quantity": [1.0] * len(dogs),
        "batch": ["a"] * len(dogs),
    }  # fmt: skip
    lake.append(PURCHASE, _rows(PURCHASE, bought), batch="a")
    films = [("F0", "Old Friend", date(2025, 1, 10)), ("F1", "Older", date(2024, 12, 6))]
    lake.append(
        FILM,
        _rows(
            FILM,
            {
                "source": ["tickets"] * 2, "film": [f for f, _, _ in films], "at": [AT] * 2,
                "title": [t for _, t, _ in films], "release_date": [d for _, _, d in films],
                "release_year": [d.year for _, _, d in films], "batch": ["a"] * 2,
            },
        ),
        batch="a",
    )  # fmt: skip
    # One person in ten saw both, one in twenty only the newer.
    saw = [("F1", date(2024, 12, 8), i) for i in range(0, PEOPLE, 10)]
    saw += [("F0", date(2025, 1, 12), i) for i in range(0, PEOPLE, 10)]
    saw += [("F0", date(2025, 1, 12), i) for i in range(1, PEOPLE, 20)]
    saw += [("F1", date(2024, 11, 1), 3)]
    sold = {
        "source": ["tickets"] * len(saw), "account": [f"t{i}" for _, _, i in saw],
        "event_id": [f"{f}-{d}-{i}" for f, d, i in saw],
        "at": [datetime(d.year, d.month, d.day, tzinfo=UTC) for _, d, _ in saw],
        "day": [d for _, d, _ in saw], "film": [f for f, _, _ in saw],
        "quantity": [1.0] * len(saw), "batch": ["a"] * len(saw),
    }  # fmt: skip
    lake.append(TICKET, _rows(TICKET, sold), batch="a")
    n = PEOPLE
    consents = {
        "source": ["shop"] * n, "account": [f"s{i}" for i in range(n)],
        "event_id": [f"c{i}" for i in range(n)], "at": [AT] * n, "day": [AT.date()] * n,
        "purpose": ["advertising"] * n, "granted": [i >= 100 for i in range(n)], "batch": ["a"] * n,
    }  # fmt: skip
    lake.append(CONSENT, _rows(CONSENT, consents), batch="a")
    then = lake.snapshot(ACCOUNT_PERSON, version=version)
    write_persons(house.engine, lake, then, marks={RUN: 1}, metadata={})
    for number, (title, opening) in enumerate(
        [("The Puppy", date(2025, 8, 15)), ("Old Friend", date(2025, 1, 10)),
         ("Older", date(2024, 12, 6))]
    ):  # fmt: skip
        fh.film_add(
            house,
            fh.AddFilm(
                title,
                opening=opening,
                territory="ZZ",
                values={"genres": "Drama"},
                known_on=date(2024, 1, 1 + number),
            ),
        )
    fh.traits_build(house, fh.BuildTraits(as_of=AS_OF))


def _rows(table, columns) -> pa.Table:
    n = len(columns["source"])
    return pa.table(
        [pa.array(columns.get(c.name, [None] * n), c.arrow.type) for c in table.columns],
        schema=table.schema,
    )


def _ids(states, *chosen):
    people = {i for s in chosen for people in states.get(s, {}).values() for i in people}
    return {int(i) for i in people}


def _persons(file) -> list[int]:
    return sorted(int(a[1:]) for a in pq.read_table(file)["account"].to_pylist())


def test_arms_are_balanced_within_activity_and_the_delivered_are_the_treated(
    workspace, tmp_path: Path
) -> None:
    done = fh.campaign_launch(
        workspace,
        fh.LaunchCampaign(
            "puppy", name="plain", folder=tmp_path, channels=CHANNELS, global_holdout=0.05
        ),
    )
    people = read_people(workspace.lake, "plain")
    for file in done.files:
        assert _persons(file.file) == sorted(_ids(people[file.line], TREATED))
    mail = people["all-mail"]
    held, treated = _ids(mail, HELD_OUT), _ids(mail, TREATED)
    assert _ids(mail, "no_consent") == set(range(100))
    for buyers in ({i for i in range(PEOPLE) if i % 10 == 0}, set(range(1, PEOPLE, 20))):
        eligible = len(buyers & (held | treated))
        # Levels of tickets, times other events, times two audiences: up to one person of each.
        assert abs(len(buyers & held) - 0.25 * eligible) < 4
    assert done.campaign.body["strata"] == "activity"
    # The dearer line has the room of the week: nobody with two impressions of it gets a third.
    dogs = _ids(people["dogs-push"], TREATED, HELD_OUT, "always_out")
    assert _ids(people["all-push"], "over_cap") == dogs
    assert done.campaign.body["frequency"] == {"dogs-push": 2, "all-push": 1, "all-mail": 1}


def test_a_crash_at_any_step_and_launching_again_gives_the_same(
    workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"name": "crash", "channels": CHANNELS, "holdout": 0.3, "channel_holdout": 0.2}

    def crash(*_: object, **__: object) -> None:
        raise OSError("the power went")

    for module, step in (
        (launches, "freeze_people"),
        (dispatches, "deliver"),
        (dispatches, "_log_files"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, crash)
            with pytest.raises(OSError, match="power"):
                fh.campaign_launch(
                    workspace, fh.LaunchCampaign("puppy", folder=tmp_path / "a", **options)
                )
    first = fh.campaign_launch(
        workspace, fh.LaunchCampaign("puppy", folder=tmp_path / "a", **options)
    )
    other = options | {"holdout": 0.6, "channel_holdout": 0.0, "strata": "none"}
    again = fh.campaign_launch(
        workspace, fh.LaunchCampaign("puppy", folder=tmp_path / "b", **other)
    )
    assert first.resumed
    assert again.campaign.body["holdout"] == 0.3, "what it began with"
    assert again.lines == first.lines
    assert [f.digest for f in again.files] == [f.digest for f in first.files]
    log = workspace.lake.read(DELIVERY, where=pc.field("campaign") == "crash")
    assert sorted(log["line"].to_pylist()) == sorted(x.id for x in LINES)
    people = read_people(workspace.lake, "crash")
    assert sum(n.get("withheld", 0) for _, n in first.lines) > 0
    rows = pq.read_table(tmp_path / "a" / "assigned.parquet").to_pylist()
    mail = {int(r["account"][1:]) for r in rows if r["line"] == "all-mail"}
    assert not mail & _ids(people["all-mail"], WITHHELD), "a withheld person has no row of a line"


def test_the_cap_counts_earlier_campaigns_by_hand(workspace, tmp_path: Path) -> None:
    fh.campaign_launch(
        workspace,
        fh.LaunchCampaign(
            "one", name="again", folder=tmp_path, channels=CHANNELS, cap=2, log=False
        ),
    )
    assert not (tmp_path / "assigned.parquet").exists()
    load = dict.fromkeys(range(PEOPLE), 0.0)
    for name in ("plain", "crash"):
        often = fh.campaign_list(workspace, fh.ListCampaigns())
        body = next(c.body for c in often if c.name == name)
        for line, states in read_people(workspace.lake, name).items():
            if line.endswith("-push"):
                for i in _ids(states, TREATED):
                    load[i] += body["frequency"][line]
    (states,) = read_people(workspace.lake, "again").values()
    full = {i for i in range(100, PEOPLE) if load[i] + 1 > 2}
    assert _ids(states, "over_cap") == full
    assert 0 < len(full) < PEOPLE - 100


def test_a_household_has_one_arm_and_is_frozen(workspace, tmp_path: Path) -> None:
    homes = tmp_path / "homes.csv"
    rows = [f"shop,s{i},H{i // 4}" for i in range(PEOPLE)]
    homes.write_text("source,account,household\n" + "\n".join(rows) + "\n")
    options = {"name": "homes", "folder": tmp_path, "channels": CHANNELS, "by": "household"}
    with pytest.raises(InputError, match="needs a file of households"):
        fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    assert "homes" not in {c.name for c in fh.campaign_list(workspace, fh.ListCampaigns())}, (
        "nothing was begun"
    )
    done = fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", households=homes, **options))
    assert done.campaign.body["by"] == "household"
    for states in read_people(workspace.lake, "homes").values():
        held, treated = _ids(states, HELD_OUT), _ids(states, TREATED)
        assert not {i // 4 for i in held} & {i // 4 for i in treated}
    units = frozen_units(workspace.lake, "homes")
    assert units is not None
    assert units.of(np.arange(8)).tolist() == [0] * 4 + [4] * 4
    again = fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    assert again.lines == done.lines
    with pytest.raises(InputError, match="this campaign is by person"):
        fh.campaign_launch(
            workspace,
            fh.LaunchCampaign(
                "puppy", name="x", folder=tmp_path, channels=CHANNELS, households=homes
            ),
        )


def _with(deliver: str, **more: str) -> str:
    lines = "\n".join(f'{k} = "{v}"' for k, v in {"deliver": deliver, **more}.items())
    return CHANNELS.replace('sources = ["tickets"]', f'sources = ["tickets"]\n{lines}')


def test_contacts_become_the_platforms_file_and_stay_nowhere(workspace, tmp_path: Path) -> None:
    file = tmp_path / "contacts.parquet"
    mails = [f"p{i}@mail.example" for i in range(PEOPLE)]
    contacts = {"source": ["tickets"] * PEOPLE, "account": [f"t{i}" for i in range(PEOPLE)]}
    pq.write_table(pa.table({**contacts, "email": mails}), file)
    options = {"name": "matched", "folder": tmp_path / "out", "channels": _with("tiktok")}
    with pytest.raises(InputError, match="mail is delivered as a customer-match file"):
        fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    done = fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", contacts=file, **options))
    rows = pacsv.read_csv(tmp_path / "out" / "mail" / "all-mail.csv")
    assert rows.column_names == ["Email_SHA256", "Phone_SHA256"]
    treated = _ids(read_people(workspace.lake, "matched")["all-mail"], TREATED)
    sent = {hashlib.sha256(mails[i].encode()).hexdigest() for i in treated}
    assert set(rows["Email_SHA256"].to_pylist()) == sent
    assert done.files[2].form == "tiktok"
    files = [p for p in workspace.place.path.rglob("*") if p.is_file()]
    assert not any(b"mail.example" in p.read_bytes() for p in files)
    with pytest.raises(InputError, match="the plan has none"):
        fh.campaign_launch(
            workspace,
            fh.LaunchCampaign("puppy", name="y", folder=tmp_path, channels=CHANNELS, contacts=file),
        )


class Receiver(BaseHTTPRequestHandler):
    """Fails twice, then takes; what is taken stands under its key."""

    taken: ClassVar[dict[str, list[str]]] = {}
    calls: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        Receiver.calls.append(key)
        fails = len(Receiver.calls) <= 2
        if not fails:
            assert key not in Receiver.taken, "nothing is sent again that was taken"
            Receiver.taken[key] = [a["account"] for a in json.loads(body)["accounts"]]
        self.send_response(503 if fails else 200)
        self.send_header("Retry-After", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_webhook_gets_every_treated_account_once(
    workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fullhouse.campaigns.webhook.FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr("fullhouse.campaigns.webhook.ACCOUNTS", 1000)
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/in"
    options = {"name": "hook", "folder": tmp_path, "channels": _with("webhook", url=url)}
    secret = workspace.environment.pop("FULLHOUSE_WEBHOOK_SECRET")
    with pytest.raises(InputError, match="FULLHOUSE_WEBHOOK_SECRET_MAIL"):
        fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    assert "hook" not in {c.name for c in fh.campaign_list(workspace, fh.ListCampaigns())}
    workspace.environment["FULLHOUSE_WEBHOOK_SECRET"] = secret
    done = fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    again = fh.campaign_launch(workspace, fh.LaunchCampaign("puppy", **options))
    server.shutdown()
    server.server_close()
    treated = _ids(read_people(workspace.lake, "hook")["all-mail"], TREATED)
    sent = [a for accounts in Receiver.taken.values() for a in accounts]
    assert sorted(sent) == sorted(f"t{i}" for i in treated)
    assert len(Receiver.calls) == 2 + done.files[2].parts
    assert (done.files[2].resent, again.files[2].resent) == (done.files[2].parts, 0)
    log = workspace.lake.read(DELIVERY, where=pc.field("campaign") == "hook").to_pylist()
    parts = sorted(r["part"] for r in log if r["form"] == "webhook")
    assert parts == list(range(done.files[2].parts))
    assert {r["to"] for r in log if r["form"] == "webhook"} == {"127.0.0.1"}
    assert sum(r["persons"] for r in log if r["form"] == "webhook") == len(treated)


@pytest.mark.parametrize(
    "line", ["x" * 400, "流浪" * 120, "../up", "a/b:c*?", ".hidden ", "line\nbreak"], ids=ascii
)
def test_a_plan_whose_lines_have_any_name_is_launched(workspace, tmp_path: Path, line: str) -> None:
    name = f"named-{hashlib.sha256(line.encode()).hexdigest()[:8]}"
    lines = [replace(_line(line, "everyone", "mail"), week=MONDAY + timedelta(days=700))]
    save_plan(workspace.control, name, "the-puppy-2025", _plan(*lines).to_dict(), at=AT)
    done = fh.campaign_launch(
        workspace, fh.LaunchCampaign(name, name=name, folder=tmp_path, channels=CHANNELS)
    )
    (file,) = done.files
    assert file.line == line
    assert Path(file.file).is_file()
    assert Path(file.file).parent == tmp_path / "mail"


def test_what_cannot_be_delivered_is_refused_before_anything_is_begun(
    workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch(folder: Path | str, plan: str = "puppy", **more) -> None:
        options = {"name": "never", "folder": folder, "channels": CHANNELS} | more
        fh.campaign_launch(workspace, fh.LaunchCampaign(plan, **options))

    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="Nothing was begun"):
        launch(tmp_path / "file" / "below")
    with pytest.raises(InputError, match="Nothing was begun"):
        launch(tmp_path / ("long" * 100))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mail").write_text("a file where the channel's folder must be")
    with pytest.raises(InputError, match="Nothing was begun"):
        launch(tmp_path / "out")
    own = workspace.place.path
    for folder in ("", " ", "a\0b", "s3://", "s3:///", "ftp://x/y", "https://x/y", str(own),
                   f"{own}/lake", f"{own}/lake/below", f"{own}/cache"):  # fmt: skip
        with pytest.raises(InputError, match=r"Name a folder|[Gg]ive a(nother)? folder|no bucket"):
            launch(folder)
    unknown = _plan(_line("a", "no-such-trait", "mail")).to_dict()
    save_plan(workspace.control, "unknown", "the-puppy-2025", unknown, at=AT)
    with pytest.raises(InputError, match="No trait"):
        launch(tmp_path / "b", "unknown")
    bad = tmp_path / "contacts.csv"
    bad.write_bytes(b"source,account,email\ntickets,\xff\xfe,x\n")
    with pytest.raises(InputError, match="cannot be read"):
        launch(tmp_path / "c", channels=_with("google"), contacts=bad)
    with pytest.raises(InputError, match="No webhook goes to 169"):
        launch(tmp_path / "d", channels=_with("webhook", url="https://169.254.169.254/in"))
    assert "never" not in {c.name for c in fh.campaign_list(workspace, fh.ListCampaigns())}
    assert read_people(workspace.lake, "never") == {}


@pytest.mark.slow
def test_a_cancelled_campaign_is_not_launched_again_and_leaves_the_cap(
    workspace, tmp_path: Path
) -> None:
    far = replace(_line("far", "everyone", "push"), week=MONDAY + timedelta(days=1050))
    save_plan(workspace.control, "far", "the-puppy-2025", _plan(far).to_dict(), at=AT)
    options = {"folder": tmp_path, "channels": CHANNELS, "cap": 1}

    def over(name: str) -> int:
        launched = fh.campaign_launch(workspace, fh.LaunchCampaign("far", name=name, **options))
        return dict(launched.lines)["far"].get("over_cap", 0)

    assert over("far-1") == 0
    assert over("far-2") > 0
    cancelled = fh.campaign_cancel(workspace, fh.CancelCampaign("far-1"))
    assert [r.accounts for r in cancelled.removals if r.delivered] == [
        pq.read_table(cancelled.removals[0].to).num_rows
    ]
    fh.campaign_cancel(workspace, fh.CancelCampaign("far-2"))
    assert over("far-3") == 0
    with pytest.raises(InputError, match="was cancelled on"):
        over("far-1")


@pytest.mark.slow
def test_who_withdraws_after_the_freeze_is_in_no_file_of_a_resumed_launch(
    workspace, tmp_path: Path
) -> None:
    options = {"name": "withdrawn", "channels": CHANNELS, "cap": 100}
    first = fh.campaign_launch(
        workspace, fh.LaunchCampaign("puppy", folder=tmp_path / "a", **options)
    )
    mail = _persons(first.files[2].file)
    gone = mail[:5]
    for person in gone:
        fh.consent_withdraw(workspace, fh.WithdrawConsent("shop", f"s{person}", "advertising"))
    again = fh.campaign_launch(
        workspace, fh.LaunchCampaign("puppy", folder=tmp_path / "b", **options)
    )
    assert again.lines == first.lines, "arms stay as they were drawn"
    for file in again.files:
        assert not set(_persons(file.file)) & set(gone)
    assert again.files[2].withdrawn == 5
    rows = pq.read_table(tmp_path / "b" / "assigned.parquet")["account"].to_pylist()
    assert not {int(a[1:]) for a in rows} & set(gone)
    due = {d.channel: d.accounts for d in fh.campaign_removals_due(workspace) if
           d.campaign == "withdrawn"}  # fmt: skip
    assert due["mail"] == 5
    for person in gone:
        fh.consent_grant(workspace, fh.GrantConsent("shop", f"s{person}", "advertising"))


def test_power_is_computed_for_the_whole_audiences_and_lines_from_past_films(workspace) -> None:
    powers = fh.campaign_power(workspace, fh.PowerOfCampaign("puppy", channels=CHANNELS))
    assert [p.group for p in powers] == ["whole", "audience", "audience", "line", "line", "line"]
    whole = powers[0]
    n = PEOPLE - 100
    assert whole.treated + whole.held_out == n
    ids = np.arange(100, PEOPLE)
    old, older = (ids % 10 == 0) | (ids % 20 == 1), ids % 10 == 0
    assert whole.base == pytest.approx((old.sum() + older.sum()) / 2 / n)
    # Of the older film no earlier one tells.
    assert whole.rho2 == pytest.approx(np.corrcoef(old, older)[0, 1] ** 2 / 2)
    # The plan's tickets a person, on those of each line who are eligible.
    dogs = powers[3].treated + powers[3].held_out
    assert whole.expected == pytest.approx((dogs + 2 * n) * 20 / PEOPLE / n)
    assert whole.smallest < powers[3].smallest
    assert not powers[5].measurable
    assert powers[5].suggested or powers[5].needed
    with pytest.raises(InputError, match="The plan uses mail, which"):
        fh.campaign_power(workspace, fh.PowerOfCampaign("puppy"))
    given = fh.campaign_power(
        workspace, fh.PowerOfCampaign("puppy", rate=0.02, rho2=0.0, channels=CHANNELS)
    )
    assert {p.base for p in given} == {0.02}
    with pytest.raises(CannotTellError, match="leave an arm without anybody"):
        fh.campaign_power(workspace, fh.PowerOfCampaign("puppy", holdout=0.0, channels=CHANNELS))


def test_a_stated_base_of_a_plan_is_used(workspace) -> None:
    body = _plan(*LINES).to_dict()
    body |= {"base_tickets": 200.0, "base_by_audience": {"everyone": (PEOPLE, 100.0)}}
    save_plan(workspace.control, "based", "the-puppy-2025", body, at=AT)
    powers = fh.campaign_power(workspace, fh.PowerOfCampaign("based", channels=CHANNELS))
    by = {(p.group, p.name): p.base for p in powers}
    assert powers[0].base == pytest.approx(0.05)
    assert by["line", "all-mail"] == by["audience", "who everyone"] == pytest.approx(0.025)
    assert by["line", "dogs-push"] == pytest.approx(0.05)


@pytest.mark.slow
def test_the_command_says_all_of_it(workspace, tmp_path: Path) -> None:
    where, key = str(workspace.place.path), {"FULLHOUSE_KEY": "0" * 64}
    (tmp_path / "channels.toml").write_text(CHANNELS)
    channels = ["--channels", str(tmp_path / "channels.toml"), "-w", where, "--json"]
    run = CliRunner().invoke(
        commands, ["power", "puppy", "--holdout", "0.0006", *channels], env=key
    )
    lines = json.loads(run.stdout)["parts"]
    assert lines[0]["suggested"] or lines[0]["needed"], "what would show it"
    assert lines[1]["smallest"] is None, "an arm of nobody is null, not infinity"
    out = ["--out", str(tmp_path / "cli"), "--name", "cli", "--no-log", "--strata", "city"]
    run = CliRunner().invoke(commands, ["launch", "puppy", *out, *channels], env=key)
    body = json.loads(run.stdout)
    assert (body["campaign"], body["resumed"], body["logged"]) == ("cli", False, False)
    assert {f["form"] for f in body["files"]} == {"parquet"}
    people = ["--channels", str(tmp_path / "channels.toml"), "-w", where]
    again = CliRunner().invoke(commands, ["launch", "puppy", *out, *people], env=key)
    assert again.exit_code == 0
    assert "launched before: no arm was changed" in again.stdout
    assert "was not written" in again.stdout
    power = CliRunner().invoke(commands, ["power", "puppy", *people], env=key)
    assert power.exit_code == 0
    assert "A smaller effect may be there" in power.stdout
