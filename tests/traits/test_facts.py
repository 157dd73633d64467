"""Demographic traits: bands of ages, however a source gives an age."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fullhouse.traits.facts import BANDS, values_of

TODAY = date(2025, 6, 30)
STANDARD = {"0-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"}


@given(age=st.integers(0, 130))
def test_an_age_in_years_is_one_of_the_standard_bands_and_holds_the_age(age):
    (band,) = values_of("age", (age, age, None), TODAY)
    assert band in STANDARD
    low, high = next(
        b for b in BANDS if band.startswith(f"{b[0]}") and band[len(str(b[0]))] in "-+"
    )
    assert low <= age
    assert high is None or age <= high


@given(age=st.integers(0, 120))
def test_an_age_and_the_year_of_birth_that_say_the_same_are_one_band(age):
    born = TODAY.year - age
    assert len(set(values_of("age", (age, age, born), TODAY))) == 1


@given(low=st.integers(0, 90), width=st.integers(1, 30))
def test_a_band_that_a_source_gave_stays_as_it_is(low, width):
    (band,) = values_of("age", (low, low + width, None), TODAY)
    assert band == (f"{low}+" if low + width >= 100 else f"{low}-{low + width}")
