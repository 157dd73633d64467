"""Beyond the obvious, in worlds where it is known what draws people."""

import numpy as np
import pytest

from fullhouse.discovery.beyond import (
    association_of,
    beyond,
    cohort_of,
    count_columns,
    exposure_of,
    score,
    score_features,
    strata_of,
)
from fullhouse.discovery.columns import obvious_traits, trait_columns
from fullhouse.stats import association, risk_ratio
from tests.discovery.sheets import drawn, film_world, sheet_of


def _beyond(sheet, outcome=None, *, genres=("drama",), families=("buys", "gender"), key=b"key"):
    facts = score_features(sheet, obvious_traits(sheet.traits, genres=genres))
    columns = trait_columns(sheet, [t.name for t in sheet.traits if t.family in families])
    outcome = sheet.seed if outcome is None else outcome
    return beyond(sheet, columns, facts, outcome, key=key)


def _logs(runs, names, **world):
    """Log ratios, standard errors and p of some columns in so many worlds."""
    logs = []
    for number in range(runs):
        held = _beyond(film_world(number, **world), key=b"%d" % number)
        at = [i for i, c in enumerate(held.columns) if c.name in names]
        with np.errstate(divide="ignore"):
            log = np.log(held.ratio.ratio[at])
        enough = held.test.least[at] >= 5
        logs.append([np.where(enough, x, np.nan) for x in (log, held.ratio.log_se[at])])
    return np.array(logs).transpose(1, 0, 2)


@pytest.mark.slow
def test_intervals_hold_the_ratio_among_people_alike():
    names = ["buys:hidden", "gender:female", "buys:fans", "buys:t0", "buys:t1"]
    log, se = _logs(
        200, names, people=2500, others=2, draw=2.0, women=1.5, taste=2.0, alike=0.2, rate=0.02
    )
    truth = np.log([2.0, 1.0, 1.0, 1.0, 1.5])
    finite = np.isfinite(log) & np.isfinite(se)
    held = np.abs(log - truth) <= 1.96 * se
    assert 0.93 <= held[finite].mean() <= 0.97  # 1,000 intervals: standard error .007
    assert finite.mean() > 0.9
    # Each by itself: 200 intervals are off by .015.
    each = np.nanmean(np.where(finite, held, np.nan), axis=0)
    assert (np.abs(each - 0.95) < 3.5 * 0.0155).all(), each


def test_what_works_only_through_the_genre_is_nothing_beyond_it():
    world = {"people": 4000, "others": 0, "taste": 4.0}
    log, se = _logs(40, ["buys:fans"], **world)
    mean, error = np.nanmean(log), np.nanmean(se) / 40**0.5
    assert abs(mean) < 3 * error


def test_without_the_genre_in_the_score_its_fans_stand_out():
    held, without = [], []
    for number in range(15):
        sheet = film_world(number, people=4000, others=0, taste=4.0)
        columns = trait_columns(sheet, ["buys:fans"])
        every = obvious_traits(sheet.traits, genres=["drama"])
        none = obvious_traits([t for t in sheet.traits if t.family != "genre"])
        for obvious, into in ((every, held), (none, without)):
            result = beyond(sheet, columns, score_features(sheet, obvious), sheet.seed, key=b"k")
            into.append(np.log(result.ratio.ratio[0]))
    assert np.mean(without) > np.mean(held) + 0.1


def test_a_sample_says_what_everybody_says():
    whole = film_world(5, people=30_000, others=3, draw=2.0, taste=2.0)
    some = drawn(whole, 1, other_share=0.25)
    assert some.sampled
    everybody, sample = _beyond(whole), _beyond(some)
    gap = np.log(sample.ratio.ratio / everybody.ratio.ratio)
    assert (np.abs(gap) < 3 * sample.ratio.log_se).all()
    assert (sample.ratio.log_se > everybody.ratio.log_se).all()
    assert sample.ratio.log_se == pytest.approx(everybody.ratio.log_se, rel=0.25)


def test_counts_are_those_of_a_slow_look_at_each_person():
    sheet = film_world(3, people=300, others=3)
    g = np.random.default_rng(1)
    strata, size = g.integers(-1, 4, 300).astype(np.int32), 4
    columns = trait_columns(sheet, [t.name for t in sheet.traits])
    a, b, c, d = count_columns(columns, strata, size, sheet.seed)
    has = sheet.has.toarray() > 0
    for i in range(len(columns)):
        for s in range(size):
            inside = strata == s
            for four, held, case in ((a, 1, 1), (b, 1, 0), (c, 0, 1), (d, 0, 0)):
                slow = inside & (has[:, i] == held) & (sheet.seed == case)
                assert four[i, s] == slow.sum()


def test_p_is_the_tests_own_where_it_could_be_a_discovery():
    g = np.random.default_rng(2)
    a, b, c, d = (g.poisson(m, (300, 20)).astype(float) for m in (0.5, 5, 1.5, 15))
    combined, plain = association_of(a, b, c, d), association(a, a + b, c, c + d)
    for name in ("observed", "expected", "least", "variance", "chi2"):
        assert getattr(combined, name) == pytest.approx(getattr(plain, name))
    far = plain.chi2 > 1.5**2
    assert far.sum() > 20
    assert (combined.p[far] == plain.p[far]).all()
    assert (combined.p[~far] > 0.05).all()


def test_ratios_are_mantel_haenszel_over_the_strata_and_people_without_exposure_add_nothing():
    sheet = film_world(4, people=1500, others=2)
    held = _beyond(sheet)
    strata, size = held.strata(0)
    assert (strata[sheet.activity[3] == 0] == -1).all()
    a, b, c, d = count_columns(held.columns[:1], strata, size, sheet.seed)
    assert held.ratio.ratio[0] == risk_ratio(a, a + b, c, c + d).ratio[0]
    assert np.bincount(strata[strata >= 0]).mean() >= 20


def test_nobodys_score_knows_their_own_outcome():
    sheet = film_world(6, people=4000, taste=3.0)
    facts = score_features(sheet, obvious_traits(sheet.traits, genres=["drama"]))
    cohort = cohort_of(sheet, sheet.seed, key=b"key")
    before = score(sheet, facts, cohort, key=b"key")
    for person in (10, 500, 2000):
        case = cohort.case.copy()
        case[person] ^= True
        other = type(cohort)(cohort.rows, case, 1.0, 1.0)
        assert score(sheet, facts, other, key=b"key")[person] == before[person]
    assert (
        np.corrcoef(before, sheet.by_trait[:, [sheet.column("genre:drama")]].todense().ravel())[
            0, 1
        ]
        > 0.3
    )


def test_too_few_of_the_outcome_fit_no_score_but_compare():
    sheet = film_world(6, people=1000, rate=0.004)
    assert sheet.seed.sum() < 40
    facts = score_features(sheet, obvious_traits(sheet.traits, genres=["drama"]))
    assert not score(sheet, facts, cohort_of(sheet, sheet.seed, key=b"k"), key=b"k").any()
    assert np.isfinite(_beyond(sheet).ratio.ratio).any()


def test_where_nothing_is_obvious_everybody_scores_alike():
    seed = np.arange(200) < 50
    sheet = sheet_of(np.ones((200, 1)), seed, [("fact:yes",)])
    facts = score_features(sheet, obvious_traits([]))
    assert not score(sheet, facts, cohort_of(sheet, seed, key=b"k"), key=b"k").any()


def test_own_demographic_families_are_not_adjusted_for():
    ratios = []
    for number in range(10):
        sheet = film_world(number, people=4000, others=0, women=3.0)
        held = _beyond(sheet, families=("gender",))
        ratios.append(held.ratio.ratio[0])
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(3.0, rel=0.15)


def test_exposure_is_the_share_of_events_that_made_a_member():
    seed = np.array([1, 1, 0, 0, 0], bool)
    wants, tickets = np.array([3, 0, 2, 5, 0]), np.array([1, 4, 1, 4, 0])
    sheet = sheet_of(
        np.ones((5, 1)),
        seed,
        [("fact:yes",)],
        activity={"want_to_see": wants, "ticket": tickets},
        bare={"want_to_see": wants - [1, 0, 0, 0, 0], "ticket": tickets - [0, 1, 0, 0, 0]},
    )
    assert sheet.kinds_of(seed) == ("ticket", "want_to_see")
    result = exposure_of(sheet, cohort_of(sheet, seed, key=b"k"))
    assert result == pytest.approx(wants / 10 + tickets / 10)


def test_thinned_members_leave_others_that_stand_for_equally_many():
    seed = np.arange(3000) < 2000
    interest = np.arange(3000) < 500
    weight = np.where(seed, 1.0, 10.0)
    sheet = sheet_of(np.ones((3000, 1)), seed, [("fact:yes",)], interest=interest, weight=weight)
    cohort = cohort_of(sheet, interest, key=b"k")
    assert (cohort.case_share, cohort.other_share) == (1.0, 0.1)
    assert cohort.rows[interest].all()
    assert cohort.rows[~seed].all()
    assert abs(cohort.rows[seed & ~interest].sum() - 150) < 4 * 150**0.5
    apart = cohort_of(sheet, seed & ~interest, key=b"k", without=interest)
    assert not apart.rows[interest].any()
    assert (apart.case == (seed & ~interest)).all()


def test_strata_have_enough_people_and_all_of_a_class_did_about_as_much():
    g = np.random.default_rng(8)
    exposure = g.poisson(2, 20_000).astype(float)
    scores, own = g.normal(size=20_000), g.poisson(9, 20_000)
    case = g.random(20_000) < 0.05 * exposure / 4
    strata, size = strata_of(exposure, scores, own, case, np.ones(20_000, bool))
    assert ((strata >= 0) <= (exposure > 0)).all()
    many = np.bincount(strata[strata >= 0], minlength=size)
    assert many[many > 0].mean() >= 30
    assert (many > 0).sum() <= 1000
    for one in range(1, 4):
        two = strata[exposure == one], strata[exposure > 8]
        assert not np.intersect1d(*two).size
