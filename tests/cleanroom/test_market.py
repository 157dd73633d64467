"""What a tenant may know of the market: public facts and its own inputs, nothing of a rival's."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fullhouse as fh
from fullhouse import app
from fullhouse.cleanroom import ledger, tenants
from fullhouse.cleanroom.market import left_out, visible
from fullhouse.cleanroom.policy import HOUSE_FILE, template
from fullhouse.cleanroom.title_inputs import TitleInput, with_inputs
from fullhouse.core.errors import InputError
from fullhouse.films import ANNOUNCED
from fullhouse.forecast.history import History, read_history
from fullhouse.workspace.context import Context, open_house
from tests.forecast.synthetic_market import EARLY, Market, learned, make, soon

ALL_PUBLIC = template().replace(
    'signals = ["search_interest", "trailer_views"]',
    'signals = ["presales", "want_to_see", "search_interest", "trailer_views"]',
)


@pytest.fixture(scope="module")
def market() -> Market:
    return make()


@pytest.fixture(scope="module")
def films(market: Market) -> tuple[str, str, str]:
    """An own film of lion, one of wolf, and a secret one of wolf, all wide and still to open.

    The secret one was announced after the day up to which models learn: without it they are the
    same, so that none is made here.
    """
    first = soon(market)
    coming = [t for t in market.films_of("wide") if t.opening > first.opening]
    announced = [t for t in coming if EARLY.replace(day=1) < t.opening - ANNOUNCED <= EARLY]
    return first.film, coming[0].film, announced[0].film


@pytest.fixture(scope="module")
def template_house(
    market: Market, films: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The learned market with two tenants."""
    built = learned(tmp_path_factory.getbasetemp(), market)
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("markets") / "house"))
    own, rival, secret = films
    with open_house(str(folder), environment={}, today=EARLY) as house:
        house.place.write(HOUSE_FILE, ALL_PUBLIC.encode())
        for tenant in ("lion", "wolf"):
            tenants.add_tenant(house.control, tenant)
            tenants.add_user(house.control, tenant, "ann", "owner")
            tenants.add_user(house.control, tenant, "vic", "viewer")
        tenants.add_title(house.control, "lion", own)
        tenants.add_title(house.control, "wolf", rival)
        tenants.add_title(house.control, "wolf", own)
        tenants.add_title(house.control, "wolf", secret, secret=True)
    return folder


@pytest.fixture
def house(template_house: Path, tmp_path: Path) -> Iterator[Context]:
    copy = shutil.copytree(template_house, tmp_path / "house")
    with open_house(str(copy), environment={}, today=EARLY) as opened:
        yield opened


def as_tenant(house: Context, tenant: str = "lion", user: str = "ann") -> Context:
    return replace(house, tenant=tenant, actor=user)


def total(context: Context, film: str) -> float:
    forecast = app.studio_forecast(context, app.ForecastFilm(film)).forecast
    return forecast.ranges["total"].median


def house_total(house: Context, film: str) -> float:
    return app.forecast_film(house, app.ForecastFilm(film)).ranges["total"].median


def opening_of(market: Market, film: str) -> date:
    return market.truth[film].opening


def move(house: Context, film: str, day: date) -> None:
    app.film_set(house, app.SetFilm(film, {"opening": day}, territory="US"))


@pytest.mark.slow
def test_a_rivals_secret_film_moves_the_houses_forecast_and_not_a_tenants(house, films, market):
    own, rival, secret = films
    lion = as_tenant(house)
    before = total(lion, own), house_total(house, own)
    move(house, secret, opening_of(market, own))
    assert total(lion, own) == before[0]
    assert house_total(house, own) != before[1]  # the control: it is a rival of that weekend
    assert total(as_tenant(house, "wolf"), own) != before[0]  # its own tenant knows it
    move(house, rival, opening_of(market, own))  # a public day is known to all
    assert total(lion, own) != before[0]


@pytest.mark.slow
def test_a_slate_has_what_is_public_or_own(house, films, market):
    own, rival, secret = films
    days = app.ForecastSlate(first=opening_of(market, own), last=EARLY + ANNOUNCED)
    lion = app.studio_slate(as_tenant(house), days)
    wolf = app.studio_slate(as_tenant(house, "wolf"), days)
    names = {f.film for f in lion.slate.forecasts}
    assert {own, rival} <= names
    assert secret not in names
    assert secret in {f.film for f in wolf.slate.forecasts}
    assert secret not in repr(lion)
    assert lion.own == {own}
    assert wolf.own == {own, rival, secret}
    assert all(f.data == {} for f in lion.slate.forecasts)


@pytest.mark.slow
def test_what_a_tenant_states_is_in_its_own_forecast_and_in_nobody_elses(house, films):
    own, *_ = films
    lion, wolf = as_tenant(house), as_tenant(house, "wolf")
    before = total(lion, own), total(wolf, own), house_total(house, own)
    stated = app.studio_state(lion, app.StateTitle(own, {"theaters": "1200"}))
    assert [(i.name, i.value) for i in stated.titles[0].inputs] == [("theaters", 1200)]
    result = app.studio_forecast(lion, app.ForecastFilm(own))
    assert result.forecast.ranges["total"].median != before[0]
    assert result.forecast.facts["theaters"].origin == "yours"
    assert [i.name for i in result.inputs] == ["theaters"]
    assert (total(wolf, own), house_total(house, own)) == before[1:]
    assert app.studio_titles(wolf).titles[0].inputs == ()
    app.studio_state(lion, app.StateTitle(own, {"theaters": None}))
    assert total(lion, own) == before[0]


def test_stated_facts_of_a_rivals_title_stay_with_the_rival(house, films, market):
    _, rival, _ = films
    day = opening_of(market, rival)
    days = app.ForecastSlate(first=day, last=day)
    lion, wolf = as_tenant(house), as_tenant(house, "wolf")

    def rivals(context):
        slate = app.studio_slate(context, days).slate
        return next(f.ranges["total"].median for f in slate.forecasts if f.film == rival)

    before = rivals(lion), rivals(wolf)
    app.film_set(house, app.SetFilm(rival, {"theaters": 900}, territory="US"))
    assert rivals(lion) == before[0]
    assert rivals(wolf) != before[1]


def test_signals_of_the_houses_people_are_left_out_with_a_note(house, films):
    own, *_ = films
    lion = as_tenant(house)
    assert app.studio_forecast(lion, app.ForecastFilm(own)).notes == ()
    history = read_history(house.lake, "US", EARLY)
    kinds = {kind for signals in history.signals.values() for kind in signals}
    assert kinds == {"presales"}
    assert visible(history, house.control, "lion", frozenset({"presales"})).signals
    assert not visible(history, house.control, "lion", frozenset({"search_interest"})).signals
    house.place.write(HOUSE_FILE, template().encode())
    assert [(n.code, n.facts["kinds"]) for n in left_out(lion)] == [
        ("signals_left_out", "presales, want_to_see")
    ]


@pytest.mark.parametrize("verb", ["studio_forecast", "studio_issue"])
def test_anothers_film_is_refused_in_the_words_of_one_that_is_not_there(house, films, verb):
    _, rival, secret = films
    lion, words = as_tenant(house), set()
    for name in (rival, secret, "no-such-film-2027"):
        with pytest.raises(InputError) as refused:
            getattr(app, verb)(lion, app.ForecastFilm(name))
        words.add(str(refused.value).replace(name, "NAME").split("Did you mean")[0])
    assert len(words) == 1


def test_a_slate_and_a_what_if_name_no_secret_film(house, films):
    own, rival, secret = films
    lion = as_tenant(house)
    for film in (rival, secret):
        with pytest.raises(InputError, match="No title"):
            app.studio_slate(lion, app.ForecastSlate(film=film, dates=(EARLY,)))
    words = []
    for other in (secret, "no-such-film-2027"):
        assumed = app.ForecastFilm(own, assumptions=app.assumptions((), (f"{other}=2014-05-02",)))
        with pytest.raises(InputError) as refused:
            app.studio_forecast(lion, assumed)
        words.append(str(refused.value).replace(other, "X").split(" Did you mean")[0])
        assert secret not in str(refused.value).replace(other, "X")
    assert words[0] == words[1]


def test_each_tenant_has_a_score_book_of_its_own(house, films):
    own, *_ = films
    lion, wolf = as_tenant(house), as_tenant(house, "wolf")
    first = app.studio_issue(lion, app.ForecastFilm(own))
    again = app.studio_issue(lion, app.ForecastFilm(own))
    assert (first.new, again.new, first.entry.id) == (True, False, 1)
    assert [e.film for e in app.studio_entries(lion).entries] == [own]
    assert app.studio_entries(wolf).entries == ()
    assert app.scorebook_list(house, fh.ListEntries()) == []
    assert app.studio_verify(lion).verified.entries == 1
    looked_back = app.studio_scorebook(lion, app.ReadScoreBook(looking_back=True)).book
    assert looked_back.head == first.entry.hash
    with pytest.raises(InputError, match="assumes facts"):
        app.studio_issue(
            lion, app.ForecastFilm(own, assumptions=app.assumptions(["theaters=3000"]))
        )


def test_all_of_it_is_free_and_a_viewer_reads_and_states_nothing(house, films):
    own, *_ = films
    viewer = as_tenant(house, user="vic")
    assert total(viewer, own) == total(as_tenant(house), own)
    for verb, asked in (
        ("studio_state", app.StateTitle(own, {"theaters": 9})),
        ("studio_issue", app.ForecastFilm(own)),
    ):
        with pytest.raises(InputError, match="viewer"):
            getattr(app, verb)(viewer, asked)
    assert ledger.spent(house.control) == 0


@pytest.mark.parametrize(
    ("facts", "signals", "words"),
    [
        ({"theatres": 3}, (), "Did you mean 'theaters'"),
        ({"total": "5 USD"}, (), "no 'total'"),
        ({"theaters": "many"}, (), "theaters"),
        ({}, (app.SignalOfDay("presale", EARLY, 1.0),), "Did you mean 'presales'"),
        ({}, (app.SignalOfDay("presales", EARLY + timedelta(1), 1.0),), "not known today"),
        ({}, (app.SignalOfDay("presales", EARLY, -1.0),), "from 0"),
        ({}, (), "Nothing to state"),
    ],
)
def test_what_cannot_be_stated_is_explained(house, films, facts, signals, words):
    with pytest.raises(InputError, match=words):
        app.studio_state(as_tenant(house), app.StateTitle(films[0], facts, signals))
    assert app.studio_titles(as_tenant(house)).titles[0].inputs == ()


DAYS = st.integers(0, 30).map(lambda n: date(2020, 1, 1) + timedelta(days=n))
INPUTS = st.lists(
    st.builds(
        lambda known, value: TitleInput("own", "US", "theaters", None, value, known),
        DAYS,
        st.one_of(st.none(), st.integers(1, 5_000)),
    ),
    max_size=5,
)
PUBLIC = st.lists(st.tuples(DAYS, st.integers(1, 5_000)), max_size=4)


@given(INPUTS, PUBLIC, DAYS)
def test_the_newest_word_counts_and_a_tenants_own_before_a_public_one_of_its_day(
    inputs, public, day
):
    inputs = sorted(inputs, key=lambda i: i.known_on)
    stated = sorted(((d.toordinal(), v, "set") for d, v in public), key=lambda f: f[0])
    facts = {"own": {"theaters": stated}} if stated else {}
    history = with_inputs(History("US", "USD", date(2020, 2, 1), facts, {}, {}), inputs)
    expected, since = None, date.min
    for known, value in sorted(public, key=lambda p: p[0]):
        if known <= day:
            expected, since = value, known
    public_then = expected
    for own in inputs:
        if own.known_on <= day and own.known_on >= since:
            before = [v for d, v in sorted(public, key=lambda p: p[0]) if d <= own.known_on]
            public_then = before[-1] if before else None
            expected = public_then if own.value is None else own.value
            since = own.known_on
    assert history.fact("own", "theaters", day.toordinal()) == expected
