"""Declarations and expressions: what they say, and what is wrong with them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import held
from fullhouse.feeds import Feed
from fullhouse.feeds.compile import as_bool, as_number, as_time, compile_node
from fullhouse.feeds.expression import names, parse
from fullhouse.feeds.times import read_iso, to_utc

GOOD = 'source = "shop"\nkind = "purchase"\n[columns]\naccount = "a"\nat = "t"\n'
WRONG = {
    "no TOML": ("x", "not valid TOML"),
    "a key that is none": (GOOD.replace("kind", "kinds"), "no key 'kinds'. Did you mean 'kind'"),
    "no source": (GOOD.replace('source = "shop"\n', ""), "'source' is missing"),
    "no slug": (GOOD.replace('"shop"', '"My Shop"'), "such as 'my-shop'"),
    "a kind that is none": (GOOD.replace("purchase", "purchases"), "Did you mean 'purchase'"),
    "a column that is none": (GOOD + 'titel = "x"\n', "no column 'titel'. Did you mean 'title'"),
    "a column that is made": (GOOD + 'day = "x"\n', "no column 'day'"),
    "no account": (GOOD.replace('account = "a"\n', ""), "a purchase needs 'account'"),
    "no expression": (GOOD + "title = 3\n", "must be an expression in quotes"),
    "two values": (GOOD + '[constants]\naccount = "x"\n', r"\[columns\] and \[constants\]"),
    "a constant of another type": (GOOD + '[constants]\nquantity = "x"\n', "must be a float64"),
    "values of no column": (GOOD + '[values.city]\nx = "y"\n', "has no column 'city'"),
    "a time zone that is none": ('time_zone = "Berlin"\n' + GOOD, "such as America/New_York"),
    "a currency that is none": ('currency = "Dollar"\n' + GOOD, "ISO 4217"),
    "an encoding that is none": ('encoding = "ut8"\n' + GOOD, "no encoding 'ut8'"),
    "a raw column of two kinds": (
        GOOD + '[identifiers]\nemail = "m"\nphone = "m"\n', "'m' is email and phone at once"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_declaration_says_what_would_do(case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(InputError, match=message):
        Feed.parse(text, name="f")


def test_a_feed_knows_what_it_reads() -> None:
    text = GOOD + 'title = "a || \' \' || \\"b c\\""\n'
    feed = Feed.parse(text, name="f")
    assert feed.raw == ["a", "t", "b c"]
    assert feed.digest == Feed.parse(text, name="g").digest
    assert feed.digest != Feed.parse(GOOD, name="f").digest


PLACES = {
    "uper(a)": ("no function 'uper'. Did you mean 'upper'", 1),
    "a + ": ("does not belong here", 5),
    "lower(a": ("does not belong here", 8),
    "a b": ("does not belong here", 3),
    "a || lower(b, c)": ("it is written lower", 6),
    "regex_extract(a, '(')": ("the pattern is wrong", 1),
    "time(a, '%Q')": ("no directive %Q", 1),
    "split_part(a, b, 1)": ("a plain text or number", 15),
    "a; drop table x": ("does not belong here", 2),
    "": ("does not belong here", 1),
}


@pytest.mark.parametrize("text", PLACES)
def test_a_wrong_expression_is_shown_with_its_place(text: str) -> None:
    message, place = PLACES[text]
    with pytest.raises(InputError, match=message) as caught:
        parse(text, what="columns.x")
    assert f"at character {place}:" in str(caught.value)


RAW = pa.table(
    {
        "a": ["Ab c", "1.5", None, "2024-01-02T03:04:05+02:00", "x:y:z"],
        "n": pa.array([1, 2, None, 4, 5]),
        "not_a": ["1", "x", "", "yes", "no"],
    }
)
VALUES: dict[str, list[Any]] = {
    "lower(a)": ["ab c", "1.5", None, "2024-01-02t03:04:05+02:00", "x:y:z"],
    "upper(trim(replace(a, 'b', '')))": ["A C", "1.5", None, "2024-01-02T03:04:05+02:00", "X:Y:Z"],
    "n || '-' || a": ["1-Ab c", "2-1.5", "-", "4-2024-01-02T03:04:05+02:00", "5-x:y:z"],
    "split_part(a, ':', 2)": [None, None, None, "04", "y"],
    "substring(a, 1, 2)": ["Ab", "1.", None, "20", "x:"],
    "regex_extract(a, '([0-9]+)$')": [None, "5", None, "00", None],
    "regex_extract(a, '[0-9]+')": [None, "1", None, "2024", None],
    "n * 2 + 1": [3.0, 5.0, None, 9.0, 11.0],
    "-n / 2": [-0.5, -1.0, None, -2.0, -2.5],
    "7 - n - 1": [5.0, 4.0, None, 2.0, 1.0],
    "coalesce(n, 9)": [1.0, 2.0, 9.0, 4.0, 5.0],
    "nullif(n, 2)": [1.0, None, None, 4.0, 5.0],
    "if(n > 2 and not n = 5, 'big', null)": [None, None, None, "big", None],
    "if(n < 2 or n >= 5, n, 0)": [1.0, 0.0, 0.0, 0.0, 5.0],
    "round(n / 3, 1)": [0.3, 0.7, None, 1.3, 1.7],
    "not_a": ["1", "x", None, "yes", "no"],
    "'it''s'": ["it's"] * 5,
    "n = 1": [True, False, None, False, False],
    "a != 'x:y:z'": [True, True, None, True, False],
    "true": [True] * 5,
}


@pytest.mark.parametrize("text", VALUES)
def test_expressions(duck: DuckDBEngine, text: str) -> None:
    table = duck.memory(RAW)
    value = compile_node(parse(text, what="x"), table, what="x")
    result = duck.arrow(table.select(n=table["n"], v=value.expr, lost=value.lost))
    assert result["v"].to_pylist() == VALUES[text]
    assert not any(result["lost"].to_pylist())


def test_what_cannot_be_read_differs_from_what_is_not_there(duck: DuckDBEngine) -> None:
    table = duck.memory(RAW)
    for read, lost in (
        (as_number, [True, False, False, True, True]),
        (as_time, [True, True, False, False, True]),
        (as_bool, [True, True, False, True, True]),
    ):
        value = read(compile_node(parse("a", what="x"), table, what="x"))
        assert duck.arrow(table.select(lost=value.lost))["lost"].to_pylist() == lost
    forgiven = compile_node(parse("coalesce(number(a), n)", what="x"), table, what="x")
    result = duck.arrow(table.select(v=forgiven.expr, lost=forgiven.lost))
    assert result["v"].to_pylist() == [1, 1.5, None, 4, 5]
    assert not any(result["lost"].to_pylist())


def test_names_are_columns_and_never_words_of_the_language() -> None:
    assert names(parse("android + orders.not_x + \"a \"\"b\"\"\"", what="x")) == [
        "android", "orders.not_x", 'a "b"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "utc", "day"),
    [
        ("2024-03-31 02:30:00", "2024-03-31 01:00:00", "2024-03-31"),
        ("2024-10-27 02:30:00", "2024-10-27 00:30:00", "2024-10-27"),
        ("2024-01-01 00:30:00", "2023-12-31 23:30:00", "2024-01-01"),
        ("2024-07-01", "2024-06-30 22:00:00", "2024-07-01"),
    ],
    ids=["an hour that is skipped", "an hour that comes twice", "new year", "a date"],
)
def test_clock_changes_have_a_rule(printed: str, utc: str, day: str) -> None:
    clock = pa.array([datetime.fromisoformat(printed)], pa.timestamp("us"))
    moments, days = to_utc(clock, pa.array([False]), "Europe/Berlin")
    assert str(moments[0]) == f"{utc}Z" or moments[0].as_py().strftime("%F %T") == utc
    assert days[0].as_py().isoformat() == day


moments = st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2037-12-01"))
zones = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"])


@settings(deadline=None)
@given(moment=moments, zone=zones)
def test_absolute_times_keep_their_moment_and_take_the_local_day(
    moment: datetime, zone: str
) -> None:
    aware = moment.replace(tzinfo=ZoneInfo("UTC"))
    result, days = to_utc(pa.array([moment], pa.timestamp("us")), pa.array([True]), zone)
    assert result[0].as_py() == aware
    assert days[0].as_py() == aware.astimezone(ZoneInfo(zone)).date()


TIMES = st.sampled_from(
    ["2024-01-02", "2024-01-02 03", "2024-01-02 03:04", "2024-01-02T03:04:05", "2024-1-2",
     "2024-01-02 03:04:05.123456", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05+05:30",
     "2024-01-02 03:04:05-0800", "2024-01-02 03:04:05.1234567", "20240102", "now", " 2024-01-02",
     "2024-13-01", "2024-01-02 24:00:00", "2024-01-02 03:04:60", "infinity", "epoch"]
)  # fmt: skip


@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(given_times=st.lists(TIMES | st.none(), min_size=1, max_size=3))
def test_the_fast_reader_of_times_agrees_with_the_slow_one(
    duck: DuckDBEngine, given_times: list[str | None]
) -> None:
    texts = pa.array(given_times, pa.string())
    fast = read_iso(texts)
    if fast is None:
        return
    with held(duck, pa.table({"t": texts})) as table:
        value = as_time(compile_node(parse("t", what="x"), table, what="x"))
        slow = duck.arrow(table.select(t=value.expr, lost=value.lost, zoned=value.absolute))
    assert fast[0].to_pylist() == slow["t"].to_pylist()
    assert not any(slow["lost"].to_pylist())
    for text, zoned in zip(given_times, slow["zoned"].to_pylist(), strict=True):
        assert text is None or zoned == fast[1]
