"""`fullhouse experiment`: anyone's own table, read from the command line."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fullhouse.cli.root import commands
from fullhouse.core.errors import CannotTellError, InputError


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    g = np.random.default_rng(5)
    file = tmp_path_factory.mktemp("experiment") / "mails.csv"
    arms = np.where(np.arange(6000) % 2, "mail", "none")
    before = g.normal(0, 1, 6000)
    visit = g.random(6000) < np.where(arms == "mail", 0.22, 0.12)
    rows = [f"{a},{b:.3f},{int(v)}" for a, b, v in zip(arms, before, visit, strict=True)]
    file.write_text("\n".join(["arm,before,visit", *rows]) + "\n")
    return file


def run(*arguments: object) -> str:
    done = CliRunner().invoke(
        commands, ["experiment", *map(str, arguments)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_effect_is_reported_with_its_interval(mails: Path) -> None:
    asked = ("read", mails, "--arm", "arm", "--control", "none", "--outcome", "visit")
    assert "more visit per 100 people" in " ".join(run(*asked).split())
    readout = json.loads(run(*asked, "--covariate", "before", "--share", "mail=0.5",
                          "--share", "none=0.5", "--json"))  # fmt: skip
    (effect,) = readout["effects"]
    # A true effect of ten points; the interval is some two points to either side.
    assert effect["effect"]["low"] <= 0.10 <= effect["effect"]["high"]
    assert readout["checks"]


def test_a_lost_arm_stops_the_readout(mails: Path) -> None:
    with pytest.raises(CannotTellError, match="mail"):
        run("read", mails, "--arm", "arm", "--control", "none", "--outcome", "visit",
            "--assigned", "mail=3300", "--assigned", "none=3000")  # fmt: skip


def test_cities_are_compared(tmp_path: Path) -> None:
    g = np.random.default_rng(2)
    file = tmp_path / "sales.csv"
    rows = ["city,day,value"]
    for city in range(12):
        for day in range(70):
            lift = 1.3 if city == 0 and day >= 60 else 1.0
            value = lift * (100 + 5 * city) * (1 + 0.1 * np.sin(day)) + g.normal(0, 2)
            rows.append(f"c{city},{date(2025, 1, 1) + timedelta(days=day)},{value:.2f}")
    file.write_text("\n".join(rows) + "\n")
    readout = json.loads(run("geo", file, "--treated", "c0", "--start", "2025-03-02",
                          "--end", "2025-03-11", "--json"))  # fmt: skip
    assert readout["relative"]["low"] <= 0.3 <= readout["relative"]["high"]
    assert readout["relative"]["low"] > 0.1


def test_cities_are_named_by_a_column_and_gaps_filled_as_asked(tmp_path: Path) -> None:
    g = np.random.default_rng(3)
    file = tmp_path / "sales.csv"
    rows = ["city,day,value,campaign"]
    for city in range(14):
        for day in range(70):
            treated = city < 6 and day >= 56
            value = (1.3 if treated else 1.0) * (100 + 5 * city) * g.lognormal(0, 0.05)
            when = date(2025, 1, 1) + timedelta(days=day)
            rows.append(f"c{city},{when},{value:.2f},{int(treated)}")
    del rows[100]
    file.write_text("\n".join(rows) + "\n")
    with pytest.raises(InputError, match="1 of 980 are missing"):
        run("geo", file, "--treated-column", "campaign")
    result = json.loads(
        run("geo", file, "--treated-column", "campaign", "--fill", "interpolate", "--json")
    )
    assert (result["basis"], result["start"], result["end"]) == (
        "cities",
        "2025-02-26",
        "2025-03-11",
    )
    assert (result["filled"]["rule"], result["filled"]["city_days"]) == ("interpolate", 1)
    assert result["relative"]["low"] <= 0.3 <= result["relative"]["high"]
    sentences = run("geo", file, "--treated-column", "campaign", "--fill", "zero")
    assert "counted as 0" in " ".join(sentences.split())


def test_uplift_of_persons_is_proven_or_not(mails: Path) -> None:
    output = run("uplift", mails, "--arm", "arm", "--treated", "mail", "--control", "none",
               "--outcome", "visit", "--covariate", "before", "--repeats", "3")  # fmt: skip
    assert "no difference between people proven" in " ".join(output.split()).lower()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--share", "mail"), "--share takes ARM=NUMBER"),
        (("--covariate", "befor"), "befor"),
        (("--cost", "mail=much"), "not 'mail=much'"),
    ],
)
def test_mistakes_are_explained(mails: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run("read", mails, "--arm", "arm", "--control", "none", "--outcome", "visit", *arguments)


@pytest.mark.slow
def test_whom_to_treat_is_printed_and_written(mails: Path, tmp_path: Path) -> None:
    asked = ("uplift", mails, "--arm", "arm", "--treated", "mail", "--control", "none",
             "--outcome", "visit", "--covariate", "before", "--repeats", "1")  # fmt: skip
    scores = tmp_path / "scores.csv"
    printed = run(*asked, "--cost-each", "1", "--margin", "50", "--scores", scores)
    assert "Rule: treat everybody." in printed
    assert scores.read_text().splitlines()[0].endswith('"uplift","treat"')
    plain = json.loads(run(*asked, "--cost-each", "1", "--margin", "50", "--json"))
    # Ten points of 50 each at a cost of 1: four a person, of 6,000 people.
    assert plain["policy"]["everybody"]["profit"]["low"] <= 24_000
    assert plain["policy"]["everybody"]["profit"]["high"] >= 24_000
    with pytest.raises(InputError, match="both --cost-each and --margin"):
        run(*asked, "--margin", "50")
