"""The report of a film: what a house has kept by a day is gathered, what it has not is said."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from fullhouse import app, control
from fullhouse.app import Context, reports
from fullhouse.app.reports import ReportFilm, film_report
from fullhouse.control.campaign_records import SavedCampaign, SavedReadout
from fullhouse.control.campaigns import add_campaign, add_readout, save_plan
from fullhouse.control.score_book import BESIDE
from fullhouse.core.errors import InputError
from fullhouse.core.tables import DELIVERY
from fullhouse.forecast import Forecast, read_forecast
from fullhouse.measurement.campaign_readout import WHOLE
from fullhouse.measurement.film_report import FilmReport
from fullhouse.planning.plan import Plan
from fullhouse.view.charts import check_out
from fullhouse.view.report_page import write_film_report
from tests.view.sample_forecasts import ALL, ROAD
from tests.view.sample_plans import PLAN, SHOWN
from tests.view.sample_plans import WHOLE as READOUT
from tests.view.sample_reports import AS_OF, FILM, OPENING, RESPONSES, TITLE, VERDICTS

NOW = datetime(2025, 4, 30, tzinfo=UTC)
SAVED_PLAN = replace(PLAN, film=FILM, title=TITLE)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Context]:
    """A house that knows the film and nothing else."""
    with app.init_house(str(tmp_path / "house"), environment={}) as made:
        film = app.film_add(
            made, app.AddFilm(TITLE, opening=OPENING, territory="US", known_on=date(2025, 1, 1))
        )
        assert film == FILM
        yield made


@pytest.fixture
def workspace(empty: Context) -> Context:
    """The same with issued forecasts, two plans, a campaign, readouts and lessons."""
    database = empty.control
    for forecast in ROAD[:4]:
        _issue(empty, forecast)
    save_plan(database, "harbour-1", FILM, SAVED_PLAN.to_dict(), at=NOW)
    late = replace(SAVED_PLAN, name="late", as_of=AS_OF + timedelta(1))
    save_plan(database, "late", FILM, late.to_dict(), at=NOW)
    save_plan(database, "other", "another-film", PLAN.to_dict(), at=NOW)
    add_campaign(database, SavedCampaign("harbour-1", FILM, "harbour-1", 1, {"holdout": 0.2}, NOW))
    first = replace(SHOWN, as_of=SHOWN.as_of - timedelta(7), effects=SHOWN.effects[:1])
    for shown in (first, SHOWN, replace(SHOWN, as_of=AS_OF + timedelta(9))):
        learned, verdicts = (RESPONSES, VERDICTS) if shown is SHOWN else ((), ())
        kept = SavedReadout("harbour-1", shown.as_of, shown.to_dict(), NOW)
        add_readout(database, kept, learned, verdicts)
    rows = [
        {"campaign": "harbour-1", "line": "a", "channel": "push", "part": part, "form": "csv",
         "persons": 40 + part, "rows": 50, "digest": "x", "to": "a.csv", "at": NOW}
        for part in (0, 1)
    ]  # fmt: skip
    empty.lake.append(DELIVERY, pa.Table.from_pylist(rows, schema=DELIVERY.schema), batch="sent")
    return empty


def _issue(workspace: Context, forecast: Forecast) -> None:
    control.issue(
        workspace.control, forecast.to_dict(), film=forecast.film, territory="US",
        as_of=forecast.as_of, horizon=forecast.horizon, code="1", model="m", issued_at=NOW,
    )  # fmt: skip


def report(
    workspace: Context, *, plan: str | None = None, campaign: str | None = None
) -> FilmReport:
    request = ReportFilm(FILM, as_of=AS_OF, territory="US", plan=plan, campaign=campaign)
    return film_report(workspace, request)


@pytest.mark.parametrize("name", ALL)
def test_a_forecast_is_read_back_as_it_was_issued(name: str) -> None:
    forecast = ALL[name]
    read = read_forecast(json.loads(json.dumps(forecast.to_dict())))
    assert read.to_dict() == forecast.to_dict()
    assert read.ranges == forecast.ranges
    assert (read.days, read.comps, read.steps) == (forecast.days, forecast.comps, forecast.steps)


def test_a_film_of_which_nothing_is_known_has_a_report_that_says_so(
    empty: Context, tmp_path: Path
) -> None:
    result = report(empty)
    assert (result.title, result.opening, result.forecasts, result.plan) == (
        TITLE,
        OPENING,
        (),
        None,
    )
    assert set(result.without) == {"forecast", "discovery"}
    assert all(result.without.values())
    page, data = write_film_report(result, [tmp_path / "a" / "r.html", tmp_path / "r.json"])
    assert "There is no forecast" in page.read_text("utf-8")
    assert json.loads(data.read_text("utf-8"))["without"]["forecast"]
    (row,) = [r for r in control.audit_log(empty.control) if r.action == "report"]
    assert row.detail["film"] == FILM


def test_what_the_house_has_kept_by_the_day_is_gathered(workspace: Context) -> None:
    result = report(workspace)
    assert [f.as_of for f in result.forecasts] == [f.as_of for f in ROAD[:4]]
    assert "forecast" in result.without, "those that were issued stand in for it"
    assert result.plan is not None
    assert result.plan.name == "harbour-1", "the other was made a day later"
    (campaign,) = result.campaigns
    assert [r.as_of for r in campaign.readouts] == [SHOWN.as_of - timedelta(7), SHOWN.as_of]
    assert campaign.newest == SHOWN
    assert campaign.plan == "harbour-1@1"
    assert campaign.begins == min(x.week for x in PLAN.lines)
    assert [(x.line, x.people) for x in campaign.dispatched] == [("a", 81)], "parts are added up"
    assert campaign.without["outlook"]
    assert result.responses == RESPONSES
    assert {v.rule for v in result.verdicts} == {v.rule for v in VERDICTS}


@pytest.mark.parametrize("horizon", sorted(BESIDE))
def test_what_is_no_forecast_of_the_run_is_no_forecast_of_the_report(
    workspace: Context, horizon: str
) -> None:
    control.issue(
        workspace.control, {"film": FILM, "ranges": {}}, film=FILM, territory="US",
        as_of=AS_OF, horizon=horizon, code="1", model="m", issued_at=NOW,
    )  # fmt: skip
    assert [f.as_of for f in report(workspace).forecasts] == [f.as_of for f in ROAD[:4]]


def test_nothing_of_a_later_day_is_reported(workspace: Context) -> None:
    early = film_report(workspace, ReportFilm(FILM, date(2025, 2, 20), "US"))
    assert [f.as_of for f in early.forecasts] == [ROAD[0].as_of]
    assert early.readouts == ()
    assert early.responses == ()
    assert early.verdicts == ()
    before = film_report(workspace, ReportFilm(FILM, PLAN.as_of - timedelta(1), "US"))
    assert (before.plan, before.campaigns, before.forecasts) == (None, (), ())


def test_a_plan_and_a_campaign_may_be_named(workspace: Context) -> None:
    for result, name in (
        (report(workspace, plan="late"), "late"),
        (report(workspace, campaign="harbour-1"), "harbour-1"),
    ):
        assert result.plan is not None
        assert result.plan.name == name
    with pytest.raises(InputError, match=r"No plan 'lat'\. Did you mean 'late'"):
        report(workspace, plan="lat")
    with pytest.raises(InputError, match="is for harbour-lights, not for"):
        report(workspace, plan="other")
    with pytest.raises(InputError, match="No campaign 'harbor-1'"):
        report(workspace, campaign="harbor-1")


def test_outlooks_are_of_the_plan_of_each_readout_and_of_the_day_from_one_forecast(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def before(_: Context, plan: Plan) -> Forecast:
        asked.append(plan.name)
        return ROAD[0]

    monkeypatch.setattr(reports, "forecast_before", before)
    (campaign,) = report(workspace).campaigns
    days = [PLAN.as_of, SHOWN.as_of - timedelta(7), SHOWN.as_of, AS_OF]
    assert [o.as_of for o in campaign.outlooks] == days
    assert asked == ["harbour-1"], "the forecast of before is computed once"
    assert len({o.base for o in campaign.outlooks}) == 1
    assert campaign.without == {}


def test_the_plan_stands_beside_what_the_newest_readout_knows(workspace: Context) -> None:
    (campaign,) = report(workspace).campaigns
    rows = {(r.quantity, r.channel): r for r in campaign.against_plan}
    assert rows["spend", ""].planned.middle == pytest.approx(PLAN.spend)
    assert rows["impressions", ""].actual is None, "no channel reported any"
    assert rows["extra tickets", ""].actual is not None


def test_a_readout_kept_before_its_parts_were_is_read_too(workspace: Context) -> None:
    last = SavedReadout("harbour-1", AS_OF, READOUT.to_dict(), NOW)
    add_readout(workspace.control, last)
    newest = report(workspace).campaigns[0].newest
    assert newest is not None
    assert [(e.group, e.effect) for e in newest.effects] == [(WHOLE, READOUT.effects[0])]
    assert newest.as_of == AS_OF


@pytest.mark.parametrize(
    ("film", "day", "message"),
    [
        ("the-lantern-harbor-2025", AS_OF, "Did you mean 'the-lantern-harbour-2025'"),
        (FILM, date(2024, 12, 31), "was known in US on 2024-12-31"),
        (FILM, date(2999, 1, 1), "has not come yet"),
    ],
)
def test_mistakes_are_explained(empty: Context, film: str, day: date, message: str) -> None:
    with pytest.raises(InputError, match=message):
        film_report(empty, ReportFilm(film, day, "US"))


def test_only_pages_and_data_are_written() -> None:
    assert check_out("x/report.HTML", "report").name == "report.HTML"
    with pytest.raises(InputError, match=r"\.html or \.json, not 'report\.pdf'"):
        check_out("report.pdf", "report")
