"""A propensity model's card as part of a page, as JSON, and its figures as files."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markupsafe import Markup

from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import size
from fullhouse.core.values import as_json
from fullhouse.propensity.propensity import (
    FilmPropensity,
    GroupFairness,
    LookAlike,
    ModelCard,
    ReachPoint,
)
from fullhouse.view.propensity_charts import (
    CALIBRATION_HOW,
    REACH_HOW,
    calibration_chart,
    calibration_rows,
    reach_chart,
    reach_rows,
)
from fullhouse.view.render import Figure, fragment, unbroken
from fullhouse.view.save import save_chart
from fullhouse.view.words.figures import day_words, number_words, share_words
from fullhouse.view.words.propensity import card_notes, level_words
from fullhouse.view.words.text import text

WIDE, NARROW = 560, 262


def model_section(model: ModelCard) -> Markup:
    """A model's measures, calibration, reach and fairness, with its dates and its notes."""
    return fragment(
        "model.html",
        model=model,
        rests_on=_rests_on(model),
        measures=_measures(model),
        calibration=_calibration(model),
        reach=_reach(model),
        contacted=[_contacted(p) for p in model.reach],
        groups=[_group(g) for g in model.fairness],
        notes=card_notes(model),
        films=[
            (use, ", ".join(films))
            for use, films in (("fitted on", model.learned_from), ("tested on", model.judged_on))
        ],
        dates=_dates(model),
    )


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
        ("AUC", unbroken(number_words(model.auc) + ends),
         "how often a person who saw a past film ranks above one who did not"),
        ("AUC of activity", number_words(model.baseline_auc), "the same by activity alone"),
        ("calibration slope", number_words(model.calibration_slope),
         "1: well calibrated; below 1: predictions too extreme"),
    ]  # fmt: skip


def _calibration(model: ModelCard) -> Figure | None:
    if not model.calibration:
        return None
    return Figure(
        calibration_chart(model.calibration, width=WIDE),
        calibration_chart(model.calibration, width=NARROW, height=NARROW),
        f"{CALIBRATION_HOW} {_dates(model)}",
        f"{model.film}-calibration.csv",
        calibration_rows(model.calibration),
    )


def _reach(model: ModelCard) -> Figure | None:
    if not model.reach:
        return None
    curves = {"this model": model.reach}
    return Figure(
        reach_chart(curves, width=WIDE),
        reach_chart(curves, width=NARROW, height=NARROW),
        f"{REACH_HOW} {_dates(model)}",
        f"{model.film}-reach.csv",
        reach_rows(curves),
    )


def _contacted(point: ReachPoint) -> tuple[str, ...]:
    return (
        f"{point.persons:,}",
        share_words(point.reached),
        share_words(point.precision),
        number_words(point.times),
    )


def _group(group: GroupFairness) -> tuple[object, ...]:
    return (
        group.group,
        f"{group.persons:,}",
        unbroken(share_words(group.share)),
        unbroken(share_words(group.share_of_top)),
        unbroken(share_words(group.predicted)),
        unbroken(share_words(group.observed)),
        unbroken(number_words(group.auc)),
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
