from datetime import date

import pytest

from fullhouse.core.errors import InputError
from fullhouse.core.request import digest, request


@request
class Ask:
    """What a test asks."""

    film: str
    as_of: date | None = None
    comps: tuple[str, ...] = ()


def test_a_date_may_be_text_and_gives_the_same_digest() -> None:
    as_text, as_date = Ask("x", as_of="2025-01-02"), Ask("x", as_of=date(2025, 1, 2))
    assert as_text == as_date
    assert digest(as_text) == digest(as_date)
    assert digest(as_text) != digest(Ask("x", as_of="2025-01-03"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"film": "x", "as_of": "soon"}, "as_of: .* not 'soon'"),
        ({"film": "x", "films": 1}, "Ask takes no 'films'"),
        ({}, "Ask needs 'film'"),
        ({"film": 3}, "film: .* not 3"),
    ],
)
def test_a_mistake_is_a_sentence(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Ask(**fields)
