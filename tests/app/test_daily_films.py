"""The daily page of a small house: no look-ahead, targets from past films, delivery, files."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

import fullhouse as fh
from fullhouse.app import Context
from fullhouse.app import daily as daily_films
from fullhouse.app.daily import DailyPage, film_daily
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, save_plan
from fullhouse.control.score_book import BESIDE
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.daily_deliveries import film_delivery, plan_in_force
from fullhouse.planning.daily import (
    BELOW,
    CANNOT_TELL,
    ON,
    AgainstFilms,
    DailyTarget,
    FactChange,
    NoTarget,
    NothingKnown,
    SignalName,
    TooFewFilms,
)
from fullhouse.planning.daily_signals import Kind, _signal, record
from fullhouse.view.charts import check_out
from fullhouse.view.daily_page import write_daily
from fullhouse.view.words.daily import missing_words
from tests.app.daily_house import (
    AS_OF,
    AT,
    DAY,
    FILM,
    OPENING,
    PAST,
    SLOPE,
    WEEK,
    a_plan,
    make,
    openings,
    presales,
    show,
    take_in,
    total_of,
)
from tests.view.sample_forecasts import BEFORE as FORECAST

MIDDLE = total_of(PAST)
"""What the film to come would take, were its presales those of a film without noise."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with make(tmp_path_factory.mktemp("daily")) as made:
        yield made


@pytest.fixture(scope="module")
def page(workspace: Context):
    return film_daily(workspace, DailyPage(FILM, AS_OF, target=MIDDLE))


def signal(page, name):
    return next(s for s in page.signals if str(s.name) == name)


def test_the_target_of_a_day_is_what_past_films_had_at_that_distance(page) -> None:
    presold = signal(page, "presales@market")
    (today,) = [d for d in presold.days if d.day == AS_OF]
    # Days 14 to 8 before the opening are known a day later: 7 of 14 mornings.
    part = presales(MIDDLE)[:7].sum()
    # The line through 40 films with a noise of 0.2 is known to about 0.2 / sqrt(40).
    assert np.log(today.target.middle / part) == pytest.approx(0, abs=4 * 0.2 / np.sqrt(PAST))
    half = np.log(today.target.high / today.target.low) / 2
    assert half == pytest.approx(1.3 * 0.2, rel=0.4)
    assert today.target.films == PAST - 11, "past films whose 91 days the record does not hold"
    assert today.actual == pytest.approx(part, rel=1e-4)
    assert presold.verdict == ON


def test_a_target_that_is_larger_asks_for_more_and_puts_it_below(workspace: Context) -> None:
    more = film_daily(workspace, DailyPage(FILM, AS_OF, target=10 * MIDDLE))
    one, ten = (
        next(d for d in signal(x, "presales@market").days if d.day == AS_OF).target.middle
        for x in (film_daily(workspace, DailyPage(FILM, AS_OF, target=MIDDLE)), more)
    )
    assert np.log10(ten / one) == pytest.approx(SLOPE, abs=0.15)
    assert signal(more, "presales@market").verdict == BELOW


@pytest.mark.slow
def test_nothing_later_is_used(workspace: Context, page, tmp_path: Path) -> None:
    """Against the same day asked again once everything up to the opening is in the lake."""
    take_in(workspace, tmp_path, OPENING)
    fh.film_set(workspace, fh.SetFilm(FILM, {"rating": "PG"}, territory="ZZ", known_on=AS_OF + DAY))
    again = film_daily(workspace, DailyPage(FILM, AS_OF, target=MIDDLE))
    assert replace(again, data={}) == replace(page, data={})
    tomorrow = film_daily(workspace, DailyPage(FILM, AS_OF + DAY, target=MIDDLE))
    assert FactChange("rating", None, "PG") in tomorrow.changes
    newest = signal(tomorrow, "presales@market").newest
    assert newest.actual > signal(page, "presales@market").newest.actual


def test_the_house_counts_whole_days_and_has_too_few_films(page) -> None:
    for name, total in (("presales@house", 18.0), ("want_to_see@house", 9.0)):
        own = signal(page, name)
        assert (own.newest.day, own.newest.actual) == (AS_OF, total), "nine days before AS_OF"
        assert own.verdict == CANNOT_TELL
        assert own.reason == TooFewFilms(0, 20, 91)


def test_delivery_is_counted_up_to_the_last_whole_day(page) -> None:
    delivery = page.delivery
    by_line = {x.line: (x.planned, x.impressions) for x in delivery.lines}
    # Four days of seven are over; what was delivered on AS_OF itself is not known yet.
    assert by_line["push-1"] == (pytest.approx(400.0), 400.0)
    assert by_line["email-1"] == (pytest.approx(400.0), 160.0)
    assert by_line["push-2"] == (0.0, 0.0)
    assert delivery.spent == pytest.approx(56.0)
    assert (delivery.treated, delivery.held_out, delivery.held_out_exposed) == (70, 30, 0)
    assert delivery.yesterday.planned == pytest.approx(200.0)
    assert delivery.yesterday.impressions == 140.0
    assert delivery.plan == "bramble@1"
    assert page.action.rule == "behind"
    (late,) = page.action.channels
    assert (late.channel, late.worst_audience) == ("email", "Dog owners")


def test_the_forecast_that_cannot_be_made_has_its_reason(page) -> None:
    assert [f.total for f in page.forecasts] == [None, None, None]
    assert "Not enough past films" in missing_words(page.forecasts[0].why)
    assert [(AS_OF - f.as_of).days for f in page.forecasts] == [0, 1, 7]


def test_without_a_target_and_a_forecast_signals_have_none(workspace: Context) -> None:
    bare = film_daily(workspace, DailyPage(FILM, AS_OF))
    assert bare.target.amount is None
    assert bare.target.why is not None
    presold = signal(bare, "presales@market")
    assert (presold.verdict, presold.reason) == (CANNOT_TELL, NoTarget())
    assert presold.newest.actual == signal(bare, "presales@market").newest.actual


def test_the_target_is_the_forecast_of_sixty_days_before_and_what_the_plan_adds(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = []

    def forecast(_, request):
        days.append(request.as_of)
        return replace(FORECAST, film=request.film, as_of=request.as_of, currency="USD")

    monkeypatch.setattr(daily_films, "forecast_film", forecast)
    page = film_daily(workspace, DailyPage(FILM, AS_OF))
    first = OPENING - timedelta(days=60)
    assert days[0] == first
    median = FORECAST.ranges["total"].median
    assert page.target.amount == pytest.approx(median + 1e6)
    assert (page.target.basis, page.target.as_of) == ("forecast", first)
    assert (page.target.plan, page.target.plan_adds) == ("bramble@1", 1e6)
    assert page.forecasts[0].total.middle == median
    assert page.changes[-1].factor == page.since_last_week.factor == 1.0
    given = film_daily(workspace, DailyPage(FILM, AS_OF, target=5.0))
    assert (given.target.amount, given.target.basis) == (5.0, "given")


def test_the_first_forecast_in_the_score_book_goes_first(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Entry:
        def __init__(self, number, as_of, median, horizon="T-90") -> None:
            self.id, self.as_of, self.is_forecast = number, as_of, horizon not in BESIDE
            self.forecast = {"currency": "USD", "ranges": {"total": {"median": median}}}

    entries = [Entry(2, "2025-07-01", 2e6), Entry(1, "2025-06-01", 1e6), Entry(0, "2025-08-20", 9)]
    entries += [Entry(-1, "2025-05-01", 7e6, h) for h in BESIDE]
    monkeypatch.setattr(daily_films.control, "entries", lambda *_, **__: entries)
    target = film_daily(workspace, DailyPage(FILM, AS_OF)).target
    assert target.amount == pytest.approx(2e6), "1 million, and 1 million that the plan adds"
    assert (target.basis, target.as_of) == ("score_book", date(2025, 6, 1))


def test_held_out_people_who_were_exposed_are_counted(tmp_path: Path) -> None:
    with make(tmp_path) as own:
        show(own, "push-1", WEEK, 5, person=72)
        show(own, "push-1", WEEK, 500, campaign="another")
        save_plan(own.control, "bramble", FILM, a_plan().to_dict(), at=AT)
        other = SavedCampaign("another", "some-film", "bramble", 2, {}, AT)
        add_campaign(own.control, other)
        delivery = film_delivery(own, plan_in_force(own, [FILM], AS_OF, None), AS_OF)
        assert delivery.held_out_exposed == 5
        by_line = {x.line: x.impressions for x in delivery.lines}
        assert by_line["push-1"] == 405, "another campaign's impressions are not this one's"
        assert by_line["email-1"] == 160, "those that name no campaign are"
        page = film_daily(own, DailyPage(FILM, AS_OF, target=MIDDLE))
        assert page.action.rule == "held out"


def test_a_plan_counts_from_the_day_it_was_made_as_of(tmp_path: Path) -> None:
    with make(tmp_path) as own:
        before = a_plan().as_of - DAY
        assert plan_in_force(own, [FILM], before, None) is None
        with pytest.raises(InputError, match="it was not known"):
            plan_in_force(own, [FILM], before, "august")
        with pytest.raises(InputError, match="is for bramble-2025, not for other"):
            plan_in_force(own, ["other"], AS_OF, "august")
        with pytest.raises(InputError, match=r"No campaign 'augst'\. Did you mean 'august'"):
            plan_in_force(own, [FILM], AS_OF, "augst")
        newer = a_plan(as_of=a_plan().as_of + DAY)
        save_plan(own.control, "newer", "without-campaign", newer.to_dict(), at=AT)
        assert plan_in_force(own, [FILM], AS_OF, None).name == "bramble@1"
        alone = plan_in_force(own, ["without-campaign"], AS_OF, None)
        assert (alone.name, alone.campaign) == ("newer@1", None)
        assert film_delivery(own, alone, AS_OF).yesterday.impressions is None


def test_after_the_opening_the_gross_is_against_past_films(workspace: Context) -> None:
    day = next(iter(openings().values()))
    request = DailyPage(f"past-0-{day.year}", day + 10 * DAY, target=total_of(0))
    page = film_daily(workspace, request)
    gross = signal(page, "gross@market")
    # Rows are known a day later, and each film takes all of its total in three days.
    assert (gross.newest.left, gross.newest.actual) == (-3, pytest.approx(total_of(0)))
    assert gross.newest.target.middle == pytest.approx(total_of(0))
    first = next(d for d in gross.days if d.left == -1)
    assert first.actual == pytest.approx(0.5 * total_of(0))
    assert first.target.middle == pytest.approx(0.5 * total_of(0))
    assert page.target.basis == "given"


@pytest.mark.parametrize(
    ("lag", "reason"),
    [
        (0, AgainstFilms(PAST)),
        (8, AgainstFilms(PAST, AS_OF - 8 * DAY)),
        (9, NothingKnown(AS_OF - 9 * DAY)),
    ],
)
def test_a_record_that_lags_is_judged_where_it_ends_and_not_after_eight_days(lag, reason) -> None:
    opening, on = OPENING.toordinal(), AS_OF.toordinal()
    g = np.random.default_rng(2)
    days = np.arange(opening - 30, on + 1)
    past = []
    for k in range(PAST):
        values = np.full(len(days), total_of(k) / 1e4 * np.exp(g.normal(0, 0.1)))
        past.append((record(opening, days, values), total_of(k)))
    own = record(opening, days[: len(days) - lag], np.full(len(days) - lag, MIDDLE / 1e4))
    kind = Kind(SignalName("presales", "market"), own, past, int(days[0]), on - lag)
    judged = _signal(kind, OPENING, AS_OF, DailyTarget(MIDDLE, "USD"))
    assert judged.reason == reason
    assert judged.verdict == (ON if lag < 9 else CANNOT_TELL)
    assert judged.newest.day == AS_OF - lag * DAY


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"as_of": OPENING - 61 * DAY}, InputError, "from 2025-06-16 to 2025-08-29, not of 2025-"),
        ({"as_of": OPENING + 15 * DAY}, InputError, "daily page is from"),
        ({"target": 0.0}, InputError, "above 0, not 0"),
        ({"target": float("nan")}, InputError, "above 0, not nan"),
        ({"campaign": "september"}, InputError, "No campaign 'september'"),
        ({"territory": "FR"}, CannotTellError, "No gross of any film in 'FR'"),
    ],
)
def test_mistakes_are_named(workspace: Context, changes, error, message) -> None:
    with pytest.raises(error, match=message):
        film_daily(workspace, DailyPage(FILM, **({"as_of": AS_OF} | changes)))


def test_a_film_nobody_knows_is_answered_with_near_names(workspace: Context) -> None:
    with pytest.raises(InputError, match=r"No film 'brambel-2025' .* Did you mean 'bramble-2025'"):
        film_daily(workspace, DailyPage("brambel-2025", AS_OF))


def test_files(page, tmp_path: Path) -> None:
    paths = write_daily(page, [tmp_path / "new" / "day.html", tmp_path / "day.json"])
    assert "Bramble" in paths[0].read_text("utf-8")
    assert json.loads(paths[1].read_text("utf-8")) == page.to_dict()
    with pytest.raises(InputError, match=r"\.html or \.json, not 'day\.pdf'"):
        check_out("day.pdf", "daily")
