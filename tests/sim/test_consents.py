"""What account holders allowed."""

import numpy as np
import pyarrow.compute as pc
import pytest

from fullhouse_sim.consents import GRANTED, consents
from fullhouse_sim.market import Market
from fullhouse_sim.members import members
from fullhouse_sim.population import People


def test_everybody_says_something_on_each_purpose(market: Market, crowd: People) -> None:
    accounts = members(market, crowd, "tickets")
    answers = consents(market, accounts).to_pandas()
    first = answers.groupby(["purpose", "member"]).yes.first()
    assert len(first) == 2 * len(accounts)
    assert first["analytics"].mean() == pytest.approx(GRANTED["analytics"], abs=0.01)
    assert first["advertising"].mean() == pytest.approx(GRANTED["advertising"], abs=0.03)
    refused = first["analytics"][first["analytics"] == 0].index
    assert (first["advertising"][refused] == 0).all()


@pytest.mark.slow
def test_only_what_was_granted_is_taken_back_and_later(market: Market, crowd: People) -> None:
    accounts = members(market, crowd, "shop")
    rows = consents(market, accounts)
    answers = rows.append_column("number", pc.cast(rows["day"], "int32")).to_pandas()
    for _, words in answers.groupby(["purpose", "member"]):
        if len(words) > 1:
            assert words.yes.tolist() == [1, 0]
            assert np.diff(words.number.to_numpy())[0] > 0
