"""Forecasts and entries that are made up, for tests of the score book."""

from datetime import date, timedelta
from statistics import NormalDist
from typing import Any

import numpy as np

from fullhouse.control.score_book import Entry, canonical
from fullhouse.forecast import PROBABILITIES, Forecast, ModelFacts, Range

Z = np.array([NormalDist().inv_cdf(p) for p in PROBABILITIES])


def a_range(quantity: str, median: float, sigma: float = 0.5) -> Range:
    return Range(quantity, tuple((median * np.exp(sigma * Z)).tolist()))


def a_forecast(film: str = "a-2026", **changes: Any) -> Forecast:
    opening = changes.pop("opening", date(2026, 11, 6))
    medians = changes.pop("medians", {"opening_day": 4e6, "opening_weekend": 1e7, "total": 3e7})
    sigma = changes.pop("sigma", 0.5)
    return Forecast(
        **{
            "film": film,
            "title": film.title(),
            "territory": "US",
            "currency": "USD",
            "as_of": opening - timedelta(days=7),
            "opening": opening,
            "horizon": "T-7",
            "ranges": {q: a_range(q, m, sigma) for q, m in medians.items()},
            "known": {},
            "to_date": 0.0,
            "days": (),
            "comps": (),
            "drivers": (),
            "typical": 1e7,
            "steps": (),
            "facts": {},
            "groups": {"size": "small", "genre": "comedy", "franchise": "no", "plan": "wide"},
            "model": ModelFacts("m1"),
            "data": {"film_gross": 3},
        }
        | changes
    )


def an_entry(number: int, forecast: Forecast, *, issued: str | None = None) -> Entry:
    return Entry(
        number,
        f"{issued or forecast.as_of}T12:00:00.000000Z",
        forecast.film,
        forecast.territory,
        forecast.as_of.isoformat(),
        forecast.horizon,
        "0.1.0+abc",
        "m1",
        canonical(forecast.to_dict()),
        "",
        "",
    )
