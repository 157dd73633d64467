"""All that a house knows of one film on a day: what the report of a film is made of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.core.values import as_json
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.forecast import Forecast
from fullhouse.forecast.score import ScoreBook
from fullhouse.measurement.experiment import plain
from fullhouse.planning.plan import Outlook, Plan
from fullhouse.view.shown_readout import ShownReadout


@dataclass(frozen=True)
class Sent:
    """What was handed to a channel for one line: to how many people, on which day."""

    line: str
    channel: str
    people: int
    on: date


@dataclass(frozen=True)
class ShownCampaign:
    """A campaign as the report shows it: `plan` is NAME@VERSION, `holdout` a share of its people.

    `begins` is the first day of its first week. `readouts` and `outlooks` are in the order of their
    days; `without` says why one is missing.
    """

    name: str
    plan: str
    begins: date
    holdout: float
    sent: tuple[Sent, ...] = ()
    readouts: tuple[ShownReadout, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> ShownReadout | None:
        """The last readout."""
        return self.readouts[-1] if self.readouts else None


@dataclass(frozen=True)
class FilmReport:
    """Everything that was known of a film in a territory on a day; what is missing is empty.

    `forecasts` are of several days, in their order; `actual_days` and `actual` are what had come
    true by the day. `campaigns` come newest first. `without` says of a missing part why it is. The
    score book stands as on `made_on`, and says nothing of this film that came true after the day.
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
    campaigns: tuple[ShownCampaign, ...] = ()
    learned: tuple[SavedResponse, ...] = ()
    verdicts: tuple[SavedVerdict, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    made_on: date | None = None

    @property
    def forecast(self) -> Forecast | None:
        """The newest forecast."""
        return self.forecasts[-1] if self.forecasts else None

    @property
    def readouts(self) -> tuple[ShownReadout, ...]:
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
            "actual": {"days": _plain(self.actual_days), "amounts": _plain(self.actual)},
            "score_book": None if self.score_book is None else self.score_book.to_dict(),
            "discovery": None if self.discovery is None else self.discovery.to_dict(),
            "plan": None if self.plan is None else self.plan.to_dict(),
            "campaigns": [_plain(asdict(c)) for c in self.campaigns],
            "learned": [_plain(asdict(x)) for x in self.learned],
            "verdicts": [_plain(asdict(v)) for v in self.verdicts],
            "without": dict(self.without),
        }


def _plain(value: Any) -> Any:
    return plain(as_json(value))
