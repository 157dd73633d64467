"""Which entry is which film."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.films.film import film_slug
from fullhouse.films.importing import Item, key, main_key, match
from fullhouse.traits import names

DAY = date(2010, 6, 18)


def item(id_: str, title: str, days: int = 0, territory: str = "US") -> Item:
    return Item(id_, (title,), ((DAY + timedelta(days=days), territory),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Kestrel & the Hare", "Kestrel and the Hare"),
        ("Bramble: Part II", "Bramble 2"),
        ("Bramble, Vol. 3", "Bramble III"),
        ("Amélie", "AMELIE"),
        ("Spider-Ox", "Spiderox"),
        ("Don't Go", "Dont go"),
        ("The Larches (2016)", "Larches"),
        ("Æon Hill", "Aeon Hill"),
        ("Shark Bay 3D", "Shark Bay"),
        ("Shark Bay 3-D", "Shark Bay"),
        ("R.I.P.", "RIP"),
    ],
)
def test_titles_that_differ_by_nothing_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Saw 2", "Saw 3"), ("I Am Bramble", "Am Bramble"), ("哪吒", "流浪"), ("The", "A")],
)
def test_titles_of_two_films_have_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_what_stands_before_a_subtitle() -> None:
    assert (
        main_key("Bramble: The Long Way Home") == main_key("Bramble or (The Long Way)") == "bramble"
    )


@pytest.mark.parametrize(
    ("title", "other", "days", "where", "status"),
    [
        ("Bramble", "Bramble", 0, "US", "matched"),
        ("Bramble", "Bramble", 120, "", "matched"),
        ("Bramble", "Bramble", -120, "US", "matched"),
        ("Bramble", "Bramble", -400, "", "matched"),  # first shown anywhere, later here
        ("Bramble", "The Bramble", -400, "", "review"),
        ("Bramble", "Bramble", 400, "", "review"),  # the first day anywhere is no later than ours
        ("Bramble", "Bramble", -400, "US", "review"),
        ("Bramble", "Bramble", -700, "", "review"),
        ("Bramble", "Bramble", -1000, "", None),  # a remake
        ("Bramble", "Bramble: The Long Way Home", 2, "", "matched"),
        ("Bramble", "Bramble: The Long Way Home", 60, "", "review"),
        ("Good Hedges", "Ann Larch's Good Hedges", 0, "", "review"),
        ("Bramble 2", "Bramble 3", 0, "", None),
        ("R-19: The Bramblemaker", "The Bramblemaker", 0, "", "review"),
        ("The Bramblemaker", "The Bramblemaker 2", 60, "", None),
        ("Bramble", "Kestrel", 0, "", None),
    ],
)
def test_a_pair_by_title_and_date(
    title: str, other: str, days: int, where: str, status: str | None
) -> None:
    result = match([item("e", title, days, where)], [item("f", other)])
    assert [p.status for p in result] == ([status] if status else [])


def test_two_films_of_one_title_months_apart_are_not_guessed_between() -> None:
    films = [item("a", "Bramble", 300), item("b", "Bramble", 400)]
    assert [p.status for p in match([item("e", "Bramble", 0, "")], films)] == ["review"]


def test_the_nearest_date_wins_and_nobody_stands_twice() -> None:
    films = [item("old", "Bramble", -100), item("new", "Bramble", 0)]
    result = match([item("e", "Bramble", 5), item("d", "Bramble", -90)], films)
    assert {(p.entry, p.film) for p in result} == {("e", "new"), ("d", "old")}


def test_an_entry_without_a_date_is_only_looked_at() -> None:
    result = match([Item("e", ("Bramble",), ())], [item("f", "Bramble")])
    assert [(p.film, p.status) for p in result] == [("f", "review")]


def test_the_title_in_its_own_language_counts() -> None:
    entry = Item("e", ("Sarah's Larch", "Le mélèze de Sarah"), ((DAY, ""),))
    assert match([entry], [item("f", "Le Mélèze de Sarah")])[0].status == "matched"


TITLES = st.sampled_from(["Bramble", "The Bramble", "Bramble 2", "Kestrel", "Kestrel: Home"])
ITEMS = st.lists(st.tuples(TITLES, st.integers(-900, 900), st.sampled_from(["", "US"])), max_size=6)


@pytest.mark.slow
@settings(deadline=None)
@given(ITEMS, ITEMS, st.randoms())
def test_pairs_are_one_to_one_and_order_does_not_matter(left, right, random) -> None:  # type: ignore[no-untyped-def]
    entries = [item(f"e{i}", *t) for i, t in enumerate(left)]
    films = [item(f"f{i}", *t) for i, t in enumerate(right)]
    result = match(entries, films)
    assert len({p.entry for p in result}) == len({p.film for p in result}) == len(result)
    random.shuffle(entries)
    random.shuffle(films)
    assert match(entries, films) == result


@given(st.text(max_size=20), st.none() | st.integers(1900, 2100))
def test_films_are_named_as_traits_name_them(title: str, year: int | None) -> None:
    assert film_slug(title, year) == names.film_slug(title, year)
