"""The checks that come before any effect: a failed one stops the readout."""

from collections.abc import Mapping

import numpy as np

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.cells import Cells
from fullhouse.measurement.experiment import Experiment
from fullhouse.stats.cuped import columns_of
from fullhouse.stats.figures import Check
from fullhouse.stats.sample_ratio import balance, lost_people, sample_ratio


def sound_checks(
    experiment: Experiment, people: Cells
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """The checks that can be made, all passed, and a note for each that cannot be made.

    A failed one is a `CannotTellError`.
    """
    counts = list(people.sizes.values())
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
    if people.covariates:
        checks.append(_balance(people))
    else:
        notes.append("Whether the arms were alike before was not checked: no covariates.")
    for check in checks:
        _stop_if_failed(check, experiment, people)
    return tuple(checks), tuple(notes)


def _balance(people: Cells) -> Check:
    """Covariates less their stratum's means: strata may hold different shares of the arms."""
    columns = list(range(people.outcomes, people.outcomes + people.covariates))
    cells = [[columns_of(c, columns) for c in row] for row in people.joints]
    n = np.array([[c.n for c in row] for row in cells], dtype=np.float64)
    mean = np.array([[c.mean for c in row] for row in cells])
    off = mean - (n[..., None] * mean).sum(0) / n.sum(0)[:, None]
    of_arm = (n[..., None] * off).sum(1) / n.sum(1)[:, None]
    between = off - of_arm[:, None]
    within = sum(c.scatter for row in cells for c in row)
    within = within + np.einsum("as,asi,asj->ij", n, between, between)
    counts = n.sum(1).astype(int).tolist()
    return balance(of_arm, counts, within / (sum(counts) - len(counts)))


def _stop_if_failed(check: Check, experiment: Experiment, people: Cells) -> None:
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
