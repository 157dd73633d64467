"""Terms: shipped ones that hang together, and a user's in their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.greenlight.terms import GreenlightTerms, read_terms, response


def test_what_a_file_leaves_out_stays_as_shipped(terms: GreenlightTerms) -> None:
    own = read_terms("[terms]\nrental_home = 0.6\n[stages]\nsale_price = 0.9")
    assert own.terms["rental_home"].certain
    assert own.terms["rental_home"].middle == 0.6
    assert own.stages.sale_price == 0.9
    assert own.terms["home"] == terms.terms["home"]
    assert own.changed == ("rental_home", "stages.sale_price")


def test_terms_in_another_currency_say_what_opening_costs_in_it() -> None:
    own = read_terms('currency = "CNY"\n[usual_advertising]\nbudget = 1e8\nhome = 5e7')
    assert (own.currency, own.usual_advertising.home) == ("CNY", 5e7)
    assert read_terms('currency = "USD"').currency == "USD"


def test_a_chinese_film_at_home_gets_the_chinese_share() -> None:
    assert read_terms(territory="CN").terms["rental_home"].middle == 0.40


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[terms]\nrental_hom = 0.5", "Did you mean 'rental_home'"),
        ("[terms.home]\nlow = 0.9", "must rise"),
        ("[terms]\nrental_home = 1.5", "from 0 to 1"),
        ('[terms]\nrental_home = "half"', "must be a number"),
        ("[terms]\nrental_home = nan", "must be a number"),
        ("rental_home = 0.5", "have no 'rental_home'"),
        ("terms = 3", "a table [terms]"),
        ("[stages]\npilot_tells = 2", "from 0 to 1"),
        ('currency = "dollars"', "three capital letters"),
        ("[usual_advertising]\nbudget = 0", "above 0"),
        ("[usual_advertising]\nhome = 0", "above 0"),
        ("[usual_advertising]\nexponent = 1e300", "from 0 to 2"),
        ("[usual_advertising]\nabroad = -1", "from 0 to 100"),
        ("[years]\nhome = 1e9", "from -15 to 15"),
        ("[terms]\nrental_home = 1" + 400 * "0", "must be a number"),
        ('currency = "CNY"', "give budget and home"),
        ('currency = "CNY"\n[usual_advertising]\nhome = 1e8', "give budget and home"),
        ("[terms", "not valid TOML"),
        ("[terms]\nrental_home = 1" + 5000 * "0", "not valid TOML"),
    ],
)
def test_a_mistake_in_terms_is_told_with_what_would_do(text: str, words: str) -> None:
    with pytest.raises(InputError) as problem:
        read_terms(text)
    assert words in str(problem.value)


@given(st.floats(0.01, 20), st.floats(0.0, 0.43), st.floats(1.01, 3))
def test_more_advertising_never_takes_less_and_moves_less_and_less(
    share: float, elasticity: float, times: float
) -> None:
    here, more = response(share, elasticity), response(share * times, elasticity)
    assert more >= here - 1e-12
    assert response(1.0, elasticity) == pytest.approx(1.0)
    step = 0.01 * share
    first = response(share + step, elasticity) - here
    assert response(share + 2 * step, elasticity) - response(share + step, elasticity) <= (
        first + 1e-12
    )


@given(st.floats(0.02, 0.43))
def test_the_response_has_the_stated_elasticity_at_the_usual_spend(elasticity: float) -> None:
    change = np.log(response(1.001, elasticity) / response(0.999, elasticity))
    assert change / np.log(1.001 / 0.999) == pytest.approx(elasticity, rel=1e-3)
