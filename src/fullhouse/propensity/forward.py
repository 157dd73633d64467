"""How well propensity would have done: fitted at an earlier cut, judged on what came after it.

Out-of-fold figures of past films mix times: who has left by now is idle in the features and was
among the viewers of long ago. So everything is fitted as of a cut, over people who could have
acted: those with any event in the half year before it who had not seen the film. What they did
after the cut judges the order, beside the order by activity alone.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.person_sets import PersonSet, by_block, only, size, without
from fullhouse.core.tables import PERSON_EVENT
from fullhouse.engine.expr import ibis
from fullhouse.propensity.evaluate import TOP, bootstrap_interval, weighted_auc
from fullhouse.propensity.features import Scale, columns
from fullhouse.propensity.film_propensity import house_preferences, seen_base, ticket_films
from fullhouse.propensity.learn import FOLDS, PreferenceModel, activity_fit
from fullhouse.propensity.prediction import logits_on, predict_all
from fullhouse.propensity.propensity import ForwardCheck, PropensityModel
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sales import ticket_buyers
from fullhouse.sample.sheet import members_of

LEAST_DAYS, MOST_DAYS = 28, 100
"""Days after a cut: fewer show too few visits, and over more the model is an old one."""
ACTIVE_DAYS = 182
LEAST_VIEWERS = 30
"""Viewers of a film after the cut, of the people judged, from which it judges."""
MOST_FILMS = 60
LEAST_FILMS = 5


def cut_for(day: date) -> date:
    """The cut for a day: the last of a month, four weeks before it at least.

    So it is the same all through a month, and its traits are built once.

    >>> cut_for(date(2025, 6, 30)), cut_for(date(2025, 6, 20))
    (datetime.date(2025, 5, 31), datetime.date(2025, 4, 30))
    """
    latest = day - timedelta(days=LEAST_DAYS)
    tomorrow = latest + timedelta(days=1)
    return latest if tomorrow.month != latest.month else latest.replace(day=1) - timedelta(days=1)


def judge_forward(earlier: AnalysisSample, now: AnalysisSample) -> ForwardCheck | None:
    """The check of preferences as of `earlier`'s day by what `now` knows.

    None where fewer than `LEAST_FILMS` films have viewers enough after the cut.
    """
    _, base = seen_base(earlier)
    preferences = house_preferences(earlier, base)
    after = _newcomers(earlier, now)
    active = _active(earlier)
    page = preferences.sample.sheet
    could = members_of(page.persons, active)
    words = {k.film: k for k in earlier.films.values() if k.film in after}
    judged: list[list[float]] = []
    chosen = sorted(words, key=lambda f: (-size(only(after[f][1], active)), f))[:MOST_FILMS]
    models = _models_of_folds(earlier, preferences, [(words[f].slug or f, f) for f in chosen])
    idle = _by_activity(preferences)
    viewers = 0
    for film in chosen:
        before, new = (members_of(page.persons, people) for people in after[film])
        rows = could & ~before
        outcome = new & rows
        if outcome.sum() < LEAST_VIEWERS:
            continue
        viewers += int(outcome.sum())
        scores = (logits_on(models[words[film].slug or film], page), idle)
        aucs = [_auc(s, outcome, rows, page.weight) for s in scores]
        judged.append(aucs + [_in_top(s, outcome, rows, page.weight) for s in scores])
    if len(judged) < LEAST_FILMS:
        return None
    table = np.array(judged)
    low, high = bootstrap_interval(table[:, 0], earlier.population.key)
    auc, by_activity, top, top_by_activity = table.mean(0).tolist()
    return ForwardCheck(
        cut=earlier.day,
        until=now.day,
        films=len(judged),
        people=round(float(page.weight[could].sum())),
        left=round(float(page.weight[~could].sum())),
        viewers=viewers,
        auc=auc,
        auc_low=low,
        auc_high=high,
        activity_auc=by_activity,
        in_top_tenth=top,
        activity_in_top_tenth=top_by_activity,
    )


def _models_of_folds(
    earlier: AnalysisSample, preferences: PreferenceModel, films: Sequence[tuple[str, str]]
) -> dict[str, PropensityModel]:
    """A model of each film, by its name, from the other folds and films that are not judged."""
    models: dict[str, PropensityModel] = {}
    build = earlier.population.build.id
    for fold in range(FOLDS):
        part = {name: earlier.words[film] for name, film in films[fold::FOLDS]}
        models |= predict_all(preferences, part, as_of=earlier.day, build=build) if part else {}
    return models


def _newcomers(
    earlier: AnalysisSample, now: AnalysisSample
) -> Mapping[str, tuple[PersonSet, PersonSet]]:
    """By film: who had seen it by the cut, and who saw it first after it.

    Seen is having bought a ticket where preferences are fitted on that, else as the traits say.
    """
    buyers = ticket_films(earlier)
    newcomers = {}
    known = {k.film: k for k in now.films.values() if k.slug}
    if buyers is not None:
        later = ticket_buyers(now)
        for film, k in known.items():
            if k.slug in later:
                before = buyers.get(k.slug, {})
                newcomers[film] = (before, without(later[k.slug], before))
        return newcomers
    films = [f for f, k in known.items() if now.film_traits[k.slug or ""].saw is not None]
    saw = [now.film_traits[known[f].slug or ""].saw for f in films]
    every = now.people(*(t.name for t in saw if t is not None))
    for film, people in zip(films, every, strict=True):
        slug = earlier.films[film].slug if film in earlier.films else None
        trait = earlier.film_traits[slug].saw if slug else None
        before = earlier.people(trait.name)[0] if trait is not None else {}
        newcomers[film] = (before, without(people, before))
    return newcomers


def _active(house: AnalysisSample) -> PersonSet:
    """Who did anything in the half year before the house's day."""
    events = house.context.engine.scan(house.context.lake.snapshot(PERSON_EVENT))
    since = ibis.literal(house.day - timedelta(days=ACTIVE_DAYS))
    recent = events.filter(events.day > since, events.day <= ibis.literal(house.day))
    rows = house.context.engine.arrow(recent.select("person").distinct())
    return by_block(np.sort(rows["person"].to_numpy()))


def _by_activity(preferences: PreferenceModel) -> Floats:
    """Everybody's log-odds by activity alone, from the same pairs of people and films."""
    page = preferences.sample.sheet
    sums = np.zeros((len(page.persons), 4), dtype=np.float32)
    x = columns(sums, page.activity, Scale(1.0, preferences.knots)).astype(np.float64)
    weights: Floats = activity_fit(preferences)
    logits: Floats = ((x - preferences.centre) / preferences.spread) @ weights
    return logits


def _auc(score: Floats, outcome: Flags, rows: Flags, weight: Floats) -> float:
    return weighted_auc(score[rows], outcome[rows].astype(np.float64), weight[rows])


def _in_top(score: Floats, outcome: Flags, rows: Flags, weight: Floats) -> float:
    """The share of the viewers who are among the best tenth by a score; ties by their mean."""
    s, y, w = score[rows], outcome[rows], weight[rows]
    _, group = np.unique(-s, return_inverse=True)
    people = np.cumsum(np.bincount(group, w))
    viewers = np.cumsum(np.bincount(group, w * y))
    at = TOP * people[-1]
    return float(np.interp(at, np.append(0, people), np.append(0, viewers)) / viewers[-1])
