"""A campaign as it is measured: its people, what they bought, what channels reported.

Of a campaign of 100 million people nearly all did nothing, so its arms are counted, with no row
for each person: the people of the arms are bitmaps by block; who bought is a short list. A readout
needs counts and moments alone, and somebody who did nothing adds to the count and to nothing else,
so all that is computed is computed over those listed (see `read_counted`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD, Units
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import (
    LOW,
    PersonSet,
    arm_people,
    by_block,
    ids_of,
    inside,
    only,
    persons_of,
    size,
    union,
)
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE, MAX_PERSON
from fullhouse.measurement.campaign_readout import (
    CampaignReadout,
    Exposure,
    PlannedActual,
    TreatedReached,
)
from fullhouse.planning.plan import Amount, Plan, PlanLine
from fullhouse.stats.figures import Interval


@dataclass(frozen=True)
class Counted:
    """What some people did, such as tickets bought; everybody who is not listed did nothing.

    `person` is ascending, each named once. People of no arm may be listed; they do not count.
    """

    person: Ints
    value: Floats

    def __post_init__(self) -> None:
        if self.person.shape != self.value.shape or self.person.ndim != 1:
            raise InputError(f"{self.person.shape} people and {self.value.shape} values.")
        if not np.isfinite(self.value).all():
            raise InputError("Values must be finite numbers; leave out who did nothing.")
        if not len(self.person):
            return
        if not (np.diff(self.person) > 0).all():
            raise InputError("People must be in ascending order, each once. Add up their values.")
        if self.person[0] < 0 or self.person[-1] > MAX_PERSON:
            raise InputError(
                f"People are numbers from 0 to {MAX_PERSON}, not {self.person[0]} to"
                f" {self.person[-1]}."
            )


@dataclass(frozen=True)
class CountedArms:
    """The arms by block, and a row for each of their people who is listed anywhere.

    Rows are in the order of persons; `start` is where those of a block begin. `columns` has a
    row for each outcome, then each covariate; `arm` is a place in `arms`, which are in the order
    of their names. Made by `count_arms`, read by `read_part` and `read_parts`.
    """

    arms: Mapping[str, PersonSet]
    strata: Mapping[str, PersonSet] | None
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    listed: PersonSet
    start: Mapping[int, int]
    person: npt.NDArray[np.uint32]
    arm: npt.NDArray[np.int8]
    columns: Floats


def count_arms(
    arms: Mapping[str, PersonSet],
    *,
    outcomes: Mapping[str, Counted],
    covariates: Mapping[str, Counted] | None = None,
    strata: Mapping[str, PersonSet] | None = None,
) -> CountedArms:
    """The arms with what is known of their people, ready for any number of readouts.

    Nobody may be in two arms, or in two strata; each person of an arm must be in a stratum.
    """
    if len(arms) < 2:
        raise CannotTellError(code="too_few_arms", arms=len(arms))
    if not outcomes:
        raise InputError("No outcome is given; give at least one, such as tickets.")
    arms = dict(sorted(arms.items()))
    _check_apart(arms, "arms")
    if strata is not None:
        strata = dict(sorted(strata.items()))
        _check_apart(strata, "strata")
        _check_covered(arms, strata)
    known = [*outcomes.values(), *(covariates or {}).values()]
    listed: dict[int, BitMap] = {}
    start: dict[int, int] = {}
    parts = [(np.zeros(0, np.uint32), np.zeros(0, np.int8), np.zeros((len(known), 0)))]
    at = 0
    for block in sorted({b for people in arms.values() for b in people}):
        here = [people.get(block, BitMap()) for people in arms.values()]
        part = _block(block, here, known)
        persons = part[0]
        if len(persons):
            listed[block], start[block] = BitMap(persons), at
            parts.append(part)
            at += len(persons)
    person, arm, columns = (np.concatenate([p[i] for p in parts], axis=-1) for i in range(3))
    names = tuple(outcomes), tuple(covariates or {})
    return CountedArms(arms, strata, *names, listed, start, person, arm, columns)


def _block(
    block: int, arms: Sequence[BitMap], known: Sequence[Counted]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int8], Floats]:
    """The listed people of a block who are in an arm, their arms and their values."""
    ends = [block << BLOCK_BITS, (block + 1) << BLOCK_BITS]
    slices = [slice(*np.searchsorted(c.person, ends)) for c in known]
    lists = [c.person[s].astype(np.uint32) for c, s in zip(known, slices, strict=True)]
    everybody = BitMap.union(*(BitMap(x) for x in lists))
    of_arm = [ids_of(everybody & people) for people in arms]
    persons = np.sort(np.concatenate(of_arm))
    # A place for each id of the block, so that nothing is searched for.
    place = np.full(BLOCK_SIZE, -1, np.int32)
    place[persons & LOW] = np.arange(len(persons), dtype=np.int32)
    arm = np.zeros(len(persons), np.int8)
    for number, persons_of_arm in enumerate(of_arm):
        arm[place[persons_of_arm & LOW]] = number
    columns = np.zeros((len(known), len(persons)))
    for column, c, s, listed in zip(columns, known, slices, lists, strict=True):
        at = place[listed & LOW]
        column[at[at >= 0]] = c.value[s][at >= 0]
    return persons, arm, columns


def _check_apart(groups: Mapping[str, PersonSet], what: str) -> None:
    """An error where somebody is in two of the groups."""
    for block in {b for people in groups.values() for b in people}:
        before = BitMap()
        for people in _at(groups, block):
            if not before.isdisjoint(people):
                raise InputError(
                    f"Person {(before & people).min()} is in two {what}: chance is drawn once for"
                    f" each. The {what}: {', '.join(groups)}."
                )
            before |= people


def _check_covered(arms: Mapping[str, PersonSet], strata: Mapping[str, PersonSet]) -> None:
    """An error where somebody of an arm is in no stratum."""
    for block in {b for people in arms.values() for b in people}:
        rest = BitMap.union(BitMap(), *_at(arms, block)) - BitMap.union(
            BitMap(), *_at(strata, block)
        )
        if rest:
            raise InputError(f"Person {rest.min()} is in an arm, but in no stratum.")


def _at(groups: Mapping[str, PersonSet], block: int) -> Iterator[BitMap]:
    """The people of each group that has some in a block."""
    return (people[block] for people in groups.values() if block in people)


TICKETS, GROSS = "tickets", "gross"
BEFORE = "tickets before"
HOUSEHOLD = "household"
LineStates = Mapping[str, Mapping[str, PersonSet]]
"""By line, then state (treated, withheld, held out): its people."""


@dataclass(frozen=True)
class PeopleSales:
    """People with tickets, ascending: how many, and what was paid in one currency.

    Refunds are taken off. `unpriced` counts tickets without a price in that currency.
    """

    person: Ints
    tickets: Floats
    paid: Floats
    unpriced: int


@dataclass(frozen=True)
class Reached:
    """The impressions of a line, all of them, and the people who had one, by block.

    Impressions of accounts that are no known person count, and reach nobody.
    """

    people: PersonSet
    impressions: int


@dataclass(frozen=True)
class CampaignData:
    """All that a campaign's readout is computed from.

    `arms` are all its people, `lines` the states of each line, `spend` the money that went out by
    line, in the plan's currency. `sales` are of the film from `first` to `until`, `before` of any
    film in the year before; the run that was planned for ends on `ends`. With `units` chance was
    drawn for households, so these are what is compared.
    """

    campaign: SavedCampaign
    plan: Plan
    lines: LineStates
    arms: Mapping[str, PersonSet]
    sales: PeopleSales
    before: PeopleSales
    exposures: tuple[Exposure, ...]
    reached: Mapping[str, Reached]
    spend: Mapping[str, float]
    first: date
    until: date
    ends: date
    units: Units | None

    @property
    def share_observed(self) -> float:
        """How much of the days over which tickets count has been observed."""
        return (self.until - self.first).days / (self.ends - self.first).days

    @property
    def shares(self) -> dict[str, float]:
        """The intended shares of the arms."""
        out = float(self.campaign.body["holdout"])
        return {TREATED: 1 - out, HELD_OUT: out}

    @property
    def channel_holdout(self) -> float:
        """The share of the treated from whom each channel was withheld by lot."""
        return float(self.campaign.body.get("channel_holdout", 0.0))

    def reached_in(self, arm: str) -> PersonSet:
        """The people of an arm whom any line reached."""
        return only(union(*(r.people for r in self.reached.values())), self.arms[arm])

    def people_of(self, *lines: PlanLine) -> PersonSet:
        """Everybody in an arm of any of some lines."""
        states = [self.lines[x.id] for x in lines]
        return union(*(arm_people(states, s) for s in (TREATED, WITHHELD, HELD_OUT)))

    def compared(self, people: PersonSet) -> PersonSet:
        """Some people as they are compared: themselves, or their households."""
        return people if self.units is None else households_of(self.units, people)

    def counted(self, arms: Mapping[str, PersonSet]) -> CountedArms:
        """Arms with tickets and gross since the launch, and tickets of the year before."""
        outcomes = {
            TICKETS: Counted(self.sales.person, self.sales.tickets),
            GROSS: Counted(self.sales.person, self.sales.paid),
        }
        past = {BEFORE: Counted(self.before.person, self.before.tickets)}
        if self.units is not None:
            outcomes = {n: household_sums(self.units, c) for n, c in outcomes.items()}
            past = {n: household_sums(self.units, c) for n, c in past.items()}
        arms = {a: self.compared(p) for a, p in arms.items()}
        return count_arms(arms, outcomes=outcomes, covariates=past)

    def cost_of(self, part: PersonSet | None = None) -> dict[str, float]:
        """The money spent on the treated of a part, by all lines; nothing where none was.

        A line's money is that of each of its people in equal shares.
        """
        total = 0.0
        for line in self.plan.lines:
            treated = self.lines[line.id].get(TREATED, {})
            share = 1.0 if part is None else inside(treated, part) / max(1, size(treated))
            total += self.spend[line.id] * share
        return {TREATED: total} if total > 0 else {}


def lines_by(lines: Sequence[PlanLine], *fields: str) -> Mapping[str, list[PlanLine]]:
    """Lines by the values of some of their fields, as "audience · channel"."""
    groups: dict[str, list[PlanLine]] = {}
    for line in lines:
        groups.setdefault(" · ".join(getattr(line, f) for f in fields), []).append(line)
    return groups


def share_elapsed(line: PlanLine, until: date) -> float:
    """The share of a line's week that is over on a day."""
    return min(7, max(0, (until - line.week).days + 1)) / 7


def silent_channels(plan: Plan, exposures: Sequence[Exposure]) -> tuple[str, ...]:
    """The channels of a plan that reported no impression."""
    heard = {e.channel for e in exposures if e.impressions}
    return tuple(sorted({x.channel for x in plan.lines} - heard))


def spend_by_line(plan: Plan, exposures: Sequence[Exposure], until: date) -> dict[str, float]:
    """Money that went out by line: impressions at the plan's price.

    As planned by the day on a channel that reported nothing: its silence is no saving.
    """
    impressions = {e.line: e.impressions for e in exposures}
    silent = silent_channels(plan, exposures)
    spend = {}
    for line in plan.lines:
        price = line.spend / max(line.impressions, 1e-9)
        planned = line.spend * share_elapsed(line, until)
        spend[line.id] = planned if line.channel in silent else price * impressions.get(line.id, 0)
    return spend


def plan_against_actual(plan: Plan, readout: CampaignReadout) -> tuple[PlannedActual, ...]:
    """Impressions and spend by channel, then people reached and extra tickets, beside the plan.

    Spend on a channel that reported nothing is as planned, and so not an actual figure.
    """
    channels = lines_by(plan.lines, "channel")
    known = [c for c in channels if c not in silent_channels(plan, readout.exposures)]
    spend = spend_by_line(plan, readout.exposures, readout.as_of)
    delivered = {c: sum(e.impressions for e in readout.exposures if e.channel == c) for c in known}
    rows: list[PlannedActual] = []
    for quantity in ("impressions", "spend"):
        of_channels = []
        for channel, lines in channels.items():
            actual = float(delivered.get(channel, 0))
            if quantity == "spend":
                actual = sum(spend[x.id] for x in lines)
            planned = sum(getattr(x, quantity) for x in lines)
            so_far = sum(getattr(x, quantity) * share_elapsed(x, readout.as_of) for x in lines)
            of_channels.append(
                PlannedActual(quantity, channel, _exactly(planned), so_far,
                              _as_interval(actual) if channel in known else None)
            )  # fmt: skip
        rows += [*of_channels, _all_channels(of_channels)]
    reached = [n.reached for n in readout.notes if isinstance(n, TreatedReached)]
    rows.append(
        PlannedActual("people reached", "", _exactly(plan.reach), None,
                      _as_interval(reached[0]) if reached else None)
    )  # fmt: skip
    tickets = [e for e in readout.whole if e.outcome == TICKETS]
    extra = tickets[0].people if tickets else 0
    ends = tickets[0].range_at(readout.share_observed) if tickets else None
    won = (
        None if ends is None else Interval(*(extra * x for x in (ends.value, ends.low, ends.high)))
    )
    return (*rows, PlannedActual("extra tickets", "", plan.tickets, None, won))


def _all_channels(rows: Sequence[PlannedActual]) -> PlannedActual:
    """The sum over channels; what is not known of one is not known of all."""
    actual = [r.actual.value for r in rows if r.actual is not None]
    return PlannedActual(
        rows[0].quantity,
        "",
        _exactly(sum(r.planned.middle for r in rows)),
        sum(r.planned_so_far or 0.0 for r in rows),
        _as_interval(sum(actual)) if len(actual) == len(rows) else None,
    )


def _exactly(value: float) -> Amount:
    return Amount(value, value, value)


def _as_interval(value: float) -> Interval:
    return Interval(value, value, value)


def households_of(units: Units, people: PersonSet) -> PersonSet:
    """The households of some people, each under the number of its least person."""
    return by_block(np.unique(units.of(persons_of(people))))


def household_sums(units: Units, counted: Counted) -> Counted:
    """What the people of each household did together."""
    numbers, of = np.unique(units.of(counted.person), return_inverse=True)
    return Counted(
        numbers, np.bincount(of, counted.value, minlength=len(numbers)).astype(np.float64)
    )
