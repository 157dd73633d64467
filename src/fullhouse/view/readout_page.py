"""What a campaign changed, outcome by outcome: a part of the pages of a plan and of a film."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fullhouse.measurement.campaign_readout import CampaignReadout
from fullhouse.view.readout_charts import (
    EFFECT_HOW,
    EFFECT_KEY,
    effect_chart,
    effect_rows,
    levels_words,
)
from fullhouse.view.render import figure, fragment, unbroken
from fullhouse.view.words.figures import chance_words, day_words
from fullhouse.view.words.readout import (
    GROUPS,
    check_sentence,
    effect_sentences,
    note_sentences,
    per_person_sentence,
    proven_sentences,
    sold_sentence,
)
from fullhouse.view.words.text import text

NUMBER, WORDS = "n", ""


def readout_part(readout: CampaignReadout, *, level: int = 2) -> Markup:
    """What a campaign changed, with its parts, and folded away how that was measured."""
    title = text("What {campaign} changed by {day}", campaign=readout.campaign,
                 day=day_words(readout.as_of))  # fmt: skip
    method = [s for e in readout.whole for s in effect_sentences(e)]
    return fragment(
        "readout.html",
        title=title,
        level=level,
        proven=proven_sentences(readout),
        outcomes=[_outcome(readout, outcome) for outcome in readout.outcomes],
        notes=note_sentences(readout),
        checks=[*map(check_sentence, readout.checks), *method],
    )


def _outcome(readout: CampaignReadout, outcome: str) -> dict[str, Any]:
    rows = effect_rows(readout.on(outcome))
    # Lines are many; a campaign of lines alone is drawn all the same.
    drawn = [e for e in readout.on(outcome) if e.group != "line"] or readout.on(outcome)
    whole = [e for e in readout.whole if e.outcome == outcome]
    per = rows[0]["per"]
    return {
        "title": text("In {outcome}", outcome=outcome),
        "lead": [
            f"{sold_sentence(readout, e)} {per_person_sentence(readout, e)}" for e in whole
        ],
        "figure": figure(
            lambda width: effect_chart(drawn, width=width, interim=readout.share_observed < 1),
            caption=text(
                "{how} {levels} {campaign}, as of {day}.",
                how=EFFECT_HOW, levels=levels_words(rows), campaign=readout.campaign,
                day=day_words(readout.as_of),
            ),
            file=f"{readout.campaign}-{readout.as_of}-{outcome}.csv",
            rows=rows,
            key=EFFECT_KEY,
        ),
        "table_title": text("{outcome} as a table", outcome=outcome.capitalize()),
        "heads": [
            ("of", WORDS), ("treated", NUMBER), ("held out", NUMBER),
            (text("more per {per} people", per=f"{per:,}"), NUMBER), ("at any look", NUMBER),
            ("p over all", NUMBER),
        ],
        "rows": [_row(r) for r in rows],
    }  # fmt: skip


def _row(row: Mapping[str, Any]) -> Sequence[object]:
    at_any_look = "not known"
    if row["always_low"] is not None:
        at_any_look = f"{row['always_low']:.3g} to {row['always_high']:.3g}"
    group = GROUPS.get(row["group"], row["group"])
    return (
        Markup("<span>{}</span> <small>{}</small>").format(row["name"], group),
        f"{row['people']:,}",
        f"{row['control_people']:,}",
        unbroken(f"{row['value']:+.3g}", f"({row['low']:.3g} to {row['high']:.3g})"),
        unbroken(at_any_look),
        unbroken(chance_words(row["holm_p"])),
    )
