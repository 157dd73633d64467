"""A campaign on the report of a film: what was sent, what came back, what was measured."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from fullhouse.planning.plan import Outlook
from fullhouse.view.film_report import Sent, ShownCampaign
from fullhouse.view.film_report_outlook import HOW, outlook_chart, outlook_rows, outlook_words
from fullhouse.view.page import Html, csv_of, data_link, figure, kept, section, table, tag
from fullhouse.view.plan_page import readout_section
from fullhouse.view.shown_readout import WHOLE, ShownReadout
from fullhouse.view.words.figures import counted, day_words, money, money_between, share_words

WIDE, NARROW = 600, 250
NUMBER, WORDS = "n", ""


def campaign_section(campaign: ShownCampaign) -> Html:
    """What a campaign carries out, what was handed over, what came back, what it moves."""
    parts = [
        tag("p", carries_words(campaign)),
        *_sent(campaign),
        *_came_back(campaign),
        *_moved(campaign),
    ]
    return section(f"Campaign {campaign.name}", *parts)


def carries_words(campaign: ShownCampaign) -> str:
    """Which plan a campaign carries out, from when on, with how many held out."""
    out = f"{share_words(campaign.holdout)} of its people are held out by chance"
    held = out if campaign.holdout > 0 else "Nobody is held out"
    return (
        f"It carries out plan {campaign.plan} from {day_words(campaign.begins)} on."
        f" {held[:1].upper()}{held[1:]}."
    )


def outlook_sentence(outlook: Outlook) -> str:
    """What the film will take with its campaign, counted from before it, and what that adds."""
    total = outlook.total
    return (
        "From the forecast of the day before it, the film takes"
        f" {money_between(total.low, total.high, outlook.currency)} with the campaign, 80 times in"
        f" 100. {added_sentence(outlook)}"
    )


def added_sentence(outlook: Outlook) -> str:
    """What a campaign adds to a film's gross."""
    added = [money(x, outlook.currency)
             for x in (outlook.added.middle, outlook.added.low, outlook.added.high)]  # fmt: skip
    how = "As planned" if outlook.basis == "planned" else "By what was measured"
    return (
        f"{how}, campaign {outlook.campaign} adds {added[0]} ({added[1]} to {added[2]}), as of"
        f" {day_words(outlook.as_of)}."
    )


def measured_parts(campaign: ShownCampaign) -> list[Html]:
    """The newest readout in full, and what was seen at each look before it."""
    newest = campaign.newest
    if newest is None:
        return []
    return [*readout_section(newest), *_looks(campaign.readouts)]


def _sent(campaign: ShownCampaign) -> list[Html]:
    if not campaign.sent:
        return [tag("p", "The house's log holds no delivery of it.", cls="soft")]
    heads = [("handed to", WORDS), ("lines", NUMBER), ("people", NUMBER)]
    rows = [(name, f"{len(mine):,}", f"{sum(x.people for x in mine):,}")
            for name, mine in _by_channel(campaign.sent)]  # fmt: skip
    last = max(x.on for x in campaign.sent)
    words = (
        "Somebody in several lines counts in each. From the house's log of deliveries, last on"
        f" {day_words(last)}. "
    )
    link = _link(f"{campaign.name}-sent.csv", [_dated(x) for x in campaign.sent])
    return [tag("h3", "What was sent"), table(heads, rows), tag("p", words, link, cls="soft")]


def _came_back(campaign: ShownCampaign) -> list[Html]:
    found = campaign.newest
    if found is None:
        return []
    told = any(x.impressions or x.clicks for x in found.exposures)
    said = []
    if found.spend is not None:
        # Spend follows impressions; without any it is what the plan foresaw.
        how = "Spent" if told else "Spend as planned"
        words = f"{how} by {day_words(found.as_of)}: {money(found.spend, found.currency)}."
        said.append(tag("p", words))
    if told:
        heads = [("shown on", WORDS), ("lines", NUMBER), ("impressions", NUMBER),
                 ("clicks", NUMBER), ("held out, yet shown", NUMBER)]  # fmt: skip
        rows = [
            (
                name,
                f"{len(mine):,}",
                *(f"{sum(getattr(x, n) for x in mine):,}"
                  for n in ("impressions", "clicks", "held_out_reached")),
            )
            for name, mine in _by_channel(found.exposures)
        ]  # fmt: skip
        words = f"As channels told it by {day_words(found.as_of)}; somebody in several lines counts"
        link = _link(f"{campaign.name}-shown.csv", [asdict(x) for x in found.exposures])
        said += [table(heads, rows), tag("p", f"{words} in each. ", link, cls="soft")]
    else:
        words = (
            f"By {day_words(found.as_of)} no channel had told what it showed: who was reached is"
            " not known."
        )
        said.append(tag("p", words, cls="soft"))
    return [tag("h3", "What came back"), *said]


def _moved(campaign: ShownCampaign) -> list[Html]:
    if not campaign.outlooks:
        why = campaign.without.get("outlook", "")
        words = f"How it moves the forecast was not computed{f': {why}' if why else '.'}"
        return [tag("p", words, cls="soft")]
    newest = max(campaign.outlooks, key=lambda o: o.as_of)
    drawn = figure(
        outlook_chart(campaign.outlooks, width=WIDE),
        outlook_chart(campaign.outlooks, width=NARROW),
        words=f"{HOW} {outlook_words(newest)}",
        file=f"{campaign.name}-outlook.csv",
        rows=outlook_rows(campaign.outlooks),
    )
    return [tag("h3", "How it moves the forecast"), tag("p", outlook_sentence(newest)), drawn]


def _looks(readouts: Sequence[ShownReadout]) -> list[Html]:
    """The effect of the whole at every look, where there were several."""
    told = [row for found in readouts for row in _look(found)]
    if len(readouts) < 2:
        return []
    heads = [("known on", WORDS), ("more a person", NUMBER), ("looked at daily", NUMBER)]
    rows = [
        (
            Html(tag("span", day_words(r["day"], short=True)) + tag("small", r["outcome"])),
            kept(_signed(r["value"]), f"({_between(r['low'], r['high'])})"),
            kept("not known" if r["always_low"] is None
                 else _between(r["always_low"], r["always_high"])),
        )
        for r in told
    ]  # fmt: skip
    words = (
        "The whole campaign at each look; only the interval on the right holds however often one"
        f" looks. {readouts[-1].campaign}, as of {day_words(readouts[-1].as_of)}. "
    )
    link = _link(f"{readouts[-1].campaign}-looks.csv", [r | {"day": str(r["day"])} for r in told])
    return [section("Look by look", table(heads, rows), tag("p", words, link, cls="soft"))]


def _look(found: ShownReadout) -> list[dict[str, Any]]:
    rows = []
    for e in (x.effect for x in found.effects if x.group == WHOLE):
        always = e.always_valid
        rows.append(
            {
                "day": found.as_of, "arm": e.arm, "outcome": e.outcome, "value": e.effect.value,
                "low": e.effect.low, "high": e.effect.high,
                "always_low": None if always is None else always.low,
                "always_high": None if always is None else always.high,
            }
        )  # fmt: skip
    return rows


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")


def _between(low: float, high: float) -> str:
    return f"{low:.3g} to {high:.3g}".replace("-", "−")


def _by_channel(found: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    mine: dict[str, list[Any]] = {}
    for x in found:
        mine.setdefault(x.channel, []).append(x)
    return sorted(mine.items())


def _dated(sent: Sent) -> dict[str, Any]:
    return asdict(sent) | {"on": sent.on.isoformat()}


def _link(file: str, rows: Sequence[dict[str, Any]]) -> Html:
    return data_link("Download as data", file, csv_of(rows), "text/csv")


def campaign_unknowns(campaign: ShownCampaign) -> list[str]:
    """What the newest readout leaves open: effects not proven, people who should not be reached."""
    found = campaign.newest
    if found is None:
        return []
    told = []
    for outcome in found.outcomes:
        open_ = [e for e in found.on(outcome) if not e.effect.proven]
        named = [e.name for e in open_ if e.group != "line"]
        lines = len(open_) - len(named)
        # Lines are many: each stands in the table with its interval.
        named += [counted(lines, "line")] if lines else []
        if named:
            told.append(f"No effect in {outcome} is proven of: {'; '.join(named)}.")
    told += [f"{e.name}: {u}" for e in found.effects if e.group == WHOLE for u in e.effect.unknown]
    leaked = sum(x.held_out_reached for x in found.exposures)
    if leaked:
        told.append(
            f"{counted(leaked, 'person')} held out (counted in each line) were shown it all the"
            " same: effects look smaller than they are."
        )
    return [*told, *found.notes]
