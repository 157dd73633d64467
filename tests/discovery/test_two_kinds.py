"""A trait of views and tickets beside an outcome of tickets, where nothing but activity counts."""

from datetime import date

import numpy as np
import pytest

from fullhouse import app
from fullhouse.app.discoveries import DiscoverOutcome, discover_outcome
from fullhouse.app.traits import BuildTraits, traits_build
from tests.traits.conftest import House

PEOPLE = 6000


@pytest.mark.slow
def test_viewers_are_not_taken_for_people_who_hardly_go_out(tmp_path):
    """The definition itself is held by test_oracle; this is what it is for: nothing is left."""
    g = np.random.default_rng(5)
    with app.init_house(str(tmp_path / "w")) as opened:
        house = House(opened.lake)
        house.people({("both", f"b{p}"): p for p in range(PEOPLE)})
        films = [(f"f{i}", f"Film {i}", "comedy" if i < 20 else "drama") for i in range(60)]
        house.write(
            "film",
            [
                {"source": "both", "film": i, "title": t, "release_year": 2020, "genres": k}
                for i, t, k in films
            ],
        )
        active = np.exp(g.normal(0, 0.8, PEOPLE))
        for kind, mean in (("view", 5.0), ("ticket", 2.0)):
            odds = g.dirichlet(np.ones(len(films)))
            many = g.poisson(active[:, None] * mean * odds)
            rows = [
                {"source": "both", "account": f"b{p}", "film": films[f][0], "day": "2020-06-01"}
                for p, f in zip(*np.nonzero(many), strict=True)
                for _ in range(many[p, f])
            ]
            house.write(kind, rows)
        catalogue = "[family.saw]\n[family.genre]\nmin_events = 3\n"
        (opened.place.path / "traits.toml").write_text(catalogue)
        traits_build(opened, BuildTraits(as_of=date(2020, 12, 31)))
        ratios = []
        for number in (31, 35, 42, 50):
            rows_ = discover_outcome(opened, DiscoverOutcome(f"saw:film-{number}-2020")).rows
            ratios += [r.ratio for r in rows_ if r.trait == "genre:comedy" and r.ratio]
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(1.0, abs=0.25)
