"""A made-up planning problem."""

from itertools import product

import numpy as np

from fullhouse.planning import MediaSlots, PlanProblem, cells, learn_response


def people(seed, size=4000, audiences=3, channels=2, cities=2):
    g = np.random.default_rng(seed)
    return (
        [g.random(size) < p for p in np.linspace(0.1, 0.4, audiences)],
        [g.random(size) < p for p in np.linspace(0.5, 0.8, channels)],
        g.integers(0, cities, size),
        g.gamma(0.5, 0.1, size),
    )


def problem(seed=0, *, weeks=2, draws=40, least=0.0, measured=(), **sizes):
    audiences, channels, city, base = people(seed, **sizes)
    parts = cells(audiences, channels, city, base)
    slots = list(product(range(len(audiences)), range(len(channels)), range(2), range(weeks)))
    a, c, k, w = (np.array(x) for x in zip(*slots, strict=True))
    reaches = parts.in_audience[:, a].T & parts.on_channel[:, c].T
    reaches &= parts.city[None] == k[:, None]
    addressed = (reaches * parts.persons).sum(1)
    price, limit = np.array([0.01, 0.03])[c], np.array([0.6, 0.9])[c]
    made = MediaSlots(
        a, c, k, w, reaches, addressed, price, limit, addressed * limit * price * 4,
        np.full(len(a), least),
    )  # fmt: skip
    response = learn_response(
        ["hidden", "obvious"], ["push", "video"], measured, draws=draws, seed=seed
    )
    kinds = tuple(i % 2 for i in range(len(audiences)))
    return PlanProblem(parts, made, response, kinds, np.exp(-7 * w / 18))
