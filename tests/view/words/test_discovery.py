"""What a discovery says in sentences, and how it writes figures and lines."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.discovery.card import RatioEstimate
from fullhouse.view.words.discovery import (
    ASSOCIATION,
    by_reason,
    discovery_lines,
    headline,
    notes_words,
    pair_words,
    place_words,
    ratio_words,
    unknowns,
    used_words,
    verdict_words,
)
from fullhouse.view.words.figures import clipped, counted, number_words, share_words, wrapped
from tests.view.sample_discoveries import (
    ALL,
    CANNOT,
    EXPECTED,
    GUESS,
    NULL,
    RICH,
    WORDS,
)

HEADLINES = [
    (RICH, "4 audiences for “A Season for Bramble” beyond what film people already know;"
           " first of all Owners of older dogs, 48,212 people."),
    (EXPECTED, "1 audience expected for “A Season for Bramble”, from comparable films:"
               " Hobby bakers, 104,920 people."),
    (NULL, "Nothing found: none of the 418 traits tested goes with “Harbour Lights” beyond"
           " activity, chance, the placebo and what film people already know."),
    (CANNOT, "The data cannot tell who will want “The Tin Lantern”."),
]  # fmt: skip


@pytest.mark.parametrize("discovery", [RICH, EXPECTED, NULL, CANNOT])
def test_every_answer_says_the_least_affinity_on_the_page_and_the_command_line(discovery):
    answer = replace(discovery, least_affinity=1.47)
    assert any("about 1.5 times as likely" in line for line in discovery_lines(answer))
    assert "about 1.5 times as likely" in verdict_words(answer)


@pytest.mark.parametrize(("example", "sentence"), HEADLINES, ids=[f.verdict for f, _ in HEADLINES])
def test_each_verdict_has_its_headline(example, sentence):
    assert headline(example) == sentence


def test_a_guess_says_so_first():
    assert headline(GUESS).startswith("A guess from words alone: 3 audiences")


def test_the_null_answer_names_a_placebo_only_where_there_was_one():
    assert "placebo" not in headline(replace(NULL, placebo=None))


def test_cards_on_another_basis_are_counted_apart():
    assert "Besides, 3 expected from comparable films and 1 guessed from words." in verdict_words(
        RICH
    )
    assert "Besides" not in verdict_words(EXPECTED)


@pytest.mark.parametrize("name", ALL)
def test_lines_say_place_seeds_notes_and_association_once(name):
    example = ALL[name]
    lines = discovery_lines(example)
    assert lines[0] == place_words(example)
    assert lines.count(ASSOCIATION) == 1
    for seed in example.used:
        assert any(seed.rule in line and used_words(seed) in line for line in lines)
    assert [f"Note: {n}" for n in notes_words(example)] == [
        n for n in lines if n.startswith("Note: ")
    ]
    assert f"{example.tested:,}" in " ".join(lines)
    assert headline(example) not in lines


def test_lines_list_what_was_refused_by_reason_and_cut_long_lists():
    many = replace(RICH, refused=tuple(replace(RICH.refused[0], trait=f"t{k}") for k in range(11)))
    (line,) = [n for n in discovery_lines(many) if n.startswith("Left out")]
    assert line.endswith("t7 and 3 more.")
    assert list(by_reason(RICH.refused).values()) == [
        ["saw:bramble", "marked:bramble"],
        ["buys:bramble-plush"],
    ]


def test_a_simulated_place_says_so():
    assert "simulated" in place_words(NULL)
    assert "simulated" not in place_words(RICH)


def test_unknowns_are_listed():
    sentence = " ".join(unknowns(GUESS))
    for words in ("opening day", "Nobody of the house", "no forecast"):
        assert words in sentence
    assert "64 % of the tickets" in " ".join(unknowns(RICH))
    blank = replace(RICH.cards[0], beyond=RatioEstimate(), stability=RICH.cards[7].stability)
    blank_lines = " ".join(unknowns(replace(RICH, cards=(blank,), placebo=None)))
    assert "could not be computed for: Owners of older dogs" in blank_lines
    assert "not tested for: Owners of older dogs" in blank_lines
    assert "There was no placebo" in blank_lines


def test_pairs_of_words_can_be_judged():
    assert pair_words(WORDS[0]) == "dog, ageing ~ older, kibble ~ food"


FIGURES = [
    (number_words(2.414), "2.41"),
    (number_words(0), "0.00"),
    (number_words(0.00123), "0.0012"),
    (number_words(float("nan")), "not known"),
    (number_words(None), "not known"),
    (ratio_words(RatioEstimate()), "not known"),
    (ratio_words(RatioEstimate(2)), "2.00"),
    (ratio_words(RatioEstimate(2, None, 3)), "2.00 (…–3.00)"),
    (share_words(0), "0 %"),
    (share_words(1), "100 %"),
    (share_words(0.9999), "99.9 %"),
    (share_words(0.00001), "under 0.1 %"),
    (share_words(0.0994), "9.9 %"),
    (share_words(0.0996), "10 %"),
    (counted(1, "person"), "1 person"),
    (counted(0, "person"), "0 people"),
    (counted(2, "city"), "2 cities"),
]


@pytest.mark.parametrize(("sentence", "right"), FIGURES)
def test_figures_are_written_as_people_write_them(sentence, right):
    assert sentence == right


def width(text):
    return sum(2 if "\u2e80" <= c <= "\uff60" else 1 for c in text)


TEXT = st.text(st.sampled_from("ab cde-流浪地球：，“”é "), max_size=80)


@given(TEXT, st.integers(4, 30))
def test_lines_are_never_too_wide_and_lose_no_letter(text, columns):
    lines = wrapped(text, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXT, st.integers(4, 30), st.integers(1, 3))
def test_cut_lines_are_as_many_as_asked_and_end_in_an_ellipsis(text, columns, most):
    whole, lines = wrapped(text, columns), wrapped(text, columns, most=most)
    assert len(lines) == min(most, len(whole))
    assert all(width(line) <= columns for line in lines)
    if len(whole) > most:
        assert lines[:-1] == whole[: most - 1]
        assert lines[-1].endswith("…")


def test_a_short_text_is_not_cut():
    assert clipped("dogs", 4) == "dogs"
    assert clipped("doggy", 4) == "dog…"
