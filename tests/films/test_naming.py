"""What titles and distributors say: events, aliases, franchises, what is missing."""

import pytest

from fullhouse.core.errors import InputError
from fullhouse.films import parse_value
from fullhouse.films.columns import known
from fullhouse.films.naming import distributor_key, event_of, franchise_of


@pytest.mark.parametrize(
    ("title", "distributor", "event"),
    [
        ("The Larch (25th Anniversary)", None, "anniversary"),
        ("长安十二时辰 20周年", None, "anniversary"),
        ("The Larch (in 3D)", None, "re-release"),
        ("The Larch: The Final Cut", None, "re-release"),
        ("Alder: Live at the Hall", None, "concert"),
        ("Alder | The World Tour", None, "concert"),
        ("Alder: Permission to Sing on Stage", None, "concert"),
        ("Rowan 2 Double Feature", None, "fan event"),
        ("The Larch", "Fathom Events", "fan event"),
        ("The Larch", "Yash Raj Films", "foreign language"),
        ("Live Free or Hide", None, None),
        ("The Tourist", None, None),
        ("Step Higher 3D", None, None),
        ("The Marathon", None, None),
        ("The Larch", "Paramount Pictures", None),
    ],
)
def test_events_are_known_by_rule(title: str, distributor: str | None, event: str | None) -> None:
    assert event_of(title, distributor, None, "US", again=False) == event


def test_films_in_another_language_are_told_apart_where_they_are_the_exception() -> None:
    assert event_of("Larch", None, "hi", "US", again=False) == "foreign language"
    assert event_of("Larch", None, "en", "US", again=False) is None
    assert event_of("Larch", None, "en", "CN", again=False) is None
    assert event_of("Larch", None, "en", "US", again=True) == "re-release"


@pytest.mark.parametrize(
    "names",
    [
        ("Sony Pictures Entertainment (SPE)", "Sony Pictures", "Sony", "SPE", "Columbia Pictures",
         "Sony / Columbia", "SONY PICTURES RELEASING", "TriStar Pictures"),
        ("Warner Bros.", "Warner Bros. Pictures", "WB", "Warner Brothers", "warner bros"),
        ("20th Century Fox", "Twentieth Century Fox", "Fox", "20th Century Studios"),
        ("Walt Disney Studios Motion Pictures", "Disney", "Buena Vista", "Walt Disney Pictures"),
        ("Larch Films", "Larch Film Company, Inc.", "LARCH"),
    ],
    ids=["sony", "warner", "fox", "disney", "any"],
)  # fmt: skip
def test_the_names_of_one_distributor_are_one(names: tuple[str, ...]) -> None:
    assert len({distributor_key(n) for n in names}) == 1


def test_distributors_are_not_thrown_together() -> None:
    names = ("Sony Pictures Classics", "Sony Pictures", "Focus Features", "Universal Pictures",
             "Fox Searchlight Pictures", "Fox", "Films Inc.")  # fmt: skip
    assert len({distributor_key(n) for n in names}) == len(names)


def test_parts_of_a_franchise_under_new_names() -> None:
    assert franchise_of("The Fate of the Furious") == franchise_of("2 Fast 2 Furious")
    assert franchise_of("SKYFALL") == "James Bond"
    assert franchise_of("The Larch") is None


@pytest.mark.parametrize("text", ["N/A", "n/a ", "-", "NULL", "None", "nan", "TBD", "未知", "#N/A"])
def test_what_is_missing_is_missing_in_every_spelling(text: str) -> None:
    assert known(text) == ""
    for field in ("distributor", "budget", "theaters", "opening", "genres", "plan"):
        assert parse_value(field, text) is None
    assert parse_value("title", text) == text.strip(), "a film may be called so"


def test_an_event_is_one_of_those_there_are() -> None:
    assert parse_value("event", "none") == "none"
    with pytest.raises(InputError, match="concert"):
        parse_value("event", "party")
