"""Reports of a film that no house made: a full one, and those with parts missing."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.control.score_book import Entry, canonical
from fullhouse.core.errors import Reason
from fullhouse.forecast.score import Actuals, score
from fullhouse.measurement.campaign_data import plan_against_actual
from fullhouse.measurement.campaign_readout import Exposure, TreatedReached
from fullhouse.measurement.film_report import CampaignReport, Dispatch, FilmReport
from fullhouse.planning.plan import Amount, Outlook
from tests.view.sample_discoveries import RICH
from tests.view.sample_forecasts import ACTUAL, ACTUAL_DAYS, ROAD
from tests.view.sample_plans import PLAN, SHOWN, effect, readout

FILM, TITLE, OPENING = ROAD[-1].film, ROAD[-1].title, ROAD[-1].opening
AS_OF = OPENING + timedelta(20)
BEGINS = min(x.week for x in PLAN.lines)


@cache
def made_book(films=12):
    """A score book of a dozen films, each of whose totals came true."""
    entries, truths = [], {}
    for k in range(films):
        name = FILM if k == 0 else f"film-{k}-2024"
        body = replace(ROAD[0], film=name).to_dict()
        entries.append(
            Entry(
                k + 1, "2025-02-14T08:00:00.000000+00:00", name, "US", "2025-02-14", "T-28", "1",
                "m", canonical(body), "", "",
            )
        )  # fmt: skip
        amounts = {"opening_weekend": 11e6 + 1.9e6 * k, "total": 40e6 + 6e6 * k}
        due = dict.fromkeys(amounts, date(2025, 5, 1))
        truths[name, "US"] = Actuals("USD", amounts, due)
    return score(entries, truths)


def amount(middle, spread):
    return Amount(middle, middle - spread, middle + spread)


def outlook(day, middle, spread, basis):
    base = Amount(61e6, 35e6, 108e6)
    added = amount(middle, spread)
    total = Amount(base.middle + middle, base.low + 0.9 * middle, base.high + 1.1 * middle)
    return Outlook(day, "harbour-1", "USD", base, added, total, basis)


EXPOSURES = (
    Exposure("line-1", "push", 24_000, 21_300, 61_000, 1_900, 0),
    Exposure("line-2", "push", 11_000, 9_700, 30_500, 640, 7),
    Exposure("line-3", "pre-roll", 30_000, 24_000, 88_000, 210, 0),
)
(FIRST,) = readout([effect(0.004, 0.0019)]).effects
EARLIER = replace(
    SHOWN,
    as_of=SHOWN.as_of - timedelta(7),
    effects=(replace(SHOWN.effects[0], effect=FIRST),),
)
NEWEST = replace(
    SHOWN,
    notes=(*SHOWN.notes, TreatedReached(51_000, 80_000)),
    exposures=EXPOSURES,
    spend=812_000.0,
    currency="USD",
    share_observed=0.6,
)
CAMPAIGN = CampaignReport(
    "harbour-1", "harbour-1@2", BEGINS, 0.2,
    dispatched=(
        Dispatch("line-1", "push", 24_000, BEGINS), Dispatch("line-2", "push", 11_000, BEGINS),
        Dispatch("line-3", "pre-roll", 30_000, BEGINS + timedelta(7)),
    ),
    readouts=(EARLIER, NEWEST),
    against_plan=plan_against_actual(PLAN, NEWEST),
    outlooks=tuple(
        outlook(BEGINS + timedelta(4 * k), 2.1e6 + 2e5 * k, 1.9e6 / (k + 1),
                "planned" if k < 3 else "measured")
        for k in range(8)
    ),
)  # fmt: skip
RESPONSES = (
    SavedResponse(SHOWN.as_of, "harbour-1", FILM, "dogs", "Owners of older dogs", "baskets",
            "pre-roll + push", {"push": 2.1, "pre-roll": 1.4}, 0.31, 0.07),
    SavedResponse(SHOWN.as_of, "harbour-1", FILM, "fans", "Fans of family drama", "fans", "push",
            {"push": 1.8}, 0.04, 0.09),
)  # fmt: skip
VERDICTS = (
    SavedVerdict(SHOWN.as_of, "harbour-1", FILM, "buys:dog", "Owners of older dogs",
                (2.3, 1.8, 2.9), (2.1, 1.7, 2.6), 4_100, "confirmed"),
    SavedVerdict(SHOWN.as_of, "harbour-1", FILM, "gives:shelters", "Givers to shelters",
                (3.1, 2.0, 4.8), (1.0, 0.8, 1.2), 2_300, "refuted"),
    SavedVerdict(SHOWN.as_of, "harbour-1", FILM, "buys:ferrets", "Keepers of ferrets",
                (1.9, 1.1, 3.2), (None, None, None), 61, "cannot tell"),
)  # fmt: skip
FULL = FilmReport(
    FILM, TITLE, "US", AS_OF, OPENING,
    forecasts=ROAD,
    actual_days=tuple(d for d in ACTUAL_DAYS if d[0] <= AS_OF),
    actual={n: ACTUAL[n] for n in ("opening_day", "opening_weekend")},
    score_book=made_book(),
    discovery=replace(RICH, film=FILM, title=TITLE),
    plan=replace(PLAN, film=FILM, title=TITLE),
    campaigns=(CAMPAIGN,),
    responses=RESPONSES,
    verdicts=VERDICTS,
    made_on=date(2026, 1, 5),
)  # fmt: skip
BARE = FilmReport(
    FILM, TITLE, "US", AS_OF, None,
    without={"forecast": Reason(message="Too few wide films have opened."),
             "discovery": Reason(message="No traits are built.")},
)  # fmt: skip
PLANNED = replace(
    FULL, forecasts=(), actual_days=(), actual={}, score_book=None, discovery=None,
    campaigns=(), responses=(), verdicts=(),
)  # fmt: skip
LAUNCHED = replace(
    FULL,
    forecasts=(),
    score_book=None,
    discovery=None,
    plan=None,
    campaigns=(
        replace(
            CAMPAIGN,
            readouts=(),
            outlooks=(),
            dispatched=(),
            against_plan=(),
            without={"outlook": Reason(message="Too early.")},
        ),
    ),
    responses=(),
    verdicts=(),
)
SIMULATED_REPORT = replace(BARE, simulated=True)
EVERY = {
    "full": FULL, "bare": BARE, "planned": PLANNED, "launched": LAUNCHED,
    "simulated": SIMULATED_REPORT,
}  # fmt: skip
