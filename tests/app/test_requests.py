"""What requests refuse before anything is looked at: numbers that no database takes."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse import app
from fullhouse.core.errors import InputError


@pytest.mark.parametrize("request_", [
    app.ListQuarantine, app.ListJobs, app.ListAudit, app.ListRuns, app.ShowLedger,
    app.ReportPeople,
])  # fmt: skip
@given(rows=st.one_of(st.integers(max_value=-1), st.integers(min_value=1_000_001)))
@settings(max_examples=10)
def test_a_list_has_no_number_of_rows_that_a_database_refuses(
    request_: Callable[..., object], rows: int
) -> None:
    with pytest.raises(InputError, match=r"rows|integer"):
        request_(rows=rows)


@given(
    digest=st.text().filter(lambda x: not re.fullmatch("[0-9a-f]{64}", x)),
    person=st.one_of(st.integers(max_value=-1), st.integers(min_value=1 << 32)),
)
@settings(max_examples=30)
def test_a_search_for_the_erased_is_by_digests_and_numbers_that_there_can_be(
    digest: str, person: int
) -> None:
    account = (("shop", "u-1"),)
    wrongs: tuple[dict[str, Any], ...] = ({"digests": (digest,)}, {"persons": (person,)})
    for wrong in wrongs:
        with pytest.raises(InputError, match=r"digest|number|integer"):
            app.VerifyErasure(account, **wrong)
    assert app.VerifyErasure(account, (0, (1 << 32) - 1), ("0" * 64,))
