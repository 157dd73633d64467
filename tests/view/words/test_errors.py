"""An error that carries a code and facts becomes a sentence in the view."""

from datetime import date
from string import Formatter

import pytest

import fullhouse  # noqa: F401  (gives errors their words)
from fullhouse.core.errors import CannotTellError
from fullhouse.view.words import errors
from fullhouse.view.words.errors import SENTENCES, error_words


def test_an_error_reads_as_its_sentence(monkeypatch):
    monkeypatch.setattr(errors, "SENTENCES", {"few": "Only {films} of {needed} on {day}."})
    problem = CannotTellError(code="few", films=20, needed=1_000, day=date(2025, 3, 14))
    assert str(problem) == "Only 20 of 1,000 on 14 March 2025."


def test_a_code_without_a_sentence_still_says_its_facts():
    assert error_words(CannotTellError(code="nothing_of_the_kind", films=2)) == (
        "nothing_of_the_kind: films 2"
    )


@pytest.mark.parametrize("code", SENTENCES)
def test_every_place_of_a_sentence_is_a_plain_name(code):
    places = [p for _, p, _, _ in Formatter().parse(SENTENCES[code]) if p is not None]
    assert all(p.isidentifier() for p in places)
