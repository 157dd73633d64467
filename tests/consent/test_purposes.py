"""How purposes are written, and which ones a house knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.consent import check_purpose, known_purposes
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings

KNOWN = known_purposes(Settings())


def test_a_house_knows_its_declared_purposes_and_those_that_need_a_grant() -> None:
    settings = Settings(purposes=("Analytics ",), consent_required=("E-Mail",))
    assert known_purposes(settings) == ("advertising", "analytics", "e-mail")


@given(st.sampled_from(KNOWN), st.data())
def test_case_and_blanks_make_no_other_purpose(purpose: str, data: st.DataObject) -> None:
    cased = "".join(data.draw(st.sampled_from((c, c.upper()))) for c in purpose)
    blanks = st.text(" \t\n\u00a0\u3000", max_size=3)
    assert check_purpose(data.draw(blanks) + cased + data.draw(blanks), KNOWN) == purpose


@given(st.text(max_size=20).filter(lambda t: t.strip().lower() not in KNOWN))
def test_any_other_text_is_refused_with_the_known_purposes(text: str) -> None:
    with pytest.raises(InputError, match="advertising, analytics"):
        check_purpose(text, ("advertising", "analytics", "a\u00e9"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("advertizing", "advertising"),
        ("ads", "advertising"),
        ("Marketing", "advertising"),
        ("analytic", "analytics"),
        ("stats", "analytics"),
    ],
)
def test_a_near_word_gets_a_suggestion(text: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"Did you mean '{meant}'"):
        check_purpose(text, KNOWN)
