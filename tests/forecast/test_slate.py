"""Which films get into each other's way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fullhouse.forecast.slate import conflicts
from fullhouse.view.words.forecast import conflict_words
from tests.forecast.sample_forecasts import a_forecast
from tests.forecast.small_history import an_index

FRIDAY = date(2016, 12, 16)


def films(**genres: list[str]) -> dict[str, dict[str, object]]:
    return {name: {"opening": FRIDAY, "genres": g} for name, g in genres.items()}


def release(
    one: tuple[int, float, list[str]], two: tuple[int, float, list[str]]
) -> list[tuple[str, str, str]]:
    """The conflicts of two films: days from a Friday, opening weekend, genres."""
    index = an_index(films(a=one[2], b=two[2]))
    forecasts = [
        replace(
            a_forecast(name, medians={"opening_weekend": size, "total": 3 * size}),
            opening=FRIDAY + timedelta(days=days),
        )
        for name, (days, size, _) in (("a", one), ("b", two))
    ]
    return [(c.film, c.other, conflict_words(c, {})) for c in conflicts(index, forecasts)]


DRAMA, BOTH, HORROR = ["Drama"], ["Comedy", "Drama"], ["Horror"]
CASES = [
    ("one weekend, alike", (0, 2e7, BOTH), (0, 2e7, DRAMA), "the same weekend; both drama"),
    ("one weekend, not alike", (0, 2e7, DRAMA), (0, 2e7, HORROR),
     "the same weekend; no genre in common"),
    ("Wednesday and Friday", (-2, 2e7, DRAMA), (0, 2e7, DRAMA), "the same weekend; both drama"),
    ("a week apart, alike", (0, 2e7, BOTH), (7, 2e7, BOTH), "a week apart; both comedy and drama"),
    ("a week apart, half alike", (0, 2e7, BOTH), (7, 2e7, DRAMA), "a week apart; both drama"),
    ("a week apart, not alike", (0, 2e7, DRAMA), (7, 2e7, HORROR), None),
    ("two weeks apart", (0, 2e7, DRAMA), (14, 2e7, DRAMA), None),
    ("one is small beside the other", (0, 2e7, DRAMA), (0, 3e6, DRAMA), None),
    ("genres are not known", (0, 2e7, []), (0, 2e7, []),
     "the same weekend; their genres are not known"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "two", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_conflicts(
    one: tuple[int, float, list[str]], two: tuple[int, float, list[str]], words: str | None
) -> None:
    pairs = release(one, two)
    assert [(a, b) for a, b, _ in pairs] == ([] if words is None else [("a", "b")])
    for *_, sentence in (*pairs, *release(two, one)):
        assert sentence.endswith(f", {words}.")
    assert len(release(two, one)) == len(pairs)


def test_those_most_alike_come_first() -> None:
    index = an_index(films(a=DRAMA, b=DRAMA, c=HORROR))
    forecasts = [replace(a_forecast(n), opening=FRIDAY) for n in "abc"]
    pairs = [(c.film, c.other) for c in conflicts(index, forecasts)]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_a_film_that_has_opened_counts_by_what_it_took() -> None:
    index = an_index(films(a=DRAMA, b=DRAMA))
    opened = replace(
        a_forecast("a", medians={"total": 9e7}), opening=FRIDAY, known={"opening_weekend": 2e7}
    )
    assert len(conflicts(index, [opened, replace(a_forecast("b"), opening=FRIDAY)])) == 1
