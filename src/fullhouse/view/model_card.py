"""A propensity model's card as part of a page, as JSON, and its figures as files."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import size
from fullhouse.core.values import as_json
from fullhouse.propensity.propensity import FilmPropensity, GroupFairness, LookAlike, ModelCard
from fullhouse.view.page import Html, figure, items, kept, section, table, tag
from fullhouse.view.propensity_charts import (
    CALIBRATION_HOW,
    REACH_HOW,
    calibration_chart,
    calibration_rows,
    reach_chart,
    reach_rows,
)
from fullhouse.view.save import save_chart
from fullhouse.view.words.figures import day_words, number_words, share_words
from fullhouse.view.words.propensity import card_notes, level_words
from fullhouse.view.words.text import text

WIDE, NARROW = 560, 262


def model_section(model: ModelCard) -> Html:
    """A model's measures, calibration, reach and fairness, with its dates and its notes."""
    parts = [
        tag("p", _rests_on(model)),
        table([("measure", ""), ("", "n"), ("meaning", "")], _measures(model)),
        *_calibration(model),
        *_reach(model),
        *_fairness(model),
        tag(
            "details",
            tag("summary", "How this was measured"),
            items(card_notes(model)),
            _films(model),
            tag("p", f"{_dates(model)} Fingerprint: {model.fingerprint}.", cls="soft"),
        ),
    ]
    return section("How likely each person is to see it", *parts)


def model_json(model: ModelCard) -> str:
    """The whole card as JSON; days as ISO."""
    return json.dumps(card_json(model), ensure_ascii=False)


def _rests_on(model: ModelCard) -> str:
    fitted = text(
        "Uses {signals}. Fitted on {films} past films.",
        signals=", ".join(model.signals) or "no signal",
        films=f"{len(model.learned_from):,}",
    )
    if not model.judged_on:
        return f"{fitted} {text('It could not be tested on a past film.')}"
    tested = text(
        "Tested on {films} of them, each left out in turn.", films=f"{len(model.judged_on):,}"
    )
    return f"{fitted} {tested}"


def _films(model: ModelCard) -> Html:
    rows = [("fitted on", model.learned_from), ("tested on", model.judged_on)]
    return table([("films", ""), ("", "")], [(use, ", ".join(films)) for use, films in rows])


def _measures(model: ModelCard) -> list[tuple[object, ...]]:
    ends = (
        ""
        if model.auc_low is None or model.auc_high is None
        else f" ({number_words(model.auc_low)}–{number_words(model.auc_high)})"
    )
    return [
        ("people", f"{model.people:,}", "who have a probability"),
        ("expected", f"{model.expected_people:,.0f}",
         f"of them will see it, {level_words(model.level)}"),
        ("AUC", kept(number_words(model.auc) + ends),
         "how often a person who saw a past film ranks above one who did not"),
        ("AUC of activity", number_words(model.baseline_auc), "the same by activity alone"),
        ("calibration slope", number_words(model.calibration_slope),
         "1: well calibrated; below 1: predictions too extreme"),
    ]  # fmt: skip


def _calibration(model: ModelCard) -> list[Html]:
    if not model.calibration:
        return [tag("p", "Not enough past films to compare predictions with what happened.")]
    drawn = figure(
        calibration_chart(model.calibration, width=WIDE),
        calibration_chart(model.calibration, width=NARROW, height=NARROW),
        words=f"{CALIBRATION_HOW} {_dates(model)}",
        file=f"{model.film}-calibration.csv",
        rows=calibration_rows(model.calibration),
    )
    return [tag("h3", "Predicted and observed"), drawn]


def _reach(model: ModelCard) -> list[Html]:
    if not model.reach:
        return []
    curves = {"this model": model.reach}
    rows: list[dict[str, Any]] = reach_rows(curves)
    drawn = figure(
        reach_chart(curves, width=WIDE),
        reach_chart(curves, width=NARROW, height=NARROW),
        words=f"{REACH_HOW} {_dates(model)}",
        file=f"{model.film}-reach.csv",
        rows=rows,
    )
    heads = [("people contacted", "n"), ("of the audience", "n"), ("of those contacted", "n"),
             ("times as many as at random", "n")]  # fmt: skip
    cells = [
        (f"{p.persons:,}", share_words(p.reached), share_words(p.precision), number_words(p.times))
        for p in model.reach
    ]
    return [tag("h3", "How much of the audience is reached"), drawn, table(heads, cells)]


def _fairness(model: ModelCard) -> list[Html]:
    if not model.fairness:
        return []
    heads = [("group", ""), ("people", "n"), ("of everybody", "n"), ("of the best tenth", "n"),
             ("predicted", "n"), ("observed", "n"), ("AUC", "n")]  # fmt: skip
    words = (
        "Of the best tenth: the share of the likeliest tenth that is of this group, beside its"
        " share of everybody. Not known: too few people."
    )
    return [
        tag("h3", "By group"),
        table(heads, [_group(f) for f in model.fairness]),
        tag("p", words, cls="soft"),
    ]


def _group(group: GroupFairness) -> tuple[object, ...]:
    return (
        group.group,
        f"{group.persons:,}",
        kept(share_words(group.share)),
        kept(share_words(group.share_of_top)),
        kept(share_words(group.predicted)),
        kept(share_words(group.observed)),
        kept(number_words(group.auc)),
    )


def _dates(model: ModelCard) -> str:
    return f"As of {day_words(model.as_of)}; traits of {day_words(model.built_on)}."


CHARTS = (".svg", ".png", ".html")


def suffix_of(file: str | Path, *more: str) -> Path:
    """The path itself, when its ending says what to write."""
    known = (".json", *more, *CHARTS)
    path = Path(file).expanduser()
    if path.suffix.lower() not in known:
        raise InputError(f"--out takes a file ending in {', '.join(known)}, not {path.name!r}.")
    return path


def save_propensity(propensity: FilmPropensity, path: Path, *, simulated: bool) -> None:
    """Write a film's model (.json), or its calibration as a chart (.svg, .png, .html)."""
    if path.suffix == ".json":
        path.write_text(propensity.model.to_json() + "\n", "utf-8")
        return

    card = propensity.card
    title = f"Predicted and observed shares of past films: {card.title}"
    save_chart(calibration_chart(card.calibration, title=title, simulated=simulated), path)


def save_look_alike(
    result: LookAlike, path: Path, *, seed: str, saved: str | None, left_out: int, simulated: bool
) -> None:
    """Write a look-alike's figures (.json), or its reach as a chart (.svg, .png, .html)."""
    if path.suffix == ".json":
        fields = look_alike_json(
            result, seed=seed, saved=saved, left_out=left_out, simulated=simulated
        )
        path.write_text(json.dumps(fields, indent=2, ensure_ascii=False), "utf-8")
        return

    save_chart(reach_chart({"people like the list": result.curve}, simulated=simulated), path)


def card_json(card: ModelCard) -> dict[str, Any]:
    """A model's card with its notes as JSON values."""
    fields: dict[str, Any] = as_json(asdict(card) | {"notes": card_notes(card)})
    return fields


def look_alike_json(
    result: LookAlike, *, seed: str, saved: str | None, left_out: int, simulated: bool
) -> dict[str, Any]:
    """Everything of a look-alike but its people as JSON values."""
    fields: dict[str, Any] = as_json(
        {
            "seed": seed,
            "seed_people": result.seed_people,
            "persons": size(result.persons),
            "reached_in_top_tenth": result.reached_in_top_tenth,
            "precision": result.precision,
            "by_chance": result.by_chance,
            "curve": [asdict(p) for p in result.curve],
            "leaks": [asdict(x) for x in result.leaks],
            "reasons": [asdict(r) for r in result.reasons],
            "left_out": left_out,
            "audience": saved,
            "simulated": simulated,
        }
    )
    return fields
