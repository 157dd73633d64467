"""Traits that a film's words point to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.discovery.word_links import Embedding
from fullhouse.discovery.word_match import ALIKE, LEAST, match_traits, vocabulary
from fullhouse.sample.words import FilmWords, word_space
from fullhouse.traits.names import levels, path_slug
from fullhouse.traits.trait import Trait

CATEGORIES = """
Pet Supplies
Pet Supplies > Dogs
Pet Supplies > Dogs > Food
Pet Supplies > Dogs > Food > Dry Food
Pet Supplies > Dogs > Walking
Pet Supplies > Dogs > Treats > Bones
Pet Supplies > Cats
Pet Supplies > Cats > Food
Pet Supplies > Fish > Food
Crafts
Crafts > Knitting
Crafts > Knitting > Yarn
Garden
Garden > Gardening Tools
Garden > Plants > Roses
Baby
Baby > Nursery > Nappies
Sports
Sports > Football
Sports > Football > Boots
Home
Home > Bedding > Winter Duvets
Home > Storage
Car > Wipers > Winter Wipers
Clothing > Women > Coats > Winter Coats
Clothing > Women > Shoes > Winter Shoes
Clothing > Men > Hats > Winter Hats
宠物用品
宠物用品 > 狗粮
宠物用品 > 猫粮
个人护理 > 成人护理
运动 > 足球
手工 > 编织
手工 > 编织 > 毛线
婴儿用品
婴儿用品 > 奶粉
园艺 > 花盆
"""
WORDS = [
    *["dog", "dogs", "puppy", "bones", "winter", "home"],
    *["knitting", "football", "women", "狗粮", "地球"],
]


def bought(category: str, number: int = 0) -> Trait:
    return trait(f"buys:{path_slug(levels(category))}", {"category": [category]}, number)


def trait(name: str, definition: dict, number: int = 0, *, built: bool = True) -> Trait:
    family = name.partition(":")[0]
    return Trait(number, name, family, name, "purchase", definition, 9, {}, built)


TRAITS = [
    *(bought(c, i) for i, c in enumerate(CATEGORIES.strip().splitlines())),
    *(trait(f"word:{w}", {"word": w}, 100 + i) for i, w in enumerate(WORDS)),
    trait("genre:drama", {"genre": ["drama"]}),
    trait("genre:science-fiction", {"genre": ["Science Fiction"]}),
    trait("age:18-24", {"fact": "age"}),
    trait("saw:dogs-2003", {"film": "dogs-2003"}),
]


def film(**parts: str) -> FilmWords:
    return FilmWords("film", "film", parts={k: (v,) for k, v in parts.items()})


def buys(matches):
    return [m.trait for m in matches if m.trait.startswith("buys:")]


@pytest.mark.parametrize(
    ("overview", "first", "pair"),
    [
        ("A puppy and an old dog cross the country", "pet-supplies/dogs", ("dog", "dogs")),
        ("Three widows meet to knit", "crafts/knitting", ("knit", "knitting")),
        ("Two rivals in one garden", "garden", ("garden", "garden")),
        ("A bachelor is left with a baby", "baby", ("baby", "baby")),
        ("A village builds a football team", "sports/football", ("football", "football")),
        ("忠犬八公：一只狗等待主人", "宠物用品/狗粮", ("犬", "狗粮")),
        ("她靠编织养活一家", "手工/编织", ("编织", "编织")),
        ("爱踢足球的少年", "运动/足球", ("足球", "足球")),
        ("单身汉和婴儿", "婴儿用品", ("婴儿", "婴儿用品")),
    ],
    ids=["dog", "knitting", "garden", "baby", "football", "狗", "编织", "足球", "婴儿"],
)
def test_the_right_category_is_first(overview, first, pair):
    result = [m for m in match_traits(film(overview=overview), TRAITS) if "buys:" in m.trait]
    assert result[0].trait == f"buys:{first}"
    assert pair in result[0].words
    assert result[0].score > 0.25


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"title": "It and Me"},
        {"overview": "A man and a woman find love, and life in their home is young again"},
        {"overview": "一个男人的故事"},
        {"overview": "Quantum chromodynamics"},
    ],
)
def test_a_film_without_meaningful_words_has_no_strong_match(parts):
    matches = match_traits(film(**parts), TRAITS)
    assert [m for m in matches if "home" not in m.trait and "women" not in m.trait] == []
    assert all(m.score < 0.1 for m in matches)


def test_chinese_characters_of_other_words_do_not_match():
    """人 of 主人 stands in 个人护理 and 成人护理, 球 of 足球 in 地球: neither is meant."""
    assert match_traits(film(overview="等待主人"), TRAITS) == ()
    assert "word:地球" not in [m.trait for m in match_traits(film(overview="足球"), TRAITS)]


def test_short_words_that_begin_alike_are_others():
    traits = [bought("Plants"), bought("Career"), bought("Cardigans"), bought("Starters")]
    assert match_traits(film(overview="A plan, a car, a star, a card"), traits) == ()


def test_a_near_spelling_is_worth_less_than_the_word():
    traits = [bought("Garden"), bought("Gardening")]
    scores = {m.trait: m.score for m in match_traits(film(title="Garden"), traits)}
    assert 0 < scores["buys:gardening"] < scores["buys:garden"]


def test_a_word_of_many_categories_weighs_less_and_silly_matches_score_low():
    result = {m.trait: m.score for m in match_traits(film(keywords="winter bones dog"), TRAITS)}
    winter = [s for t, s in result.items() if "winter-" in t]
    assert winter
    assert max(winter) < 0.3 * result["buys:pet-supplies/dogs"]


def test_a_word_of_many_films_weighs_less():
    others = [FilmWords(f"f{i}", "", parts={"overview": ("football",)}) for i in range(15)]
    rest = [FilmWords(f"g{i}", "", parts={"overview": ("robots",)}) for i in range(85)]
    words = film(overview="football and a baby")
    result = {
        m.trait: m.score
        for m in match_traits(words, TRAITS, space=word_space([words, *others, *rest]))
    }
    assert result["buys:baby"] > 3 * result["buys:sports/football"]


def test_categories_below_a_match_are_left_out_unless_they_add_a_word():
    result = buys(match_traits(film(keywords="dog walking"), TRAITS))
    assert result[:2] == ["buys:pet-supplies/dogs/walking", "buys:pet-supplies/dogs"]
    assert not [t for t in result if "food" in t]


def test_a_category_says_its_word_once():
    twice = match_traits(film(title="dog"), [bought("Dogs > Dog Food")])
    once = match_traits(film(title="dog"), [bought("Dogs > Food")])
    assert len(twice[0].words) == 1
    assert twice[0].score == pytest.approx(once[0].score, abs=0.01)


def test_underscored_categories_are_read_as_words():
    result = match_traits(film(title="Kitchen"), [bought("KITCHEN_KNIFE")])
    assert result[0].words == (("kitchen", "kitchen"),)


def test_a_genre_matches_its_own_trait():
    result = match_traits(film(genres="Science Fiction"), TRAITS)
    assert [m.trait for m in result] == ["genre:science-fiction"]
    assert result[0].words == (("Science Fiction", "Science Fiction"),)


def test_no_more_than_a_few_traits_stand_for_the_same_words_and_most_holds():
    traits = [
        bought(f"Baby {x}")
        for x in ["Bath", "Bottle", "Seat", "Rattle", "Cot", "Chair", "Bib", "Sling", "Gate"]
    ]
    matches = match_traits(film(title="Baby"), [*traits, *TRAITS])
    assert len([m for m in matches if {w for w, _ in m.words} == {"baby"}]) == ALIKE
    assert len(match_traits(film(title="Baby dog"), [*traits, *TRAITS], most=3)) == 3


def test_plus_puts_in_traits_and_words():
    result = match_traits(film(title="Robots"), TRAITS, plus=["age:18-24", "Dogs", "baby"])
    given_ = {m.trait: m for m in result if m.given == "plus"}
    assert given_["age:18-24"].score == 1
    assert given_["age:18-24"].words == ()
    assert given_["buys:pet-supplies/dogs"].words == (("dogs", "dogs"),)
    assert "buys:baby" in given_
    assert result[0].trait == "age:18-24"
    cut = match_traits(film(title="Garden"), TRAITS, plus=["age:18-24", "dog"], most=1)
    assert {m.given for m in cut} == {"plus"}


def test_plus_takes_a_chinese_word():
    result = match_traits(film(title="Robots"), TRAITS, plus=["狗"])
    assert result[0].trait == "buys:宠物用品/狗粮"


def test_minus_takes_out_a_word_everywhere():
    words = film(overview="A dog with bones in winter")
    result = match_traits(words, TRAITS, minus=["dog", "winter"])
    assert {w for m in result for pair in m.words for w in pair} == {"bones"}


def test_minus_takes_out_a_trait_and_the_word_it_is_called_by():
    words = film(overview="A dog with bones")
    result = match_traits(words, TRAITS, minus=["buys:pet-supplies/dogs/treats/bones"])
    assert "word:bones" not in [m.trait for m in result]
    assert "buys:pet-supplies/dogs" in [m.trait for m in result]


def test_minus_takes_out_a_trait_that_the_level_above_would_match():
    below = bought("Dogs > Food")
    assert match_traits(film(title="Dog"), [below])
    assert match_traits(film(title="Dog"), [below], minus=["buys:dogs/food"]) == ()


def test_a_trait_of_the_houses_own_matches_by_any_of_its_phrases():
    own = trait("own:owners", {"title_any": ["dog food", "cat litter"], "title_none": ["hot"]})
    assert match_traits(film(title="Cat"), [own])[0].words == (("cat", "cat"),)
    assert match_traits(film(title="Hot"), [own]) == ()


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"plus": ["knittin"]}, "neither a trait.*Did you mean 'knitting'"),
        ({"plus": ["buys:pet-supplies/dog"]}, "no trait.*Did you mean 'buys:pet-supplies/dogs'"),
        ({"plus": ["the"]}, "'the' is neither"),
        ({"minus": ["zeppelin"]}, "'zeppelin' is neither"),
        ({"plus": ["dog"], "minus": ["dogs"]}, "'dog' is given both"),
        ({"plus": ["word:dog"], "minus": ["word:dog"]}, "given both"),
        ({"plus": ["word:rare"]}, "too few people"),
    ],
    ids=["near", "no trait", "stop word", "unknown", "both", "both traits", "not built"],
)
def test_what_names_nothing_is_refused(given_, message):
    traits = [*TRAITS, trait("word:rare", {"word": "rare"}, built=False)]
    with pytest.raises(InputError, match=message):
        match_traits(film(title="Dog"), traits, **given_)


def test_minus_may_name_a_word_that_only_the_film_has():
    assert match_traits(film(title="Zeppelin"), TRAITS, minus=["zeppelin"]) == ()


def test_traits_that_are_not_built_do_not_match():
    rare = trait("word:zeppelin", {"word": "zeppelin"}, built=False)
    assert match_traits(film(title="Zeppelin"), [rare]) == ()


def test_an_embedding_adds_words_that_mean_the_like():
    angle = np.arccos(0.9)
    vectors = np.array([[1, 0], [np.cos(angle), np.sin(angle)], [0, 1]], np.float32)
    embedding = Embedding(("hound", "dogs", "baby"), vectors)
    words = film(title="Hound")
    assert match_traits(words, TRAITS) == ()
    result = match_traits(words, TRAITS, embedding=embedding)
    assert result[0].trait == "buys:pet-supplies/dogs"
    assert result[0].words == (("hound", "dogs"),)
    same = match_traits(film(title="Dog"), TRAITS)[0]
    assert 0.5 * same.score < result[0].score < same.score
    assert "buys:baby" not in [m.trait for m in result]
    assert match_traits(words, TRAITS, embedding=embedding, minus=["dog"]) == ()
    assert {"hound", "dogs", "baby"} <= vocabulary([words], TRAITS)


some_words = st.lists(
    st.sampled_from([*WORDS, "garden", "gardener", "walk", "狗", "猫"]), max_size=5
)


@settings(max_examples=60, deadline=None)
@given(some_words, some_words, st.randoms(use_true_random=False))
def test_scores_are_comparable_and_nothing_depends_on_the_order(title, overview, random):
    words = film(title=" ".join(title), overview=" ".join(overview))
    result = match_traits(words, TRAITS)
    assert all(LEAST <= m.score <= 1 and m.words for m in result)
    assert [(-m.score, m.trait) for m in result] == sorted((-m.score, m.trait) for m in result)
    mixed = TRAITS[:]
    random.shuffle(mixed)
    assert match_traits(words, mixed) == result


@settings(max_examples=40, deadline=None)
@given(some_words, st.sampled_from(["dog", "football", "garden", "winter"]))
def test_a_word_taken_out_is_in_no_pair(title, word):
    words = film(title=" ".join([*title, word]))
    for match in match_traits(words, TRAITS, minus=[word], most=999):
        assert word not in {w.removesuffix("s") for pair in match.words for w in pair}


@settings(max_examples=40, deadline=None)
@given(some_words, st.sampled_from(WORDS))
def test_saying_more_never_lowers_a_score(title, more):
    less = {m.trait: m.score for m in match_traits(film(title=" ".join(title)), TRAITS, most=999)}
    every = match_traits(film(title=" ".join([*title, more])), TRAITS, most=999)
    result = {m.trait: m.score for m in every}
    assert all(result[t] >= s - 1e-9 for t, s in less.items() if t in result)
