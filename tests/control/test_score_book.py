"""The score book: nothing in it can be changed, and what was changed all the same is found."""

import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from fullhouse.control import Entry, entries, issue, open_control, stream, verify
from fullhouse.control import score_book as book
from fullhouse.control.schema import Base
from fullhouse.core.errors import ConflictError

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
COLUMNS = ", ".join(("tenant", *book.FIELDS, "hash"))
GUARDS = ("forecast_entry_no_update", "forecast_entry_no_delete", "forecast_entry_follows")


def add(database, film="a-2026", *, median=10.0, at=NOW, **other):
    fields = {
        "territory": "US",
        "as_of": date(2026, 11, 1),
        "horizon": "week-4",
        "code": "0.1.0+abc",
        "model": "m1",
    } | other
    payload = {"film": film, "ranges": {"total": median}, "note": "“é”", "data": {"film_gross": 3}}
    return issue(database, payload, film=film, issued_at=at, **fields)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'c.db'}"


@pytest.fixture
def database(url):
    opened = open_control(url)
    yield opened
    opened.dispose()


@pytest.fixture
def five(database):
    for k in range(5):
        add(database, f"film-{k}-2026")
    return database


def test_each_horizon_of_a_film_and_day_has_its_own_newest_entry(database):
    first = add(database, median=1.0, horizon="greenlight")
    add(database, median=2.0)
    assert add(database, median=1.0, horizon="greenlight") == first
    assert [e.is_forecast for e in entries(database)] == [False, True]


def run(database, *statements):
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def unlock(database):
    run(database, *(f"DROP TRIGGER {name}" for name in GUARDS))


def test_entries_come_back_as_issued_and_in_order(database):
    first = add(database)
    second = add(database, "b-2026", territory="CN", horizon="day-1")
    assert entries(database) == [first, second]
    assert (first.id, first.previous, second.previous) == (1, book.FIRST, first.hash)
    assert first.forecast["note"] == "“é”"
    assert first.issued == NOW
    assert entries(database, film="b-2026") == entries(database, territory="CN") == [second]
    assert entries(database, horizon="day-1", film="a-2026") == []
    assert entries(database, most=1) == [second]


def test_time_is_kept_as_utc_text_whatever_zone_it_is_given_in(database):
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert add(database, at=there).issued_at == "2026-11-02T09:30:00.000000Z"
    with pytest.raises(ValueError, match="time zone"):
        add(database, "b-2026", at=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE forecast_entry SET payload = '{}' WHERE id = 2",
        "UPDATE forecast_entry SET id = 9 WHERE id = 5",
        "DELETE FROM forecast_entry WHERE id = 5",
        "DELETE FROM forecast_entry",
        "UPDATE OR REPLACE forecast_entry SET film = 'x'",
        f"REPLACE INTO forecast_entry ({COLUMNS}) SELECT tenant, id, issued_at, 'x', territory,"
        " as_of, horizon, code, model, payload, previous, hash FROM forecast_entry WHERE id = 5",
        f"INSERT INTO forecast_entry ({COLUMNS}) SELECT tenant, 7, issued_at, film, territory,"
        " as_of, horizon, code, model, payload, hash, 'h' FROM forecast_entry WHERE id = 5",
        f"INSERT INTO forecast_entry ({COLUMNS}) SELECT tenant, 6, issued_at, film, territory,"
        " as_of, horizon, code, model, payload, previous, 'h' FROM forecast_entry WHERE id = 5",
    ],
    ids=["edit", "move", "delete", "empty", "replace rows", "replace", "gap", "fork"],
)
def test_the_database_itself_refuses_any_change(five, statement):
    before = entries(five)
    with pytest.raises(DatabaseError, match="score book"):
        run(five, statement)
    assert entries(five) == before
    assert verify(five).ok


def test_an_untouched_book_verifies(five):
    check = verify(five)
    assert (check.ok, check.entries, check.unguarded) == (True, 5, ())
    assert check.head == entries(five)[-1].hash
    assert verify(five, head=entries(five)[2].hash).noted == 3


def test_an_empty_book_verifies(database):
    assert verify(database) == book.Verified(0, book.FIRST)
    assert verify(database, head=book.FIRST).ok
    assert not verify(database, head="1" * 64).ok


@pytest.mark.parametrize(
    ("tampering", "broken", "how", "first_bad"),
    [
        ("UPDATE forecast_entry SET payload = '{}' WHERE id = 3", 3, "changed", 3),
        *(
            (f"UPDATE forecast_entry SET {name} = 'x' WHERE id = 3", 3, "changed", 3)
            for name in ("issued_at", "film", "territory", "as_of", "horizon", "code", "model")
        ),
        ("UPDATE forecast_entry SET payload = x'00' WHERE id = 3", 3, "changed", 3),
        ("UPDATE forecast_entry SET hash = 'x' WHERE id = 3", 3, "changed", 3),
        ("UPDATE forecast_entry SET previous = 'x' WHERE id = 3", 3, "changed", 3),
        ("DELETE FROM forecast_entry WHERE id = 3", 4, "missing", 3),
        ("DELETE FROM forecast_entry WHERE id IN (2, 3)", 4, "missing", 2),
        ("DELETE FROM forecast_entry WHERE id = 1", 2, "missing", 1),
        ("UPDATE forecast_entry SET id = 0 WHERE id = 1", 1, "misplaced", 0),
    ],
)
def test_changes_behind_the_triggers_are_detected(five, tampering, broken, how, first_bad):
    unlock(five)
    run(five, tampering)
    check = verify(five)
    assert not check.ok
    assert check.broken == broken
    # A missing entry comes before the one that shows it.
    assert check.entries == max(0, first_bad - 1)
    assert how == check.problem
    assert set(check.unguarded) == set(GUARDS)


def test_moving_later_entries_into_a_gap_is_detected(five):
    unlock(five)
    run(
        five,
        "DELETE FROM forecast_entry WHERE id = 3",
        "UPDATE forecast_entry SET id = 3 WHERE id = 4",
        "UPDATE forecast_entry SET id = 4 WHERE id = 5",
    )
    assert verify(five).broken == 3


def rewrite(database, entry, **changes):
    """An entry changed, with the hash that its changed content has."""
    changed = Entry(**{**vars(entry), **changes})
    unset = ", ".join(f"{name} = :{name}" for name in (*changes, "hash"))
    with database.begin() as connection:
        statement = text(f"UPDATE forecast_entry SET {unset} WHERE id = {entry.id}")
        connection.execute(statement, {**changes, "hash": changed.computed()})
    return changed.computed()


def test_an_entry_written_anew_with_its_own_hash_breaks_the_next(five):
    unlock(five)
    rewrite(five, entries(five)[2], payload="{}")
    check = verify(five)
    assert (check.broken, check.entries) == (4, 3)
    assert check.problem == "rechained"


def test_a_book_written_anew_to_its_end_is_detected_by_the_noted_head_only(five):
    noted = verify(five).head
    unlock(five)
    last = entries(five)[1].hash
    for entry in entries(five)[2:]:
        last = rewrite(five, entry, previous=last, film="better-2026")
    assert verify(five).ok, "a chain alone cannot tell"
    check = verify(five, head=noted)
    assert not check.ok
    assert check.broken is None
    assert check.problem == "head_lost"


def test_a_cut_end_is_detected_by_the_noted_head_only(five):
    noted = verify(five).head
    unlock(five)
    run(five, "DELETE FROM forecast_entry WHERE id > 3")
    assert verify(five).entries == 3
    assert verify(five).ok, "a chain alone cannot tell"
    assert verify(five, head=noted).problem == "head_lost"


def test_issuing_the_same_again_is_one_entry(database):
    first = add(database)
    assert add(database, at=NOW + timedelta(hours=1), code="0.1.1+def") == first
    assert len(entries(database)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"median": 11.0},
        {"model": "m2"},
        {"horizon": "day-1"},
        {"territory": "CN"},
        {"as_of": date(2026, 11, 2)},
        {"film": "b-2026"},
    ],
    ids=lambda c: next(iter(c)),
)
def test_anything_new_is_a_new_entry(database, change):
    add(database)
    assert add(database, **change).id == 2


def test_a_forecast_that_went_back_to_an_earlier_one_is_issued_again(database):
    for median in (10.0, 12.0, 10.0):
        add(database, median=median)
    assert [e.forecast["ranges"]["total"] for e in stream(database)] == [10.0, 12.0, 10.0]


def test_a_payload_without_a_number_is_refused(database):
    with pytest.raises(ValueError, match="JSON"):
        add(database, median=float("nan"))
    assert entries(database) == []


@given(
    st.dictionaries(
        st.text(max_size=5), st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_the_hash_does_not_depend_on_the_order_of_keys(payload):
    turned = dict(reversed(payload.items()))
    assert book.canonical(payload) == book.canonical(turned)


def write(url, who, count):
    database = open_control(url)
    for k in range(count):
        add(database, f"film-{who}-{k}")
        add(database, f"shared-{k}")
    database.dispose()


def together(url, writers, count):
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=write, args=(url, k, count)) for k in range(writers)]
    for one in running:
        one.start()
    for one in running:
        one.join(400)
    assert [one.exitcode for one in running] == [0] * writers


@pytest.mark.slow
def test_writers_at_once_make_one_chain_and_issue_a_shared_forecast_once_in_a_row(url, database):
    together(url, 2, 40)
    check = verify(database)
    assert (check.ok, check.problem) == (True, "")
    assert check.entries == 2 * 40 + 40


def migrations():
    config = Config()
    config.set_main_option("script_location", str(Path(book.__file__).parent / "migrations"))
    return config


def racing(monkeypatch, database, films):
    """Another entry comes in between reading the last one and appending, for each film given."""
    waiting, plain, inside = list(films), book._append, []

    def append(*arguments):
        if inside or not waiting:
            return plain(*arguments)
        with monkeypatch.context() as patched:
            patched.setattr(book, "_hash", hashed(book._hash))
            return plain(*arguments)

    def hashed(own):
        def computed(content):
            if not inside:
                inside.append(True)
                add(database, waiting.pop(0))
                inside.clear()
            return own(content)

        return computed

    monkeypatch.setattr(book, "_append", append)


def test_a_concurrent_entry_is_followed(database, monkeypatch):
    racing(monkeypatch, database, ["b-2026", "c-2026"])
    assert add(database, "a-2026").id == 3
    assert verify(database).entries == 3


def test_the_same_concurrent_forecast_is_not_issued_twice(database, monkeypatch):
    racing(monkeypatch, database, ["a-2026"])
    assert add(database, "a-2026").id == 1
    assert len(entries(database)) == 1


def test_a_book_that_never_rests_is_an_error_and_nothing_is_written(database, monkeypatch):
    monkeypatch.setattr(book, "TRIES", 3)
    racing(monkeypatch, database, [f"other-{k}" for k in range(9)])
    with pytest.raises(ConflictError, match="Nothing was written"):
        add(database, "a-2026")
    assert entries(database, film="a-2026") == []


def at_0005(url):
    """A database as the version before tenants made it, with a book of two entries."""
    database, config = create_engine(url), migrations()
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        previous, names = book.FIRST, (*book.FIELDS, "hash")
        for k in (1, 2):
            at = "2026-11-02T09:30:00.000000Z"
            entry = Entry(k, at, f"film-{k}", "US", "2026-11-01", "week-4",
                          "c", "m1", "{}", previous, "")  # fmt: skip
            values = vars(entry) | {"hash": entry.computed()}
            places = ", ".join(f":{n}" for n in names)
            insert = f"INSERT INTO forecast_entry ({', '.join(names)}) VALUES ({places})"
            connection.execute(text(insert), values)
            previous = values["hash"]
    database.dispose()
    return previous


def test_a_book_from_before_tenants_is_the_houses_and_goes_on(url):
    head = at_0005(url)
    control = open_control(url)
    assert verify(control, head=head) == book.Verified(2, head, noted=2)
    assert add(control).id == 3
    with pytest.raises(DatabaseError, match="score book"):
        run(control, "DELETE FROM forecast_entry WHERE id = 3")


def test_each_tenant_has_a_book_of_its_own(database):
    other = replace(database, tenant="studio")
    first, second = add(database), add(database, "b-2026")
    theirs = add(other, "c-2026")
    assert (first.id, second.id, theirs.id) == (1, 2, 1)
    assert theirs.previous == book.FIRST
    assert entries(other) == [theirs]
    assert entries(database) == [first, second]
    assert (verify(database).entries, verify(other).entries) == (2, 1)
    assert book.issued_films(other) == [("c-2026", "US")]


@pytest.mark.slow
def test_postgresql_keeps_the_same_book(postgres, tmp_path):
    database, lite = open_control(postgres), open_control(f"sqlite:///{tmp_path / 'c.db'}")
    for k in range(3):
        assert add(database, f"film-{k}") == add(lite, f"film-{k}")
    assert add(database, "film-2").id == 3
    assert verify(database) == verify(lite)
    for statement in (
        "UPDATE forecast_entry SET film = 'x'",
        "DELETE FROM forecast_entry WHERE id = 3",
        "TRUNCATE forecast_entry",
        "SET session_replication_role = replica; DELETE FROM forecast_entry",
        f"INSERT INTO forecast_entry ({COLUMNS}) SELECT tenant, 9, issued_at, film, territory,"
        " as_of, horizon, code, model, payload, hash, 'h' FROM forecast_entry WHERE id = 3",
        "INSERT INTO forecast_entry SELECT * FROM forecast_entry WHERE id = 3"
        " ON CONFLICT (tenant, id) DO UPDATE SET film = 'x'",
    ):
        with pytest.raises(DatabaseError, match="score book"):
            run(database, statement)
    database.dispose()
    database = open_control(postgres)
    together(postgres, 3, 20)
    assert verify(database).entries == 3 + 3 * 20 + 20
    run(
        database,
        "ALTER TABLE forecast_entry DISABLE TRIGGER forecast_entry_no_change",
        "UPDATE forecast_entry SET film = 'x' WHERE id = 2",
    )
    check = verify(database)
    assert (check.broken, check.unguarded) == (2, ("forecast_entry_no_change",))
    database.dispose()


@pytest.mark.slow
def test_postgresql_from_before_tenants_is_upgraded(postgres):
    with create_engine(postgres).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    head = at_0005(postgres)
    control = open_control(postgres)
    assert verify(control, head=head) == book.Verified(2, head, noted=2)
    assert add(control).id == 3
    assert add(replace(control, tenant="studio")).id == 1
    with pytest.raises(DatabaseError, match="score book"):
        run(control, "DELETE FROM forecast_entry WHERE id = 3")
    with control.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    control.dispose()
