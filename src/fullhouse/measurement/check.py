"""The checks that come before any effect: a failed one stops the readout."""

from collections.abc import Mapping

import numpy as np

from fullhouse.errors import CannotTellError, InputError
from fullhouse.measurement.experiment import Experiment
from fullhouse.measurement.people import People
from fullhouse.stats.sample_ratio import Check, balance, lost_people, sample_ratio


def make_checks(
    experiment: Experiment, people: People
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """The checks that can be made, and a note for each that cannot."""
    counts = np.bincount(people.arm, minlength=len(people.arms)).tolist()
    checks, notes = [], []
    shares = experiment.shares or experiment.assigned
    if shares is None:
        notes.append(
            "Whether the arms hold the people they should was not checked: no intended shares and"
            " no assigned people were given."
        )
    else:
        checks.append(sample_ratio(counts, [_given(shares, a) for a in people.arms]))
    if experiment.assigned is not None:
        numbers_of = [int(_given(experiment.assigned, a)) for a in people.arms]
        checks.append(lost_people(numbers_of, counts))
    if people.covariates.shape[1]:
        checks.append(_balance(people))
    else:
        notes.append("Whether the arms were alike before was not checked: no covariates.")
    return tuple(checks), tuple(notes)


def _balance(people: People) -> Check:
    """Covariates less their stratum's means: strata may hold different shares of the arms."""
    x = people.covariates.copy()
    for s in range(len(people.strata)):
        inside = people.stratum == s
        x[inside] -= x[inside].mean(0)
    arms = [x[people.arm == a] for a in range(len(people.arms))]
    within = np.concatenate([a - a.mean(0) for a in arms])
    return balance(
        np.array([a.mean(0) for a in arms]),
        [len(a) for a in arms],
        within.T @ within / (len(x) - len(arms)),
    )


def stop_if_failed(check: Check, experiment: Experiment, people: People) -> None:
    """An error that says what is wrong, where a check has p below .001."""
    if check.passed:
        return
    what = {
        "sample ratio": "The arms do not hold the people they should",
        "people lost": "The arms lost different shares of the people assigned to them",
        "balance of covariates": "The arms were not alike before the campaign",
    }[check.name]
    sizes = ", ".join(f"{a} {n:,}" for a, n in people.sizes.items())
    meant = experiment.assigned or experiment.shares
    against = (
        f" against {', '.join(f'{a} {n:,}' for a, n in meant.items())}"
        if meant and check.name != "balance of covariates"
        else ""
    )
    raise CannotTellError(
        f"{what} ({sizes}{against}; p = {check.p:.1g}): luck does this in fewer than 1 of 1,000"
        " sound experiments. No effect is read until the cause is found."
    )


def _given(by_arm: Mapping[str, float], arm: str) -> float:
    if arm not in by_arm:
        raise InputError(
            f"Arm {arm!r} stands in the table, but not among {', '.join(map(repr, by_arm))}."
        )
    return by_arm[arm]
