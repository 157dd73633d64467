"""What people are alike in who are compared: activity, facts, or nothing; and answers as facts."""

import re
from datetime import date
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.app.discoveries import DiscoverOutcome, discover_outcome
from fullhouse.app.traits import BuildTraits, traits_build
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from fullhouse.discovery.strata import StrataAdjustment, StrataGroup, groups_for
from fullhouse.stats import risk_ratio
from fullhouse.view.words.discovery import outcome_headline, outcome_lines
from tests.discovery.house import trait
from tests.traits.conftest import House

GENRES = ("war", "action", "western", "thriller", "horror", "comedy", "drama", "romance",
          "musical", "family", "fantasy")  # fmt: skip
MENS, WOMENS = ("war", "action", "western", "thriller"), ("romance", "musical")
PEOPLE = 6_000


def _survey(house: House) -> tuple[np.ndarray, np.ndarray]:
    """Everybody says of eleven genres whether they like them; apart from gender by chance."""
    g = np.random.default_rng(3)
    men = g.random(PEOPLE) < 0.5
    likes = np.empty((PEOPLE, len(GENRES)), bool)
    for i, genre in enumerate(GENRES):
        share = np.full(PEOPLE, 0.4)
        if genre in MENS:
            share = np.where(men, 0.75, 0.2)
        if genre in WOMENS:
            share = np.where(men, 0.25, 0.7)
        likes[:, i] = g.random(PEOPLE) < share
    house.people(
        {("survey", f"s{p}"): p for p in range(PEOPLE)},
        gender={p: "male" if m else "female" for p, m in enumerate(men)},
    )
    films = [{"source": "survey", "film": n, "title": n, "release_year": 2020} for n in GENRES]
    house.write("film", films)
    rows = [
        {"source": "survey", "account": f"s{p}", "film": GENRES[i], "day": "2020-06-01"}
        for p, i in zip(*np.nonzero(likes), strict=True)
    ]
    house.write("want_to_see", rows)
    return men, likes


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """The folder of a house that asked a survey, who is a man, and who likes what."""
    where = tmp_path_factory.mktemp("house") / "w"
    with app.init_house(str(where)) as opened:
        men, likes = _survey(House(opened.lake))
        (opened.place.path / "traits.toml").write_text("[family.wants]\n[family.gender]\n")
        traits_build(opened, BuildTraits(as_of=date(2020, 12, 31)))
    return where, men, likes


def _row(where, name, **request):
    with app.open_house(str(where)) as opened:
        about = DiscoverOutcome("wants:comedy-2020", **request)
        result = discover_outcome(opened, about)
    return next(r for r in result.rows if r.trait == name), result


def test_adjusting_for_few_answers_makes_war_look_avoided_and_gender_does_not(survey):
    where, _, _ = survey
    war, held = _row(where, "wants:war-2020")
    by_gender, _ = _row(where, "wants:war-2020", adjust=("gender",))
    assert war.high < 1
    assert by_gender.low < 1 < by_gender.high
    assert "few_items" in held.notes
    assert any("fewer than 50 different things" in line for line in outcome_lines(held, 5))


def test_answers_count_as_facts_so_that_their_number_is_no_activity(survey):
    where, _, likes = survey
    war, result = _row(where, "wants:war-2020", answers=("want_to_see",))
    had, comedy = likes[:, 0], likes[:, GENRES.index("comedy")]
    assert war.ratio == pytest.approx(comedy[had].mean() / comedy[~had].mean())
    assert "few_items" not in result.notes
    assert "outcome_of_answers" in result.notes


@pytest.mark.parametrize("genre", ["war", "romance", "drama"])
def test_a_ratio_over_strata_of_gender_is_the_one_computed_by_hand(survey, genre):
    where, men, likes = survey
    row, result = _row(where, f"wants:{genre}-2020", adjust=("gender",))
    had, comedy = likes[:, GENRES.index(genre)], likes[:, GENRES.index("comedy")]
    cells = [(had & comedy, had), (~had & comedy, ~had)]
    four = [
        np.array([[(flags & of).sum() for of in (men, ~men)]], float)
        for pair in cells
        for flags in pair
    ]
    assert row.ratio == pytest.approx(float(risk_ratio(*four).ratio[0]))
    assert result.adjusted_for == ("gender",)
    assert "alike in gender" in outcome_headline(result) or result.verdict != "associated"


def test_a_fact_that_is_adjusted_for_is_itself_compared_as_without_it(survey):
    where, _, _ = survey
    gender, _ = _row(where, "gender:male", adjust=("gender",))
    alone, _ = _row(where, "gender:male", adjust=("none",))
    assert gender.ratio == alone.ratio


def test_adjusting_for_nothing_gives_the_plain_ratio_and_says_so(survey):
    where, _, likes = survey
    row, result = _row(where, "wants:war-2020", adjust=("none",))
    had, comedy = likes[:, 0], likes[:, GENRES.index("comedy")]
    assert row.ratio == pytest.approx(comedy[had].mean() / comedy[~had].mean())
    assert row.ratio == pytest.approx(row.naive)
    assert "nothing_adjusted_for" in result.notes


def test_the_command_takes_facts_to_adjust_for_and_says_what_there_is(survey):
    where, _, _ = survey
    words = ["discover", "--outcome", "wants:comedy-2020", "-w", str(where), "--json"]
    done = CliRunner().invoke(commands, [*words, "--adjust", "gender"])
    assert done.exit_code == 0, done.output
    assert '"adjusted_for": [' in done.output
    for options, sentence in (
        (("--adjust", "gendr"), "Did you mean 'gender'"),
        (("--adjust", "none", "--adjust", "gender"), "not for both"),
        (("--answers", "wants"), "Kinds: .*want_to_see"),
    ):
        wrong = CliRunner().invoke(commands, [*words, *options])
        assert isinstance(wrong.exception, InputError)
        assert re.search(sentence, str(wrong.exception))


def test_every_answer_says_the_least_affinity_that_could_have_been_noticed(survey):
    where, _, _ = survey
    for adjust in (("activity",), ("gender",), ("none",)):
        _, result = _row(where, "wants:war-2020", adjust=adjust)
        assert result.least_affinity is not None
        assert f"{result.least_affinity:.1f}" in outcome_headline(result)


def test_nothing_else_may_be_named_beside_none():
    with pytest.raises(InputError, match="not for both"):
        StrataAdjustment.of(["none", "age"], [], ["age"])


@settings(max_examples=60, deadline=None)
@given(
    families=st.lists(st.integers(1, 4), min_size=0, max_size=3),
    people=st.integers(1, 30),
    seed=st.integers(0, 99),
)
def test_people_share_a_stratum_only_if_all_their_facts_are_the_same(families, people, seed):
    g = np.random.default_rng(seed)
    starts = np.cumsum([0, *families])
    facts = tuple(tuple(range(a, b)) for a, b in pairwise(starts))
    held = [[g.integers(-1, len(f)) for f in facts] for _ in range(people)]
    pairs = [
        (p, facts[f][v])
        for p, f in product(range(people), range(len(facts)))
        if (v := held[p][f]) >= 0
    ]
    owner, traits = np.array(pairs, np.int64).reshape(-1, 2).T
    strata = StrataGroup((), (), facts).fact_strata(owner, traits, people)
    assert strata.max(initial=0) < StrataGroup((), (), facts).size
    for one, two in product(range(people), repeat=2):
        assert (strata[one] == strata[two]) == (held[one] == held[two])


def test_strata_are_coarser_where_facts_are_crossed_with_activity():
    histograms = {k: np.array([0, *[1_000] * 200]) for k in range(4)}
    about = [trait(9, "word:dog", "purchase")]
    alone, _ = groups_for(about, ["purchase"], histograms)
    crossed, _ = groups_for(about, ["purchase"], histograms, facts={"age": tuple(range(40))})
    assert crossed[0].activity_size < alone[0].activity_size
    assert crossed[0].size < 1_100
