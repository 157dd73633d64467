"""What requests refuse before anything is looked at: numbers that no database takes."""

import re
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.dataclasses import is_pydantic_dataclass

from fullhouse import app
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES, hints_of
from fullhouse.core.errors import FullhouseError, InputError


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


def _requests(verb: Callable[..., Any]) -> Iterator[tuple[type, type | None]]:
    """The requests of a use case that are as of a day: each, or what it holds that is."""
    for name, hint in hints_of(verb).items():
        for kind in _kinds(hint) if name != "return" else ():
            for inner in (kind, *(k for f in typing.get_type_hints(kind).values()
                                  for k in _kinds(f))):  # fmt: skip
                if "as_of" in {f.name for f in fields(inner)}:
                    yield kind, None if inner is kind else inner


def _kinds(hint: Any) -> list[type]:
    parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return [k for k in parts if isinstance(k, type) and is_pydantic_dataclass(k)]


for module in iter_modules(app.__path__):
    import_module(f"fullhouse.app.{module.name}")
DATED = [
    pytest.param(verb, kind, inner, id=f"{verb.__name__}-{(inner or kind).__name__}")
    for verb in sorted((*HOUSE_CASES, *TENANT_CASES), key=lambda v: (v.__module__, v.__name__))
    for kind, inner in _requests(verb)
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("dated") / "house"
    with app.init_house(str(folder), environment={}) as made:
        yield made


def _asked(kind: type, **given: object) -> Any:
    """A request with these fields alone: its day is judged before anything else is looked at."""
    made = object.__new__(kind)
    for field in fields(kind):
        object.__setattr__(made, field.name, given.get(field.name))
    return made


def test_all_that_is_as_of_a_day_is_walked() -> None:
    walked = {case.values[0].__name__ for case in DATED}
    assert len(DATED) > 40
    assert {"audience_count", "film_show", "room_ask", "traits_build", "studio_plan"} <= walked


@pytest.mark.parametrize(("verb", "kind", "inner"), DATED)
def test_nothing_is_as_of_a_day_to_come(
    house: Any, verb: Callable[..., Any], kind: type, inner: type | None
) -> None:
    for days in (1, 27_000):
        day = house.today + timedelta(days=days)
        if inner is None:
            request = _asked(kind, as_of=day)
        else:
            name = next(n for n, t in typing.get_type_hints(kind).items() if inner in _kinds(t))
            request = _asked(kind, **{name: _asked(inner, as_of=day)})
        with pytest.raises(InputError, match="has not come yet; the latest day") as error:
            verb(house, request)
        assert error.value.facts == {"as_of": day, "today": house.today}


def test_the_state_of_tables_is_of_no_day_to_come(house: Any) -> None:
    with pytest.raises(InputError, match="has not come yet"):
        app.lake_status(house, app.ShowLake(at="2999-01-01T00:00:00Z"))


def test_today_and_before_can_be_asked_about(house: Any) -> None:
    for day in (house.today, house.today - timedelta(days=1), date(1999, 1, 1)):
        with pytest.raises(FullhouseError) as error:
            app.film_show(house, app.ShowFilm("kestrel-2027", as_of=day))
        assert error.value.code != "day_ahead"
