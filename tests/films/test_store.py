"""Sets into the lake: once, whole, and after a crash."""

from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.control import Control, open_control
from fullhouse.core.tables import FILM_FACT, FILM_GROSS
from fullhouse.films import facts, grosses, import_set, known, links
from fullhouse.lake import Lake, Place
from tests.films.conftest import AT, entry, film_set

LATE = date(2030, 1, 1)


def test_an_import_makes_films_with_facts_and_days(lake: Lake, control: Control) -> None:
    given_ = film_set(
        "us", entry("r1", "A Hare's Way", "2017-01-27", "US"), days=[("r1", "2017-01-27", 5.0)]
    )
    done = import_set(lake, control, given_, at=AT)
    assert (done.new, done.matched, done.facts, done.grosses) == (1, 0, 1, 1)
    assert known(lake, "a-hares-way-2017", "US", LATE).title == "A Hare's Way"
    assert grosses(lake, "US", LATE)["gross"].to_pylist() == [5.0]


def test_the_same_file_again_writes_nothing(lake: Lake, control: Control) -> None:
    given_ = film_set("us", entry("r1", "Bramble", "2017-01-27"), days=[("r1", "2017-01-27", 5.0)])
    import_set(lake, control, given_, at=AT)
    before = lake.version(FILM_FACT), lake.version(FILM_GROSS), links(control)
    again = import_set(lake, control, given_, at=AT + timedelta(days=1))
    assert again.already
    assert (again.facts, again.grosses, again.new, again.known) == (0, 0, 0, 1)
    assert (lake.version(FILM_FACT), lake.version(FILM_GROSS), links(control)) == before


def test_a_file_that_grew_writes_what_is_new(lake: Lake, control: Control) -> None:
    one = entry("r1", "Bramble", "2017-01-27")
    first, second = ("r1", "2017-01-27", 5.0), ("r1", "2017-01-28", 6.0)
    import_set(lake, control, film_set("us", one, days=[first]), at=AT)
    done = import_set(lake, control, film_set("us", one, days=[first, second]), at=AT)
    assert (done.facts, done.grosses) == (0, 1)


def test_a_corrected_day_wins(lake: Lake, control: Control) -> None:
    one = entry("r1", "Bramble", "2017-01-27")
    import_set(lake, control, film_set("us", one, days=[("r1", "2017-01-27", 5.0)]), at=AT)
    corrected = film_set("us", one, days=[("r1", "2017-01-27", 7.0)])
    assert import_set(lake, control, corrected, at=AT + timedelta(days=1)).grosses == 1
    assert grosses(lake, "US", LATE)["gross"].to_pylist() == [7.0]


@pytest.mark.parametrize("crash", [FILM_FACT, FILM_GROSS], ids=lambda t: t.name)
def test_after_a_crash_the_same_import_completes(
    lake: Lake, control: Control, monkeypatch: pytest.MonkeyPatch, crash: object
) -> None:
    given_ = film_set("us", entry("r1", "Bramble", "2017-01-27"), days=[("r1", "2017-01-27", 5.0)])
    real = Lake.append_checked

    def dies(self: Lake, table: object, *a: object, **k: object) -> bool:
        if table is crash:
            raise KeyboardInterrupt
        return real(self, table, *a, **k)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "append_checked", dies)
    with pytest.raises(KeyboardInterrupt):
        import_set(lake, control, given_, at=AT)
    monkeypatch.undo()
    done = import_set(lake, control, given_, at=AT)
    assert (done.known, done.already) == (1, False)
    assert (lake.read(FILM_FACT).num_rows, lake.read(FILM_GROSS).num_rows) == (1, 1)


def test_two_films_of_one_name_and_year_get_two_ids_that_stay(lake: Lake, control: Control) -> None:
    import_set(lake, control, film_set("us", entry("r2", "Bramble", "2017-05-01")), at=AT)
    earlier = entry("r1", "Bramble", "2017-01-27")
    import_set(lake, control, film_set("us", earlier, entry("r2", "Bramble", "2017-05-01")), at=AT)
    assert {k.set_id: k.film for k in links(control)} == {
        "r2": "bramble-2017",
        "r1": "bramble-2017-2",
    }


def test_one_sets_entries_are_never_one_film(lake: Lake, control: Control) -> None:
    import_set(lake, control, film_set("us", entry("r1", "Bramble", "2017-01-27", "US")), at=AT)
    two = [entry("1", "Bramble", "2017-01-20"), entry("2", "Bramble", "2017-01-25")]
    done = import_set(lake, control, film_set("tmdb", *two), at=AT)
    assert (done.matched, done.new) == (1, 1)
    third = import_set(lake, control, film_set("tmdb", entry("3", "Bramble", "2017-01-26")), at=AT)
    assert third.new == 1


def test_a_rerelease_says_of_which_film_or_that_it_is_not_here(
    lake: Lake, control: Control
) -> None:
    again = {"rerelease": True}
    import_set(
        lake,
        control,
        film_set(
            "us",
            entry("r1", "Bramble", "2001-01-27", "US"),
            entry("r2", "Bramble", "2017-01-27", "US", **again),
            entry("r3", "Kestrel", "2017-01-27", "US", **again),
        ),
        at=AT,
    )
    assert known(lake, "bramble-2017", "US", LATE).facts["rerelease_of"] == "bramble-2001"
    kestrel = known(lake, "kestrel-2017", "US", LATE)
    assert "rerelease_of" in kestrel.facts
    assert kestrel.facts["rerelease_of"] is None


def test_the_order_of_sets_decides_nothing_but_names(tmp_path: Path) -> None:
    sets = [
        film_set(
            "us",
            entry("r1", "Bramble", "2017-01-27", "US"),
            entry("r2", "Hare", "2016-03-04", "US"),
        ),
        film_set("tmdb", entry("1", "Bramble", "2016-12-30"), entry("2", "Larch", "2016-03-04")),
        film_set(
            "web", entry("x", "Bramble", "2017-01-27", "US"), entry("y", "Larch", "2016-03-10")
        ),
    ]
    passed = set()
    for i, order in enumerate(permutations(sets)):
        lake = Lake(Place(str(tmp_path / str(i))))
        control = open_control(f"sqlite:///{tmp_path / f'{i}.db'}")
        for one in order:
            import_set(lake, control, one, at=AT)
        groups: dict[str, set[str]] = {}
        for link in links(control):
            groups.setdefault(link.film, set()).add(f"{link.set}:{link.set_id}")
        titles = {r["film"]: r["value"] for r in facts(lake, "US", LATE).to_pylist()}
        passed.add(frozenset((frozenset(g), titles[f]) for f, g in groups.items()))
    assert len(passed) == 1


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=8
    ),
    st.integers(0, 45),
)
def test_what_was_known_later_never_shows_in_an_earlier_view(
    tmp_path_factory: pytest.TempPathFactory, statements: list[tuple[int, int, int]], after: int
) -> None:
    folder = tmp_path_factory.mktemp("known")
    lake, start = Lake(Place(str(folder / "lake"))), date(2017, 1, 1)
    control = open_control(f"sqlite:///{folder / 'c.db'}")
    as_of = start + timedelta(days=after)
    days = list(
        {
            (d, v): ("r1", (start + timedelta(days=d)).isoformat(), float(g))
            for d, v, g in statements
        }.values()
    )
    days = list({d[1]: d for d in days}.values())
    import_set(
        lake, control, film_set("us", entry("r1", "Bramble", "2017-01-01"), days=days), at=AT
    )
    passed = grosses(lake, "US", as_of)
    assert all(k <= as_of for k in passed["known_on"].to_pylist())
    expected = sorted((d, g) for _, d, g in days if date.fromisoformat(d) < as_of)
    assert [(r["day"].isoformat(), r["gross"]) for r in passed.to_pylist()] == expected
