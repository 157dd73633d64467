"""What a film's campaign taught, and which audiences' claims held."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fullhouse.control.campaign_records import SavedResponse, SavedVerdict
from fullhouse.discovery.card import Estimate
from fullhouse.view.page import Html, csv_of, data_link, kept, section, table, tag
from fullhouse.view.words.discovery import ratio_words
from fullhouse.view.words.figures import counted, day_words

NUMBER, WORDS = "n", ""
SURE = 1.959964
"""Standard errors to each side of a 95 % interval."""


def learned_section(learned: Sequence[SavedResponse], as_of: date) -> list[Html]:
    """How each audience responded, as the next plan starts from it."""
    if not learned:
        return []
    heads = [("audience", WORDS), ("impressions a person", WORDS), ("response", NUMBER)]
    rows = [
        (
            Html(tag("span", x.audience) + tag("small", f"{x.campaign}, known on"
                 f" {day_words(x.known_on, short=True)}")),
            doses_words(x.doses),
            kept(f"{x.response:+.0%}".replace("%", " %").replace("-", "−"), f"({_ends(x)})"),
        )
        for x in learned
    ]  # fmt: skip
    words = (
        "Response: tickets more for each that is bought anyway, with its 95 % interval. The next"
        f" plan starts from these. From the house's readouts, as of {day_words(as_of)}. "
    )
    link = _link(f"{learned[0].film}-learned.csv", [_learned_row(x) for x in learned])
    return [section("How people responded", table(heads, rows), tag("p", words, link, cls="soft"))]


def verdicts_section(verdicts: Sequence[SavedVerdict], as_of: date) -> list[Html]:
    """What was claimed of each audience, and what was seen of people no campaign spoke to."""
    if not verdicts:
        return []
    heads = [("audience", WORDS), ("claimed", NUMBER), ("observed", NUMBER), ("", WORDS)]
    rows = [
        (
            Html(tag("span", v.audience) + tag("small", tag("code", v.rule))),
            _ratio(v.claimed),
            _ratio(v.observed),
            Html(tag("b", v.verdict) + tag("small", counted(v.people, "person"))),
        )
        for v in verdicts
    ]
    words = (
        "Times as likely to come as equally active people, with 95 % intervals: claimed before the"
        " film, seen among people whom no campaign spoke to. From the house's readouts, as of"
        f" {day_words(as_of)}. "
    )
    link = _link(f"{verdicts[0].film}-verdicts.csv", [_verdict_row(v) for v in verdicts])
    return [
        section("Did the audiences hold?", table(heads, rows), tag("p", words, link, cls="soft"))
    ]


def doses_words(doses: Mapping[str, float]) -> str:
    """How many impressions each person was to get on each channel.

    >>> doses_words({"push": 2.04, "banner": 1.0})
    'banner 1.0, push 2.0'
    """
    return ", ".join(f"{channel} {many:.1f}" for channel, many in sorted(doses.items()))


def _ends(found: SavedResponse) -> str:
    low, high = (found.response + sign * SURE * found.standard_error for sign in (-1, 1))
    return f"{low:+.0%} to {high:+.0%}".replace("%", " %").replace("-", "−")


def _ratio(found: Sequence[float | None]) -> Html:
    value, low, high = found
    return kept(*ratio_words(Estimate(value, low, high)).split(" ", 1))


def _learned_row(found: SavedResponse) -> dict[str, Any]:
    told = {k: v for k, v in vars(found).items() if k != "doses"}
    return (
        told | {"known_on": str(found.known_on)} | {f"dose_{k}": v for k, v in found.doses.items()}
    )


def _verdict_row(found: SavedVerdict) -> dict[str, Any]:
    told = {k: v for k, v in vars(found).items() if k not in {"claimed", "observed"}}
    for name in ("claimed", "observed"):
        ends = zip(("", "_low", "_high"), getattr(found, name), strict=True)
        told |= {f"{name}{end}": value for end, value in ends}
    return told | {"known_on": str(found.known_on)}


def _link(file: str, rows: Sequence[Mapping[str, Any]]) -> Html:
    return data_link("Download as data", file, csv_of(rows), "text/csv")
