"""Films as words, and how alike their texts are."""

import math
from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.sample.words import (
    PARTS,
    WHOLE_WORDS,
    FilmWords,
    base_form,
    film_words,
    grams,
    word_space,
    words_in,
)


def film(name: str, **parts: str) -> FilmWords:
    return FilmWords(name, name, parts={k: (v,) for k, v in parts.items()})


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("dogs", "dog"),
        ("puppies", "puppy"),
        ("foxes", "fox"),
        ("churches", "church"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("bus", "bus"),
        ("tennis", "tennis"),
        ("women", "woman"),
        ("wolves", "wolf"),
        ("café", "cafe"),
        ("gas", "gas"),
    ],
)
def test_plurals_and_accents_meet_the_plain_word(word, base):
    assert base_form(word) == base


@pytest.mark.parametrize(("one", "many"), [("movie", "movies"), ("cookie", "cookies")])
def test_words_in_ie_meet_their_plural(one, many):
    assert base_form(one) == base_form(many)


def test_stop_words_numbers_and_letters_are_no_words():
    assert words_in("The 101 of a X — about IT and herself") == []


def test_japanese_marks_are_no_accents():
    assert words_in("ガス") == [("ガス", "ガス")]


def test_chinese_is_cut_into_pairs_that_do_not_cross_punctuation():
    keys = [k for k, _ in words_in("编织，毛衣的故事")]
    assert keys == ["编织", "毛衣", "故事"]


def test_a_chinese_animal_is_a_word_by_itself_in_either_script():
    assert ("狗", "犬") in words_in("忠犬")
    assert ("猫", "貓") in words_in("貓咪")
    assert "球" not in dict(words_in("足球"))


def test_facts_become_parts_and_empty_ones_none():
    facts = {
        "title": "Hachi",
        "original_title": "忠犬八公",
        "opening": date(2009, 8, 8),
        "overview": None,
        "tagline": "  ",
        "keywords": ["dog", "loyalty"],
        "genres": ["Drama"],
        "talent": ["Ann Lee"],
        "series": None,
        "budget": (1.0, "USD"),
    }
    words = film_words("hachi-2009", facts)
    assert dict(words.parts) == {
        "title": ("Hachi", "忠犬八公"),
        "keywords": ("dog", "loyalty"),
        "genres": ("Drama",),
    }
    assert (words.title, words.opening) == ("Hachi", date(2009, 8, 8))
    assert (words.talent, words.series) == (("Ann Lee",), "")


def test_a_film_without_facts_is_called_by_its_id_but_not_known_by_it():
    words = film_words("dog-2009", {})
    assert words.title == "dog-2009"
    assert not words.parts


def slow_cosine(a: FilmWords, b: FilmWords, films: list[FilmWords]) -> float:
    """The same in the most obvious way: counts in dictionaries."""

    def part_counts(film, kind):
        parts = []
        for part in PARTS:
            counts = Counter()
            for key, _ in words_in(film.text(part)):
                for token in [key] if kind == "word" else grams(key):
                    counts[token] += 1
            parts.append(counts)
        return parts

    total = 0.0
    size = {"word": [], "gram": []}
    dots = {}
    for kind in ("word", "gram"):
        df = Counter(t for f in films for t in set().union(*part_counts(f, kind)))
        rows = []
        for f in (a, b):
            vector = Counter()
            for weight, counts in zip(PARTS.values(), part_counts(f, kind), strict=True):
                row = {
                    t: (1 + math.log(n)) * (math.log((1 + len(films)) / (1 + df[t])) + 1)
                    for t, n in counts.items()
                }
                length = math.sqrt(sum(v * v for v in row.values())) or 1.0
                for t, v in row.items():
                    vector[t] += weight * v / length
            rows.append(vector)
        size[kind] = [math.sqrt(sum(v * v for v in r.values())) for r in rows]
        dots[kind] = sum(v * rows[1][t] for t, v in rows[0].items())
    for kind, share in (("word", WHOLE_WORDS), ("gram", 1 - WHOLE_WORDS)):
        total += share * dots[kind] / (size[kind][0] * size[kind][1])
    return total


def test_similarity_is_the_slow_cosine():
    films = [
        film("a", title="A dog", overview="A loyal dog waits, a dog sleeps", keywords="dog"),
        film("b", title="Puppies", overview="Three dogs wait for a gardener", genres="Drama"),
        film("c", title="狗", overview="一只狗等待主人", keywords="忠诚"),
        film("d", overview="Gardening in winter", tagline="Dig it", genres="Drama"),
    ]
    similarity = word_space(films).similarity(films, films)
    slow = [[slow_cosine(a, b, films) for b in films] for a in films]
    np.testing.assert_allclose(similarity, slow, atol=1e-9)


def test_like_films_are_more_alike_in_english_and_chinese():
    films = [
        film("a", overview="A loyal dog waits at the station for its master"),
        film("b", overview="Dogs and puppies rescue a station"),
        film("c", overview="Two chefs open a restaurant in Paris"),
        film("d", overview="一只忠诚的狗在车站等待主人"),
        film("e", overview="小狗在车站寻找主人"),
        film("f", overview="两位厨师在巴黎开餐厅"),
    ]
    similarity = word_space(films).similarity(films, films)
    assert similarity[0, 1] > 3 * similarity[0, 2]
    assert similarity[3, 4] > similarity[3, 5] + 0.1


def test_parts_of_words_make_gardening_like_a_garden():
    films = [film("a", title="garden"), film("b", title="gardening"), film("c", title="robots")]
    similarity = word_space(films).similarity(films, films)
    assert similarity[0, 1] > 0.05 > similarity[0, 2]


def test_a_film_without_meaningful_words_is_like_nothing_known():
    films = [film("a", title="It and Me"), film("b", title="Dog"), film("c")]
    space = word_space(films)
    similarity = space.similarity(films, films)
    assert np.isnan(similarity).tolist() == [
        [True, True, True],
        [True, False, True],
        [True, True, True],
    ]
    assert space.vectors(films).getnnz(axis=1).astype(bool).tolist() == [False, True, False]


def test_a_space_without_films_still_answers():
    space = word_space([])
    assert space.share("dog") == pytest.approx(0.01)
    assert space.rarity("ann") == 1
    assert np.isnan(space.similarity([film("a", title="Dog")], [film("b", title="Dog")])).all()


def test_a_films_own_words_do_not_make_them_common():
    films = [film("a", title="dog dog", overview="dog"), film("b", title="cat")]
    space = word_space(films)
    assert space.share("dog", without="a") < space.share("cat", without="a")
    assert space.share("dog", without="a") == pytest.approx(0.2 / 21)
    assert space.share("dog") == pytest.approx(1.2 / 22)


def test_shared_words_are_spelt_as_the_film_spells_them_rarest_first():
    films = [
        film("a", keywords="dogs winter"),
        film("b", overview="a dog in winter"),
        film("c", overview="winter"),
    ]
    assert word_space(films).shared(films[0], films[1]) == ("dogs", "winter")


texts = st.lists(
    st.sampled_from(["dog", "dogs", "puppy", "garden", "狗", "流浪地球", "the", "winter"]),
    max_size=6,
)
films_drawn = st.lists(texts, min_size=1, max_size=6).map(
    lambda many: [film(f"f{i}", overview=" ".join(t)) for i, t in enumerate(many)]
)


@settings(max_examples=40, deadline=None)
@given(films_drawn, st.randoms(use_true_random=False))
def test_similarity_is_a_cosine_and_the_order_of_films_does_not_matter(films, random):
    similarity = word_space(films).similarity(films, films)
    known = ~np.isnan(np.diag(similarity))
    np.testing.assert_allclose(np.diag(similarity)[known], 1, atol=1e-9)
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-12)
    assert ((similarity >= 0) & (similarity <= 1) | np.isnan(similarity)).all()
    mixed = films[:]
    random.shuffle(mixed)
    np.testing.assert_allclose(word_space(mixed).similarity(films, films), similarity, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(films_drawn, texts)
def test_in_a_fixed_space_another_film_changes_nothing(films, more):
    space = word_space(films)
    before = space.similarity(films[:1], films)
    after = space.similarity(films[:1], [*films, film("new", overview=" ".join(more))])
    np.testing.assert_array_equal(after[:, :-1], before)
