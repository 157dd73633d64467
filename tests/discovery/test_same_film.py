"""Marks and tickets of one film are one finding, and make nobody shun other films."""

from datetime import date

import numpy as np
import pytest

from fullhouse import app
from fullhouse.app.discoveries import DiscoverOutcome, discover_outcome
from fullhouse.app.traits import BuildTraits, traits_build
from tests.traits.conftest import House

FILMS = [f"Film {c}" for c in "ABCDEF"]
PEOPLE = 3000


def _cinema(house: House) -> None:
    """Who marks film A goes to it far likelier; all else follows from activity."""
    g = np.random.default_rng(11)
    house.people({("tickets", f"t{p}"): p for p in range(PEOPLE)})
    house.write(
        "film",
        [{"source": "tickets", "film": f, "title": f, "release_year": 2020} for f in FILMS],
    )
    active = np.exp(g.normal(0, 0.8, PEOPLE))
    marks = g.poisson(np.outer(active, [0.3] + [0.25] * 5)) > 0
    seen = g.poisson(np.outer(active, [0.02] + [0.15] * 5)) > 0
    seen[:, 0] |= marks[:, 0] & (g.random(PEOPLE) < 0.6)
    for kind, who in (("want_to_see", marks), ("ticket", seen)):
        rows = [
            {"source": "tickets", "account": f"t{p}", "film": FILMS[f], "day": "2020-06-01"}
            for p, f in zip(*np.nonzero(who), strict=True)
        ]
        house.write(kind, rows)


@pytest.fixture(scope="module")
def discovery(tmp_path_factory):
    """Who saw film A."""
    with app.init_house(str(tmp_path_factory.mktemp("house") / "w")) as opened:
        house = House(opened.lake)
        _cinema(house)
        (opened.place.path / "traits.toml").write_text("[family.saw]\n[family.wants]\n")
        traits_build(opened, BuildTraits(as_of=date(2020, 12, 31)))
        return discover_outcome(opened, DiscoverOutcome("saw:film-a-2020"))


def test_its_own_marks_are_the_outcome(discovery):
    rows = {r.trait: r for r in discovery.rows}
    assert rows["wants:film-a-2020"].verdict == "is_outcome"
    assert rows["wants:film-a-2020"].reason == "same_film"


def test_no_other_film_is_shunned_for_them(discovery):
    others = [r for r in discovery.rows if r.trait[-6] != "a"]
    assert len(others) == 10
    assert not [r.trait for r in others if r.verdict in ("associated", "avoided")]
    # Without the film's own marks taken from activity, marks of other films come out at 0.66.
    marks = [r for r in others if r.family == "wants"]
    assert np.exp(np.mean([np.log(r.ratio) for r in marks])) == pytest.approx(1, abs=0.2)
