"""The strip of audiences: as a chart and as HTML, with the same figures."""

from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import RatioEstimate
from fullhouse.view.card_charts import card_rows, card_strip
from fullhouse.view.discovery_page import cards_section
from fullhouse.view.words.discovery import card_reason
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_discoveries import CARDS, EXPECTED, GUESS, NULL, RICH


def tiles(discovery, **options):
    drawn = {r["id"]: r for r in rows_of(card_strip(discovery, **options)) if "id" in r}
    return [drawn[c.id] for c in discovery.cards]


def test_every_card_is_a_tile_with_its_figures():
    for card, tile in zip(CARDS, tiles(RICH), strict=True):
        assert tile["people_text"] == f"{card.persons:,} people"
        assert tile["extra_text"] == f"+ {card.extra:,} extra reach"
        assert tile["outside"] == card.not_moviegoers / card.persons
        assert tile["beyond"] == card.beyond.value


def test_interval_basis_and_stability_are_stated():
    first, *_, guess = tiles(RICH)
    assert (first["beyond_text"], first["interval_text"]) == ("2.63 × as likely", "95 %: 2.19–3.16")
    assert first["basis_text"] == "measured, steady"
    assert (guess["beyond_text"], guess["basis_text"]) == ("no behaviour yet", "guess")


def test_an_open_end_and_an_unknown_ratio_differ():
    gardeners = tiles(RICH)[6]
    assert gardeners["interval_text"] == "95 %: 1.02–…"
    unknown = replace(CARDS[0], beyond=RatioEstimate())
    assert tiles(replace(RICH, cards=(unknown,)))[0]["beyond_text"] == "beyond: not known"


def test_a_card_of_nobody_has_no_share():
    nobody = tiles(GUESS)[2]
    assert nobody["outside"] is None
    assert nobody["outside_text"] == "nobody"
    assert nobody["bar"] == nobody["from"]


@pytest.mark.parametrize("width", [170, 340, 560, 760, 1200])
def test_tiles_stay_inside_and_apart(width):
    chart = card_strip(RICH, width=width).to_dict()
    drawn = tiles(RICH, width=width)
    for tile in drawn:
        assert 0 <= tile["left"] < tile["from"] <= tile["bar"] <= tile["to"] < tile["right"]
        assert tile["right"] <= chart["width"] + 1 <= width + 1
        assert tile["bottom"] <= chart["height"]
    corners = [(t["left"], t["top"]) for t in drawn]
    assert len(set(corners)) == len(corners)
    assert corners == sorted(corners, key=lambda at: (at[1], at[0]))


def test_one_card_is_no_wider_than_a_tile():
    assert card_strip(EXPECTED, width=900).to_dict()["width"] == 260


def test_the_title_is_the_headline_and_simulated_comes_first():
    assert "first of all Owners of older dogs" in heading_of(card_strip(RICH))
    assert card_strip(EXPECTED).to_dict()["title"]["subtitle"][0].startswith("SIMULATED")
    assert "SIMULATED" not in heading_of(card_strip(RICH))


def test_no_card_is_an_error_with_the_sentence():
    with pytest.raises(CannotTellError, match="Nothing found"):
        card_strip(NULL)


def test_html_tiles_say_what_the_chart_says():
    text = str(cards_section(RICH, behind=False)[0])
    assert text.count("<article") == len(CARDS)
    for row in card_rows(CARDS):
        assert f"{row['persons']:,}" in text
        assert f"+ {row['extra']:,}" in text
    for words in ("2.63 ×", "95 %: 2.19–3.16", "71 %", "steady", "shaky", card_reason(CARDS[0])):
        assert words in text


def test_html_tiles_escape():
    rude = replace(CARDS[0], name="<script>x</script>", id="<i>")
    tiles = str(cards_section(replace(RICH, cards=(rude,)), behind=False)[0])
    assert "<script" not in tiles
    assert "&lt;script&gt;" in tiles
