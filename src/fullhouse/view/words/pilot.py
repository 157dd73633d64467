"""A pilot in words: what it is, what each audience says, and whether to go on."""

from fullhouse.measurement.pilot import PilotAudienceLook, PilotLook
from fullhouse.planning.plan import Plan
from fullhouse.stats.figures import AlwaysValid
from fullhouse.view.words.figures import day_words, share_words, text

LOOK_COLUMNS = (
    "audience", "shown it", "wanted it", "held out", "wanted it", "added per 1,000 (at any look)",
    "response, times (80 %)",
)  # fmt: skip
PILOT_COLUMNS = ("audience", "people shown it", "of its people", "response, times", "candidate")


def pilot_rows(plan: Plan) -> list[tuple[str, ...]]:
    """A row of PILOT_COLUMNS for each audience of a pilot."""
    return [
        (
            a.audience,
            f"{a.people:,.0f}",
            share_words(a.share * (1 - plan.holdout)),
            f"{a.response:.1f}",
            text("yes") if a.candidate else "-",
        )
        for a in plan.piloted
    ]


def pilot_words(plan: Plan) -> list[str]:
    """What a pilot shows to whom, and what it is for."""
    [line, *_] = plan.lines
    weeks = len({x.week for x in plan.lines})
    return [
        text(
            "A pilot on {channel}: {people:,} people of {audiences} audiences, chosen by chance,"
            " are shown “{title}” {often:g} times a week for {weeks} weeks from {first}, for"
            " {spend} of {budget}.",
            channel=line.channel,
            people=round(sum(a.people for a in plan.piloted)),
            audiences=len(plan.piloted),
            title=plan.title,
            often=round(line.impressions / max(line.people, 1.0)),
            weeks=weeks,
            first=day_words(min(x.week for x in plan.lines)),
            spend=_money(plan.spend, plan.currency),
            budget=_money(plan.budget, plan.currency),
        )
    ]


def look_row(a: PilotAudienceLook) -> tuple[str, ...]:
    """A row of LOOK_COLUMNS."""
    c, r = a.counts, a.response
    return (
        a.audience, f"{c.treated:,}", f"{c.treated_interested:,}", f"{c.held_out:,}",
        f"{c.held_out_interested:,}", _per_thousand(a.lift),
        f"{r.value:.1f} ({r.low:.1f}–{r.high:.1f})",
    )  # fmt: skip


def look_words(look: PilotLook) -> list[str]:
    """What to do with a pilot, why, and what else it shows."""
    lines = [headline(look), *_whole_words(look), *_contrast_words(look), *_plan_words(look)]
    if look.ended:
        lines.append(text("The pilot is ended: its channels give back whom they were handed."))
    return lines


def headline(look: PilotLook) -> str:
    """The one sentence: go on, or end it, and why."""
    match look.verdict:
        case "proven":
            return text(
                "End it: the candidates respond more than what they buy explains. Plan by it."
            )
        case "likely":
            return text(
                "End it: the plan that learns from it is better with {share}. Plan by it.",
                share=share_words(look.better or 0.0),
            )
        case "no_more":
            return text("End it: the candidates respond less than what they buy explains.")
        case "cannot_show":
            return text(
                "End it: neither the days nor the people that are left would show a difference."
            )
        case "nothing_to_compare":
            return text(
                "It has no candidates to compare with others: it says what showing the film adds"
                " to each audience, and no more."
            )
        case "go_on" | "too_few_interested":
            return _go_on(look)


def _go_on(look: PilotLook) -> str:
    if look.more_days is not None and look.more_people is not None:
        template = "Go on: {days:,} more days, or {people:,} more people, may show a difference."
    elif look.more_days is not None:
        template = "Go on: {days:,} more days may show a difference."
    else:
        template = (
            "Go on with more people: {people:,} more may show a difference, and no time is left."
        )
    return text(template, days=look.more_days or 0, people=look.more_people or 0)


def _whole_words(look: PilotLook) -> list[str]:
    c, whole = look.whole.counts, look.whole
    what = "households" if look.by == "household" else "people"
    lines = [
        text(
            "Since {first}, {treated_interested:,} of {treated:,} {what} who were shown it want"
            " it, and {held_out_interested:,} of {held_out:,} who were held out.",
            first=day_words(look.first), what=text(what), **vars(c),
        )
    ]  # fmt: skip
    if whole.lift is None:
        lines.append(text("Too few want it yet to say what showing it added."))
    else:
        lines.append(
            text(
                "Showing it added {lift} per 1,000, at whatever day one looks.",
                lift=_per_thousand(whole.lift),
            )
        )
    if whole.watched:
        lines.append(
            text(
                "{watched:,} of those shown it watched the trailer, {completed:,} of them to the"
                " end.",
                watched=whole.watched, completed=whole.completed,
            )
        )  # fmt: skip
    return lines


def _contrast_words(look: PilotLook) -> list[str]:
    if look.contrast is None:
        return []
    c = look.contrast
    return [
        text(
            "By ticket bought anyway it added {value:.2f} ({low:.2f} to {high:.2f}, at any look)"
            " more among the candidates than among the others.",
            value=c.value, low=c.low, high=c.high,
        )
    ]  # fmt: skip


def _plan_words(look: PilotLook) -> list[str]:
    if look.budget is None or look.moved is None:
        return []
    money = _money(look.moved, look.currency)
    of = _money(look.budget, look.currency)
    lines = [text("With it a plan of {of} spends {money} elsewhere.", of=of, money=money)]
    if look.better is not None:
        lines.append(
            text(
                "That plan sells more than one by what people buy anyway with {share}.",
                share=share_words(look.better),
            )
        )
    return lines


def _per_thousand(lift: AlwaysValid | None) -> str:
    if lift is None:
        return text("too few")
    value, low, high = (1000 * x for x in (lift.value, lift.low, lift.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.0f} {currency}"
