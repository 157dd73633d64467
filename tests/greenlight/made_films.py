"""Past films made up by a known law: what their gross depends on, and how far it strays."""

from datetime import date, timedelta

import numpy as np

from fullhouse.greenlight.past import PastFilms

EFFECT = {"tv": 1.6, "real life": 0.7, "comic": 1.0}
"""What a source multiplies the gross by; the rest are original."""
SPREAD = 0.8


def made_films(films: int = 1500, *, seed: int = 0, shared: float = 0.0) -> PastFilms:
    """Films of 1985 to 2014: log gross 1 + .95 log budget, a source's effect, and noise."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, 30 * 365, films))
    opening = tuple(date(1985, 1, 1) + timedelta(days=int(d)) for d in days)
    budget = np.exp(rng.normal(np.log(2e7), 1.2, films))
    kinds = rng.choice(["original", "tv", "real life", "comic"], films, p=[0.7, 0.1, 0.1, 0.1])
    years = np.array([d.year for d in opening])
    by_year = rng.normal(size=years.max() + 1)[years]
    noise = np.sqrt(shared) * by_year + np.sqrt(1 - shared) * rng.normal(size=films)
    log = 1 + 0.95 * np.log(budget) + SPREAD * noise
    log += np.log([EFFECT.get(k, 1.0) for k in kinds])
    gross = np.exp(log)
    part = 1 / (1 + np.exp(-rng.normal(0.2, 0.5, films)))
    return PastFilms(
        film=tuple(f"film-{k}" for k in range(films)),
        title=tuple(f"Word{k} Other{k % 97}" for k in range(films)),
        opening=opening,
        budget=budget,
        gross=gross,
        home=gross * part,
        genres=tuple((("Drama",) if k % 2 else ("Action",)) for k in range(films)),
        story_source=tuple(kinds.tolist()),
    )
