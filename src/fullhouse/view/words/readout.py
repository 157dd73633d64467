"""Experiments and campaign readouts in sentences: what changed, how sure that is, what is open."""

from collections.abc import Callable, Sequence
from math import inf, isinf
from typing import Any

from fullhouse.measurement.campaign_readout import (
    CHANNEL_ALONE,
    EVERYBODY,
    HABIT,
    NEW,
    WENT,
    WHOLE,
    ByHousehold,
    CampaignReadout,
    CardsNotJudged,
    EffectOnReached,
    HeldOutReached,
    Interim,
    NamedEffect,
    NoEffectOnReached,
    NoImpressions,
    NotChecked,
    PartNotRead,
    SavedRemark,
    SharedPeople,
    SilentChannels,
    TreatedReached,
    Unpriced,
)
from fullhouse.measurement.experiment import (
    BALANCE,
    LOST,
    SAMPLE_RATIO,
    ArmEffect,
    CityPairsReadout,
    CovariateExplains,
    GeoReadout,
    IntervalsApart,
    Readout,
    ReadoutNote,
    RepeatedRows,
    TreatmentPolicy,
    TreeLeaf,
    TwoFactors,
    Unknown,
    Uplift,
)
from fullhouse.stats.figures import Check, Interval
from fullhouse.view.words.figures import counted, day_words, money, share_words, text

CHECKS = {
    SAMPLE_RATIO: "the arms hold the shares of people they should",
    LOST: "no arm lost more of its people than another",
    BALANCE: "the arms were alike before the start",
}
UNCHECKED = {
    SAMPLE_RATIO: (
        "Not checked: whether the arms hold the shares of people they should, as no intended"
        " shares were given."
    ),
    BALANCE: "Not checked: whether the arms were alike before, as no covariates were given.",
}
UNKNOWN = {
    "relative": "The effect relative to the control is not known: {reason}",
    "cost each": "What each one cost is not known: {reason}",
    "any look": "{reason}",
    "adjustment": "{reason}",
    "": "{reason}",
}
GROUPS = {
    "audience": "audience", "channel": "channel", CHANNEL_ALONE: "channel by itself",
    "cities": "city group", "line": "line", HABIT: "cinema habit",
}  # fmt: skip
"""What a page calls the groups of parts; with an s where they are several."""
HABITS = {
    WENT: "Went to the cinema in the year before",
    NEW: "Did not go to the cinema in the year before",
}
SUMS = {
    "channel": "People are often on several channels: {several} of {people} here. So effects by"
    " channel share people: they do not add up, and cannot be compared channel against channel.",
    "audience": "{several} of {people} people are in several audiences, so effects by audience"
    " share people and do not add up.",
}
SHARED = "{several} of {people} people are in several parts, so these effects do not add up."


# What an experiment changed


def readout_sentences(readout: Readout) -> list[str]:
    """An experiment in sentences: what to know first, the effects, checks and what is unchecked."""
    first = [n for n in readout.notes if not isinstance(n, IntervalsApart)]
    last = [n for n in readout.notes if isinstance(n, IntervalsApart)]
    sentences = [s for effect in readout.effects for s in effect_sentences(effect)]
    checks = [check_sentence(c) for c in readout.checks]
    sentences = [*map(readout_note, first), *sentences, *map(readout_note, last)]
    return [*sentences, *checks, *(UNCHECKED[name] for name in readout.not_checked)]


def readout_note(note: ReadoutNote) -> str:
    """What to know of an experiment before its effects are believed."""
    match note:
        case RepeatedRows():
            return text(
                "Careful: {rows} rows seem to be of {people} people, in several rows each. Rows of"
                " one person are not independent, so the intervals are too narrow: add up each"
                " person's rows first, and name the column that tells people apart.",
                rows=f"{note.rows:,}", people=f"{note.rows_people:,}",
            )  # fmt: skip
        case CovariateExplains():
            return text(
                "Careful: the covariates explain {share} of {outcome}. One of them may be the"
                " outcome itself, or measured after the start: the effect is then adjusted away.",
                share=f"{100 * note.rho2:.1f} %", outcome=note.outcome,
            )  # fmt: skip
        case TwoFactors():
            return text(
                "Two things seem to be varied at once ({arms}). Each arm is compared with the"
                " control alone; for one of the two over both settings of the other, read the"
                " table again with a column of that one as the arm and the other as strata.",
                arms=", ".join(note.factorial_arms),
            )  # fmt: skip
        case IntervalsApart():
            return text(
                "Each of the {intervals} intervals holds at {level} by itself, not all at once;"
                " what is called proven holds over all of them.",
                intervals=note.intervals, level=f"{100 * note.level:g} %",
            )  # fmt: skip


def effect_sentences(effect: ArmEffect) -> list[str]:
    """What an arm changed, or that the data cannot tell; then what goes with it."""
    return [effect_sentence(effect), *_beside(effect), *map(unknown_sentence, effect.unknown)]


def effect_sentence(effect: ArmEffect) -> str:
    """The difference between an arm and its control, with its interval."""
    estimate, (per, times) = effect.headline, _unit(effect)
    value, low, high = (times * x for x in (estimate.value, estimate.low, estimate.high))
    places = {"outcome": effect.outcome, "per": per, "arm": effect.arm, "control": effect.control,
              "level": f"{100 * estimate.level:g} %"}  # fmt: skip
    if estimate is not effect.effect:
        places["level"] = text("{level}, at any look,", level=places["level"])
    if effect.proven:
        sign = 1 if value > 0 else -1
        ends = sorted((sign * low, sign * high))
        return text(
            "People in arm '{arm}' had {value} {more} {outcome} {per} than those in '{control}'"
            " ({level} interval {low} to {high}).",
            value=f"{abs(value):.3g}", more="more" if sign > 0 else "less",
            low=f"{ends[0]:.3g}", high=f"{ends[1]:.3g}", **places,
        )  # fmt: skip
    alone = low > 0 or high < 0
    template = (
        "The data cannot tell whether arm '{arm}' changed {outcome}: between {low} and {high} {per}"
        " ({level} interval)"
    )
    template += ", and not over all comparisons made (p = {p})." if alone else "."
    return text(template, low=f"{low:.3g}", high=f"{high:.3g}", p=p_words(effect.holm_p), **places)


def _beside(effect: ArmEffect) -> list[str]:
    """What stands beside an effect: relative to the control, adjusted, capped, its cost."""
    per, times = _unit(effect)
    lines = []
    if effect.always_valid is not None and effect.always_valid is effect.headline:
        looked, one = effect.always_valid, effect.effect
        lines.append(text(
            "Only {share} of the planned sample is observed, so this range holds at any look;"
            " if this were the one look planned, it would be {low} to {high} {per}, and only then"
            " do the ranges below hold.",
            low=f"{times * one.low:.3g}", high=f"{times * one.high:.3g}", per=per,
            share=share_words(min(1.0, looked.share)),
        ))  # fmt: skip
    if effect.relative is not None:
        lines.append(_relative_sentence(effect.relative))
    if effect.cuped is not None:
        lines.append(text(
            "Covariates explain {share} of the variance and narrow the interval to {width} of its"
            " width (in theory {theory}).",
            share=f"{100 * effect.cuped.rho2:.1f} %", width=f"{100 * effect.cuped.width:.1f} %",
            theory=f"{100 * effect.cuped.theory:.1f} %",
        ))  # fmt: skip
    if effect.always_valid is not None and effect.always_valid is not effect.headline:
        looked = effect.always_valid
        lines.append(text(
            "At any look: {low} to {high} {per} ({share} of the planned sample observed).",
            low=f"{times * looked.low:.3g}", high=f"{times * looked.high:.3g}", per=per,
            share=share_words(min(1.0, looked.share)),
        ))  # fmt: skip
    if effect.capped is not None:
        capped = effect.capped.effect
        lines.append(text(
            "With each person capped at {cap} ({above} were above): {value} {per} ({low} to"
            " {high}).",
            cap=f"{effect.capped.cap:,.6g}", above=f"{effect.capped.above:,}", per=per,
            value=f"{times * capped.value:.3g}", low=f"{times * capped.low:.3g}",
            high=f"{times * capped.high:.3g}",
        ))  # fmt: skip
    if effect.cost_each is not None:
        lines.append(text("Each one won cost {range}.", range=_range(effect.cost_each, 1, "")))
    if effect.return_on_spend is not None:
        lines.append(text(
            "Each unit of money spent brought {range} {outcome}.",
            range=_range(effect.return_on_spend, 1, ""), outcome=effect.outcome,
        ))  # fmt: skip
    return lines


def _relative_sentence(relative: Interval) -> str:
    if isinf(relative.value):
        return text("That is at least {low} of the control's.", low=f"{100 * relative.low:,.3g} %")
    return text("That is {range} of the control's.", range=_range(relative, 100, " %"))


def unknown_sentence(unknown: Unknown) -> str:
    """What could not be computed of an effect, and why."""
    return text(UNKNOWN.get(unknown.figure, "{reason}"), reason=unknown.reason)


def check_sentence(check: Check) -> str:
    """A check that was passed."""
    what = CHECKS.get(check.name, check.name)
    return text("Check passed: {what} (p = {p}).", what=what, p=p_words(check.p))


def geo_sentences(readout: GeoReadout) -> list[str]:
    """What the treated cities sold more, or that the data cannot tell; then how that is known."""
    u, r = readout.units, readout.relative
    places = {
        "value": f"{u.value:,.0f}", "unit": readout.value, "share": f"{100 * r.value:.1f} %",
        "cities": _treated_words(readout.treated), "low": f"{u.low:,.0f}", "high": f"{u.high:,.0f}",
        "share_low": f"{100 * r.low:.1f} %", "share_high": f"{100 * r.high:.1f} %",
        "level": f"{100 * readout.level:g} %",
    }  # fmt: skip
    if readout.proven:
        first = (
            "The campaign brought {value} {unit} ({share}) in {cities} ({level} interval {low} to"
            " {high}, {share_low} to {share_high})."
        )
    else:
        first = (
            "The data cannot tell whether the campaign changed anything in {cities}: {value} {unit}"
            " ({share}), {level} interval {low} to {high}, {share_low} to {share_high}."
        )
    return [text(first, **places), *_how_cities_compare(readout), *_geo_notes(readout)]


MOST_NAMED = 5


def _treated_words(cities: Sequence[str]) -> str:
    """The treated cities by name, or how many there are."""
    if len(cities) > MOST_NAMED:
        return text("{count} treated cities", count=len(cities))
    return " and ".join(cities)


def _how_cities_compare(readout: GeoReadout) -> list[str]:
    if readout.basis == "cities":
        return [text(
            "Moving the campaign to {placebos} other sets of cities gives p = {p_cities}. The"
            " interval is for one relative effect common to all treated cities, and exact where"
            " these were drawn by lot.",
            placebos=f"{readout.placebos:,}", p_cities=p_words(readout.p_cities),
        )]  # fmt: skip
    return [text(
        "Moving the campaign in time gives p = {p}; moving it to {placebos} other sets of cities"
        " gives p = {p_cities}.",
        p=p_words(readout.p or 0.0), placebos=readout.placebos, p_cities=p_words(readout.p_cities),
    )]  # fmt: skip


def _geo_notes(readout: GeoReadout) -> list[str]:
    """What to know of the cities before the effect is believed."""
    lines = []
    if readout.apart_before and readout.p_before is not None:
        lines.append(text(
            "Careful: just before the campaign the treated cities already sold differently than"
            " the others (p = {p}), so part of the difference may not be the campaign's.",
            p=p_words(readout.p_before),
        ))  # fmt: skip
    gaps = readout.filled
    if gaps is not None:
        rule = (
            "counted as 0"
            if gaps.rule == "zero"
            else "filled in from the same weekdays of the same city, never across the campaign's"
            " start"
        )
        lines.append(text(
            "{missing} of {of} rows were missing and were {rule}; the most in {city}, {share} of"
            " its own.",
            missing=f"{gaps.city_days:,}", of=f"{gaps.of:,}", rule=text(rule),
            city=gaps.most_city, share=share_words(gaps.most_share),
        ))  # fmt: skip
    return lines


def city_pairs_sentences(readout: CityPairsReadout) -> list[str]:
    """What the treated cities sold more, or that the data cannot tell; then how that is known."""
    u, r, pairs = readout.units, readout.relative, len(readout.treated)
    places = {
        "value": _count(u.value), "unit": readout.value, "share": _percent(r.value),
        "low": _count(u.low), "high": _count(u.high), "share_low": _percent(r.low),
        "share_high": _percent(r.high), "level": f"{100 * readout.level:g} %",
        "p": f"{readout.p:.2g}", "cities": pairs,
    }  # fmt: skip
    if readout.proven:
        first = (
            "The campaign brought {value} {unit} ({share}) in {cities} treated cities ({level}"
            " interval {low} to {high}, {share_low} to {share_high}; p = {p})."
        )
    else:
        first = (
            "The data cannot tell whether the campaign changed anything in {cities} treated cities:"
            " {value} {unit} ({share}), {level} interval {low} to {high}, {share_low} to"
            " {share_high} (p = {p})."
        )
    lines = [text(first, **places)]
    if readout.returned is not None:
        back = readout.returned
        lines.append(text(
            "Each unit of money spent brought back {value} ({low} to {high}).",
            value=f"{back.value:.2f}", low=f"{back.low:.2f}", high=f"{back.high:.2f}",
        ))  # fmt: skip
    if readout.cost is not None:
        each = readout.cost
        lines.append(text(
            "Each one won cost {value} ({low} to {high}).",
            value=f"{each.value:,.2f}", low=f"{each.low:,.2f}", high=_count(each.high),
        ))  # fmt: skip
    if readout.no_cost is not None:
        lines.append(str(readout.no_cost))
    how = "all" if readout.exact else text("{sets} random ones", sets=f"{readout.sets:,}")
    lines.append(text(
        "Compared with {how} of the 2^{pairs} ways in which the lot could have drawn one city of"
        " each of {pairs} pairs, so heavy tails and days that go together do not mislead. The"
        " interval is for one relative effect common to all cities.",
        how=how, pairs=pairs,
    ))  # fmt: skip
    return [*lines, *map(str, readout.notes)]


def uplift_sentence(uplift: Uplift) -> str:
    """Whether people differ, whether an order by uplift is better than chance, and than propensity.

    Three claims, each with its figures.
    """
    q, gain = uplift.qini, uplift.gain
    places = {"arm": uplift.arm, "outcome": uplift.outcome}
    differ = (
        "People differ in how arm '{arm}' changes {outcome}"
        if uplift.people_differ
        else "No difference between people proven in how arm '{arm}' changes {outcome}"
    )
    if uplift.differ_p is not None:
        differ += " (p = {p})"
        places["p"] = p_words(uplift.differ_p)
    order = (
        "An order of people by uplift is better than chance: Qini {qini} ({low} to {high}) on"
        " held-out people."
        if uplift.order_proven
        else "No order by uplift is proven better than chance: Qini {qini} ({low} to {high}) on"
        " held-out people."
    )
    over = (
        "It is better than an order by propensity alone, by {gain} ({gain_low} to {gain_high})."
        if uplift.proven
        else "That it is better than propensity alone is not proven: {gain} ({gain_low} to"
        " {gain_high})."
    )
    return " ".join([
        text(differ + ".", **places),
        text(order, qini=f"{q.value:.3f}", low=f"{q.low:.3f}", high=f"{q.high:.3f}"),
        text(over, gain=f"{gain.value:+.3f}", gain_low=f"{gain.low:+.3f}",
             gain_high=f"{gain.high:+.3f}"),
    ])  # fmt: skip


def policy_sentences(policy: TreatmentPolicy) -> list[str]:
    """Who to treat, and what each way of choosing earns on people it was not learned from."""
    lines = [
        text(
            "At {cost} a person and {margin} for each {outcome}, on people it was not learned from,"
            " over treating nobody (all {people} people, {level} intervals):",
            cost=f"{policy.cost_each:,.6g}", margin=f"{policy.margin:,.6g}",
            outcome=policy.outcome, people=f"{policy.people:,}", level=f"{100 * policy.level:g} %",
        ),
        *(
            text("{what} earns {profit}, treating {share} of people.", what=what,
                 profit=_signed_range(earned.profit), share=share_words(earned.treated))
            for what, earned in (
                ("Treating by score", policy.scores),
                ("Treating by the rule below", policy.tree),
                ("Treating everybody", policy.everybody),
            )
        ),
        text("Scores earn {more} more than treating everybody.",
             more=_signed_range(policy.over_all)),
    ]  # fmt: skip
    return [*lines, rule_sentence(policy)]


def rule_sentence(policy: TreatmentPolicy) -> str:
    """The tree as a rule that a person can follow."""
    treated = [leaf for leaf in policy.rule if leaf.treat]
    if not treated:
        return text("Rule: treat nobody.")
    if len(treated) == len(policy.rule):
        return text("Rule: treat everybody.")
    return text("Rule: treat people with {people}.", people="; or ".join(map(leaf_words, treated)))


def leaf_words(leaf: TreeLeaf) -> str:
    """Who is in a leaf, what part of all people that is, and how much treating moves them."""
    who = " and ".join(
        f"{c.column} {_relation(c.relation)} {c.value:,.6g}"
        if isinstance(c.value, float)
        else f"{c.column} {_relation(c.relation)} {c.value!r}"
        for c in leaf.conditions
    )
    return text(
        "{who} ({share} of people, {uplift} each)",
        who=who, share=share_words(leaf.share), uplift=f"{leaf.uplift:+.3g}",
    )  # fmt: skip


def _relation(relation: str) -> str:
    words = {"above": "above", "at most": "of at most", "is": "being", "is not": "not being"}
    return text(words[relation])


def _signed_range(interval: Interval) -> str:
    return text(
        "{value} ({low} to {high})",
        value=f"{interval.value:+,.4g}", low=f"{interval.low:+,.4g}",
        high=f"{interval.high:+,.4g}",
    )  # fmt: skip


# What a campaign changed


def campaign_sentences(readout: CampaignReadout) -> list[str]:
    """A campaign's readout: what it sold, which parts are proven, checks, what to know."""
    return [
        *sold_sentences(readout),
        *proven_sentences(readout),
        *map(check_sentence, readout.checks),
        *note_sentences(readout),
    ]


def sold_sentences(readout: CampaignReadout) -> list[str]:
    """What the whole campaign sold in tickets and in gross, and what that cost, or that it is open.

    Before the run that was planned is over, by the interval that holds at any look.
    """
    return [sold_sentence(readout, effect) for effect in readout.whole]


def sold_sentence(readout: CampaignReadout, effect: ArmEffect) -> str:
    """What the whole campaign changed in one outcome, over all its people."""
    ends = effect.range_at(readout.share_observed)
    value, low, high = (effect.people * x for x in (ends.value, ends.low, ends.high))
    unit: Callable[[float], str] = rounded_count
    if effect.outcome != "tickets":
        unit = lambda amount: money(amount, readout.currency)  # noqa: E731  (one of two formats)
    places = {"what": effect.outcome, "when": day_words(readout.as_of)}
    if low <= 0 <= high:
        return text(
            "As of {when}, the data cannot tell whether the campaign changed {what}: between"
            " {low} and {high}.",
            low=signed(low, unit), high=signed(high, unit), **places,
        )  # fmt: skip
    amount, first, last = abs(value), *sorted((abs(low), abs(high)))
    places |= {"amount": unit(amount), "low": unit(first), "high": unit(last),
               "more": more_words(effect, value)}  # fmt: skip
    if effect.outcome == "tickets":
        template = "The campaign sold about {amount} extra tickets (likely {low} to {high}){more}."
        if value < 0:
            template = "The campaign cost about {amount} tickets (likely {low} to {high}){more}."
    else:
        template = (
            "The campaign brought in about {amount} of extra {what} (likely {low} to {high})."
        )
        if value < 0:
            template = "The campaign cost about {amount} of {what} (likely {low} to {high})."
    return " ".join([text(template, **places), *_cost_sentences(readout, effect)])


def _cost_sentences(readout: CampaignReadout, effect: ArmEffect) -> list[str]:
    if readout.share_observed < 1:
        return []
    lines = []
    if effect.cost_each is not None:
        each = _each(effect.cost_each, readout.currency)
        lines.append(text("An extra ticket cost {each}.", each=each))
    if effect.return_on_spend is not None:
        back = effect.return_on_spend
        lines.append(text(
            "Each {currency} spent brought back {value} (likely {low} to {high}).",
            currency=readout.currency, value=f"{back.value:,.2f}", low=f"{back.low:,.2f}",
            high=f"{back.high:,.2f}",
        ))  # fmt: skip
    return lines


def per_person_sentence(readout: CampaignReadout, effect: ArmEffect) -> str:
    """What people who got the campaign bought more than those who did not, per so many people."""
    ends = effect.range_at(readout.share_observed)
    per = 10 ** max(0, min(6, -_magnitude(ends.value))) if ends.value else 100
    per = max(per, 100)
    value, low, high = (per * x for x in (ends.value, ends.low, ends.high))
    spent = effect.outcome != "tickets"
    what = readout.currency if spent else effect.outcome
    if low <= 0 <= high:
        template = (
            "Whether people who got the campaign bought more is not clear: between {low} and"
            " {high} {what} per {per} people."
        )
        if spent:
            template = (
                "Whether people who got the campaign spent more is not clear: between {low} and"
                " {high} {what} per {per} people."
            )
        return text(
            template,
            low=f"{low:+.3g}".replace("-", "−"), high=f"{high:+.3g}".replace("-", "−"), what=what,
            per=f"{per:,}",
        )  # fmt: skip
    first, last = sorted((abs(low), abs(high)))
    template = (
        "People who got the campaign bought {value} {more} {what} per {per} than those who did not"
        " (likely {low} to {high})."
    )
    more = "more" if value > 0 else "fewer"
    if spent:
        template = (
            "People who got the campaign spent {value} {what} {more} per {per} people than those"
            " who did not (likely {low} to {high})."
        )
        more = "more" if value > 0 else "less"
    return text(
        template, value=f"{abs(value):.3g}", more=more, what=what,
        per=f"{per:,}", low=f"{first:.3g}", high=f"{last:.3g}",
    )  # fmt: skip


def more_words(effect: ArmEffect, value: float) -> str:
    """How much of what these people would have bought that is, after a comma; or nothing."""
    if effect.relative is None or value < 0:
        return ""
    share = effect.relative.value
    if 0.9 <= share <= 1.1:
        return text(", doubling what these people would have bought")
    if share > 1.1:
        return text(", {times} times what these people would have bought", times=f"{1 + share:.1f}")
    return text(", {share} more than these people would have bought", share=share_words(share))


def proven_sentences(readout: CampaignReadout) -> list[str]:
    """For each group, in how many of its parts an effect is proven, over all parts, and which.

    A part counts once, whatever number of outcomes was measured of it.
    """
    lines, open_parts, shared_lines = [], [], []
    for group in dict.fromkeys(e.group for e in readout.effects if e.group != WHOLE):
        effects = [e for e in readout.effects if e.group == group]
        names = list(dict.fromkeys(e.name for e in effects))
        proven = [n for n in names if any(e.effect.proven for e in effects if e.name == n)]
        parts = counted(len(names), GROUPS.get(group, group))
        # Lines are many, and their names long: they stand in the table.
        listed = [part_words(group, n) for n in proven] if group != "line" else []
        if proven:
            lines.append(text(
                "An effect is proven in {proven} of {parts}{names}.",
                proven=len(proven), parts=parts,
                names=f": {'; '.join(listed)}" if listed else "",
            ))  # fmt: skip
        else:
            open_parts.append(parts)
        shared = readout.shared(group)
        if shared is not None and group in SUMS and len(names) > 1:
            shared_lines.append(shared_sentence(shared))
    if open_parts:
        lines.append(text("No effect is proven in {parts}.", parts=text(" or ").join(
            [", ".join(open_parts[:-1]), open_parts[-1]] if len(open_parts) > 1 else open_parts
        )))  # fmt: skip
    return [*lines, *shared_lines]


def part_words(group: str, name: str) -> str:
    """What a page calls a part."""
    if group == WHOLE:
        return "The whole campaign" if name == EVERYBODY else name
    if group == HABIT:
        return HABITS.get(name, name)
    return text("{name}, by itself", name=name) if group == CHANNEL_ALONE else name


def shared_sentence(note: SharedPeople) -> str:
    """Why the effects of a group neither add up nor compare."""
    return text(SUMS.get(note.group, SHARED), several=f"{note.in_several:,}",
                people=f"{note.people:,}")  # fmt: skip


def note_sentences(readout: CampaignReadout) -> list[str]:
    """What to know of a readout; that parts share people stands with the parts."""
    return [NOTES[type(note)](note) for note in readout.notes if not isinstance(note, SharedPeople)]


def _interim(note: Interim) -> str:
    return text(
        "Interim: tickets are known up to {until}. The day planned for the result is {ends}; until"
        " then only the interval that holds at any look may be acted on.",
        until=day_words(note.until), ends=day_words(note.ends),
    )  # fmt: skip


def _reached(note: TreatedReached) -> str:
    return text(
        "Reached at least once: {reached} of {treated} treated people.",
        reached=f"{note.reached:,}", treated=f"{note.treated:,}",
    )  # fmt: skip


def _on_reached(note: EffectOnReached) -> str:
    value, low, high = (100 * x for x in (note.tickets.value, note.tickets.low, note.tickets.high))
    return text(
        "For the people reached that is {value} tickets per 100 ({low} to {high}), if the"
        " advertising does nothing to people it does not reach.",
        value=f"{value:+.3g}", low=f"{low:+.3g}", high=f"{high:+.3g}",
    )  # fmt: skip


def _leaked(note: HeldOutReached) -> str:
    return text(
        "{reached} of {out} held-out people got the advertising all the same ({share}), so the true"
        " effect may be as large as {highest} tickets per 100 people.",
        reached=f"{note.reached:,}", out=f"{note.held_out:,}",
        share=share_words(note.reached / max(1, note.held_out)),
        highest=f"{100 * note.highest:.3g}",
    )  # fmt: skip


def _unpriced(note: Unpriced) -> str:
    return text(
        "{tickets} have no price in {currency}: they count as tickets and not in gross.",
        tickets=counted(note.tickets, "ticket"), currency=note.currency,
    )  # fmt: skip


def _not_checked(note: NotChecked) -> str:
    sentence = UNCHECKED.get(note.check, note.check)
    return f"{note.part}: {sentence}" if note.part else sentence


NOTES: dict[type, Callable[[Any], str]] = {
    Interim: _interim,
    ByHousehold: lambda _: text("Arms are by household, so figures are per household."),
    NoImpressions: lambda _: text(
        "No channel reported an impression, so spend is as planned, and who was reached is not"
        " known."
    ),
    SilentChannels: lambda n: text(
        "No impression was reported from {channels}: its spend is as planned, and whom it reached"
        " is not known.",
        channels=", ".join(n.channels),
    ),
    TreatedReached: _reached,
    EffectOnReached: _on_reached,
    NoEffectOnReached: lambda n: str(n.reason),
    HeldOutReached: _leaked,
    Unpriced: _unpriced,
    SharedPeople: shared_sentence,
    NotChecked: _not_checked,
    PartNotRead: lambda n: text(
        "{part} is not measured: {reason}", part=part_words(n.group, n.name), reason=n.reason
    ),
    CardsNotJudged: lambda n: text(
        "The claims of audience cards are not checked yet: {reason}", reason=n.reason
    ),
    SavedRemark: lambda n: n.text,
}
"""The sentence of each kind of note."""


def unproven_words(readout: CampaignReadout) -> list[str]:
    """Which parts have no proven effect: each once, lines only counted."""
    by_part: dict[tuple[str, str], list[NamedEffect]] = {}
    for e in readout.effects:
        by_part.setdefault((e.group, e.name), []).append(e)
    open_ = [k for k, effects in by_part.items() if not any(e.effect.proven for e in effects)]
    names = [part_words(group, name) for group, name in open_ if group != "line"]
    lines = len(open_) - len(names)
    # Lines are many: each stands in the table with its interval.
    names += [counted(lines, "line")] if lines else []
    if not names:
        return []
    return [text("No effect is proven for: {names}.", names="; ".join(names))]


def rounded_count(amount: float) -> str:
    """A count to three digits: more would look surer than it is.

    >>> rounded_count(29_815.2), rounded_count(205.3), rounded_count(3.14159)
    ('29,800', '205', '3.1')
    """
    if abs(amount) < 10:
        return f"{amount:.1f}" if amount else "0"
    size = 10 ** max(0, len(f"{abs(amount):.0f}") - 3)
    return f"{size * round(amount / size):,}"


def signed(amount: float, unit: Callable[[float], str]) -> str:
    """An amount with its sign."""
    return f"{'−' if amount < 0 else '+'}{unit(abs(amount))}"


def p_words(p: float) -> str:
    """A p to three digits after the point.

    >>> p_words(0.0314), p_words(0.00002)
    ('0.031', 'below 0.001')
    """
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def _magnitude(value: float) -> int:
    return int(f"{abs(value):e}".split("e")[1])


def _each(cost: Interval, currency: str) -> str:
    high = f"{cost.high:,.2f}" if cost.bounded else "no upper end"
    return f"{cost.value:,.2f} {currency} (likely {cost.low:,.2f} to {high})"


def _unit(effect: ArmEffect) -> tuple[str, float]:
    return ("per 100 people", 100.0) if effect.yes_or_no else ("a person", 1.0)


def _range(interval: Interval, times: float, unit: str) -> str:
    high = "no upper end" if isinf(interval.high) else f"{times * interval.high:,.3g}{unit}"
    low = f"{times * interval.low:,.3g}{unit}"
    return f"{times * interval.value:,.3g}{unit} ({low} to {high})"


def _count(value: float) -> str:
    return f"{value:,.0f}" if abs(value) != inf else "no bound"


def _percent(value: float) -> str:
    return f"{100 * value:+.1f} %" if abs(value) != inf else "no bound"
