"""The daily page of a small house: no look-ahead, targets from past films, delivery, files."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import fullhouse as fh
from fullhouse.app import Context
from fullhouse.app import daily as daily_films
from fullhouse.app.daily import check_daily_out, film_daily, write_daily
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, save_plan
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.daily_deliveries import carried, film_delivery
from fullhouse.planning.daily import BELOW, CANNOT_TELL, ON, Target
from fullhouse.planning.daily_signals import Kind, _signal
from fullhouse.planning.daily_target import record
from tests.app.made_daily_house import (
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
from tests.view.made_forecasts import BEFORE as FORECAST

MIDDLE = total_of(PAST)
"""What the film to come would take, were its presales those of a film without noise."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with make(tmp_path_factory.mktemp("daily")) as made:
        yield made


@pytest.fixture(scope="module")
def found(workspace: Context):
    return film_daily(workspace, FILM, as_of=AS_OF, target=MIDDLE)


def signal(found, name):
    return next(s for s in found.signals if s.name == name)


def test_the_target_of_a_day_is_what_past_films_had_at_that_distance(found) -> None:
    presold = signal(found, "presales@market")
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
    more = film_daily(workspace, FILM, as_of=AS_OF, target=10 * MIDDLE)
    one, ten = (
        next(d for d in signal(x, "presales@market").days if d.day == AS_OF).target.middle
        for x in (film_daily(workspace, FILM, as_of=AS_OF, target=MIDDLE), more)
    )
    assert np.log10(ten / one) == pytest.approx(SLOPE, abs=0.15)
    assert signal(more, "presales@market").verdict == BELOW


def test_nothing_later_is_seen(workspace: Context, found, tmp_path: Path) -> None:
    """Against the same day asked again once everything up to the opening is in the lake."""
    take_in(workspace, tmp_path, OPENING)
    fh.film_set(workspace, fh.SetFilm(FILM, {"rating": "PG"}, territory="ZZ", known_on=AS_OF + DAY))
    again = film_daily(workspace, FILM, as_of=AS_OF, target=MIDDLE)
    assert replace(again, data={}) == replace(found, data={})
    tomorrow = film_daily(workspace, FILM, as_of=AS_OF + DAY, target=MIDDLE)
    assert "rating is known: PG" in [c.words for c in tomorrow.changes]
    newest = signal(tomorrow, "presales@market").newest
    assert newest.actual > signal(found, "presales@market").newest.actual


def test_the_house_counts_whole_days_and_says_that_it_cannot_tell(found) -> None:
    for name, total in (("presales@house", 18.0), ("want_to_see@house", 9.0)):
        mine = signal(found, name)
        assert (mine.newest.day, mine.newest.actual) == (AS_OF, total), "nine days before AS_OF"
        assert mine.verdict == CANNOT_TELL
        assert "0 past films" in mine.why


def test_delivery_is_counted_up_to_the_last_whole_day(found) -> None:
    got = found.delivery
    by_line = {x.line: (x.planned, x.impressions) for x in got.lines}
    # Four days of seven are over; what came on AS_OF itself is not known yet.
    assert by_line["push-1"] == (pytest.approx(400.0), 400.0)
    assert by_line["email-1"] == (pytest.approx(400.0), 160.0)
    assert by_line["push-2"] == (0.0, 0.0)
    assert got.spent == pytest.approx(56.0)
    assert (got.treated, got.held_out, got.held_out_shown) == (70, 30, 0)
    assert got.yesterday == (pytest.approx(200.0), 140.0)
    assert got.plan == "bramble@1"
    assert found.action.rule == "behind"
    assert "email" in found.action.words
    assert "“Dog owners”" in found.action.words


def test_the_forecast_that_cannot_be_made_says_why(found) -> None:
    assert [f.total for f in found.forecasts] == [None, None, None]
    assert "Too few" in found.forecasts[0].why
    assert [(AS_OF - f.as_of).days for f in found.forecasts] == [0, 1, 7]


def test_without_a_target_and_a_forecast_signals_have_none(workspace: Context) -> None:
    bare = film_daily(workspace, FILM, as_of=AS_OF)
    assert bare.target.amount is None
    assert "give --target GROSS" in bare.target.words
    presold = signal(bare, "presales@market")
    assert (presold.verdict, presold.why) == (CANNOT_TELL, "there is no target")
    assert presold.newest.actual == signal(bare, "presales@market").newest.actual


def test_the_target_is_the_forecast_of_sixty_days_before_and_what_the_plan_adds(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def forecast(_, film, *, as_of, **__):
        asked.append(as_of)
        return replace(FORECAST, film=film, as_of=as_of, currency="USD")

    monkeypatch.setattr(daily_films, "forecast_film", forecast)
    told = film_daily(workspace, FILM, as_of=AS_OF)
    assert asked[0] == OPENING - timedelta(days=60)
    median = FORECAST.ranges["total"].median
    assert told.target.amount == pytest.approx(median + 1e6)
    assert "60 days before the opening, and the 1,000,000 USD that plan bramble@1" in (
        told.target.words
    )
    assert told.forecasts[0].total.middle == median
    assert told.changes[-1].words == "the forecast's middle did not move"
    given = film_daily(workspace, FILM, as_of=AS_OF, target=5.0)
    assert (given.target.amount, given.target.words) == (5.0, "as given")


def test_the_first_forecast_in_the_score_book_goes_first(
    workspace: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Entry:
        def __init__(self, number, as_of, median) -> None:
            self.id, self.as_of = number, as_of
            self.forecast = {"currency": "USD", "ranges": {"total": {"median": median}}}

    entries = [Entry(2, "2025-07-01", 2e6), Entry(1, "2025-06-01", 1e6), Entry(0, "2025-08-20", 9)]
    monkeypatch.setattr(daily_films.control, "entries", lambda *_, **__: entries)
    told = film_daily(workspace, FILM, as_of=AS_OF).target
    assert told.amount == pytest.approx(2e6), "1 million, and 1 million that the plan adds"
    assert "first forecast in the score book, as of 1 Jun 2025" in told.words


def test_held_out_people_who_were_shown_it_are_found(tmp_path: Path) -> None:
    with make(tmp_path) as own:
        show(own, "push-1", WEEK, 5, person=72)
        show(own, "push-1", WEEK, 500, campaign="another")
        save_plan(own.control, "bramble", FILM, a_plan().to_dict(), at=AT)
        other = SavedCampaign("another", "some-film", "bramble", 2, {}, AT)
        add_campaign(own.control, other)
        found = film_delivery(own, carried(own, [FILM], AS_OF, None), AS_OF)
        assert found.held_out_shown == 5
        came = {x.line: x.impressions for x in found.lines}
        assert came["push-1"] == 405, "another campaign's impressions are not this one's"
        assert came["email-1"] == 160, "those that name no campaign are"
        told = film_daily(own, FILM, as_of=AS_OF, target=MIDDLE)
        assert told.action.rule == "held out"


def test_a_plan_counts_from_the_day_it_was_made_as_of(tmp_path: Path) -> None:
    with make(tmp_path) as own:
        before = a_plan().as_of - DAY
        assert carried(own, [FILM], before, None) is None
        with pytest.raises(InputError, match="it was not known"):
            carried(own, [FILM], before, "august")
        with pytest.raises(InputError, match="is for bramble-2025, not for other"):
            carried(own, ["other"], AS_OF, "august")
        with pytest.raises(InputError, match=r"No campaign 'augst'\. Did you mean 'august'"):
            carried(own, [FILM], AS_OF, "augst")
        newer = a_plan(as_of=a_plan().as_of + DAY)
        save_plan(own.control, "newer", "without-campaign", newer.to_dict(), at=AT)
        assert carried(own, [FILM], AS_OF, None).name == "bramble@1"
        alone = carried(own, ["without-campaign"], AS_OF, None)
        assert (alone.name, alone.campaign) == ("newer@1", None)
        assert film_delivery(own, alone, AS_OF).yesterday[1] is None


def test_after_the_opening_the_gross_is_against_past_films(workspace: Context) -> None:
    day = next(iter(openings().values()))
    found = film_daily(workspace, f"past-0-{day.year}", as_of=day + 10 * DAY, target=total_of(0))
    gross = signal(found, "gross@market")
    # Rows are known a day later, and each film takes all of its total in three days.
    assert (gross.newest.left, gross.newest.actual) == (-3, pytest.approx(total_of(0)))
    assert gross.newest.target.middle == pytest.approx(total_of(0))
    first = next(d for d in gross.days if d.left == -1)
    assert first.actual == pytest.approx(0.5 * total_of(0))
    assert first.target.middle == pytest.approx(0.5 * total_of(0))
    assert "forecast" not in found.target.words


@pytest.mark.parametrize(
    ("lag", "said"),
    [(0, f"{PAST} past films"), (8, "up to the morning of"), (9, "nothing new is known since")],
)
def test_a_record_that_lags_is_judged_where_it_ends_and_not_after_eight_days(lag, said) -> None:
    opening, on = OPENING.toordinal(), AS_OF.toordinal()
    g = np.random.default_rng(2)
    days = np.arange(opening - 30, on + 1)
    past = []
    for k in range(PAST):
        values = np.full(len(days), total_of(k) / 1e4 * np.exp(g.normal(0, 0.1)))
        past.append((record(opening, days, values), total_of(k)))
    mine = record(opening, days[: len(days) - lag], np.full(len(days) - lag, MIDDLE / 1e4))
    kind = Kind("presales", "market", mine, past, int(days[0]), on - lag)
    found = _signal(kind, OPENING, AS_OF, Target(MIDDLE, "USD", "as given"))
    assert said in found.why
    assert found.verdict == (ON if lag < 9 else CANNOT_TELL)
    assert found.newest.day == AS_OF - lag * DAY


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
def test_mistakes_are_said(workspace: Context, changes, error, message) -> None:
    with pytest.raises(error, match=message):
        film_daily(workspace, FILM, **({"as_of": AS_OF} | changes))


def test_a_film_nobody_knows_is_said_with_near_names(workspace: Context) -> None:
    with pytest.raises(InputError, match=r"No film 'brambel-2025' .* Did you mean 'bramble-2025'"):
        film_daily(workspace, "brambel-2025", as_of=AS_OF)


def test_files(found, tmp_path: Path) -> None:
    paths = write_daily(found, [tmp_path / "new" / "day.html", tmp_path / "day.json"])
    assert "Bramble" in paths[0].read_text("utf-8")
    assert json.loads(paths[1].read_text("utf-8")) == found.to_dict()
    with pytest.raises(InputError, match=r"\.html or \.json, not 'day\.pdf'"):
        check_daily_out("day.pdf")
