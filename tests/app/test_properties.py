"""Properties of a house whose traits are built."""

from collections.abc import Iterator

import pytest

import fullhouse as fh
from fullhouse.app import Context
from fullhouse.core.errors import InputError
from fullhouse.greenlight.property import PropertyValue
from fullhouse.view.words.property import unknown_words
from tests.app.city_house import PAST_FILMS, TODAY, city_house

pytestmark = pytest.mark.slow
SEEN = [f"past-film-{n}-2025" for n in range(PAST_FILMS)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    made, _ = city_house(tmp_path_factory.mktemp("properties") / "house")
    with made:
        for n in range(4):
            # Who saw the film before is a fan, and so is who saw the film of the property itself.
            rule = f"saw:{SEEN[n]} or saw:{SEEN[n + 4]}"
            fh.property_add(
                made,
                fh.AddProperty(
                    f"Ip {n}", "comic", adaptations=(SEEN[n],), rule=rule, known_on=TODAY
                ),
            )
        fh.property_add(
            made, fh.AddProperty("Hare", "comic", rule="saw:no-such-film", known_on=TODAY)
        )
        yield made


def value(house: Context, name: str) -> PropertyValue:
    return fh.property_value(house, fh.ValueProperty(name, 2e7, as_of=TODAY, territory="ZZ"))


def test_who_saw_the_film_itself_makes_no_turnout(house: Context) -> None:
    result = value(house, "ip-0")
    assert result.turnout is not None
    assert len(result.turnout.adaptations) == 4
    # Films are seen by half the people each, whatever else they saw. Of people who saw as many of
    # eight films, a fan of one has seen a little less of others; with a film's own viewers among
    # its fans the ratio would have no end.
    for row in result.turnout.adaptations:
        assert 0.5 < row.ratio < 1.2
    assert not result.turnout.proven


def test_a_rule_that_no_longer_holds_is_a_reason_and_stops_no_other(house: Context) -> None:
    assert value(house, "ip-0").fans is not None
    for name in ("ip-0", "hare"):
        result = value(house, name)
        assert ("rule", "hare") in result.unknown
        assert any("The rule of hare has a trait that is not here" in w for w in
                   unknown_words(result))  # fmt: skip
    assert value(house, "hare").fans is None


def test_another_mistake_than_missing_traits_is_said(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InputError("No purpose 'analytics'.")

    monkeypatch.setattr("fullhouse.audiences.population", broken)
    with pytest.raises(InputError, match="No purpose"):
        value(house, "ip-0")
