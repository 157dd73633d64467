"""All that a house knows of one film on a day: what the report of a film is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.core.brief import Brief
from fullhouse.core.errors import Reason
from fullhouse.core.values import as_json
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.forecast import Forecast
from fullhouse.forecast.score import ScoreBook
from fullhouse.measurement.campaign_readout import CampaignReadout, PlannedActual
from fullhouse.measurement.experiment import as_plain
from fullhouse.planning.plan import Outlook, Plan


@dataclass(frozen=True)
class Dispatch:
    """What was handed over to a channel for one line: for how many people, on which day."""

    line: str
    channel: str
    people: int
    on: date


@dataclass(frozen=True)
class CampaignReport:
    """A campaign as the report has it: `plan` is NAME@VERSION, `holdout` a share of its people.

    `begins` is the first day of its first week. `readouts` and `outlooks` are in the order of their
    days; `against_plan` sets what the newest readout knows beside the plan; `without` has the
    reason for each part that is missing.
    """

    name: str
    plan: str
    begins: date
    holdout: float
    dispatched: tuple[Dispatch, ...] = ()
    readouts: tuple[CampaignReadout, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    against_plan: tuple[PlannedActual, ...] = ()
    without: Mapping[str, Reason] = field(default_factory=dict)

    @property
    def newest(self) -> CampaignReadout | None:
        """The last readout."""
        return self.readouts[-1] if self.readouts else None


@dataclass(frozen=True)
class FilmReport(Brief):
    """Everything that was known of a film in a territory on a day; what is missing is empty.

    `forecasts` are of several days, in their order; `actual_days` and `actual` are what was
    known by the day. `campaigns` come newest first. `without` has the reason for each part that is
    missing. The score book is that of `made_on`; nothing of this film that was known only after
    the day is shown of it.
    """

    film: str
    title: str
    territory: str
    as_of: date
    opening: date | None
    forecasts: tuple[Forecast, ...] = ()
    actual_days: tuple[tuple[date, float], ...] = ()
    actual: Mapping[str, float] = field(default_factory=dict)
    score_book: ScoreBook | None = None
    discovery: FilmDiscovery | None = None
    plan: Plan | None = None
    campaigns: tuple[CampaignReport, ...] = ()
    responses: tuple[SavedResponse, ...] = ()
    verdicts: tuple[SavedVerdict, ...] = ()
    without: Mapping[str, Reason] = field(default_factory=dict)
    simulated: bool = False
    made_on: date | None = None

    @property
    def forecast(self) -> Forecast | None:
        """The newest forecast."""
        return self.forecasts[-1] if self.forecasts else None

    @property
    def readouts(self) -> tuple[CampaignReadout, ...]:
        """The newest readout of each campaign that has one."""
        return tuple(c.newest for c in self.campaigns if c.newest is not None)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can say it: days as ISO, an infinite end as the text "infinite"."""
        return {
            "film": self.film,
            "title": self.title,
            "territory": self.territory,
            "as_of": self.as_of.isoformat(),
            "opening": None if self.opening is None else self.opening.isoformat(),
            "simulated": self.simulated,
            "made_on": None if self.made_on is None else self.made_on.isoformat(),
            "forecasts": [f.to_dict() for f in self.forecasts],
            "actual": {"days": as_json(self.actual_days), "amounts": as_json(self.actual)},
            "score_book": None if self.score_book is None else self.score_book.to_dict(),
            "discovery": None if self.discovery is None else self.discovery.to_dict(),
            "plan": None if self.plan is None else self.plan.to_dict(),
            "campaigns": [as_plain(c) for c in self.campaigns],
            "responses": [as_plain(x) for x in self.responses],
            "verdicts": [as_plain(v) for v in self.verdicts],
            "without": {part: as_plain(reason) for part, reason in self.without.items()},
        }
