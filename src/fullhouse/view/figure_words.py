"""Ratios with their intervals, as charts and pages of discoveries write them."""

from fullhouse.discovery.card import Estimate
from fullhouse.view.words.figures import chance_words as chance_words  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import clipped as clipped  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import counted as counted  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import heading as heading  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import number_words as number_words  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import share_words as share_words  # noqa: PLC0414  (re-export)
from fullhouse.view.words.figures import wrapped as wrapped  # noqa: PLC0414  (re-export)


def ratio_words(estimate: Estimate) -> str:
    """A ratio with its 95 % interval; an open end is an ellipsis.

    >>> ratio_words(Estimate(2.414, 1.8, None)), ratio_words(Estimate())
    ('2.41 (1.80–…)', 'not known')
    """
    if estimate.value is None:
        return "not known"
    if estimate.low is None and estimate.high is None:
        return number_words(estimate.value)
    return f"{number_words(estimate.value)} ({interval_words(estimate)})"


def interval_words(estimate: Estimate) -> str:
    """The 95 % interval of a ratio; an open end is an ellipsis."""
    return f"{_end(estimate.low)}–{_end(estimate.high)}"


def _end(value: float | None) -> str:
    return "…" if value is None else number_words(value)
