"""What a campaign changed, as facts: effects of the whole and of its parts, and what to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from fullhouse.control.campaign_records import SavedReadout
from fullhouse.core.brief import Brief
from fullhouse.core.errors import Reason
from fullhouse.measurement.experiment import ArmEffect, Readout, adapter, as_plain
from fullhouse.planning.plan import Amount
from fullhouse.stats.figures import Check, Interval
from fullhouse.stats.multiplicity import holm

WHOLE, EVERYBODY = "whole", "everybody"
"""The group of the whole campaign, and its name in it."""
CHANNEL_ALONE, HABIT = "channel alone", "habit"
WENT, NEW = "went before", "new"
"""The two parts of `HABIT`: who went to the cinema in the year before, and who did not."""


@dataclass(frozen=True)
class NamedEffect:
    """An effect with the name of the part it is of (a line, an audience) and that part's group.

    Groups are "whole", "audience", "channel", "channel alone", "cities", "line" and "habit".
    """

    group: str
    name: str
    effect: ArmEffect


@dataclass(frozen=True)
class Exposure:
    """What channels reported of a line: all its impressions and clicks.

    `people` are those in the treated arm, `reached` those of them with an impression at least.
    `held_out_reached` are people of the held-out arm who got the line's advertisement all the
    same: they make the effect look smaller than it is.
    """

    line: str
    channel: str
    people: int
    reached: int
    impressions: int
    clicks: int
    held_out_reached: int


@dataclass(frozen=True)
class PlannedActual:
    """A quantity of a plan beside what is known of it: of one channel, or of all (`channel` empty).

    `quantity` is one of "impressions", "spend", "people reached" and "extra tickets". `planned` is
    for the whole plan and `planned_so_far` for the days past; `actual` is None where not known.
    """

    quantity: str
    channel: str
    planned: Amount
    planned_so_far: float | None
    actual: Interval | None


@dataclass(frozen=True)
class Interim:
    """Tickets are known up to `until`; the look planned before the launch is on `ends`."""

    until: date
    ends: date
    code: Literal["interim"] = "interim"


@dataclass(frozen=True)
class ByHousehold:
    """Arms are by household, so figures are per household and not per person."""

    code: Literal["by_household"] = "by_household"


@dataclass(frozen=True)
class NoImpressions:
    """No channel reported an impression: spend is as planned, reach is not known."""

    code: Literal["no_impressions"] = "no_impressions"


@dataclass(frozen=True)
class SilentChannels:
    """These channels reported no impression: their spend is as planned."""

    channels: tuple[str, ...]
    code: Literal["silent_channels"] = "silent_channels"


@dataclass(frozen=True)
class TreatedReached:
    """How many of the treated people had an impression at least."""

    reached: int
    treated: int
    code: Literal["treated_reached"] = "treated_reached"


@dataclass(frozen=True)
class EffectOnReached:
    """The effect on each person reached, if advertising does nothing to those not reached."""

    tickets: Interval
    code: Literal["effect_on_reached"] = "effect_on_reached"


@dataclass(frozen=True)
class NoEffectOnReached:
    """Why the effect on each person reached cannot be computed."""

    reason: Reason
    code: Literal["no_effect_on_reached"] = "no_effect_on_reached"


@dataclass(frozen=True)
class HeldOutReached:
    """Held-out people who got the advertisement: the effect may be up to `highest` a person."""

    reached: int
    held_out: int
    highest: float
    code: Literal["held_out_reached"] = "held_out_reached"


@dataclass(frozen=True)
class Unpriced:
    """Tickets without a price in the plan's currency: they count as tickets, not in gross."""

    tickets: int
    currency: str
    code: Literal["unpriced"] = "unpriced"


@dataclass(frozen=True)
class SharedPeople:
    """Parts of a group have people in common, so their effects neither add up nor compare."""

    group: str
    people: int
    in_several: int
    code: Literal["shared_people"] = "shared_people"


@dataclass(frozen=True)
class NotChecked:
    """A check that could not be made, of the whole (`part` empty) or of a part."""

    check: str
    part: str = ""
    code: Literal["not_checked"] = "not_checked"


@dataclass(frozen=True)
class PartNotRead:
    """A part of which no effect could be computed."""

    group: str
    name: str
    reason: Reason
    code: Literal["part_not_read"] = "part_not_read"


@dataclass(frozen=True)
class CardsNotJudged:
    """Why the claims of the plan's audience cards could not be checked yet."""

    reason: Reason
    code: Literal["cards_not_judged"] = "cards_not_judged"


@dataclass(frozen=True)
class SavedRemark:
    """A sentence of a readout that was saved before notes were facts."""

    text: str
    code: Literal["remark"] = "remark"


Note = (
    Interim | ByHousehold | NoImpressions | SilentChannels | TreatedReached | EffectOnReached
    | NoEffectOnReached | HeldOutReached | Unpriced | SharedPeople | NotChecked | PartNotRead
    | CardsNotJudged | SavedRemark
)  # fmt: skip
"""What a reader of a readout must know, each a fact of its own kind."""


def _note(value: Any) -> Any:
    return {"code": "remark", "text": value} if isinstance(value, str) else value


SavedNote = Annotated[Annotated[Note, Field(discriminator="code")], BeforeValidator(_note)]


@dataclass(frozen=True)
class CampaignReadout(Brief):
    """What a campaign changed, as known on a day: of which campaign, its effects by group.

    `exposures` are what channels reported of each line by that day, and `spend` the money that went
    out, in `currency`; None where neither is known. `share_observed` is how much of the run was
    known.
    """

    campaign: str
    as_of: date
    effects: tuple[NamedEffect, ...]
    checks: tuple[Check, ...] = ()
    notes: tuple[SavedNote, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    spend: float | None = None
    currency: str = ""
    share_observed: float = 1.0

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What was measured, in the order of the effects."""
        return tuple(dict.fromkeys(e.effect.outcome for e in self.effects))

    @property
    def whole(self) -> tuple[ArmEffect, ...]:
        """The effects of the whole campaign, one for each arm and outcome."""
        return tuple(e.effect for e in self.effects if e.group == WHOLE)

    def on(self, outcome: str) -> tuple[NamedEffect, ...]:
        """The effects on one outcome."""
        return tuple(e for e in self.effects if e.effect.outcome == outcome)

    def shared(self, group: str) -> SharedPeople | None:
        """How many people the parts of a group have in common, where they have any."""
        notes = (n for n in self.notes if isinstance(n, SharedPeople) and n.group == group)
        return next(notes, None)

    def with_notes(self, *notes: Note) -> "CampaignReadout":
        """The same readout with more to know."""
        return replace(self, notes=(*self.notes, *notes))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which `saved_readout` reads back."""
        return as_plain(self)


def campaign_readout_of(
    campaign: str,
    as_of: date,
    whole: Readout,
    *,
    parts: Mapping[str, Mapping[str, Readout]] | None = None,
) -> CampaignReadout:
    """The readout of a whole campaign with those of its parts: by group, then by name.

    Each part's readout has adjusted its p for its own arms and outcomes only. Here they are
    adjusted over all parts together (Holm), so that among many lines chance proves none; the whole,
    which is the first question, has its own. Checks are those of the whole.
    """
    arms = {e.arm for e in whole.effects}
    effects = [NamedEffect(WHOLE, EVERYBODY if len(arms) == 1 else e.arm, e) for e in whole.effects]
    notes = [NotChecked(check) for check in whole.not_checked]
    of_parts = []
    for group, named in (parts or {}).items():
        for name, part in named.items():
            of_parts += [NamedEffect(group, _name(name, part, e), e) for e in part.effects]
            missing = [c for c in part.not_checked if c not in whole.not_checked]
            notes += [NotChecked(check, name) for check in missing]
    effects += _adjusted(of_parts)
    return CampaignReadout(campaign, as_of, tuple(effects), whole.checks, tuple(notes))


def saved_readout(body: Mapping[str, Any]) -> CampaignReadout:
    """A readout from what `CampaignReadout.to_dict` gave, after JSON; older bodies too."""
    values = dict(body)
    if "share_seen" in values:
        values["share_observed"] = values.pop("share_seen")
    readout: CampaignReadout = adapter(CampaignReadout).validate_python(values)
    return readout


def readout_of_record(record: SavedReadout) -> CampaignReadout:
    """A readout as the house saved it; the oldest hold the effects of the whole alone."""
    body = dict(record.body)
    if "campaign" not in body:
        arms = {e["arm"] for e in body["effects"]}
        body["effects"] = [
            {"group": WHOLE, "name": EVERYBODY if len(arms) == 1 else e["arm"], "effect": e}
            for e in body["effects"]
        ]
        body |= {"campaign": record.campaign, "as_of": record.as_of}
        body["notes"] = body.get("notes", ()) or [
            {"code": "not_checked", "check": check} for check in body.pop("not_checked", ())
        ]
        fields = {f.name for f in dataclass_fields(CampaignReadout)}
        body = {name: value for name, value in body.items() if name in fields}
    return saved_readout(body)


def _adjusted(parts: Sequence[NamedEffect]) -> list[NamedEffect]:
    over_parts = holm(np.array([e.effect.effect.p for e in parts]))
    return [
        replace(e, effect=replace(e.effect, holm_p=float(p)))
        for e, p in zip(parts, over_parts, strict=True)
    ]


def _name(name: str, part: Readout, effect: ArmEffect) -> str:
    arms = {e.arm for e in part.effects}
    return name if len(arms) == 1 else f"{name}: {effect.arm}"
