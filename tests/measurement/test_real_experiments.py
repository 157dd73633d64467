"""Hillstrom's e-mails and GeoLift's cities, as published."""

from datetime import date

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.measurement import read_experiment, read_geo, read_panel, read_uplift
from fullhouse.stats.geo import geo_p

pytestmark = pytest.mark.real
COVARIATES = ["recency", "history", "mens", "womens", "newbie", "zip_code", "channel"]
SHARES = {"No E-Mail": 1, "Mens E-Mail": 1, "Womens E-Mail": 1}
GEO = {"city": "location", "day": "date", "value": "Y"}


@pytest.mark.parametrize("covariates", [[], COVARIATES], ids=["plain", "CUPED"])
def test_hillstroms_visits_are_the_published_ones(data_folder, covariates):
    readout = read_experiment(
        data_folder / "hillstrom" / "hillstrom.csv",
        arm="segment",
        control="No E-Mail",
        outcomes=["visit"],
        covariates=covariates,
        shares=SHARES,
    )
    for arm, points in (("Mens E-Mail", 0.0766), ("Womens E-Mail", 0.0452)):
        effect = readout.effect(arm, "visit")
        assert effect.effect.value == pytest.approx(points, abs=1e-3 if covariates else 5e-5)
        assert effect.effect.high - effect.effect.low < 0.014
        assert effect.proven
        if covariates:
            assert effect.cuped.width == pytest.approx(effect.cuped.theory, abs=0.002)


def test_wrong_shares_stop_it(data_folder):
    with pytest.raises(CannotTellError, match="do not hold"):
        read_experiment(
            data_folder / "hillstrom" / "hillstrom.csv",
            arm="segment",
            control="No E-Mail",
            outcomes=["visit"],
            shares=SHARES | {"No E-Mail": 1.1},
        )


@pytest.mark.parametrize(("arm", "proven"), [("Womens E-Mail", True), ("Mens E-Mail", False)])
def test_only_the_womens_mail_moves_some_people_more(data_folder, arm, proven):
    readout = read_uplift(
        data_folder / "hillstrom" / "hillstrom.csv",
        arm="segment",
        treated=arm,
        control="No E-Mail",
        outcome="visit",
        covariates=COVARIATES,
        seed=0,
        repeats=1,
    )
    assert readout.proven == proven
    assert (readout.qini.value > 0.055) == proven


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_geolifts_answer_is_inside(data_folder, level):
    readout = read_geo(
        data_folder / "geo_experiments" / "GeoLift_Test.csv",
        **GEO,
        treated=["chicago", "portland"],
        start=date(2021, 4, 1),
        end=date(2021, 4, 15),
        level=level,
    )
    assert readout.units.low < 4667 < readout.units.high
    assert readout.relative.low < 0.054 < readout.relative.high
    assert readout.units.value == pytest.approx(5202, abs=1)


@pytest.mark.parametrize("days", [7, 14])
def test_cities_before_the_test_keep_the_level(data_folder, days):
    panel = read_panel(data_folder / "geo_experiments" / "GeoLift_PreTest.csv", **GEO).values
    g, p = np.random.default_rng(12), []
    for _ in range(400):
        start = int(g.integers(42, 91 - days))
        chosen = g.choice(40, int(g.integers(1, 5)), replace=False)
        p.append(geo_p(panel, chosen, start, start + days))
    assert abs(np.mean(np.array(p) <= 0.1 + 1e-12) - 0.1) < 3 * np.sqrt(0.09 / 400)
