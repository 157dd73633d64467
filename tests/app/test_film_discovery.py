"""Who will want a film, asked of a small simulated house as a user would ask."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import fullhouse as fh
from benchmarks.simulated_house import House, house
from fullhouse import films
from fullhouse.app import discoveries
from fullhouse.cli.root import commands
from fullhouse.control import audit_log
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import size
from fullhouse.core.settings import SIMULATED
from fullhouse.core.tables import ACCOUNT_PERSON, IMPRESSION
from fullhouse.discovery.card import FilmDiscovery, NoForecast, NoKnownShare
from fullhouse.discovery.compare import LEAST_OUTCOME
from fullhouse.headroom.film_headroom import measure_headroom
from fullhouse.headroom.headroom import NothingShown
from fullhouse.planning.plan import NeverMeasured
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.traits.names import film_slug
from fullhouse.view.words.discovery import headline, notes_words
from fullhouse.view.words.errors import error_words
from fullhouse.view.words.headroom import headline as headroom_words
from fullhouse_sim.films import scenario
from fullhouse_sim.market import Market

MARKET = Market(people=20_000, days=60, past_films=60)
AT = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # Under a key of its own: halves and placebos are then the same in every run.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FULLHOUSE_KEY", "0" * 64)
        yield house(MARKET, tmp_path_factory.mktemp("film") / "house")


@pytest.fixture(scope="module")
def film(made: House) -> str:
    number = scenario(MARKET).film
    ours = next(f for f in made.truth.season.films if f.id == number)
    return film_slug(ours.title, ours.release.year)


@pytest.fixture(scope="module")
def puppy(made: House) -> str:
    """A film to come that nobody has shown interest in, with words about dogs."""
    film: str = fh.film_add(
        made.workspace,
        fh.AddFilm(
            "The Puppy of Ashgrove",
            opening=date(2026, 3, 6),
            territory="ZZ",
            known_on=date(2025, 6, 1),
            values={"overview": "A dog waits for the family that left it.", "genres": "Drama"},
        ),
    )
    return film


def ask(made: House, film: str, **options: object) -> FilmDiscovery:
    return fh.discover_film(
        made.workspace, fh.DiscoverFilm(film, **({"as_of": MARKET.today} | options))
    )


@pytest.fixture(scope="module")
def discovery(made: House, film: str) -> FilmDiscovery:
    return ask(made, film)


def test_it_says_what_it_used_and_leaves_out_what_leaks(
    discovery: FilmDiscovery, film: str
) -> None:
    assert discovery.verdict in ("measured", "expected", "no_audience", "cannot_tell")
    assert {s.source for s in discovery.used} <= {"interest", "comps"}
    assert discovery.interest_people >= LEAST_OUTCOME
    refused = {r.trait for r in discovery.refused}
    assert f"wants:{film}" in refused
    assert {f"saw:{c.film}" for c in discovery.comps if c.used} <= refused
    assert not refused & {t for c in discovery.cards for t in c.traits}
    assert discovery.tested > 100
    assert film not in (discovery.placebo or ""), "a placebo is of other films"
    assert headline(discovery)
    text = json.dumps(discovery.to_dict(), allow_nan=False)
    assert FilmDiscovery.from_dict(json.loads(text)) == discovery


def test_films_by_the_same_people_are_the_comparable_ones(discovery: FilmDiscovery) -> None:
    used = [c for c in discovery.comps if c.used]
    assert used
    assert all("Ottilie Lorimund" in c.names for c in used)


def test_the_answer_is_the_same_each_time_and_is_recorded(
    made: House, film: str, discovery: FilmDiscovery
) -> None:
    assert asdict(ask(made, film)) == asdict(discovery)
    newest = audit_log(made.workspace.control, most=1)[0]
    assert newest.action == "discover.film"
    assert newest.detail["film"] == film


def test_counts_of_a_card_are_those_of_its_rule(made: House, puppy: str) -> None:
    """Whoever is asked of, with cards there: the words of a film that is about dogs."""
    guess = ask(made, puppy)
    assert guess.verdict == "guess"
    assert [s.source for s in guess.used] == ["text"]
    dogs = next(c for c in guess.cards if "pet-supplies/dogs" in c.rule)
    assert dogs.basis == "guess"
    assert dogs.affinity.value is None
    count = fh.audience_count(made.workspace, fh.CountAudience(dogs.rule, as_of=MARKET.today))
    assert dogs.persons == count.persons
    others = fh.audience_count(
        made.workspace,
        fh.CountAudience(
            f"{dogs.rule} - moviegoer:occasional - moviegoer:recent",
            as_of=MARKET.today,
        ),
    )
    assert dogs.not_moviegoers == others.persons
    assert any("dog" in pair[0] for m in guess.words for pair in m.words)
    without = ask(made, puppy, minus=["dog", "puppy"])
    assert not any("dogs" in c.rule for c in without.cards)
    more = ask(made, puppy, plus=["buys:pet-supplies/cats"])
    assert any(c.rule == "buys:pet-supplies/cats" for c in more.cards)


def test_a_film_without_words_interest_or_like_says_what_would_do(made: House) -> None:
    film = fh.film_add(
        made.workspace,
        fh.AddFilm("Zzq", opening=date(2026, 4, 3), territory="ZZ", known_on=date(2025, 6, 1)),
    )
    with pytest.raises(CannotTellError, match=r"synopsis.*comparable films.*words of your own"):
        ask(made, film)


def test_mistakes_are_explained(made: House, film: str, discovery: FilmDiscovery) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=3)
    coming = next(
        k.film
        for k in _films(made)
        if k.opening and k.opening > MARKET.today and k.film != film and k.slug
    )
    for options, message in [
        ({"as_of": tomorrow}, "has not come yet"),
        ({"comps": [film]}, "the film itself"),
        ({"comps": ["no-such-film-2020"]}, "No film 'no-such-film-2020'"),
        ({"comps": [coming]}, coming),
        ({"plus": ["zzzq"]}, "neither a trait"),
    ]:
        with pytest.raises(InputError, match=message):
            ask(made, film, **options)
    with pytest.raises(InputError, match="Did you mean"):
        ask(made, film.replace("bramble", "brambel"))


@pytest.mark.slow
def test_comps_of_the_user_are_used_whatever_speaks_for_them(made: House, film: str) -> None:
    past = next(k for k in _films(made) if k.slug and k.opening and k.opening < date(2024, 1, 1))
    chosen = ask(made, film, comps=[past.film])
    assert [c.film for c in chosen.comps] == [past.film]
    assert any(s.source == "comps" and s.chosen_by_user for s in chosen.used)


@pytest.mark.slow
def test_it_is_written_as_page_table_chart_and_data(made: House, film: str, tmp_path: Path) -> None:
    guess = ask(made, film, minus=[])
    files = [tmp_path / f"film.{s}" for s in ("html", "json", "parquet", "csv")]
    assert fh.write_film_discovery(guess, files) == files
    page = files[0].read_text("utf-8")
    assert SIMULATED.split(":", maxsplit=1)[0] in page
    assert guess.title in page
    assert json.loads(files[1].read_text("utf-8"))["verdict"] == guess.verdict
    assert pq.read_table(files[2]).num_rows == len(guess.cards)
    with pytest.raises(InputError, match=r"film\.docx"):
        fh.check_out(tmp_path / "film.docx", "discovery")


@pytest.mark.slow
def test_tickets_add_up_to_the_forecast_or_have_a_reason(
    made: House, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = ask(made, film)
    without = fh.share_tickets(made.workspace, fh.ShareTickets(cards))
    assert without.tickets is None
    assert any(isinstance(n, NoForecast) for n in without.notes)
    assert any(n.startswith("No tickets are shown: Not enough past") for n in notes_words(without))
    sales = ExpectedSales(1e6, 4e5, 3e6, 9.5, "USD", 0.25)
    monkeypatch.setattr(discoveries, "expected_sales", lambda *_: sales)
    # Another title is another question: the first answer is remembered.
    other = replace(cards, title="Another")
    tickets = fh.share_tickets(made.workspace, fh.ShareTickets(other)).tickets
    assert tickets is not None
    assert tickets.total == pytest.approx(1e6 / 9.5, abs=0.01)
    for groups in (tickets.audiences, tickets.cities):
        assert sum(g.tickets for g in groups) == tickets.total
    assert tickets.audiences[-1].tickets == pytest.approx(0.75 * tickets.total)


@pytest.mark.slow
def test_the_command_line_says_the_same(made: House, film: str, discovery: FilmDiscovery) -> None:
    where = ["-w", str(made.workspace.place.path), "--as-of", str(MARKET.today), "--no-tickets"]
    run = CliRunner().invoke(commands, ["discover", film, *where, "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["sentence"] == headline(discovery)
    plain = CliRunner().invoke(commands, ["discover", film, *where])
    assert plain.exit_code == 0
    assert headline(discovery).split(":")[0] in " ".join(plain.stdout.split())
    for wrong, message in [
        (["discover"], "Which film?"),
        (["discover", film, "--outcome", "female"], "not both"),
        (["discover", film, "--base", "female"], "--base is for --outcome"),
        (["discover", "--outcome", "female", "--plus", "dog"], "--plus is for a film"),
    ]:
        with pytest.raises(InputError, match=message):
            CliRunner().invoke(commands, [*wrong, *where[:2]], catch_exceptions=False)


@pytest.mark.slow
def test_propensity_and_look_alike_save_audiences_of_consenting_people(
    made: House, film: str
) -> None:
    scores = fh.film_propensity(
        made.workspace,
        fh.ScoreFilm(
            film, as_of=MARKET.today, top=500, save="likeliest", expected_people=300,
            purpose="analytics",
        ),
    )  # fmt: skip
    assert scores.audience is not None
    assert scores.saved is not None
    assert size(scores.audience.persons) == 500
    assert scores.saved.audience.persons == 500 - scores.saved.left_out
    assert 0 < scores.audience.expected < 300
    assert scores.propensity.card.expected_people == pytest.approx(300, rel=1e-4)
    assert scores.propensity.card.level == "given"
    if scores.saved.audience.persons >= 500:
        fh.look_alike_people(
            made.workspace,
            fh.FindLookAlikes(
                rule="audience:likeliest", people=200, as_of=MARKET.today, save="alike",
                purpose="analytics",
            ),
        )  # fmt: skip
        overlap = fh.audience_count(
            made.workspace, fh.CountAudience("audience:alike & audience:likeliest")
        )
        assert overlap.persons == 0
    wanting = fh.FindLookAlikes(rule=f"wants:{film}", people=100, as_of=MARKET.today)
    with pytest.raises(InputError, match="list of 500 people"):
        fh.look_alike_people(made.workspace, wanting)
    with pytest.raises(InputError, match="say who"):
        fh.film_propensity(made.workspace, fh.ScoreFilm(film, as_of=MARKET.today, save="x"))


@pytest.mark.slow
def test_propensity_as_json_has_the_card_and_names_no_person(made: House, film: str) -> None:
    command = ["propensity", film, "--expect", "300", "--people", "500", "--json"]
    command += ["-w", made.workspace.place.root, "--as-of", str(MARKET.today)]
    done = CliRunner().invoke(commands, command, catch_exceptions=False)
    fields = json.loads(done.stdout)
    assert set(fields) == {"card", "used", "base", "audience", "simulated"}
    assert fields["card"]["level"] == "given"
    assert "this film's is as given" in fields["card"]["notes"][1]
    assert fields["audience"]["persons"] == 500
    assert "person" not in json.dumps(fields["audience"]["reasons"])


def test_a_list_of_accounts_is_read_from_a_file(made: House, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("source,acount\nshop,1\n")
    with pytest.raises(InputError, match="no column account"):
        fh.look_alike_people(
            made.workspace, fh.FindLookAlikes(file=file, people=10, as_of=MARKET.today)
        )
    with pytest.raises(InputError, match="Whose look-alikes"):
        fh.look_alike_people(made.workspace, fh.FindLookAlikes(people=10))


def _films(made: House) -> list:
    with analysis_sample(made.workspace, as_of=MARKET.today) as asked:
        return list(asked.films.values())


@pytest.mark.slow
def test_a_plan_is_made_saved_and_shown(made: House, puppy: str, tmp_path: Path) -> None:
    request = fh.PlanFilm(
        puppy, budget=200.0, as_of=MARKET.today, expected_people=300, name="puppy", weeks=4
    )
    plan = fh.plan_film(made.workspace, request)
    assert 0 < plan.spend <= 200.0 * (1 + 1e-6)
    assert plan.reach <= plan.people
    assert sum(x.spend for x in plan.lines) == pytest.approx(plan.spend, rel=1e-3)
    # Lines share what they win together, so their middles add up.
    assert sum(x.tickets.middle for x in plan.lines) == pytest.approx(plan.tickets.middle)
    wins = [p.tickets.middle for p in plan.curve]
    assert wins == sorted(wins)
    assert any(isinstance(n, NeverMeasured) for n in plan.notes)
    assert fh.plan_show(made.workspace, fh.ShowPlan("puppy")) == plan
    assert [p.name for p in fh.plan_list(made.workspace, fh.ListPlans())] == ["puppy"]
    (page,) = fh.write_plan(plan, [tmp_path / "plan.html"])
    assert "The Puppy of Ashgrove" in page.read_text("utf-8")
    for options, message in [
        ({"budget": 0}, "above 0"),
        ({"budget": 100, "limits": "[city_minimum]\nnowhere = 5"}, "no city group 'nowhere'"),
        ({"budget": 100, "channels": "[channel.x]\nkind = 'x'"}, "needs sources"),
    ]:
        with pytest.raises(InputError, match=message):
            fh.plan_film(
                made.workspace,
                fh.PlanFilm(puppy, as_of=MARKET.today, expected_people=300, weeks=4, **options),
            )


def test_headroom_of_no_audience_says_what_to_do(
    made: House, film: str, discovery: FilmDiscovery
) -> None:
    none = replace(discovery, cards=(), obvious=())
    with (
        analysis_sample(made.workspace, as_of=MARKET.today) as sample,
        pytest.raises(CannotTellError) as refused,
    ):
        measure_headroom(
            made.workspace, sample, none, NoKnownShare(), days=28, price=1.0, currency="USD"
        )
    assert f"fullhouse discover {film}" in error_words(refused.value)


@pytest.mark.slow
def test_headroom_says_why_it_cannot_tell_and_then_what_advertising_at_random_tells(
    made: House, film: str
) -> None:
    """Advertising that changes nobody, shown at random: nobody has not heard of the film."""
    before = fh.film_headroom(made.workspace, fh.FilmHeadroom(film, as_of=MARKET.today, days=56))
    assert {type(a.unknown) for a in before.audiences} == {NothingShown}
    assert not any(a.claimed or a.shown for a in before.audiences)
    assert "cannot be estimated" in headroom_words(before)
    people = made.workspace.lake.read(ACCOUNT_PERSON, columns=["source", "account", "person"])
    shown = people.filter(pc.equal(pc.bit_wise_and(people["person"], 3), 1))
    at = datetime.combine(before.landmark, datetime.min.time(), tzinfo=UTC) - timedelta(days=3)
    impressions = shown.select(["source", "account"]).to_pylist()
    rows = [
        r | {"event_id": f"i{i}", "at": at, "day": at.date(), "film": film, "batch": "random"}
        for i, r in enumerate(impressions)
    ]
    made.workspace.lake.append(
        IMPRESSION, pa.Table.from_pylist(rows, schema=IMPRESSION.schema), batch="random"
    )
    after = fh.film_headroom(made.workspace, fh.FilmHeadroom(film, as_of=MARKET.today, days=56))
    assert after.exposure == "impression"
    assert after.selection.low < 1 < after.selection.high
    estimated = [a for a in after.audiences if a.unknown is None]
    assert estimated
    assert not any(a.claimed for a in estimated)
    assert all(a.shown > 0.2 * a.people for a in estimated)
    assert [a.name for a in after.audiences if a.obvious] == ["The obvious audience"]
    command = ["headroom", film, "-w", made.workspace.place.root, "--as-of", str(MARKET.today)]
    command += ["--days", "56"]
    done = CliRunner().invoke(commands, command)
    assert done.exit_code == 0, done.output
    assert "if all had" in done.output
    printed = json.loads(CliRunner().invoke(commands, [*command, "--json"]).stdout)
    assert printed == json.loads(json.dumps(after.to_dict()))
    wrong = CliRunner().invoke(commands, [*command[:-1], "3"])
    assert isinstance(wrong.exception, InputError)
    assert "from 7 to 180, not 3" in str(wrong.exception)


def test_names_whose_audiences_add_are_asked_of_the_house(
    made: House, film: str, tmp_path: Path
) -> None:
    rows = films.facts(made.workspace.lake, "ZZ", date(2025, 6, 1), fields=["talent"]).to_pylist()
    cast = {row["film"]: json.loads(row["value"]) for row in rows}
    lines = [
        f"{name},cast,{k},{each},2018-01-01"
        for each, names in cast.items()
        for k, name in enumerate(names if each == film else ["Jo Ash", *names], 1)
    ]
    (tmp_path / "credits.csv").write_text("\n".join(["name,role,billing,film,known_on", *lines]))
    fh.talent_import(made.workspace, fh.ImportCredits(tmp_path / "credits.csv"))
    out = tmp_path / "fit.html"

    def run(*options: str) -> Result:
        where = ["-w", made.workspace.place.root, "--as-of", str(MARKET.today)]
        return CliRunner().invoke(commands, ["talent", "fit", film, *where, *options])

    before = json.loads(run("--json", "--rows", "0").stdout)
    assert {"Jo Ash"} <= {n["name"] for n in before["names"]}
    assert before["people"] > before["usual_audience"] > 0
    fh.talent_suppress(made.workspace, fh.SuppressTalent("Jo Ash"))
    after = run("--out", str(out))
    assert after.exit_code == 0, after.output
    assert "no reason to cast or not to cast anybody" in after.output
    assert "Jo Ash" not in out.read_text("utf-8") + after.output
    assert "file of what names cost" in str(run("--budget", "5").exception)
    with pytest.raises(InputError, match="for the house alone"):
        fh.talent_fit(replace(made.workspace, tenant="lion", actor="ann"), fh.FitTalent(film))
