"""A film's discovery is written as JSON and read back the same."""

import json
from dataclasses import replace
from datetime import date

import pytest

from fullhouse.discovery.card import (
    FilmDiscovery,
    NoForecast,
    NoKnownShare,
    NoPlacebo,
    NoTicketFeed,
    NoTicketPrice,
    OlderTraits,
    TooFewInterested,
    WordsOnly,
)
from fullhouse.view.words.discovery import note_words
from tests.view.sample_discoveries import ALL, RICH

NOTES = (
    WordsOnly(),
    TooFewInterested(11, 32),
    NoPlacebo(),
    NoTicketFeed(),
    OlderTraits(date(2025, 2, 20), date(2025, 2, 28)),
    NoForecast("share_of_nobody", "", {"films": 3}),
    NoTicketPrice("USD"),
    NoKnownShare(),
)


@pytest.mark.parametrize("name", ALL)
def test_a_discovery_reads_back_as_it_was_written(name):
    text = json.dumps(ALL[name].to_dict(), allow_nan=False)
    assert FilmDiscovery.from_dict(json.loads(text)) == ALL[name]


@pytest.mark.parametrize("note", NOTES, ids=lambda n: n.code)
def test_every_note_reads_back_and_has_a_sentence(note):
    text = json.dumps(replace(RICH, notes=(note,)).to_dict())
    assert FilmDiscovery.from_dict(json.loads(text)).notes == (note,)
    assert note_words(note).endswith(".")
