"""The card of a propensity model as part of a page: what it learned, how well it does, for whom."""

import json
from dataclasses import asdict
from typing import Any

from fullhouse.propensity.propensity import Fairness, ModelCard
from fullhouse.view.calibration_chart import HOW as CALIBRATION_HOW
from fullhouse.view.calibration_chart import calibration_chart, calibration_rows
from fullhouse.view.page import Html, figure, items, kept, section, table, tag
from fullhouse.view.reach_chart import HOW as REACH_HOW
from fullhouse.view.reach_chart import reach_chart, reach_rows
from fullhouse.view.words.figures import day_words, number_words, share_words

WIDE, NARROW = 560, 262


def model_section(model: ModelCard) -> Html:
    """A model's measures, calibration, reach and fairness, with its dates and its notes."""
    parts = [
        tag("p", _rests_on(model)),
        table([("measure", ""), ("", "n"), ("what it says", "")], _measures(model)),
        *_calibration(model),
        *_reach(model),
        *_fairness(model),
        *([items(model.notes)] if model.notes else []),
        tag("p", f"{_dates(model)} Fingerprint: {model.fingerprint}.", cls="soft"),
    ]
    return section("How likely each person is: the model's card", *parts)


def model_json(model: ModelCard) -> str:
    """The whole card as JSON; days as ISO."""
    return json.dumps(asdict(model), default=str, ensure_ascii=False)


def _rests_on(model: ModelCard) -> str:
    judged = (
        f"Judged on {', '.join(model.judged_on)}, of which it learned nothing."
        if model.judged_on
        else "It could not be judged on any film of which it did not learn."
    )
    return (
        f"Uses {', '.join(model.signals) or 'no signal'}. Learned from"
        f" {', '.join(model.learned_from) or 'no film'}. {judged}"
    )


def _measures(model: ModelCard) -> list[tuple[object, ...]]:
    ends = (
        ""
        if model.auc_low is None or model.auc_high is None
        else f" ({number_words(model.auc_low)}–{number_words(model.auc_high)})"
    )
    return [
        ("people", f"{model.people:,}", "who have a probability"),
        ("expected", f"{model.expected_people:,.0f}", f"of them come; level: {model.level}"),
        ("AUC", kept(number_words(model.auc) + ends),
         "how often it puts one who came before one who did not"),
        ("AUC of activity", number_words(model.baseline_auc), "the same by activity alone"),
        ("calibration slope", number_words(model.calibration_slope),
         "1: neither too bold nor too timid; below 1: too bold"),
    ]  # fmt: skip


def _calibration(model: ModelCard) -> list[Html]:
    if not model.calibration:
        return [tag("p", "Whether its probabilities keep their word cannot be told yet.")]
    drawn = figure(
        calibration_chart(model.calibration, width=WIDE),
        calibration_chart(model.calibration, width=NARROW, height=NARROW),
        words=f"{CALIBRATION_HOW} {_dates(model)}",
        file=f"{model.film}-calibration.csv",
        rows=calibration_rows(model.calibration),
    )
    return [tag("h3", "Do its probabilities keep their word?"), drawn]


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
    heads = [("people contacted", "n"), ("wanted reached", "n"), ("of them wanted", "n"),
             ("times chance", "n")]  # fmt: skip
    cells = [
        (f"{p.persons:,}", share_words(p.reached), share_words(p.precision), number_words(p.times))
        for p in model.reach
    ]
    return [tag("h3", "How many of the wanted are reached?"), drawn, table(heads, cells)]


def _fairness(model: ModelCard) -> list[Html]:
    if not model.fairness:
        return []
    heads = [("group", ""), ("people", "n"), ("of everybody", "n"), ("of the best tenth", "n"),
             ("foretold", "n"), ("came", "n"), ("AUC", "n")]  # fmt: skip
    words = (
        "Of the best tenth: the share of the likeliest tenth that is of this group, beside its"
        " share of everybody. Not known: too few people to tell."
    )
    return [
        tag("h3", "Does it treat groups alike?"),
        table(heads, [_group(f) for f in model.fairness]),
        tag("p", words, cls="soft"),
    ]


def _group(found: Fairness) -> tuple[object, ...]:
    return (
        found.group,
        f"{found.persons:,}",
        kept(share_words(found.share)),
        kept(share_words(found.share_of_top)),
        kept(share_words(found.predicted)),
        kept(share_words(found.observed)),
        kept(number_words(found.auc)),
    )


def _dates(model: ModelCard) -> str:
    return f"As of {day_words(model.as_of)}; traits of {day_words(model.built_on)}."
