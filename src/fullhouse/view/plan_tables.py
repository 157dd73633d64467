"""The tables on the page of a plan, and each of them as data."""

from collections.abc import Mapping, Sequence
from math import fsum

from fullhouse.planning.plan import Amount, Plan, PlanLine
from fullhouse.view.page import Html, csv_of, data_link, kept, section, table, tag
from fullhouse.view.words.figures import day_words, share_words
from fullhouse.view.words.plan import as_of_words, holdout_words, tickets_words

NUMBER, WORDS = "n", ""
Power = tuple[str, float, str]
"""What is measured, the smallest true effect that would be found, and the unit of it."""


def audiences_table(plan: Plan, lines: Mapping[str, Sequence[PlanLine]]) -> Html:
    """A row for each audience with the sums of its lines, and one for the plan."""
    heads = [("audience", WORDS), (f"spend, {plan.currency}", NUMBER), ("tickets more", NUMBER)]
    rows = [_audience(plan, name, mine) for name, mine in lines.items()]
    rows.append(tuple(tag("b", c) for c in _sum(plan)))
    return table(heads, rows)


def _audience(plan: Plan, name: str, lines: Sequence[PlanLine]) -> tuple[object, ...]:
    spend = fsum(x.spend for x in lines)
    measured = "measured before" if all(x.tested for x in lines) else "never measured"
    return (
        Html(tag("span", name) + tag("small", tag("code", lines[0].rule)) + tag("small", measured)),
        Html(tag("span", f"{spend:,.0f}") + tag("small", share_words(spend / plan.spend))),
        tickets_words(fsum(x.tickets.middle for x in lines)),
    )


def _sum(plan: Plan) -> tuple[object, ...]:
    return (
        "the plan",
        f"{plan.spend:,.0f}",
        kept(tickets_words(plan.tickets.middle), f"({_range(plan.tickets)})"),
    )


def lines_table(plan: Plan, lines: Sequence[PlanLine]) -> Html:
    """A row for each line, by week."""
    heads = [
        ("week of", WORDS), ("channel, cities", WORDS), (f"spend, {plan.currency}", NUMBER),
        ("impressions", NUMBER), ("people", NUMBER), ("reached", NUMBER), ("times each", NUMBER),
        ("tickets more", NUMBER),
    ]  # fmt: skip
    ordered = sorted(lines, key=lambda x: (x.week, x.channel, x.cities))
    return table(heads, [_line(x) for x in ordered])


def _line(line: PlanLine) -> tuple[object, ...]:
    return (
        day_words(line.week, short=True).replace(" ", "\u00a0"),
        Html(tag("span", line.channel) + tag("small", line.cities)),
        f"{line.spend:,.0f}",
        f"{line.impressions:,.0f}",
        f"{line.people:,.0f}",
        f"{line.reach:,.0f}",
        f"{line.frequency:.1f}",
        kept(tickets_words(line.tickets.middle), f"({_range(line.tickets)})"),
    )


def lines_link(plan: Plan) -> Html:
    """A link that saves all lines of a plan as CSV."""
    rows = [
        {k: v for k, v in line.items() if k not in {"tickets", "gross"}}
        | {f"{name}_{end}": line[name][end] for name in ("tickets", "gross") for end in line[name]}
        for line in plan.to_dict()["lines"]
    ]
    return data_link("Download all lines", f"{plan.film}-lines.csv", csv_of(rows), "text/csv")


def unreachable_section(plan: Plan) -> list[Html]:
    """The people that no channel addresses."""
    left = [u for u in plan.unreachable if u.unreachable > 0]
    if not left:
        return []
    heads = [
        ("audience", WORDS), ("people", NUMBER), ("on no channel", NUMBER), ("of them", NUMBER),
        ("tickets", NUMBER),
    ]  # fmt: skip
    rows = [
        (u.audience, f"{u.people:,.0f}", f"{u.unreachable:,.0f}",
         kept(share_words(u.unreachable / u.people)), tickets_words(u.tickets))
        for u in left
    ]  # fmt: skip
    words = f"No channel of the plan addresses these people. {as_of_words(plan)} "
    told = [dict(zip(("audience", "people", "unreachable", "tickets"),
                     (u.audience, u.people, u.unreachable, u.tickets), strict=True))
            for u in left]  # fmt: skip
    link = data_link("Download as data", f"{plan.film}-unreachable.csv", csv_of(told), "text/csv")
    return [section("Whom it cannot reach", table(heads, rows), tag("p", words, link, cls="soft"))]


def measured_section(plan: Plan, power: Sequence[Power]) -> Html:
    """Who is held out, and the smallest effects that can be shown."""
    said = [tag("p", holdout_words(plan))]
    if not power:
        said.append(tag("p", "The smallest effect that could be shown was not computed."))
        return section("What can be measured", *said)
    heads = [("of", WORDS), ("smallest effect that would show", NUMBER)]
    rows = [(name, kept(f"{least:.2g}", unit)) for name, least, unit in power]
    words = (
        "A smaller change than this may be there and not be found; nothing is promised of it."
        f" {as_of_words(plan)} "
    )
    told = [{"of": name, "smallest_effect": least, "unit": unit} for name, least, unit in power]
    link = data_link("Download as data", f"{plan.film}-power.csv", csv_of(told), "text/csv")
    said += [table(heads, rows), tag("p", words, link, cls="soft")]
    return section("What can be measured", *said)


def _range(amount: Amount) -> str:
    return f"{tickets_words(amount.low)} – {tickets_words(amount.high)}"
